//! Memory for a large copy, in huge pages where the kernel has them: a page of 4 KiB costs as much to get as to fill.

use std::ptr::NonNull;

use memmap2::{Advice, MmapMut};

/// Bytes of a huge page, and the least that are worth one.
const HUGE_BYTES: usize = 2 << 20;

/// Zeroed memory that begins where a huge page can.
pub(super) struct Room {
    map: MmapMut,
    skip: usize,
    len: usize,
}

impl Room {
    /// Room for `len` bytes; `None` if they are few, or the kernel has no such mapping to give.
    pub(super) fn new(len: usize) -> Option<Self> {
        if len < HUGE_BYTES {
            return None;
        }
        // What lies before the first boundary is never touched, so it takes no memory.
        let whole = len.checked_next_multiple_of(HUGE_BYTES)?;
        let map = MmapMut::map_anon(whole.checked_add(HUGE_BYTES)?).ok()?;
        let skip = map.as_ptr().align_offset(HUGE_BYTES);
        // A wish: in small pages the copy is as good, and slower.
        let _ = map.advise_range(Advice::HugePage, skip, whole);
        Some(Self { map, skip, len })
    }

    pub(super) fn bytes_mut(&mut self) -> &mut [u8] {
        &mut self.map[self.skip..self.skip + self.len]
    }

    /// The place of the bytes, and the map that holds them, which nobody writes to any more.
    pub(super) fn into_map(self) -> (NonNull<u8>, MmapMut) {
        let start = NonNull::from(&self.map[self.skip..self.skip + self.len]).cast();
        (start, self.map)
    }
}
