//! Plays many cases of one program at random, as a load and as a check.
//!
//! Which work item of a case is completed next, and with which outcome, comes from a counter-based generator keyed
//! by (seed, number of the case, step of that case): the same seed gives the same counts whatever the threads, the
//! allocator, the vector instructions or the size of a batch. A case has at most one event in a batch.
//!
//! # Sources
//! The mixing function is the finalizer of SplitMix64: Steele, Lea, Flood, *Fast Splittable Pseudorandom Number
//! Generators* (OOPSLA 2014).

mod choice;
mod incidents;
mod rows;
mod worker;

use core::ops::ControlFlow;
use std::time::Duration;

use crate::{Engine, EngineError, ProgramId};
pub use choice::{Choices, Odds, below, draw, interrupt};
pub use incidents::Incidents;
pub use rows::Rows;
use worker::Worker;

/// What to play.
#[derive(Clone, Debug)]
pub struct PlayOptions {
    /// Cases to start, over all threads.
    pub cases: u64,
    /// Most cases that live at once, over all threads.
    pub live: u64,
    /// Threads, each with a shard of its own.
    pub threads: usize,
    /// Most events in a batch.
    pub batch: usize,
    /// Seed of all choices.
    pub seed: u64,
    /// Steps after which a case is given up: a model may have no way to an end.
    pub steps_max: u32,
    /// Values with which cases start. If there are any, decisions that have conditions are left to the data of the case, and
    /// a case for which a condition has no answer is given up.
    pub rows: Rows,
    /// Chances of branches, which are drawn whatever the data says.
    pub odds: Vec<Odds>,
    /// Interrupts of the program, as [`Event::task`](crate::Event::task) numbers them, that are not drawn while anything else
    /// can happen: what they catch comes about inside the case.
    pub from_inside: Vec<u16>,
}

impl Default for PlayOptions {
    fn default() -> Self {
        Self {
            cases: 1_000_000,
            live: 1_000_000,
            threads: 1,
            batch: 1024,
            seed: 1,
            steps_max: 100_000,
            rows: Rows::default(),
            odds: Vec::new(),
            from_inside: Vec::new(),
        }
    }
}

/// Watches one worker from its own thread; may count allocations or cycles there.
pub trait Watch: Send {
    /// The worker is about to start its first case.
    fn begin(&mut self) {}

    /// The worker has run one full batch: what it allocates from now on is not start-up.
    fn warm(&mut self) {}

    /// So many cases were started, of which some may have ended at once. `Break` stops the worker.
    fn started(&mut self, cases: u64) -> ControlFlow<()> {
        let _ = cases;
        ControlFlow::Continue(())
    }

    /// A batch was run, with so many completions applied. `Break` stops the worker after it.
    fn batch(&mut self, completions: u64) -> ControlFlow<()> {
        let _ = completions;
        ControlFlow::Continue(())
    }

    /// The worker has run its last batch and frees nothing before this returns.
    fn done(&mut self) {}
}

impl Watch for () {}

/// What one worker did.
#[derive(Clone, Debug, Default)]
pub struct WorkerReport {
    /// Cases started.
    pub cases: u64,
    /// Tasks completed.
    pub completions: u64,
    /// Cases that ended with no token left.
    pub completed: u64,
    /// Cases that can never move again.
    pub deadlocked: u64,
    /// Cases given up after [`PlayOptions::steps_max`].
    pub stopped: u64,
    /// Cases given up because a condition had no answer.
    pub incidents: Incidents,
    /// Events refused: only a full counter refuses an event of the player.
    pub refused: u64,
    /// Batches run.
    pub batches: u64,
    /// Time from the first start to the last batch.
    pub busy: Duration,
    /// Most cases that lived at once.
    pub live_peak: u64,
    /// Bytes of the shard and its arena.
    pub engine_bytes: u64,
    /// Changes of the arena's size by its policy.
    pub arena_resizes: u64,
    /// Chunks that the arena asked of the heap after the first full batch.
    pub arena_chunks_steady: u64,
    /// Completions by task number.
    pub tasks: Vec<u64>,
    /// Messages sent, by [`MessageId`](crate::MessageId).
    pub sent: Vec<u64>,
    /// Whether the watch stopped the worker before all its cases had ended.
    pub interrupted: bool,
}

impl WorkerReport {
    fn add(&mut self, other: &Self) {
        self.cases += other.cases;
        self.completions += other.completions;
        self.completed += other.completed;
        self.deadlocked += other.deadlocked;
        self.stopped += other.stopped;
        self.incidents += other.incidents;
        self.refused += other.refused;
        self.batches += other.batches;
        self.busy = self.busy.max(other.busy);
        self.live_peak += other.live_peak;
        self.engine_bytes += other.engine_bytes;
        self.arena_resizes += other.arena_resizes;
        self.arena_chunks_steady += other.arena_chunks_steady;
        self.tasks.resize(self.tasks.len().max(other.tasks.len()), 0);
        self.tasks.iter_mut().zip(&other.tasks).for_each(|(sum, count)| *sum += count);
        self.sent.resize(self.sent.len().max(other.sent.len()), 0);
        self.sent.iter_mut().zip(&other.sent).for_each(|(sum, count)| *sum += count);
        self.interrupted |= other.interrupted;
    }
}

/// What all workers did together, and their watches.
#[derive(Clone, Debug)]
pub struct Played<W> {
    /// Sums over the workers; `busy` is the longest.
    pub total: WorkerReport,
    /// Each worker's own report and watch, by shard number.
    pub workers: Vec<(WorkerReport, W)>,
}

/// Why nothing was played.
#[derive(Debug)]
#[non_exhaustive]
pub enum PlayError {
    /// No cases, no live cases, no batch, or a number of threads outside 1 to 256.
    Options(&'static str),
    /// The program is not of this engine.
    UnknownProgram,
    /// A shard could not be set up.
    Engine(EngineError),
}

impl core::fmt::Display for PlayError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Options(what) => f.write_str(what),
            Self::UnknownProgram => f.write_str("the engine has no such program"),
            Self::Engine(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for PlayError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        if let Self::Engine(error) = self { Some(error) } else { None }
    }
}

/// Plays until every case has ended or every watch has stopped its worker.
///
/// # Errors
/// Options out of range, an unknown program, or no memory for the lines: nothing was played.
///
/// # Panics
/// If a watch panics.
pub fn play<W: Watch>(
    engine: &Engine,
    program: ProgramId,
    options: &PlayOptions,
    mut watch: impl FnMut(usize) -> W,
) -> Result<Played<W>, PlayError> {
    if options.cases == 0 || options.live == 0 || options.batch == 0 || options.steps_max == 0 {
        return Err(PlayError::Options("cases, live cases, batch and steps must be at least 1"));
    }
    if !(1..=256).contains(&options.threads) {
        return Err(PlayError::Options("threads must be from 1 to 256: a shard each"));
    }
    if options.batch > usize::from(crate::NO_SIDE) {
        return Err(PlayError::Options("a batch holds at most 65,535 events"));
    }
    let names = engine.names(program).ok_or(PlayError::UnknownProgram)?;
    options.odds.iter().try_for_each(|odds| odds.check(engine))?;
    // Each shard holds at least one live case, so more shards would break the bound.
    let threads = (options.threads as u64).min(options.live).min(options.cases);
    let mut workers = Vec::new();
    for id in 0..threads {
        let first = |id: u64| (u128::from(options.cases) * u128::from(id) / u128::from(threads)) as u64;
        let numbers = first(id)..first(id + 1);
        let live = options.live / threads + u64::from(id < options.live % threads);
        let worker = Worker::new(engine, program, &names, options, id as u8, numbers, live);
        workers.push((worker.map_err(PlayError::Engine)?, watch(id as usize)));
    }
    let workers: Vec<(WorkerReport, W)> = std::thread::scope(|scope| {
        let running: Vec<_> = workers
            .into_iter()
            .map(|(worker, mut watch)| scope.spawn(move || (worker.run(&mut watch), watch)))
            .collect();
        let finish = |thread: std::thread::ScopedJoinHandle<'_, (WorkerReport, W)>| {
            thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        };
        running.into_iter().map(finish).collect()
    });
    let mut total = WorkerReport::default();
    workers.iter().for_each(|(report, _)| total.add(report));
    Ok(Played { total, workers })
}
