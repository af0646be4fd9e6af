//! Regions and their checkpoints.

use std::mem::MaybeUninit;

use wf_arena::{Arena, Bump as _, Error, Policy, Region};

fn memory(bytes: usize) -> Vec<MaybeUninit<u8>> {
    vec![MaybeUninit::uninit(); bytes]
}

#[test]
fn every_byte_of_aligned_memory_is_served() {
    let mut memory = [MaybeUninit::<u64>::uninit(); 16];
    let len = size_of_val(&memory);
    // SAFETY: the bytes of `MaybeUninit<u64>` may be seen as `MaybeUninit<u8>`, and the borrow is exclusive.
    let bytes = unsafe { std::slice::from_raw_parts_mut(memory.as_mut_ptr().cast(), len) };
    let mut region = Region::new(bytes);
    assert_eq!(region.capacity_bytes(), 128);
    for _ in 0..3 {
        let scope = region.scope();
        let values: Vec<&mut u64> = (0..16).map(|i| scope.alloc(i)).collect();
        assert!(values.iter().enumerate().all(|(i, value)| **value == i as u64));
        let full = Error::Full { requested_bytes: 1, left_bytes: 0 };
        assert_eq!(scope.try_alloc(1_u8).unwrap_err(), full);
        assert_eq!(*scope.alloc(()), (), "what takes no memory always fits");
    }
    assert_eq!((region.used_bytes(), region.high_water_bytes()), (128, 128));
}

#[test]
fn memory_of_any_size_and_alignment_will_do() {
    let mut memory = memory(64);
    for offset in 0..16 {
        for len in 0..40 {
            let mut region = Region::new(&mut memory[offset..offset + len]);
            let capacity = region.capacity_bytes();
            assert!(capacity <= len && capacity + 7 >= len, "offset {offset}, length {len}");
            let scope = region.scope();
            let mut served = 0;
            while let Ok(value) = scope.try_alloc(served as u64) {
                assert_eq!((&raw const *value).addr() % 8, 0);
                served += 1;
            }
            assert_eq!(served, capacity / 8, "offset {offset}, length {len}");
        }
    }
}

#[test]
fn any_alignment_up_to_a_page() {
    let mut memory = memory(100_000);
    let mut region = Region::new(&mut memory);
    let scope = region.scope();
    for shift in 0..=12 {
        for size in [0, 1, 7, 64] {
            scope.alloc(1_u8);
            let layout = std::alloc::Layout::from_size_align(size, 1 << shift).unwrap();
            let block = scope.try_alloc_layout(layout).unwrap();
            assert_eq!(block.as_ptr().addr() % (1 << shift), 0, "size {size}, alignment {}", 1 << shift);
        }
    }
    // Neither the padding nor the size may carry the sum past the end.
    let most = std::alloc::Layout::from_size_align(isize::MAX as usize - 4095, 4096).unwrap();
    assert!(matches!(scope.try_alloc_layout(most), Err(Error::Full { .. })));
    let align = 1 << (usize::BITS - 2);
    let steep = std::alloc::Layout::from_size_align(1, align).unwrap();
    assert!(matches!(scope.try_alloc_layout(steep), Err(Error::Full { .. })));
    assert_eq!(*scope.alloc(5), 5);
}

#[test]
fn checkpoints_take_back_what_came_after_and_keep_what_came_before() {
    let mut memory = memory(4096);
    let mut region = Region::new(&mut memory);
    let mut scope = region.scope();
    let kept = scope.alloc_slice_fill(10, 1_u64);
    let before = scope.used_bytes();
    for round in 0..1000_u64 {
        let mut outer = scope.checkpoint();
        let mut outer_scope = outer.scope();
        let a = outer_scope.alloc_slice_fill(100, round);
        {
            let mut inner = outer_scope.checkpoint();
            let inner_scope = inner.scope();
            let b = inner_scope.alloc_slice_fill(100, round + 1);
            assert!(b.iter().all(|value| *value == round + 1));
        }
        let c = outer_scope.alloc_slice_fill(100, round + 2);
        assert!(a.iter().all(|value| *value == round));
        assert!(c.iter().all(|value| *value == round + 2));
    }
    assert_eq!(scope.used_bytes(), before);
    assert!(kept.iter().all(|value| *value == 1));
    assert_eq!(region.high_water_bytes(), 80 + 1600);
}

#[test]
fn beginning_a_scope_in_a_checkpoint_again_takes_back_the_last_one() {
    let mut memory = memory(1000);
    let mut region = Region::new(&mut memory);
    let mut scope = region.scope();
    let mut checkpoint = scope.checkpoint();
    for round in 0..100_u64 {
        let inner = checkpoint.scope();
        assert_eq!(inner.used_bytes(), 0);
        assert_eq!(inner.alloc_slice_fill(100, round)[99], round);
    }
}

#[test]
fn a_leaked_checkpoint_only_delays() {
    let mut memory = memory(1000);
    let mut region = Region::new(&mut memory);
    let mut scope = region.scope();
    let mut checkpoint = scope.checkpoint();
    checkpoint.scope().alloc([1_u8; 100]);
    std::mem::forget(checkpoint);
    assert_eq!(scope.used_bytes(), 104);
    assert_eq!(*scope.alloc(2), 2);
    assert_eq!(region.scope().used_bytes(), 0);
}

#[test]
fn a_panic_in_a_checkpoint_takes_back_too() {
    let mut memory = memory(1000);
    let mut region = Region::new(&mut memory);
    let mut scope = region.scope();
    let kept = scope.alloc(1);
    let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let mut checkpoint = scope.checkpoint();
        checkpoint.scope().alloc_slice_fill_with(20, |i| if i == 10 { panic!("half way") } else { i });
    }));
    assert!(result.is_err());
    assert_eq!(scope.used_bytes(), 8);
    assert_eq!(*kept, 1);
}

#[test]
fn a_vector_that_comes_last_grows_where_it_stands() {
    let mut memory = memory(4096);
    let mut region = Region::new(&mut memory);
    let scope = region.scope();
    let mut vec = scope.vec::<u32>(4);
    let start = vec.as_ptr();
    (0..200).for_each(|i| vec.push(i));
    assert_eq!(vec.as_ptr(), start);
    scope.alloc(0_u8);
    // Now something is behind it: it moves, if there is room.
    let full = vec.try_reserve(800).unwrap_err();
    assert!(matches!(full, Error::Full { .. }));
    vec.reserve(100);
    assert_ne!(vec.as_ptr(), start);
    assert!(vec.iter().copied().eq(0..200));
    let slice = vec.into_slice();
    assert_eq!(slice.len(), 200);
    let mut text = scope.string(1);
    text.push_str("text");
    assert_eq!(text.into_str(), "text");
}

#[test]
fn a_vector_takes_what_is_left_where_doubling_does_not_fit() {
    let mut memory = memory(1000);
    let mut region = Region::new(&mut memory);
    let scope = region.scope();
    let mut vec = scope.vec::<u8>(600);
    scope.alloc(1_u8);
    vec.extend_from_slice(&[7; 100]);
    vec.try_reserve(600).unwrap_err();
    let mut short = scope.vec::<u8>(200);
    short.extend_from_slice(&[8; 200]);
    short.reserve(100);
    assert_eq!(short.capacity(), 300);
    assert!(vec.iter().all(|byte| *byte == 7) && short.iter().all(|byte| *byte == 8));
}

#[test]
fn what_does_not_fit_is_spilled_when_an_arena_was_given() {
    let mut memory = memory(256);
    let mut region = Region::with_spill(&mut memory, Arena::new());
    for round in 0..5_u64 {
        let mut scope = region.scope();
        let values: Vec<&mut [u64]> = (0..10).map(|i| scope.alloc_slice_fill(10, i + round)).collect();
        {
            let mut checkpoint = scope.checkpoint();
            let inner = checkpoint.scope();
            let mut vec = inner.vec(1);
            vec.extend(0..1000_u64);
            assert!(vec.iter().copied().eq(0..1000));
        }
        scope.alloc_slice_fill(1000, 7_u8);
        for (i, value) in values.iter().enumerate() {
            assert!(value.iter().all(|v| *v == i as u64 + round));
        }
    }
    let spilled = region.spill().unwrap().stats();
    assert!(spilled.bytes_used > 8 * 1000);
    assert!(region.used_bytes() <= 256);
}

/// The spill learns from one batch for each scope: peaks that recur within 15 scopes are left alone.
#[test]
fn a_spill_sees_every_batch_once() {
    let mut memory = memory(64);
    let mut region = Region::with_spill(&mut memory, Arena::new());
    let mut cycle = || {
        for batch in 0..12 {
            let bytes = if batch == 0 { 1_000_000 } else { 1_000 };
            region.scope().alloc_slice_fill(bytes, 0_u8);
        }
        region.spill().unwrap().stats()
    };
    cycle();
    let before = cycle();
    for cycles in 1..=10 {
        let now = cycle();
        assert_eq!(now.resets, before.resets + 12 * cycles);
        assert_eq!(now.chunk_requests, before.chunk_requests, "cycle {cycles}");
    }
}

#[test]
fn a_spill_with_a_limit_fails_in_its_own_words() {
    let mut memory = memory(64);
    let spill = Arena::with_policy(Policy { limit_bytes: Some(100), ..Policy::DEFAULT });
    let mut region = Region::with_spill(&mut memory, spill);
    let scope = region.scope();
    let error = scope.try_alloc([0_u8; 1000]).unwrap_err();
    assert!(matches!(error, Error::Limit { requested_bytes: 1000, limit_bytes: 100, .. }));
}

#[test]
fn regions_move_between_threads() {
    let mut memory = memory(1000);
    let mut region = Region::new(&mut memory);
    std::thread::scope(|threads| {
        threads.spawn(|| assert_eq!(*region.scope().alloc(7), 7));
    });
    assert_eq!(region.used_bytes(), 8);
}

#[test]
fn owned_values_in_a_region_are_dropped() {
    let mut memory = memory(1000);
    let mut region = Region::new(&mut memory);
    let mut scope = region.scope();
    let text = scope.alloc_owned(std::string::String::from("on the heap"));
    {
        let mut checkpoint = scope.checkpoint();
        let inner = checkpoint.scope();
        let mut vec = inner.vec(2);
        vec.extend([text.clone(), text.to_uppercase()]);
        assert_eq!(vec[1], "ON THE HEAP");
    }
    assert_eq!(text.into_inner(), "on the heap");
}
