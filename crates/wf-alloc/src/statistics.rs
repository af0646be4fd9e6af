//! What an allocator itself knows about its memory.

use core::convert::Infallible;
use core::fmt;
use std::alloc::System;

#[cfg(feature = "jemalloc")]
mod jemalloc;
#[cfg(feature = "mimalloc")]
mod mimalloc;

#[cfg(feature = "jemalloc")]
pub use jemalloc::JemallocStatistics;
#[cfg(feature = "mimalloc")]
pub use mimalloc::MimallocStatistics;

/// An allocator that may know how much memory it holds.
///
/// Unlike the counts of [`Counting`](crate::Counting) these figures are the allocator's own: they include what it keeps
/// for itself, and asking costs microseconds.
pub trait Statistics {
    /// What it knows.
    type Figures;

    /// Asks the allocator.
    ///
    /// # Errors
    /// [`Unavailable`] when it offers nothing, or cannot answer.
    fn figures() -> Result<Self::Figures, Unavailable>;
}

/// The system's allocator offers nothing that is the same everywhere.
impl Statistics for System {
    type Figures = Infallible;

    fn figures() -> Result<Infallible, Unavailable> {
        Err(Unavailable { allocator: "system", reason: "it offers no figures" })
    }
}

/// An allocator's figures cannot be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Unavailable {
    /// The allocator's name.
    pub allocator: &'static str,
    /// Why.
    pub reason: &'static str,
}

impl fmt::Display for Unavailable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no figures from the {} allocator: {}", self.allocator, self.reason)
    }
}

impl core::error::Error for Unavailable {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_system_says_that_it_has_none() {
        let error = System::figures().unwrap_err();
        assert_eq!(error.to_string(), "no figures from the system allocator: it offers no figures");
    }
}
