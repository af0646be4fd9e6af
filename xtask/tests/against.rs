//! `gate --against git:REVISION` from end to end: a repository of its own, two commits, two builds, one regression.

use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;

/// A program that speaks a subject program's protocol; its one subject takes `CYCLES` cycles.
const PROGRAM: &str = r#"
const CYCLES: f64 = 5.0;
fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let timing = |log_ratio: &str, cycles: f64| println!(
        "{{\"groups\":10,\"groups_clock_moved\":0,\"log_ratio\":{log_ratio},\"cycles_per_op\":{cycles},\"versus_cycles_per_op\":5.0,\
         \"core_hz\":3e9,\"ns_per_op\":2.0,\"versus_ns_per_op\":2.0,\"answer\":1}}");
    let counted = |n: u32| println!(
        "{{\"ops\":100,\"runs\":[{{\"allocs\":{n},\"deallocs\":{n},\"bytes\":0,\"page_faults\":0}}],\"answer\":1}}");
    match words[..] {
        ["list"] => println!("[{{\"id\":\"x.a\",\"ops\":1}}]"),
        ["time", "gate.control_twin", ..] => timing("0.0001", 5.0),
        ["time", "gate.control_slower", ..] => timing("0.14", 5.7),
        ["time", "x.a", ..] => timing("null", CYCLES),
        ["count", "gate.control_base"] => counted(0),
        ["count", "gate.control_allocating"] => counted(1),
        _ => std::process::exit(2),
    }
}
"#;

const BUDGETS: &str = "schema = 1\n[[rule]]\nid='x.merge_base'\nsubject='x.*'\nversus='git:merge-base'\nmetric='time'\n\
                       kind='regression'\ntolerance=0.05\ntier='ci'\nwhy='a test'\n";

fn git(root: &Path, arguments: &[&str]) {
    let done = Command::new("git")
        .current_dir(root)
        .args(["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"])
        .args(arguments)
        .output()
        .expect("git runs");
    assert!(done.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
}

/// A workspace with the package that xtask builds, committed on `main`.
fn repository() -> TempDir {
    let dir = tempfile::tempdir().expect("a folder");
    let root = dir.path();
    for folder in ["xtask", "benches/src"] {
        std::fs::create_dir_all(root.join(folder)).expect("made");
    }
    let manifest = "[package]\nname = \"wf-benches\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[[bin]]\nname = \"gate-subjects\"\n\
                    path = \"src/main.rs\"\n";
    for (path, text) in [
        ("Cargo.toml", "[workspace]\nresolver = \"3\"\nmembers = [\"benches\"]\n"),
        ("benches/Cargo.toml", manifest),
        ("benches/src/main.rs", PROGRAM),
        ("budgets.toml", BUDGETS),
        (".gitignore", "/target\n"),
    ] {
        std::fs::write(root.join(path), text).expect("written");
    }
    git(root, &["init", "--quiet", "--initial-branch", "main"]);
    git(root, &["add", "."]);
    git(root, &["commit", "--quiet", "--message", "first"]);
    dir
}

fn gate(root: &Path, against: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
    for variable in ["CI", "GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY"] {
        command.env_remove(variable);
    }
    command
        // The root is the folder above this.
        .env("CARGO_MANIFEST_DIR", root.join("xtask"))
        .env("CARGO_TARGET_DIR", root.join("target"))
        .args(["gate", "--format", "term", "--against", against])
        .output()
        .expect("xtask runs")
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

#[test]
fn a_slow_down_against_the_merge_base_fails_and_equal_code_passes() {
    let dir = repository();
    let root = dir.path();
    git(root, &["checkout", "--quiet", "-b", "change"]);

    let none = gate(root, "none");
    assert_eq!(none.status.code(), Some(0), "{}", said(&none));
    assert!(said(&none).contains("needs another build"), "{}", said(&none));

    let same = gate(root, "git:merge-base");
    assert_eq!(same.status.code(), Some(0), "{}", said(&same));
    assert!(said(&same).contains("pass: 1 passed"), "{}", said(&same));

    // Twelve percent slower, not even committed: the work tree is what is measured.
    std::fs::write(root.join("benches/src/main.rs"), PROGRAM.replace("= 5.0", "= 5.6")).expect("written");
    let slow = gate(root, "git:merge-base");
    assert_eq!(slow.status.code(), Some(3), "{}", said(&slow));
    assert!(said(&slow).contains("1.12"), "{}", said(&slow));

    // The same against itself, by another name of a revision.
    git(root, &["commit", "--quiet", "--all", "--message", "slower"]);
    let itself = gate(root, "git:change");
    assert_eq!(itself.status.code(), Some(0), "{}", said(&itself));

    for (revision, word) in [("git:nowhere", "nowhere"), ("main", "git:REVISION")] {
        let wrong = gate(root, revision);
        assert!(matches!(wrong.status.code(), Some(1 | 2)), "{revision}: {}", said(&wrong));
        assert!(said(&wrong).contains(word), "{revision}: {}", said(&wrong));
    }
}
