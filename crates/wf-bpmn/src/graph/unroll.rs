//! Activities with a fixed number of instances that are more than one task: each instance becomes a part of the net.

use wf_net::guard::{Comparison, Expr};

use super::{Flow, Graph, NodeAt, Scope, ScopeAt, ScopeKind};
use crate::kind::{Kind, Trigger};
use crate::model::Model;
use crate::repeat::Repeat;
use crate::{Unsupported, Warning, WarningKind};

/// Most flow nodes of a process with the copies of instances.
const NODES_MAX: usize = 1024;

/// Most instances of a sub-process whose number is not constant, most tasks of all of them, and most calls.
const INSTANCES_CHOSEN: usize = 8;
pub(super) const TASKS_CHOSEN: usize = 32;
const CALLS_CHOSEN: usize = 4;

/// Most bytes of a case for instances of tasks one after another; beyond that, whoever completes one says whether another
/// follows.
const BYTES_IN_TURN: usize = 8;

impl Graph {
    /// Copies the inside of sub-processes and the calls that have several instances, innermost first.
    pub(crate) fn unroll(&mut self, model: &mut Model<'_, '_>, cases_max: usize) {
        self.set_cases(model, cases_max);
        // Where tokens meet that nothing joins, a task may hold several, and a case keeps one record of each task.
        let meets = |warning: &Warning| matches!(warning.kind, WarningKind::NotJoined { .. });
        let mut bytes_in_turn = if model.warnings.iter().any(meets) { BYTES_IN_TURN } else { 0 };
        // A sub-process stands before what is inside of it.
        for at in (0..self.nodes.len()).rev() {
            if self.nodes[at].has_cases || self.hand_inside(at) {
                continue;
            }
            if self.take_turns(model, at) {
                continue;
            }
            let bytes = self.nodes[at].repeat.bytes_in_turn().filter(|_| self.may_take_turns(at));
            match bytes {
                Some(bytes) if bytes_in_turn + bytes <= BYTES_IN_TURN => bytes_in_turn += bytes,
                _ if self.count_turns(model, at) => {}
                _ => self.nodes[at].repeat.uncounted(),
            }
            if let Repeat::Loop { is_counted: true, how_often, .. } = &self.nodes[at].repeat
                && self.nodes[at].copy.is_empty()
            {
                let how_often = how_often.clone();
                model.warn(self.nodes[at].index, WarningKind::RoundsOutside { how_often });
            }
            if let Err(why) = self.copies(model, at) {
                model.refuse(self.nodes[at].index, Unsupported::Repetition(why));
            }
        }
    }

    /// Makes copies of what has several instances at once and is more than a task.
    fn copies(&mut self, model: &mut Model<'_, '_>, at: NodeAt) -> Result<(), &'static str> {
        let node = &self.nodes[at];
        let is_copied =
            matches!(node.kind, Some(Kind::Call | Kind::Receive | Kind::SubProcess | Kind::AdHoc));
        let Repeat::Instances { number, completion, .. } = &node.repeat else { return Ok(()) };
        if !is_copied {
            return Ok(());
        }
        let (index, count, number) = (node.index, number.constant(), number.guard().cloned());
        if count == Some(0) {
            return Err("no instance of it at all");
        }
        let instances = count.map_or(self.instances_chosen(at), |count| count as usize);
        if !self.has_room(at, instances) {
            return Err("more instances of it at once than a case has room for");
        }
        let completion = completion.clone();
        let enough = completion.as_ref().and_then(|completion| completion.guard.clone());
        if count.is_none() && node.copy.is_empty() {
            model.warn(node.index, WarningKind::InstancesBounded { instances_max: instances });
        }
        let is_chosen = count.is_none();
        let copies = self.instances(at, instances, ScopeKind::Instances { is_chosen });
        let around = self.nodes[copies[0]].scope;
        for (copy, performed) in copies.iter().zip(1..) {
            self.nodes[*copy].performed_if = number.as_ref().map(|number| {
                let number = Expr::Count(Box::new(number.clone()), instances as u16);
                number.compare(Comparison::GreaterOrEqual, Expr::integer(performed))
            });
        }
        match completion {
            Some(_) if enough.is_some() => self.scopes[around].enough = enough,
            // What is not the data's to say is asked when each one is done.
            Some(_) => {
                let all = self.helper(around, index, Kind::End, &format!("{}/all", self.nodes[at].copy));
                self.nodes[all].triggers.push(Trigger::terminate());
                for &copy in &copies {
                    let asks = self.ask(copy, index);
                    let done =
                        self.helper(around, index, Kind::End, &format!("{}/done", self.nodes[copy].copy));
                    self.join(asks, all, index, enough.clone(), false);
                    self.join(asks, done, index, None, true);
                }
            }
            None => {}
        }
        Ok(())
    }

    /// Whether so many copies of a node and what is inside are still few.
    pub(super) fn has_room(&self, at: NodeAt, copies: usize) -> bool {
        let small = self.nodes.len() <= NODES_MAX;
        let inside = self.nodes[at].inside.filter(|_| small).map_or(1, |inside| self.size(inside) + 1);
        // With what stands beside each.
        copies > 0 && copies.saturating_mul(inside + 2).saturating_add(self.nodes.len()) <= NODES_MAX
    }

    /// Whether instances of it can stand in a case one after another: of a task of which there are no copies.
    fn may_take_turns(&self, at: NodeAt) -> bool {
        let scopes = core::iter::successors(Some(self.nodes[at].scope), |&scope| self.scopes[scope].parent);
        let mut owners = scopes.filter_map(|scope| self.scopes[scope].owner);
        let is_once = |owner: NodeAt| !matches!(self.nodes[owner].repeat, Repeat::Instances { .. });
        self.nodes[at].kind == Some(Kind::Task) && owners.all(is_once)
    }

    /// Instances of a sub-process of one task are instances of that task.
    fn hand_inside(&mut self, at: NodeAt) -> bool {
        let node = &self.nodes[at];
        let (Some(Kind::SubProcess), Repeat::Instances { .. }, Some(inside)) =
            (node.kind, &node.repeat, node.inside)
        else {
            return false;
        };
        let scope = &self.scopes[inside];
        if self.scopes[inside].nodes.is_empty() {
            // Its inside is not shown: a task.
            (self.nodes[at].kind, self.nodes[at].inside) = (Some(Kind::Task), None);
            return false;
        }
        // A start, the task and an end, or fewer.
        if scope.kind != ScopeKind::Embedded || scope.nodes.len() > 3 {
            return false;
        }
        let is_task = |&&member: &&NodeAt| {
            let member = &self.nodes[member];
            member.kind == Some(Kind::Task) && member.repeat == Repeat::Once
        };
        let is_plain = |&&member: &&NodeAt| {
            let member = &self.nodes[member];
            matches!(member.kind, Some(Kind::Start | Kind::End)) && member.triggers.is_empty()
        };
        let tasks: Vec<NodeAt> = scope.nodes.iter().filter(is_task).copied().collect();
        let plain = scope.nodes.iter().filter(is_plain).count();
        let [task] = tasks[..] else { return false };
        let ways = self.nodes[task].incoming.len().max(self.nodes[task].outgoing.len());
        if plain + 1 != scope.nodes.len() || ways > 1 {
            return false;
        }
        self.nodes[task].repeat = core::mem::replace(&mut self.nodes[at].repeat, Repeat::Once);
        true
    }

    fn size(&self, scope: ScopeAt) -> usize {
        (0..self.nodes.len()).filter(|&node| self.is_within(self.nodes[node].scope, scope)).count()
    }

    /// How many instances there are at most, where a completion says how many: 0 if there is no room for two.
    pub(super) fn instances_chosen(&self, at: NodeAt) -> usize {
        if self.nodes[at].inside.is_none() {
            return CALLS_CHOSEN;
        }
        let most = (TASKS_CHOSEN / self.rests(at)).min(INSTANCES_CHOSEN);
        if most < 2 { 0 } else { most }
    }

    /// Nodes inside of a node, or this one, where tokens rest; at least 1.
    pub(super) fn rests(&self, at: NodeAt) -> usize {
        let Some(inside) = self.nodes[at].inside else { return 1 };
        let rests = (0..self.nodes.len()).filter(|&node| {
            let is_task = self.nodes[node].kind.is_some_and(|kind| kind.is_activity() || kind == Kind::Catch);
            is_task && self.is_within(self.nodes[node].scope, inside)
        });
        rests.count().max(1)
    }

    /// Copies of a node inside of a scope that takes its place.
    pub(super) fn instances(&mut self, at: NodeAt, count: usize, kind: ScopeKind) -> Vec<NodeAt> {
        let original = self.nodes[at].inside;
        let around = Scope {
            kind,
            owner: Some(at),
            parent: Some(self.nodes[at].scope),
            nodes: Vec::new(),
            enough: None,
            case_of: None,
        };
        self.scopes.push(around);
        let around = self.scopes.len() - 1;
        let mut instance = self.nodes[at].clone();
        (self.nodes[at].kind, self.nodes[at].repeat) = (Some(Kind::SubProcess), Repeat::Once);
        self.nodes[at].inside = Some(around);
        instance.repeat = Repeat::Once;
        instance.scope = around;
        (instance.incoming, instance.outgoing) = (Vec::new(), Vec::new());
        for number in 1..=count {
            let copy = format!("{}#{number}", instance.copy);
            let inside = original.map(|original| {
                if number == count { original } else { self.copy(original, &format!("#{number}")) }
            });
            let node = self.nodes.len();
            self.nodes.push(super::Node { copy, inside, ..instance.clone() });
            self.scopes[around].nodes.push(node);
            if let Some(inside) = inside {
                (self.scopes[inside].owner, self.scopes[inside].parent) = (Some(node), Some(around));
            }
        }
        // The last instance is the original.
        if let Some(original) = original {
            for node in 0..self.nodes.len() {
                if self.is_within(self.nodes[node].scope, original) {
                    self.nodes[node].copy += &format!("#{count}");
                }
            }
        }
        self.scopes[around].nodes.clone()
    }

    /// Copies a scope with all that is in it.
    fn copy(&mut self, scope: ScopeAt, suffix: &str) -> ScopeAt {
        let within: Vec<ScopeAt> = (0..self.scopes.len()).filter(|&at| self.is_within(at, scope)).collect();
        let scopes_before = self.scopes.len();
        let scope_of = |old: ScopeAt| within.iter().position(|&at| at == old).map(|at| scopes_before + at);
        let members: Vec<NodeAt> =
            (0..self.nodes.len()).filter(|&node| scope_of(self.nodes[node].scope).is_some()).collect();
        let nodes_before = self.nodes.len();
        let node_of = |old: NodeAt| members.binary_search(&old).ok().map(|at| nodes_before + at);
        let flows: Vec<usize> =
            (0..self.flows.len()).filter(|&flow| self.flows[flow].from.and_then(node_of).is_some()).collect();
        let flows_before = self.flows.len();
        let flow_of = |old: usize| flows.binary_search(&old).ok().map(|at| flows_before + at);
        for &old in &within {
            let old = self.scopes[old].clone();
            self.scopes.push(Scope {
                owner: old.owner.and_then(node_of).or(old.owner),
                parent: old.parent.and_then(scope_of).or(old.parent),
                nodes: old.nodes.iter().filter_map(|&node| node_of(node)).collect(),
                kind: old.kind,
                enough: old.enough,
                case_of: old.case_of,
            });
        }
        for &old in &members {
            let old = self.nodes[old].clone();
            self.nodes.push(super::Node {
                copy: format!("{}{suffix}", old.copy),
                scope: scope_of(old.scope).unwrap_or(old.scope),
                inside: old.inside.and_then(scope_of),
                attached: old.attached.and_then(node_of),
                incoming: old.incoming.iter().filter_map(|&flow| flow_of(flow)).collect(),
                outgoing: old.outgoing.iter().filter_map(|&flow| flow_of(flow)).collect(),
                ..old
            });
        }
        for &old in &flows {
            let old = self.flows[old].clone();
            let (from, to) = (old.from.and_then(node_of), old.to.and_then(node_of));
            self.flows.push(Flow { from, to, ..old });
        }
        scope_of(scope).unwrap_or(scope)
    }
}
