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

#[cfg(test)]
mod tests {
    use super::*;
    use core::any::TypeId;

    /// Choosing costs nothing: the names are the allocators themselves, so the machine code of every call is theirs.
    #[test]
    fn the_names_are_the_bare_allocators() {
        assert_eq!(TypeId::of::<System>(), TypeId::of::<std::alloc::System>());
        #[cfg(feature = "jemalloc")]
        assert_eq!(TypeId::of::<Jemalloc>(), TypeId::of::<tikv_jemallocator::Jemalloc>());
        #[cfg(feature = "mimalloc")]
        assert_eq!(TypeId::of::<Mimalloc>(), TypeId::of::<mimalloc::MiMalloc>());
        assert_eq!(size_of::<Allocator>(), 0);
    }

    #[test]
    fn jemalloc_goes_before_mimalloc_before_the_system() {
        let chosen = TypeId::of::<Allocator>();
        #[cfg(feature = "jemalloc")]
        assert_eq!((chosen, NAME), (TypeId::of::<Jemalloc>(), "jemalloc"));
        #[cfg(all(feature = "mimalloc", not(feature = "jemalloc")))]
        assert_eq!((chosen, NAME), (TypeId::of::<Mimalloc>(), "mimalloc"));
        #[cfg(not(any(feature = "jemalloc", feature = "mimalloc")))]
        assert_eq!((chosen, NAME), (TypeId::of::<System>(), "system"));
    }
}
