//! Events that do not interrupt and may happen again while what they have started goes on.
//!
//! Where their tokens stay apart, or need not, such an event is an interrupt without bound. Before a merge that waits for all
//! that can still come, a call or several instances of a task they would have to be kept apart; so the event is *armed*
//! instead: it waits beside what it watches, and takes its own token. On the boundary of an activity it then happens once
//! each time that is performed; an event sub-process is armed again when its own work is done.

use std::collections::BTreeSet;

use wf_net::image::CHILDREN_BYTES;
use wf_net::{Net, NodeId, NodeKind, Quantity, Retention};

use super::event::CANCEL;
use super::region::Region;
use super::{Again, Lowering, Part, Sink};
use crate::graph::{Graph, NodeAt, ScopeAt, ScopeKind};
use crate::kind::{Kind, Trigger, TriggerKind};
use crate::model::Model;
use crate::{Unsupported, WarningKind};

/// Counters of a case.
const COUNTERS_MAX: usize = wf_net::image::COUNTERS_MAX;

/// Starts of event sub-processes that happen once while what they watch goes on: when a time has passed, at a date.
pub(super) fn timed_starts(model: &Model<'_, '_>, graph: &Graph) -> BTreeSet<NodeAt> {
    let is_timed = |&at: &NodeAt| {
        let node = &graph.nodes[at];
        let scope = &graph.scopes[node.scope];
        let around = scope.parent.map(|around| graph.scopes[around].kind);
        node.kind == Some(Kind::Start)
            && scope.kind == ScopeKind::Event
            && !matches!(around, None | Some(ScopeKind::AdHoc { .. }))
            && matches!(model.tree.value(node.index, "isInterrupting"), Some("false" | "0"))
            && happens_once(graph, at)
            && matches!(node.triggers[..], [Trigger { when: Some(Ok(_)), .. }])
    };
    (0..graph.nodes.len()).filter(is_timed).collect()
}

/// Whether all that brings an event about are times that pass once.
pub(super) fn happens_once(graph: &Graph, at: NodeAt) -> bool {
    let triggers = &graph.nodes[at].triggers;
    !triggers.is_empty() && triggers.iter().all(|trigger| trigger.kind == TriggerKind::Timer)
}

/// What a net has to keep to that these events, each by its interrupt, do not fit in as it is; `None` if they do.
pub(super) fn again(net: &Net, events: &[(NodeAt, NodeId)], had: &Again) -> Option<Again> {
    let ahead: Vec<BTreeSet<NodeId>> = events.iter().map(|&(_, event)| ahead(net, event)).collect();
    // Each task behind them may hold several tokens: two counters, and one for each input of a gateway.
    let counters = |id: NodeId| match net.node(id).kind() {
        kind if kind.is_task() => 2,
        NodeKind::Parallel | NodeKind::Inclusive(_) if net.node(id).incoming().len() > 1 => {
            net.node(id).incoming().len()
        }
        _ => 0,
    };
    // Beside events without bound, tokens behind a sub-process that is interrupted are not always counted.
    let region_is_small =
        |id: &NodeId| net.region(*id).iter().filter(|&&node| net.node(node).kind().is_task()).count() < 2;
    let interrupts = net.nodes_of(NodeKind::Interrupt { interrupts: true });
    let interrupted = interrupts.filter(|id| !region_is_small(id)).flat_map(|id| self::ahead(net, id));
    let all: BTreeSet<NodeId> = ahead.iter().flatten().copied().chain(interrupted).collect();
    let bytes: usize = all.into_iter().map(counters).sum();
    let needed = bytes + net.node_ids().map(|id| record_bytes(net, id)).sum::<usize>();
    let is_crowded =
        |event: NodeId, ahead: &BTreeSet<NodeId>| needed > COUNTERS_MAX || is_crowded(net, event, ahead);
    let crowded = events.iter().zip(&ahead).filter(|&(&(_, event), ahead)| is_crowded(event, ahead));
    let mut limited = had.limited.clone();
    limited.extend(crowded.map(|(&(at, _), _)| at));
    let again = Again { limited, bytes: if needed > COUNTERS_MAX { 0 } else { bytes } };
    (again != *had && !events.is_empty()).then_some(again)
}

/// Bytes of a case for what a node keeps beside tokens, at least.
fn record_bytes(net: &Net, id: NodeId) -> usize {
    match net.node(id).kind() {
        NodeKind::Instances(_) if net.body(id).is_some() || net.called(id).is_some() => CHILDREN_BYTES,
        NodeKind::Call => 4,
        NodeKind::Receive(Retention::Persistent) => 1,
        NodeKind::Instances(instances) => match instances.count {
            Quantity::Fixed(count) => 2 + 2 * usize::from(count).div_ceil(8),
            Quantity::Chosen(_) => 4,
        },
        _ => 0,
    }
}

/// All nodes that a path leads to, this one with them.
fn ahead(net: &Net, from: NodeId) -> BTreeSet<NodeId> {
    let mut reached = net.ahead(from);
    reached.insert(from);
    reached
}

/// Whether tokens that an event makes again and again would have to be kept apart in this net.
fn is_crowded(net: &Net, event: NodeId, ahead: &BTreeSet<NodeId>) -> bool {
    let mut merges = net.node_ids().filter(|&id| {
        let node = net.node(id);
        matches!(node.kind(), NodeKind::Inclusive(_)) && node.incoming().len() > 1
    });
    merges.any(|merge| net.influences(event, merge))
        || ahead.iter().any(|&id| matches!(net.node(id).kind(), NodeKind::Call | NodeKind::Instances(_)))
}

impl Lowering<'_, '_, '_> {
    /// Starts of event sub-processes directly in a scope that are armed.
    pub(super) fn armed_starts(&self, scope: ScopeAt) -> Vec<NodeAt> {
        let is_here = |&&at: &&NodeAt| {
            let around = &self.graph.scopes[self.graph.nodes[at].scope];
            around.kind == ScopeKind::Event && around.parent == Some(scope)
        };
        self.again.limited.iter().filter(is_here).copied().collect()
    }

    /// Where the tokens of a process end: where events wait beside them, these go when the rest is done.
    pub(super) fn sink_of_process(&mut self) -> Sink {
        if self.armed_starts(0).is_empty() {
            return Sink::Gone;
        }
        let process = self.graph.process;
        let id = self.model.tree.value(process, "id").unwrap_or_default().to_owned();
        let mut add =
            |suffix: &str, kind| self.draft.add(self.model, process, Some(format!("{id}/{suffix}")), kind, 0);
        let (done, all, end) =
            (add("done", NodeKind::Completion), add("over", CANCEL), add("end", NodeKind::End));
        self.regions.push((done, Region::Work(0)));
        self.regions.push((all, Region::ArmedStarts(0)));
        self.draft.flow(self.model, process, done, all);
        self.draft.flow(self.model, process, all, end);
        Sink::Done(done)
    }

    /// Takes the events away that wait beside a sub-process, when it is done.
    pub(super) fn disarm_starts(&mut self, at: NodeAt, inside: ScopeAt, exit: NodeId) -> NodeId {
        if self.armed_starts(inside).is_empty() {
            return exit;
        }
        let all = self.add(at, "/unwatched", CANCEL);
        self.regions.push((all, Region::ArmedStarts(inside)));
        self.link(at, exit, all);
        all
    }

    /// The start of an event sub-process that is armed when the scope around it begins, and again when its own work is done.
    pub(super) fn lower_armed_start(&mut self, at: NodeAt) -> Option<Part> {
        let scope = self.graph.nodes[at].scope;
        let around = self.graph.scopes[scope].parent.unwrap_or_default();
        if matches!(self.graph.scopes[around].kind, ScopeKind::AdHoc { .. }) {
            let why = "an event that can happen any number of times, in an ad-hoc sub-process with a merge or a call";
            self.refuse(at, Unsupported::Event(why));
            return None;
        }
        let receive = self.armed(at);
        self.draft.scope_of[receive.index()] = around;
        if happens_once(self.graph, at) {
            // What it starts is done where the rest of the scope is.
            return Some(self.armed_part(at, receive));
        }
        self.warn_limited(at, WarningKind::OneAtATime);
        let done = if self.splits(scope) { NodeKind::Completion } else { NodeKind::Exclusive };
        let done = self.add(at, "/done", done);
        if self.draft.net.kind(done) == NodeKind::Completion {
            self.regions.push((done, Region::Work(scope)));
        }
        self.draft.later(self.graph.nodes[at].index, done, receive);
        self.sinks[scope] = Some(Sink::Done(done));
        Some(self.armed_part(at, receive))
    }

    /// What follows an armed event; what is thrown inside comes here, too.
    pub(super) fn armed_part(&mut self, at: NodeAt, receive: NodeId) -> Part {
        if !self.thrown.catchers.contains(&at) {
            return self.part(at, None, receive, vec![receive]);
        }
        let (caught, exit) = self.pass(at, "/caught", 2, self.ways_out(at));
        self.link(at, receive, caught);
        self.caught[at] = Some(caught);
        self.part(at, None, exit, vec![receive])
    }

    /// Says something of an event once for all of its copies.
    pub(super) fn warn_limited(&mut self, at: NodeAt, kind: WarningKind) {
        if self.graph.nodes[at].copy.is_empty() || self.graph.nodes[at].copy == "#1" {
            self.model.warn(self.graph.nodes[at].index, kind);
        }
    }

    /// Events beside a scope are armed when it begins.
    pub(super) fn join_armed(&mut self) {
        for scope in 0..self.graph.scopes.len() {
            for event in self.armed_starts(scope) {
                let Some(receive) = self.armed[event] else { continue };
                let index = self.graph.nodes[event].index;
                let starts = self.graph.scopes[0].nodes.iter().filter(|_| scope == 0);
                let starts = starts.filter(|&&at| self.graph.nodes[at].kind == Some(Kind::Start));
                let begins: Vec<NodeId> =
                    starts.filter_map(|&at| self.parts[at].exit).chain(self.feeds[scope]).collect();
                for begin in begins {
                    self.draft.later(index, begin, receive);
                }
            }
        }
    }
}

/// What an armed event is in the net: it is lost while it is not waited for.
pub(super) const ARMED: NodeKind = NodeKind::Receive(Retention::Transient);
