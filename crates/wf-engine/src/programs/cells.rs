//! What stands in the cells of a store, seen as what it is.

use wf_net::guard::Guards;
use wf_net::image::{
    CELL_BYTES, COUNTER_CELLS, ConstantCell, CounterOf, CubeCell, HEADER_CELLS, NO_COUNTERS, Op1, Op2,
    OpMeta, TASKS_MAX, TaskCell,
};
use zerocopy::{FromBytes, IntoBytes, transmute_ref};

use super::Row;
use crate::plain::Form;

/// The tasks of a program whose tasks are tokens and no more: what all of them have in common does not stand in its image.
static PLAIN_TASKS: [TaskCell; TASKS_MAX] = [TaskCell::PLAIN; TASKS_MAX];

/// The store's cells, seen as what the images in them hold.
#[derive(Clone, Copy)]
pub(crate) struct Cells<'p> {
    pub(super) cells: &'p [[u64; 8]],
}

impl<'p> Cells<'p> {
    /// The cell of the op that stands for an outcome of a route; also the place of its count.
    pub(crate) fn op(&self, row: &Row, route: u16, outcome: u8) -> usize {
        self.own_op(row, route, outcome).unwrap_or_else(|| row.place(route, 0))
    }

    /// The cells of all ops of a route.
    pub(crate) fn ops(&self, row: &Row, route: u16) -> impl Iterator<Item = usize> {
        let outcomes = 0..=((1u16 << row.shift) - 1) as u8;
        outcomes.filter_map(move |outcome| self.own_op(row, route, outcome))
    }

    fn own_op(&self, row: &Row, route: u16, outcome: u8) -> Option<usize> {
        let at = row.place(route, outcome);
        // As when the image was checked, which found that it does not pass for an op if it is none.
        self.meta(row, at).is_of(route, outcome, route < row.tasks).then_some(at)
    }

    /// What an op is about, by its cell.
    pub(crate) fn meta(&self, row: &Row, at: usize) -> &'p OpMeta {
        match row.form {
            Form::Two => {
                let pair: &'p [[u64; 8]; 2] =
                    self.cells[at..].first_chunk().unwrap_or_else(|| unreachable!("checked image"));
                let op: &'p Op2 = transmute_ref!(pair);
                &op.meta
            }
            // At the same place in both one-word forms.
            _ => {
                let op: &'p Op1 = transmute_ref!(&self.cells[at]);
                &op.meta
            }
        }
    }

    pub(crate) const fn all(&self) -> &'p [[u64; 8]] {
        self.cells
    }

    /// What is kept of the tasks and interrupts of a program.
    pub(crate) fn tasks(&self, row: &Row) -> &'p [TaskCell] {
        if row.is_tokens {
            return &PLAIN_TASKS[..usize::from(row.tasks)];
        }
        self.of(row.task_cells, usize::from(row.tasks) + usize::from(row.interrupts))
    }

    pub(crate) fn cubes(&self, row: &Row) -> &'p [CubeCell] {
        self.of(row.cubes, row.cube_count)
    }

    /// The conditions of a program.
    pub(crate) fn guards(&self, row: &Row) -> Guards<'p> {
        let constants = row.constant_count.div_ceil(CELL_BYTES / size_of::<ConstantCell>());
        let constants = self.cells[row.constants..row.constants + constants].as_bytes();
        let constants = <[ConstantCell]>::ref_from_bytes(constants)
            .unwrap_or_else(|_| unreachable!("whole constants on their boundary"));
        Guards::new(&self.codes()[row.guards..row.guards + row.guard_codes], constants)
    }

    fn of<T: FromBytes + zerocopy::Immutable + zerocopy::KnownLayout>(
        &self,
        at: usize,
        count: usize,
    ) -> &'p [T] {
        let bytes = self.cells[at..at + count].as_bytes();
        <[T]>::ref_from_bytes(bytes).unwrap_or_else(|_| unreachable!("whole cells on their boundary"))
    }

    pub(crate) fn codes(&self) -> &'p [u16] {
        <[u16]>::ref_from_bytes(self.cells.as_bytes())
            .unwrap_or_else(|_| unreachable!("words are pairs of codes"))
    }

    pub(crate) fn counter_of(&self, row: &Row) -> &'p CounterOf {
        if row.counters == 0 {
            return &NO_COUNTERS;
        }
        let pair: &'p [[u64; 8]; COUNTER_CELLS] = self.cells[row.header + HEADER_CELLS..]
            .first_chunk()
            .unwrap_or_else(|| unreachable!("checked image"));
        transmute_ref!(pair)
    }
}
