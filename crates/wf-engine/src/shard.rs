//! A shard: the cases of one writer.

use std::sync::Arc;

use wf_aligned::Writer;
use wf_arena::Scope;

use crate::advance::{Batch, Output};
use crate::changes::{Changes, Started};
use crate::data::Side;
use crate::event::{Event, NO_SIDE, Status};
use crate::patterns::{COUNT, EventCounts, PatternStats};
use crate::programs::{ProgramId, Programs};
use crate::slab::Slab;
use crate::stats::{self, STATS};
use crate::timers::Timers;

/// Where and how a case starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Start {
    /// Number of the start node in the program.
    pub node: u16,
    /// Which way the decisions behind the start go, as in [`Event::outcome`].
    pub outcome: u8,
    /// As in [`Event::side`].
    pub side: u16,
}

impl Default for Start {
    /// The first start node, outcome 0.
    fn default() -> Self {
        Self { node: 0, outcome: 0, side: NO_SIDE }
    }
}

/// The cases of one writer: start them, advance them, ask about them.
///
/// A shard is `Send`: it may move between threads, and each shard of an engine may run on its own. Nothing on the
/// main path is shared between shards.
#[derive(Debug)]
pub struct Shard {
    pub(crate) id: u8,
    pub(crate) slab: Slab,
    pub(crate) programs: Arc<Programs>,
    /// Completions by the cell of their op: this shard's alone, no lock. Most cells have none, and their pages are never
    /// touched.
    pub(crate) op_counts: Box<[u64]>,
    pub(crate) stats: Writer<STATS>,
    pub(crate) now: u32,
    pub(crate) timers: Timers,
    /// What events were by themselves.
    pub(crate) event_counts: EventCounts,
    /// What other threads have been told of patterns.
    pub(crate) published: PatternStats,
    pub(crate) pattern_writer: Writer<COUNT>,
}

impl Shard {
    pub(crate) fn new(
        id: u8,
        cases_max: usize,
        programs: Arc<Programs>,
        (stats, pattern_writer): (Writer<STATS>, Writer<COUNT>),
    ) -> Result<Self, crate::EngineError> {
        let op_counts = vec![0; programs.cells().all().len()].into();
        let mut slab = Slab::new(cases_max)?;
        if programs.have_children() {
            slab.reserve_siblings()?;
        }
        let timers = Timers::new(cases_max, programs.timers_max())?;
        let (event_counts, published) = (EventCounts::default(), PatternStats::EMPTY);
        Ok(Self {
            id,
            slab,
            programs,
            op_counts,
            stats,
            now: 0,
            timers,
            event_counts,
            published,
            pattern_writer,
        })
    }

    /// Number of the shard: the first byte of its cases' ids.
    #[must_use]
    pub const fn id(&self) -> u8 {
        self.id
    }

    /// Cases that live.
    #[must_use]
    pub const fn live(&self) -> usize {
        self.slab.live()
    }

    /// Cases that can live at once.
    #[must_use]
    pub fn cases_max(&self) -> usize {
        self.slab.capacity()
    }

    /// Bytes of the shard's own memory: lines, values, timers and statistics.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.slab.bytes() + size_of_val(&*self.op_counts) + self.timers.bytes()
    }

    /// Takes the memory for the values of variables now, 64 bytes a case, and touches it: else it is taken when the first case
    /// gets a value, and touched as cases do.
    ///
    /// # Errors
    /// No memory.
    pub fn reserve_values(&mut self) -> Result<(), crate::EngineError> {
        self.slab.reserve_values()
    }

    /// Applies a batch of events, in the order given; see [`advance_with`](Self::advance_with).
    #[inline]
    pub fn advance<'s>(&mut self, events: &[Event], scope: &Scope<'s>) -> Changes<'s> {
        self.advance_with(events, &[], scope)
    }

    /// Applies a batch of events with a side table.
    ///
    /// Events of one case apply in the order given. An event that is not legal has a [`Status`] that says why, and
    /// changes nothing. The side table holds what an event cannot say itself: new values of variables, and decisions
    /// that do not fit in a byte.
    ///
    /// All that is returned lies in the scope's memory; in steady state nothing is allocated from the heap.
    pub fn advance_with<'s>(
        &mut self,
        events: &[Event],
        sides: &[Side<'_>],
        scope: &Scope<'s>,
    ) -> Changes<'s> {
        if let [event] = events
            && let Some(step) = self.step_of(event)
        {
            return step.changes(event.case, scope);
        }
        self.advance_batch(events, sides, scope)
    }

    // Not inlined: the way of one event shall not pay for what this one keeps.
    #[inline(never)]
    fn advance_batch<'s>(&mut self, events: &[Event], sides: &[Side<'_>], scope: &Scope<'s>) -> Changes<'s> {
        let status = scope.alloc_slice_fill(events.len(), Status::Done);
        let mut batch = self.batch(events.len(), sides, scope);
        batch.run(events, status);
        let Batch { out, completed, begun, called, .. } = batch;
        self.stats.add(stats::STARTED, called);
        self.stats.add(stats::COMPLETIONS, completed);
        self.stats.add(stats::BEGUN, begun);
        let changes = out.into_changes(status);
        self.stats.add(stats::ENDED, changes.ended.len() as u64);
        changes
    }

    /// Starts a case for each entry, until the shard is full or an entry is refused.
    pub fn start_batch<'s>(
        &mut self,
        program: ProgramId,
        starts: &[Start],
        scope: &Scope<'s>,
    ) -> Started<'s> {
        self.start_batch_with(program, starts, &[], scope)
    }

    /// Starts a case for each entry, with a side table as in [`advance_with`](Self::advance_with).
    pub fn start_batch_with<'s>(
        &mut self,
        program: ProgramId,
        starts: &[Start],
        sides: &[Side<'_>],
        scope: &Scope<'s>,
    ) -> Started<'s> {
        let mut batch = self.batch(starts.len(), sides, scope);
        let Some(row) = batch.programs.row(program.0) else {
            return Started { refused: Some(Status::UnknownTask), ..Started::default() };
        };
        let mut cases = scope.vec(starts.len());
        let mut refused = None;
        for start in starts {
            match batch.start(program, row, start) {
                Ok(Some(case)) => cases.push(case),
                Ok(None) => break,
                Err(status) => {
                    refused = Some(status);
                    break;
                }
            }
        }
        batch.release_ended();
        let called = batch.called;
        let Changes { enabled, ended, sent, .. } = batch.out.into_changes(&[]);
        self.stats.add(stats::STARTED, cases.len() as u64 + called);
        self.stats.add(stats::ENDED, ended.len() as u64);
        Started { cases: cases.into_slice(), enabled, ended, sent, refused }
    }

    /// What a batch of `events` events works on.
    fn batch<'b, 's>(&'b mut self, events: usize, sides: &'b [Side<'b>], scope: &Scope<'s>) -> Batch<'b, 's> {
        Batch {
            shard: self.id,
            now: self.now,
            cells: self.programs.cells(),
            slab: &mut self.slab,
            programs: &self.programs,
            op_counts: &mut self.op_counts,
            sides,
            timers: &mut self.timers,
            event_counts: &mut self.event_counts,
            out: Output::new(scope, events, self.programs.tasks_max()),
            completed: 0,
            begun: 0,
            called: 0,
            calls_left: 0,
        }
    }
}
