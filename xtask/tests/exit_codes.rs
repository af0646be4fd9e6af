//! The documented exit codes, by running the program itself on budgets and subjects made for each.

#![cfg(unix)]

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

/// A program that speaks a subject program's protocol with numbers of its own. `$SLOWER`, `$X` and `$ALLOCS` are the logarithms
/// of ratios and the heap calls that a test wants.
const SUBJECTS: &str = r#"#!/bin/sh
timing() { echo "{\"groups\":10,\"groups_clock_moved\":0,\"log_ratio\":$1,\"cycles_per_op\":5.0,\"versus_cycles_per_op\":5.0,\"core_hz\":3e9,\"ns_per_op\":2.0,\"versus_ns_per_op\":2.0,\"answer\":1}"; }
counted() { echo "{\"ops\":100,\"runs\":[{\"allocs\":$1,\"deallocs\":$1,\"bytes\":0,\"page_faults\":0}],\"answer\":1}"; }
case "$1 $2" in
  "list "*) echo '[{"id":"gate.control_base","ops":1},{"id":"x.a","ops":1},{"id":"x.b","ops":1}]' ;;
  "time gate.control_twin") timing 0.0001 ;;
  "time gate.control_slower") timing "${SLOWER:-0.14}" ;;
  "time x.a") [ -n "$PAUSE" ] && sleep "$PAUSE"; [ -n "$KILLED" ] && kill -9 $$; timing "${X:-0.0}" ;;
  "count gate.control_base") counted 0 ;;
  "count gate.control_allocating") counted "${SEEN:-1}" ;;
  "count x.a") counted "${ALLOCS:-0}" ;;
  *) echo "not known: $*" >&2; exit 2 ;;
esac
"#;

const BUDGETS: &str = r#"
schema = 1

[[rule]]
id        = "x.ratio"
subject   = "x.a"
versus    = "x.b"
metric    = "time"
kind      = "ceiling"
max       = 1.0
tolerance = 0.05
tier      = "ci"
why       = "a test"

[[rule]]
id      = "x.none"
subject = "x.a"
metric  = "allocs_per_op"
kind    = "exact"
max     = 0
tier    = "ci"
why     = "a test"
"#;

struct Bench {
    dir: TempDir,
}

impl Bench {
    fn new() -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        std::fs::write(dir.path().join("budgets.toml"), BUDGETS).expect("written");
        let program = dir.path().join("subjects");
        std::fs::write(&program, SUBJECTS).expect("written");
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).expect("ours");
        Self { dir }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// `gate` over the made-up program, with variables for it and more arguments.
    fn gate(&self, variables: &[(&str, &str)], arguments: &[&str]) -> Output {
        self.command(variables, arguments).output().expect("xtask runs")
    }

    fn command(&self, variables: &[(&str, &str)], arguments: &[&str]) -> Command {
        let mut command = xtask();
        command
            .arg("gate")
            .arg("--program")
            .arg(self.path("subjects"))
            .arg("--budgets")
            .arg(self.path("budgets.toml"))
            .arg("--out")
            .arg(self.path("out"))
            .args(arguments)
            .envs(variables.iter().copied())
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped());
        command
    }
}

fn xtask() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
    for variable in ["CI", "GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY"] {
        command.env_remove(variable);
    }
    command
}

fn code(output: &Output) -> i32 {
    output.status.code().expect("it ended by itself")
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

#[test]
fn every_outcome_has_its_exit_code() {
    let bench = Bench::new();
    /// Variables of the program, arguments, the exit code, and a word that must be said.
    type Case<'c> = (&'c [(&'c str, &'c str)], &'c [&'c str], i32, &'c str);
    let cases: [Case<'_>; 14] = [
        (&[], &[], 0, "pass: 2 passed"),
        (&[("X", "0.2")], &[], 3, "1 failed"),
        (&[("ALLOCS", "1")], &[], 3, "1 failed"),
        (&[("SLOWER", "0.0")], &[], 4, "DOES NOT HOLD"),
        (&[("SLOWER", "0.0")], &["--invalid", "warn"], 0, "invalid"),
        (&[("SLOWER", "0.0"), ("ALLOCS", "1")], &["--invalid", "warn"], 3, "1 failed"),
        (&[("SEEN", "0")], &["--invalid", "warn"], 4, "one allocation must be seen"),
        (&[("KILLED", "1")], &[], 4, "signal: 9"),
        (&[("X", "0.03")], &[], 0, "1 inconclusive"),
        (&[("X", "0.03")], &["--inconclusive", "fail"], 5, "1 inconclusive"),
        (&[("X", "0.03"), ("ALLOCS", "1")], &["--inconclusive", "fail"], 3, "1 failed"),
        (&[], &["--rule", "y.*"], 2, "checks nothing"),
        (&[], &["--tier", "daily"], 2, "possible values"),
        (&[], &["--explain", "x.nothing"], 2, "no rule is called x.nothing"),
    ];
    for (variables, arguments, expected, word) in cases {
        let output = bench.gate(variables, arguments);
        let text = said(&output);
        assert_eq!(code(&output), expected, "{variables:?} {arguments:?}:\n{text}");
        assert!(text.contains(word), "{variables:?} {arguments:?} does not say \"{word}\":\n{text}");
    }
}

#[test]
fn bad_budgets_are_a_usage_error_with_line_and_column() {
    let bench = Bench::new();
    std::fs::write(bench.path("budgets.toml"), BUDGETS.replace("max       = 1.0", "maximum   = 1.0"))
        .expect("written");
    let output = bench.gate(&[], &[]);
    assert_eq!(code(&output), 2);
    assert!(said(&output).contains("budgets.toml:10:1: unknown field `maximum`"), "{}", said(&output));
    std::fs::write(bench.path("budgets.toml"), BUDGETS.replace("x.b", "x.c")).expect("written");
    let output = bench.gate(&[], &[]);
    assert_eq!(code(&output), 2);
    assert!(
        said(&output).contains("budgets.toml:5:13: rule x.ratio: no subject is called x.c"),
        "{}",
        said(&output)
    );
}

#[test]
fn what_cannot_be_read_started_or_written_is_a_tool_error_and_a_breach_outranks_it() {
    let bench = Bench::new();
    let missing =
        xtask().args(["gate", "--budgets", "/nonexistent/budgets.toml"]).output().expect("xtask runs");
    assert_eq!(code(&missing), 1, "{}", said(&missing));
    let no_program = bench.gate(&[], &["--program", "/bin/false"]);
    assert_eq!(code(&no_program), 2, "an option given twice: {}", said(&no_program));
    std::fs::write(bench.path("out"), "a file where the folder should be").expect("written");
    let unwritten = bench.gate(&[], &[]);
    assert_eq!(code(&unwritten), 1, "{}", said(&unwritten));
    assert!(said(&unwritten).contains("pass: 2 passed"), "what was measured is shown: {}", said(&unwritten));
    assert_eq!(code(&bench.gate(&[("X", "0.2")], &[])), 3);
    std::fs::write(bench.path("subjects"), "#!/bin/sh\nexit 1\n").expect("written");
    assert_eq!(code(&bench.gate(&[], &[])), 1, "a program that lists nothing");
}

#[test]
fn reports_are_written_rendered_again_to_the_same_bytes_and_compared() {
    let bench = Bench::new();
    assert_eq!(code(&bench.gate(&[], &[])), 0);
    let out = bench.path("out");
    let read =
        |dir: &Path, name: &str| std::fs::read(dir.join(name)).unwrap_or_else(|e| panic!("{name}: {e}"));
    let again = bench.path("again");
    let json = out.join("report.json");
    let rendered = xtask()
        .arg("report")
        .arg(&json)
        .args(["--format", "term,md,json,junit,html", "--out"])
        .arg(&again)
        .output()
        .expect("xtask runs");
    assert_eq!(code(&rendered), 0, "{}", said(&rendered));
    for name in ["report.json", "report.md", "report.html", "junit.xml"] {
        assert!(read(&out, name) == read(&again, name), "{name} is not the same when rendered again");
    }

    let compare = |b: &Path, more: &[&str]| {
        xtask().arg("compare").arg(&json).arg(b).args(more).output().expect("xtask runs")
    };
    let same = compare(&json, &[]);
    assert_eq!(code(&same), 0, "{}", said(&same));
    assert!(said(&same).contains("x.ratio"), "{}", said(&same));
    let text = String::from_utf8(read(&out, "report.json")).expect("JSON is text");
    let unlike = bench.path("unlike.json");
    std::fs::write(&unlike, text.replace("\"isa\": \"", "\"isa\": \"other-")).expect("written");
    assert_eq!(code(&compare(&unlike, &[])), 2);
    assert_eq!(code(&compare(&unlike, &["--force"])), 0);
    std::fs::write(&unlike, "{}").expect("written");
    assert_eq!(code(&compare(&unlike, &[])), 2);
    assert_eq!(code(&compare(&bench.path("none.json"), &[])), 1);
}

#[test]
fn ctrl_c_ends_the_sampling_and_not_the_report() {
    let bench = Bench::new();
    let child = bench.command(&[("PAUSE", "0.5")], &[]).spawn().expect("xtask starts");
    std::thread::sleep(std::time::Duration::from_millis(1_500));
    let sent = Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill runs");
    assert!(sent.success());
    let output = child.wait_with_output().expect("it ends");
    let text = said(&output);
    // Nothing that was not measured has passed.
    assert_ne!(code(&output), 0, "{text}");
    assert!(text.contains("x.ratio") && !text.contains("pass: 2 passed"), "{text}");
    assert!(text.contains("pass"), "counted before: {text}");
    let report = std::fs::read_to_string(bench.path("out").join("report.json")).expect("written");
    assert!(report.contains("x.none"), "{report}");
}

#[test]
fn the_step_summary_and_the_marks_are_written_where_ci_asks_for_them() {
    let bench = Bench::new();
    let summary = bench.path("summary.md");
    let output = bench.gate(
        &[
            ("GITHUB_STEP_SUMMARY", summary.to_str().expect("plain")),
            ("GITHUB_ACTIONS", "true"),
            ("X", "0.2"),
        ],
        &[],
    );
    assert_eq!(code(&output), 3);
    assert!(said(&output).contains("::error file="), "{}", said(&output));
    assert!(std::fs::read_to_string(&summary).expect("written").contains("## Gate fail"));
}

#[test]
fn a_step_summary_that_cannot_be_written_costs_no_report() {
    let bench = Bench::new();
    let output = bench.gate(&[("GITHUB_STEP_SUMMARY", "/nonexistent/summary.md")], &[]);
    assert_eq!(code(&output), 1, "{}", said(&output));
    assert!(said(&output).contains("/nonexistent/summary.md"), "{}", said(&output));
    assert!(bench.path("out/report.json").exists());
}

#[test]
fn a_reader_that_has_gone_changes_no_exit_code() {
    let bench = Bench::new();
    for (value, expected) in [("0", 0), ("0.2", 3)] {
        let mut child = bench.command(&[("X", value)], &[]).spawn().expect("xtask runs");
        drop(child.stdout.take());
        let output = child.wait_with_output().expect("it ends");
        assert_eq!(code(&output), expected, "{}", said(&output));
    }
}

#[test]
fn blessing_is_for_people_and_for_ratchets() {
    let bench = Bench::new();
    let bless = |variables: &[(&str, &str)], rule: &str, reason: &str| {
        let budgets = bench.path("budgets.toml");
        let arguments = ["bless", rule, "--reason", reason, "--budgets"];
        xtask().args(arguments).arg(budgets).envs(variables.iter().copied()).output().expect("xtask runs")
    };
    assert_eq!(code(&bless(&[("CI", "true")], "x.*", "why")), 2);
    assert_eq!(code(&bless(&[], "x.none", "why")), 2, "no ratchet");
    assert_eq!(code(&bless(&[], "x.*", " ")), 2, "no reason");
}

#[test]
fn matrix_arguments_out_of_range_are_usage_errors() {
    for (arguments, word) in [
        (&["--threads", "1000000"][..], "is not between 1 and 1024"),
        (&["--threads", "0"], "is not between 1 and 1024"),
        (&["--allocators", "system,dlmalloc"], "dlmalloc is not known"),
        (&["--allocators", "jemalloc", "--reference", "system"], "not among"),
        (&["--rounds", "1"], "1 is not in 2..=1000"),
        (&["--quick", "--full"], "cannot be used with"),
    ] {
        let output = xtask().arg("bench-matrix").args(arguments).output().expect("xtask runs");
        assert_eq!(code(&output), 2, "{arguments:?}: {}", said(&output));
        assert!(said(&output).contains(word), "{arguments:?}: {}", said(&output));
    }
    let missing =
        xtask().args(["bench-matrix", "--baseline", "/nonexistent.json"]).output().expect("xtask runs");
    assert_eq!(code(&missing), 1, "{}", said(&missing));
}
