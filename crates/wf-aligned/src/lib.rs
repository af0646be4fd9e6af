//! Values, counters and buffers on chosen boundaries, and the prefetch that goes with them.
//!
//! Two threads that write to one cache line slow each other down though they share no value. A stream of vectors that
//! begins off a line boundary reads two lines a load. A random walk over gigabytes spends its time in page tables. All three
//! are matters of *where* a value stands, which is what this crate lets a caller choose.
//!
//! # When not to use it
//! Values that one thread uses need no padding: it costs memory. Counters that must be read exactly in step with
//! each other need a lock: a [`Counters::snapshot`] is a sum over writers that keep running. Buffers that grow belong in a `Vec`.
//!
//! # Cost
//! | what | costs | budget |
//! |---|---|---|
//! | [`Writer::add`] | an increment in memory, without a lock prefix | `aligned.writer_add.time` |
//! | two writers at once | no more than one: they share no line | `aligned.two_threads.*` |
//! | [`Counters::snapshot`] | one load per counter and block | `aligned.snapshot.ticks` |
//! | [`AlignedBuf`] | one allocation or one mapping when made, nothing afterwards | its constructors say which |
//!
//! # Features
//! `std`, on by default: [`AlignedBuf`] and [`Counters`], which need an allocator, threads and the kernel. Without it stay
//! [`CacheLine`], [`Padded`], [`Zeroable`] and the prefetch, for which `core` is enough.
//!
//! # Example
//! ```
//! use wf_aligned::{AlignedBuf, Boundary, Counters, prefetch_read};
//!
//! let mut rows = AlignedBuf::<[u64; 8]>::zeroed(100, Boundary::Page)?;
//! prefetch_read(&rows, 42);
//! rows[42][0] = 1;
//! assert_eq!(rows.as_ptr().addr() % 4096, 0);
//!
//! let counters: Counters<3> = Counters::new();
//! let mut writer = counters.writer();
//! std::thread::spawn(move || writer.add(2, 7)).join().expect("the thread only counts");
//! assert_eq!(counters.snapshot(), [0, 0, 7]);
//! # Ok::<(), wf_aligned::Error>(())
//! ```
//!
//! # Sources
//! Intel 64 and IA-32 Architectures Optimization Reference Manual, sections on the adjacent-line prefetcher and store forwarding;
//! `madvise(2)`, `proc_pid_smaps(5)`; crossbeam-utils, `CachePadded`.

#![cfg_attr(not(any(feature = "std", test)), no_std)]
#![cfg_attr(
    not(feature = "std"),
    allow(rustdoc::broken_intra_doc_links, reason = "the page names what the feature adds, too")
)]

#[cfg(feature = "std")]
mod buf;
#[cfg(feature = "std")]
mod counters;
#[cfg(feature = "std")]
mod error;
mod line;
#[cfg(feature = "std")]
mod local;
mod prefetch;
#[cfg(feature = "std")]
mod report;
#[cfg(feature = "std")]
mod sync;
#[cfg(feature = "std")]
mod sys;
mod zeroable;

#[cfg(feature = "std")]
pub use buf::{AlignedBuf, Boundary};
#[cfg(feature = "std")]
pub use counters::{Counters, Writer};
#[cfg(feature = "std")]
pub use error::Error;
pub use line::{CacheLine, Padded};
#[cfg(feature = "std")]
pub use local::{LocalWriter, ThreadCounters};
pub use prefetch::{prefetch_read, prefetch_write};
#[cfg(feature = "std")]
pub use report::{Advice, Given, Report};
pub use zeroable::Zeroable;

#[cfg(feature = "std")]
#[doc(hidden)]
pub mod __private {
    //! What [`thread_counters!`](crate::thread_counters) expands to.
    pub use std::sync::LazyLock;
    pub use std::thread_local;
}
