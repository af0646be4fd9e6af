//! What was asked of the kernel for a buffer, and what it gave.

use crate::Boundary;

/// Whether huge pages were asked for, and what the kernel answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Advice {
    /// Not asked: the boundary is not [`Boundary::Huge`], or the buffer is empty.
    NotAsked,
    /// The kernel took the advice. It may still give small pages: see [`Given`].
    Accepted,
    /// The kernel refused; the buffer works, on small pages.
    Refused {
        /// The number of the operating system's error.
        errno: i32,
    },
    /// This operating system has no such advice, as far as this crate knows.
    Unavailable,
}

/// The memory behind a buffer at the moment of the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Given {
    /// Bytes that have memory behind them: a page gets it at its first touch.
    pub bytes_resident: usize,
    /// Of these, bytes on huge pages.
    pub bytes_huge: usize,
}

/// What was asked of the kernel for a buffer, and what it gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// The boundary asked for.
    pub boundary: Boundary,
    /// Bytes of the elements.
    pub bytes: usize,
    /// Bytes of memory set aside for them: `bytes`, rounded up to whole pages for the larger boundaries.
    pub bytes_reserved: usize,
    /// What the kernel said about huge pages.
    pub advice: Advice,
    /// What `/proc/self/smaps` says. `None` for [`Boundary::Line`], whose memory shares pages with other allocations, and where there is
    /// no such file.
    pub given: Option<Given>,
}
