//! Instances one after another of what is more than a task: a few of a constant number are copies, each of which leads to the
//! next; others are one loop, whose rounds the case counts.

use wf_net::guard::{Expr, Tally};

use super::unroll::TASKS_CHOSEN;
use super::{Flow, Graph, Node, NodeAt, ScopeAt, ScopeKind};
use crate::kind::Kind;
use crate::model::Model;
use crate::repeat::{Condition, Repeat};
use crate::tree::Index;
use crate::{Warning, WarningKind};

/// Most instances one after another whose number the data of the case says; fewer where a merge has to be looked at in each
/// state of the case.
const TURNS_MAX: u8 = 32;
const TURNS_MERGED: u8 = 8;

impl Graph {
    /// Makes copies of instances one after another; `false`, with nothing changed, if their number is not known or too large.
    pub(super) fn take_turns(&mut self, model: &mut Model<'_, '_>, at: NodeAt) -> bool {
        let node = &self.nodes[at];
        let is_copied =
            matches!(node.kind, Some(Kind::Call | Kind::Receive | Kind::SubProcess | Kind::AdHoc));
        let Repeat::Instances { number, in_turn: Some(_), completion } = &node.repeat else {
            return false;
        };
        let index = node.index;
        let enough = completion.as_ref().map(|completion| completion.guard.clone());
        let Some(most) = number.constant().map(|constant| constant as usize) else { return false };
        let is_small = most.saturating_mul(self.rests(at)) <= TASKS_CHOSEN && self.has_room(at, most);
        if !is_copied || !is_small || self.merges_inside(at) || self.is_compensation(model, at) {
            return false;
        }
        let copies = self.instances(at, most, ScopeKind::Embedded);
        let around = self.nodes[copies[0]].scope;
        for (done, pair) in (1..).zip(copies.windows(2)) {
            let Some(enough) = &enough else {
                self.join(pair[0], pair[1], index, None, false);
                continue;
            };
            let guard = enough.clone().map(|guard| counted(guard, most as i64, done));
            let asks = self.ask(pair[0], index);
            let left = self.helper(around, index, Kind::End, &format!("{}/left", self.nodes[pair[0]].copy));
            self.join(asks, left, index, guard, false);
            self.join(asks, pair[1], index, None, true);
        }
        true
    }

    /// Makes a loop of instances one after another, whose rounds the case counts; `false`, with nothing changed, where whoever
    /// completes one says whether another follows.
    pub(super) fn count_turns(&mut self, model: &mut Model<'_, '_>, at: NodeAt) -> bool {
        let node = &self.nodes[at];
        let guard =
            |condition: &Option<Condition>| condition.as_ref().map(|condition| condition.guard.clone());
        let is_merge = |node: &Node| node.kind == Some(Kind::Inclusive) && node.incoming.len() > 1;
        let has_merge = self.nodes.iter().any(is_merge);
        let (most, number, enough, begins) = match &node.repeat {
            Repeat::Instances { number, in_turn: Some(_), completion } => {
                let (most, number) = match (number.constant(), number.guard()) {
                    (Some(constant @ 1..=255), _) => (constant as u8, None),
                    (None, Some(number)) if has_merge => (TURNS_MERGED, Some(number.clone())),
                    (None, Some(number)) => (TURNS_MAX, Some(number.clone())),
                    _ => return false,
                };
                (most, number, guard(completion), None)
            }
            Repeat::Loop { is_tested_before, condition, most: Some(most), .. } => {
                let Some(Some(goes_on)) = guard(condition) else { return false };
                (*most, None, Some(Some(goes_on.clone().negated())), is_tested_before.then_some(goes_on))
            }
            _ => return false,
        };
        // Where tokens meet that nothing joins, several would be counted as one.
        let meets = |warning: &Warning| matches!(warning.kind, WarningKind::NotJoined { .. });
        if enough == Some(None) || self.is_compensation(model, at) || model.warnings.iter().any(meets) {
            return false;
        }
        if number.is_some() && node.copy.is_empty() {
            let instances_max = usize::from(most);
            model.warn(node.index, WarningKind::InstancesBounded { instances_max });
        }
        self.nodes[at].repeat = Repeat::Turns { most, number, enough: enough.flatten(), begins };
        true
    }

    /// Whether a merge that waits for all that can still come is inside of a node: each copy's depends on all before it.
    fn merges_inside(&self, at: NodeAt) -> bool {
        let is_merge = |node: &Node| node.kind == Some(Kind::Inclusive) && node.incoming.len() > 1;
        let inside = self.nodes[at].inside;
        inside.is_some_and(|inside| {
            self.nodes.iter().any(|node| is_merge(node) && self.is_within(node.scope, inside))
        })
    }

    /// A choice behind a copy, whether it was enough.
    pub(super) fn ask(&mut self, copy: NodeAt, index: Index) -> NodeAt {
        let (scope, suffix) = (self.nodes[copy].scope, format!("{}/enough", self.nodes[copy].copy));
        let asks = self.helper(scope, index, Kind::Exclusive, &suffix);
        self.join(copy, asks, index, None, false);
        asks
    }

    /// A flow node that the model does not draw, of the element that makes it necessary.
    pub(super) fn helper(&mut self, scope: ScopeAt, index: Index, kind: Kind, suffix: &str) -> NodeAt {
        let at = self.nodes.len();
        let node = Node::new(index, Some(kind), scope);
        self.nodes.push(Node { copy: suffix.to_owned(), is_drawn: false, ..node });
        self.scopes[scope].nodes.push(at);
        at
    }

    /// A flow that the model does not draw.
    pub(super) fn join(
        &mut self,
        from: NodeAt,
        to: NodeAt,
        index: Index,
        guard: Option<Expr>,
        is_default: bool,
    ) {
        let at = self.flows.len();
        let condition = guard.as_ref().map(ToString::to_string);
        let (from, to) = (Some(from), Some(to));
        self.flows.push(Flow { index, condition, expression: None, guard, from, to, is_default });
        from.into_iter().for_each(|from| self.nodes[from].outgoing.push(at));
        to.into_iter().for_each(|to| self.nodes[to].incoming.push(at));
    }
}

/// A completion condition behind so many instances of all.
fn counted(expr: Expr, all: i64, done: i64) -> Expr {
    let inner = |expr: Box<Expr>| Box::new(counted(*expr, all, done));
    match expr {
        Expr::Tally(Tally::All) => Expr::integer(all),
        Expr::Tally(Tally::Completed) => Expr::integer(done),
        // The next one begins when this has been answered.
        Expr::Tally(Tally::Active | Tally::Terminated) => Expr::integer(0),
        Expr::Unary(operation, of) => Expr::Unary(operation, inner(of)),
        Expr::Count(of, most) => Expr::Count(inner(of), most),
        Expr::Binary(operation, one, two) => Expr::Binary(operation, inner(one), inner(two)),
        Expr::Compare(comparison, one, two) => Expr::Compare(comparison, inner(one), inner(two)),
        other @ (Expr::Literal(_) | Expr::Variable(_) | Expr::IsNull(_)) => other,
    }
}
