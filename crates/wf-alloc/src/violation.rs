//! A call of the allocator that a guard forbade.

use core::fmt::{self, Write as _};
use std::io::Write as _;

use crate::call_site::CallSite;
#[cfg(feature = "symbols")]
use crate::names;
use crate::request::Method;

/// A call of the allocator that a guard forbade.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Violation {
    /// The method called.
    pub(crate) method: Method,
    /// Bytes asked for, or given back.
    pub(crate) size_bytes: usize,
    /// The alignment asked for, a power of two.
    pub(crate) align: usize,
    /// Where the call came from.
    pub(crate) call_site: CallSite,
}

/// What was called, without the place.
impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {} bytes, alignment {}", self.method, self.size_bytes, self.align)
    }
}

impl Violation {
    /// What was called, by whom, and the call stack. Allocates: not for use inside the allocator.
    #[cfg(feature = "symbols")]
    pub(crate) fn described(&self) -> String {
        format!("{self}{}", names::described(&self.call_site))
    }

    /// What was called, and the call stack as addresses.
    #[cfg(not(feature = "symbols"))]
    pub(crate) fn described(&self) -> String {
        format!("{self}{}", self.call_site)
    }
}

/// Writes what happened to standard error and ends the process at the forbidden call.
///
/// First what needs no memory and no lock; then, from another thread, the names. The caller has seen to it that this
/// thread's guards do not mind what starting a thread allocates.
pub(crate) fn abort(violation: &Violation) -> ! {
    let mut line = Line { bytes: [0; 4096], len: 0 };
    // A message that does not fit is cut; there is nothing better to do with the error.
    let _ = writeln!(line, "heap use in a steady scope: {violation}{}", violation.call_site);
    let _ = std::io::stderr().write_all(&line.bytes[..line.len]);
    #[cfg(feature = "symbols")]
    if let Some(names) = names::described_elsewhere(&violation.call_site, core::time::Duration::from_secs(5))
    {
        let _ = writeln!(std::io::stderr(), "heap use in a steady scope: {violation}{names}");
    }
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
