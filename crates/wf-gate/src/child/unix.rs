//! Waiting with accounting, by `wait4`.

use std::io;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, ExitStatus};
use std::time::{Duration, Instant};

use super::Usage;

/// Waits for `child` until `deadline`, then kills it and waits for that.
pub(super) fn wait(child: &mut Child, deadline: Instant) -> io::Result<(ExitStatus, Option<Usage>, bool)> {
    let mut timed_out = false;
    // Polling starts fine and grows coarser, so that a short child is not held up and a long one costs nothing.
    let mut pause = Duration::from_micros(200);
    loop {
        if let Some((status, usage)) = try_wait(child.id(), libc::WNOHANG)? {
            return Ok((status, Some(usage), timed_out));
        }
        if Instant::now() >= deadline {
            timed_out = true;
            child.kill()?;
            if let Some((status, usage)) = try_wait(child.id(), 0)? {
                return Ok((status, Some(usage), timed_out));
            }
        }
        std::thread::sleep(pause);
        pause = (pause * 5 / 4).min(Duration::from_millis(5));
    }
}

/// One `wait4`; `None` if the child is still running.
fn try_wait(pid: u32, flags: i32) -> io::Result<Option<(ExitStatus, Usage)>> {
    let pid = i32::try_from(pid).map_err(io::Error::other)?;
    let mut status = 0;
    let mut usage = zeroed_usage();
    loop {
        // SAFETY: `status` and `usage` are live, writable and of the types that the call fills in. The process is a child
        // of ours that nobody else waits for: `Child::wait` and `try_wait` are never called on it.
        let result = unsafe { libc::wait4(pid, &raw mut status, flags, &raw mut usage) };
        if result == pid {
            return Ok(Some((ExitStatus::from_raw(status), convert(&usage))));
        }
        if result == 0 {
            return Ok(None);
        }
        let error = io::Error::last_os_error();
        if error.kind() != io::ErrorKind::Interrupted {
            return Err(error);
        }
    }
}

fn zeroed_usage() -> libc::rusage {
    // SAFETY: `rusage` is a C structure of integers and of structures of integers; all bits zero is a value of it.
    unsafe { std::mem::zeroed() }
}

fn convert(usage: &libc::rusage) -> Usage {
    // Kibibytes, but on Apple's systems bytes.
    let rss_unit = if cfg!(target_vendor = "apple") { 1 } else { 1_024 };
    let seconds = |t: libc::timeval| t.tv_sec as f64 + f64::from(t.tv_usec as i32) / 1e6;
    let count = |n: libc::c_long| u64::try_from(n).unwrap_or(0);
    Usage {
        user_s: seconds(usage.ru_utime),
        system_s: seconds(usage.ru_stime),
        peak_rss_bytes: count(usage.ru_maxrss) * rss_unit,
        minor_faults: count(usage.ru_minflt),
        major_faults: count(usage.ru_majflt),
        voluntary_switches: count(usage.ru_nvcsw),
        involuntary_switches: count(usage.ru_nivcsw),
    }
}

/// The calling thread's minor faults: only Linux accounts by thread.
#[cfg(target_os = "linux")]
pub(super) fn thread_minor_faults() -> Option<u64> {
    let mut usage = zeroed_usage();
    // SAFETY: `usage` is live, writable and of the type that the call fills in.
    let result = unsafe { libc::getrusage(libc::RUSAGE_THREAD, &raw mut usage) };
    (result == 0).then(|| convert(&usage).minor_faults)
}

/// The calling thread's minor faults: only Linux accounts by thread.
#[cfg(not(target_os = "linux"))]
pub(super) fn thread_minor_faults() -> Option<u64> {
    None
}
