//! What refers to what: the ends of flows, default flows, boundary events; and the rules that hold among them.

use std::collections::HashMap;

use super::{FlowAt, Graph, NodeAt, ScopeKind};
use crate::kind::{Kind, TriggerKind};
use crate::model::Model;
use crate::tree::Index;
use crate::vocabulary::is_flow_node;
use crate::{ModelFault, Unsupported};

impl Graph {
    /// Resolves all references, and checks what they must fulfil.
    pub(crate) fn connect(&mut self, model: &mut Model<'_, '_>) {
        for at in 0..self.flows.len() {
            let index = self.flows[at].index;
            let from = self.end(model, index, "sourceRef");
            let to = self.end(model, index, "targetRef");
            if let (Some(from), Some(to)) = (from, to)
                && self.nodes[from].scope != self.nodes[to].scope
            {
                // An id that is used twice may mean another one.
                let is_clear = |node: NodeAt| !model.ids.is_ambiguous(self.nodes[node].index);
                if is_clear(from) && is_clear(to) {
                    let node = Box::new(model.tree.element(self.nodes[to].index));
                    model.refuse(index, ModelFault::AcrossScopes { node });
                }
                continue;
            }
            (self.flows[at].from, self.flows[at].to) = (from, to);
            if let Some(from) = from {
                self.nodes[from].outgoing.push(at);
            }
            if let Some(to) = to {
                self.nodes[to].incoming.push(at);
            }
        }
        self.instantiate(model);
        self.check_events(model);
        self.check_choices(model);
        self.attach(model);
    }

    fn end(&self, model: &mut Model<'_, '_>, flow: Index, attribute: &'static str) -> Option<NodeAt> {
        let Some(id) = model.tree.value(flow, attribute) else {
            model.refuse(flow, ModelFault::MissingReference { attribute });
            return None;
        };
        let found = model.ids.find(id);
        if let Some(&node) = found.and_then(|found| self.node_of.get(&found)) {
            return Some(node);
        }
        if found.is_some_and(|found| model.ids.is_ambiguous(found)) {
            return None;
        }
        let element = model.find(id);
        let fault = match (found, element) {
            (Some(found), Some(node))
                if is_flow_node(model.tree.name(found)) && !model.tree.contains(self.process, found) =>
            {
                ModelFault::AcrossProcesses { attribute, node }
            }
            (_, element) => ModelFault::Dangling { attribute, id: id.to_owned(), found: element },
        };
        model.refuse(flow, fault);
        None
    }

    /// Event-based gateways and receive tasks that start a case: what follows such a gateway is a start.
    fn instantiate(&mut self, model: &mut Model<'_, '_>) {
        for at in 0..self.nodes.len() {
            let node = &self.nodes[at];
            let kind = node.kind;
            let starts = matches!(model.tree.value(node.index, "instantiate"), Some("true" | "1"));
            if !starts || !node.incoming.is_empty() || node.scope != 0 {
                continue;
            }
            match kind {
                Some(Kind::Receive) => self.nodes[at].kind = Some(Kind::Start),
                Some(Kind::EventBased)
                    if model.tree.value(node.index, "eventGatewayType") == Some("Parallel") =>
                {
                    let why = "a gateway that starts a case when all of its events have happened";
                    model.refuse(node.index, Unsupported::Gateway(why));
                }
                Some(Kind::EventBased) => {
                    for flow in core::mem::take(&mut self.nodes[at].outgoing) {
                        if let Some(to) = self.flows[flow].to {
                            self.nodes[to].kind = Some(Kind::Start);
                            self.nodes[to].incoming.retain(|&incoming| incoming != flow);
                        }
                        (self.flows[flow].from, self.flows[flow].to) = (None, None);
                    }
                    self.nodes[at].kind = None;
                }
                _ => {}
            }
        }
    }

    /// bpmn:startEvent, bpmn:endEvent and others: nothing into a start, nothing out of an end.
    fn check_events(&self, model: &mut Model<'_, '_>) {
        for flow in &self.flows {
            let [from, to] = [flow.from, flow.to].map(|end| end.map(|node| &self.nodes[node]));
            if let Some(end) = from.filter(|node| node.kind == Some(Kind::End)) {
                let end = Box::new(model.tree.element(end.index));
                model.refuse(flow.index, ModelFault::OutOfEnd { end });
            }
            if let Some(start) = to.filter(|node| node.kind == Some(Kind::Start)) {
                let start = Box::new(model.tree.element(start.index));
                model.refuse(flow.index, ModelFault::IntoStart { start });
            }
            let is_apart = |node: &super::Node| {
                node.inside.is_some_and(|inside| self.scopes[inside].kind == ScopeKind::Event)
                    || node.kind == Some(Kind::Boundary)
            };
            if to.is_some_and(is_apart) {
                let why = "a flow into a boundary event or an event sub-process";
                model.refuse(flow.index, Unsupported::Event(why));
            }
        }
    }

    /// Conditions and default flows.
    fn check_choices(&mut self, model: &mut Model<'_, '_>) {
        let flow_of: HashMap<Index, FlowAt> =
            self.flows.iter().enumerate().map(|(at, flow)| (flow.index, at)).collect();
        for node in &self.nodes {
            let Some(kind) = node.kind else { continue };
            if !kind.may_have_conditions() {
                for &flow in node.outgoing.iter().filter(|&&flow| self.flows[flow].condition.is_some()) {
                    let source = model.tree.name(node.index).to_owned();
                    model.refuse(self.flows[flow].index, Unsupported::Condition(source));
                }
            }
            let Some(id) = model.tree.value(node.index, "default") else { continue };
            let found = model.ids.find(id);
            let flow = found.and_then(|found| flow_of.get(&found).copied());
            // Of a flow that is at fault itself, that has been said.
            if found.is_some_and(|found| model.ids.is_ambiguous(found))
                || flow.is_some_and(|flow| self.flows[flow].from.is_none())
            {
                continue;
            }
            match flow.filter(|flow| node.outgoing.contains(flow)) {
                // The only flow out of a node is taken, whatever it is called.
                Some(_) if node.outgoing.len() == 1 && !kind.is_gateway() => {}
                Some(flow) if kind.may_have_conditions() => self.flows[flow].is_default = true,
                Some(_) if node.outgoing.len() == 1 => {}
                Some(_) => model.refuse(node.index, Unsupported::DefaultFlow),
                None => {
                    let found = model.find(id);
                    model.refuse(node.index, ModelFault::DefaultNotOutgoing { id: id.to_owned(), found });
                }
            }
        }
    }

    /// Finds the activity of each boundary event.
    fn attach(&mut self, model: &mut Model<'_, '_>) {
        for at in 0..self.nodes.len() {
            if self.nodes[at].kind != Some(Kind::Boundary) {
                continue;
            }
            let index = self.nodes[at].index;
            let Some(id) = model.tree.value(index, "attachedToRef") else {
                model.refuse(index, ModelFault::MissingReference { attribute: "attachedToRef" });
                continue;
            };
            let found = model.ids.find(id).and_then(|found| self.node_of.get(&found).copied());
            let is_activity = |&node: &NodeAt| self.nodes[node].kind.is_none_or(Kind::is_activity);
            match found.filter(is_activity).filter(|&node| self.nodes[node].scope == self.nodes[at].scope) {
                Some(node) => self.nodes[at].attached = Some(node),
                None => {
                    let (id, found) = (id.to_owned(), model.find(id));
                    model.refuse(index, ModelFault::NotAttached { id, found });
                }
            }
        }
    }

    /// Whether the activity is performed only to undo another one.
    pub(crate) fn is_compensation(&self, model: &Model<'_, '_>, at: NodeAt) -> bool {
        let node = &self.nodes[at];
        let of_boundary = |kind| node.triggers.iter().any(|trigger| trigger.kind == kind);
        let says = || matches!(model.tree.value(node.index, "isForCompensation"), Some("true" | "1"));
        (node.is_drawn && says())
            || (node.kind == Some(Kind::Boundary) && of_boundary(TriggerKind::Compensate))
    }
}
