//! The child's side: one observation per process, answered as one line of JSON.

use std::hint::black_box;
use std::process::ExitCode;
use std::time::Duration;

use crate::child::thread_minor_faults;
use crate::control;
use crate::error::SampleError;
use crate::observation::{Counted, Listed, RunCounts};
use crate::sampler::{self, Order, Sampling};
use crate::selftest;
use crate::subject::{Batch, Subject};

/// The word that makes a gate's own program act as its child.
pub const CHILD_WORD: &str = "--wf-gate-child";

/// Runs before the counted ones: what a subject allocates once belongs to its warm-up.
const WARM_UP_RUNS: usize = 3;

/// Counted runs in one process; they must all agree for a count to be exact.
const COUNTED_RUNS: usize = 5;

/// The whole program of a binary that only holds subjects: the arguments say what to observe.
///
/// Answers on the standard output; a problem goes to the error output with exit code 1, bad arguments with 2.
#[must_use]
pub fn child_main(subjects: &[Subject]) -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|a| a != CHILD_WORD).collect();
    answer(subjects, &arguments)
}

/// Answers one request.
pub(crate) fn answer(subjects: &[Subject], arguments: &[String]) -> ExitCode {
    let mut all = control::subjects();
    all.extend(selftest::subjects());
    all.extend_from_slice(subjects);
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let result = match words.as_slice() {
        ["list"] => list(&all),
        ["time", subject, versus, budget_us, order] => match (budget_us.parse(), *order) {
            (Ok(us), "forward") => time(&all, subject, versus, us, Order::Forward),
            (Ok(us), "reversed") => time(&all, subject, versus, us, Order::Reversed),
            _ => return usage(),
        },
        ["count", subject] => find(&all, subject).and_then(count),
        ["instructions", subject] => find(&all, subject).and_then(instructions),
        ["syscalls", subject] => find(&all, subject).and_then(syscalls),
        _ => return usage(),
    };
    match result {
        Ok(line) => {
            emit(&line);
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(1)
        }
    }
}

fn usage() -> ExitCode {
    eprintln!(
        "this program holds the subjects of a gate and is run by it: list | time SUBJECT VERSUS|- MICROSECONDS \
         forward|reversed | count SUBJECT | instructions SUBJECT | syscalls SUBJECT"
    );
    ExitCode::from(2)
}

#[allow(clippy::print_stdout, reason = "the answer to the parent goes over the standard output")]
fn emit(line: &str) {
    println!("{line}");
}

fn json(value: &impl serde::Serialize) -> String {
    // Only maps with keys that are no strings cannot be written, and the protocol has none.
    serde_json::to_string(value).unwrap_or_default()
}

fn list(all: &[Subject]) -> Result<String, SampleError> {
    let listed: Vec<Listed> = all.iter().map(|s| Listed { id: s.id.into(), ops: s.ops }).collect();
    Ok(json(&listed))
}

fn find<'s>(all: &'s [Subject], id: &str) -> Result<&'s Subject, SampleError> {
    all.iter().find(|s| s.id == id).ok_or_else(|| SampleError::Unknown { subject: id.into() })
}

fn time(all: &[Subject], subject: &str, versus: &str, us: u64, order: Order) -> Result<String, SampleError> {
    let subject = find(all, subject)?;
    let versus = if versus == "-" { None } else { Some(find(all, versus)?) };
    let sampling = Sampling { budget: Duration::from_micros(us), order };
    Ok(json(&sampler::sample(subject, versus, sampling)?))
}

/// Exact counts of a few runs, in this thread.
fn count(subject: &Subject) -> Result<String, SampleError> {
    let mut batch = (subject.make)();
    let mut counted = Counted { ops: subject.ops, ..Counted::default() };
    counted.runs.reserve(COUNTED_RUNS);
    for turn in 0..WARM_UP_RUNS + COUNTED_RUNS {
        batch.prepare();
        let faults_before = thread_minor_faults();
        let scope = wf_alloc::Scope::begin();
        let answer = black_box(batch.run());
        let counts = scope.counts();
        let faults_after = thread_minor_faults();
        sampler::check(subject.id, answer, batch.as_mut())?;
        counted.answer = answer;
        if turn >= WARM_UP_RUNS {
            counted.runs.push(RunCounts {
                allocs: counts.requests(),
                deallocs: counts.deallocs,
                bytes: counts.bytes_allocated,
                page_faults: faults_before.zip(faults_after).map(|(before, after)| after - before),
            });
        }
    }
    Ok(json(&counted))
}

/// One warm run that callgrind collects, by the name of the function that makes it.
fn instructions(subject: &Subject) -> Result<String, SampleError> {
    warm_run(subject, wf_gate_collected_run)
}

/// One warm run between two calls that strace's log is cut at.
fn syscalls(subject: &Subject) -> Result<String, SampleError> {
    // The first question of a process makes std try out which call the kernel has.
    drop(std::fs::metadata(MARK_END));
    warm_run(subject, |batch| {
        let begun = std::fs::metadata(MARK_BEGIN);
        let answer = wf_gate_collected_run(batch);
        let ended = std::fs::metadata(MARK_END);
        // Asking is all that they are for: neither file exists.
        drop((begun, ended));
        answer
    })
}

/// What the child asks the kernel for just before the run: no other program does.
pub(crate) const MARK_BEGIN: &str = "/wf-gate-collected-run/begin";
/// What it asks for just after.
pub(crate) const MARK_END: &str = "/wf-gate-collected-run/end";

fn warm_run(subject: &Subject, run: impl Fn(&mut dyn Batch) -> u64) -> Result<String, SampleError> {
    let mut batch = (subject.make)();
    for _ in 0..WARM_UP_RUNS {
        batch.prepare();
        let answer = black_box(batch.run());
        sampler::check(subject.id, answer, batch.as_mut())?;
    }
    batch.prepare();
    let answer = run(batch.as_mut());
    sampler::check(subject.id, answer, batch.as_mut())?;
    Ok(json(&Counted { ops: subject.ops, runs: Vec::new(), answer }))
}

/// Callgrind switches its collection on here and off at the return.
#[inline(never)]
fn wf_gate_collected_run(batch: &mut dyn Batch) -> u64 {
    black_box(black_box(batch).run())
}
