//! The lines of a shard, and the list of those that are free.

use wf_aligned::{AlignedBuf, Boundary, prefetch_write};
use zerocopy::{FromBytes, IntoBytes, transmute_mut, transmute_ref};

use wf_net::guard::Variables;
use wf_net::image::VARIABLES_MAX;

use crate::case::SLOTS_MAX;
use crate::error::EngineError;
use crate::line::{Line, NO_SLOT};

/// The slots, and one, of the instances behind and before one: see [`NEXT`] and [`BEFORE`].
type Siblings = [u32; 2];
const NEXT: usize = 0;
const BEFORE: usize = 1;

/// A fixed number of lines; ended cases' slots are used again last in, first out, so that they are still cached.
#[derive(Debug)]
pub(crate) struct Slab {
    rows: AlignedBuf<[u64; 8]>,
    /// Values of the variables of each slot's case; taken when the first one gets a value.
    values: Option<AlignedBuf<[u64; VARIABLES_MAX]>>,
    /// Where each slot's case stands among the instances of its caller's task; taken where programs have such.
    siblings: Option<AlignedBuf<Siblings>>,
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
        Ok(Self { rows, values: None, siblings: None, free: NO_SLOT, fresh: 0, live: 0, first_generation: 0 })
    }

    /// Takes the memory for values, and touches it.
    pub(crate) fn reserve_values(&mut self) -> Result<(), EngineError> {
        if self.values.is_none() {
            self.values = Some(zeroed(self.rows.len())?);
        }
        self.values.iter_mut().for_each(AlignedBuf::prefault);
        Ok(())
    }

    /// The slot of the case whose variables those of the case in a slot are.
    fn owner(&self, mut slot: u32) -> u32 {
        while let Some(whole) = self.line(slot).and_then(Line::whole) {
            slot = whole;
        }
        slot
    }

    /// The variables of the case in a slot, or of the one that it is a part of.
    pub(crate) fn variables(&self, slot: u32) -> Variables {
        self.own_variables(self.owner(slot))
    }

    /// The variables of the case in a slot; none of one that is a part of another.
    pub(crate) fn own_variables(&self, slot: u32) -> Variables {
        match (self.values.as_ref().and_then(|values| values.get(slot as usize)), self.line(slot)) {
            (Some(values), Some(line)) => Variables::from_parts(*values, line.kinds()),
            _ => Variables::EMPTY,
        }
    }

    /// Gives the case in a slot its variables; `false`, with nothing changed, if the system has no memory for values.
    #[must_use]
    pub(crate) fn set_variables(&mut self, slot: u32, variables: &Variables) -> bool {
        let slot = self.owner(slot);
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

    /// Takes the memory for [siblings](Self::next_sibling), and touches it.
    pub(crate) fn reserve_siblings(&mut self) -> Result<(), EngineError> {
        self.siblings.insert(zeroed(self.rows.len())?).prefault();
        Ok(())
    }

    /// The slot of the instance behind the one in this slot.
    pub(crate) fn next_sibling(&self, slot: u32) -> Option<u32> {
        self.siblings.as_ref()?.get(slot as usize)?[NEXT].checked_sub(1)
    }

    /// Puts an instance before another, which is the first of its list, or alone.
    pub(crate) fn put_before(&mut self, slot: u32, first: Option<u32>) {
        self.set_sibling(slot, BEFORE, None);
        self.set_sibling(slot, NEXT, first);
        if let Some(first) = first {
            self.set_sibling(first, BEFORE, Some(slot));
        }
    }

    /// Puts a list behind its last instance.
    pub(crate) fn put_behind(&mut self, last: u32, first: Option<u32>) {
        self.set_sibling(last, NEXT, first);
        if let Some(first) = first {
            self.set_sibling(first, BEFORE, Some(last));
        }
    }

    /// Takes an instance out of its list; returns the first one of those that are left, if this was it.
    pub(crate) fn take_out(&mut self, slot: u32) -> Option<Option<u32>> {
        let [next, before] = *self.siblings.as_ref()?.get(slot as usize)?;
        let (next, before) = (next.checked_sub(1), before.checked_sub(1));
        if let Some(next) = next {
            self.set_sibling(next, BEFORE, before);
        }
        match before {
            Some(before) => {
                self.set_sibling(before, NEXT, next);
                None
            }
            None => Some(next),
        }
    }

    fn set_sibling(&mut self, slot: u32, which: usize, sibling: Option<u32>) {
        if let Some(own) = self.siblings.as_mut().and_then(|all| all.get_mut(slot as usize)) {
            own[which] = sibling.map_or(0, |slot| slot + 1);
        }
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
        let siblings = self.siblings.as_ref().map_or(0, |siblings| size_of_val(&**siblings));
        (self.rows.len() + self.values.as_ref().map_or(0, |values| values.len())) * 64 + siblings
    }

    pub(crate) fn capacity(&self) -> usize {
        self.rows.len()
    }
}

/// A zeroed element for each slot.
fn zeroed<T: wf_aligned::Zeroable>(cases_max: usize) -> Result<AlignedBuf<T>, EngineError> {
    let bytes = cases_max * size_of::<T>();
    let boundary = if bytes >= 2 << 20 { Boundary::Huge } else { Boundary::Page };
    AlignedBuf::zeroed(cases_max, boundary).map_err(|_| EngineError::Memory { bytes: bytes as u64 })
}
