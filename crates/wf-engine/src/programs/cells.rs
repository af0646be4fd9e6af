//! What stands in the cells of a store, seen as what it is.

use wf_net::guard::Guards;
use wf_net::image::{CELL_BYTES, ConstantCell, CubeCell, Header, Op1, Op2, OpMeta, PLACES_MAX, TaskCell};
use zerocopy::{FromBytes, IntoBytes, transmute_ref};

use super::Row;
use crate::line::CounterOf;
use crate::plain::Form;

/// The store's cells, seen as what the images in them hold.
#[derive(Clone, Copy)]
pub(crate) struct Cells<'p> {
    pub(super) cells: &'p [[u64; 8]],
}

impl<'p> Cells<'p> {
    /// What an op is about, by its number among the program's.
    pub(crate) fn meta(&self, row: &Row, index: usize) -> &'p OpMeta {
        let at = row.cell(index);
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
        const { assert!(core::mem::offset_of!(Header, counter_of) == 128 && PLACES_MAX == 128) };
        let pair: &'p [[u64; 8]; 2] =
            self.cells[row.header + 2..].first_chunk().unwrap_or_else(|| unreachable!("checked image"));
        transmute_ref!(pair)
    }
}
