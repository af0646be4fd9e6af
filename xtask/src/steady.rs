//! `cargo xtask steady`: whether what is counted is the same in every process, and how much ticks differ between them.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use wf_gate::budgets::{Budgets, Metric};
use wf_gate::machine::{Machine, Need};
use wf_gate::report::number;
use wf_gate::stats::{coefficient_of_variation, median};
use wf_gate::{Exit, GateError, Measurement, Observation, Observer, Order, Program};

use crate::gate::print;
use crate::{Outcome, build, record, stop};

/// Processes of each kind.
pub(crate) const PROCESSES: u32 = 30;

/// Processes that may be started for each one that counts.
const ATTEMPTS: u32 = 3;

/// The subject whose ticks are told.
const TICKS_OF: &str = "engine.complete";

/// How much its ticks may differ between processes of a quiet machine.
const SPREAD_MAX: f64 = 0.04;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Processes of each kind.
    #[arg(long, default_value_t = PROCESSES, value_parser = clap::value_parser!(u32).range(2..=1_000))]
    processes: u32,
}

/// What was found, for docs/records.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Steady {
    pub(crate) machine: Machine,
    pub(crate) commit: Option<String>,
    pub(crate) processes: u32,
    /// Subjects whose heap calls and bytes were counted.
    pub(crate) counted: Vec<Counts>,
    /// Subjects whose instructions were counted; none without valgrind.
    pub(crate) instructions: Vec<Counts>,
    pub(crate) ticks: Ticks,
}

/// The different answers of all processes: one, if the count is exact.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Counts {
    pub(crate) subject: String,
    pub(crate) answers: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Ticks {
    pub(crate) subject: String,
    pub(crate) median: f64,
    /// Coefficient of variation between processes.
    pub(crate) spread: f64,
    pub(crate) spread_max: f64,
    /// Share of the groups that were dropped because the clock moved in them.
    pub(crate) groups_dropped: f64,
    /// Processes that told cycles and had the core to themselves.
    pub(crate) told: u32,
    /// Processes left out because something else used the same core.
    #[serde(default)]
    pub(crate) shared: u32,
}

pub(crate) fn run(arguments: &Arguments) -> Outcome {
    let root = build::root();
    let steady = measure(&mut record::program(&root)?, arguments.processes)?;
    print(&steady.text());
    Ok(if steady.is_exact() { Exit::Pass } else { Exit::Breach })
}

/// Counts and times in `processes` processes each.
pub(crate) fn measure(program: &mut Program, processes: u32) -> Result<Steady, GateError> {
    let root = build::root();
    let machine = Machine::look();
    let budgets = Budgets::load(&root.join("budgets.toml"))?;
    let subjects = |wanted: &dyn Fn(Metric) -> bool| -> BTreeSet<String> {
        budgets.rules.iter().filter(|rule| wanted(rule.metric)).map(|rule| rule.subject.clone()).collect()
    };
    let heap = subjects(&|metric| {
        matches!(
            metric,
            Metric::AllocsPerOp | Metric::AllocsPerRun | Metric::BytesPerOp | Metric::BytesPerRun
        )
    });
    let counted = counts(program, heap, processes, |subject| Measurement::Counted { subject })?;
    let instructions = if Need::Tool("valgrind".into()).missing(&machine).is_none() {
        let of = subjects(&|metric| metric == Metric::InstructionsPerOp);
        counts(program, of, processes, |subject| Measurement::Instructions { subject })?
    } else {
        Vec::new()
    };
    let ticks = ticks(program, &budgets, processes)?;
    Ok(Steady { machine, commit: build::commit(&root), processes, counted, instructions, ticks })
}

fn counts(
    program: &mut Program,
    subjects: BTreeSet<String>,
    processes: u32,
    what: impl Fn(String) -> Measurement,
) -> Result<Vec<Counts>, GateError> {
    let mut all = Vec::new();
    for subject in subjects {
        let mut answers = BTreeSet::new();
        for _ in 0..processes {
            stopped()?;
            answers.insert(
                match program.observe(&what(subject.clone()), Order::Forward, Duration::ZERO)? {
                    Observation::Counted(counted) => {
                        let largest = |of: fn(&wf_gate::RunCounts) -> u64| counted.runs.iter().map(of).max();
                        let (allocs, bytes) = (largest(|run| run.allocs), largest(|run| run.bytes));
                        format!("{} allocations, {} bytes", allocs.unwrap_or(0), bytes.unwrap_or(0))
                    }
                    Observation::Instructions(per_op) => format!("{per_op} instructions an operation"),
                    other => return Err(GateError::Usage(format!("{subject} answered {other:?}"))),
                },
            );
        }
        all.push(Counts { subject, answers: answers.into_iter().collect() });
    }
    Ok(all)
}

fn ticks(program: &mut Program, budgets: &Budgets, processes: u32) -> Result<Ticks, GateError> {
    let what = Measurement::Timed { subject: TICKS_OF.into(), versus: None };
    let budget = Duration::from_millis(u64::from(budgets.policy.sample_ms));
    let (mut cycles, mut groups, mut moved, mut shared) = (Vec::new(), 0, 0, 0);
    // Another program on the same core is no noise of ours: such processes are replaced, up to [`ATTEMPTS`] times.
    for _ in 0..ATTEMPTS * processes {
        if cycles.len() >= processes as usize {
            break;
        }
        stopped()?;
        if let Observation::Timed(timing) = program.observe(&what, Order::Forward, budget)? {
            shared += u32::from(timing.shared);
            cycles.extend(timing.cycles_per_op.filter(|_| !timing.shared));
            groups += timing.groups;
            moved += timing.groups_clock_moved;
        }
    }
    if cycles.len() < 2 {
        return Err(GateError::Usage(format!("{TICKS_OF}: core cycles cannot be told here")));
    }
    Ok(Ticks {
        subject: TICKS_OF.into(),
        spread: coefficient_of_variation(&cycles),
        spread_max: SPREAD_MAX,
        groups_dropped: f64::from(moved) / f64::from(groups.max(1)),
        told: cycles.len() as u32,
        shared,
        median: median(&mut cycles),
    })
}

fn stopped() -> Result<(), GateError> {
    if stop::listen().load(std::sync::atomic::Ordering::Relaxed) {
        return Err(GateError::io("measuring", std::io::ErrorKind::Interrupted.into()));
    }
    Ok(())
}

impl Steady {
    /// Whether every count was the same in every process.
    pub(crate) fn is_exact(&self) -> bool {
        self.counted.iter().chain(&self.instructions).all(|counts| counts.answers.len() == 1)
    }

    /// For the terminal.
    pub(crate) fn text(&self) -> String {
        let mut out = String::new();
        for counts in self.counted.iter().chain(&self.instructions) {
            let _infallible = writeln!(out, "{:<34}  {}", counts.subject, counts.answers.join(" | "));
        }
        if self.instructions.is_empty() {
            out.push_str("SKIPPED: instructions: no rule counts them, or valgrind is not installed\n");
        }
        let _infallible = writeln!(out, "{}", self.sentence());
        out
    }

    /// Both answers in a sentence each.
    pub(crate) fn sentence(&self) -> String {
        let differing =
            self.counted.iter().chain(&self.instructions).filter(|counts| counts.answers.len() > 1).count();
        let Ticks { subject, median, spread, spread_max, groups_dropped, told, shared } = &self.ticks;
        format!(
            "Heap calls and bytes of {} subjects and instructions of {} were counted in {} processes each: {}. `{subject}` takes \
             {} ticks; {told} processes differ by {} % (coefficient of variation, at most {} % on a quiet machine), {} % of the \
             groups dropped because the clock moved and {shared} processes because something else used the same core; the machine's load was {} at the start.",
            self.counted.len(),
            self.instructions.len(),
            self.processes,
            if differing == 0 { "all the same".into() } else { format!("{differing} differ") },
            number(*median),
            number(100.0 * spread),
            number(100.0 * spread_max),
            number(100.0 * groups_dropped),
            self.machine.load.as_deref().unwrap_or("not known"),
        )
    }
}
