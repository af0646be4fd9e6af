//! The adopter's crate, outside the workspace, as another project would have it: checks, first budgets, mistakes.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

/// The example, copied, with the path of wf-gate made absolute.
fn copy() -> TempDir {
    let gate = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/wf-gate");
    let from = gate.join("examples/adopter");
    let dir = tempfile::tempdir().expect("a folder");
    for file in [".cargo/config.toml", "Cargo.toml", "budgets.toml", "src/lib.rs", "benches/gate.rs"] {
        let to = dir.path().join(file);
        std::fs::create_dir_all(to.parent().expect("below the folder")).expect("made");
        let text = std::fs::read_to_string(from.join(file)).expect("a file of the example");
        let path = gate.canonicalize().expect("it is there");
        std::fs::write(to, text.replace("\"../..\"", &format!("{:?}", path.display()))).expect("written");
    }
    dir
}

fn bench(dir: &TempDir, arguments: &[&str]) -> (i32, String) {
    bench_with(dir, &[], arguments)
}

/// `cargo bench --bench gate` in the copy; what it builds is kept for the next run.
fn bench_with(dir: &TempDir, variables: &[(&str, &str)], arguments: &[&str]) -> (i32, String) {
    let target = std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../target"), PathBuf::from);
    let mut command = Command::new(env!("CARGO"));
    for variable in ["CI", "GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY"] {
        command.env_remove(variable);
    }
    let Output { status, stdout, stderr } = command
        .current_dir(dir.path())
        .env("CARGO_TARGET_DIR", target.join("adopter"))
        .envs(variables.iter().copied())
        .args(["bench", "--quiet", "--bench", "gate", "--"])
        .args(arguments)
        .output()
        .expect("cargo runs");
    let said = String::from_utf8_lossy(&stdout).into_owned() + &String::from_utf8_lossy(&stderr);
    (status.code().expect("it ended by itself"), said)
}

#[test]
fn a_crate_outside_the_workspace_checks_its_promises_and_begins_from_a_measured_run() {
    let dir = copy();
    let reports = dir.path().join("reports");
    let (code, said) = bench(&dir, &["--out", reports.to_str().expect("plain")]);
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("adopter.words.speedup") && said.contains("pass: 2 passed"), "{said}");
    for name in ["report.json", "report.md", "report.html", "junit.xml"] {
        assert!(reports.join(name).is_file(), "{name}");
    }
    // Valgrind is known by the library that it loads; counts hold under it, times do not.
    let under = [("LD_PRELOAD", "/usr/libexec/valgrind/vgpreload_core-none.so")];
    let (code, said) = bench_with(&dir, &under, &[]);
    assert_eq!((code, said.contains("times mean nothing under valgrind")), (4, true), "{said}");
    assert!(said.contains("1 passed, 1 invalid"), "{said}");

    let (code, said) = bench(&dir, &["--init"]);
    assert_eq!(code, 1, "a file that is there is not written over: {said}");

    std::fs::remove_file(dir.path().join("budgets.toml")).expect("it was copied");
    let (code, said) = bench(&dir, &[]);
    assert_eq!((code, said.contains("--init writes a first one")), (2, true), "{said}");
    let (code, said) = bench(&dir, &["--init"]);
    assert_eq!(code, 0, "{said}");
    let written = std::fs::read_to_string(dir.path().join("budgets.toml")).expect("it was just written");
    for rule in ["adopter.words.allocations", "adopter.words_collected.allocations"] {
        assert!(written.contains(rule), "{written}");
    }
    let (code, said) = bench(&dir, &["--rule", "*.allocations"]);
    assert_eq!((code, said.contains("pass: 2 passed")), (0, true), "{said}");

    // One allocation where there was none: the first file is a gate already.
    let tighter = written.replace("max     = 0", "equal   = 1");
    assert_ne!(tighter, written, "{written}");
    std::fs::write(dir.path().join("budgets.toml"), tighter).expect("ours");
    let (code, said) = bench(&dir, &["--rule", "*.allocations"]);
    assert_eq!((code, said.contains("1 failed")), (3, true), "{said}");
    // A breach outranks a report that cannot be written.
    let (code, said) = bench(&dir, &["--rule", "*.allocations", "--out", "/dev/null/reports"]);
    assert_eq!((code, said.contains("writing /dev/null/reports")), (3, true), "{said}");

    let (code, said) = bench(&dir, &["--frobnicate"]);
    assert_eq!((code, said.contains("--help")), (2, true), "{said}");
}
