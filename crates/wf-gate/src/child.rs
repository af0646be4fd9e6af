//! Child processes and what the system accounts to them.

#![allow(unsafe_code, reason = "wait4 and getrusage have no safe twin in std")]

use std::io::{self, Read};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver};
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

/// How long output is waited for after the child has ended. All of its own is there by then; a program that it has started and left
/// behind may hold the pipes open for ever.
const PIPE_GRACE: Duration = Duration::from_secs(1);

/// Runs `command` to its end, killing it after `limit`.
///
/// # Errors
/// When the program cannot be started or waited for.
pub fn run(command: &mut Command, limit: Duration) -> io::Result<Finished> {
    let begun = Instant::now();
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    let output = chunks(child.stdout.take());
    let errors = chunks(child.stderr.take());
    let (status, usage, timed_out) = sys::wait(&mut child, begun + limit)?;
    let wall = begun.elapsed();
    let until = Instant::now() + PIPE_GRACE;
    Ok(Finished {
        status,
        stdout: collect(&output, until),
        stderr: collect(&errors, until),
        usage,
        wall,
        timed_out,
    })
}

/// Reads in a thread of its own, so that neither pipe fills up while the other is waited for. The thread ends when the pipe is closed or
/// nobody wants more.
fn chunks(pipe: Option<impl Read + Send + 'static>) -> Receiver<Vec<u8>> {
    let (sender, receiver) = mpsc::channel();
    if let Some(mut pipe) = pipe {
        std::thread::spawn(move || {
            let mut buffer = vec![0; 64 << 10];
            loop {
                match pipe.read(&mut buffer) {
                    Ok(0) => break,
                    Ok(len) if sender.send(buffer[..len].to_vec()).is_ok() => {}
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    // A broken pipe keeps what came.
                    Ok(_) | Err(_) => break,
                }
            }
        });
    }
    receiver
}

/// What comes until the pipe is closed, or `until`.
fn collect(chunks: &Receiver<Vec<u8>>, until: Instant) -> Vec<u8> {
    let mut bytes = Vec::new();
    while let Ok(chunk) = chunks.recv_timeout(until.saturating_duration_since(Instant::now())) {
        bytes.extend(chunk);
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
    fn a_program_that_a_child_leaves_behind_holds_nobody_up() {
        for (script, timed_out) in
            [("sleep 60 & echo out", false), ("sleep 60 & echo out; exec sleep 60", true)]
        {
            let begun = Instant::now();
            let done = run(&mut sh(script), Duration::from_millis(500)).expect("sh runs");
            assert_eq!(
                (done.timed_out, done.stdout.as_slice()),
                (timed_out, b"out\n".as_slice()),
                "{script}"
            );
            assert!(begun.elapsed() < Duration::from_secs(30), "{script}");
        }
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
