//! What goes into a batch and what comes back for each entry.

use zerocopy::{Immutable, IntoBytes};

use crate::CaseId;

/// [`Event::task`] of an event for the whole case.
pub const WHOLE_CASE: u16 = 0xFFFF;

/// [`Event::side`] of an event without side data.
pub const NO_SIDE: u16 = 0xFFFF;

/// What an event asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default, IntoBytes, Immutable)]
#[repr(u8)]
#[non_exhaustive]
pub enum EventKind {
    /// The task is done; without an earlier `Begin` it is begun and done in one step.
    #[default]
    Complete = 0,
    /// Somebody has taken the work item: it is running.
    Begin = 1,
    /// The running task failed. Refused so far.
    Fail = 2,
    /// Something happened outside: what a receiving task waits for (WCP-23, 24), or an interrupt (WCP-19, 25).
    Trigger = 3,
    /// One more instance of a multi-instance task (WCP-15).
    AddInstance = 4,
    /// The case ([`WHOLE_CASE`]) is given up (WCP-20), or all work items of one task are withdrawn, with their
    /// threads (WCP-19, 26); the latter is refused where a merge, or the end of a sub-process, looks at the whole case.
    Cancel = 5,
    /// The instances of a multi-instance task that are not complete are withdrawn, and its thread goes on (WCP-27).
    CompleteInstances = 6,
    /// Variables of the case ([`WHOLE_CASE`]) get the values of the event's [`Side`](crate::Side).
    Set = 7,
}

/// One thing that happened to one case; also the form in which a shard says what can happen next.
///
/// 16 bytes, so that four share a cache line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, IntoBytes, Immutable)]
#[repr(C, align(8))]
pub struct Event {
    /// The case.
    pub case: CaseId,
    /// Number of the task in the case's program, or [`WHOLE_CASE`]; of an interrupt, its number behind those of
    /// the tasks and starts.
    pub task: u16,
    /// Round of a task on a cycle; 0 so far.
    pub round: u8,
    /// Instance of a multi-instance task, from 0.
    pub instance: u8,
    /// What is asked for.
    pub kind: EventKind,
    /// Which way the decisions behind the task go: a digit for each, least significant first, each below its
    /// [base](wf_net::Decision::base). With one exclusive choice: the branch; with one inclusive choice: the mask of
    /// branches. A decision that the data of the case makes has the digit 0, which is all where there is nothing to decide;
    /// its other digits (branch and one, or mask) overrule the data.
    pub outcome: u8,
    /// Index into the table of [`Side`](crate::Side)s passed with the batch, or [`NO_SIDE`].
    pub side: u16,
}

const _: () = assert!(size_of::<Event>() == 16);

impl Event {
    /// The completion of a task with outcome 0.
    #[must_use]
    pub const fn complete(case: CaseId, task: u16) -> Self {
        Self { case, task, round: 0, instance: 0, kind: EventKind::Complete, outcome: 0, side: NO_SIDE }
    }

    /// The beginning of a task.
    #[must_use]
    pub const fn begin(case: CaseId, task: u16) -> Self {
        Self { kind: EventKind::Begin, ..Self::complete(case, task) }
    }

    /// What a receiving task waits for, or an interrupt.
    #[must_use]
    pub const fn trigger(case: CaseId, task: u16) -> Self {
        Self { kind: EventKind::Trigger, ..Self::complete(case, task) }
    }

    /// One more instance of a multi-instance task.
    #[must_use]
    pub const fn add_instance(case: CaseId, task: u16) -> Self {
        Self { kind: EventKind::AddInstance, ..Self::complete(case, task) }
    }

    /// The end of all instances of a multi-instance task that are left; its thread goes on.
    #[must_use]
    pub const fn complete_instances(case: CaseId, task: u16) -> Self {
        Self { kind: EventKind::CompleteInstances, ..Self::complete(case, task) }
    }

    /// The withdrawal of all work items of a task, with their threads.
    #[must_use]
    pub const fn cancel_task(case: CaseId, task: u16) -> Self {
        Self { kind: EventKind::Cancel, ..Self::complete(case, task) }
    }

    /// The end of a whole case without success.
    #[must_use]
    pub const fn cancel(case: CaseId) -> Self {
        Self { kind: EventKind::Cancel, ..Self::complete(case, WHOLE_CASE) }
    }

    /// New values of variables.
    #[must_use]
    pub const fn set(case: CaseId, side: u16) -> Self {
        Self { kind: EventKind::Set, side, ..Self::complete(case, WHOLE_CASE) }
    }

    /// The same event with an entry of the side table.
    #[must_use]
    pub const fn with_side(self, side: u16) -> Self {
        Self { side, ..self }
    }

    /// The same event of another instance.
    #[must_use]
    pub const fn with_instance(self, instance: u8) -> Self {
        Self { instance, ..self }
    }

    /// The same event with another outcome.
    #[must_use]
    pub const fn with_outcome(self, outcome: u8) -> Self {
        Self { outcome, ..self }
    }
}

/// What became of one event. Anything but [`Done`](Self::Done) has changed nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
#[repr(u8)]
#[non_exhaustive]
pub enum Status {
    /// Applied.
    #[default]
    Done = 0,
    /// No case of this id lives in this shard: never started, ended, or of another shard.
    UnknownCase = 1,
    /// The program has no such task.
    UnknownTask = 2,
    /// The task has no work item that this event could take.
    NotEnabled = 3,
    /// The outcome is not below the task's number of outcomes.
    BadOutcome = 4,
    /// The work item is of another round or instance.
    StaleRound = 5,
    /// A place would hold more than 255 tokens.
    CounterFull = 6,
    /// The side index is outside the table passed with the batch, or missing where the outcome needs it.
    BadSide = 7,
    /// This kind of event does not exist for this task.
    KindRefused = 8,
    /// Nothing waited for the trigger: it is lost (WCP-23).
    Lost = 9,
    /// No slot is free for the case that a call starts, or the system has no memory for values.
    NoRoom = 10,
    /// A condition asks for a variable that has no value: the case has an incident. Set it and send the event again.
    NoValue = 11,
    /// A condition has no answer for another reason, a value of the wrong type or an overflow: an incident too.
    NoAnswer = 12,
    /// No condition holds and there is no default branch: an incident too.
    NoBranch = 13,
    /// The side entry sets a variable that the program does not have, or to a decimal that is not finite.
    BadValue = 14,
}

impl Status {
    /// Number of an incident, from 1; 0 of any other status.
    pub(crate) const fn fault(self) -> u8 {
        match self {
            Self::NoValue => 1,
            Self::NoAnswer => 2,
            Self::NoBranch => 3,
            _ => 0,
        }
    }

    /// The status of an incident.
    pub(crate) const fn of_fault(fault: u8) -> Self {
        match fault {
            1 => Self::NoValue,
            2 => Self::NoAnswer,
            _ => Self::NoBranch,
        }
    }
}
