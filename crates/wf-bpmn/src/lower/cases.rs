//! Activities whose instances are cases within the case: the inside stands in the net apart, behind a start node of its own.

use wf_net::image::CHILDREN_MAX;
use wf_net::{Instances, Needed, NodeId, NodeKind, Quantity};

use super::{Lowering, Part, Sink};
use crate::Unsupported;
use crate::graph::{NodeAt, ScopeAt};
use crate::kind::Kind;
use crate::repeat::Repeat;

/// Where instances begin.
#[derive(Clone, Copy, Debug)]
pub(super) enum Body {
    Start(NodeId),
    /// At the start event of a scope.
    Inside(ScopeAt),
}

impl Lowering<'_, '_, '_> {
    /// WCP-13, 14, 36, of any number.
    pub(super) fn lower_cases(&mut self, at: NodeAt) -> Option<Part> {
        let node = &self.graph.nodes[at];
        let Repeat::Instances { number, in_turn, completion, .. } = &node.repeat else { return None };
        let enough = completion.as_ref().and_then(|completion| completion.guard.clone());
        let (count, by_data) = match (number.constant(), number.guard()) {
            (Some(count), _) => match u16::try_from(count).ok().filter(|&count| count <= CHILDREN_MAX) {
                Some(count) => (Quantity::Fixed(count), None),
                None => {
                    self.refuse(at, Unsupported::Repetition("more than 32,767 instances"));
                    return None;
                }
            },
            (None, by_data) => (Quantity::Chosen(CHILDREN_MAX), by_data.cloned()),
        };
        let most = match count {
            Quantity::Fixed(count) | Quantity::Chosen(count) => count,
        };
        let instances = Instances {
            count,
            most,
            needed: if enough.is_some() { Needed::Condition } else { Needed::All },
            cancels_rest: enough.is_some(),
            is_dynamic: false,
            is_sequential: in_turn.is_some(),
        };
        let called = if node.kind == Some(Kind::Call) { self.called(at)? } else { None };
        let main = self.add(at, "/instances", NodeKind::Instances(instances));
        if let Some(number) = by_data {
            self.draft.net.quantity(main, number);
        }
        if let Some(enough) = enough {
            self.draft.net.completion_guard(main, enough);
        }
        match (called, self.graph.nodes[at].inside) {
            (Some(called), _) => self.draft.net.body_net(main, &called),
            (None, Some(inside)) if self.graph.nodes[at].kind == Some(Kind::SubProcess) => {
                self.sinks[inside] = Some(Sink::Gone);
                let roots = self.roots(inside);
                if roots.is_empty() {
                    self.refuse(at, Unsupported::SubProcess("a sub-process that begins nowhere"));
                    return None;
                }
                if self.graph.nodes[roots[0]].kind == Some(Kind::Start) {
                    self.bodies.push((main, Body::Inside(inside)));
                } else {
                    let start = self.add(at, "/each", NodeKind::Start);
                    self.draft.scope_of[start.index()] = ScopeAt::MAX;
                    self.feeds[inside] = Some(start);
                    self.bodies.push((main, Body::Start(start)));
                }
            }
            _ => {
                let start = self.add(at, "/each", NodeKind::Start);
                let task = self.add(at, "", NodeKind::Task);
                let end = self.add(at, "/each/end", NodeKind::End);
                self.link(at, start, task);
                self.link(at, task, end);
                // They hold no token of the scope around.
                for node in [start, task, end] {
                    self.draft.scope_of[node.index()] = ScopeAt::MAX;
                }
                self.bodies.push((main, Body::Start(start)));
            }
        }
        self.around(at, main)
    }

    /// Names the start node of the instances that are cases.
    pub(super) fn join_bodies(&mut self) {
        for (main, body) in core::mem::take(&mut self.bodies) {
            let start = match body {
                Body::Start(start) => Some(start),
                Body::Inside(scope) => {
                    let nodes = &self.graph.scopes[scope].nodes;
                    let start = nodes.iter().find(|&&at| self.graph.nodes[at].kind == Some(Kind::Start));
                    start.and_then(|&at| self.parts[at].exit)
                }
            };
            if let Some(start) = start {
                self.draft.net.body(main, start);
            }
        }
    }
}
