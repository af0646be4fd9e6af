//! What an allocator was asked to do, as plain numbers.

use core::fmt;
use core::ops::{Add, Sub};

/// Heap activity of one thread, one scope or the whole process.
///
/// Every call is counted under the method that was called, and only if it succeeded; a call that returned
/// null adds one to [`failed`](Self::failed) and nothing else. A reallocation adds its new size to
/// [`bytes_allocated`](Self::bytes_allocated) and its old size to
/// [`bytes_deallocated`](Self::bytes_deallocated), as valgrind's heap summary does.
///
/// Memory may be freed by another thread than the one that asked for it: then [`live_bytes`](Self::live_bytes)
/// of the first thread stays high and that of the second goes below zero. Only the sum over threads means memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counts {
    /// Calls of `alloc` that returned memory.
    pub allocs: u64,
    /// Calls of `dealloc`.
    pub deallocs: u64,
    /// Calls of `realloc` that returned memory.
    pub reallocs: u64,
    /// Calls of `alloc_zeroed` that returned memory.
    pub zeroed: u64,
    /// Calls of `alloc`, `alloc_zeroed` or `realloc` that returned null.
    pub failed: u64,
    /// Bytes handed out: the layout's size, not what the allocator rounded it up to.
    pub bytes_allocated: u64,
    /// Bytes given back.
    pub bytes_deallocated: u64,
    /// Highest value that [`live_bytes`](Self::live_bytes) had, never below zero.
    ///
    /// Exact for a thread and for a scope. For the process it is an estimate, see
    /// [`process_counts`](crate::process_counts).
    pub peak_bytes: u64,
}

impl Counts {
    /// Returns how often the heap was asked for memory, whether it gave any or not.
    ///
    /// Zero means: no `alloc`, no `alloc_zeroed`, no `realloc`. This is the number to test for "allocates nothing".
    #[inline]
    pub const fn requests(&self) -> u64 {
        self.allocs + self.zeroed + self.reallocs + self.failed
    }

    /// Returns bytes handed out less bytes given back.
    #[inline]
    pub const fn live_bytes(&self) -> i64 {
        self.bytes_allocated.wrapping_sub(self.bytes_deallocated).cast_signed()
    }

    /// Returns blocks handed out less blocks given back.
    #[inline]
    pub const fn live_blocks(&self) -> i64 {
        (self.allocs + self.zeroed).wrapping_sub(self.deallocs).cast_signed()
    }
}

/// What happened between two readings: `later - earlier`. The peak is the later one's.
impl Sub for Counts {
    type Output = Counts;

    fn sub(self, earlier: Counts) -> Counts {
        Counts {
            allocs: self.allocs.wrapping_sub(earlier.allocs),
            deallocs: self.deallocs.wrapping_sub(earlier.deallocs),
            reallocs: self.reallocs.wrapping_sub(earlier.reallocs),
            zeroed: self.zeroed.wrapping_sub(earlier.zeroed),
            failed: self.failed.wrapping_sub(earlier.failed),
            bytes_allocated: self.bytes_allocated.wrapping_sub(earlier.bytes_allocated),
            bytes_deallocated: self.bytes_deallocated.wrapping_sub(earlier.bytes_deallocated),
            peak_bytes: self.peak_bytes,
        }
    }
}

/// Two readings taken together. The peak is the first one's: peaks of different times do not add up.
impl Add for Counts {
    type Output = Counts;

    fn add(self, other: Counts) -> Counts {
        Counts {
            allocs: self.allocs.wrapping_add(other.allocs),
            deallocs: self.deallocs.wrapping_add(other.deallocs),
            reallocs: self.reallocs.wrapping_add(other.reallocs),
            zeroed: self.zeroed.wrapping_add(other.zeroed),
            failed: self.failed.wrapping_add(other.failed),
            bytes_allocated: self.bytes_allocated.wrapping_add(other.bytes_allocated),
            bytes_deallocated: self.bytes_deallocated.wrapping_add(other.bytes_deallocated),
            peak_bytes: self.peak_bytes,
        }
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "alloc {}, alloc_zeroed {}, realloc {}, dealloc {}, failed {}, bytes +{} -{} (live {}, peak {})",
            self.allocs,
            self.zeroed,
            self.reallocs,
            self.deallocs,
            self.failed,
            self.bytes_allocated,
            self.bytes_deallocated,
            self.live_bytes(),
            self.peak_bytes,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn derived_numbers_follow_from_the_counted_ones() {
        let counts = Counts {
            allocs: 5,
            zeroed: 2,
            reallocs: 3,
            failed: 1,
            deallocs: 9,
            bytes_allocated: 100,
            bytes_deallocated: 140,
            peak_bytes: 60,
        };
        assert_eq!(counts.requests(), 11);
        assert_eq!(counts.live_blocks(), -2);
        assert_eq!(counts.live_bytes(), -40);
        assert_eq!((counts - counts).requests(), 0);
        assert_eq!((counts - Counts::default()), counts);
        assert_eq!(
            counts.to_string(),
            "alloc 5, alloc_zeroed 2, realloc 3, dealloc 9, failed 1, bytes +100 -140 (live -40, peak 60)"
        );
    }
}
