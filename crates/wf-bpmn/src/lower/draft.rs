//! A net while it grows, and where each part of it comes from.

use std::collections::HashSet;

use wf_net::guard::Expr;
use wf_net::{FlowId, NetBuilder, NodeId, NodeKind, Subject};

use crate::graph::{Graph, NodeAt, ScopeAt};
use crate::model::Model;
use crate::process::Places;
use crate::tree::Index;
use crate::{Element, Position};

/// A net while it grows.
pub(super) struct Draft {
    pub(super) net: NetBuilder,
    pub(super) places: Places,
    /// The scope in which each node holds its tokens.
    pub(super) scope_of: Vec<ScopeAt>,
    /// Flows that are added behind those of the model, so that these number the branches of a choice.
    later: Vec<Later>,
}

struct Later {
    from: NodeId,
    to: NodeId,
    index: Index,
    is_default: bool,
    is_left_out: bool,
    guard: Option<Expr>,
}

impl Draft {
    pub(super) fn new(model: &Model<'_, '_>, process: Index) -> Self {
        let process = model.tree.element(process);
        let net = NetBuilder::new(&process.id);
        let places = Places { process, nodes: Vec::new(), flows: Vec::new() };
        Self { net, places, scope_of: Vec::new(), later: Vec::new() }
    }

    /// Adds a node that comes from a flow node; the suffix tells several of them apart.
    pub(super) fn node(
        &mut self,
        model: &Model<'_, '_>,
        graph: &Graph,
        at: NodeAt,
        suffix: &str,
        kind: NodeKind,
    ) -> NodeId {
        let from = &graph.nodes[at];
        let id = if from.copy.is_empty() && suffix.is_empty() {
            None
        } else {
            Some(format!("{}{}{suffix}", model.tree.value(from.index, "id").unwrap_or_default(), from.copy))
        };
        self.add(model, from.index, id, kind, from.scope)
    }

    /// Adds a node that comes from an element.
    pub(super) fn add(
        &mut self,
        model: &Model<'_, '_>,
        index: Index,
        id: Option<String>,
        kind: NodeKind,
        scope: ScopeAt,
    ) -> NodeId {
        let element = model.tree.element(index);
        let node = self.net.node(id.as_deref().unwrap_or(&element.id), kind);
        self.keep(node, element, scope);
        node
    }

    /// Adds a call of the named process that comes from an element.
    pub(super) fn call(
        &mut self,
        model: &Model<'_, '_>,
        index: Index,
        id: &str,
        called: &str,
        scope: ScopeAt,
    ) -> NodeId {
        let node = self.net.call(id, called);
        self.keep(node, model.tree.element(index), scope);
        node
    }

    fn keep(&mut self, node: NodeId, element: Element, scope: ScopeAt) {
        self.net.label(node, &element.name);
        self.places.nodes.push(element);
        self.scope_of.push(scope);
    }

    /// Adds a flow that comes from an element.
    pub(super) fn flow(&mut self, model: &Model<'_, '_>, index: Index, from: NodeId, to: NodeId) -> FlowId {
        self.places.flows.push(model.tree.element(index));
        self.net.flow(from, to)
    }

    /// Adds a flow behind all those of the model.
    pub(super) fn later(&mut self, index: Index, from: NodeId, to: NodeId) {
        self.later.push(Later { from, to, index, is_default: false, is_left_out: false, guard: None });
    }

    /// As [`later`](Self::later), where the data of the case decides.
    pub(super) fn later_if(&mut self, index: Index, from: NodeId, to: NodeId, guard: Option<Expr>) {
        self.later.push(Later { from, to, index, is_default: false, is_left_out: false, guard });
    }

    /// As [`later`](Self::later); what a choice takes that chooses nothing else.
    pub(super) fn later_default(&mut self, index: Index, from: NodeId, to: NodeId) {
        self.later.push(Later { from, to, index, is_default: true, is_left_out: false, guard: None });
    }

    /// As [`later`](Self::later), of an instance that there is not.
    pub(super) fn later_left_out(&mut self, index: Index, from: NodeId, to: NodeId) {
        self.later.push(Later { from, to, index, is_default: false, is_left_out: true, guard: None });
    }

    pub(super) fn add_later(&mut self, model: &Model<'_, '_>) {
        for Later { from, to, index, is_default, is_left_out, guard } in core::mem::take(&mut self.later) {
            let flow = self.flow(model, index, from, to);
            if is_default {
                self.net.default_flow(flow);
            }
            if is_left_out {
                self.net.left_out(flow);
            }
            if let Some(guard) = guard {
                self.net.condition(flow, &guard.to_string());
                self.net.guard(flow, guard);
            }
        }
    }

    /// The net, checked; its problems in the words of the document.
    pub(super) fn build(self, model: &mut Model<'_, '_>) -> Option<(wf_net::Net, Places)> {
        match self.net.build() {
            Ok(net) => Some((net, self.places)),
            Err(problems) => {
                let mut told = HashSet::new();
                for problem in problems {
                    // Helpers of one element have the same problem: it is told once.
                    let key = (place(&self.places, problem.subject), core::mem::discriminant(&problem.kind));
                    if told.insert(key) {
                        model.report(self.places.locate(&problem));
                    }
                }
                None
            }
        }
    }
}

fn place(places: &Places, subject: Subject) -> Position {
    match subject {
        Subject::Net => places.process.position,
        Subject::Node(node) => places.nodes[node.index()].position,
        Subject::Flow(flow) => places.flows[flow.index()].position,
    }
}
