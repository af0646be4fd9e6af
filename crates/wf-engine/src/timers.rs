//! Timers: what time brings, kept in one heap a shard.
//!
//! When a token arrives where a timer waits, the second at which it fires is written into the case's record and put on the
//! heap. Nothing is taken off the heap when the token goes: an entry counts only while the record says the same second,
//! and those that do not are dropped when they come up, or all at once when the heap is full. So a timer that never
//! fires costs one push and no search.

use core::cmp::Reverse;
use std::collections::BinaryHeap;

use wf_net::image::{TASK_INTERRUPT, TIMER_AFTER, TIMER_BYTES, TaskCell};

use crate::advance::Batch;
use crate::items::Items;
use crate::line::{Line, Marking};
use crate::programs::{Cells, Programs, Row};
use crate::slab::Slab;
use crate::{CaseId, EngineError, Event, Shard};

/// A second at which the timer of a task, or of an interrupt, fires.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Entry {
    second: u32,
    /// Index of the [`TaskCell`].
    cell: u16,
    case: CaseId,
}

/// The timers of a shard.
#[derive(Debug, Default)]
pub(crate) struct Timers {
    heap: BinaryHeap<Reverse<Entry>>,
    /// Entries are pushed up to here without a look at which still count.
    room: usize,
}

impl Timers {
    /// Room for `timers_max` timers of each case: twice as many entries, so that at least half of a full heap is dropped
    /// each time.
    pub(crate) fn new(cases_max: usize, timers_max: usize) -> Result<Self, EngineError> {
        let room = 2 * cases_max * timers_max;
        let mut entries = Vec::new();
        let bytes = (room * size_of::<Entry>()) as u64;
        entries.try_reserve_exact(room).map_err(|_| EngineError::Memory { bytes })?;
        Ok(Self { heap: BinaryHeap::from(entries), room })
    }

    pub(crate) fn bytes(&self) -> usize {
        self.heap.capacity() * size_of::<Entry>()
    }

    fn push(&mut self, entry: Entry, slab: &Slab, programs: &Programs, cells: Cells<'_>) {
        if self.heap.len() >= self.room {
            self.sweep(slab, programs, cells);
        }
        self.heap.push(Reverse(entry));
    }

    /// Drops entries that do not count, and all but one of those that are the same.
    fn sweep(&mut self, slab: &Slab, programs: &Programs, cells: Cells<'_>) {
        let mut entries = core::mem::take(&mut self.heap).into_vec();
        entries.retain(|Reverse(entry)| {
            let found = found(slab, programs, entry.case);
            found.is_some_and(|(line, row)| counts(&Items::new(line, row, cells), entry))
        });
        entries.sort_unstable();
        entries.dedup();
        self.heap = BinaryHeap::from(entries);
    }
}

/// Whether a bit of the region of an interrupt is set.
pub(crate) fn is_marked(cell: &TaskCell, marking: Marking) -> bool {
    cell.need.iter().zip(marking).any(|(need, word)| need & word != 0)
}

impl Batch<'_, '_> {
    /// Starts the timer of a cell for a case that lives.
    pub(crate) fn arm(&mut self, case: CaseId, index: usize, cell: &TaskCell) {
        let second = match cell.flags {
            // A record of 0 is a timer that is not armed.
            TIMER_AFTER => self.now.saturating_add(cell.timer).max(1),
            _ => cell.timer.max(1),
        };
        let Some(line) = self.slab.line_mut(case.slot()) else { return };
        line.set_record_bits(usize::from(cell.record), TIMER_BYTES, u64::from(second));
        let entry = Entry { second, cell: index as u16, case };
        self.timers.push(entry, self.slab, self.programs, self.cells);
    }

    /// Starts the timers of the interrupts whose region has got its first token in a step: with `rest` the tokens that the
    /// step has left where they were.
    pub(crate) fn arm_interrupts(&mut self, case: CaseId, row: &Row, rest: Marking, after: Marking) {
        if !row.has_interrupt_timers {
            return;
        }
        let tasks = usize::from(row.tasks);
        let cells = self.cells.tasks(row);
        for (index, cell) in cells.iter().enumerate().skip(tasks) {
            if cell.is_timer() && !is_marked(cell, rest) && is_marked(cell, after) {
                self.arm(case, index, cell);
            }
        }
    }
}

/// A case that lives, and its program.
fn found<'f>(slab: &'f Slab, programs: &'f Programs, case: CaseId) -> Option<(&'f Line, &'f Row)> {
    let line = slab.line(case.slot())?;
    Some((line, programs.row(line.program_of(case.generation())?)?))
}

/// Whether an entry is of a timer that runs.
fn counts(items: &Items<'_>, entry: &Entry) -> bool {
    let index = usize::from(entry.cell);
    let Some(cell) = items.cells.and_then(|cells| cells.get(index)).filter(|cell| cell.is_timer()) else {
        return false;
    };
    let second = items.line.record_bits(usize::from(cell.record), TIMER_BYTES);
    let waits = match cell.kind {
        TASK_INTERRUPT => is_marked(cell, items.line.marking()),
        _ => items.waiting(index) > 0,
    };
    waits && second == u64::from(entry.second)
}

/// The timers that have fired, each as the event that says so; see [`Shard::tick`].
#[derive(Debug)]
pub struct Fired<'h> {
    shard: &'h mut Shard,
}

impl Iterator for Fired<'_> {
    type Item = Event;

    fn next(&mut self) -> Option<Event> {
        loop {
            let Reverse(entry) = *self.shard.timers.heap.peek()?;
            if entry.second > self.shard.now {
                return None;
            }
            self.shard.timers.heap.pop();
            if let Some(event) = self.shard.fire(entry) {
                return Some(event);
            }
        }
    }
}

impl Shard {
    /// Tells the shard the time, in seconds since an epoch of the caller's: changes from now on carry it, timers run from
    /// it. Time that goes back is kept as it is told.
    ///
    /// Yields the timers that have fired since, each once, as the event for [`advance`](Self::advance) that brings the
    /// trigger; those that are not asked for are yielded by a later call. An event that is refused, for a condition without an
    /// answer say, is the caller's to send again: its timer does not fire twice.
    pub const fn tick(&mut self, now: u32) -> Fired<'_> {
        self.now = now;
        Fired { shard: self }
    }

    /// The second at which the next timer fires: when to call [`tick`](Self::tick) again.
    pub fn next_deadline(&mut self) -> Option<u32> {
        loop {
            let Reverse(entry) = *self.timers.heap.peek()?;
            if self.entry_counts(&entry) {
                return Some(entry.second);
            }
            self.timers.heap.pop();
        }
    }

    fn entry_counts(&self, entry: &Entry) -> bool {
        let found = found(&self.slab, &self.programs, entry.case);
        found.is_some_and(|(line, row)| counts(&Items::new(line, row, self.programs.cells()), entry))
    }

    /// The event of an entry that has come up, if it still counts; it fires no more.
    fn fire(&mut self, entry: Entry) -> Option<Event> {
        if !self.entry_counts(&entry) {
            return None;
        }
        let (_, _, row) = self.line_of(entry.case)?;
        let (index, tasks, starts) = (entry.cell, row.tasks, row.starts);
        let cell = &self.programs.cells().tasks(row)[usize::from(index)];
        let line = self.slab.line_mut(entry.case.slot())?;
        line.set_record_bits(usize::from(cell.record), TIMER_BYTES, 0);
        let number = if index < tasks { index } else { index + starts };
        Some(Event::trigger(entry.case, number))
    }

    /// Puts the timers of a case that was read in on the heap.
    pub(crate) fn rearm(&mut self, case: CaseId) {
        let (slab, programs) = (&self.slab, &*self.programs);
        let Some((line, row)) = found(slab, programs, case).filter(|(_, row)| row.is_general) else { return };
        let cells = programs.cells();
        let items = Items::new(line, row, cells);
        for (index, cell) in cells.tasks(row).iter().enumerate().filter(|(_, cell)| cell.is_timer()) {
            let second = line.record_bits(usize::from(cell.record), TIMER_BYTES) as u32;
            let entry = Entry { second, cell: index as u16, case };
            if second != 0 && counts(&items, &entry) {
                self.timers.push(entry, slab, programs, cells);
            }
        }
    }
}
