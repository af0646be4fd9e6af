//! What is wrong with a net, and where: facts that a front end turns into located messages.

use core::fmt;

use crate::{FlowId, NodeId};

/// The part of a net that a problem is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    /// The net as a whole.
    Net,
    /// One node.
    Node(NodeId),
    /// One flow.
    Flow(FlowId),
}

/// A reason for which a net is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProblemKind {
    /// The net has no start node.
    NoStart,
    /// Two nodes have the same id; the subject is the second, this is the first.
    DuplicateId(NodeId),
    /// A flow ends at a start node.
    IntoStart,
    /// A flow begins at an end node.
    OutOfEnd,
    /// A start node or gateway has no outgoing flow.
    NoOutgoing,
    /// No flow leads here from any start node.
    Unreachable,
    /// A condition or default mark stands on a flow that does not leave an exclusive choice.
    ConditionOutsideChoice,
    /// Two flows of one choice are marked as default; the subject is the second, this is the first.
    TwoDefaults(FlowId),
    /// Gateways form a loop with no task in it: a token could go round for ever. The ids of the loop.
    LoopWithoutTask(Vec<NodeId>),
    /// More tasks than the line of a case has work-item bits.
    TooManyTasks {
        /// Tasks of the net.
        tasks: usize,
        /// The most that a case line holds.
        tasks_max: usize,
    },
    /// More start nodes than a program has routes for.
    TooManyStarts {
        /// Start nodes of the net.
        starts: usize,
        /// The most that a program has.
        starts_max: usize,
    },
    /// The name of the net is empty, or too long to be a key.
    NetName {
        /// Length of the name.
        bytes: usize,
        /// The most that a key may have.
        bytes_max: usize,
    },
    /// More places than the line of a case has bits.
    TooManyPlaces {
        /// Bits that the net needs: two a task, one for each input of a synchronizing gateway.
        places: usize,
        /// The most that a case line holds.
        places_max: usize,
    },
    /// More places that may hold several tokens than the line of a case has counters.
    TooManyCounters {
        /// Counters that the net needs.
        counters: usize,
        /// The most that a case line holds.
        counters_max: usize,
    },
    /// The choices behind one completion have more combinations than fit in 63 bits.
    TooManyDecisions,
    /// The routing behind one completion is longer than an image can hold.
    RoutingTooLong,
    /// A node, or a relation between nodes, breaks a rule of its kind.
    Rule(&'static str),
    /// A multi-instance task or a call could get a second token while it holds one: its record is kept once a case.
    NotSafe,
    /// The case line has no room left for records of multi-instance tasks and calls.
    TooManyRecords {
        /// Bytes that the net needs, counters included.
        bytes: usize,
        /// The most that a case line holds.
        bytes_max: usize,
    },
    /// The conditions ask for more variables than a case keeps.
    TooManyVariables {
        /// Variables of all conditions up to this one.
        variables: usize,
        /// The most that a case keeps.
        variables_max: usize,
    },
    /// A condition, or all together, are longer or nested deeper than an image can hold.
    ConditionTooLong,
    /// Some flows out of a choice have a condition over data and others, that are not its default, have none.
    ConditionMissing,
    /// Whether a synchronizing merge must wait was not decided within this many states.
    MergeUndecided {
        /// States visited.
        states: usize,
    },
}

/// One reason for which a net is refused, and the part of the net it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// What the problem is about.
    pub subject: Subject,
    /// What is wrong.
    pub kind: ProblemKind,
}

impl Problem {
    pub(crate) const fn new(subject: Subject, kind: ProblemKind) -> Self {
        Self { subject, kind }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            ProblemKind::NoStart => f.write_str("there is no start event, so no case could begin"),
            ProblemKind::DuplicateId(_) => f.write_str("this id is used twice"),
            ProblemKind::IntoStart => f.write_str("a flow leads into a start event"),
            ProblemKind::OutOfEnd => f.write_str("a flow leads out of an end event"),
            ProblemKind::NoOutgoing => f.write_str("no flow leads out of it, so a token would be lost here"),
            ProblemKind::Unreachable => f.write_str("no case ever gets here: no way leads to it from a start event"),
            ProblemKind::ConditionOutsideChoice => f.write_str(
                "only a flow out of an exclusive or inclusive gateway can have a condition or be the default",
            ),
            ProblemKind::TwoDefaults(_) => f.write_str("the gateway has another default flow already"),
            ProblemKind::LoopWithoutTask(nodes) => write!(
                f,
                "{} gateway{} form a loop with no task in it, so a token could go round for ever",
                nodes.len(),
                if nodes.len() == 1 { "" } else { "s" }
            ),
            ProblemKind::TooManyTasks { tasks, tasks_max } => {
                write!(f, "{tasks} tasks: a case has room for {tasks_max}")
            }
            ProblemKind::TooManyStarts { starts, starts_max } => {
                write!(f, "{starts} start events: a program has room for {starts_max}")
            }
            ProblemKind::NetName { bytes, bytes_max } => {
                write!(f, "a name of {bytes} bytes: it is a key in a store and has from 1 to {bytes_max}")
            }
            ProblemKind::TooManyPlaces { places, places_max } => write!(
                f,
                "{places} places (two a task, one for each input of a synchronizing gateway): \
                 a case has room for {places_max}"
            ),
            ProblemKind::TooManyCounters { counters, counters_max } => write!(
                f,
                "{counters} counters (two a task that may wait several times at once, one for each such input of a \
                 synchronizing gateway): a case has room for {counters_max}"
            ),
            ProblemKind::TooManyDecisions => {
                f.write_str("the choices behind one completion have more than 2^63 combinations")
            }
            ProblemKind::Rule(text) => f.write_str(text),
            ProblemKind::NotSafe => {
                f.write_str("a second token could arrive while it holds one: it keeps one record a case")
            }
            ProblemKind::TooManyRecords { bytes, bytes_max } => {
                write!(f, "{bytes} bytes of counters, instances and calls: a case has room for {bytes_max}")
            }
            ProblemKind::MergeUndecided { states } => {
                write!(f, "whether this merge must wait was not decided within {states} states of the case")
            }
            ProblemKind::TooManyVariables { variables, variables_max } => write!(
                f,
                "the conditions ask for {variables} variables: a case keeps {variables_max}"
            ),
            ProblemKind::ConditionTooLong => {
                f.write_str("the condition is nested deeper, or all conditions are longer, than a program image can hold")
            }
            ProblemKind::ConditionMissing => f.write_str(
                "the data of a case decides other flows out of this choice: this one needs a condition too, or is the default",
            ),
            ProblemKind::RoutingTooLong => {
                f.write_str("the gateways behind one completion are too many for a program image")
            }
        }
    }
}

impl core::error::Error for Problem {}
