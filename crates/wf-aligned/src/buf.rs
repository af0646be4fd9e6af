//! A slice that begins on a chosen boundary.

use core::fmt;
use core::mem::{ManuallyDrop, MaybeUninit, needs_drop};
use core::ops::{Deref, DerefMut};
use core::ptr::{NonNull, drop_in_place};
use std::alloc::{Layout, alloc, alloc_zeroed, dealloc};

use crate::sys::{self, Mapping};
use crate::{Advice, Error, Report, Zeroable};

/// Where a buffer begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Boundary {
    /// A cache line, 64 bytes; memory of the global allocator.
    Line,
    /// A page, 4 KiB or what the system has; a mapping of its own between two guard pages.
    Page,
    /// A huge page, 2 MiB; a mapping of its own between two guard pages, with the advice to use huge pages.
    ///
    /// The advice is a wish. [`AlignedBuf::report`] says what came of it.
    Huge,
}

impl Boundary {
    /// The boundary in bytes.
    #[must_use]
    pub fn bytes(self) -> usize {
        match self {
            Self::Line => 64,
            Self::Page => sys::page_bytes().max(4 << 10),
            Self::Huge => 2 << 20,
        }
    }
}

/// A slice of fixed length that begins on a chosen boundary.
///
/// Dereferences to `[T]`. For [`Boundary::Page`] and [`Boundary::Huge`] an access outside the mapping, by a neighbour's bug, traps.
/// On operating systems other than Linux all boundaries are served by the global allocator, without guards.
///
/// # Example
/// ```
/// use wf_aligned::{AlignedBuf, Boundary};
///
/// let mut words = AlignedBuf::<u64>::zeroed(1_000, Boundary::Huge)?;
/// words.fill(3);
/// assert_eq!(words.iter().sum::<u64>(), 3_000);
/// println!("{:?}", words.report());
/// # Ok::<(), wf_aligned::Error>(())
/// ```
pub struct AlignedBuf<T> {
    /// Invariant: aligned for `T` and the boundary; valid for `len` elements, each initialised.
    data: NonNull<T>,
    len: usize,
    boundary: Boundary,
    memory: Memory,
}

/// Who gets the memory back.
enum Memory {
    /// Nobody: there is none.
    Empty,
    /// The global allocator. Invariant: `data` came from it with this layout.
    Heap(Layout),
    /// The kernel.
    Mapped(Mapping),
}

// SAFETY: the buffer owns its elements as a `Box<[T]>` does.
unsafe impl<T: Send> Send for AlignedBuf<T> {}
// SAFETY: a shared buffer gives out `&[T]` only.
unsafe impl<T: Sync> Sync for AlignedBuf<T> {}

impl<T: Zeroable> AlignedBuf<T> {
    /// Makes a buffer of `len` zeroed elements.
    ///
    /// Mapped memory is not touched: each page costs a fault at its first use, see [`prefault`](AlignedBuf::prefault).
    ///
    /// # Errors
    /// [`Error::TooLarge`] when the size overflows, [`Error::OutOfMemory`] when there is none.
    pub fn zeroed(len: usize, boundary: Boundary) -> Result<Self, Error> {
        // Every byte is zero, and a `Zeroable` type accepts that.
        Self::allocate(len, boundary, true)
    }
}

impl<T> AlignedBuf<MaybeUninit<T>> {
    /// Makes a buffer of `len` uninitialised elements.
    ///
    /// # Errors
    /// [`Error::TooLarge`] when the size overflows, [`Error::OutOfMemory`] when there is none.
    pub fn uninit(len: usize, boundary: Boundary) -> Result<Self, Error> {
        // `MaybeUninit` elements count as initialised whatever their bytes.
        Self::allocate(len, boundary, false)
    }

    /// Declares every element initialised.
    ///
    /// # Safety
    /// Every element must have been written.
    #[must_use]
    pub unsafe fn assume_init(self) -> AlignedBuf<T> {
        let whole = ManuallyDrop::new(self);
        // SAFETY: `whole` is never dropped nor used again, so the memory has one owner.
        let memory = unsafe { core::ptr::read(&raw const whole.memory) };
        // `MaybeUninit<T>` has the layout of `T`, and the caller wrote every element.
        AlignedBuf { data: whole.data.cast(), len: whole.len, boundary: whole.boundary, memory }
    }
}

impl<T> AlignedBuf<T> {
    /// With `zero` every byte is zero, else they are undefined: the caller makes sure that `T` accepts that.
    fn allocate(len: usize, boundary: Boundary, zero: bool) -> Result<Self, Error> {
        let too_large = Error::TooLarge { len, element_bytes: size_of::<T>() };
        let bytes = len.checked_mul(size_of::<T>()).ok_or(too_large)?;
        let align = boundary.bytes().max(align_of::<T>());
        let layout = Layout::from_size_align(bytes, align).map_err(|_| too_large)?;
        if bytes == 0 {
            let data = NonNull::without_provenance(layout.align().try_into().map_err(|_| too_large)?);
            return Ok(Self { data, len, boundary, memory: Memory::Empty });
        }
        if boundary != Boundary::Line
            && let Some(mapping) = sys::map(bytes, align, boundary == Boundary::Huge)
        {
            // Fresh mappings are zeroed by the kernel.
            let mapping = mapping?;
            return Ok(Self { data: mapping.data().cast(), len, boundary, memory: Memory::Mapped(mapping) });
        }
        let data = if zero {
            // SAFETY: the size is not zero, checked above.
            unsafe { alloc_zeroed(layout) }
        } else {
            // SAFETY: the size is not zero, checked above.
            unsafe { alloc(layout) }
        };
        match NonNull::new(data) {
            Some(data) => Ok(Self { data: data.cast(), len, boundary, memory: Memory::Heap(layout) }),
            None => Err(Error::OutOfMemory { bytes, errno: None }),
        }
    }

    /// Touches every page, so that later use meets no page fault.
    ///
    /// Costs a fault per page now. Does nothing on [`Boundary::Line`].
    pub fn prefault(&mut self) {
        let Memory::Mapped(mapping) = &self.memory else { return };
        let (data, step) = (mapping.data(), sys::page_bytes());
        for offset in (0..mapping.bytes()).step_by(step) {
            // SAFETY: `offset` is below the bytes of the mapping.
            let byte = unsafe { data.add(offset) };
            // SAFETY: the mapping is readable for as long as `self` lives.
            let value = unsafe { byte.read_volatile() };
            // SAFETY: the mapping is writable, and `&mut self` excludes every other access; the value stays what it was.
            unsafe { byte.write_volatile(value) };
        }
    }

    /// Says what was asked of the kernel and what it gave so far.
    ///
    /// Reads and parses `/proc/self/smaps` for a mapped buffer: not for a main path.
    #[must_use]
    pub fn report(&self) -> Report {
        let bytes = self.len * size_of::<T>();
        let (bytes_reserved, advice, given) = match &self.memory {
            Memory::Empty => (0, Advice::NotAsked, None),
            Memory::Heap(layout) => {
                let asked = self.boundary == Boundary::Huge;
                (layout.size(), if asked { Advice::Unavailable } else { Advice::NotAsked }, None)
            }
            Memory::Mapped(mapping) => (mapping.bytes(), mapping.advice(), mapping.given()),
        };
        Report { boundary: self.boundary, bytes, bytes_reserved, advice, given }
    }
}

impl<T> Deref for AlignedBuf<T> {
    type Target = [T];

    #[inline]
    fn deref(&self) -> &[T] {
        // SAFETY: field invariant: aligned, valid and initialised for `len` elements, which `self` owns.
        unsafe { core::slice::from_raw_parts(self.data.as_ptr(), self.len) }
    }
}

impl<T> DerefMut for AlignedBuf<T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut [T] {
        // SAFETY: field invariant as above, and `&mut self` makes the borrow exclusive.
        unsafe { core::slice::from_raw_parts_mut(self.data.as_ptr(), self.len) }
    }
}

impl<T> Drop for AlignedBuf<T> {
    fn drop(&mut self) {
        if needs_drop::<T>() {
            // SAFETY: the elements are initialised (field invariant) and nothing reads them after this.
            unsafe { drop_in_place(core::ptr::from_mut(&mut **self)) };
        }
        if let Memory::Heap(layout) = self.memory {
            // SAFETY: `data` came from the global allocator with this layout (field invariant), and is freed once.
            unsafe { dealloc(self.data.as_ptr().cast(), layout) };
        }
        // A mapping unmaps itself.
    }
}

impl<T: fmt::Debug> fmt::Debug for AlignedBuf<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&**self).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use super::*;

    const ALL: [Boundary; 3] = [Boundary::Line, Boundary::Page, Boundary::Huge];

    #[test]
    fn begins_on_its_boundary_and_holds_zeroes() {
        for boundary in ALL {
            for len in [1, 2, 63, 64, 511, 513, 4_097] {
                let buf = AlignedBuf::<[u64; 8]>::zeroed(len, boundary).unwrap();
                assert_eq!(buf.as_ptr().addr() % boundary.bytes(), 0);
                assert_eq!(buf.len(), len);
                assert!(buf.iter().all(|row| *row == [0; 8]));
            }
        }
    }

    #[test]
    fn every_byte_can_be_written_and_read_back() {
        for boundary in ALL {
            let mut buf = AlignedBuf::<u8>::zeroed(10_007, boundary).unwrap();
            buf.prefault();
            for (index, byte) in buf.iter_mut().enumerate() {
                *byte = (index % 251) as u8;
            }
            assert!(buf.iter().enumerate().all(|(index, byte)| *byte == (index % 251) as u8));
        }
    }

    #[test]
    fn an_empty_buffer_needs_no_memory() {
        for boundary in ALL {
            let mut buf = AlignedBuf::<u64>::zeroed(0, boundary).unwrap();
            buf.prefault();
            assert!(buf.is_empty());
            assert_eq!(buf.as_ptr().addr() % boundary.bytes(), 0);
            assert_eq!(buf.report().bytes_reserved, 0);
            assert_eq!(AlignedBuf::<()>::zeroed(9, boundary).unwrap().len(), 9);
        }
    }

    #[test]
    fn impossible_sizes_are_errors() {
        for boundary in ALL {
            let overflow = AlignedBuf::<u64>::zeroed(usize::MAX / 4, boundary).unwrap_err();
            assert_eq!(overflow, Error::TooLarge { len: usize::MAX / 4, element_bytes: 8 });
            // No machine has an address space of 2^62 bytes. Sanitizers abort on such a request to the allocator.
            if boundary != Boundary::Line && cfg!(target_os = "linux") {
                let refused = AlignedBuf::<u8>::zeroed(1 << 62, boundary).unwrap_err();
                assert!(matches!(refused, Error::OutOfMemory { errno: Some(_), .. }), "{refused}");
            }
        }
    }

    #[test]
    fn uninitialised_elements_are_dropped_once_after_assume_init() {
        let witness = Rc::new(());
        for boundary in ALL {
            let mut buf = AlignedBuf::<MaybeUninit<Rc<()>>>::uninit(100, boundary).unwrap();
            for slot in buf.iter_mut() {
                slot.write(Rc::clone(&witness));
            }
            // SAFETY: the loop above wrote every element.
            let buf = unsafe { buf.assume_init() };
            assert_eq!(Rc::strong_count(&witness), 101);
            drop(buf);
            assert_eq!(Rc::strong_count(&witness), 1);
        }
    }

    #[test]
    fn a_type_with_a_larger_alignment_gets_it() {
        #[derive(Clone, Copy)]
        #[repr(align(8192))]
        struct Wide;
        let buf = AlignedBuf::<MaybeUninit<[Wide; 2]>>::uninit(3, Boundary::Page).unwrap();
        assert_eq!(buf.as_ptr().addr() % 8192, 0);
    }
}
