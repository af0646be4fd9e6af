//! The monotonic clock, where no cycle counter is implemented: ratios stay measurable, ticks are not.

use std::sync::OnceLock;
use std::time::Instant;

use super::Unavailable;

/// Never: nothing here knows the length of a core cycle.
pub(super) fn usable() -> Result<(), Unavailable> {
    Err(Unavailable::Architecture)
}

/// Nanoseconds since the first call.
#[inline]
pub(super) fn now() -> u64 {
    static FIRST: OnceLock<Instant> = OnceLock::new();
    let first = FIRST.get_or_init(Instant::now);
    u64::try_from(first.elapsed().as_nanos()).unwrap_or(u64::MAX)
}

/// Has no meaning without a cycle counter; calibration refuses before it gets here.
pub(super) fn chain() {}

/// Never, for the same reason.
pub(super) fn width_is_known() -> bool {
    false
}

/// Has no meaning without a cycle counter either.
pub(super) fn wide() {}
