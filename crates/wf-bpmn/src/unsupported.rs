//! Constructs that have behaviour and are refused, each with the words that say so.

use core::fmt;

/// A construct with behaviour that is not supported.
///
/// What this enum lists is never ignored: a document that uses it is refused.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Unsupported {
    /// A start or end event with an event definition, such as `timerEventDefinition`; the definition's kind.
    EventDefinition(String),
    /// `bpmn:boundaryEvent`; the kinds of its event definitions.
    BoundaryEvent(String),
    /// `bpmn:intermediateCatchEvent`, `bpmn:intermediateThrowEvent`; the kinds of its event definitions.
    IntermediateEvent(String),
    /// `bpmn:subProcess`, `bpmn:adHocSubProcess`, `bpmn:transaction`.
    SubProcess,
    /// `bpmn:callActivity`.
    CallActivity,
    /// `bpmn:inclusiveGateway`, `bpmn:complexGateway`, `bpmn:eventBasedGateway`.
    Gateway,
    /// `bpmn:multiInstanceLoopCharacteristics`, `bpmn:standardLoopCharacteristics`; the kind.
    Loop(String),
    /// `bpmn:choreography` and what it consists of.
    Choreography,
    /// `bpmn:messageFlow`.
    MessageFlow,
    /// A condition on a flow out of something else than an exclusive gateway; the kind of the flow's source.
    Condition(String),
    /// A default flow out of something that does not choose.
    DefaultFlow,
    /// An attribute with a value that asks for behaviour, such as `startQuantity="2"`.
    Attribute {
        /// Name of the attribute.
        name: String,
        /// The value that is refused.
        value: String,
    },
    /// An element of the BPMN namespace that does not belong where it stands; the kind of its parent.
    UnknownElement(String),
    /// An element of another vocabulary outside `extensionElements`; the kind of its parent.
    ForeignElement(String),
}

impl fmt::Display for Unsupported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let definitions = |f: &mut fmt::Formatter<'_>, what: &str, kinds: &str| match kinds {
            "" => f.write_str(what),
            kinds => write!(f, "{what} ({kinds})"),
        };
        match self {
            Self::EventDefinition(kind) => {
                write!(f, "events with a {kind}; only none start and none end events are")
            }
            Self::BoundaryEvent(kinds) => definitions(f, "boundary events", kinds),
            Self::IntermediateEvent(kinds) => definitions(f, "intermediate events", kinds),
            Self::SubProcess => f.write_str("sub-processes"),
            Self::CallActivity => f.write_str("call activities"),
            Self::Gateway => f.write_str("gateways of this kind; exclusive and parallel gateways are"),
            Self::Loop(kind) => write!(f, "repeated activities ({kind})"),
            Self::Choreography => f.write_str("choreographies"),
            Self::MessageFlow => f.write_str("message flows"),
            Self::Condition(kind) => {
                write!(f, "a condition on a flow out of a {kind}; out of an exclusive gateway it is")
            }
            Self::DefaultFlow => {
                f.write_str("a default flow among several flows out of it; out of an exclusive gateway it is")
            }
            Self::Attribute { name, value } => write!(f, "{name}=\"{value}\""),
            Self::UnknownElement(parent) => write!(f, "an element of this kind inside a {parent}"),
            Self::ForeignElement(parent) => write!(
                f,
                "an element of another vocabulary directly inside a {parent}; inside extensionElements it is ignored"
            ),
        }
    }
}
