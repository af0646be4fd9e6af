//! Vectorised search, match and reduce over plain slices, with the instruction set chosen at run time.
//!
//! Slices in, results out, no allocation. Every kernel is a free function, which uses the widest instruction set of the processor
//! ([`Level::detect`]), and a method of [`Level`], which a caller holds on to or a test forces. All levels give
//! the same answer, bit for bit.
//!
//! | question | kernels |
//! |---|---|
//! | where is the first one? | [`find_equal`], [`find_masked`], [`find_masked_rows`] |
//! | how many? | [`count_equal`], [`count_masked`], [`count_masked_rows`], [`histogram`] |
//! | which ones? | [`match_bitmap`], [`match_bitmap_equal`], [`match_bitmap_rows`], [`match_indices`], [`match_indices_equal`], [`match_indices_rows`] |
//! | which of many tests does each pass? | [`enabled`], [`enabled_rows`] |
//! | keep some | [`compact`] |
//! | bit sets | [`bits_and`], [`bits_or`], [`bits_and_not`], [`bits_any`], [`bits_any_and`], [`bits_count`], [`bits_count_and`], [`bits_indices`] |
//! | least, greatest, total | [`min`], [`max`], [`argmin`], [`sum`] |
//! | element by element | [`add_wrapping`], [`add_saturating`] |
//!
//! Elements are `u8`, `u16`, `u32`, `u64`, `i64` and `f64`, where the question makes sense. Code that forbids unsafe can run loops of its own
//! under a wide instruction set with [`Level::run`].
//!
//! # When not to use it
//! Slices beyond the caches are read at the speed of memory: there a narrower element type gains more than a wider vector.
//! For a single byte in text, and with feature `substring` for byte patterns, the `memchr` crate is the tool.
//!
//! # Cost
//! | what | costs | budget in `budgets.toml` |
//! |---|---|---|
//! | a slice of 10,000 elements | a part of the scalar loop's time | `simd.*.speedup`, `simd.*.elsewhere` |
//! | a short slice (up to 16 or 31 elements, by kernel) | what one would write: an inlined loop in the free functions | `simd.short.*`, `simd.few.*` |
//! | the choice of the instruction set | one cached byte | `simd.detect.ticks` |
//! | a slice that begins off a cache line, under 64-byte vectors | two lines a load, which halves the rate from the caches | align it |
//!
//! # Features
//! `std`, on by default: the instruction set is detected at run time; without it the crate needs `alloc` only, and the level is what the
//! build requires (`-Ctarget-cpu`). `substring`: the search for byte patterns, by the memchr crate; without it the crate has no
//! dependency. The answers are the same.
//!
//! # Example
//! ```
//! let states: Vec<u64> = (0..1_000).collect();
//! assert_eq!(wf_simd::count_masked(&states, 0b11, 0b01), 250);
//!
//! let mut hits = vec![0; states.len()];
//! let count = wf_simd::match_indices(&states, 0xFF, 0x2A, &mut hits);
//! assert_eq!(hits[..count], [42, 298, 554, 810]);
//! ```
//!
//! # Sources
//! Lemire and Mula, "Faster population counts using AVX2 instructions" (2018); Langdale and Lemire, "Parsing gigabytes of JSON per second"
//! (2019), section 3.2, for indices from bits; the memchr crate for one seam between kernels and instruction sets.

#![cfg_attr(not(any(feature = "std", test)), no_std)]

extern crate alloc;

#[cfg(all(target_arch = "aarch64", target_endian = "little"))]
mod aarch64;
mod add;
mod bitmap;
mod bits;
mod blocks;
mod compact;
mod count;
mod dispatch;
mod enabled;
mod extrema;
mod find;
mod histogram;
mod indices;
mod isa;
mod lane;
mod level;
mod predicate;
mod rows;
pub mod scalar;
#[cfg(feature = "substring")]
mod substring;
mod sum;
#[cfg(target_arch = "x86_64")]
mod x86_64;

pub use add::{add_saturating, add_wrapping};
pub use bitmap::{match_bitmap, match_bitmap_equal};
pub use bits::{bits_and, bits_and_not, bits_any, bits_any_and, bits_count, bits_count_and, bits_or};
pub use compact::compact;
pub use count::{count_equal, count_masked};
pub use enabled::{Transition, enabled};
pub use extrema::{argmin, max, min};
pub use find::{find_equal, find_masked};
pub use histogram::histogram;
pub use indices::{bits_indices, match_indices, match_indices_equal};
pub use lane::{Integer, Lane, Word};
pub use level::{Kernel, Level, Unavailable};
pub use rows::{count_masked_rows, enabled_rows, find_masked_rows, match_bitmap_rows, match_indices_rows};
#[cfg(feature = "substring")]
pub use substring::{Pattern, find_bytes};
pub use sum::sum;
