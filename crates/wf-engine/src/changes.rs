//! What a batch has changed, in the memory of the caller's scope.

use crate::{CaseId, Event, MessageId, Status};

/// How a case ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum EndKind {
    /// No work is left and no token waits (WCP-11), or an end was reached that ends the whole case (WCP-43): success.
    Completed,
    /// Given up by a [`Cancel`](crate::EventKind::Cancel) event (WCP-20), or with the case that called it.
    Cancelled,
    /// Tokens are left, but nothing can happen to them: a synchronization waits for one that can no longer come, a
    /// task for a milestone that has passed, a call for a case that did not end well.
    Deadlocked,
}

/// A case that ended; its id reaches nothing from now on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Ended {
    /// The case.
    pub case: CaseId,
    /// How it ended.
    pub kind: EndKind,
}

/// A message that a case has sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Sent {
    /// The case that sent it.
    pub case: CaseId,
    /// The case that was not called by another one and, through whatever calls, runs that case; mostly the same.
    pub root: CaseId,
    /// The message: [`Engine::message_name`](crate::Engine::message_name) is its name.
    pub message: MessageId,
}

/// What a batch of events has changed.
#[derive(Clone, Copy, Debug, Default)]
pub struct Changes<'s> {
    /// One status for each event, in order.
    pub status: &'s [Status],
    /// New work items, each as the event that would complete it with outcome 0, or trigger it; in the order of the
    /// events. Cases that calls have started are among them under their own ids.
    pub enabled: &'s [Event],
    /// Work items that are gone without having been completed, begun or not, or that can no longer begin.
    pub withdrawn: &'s [Event],
    /// Cases that ended, in the order of the events; those that calls had started too.
    pub ended: &'s [Ended],
    /// Messages sent, in the order of the events.
    pub sent: &'s [Sent],
}

/// What starting a batch of cases has changed.
#[derive(Clone, Copy, Debug, Default)]
pub struct Started<'s> {
    /// The new cases, in the order asked for; fewer than asked for when the shard is full or an entry was refused.
    pub cases: &'s [CaseId],
    /// Their first work items.
    pub enabled: &'s [Event],
    /// Cases that ended at once.
    pub ended: &'s [Ended],
    /// Messages sent.
    pub sent: &'s [Sent],
    /// Why the entry after the last case could not start; `None` if all could, or the shard is full.
    pub refused: Option<Status>,
}
