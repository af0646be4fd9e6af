//! Bump memory over one block that the caller supplies, with checkpoints.

use core::alloc::Layout;
use core::cell::Cell;
use core::fmt;
use core::marker::PhantomData;
use core::mem::MaybeUninit;
use core::ptr::{self, NonNull};

use crate::arena::Arena;
use crate::bump::Bump;
use crate::error::Error;
use crate::scope::Scope;
use crate::string::String;
use crate::vec::Vec;

/// Every block starts on a multiple of this and takes a multiple of it, as in [`Arena`].
const MIN_ALIGN: usize = 8;

/// Bump memory over one block that the caller supplies: huge pages, a fixed budget, a static.
///
/// When the block is full, requests fail with [`Error::Full`], or go to an arena if one was given
/// ([`with_spill`](Region::with_spill)). Unlike an [`Arena`] it has true checkpoints: part of a batch can be taken back
/// while the rest stays ([`RegionScope::checkpoint`]).
///
/// ```
/// use core::mem::MaybeUninit;
/// use wf_arena::{Bump as _, Error, Region};
///
/// let mut memory = [MaybeUninit::uninit(); 1024];
/// let mut region = Region::new(&mut memory);
/// let scope = region.scope();
/// let numbers = scope.alloc_slice_fill(100, 7_u64);
/// assert!(matches!(scope.try_alloc([0_u64; 100]), Err(Error::Full { .. })));
/// assert_eq!(numbers.len(), 100);
/// ```
pub struct Region<'m> {
    block: Block,
    /// Serves what the block cannot.
    spill: Option<Arena>,
    /// The most of the block that was in use when a scope or a checkpoint ended.
    high_water_bytes: usize,
    memory: PhantomData<&'m mut [MaybeUninit<u8>]>,
}

/// The block and how much of it is handed out.
struct Block {
    /// Invariant: `start <= cursor <= end`, all within or one past the caller's memory, which is valid for reads and
    /// writes and referred to by no one else. `start` and `cursor` are multiples of `MIN_ALIGN`. What lies between
    /// `cursor` and `end` is free.
    start: *mut u8,
    cursor: Cell<*mut u8>,
    end: *mut u8,
}

// SAFETY: the block is an exclusive borrow of memory in another form, and a `&mut [MaybeUninit<u8>]` may be sent.
unsafe impl Send for Block {}

impl Block {
    fn new(memory: &mut [MaybeUninit<u8>]) -> Self {
        let range = memory.as_mut_ptr_range();
        let start = range.start.cast::<u8>();
        let padding = start.align_offset(MIN_ALIGN).min(memory.len());
        // SAFETY: `padding` is at most the length of the memory.
        let start = unsafe { start.add(padding) };
        let end = range.end.cast::<u8>();
        // Memory too small to hold an aligned byte leaves `start` at the end, possibly unaligned: no block that takes
        // memory fits, and those of size zero do not come from here.
        Block { start, cursor: Cell::new(start), end }
    }

    #[inline]
    fn left_bytes(&self) -> usize {
        self.end.addr() - self.cursor.get().addr()
    }

    fn used_bytes(&self) -> usize {
        self.cursor.get().addr() - self.start.addr()
    }

    /// A block from the front of what is free, or `None`.
    #[inline]
    fn take(&self, layout: Layout) -> Option<NonNull<u8>> {
        let cursor = self.cursor.get();
        // A layout's size rounded up to its alignment is at most `isize::MAX`; rounded up to 8 it is at most
        // `isize::MAX + 1`, which fits an `usize` on 32-bit machines as well.
        let bytes = layout.size().next_multiple_of(MIN_ALIGN);
        // Not `align_offset`, which may answer that it cannot tell. The distance up to the next multiple of a power of two.
        let padding =
            if layout.align() <= MIN_ALIGN { 0 } else { cursor.addr().wrapping_neg() & (layout.align() - 1) };
        // Padding is below the alignment, so at most 2^(bits - 1) - 1: the sum cannot overflow either.
        if padding + bytes > self.left_bytes() {
            return None;
        }
        // SAFETY: `padding <= left_bytes`, so the result is within the block or one past it.
        let place = unsafe { cursor.add(padding) };
        // SAFETY: `padding + bytes <= left_bytes`, as above.
        let after = unsafe { place.add(bytes) };
        self.cursor.set(after);
        // SAFETY: derived from a reference to memory, so not null.
        Some(unsafe { NonNull::new_unchecked(place) })
    }
}

impl<'m> Region<'m> {
    /// Makes a region over `memory`. What does not fit is refused.
    pub fn new(memory: &'m mut [MaybeUninit<u8>]) -> Self {
        Region { block: Block::new(memory), spill: None, high_water_bytes: 0, memory: PhantomData }
    }

    /// Makes a region over `memory`. What does not fit is served by `spill`, as far as that goes.
    pub fn with_spill(memory: &'m mut [MaybeUninit<u8>], spill: Arena) -> Self {
        Region { spill: Some(spill), ..Region::new(memory) }
    }

    /// Takes back everything, and begins a scope.
    #[inline]
    pub fn scope(&mut self) -> RegionScope<'_> {
        self.take_back();
        // The spill's scope takes back by itself: resetting it as well would show its policy an empty batch each time.
        let spill = self.spill.as_mut().map(Arena::scope);
        RegionScope { block: &self.block, spill, high_water_bytes: &mut self.high_water_bytes }
    }

    /// Takes back everything, without beginning a scope.
    #[inline]
    pub fn reset(&mut self) {
        self.take_back();
        if let Some(spill) = &mut self.spill {
            spill.reset();
        }
    }

    #[inline]
    fn take_back(&mut self) {
        self.high_water_bytes = self.high_water_bytes.max(self.block.used_bytes());
        self.block.cursor.set(self.block.start);
    }

    /// Returns the bytes of the block, without what aligning its start took.
    pub fn capacity_bytes(&self) -> usize {
        self.block.end.addr() - self.block.start.addr()
    }

    /// Returns the bytes handed out, padding included, without spilled ones. Counts what the last scope left.
    pub fn used_bytes(&self) -> usize {
        self.block.used_bytes()
    }

    /// Returns the most bytes of the block that were ever handed out at once.
    pub fn high_water_bytes(&self) -> usize {
        self.high_water_bytes.max(self.block.used_bytes())
    }

    /// Returns the arena that serves what does not fit, if one was given.
    pub fn spill(&self) -> Option<&Arena> {
        self.spill.as_ref()
    }
}

impl fmt::Debug for Region<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Region")
            .field("capacity_bytes", &self.capacity_bytes())
            .field("used_bytes", &self.used_bytes())
            .field("spill", &self.spill)
            .finish_non_exhaustive()
    }
}

/// Hands out a region's memory; the methods are those of [`Bump`].
///
/// Not copyable: while a [`Checkpoint`] is open nothing may be allocated below it.
pub struct RegionScope<'s> {
    block: &'s Block,
    spill: Option<Scope<'s>>,
    high_water_bytes: &'s mut usize,
}

impl<'s> RegionScope<'s> {
    /// Remembers how much is handed out, to take back later what comes after.
    ///
    /// What was allocated before stays usable meanwhile; this scope itself does not, until the checkpoint is dropped.
    ///
    /// ```
    /// # use core::mem::MaybeUninit;
    /// # use wf_arena::{Bump as _, Region};
    /// # let mut memory = [MaybeUninit::uninit(); 1024];
    /// let mut region = Region::new(&mut memory);
    /// let mut scope = region.scope();
    /// let kept = scope.alloc(1);
    /// let before = scope.used_bytes();
    /// {
    ///     let mut checkpoint = scope.checkpoint();
    ///     let inner = checkpoint.scope();
    ///     *kept += *inner.alloc(2);
    /// }
    /// assert_eq!((*kept, scope.used_bytes()), (3, before));
    /// ```
    ///
    /// Nothing allocated after it outlives it:
    /// ```compile_fail,E0597
    /// # use core::mem::MaybeUninit;
    /// # use wf_arena::{Bump as _, Region};
    /// # let mut memory = [MaybeUninit::uninit(); 1024];
    /// let mut region = Region::new(&mut memory);
    /// let mut scope = region.scope();
    /// let escaped;
    /// {
    ///     let mut checkpoint = scope.checkpoint();
    ///     escaped = checkpoint.scope().alloc(2);
    /// }
    /// *escaped = 3;
    /// ```
    /// and no vector of the outer scope grows under it:
    /// ```compile_fail,E0502
    /// # use core::mem::MaybeUninit;
    /// # use wf_arena::{Bump as _, Region};
    /// # let mut memory = [MaybeUninit::uninit(); 1024];
    /// let mut region = Region::new(&mut memory);
    /// let mut scope = region.scope();
    /// let mut vec = scope.vec::<u8>(1);
    /// let checkpoint = scope.checkpoint();
    /// vec.push(1);
    /// drop(checkpoint);
    /// ```
    #[inline]
    pub fn checkpoint(&mut self) -> Checkpoint<'_> {
        Checkpoint {
            mark: self.block.cursor.get(),
            scope: RegionScope {
                block: self.block,
                spill: self.spill,
                high_water_bytes: &mut *self.high_water_bytes,
            },
        }
    }

    /// Returns the bytes of the block handed out, padding included.
    pub fn used_bytes(&self) -> usize {
        self.block.used_bytes()
    }

    /// Makes an empty vector with room for `capacity` values. It borrows the scope until it is handed out.
    ///
    /// As long as nothing else is allocated, it grows where it stands.
    #[inline]
    #[track_caller]
    pub fn vec<T>(&self, capacity: usize) -> Vec<'s, T, &Self> {
        self.vec_in(capacity)
    }

    /// Makes an empty string with room for `capacity` bytes. It borrows the scope until it is handed out.
    #[inline]
    #[track_caller]
    pub fn string(&self, capacity: usize) -> String<'s, &Self> {
        self.string_in(capacity)
    }

    /// Serves what the block cannot.
    #[cold]
    #[inline(never)]
    fn spill(&self, layout: Layout) -> Result<NonNull<u8>, Error> {
        match &self.spill {
            Some(spill) => spill.try_alloc_layout(layout),
            None => Err(Error::Full { requested_bytes: layout.size(), left_bytes: self.block.left_bytes() }),
        }
    }
}

// SAFETY: blocks come from the front of what is free in memory that this region alone refers to, and the cursor moves
// past them; it moves back only when `'s` is over (`Region::reset` needs the region mutably, a checkpoint's drop comes
// after all that was allocated through it). The arena it spills to keeps the same contract for the same `'s`.
unsafe impl<'s> Bump<'s> for RegionScope<'s> {
    #[inline]
    fn try_alloc_layout(&self, layout: Layout) -> Result<NonNull<u8>, Error> {
        if layout.size() == 0 {
            return Ok(dangling(layout));
        }
        match self.block.take(layout) {
            Some(place) => Ok(place),
            None => self.spill(layout),
        }
    }

    #[inline]
    unsafe fn try_grow(&self, block: NonNull<u8>, old: Layout, new_bytes: usize) -> bool {
        let cursor = self.block.cursor.get();
        // The rounding cannot overflow: both are sizes of layouts.
        let (old, new) = (old.size().next_multiple_of(MIN_ALIGN), new_bytes.next_multiple_of(MIN_ALIGN));
        // A spilled block never ends at the cursor: its memory is not part of this one, though it may lie just
        // before it; a block of size zero lies nowhere. Hence the other comparisons.
        let is_last =
            old != 0 && block.addr().get() + old == cursor.addr() && block.as_ptr() >= self.block.start;
        if !is_last || new - old > self.block.left_bytes() {
            return false;
        }
        // SAFETY: `new - old <= left_bytes`, so the result is within the block or one past it.
        self.block.cursor.set(unsafe { cursor.add(new - old) });
        true
    }
}

impl fmt::Debug for RegionScope<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RegionScope").field("used_bytes", &self.used_bytes()).finish_non_exhaustive()
    }
}

/// A point in a region's scope to go back to.
///
/// Dropping it takes back what was allocated through it; what was spilled is taken back with the region's scope. A
/// checkpoint that is leaked (`mem::forget`) takes nothing back before that either.
#[derive(Debug)]
pub struct Checkpoint<'s> {
    mark: *mut u8,
    scope: RegionScope<'s>,
}

impl Checkpoint<'_> {
    /// Takes back what was allocated through this checkpoint, and begins a scope within it.
    #[inline]
    pub fn scope(&mut self) -> RegionScope<'_> {
        self.rewind();
        RegionScope {
            block: self.scope.block,
            spill: self.scope.spill,
            high_water_bytes: &mut *self.scope.high_water_bytes,
        }
    }

    #[inline]
    fn rewind(&mut self) {
        let used = self.scope.block.used_bytes();
        *self.scope.high_water_bytes = (*self.scope.high_water_bytes).max(used);
        self.scope.block.cursor.set(self.mark);
    }
}

impl Drop for Checkpoint<'_> {
    #[inline]
    fn drop(&mut self) {
        self.rewind();
    }
}

/// A pointer to no memory, with the alignment of the layout.
#[inline]
fn dangling(layout: Layout) -> NonNull<u8> {
    // `Layout::dangling` is not stable yet. An alignment is a power of two, so the `unwrap_or` is never taken.
    NonNull::new(ptr::without_provenance_mut(layout.align())).unwrap_or(NonNull::dangling())
}

const _: () = assert!(MIN_ALIGN.is_power_of_two());
