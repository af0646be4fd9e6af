//! Keeping some elements of a slice, in place.

use crate::dispatch::{SHORT, kernel};
use crate::isa::{BLOCK, Isa};
use crate::lane::Lane;

kernel! {
    /// Moves the elements whose bit is set to the front, in order, and counts them.
    ///
    /// Bit `i` of `keep` is bit `i % 64` of word `i / 64`. The kept elements are `x[..count]`; those after them may be
    /// overwritten with anything. Bits past the end of `x` are ignored.
    ///
    /// # Panics
    /// When `keep` has fewer than `x.len().div_ceil(64)` words.
    ///
    /// # Example
    /// ```
    /// let mut x = [10_u32, 11, 12, 13];
    /// assert_eq!(wf_simd::compact(&mut x, &[0b1010]), 2);
    /// assert_eq!(x[..2], [11, 13]);
    /// ```
    pub fn compact[T: Lane](x: &mut [T], keep: &[u64]) -> usize {
        short(x.len() < SHORT) {
            if x.is_empty() { 0 } else { few(x, first_word(keep, x.len())) }
        }
        each(isa) { slice(isa, x, keep) }
    }
}

/// The word that says which of at most 64 elements to keep.
#[inline(always)]
fn first_word(keep: &[u64], len: usize) -> u64 {
    let Some(word) = keep.first() else { panic!("0 words cannot hold {len} bits") };
    *word
}

#[inline(always)]
fn few<T: Lane>(x: &mut [T], bits: u64) -> usize {
    let mut count = 0;
    for index in 0..x.len() {
        // Copying always and advancing by the bit has nothing to mispredict.
        x[count] = x[index];
        count += (bits >> index & 1) as usize;
    }
    count
}

#[inline(always)]
fn slice<T: Lane>(isa: impl Isa, x: &mut [T], keep: &[u64]) -> usize {
    let words = x.len().div_ceil(BLOCK);
    assert!(keep.len() >= words, "{} words cannot hold {} bits", keep.len(), x.len());
    let mut count = 0;
    for (index, bits) in keep[..words].iter().enumerate() {
        let from = index * BLOCK;
        let left = x.len() - from;
        let inside = if left < BLOCK { (1 << left) - 1 } else { u64::MAX };
        count = isa.compact(x, from, count, bits & inside);
    }
    count
}
