//! Compensation: the activities that undo others, one after another, each if whoever is asked says so.

use wf_net::{NodeId, NodeKind};

use super::Lowering;
use crate::graph::{NodeAt, ScopeAt, ScopeKind};
use crate::kind::{Kind, TriggerKind};
use crate::repeat::Repeat;
use crate::{Unsupported, WarningKind};

impl Lowering<'_, '_, '_> {
    /// A throwing or ending event with bpmn:compensateEventDefinition: where its tokens come in and go on.
    pub(super) fn compensate(&mut self, at: NodeAt) -> Option<(NodeId, NodeId)> {
        let node = &self.graph.nodes[at];
        let about = node.triggers.iter().find(|trigger| trigger.kind == TriggerKind::Compensate);
        let entry = self.add(at, "", NodeKind::Exclusive);
        let undone = match about.and_then(|trigger| trigger.about.as_deref()) {
            Some(activity) => {
                let found = self.model.ids.find(activity);
                let Some(found) =
                    found.and_then(|found| self.graph.nodes.iter().position(|n| n.index == found))
                else {
                    self.refuse(
                        at,
                        Unsupported::Compensation("compensation of an activity that is not there"),
                    );
                    return None;
                };
                let handlers = self.handlers_of(found);
                self.undo_all(at, "/undo", &handlers)?
            }
            None => self.undo(at, "/undo", node.scope),
        };
        let Some((first, last)) = undone else { return Some((entry, entry)) };
        self.link(at, entry, first);
        Some((entry, last))
    }

    /// Undoes what was done in a scope; `None` if nothing there can be undone.
    pub(super) fn undo(&mut self, at: NodeAt, suffix: &str, scope: ScopeAt) -> Option<(NodeId, NodeId)> {
        // What an event sub-process throws is about the scope around it.
        let mut scope = scope;
        while self.graph.scopes[scope].kind == ScopeKind::Event
            && let Some(around) = self.graph.scopes[scope].parent
        {
            scope = around;
        }
        let handlers: Vec<NodeAt> = (0..self.graph.nodes.len())
            .filter(|&node| {
                self.is_handler(node) && self.graph.is_within(self.graph.nodes[node].scope, scope)
            })
            .collect();
        // Whether it takes the place of the activities for compensation around it, whoever runs the case says, too.
        let instead = (0..self.graph.nodes.len()).find(|&node| {
            self.undoes_scope(node)
                && self.graph.is_within(self.graph.nodes[node].scope, scope)
                && !self.graph.nodes[node]
                    .inside
                    .is_some_and(|inside| self.graph.is_within(self.graph.nodes[at].scope, inside))
        });
        if let Some(instead) = instead {
            self.warn_limited(instead, WarningKind::CompensationOutside);
        }
        self.undo_all(at, suffix, &handlers)?
    }

    fn is_handler(&self, at: NodeAt) -> bool {
        self.graph.nodes[at].kind.is_some_and(Kind::is_activity) && self.graph.is_compensation(self.model, at)
    }

    /// The activities that undo one activity, or all inside of it.
    fn handlers_of(&self, activity: NodeAt) -> Vec<NodeAt> {
        let tree = self.model.tree;
        let mut handlers = Vec::new();
        if let Some(inside) = self.graph.nodes[activity].inside {
            handlers.extend((0..self.graph.nodes.len()).filter(|&node| {
                self.is_handler(node) && self.graph.is_within(self.graph.nodes[node].scope, inside)
            }));
        }
        let boundaries =
            self.graph.nodes.iter().enumerate().filter(|(at, node)| {
                node.attached == Some(activity) && self.has(*at, TriggerKind::Compensate)
            });
        let ids: Vec<&str> = boundaries.filter_map(|(_, node)| tree.value(node.index, "id")).collect();
        for association in tree.all().filter(|&index| tree.name(index) == "association") {
            if tree.value(association, "sourceRef").is_some_and(|source| ids.contains(&source)) {
                let target = tree.value(association, "targetRef").and_then(|id| self.model.ids.find(id));
                handlers.extend(self.graph.nodes.iter().position(|node| Some(node.index) == target));
            }
        }
        handlers
    }

    /// The last one first, each or not: who is asked knows what was done.
    ///
    /// The outer `None`: something was refused.
    #[expect(clippy::option_option, reason = "nothing to undo is not the same as being refused")]
    fn undo_all(
        &mut self,
        at: NodeAt,
        suffix: &str,
        handlers: &[NodeAt],
    ) -> Option<Option<(NodeId, NodeId)>> {
        if !handlers.is_empty() {
            self.warn_limited(at, WarningKind::CompensationOutside);
        }
        let mut first = None;
        let mut last: Option<NodeId> = None;
        for (number, &handler) in handlers.iter().rev().enumerate() {
            let choice = self.add(at, &format!("{suffix}/{}", number + 1), NodeKind::Exclusive);
            if let Some(last) = last {
                self.link(at, last, choice);
            }
            first = first.or(Some(choice));
            let (begin, done) = self.undo_by(at, handler)?;
            let next = self.add(at, &format!("{suffix}/{}/done", number + 1), NodeKind::Exclusive);
            self.link(at, choice, begin);
            self.link(at, choice, next);
            self.link(at, done, next);
            last = Some(next);
        }
        Some(first.zip(last))
    }

    /// Where an activity that undoes another begins and ends, for one event that throws.
    fn undo_by(&mut self, at: NodeAt, handler: NodeAt) -> Option<(NodeId, NodeId)> {
        let node = &self.graph.nodes[handler];
        let is_again = core::mem::replace(&mut self.undoes[handler], true);
        let is_instances =
            |inside: ScopeAt| matches!(self.graph.scopes[inside].kind, ScopeKind::Instances { .. });
        let why = match node.kind {
            _ if node.repeat != Repeat::Once || node.inside.is_some_and(is_instances) => {
                "compensation by an activity that is performed several times"
            }
            Some(Kind::SubProcess | Kind::AdHoc) if is_again => {
                "compensation by a sub-process that several events throw for"
            }
            Some(Kind::SubProcess | Kind::AdHoc) => {
                let part = self.lower_sub_process(handler)?;
                // In the order of the text, behind the event.
                let inside = node.inside.map_or(&[][..], |inside| &self.graph.scopes[inside].nodes);
                self.apart.extend(inside.iter().rev());
                return part.entry.zip(part.exit);
            }
            Some(Kind::Receive) => "compensation by a receive task",
            _ => {
                // The scope is that of the event: what it undoes has been left.
                let scope = self.graph.nodes[at].scope;
                let id = self.model.tree.value(node.index, "id").unwrap_or_default();
                let thrower = self.model.tree.value(self.graph.nodes[at].index, "id").unwrap_or_default();
                let suffix = if is_again { format!("/{thrower}") } else { String::new() };
                let id = format!("{id}{}{suffix}", node.copy);
                let task = match self.called(handler)? {
                    Some(called) => self.draft.call(self.model, node.index, &id, &called, scope),
                    None => self.draft.add(self.model, node.index, Some(id), NodeKind::Task, scope),
                };
                return Some((task, task));
            }
        };
        self.refuse(handler, Unsupported::Compensation(why));
        None
    }

    /// Whether a flow node is an event sub-process that undoes its scope.
    pub(super) fn undoes_scope(&self, at: NodeAt) -> bool {
        let Some(inside) = self.graph.nodes[at].inside else { return false };
        let scope = &self.graph.scopes[inside];
        let begins = |&at: &NodeAt| {
            self.graph.nodes[at].kind == Some(Kind::Start) && self.has(at, TriggerKind::Compensate)
        };
        scope.kind == ScopeKind::Event && scope.nodes.iter().any(begins)
    }

    /// Boundary events of compensation and what they lead to hold no tokens of the normal flow.
    pub(super) fn lower_handler(&mut self, at: NodeAt) {
        let node = &self.graph.nodes[at];
        let is_joined = !node.incoming.is_empty() || !node.outgoing.is_empty();
        if is_joined {
            self.refuse(
                at,
                Unsupported::Compensation(
                    "an activity for compensation that a sequence flow leads to or from",
                ),
            );
        }
    }
}
