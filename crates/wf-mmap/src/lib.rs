//! An immutable file of records, looked up in O(1) straight from the map.
//!
//! [`StoreBuilder`] streams records with number, id or string keys into one file; [`Store`] finds them there without
//! parsing or copying. A damaged, truncated or hostile file is an error that names the place, never a wrong answer.
//!
//! # When not to use it
//! Records that change: rebuild and replace the file instead, or take a database. A handful of records that the
//! program could hold as constants.
//!
//! # Cost
//! | what | costs | rule in `budgets.toml` |
//! |---|---|---|
//! | opening | reading header and index, and verifying both | `mmap.open.min` |
//! | a hit | two dependent memory accesses, one into the index and one at the record; no heap call | `mmap.hit.max`, `mmap.hit.allocations` |
//! | nearly every miss | one access, into a filter of nine bits a key | `mmap.miss_1m.odht` of `benches/peers/mmap` |
//! | room in the file | head, padding and index of each record | `mmap.overhead.file` |
//!
//! # Features
//! `map`: stores opened through a memory map, advice and the page report. `guard`: mapped stores that survive the truncation of their
//! file. `zstd`: compressed records. None is on by default.
//!
//! # Example
//! ```
//! use wf_mmap::{Key, Options, Store, StoreBuilder};
//!
//! # let folder = tempfile::tempdir()?;
//! # let path = folder.path().join("colours.wfs");
//! let mut builder = StoreBuilder::create(&path, Options::default())?;
//! builder.add(Key::Str("red"), b"#ff0000")?;
//! builder.add(Key::Str("blue"), b"#0000ff")?;
//! builder.finish()?;
//!
//! let store = Store::open_copy(&path)?;
//! assert_eq!(store.get(Key::Str("red"))?, Some(&b"#ff0000"[..]));
//! assert_eq!(store.get(Key::Str("green"))?, None);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Sources
//! The format stands byte by byte in docs/STORE_FORMAT.md. Buckets of one cache line with fingerprints: Fan et al.,
//! *Cuckoo Filter: Practically Better Than Bloom*, CoNEXT 2014 (fingerprints and buckets; the probing is linear here).
//! Sealed memory files: `memfd_create(2)`, `fcntl(2)`.

#[cfg(feature = "map")]
mod advice;
mod batch;
mod bucket;
mod builder;
#[cfg(feature = "zstd")]
mod compress;
mod crc;
mod current;
#[cfg(feature = "zstd")]
mod decoder;
mod draft;
mod error;
mod filter;
#[cfg(all(feature = "guard", unix))]
mod guard;
mod hash;
mod header;
mod iter;
mod key;
#[cfg(feature = "map")]
mod mapped;
mod open;
mod opened;
mod options;
mod packer;
mod pages;
mod prefetch;
mod record;
mod region;
mod runs;
#[cfg(feature = "map")]
mod sealed;
mod steps;
mod store;
mod sync;
mod verified;
mod verify;

#[cfg(feature = "map")]
pub use advice::Advice;
pub use builder::{StoreBuilder, Summary};
#[cfg(feature = "zstd")]
pub use compress::Compression;
pub use current::{Current, Reader};
#[cfg(feature = "zstd")]
pub use decoder::{Decoded, Decoder};
pub use error::{Error, ErrorKind};
pub use iter::Iter;
pub use key::{Key, KeyKind};
pub use opened::{Opened, Way};
pub use options::{Align, Options, Progress};
pub use pages::Pages;
pub use store::Store;
