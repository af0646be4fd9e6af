//! A process that runs: its net, and where each part of the net stands in the document.

use std::collections::{BTreeSet, HashMap};

use wf_net::{ANY_ERROR, Net, NodeId, NodeKind, Problem, ProblemKind, Quantity, Retention, Subject};

use crate::{Element, Error, ErrorKind, ModelFault, Position, Warning};

/// A process of a document.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Process {
    /// The id, which is also the name of the net.
    pub id: String,
    /// The name that a person reads, on one line; empty where the process has none.
    pub name: String,
    /// The net. Flows of the document come first, in its order: they number the branches of a choice.
    pub net: Net,
    /// The ids of the processes that its call activities run, and these activities.
    pub calls: Vec<(String, Element)>,
    /// What runs and may surprise, in the order of the text.
    pub warnings: Vec<Warning>,
    /// Names of lanes by the ids of the flow nodes in them.
    pub(crate) lanes: HashMap<String, String>,
    pub(crate) places: Places,
    /// Interrupts that catch errors which something inside throws.
    pub(crate) from_inside: Vec<NodeId>,
}

impl Process {
    /// The element that a part of the net comes from; for the net as a whole, the process itself.
    ///
    /// # Panics
    /// If the subject belongs to another net and is out of range here.
    #[must_use]
    pub fn element_of(&self, subject: Subject) -> &Element {
        self.places.element_of(subject)
    }

    /// Where the start tag of the element begins that a part of the net comes from.
    ///
    /// # Panics
    /// If the subject belongs to another net and is out of range here.
    #[must_use]
    pub fn position_of(&self, subject: Subject) -> Position {
        self.element_of(subject).position
    }

    /// The name of the lane in which a node's element stands: the role of whoever does its work.
    ///
    /// # Panics
    /// If the node belongs to another net and is out of range here.
    ///
    /// # Examples
    /// ```
    /// let xml = r#"<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"><process id="P">
    ///   <laneSet><lane name="Clerk"><flowNodeRef>T</flowNodeRef></lane></laneSet><task id="T"/>
    /// </process></definitions>"#;
    /// let document = wf_bpmn::parse(xml.as_bytes(), &wf_bpmn::ParseOptions::default()).expect("it can be read");
    /// let process = &document.processes[0];
    /// let task = process.net.tasks().next().expect("a task");
    /// assert_eq!(process.role_of(task), Some("Clerk"));
    /// ```
    #[must_use]
    pub fn role_of(&self, node: NodeId) -> Option<&str> {
        self.lanes.get(&self.element_of(Subject::Node(node)).id).map(String::as_str)
    }

    /// A problem of the net, in the words and at the place of the document.
    ///
    /// # Panics
    /// If the problem is about another net and names parts that are out of range here.
    ///
    /// # Examples
    /// ```
    /// let xml = r#"<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"><process id="P">
    ///   <startEvent id="S"/> <endEvent id="E"/>
    ///   <exclusiveGateway id="G" name="Enough?"/>
    ///   <sequenceFlow id="F1" sourceRef="S" targetRef="G"/>
    ///   <sequenceFlow id="F2" sourceRef="G" targetRef="G"/>
    ///   <sequenceFlow id="F3" sourceRef="G" targetRef="E"/>
    /// </process></definitions>"#;
    /// let document = wf_bpmn::parse(xml.as_bytes(), &wf_bpmn::ParseOptions::default()).expect("it can be read");
    /// let process = &document.processes[0];
    /// let problems = wf_net::compile(&process.net, &wf_net::CompileOptions::default()).expect_err("an empty loop");
    /// let located = process.locate(&problems[0]);
    /// assert!(located.in_file("a.bpmn").to_string().starts_with("a.bpmn:3:3: exclusiveGateway `G` \"Enough?\": "));
    /// ```
    #[must_use]
    pub fn locate(&self, problem: &Problem) -> Error {
        self.places.locate(problem)
    }
}

impl Process {
    /// What is wrong with its call activities, given the processes that they could run.
    ///
    /// A called process must be there, must not end with an error that it does not catch itself, and must not decide
    /// anything before its first task: nobody is asked when a case calls another.
    ///
    /// # Examples
    /// ```
    /// let xml = r#"<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"><process id="P">
    ///   <callActivity id="C" calledElement="Q"/>
    /// </process></definitions>"#;
    /// let document = wf_bpmn::parse(xml.as_bytes(), &wf_bpmn::ParseOptions::default()).expect("it can be read");
    /// let errors = document.processes[0].check_calls(|_| None);
    /// assert_eq!(errors[0].to_string(), "2:3: callActivity `C`: it calls the process `Q`, which is not there");
    /// ```
    #[must_use]
    pub fn check_calls<'p>(&self, find: impl Fn(&str) -> Option<&'p Self>) -> Vec<Error> {
        let check = |(id, element): &(String, Element)| {
            let fault = match find(id) {
                None if is_expression(id) => ModelFault::CalledByExpression { text: id.clone() },
                None => ModelFault::CalledMissing { id: id.clone() },
                Some(called) => match self.uncaught_end(id, element, called) {
                    Some(event) => ModelFault::CalledFails { id: id.clone(), event: Box::new(event.clone()) },
                    None if decides_first(&called.net) => ModelFault::CalledDecides { id: id.clone() },
                    None => return None,
                },
            };
            Some(Error::of(element.clone(), fault))
        };
        // A call that is performed several times is a node for each, and one problem.
        let mut errors: Vec<Error> = Vec::new();
        for error in self.calls.iter().filter_map(check) {
            if !errors.contains(&error) {
                errors.push(error);
            }
        }
        errors
    }

    /// Interrupts that catch errors which an end inside of what they watch throws, or an end of a process that is called
    /// there: a case comes to them by itself. They may come from outside too, as work can fail in ways that no model shows.
    ///
    /// # Examples
    /// ```
    /// let xml = r#"<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"><process id="P">
    ///   <subProcess id="S"><task id="T"/><endEvent id="F"><errorEventDefinition/></endEvent>
    ///     <sequenceFlow id="f" sourceRef="T" targetRef="F"/><task id="U"/></subProcess>
    ///   <boundaryEvent id="B" attachedToRef="S"><errorEventDefinition/></boundaryEvent>
    ///   <task id="W"/> <boundaryEvent id="C" attachedToRef="W"><errorEventDefinition/></boundaryEvent>
    /// </process></definitions>"#;
    /// let document = wf_bpmn::parse(xml.as_bytes(), &wf_bpmn::ParseOptions::default()).expect("it can be read");
    /// let process = &document.processes[0];
    /// let inside = process.from_inside(|_| None);
    /// assert_eq!(inside.iter().map(|&id| process.net.node(id).id()).collect::<Vec<_>>(), ["B"]);
    /// ```
    #[must_use]
    pub fn from_inside<'p>(&self, find: impl Fn(&str) -> Option<&'p Self>) -> Vec<NodeId> {
        let net = &self.net;
        let throws = |call: &NodeId, error: &str| {
            let called = net.called(*call).and_then(&find);
            called.is_some_and(|called| {
                let inside = in_bodies(&called.net);
                let mut ends = called.net.nodes_of(NodeKind::Terminate).filter(|end| !inside.contains(end));
                ends.any(|end| called.net.message(end).is_some_and(|m| error == ANY_ERROR || error == m))
            })
        };
        let is_thrown = |interrupt: &NodeId| {
            let error = net.message(*interrupt).filter(|name| name.starts_with(ANY_ERROR));
            error.is_some_and(|error| net.region(*interrupt).iter().any(|node| throws(node, error)))
        };
        net.interrupts().filter(|id| self.from_inside.contains(id) || is_thrown(id)).collect()
    }

    /// The first error end of a called process that nothing around this call catches.
    fn uncaught_end<'p>(&self, id: &str, element: &Element, called: &'p Self) -> Option<&'p Element> {
        let net = &self.net;
        let is_here =
            |&call: &NodeId| net.called(call) == Some(id) && self.element_of(Subject::Node(call)) == element;
        let calls: Vec<NodeId> = net.node_ids().filter(is_here).collect();
        let catches = |call: &NodeId, error: &str| {
            net.interrupts().any(|interrupt| {
                let name = net.message(interrupt);
                net.region(interrupt).contains(call) && (name == Some(error) || name == Some(ANY_ERROR))
            })
        };
        // A plain terminate end has no name.
        let is_uncaught = |end: &NodeId| {
            called.net.message(*end).is_some_and(|error| !calls.iter().all(|call| catches(call, error)))
        };
        // Those of instances are caught around these.
        let inside = in_bodies(&called.net);
        let mut ends = called.net.nodes_of(NodeKind::Terminate).filter(|end| !inside.contains(end));
        let end = ends.find(is_uncaught)?;
        Some(called.element_of(Subject::Node(end)))
    }
}

/// Nodes of instances that are cases.
fn in_bodies(net: &Net) -> BTreeSet<NodeId> {
    let mut inside = BTreeSet::new();
    for start in net.node_ids().filter_map(|task| net.body(task)) {
        inside.extend(net.ahead(start));
    }
    let starts: Vec<NodeId> =
        net.interrupts().filter(|&id| net.region(id).iter().any(|node| inside.contains(node))).collect();
    for interrupt in starts {
        inside.extend(net.ahead(interrupt));
    }
    inside
}

/// Whether what a call names is no id: in FEEL, or with a part in JUEL.
pub(crate) fn is_expression(called: &str) -> bool {
    called.starts_with('=') || called.contains("${") || called.contains("#{")
}

/// Whether a case must decide something before its first task.
fn decides_first(net: &Net) -> bool {
    let is_merge = |id: &NodeId| {
        matches!(net.node(*id).kind(), NodeKind::Inclusive(_)) && net.node(*id).incoming().len() > 1
    };
    // A merge may fire in any step, the first one too.
    let mut open: Vec<NodeId> =
        net.nodes_of(NodeKind::Start).take(1).chain(net.node_ids().filter(is_merge)).collect();
    let mut seen = std::collections::BTreeSet::new();
    while let Some(id) = open.pop() {
        let node = net.node(id);
        let several = node.outgoing().len() > 1;
        let (decides, passes) = match node.kind() {
            NodeKind::Exclusive | NodeKind::Inclusive(_) => (several, true),
            NodeKind::ThreadSplit(quantity) => (matches!(quantity, Quantity::Chosen(_)), true),
            NodeKind::Instances(instances) => (matches!(instances.count, Quantity::Chosen(_)), false),
            NodeKind::Start => (false, true),
            NodeKind::Receive(Retention::Persistent) => (false, true),
            kind => (false, kind.is_gateway()),
        };
        if decides {
            return true;
        }
        if passes && seen.insert(id) {
            open.extend(node.outgoing().iter().map(|&flow| net.flow(flow).to()));
        }
    }
    false
}

/// The elements that the parts of a net come from.
#[derive(Clone, Debug)]
pub(crate) struct Places {
    pub(crate) process: Element,
    /// Indexed by `NodeId`.
    pub(crate) nodes: Vec<Element>,
    /// Indexed by `FlowId`.
    pub(crate) flows: Vec<Element>,
}

impl Places {
    fn element_of(&self, subject: Subject) -> &Element {
        match subject {
            Subject::Net => &self.process,
            Subject::Node(node) => &self.nodes[node.index()],
            Subject::Flow(flow) => &self.flows[flow.index()],
        }
    }

    /// The elements that nodes come from, each once.
    fn elements_of(&self, nodes: &[NodeId]) -> Vec<Element> {
        let mut elements: Vec<Element> = Vec::new();
        for &node in nodes {
            let element = self.element_of(Subject::Node(node));
            if !elements.contains(element) {
                elements.push(element.clone());
            }
        }
        elements
    }

    pub(crate) fn locate(&self, problem: &Problem) -> Error {
        let related = match &problem.kind {
            ProblemKind::DuplicateId(first) => vec![self.element_of(Subject::Node(*first)).clone()],
            ProblemKind::TwoDefaults(first) => vec![self.element_of(Subject::Flow(*first)).clone()],
            ProblemKind::LoopWithoutTask(nodes) => self.elements_of(nodes),
            _ => Vec::new(),
        };
        let kind = ErrorKind::Net { problem: problem.clone(), related };
        Error::of(self.element_of(problem.subject).clone(), kind)
    }
}
