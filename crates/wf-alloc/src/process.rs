//! Totals over all threads, running and finished.

use std::sync::atomic::{AtomicI64, Ordering::Relaxed};

use crate::counts::Counts;
use crate::request::Request;
use crate::roster::Roster;
use crate::slot::Slot;

/// Every thread's counters.
pub(crate) static ROSTER: Roster = Roster::new();

/// What threads did that own no slot: while they are being set up, and after their end was announced. Shared, so
/// written by atomic read-modify-write.
static SHARED: Slot = Slot::new();

/// Live bytes as published, and the highest value that had.
static LIVE: AtomicI64 = AtomicI64::new(0);
static PEAK: AtomicI64 = AtomicI64::new(0);

/// Returns the totals of all threads since the process began.
///
/// Counts and bytes are exact when no other thread is inside the allocator, and include threads that have ended.
/// (A thread has ended when it was joined; the end of `std::thread::scope` alone does not wait for destructors of
/// thread-local values.)
/// While others run, each counter is exact for some moment during the call, not all for the same one: the sum
/// is no snapshot. Reading takes no lock and disturbs no writer; it costs one pass over the counters of as many
/// threads as ever lived at once.
///
/// The peak is an estimate: each running thread tells the process of a change in its live bytes once the change
/// reaches 64 KiB. It is off by less than 64 KiB per running thread, in either direction, and by what other threads
/// were just about to publish.
pub fn process_counts() -> Counts {
    let mut sum = SHARED.totals();
    ROSTER.for_each(|slot| sum = sum + slot.totals());
    let peak = PEAK.load(Relaxed).max(sum.live_bytes());
    Counts { peak_bytes: u64::try_from(peak).unwrap_or(0), ..sum }
}

/// Adds a change of live bytes to the estimate.
pub(crate) fn publish(change_bytes: i64) {
    let live = LIVE.fetch_add(change_bytes, Relaxed).wrapping_add(change_bytes);
    if change_bytes > 0 {
        PEAK.fetch_max(live, Relaxed);
    }
}

/// Counts a call of a thread that owns no slot.
pub(crate) fn count_shared(request: &Request) {
    let counts = request.counts();
    let pairs = [
        (&SHARED.allocs, counts.allocs),
        (&SHARED.deallocs, counts.deallocs),
        (&SHARED.reallocs, counts.reallocs),
        (&SHARED.zeroed, counts.zeroed),
        (&SHARED.failed, counts.failed),
        (&SHARED.bytes_allocated, counts.bytes_allocated),
    ];
    for (counter, n) in pairs {
        if n != 0 {
            counter.fetch_add(n, Relaxed);
        }
    }
    SHARED.live.fetch_add(counts.live_bytes(), Relaxed);
    publish(counts.live_bytes());
}
