//! A growable array in an arena.

use core::fmt;
use core::marker::PhantomData;
use core::mem::{ManuallyDrop, MaybeUninit};
use core::ops::{Deref, DerefMut};
use core::ptr::{self, NonNull};
use core::slice;

use crate::bump::{Bump, refuse_drop};
use crate::error::{Error, array_layout, or_panic};
use crate::filler::Filler;
use crate::scope::Scope;

/// A growable array in an arena.
///
/// Growing doubles the capacity, if memory for that can be had, and leaves the old block to the arena, unless the block can grow where it stands.
/// Give the capacity where it is known. Elements are dropped with the vector; [`into_slice`](Vec::into_slice) hands
/// them out for the rest of the scope.
///
/// The methods without `try_` panic when memory cannot be had.
pub struct Vec<'s, T, B: Bump<'s> = Scope<'s>> {
    /// Invariant: valid for reads and writes of `capacity` values during `'s`, by this vector alone; aligned.
    start: NonNull<T>,
    /// Invariant: `len <= capacity`, and the first `len` values are initialised.
    len: usize,
    capacity: usize,
    bump: B,
    owns: PhantomData<(&'s mut (), T)>,
}

/// The fewest values to grow to: 32 bytes of them or four, but one of those that are larger than 1,024 bytes.
///
/// A smaller beginning costs more memory in the end, as a block that was outgrown stays behind.
const fn least_capacity<T>() -> usize {
    match size_of::<T>() {
        0 => usize::MAX,
        bytes @ 1..=8 => 32 / bytes,
        9..=1024 => 4,
        _ => 1,
    }
}

impl<'s, T, B: Bump<'s>> Vec<'s, T, B> {
    /// Makes an empty vector; takes no memory.
    #[inline]
    pub const fn new_in(bump: B) -> Self {
        // Values of size zero need no memory, so there is always room for them.
        let capacity = if size_of::<T>() == 0 { usize::MAX } else { 0 };
        Vec { start: NonNull::dangling(), len: 0, capacity, bump, owns: PhantomData }
    }

    /// Makes an empty vector with room for `capacity` values.
    ///
    /// # Errors
    /// When memory cannot be had.
    #[inline]
    pub fn try_with_capacity_in(capacity: usize, bump: B) -> Result<Self, Error> {
        let mut vec = Vec::new_in(bump);
        if capacity > vec.capacity {
            vec.start = vec.bump.try_alloc_layout(array_layout::<T>(capacity)?)?.cast();
            vec.capacity = capacity;
        }
        Ok(vec)
    }

    /// Returns the number of values.
    #[inline]
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Returns whether there are none.
    #[inline]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Returns for how many values there is room; `usize::MAX` for values of size zero.
    #[inline]
    pub const fn capacity(&self) -> usize {
        self.capacity
    }

    /// Appends a value.
    ///
    /// # Errors
    /// When memory cannot be had; the vector is unchanged and `value` has been dropped then.
    #[inline]
    pub fn try_push(&mut self, value: T) -> Result<(), Error> {
        if self.len == self.capacity {
            self.grow(1)?;
        }
        // SAFETY: `len < capacity`, so the place lies in the block.
        let place = unsafe { self.start.add(self.len) };
        // SAFETY: the place is valid for writes by the invariant of `start`, and not initialised yet.
        unsafe { place.write(value) };
        self.len += 1;
        Ok(())
    }

    /// Appends a value.
    #[inline]
    #[track_caller]
    pub fn push(&mut self, value: T) {
        or_panic(self.try_push(value));
    }

    /// Makes room for `additional` more values.
    ///
    /// # Errors
    /// When memory cannot be had; the vector is unchanged then.
    #[inline]
    pub fn try_reserve(&mut self, additional: usize) -> Result<(), Error> {
        if additional > self.capacity - self.len { self.grow(additional) } else { Ok(()) }
    }

    /// Makes room for `additional` more values.
    #[inline]
    #[track_caller]
    pub fn reserve(&mut self, additional: usize) {
        or_panic(self.try_reserve(additional));
    }

    /// Touches each page of the room that is left, so that no append later is the first to do so.
    #[inline]
    pub fn touch_room(&mut self) {
        /// The smallest page of any system that this crate knows.
        const PAGE: usize = 4096;
        if size_of::<T>() == 0 {
            return;
        }
        let bytes = (self.capacity - self.len) * size_of::<T>();
        // SAFETY: `len <= capacity`, so the place lies in the block, or at its end.
        let first = unsafe { self.start.add(self.len) }.cast::<MaybeUninit<u8>>();
        // SAFETY: from there to the end of the block nothing is initialised, and it is this vector's alone, whose borrow is unique.
        let room = unsafe { slice::from_raw_parts_mut(first.as_ptr(), bytes) };
        room.iter_mut().step_by(PAGE).for_each(|byte| *byte = MaybeUninit::new(0));
        if let Some(last) = room.last_mut() {
            *last = MaybeUninit::new(0);
        }
    }

    /// A loop's way to append values in the room that there is: see [`Filler`].
    #[inline]
    pub fn filler(&mut self) -> Filler<'_, 's, T, B>
    where
        T: Copy,
    {
        // SAFETY: `len <= capacity`, so the place lies in the block, or at its end.
        let next = unsafe { self.start.add(self.len) };
        // SAFETY: the end of the block.
        let end = unsafe { self.start.add(self.capacity) };
        Filler::new(self, next, end)
    }

    /// Makes the number of values another one.
    ///
    /// # Safety
    /// The first `len` values are initialised, and `len` is not above the capacity.
    #[inline]
    pub(crate) unsafe fn set_len(&mut self, len: usize) {
        debug_assert!(len <= self.capacity);
        self.len = len;
    }

    /// Appends copies of all values of a slice.
    ///
    /// # Errors
    /// When memory cannot be had; the vector is unchanged then.
    #[inline]
    pub fn try_extend_from_slice(&mut self, source: &[T]) -> Result<(), Error>
    where
        T: Copy,
    {
        self.try_reserve(source.len())?;
        // SAFETY: there is room for `source.len()` more, so the place lies in the block or at its end.
        let place = unsafe { self.start.add(self.len) };
        // SAFETY: the room is this vector's alone, so `source` does not overlap it.
        unsafe { ptr::copy_nonoverlapping(source.as_ptr(), place.as_ptr(), source.len()) };
        self.len += source.len();
        Ok(())
    }

    /// Appends copies of all values of a slice.
    #[inline]
    #[track_caller]
    pub fn extend_from_slice(&mut self, source: &[T])
    where
        T: Copy,
    {
        or_panic(self.try_extend_from_slice(source));
    }

    /// Takes the last value off.
    #[inline]
    pub fn pop(&mut self) -> Option<T> {
        self.len = self.len.checked_sub(1)?;
        // SAFETY: the new length is below the capacity.
        let place = unsafe { self.start.add(self.len) };
        // SAFETY: the value was initialised (it lay below the old length), and with the new length nobody reads it again.
        Some(unsafe { place.read() })
    }

    /// Drops all values from `len` on. Keeps the capacity.
    pub fn truncate(&mut self, len: usize) {
        if len < self.len {
            let dropped = self.len - len;
            // The length goes first: a panic in a drop then leaks the rest and drops nothing twice.
            self.len = len;
            // SAFETY: `len` is below the capacity.
            let first = unsafe { self.start.add(len) };
            let rest = ptr::slice_from_raw_parts_mut(first.as_ptr(), dropped);
            // SAFETY: these values were initialised and lie beyond the length now, so they are dropped here only.
            unsafe { ptr::drop_in_place(rest) };
        }
    }

    /// Puts a value before the one at `index`; costs O(`len`).
    ///
    /// # Errors
    /// When memory cannot be had; the vector is unchanged then, and `value` is gone.
    ///
    /// # Panics
    /// If `index > len`.
    pub fn try_insert(&mut self, index: usize, value: T) -> Result<(), Error> {
        assert!(index <= self.len, "place {index} in a vector of {} values", self.len);
        self.try_push(value)?;
        self[index..].rotate_right(1);
        Ok(())
    }

    /// Puts a value before the one at `index`; costs O(`len`).
    ///
    /// # Panics
    /// If `index > len`.
    #[track_caller]
    pub fn insert(&mut self, index: usize, value: T) {
        or_panic(self.try_insert(index, value));
    }

    /// Takes the value at `index` out and keeps the order; costs O(`len`). `None` if there is none.
    pub fn remove(&mut self, index: usize) -> Option<T> {
        self.get_mut(index..).filter(|rest| !rest.is_empty())?.rotate_left(1);
        self.pop()
    }

    /// Takes the value at `index` out and puts the last one in its place. `None` if there is none.
    pub fn swap_remove(&mut self, index: usize) -> Option<T> {
        let last = self.len.checked_sub(1)?;
        if index > last {
            return None;
        }
        self.swap(index, last);
        self.pop()
    }

    /// Drops the values that `keep` does not want; the order of the others stays.
    ///
    /// Should `keep` panic, every value is still there, in another order.
    pub fn retain(&mut self, mut keep: impl FnMut(&mut T) -> bool) {
        let mut kept = 0;
        for index in 0..self.len {
            if keep(&mut self[index]) {
                self.swap(kept, index);
                kept += 1;
            }
        }
        self.truncate(kept);
    }

    /// Drops all values. Keeps the capacity.
    pub fn clear(&mut self) {
        self.truncate(0);
    }

    /// Hands out the values for the rest of the scope.
    ///
    /// Refuses, at compile time, values that need dropping.
    /// ```compile_fail,E0080
    /// let mut arena = wf_arena::Arena::new();
    /// let scope = arena.scope();
    /// let mut names = scope.vec::<String>(1);
    /// names.push(String::from("a name"));
    /// // Would leak the name.
    /// names.into_slice();
    /// ```
    #[inline]
    pub fn into_slice(self) -> &'s mut [T] {
        refuse_drop::<T>();
        let this = ManuallyDrop::new(self);
        // SAFETY: the first `len` values are initialised, and the block is valid for `'s`; the vector, the only
        // other way to them, is gone.
        unsafe { slice::from_raw_parts_mut(this.start.as_ptr(), this.len) }
    }

    /// Makes room for at least `additional` more than `len`; for twice as many, if memory for that can be had.
    #[cold]
    #[inline(never)]
    fn grow(&mut self, additional: usize) -> Result<(), Error> {
        let too_large = Error::TooLarge { elements: additional, element_bytes: size_of::<T>() };
        let needed = self.len.checked_add(additional).ok_or(too_large)?;
        // Doubling cannot overflow: a block of `capacity` values is at most `isize::MAX` bytes. Values of size zero
        // have the capacity `usize::MAX` and come here only when `needed` overflows.
        let doubled = needed.max(self.capacity * 2).max(least_capacity::<T>());
        match self.grow_to(doubled) {
            Err(_) if needed < doubled => self.grow_to(needed),
            result => result,
        }
    }

    /// Makes the capacity `capacity`, which is larger than it is.
    fn grow_to(&mut self, capacity: usize) -> Result<(), Error> {
        let new = array_layout::<T>(capacity)?;
        if self.capacity != 0 {
            let old = array_layout::<T>(self.capacity)?;
            // SAFETY: the block came from `bump` with layout `old`, and the new size is larger.
            if unsafe { self.bump.try_grow(self.start.cast(), old, new.size()) } {
                self.capacity = capacity;
                return Ok(());
            }
        }
        let block = self.bump.try_alloc_layout(new)?.cast::<T>();
        // SAFETY: the first `len` values are initialised; the new block is fresh and larger, so they do not overlap.
        unsafe { ptr::copy_nonoverlapping(self.start.as_ptr(), block.as_ptr(), self.len) };
        self.start = block;
        self.capacity = capacity;
        Ok(())
    }
}

impl<'s, T, B: Bump<'s>> Deref for Vec<'s, T, B> {
    type Target = [T];

    #[inline]
    fn deref(&self) -> &[T] {
        // SAFETY: the first `len` values are initialised and this vector's alone; the borrow of `self` is theirs.
        unsafe { slice::from_raw_parts(self.start.as_ptr(), self.len) }
    }
}

impl<'s, T, B: Bump<'s>> DerefMut for Vec<'s, T, B> {
    #[inline]
    fn deref_mut(&mut self) -> &mut [T] {
        // SAFETY: the first `len` values are initialised and this vector's alone; the borrow of `self` is theirs.
        unsafe { slice::from_raw_parts_mut(self.start.as_ptr(), self.len) }
    }
}

impl<'s, T, B: Bump<'s>> Drop for Vec<'s, T, B> {
    #[inline]
    fn drop(&mut self) {
        self.clear();
    }
}

/// # Panics
/// When memory cannot be had.
impl<'s, T, B: Bump<'s>> Extend<T> for Vec<'s, T, B> {
    fn extend<I: IntoIterator<Item = T>>(&mut self, values: I) {
        let values = values.into_iter();
        self.reserve(values.size_hint().0);
        values.for_each(|value| self.push(value));
    }
}

impl<'v, 's, T, B: Bump<'s>> IntoIterator for &'v Vec<'s, T, B> {
    type Item = &'v T;
    type IntoIter = slice::Iter<'v, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<'v, 's, T, B: Bump<'s>> IntoIterator for &'v mut Vec<'s, T, B> {
    type Item = &'v mut T;
    type IntoIter = slice::IterMut<'v, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter_mut()
    }
}

impl<'s, T: fmt::Debug, B: Bump<'s>> fmt::Debug for Vec<'s, T, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}
