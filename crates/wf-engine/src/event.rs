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
    /// threads (WCP-19, 26); the latter is refused where a merge looks at the whole case.
    Cancel = 5,
    /// The instances of a multi-instance task that are not complete are withdrawn, and its thread goes on (WCP-27).
    CompleteInstances = 6,
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
    /// branches. 0 where there is none.
    pub outcome: u8,
    /// Index into the side table passed with the batch, or [`NO_SIDE`].
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
    /// No slot is free for the case that a call starts.
    NoRoom = 10,
}
