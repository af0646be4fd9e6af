//! The two tests: equal, and equal under a mask.

use crate::lane::{Lane, Word};

/// A test of one element, in a form that every instruction set can run: `(element & mask) == value`.
#[doc(hidden)]
pub trait Predicate<T: Lane>: Copy {
    /// Whether the element passes.
    fn holds(self, element: T) -> bool;

    /// The value to compare with.
    fn value(self) -> T;

    /// The mask to apply first, `None` for none.
    fn mask(self) -> Option<T>;
}

/// `element == value`; for `f64` as IEEE 754 compares, so NaN never passes and -0.0 equals 0.0.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Equal<T>(pub(crate) T);

impl<T: Lane> Predicate<T> for Equal<T> {
    #[inline(always)]
    fn holds(self, element: T) -> bool {
        element == self.0
    }

    #[inline(always)]
    fn value(self) -> T {
        self.0
    }

    #[inline(always)]
    fn mask(self) -> Option<T> {
        None
    }
}

/// `(element & mask) == value`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Masked<T> {
    pub(crate) mask: T,
    pub(crate) value: T,
}

impl<T: Word> Predicate<T> for Masked<T> {
    #[inline(always)]
    fn holds(self, element: T) -> bool {
        element.masked(self.mask) == self.value
    }

    #[inline(always)]
    fn value(self) -> T {
        self.value
    }

    #[inline(always)]
    fn mask(self) -> Option<T> {
        Some(self.mask)
    }
}
