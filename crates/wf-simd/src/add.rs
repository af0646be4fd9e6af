//! Adding one slice to another, element by element.

use crate::dispatch::{SHORT, kernel};
use crate::isa::Isa;
use crate::lane::Integer;

kernel! {
    /// Adds `y[i]` to `x[i]` for every `i`, wrapping on overflow.
    ///
    /// # Panics
    /// When the slices differ in length.
    ///
    /// # Example
    /// ```
    /// let mut x = [255_u8, 1];
    /// wf_simd::add_wrapping(&mut x, &[2, 2]);
    /// assert_eq!(x, [1, 3]);
    /// ```
    pub fn add_wrapping[T: Integer](x: &mut [T], y: &[T]) -> () {
        short(x.len() < SHORT) { combine(x, y, T::add_wrapping) }
        at_most(Avx2)
        each(_isa) { combine(x, y, T::add_wrapping) }
    }
}

kernel! {
    /// Adds `y[i]` to `x[i]` for every `i`, stopping at the type's limits.
    ///
    /// # Panics
    /// When the slices differ in length.
    ///
    /// # Example
    /// ```
    /// let mut x = [65_000_u16, 1];
    /// wf_simd::add_saturating(&mut x, &[1_000, 2]);
    /// assert_eq!(x, [65_535, 3]);
    /// ```
    pub fn add_saturating[T: Integer](x: &mut [T], y: &[T]) -> () {
        short(x.len() < SHORT) { combine(x, y, |x, y| x.keep().add_saturating(y)) }
        at_most(Avx2)
        each(isa) {
            if isa.saturates_one_by_one::<T>() {
                combine(x, y, |x, y| x.keep().add_saturating(y))
            } else {
                combine(x, y, T::add_saturating)
            }
        }
    }
}

#[inline(always)]
fn combine<T: Integer>(x: &mut [T], y: &[T], add: impl Fn(T, T) -> T) {
    assert_eq!(x.len(), y.len(), "two slices of different length");
    for (x, y) in x.iter_mut().zip(y) {
        *x = add(*x, *y);
    }
}
