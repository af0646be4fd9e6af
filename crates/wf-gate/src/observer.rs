//! Where observations come from: a program with subjects, run once per observation.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::child;
use crate::error::GateError;
use crate::observation::{Counted, Listed, Timing};
use crate::observe;
use crate::plan::Measurement;
use crate::sampler::Order;

/// What one process said about one measurement.
#[derive(Debug, Clone, PartialEq)]
pub enum Observation {
    /// Sampled times.
    Timed(Timing),
    /// Counts of single runs.
    Counted(Counted),
    /// Instructions per operation.
    Instructions(f64),
    /// System calls of one run.
    Syscalls(f64),
    /// Two builds of the program, each in processes of its own.
    TwoBuilds {
        /// Logarithm of time in this build over time in the other.
        log_ratio: f64,
        /// Whether something else used the same core in the processes of one build more than in those of the other.
        shared: bool,
    },
}

impl Observation {
    /// Whether something else used the same core, so that the number is not of the subject alone.
    #[must_use]
    pub fn is_shared(&self) -> bool {
        match self {
            Self::Timed(timing) => timing.shared,
            Self::TwoBuilds { shared, .. } => *shared,
            Self::Counted(_) | Self::Instructions(_) | Self::Syscalls(_) => false,
        }
    }
}

/// A source of observations.
pub trait Observer {
    /// The subjects there are.
    ///
    /// # Errors
    /// When the program cannot be run or does not answer.
    fn list(&mut self) -> Result<Vec<Listed>, GateError>;

    /// The subjects of the same program built from another revision; `None` if there is no such build.
    ///
    /// # Errors
    /// When that program cannot be run or does not answer.
    fn list_at(&mut self, _revision: &str) -> Result<Option<Vec<Listed>>, GateError> {
        Ok(None)
    }

    /// Waits for a disturbance of the machine to pass.
    fn pause(&mut self, time: Duration) {
        std::thread::sleep(time);
    }

    /// One observation, in a process of its own.
    ///
    /// # Errors
    /// When the process cannot be started, is killed, or reports a problem of the subject.
    fn observe(
        &mut self,
        what: &Measurement,
        order: Order,
        budget: Duration,
    ) -> Result<Observation, GateError>;
}

/// A program with subjects, and other builds of it by revision.
#[derive(Debug, Clone)]
pub struct Program {
    path: PathBuf,
    arguments: Vec<String>,
    other_builds: BTreeMap<String, PathBuf>,
    scratch: PathBuf,
}

/// Where the instruction counter's files go; removed after reading.
const CALLGRIND_FILE: &str = "callgrind.out";

/// Where the log of system calls goes; removed after reading.
const STRACE_FILE: &str = "strace.out";

/// A child that has not answered by then is killed: a batch that takes minutes is no subject.
const CHILD_LIMIT: Duration = Duration::from_secs(120);

/// Valgrind runs a program some fifty times slower.
const VALGRIND_LIMIT: Duration = Duration::from_secs(600);

impl Program {
    /// The program at `path`, called with `arguments` before the request.
    #[must_use]
    pub fn new(path: &Path, arguments: &[&str]) -> Self {
        Self {
            path: path.into(),
            arguments: arguments.iter().map(|&a| a.into()).collect(),
            other_builds: BTreeMap::new(),
            scratch: std::env::temp_dir(),
        }
    }

    /// Adds the same program built from another revision.
    pub fn add_build(&mut self, revision: &str, path: &Path) {
        self.other_builds.insert(revision.into(), path.into());
    }

    fn command(&self, path: &Path, request: &[&str]) -> Command {
        let mut command = Command::new(path);
        command.args(&self.arguments).args(request);
        command
    }

    fn time(
        &self,
        path: &Path,
        what: [&str; 2],
        order: Order,
        budget: Duration,
    ) -> Result<Timing, GateError> {
        let us = budget.as_micros().to_string();
        let order = if order == Order::Forward { "forward" } else { "reversed" };
        answer(&mut self.command(path, &["time", what[0], what[1], &us, order]), CHILD_LIMIT)
    }

    /// One group of four processes: this build, the other, the other, this; or the reverse.
    fn two_builds(
        &self,
        subject: &str,
        revision: &str,
        order: Order,
        budget: Duration,
    ) -> Result<Observation, GateError> {
        let other = self
            .other_builds
            .get(revision)
            .ok_or_else(|| GateError::Usage(format!("no build of git:{revision} was given")))?;
        let mut shared = Vec::new();
        let mut time = |path: &Path| -> Result<f64, GateError> {
            let timing = self.time(path, [subject, "-"], Order::Forward, budget)?;
            shared.push(timing.shared);
            Ok(timing.cycles_per_op.unwrap_or(timing.ns_per_op).ln())
        };
        let (outer, inner) = match order {
            Order::Forward => (self.path.as_path(), other.as_path()),
            Order::Reversed => (other.as_path(), self.path.as_path()),
        };
        let (first, second, third, fourth) = (time(outer)?, time(inner)?, time(inner)?, time(outer)?);
        let outer_over_inner = f64::midpoint(first, fourth) - f64::midpoint(second, third);
        let log_ratio = if order == Order::Forward { outer_over_inner } else { -outer_over_inner };
        // All four alike is fair to both.
        Ok(Observation::TwoBuilds { log_ratio, shared: shared.windows(2).any(|pair| pair[0] != pair[1]) })
    }

    fn instructions(&self, subject: &str) -> Result<f64, GateError> {
        let file = self.scratch.join(format!("{CALLGRIND_FILE}.{}.{subject}", std::process::id()));
        let mut command = Command::new("valgrind");
        command
            .arg("--tool=callgrind")
            .arg("--toggle-collect=*wf_gate_collected_run*")
            .arg(format!("--callgrind-out-file={}", file.display()))
            .arg(&self.path)
            .args(&self.arguments)
            .args(["instructions", subject])
            // Valgrind knows no AVX-512; and the C library must choose the same functions everywhere.
            .env("WF_SIMD_LEVEL", "avx2")
            .env("GLIBC_TUNABLES", "glibc.cpu.hwcaps=-AVX512F,-AVX512VL,-ERMS");
        let counted: Result<Counted, GateError> = answer(&mut command, VALGRIND_LIMIT);
        let text = std::fs::read_to_string(&file);
        // The file is in the way of nobody if this fails: its name holds the process id.
        let _removed = std::fs::remove_file(&file);
        let counted = counted?;
        let text = text.map_err(|e| GateError::io(format!("reading {}", file.display()), e))?;
        let total = callgrind_total(&text).ok_or_else(|| GateError::Child {
            command: describe(&command),
            message: "callgrind collected nothing: the function that makes the run was not found".into(),
        })?;
        Ok(total as f64 / f64::from(counted.ops.max(1)))
    }
}

impl Program {
    fn syscalls(&self, subject: &str) -> Result<f64, GateError> {
        let file = self.scratch.join(format!("{STRACE_FILE}.{}.{subject}", std::process::id()));
        let mut command = Command::new("strace");
        command.args(["-f", "-qq", "-o"]).arg(&file).arg(&self.path).args(&self.arguments);
        command.args(["syscalls", subject]);
        let counted: Result<Counted, GateError> = answer(&mut command, VALGRIND_LIMIT);
        let text = std::fs::read_to_string(&file);
        // The file is in the way of nobody if this fails: its name holds the process id.
        let _removed = std::fs::remove_file(&file);
        counted?;
        let text = text.map_err(|e| GateError::io(format!("reading {}", file.display()), e))?;
        let calls = strace_calls(&text).ok_or_else(|| GateError::Child {
            command: describe(&command),
            message: "the log of system calls has no beginning or end of the run".into(),
        })?;
        Ok(calls as f64)
    }
}

/// The calls between the two marks that the child leaves: lines, without the second halves of calls that another thread
/// interrupted, signals and ends of threads.
fn strace_calls(log: &str) -> Option<usize> {
    let mut lines = log.lines().skip_while(|line| !line.contains(observe::MARK_BEGIN)).skip(1);
    let mut calls = 0;
    loop {
        let line = lines.next()?;
        if line.contains(observe::MARK_END) {
            return Some(calls);
        }
        let call = line.trim_start_matches(|c: char| c.is_ascii_digit()).trim_start();
        calls += usize::from(!["<...", "---", "+++"].iter().any(|other| call.starts_with(other)));
    }
}

impl Observer for Program {
    fn list(&mut self) -> Result<Vec<Listed>, GateError> {
        answer(&mut self.command(&self.path, &["list"]), CHILD_LIMIT)
    }

    fn list_at(&mut self, revision: &str) -> Result<Option<Vec<Listed>>, GateError> {
        let Some(path) = self.other_builds.get(revision) else { return Ok(None) };
        answer(&mut self.command(path, &["list"]), CHILD_LIMIT).map(Some)
    }

    fn observe(
        &mut self,
        what: &Measurement,
        order: Order,
        budget: Duration,
    ) -> Result<Observation, GateError> {
        match what {
            Measurement::Timed { subject, versus } => {
                let what = [subject.as_str(), versus.as_deref().unwrap_or("-")];
                self.time(&self.path, what, order, budget).map(Observation::Timed)
            }
            Measurement::Counted { subject } => {
                answer(&mut self.command(&self.path, &["count", subject]), CHILD_LIMIT)
                    .map(Observation::Counted)
            }
            Measurement::Instructions { subject } => {
                self.instructions(subject).map(Observation::Instructions)
            }
            Measurement::Syscalls { subject } => self.syscalls(subject).map(Observation::Syscalls),
            Measurement::TwoBuilds { subject, revision } => self.two_builds(subject, revision, order, budget),
        }
    }
}

/// Runs a child and reads its one line.
fn answer<T: serde::de::DeserializeOwned>(command: &mut Command, limit: Duration) -> Result<T, GateError> {
    let done = child::run(command, limit)
        .map_err(|error| GateError::io(format!("starting {}", describe(command)), error))?;
    let fail = |message: String| GateError::Child { command: describe(command), message };
    if done.timed_out {
        return Err(fail(format!("killed: no answer after {} s", limit.as_secs())));
    }
    if !done.status.success() {
        let said = String::from_utf8_lossy(&done.stderr);
        let said = said.trim();
        return Err(fail(if said.is_empty() {
            done.status.to_string()
        } else {
            format!("{} ({})", said, done.status)
        }));
    }
    serde_json::from_slice(&done.stdout).map_err(|error| fail(format!("its answer cannot be read: {error}")))
}

/// The command as one would type it, without the path of the program.
fn describe(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_name().unwrap_or(command.get_program());
    let mut words = vec![program.to_string_lossy().into_owned()];
    words.extend(command.get_args().map(|a| a.to_string_lossy().into_owned()));
    words.join(" ")
}

/// The number in callgrind's `totals:` line (`summary:` in older versions).
fn callgrind_total(text: &str) -> Option<u64> {
    let number = |name: &str| {
        text.lines()
            .find_map(|line| line.strip_prefix(name))
            .and_then(|rest| rest.split_whitespace().next()?.parse().ok())
    };
    number("totals:").or_else(|| number("summary:")).filter(|&total| total > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn callgrind_totals_are_found() {
        for (text, expected) in [
            ("events: Ir\ntotals: 180067\n", Some(180_067)),
            ("summary: 5 6\n", Some(5)),
            ("totals: 0\n", None),
            ("", None),
        ] {
            assert_eq!(callgrind_total(text), expected, "{text:?}");
        }
    }

    #[test]
    fn calls_between_the_marks_are_counted_once_each() {
        let log = "\
            7 openat(AT_FDCWD, \"x\") = 3\n\
            7 statx(AT_FDCWD, \"/wf-gate-collected-run/begin\", 0) = -1 ENOENT (No such file or directory)\n\
            7 write(1, \"a\", 1) = 1\n\
            7 futex(0x1, FUTEX_WAIT <unfinished ...>\n\
            8 --- SIGCHLD {si_signo=SIGCHLD} ---\n\
            8 madvise(0x2, 4096, 8) = 0\n\
            7 <... futex resumed>) = 0\n\
            8 +++ exited with 0 +++\n\
            7 statx(AT_FDCWD, \"/wf-gate-collected-run/end\", 0) = -1 ENOENT (No such file or directory)\n\
            7 exit_group(0) = ?\n";
        assert_eq!(strace_calls(log), Some(3));
        let (before, _) = log.split_once("7 statx").expect("it is there");
        assert_eq!(strace_calls(before), None, "no beginning");
        assert_eq!(strace_calls(&log.replace("run/end", "run")), None, "no end");
    }

    #[cfg(unix)]
    #[test]
    fn a_child_that_fails_dies_or_babbles_is_an_error_that_says_so() {
        for (script, expected) in [
            ("echo no such thing >&2; exit 1", "no such thing"),
            ("exit 3", "exit status: 3"),
            ("kill -9 $$", "signal: 9"),
            ("echo hello", "its answer cannot be read"),
        ] {
            let mut program = Program::new(Path::new("/bin/sh"), &["-c", script]);
            let error = program.list().expect_err("no list came").to_string();
            assert!(error.contains(expected), "{script}: {error}");
        }
        let mut missing = Program::new(Path::new("/nonexistent/subjects"), &[]);
        assert!(matches!(missing.list(), Err(GateError::Io { .. })));
    }
}
