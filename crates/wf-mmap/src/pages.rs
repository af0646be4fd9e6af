//! What pages the kernel gave, as opposed to what was asked for.

#[cfg(target_os = "linux")]
mod linux;

use crate::error::Error;
use crate::store::Store;

/// The pages under an open store.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Pages {
    /// Bytes of the mapping that holds the store (for a copy, other memory may share it).
    pub mapped_bytes: u64,
    /// Bytes of it that are in memory and mapped.
    pub resident_bytes: u64,
    /// Bytes mapped by huge pages: of files, of shared memory, or anonymous.
    pub huge_bytes: u64,
}

impl Store {
    /// Asks the kernel with what pages the store is mapped; reads `/proc/self/smaps`, so not for the main path.
    ///
    /// # Errors
    /// [`ErrorKind::Unavailable`](crate::ErrorKind::Unavailable) off Linux or where `/proc` cannot be read.
    pub fn pages(&self) -> Result<Pages, Error> {
        #[cfg(target_os = "linux")]
        if let Some(pages) = linux::pages_at(self.region().bytes().as_ptr().addr()) {
            return Ok(pages);
        }
        Err(self.error(None, crate::error::ErrorKind::Unavailable { what: "the kernel's page report" }))
    }
}
