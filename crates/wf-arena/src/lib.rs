//! Bump memory per batch that learns its size.
//!
//! A batch allocates its scratch and its results from an [`Arena`]'s [`Scope`]; the next scope takes all of it back in
//! O(1). The arena learns how much a batch needs ([`Policy`]): in steady state it asks the heap for nothing, and
//! after a spike it gives memory back. [`Region`] does the same over memory that the caller supplies, with checkpoints.
//! [`ArenaPool`] and [`ArenaAllocator`] find each thread its own arena; [`Carve`] places several values in one reservation.
//! [`Bump`] is what all scopes have in common.
//!
//! # When not to use it
//! For values that outlive the batch, that must be freed singly, or that own something else: nothing is dropped
//! when a scope ends (types that need it are refused at compile time).
//!
//! # Cost
//! | what | costs | rule in `budgets.toml` |
//! |---|---|---|
//! | an allocation | a subtraction and a compare | `arena.alloc_16.ticks`, `arena.alloc_16.instructions` |
//! | a batch in steady state | no heap call | `arena.batch.allocations` |
//! | a spike, sixteen scopes later | at most twice what a usual scope needs is held | `arena.spike.held` |
//! | a [`Region`]'s block | what the arena's costs | `arena.region_16.ratio` |
//! | an arena from an [`ArenaPool`], one allocation, and back | no lock | `arena.acquire.ticks`, `arena.acquire.allocations` |
//!
//! # Features
//! `std`, on by default, adds [`ArenaPool`] and [`ArenaAllocator`], which need threads; everything else needs `alloc` only.
//!
//! # Example
//! ```
//! let mut arena = wf_arena::Arena::new();
//! let scope = arena.scope();
//! let sum: &mut u64 = scope.alloc(0);
//! for n in scope.alloc_slice_copy(&[1, 2, 3]) {
//!     *sum += *n;
//! }
//! assert_eq!(*sum, 6);
//! ```
//!
//! # Sources
//! `bumpalo` is the base. D. R. Hanson, "Fast allocation and deallocation of memory based on object lifetimes",
//! Software: Practice and Experience 20 (1), 1990.

#![cfg_attr(not(any(feature = "std", test)), no_std)]
#![cfg_attr(
    not(feature = "std"),
    allow(rustdoc::broken_intra_doc_links, reason = "the page names what the feature adds, too")
)]

extern crate alloc;

#[cfg(feature = "std")]
mod ambient;
mod arena;
mod bump;
mod carve;
mod error;
mod filler;
#[cfg(feature = "std")]
mod numbers;
mod owned;
mod policy;
#[cfg(feature = "std")]
mod pool;
mod region;
mod scope;
#[cfg(feature = "std")]
mod stack;
mod stats;
mod string;
#[cfg(feature = "std")]
mod thread_index;
mod vec;

#[cfg(feature = "std")]
pub use ambient::ArenaAllocator;
pub use arena::Arena;
pub use bump::Bump;
pub use carve::{Carve, Parts, SomeParts, carved_bytes};
pub use error::Error;
pub use filler::Filler;
pub use owned::Owned;
pub use policy::{PAGE_BYTES, Policy};
#[cfg(feature = "std")]
pub use pool::{ArenaPool, Lease, PoolStats};
pub use region::{Checkpoint, Region, RegionScope};
pub use scope::{BatchScope, Scope};
pub use stats::ArenaStats;
pub use string::String;
pub use vec::Vec;

/// The examples of the README are compiled and run.
#[cfg(all(doctest, feature = "std"))]
#[doc = include_str!("../README.md")]
struct Readme;
