//! jemalloc's own figures, by its control interface.

use tikv_jemalloc_ctl::{epoch, stats};
use tikv_jemallocator::Jemalloc;

use super::{Statistics, Unavailable};

/// What jemalloc knows about its memory, over all its arenas.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct JemallocStatistics {
    /// Bytes in blocks that are handed out, rounded up to jemalloc's size classes.
    pub allocated_bytes: usize,
    /// Bytes in pages of which some part is handed out.
    pub active_bytes: usize,
    /// Bytes in pages that are mapped and may be resident: active, its own, and unused dirty ones.
    pub resident_bytes: usize,
    /// Bytes in extents that are mapped.
    pub mapped_bytes: usize,
    /// Bytes of address space kept for later, neither mapped nor resident.
    pub retained_bytes: usize,
    /// Bytes of its own book-keeping.
    pub metadata_bytes: usize,
}

impl Statistics for Jemalloc {
    type Figures = JemallocStatistics;

    /// Brings the figures up to date, then reads them.
    fn figures() -> Result<JemallocStatistics, Unavailable> {
        // They are only brought up to date when the epoch advances.
        ok(epoch::advance())?;
        Ok(JemallocStatistics {
            allocated_bytes: ok(stats::allocated::read())?,
            active_bytes: ok(stats::active::read())?,
            resident_bytes: ok(stats::resident::read())?,
            mapped_bytes: ok(stats::mapped::read())?,
            retained_bytes: ok(stats::retained::read())?,
            metadata_bytes: ok(stats::metadata::read())?,
        })
    }
}

fn ok<T>(result: Result<T, tikv_jemalloc_ctl::Error>) -> Result<T, Unavailable> {
    result.map_err(|_| Unavailable { allocator: "jemalloc", reason: "its control interface refused" })
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::alloc::{GlobalAlloc, Layout};

    #[test]
    fn figures_follow_a_large_block_and_fit_together() {
        const BYTES: usize = 64 << 20;
        let layout = Layout::from_size_align(BYTES, 4096).unwrap();
        let before = Jemalloc::figures().unwrap();
        // SAFETY: the layout has a size.
        let block = unsafe { Jemalloc.alloc(layout) };
        assert!(!block.is_null());
        let during = Jemalloc::figures().unwrap();
        assert!(during.allocated_bytes >= before.allocated_bytes + BYTES);
        assert!(during.active_bytes >= during.allocated_bytes);
        assert!(during.mapped_bytes >= during.active_bytes);
        assert!(during.resident_bytes >= during.active_bytes);
        // SAFETY: the block came from this allocator with this layout.
        unsafe { Jemalloc.dealloc(block, layout) };
        let after = Jemalloc::figures().unwrap();
        assert!(after.allocated_bytes + BYTES / 2 < during.allocated_bytes);
        // Nobody put jemalloc in the place of the C library's own functions.
        // SAFETY: any size may be asked for.
        let block = unsafe { libc::malloc(BYTES) };
        assert!(!block.is_null());
        assert!(Jemalloc::figures().unwrap().allocated_bytes + BYTES / 2 < during.allocated_bytes);
        // SAFETY: the block came from `malloc`.
        unsafe { libc::free(block) };
    }
}
