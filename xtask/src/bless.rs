//! `cargo xtask bless`: records the number of a ratchet for this kind of machine.

use std::path::PathBuf;

use wf_gate::budgets::{Budgets, Kind};
use wf_gate::machine::Machine;
use wf_gate::{Exit, GateError, Program};

use crate::gate::print;
use crate::{Outcome, build};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The ratchet; a pattern for several.
    rule: String,
    /// Why the number changes.
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// The budgets file [default: budgets.toml at the root].
    #[arg(long, value_name = "FILE")]
    budgets: Option<PathBuf>,
}

pub(crate) fn run(arguments: &Arguments) -> Outcome {
    if std::env::var_os("CI").is_some() {
        return Err(GateError::Usage("a number is blessed by a person, not by CI".into()));
    }
    if arguments.reason.trim().is_empty() {
        return Err(GateError::Usage("--reason is empty: say why the number changes".into()));
    }
    let root = build::root();
    let path = arguments.budgets.clone().unwrap_or_else(|| root.join("budgets.toml"));
    let budgets = Budgets::load(&path)?;
    let ratchets: Vec<&str> = budgets
        .rules
        .iter()
        .filter(|rule| rule.kind == Kind::Ratchet && wf_gate::glob::matches(&arguments.rule, &rule.id))
        .map(|rule| rule.id.as_str())
        .collect();
    if ratchets.is_empty() {
        return Err(GateError::Usage(format!("no ratchet is called {}", arguments.rule)));
    }
    let mut program = Program::new(&build::subjects(&root, None)?, &[]);
    let machine = Machine::look();
    let mut text = std::fs::read_to_string(&path)
        .map_err(|error| GateError::io(format!("reading {}", path.display()), error))?;
    for id in ratchets {
        let current = Budgets::parse(&budgets.path, &text).map_err(GateError::Budgets)?;
        let value = wf_gate::measure_ratchet(&current, id, &machine, &mut program)?;
        let (blessed, before) = wf_gate::bless(&current, &text, id, value, &machine, &arguments.reason);
        text = blessed;
        let before = before.map_or_else(|| "nothing recorded".into(), |before| before.to_string());
        print(&format!("{id}: {before} -> {value}\n"));
    }
    let failed = |error| GateError::io(format!("writing {}", path.display()), error);
    let beside = path.with_extension("toml.new");
    std::fs::write(&beside, text).map_err(failed)?;
    std::fs::rename(&beside, &path).map_err(failed)?;
    Ok(Exit::Pass)
}
