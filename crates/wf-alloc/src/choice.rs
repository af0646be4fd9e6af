//! Which allocator a program gets.

pub use std::alloc::System;

/// The `jemalloc` of the `tikv-jemallocator` crate. Needs feature `jemalloc`.
#[cfg(feature = "jemalloc")]
pub use tikv_jemallocator::Jemalloc;

/// The `mimalloc` of the `mimalloc` crate. Needs feature `mimalloc`.
#[cfg(feature = "mimalloc")]
pub use mimalloc::MiMalloc as Mimalloc;

/// The allocator that the features choose: jemalloc, else mimalloc, else the system's.
#[cfg(feature = "jemalloc")]
pub type Allocator = Jemalloc;

/// The allocator that the features choose: jemalloc, else mimalloc, else the system's.
#[cfg(all(feature = "mimalloc", not(feature = "jemalloc")))]
pub type Allocator = Mimalloc;

/// The allocator that the features choose: jemalloc, else mimalloc, else the system's.
#[cfg(not(any(feature = "jemalloc", feature = "mimalloc")))]
pub type Allocator = System;

/// A value of [`Allocator`], to be used where the type's name is not known.
pub const ALLOCATOR: Allocator = Allocator {};

/// The name of [`Allocator`]: `"jemalloc"`, `"mimalloc"` or `"system"`.
pub const NAME: &str = if cfg!(feature = "jemalloc") {
    "jemalloc"
} else if cfg!(feature = "mimalloc") {
    "mimalloc"
} else {
    "system"
};
