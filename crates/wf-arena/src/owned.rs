//! A value in an arena that is dropped with its pointer.

use core::fmt;
use core::marker::PhantomData;
use core::ops::{Deref, DerefMut};
use core::ptr::NonNull;

/// A value in an arena that is dropped when this pointer is. One word; it does not know its arena.
pub struct Owned<'s, T> {
    /// Invariant: points at an initialised `T` that is valid for `'s` and that nothing else refers to.
    value: NonNull<T>,
    owns: PhantomData<(&'s mut (), T)>,
}

impl<'s, T> Owned<'s, T> {
    /// # Safety
    /// `value` points at an initialised `T`, valid for reads and writes during `'s`, which nothing else refers to or
    /// drops.
    #[inline]
    pub(crate) unsafe fn from_raw(value: NonNull<T>) -> Self {
        Owned { value, owns: PhantomData }
    }

    /// Takes the value out.
    #[inline]
    pub fn into_inner(self) -> T {
        let this = core::mem::ManuallyDrop::new(self);
        // SAFETY: initialised by the invariant; `this` does not drop it again, and the place is not read afterwards.
        unsafe { this.value.read() }
    }
}

// SAFETY: it owns the value, as a box does, and has no access to the arena.
unsafe impl<T: Send> Send for Owned<'_, T> {}
// SAFETY: as above; a shared `Owned` gives out `&T` only.
unsafe impl<T: Sync> Sync for Owned<'_, T> {}

impl<T> Deref for Owned<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: initialised and unaliased by the invariant; the borrow of `self` is the borrow of the value.
        unsafe { self.value.as_ref() }
    }
}

impl<T> DerefMut for Owned<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: initialised and unaliased by the invariant; the borrow of `self` is the borrow of the value.
        unsafe { self.value.as_mut() }
    }
}

impl<T> Drop for Owned<'_, T> {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: initialised by the invariant, and dropped here only.
        unsafe { self.value.drop_in_place() };
    }
}

impl<T: fmt::Debug> fmt::Debug for Owned<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: fmt::Display> fmt::Display for Owned<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}
