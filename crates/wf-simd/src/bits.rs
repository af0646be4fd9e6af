//! Bit sets over `&[u64]`: bit `i` is bit `i % 64` of word `i / 64`.

use crate::dispatch::{SHORT, kernel};
use crate::isa::Isa;
use crate::scalar::Keep;

macro_rules! combine {
    ($(#[$meta:meta])* $name:ident, $x:ident, $y:ident => $expression:expr) => {
        kernel! {
            $(#[$meta])*
            ///
            /// # Panics
            /// When the sets differ in length.
            pub fn $name[](x: &mut [u64], y: &[u64]) -> () {
                short(x.len() < SHORT) { combine(x, y, |$x, $y| $expression) }
                each(_isa) { combine(x, y, |$x, $y| $expression) }
            }
        }
    };
}

combine! {
    /// Keeps the bits of `x` that are in `y` too.
    bits_and, x, y => x & y
}

combine! {
    /// Adds the bits of `y` to `x`.
    bits_or, x, y => x | y
}

combine! {
    /// Takes the bits of `y` out of `x`.
    bits_and_not, x, y => x & !y
}

kernel! {
    /// Whether any bit is set.
    #[must_use]
    pub fn bits_any[](x: &[u64]) -> bool {
        short(x.len() < SHORT) { x.iter().any(|word| word.keep() != 0) }
        each(_isa) { any_and(x, x) }
    }
}

kernel! {
    /// Whether the sets have a bit in common.
    ///
    /// # Panics
    /// When the sets differ in length.
    #[must_use]
    pub fn bits_any_and[](x: &[u64], y: &[u64]) -> bool {
        short(x.len() < SHORT) {
            same_length(x.len(), y.len());
            x.iter().zip(y).any(|(x, y)| (x & y).keep() != 0)
        }
        each(_isa) { any_and(x, y) }
    }
}

kernel! {
    /// Counts the bits that are set.
    ///
    /// # Example
    /// ```
    /// assert_eq!(wf_simd::bits_count(&[0b1011, u64::MAX]), 67);
    /// ```
    #[must_use]
    pub fn bits_count[](x: &[u64]) -> usize {
        each(isa) { isa.count_bits(x, x) }
    }
}

kernel! {
    /// Counts the bits that the sets have in common.
    ///
    /// # Panics
    /// When the sets differ in length.
    ///
    /// # Example
    /// ```
    /// assert_eq!(wf_simd::bits_count_and(&[0b1011, 1], &[0b0011, 2]), 2);
    /// ```
    #[must_use]
    pub fn bits_count_and[](x: &[u64], y: &[u64]) -> usize {
        each(isa) {
            same_length(x.len(), y.len());
            isa.count_bits(x, y)
        }
    }
}

#[inline(always)]
fn combine(x: &mut [u64], y: &[u64], operation: impl Fn(u64, u64) -> u64) {
    same_length(x.len(), y.len());
    for (x, y) in x.iter_mut().zip(y) {
        *x = operation(*x, *y);
    }
}

#[inline(always)]
fn any_and(x: &[u64], y: &[u64]) -> bool {
    same_length(x.len(), y.len());
    let (xs, x_tail) = x.as_chunks::<64>();
    let (ys, y_tail) = y.as_chunks::<64>();
    let both = |x: &[u64], y: &[u64]| x.iter().zip(y).fold(0, |bits, (x, y)| bits | (x & y)) != 0;
    xs.iter().zip(ys).any(|(x, y)| both(x, y)) || both(x_tail, y_tail)
}

#[inline(always)]
fn same_length(x: usize, y: usize) {
    assert_eq!(x, y, "two bit sets of different length");
}
