//! Reading a whole file into memory.

#[cfg(not(unix))]
mod other;
#[cfg(unix)]
mod unix;

#[cfg(not(unix))]
pub(super) use other::read;
#[cfg(unix)]
pub(super) use unix::read;
