//! A copy in a memory file that the kernel lets nobody change any more.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::path::Path;

use memmap2::Mmap;

use crate::error::Error;
use crate::open::Candidate;

/// Copies the candidate into a memory file, seals it, and maps it.
pub(crate) fn sealed_copy(path: &Path, candidate: &mut Candidate) -> Result<Mmap, Error> {
    let memory = memory_file().map_err(|e| Error::io(path, "create a memory file", e))?;
    fill(&memory, candidate).map_err(|e| candidate.copy_failed(path, e))?;
    seal(&memory).map_err(|e| Error::io(path, "seal the memory file", e))?;
    Mmap::map_if_safe(&memory).map_err(|e| Error::io(path, "map the sealed copy", e.into()))
}

fn memory_file() -> io::Result<File> {
    // SAFETY: the name is a string that ends in a zero byte, and the flags are ones that the call knows.
    let fd = unsafe { libc::memfd_create(c"wf-store".as_ptr(), libc::MFD_CLOEXEC | libc::MFD_ALLOW_SEALING) };
    if fd < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: `fd` was just made by the call above, is open, and nobody else knows it.
    let fd = unsafe { OwnedFd::from_raw_fd(fd) };
    Ok(File::from(fd))
}

fn fill(mut memory: &File, candidate: &mut Candidate) -> io::Result<()> {
    candidate.file.seek(SeekFrom::Start(0))?;
    let wanted = candidate.file_bytes as u64;
    // Between two files the standard library lets the kernel copy.
    let copied = io::copy(&mut candidate.file.by_ref().take(wanted), &mut memory)?;
    if copied == wanted { Ok(()) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
}

fn seal(memory: &File) -> io::Result<()> {
    let seals = libc::F_SEAL_SHRINK | libc::F_SEAL_GROW | libc::F_SEAL_WRITE | libc::F_SEAL_SEAL;
    // SAFETY: the descriptor is open for as long as `memory` lives; the call takes an integer and no pointer.
    let result = unsafe { libc::fcntl(memory.as_raw_fd(), libc::F_ADD_SEALS, seals) };
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn a_sealed_file_can_neither_be_written_nor_cut() {
        let mut memory = memory_file().unwrap();
        memory.write_all(b"some bytes").unwrap();
        assert!(Mmap::map_if_safe(&memory).is_err());
        seal(&memory).unwrap();
        let map = Mmap::map_if_safe(&memory).unwrap();
        assert!(memory.write_all(b"more").is_err());
        assert!(memory.set_len(0).is_err());
        assert_eq!(&map[..], b"some bytes");
    }
}
