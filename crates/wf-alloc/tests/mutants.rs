//! The check of the four methods catches an allocator that forgets to count one of them.

use std::alloc::{GlobalAlloc, Layout, System};

use wf_alloc::{Counting, Method, Scope};

/// Counts, but for the calls of one method, which go past the counting.
struct Forgets {
    counting: Counting<System>,
    method: Option<Method>,
}

// SAFETY: every call goes to `System`, directly or through the counting.
unsafe impl GlobalAlloc for Forgets {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if self.method == Some(Method::Alloc) {
            // SAFETY: the caller's promise is the one asked for.
            return unsafe { System.alloc(layout) };
        }
        // SAFETY: the caller's promise is the one asked for.
        unsafe { self.counting.alloc(layout) }
    }
    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        if self.method == Some(Method::Dealloc) {
            // SAFETY: the caller's promise is the one asked for.
            return unsafe { System.dealloc(block, layout) };
        }
        // SAFETY: the caller's promise is the one asked for.
        unsafe { self.counting.dealloc(block, layout) }
    }
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        if self.method == Some(Method::AllocZeroed) {
            // SAFETY: the caller's promise is the one asked for.
            return unsafe { System.alloc_zeroed(layout) };
        }
        // SAFETY: the caller's promise is the one asked for.
        unsafe { self.counting.alloc_zeroed(layout) }
    }
    unsafe fn realloc(&self, block: *mut u8, layout: Layout, new_bytes: usize) -> *mut u8 {
        if self.method == Some(Method::Realloc) {
            // SAFETY: the caller's promise is the one asked for.
            return unsafe { System.realloc(block, layout, new_bytes) };
        }
        // SAFETY: the caller's promise is the one asked for.
        unsafe { self.counting.realloc(block, layout, new_bytes) }
    }
}

/// Calls each method a different number of times; true if counts and bytes are what was done.
fn counts_all(heap: &impl GlobalAlloc) -> bool {
    let layout = Layout::new::<[u64; 4]>();
    let scope = Scope::begin();
    // SAFETY: the layout has a size.
    let plain: Vec<*mut u8> = (0..2).map(|_| unsafe { heap.alloc(layout) }).collect();
    // SAFETY: the layout has a size.
    let zeroed: Vec<*mut u8> = (0..3).map(|_| unsafe { heap.alloc_zeroed(layout) }).collect();
    for block in plain.into_iter().chain(zeroed) {
        assert!(!block.is_null());
        // SAFETY: the block came from this heap with this layout; the new size is the old one.
        let block = unsafe { heap.realloc(block, layout, 32) };
        // SAFETY: the block was reallocated to the same layout.
        unsafe { heap.dealloc(block, layout) };
    }
    let counts = scope.counts();
    let calls = (counts.allocs, counts.zeroed, counts.reallocs, counts.deallocs);
    calls == (2, 3, 5, 5) && counts.bytes_allocated == 10 * 32 && counts.bytes_deallocated == 10 * 32
}

#[test]
fn each_forgotten_method_is_noticed() {
    let heap = |method| Forgets { counting: Counting::new(System), method };
    assert!(counts_all(&heap(None)));
    for method in [Method::Alloc, Method::AllocZeroed, Method::Realloc, Method::Dealloc] {
        assert!(!counts_all(&heap(Some(method))), "{method} forgotten and not noticed");
    }
}
