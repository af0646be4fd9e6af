//! One reservation for several values, which are then placed one after another.

use core::alloc::Layout;
use core::marker::PhantomData;
use core::ptr::{self, NonNull};
use core::slice;

use crate::bump::{Bump, refuse_drop};
use crate::error::{Error, or_panic};

/// Carved values start on multiples of this.
const ALIGN: usize = 8;

/// The bytes that `len` values of `T` take when carved.
///
/// Saturates, so that a sum of such sizes that no memory has is refused by the reservation.
#[inline]
pub const fn carved_bytes<T>(len: usize) -> usize {
    let bytes = size_of::<T>().saturating_mul(len);
    // Rounding up without overflow: a saturated size stays too large for any layout.
    bytes.saturating_add(ALIGN - 1) / ALIGN * ALIGN
}

/// The types of the values that a reservation is for: a tuple of up to eight types.
pub trait Parts: sealed::Sealed {
    /// The bytes they take.
    const BYTES: usize;
}

/// A tuple of at least one type.
pub trait SomeParts: Parts {
    /// The first type.
    type Head;
    /// The others.
    type Rest: Parts;
}

mod sealed {
    pub trait Sealed {}
}

/// The bytes one value takes; fails to compile for types that a carved block cannot hold.
const fn part_bytes<T>() -> usize {
    refuse_drop::<T>();
    assert!(align_of::<T>() <= ALIGN, "a carved value's alignment is at most 8");
    carved_bytes::<T>(1)
}

impl sealed::Sealed for () {}
impl Parts for () {
    const BYTES: usize = 0;
}

macro_rules! parts {
    ($head:ident $($rest:ident)*) => {
        impl<$head, $($rest),*> sealed::Sealed for ($head, $($rest,)*) {}
        impl<$head, $($rest),*> Parts for ($head, $($rest,)*) {
            const BYTES: usize = part_bytes::<$head>() + <($($rest,)*) as Parts>::BYTES;
        }
        impl<$head, $($rest),*> SomeParts for ($head, $($rest,)*) {
            type Head = $head;
            type Rest = ($($rest,)*);
        }
        parts!($($rest)*);
    };
    () => {};
}

parts!(A B C D E F G H);

/// Reserved memory in which values are placed one after another.
///
/// One reservation instead of one for each value: the arena's state is loaded and stored once, and there is one
/// branch. Which values, in which order and whether they fit is checked when the program is compiled; only the tail, for
/// slices, is checked when it runs.
///
/// ```
/// use wf_arena::{Arena, Carve, carved_bytes};
///
/// struct Head<'s> {
///     next: Option<&'s mut Head<'s>>,
///     id: u32,
/// }
///
/// let mut arena = Arena::new();
/// let scope = arena.scope();
/// let tail = carved_bytes::<u16>(3) + carved_bytes::<u8>(4);
/// let carve = Carve::<(Head<'_>, Head<'_>)>::with_tail(&scope, tail);
/// let (first, carve) = carve.put(Head { next: None, id: 1 });
/// let (second, mut tail) = carve.put(Head { next: Some(first), id: 2 });
/// let steps = tail.slice_copy(&[7_u16, 8, 9]);
/// let name = tail.str("name");
/// assert_eq!((second.id, second.next.as_ref().unwrap().id, steps[2], &*name), (2, 1, 9, "name"));
/// ```
///
/// A type that needs dropping, or more than 8 bytes of alignment, is refused when the program is compiled:
/// ```compile_fail,E0080
/// let mut arena = wf_arena::Arena::new();
/// let scope = arena.scope();
/// let carve = wf_arena::Carve::<(String,)>::new(&scope);
/// ```
/// ```compile_fail,E0080
/// let mut arena = wf_arena::Arena::new();
/// let scope = arena.scope();
/// #[repr(align(16))]
/// struct Wide([u8; 16]);
/// let carve = wf_arena::Carve::<(Wide,)>::new(&scope);
/// ```
///
/// Values can only be placed in the order given:
/// ```compile_fail,E0308
/// let mut arena = wf_arena::Arena::new();
/// let scope = arena.scope();
/// wf_arena::Carve::<(u32, u64)>::new(&scope).put(1_u64);
/// ```
#[derive(Debug)]
#[must_use = "the reservation is made, and its memory unused until the scope ends"]
pub struct Carve<'s, P> {
    /// Invariant: from here to `end` memory is reserved for this value alone, valid for `'s`; at least `P::BYTES`
    /// bytes; both are multiples of [`ALIGN`].
    next: NonNull<u8>,
    end: NonNull<u8>,
    parts: PhantomData<P>,
    memory: PhantomData<&'s mut ()>,
}

impl<'s, P: Parts> Carve<'s, P> {
    /// Reserves memory for the values.
    ///
    /// # Panics
    /// When memory cannot be had.
    #[inline]
    #[track_caller]
    pub fn new(bump: &impl Bump<'s>) -> Self {
        or_panic(Carve::try_with_tail(bump, 0))
    }

    /// Reserves memory for the values and for slices of `tail_bytes` in all, each as [`carved_bytes`] counts it.
    ///
    /// # Panics
    /// When memory cannot be had.
    #[inline]
    #[track_caller]
    pub fn with_tail(bump: &impl Bump<'s>, tail_bytes: usize) -> Self {
        or_panic(Carve::try_with_tail(bump, tail_bytes))
    }

    /// Reserves memory for the values and for slices of `tail_bytes` in all, each as [`carved_bytes`] counts it.
    ///
    /// # Errors
    /// When memory cannot be had.
    #[inline]
    pub fn try_with_tail(bump: &impl Bump<'s>, tail_bytes: usize) -> Result<Self, Error> {
        let too_large = Error::TooLarge { elements: tail_bytes, element_bytes: 1 };
        let bytes = P::BYTES.checked_add(tail_bytes).ok_or(too_large)?;
        let bytes = bytes.checked_next_multiple_of(ALIGN).ok_or(too_large)?;
        let layout = Layout::from_size_align(bytes, ALIGN).map_err(|_| too_large)?;
        let next = bump.try_alloc_layout(layout)?;
        // SAFETY: the block has `bytes` bytes, so this is its end.
        let end = unsafe { next.add(bytes) };
        Ok(Carve { next, end, parts: PhantomData, memory: PhantomData })
    }
}

impl<'s, P: SomeParts> Carve<'s, P> {
    /// Places the next value; returns it, and what is left.
    #[inline]
    pub fn put(self, value: P::Head) -> (&'s mut P::Head, Carve<'s, P::Rest>) {
        // `P::BYTES` has checked size and alignment, as `new` cannot be reached without it.
        let place = self.next.cast::<P::Head>();
        // SAFETY: `P::BYTES` bytes are reserved from here, of which the head is the first part; the start is a
        // multiple of 8, and the head's alignment at most that.
        unsafe { place.write(value) };
        // SAFETY: as above: the head's bytes lie before `end`.
        let next = unsafe { self.next.add(carved_bytes::<P::Head>(1)) };
        // SAFETY: initialised just now; what is left begins behind it, and the memory is valid for `'s`.
        let value = unsafe { &mut *place.as_ptr() };
        (value, Carve { next, end: self.end, parts: PhantomData, memory: PhantomData })
    }
}

impl<'s> Carve<'s, ()> {
    /// Returns the bytes left for slices.
    #[inline]
    pub fn left_bytes(&self) -> usize {
        self.end.addr().get() - self.next.addr().get()
    }

    /// Copies a slice into the tail.
    ///
    /// # Errors
    /// [`Error::Full`] when it does not fit what is left; nothing has changed then.
    #[inline]
    pub fn try_slice_copy<T: Copy>(&mut self, source: &[T]) -> Result<&'s mut [T], Error> {
        const { assert!(align_of::<T>() <= ALIGN, "a carved value's alignment is at most 8") };
        let bytes = carved_bytes::<T>(source.len());
        if bytes > self.left_bytes() {
            return Err(Error::Full { requested_bytes: bytes, left_bytes: self.left_bytes() });
        }
        let place = self.next.cast::<T>();
        // SAFETY: `bytes` are left, and they hold the slice; `place` is a multiple of 8. The memory is reserved for
        // this value alone, so `source` lies elsewhere.
        unsafe { ptr::copy_nonoverlapping(source.as_ptr(), place.as_ptr(), source.len()) };
        // SAFETY: `bytes` are left, so the result is at most `end`.
        self.next = unsafe { self.next.add(bytes) };
        // SAFETY: initialised just now; what is left begins behind it, and the memory is valid for `'s`.
        Ok(unsafe { slice::from_raw_parts_mut(place.as_ptr(), source.len()) })
    }

    /// Copies a slice into the tail.
    ///
    /// # Panics
    /// When it does not fit what is left.
    #[inline]
    #[track_caller]
    pub fn slice_copy<T: Copy>(&mut self, source: &[T]) -> &'s mut [T] {
        or_panic(self.try_slice_copy(source))
    }

    /// Makes a slice of `len` values in the tail, the `i`-th by `make(i)`.
    ///
    /// # Errors
    /// [`Error::Full`] when it does not fit what is left; nothing has changed then, and `make` is not called.
    #[inline]
    pub fn try_slice_fill_with<T>(
        &mut self,
        len: usize,
        mut make: impl FnMut(usize) -> T,
    ) -> Result<&'s mut [T], Error> {
        refuse_drop::<T>();
        const { assert!(align_of::<T>() <= ALIGN, "a carved value's alignment is at most 8") };
        let bytes = carved_bytes::<T>(len);
        if bytes > self.left_bytes() {
            return Err(Error::Full { requested_bytes: bytes, left_bytes: self.left_bytes() });
        }
        let place = self.next.cast::<T>();
        for index in 0..len {
            // SAFETY: `index < len`, and `bytes` are left, which hold `len` values.
            let element = unsafe { place.add(index) };
            // SAFETY: the element lies in the reserved memory, aligned for `T`, as `place` is a multiple of 8.
            unsafe { element.write(make(index)) };
        }
        // SAFETY: `bytes` are left, so the result is at most `end`.
        self.next = unsafe { self.next.add(bytes) };
        // SAFETY: all `len` values are initialised; what is left begins behind them, and the memory is valid for `'s`.
        Ok(unsafe { slice::from_raw_parts_mut(place.as_ptr(), len) })
    }

    /// Makes a slice of `len` values in the tail, the `i`-th by `make(i)`.
    ///
    /// # Panics
    /// When it does not fit what is left.
    #[inline]
    #[track_caller]
    pub fn slice_fill_with<T>(&mut self, len: usize, make: impl FnMut(usize) -> T) -> &'s mut [T] {
        or_panic(self.try_slice_fill_with(len, make))
    }

    /// Joins strings in the tail: what [`str`](Carve::str) does for one, without a buffer to join them in first.
    ///
    /// # Errors
    /// [`Error::Full`] when they do not fit what is left; nothing has changed then.
    #[inline]
    pub fn try_concat(&mut self, parts: &[&str]) -> Result<&'s mut str, Error> {
        // Strings that exist at once have lengths whose sum does not overflow, unless one stands there many times.
        let len = parts.iter().fold(0_usize, |sum, part| sum.saturating_add(part.len()));
        let bytes = carved_bytes::<u8>(len);
        if bytes > self.left_bytes() {
            return Err(Error::Full { requested_bytes: bytes, left_bytes: self.left_bytes() });
        }
        let place = self.next;
        let mut at = place;
        for part in parts {
            // SAFETY: the parts copied so far and this one have at most `len` bytes, which are left. The memory is
            // reserved for this value alone, so `part` lies elsewhere.
            unsafe { ptr::copy_nonoverlapping(part.as_ptr(), at.as_ptr(), part.len()) };
            // SAFETY: as above: the end of this part lies at most `len` bytes behind `place`.
            at = unsafe { at.add(part.len()) };
        }
        // SAFETY: `bytes` are left, so the result is at most `end`.
        self.next = unsafe { self.next.add(bytes) };
        // SAFETY: `len` bytes were initialised just now; what is left begins behind them, and the memory is valid for `'s`.
        let joined = unsafe { slice::from_raw_parts_mut(place.as_ptr(), len) };
        // SAFETY: whole strings, one after another, are a string.
        Ok(unsafe { core::str::from_utf8_unchecked_mut(joined) })
    }

    /// Joins strings in the tail.
    ///
    /// # Panics
    /// When they do not fit what is left.
    #[inline]
    #[track_caller]
    pub fn concat(&mut self, parts: &[&str]) -> &'s mut str {
        or_panic(self.try_concat(parts))
    }

    /// Copies a string into the tail.
    ///
    /// # Panics
    /// When it does not fit what is left.
    #[inline]
    #[track_caller]
    pub fn str(&mut self, text: &str) -> &'s mut str {
        let bytes = self.slice_copy(text.as_bytes());
        // SAFETY: the bytes are a copy of a string's.
        unsafe { core::str::from_utf8_unchecked_mut(bytes) }
    }
}
