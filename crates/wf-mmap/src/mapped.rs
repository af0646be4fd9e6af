//! Opening through a map: of a sealed copy (safe), or of the file itself (one promise of the caller's).

use std::path::Path;
use std::time::Instant;

use memmap2::Mmap;

use crate::error::Error;
use crate::open::Candidate;
use crate::opened::Way;
use crate::region::Region;
use crate::store::Store;

impl Store {
    /// Opens a store by mapping a sealed copy of it.
    ///
    /// The copy lives in a memory file that the kernel lets nobody change, so the map is sound; it costs one pass over
    /// the file. A file that is itself unchangeable (fs-verity) is mapped without a copy.
    ///
    /// # Errors
    /// As [`Store::open_copy`]; [`ErrorKind::Unavailable`](crate::ErrorKind::Unavailable) off Linux.
    pub fn open_sealed(path: &Path) -> Result<Self, Error> {
        let begun = Instant::now();
        let mut candidate = Candidate::open(path)?;
        let map = match Mmap::map_if_safe(&candidate.file) {
            Ok(map) => map,
            Err(_) => crate::sealed::sealed_copy(path, &mut candidate)?,
        };
        Self::from_region(path, Region::map(map), Way::Sealed, begun)
    }

    /// Opens a store by mapping the file itself: no copy, and no more memory than the pages that are touched.
    ///
    /// # Errors
    /// As [`Store::open_copy`].
    ///
    /// # Safety
    /// Until the store is dropped, nobody may write to, truncate, or otherwise change the file at `path`. (Replacing
    /// it by another one, as [`StoreBuilder`](crate::StoreBuilder) does, does not change it.)
    pub unsafe fn open_mapped(path: &Path) -> Result<Self, Error> {
        let begun = Instant::now();
        let candidate = Candidate::open(path)?;
        // SAFETY: the caller promises that the file does not change while the store, and with it the map, lives.
        let map = unsafe { Mmap::map(&candidate.file) };
        let map = map.map_err(|e| Error::io(path, "map the store", e))?;
        Self::from_region(path, Region::map(map), Way::Mapped, begun)
    }

    /// Opens a store as [`Store::open_mapped`] does, with a net under it: a page that cannot be read does not end the
    /// process.
    ///
    /// Once a page was lost, every look-up is [`ErrorKind::Lost`](crate::ErrorKind::Lost). Installs a handler for SIGBUS
    /// in the process on first use; faults elsewhere still go to the handler that was there before.
    ///
    /// # Errors
    /// As [`Store::open_copy`]; [`ErrorKind::Io`](crate::ErrorKind::Io) where the handler cannot be installed or 256
    /// guarded stores are open.
    ///
    /// # Safety
    /// Until the store is dropped, nobody may write to the file at `path`. It may be truncated; bytes that were handed
    /// out before then read as zeros, and the caller must not have come to depend on them being the same twice.
    #[cfg(all(feature = "guard", unix))]
    pub unsafe fn open_guarded(path: &Path) -> Result<Self, Error> {
        let begun = Instant::now();
        let candidate = Candidate::open(path)?;
        // SAFETY: the caller promises that the file is not written to while the store lives, and accepts that lost pages
        // become zeros, which the guard below sees to before the map is read.
        let map = unsafe { Mmap::map(&candidate.file) };
        let map = map.map_err(|e| Error::io(path, "map the store", e))?;
        let mut region = Region::map(map);
        region.guard().map_err(|e| Error::io(path, "guard the map", e))?;
        Self::from_region(path, region, Way::Mapped, begun)
    }
}
