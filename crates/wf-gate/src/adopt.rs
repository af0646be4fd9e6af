//! A whole gate in one `benches/gate.rs`: the same program holds the subjects and checks the rules.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use crate::budgets::{Budgets, OnInconclusive, Tier};
use crate::error::GateError;
use crate::gate::{self, Options};
use crate::machine::Machine;
use crate::observe;
use crate::observer::{Observer, Program};
use crate::report::{markdown, term};
use crate::subject::Subject;
use crate::verdict::Exit;

/// What `--help` says.
const HELP: &str = "\
Checks the promises in budgets.toml.

cargo bench --bench gate -- [OPTIONS]

  --init               write a budgets.toml from a first measured run, where there is none
  --list               list the rules and measure nothing
  --rule GLOB          only these rules; may be repeated
  --tier ci|full|release
  --inconclusive warn|fail|pass
  --max-time SECONDS   stop sampling then
  --seed N
  --out DIR            also write report.json, report.md, report.html and junit.xml there

Exit code: 0 pass, 1 tool error, 2 usage or bad budgets, 3 breach, 4 measurement invalid, 5 inconclusive under
--inconclusive fail.
";

/// The `main` of a gate of one's own: `subjects` are measured by processes of this same program, against the rules in
/// `budgets.toml` in `folder`.
///
/// # Example
/// See the crate's first page; `folder` is `env!("CARGO_MANIFEST_DIR")`.
#[must_use]
pub fn gate_main(subjects: &[Subject], folder: &str) -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.first().is_some_and(|first| first == observe::CHILD_WORD) {
        return observe::answer(subjects, &arguments[1..]);
    }
    match parse(&arguments).and_then(|request| act(&request, Path::new(folder))) {
        Ok(exit) => exit.into(),
        Err(error) => {
            eprintln!("error: {error}");
            exit_of(&error).into()
        }
    }
}

/// The exit code that an error ends the program with.
#[must_use]
pub fn exit_of(error: &GateError) -> Exit {
    match error {
        GateError::Budgets(_) | GateError::Usage(_) => Exit::Usage,
        GateError::Io { .. } | GateError::Child { .. } => Exit::Tool,
    }
}

/// What the arguments ask for.
#[derive(Debug, Default)]
struct Request {
    help: bool,
    init: bool,
    list: bool,
    out: Option<PathBuf>,
    options: Options,
}

fn parse(arguments: &[String]) -> Result<Request, GateError> {
    let mut request = Request::default();
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        let mut value = |of: &str| {
            rest.next()
                .cloned()
                .ok_or_else(|| GateError::Usage(format!("{of} needs a value; --help says which")))
        };
        match argument.as_str() {
            // Cargo passes this to every bench target.
            "--bench" => {}
            "-h" | "--help" => request.help = true,
            "--init" => request.init = true,
            "--list" => request.list = true,
            "--rule" => request.options.rules.push(value("--rule")?),
            "--out" => request.out = Some(value("--out")?.into()),
            "--seed" => request.options.seed = Some(number(&value("--seed")?)?),
            "--max-time" => {
                request.options.max_time = Some(Duration::from_secs(number(&value("--max-time")?)?))
            }
            "--tier" => {
                request.options.tier = match value("--tier")?.as_str() {
                    "ci" => Tier::Ci,
                    "full" => Tier::Full,
                    "release" => Tier::Release,
                    other => {
                        return Err(GateError::Usage(format!(
                            "tier {other} is not known; ci, full or release"
                        )));
                    }
                }
            }
            "--inconclusive" => {
                request.options.inconclusive = Some(match value("--inconclusive")?.as_str() {
                    "warn" => OnInconclusive::Warn,
                    "fail" => OnInconclusive::Fail,
                    "pass" => OnInconclusive::Pass,
                    other => {
                        return Err(GateError::Usage(format!("--inconclusive {other}: warn, fail or pass")));
                    }
                });
            }
            other => return Err(GateError::Usage(format!("{other} is not known; --help lists the options"))),
        }
    }
    Ok(request)
}

fn number(text: &str) -> Result<u64, GateError> {
    text.parse().map_err(|_| GateError::Usage(format!("{text} is not a whole number")))
}

fn act(request: &Request, folder: &Path) -> Result<Exit, GateError> {
    if request.help {
        print(HELP);
        return Ok(Exit::Pass);
    }
    let program = std::env::current_exe().map_err(|e| GateError::io("finding this program", e))?;
    let mut program = Program::new(&program, &[observe::CHILD_WORD]);
    let path = folder.join("budgets.toml");
    if request.init {
        let text = starter(&mut program)?;
        return write_new(&path, &text);
    }
    if !path.exists() {
        return Err(GateError::Usage(format!(
            "{} does not exist; --init writes a first one",
            path.display()
        )));
    }
    let budgets = Budgets::load(&path)?;
    if request.list {
        let mut out = String::new();
        for rule in budgets.rules.iter().filter(|rule| request.options.selects(rule)) {
            let _infallible = writeln!(out, "{}\n    {}", rule.id, rule.why);
        }
        print(&out);
        return Ok(Exit::Pass);
    }
    let mut quiet = |_: &str, _: u32, _: u32| {};
    let report = gate::run(&budgets, &request.options, Machine::look(), &mut program, &mut quiet)?;
    print(&term::render(&report, false));
    let written = write(&report, request.out.as_deref());
    match (written, report.exit_code()) {
        (Err(error), Exit::Pass) => Err(error),
        // A breach outranks a report that cannot be written.
        (Err(error), exit) => {
            eprintln!("error: {error}");
            Ok(exit)
        }
        (Ok(()), exit) => Ok(exit),
    }
}

/// Writes the reports and the step summary. Both are tried: that one cannot be written is no reason to lose the other.
fn write(report: &crate::report::Report, out: Option<&Path>) -> Result<(), GateError> {
    let files = out.map_or(Ok(()), |dir| crate::report::write_all(report, dir));
    if let Some(summary) = std::env::var_os("GITHUB_STEP_SUMMARY") {
        append(Path::new(&summary), &markdown::render(report))?;
    }
    files
}

/// Prints the program's output. A reader that has gone, as `head` does, has seen enough: the exit code still says the rest.
fn print(text: &str) {
    use std::io::Write as _;
    let mut out = std::io::stdout().lock();
    if let Err(error) = out.write_all(text.as_bytes()).and_then(|()| out.flush())
        && error.kind() != std::io::ErrorKind::BrokenPipe
    {
        eprintln!("error: writing to standard output: {error}");
    }
}

/// Adds to a file that somebody else began.
///
/// # Errors
/// When it cannot be written.
pub fn append(path: &Path, text: &str) -> Result<(), GateError> {
    use std::io::Write as _;
    let failed = |error| GateError::io(format!("writing {}", path.display()), error);
    let mut file = std::fs::OpenOptions::new().create(true).append(true).open(path).map_err(failed)?;
    file.write_all(text.as_bytes()).map_err(failed)
}

fn write_new(path: &Path, text: &str) -> Result<Exit, GateError> {
    use std::io::Write as _;
    let failed = |error| GateError::io(format!("writing {}", path.display()), error);
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).open(path).map_err(failed)?;
    file.write_all(text.as_bytes()).map_err(failed)?;
    print(&format!("wrote {}: read it, say why each promise matters, and tighten it\n", path.display()));
    Ok(Exit::Pass)
}

/// What a program lacks of which no allocation is seen: without it no run would be valid.
const NOT_COUNTED: &str = "allocations are not counted: in benches/gate.rs, write\n\
    #[global_allocator]\n\
    static HEAP: wf_gate::Counting<wf_gate::System> = wf_gate::Counting::new(wf_gate::System);";

/// The most allocations in a run of a subject.
fn allocations(program: &mut Program, subject: &str) -> Result<Option<u64>, GateError> {
    use crate::observer::Observation;
    let counted = crate::plan::Measurement::Counted { subject: subject.to_owned() };
    let observation = program.observe(&counted, crate::sampler::Order::Forward, Duration::ZERO)?;
    Ok(match observation {
        Observation::Counted(counted) => Some(counted.runs.iter().map(|run| run.allocs).max().unwrap_or(0)),
        _ => None,
    })
}

/// A first budgets file: what each subject allocates and costs now, as exact rules and generous ceilings. Whether
/// allocations are counted at all a subject tells that makes one.
fn starter(program: &mut Program) -> Result<String, GateError> {
    use crate::observer::Observation;
    use crate::plan::Measurement;
    use crate::sampler::Order;
    /// What a first ceiling leaves above the worst of a few processes.
    const HEADROOM: f64 = 1.5;
    let mut text = String::from(
        "# Promises of this crate, checked by `cargo bench --bench gate`. Written from a first measured run.\nschema = 1\n",
    );
    if allocations(program, crate::control::ALLOCATING)?.is_none_or(|allocs| allocs == 0) {
        return Err(GateError::Usage(NOT_COUNTED.to_owned()));
    }
    let listed = program.list()?;
    let built_in: Vec<Subject> =
        crate::control::subjects().into_iter().chain(crate::selftest::subjects()).collect();
    let own = listed.iter().filter(|s| built_in.iter().all(|other| other.id != s.id));
    for listed in own {
        let subject = listed.id.clone();
        if let Some(allocs) = allocations(program, &subject)? {
            let _infallible = write!(
                text,
                "\n[[rule]]\nid      = \"{subject}.allocations\"\nsubject = \"{subject}\"\nmetric  = \"allocs_per_run\"\n\
                 kind    = \"exact\"\nmax     = {allocs}\ntier    = \"ci\"\nwhy     = \"It asked the heap {allocs} times in a run \
                 when this file was written.\"\n"
            );
        }
        let timed = Measurement::Timed { subject: subject.clone(), versus: None };
        let mut worst: Option<f64> = None;
        for _ in 0..5 {
            let observation = program.observe(&timed, Order::Forward, Duration::from_millis(30))?;
            if let Observation::Timed(timing) = observation {
                worst = timing.cycles_per_op.map(|cycles| worst.unwrap_or(0.0).max(cycles)).or(worst);
            }
        }
        if let Some(worst) = worst {
            let max = crate::report::number(worst * HEADROOM);
            let _infallible = write!(
                text,
                "\n[[rule]]\nid      = \"{subject}.ticks\"\nsubject = \"{subject}\"\nmetric  = \"cycles_per_op\"\n\
                 kind    = \"ceiling\"\nmax     = {max}\nmode    = \"throughput\"\ntier    = \"ci\"\nwhy     = \"Half as much again \
                 as was measured when this file was written.\"\n"
            );
        }
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        text.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn arguments_are_read() {
        let request = parse(&words(
            "--bench --rule a.* --rule b.* --tier full --max-time 7 --seed 3 --list --inconclusive fail",
        ))
        .expect("all known");
        assert_eq!(request.options.rules, ["a.*", "b.*"]);
        assert_eq!(request.options.tier, Tier::Full);
        assert_eq!(request.options.max_time, Some(Duration::from_secs(7)));
        assert_eq!(request.options.seed, Some(3));
        assert_eq!(request.options.inconclusive, Some(OnInconclusive::Fail));
        assert!(request.list && !request.init);
    }

    #[test]
    fn wrong_arguments_are_usage_errors() {
        for wrong in [
            "--rule",
            "--tier fast",
            "--seed x",
            "--max-time -1",
            "--inconclusive maybe",
            "--frobnicate",
            "x",
        ] {
            let error = parse(&words(wrong)).expect_err(wrong);
            assert_eq!(exit_of(&error), Exit::Usage, "{wrong}");
        }
    }
}
