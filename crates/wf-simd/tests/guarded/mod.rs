//! Slices that touch an inaccessible page, so that a kernel which reads or writes past an end traps.

/// Memory between two inaccessible pages.
#[derive(Debug)]
pub(crate) struct Guarded {
    base: *mut u8,
    bytes: usize,
}

/// At least the page size of every Linux this runs on.
const GUARD_BYTES: usize = 64 << 10;

impl Guarded {
    /// Maps `bytes`, a multiple of 64 KiB, between guards.
    #[cfg(target_os = "linux")]
    pub(crate) fn new(bytes: usize) -> Self {
        assert_eq!(bytes % GUARD_BYTES, 0);
        let whole = bytes + 2 * GUARD_BYTES;
        let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
        // SAFETY: no address is given, so nothing that exists is replaced.
        let reserved = unsafe { libc::mmap(std::ptr::null_mut(), whole, libc::PROT_NONE, flags, -1, 0) };
        assert_ne!(reserved, libc::MAP_FAILED);
        let base = reserved.cast::<u8>().wrapping_add(GUARD_BYTES);
        // SAFETY: the range lies inside the reservation just made, on whole pages.
        let opened = unsafe { libc::mprotect(base.cast(), bytes, libc::PROT_READ | libc::PROT_WRITE) };
        assert_eq!(opened, 0);
        Self { base, bytes }
    }

    /// Copies `data` so that it ends where the memory ends.
    pub(crate) fn at_end<T: Copy>(&mut self, data: &[T]) -> &mut [T] {
        self.at(self.bytes - size_of_val(data), data)
    }

    /// Copies `data` so that it begins where the memory begins.
    pub(crate) fn at_start<T: Copy>(&mut self, data: &[T]) -> &mut [T] {
        self.at(0, data)
    }

    fn at<T: Copy>(&mut self, offset: usize, data: &[T]) -> &mut [T] {
        assert!(offset + size_of_val(data) <= self.bytes && offset.is_multiple_of(align_of::<T>()));
        let start = self.base.wrapping_add(offset).cast::<T>();
        // SAFETY: the range lies inside the mapping (asserted) and `&mut self` excludes other users; `data` is elsewhere.
        unsafe { start.copy_from_nonoverlapping(data.as_ptr(), data.len()) };
        // SAFETY: the elements were just written, aligned as asserted (the base is page-aligned), and borrow `self` mutably.
        unsafe { std::slice::from_raw_parts_mut(start, data.len()) }
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        #[cfg(target_os = "linux")]
        {
            let whole = self.base.wrapping_sub(GUARD_BYTES);
            // SAFETY: the reservation that `new` made, owned by this value.
            unsafe { libc::munmap(whole.cast(), self.bytes + 2 * GUARD_BYTES) };
        }
    }
}
