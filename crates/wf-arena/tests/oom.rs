//! A heap that fails on demand, at every step: no leak, nothing changed.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use wf_arena::{Arena, Bump, Error, Policy, Region};

/// Fails the request after `left` more ones of this thread, and all that follow. Counts blocks that are alive.
struct Failing;

thread_local! {
    static LEFT: Cell<u64> = const { Cell::new(u64::MAX) };
    static BLOCKS: Cell<i64> = const { Cell::new(0) };
}

impl Failing {
    fn permits() -> bool {
        let left = LEFT.get();
        if left != u64::MAX {
            LEFT.set(left.saturating_sub(1));
        }
        left != 0
    }
}

// SAFETY: hands every call on to `System`, or returns null, which is always allowed.
unsafe impl GlobalAlloc for Failing {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // A sanitizer's heap would abort on the size that no machine has, instead of refusing it.
        if layout.size() > 1 << 46 || !Failing::permits() {
            return std::ptr::null_mut();
        }
        BLOCKS.set(BLOCKS.get() + 1);
        // SAFETY: the caller's promise is the one asked for.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        BLOCKS.set(BLOCKS.get() - 1);
        // SAFETY: the block came from `System` with this layout.
        unsafe { System.dealloc(block, layout) }
    }
}

#[global_allocator]
static HEAP: Failing = Failing;

/// Runs `act` while only `permitted` requests succeed.
fn with_heap<R>(permitted: u64, act: impl FnOnce() -> R) -> R {
    LEFT.set(permitted);
    let result = act();
    LEFT.set(u64::MAX);
    result
}

/// A batch that outgrows small chunks several times; each step checks that a refusal changed nothing.
fn batch<'s>(scope: &impl Bump<'s>) -> Result<usize, Error> {
    let first = scope.try_alloc(1_u64)?;
    let mut served = 1;
    let mut vec = scope.try_vec_in::<u32>(1)?;
    for value in 0..3000 {
        let before = (vec.len(), vec.capacity());
        if let Err(error) = vec.try_push(value) {
            assert_eq!((vec.len(), vec.capacity()), before);
            assert!(vec.iter().copied().eq(0..value));
            assert_eq!(*first, 1);
            return Err(error);
        }
        served += 1;
    }
    let copy = scope.try_alloc_slice_copy(&vec)?;
    assert_eq!(copy.len(), 3000);
    let mut text = scope.try_string_in(1)?;
    text.try_push_str("some text")?;
    scope.try_alloc_slice_fill(5000, 1_u8)?;
    scope.try_alloc_str(&text)?;
    assert_eq!(*first, 1);
    Ok(served)
}

#[test]
fn every_step_may_fail_without_a_leak() {
    let policy = Policy { first_chunk_bytes: 200, ..Policy::DEFAULT };
    let mut outcomes = (0, 0);
    for permitted in 0..40 {
        let before = BLOCKS.get();
        {
            let mut arena = Arena::with_policy(policy);
            for _ in 0..3 {
                match with_heap(permitted, || batch(&arena.scope())) {
                    Ok(_) => outcomes.0 += 1,
                    Err(error) => {
                        assert!(matches!(error, Error::Heap { .. }), "{error}");
                        outcomes.1 += 1;
                    }
                }
            }
            // With the heap back, the arena is as good as new.
            assert_eq!(batch(&arena.scope()), Ok(3001));
        }
        assert_eq!(BLOCKS.get(), before, "permitted {permitted}");
    }
    assert!(outcomes.0 > 0 && outcomes.1 > 0, "{outcomes:?}");
}

#[test]
fn every_step_of_a_spill_may_fail_without_a_leak() {
    let policy = Policy { first_chunk_bytes: 200, ..Policy::DEFAULT };
    let mut memory = [std::mem::MaybeUninit::uninit(); 1000];
    let mut outcomes = (0, 0);
    for permitted in 0..40 {
        let before = BLOCKS.get();
        {
            let mut region = Region::with_spill(&mut memory, Arena::with_policy(policy));
            for _ in 0..3 {
                match with_heap(permitted, || batch(&region.scope())) {
                    Ok(_) => outcomes.0 += 1,
                    Err(error) => {
                        assert!(matches!(error, Error::Heap { .. }), "{error}");
                        outcomes.1 += 1;
                    }
                }
            }
            assert_eq!(batch(&region.scope()), Ok(3001));
        }
        assert_eq!(BLOCKS.get(), before, "permitted {permitted}");
    }
    assert!(outcomes.0 > 0 && outcomes.1 > 0, "{outcomes:?}");
    // Without a spill nothing is asked of the heap.
    let mut region = Region::new(&mut memory);
    let full = with_heap(0, || batch(&region.scope()));
    assert!(matches!(full, Err(Error::Full { .. })), "{full:?}");
}

#[test]
fn a_heap_that_refuses_the_policys_chunk_costs_nothing_but_the_chunk() {
    let mut arena = Arena::new();
    batch(&arena.scope()).unwrap();
    arena.scope().alloc_slice_fill(1 << 20, 0_u8);
    // The arena wants to grow, may not, and goes on with what requests bring.
    with_heap(0, || {
        let scope = arena.scope();
        assert_eq!(scope.try_alloc(1_u64), Err(Error::Heap { requested_bytes: 8 }));
    });
    assert_eq!(arena.stats().bytes_held, 0);
    assert_eq!(batch(&arena.scope()), Ok(3001));
    assert!(arena.stats().bytes_held > 0);
}

#[test]
fn a_possible_size_that_no_heap_has_is_refused() {
    let mut arena = Arena::new();
    let scope = arena.scope();
    let kept = scope.alloc(6);
    let most = isize::MAX as usize - 4096;
    assert_eq!(scope.try_vec::<u8>(most).unwrap_err(), Error::Heap { requested_bytes: most });
    assert_eq!((*kept, *scope.alloc(7)), (6, 7));
}
