//! What goes into a batch and what comes back for each entry.

use crate::CaseId;

/// [`Event::task`] of an event for the whole case.
pub const WHOLE_CASE: u16 = 0xFFFF;

/// [`Event::side`] of an event without side data.
pub const NO_SIDE: u16 = 0xFFFF;

/// What an event asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
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
    /// Something happened outside. Refused so far.
    Trigger = 3,
    /// One more instance of a multi-instance task. Refused so far.
    AddInstance = 4,
    /// The case ([`WHOLE_CASE`]) is given up. Single tasks are refused so far.
    Cancel = 5,
    /// No further instances of a multi-instance task. Refused so far.
    CompleteInstances = 6,
}

/// One thing that happened to one case; also the form in which a shard says what can happen next.
///
/// 16 bytes, so that four share a cache line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(C)]
pub struct Event {
    /// The case.
    pub case: CaseId,
    /// Number of the task in the case's program, or [`WHOLE_CASE`].
    pub task: u16,
    /// Round of a task on a cycle; 0 so far.
    pub round: u8,
    /// Instance of a multi-instance task; 0 so far.
    pub instance: u8,
    /// What is asked for.
    pub kind: EventKind,
    /// Which way the decisions behind the task go: a digit for each, least significant first, each in the base
    /// of its number of branches. With one decision: the branch. 0 where there is none.
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

    /// The end of a whole case without success.
    #[must_use]
    pub const fn cancel(case: CaseId) -> Self {
        Self { kind: EventKind::Cancel, ..Self::complete(case, WHOLE_CASE) }
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
    /// This build of the engine does not know this kind of event for this task.
    KindRefused = 8,
}
