//! The synchronisation types of [`Swap`](crate::Swap): std's, or loom's when every interleaving is to be tried.

#[cfg(not(loom))]
pub(crate) use std::sync::{Mutex, MutexGuard, atomic::AtomicU64};

#[cfg(loom)]
pub(crate) use loom::sync::{Mutex, MutexGuard, atomic::AtomicU64};
