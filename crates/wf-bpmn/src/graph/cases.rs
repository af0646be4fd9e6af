//! Activities whose instances are cases within the case: as many as the data says.

use super::{Graph, NodeAt, ScopeKind};
use crate::kind::{Kind, TriggerKind};
use crate::model::Model;
use crate::repeat::{Number, Repeat};

/// Instances of a task that are bits of a case.
const BITS_MAX: u32 = 64;

impl Graph {
    /// Finds the activities whose instances are to be cases, so many at most, and lets their insides stand apart.
    pub(super) fn set_cases(&mut self, model: &Model<'_, '_>, cases_max: usize) {
        let compensates = self
            .nodes
            .iter()
            .any(|node| node.triggers.iter().any(|trigger| trigger.kind == TriggerKind::Compensate));
        let mut found: Vec<NodeAt> = Vec::new();
        // A sub-process stands before what is inside of it. Of tasks there may be eight at least in any case.
        let is_task = |at: &NodeAt| self.nodes[*at].kind == Some(Kind::Task);
        let (tasks, others): (Vec<NodeAt>, Vec<NodeAt>) = (0..self.nodes.len()).partition(is_task);
        for at in others.into_iter().chain(tasks) {
            let around = self.instances_around(at);
            let is_once_in_each = around.iter().all(|owner| found.contains(owner));
            if found.len() < cases_max && !compensates && is_once_in_each && self.can_be_cases(model, at) {
                found.push(at);
            }
        }
        for at in found {
            self.nodes[at].has_cases = true;
            if let Some(inside) = self.nodes[at].inside {
                let scope = &mut self.scopes[inside];
                (scope.kind, scope.parent) = (ScopeKind::Process, None);
                scope.case_of = scope.owner.take();
            }
        }
    }

    /// Activities around this one that have instances, or rounds of which there are copies.
    fn instances_around(&self, at: NodeAt) -> Vec<NodeAt> {
        let scopes = core::iter::successors(Some(self.nodes[at].scope), |&scope| self.scopes[scope].parent);
        let owners = scopes.filter_map(|scope| self.scopes[scope].owner);
        owners.filter(|&owner| matches!(self.nodes[owner].repeat, Repeat::Instances { .. })).collect()
    }

    fn can_be_cases(&self, model: &Model<'_, '_>, at: NodeAt) -> bool {
        let node = &self.nodes[at];
        let Repeat::Instances { number, completion, .. } = &node.repeat else { return false };
        let is_many = match number {
            Number::Constant(count) => *count > BITS_MAX,
            Number::Data { .. } => number.guard().is_some(),
            Number::Unsaid => false,
        };
        // What only whoever completes one can say, nobody says of a case.
        let is_by_data = completion.as_ref().is_none_or(|completion| completion.guard.is_some());
        if !is_many || !is_by_data || self.is_compensation(model, at) {
            return false;
        }
        match (node.kind, node.inside) {
            (Some(Kind::Task | Kind::Call), _) => true,
            (Some(Kind::SubProcess), Some(inside)) => {
                let scope = &self.scopes[inside];
                let is_whole = scope.kind == ScopeKind::Embedded && !scope.nodes.is_empty();
                is_whole
                    && self.stands_alone(inside)
                    && self.catches_all(at, inside)
                    && self.begins_at_work(inside)
            }
            _ => false,
        }
    }

    /// Whether each error with which an instance may end is caught at the boundary of its own activity: none goes further.
    fn catches_all(&self, at: NodeAt, inside: super::ScopeAt) -> bool {
        let errors = |node: NodeAt| {
            self.nodes[node].triggers.iter().filter(|trigger| trigger.kind == TriggerKind::Error)
        };
        let is_at = |node: NodeAt, of: NodeAt| {
            self.nodes[node].kind == Some(Kind::Boundary) && self.nodes[node].attached == Some(of)
        };
        let catches = |about: &Option<String>| {
            let mut events = (0..self.nodes.len()).filter(|&node| is_at(node, at)).flat_map(errors);
            events.any(|error| error.about.is_none() || error.about == *about)
        };
        let inner = (0..self.nodes.len()).filter(|&node| self.is_within(self.nodes[node].scope, inside));
        let throws = |node: &NodeAt| self.nodes[*node].kind == Some(Kind::End);
        let calls = inner.clone().any(|node| self.nodes[node].kind == Some(Kind::Call));
        let any_caught = (0..self.nodes.len())
            .any(|node| self.nodes[node].kind != Some(Kind::End) && errors(node).next().is_some());
        !(calls && any_caught) && inner.filter(throws).flat_map(errors).all(|error| catches(&error.about))
    }

    /// Whether it begins with something that is performed: nothing can be decided when an instance begins.
    fn begins_at_work(&self, inside: super::ScopeAt) -> bool {
        let here = &self.scopes[inside].nodes;
        let is_start = |&at: &NodeAt| self.nodes[at].kind == Some(Kind::Start);
        let begin: Vec<NodeAt> = match here.iter().copied().find(is_start) {
            Some(start) => {
                let flows = self.nodes[start].outgoing.iter();
                if flows.clone().any(|&flow| self.flows[flow].condition.is_some()) {
                    return false;
                }
                flows.filter_map(|&flow| self.flows[flow].to).collect()
            }
            None => here.iter().copied().filter(|&at| self.nodes[at].incoming.is_empty()).collect(),
        };
        begin.into_iter().all(|at| {
            let node = &self.nodes[at];
            let is_once = node.repeat == Repeat::Once;
            match node.kind {
                Some(Kind::SubProcess) => {
                    is_once && node.inside.is_none_or(|inside| self.begins_at_work(inside))
                }
                Some(Kind::Task | Kind::Receive | Kind::Call) => {
                    let is_by_data = matches!(&node.repeat, Repeat::Instances { number, .. }
                        if number.guard().is_some() || number.constant().is_some());
                    is_once || is_by_data
                }
                Some(Kind::Catch | Kind::End | Kind::Boundary) => true,
                _ => false,
            }
        })
    }

    /// Whether all that is inside of a scope stays there, but for errors.
    fn stands_alone(&self, inside: super::ScopeAt) -> bool {
        let here = &self.scopes[inside].nodes;
        let starts: Vec<NodeAt> =
            here.iter().copied().filter(|&at| self.nodes[at].kind == Some(Kind::Start)).collect();
        let begins = starts.len() < 2 && starts.iter().all(|&start| self.nodes[start].triggers.is_empty());
        let leaves = |node: &super::Node| {
            let is_event = node.inside.is_some_and(|inside| self.scopes[inside].kind == ScopeKind::Event);
            let thrown = [TriggerKind::Escalation, TriggerKind::Cancel, TriggerKind::Link];
            is_event || node.triggers.iter().any(|trigger| thrown.contains(&trigger.kind))
        };
        begins && !self.nodes.iter().any(|node| self.is_within(node.scope, inside) && leaves(node))
    }
}
