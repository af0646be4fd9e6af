//! A global allocator that counts only in the processes whose counts are asked for.

use std::alloc::{GlobalAlloc, Layout};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use wf_alloc::Counting;

/// The bare allocator, or the counted one once [`count`](Switch::count) was called: a load and a branch that is always
/// taken the same way, on the heap's side of every comparison.
pub struct Switch<A> {
    bare: A,
    counted: Counting<A>,
    counts: AtomicBool,
}

impl<A> Switch<A> {
    /// Takes the same allocator twice.
    pub const fn new(bare: A, again: A) -> Self {
        Switch { bare, counted: Counting::new(again), counts: AtomicBool::new(false) }
    }

    /// Counts from here on, if this process was started to count.
    pub fn count_if_asked(&self) {
        if std::env::args().any(|argument| argument == "count") {
            self.counts.store(true, Relaxed);
        }
    }
}

// SAFETY: every call goes to the allocator, directly or through the counting; both are the same one, so that a block may
// be given back by the other way.
unsafe impl<A: GlobalAlloc> GlobalAlloc for Switch<A> {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if self.counts.load(Relaxed) {
            // SAFETY: the caller's promise is the one asked for.
            return unsafe { self.counted.alloc(layout) };
        }
        // SAFETY: the caller's promise is the one asked for.
        unsafe { self.bare.alloc(layout) }
    }

    #[inline]
    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        if self.counts.load(Relaxed) {
            // SAFETY: the caller's promise is the one asked for.
            return unsafe { self.counted.dealloc(block, layout) };
        }
        // SAFETY: the caller's promise is the one asked for.
        unsafe { self.bare.dealloc(block, layout) }
    }

    #[inline]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        if self.counts.load(Relaxed) {
            // SAFETY: the caller's promise is the one asked for.
            return unsafe { self.counted.alloc_zeroed(layout) };
        }
        // SAFETY: the caller's promise is the one asked for.
        unsafe { self.bare.alloc_zeroed(layout) }
    }

    #[inline]
    unsafe fn realloc(&self, block: *mut u8, layout: Layout, new_bytes: usize) -> *mut u8 {
        if self.counts.load(Relaxed) {
            // SAFETY: the caller's promise is the one asked for.
            return unsafe { self.counted.realloc(block, layout, new_bytes) };
        }
        // SAFETY: the caller's promise is the one asked for.
        unsafe { self.bare.realloc(block, layout, new_bytes) }
    }
}
