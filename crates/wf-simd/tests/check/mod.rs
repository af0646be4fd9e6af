//! One comparison of every kernel at one level with its naive twin, on one input.

use wf_simd::scalar;
use wf_simd::{Integer, Lane, Level, Transition, Word};

/// Every test of equality, and what needs no more than a lane.
pub(crate) fn lanes<T: Lane>(level: Level, x: &[T], value: T) {
    let about = || format!("{level}, {} elements, value {value:?}", x.len());
    assert_eq!(level.find_equal(x, value), scalar::find_equal(x, value), "find_equal: {}", about());
    assert_eq!(level.count_equal(x, value), scalar::count_equal(x, value), "count_equal: {}", about());
    let found = level.argmin(x);
    let expected = scalar::argmin(x);
    assert_eq!(found.map(|(index, _)| index), expected.map(|(index, _)| index), "argmin: {}", about());
    bitmap(
        x.len(),
        |out| level.match_bitmap_equal(x, value, out),
        |out| scalar::bitmap_where(x, out, |element| *element == value),
        &about,
    );
    indices(
        x.len(),
        |out| level.match_indices_equal(x, value, out),
        |out| scalar::indices_where(x, out, |element| *element == value),
        &about,
    );
}

/// Every masked test.
pub(crate) fn words<T: Word>(level: Level, x: &[T], mask: T, value: T) {
    let about = || format!("{level}, {} elements, mask {mask:?}, value {value:?}", x.len());
    let (find, count) = (level.find_masked(x, mask, value), level.count_masked(x, mask, value));
    assert_eq!(find, scalar::find_masked(x, mask, value), "find_masked: {}", about());
    assert_eq!(count, scalar::count_masked(x, mask, value), "count_masked: {}", about());
    bitmap(
        x.len(),
        |out| level.match_bitmap(x, mask, value, out),
        |out| scalar::match_bitmap(x, mask, value, out),
        &about,
    );
    indices(
        x.len(),
        |out| level.match_indices(x, mask, value, out),
        |out| scalar::match_indices(x, mask, value, out),
        &about,
    );
}

/// Min, max and sum of integers.
pub(crate) fn integers<T: Integer>(level: Level, x: &[T])
where
    i128: From<T> + From<T::Sum>,
{
    assert_eq!(level.min(x), scalar::min(x), "min: {level}, {} elements", x.len());
    assert_eq!(level.max(x), scalar::max(x), "max: {level}, {} elements", x.len());
    let sum = i128::from(level.sum(x)) as u64;
    assert_eq!(sum, scalar::sum(x), "sum: {level}, {} elements", x.len());
}

/// Both additions; `x` and `y` are of one length.
pub(crate) fn additions<T: Integer>(level: Level, x: &mut [T], y: &[T]) {
    let before = x.to_vec();
    let mut expected = before.clone();
    scalar::add_wrapping(&mut expected, y);
    level.add_wrapping(x, y);
    assert_eq!(x, expected, "add_wrapping: {level}");
    x.copy_from_slice(&before);
    expected.copy_from_slice(&before);
    scalar::add_saturating(&mut expected, y);
    level.add_saturating(x, y);
    assert_eq!(x, expected, "add_saturating: {level}");
}

/// `f64` min, max and sum, to the bit.
pub(crate) fn floats(level: Level, x: &[f64]) {
    let bits = |value: Option<f64>| value.map(f64::to_bits);
    assert_eq!(bits(level.min(x)), bits(scalar::min_f64(x)), "min: {level}, {x:?}");
    assert_eq!(bits(level.max(x)), bits(scalar::max_f64(x)), "max: {level}, {x:?}");
    let (sum, expected) = (level.sum(x), scalar::sum_f64(x));
    assert!(
        sum.to_bits() == expected.to_bits() || (sum.is_nan() && expected.is_nan()),
        "sum: {level}, {x:?}"
    );
}

/// Compaction in place; `x` is left compacted.
pub(crate) fn compaction<T: Lane>(level: Level, x: &mut [T], keep: &[u64]) {
    let mut expected = x.to_vec();
    let count = scalar::compact(&mut expected, keep);
    assert_eq!(level.compact(x, keep), count, "compact: {level}, {} elements", x.len());
    // Bit patterns, so that NaN is compared too.
    let pairs = x[..count].iter().zip(&expected);
    assert!(
        pairs.clone().all(|(a, b)| format!("{a:?}") == format!("{b:?}")),
        "compact: {level}, {} elements: {:?}",
        x.len(),
        pairs.collect::<Vec<_>>()
    );
}

/// Set operations; `x` and `y` are of one length.
pub(crate) fn sets(level: Level, x: &mut [u64], y: &[u64]) {
    let about = || format!("{level}, {} words", y.len());
    assert_eq!(level.bits_count_and(x, y), scalar::bits_count_and(x, y), "bits_count_and: {}", about());
    assert_eq!(level.bits_count(x), scalar::bits_count_and(x, x), "bits_count: {}", about());
    assert_eq!(level.bits_any_and(x, y), scalar::bits_any_and(x, y), "bits_any_and: {}", about());
    assert_eq!(level.bits_any(x), scalar::bits_any_and(x, x), "bits_any: {}", about());
    let mut out = vec![0; scalar::bits_count_and(x, x)];
    let mut expected = out.clone();
    assert_eq!(level.bits_indices(x, &mut out), scalar::bits_indices(x, &mut expected), "{}", about());
    assert_eq!(out, expected, "bits_indices: {}", about());

    let before = x.to_vec();
    let mut check = |run: fn(Level, &mut [u64], &[u64]), one: fn(u64, u64) -> u64| {
        x.copy_from_slice(&before);
        run(level, x, y);
        let expected: Vec<u64> = before.iter().zip(y).map(|(x, y)| one(*x, *y)).collect();
        assert_eq!(x, expected, "{}", about());
    };
    check(Level::bits_and, |x, y| x & y);
    check(Level::bits_or, |x, y| x | y);
    check(Level::bits_and_not, |x, y| x & !y);
}

/// Masked tests and the enabled test over rows.
pub(crate) fn rows(level: Level, rows: &[[u64; 8]], word: usize, transitions: &[Transition]) {
    let column: Vec<u64> = rows.iter().map(|row| row[word]).collect();
    let about = || format!("{level}, {} rows, word {word}", rows.len());
    let stride = rows.len().div_ceil(64);
    let mut expected = vec![0; transitions.len() * stride];
    scalar::enabled(&column, transitions, &mut expected);
    let mut out = vec![u64::MAX; transitions.len() * stride + 1];
    level.enabled_rows(rows, word, transitions, &mut out);
    assert_eq!(out.pop(), Some(u64::MAX), "enabled_rows wrote past its shape: {}", about());
    assert_eq!(out, expected, "enabled_rows: {}", about());
    let mut out = vec![u64::MAX; transitions.len() * stride];
    level.enabled(&column, transitions, &mut out);
    assert_eq!(out, expected, "enabled: {}", about());

    for &Transition { mask, value } in transitions {
        let find = level.find_masked_rows(rows, word, mask, value);
        assert_eq!(find, scalar::find_masked_rows(rows, word, mask, value), "find: {}", about());
        let count = level.count_masked_rows(rows, word, mask, value);
        assert_eq!(count, scalar::count_masked_rows(rows, word, mask, value), "count: {}", about());
        bitmap(
            rows.len(),
            |out| level.match_bitmap_rows(rows, word, mask, value, out),
            |out| scalar::match_bitmap(&column, mask, value, out),
            &about,
        );
        indices(
            rows.len(),
            |out| level.match_indices_rows(rows, word, mask, value, out),
            |out| scalar::match_indices(&column, mask, value, out),
            &about,
        );
    }
}

fn bitmap(
    len: usize,
    kernel: impl FnOnce(&mut [u64]) -> usize,
    twin: impl FnOnce(&mut [u64]) -> usize,
    about: &dyn Fn() -> String,
) {
    // One word more than is written, and every word dirty before.
    let mut out = vec![u64::MAX; len.div_ceil(64) + 1];
    let mut expected = out.clone();
    assert_eq!(kernel(&mut out), twin(&mut expected), "bitmap count: {}", about());
    assert_eq!(out, expected, "bitmap: {}", about());
}

fn indices(
    len: usize,
    kernel: impl FnOnce(&mut [u32]) -> usize,
    twin: impl FnOnce(&mut [u32]) -> usize,
    about: &dyn Fn() -> String,
) {
    // Exactly as many places as asked for.
    let mut out = vec![u32::MAX; len];
    let mut expected = out.clone();
    let count = kernel(&mut out);
    assert_eq!(count, twin(&mut expected), "index count: {}", about());
    assert_eq!(out[..count], expected[..count], "indices: {}", about());
}
