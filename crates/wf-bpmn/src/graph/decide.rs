//! Which choices the data of a case decides: those whose conditions can all be evaluated; loops and completions too.

use wf_net::guard::{Expr, Literal, Tally, Unary};

use super::{Flow, FlowAt, Graph, NodeAt};
use crate::expression::{Dialect, Fault};
use crate::kind::Kind;
use crate::model::Model;
use crate::repeat::{Number, Repeat};
use crate::tree::Index;
use crate::{Error, ErrorKind, WarningKind};

impl Graph {
    /// Reads the conditions of all choices. One that cannot be evaluated is noted, unless decisions may be left to whoever
    /// runs the cases; then its whole choice is.
    pub(crate) fn decide(&mut self, model: &mut Model<'_, '_>) {
        for at in 0..self.nodes.len() {
            self.decide_repeat(model, at);
            if self.nodes[at].kind.is_none_or(|kind| !kind.may_have_conditions()) {
                continue;
            }
            let guards = self.guards(model, at);
            self.warn_of_choice(model, at, guards.is_some());
            for (flow, guard) in guards.into_iter().flatten() {
                self.flows[flow].guard = Some(guard);
            }
        }
    }

    /// Whether an activity is done again, and whether its instances are enough.
    fn decide_repeat(&mut self, model: &mut Model<'_, '_>, at: NodeAt) {
        self.decide_number(model, at);
        let activity = self.nodes[at].index;
        let (condition, is_counted) = match &mut self.nodes[at].repeat {
            Repeat::Loop { condition, is_counted, .. } => (condition.as_mut(), *is_counted),
            Repeat::Instances { completion, .. } => (completion.as_mut(), false),
            Repeat::Once | Repeat::Turns { .. } => return,
        };
        let Some(condition) = condition.filter(|_| !is_counted) else { return };
        match read(model, Some(condition.index), &condition.text) {
            Ok(guard) => condition.guard = Some(guard),
            Err(fault) if model.options.external_decisions => {
                let flow = Box::new(model.tree.element(condition.index));
                model.warn(activity, WarningKind::DecidedOutside { flow, reason: fault.to_string() });
            }
            Err(fault) => refuse(model, activity, Some(condition.index), fault),
        }
        if let Repeat::Instances { completion: Some(completion), .. } = &mut self.nodes[at].repeat {
            completion.guard = completion.guard.take().map(with_tallies);
        }
    }

    /// How many instances an activity has.
    fn decide_number(&mut self, model: &mut Model<'_, '_>, at: NodeAt) {
        let activity = self.nodes[at].index;
        let Repeat::Instances { number: Number::Data { condition, is_list }, .. } =
            &mut self.nodes[at].repeat
        else {
            return;
        };
        match read(model, Some(condition.index), &condition.text) {
            Ok(list) if *is_list => condition.guard = Some(Expr::Unary(Unary::Length, Box::new(list))),
            Ok(number) => condition.guard = Some(number),
            Err(fault) if model.options.external_decisions => {
                let flow = Box::new(model.tree.element(condition.index));
                model.warn(activity, WarningKind::DecidedOutside { flow, reason: fault.to_string() });
            }
            Err(fault) => {
                let place = match model.tree.name(condition.index) {
                    "loopCardinality" => "loopCardinality",
                    "loopDataInputRef" => "loopDataInputRef",
                    _ if model.tree.value(condition.index, "collection").is_none() => "inputCollection",
                    _ => "collection",
                };
                let offset = fault.offset;
                report(model, activity, Some(condition.index), offset, ErrorKind::Number { place, fault });
            }
        }
    }

    /// The conditions of all flows out of a choice but its default; `None` if its data does not decide it.
    fn guards(&self, model: &mut Model<'_, '_>, at: NodeAt) -> Option<Vec<(FlowAt, Expr)>> {
        let node = &self.nodes[at];
        let text = |flow: FlowAt| self.flows[flow].condition.as_deref().filter(|text| !text.is_empty());
        let has_default = node.outgoing.iter().any(|&flow| self.flows[flow].is_default);
        let decided: Vec<FlowAt> =
            node.outgoing.iter().copied().filter(|&flow| !self.flows[flow].is_default).collect();
        let mut guards = Vec::with_capacity(decided.len());
        let (mut is_whole, mut has_condition) = (true, false);
        for flow in decided {
            let Some(text) = text(flow) else {
                // Of several that may be taken, one without a condition is. Out of an activity it leads past the choice,
                // unless that has a default.
                match node.kind {
                    Some(Kind::Exclusive) => is_whole = false,
                    Some(kind)
                        if !kind.is_gateway() && !has_default && self.flows[flow].condition.is_none() => {}
                    _ => guards.push((flow, Expr::Literal(Literal::Boolean(true)))),
                }
                continue;
            };
            has_condition = true;
            match read(model, self.flows[flow].expression, text) {
                Ok(guard) => guards.push((flow, guard)),
                Err(fault) => {
                    is_whole = false;
                    if model.options.external_decisions {
                        let flow = Box::new(model.tree.element(self.flows[flow].index));
                        let reason = fault.to_string();
                        model.warn(node.index, WarningKind::DecidedOutside { flow, reason });
                    } else {
                        refuse(model, self.flows[flow].index, self.flows[flow].expression, fault);
                    }
                }
            }
        }
        (is_whole && has_condition).then_some(guards)
    }
}

impl Graph {
    fn warn_of_choice(&self, model: &mut Model<'_, '_>, at: NodeAt, is_guarded: bool) {
        let node = &self.nodes[at];
        let flows = || node.outgoing.iter().map(|&flow| &self.flows[flow]);
        let has_condition = |flow: &&Flow| flow.condition.as_deref().is_some_and(|text| !text.is_empty());
        for flow in flows().filter(|flow| flow.is_default).filter(has_condition) {
            model.warn(flow.index, WarningKind::ConditionOnDefault);
        }
        let mut others = flows().filter(|flow| !flow.is_default);
        let is_exclusive = node.kind == Some(Kind::Exclusive);
        if is_exclusive && !is_guarded && others.clone().any(|flow| has_condition(&flow)) {
            if let Some(flow) = others.find(|flow| !has_condition(flow)) {
                let flow = Box::new(model.tree.element(flow.index));
                model.warn(node.index, WarningKind::ConditionMissing { flow });
            }
            return;
        }
        if node.kind == Some(Kind::Inclusive)
            && node.outgoing.len() > 1
            && !flows().any(|flow| has_condition(&flow))
        {
            model.warn(node.index, WarningKind::NoCondition);
        }
        let is_gateway = node.kind.is_some_and(Kind::is_gateway);
        if is_guarded
            && is_gateway
            && !flows().any(|flow| flow.is_default)
            && others.all(|flow| has_condition(&flow))
        {
            model.warn(node.index, WarningKind::NoDefault);
        }
    }
}

/// Reads the text of a condition, in the notation that it or its element says.
fn read(model: &Model<'_, '_>, expression: Option<Index>, text: &str) -> Result<Expr, Fault> {
    let language = expression.and_then(|index| model.tree.value(index, "language"));
    let of_document = model.tree.value(Index::ROOT, "expressionLanguage");
    Dialect::of(text, language, of_document)?.parse(text)
}

/// A completion condition, in which some names are those of numbers of instances.
fn with_tallies(expr: Expr) -> Expr {
    let inner = |expr: Box<Expr>| Box::new(with_tallies(*expr));
    match expr {
        Expr::Variable(name) => match name.as_str() {
            "numberOfInstances" | "nrOfInstances" => Expr::Tally(Tally::All),
            "numberOfCompletedInstances" | "nrOfCompletedInstances" => Expr::Tally(Tally::Completed),
            "numberOfActiveInstances" | "nrOfActiveInstances" => Expr::Tally(Tally::Active),
            "numberOfTerminatedInstances" => Expr::Tally(Tally::Terminated),
            _ => Expr::Variable(name),
        },
        Expr::Unary(operation, of) => Expr::Unary(operation, inner(of)),
        Expr::Count(of, most) => Expr::Count(inner(of), most),
        Expr::Binary(operation, one, two) => Expr::Binary(operation, inner(one), inner(two)),
        Expr::Compare(comparison, one, two) => Expr::Compare(comparison, inner(one), inner(two)),
        other @ (Expr::Literal(_) | Expr::IsNull(_) | Expr::Tally(_)) => other,
    }
}

/// Notes that a condition cannot be evaluated, at the place of its fault.
fn refuse(model: &mut Model<'_, '_>, flow: Index, expression: Option<Index>, fault: Fault) {
    report(model, flow, expression, fault.offset, ErrorKind::Condition(fault));
}

fn report(
    model: &mut Model<'_, '_>,
    element: Index,
    expression: Option<Index>,
    offset: usize,
    kind: ErrorKind,
) {
    let mut error = Error::of(model.tree.element(element), kind);
    if let Some(index) = expression {
        // The text of a condition has no space around it.
        let text = model.tree.text(index);
        let before = text.len() - text.trim_start().len();
        error.position = model.tree.position_in(index, before + offset);
    }
    model.report(error);
}
