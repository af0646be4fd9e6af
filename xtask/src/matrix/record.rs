//! The samples of a matrix: kept one by one, so that an interrupted run loses nothing.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use wf_gate::GateError;
use wf_gate::child::Usage;
use wf_gate::machine::Machine;

use super::cell::Cell;

/// Name and version of the record's form.
pub(super) const SCHEMA: &str = "wf-matrix/1";

/// A whole matrix.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Run {
    pub(super) schema: String,
    pub(super) commit: Option<String>,
    pub(super) machine: Machine,
    pub(super) seed: u64,
    pub(super) rounds: u32,
    pub(super) reference: String,
    pub(super) allocators: Vec<String>,
    pub(super) samples: Vec<Sample>,
}

/// One process.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Sample {
    pub(super) workload: String,
    pub(super) threads: usize,
    pub(super) operations: u64,
    pub(super) allocator: String,
    pub(super) round: u32,
    pub(super) seconds: f64,
    pub(super) answer: u64,
    pub(super) retained_rss_bytes: Option<u64>,
    pub(super) allocs: u64,
    pub(super) bytes: u64,
    pub(super) usage: Option<Usage>,
}

impl Run {
    pub(super) fn to_json(&self) -> String {
        // Nothing in a record has keys that are no strings, the one thing that cannot be written.
        serde_json::to_string_pretty(self).unwrap_or_default() + "\n"
    }
}

/// Reads a finished matrix.
pub(super) fn load(path: &Path) -> Result<Run, GateError> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| GateError::io(format!("reading {}", path.display()), error))?;
    let run: Run = serde_json::from_str(&text)
        .map_err(|error| GateError::Usage(format!("{} is no matrix: {error}", path.display())))?;
    if run.schema != SCHEMA {
        return Err(GateError::Usage(format!("{}: schema {} is not {SCHEMA}", path.display(), run.schema)));
    }
    Ok(run)
}

/// Refuses two machines that are not alike.
pub(super) fn comparable(here: &Machine, there: &Machine, force: bool) -> Result<(), GateError> {
    let (here, there) = (here.fingerprint(), there.fingerprint());
    if here == there || force {
        return Ok(());
    }
    Err(GateError::Usage(format!(
        "the baseline is from another machine: {there}; this is {here}. Times of unlike machines say nothing about the code; \
         --force sets them side by side all the same"
    )))
}

/// Takes samples and appends each to a file at once.
pub(super) struct Recorder {
    run: Run,
    file: File,
    path: PathBuf,
}

impl Recorder {
    /// Begins a record in `dir`; with `resume` goes on with the one that is there if it was of the same seed and machine.
    pub(super) fn open(dir: &Path, mut run: Run, resume: bool) -> Result<Self, GateError> {
        let path = dir.join("samples.jsonl");
        let failed = |error| GateError::io(format!("writing {}", path.display()), error);
        std::fs::create_dir_all(dir).map_err(failed)?;
        let head = serde_json::json!({
            "schema": SCHEMA, "seed": run.seed, "commit": run.commit, "machine": run.machine.fingerprint()
        })
        .to_string();
        let before = if resume { std::fs::read_to_string(&path).unwrap_or_default() } else { String::new() };
        let mut lines = before.lines();
        match lines.next() {
            Some(first) if first == head => {
                // The last line may have been cut off in the middle.
                run.samples = lines.filter_map(|line| serde_json::from_str(line).ok()).collect();
            }
            Some(_) => {
                return Err(GateError::Usage(format!(
                    "{} is of another seed, commit or machine and cannot be resumed",
                    path.display()
                )));
            }
            None => {}
        }
        let mut file = File::create(&path).map_err(failed)?;
        writeln!(file, "{head}").map_err(failed)?;
        for sample in &run.samples {
            writeln!(file, "{}", line(sample)).map_err(failed)?;
        }
        drop(file);
        let file = OpenOptions::new().append(true).open(&path).map_err(failed)?;
        Ok(Self { run, file, path })
    }

    pub(super) fn has(&self, cell: &Cell, allocator: &str, round: u32) -> bool {
        self.run.samples.iter().any(|s| {
            s.workload == cell.workload
                && s.threads == cell.threads
                && s.operations == cell.operations
                && s.allocator == allocator
                && s.round == round
        })
    }

    /// Takes a sample; its answer must be that of the same work before.
    pub(super) fn add(&mut self, sample: Sample) -> Result<(), GateError> {
        let same_work = |s: &&Sample| {
            s.workload == sample.workload && s.threads == sample.threads && s.operations == sample.operations
        };
        if let Some(before) = self.run.samples.iter().find(same_work)
            && before.answer != sample.answer
        {
            return Err(GateError::Child {
                command: format!("{} with {} threads", sample.workload, sample.threads),
                message: format!(
                    "answered {} under {} and {} under {}: the same work must give the same answer",
                    before.answer, before.allocator, sample.answer, sample.allocator
                ),
            });
        }
        writeln!(self.file, "{}", line(&sample))
            .map_err(|error| GateError::io(format!("writing {}", self.path.display()), error))?;
        self.run.samples.push(sample);
        Ok(())
    }

    pub(super) fn into_run(self) -> Run {
        self.run
    }
}

fn line(sample: &Sample) -> String {
    serde_json::to_string(sample).unwrap_or_default()
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(crate) fn sample(allocator: &str, round: u32, seconds: f64) -> Sample {
        Sample {
            workload: "heap-batch".into(),
            threads: 1,
            operations: 10,
            allocator: allocator.into(),
            round,
            seconds,
            answer: 7,
            retained_rss_bytes: Some(1 << 20),
            allocs: 100,
            bytes: 1_000,
            usage: Some(Usage { user_s: seconds, peak_rss_bytes: 2 << 20, ..Usage::default() }),
        }
    }

    pub(crate) fn run() -> Run {
        Run {
            schema: SCHEMA.into(),
            commit: None,
            machine: Machine::look(),
            seed: 42,
            rounds: 5,
            reference: "system".into(),
            allocators: vec!["system".into(), "mimalloc".into()],
            samples: Vec::new(),
        }
    }

    fn cell() -> Cell {
        Cell { workload: "heap-batch".into(), threads: 1, operations: 10 }
    }

    #[test]
    fn an_interrupted_record_is_resumed_with_its_last_line_cut_off() {
        let dir = tempfile::tempdir().expect("a folder");
        let head = run();
        let mut recorder = Recorder::open(dir.path(), head.clone(), false).expect("opened");
        recorder.add(sample("system", 0, 0.5)).expect("written");
        recorder.add(sample("mimalloc", 0, 0.4)).expect("written");
        drop(recorder);
        let path = dir.path().join("samples.jsonl");
        let text = std::fs::read_to_string(&path).expect("there");
        std::fs::write(&path, &text[..text.len() - 20]).expect("cut");
        let resumed = Recorder::open(dir.path(), head, true).expect("resumed");
        assert!(resumed.has(&cell(), "system", 0));
        assert!(!resumed.has(&cell(), "mimalloc", 0));
        assert!(!resumed.has(&cell(), "system", 1));
    }

    #[test]
    fn another_seed_is_not_resumed() {
        let dir = tempfile::tempdir().expect("a folder");
        drop(Recorder::open(dir.path(), run(), false).expect("opened"));
        let other = Run { seed: 43, ..run() };
        assert!(matches!(Recorder::open(dir.path(), other, true), Err(GateError::Usage(_))));
    }

    #[test]
    fn another_answer_is_refused() {
        let dir = tempfile::tempdir().expect("a folder");
        let mut recorder = Recorder::open(dir.path(), run(), false).expect("opened");
        recorder.add(sample("system", 0, 0.5)).expect("written");
        let wrong = Sample { answer: 8, ..sample("mimalloc", 0, 0.5) };
        assert!(matches!(recorder.add(wrong), Err(GateError::Child { .. })));
    }

    #[test]
    fn unlike_machines_are_not_compared() {
        let here = Machine::look();
        let there = Machine { cpu: "another".into(), ..here.clone() };
        assert!(comparable(&here, &here, false).is_ok());
        assert!(comparable(&here, &there, false).is_err());
        assert!(comparable(&here, &there, true).is_ok());
    }
}
