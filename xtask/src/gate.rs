//! `cargo xtask gate`.

use std::io::IsTerminal as _;
use std::path::PathBuf;
use std::time::Duration;

use clap::ValueEnum;
use indicatif::{ProgressBar, ProgressStyle};
use wf_gate::budgets::{Budgets, OnInconclusive, Policy, Rule, Tier, Versus};
use wf_gate::machine::Machine;
use wf_gate::report::{self, github, markdown, term};
use wf_gate::{Exit, GateError, Options, Program};

use crate::load::State;
use crate::{Outcome, against, build, self_test, stop};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Rules of this tier and the ones below it.
    #[arg(long, value_enum, default_value = "ci")]
    tier: TierArgument,
    /// Only rules whose id matches; may be repeated.
    #[arg(long, value_name = "GLOB")]
    rule: Vec<String>,
    /// What a rule that stays open does to the exit code [default: what budgets.toml says].
    #[arg(long, value_enum)]
    inconclusive: Option<InconclusiveArgument>,
    /// What a control that does not behave does to the exit code; broken exact rules count either way.
    #[arg(long, value_enum, default_value = "fail")]
    invalid: InvalidArgument,
    /// Stops sampling after so many seconds; rules still open are inconclusive.
    #[arg(long, value_name = "SECONDS")]
    max_time: Option<u64>,
    /// Seed of all orders [default: what budgets.toml says].
    #[arg(long)]
    seed: Option<u64>,
    /// Lists the rules and measures nothing; with --format md as a Markdown table.
    #[arg(long)]
    list: bool,
    /// Explains one rule and measures nothing.
    #[arg(long, value_name = "RULE", conflicts_with = "list")]
    explain: Option<String>,
    /// What rules against git are compared with: none, or git:REVISION (git:merge-base for where this branch began).
    #[arg(long, value_name = "REVISION", default_value = "none", value_parser = Against::parse)]
    against: Against,
    /// Tries the gate on itself: identical code must pass, injected regressions must fail.
    #[arg(long, conflicts_with_all = ["list", "explain", "rule"])]
    self_test: bool,
    /// Runs of identical code in the self-test.
    #[arg(long, requires = "self_test", default_value_t = 10)]
    runs: u32,
    /// What the machine is made to do during the self-test.
    #[arg(long, requires = "self_test", value_enum, default_value = "quiet")]
    load: State,
    /// A program with subjects to measure as it is, instead of building gate-subjects.
    #[arg(long, value_name = "FILE")]
    program: Option<PathBuf>,
    /// The budgets file [default: budgets.toml at the root].
    #[arg(long, value_name = "FILE")]
    budgets: Option<PathBuf>,
    /// What to make of the report: term and github are printed, the rest written to --out.
    #[arg(long, value_enum, value_delimiter = ',', default_value = "term,md,json,junit,html")]
    format: Vec<Format>,
    /// Folder of the written reports [default: target/xtask/gate].
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

/// The revision of `--against`, if any.
#[derive(Debug, Clone)]
struct Against(Option<String>);

impl Against {
    fn parse(text: &str) -> Result<Self, String> {
        against::parse(text).map(Self)
    }
}

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum TierArgument {
    Ci,
    Full,
    Release,
}

#[derive(Clone, Copy, ValueEnum)]
enum InconclusiveArgument {
    Warn,
    Fail,
    Pass,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum InvalidArgument {
    Fail,
    Warn,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    Term,
    Md,
    Json,
    Junit,
    Github,
    Html,
}

impl From<TierArgument> for Tier {
    fn from(argument: TierArgument) -> Self {
        match argument {
            TierArgument::Ci => Self::Ci,
            TierArgument::Full => Self::Full,
            TierArgument::Release => Self::Release,
        }
    }
}

impl From<InconclusiveArgument> for OnInconclusive {
    fn from(argument: InconclusiveArgument) -> Self {
        match argument {
            InconclusiveArgument::Warn => Self::Warn,
            InconclusiveArgument::Fail => Self::Fail,
            InconclusiveArgument::Pass => Self::Pass,
        }
    }
}

pub(crate) fn run(arguments: &Arguments) -> Outcome {
    if arguments.self_test {
        let seed = arguments.seed.unwrap_or(Policy::default().seed);
        return self_test::run(program(arguments)?, arguments.runs, arguments.load, seed);
    }
    let root = build::root();
    let path = arguments.budgets.clone().unwrap_or_else(|| root.join("budgets.toml"));
    let mut budgets = Budgets::load(&path)?;
    // Marks in reports are relative to the repository.
    if let Ok(relative) = path.strip_prefix(&root) {
        budgets.path = relative.display().to_string();
    }
    let mut options = Options {
        tier: arguments.tier.into(),
        rules: arguments.rule.clone(),
        inconclusive: arguments.inconclusive.map(Into::into),
        max_time: arguments.max_time.map(Duration::from_secs),
        seed: arguments.seed,
        against: arguments.against.0.clone(),
        commit: build::commit(&root),
        stop: stop::listen(),
    };
    if arguments.list {
        return list(&budgets, &options, arguments.format == [Format::Md]);
    }
    if let Some(id) = &arguments.explain {
        return explain(&budgets, id);
    }
    let mut program = program(arguments)?;
    if let Some(revision) = &arguments.against.0 {
        let (commit, other) = against::build(&root, revision)?;
        program.add_build(&commit, &other);
        options.against = Some(commit);
    }
    let bar = bar();
    let mut progress = |name: &str, done: u32, most: u32| {
        bar.set_length(u64::from(most));
        bar.set_position(u64::from(done));
        bar.set_message(name.to_owned());
    };
    let report = wf_gate::run(&budgets, &options, Machine::look(), &mut program, &mut progress)?;
    bar.finish_and_clear();
    let out = arguments.out.clone().unwrap_or_else(|| root.join("target/xtask/gate"));
    // A breach outranks a report that cannot be written.
    let written = emit(&report, &arguments.format, &out);
    let exit = match report.exit_code() {
        Exit::Invalid if arguments.invalid == InvalidArgument::Warn && exact_rules_count(&report) => {
            Exit::Pass
        }
        exit => exit,
    };
    match written {
        Err(error) if exit == Exit::Pass => Err(error),
        Err(error) => {
            eprintln!("error: {error}");
            Ok(exit)
        }
        Ok(()) => Ok(exit),
    }
}

/// The program to measure: the one given, or the workspace's own.
fn program(arguments: &Arguments) -> Result<Program, GateError> {
    match &arguments.program {
        Some(path) => Ok(Program::new(path, &[])),
        None => Ok(Program::new(&build::subjects(&build::root(), None)?, &[])),
    }
}

/// Whether the invalid part is the sampled one alone: noise may excuse that, never a counter that does not count.
fn exact_rules_count(report: &report::Report) -> bool {
    report.rules.iter().all(|rule| rule.metric.is_timed() || rule.verdict.word() != "invalid")
}

fn bar() -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(1);
    if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len} processes, {eta} left  {msg}") {
        bar.set_style(style);
    }
    bar
}

/// Prints and writes a report in the forms asked for.
pub(crate) fn emit(
    report: &report::Report,
    formats: &[Format],
    out: &std::path::Path,
) -> Result<(), GateError> {
    if formats.contains(&Format::Term) {
        let colour = std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
        print(&term::render(report, colour));
    }
    if formats.contains(&Format::Github) || std::env::var_os("GITHUB_ACTIONS").is_some() {
        print(&github::render(report));
    }
    let files: Vec<(&str, String)> = formats
        .iter()
        .filter_map(|format| match format {
            Format::Md => Some(("report.md", markdown::render(report))),
            Format::Json => Some(("report.json", report.to_json())),
            Format::Junit => Some(("junit.xml", report::junit::render(report))),
            Format::Html => Some(("report.html", report::html::render(report))),
            Format::Term | Format::Github => None,
        })
        .collect();
    // Both are tried: that one cannot be written is no reason to lose the other.
    let written = write_files(out, &files);
    if let Some(summary) = std::env::var_os("GITHUB_STEP_SUMMARY") {
        wf_gate::append(summary.as_ref(), &markdown::render(report))?;
    }
    written
}

/// Writes files into a folder, making it.
pub(crate) fn write_files(out: &std::path::Path, files: &[(&str, String)]) -> Result<(), GateError> {
    if files.is_empty() {
        return Ok(());
    }
    let failed = |path: &std::path::Path, error| GateError::io(format!("writing {}", path.display()), error);
    std::fs::create_dir_all(out).map_err(|error| failed(out, error))?;
    for (name, text) in files {
        let path = out.join(name);
        std::fs::write(&path, text).map_err(|error| failed(&path, error))?;
    }
    Ok(())
}

/// Prints a command's output. A reader that has gone, as `head` does, has seen enough: the exit code still says the rest.
/// (Its twin is in `adopt.rs` of wf-gate.)
pub(crate) fn print(text: &str) {
    use std::io::Write as _;
    let mut out = std::io::stdout().lock();
    if let Err(error) = out.write_all(text.as_bytes()).and_then(|()| out.flush())
        && error.kind() != std::io::ErrorKind::BrokenPipe
    {
        eprintln!("error: writing to standard output: {error}");
    }
}

fn list(budgets: &Budgets, options: &Options, markdown: bool) -> Outcome {
    let rules: Vec<&Rule> = budgets.rules.iter().filter(|rule| options.selects(rule)).collect();
    if markdown {
        print("| rule | promised | why |\n|---|---|---|\n");
        for rule in &rules {
            let waived = if budgets.waiver(&rule.id).is_some() { " (not reached yet)" } else { "" };
            print(&format!(
                "| `{}` | {}{waived} | {} |\n",
                rule.id,
                rule.promise(),
                rule.why.replace('|', "\\|")
            ));
        }
        return Ok(Exit::Pass);
    }
    let wide = |of: fn(&Rule) -> usize| rules.iter().map(|rule| of(rule)).max().unwrap_or(0);
    let (id, bound) = (wide(|rule| rule.id.len()), wide(|rule| rule.promise().len()));
    for rule in &rules {
        let waived = if budgets.waiver(&rule.id).is_some() { " (waived)" } else { "" };
        print(&format!("{:<id$}  {:<bound$}  {}{waived}\n", rule.id, rule.promise(), rule.why));
    }
    print(&format!("{} rules\n", rules.len()));
    Ok(Exit::Pass)
}

fn explain(budgets: &Budgets, id: &str) -> Outcome {
    let rule = budgets
        .rules
        .iter()
        .find(|rule| rule.id == id)
        .ok_or_else(|| GateError::Usage(format!("no rule is called {id}; --list names them")))?;
    print(&format!("{}\n  {}\n  promised: {}\n", rule.id, rule.why, rule.promise()));
    print(&format!("  subject: {}\n", rule.subject));
    match &rule.versus {
        Some(Versus::Subject(name)) => print(&format!("  versus: {name}, paired in one process\n")),
        Some(Versus::Git(revision)) => print(&format!("  versus: the same subject at git:{revision}\n")),
        None => {}
    }
    let policy = &budgets.policy;
    if rule.metric.is_timed() {
        print(&format!(
            "  decided: over {:?} processes of {} ms, by a t interval with {} per side and look; a fail needs the whole \
             interval beyond the bound and {} %, and a confirmation in reversed order\n",
            policy.looks,
            policy.sample_ms,
            policy.alpha_per_look(),
            rule.tolerance * 100.0
        ));
    } else {
        print("  decided: by counting, one process, no tolerance\n");
    }
    for need in &rule.needs {
        print(&format!("  needs: {need}\n"));
    }
    if let Some(waiver) = budgets.waiver(id) {
        print(&format!(
            "  waived until {}: measured {}, ratchet {}: {}\n",
            waiver.until, waiver.measured, waiver.ratchet, waiver.reason
        ));
    }
    print(&format!("  stands in {}:{}:{}\n", budgets.path, rule.place.line, rule.place.column));
    Ok(Exit::Pass)
}
