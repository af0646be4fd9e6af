//! How the crate hears of a thread's end.

#[cfg(any(test, not(unix)))]
mod portable;
#[cfg(unix)]
mod unix;

#[cfg(not(unix))]
pub(crate) use portable::announce;
#[cfg(unix)]
pub(crate) use unix::announce;
