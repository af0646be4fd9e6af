//! A single hit of the masked tests, over slices and over rows, at every length and position, at every level.

#[allow(dead_code, reason = "the other tests use the rest")]
mod guarded;

use guarded::Guarded;
use wf_simd::{Level, Word};

const LEN_MAX: usize = 200;

/// Every length, and every position of one hit in it, or none.
fn every_position<T: Copy>(miss: T, hit: T, mut check: impl FnMut(&mut [T], Option<usize>)) {
    let mut memory = Guarded::new(64 << 10);
    for len in 0..=LEN_MAX {
        let mut data = vec![miss; len];
        for position in 0..=len {
            let inside = position < len;
            if inside {
                data[position] = hit;
            }
            check(memory.at_end(&data), inside.then_some(position));
            if inside {
                data[position] = miss;
            }
        }
    }
}

/// What a bitmap and an index list of at most one hit are.
fn answers(len: usize, hit: Option<usize>) -> (Vec<u64>, Vec<u32>) {
    let mut bitmap = vec![0; len.div_ceil(64)];
    if let Some(at) = hit {
        bitmap[at / 64] = 1 << (at % 64);
    }
    (bitmap, hit.map(|at| at as u32).into_iter().collect())
}

fn words<T: Word>(miss: T, hit: T, mask: T, value: T) {
    let (mut bits, mut places) = ([7; LEN_MAX.div_ceil(64)], [7; LEN_MAX]);
    every_position(miss, hit, |x, expected| {
        let (bitmap, indices) = answers(x.len(), expected);
        for level in Level::available() {
            let about = || format!("{level}, {} elements, {expected:?}", x.len());
            assert_eq!(level.find_masked(x, mask, value), expected, "{}", about());
            assert_eq!(level.count_masked(x, mask, value), indices.len(), "{}", about());
            assert_eq!(level.match_bitmap(x, mask, value, &mut bits), indices.len(), "{}", about());
            assert_eq!(bits[..bitmap.len()], bitmap, "{}", about());
            assert_eq!(level.match_indices(x, mask, value, &mut places), indices.len(), "{}", about());
            assert_eq!(places[..indices.len()], indices, "{}", about());
        }
    });
}

#[test]
fn masked_tests_find_a_single_hit_anywhere() {
    // Misses that equal the value but for a bit under the mask, and that pass without it.
    words::<u8>(0b0101, 0b1011, 0b0110, 0b0010);
    words::<u16>(0x8001, 0x0180, 0x8080, 0x0080);
    words::<u32>(u32::MAX, u32::MAX - 1, 1, 0);
    words::<u64>(1 << 63, 0, 1 << 63, 0);
}

#[test]
fn rows_with_a_single_hit_are_found_anywhere() {
    let (mut bits, mut places) = ([7; LEN_MAX.div_ceil(64)], [7; LEN_MAX]);
    for word in [0, 3, 7] {
        // Every other word of the misses passes.
        let (mut miss, mut hit) = ([0b11; 8], [0b00; 8]);
        (miss[word], hit[word]) = (0b01, 0b11);
        every_position(miss, hit, |rows, expected| {
            let (bitmap, indices) = answers(rows.len(), expected);
            for level in Level::available() {
                let about = || format!("{level}, word {word} of {} rows, {expected:?}", rows.len());
                assert_eq!(level.find_masked_rows(rows, word, 0b10, 0b10), expected, "{}", about());
                assert_eq!(level.count_masked_rows(rows, word, 0b10, 0b10), indices.len(), "{}", about());
                assert_eq!(
                    level.match_bitmap_rows(rows, word, 0b10, 0b10, &mut bits),
                    indices.len(),
                    "{}",
                    about()
                );
                assert_eq!(bits[..bitmap.len()], bitmap, "{}", about());
                assert_eq!(
                    level.match_indices_rows(rows, word, 0b10, 0b10, &mut places),
                    indices.len(),
                    "{}",
                    about()
                );
                assert_eq!(places[..indices.len()], indices, "{}", about());
            }
        });
    }
}

/// Rows are lines of a cache only where somebody aligned them: any multiple of eight bytes will do.
#[test]
fn rows_at_every_misalignment() {
    let flat: Vec<u64> = (0..8 * 140).map(|n: u64| n.wrapping_mul(0x9E37_79B9_7F4A_7C15)).collect();
    for skip in 0..8 {
        let (rows, _) = flat[skip..].as_chunks::<8>();
        for len in [0, 1, 7, 8, 63, 64, 65, 100, 128, 139] {
            let rows = &rows[..len];
            for word in 0..8 {
                let passes = |row: &[u64; 8]| row[word] >> 60 & 3 == 1;
                let expected: Vec<u32> =
                    (0..).zip(rows).filter(|(_, row)| passes(row)).map(|(at, _)| at).collect();
                for level in Level::available() {
                    let about = || format!("{level}, word {word} of {len} rows, {skip} words in");
                    let mut places = vec![7; len];
                    let count = level.match_indices_rows(rows, word, 3 << 60, 1 << 60, &mut places);
                    assert_eq!(places[..count], expected, "{}", about());
                    assert_eq!(level.count_masked_rows(rows, word, 3 << 60, 1 << 60), count, "{}", about());
                    let first = expected.first().map(|at| *at as usize);
                    assert_eq!(level.find_masked_rows(rows, word, 3 << 60, 1 << 60), first, "{}", about());
                }
            }
        }
    }
}
