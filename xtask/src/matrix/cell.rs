//! One workload with one number of threads, run once in a child process.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use serde::Deserialize;
use wf_gate::{GateError, child};

use super::record::Sample;

/// A child that runs longer is killed.
const LIMIT: Duration = Duration::from_secs(600);

/// A workload as its program describes it.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Listed {
    pub(super) name: String,
    pub(super) operation: String,
    pub(super) operations: u64,
    pub(super) threads_min: usize,
}

/// A workload with its load.
#[derive(Debug, Clone)]
pub(super) struct Cell {
    pub(super) workload: String,
    pub(super) threads: usize,
    pub(super) operations: u64,
}

/// What a workload program prints.
#[derive(Debug, Deserialize)]
struct Answer {
    seconds: f64,
    answer: u64,
    retained_rss_bytes: Option<u64>,
    peak_rss_bytes: Option<u64>,
    allocs: u64,
    bytes: u64,
}

/// The workloads that a program has.
pub(super) fn list(program: &Path) -> Result<Vec<Listed>, GateError> {
    read(program, &["list"]).map(|(listed, _)| listed)
}

impl Cell {
    /// One process.
    pub(super) fn run(
        &self,
        program: &Path,
        allocator: &str,
        round: u32,
        seed: u64,
    ) -> Result<Sample, GateError> {
        let (threads, operations, seed) =
            (self.threads.to_string(), self.operations.to_string(), seed.to_string());
        let words = ["run", &self.workload, &threads, &operations, &seed];
        let (answer, mut usage): (Answer, Option<child::Usage>) = read(program, &words)?;
        // The program's own word is better where it has one: the system counts from before the program was loaded.
        if let (Some(usage), Some(peak)) = (&mut usage, answer.peak_rss_bytes) {
            usage.peak_rss_bytes = peak;
        }
        Ok(Sample {
            workload: self.workload.clone(),
            threads: self.threads,
            operations: self.operations,
            allocator: allocator.into(),
            round,
            seconds: answer.seconds,
            answer: answer.answer,
            retained_rss_bytes: answer.retained_rss_bytes,
            allocs: answer.allocs,
            bytes: answer.bytes,
            usage,
        })
    }
}

fn read<T: serde::de::DeserializeOwned>(
    program: &Path,
    arguments: &[&str],
) -> Result<(T, Option<child::Usage>), GateError> {
    let name = program.file_name().unwrap_or(program.as_os_str()).to_string_lossy();
    let command = format!("{name} {}", arguments.join(" "));
    let done = child::run(Command::new(program).args(arguments), LIMIT)
        .map_err(|error| GateError::io(format!("starting {command}"), error))?;
    let failed = |message: String| GateError::Child { command: command.clone(), message };
    if done.timed_out {
        return Err(failed(format!("killed after {} s", LIMIT.as_secs())));
    }
    if !done.status.success() {
        let said = String::from_utf8_lossy(&done.stderr);
        return Err(failed(format!("{} ({})", said.trim(), done.status)));
    }
    let answer = serde_json::from_slice(&done.stdout)
        .map_err(|error| failed(format!("its answer cannot be read: {error}")))?;
    Ok((answer, done.usage))
}
