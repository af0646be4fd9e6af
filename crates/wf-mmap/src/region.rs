//! The bytes of an open store, wherever they live.

#[cfg(all(feature = "map", target_os = "linux"))]
mod huge;
#[cfg(unix)]
mod pieces;
mod read;

use std::fs::File;
use std::io;
use std::ops::Range;
use std::ptr::NonNull;

use crate::filter::WORD_BYTES;

/// A run of bytes that begins on a 64-byte boundary and does not change.
pub(crate) struct Region {
    /// Invariant: valid for reads of `len` bytes, initialized, 64-byte aligned, and not written to by anyone while
    /// `owner` lives. For a map of a file that last part is the promise of whoever opened it.
    start: NonNull<u8>,
    len: usize,
    /// Invariant: this, `index` and `filter` lie within the region or are constants; kept apart so that a look-up need not
    /// compute them.
    records: NonNull<[u8]>,
    index: NonNull<[[u8; 64]]>,
    /// One word that has every bit where the file has no filter.
    filter: NonNull<[[u8; WORD_BYTES]]>,
    /// Given back before the memory is, which fields' order of drop ensures.
    #[cfg(all(feature = "guard", unix))]
    guard: Option<crate::guard::Guard>,
    #[cfg_attr(not(feature = "map"), expect(dead_code, reason = "held for its drop"))]
    owner: Owner,
}

enum Owner {
    /// The memory that holds the region; never touched again through this field.
    Heap(#[expect(dead_code, reason = "held for its drop")] Vec<u8>),
    #[cfg(feature = "map")]
    Map(memmap2::Mmap),
    /// A copy in memory of its own.
    #[cfg(all(feature = "map", target_os = "linux"))]
    Huge(#[expect(dead_code, reason = "held for its drop")] memmap2::MmapMut),
}

// SAFETY: the region is read-only for as long as it lives (invariant of `start`), and both owners may be dropped on
// any thread.
unsafe impl Send for Region {}
// SAFETY: shared access only reads bytes that nobody writes (invariant of `start`).
unsafe impl Sync for Region {}

impl Region {
    /// Reads the first `len` bytes of `file`, in up to so many threads.
    pub(crate) fn read(file: &File, len: usize, threads_max: usize) -> io::Result<Self> {
        Self::fill(len, |bytes| read::read(file, bytes, threads_max))
    }

    /// Copies `bytes`.
    pub(crate) fn copy(bytes: &[u8]) -> Self {
        let filled = Self::fill(bytes.len(), |region| {
            region.copy_from_slice(bytes);
            Ok::<_, std::convert::Infallible>(())
        });
        match filled {
            Ok(region) => region,
            Err(never) => match never {},
        }
    }

    fn fill<E>(len: usize, fill: impl FnOnce(&mut [u8]) -> Result<(), E>) -> Result<Self, E> {
        #[cfg(all(feature = "map", target_os = "linux"))]
        if let Some(mut room) = huge::Room::new(len) {
            fill(room.bytes_mut())?;
            let (start, map) = room.into_map();
            return Ok(Self::undivided(start, len, Owner::Huge(map)));
        }
        // Zeroed memory of this size comes from the kernel untouched, which memory of a larger alignment would not.
        let mut heap = vec![0; len + 63];
        let skip = heap.as_ptr().align_offset(64);
        let bytes = &mut heap[skip..skip + len];
        fill(bytes)?;
        let start = NonNull::from(bytes).cast();
        Ok(Self::undivided(start, len, Owner::Heap(heap)))
    }

    /// Takes a map over. The promise that its bytes do not change is the caller's.
    #[cfg(feature = "map")]
    pub(crate) fn map(map: memmap2::Mmap) -> Self {
        let bytes: &[u8] = &map;
        let (start, len) = (NonNull::from(bytes).cast(), bytes.len());
        debug_assert!(start.cast::<[u64; 8]>().is_aligned(), "maps begin on a page");
        Self::undivided(start, len, Owner::Map(map))
    }

    fn undivided(start: NonNull<u8>, len: usize, owner: Owner) -> Self {
        let (records, index) = (NonNull::from(&[]), NonNull::from(&[]));
        let filter = NonNull::from(&[[0xff; WORD_BYTES]]);
        Self {
            start,
            len,
            records,
            index,
            filter,
            #[cfg(all(feature = "guard", unix))]
            guard: None,
            owner,
        }
    }

    /// Lets pages of the map that cannot be read become zeros, and remembers that they did.
    #[cfg(all(feature = "guard", unix))]
    pub(crate) fn guard(&mut self) -> io::Result<()> {
        self.guard = Some(crate::guard::Guard::new(self.start.as_ptr(), self.len)?);
        Ok(())
    }

    /// Whether bytes read so far may have been zeros in place of what stood there.
    #[inline]
    pub(crate) fn is_lost(&self) -> bool {
        #[cfg(all(feature = "guard", unix))]
        if let Some(guard) = &self.guard {
            return guard.is_lost();
        }
        false
    }

    /// The map, if it is one.
    #[cfg(feature = "map")]
    pub(crate) fn as_map(&self) -> Option<&memmap2::Mmap> {
        match &self.owner {
            Owner::Map(map) => Some(map),
            _ => None,
        }
    }

    /// Says where the record area and the index stand, and the filter, if there is one.
    ///
    /// # Panics
    /// If a range leaves the region.
    pub(crate) fn divide(&mut self, records: Range<usize>, index: Range<usize>, filter: Range<usize>) {
        let bytes = self.bytes();
        let divided = (NonNull::from(&bytes[records]), NonNull::from(bytes[index].as_chunks().0));
        let words = bytes[filter].as_chunks().0;
        if !words.is_empty() {
            self.filter = NonNull::from(words);
        }
        (self.records, self.index) = divided;
    }

    /// The record area.
    #[inline]
    pub(crate) fn records(&self) -> &[u8] {
        // SAFETY: `records` came from a slice of the region (or is empty), whose bytes are initialized and do not
        // change while `self` lives (invariants of `records` and `start`).
        unsafe { self.records.as_ref() }
    }

    /// The buckets of the index.
    #[inline]
    pub(crate) fn index(&self) -> &[[u8; 64]] {
        // SAFETY: `index` came from a slice of the region (or is empty), whose bytes are initialized and do not
        // change while `self` lives (invariants of `index` and `start`).
        unsafe { self.index.as_ref() }
    }

    /// The words of the filter.
    #[inline]
    pub(crate) fn filter(&self) -> &[[u8; WORD_BYTES]] {
        // SAFETY: `filter` came from a slice of the region (or is a constant), whose bytes are initialized and do not
        // change while `self` lives (invariants of `filter` and `start`).
        unsafe { self.filter.as_ref() }
    }

    /// The bytes.
    #[inline]
    pub(crate) fn bytes(&self) -> &[u8] {
        // SAFETY: `start` is valid for reads of `len` initialized bytes that do not change while `owner`, and so
        // `self`, lives (invariant of `start`); `len` came from a slice or vector, so it is at most `isize::MAX`.
        unsafe { std::slice::from_raw_parts(self.start.as_ptr(), self.len) }
    }
}
