//! The indices of the elements that pass a test.

use crate::blocks::{self, Elements};
use crate::dispatch::{SHORT, kernel};
use crate::isa::{BLOCK, Isa};
use crate::lane::{Lane, Word};
use crate::predicate::{Equal, Masked, Predicate};

kernel! {
    /// Lists the indices of the elements equal to `value`, in order, and counts them.
    ///
    /// The list is `out[..count]`; the elements of `out` after it may be overwritten with anything.
    ///
    /// # Panics
    /// When `out` is shorter than `x` (it needs room for every index, whatever is found), or `x` has more than 2^32 elements.
    ///
    /// # Example
    /// ```
    /// let mut out = [0; 4];
    /// assert_eq!(wf_simd::match_indices_equal(&[7_u8, 8, 7, 7], 7, &mut out), 3);
    /// assert_eq!(out[..3], [0, 2, 3]);
    /// ```
    pub fn match_indices_equal[T: Lane](x: &[T], value: T, out: &mut [u32]) -> usize {
        short(x.len() < SHORT) { blocks::indices_of_few(x, |element| Equal(value).holds(element.keep()), out) }
        each(isa) { blocks::indices(isa, Elements::new(isa, x, Equal(value)), out) }
    }
}

kernel! {
    /// Lists the indices of the elements with `(element & mask) == value`, in order, and counts them.
    ///
    /// The list is `out[..count]`; the elements of `out` after it may be overwritten with anything.
    ///
    /// # Panics
    /// When `out` is shorter than `x` (it needs room for every index, whatever is found), or `x` has more than 2^32 elements.
    ///
    /// # Example
    /// ```
    /// let mut out = [0; 3];
    /// assert_eq!(wf_simd::match_indices(&[0b01_u64, 0b11, 0b10], 0b10, 0b10, &mut out), 2);
    /// assert_eq!(out[..2], [1, 2]);
    /// ```
    pub fn match_indices[T: Word](x: &[T], mask: T, value: T, out: &mut [u32]) -> usize {
        short(x.len() < SHORT) { blocks::indices_of_few(x, |element| Masked { mask, value }.holds(element.keep()), out) }
        each(isa) { blocks::indices(isa, Elements::new(isa, x, Masked { mask, value }), out) }
    }
}

kernel! {
    /// Lists the indices of the bits that are set, in order, and counts them.
    ///
    /// The list is `out[..count]`; the elements of `out` after it may be overwritten with anything.
    ///
    /// # Panics
    /// When `out` is shorter than the count, or `bitmap` has more than 2^32 bits.
    ///
    /// # Example
    /// ```
    /// let mut out = [0; 128];
    /// assert_eq!(wf_simd::bits_indices(&[0b101, 1], &mut out), 3);
    /// assert_eq!(out[..3], [0, 2, 64]);
    /// ```
    pub fn bits_indices[](bitmap: &[u64], out: &mut [u32]) -> usize {
        each(isa) { indices_of_bits(isa, bitmap, out) }
    }
}

#[inline(always)]
fn indices_of_bits(isa: impl Isa, bitmap: &[u64], out: &mut [u32]) -> usize {
    assert!(bitmap.len() <= 1 << (u32::BITS - BLOCK.ilog2()), "{} words have bits beyond 2^32", bitmap.len());
    let mut count = 0;
    let mut base = 0_u32;
    for bits in bitmap {
        if *bits != 0 {
            count += isa.expand(*bits, base, &mut out[count..]);
        }
        // The last base may be 2^32; nothing is counted from it.
        base = base.wrapping_add(64);
    }
    count
}
