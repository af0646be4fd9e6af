//! What a newcomer meets first: the demonstration, completions, manual pages, colours and columns.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::ffi::OsStr;
use std::process::{Command, Output};

fn wf(args: &[&dyn AsRef<OsStr>]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wf"));
    args.iter().for_each(|arg| {
        command.arg(arg);
    });
    command.output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// What a command prints, which must succeed without a complaint.
fn printed(args: &[&dyn AsRef<OsStr>]) -> String {
    let done = wf(args);
    assert_eq!(text(&done.stderr), "");
    assert_eq!(done.status.code(), Some(0));
    text(&done.stdout)
}

#[test]
fn the_demonstration_does_the_whole_loop_and_keeps_its_files_where_it_is_told_to() {
    let folder = tempfile::tempdir().unwrap();
    let kept = folder.path().join("demo");
    let out = printed(&[&"demo", &"--cases", &"20_000", &"--folder", &kept]);
    for part in [
        "$ wf check expense-claim.bpmn\n",
        "a case can get stuck",
        "claims.wfs: 1 workflow",
        "20000, all ended: 20000 completed",
        "1000 given up: 1000 a variable has no value",
        "heat.svg: ",
    ] {
        assert!(out.contains(part), "{part:?} in {out}");
    }
    assert!(!out.contains('\u{1b}'), "no colours off a terminal");
    let mut names: Vec<_> = std::fs::read_dir(&kept).unwrap().map(|e| e.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["claims.csv", "claims.wfs", "expense-claim.bpmn", "heat.svg", "mistake.bpmn"]);
    // Once more over its own files; never over those of others.
    printed(&[&"demo", &"--cases", &"1000", &"--folder", &kept]);
    std::fs::write(kept.join("claims.csv"), "mine\n").unwrap();
    let done = wf(&[&"demo", &"--folder", &kept]);
    assert_eq!(done.status.code(), Some(3));
    assert!(text(&done.stderr).contains("another file stands there"), "{}", text(&done.stderr));
    assert_eq!(std::fs::read_to_string(kept.join("claims.csv")).unwrap(), "mine\n");
}

/// What `--json` prints of the whole loop, command by command; off a terminal, where nothing else is on the standard output.
#[test]
fn the_demonstration_is_one_document_for_programs() {
    let folder = tempfile::tempdir().unwrap();
    let out = printed(&[&"demo", &"--json", &"--cases", &"2000", &"--folder", &folder.path()]);
    let document: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(document["format"], 1);
    assert_eq!(document["folder"], *folder.path().to_string_lossy());
    let steps = document["steps"].as_array().unwrap();
    let command = |step: &serde_json::Value| step["command"].as_str().unwrap().to_owned();
    assert!(steps.iter().all(|step| command(step).ends_with(" --json") && step["document"]["format"] == 1));
    let find = |begin: &str| steps.iter().find(|step| command(step).starts_with(begin)).unwrap();
    let warnings = &find("wf check mistake.bpmn")["document"]["models"][0]["warnings"];
    assert!(warnings.to_string().contains("a case can get stuck"), "{warnings}");
    let run = &find("wf run expense-claim.bpmn --cases 2000 ")["document"];
    assert!(run.to_string().contains("2000"), "{run}");

    let out = printed(&[&"demo", &"--json", &"--cases", &"10"]);
    let document: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert!(document["folder"].is_null(), "a temporary folder is gone by then");
}

#[test]
fn every_command_is_completed_and_has_its_page() {
    let commands = ["run", "check", "compile", "inspect", "demo", "completions", "man"];
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = printed(&[&"completions", &shell]);
        assert!(commands.iter().all(|name| script.contains(name)), "{shell}");
        assert!(script.contains("external-decisions"), "{shell}");
    }
    let page = printed(&[&"man"]);
    for name in commands {
        assert!(page.contains(&format!("wf\\-{name}(1)")), "{name}");
        let page = printed(&[&"man", &name]);
        assert!(page.contains(&format!(".TH wf-{name} 1")), "{page}");
    }
    let done = wf(&[&"man", &"nothing"]);
    assert_eq!(done.status.code(), Some(2));
    assert!(text(&done.stderr).contains("there are run, check"), "{}", text(&done.stderr));
}

/// Tables and facts, not messages: those are one line each, as editors read them.
#[test]
fn tables_fit_eighty_columns() {
    let folder = tempfile::tempdir().unwrap();
    let (model, store) = (folder.path().join("expense-claim.bpmn"), folder.path().join("claims.wfs"));
    printed(&[&"demo", &"--cases", &"1000", &"--folder", &folder.path()]);
    let outputs = [
        printed(&[&"inspect", &store]),
        printed(&[&"inspect", &store, &"--workflow", &"ExpenseClaim"]),
        printed(&[&"run", &model, &"--cases", &"123_456"]),
    ];
    let lines = outputs.iter().flat_map(|out| out.lines());
    // A path is as long as it is.
    for line in lines.filter(|line| !line.contains(&*folder.path().to_string_lossy())) {
        assert!(line.chars().count() <= 80, "{line}");
    }
}

/// On a terminal, which `script` makes, an error has colours; with NO_COLOR it has none.
#[test]
#[cfg(target_os = "linux")]
fn colours_are_for_terminals_and_can_be_declined() {
    let on_terminal = |no_color: &str| {
        let mut command = Command::new("script");
        let line = format!("{} check /nowhere.bpmn", env!("CARGO_BIN_EXE_wf"));
        command.args(["--quiet", "--return", "--command", &line, "/dev/null"]);
        command.env("NO_COLOR", no_color).env("TERM", "xterm").output()
    };
    let Ok(coloured) = on_terminal("") else {
        println!("SKIPPED: colours_are_for_terminals_and_can_be_declined: script(1) is not installed");
        return;
    };
    assert!(text(&coloured.stdout).contains("\u{1b}[1;31merror:"), "{}", text(&coloured.stdout));
    let plain = on_terminal("1").unwrap();
    assert!(text(&plain.stdout).contains("error: cannot read /nowhere.bpmn"), "{}", text(&plain.stdout));
    assert!(!text(&plain.stdout).contains('\u{1b}'), "{}", text(&plain.stdout));
    let piped = wf(&[&"check", &"/nowhere.bpmn"]);
    assert!(text(&piped.stderr).starts_with("error: cannot read"), "{}", text(&piped.stderr));
}
