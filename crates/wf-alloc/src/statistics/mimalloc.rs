//! mimalloc's own figures, by its process information.

use mimalloc::MiMalloc;

use super::{Statistics, Unavailable};

/// What mimalloc knows about the process's memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MimallocStatistics {
    /// Bytes resident now. Estimated from what is committed where the system does not tell.
    pub resident_bytes: usize,
    /// The most bytes that were ever resident.
    pub resident_peak_bytes: usize,
    /// Bytes committed now.
    pub committed_bytes: usize,
    /// The most bytes that were ever committed.
    pub committed_peak_bytes: usize,
    /// Page faults that needed the disk.
    pub page_faults: usize,
}

impl Statistics for MiMalloc {
    type Figures = MimallocStatistics;

    fn figures() -> Result<MimallocStatistics, Unavailable> {
        let [mut elapsed, mut user, mut system] = [0; 3];
        let [mut resident, mut resident_peak, mut committed, mut committed_peak] = [0; 4];
        let mut page_faults = 0;
        // SAFETY: all eight are valid for a write of one `usize`.
        unsafe {
            libmimalloc_sys::mi_process_info(
                &raw mut elapsed,
                &raw mut user,
                &raw mut system,
                &raw mut resident,
                &raw mut resident_peak,
                &raw mut committed,
                &raw mut committed_peak,
                &raw mut page_faults,
            );
        }
        Ok(MimallocStatistics {
            resident_bytes: resident,
            resident_peak_bytes: resident_peak,
            committed_bytes: committed,
            committed_peak_bytes: committed_peak,
            page_faults,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::alloc::{GlobalAlloc, Layout};

    #[test]
    fn figures_follow_a_large_block() {
        const BYTES: usize = 64 << 20;
        let layout = Layout::from_size_align(BYTES, 4096).unwrap();
        // SAFETY: the layout has a size.
        let block = unsafe { MiMalloc.alloc_zeroed(layout) };
        assert!(!block.is_null());
        // SAFETY: the block holds `BYTES` bytes, initialised to zero.
        unsafe { block.write_bytes(1, BYTES) };
        let figures = MiMalloc::figures().unwrap();
        assert!(figures.committed_peak_bytes >= BYTES, "{figures:?}");
        assert!(figures.resident_peak_bytes >= BYTES, "{figures:?}");
        // SAFETY: any address may be asked about.
        assert!(unsafe { libmimalloc_sys::mi_is_in_heap_region(block.cast()) });
        // SAFETY: the block came from this allocator with this layout.
        unsafe { MiMalloc.dealloc(block, layout) };
        // Nobody put mimalloc in the place of the C library's own functions.
        // SAFETY: any size may be asked for.
        let block = unsafe { libc::malloc(64) };
        assert!(!block.is_null());
        // SAFETY: any address may be asked about.
        assert!(!unsafe { libmimalloc_sys::mi_is_in_heap_region(block) });
        // SAFETY: the block came from `malloc`.
        unsafe { libc::free(block) };
    }
}
