//! One thread's counters: written by that thread alone, read by anyone.

use crate::counts::Counts;
use crate::sync::{
    AtomicI64, AtomicU32, AtomicU64,
    Ordering::{Acquire, Relaxed, Release},
};

/// How far a thread's live bytes may move before the process-wide estimate hears of it.
pub(crate) const PUBLISH_BYTES: i64 = 64 * 1024;

/// One thread's counters.
///
/// Invariant: at any moment at most one thread, the owner, stores to the counters; a hand-over to the next owner
/// goes through an acquire/release pair ([`FreeList`](crate::free_list::FreeList)). Therefore a relaxed load and a
/// relaxed store make an exact increment without a lock prefix.
///
/// Counters only grow, over all owners the slot ever had: what a finished thread did stays in the sum over slots,
/// and a thread's own figures are differences from what it found.
///
/// Two cache lines: neighbours share none, and neither do the adjacent-line prefetcher's pairs.
#[derive(Debug)]
#[repr(C, align(128))]
pub(crate) struct Slot {
    pub(crate) allocs: AtomicU64,
    pub(crate) bytes_allocated: AtomicU64,
    /// Bytes handed out less bytes given back: what was given back follows, and need not be counted as well.
    pub(crate) live: AtomicI64,
    pub(crate) deallocs: AtomicU64,
    /// Live bytes above which an allocation has more to do: a new peak, a publication, an armed guard.
    pub(crate) rise: AtomicI64,
    /// Live bytes below which a deallocation has more to do.
    pub(crate) fall: AtomicI64,
    pub(crate) reallocs: AtomicU64,
    pub(crate) zeroed: AtomicU64,
    pub(crate) failed: AtomicU64,
    /// Highest live bytes since the innermost open scope began.
    pub(crate) peak: AtomicI64,
    /// Live bytes as last added to the process-wide estimate.
    pub(crate) published: AtomicI64,
    /// Link in the free list while no thread owns the slot.
    pub(crate) next_free: AtomicU32,
}

#[cfg(not(loom))]
const _: () = assert!(size_of::<Slot>() == 128);

/// Adds to a counter that only the calling thread writes; returns the new value.
#[inline]
pub(crate) fn add(counter: &AtomicU64, n: u64) -> u64 {
    let sum = counter.load(Relaxed).wrapping_add(n);
    counter.store(sum, Relaxed);
    sum
}

/// Moves the live bytes of a slot that only the calling thread writes; returns the new value.
#[inline]
pub(crate) fn move_live(live: &AtomicI64, change: i64) -> i64 {
    let moved = live.load(Relaxed).wrapping_add(change);
    // Released after `bytes_allocated`, and read before it: a reader then never sees more alive than was handed out.
    live.store(moved, Release);
    moved
}

impl Slot {
    #[cfg(not(loom))]
    pub(crate) const fn new() -> Self {
        Slot {
            allocs: AtomicU64::new(0),
            bytes_allocated: AtomicU64::new(0),
            live: AtomicI64::new(0),
            deallocs: AtomicU64::new(0),
            rise: AtomicI64::new(0),
            fall: AtomicI64::new(0),
            reallocs: AtomicU64::new(0),
            zeroed: AtomicU64::new(0),
            failed: AtomicU64::new(0),
            peak: AtomicI64::new(0),
            published: AtomicI64::new(0),
            next_free: AtomicU32::new(0),
        }
    }

    /// A slot whose limits every call passes.
    #[cfg(not(loom))]
    pub(crate) const fn always_passed() -> Self {
        Slot { rise: AtomicI64::new(i64::MIN), fall: AtomicI64::new(i64::MAX), ..Slot::new() }
    }

    /// Live bytes over all owners.
    #[inline]
    pub(crate) fn live(&self) -> i64 {
        self.live.load(Relaxed)
    }

    /// The counters as they stand, without a peak.
    pub(crate) fn totals(&self) -> Counts {
        let live = self.live.load(Acquire);
        let bytes_allocated = self.bytes_allocated.load(Relaxed);
        Counts {
            allocs: self.allocs.load(Relaxed),
            deallocs: self.deallocs.load(Relaxed),
            reallocs: self.reallocs.load(Relaxed),
            zeroed: self.zeroed.load(Relaxed),
            failed: self.failed.load(Relaxed),
            bytes_allocated,
            bytes_deallocated: bytes_allocated.wrapping_sub(live.cast_unsigned()),
            peak_bytes: 0,
        }
    }

    /// Overwrites the counters. Only for the owner.
    pub(crate) fn set_totals(&self, counts: &Counts) {
        self.allocs.store(counts.allocs, Relaxed);
        self.deallocs.store(counts.deallocs, Relaxed);
        self.reallocs.store(counts.reallocs, Relaxed);
        self.zeroed.store(counts.zeroed, Relaxed);
        self.failed.store(counts.failed, Relaxed);
        self.bytes_allocated.store(counts.bytes_allocated, Relaxed);
        self.live.store(counts.live_bytes(), Relaxed);
    }
}
