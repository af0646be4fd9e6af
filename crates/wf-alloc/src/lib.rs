//! Choose the global allocator by feature, and count what it does.
//!
//! [`System`], `Jemalloc` and `Mimalloc` are the allocators themselves, not wrappers; [`Allocator`] is the one that
//! the features choose. [`Counting`] around any of them counts every call, for the thread, for a [`Scope`] and for the
//! process, cheaply enough to stay on in production. [`Steady`] holds code to a promise not to allocate.
//!
//! Nothing here installs anything: a binary names its allocator, a library never does. No feature replaces `malloc`
//! behind the program's back. With both features on, jemalloc is chosen.
//!
//! # When not to use it
//! To find out *where* memory goes over a whole run: that is a heap profiler's work (heaptrack, dhat, jemalloc's
//! own), which records a backtrace for each call. To cap a process's memory: use the operating system's limits.
//! In a plugin that is unloaded while threads live on: the end of those threads calls back into it.
//!
//! # Cost
//! | what | costs | rule in `budgets.toml` |
//! |---|---|---|
//! | an allocator without [`Counting`] | nothing: the types are the bare ones | `tests/switching.rs` counts the instructions of both |
//! | a pair of alloc and dealloc, counted | five additions and two compares, on a cache line that only this thread writes | `alloc.pair_counted.ratio`, `alloc.two_threads.pair_counted.ratio` |
//! | the same under a counting [`Steady`] | at most a tick more | `alloc.pair_steady.ratio` |
//!
//! # Features
//! `jemalloc` and `mimalloc` make that allocator available; with both, [`Allocator`] is jemalloc. `symbols`, on by default, has a broken
//! [`Steady`] name functions, files and lines.
//!
//! # Example
//! ```
//! use wf_alloc::{Allocator, Counting, Scope};
//!
//! #[global_allocator]
//! static HEAP: Counting<Allocator> = Counting::new(Allocator {});
//!
//! let scope = Scope::begin();
//! let mut numbers = Vec::with_capacity(100);
//! numbers.extend(0..100_u32);
//! assert_eq!(scope.counts().allocs, 1);
//! assert_eq!(scope.counts().live_bytes(), 400);
//! ```
//!
//! # How it counts
//! Each thread owns a slot of two cache lines in an append-only table and is the only one to write to it, so an
//! increment is a plain load and store. A slot's counters are never reset: the next thread to own it notes where it
//! began. So the process's totals are the sum over slots, exact after threads have ended, with no lock, and the
//! table grows with the number of threads alive at once, not with the number that ever lived.
//!
//! # Sources
//! R. K. Treiber, "Systems Programming: Coping with Parallelism", IBM RJ 5118, 1986, for the list of free slots.
//! Itanium C++ ABI, Exception Handling, section 1.5, for the return addresses of a violation.

// Under the model checker only the parts that are modelled are built.
#![cfg_attr(loom, allow(dead_code, reason = "the rest of the crate is not built"))]

#[cfg(not(loom))]
mod call_site;
#[cfg(not(loom))]
mod choice;
#[cfg(not(loom))]
mod counting;
mod counts;
#[cfg(not(loom))]
mod exit;
#[cfg(not(loom))]
mod frames;
mod free_list;
#[cfg(not(loom))]
mod installed;
#[cfg(all(not(loom), feature = "symbols"))]
mod names;
#[cfg(not(loom))]
mod process;
#[cfg(not(loom))]
mod request;
#[cfg(not(loom))]
mod roster;
#[cfg(not(loom))]
mod scope;
mod slot;
#[cfg(not(loom))]
mod statistics;
#[cfg(not(loom))]
mod steady;
mod sync;
#[cfg(not(loom))]
mod thread;
#[cfg(not(loom))]
mod violation;
#[cfg(not(loom))]
mod watch;

pub use counts::Counts;
#[cfg(not(loom))]
pub use {
    choice::*,
    counting::Counting,
    installed::installed,
    process::process_counts,
    request::Method,
    scope::Scope,
    statistics::*,
    steady::{Steady, permit},
    thread::thread_counts,
};

/// The examples of the README are compiled and run.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
