//! BPMN 2.0 XML to a workflow net, or to an error that names element, line and reason.
//!
//! [`parse`] takes the bytes of a `.bpmn` file and hands out one [`wf_net::Net`] per process, together with
//! the position, id and name of each element, so that whatever is said later about the net can be said in the
//! words of the drawing. All problems of a file are reported, not just the first.
//!
//! Conditions in FEEL and JUEL become [expressions](expression) over the data of a case, which then decides the choice; what
//! is beyond them is refused, unless [`ParseOptions::external_decisions`] leaves such choices to whoever runs the cases.
//!
//! What runs: all kinds of gateways, tasks, events, loops, instances, sub-processes and calls; the README has the
//! table of what each becomes. What is only information (documentation, data, artifacts, diagrams, vendor
//! extensions, participants) is read past; message flows name the messages of what they join; [`diagram`] reads how a model is drawn. Everything else has behaviour and is refused by name: see
//! [`Unsupported`].
//!
//! # When not to use it
//! To edit or write BPMN: what is information only is not kept. To validate against the schema: what this
//! crate reads past may be wrong.
//!
//! # Cost
//! | what | costs | rule in `budgets.toml` |
//! |---|---|---|
//! | reading a document | one pass over the text; memory in proportion to its BPMN elements, without diagrams | `bpmn.compile_100.ticks`, with compiling it |
//! | a hostile one | what [`ParseOptions`] allows, and no more | |
//!
//! Nothing recurses but what reads conditions, whose nesting is bounded, so no
//! document can overflow the stack.
//!
//! # Examples
//! ```
//! let xml = r#"<?xml version="1.0" encoding="UTF-8"?>
//! <definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL">
//!   <process id="Hiring" name="Hiring">
//!     <startEvent id="Start"/>
//!     <userTask id="Interview" name="Interview candidate"/>
//!     <endEvent id="End"/>
//!     <sequenceFlow id="Flow_1" sourceRef="Start" targetRef="Interview"/>
//!     <sequenceFlow id="Flow_2" sourceRef="Interview" targetRef="End"/>
//!   </process>
//! </definitions>"#;
//! let document = wf_bpmn::parse(xml.as_bytes(), &wf_bpmn::ParseOptions::default()).expect("a model that runs");
//! let process = &document.processes[0];
//! assert_eq!(process.id, "Hiring");
//! assert_eq!(process.net.nodes()[1].label(), "Interview candidate");
//! let task = wf_net::Subject::Node(wf_net::NodeId(1));
//! assert_eq!(process.position_of(task).line, 5);
//! assert_eq!(process.element_of(task).kind, "userTask");
//! ```
//!
//! # Sources
//! OMG, *Business Process Model and Notation 2.0.2* (formal/2013-12-09), chapters 8, 10 and 13; its schemas
//! BPMN20.xsd and Semantic.xsd. W3C, *Extensible Markup Language 1.0* and *Namespaces in XML 1.0*.

#![forbid(unsafe_code)]

mod decode;
pub mod diagram;
mod document;
mod element;
mod error;
pub mod expression;
mod graph;
mod ids;
mod kind;
mod lanes;
mod limit;
mod lower;
mod message;
mod model;
mod model_fault;
mod options;
mod position;
mod process;
mod repeat;
mod timer;
mod tree;
mod unsupported;
mod vocabulary;
mod warning;
mod xml;
mod xml_fault;

pub use document::{Document, parse};
pub use element::Element;
pub use error::{Error, ErrorKind, Located};
pub use limit::Limit;
pub use model_fault::ModelFault;
pub use options::ParseOptions;
pub use position::Position;
pub use process::Process;
pub use unsupported::Unsupported;
pub use warning::{Warning, WarningKind};
pub use xml_fault::XmlFault;

/// The XML namespace of BPMN 2.0 models.
pub const NAMESPACE: &str = "http://www.omg.org/spec/BPMN/20100524/MODEL";
