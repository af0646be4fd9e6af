//! The synchronisation types: std's, or loom's when every interleaving is to be tried.

#[cfg(not(loom))]
pub(crate) use std::sync::{Arc, Mutex, MutexGuard, atomic::AtomicU64};

#[cfg(loom)]
pub(crate) use loom::sync::{Arc, Mutex, MutexGuard, atomic::AtomicU64};

pub(crate) use core::sync::atomic::Ordering;
