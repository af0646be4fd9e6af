//! One call of an allocator, as the counters and the guard see it.

use core::alloc::Layout;
use core::fmt;

use crate::counts::Counts;

/// A method of `GlobalAlloc`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// `GlobalAlloc::alloc`
    Alloc,
    /// `GlobalAlloc::alloc_zeroed`
    AllocZeroed,
    /// `GlobalAlloc::realloc`
    Realloc,
    /// `GlobalAlloc::dealloc`
    Dealloc,
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Method::Alloc => "alloc",
            Method::AllocZeroed => "alloc_zeroed",
            Method::Realloc => "realloc",
            Method::Dealloc => "dealloc",
        })
    }
}

/// One call: which method, and what it was given.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Request {
    pub(crate) method: Method,
    /// The layout's size; for a reallocation the size before.
    pub(crate) layout: Layout,
    /// For a reallocation the size asked for, else the layout's.
    pub(crate) new_bytes: usize,
    pub(crate) failed: bool,
}

impl Request {
    #[inline]
    pub(crate) const fn new(method: Method, layout: Layout) -> Self {
        Request { method, layout, new_bytes: layout.size(), failed: false }
    }

    #[inline]
    pub(crate) const fn realloc(layout: Layout, new_bytes: usize) -> Self {
        Request { method: Method::Realloc, layout, new_bytes, failed: false }
    }

    #[inline]
    pub(crate) const fn failed(self) -> Self {
        Request { failed: true, ..self }
    }

    /// What this call adds to the counters.
    pub(crate) fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        if self.failed {
            counts.failed = 1;
            return counts;
        }
        match self.method {
            Method::Alloc => counts.allocs = 1,
            Method::AllocZeroed => counts.zeroed = 1,
            Method::Realloc => counts.reallocs = 1,
            Method::Dealloc => counts.deallocs = 1,
        }
        if self.method != Method::Dealloc {
            counts.bytes_allocated = self.new_bytes as u64;
        }
        if matches!(self.method, Method::Dealloc | Method::Realloc) {
            counts.bytes_deallocated = self.layout.size() as u64;
        }
        counts
    }
}
