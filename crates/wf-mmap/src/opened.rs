//! How a store was opened, and what that cost.

use std::fmt;
use std::time::Duration;

/// The way to a store's bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Way {
    /// A private copy in anonymous memory: [`Store::open_copy`](crate::Store::open_copy).
    Copied,
    /// A map of a sealed copy, which nobody can change: `Store::open_sealed`.
    Sealed,
    /// A map of the file itself: `Store::open_mapped`.
    Mapped,
}

/// What opening a store did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Opened {
    /// The way.
    pub way: Way,
    /// Bytes of the file.
    pub file_bytes: u64,
    /// Bytes that had to be copied.
    pub copied_bytes: u64,
    /// Time from the call to the open store, verification of header and index included.
    pub elapsed: Duration,
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Copied => "copied",
            Self::Sealed => "sealed copy, mapped",
            Self::Mapped => "mapped",
        })
    }
}

impl fmt::Display for Opened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {} bytes, {:?}", self.way, self.file_bytes, self.elapsed)
    }
}
