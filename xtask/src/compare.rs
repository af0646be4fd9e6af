//! `cargo xtask compare A B` and `cargo xtask report RUN`: recorded reports, without measuring.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use wf_gate::report::{Report, RuleReport, number};
use wf_gate::{Exit, GateError};

use crate::gate::{Format, emit, print};
use crate::{Outcome, build};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The earlier report.json.
    a: PathBuf,
    /// The later one.
    b: PathBuf,
    /// Compares reports of unlike machines all the same.
    #[arg(long)]
    force: bool,
}

#[derive(clap::Args)]
pub(crate) struct ReportArguments {
    /// A report.json.
    run: PathBuf,
    /// What to make of it: term and github are printed, the rest written to --out.
    #[arg(long, value_enum, value_delimiter = ',', default_value = "term")]
    format: Vec<Format>,
    /// Folder of the written reports [default: target/xtask/gate].
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

pub(crate) fn report(arguments: &ReportArguments) -> Outcome {
    let report = load(&arguments.run)?;
    let out = arguments.out.clone().unwrap_or_else(|| build::root().join("target/xtask/gate"));
    emit(&report, &arguments.format, &out)?;
    Ok(Exit::Pass)
}

pub(crate) fn run(arguments: &Arguments) -> Outcome {
    let (a, b) = (load(&arguments.a)?, load(&arguments.b)?);
    let (here, there) = (a.machine.fingerprint(), b.machine.fingerprint());
    if here != there && !arguments.force {
        return Err(GateError::Usage(format!(
            "the reports are of unlike machines:\n  {here}\n  {there}\ntheir times say nothing about the code; --force compares \
             them all the same"
        )));
    }
    print(&table(&a, &b));
    Ok(Exit::Pass)
}

/// Reads a report.json.
pub(crate) fn load(path: &Path) -> Result<Report, GateError> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| GateError::io(format!("reading {}", path.display()), error))?;
    Report::from_json(&text).map_err(|message| GateError::Usage(format!("{}: {message}", path.display())))
}

/// One line per rule that is in either, the earlier report always on the left.
fn table(a: &Report, b: &Report) -> String {
    let by_id = |report: &Report| -> BTreeMap<String, RuleReport> {
        report.rules.iter().map(|rule| (rule.id.clone(), rule.clone())).collect()
    };
    let (before, after) = (by_id(a), by_id(b));
    let mut ids: Vec<&String> = before.keys().chain(after.keys()).collect();
    ids.sort();
    ids.dedup();
    let width = ids.iter().map(|id| id.len()).max().unwrap_or(0);
    let mut out =
        format!("{:<width$}  {:<26}  {:<26}  {:<8}  verdict\n", "rule", "before", "after", "change");
    for id in ids {
        let text = |rule: Option<&RuleReport>| rule.map_or_else(|| "-".into(), RuleReport::estimate);
        let word = |rule: Option<&RuleReport>| rule.map_or("-", |rule| rule.verdict.word());
        let (old, new) = (before.get(id), after.get(id));
        let measured = |rule: Option<&RuleReport>| rule.and_then(|rule| rule.measured);
        let change = match (measured(old), measured(new)) {
            (Some(old), Some(new)) if old.median != 0.0 => {
                format!("{:+.1} %", 100.0 * (new.median / old.median - 1.0))
            }
            (Some(old), Some(new)) if new.median != old.median => format!("+{}", number(new.median)),
            (Some(_), Some(_)) => "same".into(),
            _ => "-".into(),
        };
        let verdict = if word(old) == word(new) {
            word(new).to_owned()
        } else {
            format!("{} -> {}", word(old), word(new))
        };
        let _infallible =
            writeln!(out, "{id:<width$}  {:<26}  {:<26}  {change:<8}  {verdict}", text(old), text(new));
    }
    out
}
