//! Whether the program's global allocator counts at all.

use core::hint::black_box;
use std::alloc::{Layout, alloc, dealloc};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use crate::thread;

/// Returns whether the global allocator is a [`Counting`](crate::Counting) one.
///
/// Found out by asking it for a byte, once; that call leaves no trace in the counts. A test that asserts "no heap use"
/// should assert this as well, since without a counting allocator every count is zero.
pub fn installed() -> bool {
    static YES: AtomicBool = AtomicBool::new(false);
    if YES.load(Relaxed) {
        return true;
    }
    let yes = thread::with(|thread| thread.untraced(probe));
    if yes {
        YES.store(true, Relaxed);
    }
    yes
}

/// True if one allocation through the global allocator moved this thread's counts.
fn probe() -> bool {
    let allocs = || thread::with(|thread| thread.totals().allocs);
    let before = allocs();
    let layout = Layout::new::<u8>();
    // SAFETY: the layout's size is one.
    let byte = black_box(unsafe { alloc(layout) });
    let moved = allocs() != before;
    if !byte.is_null() {
        // SAFETY: `byte` came from the global allocator with this layout and is not used afterwards.
        unsafe { dealloc(byte, layout) };
    }
    moved
}
