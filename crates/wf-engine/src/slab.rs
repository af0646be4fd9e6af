//! The lines of a shard, and the list of those that are free.

use wf_aligned::{AlignedBuf, Boundary, prefetch_write};
use zerocopy::{FromBytes, IntoBytes, transmute_mut, transmute_ref};

use wf_net::guard::Variables;
use wf_net::image::VARIABLES_MAX;

use crate::case::SLOTS_MAX;
use crate::error::EngineError;
use crate::line::{Line, NO_SLOT};

/// A fixed number of lines; ended cases' slots are used again last in, first out, so that they are still cached.
#[derive(Debug)]
pub(crate) struct Slab {
    rows: AlignedBuf<[u64; 8]>,
    /// Values of the variables of each slot's case; empty where no program has variables.
    values: AlignedBuf<[u64; VARIABLES_MAX]>,
    free: u32,
    /// Slots below this have been used.
    fresh: u32,
    live: u32,
}

impl Slab {
    pub(crate) fn new(cases_max: usize, has_variables: bool) -> Result<Self, EngineError> {
        if cases_max == 0 || cases_max > SLOTS_MAX {
            return Err(EngineError::Cases { asked: cases_max, cases_max: SLOTS_MAX });
        }
        let boundary = if cases_max * 64 >= 2 << 20 { Boundary::Huge } else { Boundary::Page };
        let buffer = |count: usize| {
            let mut rows = AlignedBuf::<[u64; 8]>::zeroed(count, boundary)
                .map_err(|_| EngineError::Memory { bytes: count as u64 * 64 })?;
            // Page faults belong to start-up, not to the first case of each page.
            rows.prefault();
            Ok::<_, EngineError>(rows)
        };
        let (rows, values) = (buffer(cases_max)?, buffer(if has_variables { cases_max } else { 0 })?);
        Ok(Self { rows, values, free: NO_SLOT, fresh: 0, live: 0 })
    }

    /// The variables of the case in a slot.
    pub(crate) fn variables(&self, slot: u32) -> Variables {
        match (self.values.get(slot as usize), self.line(slot)) {
            (Some(values), Some(line)) => Variables::from_parts(*values, line.kinds()),
            _ => Variables::EMPTY,
        }
    }

    pub(crate) fn set_variables(&mut self, slot: u32, variables: &Variables) {
        let (values, kinds) = variables.parts();
        if let Some(own) = self.values.get_mut(slot as usize) {
            *own = values;
        }
        if let Some(line) = self.line_mut(slot) {
            line.set_kinds(kinds);
        }
    }

    pub(crate) fn line(&self, slot: u32) -> Option<&Line> {
        self.rows.get(slot as usize).map(|row| transmute_ref!(row))
    }

    pub(crate) fn line_mut(&mut self, slot: u32) -> Option<&mut Line> {
        self.rows.get_mut(slot as usize).map(|row| transmute_mut!(row))
    }

    /// All lines, used or not.
    pub(crate) fn lines_mut(&mut self) -> &mut [Line] {
        <[Line]>::mut_from_bytes(self.rows.as_mut_bytes())
            .unwrap_or_else(|_| unreachable!("whole lines on their boundary"))
    }

    pub(crate) fn rows(&self) -> &[[u64; 8]] {
        &self.rows[..self.fresh as usize]
    }

    pub(crate) fn prefetch(&self, slot: u32) {
        prefetch_write(&self.rows, slot as usize);
    }

    /// A free slot, taken off the list.
    pub(crate) fn take_free(&mut self) -> Option<u32> {
        let slot = if self.free == NO_SLOT {
            if self.fresh as usize == self.rows.len() {
                return None;
            }
            self.fresh += 1;
            self.fresh - 1
        } else {
            self.free
        };
        if slot == self.free {
            self.free = self.line(slot).map_or(NO_SLOT, Line::link);
        }
        self.live += 1;
        Some(slot)
    }

    /// Ends the case in a slot and puts the slot on the list, unless its generations are used up.
    pub(crate) fn release(&mut self, slot: u32) {
        let free = self.free;
        let Some(line) = self.line_mut(slot) else { return };
        if line.vacate(free) {
            self.free = slot;
        }
        self.live -= 1;
    }

    pub(crate) const fn live(&self) -> usize {
        self.live as usize
    }

    pub(crate) fn bytes(&self) -> usize {
        (self.rows.len() + self.values.len()) * 64
    }

    pub(crate) fn capacity(&self) -> usize {
        self.rows.len()
    }
}
