//! A file being written beside its target, then put in the target's place in one step.
//!
//! The temporary file stands in the target's folder (a rename is atomic only within one file system) under a name
//! made from the target's, and its writer holds a lock on it. So a second builder sees the first, and what a killed
//! builder left is taken over by the next one instead of piling up.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use crate::error::{Error, ErrorKind};
use crate::steps::{self, Step};

/// An unpublished file. Dropped unpublished, it leaves nothing behind.
#[derive(Debug)]
pub(crate) struct Draft {
    target: PathBuf,
    temporary: PathBuf,
    file: File,
    published: bool,
}

impl Draft {
    /// Creates the temporary file of `target` and locks it.
    pub(crate) fn begin(target: &Path) -> Result<Self, Error> {
        let temporary = temporary_path(target)?;
        // Each failed round means that another builder published or gave up between two calls; a few are enough.
        for _ in 0..16 {
            let doing = "create the temporary file beside the store";
            let opened = steps::before(Step::CreateTemporary).and_then(|()| open_or_create(&temporary));
            let (file, created) = opened.map_err(|e| Error::io(&temporary, doing, e))?;
            let lock =
                || steps::before(Step::Lock).map_err(TryLockError::Error).and_then(|()| file.try_lock());
            match lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => return Err(Error::new(target, None, ErrorKind::Busy)),
                Err(TryLockError::Error(e)) => {
                    if created {
                        let _ = std::fs::remove_file(&temporary);
                    }
                    return Err(Error::io(&temporary, "lock the temporary file", e));
                }
            }
            // The name may have moved to the target (or vanished) before the lock was ours: this would then be a
            // published file, which must not be touched.
            if is_still_named(&file, &temporary).map_err(|e| Error::io(&temporary, doing, e))? {
                // From here on `drop` cleans up.
                let draft = Self { target: target.to_path_buf(), temporary, file, published: false };
                draft.file.set_len(0).map_err(|e| Error::io(&draft.temporary, doing, e))?;
                return Ok(draft);
            }
        }
        Err(Error::new(target, None, ErrorKind::Busy))
    }

    /// Where the bytes go until they are published.
    pub(crate) fn temporary(&self) -> &Path {
        &self.temporary
    }

    /// Appends bytes.
    pub(crate) fn write(&mut self, mut bytes: &[u8]) -> Result<(), Error> {
        while !bytes.is_empty() {
            let step = steps::before(Step::Write)
                .and_then(|()| self.file.write(&bytes[..steps::write_limit(bytes.len())]));
            match step {
                Ok(0) => return Err(self.failed("write the temporary file", io::ErrorKind::WriteZero.into())),
                Ok(written) => bytes = &bytes[written..],
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(self.failed("write the temporary file", e)),
            }
        }
        Ok(())
    }

    /// Writes bytes at the start of the file; the next write goes behind them.
    pub(crate) fn write_at_start(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.file.seek(SeekFrom::Start(0)).map_err(|e| self.failed("seek in the temporary file", e))?;
        self.write(bytes)
    }

    /// Reads back what was written at `offset`; the place of the next write is lost.
    pub(crate) fn read_at(&mut self, offset: u64, into: &mut [u8]) -> Result<(), Error> {
        let read = steps::before(Step::ReadBack)
            .and_then(|()| self.file.seek(SeekFrom::Start(offset)))
            .and_then(|_| self.file.read_exact(into));
        read.map_err(|e| self.failed("read the temporary file back", e))
    }

    /// Cuts the file and continues from there.
    pub(crate) fn cut(&mut self, bytes: u64) -> Result<(), Error> {
        let cut = self.file.set_len(bytes).and_then(|()| self.file.seek(SeekFrom::Start(bytes)));
        cut.map(|_| ()).map_err(|e| self.failed("cut the temporary file", e))
    }

    /// Makes the bytes durable, then the target's: sync, rename, sync the folder.
    pub(crate) fn publish(mut self) -> Result<(), Error> {
        let sync = steps::before(Step::SyncFile).and_then(|()| self.file.sync_all());
        sync.map_err(|e| self.failed("sync the temporary file", e))?;
        let rename =
            steps::before(Step::Rename).and_then(|()| std::fs::rename(&self.temporary, &self.target));
        rename.map_err(|e| Error::io(&self.target, "put the new store in its place", e))?;
        self.published = true;
        let sync = steps::before(Step::SyncFolder).and_then(|()| sync_folder(folder_of(&self.target)));
        sync.map_err(|e| {
            Error::io(
                &self.target,
                "sync the folder (the new store is in place, but may not outlast a power cut)",
                e,
            )
        })
    }

    fn failed(&self, doing: &'static str, source: io::Error) -> Error {
        Error::io(&self.temporary, doing, source)
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        if !self.published {
            // Nothing more can be done about a file that cannot be removed; the next builder takes it over.
            let _ = std::fs::remove_file(&self.temporary);
        }
    }
}

/// The file, and whether this call made it.
fn open_or_create(path: &Path) -> io::Result<(File, bool)> {
    let mut options = OpenOptions::new();
    options.read(true).write(true);
    match options.clone().create_new(true).open(path) {
        Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {}
        result => return result.map(|file| (file, true)),
    }
    // It may have gone in between: then it is made here, as by whoever comes first.
    options.create(true).truncate(false).open(path).map(|file| (file, false))
}

fn temporary_path(target: &Path) -> Result<PathBuf, Error> {
    let Some(name) = target.file_name() else {
        let source = io::Error::new(io::ErrorKind::InvalidInput, "the path has no file name");
        return Err(Error::io(target, "name the store's file", source));
    };
    let mut temporary = std::ffi::OsString::from(".");
    temporary.push(name);
    temporary.push(".building");
    Ok(folder_of(target).join(temporary))
}

fn folder_of(target: &Path) -> &Path {
    match target.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

#[cfg(unix)]
fn is_still_named(file: &File, path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt;
    let open = file.metadata()?;
    match std::fs::symlink_metadata(path) {
        Ok(named) => Ok((named.dev(), named.ino()) == (open.dev(), open.ino())),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(e) => Err(e),
    }
}

/// An open file keeps its name on these systems.
#[cfg(not(unix))]
fn is_still_named(_file: &File, _path: &Path) -> io::Result<bool> {
    Ok(true)
}

#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Folders cannot be opened for this; the rename itself is journalled.
#[cfg(not(unix))]
fn sync_folder(_folder: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_draft_dropped_leaves_nothing_and_a_published_one_only_the_target() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("a.wfs");
        let list = || {
            let mut names: Vec<_> =
                std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
            names.sort();
            names
        };
        let mut draft = Draft::begin(&target).unwrap();
        draft.write(b"12345").unwrap();
        assert_eq!(list(), [".a.wfs.building"]);
        drop(draft);
        assert!(list().is_empty());

        let mut draft = Draft::begin(&target).unwrap();
        draft.write(b"12345").unwrap();
        draft.write_at_start(b"ab").unwrap();
        draft.publish().unwrap();
        assert_eq!(list(), ["a.wfs"]);
        assert_eq!(std::fs::read(&target).unwrap(), b"ab345");
    }

    #[test]
    fn of_two_builders_one_is_told_that_the_other_is_busy() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("a.wfs");
        let first = Draft::begin(&target).unwrap();
        let error = Draft::begin(&target).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Busy), "{error}");
        drop(first);
        Draft::begin(&target).unwrap();
    }

    #[test]
    fn what_a_killed_builder_left_is_taken_over() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("a.wfs");
        std::fs::write(folder.path().join(".a.wfs.building"), b"left over, and longer").unwrap();
        let mut draft = Draft::begin(&target).unwrap();
        draft.write(b"new").unwrap();
        draft.publish().unwrap();
        assert_eq!(std::fs::read(&target).unwrap(), b"new");
    }

    #[test]
    fn a_path_without_a_name_is_an_error() {
        assert!(Draft::begin(Path::new("/")).unwrap_err().to_string().contains("no file name"));
    }
}
