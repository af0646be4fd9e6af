//! Whose tokens an event takes away.

use wf_net::NodeId;

use super::Lowering;
use crate::graph::{NodeAt, ScopeAt, ScopeKind};
use crate::kind::Kind;

/// Nodes named by where they stand.
#[derive(Clone, Copy, Debug)]
pub(super) enum Region {
    /// What holds the tokens of an activity.
    Activity(NodeAt),
    /// All that is inside a scope.
    Scope(ScopeAt),
    /// As `Scope`, but for the events that wait beside it for as long as it lasts.
    Work(ScopeAt),
    /// The events that watch an activity and can happen once.
    Armed(NodeAt),
    /// The starts of event sub-processes that are armed beside a scope.
    ArmedStarts(ScopeAt),
    /// As `Scope`, but for the event sub-process in which the event stands, and those that have interrupted the scope.
    Beside { scope: ScopeAt, event: ScopeAt },
}

impl Lowering<'_, '_, '_> {
    /// Whether a boundary event or the start of an event sub-process ends what it watches.
    pub(super) fn interrupts(&self, at: NodeAt) -> bool {
        let node = &self.graph.nodes[at];
        let name = if node.kind == Some(Kind::Boundary) { "cancelActivity" } else { "isInterrupting" };
        !matches!(self.model.tree.value(node.index, name), Some("false" | "0"))
    }

    pub(super) fn add_regions(&mut self) {
        for (node, region) in core::mem::take(&mut self.regions) {
            // The end of a sub-process stands inside, and does not wait for itself.
            let mut members = self.members(region);
            members.retain(|&member| member != node);
            self.draft.net.cancels(node, &members);
        }
        for scope in core::mem::take(&mut self.exclusive) {
            let sections = self.sections(scope);
            let sections: Vec<&[NodeId]> = sections.iter().map(Vec::as_slice).collect();
            self.draft.net.exclude(&sections);
        }
    }

    fn members(&self, region: Region) -> Vec<NodeId> {
        match region {
            Region::Activity(at) => match self.graph.nodes[at].inside {
                Some(inside) if self.parts[at].holds.is_empty() => {
                    self.inside(inside, |_| true).into_iter().chain(self.turns[at]).collect()
                }
                _ => {
                    let armed = self.members(Region::Armed(at));
                    let counts = self.turns[at];
                    self.parts[at].holds.iter().copied().chain(armed).chain(counts).collect()
                }
            },
            Region::Scope(scope) => self.inside(scope, |_| true),
            Region::Work(scope) => {
                let armed = self.graph.scopes[scope].owner.map(|owner| self.members(Region::Armed(owner)));
                let armed: Vec<NodeId> =
                    armed.into_iter().flatten().chain(self.members(Region::ArmedStarts(scope))).collect();
                let mut members = self.inside(scope, |_| true);
                members.retain(|member| !armed.contains(member));
                members
            }
            Region::Armed(at) => {
                let events = self.graph.nodes.iter().zip(&self.armed);
                events.filter(|(node, _)| node.attached == Some(at)).filter_map(|(_, &armed)| armed).collect()
            }
            Region::ArmedStarts(scope) => {
                self.armed_starts(scope).into_iter().filter_map(|at| self.armed[at]).collect()
            }
            Region::Beside { scope, event } => {
                let apart: Vec<ScopeAt> =
                    (0..self.graph.scopes.len()).filter(|&at| self.has_interrupted(at, scope)).collect();
                let is_apart = |at| apart.iter().any(|&apart| self.graph.is_within(at, apart));
                self.inside(scope, |at| !self.graph.is_within(at, event) && !is_apart(at))
            }
        }
    }

    fn has_interrupted(&self, at: ScopeAt, around: ScopeAt) -> bool {
        let scope = &self.graph.scopes[at];
        scope.kind == ScopeKind::Event
            && scope.parent == Some(around)
            && scope
                .nodes
                .iter()
                .any(|&node| self.graph.nodes[node].kind == Some(Kind::Start) && self.interrupts(node))
    }

    fn inside(&self, scope: ScopeAt, fits: impl Fn(ScopeAt) -> bool) -> Vec<NodeId> {
        let within: Vec<bool> =
            (0..self.graph.scopes.len()).map(|at| self.graph.is_within(at, scope) && fits(at)).collect();
        let scopes = self.draft.scope_of.iter().enumerate();
        scopes
            .filter(|&(_, &at)| within.get(at) == Some(&true))
            .map(|(node, _)| NodeId(node as u32))
            .collect()
    }

    /// For each piece of an ad-hoc sub-process that nothing else is joined to, the nodes that hold its tokens.
    fn sections(&self, scope: ScopeAt) -> Vec<Vec<NodeId>> {
        let nodes = &self.graph.scopes[scope].nodes;
        let mut sections = Vec::new();
        let mut seen: Vec<NodeAt> = Vec::new();
        for &root in nodes {
            if seen.contains(&root) {
                continue;
            }
            let (mut section, mut open) = (Vec::new(), vec![root]);
            while let Some(at) = open.pop() {
                if seen.contains(&at) {
                    continue;
                }
                seen.push(at);
                let holds = self.members(Region::Activity(at));
                section.extend(holds.into_iter().filter(|&node| self.turns[at] != Some(node)));
                let node = &self.graph.nodes[at];
                open.extend(node.outgoing.iter().filter_map(|&flow| self.graph.flows[flow].to));
                open.extend(node.incoming.iter().filter_map(|&flow| self.graph.flows[flow].from));
            }
            if !section.is_empty() {
                sections.push(section);
            }
        }
        sections
    }
}
