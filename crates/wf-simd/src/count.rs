//! How many elements pass a test.

use crate::dispatch::{SHORT, kernel};
use crate::isa::Isa;
use crate::lane::{Lane, Word};
use crate::predicate::{Equal, Masked, Predicate};

kernel! {
    /// Counts the elements equal to `value`.
    ///
    /// For `f64` equality is IEEE 754's: NaN is never counted, -0.0 equals 0.0.
    ///
    /// # Example
    /// ```
    /// assert_eq!(wf_simd::count_equal(b"one case is one cache line", b'e'), 5);
    /// ```
    #[must_use]
    pub fn count_equal[T: Lane](x: &[T], value: T) -> usize {
        short(x.len() < SHORT) { count_short(x, Equal(value)) }
        each(isa) { isa.count(x, Equal(value)) }
    }
}

kernel! {
    /// Counts the elements with `(element & mask) == value`.
    ///
    /// # Example
    /// ```
    /// assert_eq!(wf_simd::count_masked(&[0b01_u8, 0b11, 0b10], 0b01, 0b01), 2);
    /// ```
    #[must_use]
    pub fn count_masked[T: Word](x: &[T], mask: T, value: T) -> usize {
        short(x.len() < SHORT) { count_short(x, Masked { mask, value }) }
        each(isa) { isa.count(x, Masked { mask, value }) }
    }
}

#[inline(always)]
fn count_short<T: Lane>(x: &[T], predicate: impl Predicate<T>) -> usize {
    x.iter().map(|element| usize::from(predicate.holds(*element))).sum()
}
