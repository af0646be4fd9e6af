//! The sum of all elements.

use crate::dispatch::{SHORT_REDUCED, kernel};
use crate::lane::Lane;

kernel! {
    /// Adds all elements.
    ///
    /// `u8`, `u16`, `u32` and `u64` are summed in `u64`, `i64` in `i64`; both wrap on overflow.
    ///
    /// For `f64` the result is defined as that of 16 partial sums, each beginning with 0.0: element `i` is added to partial sum
    /// `i % 16`, in order; then partial sum `i + 8` is added to `i` for `i < 8`, and so on with 4, 2 and 1. So every level gives the
    /// same bits (which of several NaNs results is not defined).
    ///
    /// # Example
    /// ```
    /// assert_eq!(wf_simd::sum(&[250_u8, 10]), 260_u64);
    /// assert_eq!(wf_simd::sum(&[0.5, 0.25]), 0.75);
    /// ```
    #[must_use]
    pub fn sum[T: Lane](x: &[T]) -> T::Sum {
        short(x.len() < SHORT_REDUCED) { T::sum_of_few(x) }
        each(_isa) { T::sum_in_lanes(x) }
    }
}
