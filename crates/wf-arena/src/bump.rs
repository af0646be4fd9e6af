//! What every scope offers, whatever memory stands behind it.

use core::alloc::Layout;
use core::mem::needs_drop;
use core::ptr::{self, NonNull};
use core::slice;

use crate::error::{Error, array_layout, or_panic};
use crate::owned::Owned;
use crate::string::String;
use crate::vec::Vec;

/// Memory that is handed out piece by piece and taken back all at once, after `'s`.
///
/// Implemented by [`Scope`](crate::Scope) and [`RegionScope`](crate::RegionScope), and by references to them.
/// Values are handed out as plain `&'s mut T`.
///
/// Nothing is dropped when the memory is taken back. So the methods that hand out `&mut T` refuse, at compile time,
/// types that need dropping; [`alloc_owned`](Bump::alloc_owned) and [`Vec`] drop what they hold.
///
/// The methods without `try_` panic when memory cannot be had.
///
/// # Safety
/// `try_alloc_layout` must return memory of the layout's size and alignment that is valid for reads and writes
/// for all of `'s`, and that nothing else refers to or is handed during `'s`. `try_grow` must keep its promise.
pub unsafe trait Bump<'s>: Sized {
    /// Hands out uninitialised memory.
    ///
    /// A layout of size zero takes no memory; the pointer is then only aligned. Any alignment that a [`Layout`] can have is
    /// served; one that is no power of two cannot be had without `Layout::from_size_align_unchecked`, whose caller promises
    /// not to.
    ///
    /// # Errors
    /// When memory cannot be had; nothing has changed then.
    fn try_alloc_layout(&self, layout: Layout) -> Result<NonNull<u8>, Error>;

    /// Makes a block larger where it stands, if that is possible; returns whether it was.
    ///
    /// # Safety
    /// `block` was handed out by this scope with layout `old`, and `new_bytes >= old.size()`.
    #[inline]
    unsafe fn try_grow(&self, block: NonNull<u8>, old: Layout, new_bytes: usize) -> bool {
        let _ = (block, old, new_bytes);
        false
    }

    /// Moves `value` into the arena.
    ///
    /// # Errors
    /// When memory cannot be had; `value` is gone then.
    #[inline]
    fn try_alloc<T>(&self, value: T) -> Result<&'s mut T, Error> {
        self.try_alloc_with(|| value)
    }

    /// Moves `value` into the arena.
    ///
    /// ```compile_fail,E0080
    /// use wf_arena::{Arena, Bump as _};
    /// let mut arena = Arena::new();
    /// // Would leak the string's memory.
    /// arena.scope().alloc(std::string::String::from("text"));
    /// ```
    #[inline]
    #[track_caller]
    fn alloc<T>(&self, value: T) -> &'s mut T {
        or_panic(self.try_alloc(value))
    }

    /// Reserves memory, then calls `make` and stores its value there.
    ///
    /// If `make` panics or allocates in this scope, nothing is lost but the bytes reserved.
    ///
    /// # Errors
    /// When memory cannot be had; `make` is not called then.
    #[inline]
    fn try_alloc_with<T>(&self, make: impl FnOnce() -> T) -> Result<&'s mut T, Error> {
        refuse_drop::<T>();
        let place = self.try_alloc_layout(Layout::new::<T>())?.cast::<T>();
        // SAFETY: `place` has the size and alignment of `T` and is ours alone for `'s` (contract of this trait).
        unsafe { place.write(make()) };
        // SAFETY: it was initialised just now; the rest as above.
        Ok(unsafe { &mut *place.as_ptr() })
    }

    /// Reserves memory, then calls `make` and stores its value there.
    #[inline]
    #[track_caller]
    fn alloc_with<T>(&self, make: impl FnOnce() -> T) -> &'s mut T {
        or_panic(self.try_alloc_with(make))
    }

    /// Moves `value` into the arena; it is dropped when the returned pointer is.
    ///
    /// # Errors
    /// When memory cannot be had; `value` has been dropped then.
    #[inline]
    fn try_alloc_owned<T>(&self, value: T) -> Result<Owned<'s, T>, Error> {
        let place = self.try_alloc_layout(Layout::new::<T>())?.cast::<T>();
        // SAFETY: `place` has the size and alignment of `T` and is ours alone for `'s`.
        unsafe { place.write(value) };
        // SAFETY: the place is initialised, valid for `'s`, and no one else has it.
        Ok(unsafe { Owned::from_raw(place) })
    }

    /// Moves `value` into the arena; it is dropped when the returned pointer is.
    #[inline]
    #[track_caller]
    fn alloc_owned<T>(&self, value: T) -> Owned<'s, T> {
        or_panic(self.try_alloc_owned(value))
    }

    /// Copies a slice into the arena.
    ///
    /// # Errors
    /// When memory cannot be had.
    #[inline]
    fn try_alloc_slice_copy<T: Copy>(&self, source: &[T]) -> Result<&'s mut [T], Error> {
        let place = self.try_alloc_layout(Layout::for_value(source))?.cast::<T>();
        // SAFETY: both are valid for `source.len()` values; the place is fresh, so they do not overlap.
        unsafe { ptr::copy_nonoverlapping(source.as_ptr(), place.as_ptr(), source.len()) };
        // SAFETY: `source.len()` values were initialised just now, and the place is ours alone for `'s`.
        Ok(unsafe { slice::from_raw_parts_mut(place.as_ptr(), source.len()) })
    }

    /// Copies a slice into the arena.
    #[inline]
    #[track_caller]
    fn alloc_slice_copy<T: Copy>(&self, source: &[T]) -> &'s mut [T] {
        or_panic(self.try_alloc_slice_copy(source))
    }

    /// Makes a slice of `len` copies of `value`.
    ///
    /// # Errors
    /// When memory cannot be had.
    #[inline]
    fn try_alloc_slice_fill<T: Copy>(&self, len: usize, value: T) -> Result<&'s mut [T], Error> {
        self.try_alloc_slice_fill_with(len, |_| value)
    }

    /// Makes a slice of `len` copies of `value`.
    #[inline]
    #[track_caller]
    fn alloc_slice_fill<T: Copy>(&self, len: usize, value: T) -> &'s mut [T] {
        or_panic(self.try_alloc_slice_fill(len, value))
    }

    /// Makes a slice of `len` values, the `i`-th by `make(i)`.
    ///
    /// # Errors
    /// When memory cannot be had; `make` is not called then.
    #[inline]
    fn try_alloc_slice_fill_with<T>(
        &self,
        len: usize,
        mut make: impl FnMut(usize) -> T,
    ) -> Result<&'s mut [T], Error> {
        refuse_drop::<T>();
        let place = self.try_alloc_layout(array_layout::<T>(len)?)?.cast::<T>();
        for index in 0..len {
            // SAFETY: `index < len`, and the block holds `len` values.
            let element = unsafe { place.add(index) };
            // SAFETY: the element lies in the fresh block, aligned for `T`, which needs no drop.
            unsafe { element.write(make(index)) };
        }
        // SAFETY: all `len` values are initialised, and the place is ours alone for `'s`.
        Ok(unsafe { slice::from_raw_parts_mut(place.as_ptr(), len) })
    }

    /// Makes a slice of `len` values, the `i`-th by `make(i)`.
    #[inline]
    #[track_caller]
    fn alloc_slice_fill_with<T>(&self, len: usize, make: impl FnMut(usize) -> T) -> &'s mut [T] {
        or_panic(self.try_alloc_slice_fill_with(len, make))
    }

    /// Copies a string into the arena.
    ///
    /// # Errors
    /// When memory cannot be had.
    #[inline]
    fn try_alloc_str(&self, text: &str) -> Result<&'s mut str, Error> {
        let bytes = self.try_alloc_slice_copy(text.as_bytes())?;
        // SAFETY: the bytes are a copy of a string's.
        Ok(unsafe { core::str::from_utf8_unchecked_mut(bytes) })
    }

    /// Copies a string into the arena.
    #[inline]
    #[track_caller]
    fn alloc_str(&self, text: &str) -> &'s mut str {
        or_panic(self.try_alloc_str(text))
    }

    /// Makes an empty vector with room for `capacity` values.
    ///
    /// # Errors
    /// When memory cannot be had.
    #[inline]
    fn try_vec_in<T>(self, capacity: usize) -> Result<Vec<'s, T, Self>, Error> {
        Vec::try_with_capacity_in(capacity, self)
    }

    /// Makes an empty vector with room for `capacity` values.
    #[inline]
    #[track_caller]
    fn vec_in<T>(self, capacity: usize) -> Vec<'s, T, Self> {
        or_panic(self.try_vec_in(capacity))
    }

    /// Makes an empty string with room for `capacity` bytes.
    ///
    /// # Errors
    /// When memory cannot be had.
    #[inline]
    fn try_string_in(self, capacity: usize) -> Result<String<'s, Self>, Error> {
        String::try_with_capacity_in(capacity, self)
    }

    /// Makes an empty string with room for `capacity` bytes.
    #[inline]
    #[track_caller]
    fn string_in(self, capacity: usize) -> String<'s, Self> {
        or_panic(self.try_string_in(capacity))
    }
}

// SAFETY: hands every call on to a `Bump` that keeps the contract.
unsafe impl<'s, B: Bump<'s>> Bump<'s> for &B {
    #[inline]
    fn try_alloc_layout(&self, layout: Layout) -> Result<NonNull<u8>, Error> {
        (**self).try_alloc_layout(layout)
    }

    #[inline]
    unsafe fn try_grow(&self, block: NonNull<u8>, old: Layout, new_bytes: usize) -> bool {
        // SAFETY: the caller's promise is the callee's.
        unsafe { (**self).try_grow(block, old, new_bytes) }
    }
}

/// Fails to compile for a type that needs dropping.
#[inline]
pub(crate) const fn refuse_drop<T>() {
    const {
        assert!(
            !needs_drop::<T>(),
            "an arena does not drop its values: use alloc_owned, or a type without Drop"
        );
    }
}
