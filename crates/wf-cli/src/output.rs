//! A file that appears under its name when it is complete, and not before.

use std::fs;
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::exit::Failure;
use crate::target;

/// A file on its way: in the folder of its name, under another one.
#[derive(Debug)]
pub(crate) struct Output {
    file: BufWriter<NamedTempFile>,
    path: PathBuf,
}

impl Output {
    /// Begins a file. One that stands there is replaced in the end, if it begins with this text, which marks it as a file of
    /// the same sort; anything else is not written over.
    pub(crate) fn create(path: &Path, begins: &str, inputs: &[&Path]) -> Result<Self, Failure> {
        let is_same = |target: &Path| {
            let mut first = vec![0; begins.len()];
            fs::File::open(target).and_then(|mut file| file.read_exact(&mut first)).is_ok()
                && first == begins.as_bytes()
        };
        let why = "a file of another sort stands there; move it away or choose another name";
        Self::beside(path, target::replaceable(path, inputs, is_same, why)?)
    }

    fn beside(path: &Path, target: PathBuf) -> Result<Self, Failure> {
        let folder =
            target.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let mut builder = tempfile::Builder::new();
        builder.prefix(".wf-");
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        let file = builder.tempfile_in(folder).map_err(|error| {
            // The name of a temporary file says nothing to whoever named another one.
            Failure::file("write", path, io::Error::from(error.kind()))
        })?;
        Ok(Self { file: BufWriter::new(file), path: target })
    }

    /// Gives the file its name.
    pub(crate) fn publish(self) -> Result<(), Failure> {
        let failed = |error: &dyn std::fmt::Display| Failure::file("write", &self.path, error);
        let file = self.file.into_inner().map_err(|error| failed(error.error()))?;
        file.as_file().sync_all().map_err(|error| failed(&error))?;
        file.persist(&self.path).map_err(|error| failed(&error.error))?;
        Ok(())
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}
