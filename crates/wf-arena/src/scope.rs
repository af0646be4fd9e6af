//! The handle through which one batch allocates from an arena.

use core::alloc::Layout;
use core::fmt;
use core::ptr::NonNull;

use crate::bump::{Bump, refuse_drop};
use crate::error::{Error, or_panic};
use crate::owned::Owned;
use crate::string::String;
use crate::vec::Vec;

/// The base of an arena: `bumpalo`, with every block on a multiple of 8.
pub(crate) type Base = bumpalo::Bump<8>;

/// Hands out an arena's memory for one batch.
///
/// A copyable handle: values live for `'s`, until the arena begins its next scope, and not only as long as the handle.
/// All methods of [`Bump`] work; the ones used most are repeated here, so that the trait need not be imported.
///
/// The methods without `try_` panic when memory cannot be had.
///
/// A scope stays in its thread, as two threads would take memory from the same place; the values may go:
/// ```
/// let mut arena = wf_arena::Arena::new();
/// let scope = arena.scope();
/// let numbers: &mut [u32] = scope.alloc_slice_copy(&[1, 2]);
/// std::thread::scope(|threads| {
///     threads.spawn(move || numbers[0] = 3);
/// });
/// ```
/// ```compile_fail,E0277
/// let mut arena = wf_arena::Arena::new();
/// let scope = arena.scope();
/// std::thread::scope(|threads| {
///     threads.spawn(move || *scope.alloc(1));
/// });
/// ```
#[derive(Clone, Copy)]
pub struct Scope<'s> {
    base: &'s Base,
}

/// The scope of one batch, by its longer name.
pub type BatchScope<'s> = Scope<'s>;

impl<'s> Scope<'s> {
    #[inline]
    pub(crate) const fn new(base: &'s Base) -> Self {
        Scope { base }
    }

    /// Moves `value` into the arena.
    ///
    /// Refuses, at compile time, a type that needs dropping: see [`alloc_owned`](Scope::alloc_owned).
    /// ```compile_fail,E0080
    /// let mut arena = wf_arena::Arena::new();
    /// // Would leak the numbers.
    /// arena.scope().alloc(vec![1, 2, 3]);
    /// ```
    #[inline]
    #[track_caller]
    pub fn alloc<T>(&self, value: T) -> &'s mut T {
        or_panic(self.try_alloc(value))
    }

    /// Moves `value` into the arena.
    ///
    /// # Errors
    /// When memory cannot be had; `value` is gone then.
    #[inline]
    pub fn try_alloc<T>(&self, value: T) -> Result<&'s mut T, Error> {
        refuse_drop::<T>();
        self.base.try_alloc(value).map_err(|_| self.refusal(size_of::<T>()))
    }

    /// Moves `value` into the arena; it is dropped when the returned pointer is.
    #[inline]
    #[track_caller]
    pub fn alloc_owned<T>(&self, value: T) -> Owned<'s, T> {
        Bump::alloc_owned(self, value)
    }

    /// Copies a slice into the arena.
    #[inline]
    #[track_caller]
    pub fn alloc_slice_copy<T: Copy>(&self, source: &[T]) -> &'s mut [T] {
        Bump::alloc_slice_copy(self, source)
    }

    /// Makes a slice of `len` copies of `value`.
    #[inline]
    #[track_caller]
    pub fn alloc_slice_fill<T: Copy>(&self, len: usize, value: T) -> &'s mut [T] {
        Bump::alloc_slice_fill(self, len, value)
    }

    /// Copies a string into the arena.
    #[inline]
    #[track_caller]
    pub fn alloc_str(&self, text: &str) -> &'s mut str {
        Bump::alloc_str(self, text)
    }

    /// Makes an empty vector with room for `capacity` values.
    #[inline]
    #[track_caller]
    pub fn vec<T>(&self, capacity: usize) -> Vec<'s, T> {
        Bump::vec_in(*self, capacity)
    }

    /// Makes an empty vector with room for `capacity` values.
    ///
    /// # Errors
    /// When memory cannot be had.
    #[inline]
    pub fn try_vec<T>(&self, capacity: usize) -> Result<Vec<'s, T>, Error> {
        Bump::try_vec_in(*self, capacity)
    }

    /// Makes an empty string with room for `capacity` bytes.
    #[inline]
    #[track_caller]
    pub fn string(&self, capacity: usize) -> String<'s> {
        Bump::string_in(*self, capacity)
    }

    /// Why the base said no.
    #[cold]
    fn refusal(&self, requested_bytes: usize) -> Error {
        let held_bytes = self.base.allocated_bytes();
        match self.base.allocation_limit() {
            Some(limit_bytes) if requested_bytes > limit_bytes.saturating_sub(held_bytes) => {
                Error::Limit { requested_bytes, held_bytes, limit_bytes }
            }
            _ => Error::Heap { requested_bytes },
        }
    }
}

// SAFETY: `bumpalo` hands out blocks of the layout's size and alignment that are valid and disjoint while the base is
// borrowed, which it is for `'s`: nothing resets or frees it meanwhile.
unsafe impl<'s> Bump<'s> for Scope<'s> {
    #[inline]
    fn try_alloc_layout(&self, layout: Layout) -> Result<NonNull<u8>, Error> {
        self.base.try_alloc_layout(layout).map_err(|_| self.refusal(layout.size()))
    }
}

impl fmt::Debug for Scope<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scope").field("held_bytes", &self.base.allocated_bytes()).finish_non_exhaustive()
    }
}
