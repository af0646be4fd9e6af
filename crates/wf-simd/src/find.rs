//! The first element that passes a test.

use crate::blocks::{self, Elements};
use crate::dispatch::{SHORT, kernel};
use crate::isa::{Isa, baseline};
use crate::lane::{Lane, Word};
use crate::predicate::{Equal, Masked};

kernel! {
    /// Finds the first element equal to `value`.
    ///
    /// For `f64` equality is IEEE 754's: NaN is never found, -0.0 equals 0.0.
    ///
    /// # Example
    /// ```
    /// assert_eq!(wf_simd::find_equal(&[5_u16, 7, 7], 7), Some(1));
    /// ```
    pub fn find_equal[T: Lane](x: &[T], value: T) -> Option<usize> {
        short(x.len() < SHORT) { baseline().find_in_few(x, Equal(value)) }
        each(isa) { blocks::find(Elements::new(isa, x, Equal(value))) }
    }
}

kernel! {
    /// Finds the first element with `(element & mask) == value`.
    ///
    /// A `value` with bits outside `mask` is never found.
    ///
    /// # Example
    /// ```
    /// assert_eq!(wf_simd::find_masked(&[0b0001_u64, 0b1011, 0b0011], 0b0111, 0b0011), Some(1));
    /// ```
    pub fn find_masked[T: Word](x: &[T], mask: T, value: T) -> Option<usize> {
        short(x.len() < SHORT) { baseline().find_in_few(x, Masked { mask, value }) }
        each(isa) { blocks::find(Elements::new(isa, x, Masked { mask, value })) }
    }
}
