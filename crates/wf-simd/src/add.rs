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
        at_most(Avx2 when stores_decide(x))
        each(isa) { isa.add_saturating(x, y) }
    }
}

/// Whether a vector is added in one instruction, or comes from beyond the first-level cache: wider ones are no faster then. Where it takes
/// several instructions there are half as many of them.
#[inline(always)]
fn stores_decide<T: Integer>(x: &[T]) -> bool {
    size_of::<T>() < 4 || size_of_val(x) > 16 << 10
}

#[inline(always)]
pub(crate) fn combine<T: Integer>(x: &mut [T], y: &[T], add: impl Fn(T, T) -> T) {
    assert_eq!(x.len(), y.len(), "two slices of different length");
    for (x, y) in x.iter_mut().zip(y) {
        *x = add(*x, *y);
    }
}
