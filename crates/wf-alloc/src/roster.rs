//! All counter slots of the process, found again without a lock.

use core::alloc::{GlobalAlloc, Layout};
use core::ptr;
use std::alloc::System;
use std::sync::atomic::{AtomicPtr, AtomicU32, Ordering};

use crate::free_list::FreeList;
use crate::slot::Slot;

const FIRST: u32 = 32;
const BLOCKS: usize = 26;

/// An append-only table of slots: 32 in the program's own data, then blocks of 32, 64, 128 and so on.
///
/// Blocks come from the system allocator, past any counting, and are never returned: their size follows the largest
/// number of threads that ever lived at once, not the number of threads that ever lived.
#[derive(Debug)]
pub(crate) struct Roster {
    first: [Slot; FIRST as usize],
    /// Invariant: block `k` is null or points at `FIRST << k` zero-initialised slots that live for ever.
    blocks: [AtomicPtr<Slot>; BLOCKS],
    /// Slots handed out at least once. Invariant: the block of every index below it is in place.
    len: AtomicU32,
    free: FreeList,
}

/// Where slot `index` lies: `None` for the first block, else block and place in it.
fn place(index: u32) -> Option<(usize, usize)> {
    let block = (index / FIRST).checked_ilog2()?;
    Some((block as usize, (index - (FIRST << block)) as usize))
}

fn block_layout(block: usize) -> Option<Layout> {
    // `block < BLOCKS`, so the count is at most 2^30; on a 32-bit machine the product with 128 can overflow, and
    // `Layout::array` says so.
    Layout::array::<Slot>((FIRST as usize) << block).ok()
}

impl Roster {
    pub(crate) const fn new() -> Self {
        Roster {
            first: [const { Slot::new() }; FIRST as usize],
            blocks: [const { AtomicPtr::new(ptr::null_mut()) }; BLOCKS],
            len: AtomicU32::new(0),
            free: FreeList::new(),
        }
    }

    /// Takes a slot for the calling thread, with its index; `None` when memory for more slots cannot be had.
    pub(crate) fn acquire(&'static self) -> Option<(u32, &'static Slot)> {
        if let Some(index) = self.free.pop(|index| &self.slot(index).next_free) {
            return Some((index, self.slot(index)));
        }
        let mut len = self.len.load(Ordering::Relaxed);
        loop {
            if let Some((block, _)) = place(len) {
                self.ensure(block)?;
            }
            match self.len.compare_exchange_weak(len, len + 1, Ordering::Release, Ordering::Relaxed) {
                Ok(_) => return Some((len, self.slot(len))),
                Err(seen) => len = seen,
            }
        }
    }

    /// Gives a slot back. The caller stores to it no more.
    pub(crate) fn release(&'static self, index: u32) {
        self.free.push(index, &self.slot(index).next_free);
    }

    /// Visits every slot that was ever handed out.
    pub(crate) fn for_each(&'static self, mut visit: impl FnMut(&Slot)) {
        for index in 0..self.len.load(Ordering::Acquire) {
            visit(self.slot(index));
        }
    }

    /// Number of slots that were ever handed out: the largest number of counted threads alive at once.
    #[cfg(test)]
    pub(crate) fn len(&self) -> u32 {
        self.len.load(Ordering::Acquire)
    }

    fn slot(&'static self, index: u32) -> &'static Slot {
        let Some((block, offset)) = place(index) else { return &self.first[index as usize] };
        let base = self.blocks[block].load(Ordering::Acquire);
        debug_assert!(!base.is_null());
        // SAFETY: `index` was handed out or is about to be, so by the invariant of `len` its block is in place and
        // has `FIRST << block` slots; `place` keeps `offset` below that.
        let slot = unsafe { base.add(offset) };
        // SAFETY: the slot is initialised (zeroed, which is a valid `Slot` of atomics), lives for ever, and is only
        // ever accessed through shared references.
        unsafe { &*slot }
    }

    fn ensure(&self, block: usize) -> Option<()> {
        let place = self.blocks.get(block)?;
        if !place.load(Ordering::Acquire).is_null() {
            return Some(());
        }
        let layout = block_layout(block)?;
        // SAFETY: the layout has a size: at least 32 slots of 128 bytes.
        let fresh = unsafe { System.alloc_zeroed(layout) }.cast::<Slot>();
        if fresh.is_null() {
            return None;
        }
        if place.compare_exchange(ptr::null_mut(), fresh, Ordering::AcqRel, Ordering::Acquire).is_err() {
            // SAFETY: `fresh` came from `System` with this layout, and as the exchange failed nobody else saw it.
            unsafe { System.dealloc(fresh.cast(), layout) };
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::slot::add;
    use std::collections::HashSet;

    #[test]
    fn indices_fall_into_their_blocks_without_gaps() {
        let mut expected = None;
        let mut offset = 0;
        for index in 0..5_000_u32 {
            let here = place(index);
            match here {
                None => assert!(index < FIRST),
                Some((block, at)) => {
                    if Some(block) != expected {
                        expected = Some(block);
                        offset = 0;
                    }
                    assert_eq!(at, offset, "index {index}");
                    assert!(at < (FIRST as usize) << block);
                    offset += 1;
                }
            }
        }
    }

    #[test]
    fn slots_are_distinct_and_reused_with_their_counts() {
        static ROSTER: Roster = Roster::new();
        let taken: Vec<_> = (0..200).map(|_| ROSTER.acquire().unwrap()).collect();
        let addresses: HashSet<_> = taken.iter().map(|(_, slot)| ptr::from_ref(*slot)).collect();
        assert_eq!(addresses.len(), 200);
        for (index, slot) in &taken {
            add(&slot.allocs, u64::from(*index) + 1);
            ROSTER.release(*index);
        }
        for _ in 0..200 {
            let (index, slot) = ROSTER.acquire().unwrap();
            assert_eq!(slot.allocs.load(Ordering::Relaxed), u64::from(index) + 1);
        }
        assert_eq!(ROSTER.len(), 200, "released slots are taken before new ones");
        let mut sum = 0;
        ROSTER.for_each(|slot| sum += slot.allocs.load(Ordering::Relaxed));
        assert_eq!(sum, 200 * 201 / 2);
    }
}
