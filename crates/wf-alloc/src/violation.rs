//! A call of the allocator that a guard forbade.

use core::fmt::{self, Write as _};
use std::io::Write as _;

use crate::call_site::CallSite;
use crate::request::Method;

/// A call of the allocator that a guard forbade.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Violation {
    /// The method called.
    pub method: Method,
    /// Bytes asked for, or given back.
    pub size_bytes: usize,
    /// The alignment asked for, a power of two.
    pub align: usize,
    /// Where the call came from.
    pub call_site: CallSite,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {} bytes, alignment {}", self.method, self.size_bytes, self.align)?;
        self.call_site.fmt_lines(f)
    }
}

/// Writes what happened to standard error, without allocating, and ends the process at the forbidden call.
pub(crate) fn abort(violation: &Violation) -> ! {
    let mut line = Line { bytes: [0; 4096], len: 0 };
    // A message that does not fit is cut; there is nothing better to do with the error.
    let _ = writeln!(line, "heap use in a steady scope: {violation}");
    let _ = std::io::stderr().write_all(&line.bytes[..line.len]);
    std::process::abort()
}

/// A fixed buffer to format into.
struct Line {
    bytes: [u8; 4096],
    /// Invariant: `len <= 4096`.
    len: usize,
}

impl fmt::Write for Line {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let room = &mut self.bytes[self.len..];
        let n = room.len().min(text.len());
        room[..n].copy_from_slice(&text.as_bytes()[..n]);
        self.len += n;
        if n == text.len() { Ok(()) } else { Err(fmt::Error) }
    }
}
