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

/// The file, open, whose header was good a moment ago.
pub(crate) struct Candidate {
    pub(crate) file: File,
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
        Ok(Self { file, file_bytes: metadata.len() as usize })
    }

    /// All of the file, in memory.
    fn read(&self, path: &Path, threads_max: usize) -> Result<Region, Error> {
        Region::read(&self.file, self.file_bytes, threads_max).map_err(|e| self.copy_failed(path, e))
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
    /// `map` a copy of 2 MiB or more is made in huge pages, where the kernel gives them. On Unix several threads, four at most, copy a
    /// file of 6 MiB or more: it is open sooner where a processor is idle, for the same processor time. They have ended when the call returns;
    /// [`open_copy_in`](Self::open_copy_in) starts as many as it is told, or none.
    ///
    /// # Errors
    /// Every way in which a file can fail to be a whole store of this format has an [`ErrorKind`] of its own.
    pub fn open_copy(path: &Path) -> Result<Self, Error> {
        Self::open_copy_in(path, usize::MAX)
    }

    /// Opens a store as [`Store::open_copy`] does, in no more than so many threads, that of the caller among them: 1 for those who have
    /// other work for their processors.
    ///
    /// # Errors
    /// As [`Store::open_copy`].
    pub fn open_copy_in(path: &Path, threads_max: usize) -> Result<Self, Error> {
        let begun = Instant::now();
        let candidate = Candidate::open(path)?;
        let region = candidate.read(path, threads_max)?;
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Key, StoreBuilder};

    #[test]
    fn a_file_that_is_cut_while_it_is_copied_is_an_error_in_any_number_of_threads() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store");
        let mut builder = StoreBuilder::create(&path, Default::default()).unwrap();
        (0..9_000).for_each(|n| builder.add(Key::U64(n), &[7; 1_000]).unwrap());
        builder.finish().unwrap();
        let whole = std::fs::read(&path).unwrap();
        for threads_max in [0, 1, 2, 4, usize::MAX] {
            std::fs::write(&path, &whole).unwrap();
            assert_eq!(Store::open_copy_in(&path, threads_max).unwrap().len(), 9_000);
            let candidate = Candidate::open(&path).unwrap();
            for kept in [whole.len() - 1, whole.len() / 2, 4_096, 0] {
                File::options().write(true).open(&path).unwrap().set_len(kept as u64).unwrap();
                let error = candidate.read(&path, threads_max).err().unwrap();
                let expected_bytes = whole.len() as u64;
                let kind = ErrorKind::Truncated { expected_bytes, found_bytes: kept as u64 };
                assert_eq!(error.kind().to_string(), kind.to_string(), "{threads_max} threads");
            }
        }
    }

    #[test]
    fn a_file_that_is_overwritten_while_it_is_open_changes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store");
        let mut builder = StoreBuilder::create(&path, Default::default()).unwrap();
        (0..9_000).for_each(|n| builder.add(Key::U64(n), &n.to_le_bytes().repeat(120)).unwrap());
        builder.finish().unwrap();
        let bytes = std::fs::metadata(&path).unwrap().len() as usize;
        for threads_max in [1, 4] {
            let store = Store::open_copy_in(&path, threads_max).unwrap();
            let before = std::fs::read(&path).unwrap();
            std::fs::write(&path, vec![0xA5; bytes]).unwrap();
            File::options().write(true).open(&path).unwrap().set_len(5).unwrap();
            store.verify().unwrap();
            std::fs::write(&path, before).unwrap();
        }
    }
}
