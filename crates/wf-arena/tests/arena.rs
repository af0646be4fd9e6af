//! The arena as its users see it.

use std::cell::Cell;
use std::fmt::Write as _;
use std::rc::Rc;

use wf_arena::{Arena, Bump as _, Error, Policy};

#[test]
fn values_live_for_the_scope_not_for_the_handle() {
    let mut arena = Arena::new();
    let scope = arena.scope();
    let (number, slice, text) = {
        let handle = scope;
        (handle.alloc(7_u32), handle.alloc_slice_copy(&[1_u16, 2, 3]), handle.alloc_str("text"))
    };
    let filled = scope.alloc_slice_fill(1000, 9_u64);
    let made = scope.alloc_slice_fill_with(5, |index| index * index);
    *number += 1;
    slice[0] = 10;
    text.make_ascii_uppercase();
    assert_eq!((*number, &*slice, &*text), (8, &[10, 2, 3][..], "TEXT"));
    assert!(filled.iter().all(|value| *value == 9));
    assert_eq!(made, [0, 1, 4, 9, 16]);
}

#[test]
fn the_first_scope_asks_a_few_times_and_the_rest_never() {
    let mut arena = Arena::new();
    assert_eq!(arena.stats().chunk_requests, 0);
    let batch = |arena: &mut Arena| {
        let scope = arena.scope();
        for i in 0..10_000_u64 {
            scope.alloc([i; 4]);
        }
    };
    batch(&mut arena);
    assert_eq!(arena.stats().chunk_requests, 3, "96, 192 and 384 KiB");
    assert_eq!(arena.stats().bytes_used, 320_000);
    batch(&mut arena);
    let settled = arena.stats();
    assert_eq!((settled.chunk_requests, settled.resizes), (4, 1));
    for _ in 0..100 {
        batch(&mut arena);
    }
    let later = arena.stats();
    assert_eq!((later.chunk_requests, later.resizes), (4, 1));
    assert_eq!((later.resets, later.bytes_held), (settled.resets + 100, settled.bytes_held));
    assert_eq!(later.high_water_bytes, 320_000);
}

#[test]
fn memory_is_given_back_after_a_spike() {
    for factor in [10, 100] {
        let mut arena = Arena::new();
        let batch = |arena: &mut Arena, bytes: usize| {
            let scope = arena.scope();
            for _ in 0..bytes / 1000 {
                scope.alloc([0_u8; 1000]);
            }
        };
        for _ in 0..20 {
            batch(&mut arena, 300_000);
        }
        batch(&mut arena, 300_000 * factor);
        assert!(arena.stats().bytes_held >= 300_000 * factor);
        let mut resets = 0;
        while arena.stats().bytes_held > 2 * 300_000 {
            batch(&mut arena, 300_000);
            resets += 1;
            assert!(resets <= 16, "factor {factor}");
        }
        assert_eq!(arena.stats().high_water_bytes, 300_000 * factor);
    }
}

#[test]
fn memory_is_given_back_to_an_idle_arena_too() {
    let mut arena = Arena::new();
    arena.scope().alloc_slice_fill(1 << 20, 0_u8);
    for _ in 0..17 {
        arena.scope();
    }
    assert!(arena.stats().bytes_held <= 96 * 1024);
}

#[test]
fn resetting_frees_nothing_and_may_be_repeated() {
    let mut arena = Arena::new();
    arena.reset();
    assert_eq!(arena.stats(), Arena::new().stats());
    arena.scope().alloc(1);
    let held = arena.stats().bytes_held;
    arena.reset();
    arena.reset();
    let stats = arena.stats();
    assert_eq!((stats.resets, stats.bytes_used, stats.bytes_held), (2, 0, held));
    assert_eq!(stats.chunk_requests, 1);
}

#[test]
fn any_alignment_up_to_a_page() {
    let mut arena = Arena::new();
    let scope = arena.scope();
    for shift in 0..=12 {
        let align = 1 << shift;
        for size in [0, 1, 7, 64, 5000] {
            let layout = std::alloc::Layout::from_size_align(size, align).unwrap();
            let block = scope.try_alloc_layout(layout).unwrap();
            assert_eq!(block.as_ptr().addr() % align, 0, "size {size}, alignment {align}");
        }
    }
    #[repr(align(4096))]
    struct Page(u8);
    let page = scope.alloc(Page(3));
    assert_eq!((&raw const *page).addr() % 4096, 0);
    assert_eq!(page.0, 3);
}

/// An alignment that is no power of two is between an unsafe caller and its own promise: no safe way leads to an arena.
#[test]
fn only_powers_of_two_reach_an_arena_as_alignments() {
    let mut memory = vec![std::mem::MaybeUninit::uninit(); 1 << 15];
    let mut region = wf_arena::Region::new(&mut memory);
    let region = region.scope();
    let mut arena = Arena::new();
    let scope = arena.scope();
    for align in 0..=4097 {
        let layout = std::alloc::Layout::from_size_align(24, align);
        assert_eq!(layout.is_ok(), align.is_power_of_two(), "{align}");
        let Ok(layout) = layout else { continue };
        for block in [scope.try_alloc_layout(layout), region.try_alloc_layout(layout)] {
            assert_eq!(block.unwrap().addr().get() % align, 0);
        }
    }
}

#[test]
fn values_of_size_zero_from_two_threads_at_once() {
    std::thread::scope(|threads| {
        for _ in 0..2 {
            threads.spawn(|| {
                // Never given a chunk: these are the arenas that would share anything.
                let mut arena = Arena::with_capacity(0);
                let scope = arena.scope();
                for _ in 0..10_000 {
                    scope.alloc(());
                    scope.alloc_slice_fill(3, ());
                }
                assert_eq!(scope.alloc_slice_copy(&[(); 7]).len(), 7);
                assert_eq!(arena.stats().bytes_held, 0);
            });
        }
    });
}

#[test]
fn a_hard_limit_is_kept_and_named() {
    let check = |limit: usize, requests: &[usize]| {
        let mut arena = Arena::with_policy(Policy { limit_bytes: Some(limit), ..Policy::DEFAULT });
        for round in 0..40 {
            let scope = arena.scope();
            let mut refused = 0;
            for &bytes in requests {
                match scope.try_vec::<u8>(bytes) {
                    Ok(vec) => assert_eq!(vec.capacity(), bytes),
                    Err(Error::Limit { requested_bytes, limit_bytes, .. }) => {
                        assert_eq!((requested_bytes, limit_bytes), (bytes, limit));
                        refused += 1;
                    }
                    Err(other) => panic!("limit {limit}: {other}"),
                }
            }
            assert!(refused > 0, "limit {limit} round {round}: the requests are more than the limit");
            assert!(arena.stats().bytes_held <= limit);
        }
    };
    check(0, &[1]);
    check(100, &[200]);
    check(1000, &[1001, 4000]);
    check(5000, &[100, 5000]);
    check(10_000, &[9_000, 9_000]);
    check(1 << 20, &[1 << 19, 1 << 18, 1 << 19]);
}

#[test]
fn what_fits_under_a_small_limit_is_served() {
    for limit in [1000, 5000, 10_000, 100_000] {
        let mut arena = Arena::with_policy(Policy { limit_bytes: Some(limit), ..Policy::DEFAULT });
        for _ in 0..3 {
            let scope = arena.scope();
            scope.try_vec::<u8>(limit / 2).unwrap_or_else(|error| panic!("limit {limit}: {error}"));
        }
    }
}

#[test]
fn a_layout_that_cannot_be_is_an_error() {
    let mut arena = Arena::new();
    let scope = arena.scope();
    let len = usize::MAX / 4;
    let expected = Error::TooLarge { elements: len, element_bytes: 8 };
    assert_eq!(scope.try_alloc_slice_fill(len, 0_u64).unwrap_err(), expected);
    assert_eq!(scope.try_vec::<u64>(len).unwrap_err(), expected);
    let mut vec = scope.vec::<u64>(2);
    vec.push(5);
    assert!(matches!(vec.try_reserve(usize::MAX), Err(Error::TooLarge { .. })));
    assert!(matches!(vec.try_reserve(usize::MAX / 8), Err(Error::TooLarge { .. })));
    assert_eq!(&*vec, [5]);
    assert_eq!(*scope.alloc(6), 6, "the arena goes on");
}

#[test]
#[should_panic(expected = "would take the arena, which holds 0, beyond its limit of 10")]
fn without_try_a_refusal_is_a_panic_with_the_numbers() {
    let mut arena = Arena::with_policy(Policy { limit_bytes: Some(10), ..Policy::DEFAULT });
    arena.scope().alloc([0_u8; 500]);
}

/// Counts its drops.
struct Dropped(Rc<Cell<u32>>);

impl Drop for Dropped {
    fn drop(&mut self) {
        self.0.set(self.0.get() + 1);
    }
}

#[test]
fn owned_values_are_dropped_once() {
    let drops = Rc::new(Cell::new(0));
    let mut arena = Arena::new();
    let scope = arena.scope();
    drop(scope.alloc_owned(Dropped(Rc::clone(&drops))));
    assert_eq!(drops.get(), 1);
    let value = scope.alloc_owned(Dropped(Rc::clone(&drops))).into_inner();
    assert_eq!(drops.get(), 1);
    drop(value);
    assert_eq!(drops.get(), 2);
    let mut vec = scope.vec(1);
    for _ in 0..10 {
        vec.push(Dropped(Rc::clone(&drops)));
    }
    drop(vec.pop());
    vec.truncate(5);
    assert_eq!(drops.get(), 2 + 1 + 4);
    drop(vec);
    assert_eq!(drops.get(), 12);
    assert_eq!(Rc::strong_count(&drops), 1);
}

#[test]
fn values_taken_out_of_a_vector_are_dropped_once() {
    let drops = Rc::new(Cell::new(0));
    let mut arena = Arena::new();
    let scope = arena.scope();
    let mut vec = scope.vec(0);
    vec.extend((0..10).map(|index| (index, Dropped(Rc::clone(&drops)))));
    vec.insert(3, (10, Dropped(Rc::clone(&drops))));
    assert_eq!(drops.get(), 0);
    assert_eq!(vec.remove(0).map(|value| value.0), Some(0));
    assert_eq!(vec.swap_remove(1).map(|value| value.0), Some(2));
    assert!(vec.remove(9).is_none() && vec.swap_remove(9).is_none());
    assert_eq!(drops.get(), 2);
    vec.retain(|value| value.0 % 2 == 1);
    let order: Vec<i32> = vec.iter().map(|value| value.0).collect();
    assert_eq!((order, drops.get()), (vec![1, 9, 3, 5, 7], 2 + 4));
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        vec.retain(|value| if value.0 == 3 { panic!("half way") } else { false });
    }));
    assert!(panicked.is_err());
    for value in &mut vec {
        value.0 += 100;
    }
    let sum: i32 = vec.iter().map(|value| value.0).sum();
    assert_eq!((sum, drops.get()), (525, 6), "nothing is lost and nothing dropped twice");
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        vec.insert(6, (11, Dropped(Rc::clone(&drops))));
    }));
    assert_eq!(panicked.unwrap_err().downcast_ref::<String>().unwrap(), "place 6 in a vector of 5 values");
    drop(vec);
    assert_eq!((drops.get(), Rc::strong_count(&drops)), (12, 1));
}

#[test]
fn drops_run_in_the_order_of_std() {
    struct Named<'n>(u32, &'n std::cell::RefCell<Vec<u32>>);
    impl Drop for Named<'_> {
        fn drop(&mut self) {
            self.1.borrow_mut().push(self.0);
        }
    }
    let order = std::cell::RefCell::new(Vec::new());
    let mut arena = Arena::new();
    let scope = arena.scope();
    {
        let _first = scope.alloc_owned(Named(1, &order));
        let _second = scope.alloc_owned(Named(2, &order));
        let mut vec = scope.vec(0);
        vec.extend([Named(3, &order), Named(4, &order), Named(5, &order)]);
    }
    assert_eq!(*order.borrow(), [3, 4, 5, 2, 1]);
}

#[test]
fn a_panic_while_making_a_value_leaves_the_arena_usable() {
    let mut arena = Arena::new();
    let scope = arena.scope();
    let before = scope.alloc(1);
    let made = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        scope.alloc_with(|| if *before == 1 { panic!("while making") } else { 2 });
    }));
    assert!(made.is_err());
    let filled = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        scope.alloc_slice_fill_with(10, |index| if index == 5 { panic!("half way") } else { index });
    }));
    assert!(filled.is_err());
    let after = scope.alloc(3);
    assert_eq!((*before, *after), (1, 3));
}

#[test]
fn making_a_value_may_allocate_in_the_same_scope() {
    let mut arena = Arena::new();
    let scope = arena.scope();
    let outer = scope.alloc_with(|| (scope.alloc(1_u8), scope.alloc_slice_fill(100, 2_u8)));
    assert_eq!((*outer.0, outer.1.len()), (1, 100));
}

#[test]
fn strings_are_written_to_and_handed_out() {
    let mut arena = Arena::new();
    let scope = arena.scope();
    let mut text = scope.string(0);
    write!(text, "{}-{:?}", 42, "ä").unwrap();
    text.push('€');
    assert_eq!((&*text, text.len()), ("42-\"ä\"€", 10));
    assert_eq!(text.into_str(), "42-\"ä\"€");
    let mut empty = scope.string(100);
    empty.push_str("x");
    empty.clear();
    assert!(empty.is_empty() && empty.capacity() >= 100);
}

#[test]
fn vectors_of_size_zero_values_count_them() {
    let mut arena = Arena::with_capacity(0);
    let scope = arena.scope();
    let mut vec = scope.vec::<()>(3);
    (0..1000).for_each(|_| vec.push(()));
    assert_eq!((vec.len(), vec.capacity()), (1000, usize::MAX));
    assert!(matches!(vec.try_reserve(usize::MAX), Err(Error::TooLarge { .. })));
    assert_eq!(vec.into_slice().len(), 1000);
    assert_eq!(arena.stats().bytes_held, 0);
}

#[test]
fn arenas_move_between_threads() {
    let mut arena = Arena::new();
    arena.scope().alloc(1);
    let mut arena = std::thread::spawn(move || {
        assert_eq!(*arena.scope().alloc(2), 2);
        arena
    })
    .join()
    .unwrap();
    assert_eq!(*arena.scope().alloc(3), 3);
}
