//! Initialise once, then read for free.
//!
//! A program learns most of its tables at start-up (kinds, patterns, handlers, settings) and then only reads them.
//! This crate keeps what is learnt apart from what is read: [`Registry`] collects and complains, [`Frozen`] answers
//! with one bounds check and one load. [`Resource`] is the same idea for a single global value, [`Swap`] for a value
//! that is replaced while readers run.
//!
//! # When not to use it
//! Tables that change all the time belong in a concurrent map. There is no look-up by `TypeId`, and no registration by linker
//! section: those drop entries silently when a module is not linked.
//!
//! # Cost
//! | what | costs | budget |
//! |---|---|---|
//! | [`Frozen::get`] | one compare, one load | `registry.get.time` |
//! | [`Resource::get`] once initialised | one acquire load, one predicted branch | `registry.resource_get.time` |
//! | [`Reader::get`] | one acquire load, one compare | `registry.swap_get.time` |
//! | registration, freezing, first initialisation | heap calls and locks: they belong to start-up | none |
//!
//! # Example
//! ```
//! use wf_registry::{Error, Registry};
//!
//! let mut registry = Registry::new();
//! let split = registry.register("split", "one to many")?;
//! let join = registry.register("join", "many to one")?;
//! assert!(matches!(registry.register("join", "again"), Err(Error::DuplicateName { .. })));
//!
//! let table = registry.freeze();
//! assert_eq!(table.get(split), Some(&"one to many"));
//! assert_eq!(table.id("join"), Some(join));
//! assert_eq!(table.get(7), None);
//! # Ok::<(), Error>(())
//! ```
//!
//! # Sources
//! Built on [`std::sync::OnceLock`]. Why no linker-section registration: linkme issues 31, 49 and 109.
#![forbid(unsafe_code)]

mod error;
mod frozen;
mod global;
mod initialisation;
mod registry;
mod resource;
mod swap;
mod sync;

pub use error::{Error, ResourceError};
pub use frozen::{Frozen, Iter};
pub use global::{GlobalResourceRegistry, Initialise, StartError};
pub use registry::{Numbered, Registry};
pub use resource::Resource;
pub use swap::{Reader, Swap};
