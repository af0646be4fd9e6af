//! No sealed memory files here.

use std::path::Path;

use memmap2::Mmap;

use crate::error::{Error, ErrorKind};
use crate::open::Candidate;

/// Says that it cannot.
pub(crate) fn sealed_copy(path: &Path, _candidate: &mut Candidate) -> Result<Mmap, Error> {
    Err(Error::new(path, None, ErrorKind::Unavailable { what: "a sealed memory file" }))
}
