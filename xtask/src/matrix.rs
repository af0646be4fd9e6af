//! `cargo xtask bench-matrix`: the same workloads under every allocator, in child processes, in seeded random order.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::time::Instant;

use clap::ValueEnum;
use indicatif::{ProgressBar, ProgressStyle};
use wf_gate::machine::Machine;
use wf_gate::{Exit, GateError, Random, glob};

use crate::gate::{print, write_files};
use crate::{Outcome, build, results, stop};

mod cell;
mod chart;
mod record;
mod table;

use cell::{Cell, Listed};
use record::{Recorder, Run, Sample};

/// Allocators with a workload program of their own.
const ALLOCATORS: [&str; 3] = ["system", "jemalloc", "mimalloc"];

/// The program that counts heap calls.
const COUNTED: &str = "counted";

/// More threads are a slip of the keyboard.
const THREADS_MAX: usize = 1_024;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Allocators to run.
    #[arg(long, value_delimiter = ',', default_value = "system,jemalloc,mimalloc")]
    allocators: Vec<String>,
    /// What the others' times are divided by.
    #[arg(long, default_value = "system")]
    reference: String,
    /// Only workloads whose name matches.
    #[arg(long, value_name = "GLOB", default_value = "*")]
    workload: String,
    /// Threads that work at once.
    #[arg(long, value_delimiter = ',', default_value = "1,2")]
    threads: Vec<usize>,
    /// Few rounds of a small load: about a minute.
    #[arg(long, conflicts_with = "full")]
    quick: bool,
    /// Many rounds of a large load.
    #[arg(long)]
    full: bool,
    /// Rounds [default: 10; 5 with --quick; 30 with --full].
    #[arg(long, value_parser = clap::value_parser!(u32).range(2..=1_000))]
    rounds: Option<u32>,
    /// Seed of all orders and workloads.
    #[arg(long, default_value_t = 42)]
    seed: u64,
    /// An earlier matrix.json to set beside this one.
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,
    /// Sets a baseline of another machine beside this one all the same.
    #[arg(long)]
    force: bool,
    /// Goes on with what an interrupted run left in --out.
    #[arg(long)]
    resume: bool,
    /// Folder of the written reports [default: target/xtask/matrix].
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Keeps the table in docs/records and makes the documents of it.
    #[arg(long)]
    record: bool,
    /// A folder with the workload programs, to run as they are instead of building them.
    #[arg(long, value_name = "DIR")]
    programs: Option<PathBuf>,
    /// What to make of the samples: term is printed, the rest written to --out.
    #[arg(long, value_enum, value_delimiter = ',', default_value = "term,md,json,html,csv")]
    format: Vec<Format>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Term,
    Md,
    Json,
    Html,
    Csv,
}

impl Arguments {
    fn rounds(&self) -> u32 {
        self.rounds.unwrap_or(match (self.quick, self.full) {
            (true, _) => 5,
            (_, true) => 30,
            _ => 10,
        })
    }

    /// Load relative to a quick run.
    fn scale(&self) -> u64 {
        if self.full { 4 } else { 1 }
    }

    fn check(&self) -> Result<(), GateError> {
        let usage = |message: String| Err(GateError::Usage(message));
        for allocator in self.allocators.iter().chain([&self.reference]) {
            if !ALLOCATORS.contains(&allocator.as_str()) {
                return usage(format!("allocator {allocator} is not known; {}", ALLOCATORS.join(", ")));
            }
        }
        if !self.allocators.contains(&self.reference) {
            return usage(format!("the reference {} is not among --allocators", self.reference));
        }
        match self.threads.iter().find(|&&threads| threads == 0 || threads > THREADS_MAX) {
            Some(threads) => usage(format!("--threads {threads} is not between 1 and {THREADS_MAX}")),
            None => Ok(()),
        }
    }
}

pub(crate) fn run(arguments: &Arguments) -> Outcome {
    arguments.check()?;
    let root = build::root();
    let out = arguments.out.clone().unwrap_or_else(|| root.join("target/xtask/matrix"));
    let baseline = arguments.baseline.as_deref().map(record::load).transpose()?;
    let allocators: Vec<String> = distinct(&arguments.allocators).cloned().collect();
    let mut names: Vec<String> = allocators.iter().map(|a| format!("workload-{a}")).collect();
    names.push(format!("workload-{COUNTED}"));
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let programs = match &arguments.programs {
        Some(dir) => names.iter().map(|name| ((*name).to_owned(), dir.join(name))).collect(),
        None => build::binaries(&root, &names)?,
    };
    let listed = cell::list(&programs[&format!("workload-{COUNTED}")])?;
    let cells = cells(arguments, &listed)?;
    let head = Run {
        schema: record::SCHEMA.into(),
        commit: build::commit(&root),
        machine: Machine::look(),
        seed: arguments.seed,
        rounds: arguments.rounds(),
        reference: arguments.reference.clone(),
        allocators: allocators.clone(),
        samples: Vec::new(),
    };
    if let Some(baseline) = &baseline {
        record::comparable(&head.machine, &baseline.machine, arguments.force)?;
    }
    let mut recorder = Recorder::open(&out, head, arguments.resume)?;
    let finished = measure(arguments, &allocators, &cells, &programs, &mut recorder)?;
    let run = recorder.into_run();
    if run.samples.is_empty() {
        eprintln!("nothing was measured");
        return Ok(Exit::Tool);
    }
    let rows = table::rows(&run, &listed, baseline.as_ref());
    if arguments.format.contains(&Format::Term) {
        print(&table::term(&run, &rows));
    }
    let written: Vec<(&str, String)> = arguments
        .format
        .iter()
        .filter_map(|format| match format {
            Format::Md => Some(("matrix.md", table::markdown(&run, &rows))),
            Format::Json => Some(("matrix.json", run.to_json())),
            Format::Html => Some(("matrix.html", chart::page(&run, &rows))),
            Format::Csv => Some(("matrix.csv", table::csv(&run))),
            Format::Term => None,
        })
        .collect();
    let written = write_files(&out, &written);
    if let Some(summary) = std::env::var_os("GITHUB_STEP_SUMMARY") {
        wf_gate::append(summary.as_ref(), &table::markdown(&run, &rows))?;
    }
    written?;
    if !finished {
        eprintln!("not finished: what was measured is in {}; --resume goes on with it", out.display());
        return Ok(Exit::Tool);
    }
    if arguments.record {
        let kept = [(results::MATRIX, table::markdown(&run, &rows))];
        write_files(&root.join(crate::record::FOLDER), &kept)?;
        results::write_documents(&root)?;
    }
    Ok(Exit::Pass)
}

fn cells(arguments: &Arguments, listed: &[Listed]) -> Result<Vec<Cell>, GateError> {
    let mut cells = Vec::new();
    for workload in listed.iter().filter(|w| glob::matches(&arguments.workload, &w.name)) {
        for threads in distinct(&arguments.threads).filter(|&&threads| threads >= workload.threads_min) {
            let operations = workload.operations * arguments.scale();
            cells.push(Cell { workload: workload.name.clone(), threads: *threads, operations });
        }
    }
    if cells.is_empty() {
        let names: Vec<&str> = listed.iter().map(|w| w.name.as_str()).collect();
        return Err(GateError::Usage(format!(
            "no workload matches {} with these threads; there are {}",
            arguments.workload,
            names.join(", ")
        )));
    }
    Ok(cells)
}

/// Every cell under every allocator, round by round. Gives whether it came to its end.
fn measure(
    arguments: &Arguments,
    allocators: &[String],
    cells: &[Cell],
    programs: &BTreeMap<String, PathBuf>,
    recorder: &mut Recorder,
) -> Result<bool, GateError> {
    let stop = stop::listen();
    let processes = cells.len() * (1 + allocators.len() * arguments.rounds() as usize);
    let bar = bar(processes as u64);
    let mut one = |cell: &Cell, allocator: &str, round: u32| -> Result<bool, GateError> {
        if stop.load(Ordering::Relaxed) {
            return Ok(false);
        }
        bar.set_message(format!("{} x{} {allocator}", cell.workload, cell.threads));
        if !recorder.has(cell, allocator, round) {
            match cell.run(&programs[&format!("workload-{allocator}")], allocator, round, arguments.seed) {
                Ok(sample) => recorder.add(sample)?,
                // Ctrl-C reaches the child too.
                Err(_) if stop.load(Ordering::Relaxed) => return Ok(false),
                // One that fails ends the measuring, not the report.
                Err(error) => {
                    eprintln!("error: {error}");
                    return Ok(false);
                }
            }
        }
        bar.inc(1);
        Ok(true)
    };
    let mut random = Random::new(arguments.seed);
    let begun = Instant::now();
    for cell in cells {
        if !one(cell, COUNTED, 0)? {
            return Ok(false);
        }
    }
    for round in 0..arguments.rounds() {
        let mut order: Vec<&Cell> = cells.iter().collect();
        random.shuffle(&mut order);
        for cell in order {
            // One after the other under the same conditions, in an order of their own each time.
            let mut turn: Vec<&str> = allocators.iter().map(String::as_str).collect();
            random.shuffle(&mut turn);
            for allocator in turn {
                if !one(cell, allocator, round)? {
                    return Ok(false);
                }
            }
        }
    }
    bar.finish_and_clear();
    eprintln!("{processes} processes in {:.0} s", begun.elapsed().as_secs_f64());
    Ok(true)
}

fn bar(length: u64) -> ProgressBar {
    use std::io::IsTerminal as _;
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(length);
    if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len} processes, {eta} left  {msg}") {
        bar.set_style(style);
    }
    bar
}

/// What is named twice is wanted once.
fn distinct<T: PartialEq>(list: &[T]) -> impl Iterator<Item = &T> {
    list.iter().enumerate().filter(|(at, item)| !list[..*at].contains(item)).map(|(_, item)| item)
}

/// Samples of a run by cell, those of the timed passes.
fn by_cell(run: &Run) -> BTreeMap<(&str, usize), Vec<&Sample>> {
    let mut cells: BTreeMap<(&str, usize), Vec<&Sample>> = BTreeMap::new();
    for sample in run.samples.iter().filter(|s| s.allocator != COUNTED) {
        cells.entry((sample.workload.as_str(), sample.threads)).or_default().push(sample);
    }
    cells
}
