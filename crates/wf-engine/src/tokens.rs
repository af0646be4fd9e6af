//! A line as scripts see it. A script is played on a copy, so that a step which does not fit has changed nothing.

use wf_net::guard;
use wf_net::image::{CounterOf, CubeCell, TASK_CALL, TASK_CHILDREN, TASK_INSTANCES, TaskCell, WORDS_MAX};
use wf_net::script::Tokens;

use crate::data::Data;
use crate::items::{Call, Called, Children, InstanceBits, Record};
use crate::line::{Line, Marking};
use crate::messages::Outbox;
use crate::programs::{Cells, Row};

/// A line, and what its program says of places.
pub(crate) struct OnLine<'l> {
    pub(crate) line: &'l mut Line,
    counter_of: &'l CounterOf,
    cells: &'l [TaskCell],
    cubes: &'l [CubeCell],
    tasks: usize,
    data: Option<&'l Data<'l>>,
    /// Messages that were sent.
    pub(crate) sent: Outbox,
    /// Places that were emptied.
    pub(crate) cleared: Marking,
}

impl<'l> OnLine<'l> {
    pub(crate) fn new(line: &'l mut Line, row: &Row, cells: Cells<'l>, data: Option<&'l Data<'l>>) -> Self {
        let tasks = usize::from(row.tasks);
        Self {
            line,
            counter_of: cells.counter_of(row),
            cells: cells.tasks(row),
            cubes: cells.cubes(row),
            tasks,
            data,
            sent: Outbox::EMPTY,
            cleared: [0; WORDS_MAX],
        }
    }
}

impl Tokens for OnLine<'_> {
    fn tokens(&self, place: u16) -> u8 {
        self.line.tokens(usize::from(place), self.counter_of)
    }

    fn add(&mut self, place: u16, count: u8) -> bool {
        self.line.add(usize::from(place), count, self.counter_of)
    }

    fn take(&mut self, place: u16, count: u8) {
        self.line.take(usize::from(place), count, self.counter_of);
    }

    fn clear(&mut self, place: u16) {
        let place = usize::from(place);
        self.cleared[place / 64] |= 1 << (place % 64);
        let count = self.line.tokens(place, self.counter_of);
        self.line.take(place, count, self.counter_of);
        if place < self.tasks {
            match self.cells[place].kind {
                TASK_INSTANCES => Record::of(&self.cells[place]).clear(self.line),
                TASK_CALL => Call::of(&self.cells[place]).write(self.line, Called::Due),
                TASK_CHILDREN => Children::default().write(self.line, &self.cells[place]),
                _ => {}
            }
        }
    }

    fn is_settled(&mut self, merge: u16, is_full: bool) -> bool {
        let marking = self.line.marking();
        let fits = |cube: &CubeCell| {
            cube.merge == u32::from(merge)
                && marking.iter().zip(cube.care).zip(cube.want).all(|((m, care), want)| m & care == want)
        };
        is_full || self.cubes.iter().any(fits)
    }

    fn create(&mut self, task: u16, count: u16) -> bool {
        let cell = &self.cells[usize::from(task)];
        if count > cell.most || !self.add(task, 1) {
            return false;
        }
        if cell.kind == TASK_CHILDREN {
            Children { created: count, ..Children::default() }.write(self.line, cell);
            return true;
        }
        let (record, count) = (Record::of(cell), count as u8);
        record.write(self.line, InstanceBits { open: low_bits(count), begun: 0 });
        record.set_created(self.line, count);
        record.set_done(self.line, 0);
        true
    }

    fn throw(&mut self, message: u16, count: u8) -> bool {
        self.sent.push(message, count)
    }

    fn holds(&mut self, guard: u16) -> Result<bool, guard::Fault> {
        self.data.map_or(Err(guard::Fault::NoValue), |data| data.guards.holds(guard, &data.variables))
    }

    fn is_enough(&mut self, guard: u16, tallies: [u16; 4]) -> Result<bool, guard::Fault> {
        let data = self.data.ok_or(guard::Fault::NoValue)?;
        data.guards.is_enough(guard, &data.variables, tallies)
    }

    fn count(&mut self, guard: u16) -> Result<u16, guard::Fault> {
        self.data.map_or(Err(guard::Fault::NoValue), |data| data.guards.count(guard, &data.variables))
    }
}

/// The lowest `count` bits, of 1 to 64.
fn low_bits(count: u8) -> u64 {
    u64::MAX >> (64 - u32::from(count).clamp(1, 64))
}
