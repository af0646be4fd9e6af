//! Search of a column: which orders are open and urgent, how many there are, and which is due first.
#![allow(clippy::print_stdout, reason = "an example prints what it did")]

use wf_simd::Level;

/// Bits of an order's state.
const OPEN: u32 = 1 << 0;
const PAID: u32 = 1 << 1;
const URGENT: u32 = 1 << 4;

fn main() {
    // Columns, not rows: a search reads only what it asks about.
    let state = |n: u32| (u32::from(n.is_multiple_of(3)) * OPEN) | (u32::from(n.is_multiple_of(5)) * URGENT);
    let states: Vec<u32> = (0..10_000).map(state).collect();
    let due: Vec<i64> = (0..10_000_i64).map(|n| 1_000_000 - (n * 7_919) % 10_007).collect();

    // Open and urgent and not paid: (state & mask) == value.
    let (mask, value) = (OPEN | URGENT | PAID, OPEN | URGENT);
    let count = wf_simd::count_masked(&states, mask, value);
    assert_eq!(count, 667);
    assert_eq!(wf_simd::find_masked(&states, mask, value), Some(0));

    // Their places, in order, in memory of ours.
    let mut places = vec![0; states.len()];
    let found = wf_simd::match_indices(&states, mask, value, &mut places);
    assert_eq!(found, count);
    assert_eq!(places[..4], [0, 15, 30, 45]);

    // The one that is due first, among all.
    let first = wf_simd::argmin(&due);
    println!("{count} of {} are open and urgent; due first: {first:?}; by {}", states.len(), Level::detect());

    // Every level gives the same answer: a test can force each that the processor has.
    for level in Level::available() {
        assert_eq!(level.count_masked(&states, mask, value), count);
        assert_eq!(level.argmin(&due), first);
    }
}
