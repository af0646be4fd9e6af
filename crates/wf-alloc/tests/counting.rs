//! Counts of a thread and of a scope, with the counting allocator installed.

use std::alloc::{GlobalAlloc, Layout, alloc, alloc_zeroed, dealloc, realloc};
use std::hint::black_box;
use std::ptr;

use wf_alloc::{Allocator, Counting, Counts, Scope, installed, thread_counts};

#[global_allocator]
static HEAP: Counting<Allocator> = Counting::new(Allocator {});

const LAYOUT: Layout = Layout::new::<[u64; 5]>();

/// One call of each method; every figure that it moves.
#[test]
fn each_method_is_counted_under_its_own_name() {
    let check = |act: &dyn Fn(), expected: [u64; 8]| {
        let scope = Scope::begin();
        act();
        let c = scope.counts();
        let seen = [
            c.allocs,
            c.zeroed,
            c.reallocs,
            c.deallocs,
            c.failed,
            c.bytes_allocated,
            c.bytes_deallocated,
            c.peak_bytes,
        ];
        assert_eq!(seen, expected);
    };
    // SAFETY: the layout has a size.
    let get = || unsafe { alloc(LAYOUT) };
    // SAFETY: the layout has a size.
    let get_zeroed = || unsafe { alloc_zeroed(LAYOUT) };
    // SAFETY: called below with blocks of this layout only, each once.
    let free = |block| unsafe { dealloc(block, LAYOUT) };
    let kept = std::cell::Cell::new(ptr::null_mut());
    check(&|| kept.set(black_box(get())), [1, 0, 0, 0, 0, 40, 0, 40]);
    check(&|| free(kept.get()), [0, 0, 0, 1, 0, 0, 40, 0]);
    check(&|| kept.set(black_box(get_zeroed())), [0, 1, 0, 0, 0, 40, 0, 40]);
    // SAFETY: the block has this layout; the new size is not zero and far below `isize::MAX`.
    let grow = || kept.set(unsafe { realloc(kept.get(), LAYOUT, 100) });
    check(&grow, [0, 0, 1, 0, 0, 100, 40, 60]);
    let grown = Layout::from_size_align(100, 8).unwrap();
    // SAFETY: the block has been reallocated to this layout; the new size is not zero.
    let shrink = || kept.set(unsafe { realloc(kept.get(), grown, 40) });
    check(&shrink, [0, 0, 1, 0, 0, 40, 100, 0]);
    check(&|| free(kept.get()), [0, 0, 0, 1, 0, 0, 40, 0]);
}

#[test]
fn scopes_nest_and_each_has_its_own_peak() {
    // A thread's live bytes may be below zero: it frees what others allocated for it.
    let live = thread_counts().live_bytes();
    let outer = Scope::begin();
    drop(black_box(vec![0_u8; 5000]));
    let kept = black_box(vec![0_u8; 100]);
    let inner = Scope::begin();
    drop(black_box(vec![0_u8; 700]));
    assert_eq!(inner.counts().peak_bytes, 700);
    assert_eq!(outer.counts().peak_bytes, 5000);
    drop(black_box(vec![0_u8; 9000]));
    assert_eq!(inner.counts().peak_bytes, 9000);
    assert_eq!(outer.counts().peak_bytes, 9100);
    drop(inner);
    assert_eq!(outer.counts().peak_bytes, 9100);
    assert_eq!(outer.counts().live_bytes(), 100);
    drop(kept);
    assert_eq!(outer.counts().live_bytes(), 0);
    let counts = outer.counts();
    assert_eq!((counts.requests(), counts.deallocs), (4, 4));
    drop(outer);
    assert!(thread_counts().peak_bytes as i64 >= live + 9100);
}

#[test]
fn a_scope_ended_before_an_inner_one_leaves_both_exact() {
    let outer = Scope::begin();
    drop(black_box(vec![0_u8; 3000]));
    let inner = Scope::begin();
    drop(black_box(vec![0_u8; 400]));
    assert_eq!(outer.counts().peak_bytes, 3000);
    drop(outer);
    drop(black_box(vec![0_u8; 500]));
    assert_eq!(inner.counts().peak_bytes, 500);
    assert_eq!(inner.counts().requests(), 2);
}

#[test]
fn more_scopes_than_a_thread_may_open_is_a_panic_that_says_so() {
    let message = std::thread::spawn(|| {
        for _ in 0..65 {
            std::mem::forget(Scope::begin());
        }
    })
    .join()
    .unwrap_err();
    let message = message.downcast_ref::<String>().unwrap();
    assert_eq!(message, "more than 64 open scopes in one thread");
    // The thread died with 64 open scopes; a thread that takes over its slot starts afresh.
    std::thread::spawn(|| {
        let scope = Scope::begin();
        drop(black_box(vec![0_u8; 10]));
        assert_eq!(scope.counts().peak_bytes, 10);
    })
    .join()
    .unwrap();
}

#[test]
fn a_null_is_passed_on_and_counted_as_failed() {
    struct Refuses;
    // SAFETY: returning null is always allowed; `dealloc` is never reached, as nothing was handed out.
    unsafe impl GlobalAlloc for Refuses {
        unsafe fn alloc(&self, _: Layout) -> *mut u8 {
            ptr::null_mut()
        }
        unsafe fn dealloc(&self, _: *mut u8, _: Layout) {}
        unsafe fn alloc_zeroed(&self, _: Layout) -> *mut u8 {
            ptr::null_mut()
        }
        unsafe fn realloc(&self, _: *mut u8, _: Layout, _: usize) -> *mut u8 {
            ptr::null_mut()
        }
    }
    let refuses = Counting::new(Refuses);
    let mut block = [0_u64; 5];
    let scope = Scope::begin();
    // SAFETY: the layout has a size.
    assert!(unsafe { refuses.alloc(LAYOUT) }.is_null());
    // SAFETY: the layout has a size.
    assert!(unsafe { refuses.alloc_zeroed(LAYOUT) }.is_null());
    // SAFETY: `Refuses` looks at neither the block nor the sizes.
    assert!(unsafe { refuses.realloc(block.as_mut_ptr().cast(), LAYOUT, 80) }.is_null());
    let counts = scope.counts();
    assert_eq!(counts.failed, 3);
    assert_eq!((counts.requests(), counts.live_bytes(), counts.peak_bytes), (3, 0, 0));
}

#[test]
fn a_new_thread_starts_from_zero_though_its_slot_did_not() {
    std::thread::spawn(|| drop(black_box(vec![0_u8; 1 << 20]))).join().unwrap();
    let counts = std::thread::spawn(thread_counts).join().unwrap();
    assert!(counts.bytes_allocated < 1 << 16, "{counts}");
    assert!(counts.peak_bytes < 1 << 16, "{counts}");
}

#[test]
fn the_counting_allocator_is_seen_to_be_installed_and_the_look_leaves_no_trace() {
    std::thread::spawn(|| {
        let scope = Scope::begin();
        assert!(installed());
        assert_eq!(scope.counts(), Counts::default());
    })
    .join()
    .unwrap();
}

/// An alignment that is no power of two is between an unsafe caller and its own promise: no safe way leads to the counting.
#[test]
fn only_powers_of_two_reach_the_counting_as_alignments() {
    let scope = Scope::begin();
    for align in 0..=4097 {
        let layout = Layout::from_size_align(24, align);
        assert_eq!(layout.is_ok(), align.is_power_of_two(), "{align}");
        let Ok(layout) = layout else { continue };
        // SAFETY: the layout has a size.
        let block = black_box(unsafe { alloc(layout) });
        assert_eq!(block.addr() % align, 0);
        // SAFETY: the block came from this heap with this layout.
        unsafe { dealloc(block, layout) };
    }
    let counts = scope.counts();
    assert_eq!((counts.allocs, counts.deallocs, counts.bytes_allocated), (13, 13, 13 * 24));
}
