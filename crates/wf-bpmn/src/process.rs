//! A process that runs: its net, and where each part of the net stands in the document.

use wf_net::{Net, Problem, ProblemKind, Subject};

use crate::{Element, Error, ErrorKind, Position};

/// A process of a document.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Process {
    /// The id, which is also the name of the net.
    pub id: String,
    /// The name that a person reads, on one line; empty where the process has none.
    pub name: String,
    /// The net: its nodes and flows are in the order of the document.
    pub net: Net,
    pub(crate) places: Places,
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

    pub(crate) fn locate(&self, problem: &Problem) -> Error {
        let related = match &problem.kind {
            ProblemKind::DuplicateId(first) => vec![self.element_of(Subject::Node(*first)).clone()],
            ProblemKind::TwoDefaults(first) => vec![self.element_of(Subject::Flow(*first)).clone()],
            ProblemKind::LoopWithoutTask(nodes) => {
                nodes.iter().map(|&node| self.element_of(Subject::Node(node)).clone()).collect()
            }
            _ => Vec::new(),
        };
        let kind = ErrorKind::Net { problem: problem.clone(), related };
        Error::of(self.element_of(problem.subject).clone(), kind)
    }
}
