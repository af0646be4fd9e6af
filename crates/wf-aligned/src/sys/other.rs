//! Systems without mappings of their own here: the global allocator serves every boundary.

use core::convert::Infallible;
use core::ptr::NonNull;

use crate::{Advice, Error, Given};

/// A mapping: there is none on this system.
pub(crate) struct Mapping(Infallible);

/// `None`: the caller asks the global allocator.
pub(crate) fn map(_bytes: usize, _align: usize, _huge: bool) -> Option<Result<Mapping, Error>> {
    None
}

pub(crate) fn page_bytes() -> usize {
    4 << 10
}

impl Mapping {
    pub(crate) fn data(&self) -> NonNull<u8> {
        match self.0 {}
    }

    pub(crate) fn bytes(&self) -> usize {
        match self.0 {}
    }

    pub(crate) fn advice(&self) -> Advice {
        match self.0 {}
    }

    pub(crate) fn given(&self) -> Option<Given> {
        match self.0 {}
    }
}
