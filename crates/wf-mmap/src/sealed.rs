//! A copy of a store that nobody can change, where the system has such a thing.

#[cfg(target_os = "linux")]
mod linux;
#[cfg(not(target_os = "linux"))]
mod other;

#[cfg(target_os = "linux")]
pub(crate) use linux::sealed_copy;
#[cfg(not(target_os = "linux"))]
pub(crate) use other::sealed_copy;
