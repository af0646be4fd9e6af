//! Constructs that run, though perhaps not as their author expects.

use core::fmt;

use crate::error::variant;
use crate::{Element, Position};

/// Something that runs and may surprise.
///
/// Its `Display` is `LINE:COLUMN: warning: ELEMENT: MESSAGE`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Warning {
    /// The element that it is about.
    pub element: Element,
    /// What may surprise.
    pub kind: WarningKind,
}

/// What may surprise.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum WarningKind {
    /// `isExecutable="false"`: it runs nevertheless.
    NotExecutable,
    /// Some flows of an exclusive gateway have a condition and others have neither that nor the default mark.
    ConditionMissing {
        /// A flow without.
        flow: Box<Element>,
    },
    /// Every flow of a choice has a condition, and there is no default flow.
    NoDefault,
    /// No flow of an inclusive gateway has a condition.
    NoCondition,
    /// An activity that does not wait for a message stands behind an event-based gateway.
    NotAnEvent {
        /// The activity.
        activity: Box<Element>,
    },
    /// A condition that cannot be evaluated leaves the choice to whoever runs the case.
    DecidedOutside {
        /// The flow with that condition, or the element that holds it.
        flow: Box<Element>,
        /// Why it cannot be evaluated.
        reason: String,
    },
    /// How often an activity is done one after another is not counted.
    RoundsOutside {
        /// How often the model wants it.
        how_often: String,
    },
    /// A condition on a default flow, which counts for nothing.
    ConditionOnDefault,
    /// The number of instances is not constant, and bounded.
    InstancesBounded {
        /// The most that there are.
        instances_max: usize,
    },
    /// Messages are not kept for it: it waits for them in a circle with no task.
    NotKept,
    /// A script that nobody here executes.
    Script,
    /// An error that nothing catches ends the case.
    ErrorUncaught,
    /// An escalation that nothing in its process catches.
    EscalationUncaught,
    /// An event for escalations stands around a call, and those of called processes do not come there.
    EscalationOfCalled {
        /// The call.
        call: Box<Element>,
    },
    /// A timer event that the engine's clock does not bring about.
    TimerOutside {
        /// Why.
        reason: String,
    },
    /// A conditional event, whose condition is not evaluated.
    ConditionalOutside,
    /// A condition under which an ad-hoc sub-process is done, which is not evaluated.
    AdHocCompletion,
    /// Which activities for compensation are performed is not kept.
    CompensationOutside,
    /// An event that does not interrupt happens at most once each time its activity is performed.
    OnceEachTime,
    /// An event sub-process that does not interrupt begins again only when its own work is done.
    OneAtATime,
    /// Tokens that a split made meet here and are not joined.
    NotJoined {
        /// Where they were made.
        split: Box<Element>,
    },
}

impl Warning {
    /// A name of the kind that stays the same, for programs: `no-default`.
    #[must_use]
    pub fn code(&self) -> String {
        variant(&self.kind)
    }

    /// Where the element's start tag begins.
    #[must_use]
    pub const fn position(&self) -> Position {
        self.element.position
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: warning: {}: {}", self.element.position, self.element, self.kind)
    }
}

impl fmt::Display for WarningKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotExecutable => f.write_str("marked as not executable; it runs nevertheless"),
            Self::ConditionMissing { flow } => write!(
                f,
                "whoever runs the case decides: {} has neither a condition nor the default mark",
                flow.placed()
            ),
            Self::NoDefault => f.write_str("no default flow: a case for which no condition holds is stuck"),
            Self::NoCondition => f.write_str(
                "whoever runs the case decides: no flow has a condition, and BPMN takes all of them",
            ),
            Self::NotAnEvent { activity } => write!(
                f,
                "{} is no event to wait for: whoever begins it first withdraws what else waits here",
                activity.placed()
            ),
            Self::DecidedOutside { flow, reason } => {
                write!(
                    f,
                    "whoever runs the case decides: the condition of {} cannot be evaluated: {reason}",
                    flow.placed()
                )
            }
            Self::RoundsOutside { how_often } => {
                write!(
                    f,
                    "whoever completes it says whether another follows: {how_often}, which is not counted"
                )
            }
            Self::ConditionOnDefault => {
                f.write_str("its condition counts for nothing: it is the default flow")
            }
            Self::InstancesBounded { instances_max } => {
                write!(f, "at most {instances_max} instances: their number is not constant")
            }
            Self::NotKept => f.write_str(
                "a message that comes while it does not wait is lost: it waits in a circle with no task",
            ),
            Self::Script => f.write_str("its script is not executed: somebody outside does the work"),
            Self::ErrorUncaught => f.write_str("nothing catches this error: it ends the case"),
            Self::EscalationUncaught => f.write_str(
                "nothing in its process catches this escalation: nothing happens, around a call of the process neither",
            ),
            Self::EscalationOfCalled { call } => write!(
                f,
                "an escalation of the process that {} calls does not come here: only errors leave a called process",
                call.placed()
            ),
            Self::TimerOutside { reason } => {
                write!(f, "whoever runs the case says when it happens: {reason}")
            }
            Self::ConditionalOutside => {
                f.write_str("whoever runs the case says when it happens: its condition is not evaluated")
            }
            Self::AdHocCompletion => f.write_str(
                "its completionCondition is not evaluated: it is done when all that was chosen at its begin is done",
            ),
            Self::CompensationOutside => f.write_str(
                "whoever runs the case says which activities for compensation are performed: what was done is not kept",
            ),
            Self::OnceEachTime => f.write_str(
                "it happens at most once each time the activity is performed: what follows cannot be told apart from another time",
            ),
            Self::OneAtATime => f.write_str(
                "it happens again only when what it has started is done: what follows cannot be told apart from another time",
            ),
            Self::NotJoined { split } => write!(
                f,
                "the tokens of {} meet here and are not joined: what follows happens once for each",
                split.placed()
            ),
        }
    }
}
