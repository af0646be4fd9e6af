//! The flow nodes and sequence flows of one process, and the rules that hold among them.

use std::collections::HashMap;

use wf_net::{NetBuilder, NodeKind};

use crate::model::Model;
use crate::process::Places;
use crate::tree::Index;
use crate::vocabulary::{Parent, Role, is_flow_node};
use crate::{ModelFault, Process, Unsupported};

/// What a process turned out to be.
#[derive(Debug)]
pub(crate) enum Sort {
    Runs(Box<Process>),
    /// Without flow nodes.
    BlackBox,
    /// The model has noted why.
    Refused,
}

/// The flow nodes and sequence flows of one process.
#[derive(Debug)]
pub(crate) struct Scope {
    process: Index,
    nodes: Vec<FlowNode>,
    flows: Vec<Flow>,
    /// Index in `nodes` of each flow node.
    node_of: HashMap<Index, usize>,
}

#[derive(Debug)]
struct FlowNode {
    index: Index,
    /// `None` for a kind that is refused.
    kind: Option<NodeKind>,
    /// Indices in `flows`.
    outgoing: Vec<usize>,
}

#[derive(Debug)]
struct Flow {
    index: Index,
    condition: Option<String>,
    /// Indices in `nodes`; `None` where the reference is at fault.
    from: Option<usize>,
    to: Option<usize>,
    is_default: bool,
}

impl Scope {
    /// Reads a process; what is wrong with it is noted in the model.
    pub(crate) fn read(model: &mut Model<'_, '_>, process: Index) -> Sort {
        let problems_before = model.problem_count();
        let mut scope = Self { process, nodes: Vec::new(), flows: Vec::new(), node_of: HashMap::new() };
        scope.collect(model);
        let is_sound = model.problem_count() == problems_before;
        if scope.nodes.is_empty() && scope.flows.is_empty() && is_sound {
            return Sort::BlackBox;
        }
        if model.tree.value(process, "id").is_none() {
            model.refuse(process, ModelFault::MissingId);
        }
        scope.connect(model);
        scope.check_events(model);
        scope.check_choices(model);
        if model.problem_count() > problems_before {
            return Sort::Refused;
        }
        scope.build(model)
    }

    fn collect(&mut self, model: &mut Model<'_, '_>) {
        for (index, role) in model.children(self.process, Parent::Process) {
            match role {
                Role::FlowNode(kind) => {
                    check_flow_node(model, index, kind);
                    self.add_node(index, Some(kind));
                }
                Role::Refused(_) if is_flow_node(model.tree.name(index)) => self.add_node(index, None),
                Role::SequenceFlow => {
                    let mut condition = None;
                    for (child, role) in model.children(index, Parent::SequenceFlow) {
                        if role == Role::Condition {
                            let text = model.tree.text(child).trim().to_owned();
                            if condition.replace(text).is_some() {
                                let inside = "sequence flow that has one already".to_owned();
                                model.refuse(child, Unsupported::UnknownElement(inside));
                            }
                        }
                    }
                    self.flows.push(Flow { index, condition, from: None, to: None, is_default: false });
                }
                _ => {}
            }
        }
    }

    fn add_node(&mut self, index: Index, kind: Option<NodeKind>) {
        self.node_of.insert(index, self.nodes.len());
        self.nodes.push(FlowNode { index, kind, outgoing: Vec::new() });
    }

    /// Resolves what each flow leads from and to.
    fn connect(&mut self, model: &mut Model<'_, '_>) {
        for position in 0..self.flows.len() {
            let index = self.flows[position].index;
            let from = self.end(model, index, "sourceRef");
            let to = self.end(model, index, "targetRef");
            let flow = &mut self.flows[position];
            (flow.from, flow.to) = (from, to);
            if let Some(from) = from {
                self.nodes[from].outgoing.push(position);
            }
        }
    }

    fn end(&self, model: &mut Model<'_, '_>, flow: Index, attribute: &'static str) -> Option<usize> {
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

    /// bpmn:startEvent, bpmn:endEvent: a start, nothing into it, nothing out of an end.
    ///
    /// Several start events are alternatives: a case begins at one of them (BPMN 2.0.2, section 10.5.2).
    fn check_events(&self, model: &mut Model<'_, '_>) {
        if !self.nodes.iter().any(|node| node.kind == Some(NodeKind::Start)) {
            model.refuse(self.process, ModelFault::NoStart);
        }
        for flow in &self.flows {
            let [from, to] = [flow.from, flow.to].map(|end| end.map(|node| &self.nodes[node]));
            if let Some(end) = from.filter(|node| node.kind == Some(NodeKind::End)) {
                let end = Box::new(model.tree.element(end.index));
                model.refuse(flow.index, ModelFault::OutOfEnd { end });
            }
            if let Some(start) = to.filter(|node| node.kind == Some(NodeKind::Start)) {
                let start = Box::new(model.tree.element(start.index));
                model.refuse(flow.index, ModelFault::IntoStart { start });
            }
        }
    }

    /// Conditions and default flows: only an exclusive gateway chooses.
    fn check_choices(&mut self, model: &mut Model<'_, '_>) {
        let position_of: HashMap<Index, usize> =
            self.flows.iter().enumerate().map(|(position, flow)| (flow.index, position)).collect();
        for node in &self.nodes {
            let Some(kind) = node.kind else { continue };
            if kind != NodeKind::Exclusive {
                for &flow in node.outgoing.iter().filter(|&&flow| self.flows[flow].condition.is_some()) {
                    let source = model.tree.name(node.index).to_owned();
                    model.refuse(self.flows[flow].index, Unsupported::Condition(source));
                }
            }
            let Some(id) = model.tree.value(node.index, "default") else { continue };
            let found = model.ids.find(id);
            let flow = found.and_then(|found| position_of.get(&found).copied());
            // Of a flow that is at fault itself, that has been said.
            if found.is_some_and(|found| model.ids.is_ambiguous(found))
                || flow.is_some_and(|flow| self.flows[flow].from.is_none())
            {
                continue;
            }
            match flow.filter(|flow| node.outgoing.contains(flow)) {
                Some(flow) if kind == NodeKind::Exclusive => self.flows[flow].is_default = true,
                // The only flow out of a node is taken, whatever it is called.
                Some(_) if node.outgoing.len() == 1 => {}
                Some(_) => model.refuse(node.index, Unsupported::DefaultFlow),
                None => {
                    let found = model.find(id);
                    model.refuse(node.index, ModelFault::DefaultNotOutgoing { id: id.to_owned(), found });
                }
            }
        }
    }

    fn build(self, model: &mut Model<'_, '_>) -> Sort {
        let process = model.tree.element(self.process);
        let mut net = NetBuilder::new(&process.id);
        let mut places = Places { process, nodes: Vec::new(), flows: Vec::new() };
        let mut ids = Vec::with_capacity(self.nodes.len());
        for (node, kind) in self.nodes.iter().filter_map(|node| Some((node, node.kind?))) {
            let element = model.tree.element(node.index);
            let id = net.node(&element.id, kind);
            net.label(id, &element.name);
            ids.push(id);
            places.nodes.push(element);
        }
        for flow in &self.flows {
            let (Some(from), Some(to)) = (flow.from, flow.to) else { continue };
            let element = model.tree.element(flow.index);
            let id = net.flow(ids[from], ids[to]);
            net.flow_label(id, &element.name);
            if flow.is_default {
                // BPMN 2.0.2, table 10.3: an expression on the default flow shall be ignored.
                net.default_flow(id);
            } else if let Some(text) = flow.condition.as_deref().filter(|text| !text.is_empty()) {
                net.condition(id, text);
            }
            places.flows.push(element);
        }
        match net.build() {
            Ok(net) => {
                let (id, name) = (places.process.id.clone(), places.process.name.clone());
                Sort::Runs(Box::new(Process { id, name, net, places }))
            }
            Err(problems) => {
                for problem in problems {
                    model.report(places.locate(&problem));
                }
                Sort::Refused
            }
        }
    }
}

/// Looks into a flow node of a kind that runs for what does not.
fn check_flow_node(model: &mut Model<'_, '_>, index: Index, kind: NodeKind) {
    let tree = model.tree;
    // Reading the children notes event definitions and loops among them.
    drop(model.children(index, Parent::FlowNode));
    if tree.value(index, "id").is_none() {
        model.refuse(index, ModelFault::MissingId);
    }
    if kind != NodeKind::Task {
        return;
    }
    let plain: [(&str, &[&str]); 4] = [
        ("startQuantity", &["1"]),
        ("completionQuantity", &["1"]),
        ("isForCompensation", &["false", "0"]),
        // bpmn:receiveTask: it would start a case.
        ("instantiate", &["false", "0"]),
    ];
    for (name, values) in plain {
        if let Some(value) = tree.value(index, name).filter(|value| !values.contains(value)) {
            let value = crate::xml::shorten(value);
            model.refuse(index, Unsupported::Attribute { name: name.to_owned(), value });
        }
    }
}
