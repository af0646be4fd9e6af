//! One bit per element: whether it passes a test.

use crate::blocks::{self, Elements};
use crate::dispatch::{SHORT_REDUCED, kernel};
use crate::lane::{Lane, Word};
use crate::predicate::{Equal, Masked, Predicate};

kernel! {
    /// Sets bit `i` of `out` when `x[i] == value`, and counts the bits set.
    ///
    /// Bit `i` is bit `i % 64` of word `i / 64`. Writes exactly `x.len().div_ceil(64)` words; the bits past the end of `x` are 0.
    ///
    /// # Panics
    /// When `out` is shorter than that.
    ///
    /// # Example
    /// ```
    /// let mut out = [0; 1];
    /// assert_eq!(wf_simd::match_bitmap_equal(&[7_u32, 8, 7], 7, &mut out), 2);
    /// assert_eq!(out, [0b101]);
    /// ```
    pub fn match_bitmap_equal[T: Lane](x: &[T], value: T, out: &mut [u64]) -> usize {
        short(x.len() < SHORT_REDUCED) { blocks::bitmap_of_few(x, |element| Equal(value).holds(element.keep()), out) }
        each(isa) { blocks::bitmap(Elements::new(isa, x, Equal(value)), out) }
    }
}

kernel! {
    /// Sets bit `i` of `out` when `(x[i] & mask) == value`, and counts the bits set.
    ///
    /// Bit `i` is bit `i % 64` of word `i / 64`. Writes exactly `x.len().div_ceil(64)` words; the bits past the end of `x` are 0.
    ///
    /// # Panics
    /// When `out` is shorter than that.
    ///
    /// # Example
    /// ```
    /// let mut out = [0; 1];
    /// assert_eq!(wf_simd::match_bitmap(&[0b01_u64, 0b11, 0b10], 0b10, 0b10, &mut out), 2);
    /// assert_eq!(out, [0b110]);
    /// ```
    pub fn match_bitmap[T: Word](x: &[T], mask: T, value: T, out: &mut [u64]) -> usize {
        short(x.len() < SHORT_REDUCED) { blocks::bitmap_of_few(x, |element| Masked { mask, value }.holds(element.keep()), out) }
        each(isa) { blocks::bitmap(Elements::new(isa, x, Masked { mask, value }), out) }
    }
}
