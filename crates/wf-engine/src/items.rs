//! The work items that a line holds: what waits, what runs, and how an event names it.

use wf_net::image::{
    CHILDREN_MAX, CounterOf, INSTANCES_SEQUENTIAL, NO_COUNTER, TASK_CALL, TASK_CHILDREN, TASK_INSTANCES,
    TASK_PERSISTENT, TASK_TRANSIENT, TaskCell,
};

use crate::line::Line;
use crate::programs::{Cells, Row};
use crate::{CaseId, Event};

/// A line and what its program says of tasks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Items<'l> {
    pub(crate) line: &'l Line,
    pub(crate) counter_of: &'l CounterOf,
    /// None where a task with a token that is not begun can always begin.
    pub(crate) cells: Option<&'l [TaskCell]>,
    pub(crate) tasks: usize,
}

/// The instances of a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct InstanceBits {
    /// Not complete.
    pub(crate) open: u64,
    /// Of these, begun.
    pub(crate) begun: u64,
}

impl InstanceBits {
    pub(crate) const fn waiting(self) -> u64 {
        self.open & !self.begun
    }

    /// Of instances one after another, the one whose turn it is.
    pub(crate) fn in_turn(self, cell: &TaskCell) -> Self {
        if cell.flags & INSTANCES_SEQUENTIAL == 0 {
            return self;
        }
        let turn = self.open & self.open.wrapping_neg();
        Self { open: turn, begun: self.begun & turn }
    }
}

impl<'l> Items<'l> {
    #[inline]
    pub(crate) fn new(line: &'l Line, row: &Row, cells: Cells<'l>) -> Self {
        let task_cells = row.is_general.then(|| cells.tasks(row));
        Self { line, counter_of: cells.counter_of(row), cells: task_cells, tasks: usize::from(row.tasks) }
    }

    pub(crate) fn tokens(&self, place: usize) -> u8 {
        self.line.tokens(place, self.counter_of)
    }

    pub(crate) fn running(&self, task: usize) -> u8 {
        self.tokens(self.tasks + task)
    }

    /// Whether nothing outside the task keeps it from beginning.
    pub(crate) fn is_free(&self, task: usize) -> bool {
        let Some(cells) = self.cells else { return true };
        let (cell, marking) = (&cells[task], self.line.marking());
        (0..marking.len()).all(|w| cell.need[w] & !marking[w] == 0 && cell.deny[w] & marking[w] == 0)
    }

    /// Work items that can begin or be triggered; not of instances, and of a call only once it has
    /// [returned](Called::Returned), of instances that are cases once they [ask](Children::asks).
    pub(crate) fn waiting(&self, task: usize) -> u8 {
        if let Some(cell) = self.cells.map(|cells| &cells[task]) {
            match cell.kind {
                TASK_INSTANCES => return 0,
                TASK_CALL if self.tokens(task) == 0 => return 0,
                TASK_CALL => return u8::from(Call::of(cell).read(self.line) == Called::Returned),
                TASK_CHILDREN => {
                    return u8::from(self.tokens(task) > 0 && Children::read(self.line, cell).asks);
                }
                _ if !self.is_free(task) => return 0,
                _ => {}
            }
        }
        self.tokens(task).saturating_sub(self.running(task))
    }

    /// The instances of a task that has such, and whose turn it is.
    pub(crate) fn instances(&self, task: usize) -> Option<InstanceBits> {
        let cell = self.cells.map(|cells| &cells[task]).filter(|cell| cell.kind == TASK_INSTANCES)?;
        Some(Record::of(cell).read(self.line).in_turn(cell))
    }

    /// The event that would complete, or trigger, a work item.
    pub(crate) fn event(&self, case: CaseId, task: usize) -> Event {
        match self.cells.map(|cells| cells[task].kind) {
            Some(TASK_TRANSIENT | TASK_PERSISTENT) => Event::trigger(case, task as u16),
            _ => Event::complete(case, task as u16),
        }
    }

    /// Whether something can still happen to the case: a work item, a call that runs, an interrupt.
    pub(crate) fn is_alive(&self, enabled: u64) -> bool {
        let cells = self.cells.unwrap_or_default();
        let of_task = |task: usize| match cells.get(task).map(|cell| cell.kind) {
            Some(TASK_INSTANCES) => self.instances(task).is_some_and(|bits| bits.open != 0),
            Some(TASK_CALL) => Call::of(&cells[task]).read(self.line) != Called::Stuck,
            Some(TASK_CHILDREN) => Children::read(self.line, &cells[task]).is_alive(),
            _ => self.waiting(task) > 0 || self.running(task) > 0,
        };
        let marking = self.line.marking();
        let interrupts = cells.get(self.tasks..).unwrap_or_default();
        crate::advance::bits(marking[0] & enabled).any(of_task)
            || interrupts.iter().any(|cell| (0..marking.len()).any(|w| cell.need[w] & marking[w] != 0))
    }
}

/// Where the record of a task's instances stands: open ones, begun ones, how many were created, how many are done.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Record {
    at: usize,
    bytes: usize,
}

impl Record {
    pub(crate) fn of(cell: &TaskCell) -> Self {
        Self { at: usize::from(cell.record), bytes: usize::from(cell.most).div_ceil(8) }
    }

    pub(crate) fn read(self, line: &Line) -> InstanceBits {
        InstanceBits {
            open: line.record_bits(self.at, self.bytes),
            begun: line.record_bits(self.at + self.bytes, self.bytes),
        }
    }

    pub(crate) fn write(self, line: &mut Line, bits: InstanceBits) {
        line.set_record_bits(self.at, self.bytes, bits.open);
        line.set_record_bits(self.at + self.bytes, self.bytes, bits.begun);
    }

    pub(crate) fn created(self, line: &Line) -> u8 {
        line.record_bits(self.at + 2 * self.bytes, 1) as u8
    }

    pub(crate) fn set_created(self, line: &mut Line, count: u8) {
        line.set_record_bits(self.at + 2 * self.bytes, 1, u64::from(count));
    }

    pub(crate) fn done(self, line: &Line) -> u8 {
        line.record_bits(self.at + 2 * self.bytes + 1, 1) as u8
    }

    pub(crate) fn set_done(self, line: &mut Line, count: u8) {
        line.set_record_bits(self.at + 2 * self.bytes + 1, 1, u64::from(count));
    }

    pub(crate) fn clear(self, line: &mut Line) {
        self.write(line, InstanceBits { open: 0, begun: 0 });
        self.set_created(line, 0);
        self.set_done(line, 0);
    }
}

/// The record of instances that are cases of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(crate) struct Children {
    /// The slot of the first of those that live, or that have ended and not been seen to; the others are its siblings.
    pub(crate) first: Option<u32>,
    /// How many there are to be.
    pub(crate) created: u16,
    /// How many have begun.
    pub(crate) begun: u16,
    /// How many have ended well.
    pub(crate) done: u16,
    /// Whether a completion of the task has to say how it goes on: behind it something is decided that data does not, or a
    /// step was refused.
    pub(crate) asks: bool,
}

/// [`Children::asks`] beside the number of those created.
const ASKS: u16 = 1 << 15;

const _: () = assert!(CHILDREN_MAX < ASKS);

impl Children {
    pub(crate) fn read(line: &Line, cell: &TaskCell) -> Self {
        let number = |at: usize| line.record_bits(usize::from(cell.record) + at, 2) as u16;
        let first = line.record_bits(usize::from(cell.record), 4) as u32;
        Self {
            first: first.checked_sub(1),
            created: number(4) & !ASKS,
            begun: number(6),
            done: number(8),
            asks: number(4) & ASKS != 0,
        }
    }

    pub(crate) fn write(self, line: &mut Line, cell: &TaskCell) {
        let at = usize::from(cell.record);
        let asks = if self.asks { ASKS } else { 0 };
        line.set_record_bits(at, 4, u64::from(self.first.map_or(0, |slot| slot + 1)));
        let numbers = [self.created | asks, self.begun, self.done];
        for (number, at) in numbers.into_iter().zip([at + 4, at + 6, at + 8]) {
            line.set_record_bits(at, 2, u64::from(number));
        }
    }

    /// Whether something can still happen to the task.
    pub(crate) const fn is_alive(self) -> bool {
        self.first.is_some() || self.asks
    }

    /// How many are to begin now.
    pub(crate) fn due(self, cell: &TaskCell) -> u16 {
        let left = self.created.saturating_sub(self.begun);
        if cell.flags & INSTANCES_SEQUENTIAL == 0 {
            return left;
        }
        // One that did not end well is followed by none.
        let is_next = !self.asks && self.first.is_none() && self.begun == self.done;
        left.min(u16::from(is_next))
    }
}

/// Where the record of a call stands: the slot of the case that it runs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Call {
    at: usize,
}

/// State of a call that has a token; one without has an empty record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Called {
    /// The case is not started yet.
    Due,
    /// The case in this slot runs.
    Runs(u32),
    /// The case has ended well, and behind the call something is decided that only a completion of the call can say, or a
    /// condition had no answer: complete the call.
    Returned,
    /// The case did not end well: the token stays for ever.
    Stuck,
}

/// More than the number of any slot and one.
const RETURNED: u32 = u32::MAX - 1;

const _: () = assert!(crate::case::SLOTS_MAX < RETURNED as usize);

impl Call {
    pub(crate) fn of(cell: &TaskCell) -> Self {
        Self { at: usize::from(cell.record) }
    }

    pub(crate) fn read(self, line: &Line) -> Called {
        match line.record_bits(self.at, 4) as u32 {
            0 => Called::Due,
            u32::MAX => Called::Stuck,
            RETURNED => Called::Returned,
            slot => Called::Runs(slot - 1),
        }
    }

    pub(crate) fn write(self, line: &mut Line, called: Called) {
        let value = match called {
            Called::Due => 0,
            Called::Stuck => u32::MAX,
            Called::Returned => RETURNED,
            Called::Runs(slot) => slot + 1,
        };
        line.set_record_bits(self.at, 4, u64::from(value));
    }
}

/// A place named by a byte of an image.
pub(crate) fn place(byte: u8) -> Option<usize> {
    (byte != NO_COUNTER).then_some(usize::from(byte))
}
