//! What can go wrong while a registry is filled or a resource initialised.

use core::fmt;

/// Why a registration was refused.
///
/// The registry is unchanged after any of these. A duplicate names both sides, so that the message alone is enough to
/// find the two places in the source.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// The name is taken.
    DuplicateName {
        /// The name that was registered twice.
        name: String,
        /// The id that holds the name.
        first: u32,
        /// The id the refused entry would have had.
        second: u32,
    },
    /// The id is taken.
    DuplicateId {
        /// The id that was registered twice.
        id: u32,
        /// The name that holds the id.
        first: String,
        /// The name of the refused entry.
        second: String,
    },
    /// The id lies above the limit of this registry.
    TooLarge {
        /// The id that was asked for, or that would have come next.
        id: u32,
        /// The largest id allowed.
        id_max: u32,
        /// The name of the refused entry.
        name: String,
    },
    /// Ids are not dense: nobody registered this one, though a larger one exists.
    Gap {
        /// The first id without an entry.
        id: u32,
        /// The name that holds the next id which has an entry.
        before: String,
        /// The id of that entry.
        before_id: u32,
    },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::DuplicateName { name, first, second } => {
                write!(f, "name `{name}` is registered twice: as id {first}, and again for id {second}")
            }
            Self::DuplicateId { id, first, second } => {
                write!(f, "id {id} is registered twice: as `{first}`, and again as `{second}`")
            }
            Self::TooLarge { id, id_max, name } => {
                write!(f, "`{name}` needs id {id}, but this registry ends at id {id_max}")
            }
            Self::Gap { id, before, before_id } => {
                write!(f, "id {id} has no entry, but id {before_id} is `{before}`: ids must be dense")
            }
        }
    }
}

impl core::error::Error for Error {}

/// Why a resource has no value.
///
/// The resource stays uninitialised, and the next caller tries again.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ResourceError<E> {
    /// The initialiser returned an error.
    Failed(E),
    /// The initialiser waits, through other resources or threads, for itself.
    Cycle {
        /// The type of the resource that was asked for and cannot be had.
        resource: &'static str,
    },
}

impl<E: fmt::Display> fmt::Display for ResourceError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed(error) => write!(f, "the initialiser failed: {error}"),
            Self::Cycle { resource } => {
                write!(f, "the initialiser of the resource of type `{resource}` waits for itself")
            }
        }
    }
}

impl<E: core::error::Error + 'static> core::error::Error for ResourceError<E> {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Failed(error) => Some(error),
            Self::Cycle { .. } => None,
        }
    }
}
