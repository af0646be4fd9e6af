//! What is wrong with a document as a BPMN model.

use core::fmt;

use crate::Element;

/// How a well-formed document fails to be a model that can run.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ModelFault {
    /// The root element is not `definitions` of BPMN 2.0.
    WrongRoot {
        /// The root element's name as it is written.
        found: String,
        /// Its namespace; empty for none.
        namespace: String,
    },
    /// No process of the document has a flow node.
    NoProcess {
        /// How many processes without flow nodes there are.
        black_boxes: usize,
    },
    /// The document has no diagram, so there is nothing to draw.
    NoDiagram,
    /// A diagram has a place or size that is no number, or far off.
    Coordinate {
        /// Name of the attribute.
        attribute: &'static str,
        /// What it says; empty where it is missing.
        value: String,
    },
    /// The element needs an id and has none.
    MissingId,
    /// Another element of the document has the same id.
    DuplicateId {
        /// The earlier one of the two.
        first: Box<Element>,
    },
    /// A sequence flow has no `sourceRef` or no `targetRef`.
    MissingReference {
        /// Name of the attribute.
        attribute: &'static str,
    },
    /// A sequence flow begins or ends at something that is no flow node of its process.
    Dangling {
        /// `sourceRef` or `targetRef`.
        attribute: &'static str,
        /// The id that it names.
        id: String,
        /// What bears this id instead, if anything does.
        found: Option<Box<Element>>,
    },
    /// A sequence flow leads from one process into another.
    AcrossProcesses {
        /// `sourceRef` or `targetRef`, the one that is in another process.
        attribute: &'static str,
        /// The flow node of the other process.
        node: Box<Element>,
    },
    /// A sequence flow leads into or out of a sub-process, past its boundary.
    AcrossScopes {
        /// The flow node in which it ends.
        node: Box<Element>,
    },
    /// A call activity calls a process that is not there.
    CalledMissing {
        /// The id that it calls.
        id: String,
    },
    /// A call activity has an expression where the id of a process is needed.
    CalledByExpression {
        /// The expression.
        text: String,
    },
    /// A call activity calls a process that may end with an error.
    CalledFails {
        /// The id that it calls.
        id: String,
        /// The error end event that nothing inside catches.
        event: Box<Element>,
    },
    /// A call activity calls a process that decides something before its first task.
    CalledDecides {
        /// The id that it calls.
        id: String,
    },
    /// A boundary event names something that is no activity beside it.
    NotAttached {
        /// The id that it names.
        id: String,
        /// What bears this id, if anything does.
        found: Option<Box<Element>>,
    },
    /// The process has no start event, and nothing to which no flow leads.
    NoStart,
    /// A sequence flow ends at a start event.
    IntoStart {
        /// The start event.
        start: Box<Element>,
    },
    /// A sequence flow begins at an end event.
    OutOfEnd {
        /// The end event.
        end: Box<Element>,
    },
    /// A timer begins like a duration, date or cycle of ISO 8601 and is none.
    Timer {
        /// What it says.
        text: String,
        /// Why it is none.
        reason: String,
    },
    /// The attribute `default` names something that is no flow out of the element.
    DefaultNotOutgoing {
        /// The id that it names.
        id: String,
        /// What bears this id, if anything does.
        found: Option<Box<Element>>,
    },
}

impl fmt::Display for ModelFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::WrongRoot { found, namespace } => {
                let stand = if namespace.is_empty() { "no namespace" } else { namespace };
                write!(
                    f,
                    "the root element is `{found}` of {stand}, not `definitions` of {}",
                    crate::NAMESPACE
                )
            }
            Self::NoProcess { black_boxes: 0 } => f.write_str("the document has no process"),
            Self::NoProcess { black_boxes: 1 } => f.write_str("the only process has no flow nodes"),
            Self::NoProcess { black_boxes } => {
                write!(f, "none of the {black_boxes} processes has flow nodes")
            }
            Self::NoDiagram => f.write_str(
                "the document has no diagram information (BPMNShape, BPMNEdge): there is nothing to draw",
            ),
            Self::Coordinate { attribute, value } => {
                write!(f, "{attribute}=\"{value}\" is no coordinate of a drawing")
            }
            Self::MissingId => f.write_str("has no id, so nothing can refer to it"),
            Self::DuplicateId { first } => {
                write!(f, "this id is used twice, first by the {} at {}", first.kind, first.position)
            }
            Self::MissingReference { attribute } => write!(f, "has no {attribute}"),
            Self::Dangling { attribute, id, found: None } => {
                write!(f, "its {attribute} `{id}` is no element of the document")
            }
            Self::Dangling { attribute, id, found: Some(found) } => write!(
                f,
                "its {attribute} `{id}` is the {} at {}, which is no flow node of this process",
                found.kind, found.position
            ),
            Self::AcrossProcesses { attribute, node } => write!(
                f,
                "a sequence flow cannot leave its process: its {attribute} is {}, in another process",
                node.placed()
            ),
            Self::AcrossScopes { node } => write!(
                f,
                "a sequence flow cannot cross the boundary of a sub-process: it leads to {}",
                node.placed()
            ),
            Self::CalledByExpression { text } => {
                write!(f, "which process it calls is an expression, `{text}`: only a fixed id can be called")
            }
            Self::CalledMissing { id } => write!(f, "it calls the process `{id}`, which is not there"),
            Self::CalledFails { id, event } => write!(
                f,
                "it calls the process `{id}`, whose {} nothing inside catches, and no error event around the call does",
                event.placed()
            ),
            Self::CalledDecides { id } => write!(
                f,
                "it calls the process `{id}`, which decides something before its first task: a call asks nobody"
            ),
            Self::NotAttached { id, found: None } => {
                write!(f, "its attachedToRef `{id}` is no element of the document")
            }
            Self::NotAttached { id, found: Some(found) } => write!(
                f,
                "its attachedToRef `{id}` is the {} at {}, no activity beside it",
                found.kind, found.position
            ),
            Self::Timer { text, reason } => write!(f, "its timer says `{text}`: {reason}"),
            Self::NoStart => f.write_str("has no start event, so no case could begin"),
            Self::IntoStart { start } => write!(f, "leads into a start event, {}", start.placed()),
            Self::OutOfEnd { end } => write!(f, "leads out of an end event, {}", end.placed()),
            Self::DefaultNotOutgoing { id, found: None } => {
                write!(f, "its default flow `{id}` is no element of the document")
            }
            Self::DefaultNotOutgoing { id, found: Some(found) } => {
                write!(
                    f,
                    "its default flow `{id}` is the {} at {}, no flow out of it",
                    found.kind, found.position
                )
            }
        }
    }
}
