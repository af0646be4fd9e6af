//! What is written, and second operands that are read, between guard pages: an access past either end of them traps.

#[allow(dead_code, reason = "the other tests use the rest")]
mod check;
mod guarded;
#[allow(dead_code, reason = "the other tests use the rest")]
mod random;

use guarded::Guarded;
use random::Random;
use wf_simd::{Integer, Lane, Level, Transition, scalar};

/// Lengths at which blocks, vectors and their halves begin and end.
fn lengths() -> impl Iterator<Item = usize> {
    (0..=200).chain([255, 256, 257, 1_023, 1_024, 1_025])
}

/// Runs a case with `data` at the end and at the beginning of guarded memory.
fn at_both_ends<T: Copy>(memory: &mut Guarded, data: &[T], mut case: impl FnMut(Level, &mut [T])) {
    for level in Level::available() {
        case(level, memory.at_end(data));
        case(level, memory.at_start(data));
    }
}

fn second_operands_of_additions<T: Integer>(make: fn(u64) -> T) {
    let mut memory = Guarded::new(64 << 10);
    let mut random = Random::new(1);
    for len in lengths() {
        let x: Vec<T> = (0..len).map(|_| make(random.next())).collect();
        let y: Vec<T> = (0..len).map(|_| make(random.next())).collect();
        at_both_ends(&mut memory, &y, |level, y| check::additions(level, &mut x.clone(), y));
    }
}

#[test]
fn additions_read_no_more_of_the_second_slice() {
    second_operands_of_additions(|bits| bits as u8);
    second_operands_of_additions(|bits| bits as u16);
    second_operands_of_additions(|bits| bits as u32);
    second_operands_of_additions(|bits| bits);
    second_operands_of_additions(|bits| bits as i64);
}

#[test]
fn set_operations_read_no_more_of_the_second_set() {
    let mut memory = Guarded::new(64 << 10);
    let mut random = Random::new(2);
    for len in lengths() {
        let x: Vec<u64> = (0..len).map(|_| random.next() & random.next()).collect();
        let y: Vec<u64> = (0..len).map(|_| random.next() & random.next()).collect();
        at_both_ends(&mut memory, &y, |level, y| check::sets(level, &mut x.clone(), y));
    }
}

#[test]
fn compaction_reads_no_more_of_the_bits() {
    fn all<T: Lane>(make: fn(u64) -> T) {
        let mut memory = Guarded::new(64 << 10);
        let mut random = Random::new(3);
        for len in lengths() {
            let x: Vec<T> = (0..len).map(|_| make(random.next())).collect();
            let keep: Vec<u64> = (0..len.div_ceil(64)).map(|_| random.next()).collect();
            at_both_ends(&mut memory, &keep, |level, keep| check::compaction(level, &mut x.clone(), keep));
        }
    }
    all(|bits| bits as u8);
    all(|bits| bits as u16);
    all(|bits| bits as u32);
    all(|bits| bits as f64);
}

/// Runs a kernel whose output lies between guards, `len` places of it, and compares what it should have written.
fn output<O: Copy + PartialEq + std::fmt::Debug>(
    memory: &mut Guarded,
    dirty: O,
    len: usize,
    expected: &[O],
    mut kernel: impl FnMut(Level, &mut [O]) -> usize,
) {
    at_both_ends(memory, &vec![dirty; len], |level, out| {
        let written = kernel(level, out);
        assert_eq!(out[..written], expected[..written], "{level}, {len} places");
        assert_eq!(written, expected.len(), "{level}, {len} places");
    });
}

#[test]
fn index_lists_and_bitmaps_write_no_further_than_they_may() {
    let (mut words, mut places) = (Guarded::new(64 << 10), Guarded::new(64 << 10));
    let mut random = Random::new(4);
    for len in lengths() {
        // None, some, and all of the elements pass.
        for mask in [0_u64, 1, 7] {
            let x: Vec<u64> = (0..len).map(|_| random.next()).collect();
            let rows: Vec<[u64; 8]> = x.iter().map(|word| [*word; 8]).collect();
            let narrow: Vec<u8> = x.iter().map(|word| *word as u8).collect();
            let value = mask & 5;
            let mut indices = vec![0; len];
            let count = scalar::match_indices(&x, mask, value, &mut indices);
            let indices = &indices[..count];
            output(&mut places, 7, len, indices, |level, out| level.match_indices(&x, mask, value, out));
            output(&mut places, 7, len, indices, |level, out| {
                level.match_indices_rows(&rows, 5, mask, value, out)
            });
            output(&mut places, 7, len, indices, |level, out| {
                level.match_indices(&narrow, mask as u8, value as u8, out)
            });
            let mut bitmap = vec![0; len.div_ceil(64)];
            scalar::match_bitmap(&x, mask, value, &mut bitmap);
            let full = bitmap.len();
            output(&mut words, 7, full, &bitmap, |level, out| {
                level.match_bitmap(&x, mask, value, out);
                full
            });
            output(&mut words, 7, full, &bitmap, |level, out| {
                level.match_bitmap_rows(&rows, 5, mask, value, out);
                full
            });
            output(&mut words, 7, full, &bitmap, |level, out| {
                level.match_bitmap(&narrow, mask as u8, value as u8, out);
                full
            });
            // As many places as there are bits, which is all that this kernel asks for.
            output(&mut places, 7, count, indices, |level, out| level.bits_indices(&bitmap, out));
        }
    }
}

#[test]
fn the_enabled_test_writes_its_shape() {
    let mut memory = Guarded::new(64 << 10);
    let mut random = Random::new(5);
    for len in lengths() {
        let x: Vec<u64> = (0..len).map(|_| random.next()).collect();
        let rows: Vec<[u64; 8]> = x.iter().map(|word| [*word; 8]).collect();
        for count in [0, 1, 3, 43] {
            let transitions: Vec<Transition> =
                (0..count).map(|t| Transition { mask: 5 << t, value: 1 << t }).collect();
            let shape = count * len.div_ceil(64);
            let mut expected = vec![0; shape];
            scalar::enabled(&x, &transitions, &mut expected);
            output(&mut memory, 7, shape, &expected, |level, out| {
                level.enabled(&x, &transitions, out);
                shape
            });
            output(&mut memory, 7, shape, &expected, |level, out| {
                level.enabled_rows(&rows, 2, &transitions, out);
                shape
            });
        }
    }
}
