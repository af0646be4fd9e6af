//! Sub-processes: their parts stand in the net of the process, between a node that feeds them and one that waits for them.

use wf_net::{NodeId, NodeKind, Surplus, Synchronizing};

use super::region::Region;
use super::{Lowering, Part, Sink};
use crate::graph::{NodeAt, ScopeAt, ScopeKind};
use crate::kind::{Kind, TriggerKind};
use crate::{ModelFault, Unsupported};

const GENERAL: NodeKind = NodeKind::Inclusive(Synchronizing::General);

impl Lowering<'_, '_, '_> {
    /// Where the tokens of a scope begin: at its start events, else at all that no flow leads to (BPMN 2.0.2, 10.5.2).
    pub(super) fn roots(&self, scope: ScopeAt) -> Vec<NodeAt> {
        let nodes = &self.graph.scopes[scope].nodes;
        let is_start = |&at: &NodeAt| self.graph.nodes[at].kind == Some(Kind::Start);
        if nodes.iter().any(is_start) {
            return nodes.iter().copied().filter(is_start).collect();
        }
        nodes.iter().copied().filter(|&at| self.begins(at)).collect()
    }

    fn begins(&self, at: NodeAt) -> bool {
        let node = &self.graph.nodes[at];
        let is_link = node.kind == Some(Kind::Catch) && self.has(at, TriggerKind::Link);
        node.incoming.is_empty()
            && !matches!(node.kind, None | Some(Kind::Boundary))
            && !is_link
            && !self.is_event_scope(node.inside)
            && !self.graph.is_compensation(self.model, at)
    }

    /// A process without start events begins everywhere where no flow leads to.
    pub(super) fn begin_process(&mut self) {
        let roots = self.roots(0);
        let process = self.graph.process;
        if roots.is_empty() {
            self.model.refuse(process, ModelFault::NoStart);
        } else if self.graph.nodes[roots[0]].kind != Some(Kind::Start) {
            let id = format!("{}/start", self.model.tree.value(process, "id").unwrap_or_default());
            self.feeds[0] = Some(self.draft.add(self.model, process, Some(id), NodeKind::Start, 0));
        }
    }

    /// bpmn:subProcess, bpmn:adHocSubProcess, bpmn:transaction.
    pub(super) fn lower_sub_process(&mut self, at: NodeAt) -> Option<Part> {
        let node = &self.graph.nodes[at];
        let inside = node.inside?;
        let scope = &self.graph.scopes[inside];
        if node.has_cases {
            return self.lower_cases(at);
        }
        if scope.kind == ScopeKind::Event {
            self.sinks[inside] = self.sinks[node.scope];
            return None;
        }
        if scope.nodes.is_empty() {
            // Its inside is not shown: somebody outside does it, like a task.
            return self.lower_activity(at);
        }
        let starts = scope.nodes.iter().filter(|&&at| self.graph.nodes[at].kind == Some(Kind::Start)).count();
        let roots = self.roots(inside);
        if starts > 1 || roots.is_empty() {
            let why = if starts > 1 {
                "a sub-process with several start events"
            } else {
                "a sub-process that begins nowhere"
            };
            self.refuse(at, Unsupported::SubProcess(why));
            return None;
        }
        let index = node.index;
        let id = |suffix: &str| {
            let id = self.model.tree.value(index, "id").unwrap_or_default();
            Some(format!("{id}{}{suffix}", node.copy))
        };
        let splits = self.splits(inside);
        let has_end = self.has_end(inside) || matches!(scope.kind, ScopeKind::AdHoc { .. });
        let kind = match scope.kind {
            ScopeKind::Instances { .. } if scope.enough.is_some() => {
                let needed = scope.nodes.len() as u8;
                NodeKind::Partial { needed, surplus: Surplus::Cancel }
            }
            // Where one of several may end them all, the others do not come.
            ScopeKind::Instances { .. }
                if scope.nodes.iter().any(|&at| self.has(at, TriggerKind::Terminate)) =>
            {
                NodeKind::Completion
            }
            ScopeKind::Instances { .. } => NodeKind::Parallel,
            // With several tokens it is left when the last of them is gone, whichever ends they have reached.
            _ if splits => NodeKind::Completion,
            _ => NodeKind::Exclusive,
        };
        let (done_id, choice_id) = (id("/done"), id("/choice"));
        let (entry, mut feed) = if matches!(scope.kind, ScopeKind::AdHoc { .. }) {
            let entry = self.add(at, "", NodeKind::Exclusive);
            (entry, entry)
        } else {
            self.pass(at, "", 2, roots.len() + self.armed_starts(inside).len())
        };
        if !has_end {
            // It is left by a terminate end event, or by what is thrown inside.
            self.feeds[inside] = Some(feed);
            let exit = self.out(at, inside, None);
            return match exit {
                Some(exit) => self.around_scope(at, entry, exit),
                None => Some(Part { entry: Some(entry), ..Part::default() }),
            };
        }
        let done = self.draft.add(self.model, index, done_id, kind, inside);
        if kind == NodeKind::Completion {
            self.regions.push((done, Region::Work(inside)));
        }
        if let Some(enough) = &scope.enough {
            self.regions.push((done, Region::Scope(inside)));
            self.draft.net.completion_guard(done, enough.clone());
        }
        if let ScopeKind::AdHoc { is_sequential } = scope.kind {
            // Which of its activities are performed is decided when it is entered; none is a choice, too.
            let choice = self.draft.add(self.model, index, choice_id, GENERAL, inside);
            self.link(at, entry, choice);
            feed = choice;
            if is_sequential {
                self.exclusive.push(inside);
            }
        }
        self.sinks[inside] = Some(Sink::Done(done));
        self.feeds[inside] = Some(feed);
        let exit = self.out(at, inside, Some(done))?;
        let exit = self.disarm_starts(at, inside, exit);
        self.around_scope(at, entry, exit)
    }

    /// Where a sub-process is left; one that has only terminate end events is left behind these.
    fn out(&mut self, at: NodeAt, inside: ScopeAt, done: Option<NodeId>) -> Option<NodeId> {
        let is_terminate = |&at: &NodeAt| {
            self.graph.nodes[at].kind == Some(Kind::End) && self.has(at, TriggerKind::Terminate)
        };
        if done.is_some() || !self.graph.scopes[inside].nodes.iter().any(is_terminate) {
            return done;
        }
        let out = self.add(at, "/out", NodeKind::Exclusive);
        self.outs[inside] = Some(out);
        Some(out)
    }

    fn around_scope(&mut self, at: NodeAt, entry: NodeId, exit: NodeId) -> Option<Part> {
        for name in ["startQuantity", "completionQuantity"] {
            let value = self.model.tree.value(self.graph.nodes[at].index, name);
            if let Some(value) = value.filter(|&value| value != "1") {
                let value = crate::xml::shorten(value);
                self.refuse(at, Unsupported::Attribute { name: name.to_owned(), value });
                return None;
            }
        }
        let (mut entry, mut exit) = (entry, exit);
        (entry, exit) = self.repeated(at, entry, exit);
        (entry, exit) = self.arm(at, entry, exit);
        Some(self.split(at, entry, exit, self.ways_out(at)))
    }

    /// Tokens of a scope begin at its roots.
    pub(super) fn join_roots(&mut self) {
        for scope in 0..self.graph.scopes.len() {
            let Some(feed) = self.feeds[scope] else { continue };
            let is_chosen = self.graph.scopes[scope].kind == ScopeKind::Instances { is_chosen: true };
            for at in self.roots(scope) {
                let Some(entry) = self.parts[at].entry else { continue };
                let index = self.graph.nodes[at].index;
                if !is_chosen {
                    self.draft.later(index, feed, entry);
                    continue;
                }
                // The number of instances is said by which of them are performed.
                let choice = self.add(at, "/chosen", NodeKind::Exclusive);
                let merge = self.add(at, "/left", NodeKind::Exclusive);
                self.draft.later(index, feed, choice);
                self.draft.later_default(index, choice, merge);
                self.draft.later_if(index, choice, entry, self.graph.nodes[at].performed_if.clone());
                if let (Some(_), Some(Sink::Done(done))) =
                    (&self.graph.scopes[scope].enough, self.sinks[scope])
                {
                    self.draft.later_left_out(index, merge, done);
                } else if !self.graph.nodes[at].outgoing.is_empty() {
                    // What follows is asked of those that are performed.
                    if let Some(Sink::Done(done)) = self.sinks[scope] {
                        self.draft.later(index, merge, done);
                    }
                } else if let Some(exit) = self.parts[at].exit.replace(merge) {
                    self.draft.later(index, exit, merge);
                }
            }
            if let (ScopeKind::AdHoc { .. }, Some(Sink::Done(done)), Some(owner)) =
                (self.graph.scopes[scope].kind, self.sinks[scope], self.graph.scopes[scope].owner)
            {
                self.draft.later_default(self.graph.nodes[owner].index, feed, done);
            }
        }
    }
}
