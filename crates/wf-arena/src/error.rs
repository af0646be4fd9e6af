//! Why memory could not be had.

use core::alloc::Layout;
use core::fmt;

/// Why memory could not be had. Nothing has changed then: what was allocated stays, and smaller requests may succeed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// The number of elements times their size is no possible size of memory (more than `isize::MAX` bytes).
    TooLarge {
        /// Elements asked for.
        elements: usize,
        /// Bytes of one element.
        element_bytes: usize,
    },
    /// The arena's limit forbids another chunk of the size needed.
    Limit {
        /// Bytes asked for.
        requested_bytes: usize,
        /// Bytes the arena holds.
        held_bytes: usize,
        /// Bytes it may hold.
        limit_bytes: usize,
    },
    /// The global allocator refused.
    Heap {
        /// Bytes asked for.
        requested_bytes: usize,
    },
    /// The region is full and was not given anything to spill to.
    Full {
        /// Bytes asked for.
        requested_bytes: usize,
        /// Bytes left, before alignment.
        left_bytes: usize,
    },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Error::TooLarge { elements, element_bytes } => {
                write!(f, "{elements} elements of {element_bytes} bytes are more than memory can hold")
            }
            Error::Limit { requested_bytes, held_bytes, limit_bytes } => write!(
                f,
                "a request of {requested_bytes} bytes would take the arena, which holds {held_bytes}, beyond its limit of {limit_bytes}"
            ),
            Error::Heap { requested_bytes } => {
                write!(f, "the heap refused memory for a request of {requested_bytes} bytes")
            }
            Error::Full { requested_bytes, left_bytes } => {
                write!(
                    f,
                    "a request of {requested_bytes} bytes does not fit the {left_bytes} left in the region"
                )
            }
        }
    }
}

impl core::error::Error for Error {}

/// The layout of `len` values of `T`.
#[inline]
pub(crate) fn array_layout<T>(len: usize) -> Result<Layout, Error> {
    // `Layout::array` checks the product against `isize::MAX`, which on a 32-bit machine 2^29 values of 8 bytes reach.
    Layout::array::<T>(len).map_err(|_| Error::TooLarge { elements: len, element_bytes: size_of::<T>() })
}

/// Unwraps for the methods that are documented to panic.
#[inline]
#[track_caller]
pub(crate) fn or_panic<V>(result: Result<V, Error>) -> V {
    #[cold]
    #[inline(never)]
    #[track_caller]
    fn fail(error: Error) -> ! {
        panic!("{error}")
    }
    match result {
        Ok(value) => value,
        Err(error) => fail(error),
    }
}
