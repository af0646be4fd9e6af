//! The least and the greatest element, and where the least one stands.

use crate::blocks::{self, Elements};
use crate::dispatch::{SHORT_REDUCED, kernel};
use crate::isa::Isa;
use crate::lane::Lane;
use crate::predicate::Equal;

/// Elements per pass of [`argmin`]: small enough that the winning block is still cached when it is searched.
const PASS: usize = 1024;

kernel! {
    /// Returns the least element, `None` if there is none.
    ///
    /// For `f64`: NaN is skipped, so the answer is `None` when every element is NaN; -0.0 is less than 0.0. This is IEEE 754-2019's
    /// `minimumNumber`.
    ///
    /// # Example
    /// ```
    /// assert_eq!(wf_simd::min(&[3_i64, -5, 4]), Some(-5));
    /// assert_eq!(wf_simd::min(&[f64::NAN, 2.0, 1.0]), Some(1.0));
    /// ```
    #[must_use]
    pub fn min[T: Lane](x: &[T]) -> Option<T> {
        short(x.len() < SHORT_REDUCED) { T::min_of_few(x) }
        each(isa) { isa.min(x) }
    }
}

kernel! {
    /// Returns the greatest element, `None` if there is none.
    ///
    /// For `f64`: NaN is skipped, so the answer is `None` when every element is NaN; 0.0 is greater than -0.0. This is
    /// IEEE 754-2019's `maximumNumber`.
    ///
    /// # Example
    /// ```
    /// assert_eq!(wf_simd::max(&[3_u8, 200, 4]), Some(200));
    /// ```
    #[must_use]
    pub fn max[T: Lane](x: &[T]) -> Option<T> {
        short(x.len() < SHORT_REDUCED) { T::max_of_few(x) }
        each(isa) { isa.max(x) }
    }
}

kernel! {
    /// Returns the index of the least element and the element: the first one, if several are equal.
    ///
    /// For `f64`: NaN is skipped, and -0.0 equals 0.0 here.
    ///
    /// # Example
    /// ```
    /// let deadlines = [700_u64, 300, 900, 300];
    /// assert_eq!(wf_simd::argmin(&deadlines), Some((1, 300)));
    /// ```
    #[must_use]
    pub fn argmin[T: Lane](x: &[T]) -> Option<(usize, T)> {
        short(x.len() < SHORT_REDUCED) { argmin_of_few(x) }
        each(isa) { argmin_of(isa, x) }
    }
}

#[inline(always)]
fn argmin_of_few<T: Lane>(x: &[T]) -> Option<(usize, T)> {
    let mut best: Option<(usize, T)> = None;
    for (index, element) in x.iter().enumerate() {
        if element.is_ordered() && best.is_none_or(|(_, least)| element.is_less(least)) {
            best = Some((index, *element));
        }
    }
    best
}

#[inline(always)]
fn argmin_of<T: Lane>(isa: impl Isa, x: &[T]) -> Option<(usize, T)> {
    let (first, rest) = x.split_at(x.len().min(PASS));
    let (mut start, mut best) = (0, isa.min(first));
    for (pass, elements) in (1..).zip(rest.chunks(PASS)) {
        if let Some(least) = isa.min(elements)
            && best.is_none_or(|value| least.is_less(value))
        {
            (start, best) = (pass * PASS, Some(least));
        }
    }
    let winners = &x[start..x.len().min(start + PASS)];
    let index = start + blocks::find_anywhere(Elements::new(isa, winners, Equal(best?)))?;
    Some((index, x[index]))
}
