//! Constructs that have behaviour and are refused, each with the words that say so.

use core::fmt;

/// A construct with behaviour that is not supported.
///
/// What this enum lists is never ignored: a document that uses it is refused.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Unsupported {
    /// An event with an event definition that does not run there, such as a start event with a
    /// `cancelEventDefinition`; the reason.
    Event(&'static str),
    /// A sub-process that does not run; the reason.
    SubProcess(&'static str),
    /// `bpmn:callActivity` that does not run; the reason.
    CallActivity(&'static str),
    /// A gateway that does not run; the reason.
    Gateway(&'static str),
    /// Repetition of an activity that does not run; the reason.
    Repetition(&'static str),
    /// Compensation that does not run; the reason.
    Compensation(&'static str),
    /// `bpmn:choreography` and what it consists of.
    Choreography,
    /// A condition on a flow out of something that does not choose; the kind of the flow's source.
    Condition(String),
    /// A default flow out of something that does not choose.
    DefaultFlow,
    /// An attribute with a value that asks for behaviour, such as `startQuantity="300"`.
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
        match self {
            Self::Event(why)
            | Self::SubProcess(why)
            | Self::CallActivity(why)
            | Self::Gateway(why)
            | Self::Repetition(why)
            | Self::Compensation(why) => f.write_str(why),
            Self::Choreography => f.write_str("choreographies"),
            Self::Condition(kind) => {
                write!(
                    f,
                    "a condition on a flow out of a {kind}; out of an activity or another gateway it is"
                )
            }
            Self::DefaultFlow => {
                f.write_str("a default flow among several flows out of something that does not choose")
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
