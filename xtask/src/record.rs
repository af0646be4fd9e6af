//! `cargo xtask record WHAT`: measures something whole and keeps it, with the machine, in `docs/records/`.
//!
//! The README and `docs/RESULTS.md` are made of these records and of `budgets.toml`, and `tidy` makes them again and compares:
//! no number gets into a document by hand.

use std::path::Path;

use clap::ValueEnum;
use serde::Serialize;
use wf_gate::budgets::{Budgets, Tier};
use wf_gate::machine::Machine;
use wf_gate::{Exit, GateError, Options, Program};

use crate::gate::{print, write_files};
use crate::{Outcome, build, results, self_test, steady, stop};

pub(crate) mod main_job;
pub(crate) mod memory;

/// Where records stand, from the root.
pub(crate) const FOLDER: &str = "docs/records";

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// What to measure and keep.
    #[arg(value_enum, default_value = "main-job")]
    what: Vec<What>,
    /// Runs of identical code in each load state of the self-test; twice as many for the power.
    #[arg(long, default_value_t = 50)]
    runs: u32,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum What {
    /// What the first command of the README prints.
    MainJob,
    /// Every rule of the full tier.
    Gate,
    /// The gate tried on identical code, in four load states.
    SelfTest,
    /// How surely small regressions are found.
    Power,
    /// What a live case holds, here and in other engines that are installed.
    Memory,
    /// Whether counts are the same in thirty processes, and how much ticks differ.
    Steady,
    /// Nothing: makes the documents again from what is recorded.
    Documents,
}

pub(crate) fn run(arguments: &Arguments) -> Outcome {
    let root = build::root();
    for what in &arguments.what {
        match what {
            What::MainJob => main_job::run(&root)?,
            What::Gate => gate(&root)?,
            What::SelfTest => {
                let campaign = self_test::campaign(&mut program(&root)?, arguments.runs)?;
                keep(&root, "self-test.json", &campaign)?;
            }
            What::Power => {
                let power = self_test::power(&mut program(&root)?, 2 * arguments.runs)?;
                keep(&root, "power.json", &power)?;
            }
            What::Steady => {
                let steady = steady::measure(&mut program(&root)?, steady::PROCESSES)?;
                print(&steady.text());
                keep(&root, "steady.json", &steady)?;
            }
            What::Memory => keep(&root, "memory.json", &memory::measure(&root)?)?,
            What::Documents => {}
        }
    }
    results::write_documents(&root)?;
    Ok(Exit::Pass)
}

/// The workspace's own subjects.
pub(crate) fn program(root: &Path) -> Result<Program, GateError> {
    Ok(Program::new(&build::subjects(root, None)?, &[]))
}

/// Every rule of the full tier, as it comes out.
fn gate(root: &Path) -> Result<(), GateError> {
    let mut budgets = Budgets::load(&root.join("budgets.toml"))?;
    budgets.path = "budgets.toml".into();
    let options =
        Options { tier: Tier::Full, commit: build::commit(root), stop: stop::listen(), ..Options::default() };
    let mut quiet = |_: &str, _: u32, _: u32| {};
    let report = wf_gate::run(&budgets, &options, Machine::look(), &mut program(root)?, &mut quiet)?;
    print(&wf_gate::report::term::render(&report, false));
    write_files(&root.join(FOLDER), &[("gate.json", report.to_json())])
}

fn keep(root: &Path, name: &str, record: &impl Serialize) -> Result<(), GateError> {
    // Nothing in a record has keys that are no strings, the one thing that cannot be written.
    let text = serde_json::to_string_pretty(record).unwrap_or_default() + "\n";
    write_files(&root.join(FOLDER), &[(name, text)])
}
