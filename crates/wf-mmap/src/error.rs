//! What can go wrong with a store: which file, where in it, and what to do.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use crate::key::KeyKind;

/// A failed operation on one store file.
///
/// Boxed, so that a look-up's result stays small.
pub struct Error {
    inner: Box<Inner>,
}

struct Inner {
    path: PathBuf,
    offset: Option<u64>,
    kind: ErrorKind,
}

/// The facts of an [`Error`].
#[derive(Debug)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The operating system refused; `doing` says what was tried.
    Io {
        /// What was being done, as in "sync the temporary file".
        doing: &'static str,
        /// The system's own answer.
        source: io::Error,
    },
    /// The file does not begin as a store does.
    NotAStore,
    /// The file is a store of another major format version.
    Version {
        /// The version in the file.
        found: u16,
        /// The version this build reads.
        supported: u16,
    },
    /// The store uses features that this build does not know or was built without.
    Unsupported {
        /// Bits of the header's `incompat` field that this build cannot serve.
        bits: u32,
    },
    /// The file is shorter than its header says (or than a header).
    Truncated {
        /// Bytes that there should be.
        expected_bytes: u64,
        /// Bytes that there are.
        found_bytes: u64,
    },
    /// The file is longer than its header says.
    TrailingBytes {
        /// Bytes that there should be.
        expected_bytes: u64,
        /// Bytes that there are.
        found_bytes: u64,
    },
    /// The header's checksum or one of its ranges is wrong.
    DamagedHeader {
        /// Which check failed.
        check: &'static str,
    },
    /// The index does not match its checksum, or points outside the record area.
    DamagedIndex {
        /// Which check failed.
        check: &'static str,
    },
    /// The dictionary of compressed records does not match its checksum.
    DamagedDictionary,
    /// The store's records are compressed.
    Compressed,
    /// A record does not match its checksum, or its head makes no sense.
    DamagedRecord {
        /// Which check failed.
        check: &'static str,
    },
    /// A key of one kind was used with a store of another kind.
    WrongKeyKind {
        /// The kind of every key in the store.
        store: KeyKind,
        /// The kind of the key that was given.
        given: KeyKind,
    },
    /// The same key was added twice.
    DuplicateKey {
        /// The key, as a person writes it.
        key: String,
    },
    /// A length does not fit the format.
    TooLarge {
        /// What is too large.
        what: &'static str,
        /// How large it is.
        value: u64,
        /// The most that fits.
        max: u64,
    },
    /// Many different keys share one hash for every seed tried: the keys were made to do so.
    HostileKeys {
        /// The longest run of buckets a look-up may visit.
        probe_max: u32,
    },
    /// A page of the mapped file could not be read: it was truncated, or its disk failed.
    Lost,
    /// Cells were asked of a store whose records are not aligned to cells.
    NotCellAligned {
        /// The alignment of the store's records in bytes.
        align_bytes: u32,
    },
    /// Another builder is writing the same target.
    Busy,
    /// This platform or build has not what the operation needs.
    Unavailable {
        /// What is missing.
        what: &'static str,
    },
}

impl Error {
    #[cold]
    pub(crate) fn new(path: &Path, offset: Option<u64>, kind: ErrorKind) -> Self {
        Self { inner: Box::new(Inner { path: path.to_path_buf(), offset, kind }) }
    }

    #[cold]
    pub(crate) fn io(path: &Path, doing: &'static str, source: io::Error) -> Self {
        Self::new(path, None, ErrorKind::Io { doing, source })
    }

    /// The file concerned.
    pub fn path(&self) -> &Path {
        &self.inner.path
    }

    /// Where in the file, in bytes from its start, if the fault has a place.
    pub fn offset(&self) -> Option<u64> {
        self.inner.offset
    }

    /// The facts.
    pub fn kind(&self) -> &ErrorKind {
        &self.inner.kind
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("path", &self.inner.path)
            .field("offset", &self.inner.offset)
            .field("kind", &self.inner.kind)
            .finish()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.inner.path.display())?;
        if let Some(offset) = self.inner.offset {
            write!(f, " at byte {offset}")?;
        }
        write!(f, ": {}", self.inner.kind)
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io { doing, source } => write!(f, "could not {doing}: {source}"),
            Self::NotAStore => {
                f.write_str("not a wf store: it does not begin with the store's magic bytes; check the path")
            }
            Self::Version { found, supported } => write!(
                f,
                "store format {found}, this build reads format {supported}; rebuild the store with this version, \
                 or read it with a build that knows format {found}"
            ),
            Self::Unsupported { bits } => write!(
                f,
                "the store needs features {bits:#x} that this build cannot serve ({}); use a build that has them",
                if bits & crate::header::INCOMPAT_ZSTD != 0 {
                    "compressed records, cargo feature `zstd`"
                } else {
                    "from a newer version"
                }
            ),
            Self::Truncated { expected_bytes, found_bytes } => write!(
                f,
                "truncated: {found_bytes} bytes of {expected_bytes}; copy it again from its source, or rebuild it"
            ),
            Self::TrailingBytes { expected_bytes, found_bytes } => write!(
                f,
                "{found_bytes} bytes where the header says {expected_bytes}: something was appended; copy it again \
                 from its source, or rebuild it"
            ),
            Self::DamagedHeader { check } => {
                write!(f, "damaged header ({check}); copy the file again from its source, or rebuild it")
            }
            Self::DamagedIndex { check } => {
                write!(f, "damaged index ({check}); copy the file again from its source, or rebuild it")
            }
            Self::DamagedDictionary => {
                f.write_str("damaged dictionary (checksum); copy the file again from its source, or rebuild it")
            }
            Self::Compressed => f.write_str("the records are compressed; read them through `Store::decoder`"),
            Self::DamagedRecord { check } => write!(
                f,
                "damaged record ({check}); other records can still be read, but copy the file again from its \
                 source, or rebuild it"
            ),
            Self::WrongKeyKind { store, given } => {
                write!(
                    f,
                    "the store's keys are {store}, the given key is {given}; use a key of the store's kind"
                )
            }
            Self::DuplicateKey { key } => {
                write!(f, "key {key} was added twice; give each record a key of its own")
            }
            Self::TooLarge { what, value, max } => {
                write!(f, "{what}: {value}, the format holds at most {max}; split the store")
            }
            Self::HostileKeys { probe_max } => write!(
                f,
                "the keys collide so that a look-up would visit more than {probe_max} buckets, with every seed \
                 tried; the keys were made to collide: choose a secret seed in the options"
            ),
            Self::Lost => f.write_str(
                "the file was truncated, or could not be read, while it was open; what was read before may have been \
                 zeros; open it again",
            ),
            Self::NotCellAligned { align_bytes } => write!(
                f,
                "records are aligned to {align_bytes} bytes, not to 64-byte cells; build the store with cell alignment"
            ),
            Self::Busy => {
                f.write_str("another builder is writing this store; wait for it, or build to another path")
            }
            Self::Unavailable { what } => {
                write!(f, "{what} is not available here; open the store with `Store::open_copy`")
            }
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.inner.kind {
            ErrorKind::Io { source, .. } => Some(source),
            _ => None,
        }
    }
}
