//! The naive twin of every kernel: what the vectors are tested against and measured against.
//!
//! Each is the loop that one would write, kept scalar: every element passes through a register that the compiler cannot
//! see through, so it can neither vectorise the loop nor leave it out. Not for use in programs.

use crate::Transition;
use crate::lane::{Integer, Lane, PARTIAL_SUMS, Word, add_halves};

/// Takes an element through a register.
pub trait Keep: Sized + Copy {
    /// The element itself, of which the compiler knows nothing afterwards.
    #[must_use]
    fn keep(self) -> Self;
}

macro_rules! keep {
    ($($type:ident in $class:ident as $comment:literal, on aarch64 in $class_arm:ident as $comment_arm:literal;)*) => {$(
        impl Keep for $type {
            #[inline(always)]
            fn keep(self) -> Self {
                #[cfg(all(target_arch = "x86_64", not(miri)))]
                {
                    let mut element = self;
                    // SAFETY: the assembly is a comment: it touches nothing, and leaves its operand as it is.
                    unsafe {
                        core::arch::asm!(
                            $comment,
                            inout($class) element,
                            options(pure, nomem, nostack, preserves_flags)
                        );
                    }
                    element
                }
                #[cfg(all(target_arch = "aarch64", not(miri)))]
                {
                    let mut element = self;
                    // SAFETY: the assembly is a comment: it touches nothing, and leaves its operand as it is.
                    unsafe {
                        core::arch::asm!(
                            $comment_arm,
                            inout($class_arm) element,
                            options(pure, nomem, nostack, preserves_flags)
                        );
                    }
                    element
                }
                #[cfg(not(all(any(target_arch = "x86_64", target_arch = "aarch64"), not(miri))))]
                {
                    core::hint::black_box(self)
                }
            }
        }
    )*};
}

keep! {
    u8 in reg_byte as "/* {0} */", on aarch64 in reg as "/* {0:w} */";
    u16 in reg as "/* {0:x} */", on aarch64 in reg as "/* {0:w} */";
    u32 in reg as "/* {0:e} */", on aarch64 in reg as "/* {0:w} */";
    u64 in reg as "/* {0:r} */", on aarch64 in reg as "/* {0:x} */";
    i64 in reg as "/* {0:r} */", on aarch64 in reg as "/* {0:x} */";
    f64 in xmm_reg as "/* {0} */", on aarch64 in vreg as "/* {0:d} */";
}

/// Twin of [`find_equal`](crate::find_equal).
#[must_use]
pub fn find_equal<T: Lane>(x: &[T], value: T) -> Option<usize> {
    x.iter().position(|element| element.keep() == value)
}

/// Twin of [`find_masked`](crate::find_masked).
#[must_use]
pub fn find_masked<T: Word>(x: &[T], mask: T, value: T) -> Option<usize> {
    x.iter().position(|element| element.keep().masked(mask) == value)
}

/// Twin of [`count_equal`](crate::count_equal).
#[must_use]
pub fn count_equal<T: Lane>(x: &[T], value: T) -> usize {
    x.iter().filter(|element| element.keep() == value).count()
}

/// Twin of [`count_masked`](crate::count_masked).
#[must_use]
pub fn count_masked<T: Word>(x: &[T], mask: T, value: T) -> usize {
    x.iter().filter(|element| element.keep().masked(mask) == value).count()
}

/// Twin of [`match_bitmap`](crate::match_bitmap), and with a predicate of the equal and row forms.
pub fn bitmap_where<T>(x: &[T], out: &mut [u64], mut holds: impl FnMut(&T) -> bool) -> usize {
    let mut count = 0;
    for (elements, word) in x.chunks(64).zip(out) {
        *word = 0;
        for (bit, element) in elements.iter().enumerate() {
            let holds = holds(element);
            *word |= u64::from(holds) << bit;
            count += usize::from(holds);
        }
    }
    count
}

/// Twin of [`match_bitmap`](crate::match_bitmap).
pub fn match_bitmap<T: Word>(x: &[T], mask: T, value: T, out: &mut [u64]) -> usize {
    bitmap_where(x, out, |element| element.keep().masked(mask) == value)
}

/// Twin of [`match_indices`](crate::match_indices): a branch per element.
pub fn match_indices<T: Word>(x: &[T], mask: T, value: T, out: &mut [u32]) -> usize {
    indices_where(x, out, |element| element.keep().masked(mask) == value)
}

/// Twin of the index lists with any test: a branch per element.
pub fn indices_where<T>(x: &[T], out: &mut [u32], mut holds: impl FnMut(&T) -> bool) -> usize {
    let mut count = 0;
    for (index, element) in x.iter().enumerate() {
        if holds(element) {
            out[count] = index as u32;
            count += 1;
        }
    }
    count
}

/// Twin of [`match_indices`](crate::match_indices) without branches: always stores, advances by the result.
pub fn match_indices_branchless<T: Word>(x: &[T], mask: T, value: T, out: &mut [u32]) -> usize {
    let mut count = 0;
    for (index, element) in x.iter().enumerate() {
        out[count] = index as u32;
        count += usize::from(element.keep().masked(mask) == value);
    }
    count
}

/// Twin of [`compact`](crate::compact).
pub fn compact<T: Lane>(x: &mut [T], keep: &[u64]) -> usize {
    let mut count = 0;
    for index in 0..x.len() {
        if keep[index / 64].keep() >> (index % 64) & 1 == 1 {
            x[count] = x[index];
            count += 1;
        }
    }
    count
}

/// Twin of [`enabled`](crate::enabled).
pub fn enabled(words: &[u64], transitions: &[Transition], out: &mut [u64]) {
    let stride = words.len().div_ceil(64);
    for (row, transition) in out.chunks_mut(stride.max(1)).zip(transitions) {
        match_bitmap(words, transition.mask, transition.value, row);
    }
}

/// Twin of [`bits_indices`](crate::bits_indices).
pub fn bits_indices(bitmap: &[u64], out: &mut [u32]) -> usize {
    let mut count = 0;
    for (index, word) in bitmap.iter().enumerate() {
        for bit in 0..64 {
            if word.keep() >> bit & 1 == 1 {
                out[count] = (index * 64 + bit) as u32;
                count += 1;
            }
        }
    }
    count
}

/// Twin of [`bits_count_and`](crate::bits_count_and).
#[must_use]
pub fn bits_count_and(x: &[u64], y: &[u64]) -> usize {
    x.iter().zip(y).map(|(x, y)| (x & y).keep().count_ones() as usize).sum()
}

/// Twin of [`bits_and`](crate::bits_and).
pub fn bits_and(x: &mut [u64], y: &[u64]) {
    for (x, y) in x.iter_mut().zip(y) {
        *x = x.keep() & y;
    }
}

/// Twin of [`bits_or`](crate::bits_or).
pub fn bits_or(x: &mut [u64], y: &[u64]) {
    for (x, y) in x.iter_mut().zip(y) {
        *x = x.keep() | y;
    }
}

/// Twin of [`bits_and_not`](crate::bits_and_not).
pub fn bits_and_not(x: &mut [u64], y: &[u64]) {
    for (x, y) in x.iter_mut().zip(y) {
        *x = x.keep() & !y;
    }
}

/// Twin of [`enabled_rows`](crate::enabled_rows).
pub fn enabled_rows(rows: &[[u64; 8]], word: usize, transitions: &[Transition], out: &mut [u64]) {
    let stride = rows.len().div_ceil(64);
    for (out, transition) in out.chunks_mut(stride.max(1)).zip(transitions) {
        bitmap_where(rows, out, |row| row[word].keep() & transition.mask == transition.value);
    }
}

/// Twin of [`bits_any_and`](crate::bits_any_and).
#[must_use]
pub fn bits_any_and(x: &[u64], y: &[u64]) -> bool {
    x.iter().zip(y).any(|(x, y)| (x & y).keep() != 0)
}

/// Twin of [`histogram`](crate::histogram): one table.
#[must_use]
pub fn histogram<const CODES: usize>(x: &[u8]) -> [u64; CODES] {
    let mut counts = [0; CODES];
    for byte in x {
        if let Some(count) = counts.get_mut(usize::from(byte.keep())) {
            *count += 1;
        }
    }
    counts
}

/// Twin of [`min`](crate::min) for integers.
#[must_use]
pub fn min<T: Integer>(x: &[T]) -> Option<T> {
    x.iter().map(|element| element.keep()).min()
}

/// Twin of [`max`](crate::max) for integers.
#[must_use]
pub fn max<T: Integer>(x: &[T]) -> Option<T> {
    x.iter().map(|element| element.keep()).max()
}

/// Twin of [`min`](crate::min) for `f64`, by the definition: NaN skipped, -0.0 below 0.0.
#[must_use]
pub fn min_f64(x: &[f64]) -> Option<f64> {
    x.iter().map(|element| element.keep()).filter(|element| !element.is_nan()).min_by(f64::total_cmp)
}

/// Twin of [`max`](crate::max) for `f64`, by the definition: NaN skipped, 0.0 above -0.0.
#[must_use]
pub fn max_f64(x: &[f64]) -> Option<f64> {
    x.iter().map(|element| element.keep()).filter(|element| !element.is_nan()).max_by(f64::total_cmp)
}

/// The `f64` minimum as one would write it for speed: a plain fold that skips NaN and leaves the sign of zero open.
#[must_use]
pub fn min_f64_fold(x: &[f64]) -> f64 {
    x.iter().fold(f64::INFINITY, |min, element| {
        let element = element.keep();
        if element < min { element } else { min }
    })
}

/// The `f64` maximum in the same way.
#[must_use]
pub fn max_f64_fold(x: &[f64]) -> f64 {
    x.iter().fold(f64::NEG_INFINITY, |max, element| {
        let element = element.keep();
        if element > max { element } else { max }
    })
}

/// Twin of [`argmin`](crate::argmin).
#[must_use]
pub fn argmin<T: Lane>(x: &[T]) -> Option<(usize, T)> {
    let mut best: Option<(usize, T)> = None;
    for (index, element) in x.iter().enumerate() {
        let element = element.keep();
        if element.is_ordered() && best.is_none_or(|(_, least)| element.is_less(least)) {
            best = Some((index, element));
        }
    }
    best
}

/// Twin of [`sum`](crate::sum) for integers.
#[must_use]
pub fn sum<T: Integer>(x: &[T]) -> u64
where
    i128: From<T>,
{
    x.iter().fold(0, |sum: u64, element| sum.wrapping_add(i128::from(element.keep()) as u64))
}

/// Twin of [`sum`](crate::sum) for `f64`: the definition.
#[must_use]
pub fn sum_f64(x: &[f64]) -> f64 {
    let mut sums = [0.0; PARTIAL_SUMS];
    for (index, element) in x.iter().enumerate() {
        sums[index % PARTIAL_SUMS] += element.keep();
    }
    add_halves(sums)
}

/// Twin of [`add_wrapping`](crate::add_wrapping).
pub fn add_wrapping<T: Integer>(x: &mut [T], y: &[T]) {
    for (x, y) in x.iter_mut().zip(y) {
        *x = x.keep().add_wrapping(*y);
    }
}

/// Twin of [`add_saturating`](crate::add_saturating).
pub fn add_saturating<T: Integer>(x: &mut [T], y: &[T]) {
    for (x, y) in x.iter_mut().zip(y) {
        *x = x.keep().add_saturating(*y);
    }
}

/// Twin of [`find_masked_rows`](crate::find_masked_rows).
#[must_use]
pub fn find_masked_rows(rows: &[[u64; 8]], word: usize, mask: u64, value: u64) -> Option<usize> {
    rows.iter().position(|row| row[word].keep() & mask == value)
}

/// Twin of [`count_masked_rows`](crate::count_masked_rows).
#[must_use]
pub fn count_masked_rows(rows: &[[u64; 8]], word: usize, mask: u64, value: u64) -> usize {
    rows.iter().filter(|row| row[word].keep() & mask == value).count()
}
