//! Child processes and what the system accounts to them.

#![allow(unsafe_code, reason = "wait4 and getrusage have no safe twin in std")]

use std::io::{self, Read};
use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

#[cfg(not(unix))]
mod other;
#[cfg(unix)]
mod unix;

#[cfg(not(unix))]
use other as sys;
#[cfg(unix)]
use unix as sys;

/// What the system accounted to a process over its whole life.
#[derive(Debug, Clone, Copy, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Usage {
    /// Seconds on a core in the program.
    pub user_s: f64,
    /// Seconds on a core in the kernel.
    pub system_s: f64,
    /// The most memory that was resident at once. On Linux never less than what this program itself held when it started the
    /// child: for small children ask them (`VmHWM` in `/proc/self/status`).
    pub peak_rss_bytes: u64,
    /// Pages provided without reading a file.
    pub minor_faults: u64,
    /// Pages read from a file.
    pub major_faults: u64,
    /// Switches to another process while this one waited.
    pub voluntary_switches: u64,
    /// Switches to another process while this one wanted to run: the mark of a disturbed sample.
    pub involuntary_switches: u64,
}

/// A child that has ended.
#[derive(Debug)]
pub struct Finished {
    /// How it ended.
    pub status: ExitStatus,
    /// All that it wrote to its output.
    pub stdout: Vec<u8>,
    /// All that it wrote to its error output.
    pub stderr: Vec<u8>,
    /// What the system accounted to it; absent where the system does not say.
    pub usage: Option<Usage>,
    /// From start to end.
    pub wall: Duration,
    /// Whether it was killed for running past the limit.
    pub timed_out: bool,
}

/// Runs `command` to its end, killing it after `limit`.
///
/// # Errors
/// When the program cannot be started or waited for.
///
/// # Panics
/// Never: the thread that reads the error output cannot panic.
pub fn run(command: &mut Command, limit: Duration) -> io::Result<Finished> {
    let begun = Instant::now();
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    let (mut out, mut err) = (child.stdout.take(), child.stderr.take());
    let errors = std::thread::spawn(move || read_all(err.as_mut()));
    let output = std::thread::spawn(move || read_all(out.as_mut()));
    let (status, usage, timed_out) = sys::wait(&mut child, begun + limit)?;
    let wall = begun.elapsed();
    Ok(Finished {
        status,
        stdout: output.join().unwrap_or_default(),
        stderr: errors.join().unwrap_or_default(),
        usage,
        wall,
        timed_out,
    })
}

/// Everything until the pipe closes; what was read so far if it breaks.
fn read_all(pipe: Option<&mut impl Read>) -> Vec<u8> {
    let mut bytes = Vec::new();
    if let Some(pipe) = pipe {
        let _broken_pipe_keeps_what_came = pipe.read_to_end(&mut bytes);
    }
    bytes
}

/// Pages that the kernel has provided to this thread so far without reading a file; `None` where it does not say.
#[must_use]
pub fn thread_minor_faults() -> Option<u64> {
    sys::thread_minor_faults()
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn sh(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn output_status_and_usage_come_back() {
        let done = run(&mut sh("echo out; echo err >&2; exit 7"), Duration::from_secs(20)).expect("sh runs");
        assert_eq!(done.stdout, b"out\n");
        assert_eq!(done.stderr, b"err\n");
        assert_eq!(done.status.code(), Some(7));
        assert!(!done.timed_out);
        let usage = done.usage.expect("unix accounts");
        assert!(usage.peak_rss_bytes > 100_000, "{usage:?}");
        assert!(usage.minor_faults > 10, "{usage:?}");
    }

    #[test]
    fn a_child_past_its_limit_is_killed_and_said_so() {
        let begun = Instant::now();
        let done = run(&mut sh("exec sleep 60"), Duration::from_millis(100)).expect("sh runs");
        assert!(done.timed_out);
        assert!(!done.status.success());
        assert!(begun.elapsed() < Duration::from_secs(30));
    }

    #[test]
    fn a_child_killed_by_a_signal_is_not_a_success() {
        let done = run(&mut sh("kill -9 $$"), Duration::from_secs(20)).expect("sh runs");
        assert_eq!(done.status.code(), None);
        assert!(!done.timed_out);
    }

    #[test]
    fn a_missing_program_is_an_error() {
        if std::env::var("LD_PRELOAD").is_ok_and(|loaded| loaded.contains("vgpreload")) {
            _ = std::io::Write::write_fmt(
                &mut std::io::stderr(),
                format_args!(
                    "SKIPPED: a_missing_program_is_an_error: valgrind's vfork hides that the program was not started\n"
                ),
            );
            return;
        }
        let error =
            run(&mut Command::new("/nonexistent/program"), Duration::from_secs(1)).expect_err("missing");
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
    }
}
