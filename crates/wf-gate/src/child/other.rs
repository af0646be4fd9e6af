//! Waiting without accounting, where the system has no `wait4`.

use std::io;
use std::process::{Child, ExitStatus};
use std::time::{Duration, Instant};

use super::Usage;

/// Waits for `child` until `deadline`, then kills it and waits for that.
pub(super) fn wait(child: &mut Child, deadline: Instant) -> io::Result<(ExitStatus, Option<Usage>, bool)> {
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok((status, None, false));
        }
        if Instant::now() >= deadline {
            child.kill()?;
            return Ok((child.wait()?, None, true));
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Not accounted here.
pub(super) fn thread_minor_faults() -> Option<u64> {
    None
}
