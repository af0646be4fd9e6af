//! `pread(2)`: each piece from its own place, in any order.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use crate::region::pieces;

/// Fills `bytes` with those that the file begins with, in up to so many threads.
pub(in crate::region) fn read(file: &File, bytes: &mut [u8], threads_max: usize) -> io::Result<()> {
    let threads = pieces::threads_for(bytes.len(), threads_max);
    pieces::fill(bytes, threads, |piece, at| file.read_exact_at(piece, at as u64))
}
