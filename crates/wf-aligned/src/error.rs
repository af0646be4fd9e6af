//! Why a buffer could not be made.

use core::fmt;

/// Why a buffer could not be made. Nothing is allocated or mapped after any of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// The size in bytes does not fit the address space.
    TooLarge {
        /// How many elements were asked for.
        len: usize,
        /// The size of one element.
        element_bytes: usize,
    },
    /// The allocator or the kernel has no memory to give.
    OutOfMemory {
        /// How many bytes were asked for, boundary included.
        bytes: usize,
        /// The number of the operating system's error, where it gave one.
        errno: Option<i32>,
    },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge { len, element_bytes } => {
                write!(f, "{len} elements of {element_bytes} bytes do not fit the address space")
            }
            Self::OutOfMemory { bytes, errno: Some(errno) } => {
                write!(f, "the kernel refused {bytes} bytes: error {errno}")
            }
            Self::OutOfMemory { bytes, errno: None } => write!(f, "the allocator refused {bytes} bytes"),
        }
    }
}

impl core::error::Error for Error {}
