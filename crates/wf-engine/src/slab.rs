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
    /// Values of the variables of each slot's case; taken when the first one gets a value.
    values: Option<AlignedBuf<[u64; VARIABLES_MAX]>>,
    free: u32,
    /// Slots below this have been used.
    fresh: u32,
    live: u32,
    /// With which generation a slot begins.
    first_generation: u32,
}

impl Slab {
    pub(crate) fn new(cases_max: usize) -> Result<Self, EngineError> {
        if cases_max == 0 || cases_max > SLOTS_MAX {
            return Err(EngineError::Cases { asked: cases_max, cases_max: SLOTS_MAX });
        }
        let mut rows = zeroed(cases_max)?;
        // Page faults belong to start-up, not to the first case of each page.
        rows.prefault();
        Ok(Self { rows, values: None, free: NO_SLOT, fresh: 0, live: 0, first_generation: 0 })
    }

    /// Takes the memory for values, and touches it.
    pub(crate) fn reserve_values(&mut self) -> Result<(), EngineError> {
        if self.values.is_none() {
            self.values = Some(zeroed(self.rows.len())?);
        }
        self.values.iter_mut().for_each(AlignedBuf::prefault);
        Ok(())
    }

    /// The variables of the case in a slot.
    pub(crate) fn variables(&self, slot: u32) -> Variables {
        match (self.values.as_ref().and_then(|values| values.get(slot as usize)), self.line(slot)) {
            (Some(values), Some(line)) => Variables::from_parts(*values, line.kinds()),
            _ => Variables::EMPTY,
        }
    }

    /// Gives the case in a slot its variables; `false`, with nothing changed, if the system has no memory for values.
    #[must_use]
    pub(crate) fn set_variables(&mut self, slot: u32, variables: &Variables) -> bool {
        let (values, kinds) = variables.parts();
        if self.values.is_none() && kinds != 0 {
            let Ok(taken) = zeroed(self.rows.len()) else { return false };
            self.values = Some(taken);
        }
        if let Some(own) = self.values.as_mut().and_then(|all| all.get_mut(slot as usize)) {
            *own = values;
        }
        if let Some(line) = self.line_mut(slot) {
            line.set_kinds(kinds);
        }
        true
    }

    /// The line of a slot; `None` if no case has had it, for it says nothing then.
    pub(crate) fn line(&self, slot: u32) -> Option<&Line> {
        self.rows().get(slot as usize).map(|row| transmute_ref!(row))
    }

    /// As [`line`](Self::line).
    pub(crate) fn line_mut(&mut self, slot: u32) -> Option<&mut Line> {
        let used = self.fresh as usize;
        self.rows[..used].get_mut(slot as usize).map(|row| transmute_mut!(row))
    }

    /// Lets slots begin with a later generation than the first: those before were another slab's of the same shard number.
    pub(crate) const fn begin_at(&mut self, generation: u32) {
        self.first_generation = generation;
    }

    /// The first generation that no case of any slot has had; `None` if a slot is used up.
    pub(crate) fn first_unused(&self) -> Option<u32> {
        let mut used = (0..self.fresh).map(|slot| self.line(slot).and_then(Line::next_generation));
        used.try_fold(self.first_generation, |most, next| Some(most.max(next?)))
    }

    /// The lines of all slots that a case has had.
    pub(crate) fn lines_mut(&mut self) -> &mut [Line] {
        let used = self.fresh as usize;
        <[Line]>::mut_from_bytes(self.rows[..used].as_mut_bytes())
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
            let (slot, first) = (self.fresh, self.first_generation);
            self.fresh += 1;
            if let Some(line) = self.line_mut(slot) {
                line.begin_at(first);
            }
            slot
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
        (self.rows.len() + self.values.as_ref().map_or(0, |values| values.len())) * 64
    }

    pub(crate) fn capacity(&self) -> usize {
        self.rows.len()
    }
}

/// A row of 64 bytes for each slot.
fn zeroed(cases_max: usize) -> Result<AlignedBuf<[u64; 8]>, EngineError> {
    let boundary = if cases_max * 64 >= 2 << 20 { Boundary::Huge } else { Boundary::Page };
    AlignedBuf::zeroed(cases_max, boundary).map_err(|_| EngineError::Memory { bytes: cases_max as u64 * 64 })
}
