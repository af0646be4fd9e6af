//! One read after another, where a file has one place for all who read it.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

/// Fills `bytes` with those that the file begins with.
pub(in crate::region) fn read(mut file: &File, bytes: &mut [u8], _threads_max: usize) -> io::Result<()> {
    file.seek(SeekFrom::Start(0))?;
    file.read_exact(bytes)
}
