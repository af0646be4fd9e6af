//! Opening: read or map the bytes, then believe nothing before header and index are verified.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::time::Instant;

use crate::error::{Error, ErrorKind};
use crate::header::{HEADER_BYTES, Header};
use crate::opened::Way;
use crate::region::Region;
use crate::store::Store;

/// The file, open, with the header that it had a moment ago.
pub(crate) struct Candidate {
    pub(crate) file: File,
    pub(crate) start: Vec<u8>,
    pub(crate) file_bytes: usize,
}

impl Candidate {
    /// Opens the file and checks its header, so that nothing large is read or mapped that is not a store.
    pub(crate) fn open(path: &Path) -> Result<Self, Error> {
        let mut file = File::open(path).map_err(|e| Error::io(path, "open the store", e))?;
        let metadata = file.metadata().map_err(|e| Error::io(path, "ask for the store's length", e))?;
        if !metadata.is_file() {
            let source = io::Error::new(io::ErrorKind::InvalidInput, "not a regular file");
            return Err(Error::io(path, "open the store", source));
        }
        let mut start = Vec::with_capacity(HEADER_BYTES);
        let page = HEADER_BYTES as u64;
        let read = file.by_ref().take(page).read_to_end(&mut start);
        read.map_err(|e| Error::io(path, "read the header", e))?;
        Header::decode(&start, metadata.len()).map_err(|kind| Error::new(path, Some(0), kind))?;
        // The length equals the header's, which was found to fit.
        Ok(Self { file, start, file_bytes: metadata.len() as usize })
    }

    /// The error for a file that ended while it was copied.
    pub(crate) fn copy_failed(&self, path: &Path, source: io::Error) -> Error {
        match (source.kind(), self.file.metadata()) {
            (io::ErrorKind::UnexpectedEof, Ok(now)) => {
                let (expected_bytes, found_bytes) = (self.file_bytes as u64, now.len());
                Error::new(path, None, ErrorKind::Truncated { expected_bytes, found_bytes })
            }
            _ => Error::io(path, "copy the store", source),
        }
    }
}

impl Store {
    /// Opens a store by reading all of it into memory.
    ///
    /// Sound whatever happens to the file later. Costs one pass over the file, and its size in memory; on Linux with feature
    /// `map` a copy of 2 MiB or more is made in huge pages, where the kernel gives them.
    ///
    /// # Errors
    /// Every way in which a file can fail to be a whole store of this format has an [`ErrorKind`] of its own.
    pub fn open_copy(path: &Path) -> Result<Self, Error> {
        let begun = Instant::now();
        let mut candidate = Candidate::open(path)?;
        let region = Region::read(&candidate.start, &mut candidate.file, candidate.file_bytes)
            .map_err(|e| candidate.copy_failed(path, e))?;
        Self::from_region(path, region, Way::Copied, begun)
    }

    /// Opens a store whose bytes the caller has, such as those of `include_bytes!`, by copying them.
    ///
    /// Errors name the path `bytes`.
    ///
    /// # Errors
    /// As [`Store::open_copy`], reading aside.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        let (begun, path) = (Instant::now(), Path::new("bytes"));
        let region = Region::copy(bytes);
        Self::from_region(path, region, Way::Copied, begun)
    }
}
