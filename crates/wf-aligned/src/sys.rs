//! What the operating system is asked for.

#[cfg(all(target_os = "linux", not(miri)))]
mod linux;
#[cfg(all(target_os = "linux", not(miri)))]
pub(crate) use linux::{Mapping, map, page_bytes};

#[cfg(any(not(target_os = "linux"), miri))]
mod other;
#[cfg(any(not(target_os = "linux"), miri))]
pub(crate) use other::{Mapping, map, page_bytes};
