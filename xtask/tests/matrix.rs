//! `bench-matrix` from end to end over made-up workload programs: order, interruption, resumption, forms, baselines.

#![cfg(unix)]

use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// A workload program; it logs each run beside itself. `$PAUSE` slows it down, `$BROKEN` names an allocator that dies.
const PROGRAM: &str = r#"#!/bin/sh
me=$(basename "$0")
if [ "$1" = list ]; then
  echo '[{"name":"batch","operation":"item","operations":10,"threads_min":1},{"name":"pair","operation":"item","operations":10,"threads_min":2}]'
  exit 0
fi
echo "$me $2 $3 $5" >> "$(dirname "$0")/log"
[ -n "$PAUSE" ] && sleep "$PAUSE"
[ "$me" = "workload-$BROKEN" ] && kill -9 $$
case $me in *mimalloc) s=0.5 ;; *) s=1.0 ;; esac
echo "{\"seconds\":$s,\"answer\":7,\"retained_rss_bytes\":1048576,\"peak_rss_bytes\":2097152,\"allocs\":100,\"bytes\":1000}"
"#;

const FORMS: [&str; 4] = ["matrix.md", "matrix.json", "matrix.html", "matrix.csv"];

struct Bench {
    dir: TempDir,
}

impl Bench {
    fn new() -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        for name in ["system", "jemalloc", "mimalloc", "counted"] {
            let path = dir.path().join(format!("workload-{name}"));
            std::fs::write(&path, PROGRAM).expect("written");
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).expect("ours");
        }
        Self { dir }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
        command.env_remove("GITHUB_STEP_SUMMARY");
        command.arg("bench-matrix").arg("--programs").arg(self.dir.path());
        command.args(["--rounds", "3"]).args(arguments);
        command
    }

    fn run(&self, variables: &[(&str, &str)], arguments: &[&str]) -> (i32, String) {
        let Output { status, stdout, stderr } =
            self.command(arguments).envs(variables.iter().copied()).output().expect("xtask runs");
        let said = String::from_utf8_lossy(&stdout).into_owned() + &String::from_utf8_lossy(&stderr);
        (status.code().expect("it ended by itself"), said)
    }

    /// The runs so far, one line each.
    fn log(&self) -> Vec<String> {
        let text = std::fs::read_to_string(self.path("log")).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    fn forget(&self) {
        std::fs::remove_file(self.path("log")).expect("there was a run");
    }

    fn text(&self, folder: &str, name: &str) -> String {
        std::fs::read_to_string(self.path(folder).join(name))
            .unwrap_or_else(|error| panic!("{name}: {error}"))
    }
}

#[test]
fn a_seed_gives_an_order_and_every_form_is_written() {
    let bench = Bench::new();
    let a = bench.path("a");
    let a = a.to_str().expect("plain");
    let (code, said) = bench.run(&[], &["--out", a]);
    assert_eq!(code, 0, "{said}");
    // Two workloads, one and two threads, one of them needs two: three cells; three allocators, three rounds, one counted.
    let first = bench.log();
    assert_eq!(first.len(), 3 * (3 * 3 + 1), "{first:?}");
    assert!(said.contains("0.5 [0.5, 0.5]"), "half the time of the reference: {said}");
    for name in FORMS {
        assert!(bench.text("a", name).contains("mimalloc"), "{name}");
    }
    let page = bench.text("a", "matrix.html");
    assert!(!page.contains("<script") && !page.contains("http"), "no script, no network");

    for (seed, same) in [("42", true), ("43", false)] {
        bench.forget();
        let (code, said) = bench.run(&[], &["--out", a, "--seed", seed]);
        assert_eq!(code, 0, "{said}");
        let order = |log: &[String]| -> Vec<String> {
            // The last word is the seed itself.
            log.iter().map(|line| line.rsplit_once(' ').map_or("", |(run, _)| run).to_owned()).collect()
        };
        assert_eq!(order(&bench.log()) == order(&first), same, "seed {seed}");
    }

    bench.forget();
    let (code, said) = bench.run(
        &[],
        &[
            "--out",
            a,
            "--workload",
            "pair",
            "--threads",
            "1,2,2",
            "--allocators",
            "mimalloc,mimalloc",
            "--reference",
            "mimalloc",
            "--format",
            "term",
        ],
    );
    assert_eq!((code, bench.log().len()), (0, 4), "one cell under one allocator: {said}");
    let (code, said) = bench.run(&[], &["--out", a, "--workload", "none"]);
    assert_eq!((code, said.contains("there are batch, pair")), (2, true), "{said}");
}

#[test]
fn a_baseline_stands_beside_and_one_of_another_machine_is_refused() {
    let bench = Bench::new();
    let (a, b) = (bench.path("a"), bench.path("b"));
    let (a, b) = (a.to_str().expect("plain"), b.to_str().expect("plain"));
    assert_eq!(bench.run(&[], &["--out", a]).0, 0);
    let baseline = bench.path("a/matrix.json");
    let baseline = baseline.to_str().expect("plain");
    let (code, said) = bench.run(&[], &["--out", b, "--baseline", baseline]);
    assert_eq!((code, said.contains("x baseline")), (0, true), "{said}");

    let other = bench.text("a", "matrix.json").replace("\"isa\": \"", "\"isa\": \"other-");
    std::fs::write(baseline, other).expect("ours");
    let (code, said) = bench.run(&[], &["--out", b, "--baseline", baseline]);
    assert_eq!((code, said.contains("from another machine")), (2, true), "{said}");
    assert_eq!(bench.run(&[], &["--out", b, "--baseline", baseline, "--force"]).0, 0);
    std::fs::write(baseline, "{}").expect("ours");
    assert_eq!(bench.run(&[], &["--out", b, "--baseline", baseline]).0, 2);
}

#[test]
fn an_allocator_that_dies_or_is_missing_ends_the_run_and_what_was_measured_is_reported() {
    let bench = Bench::new();
    let out = bench.path("out");
    let out = out.to_str().expect("plain");
    let (code, said) = bench.run(&[("BROKEN", "jemalloc")], &["--out", out]);
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("signal: 9") && said.contains("--resume goes on"), "{said}");
    assert!(bench.text("out", "matrix.json").contains("\"samples\""), "reported all the same");

    std::fs::remove_file(bench.path("workload-jemalloc")).expect("ours");
    let (code, said) = bench.run(&[], &["--out", out]);
    assert_eq!((code, said.contains("workload-jemalloc")), (1, true), "{said}");

    std::fs::write(bench.path("file"), "where a folder should be").expect("written");
    let file = bench.path("file");
    let (code, said) = bench.run(&[], &["--out", file.to_str().expect("plain")]);
    assert_eq!((code, said.contains("writing")), (1, true), "{said}");
}

#[test]
fn ctrl_c_keeps_what_was_measured_and_resume_goes_on_with_it() {
    let bench = Bench::new();
    let out = bench.path("out");
    let out = out.to_str().expect("plain");
    let child = bench
        .command(&["--out", out])
        .env("PAUSE", "0.1")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("xtask starts");
    let begun = Instant::now();
    while bench.log().len() < 8 {
        assert!(begun.elapsed() < Duration::from_secs(60), "{:?}", bench.log());
        std::thread::sleep(Duration::from_millis(20));
    }
    let sent = Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill runs");
    assert!(sent.success());
    let output = child.wait_with_output().expect("it ends");
    let said =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("--resume goes on with it"), "{said}");
    for name in FORMS {
        assert!(!bench.text("out", name).is_empty(), "{name}");
    }
    let kept = bench.text("out", "samples.jsonl").lines().count() - 1;
    assert!((7..30).contains(&kept), "{kept} samples");

    bench.forget();
    let (code, said) = bench.run(&[], &["--out", out, "--resume"]);
    assert_eq!((code, bench.log().len()), (0, 30 - kept), "only what was missing: {said}");
    let (code, said) = bench.run(&[], &["--out", out, "--resume", "--seed", "43"]);
    assert_eq!((code, said.contains("cannot be resumed")), (2, true), "{said}");
}
