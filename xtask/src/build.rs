//! Building the programs that are measured.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;
use wf_gate::GateError;

/// The folder with the root manifest.
pub(crate) fn root() -> PathBuf {
    let here = std::env::var_os("CARGO_MANIFEST_DIR")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    here.parent().map_or_else(|| here.clone(), Path::to_path_buf)
}

/// A cargo command in the workspace of `root`.
pub(crate) fn cargo(root: &Path) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root);
    command
}

/// Where functions begin is a matter of everything that is linked before them, and the loops in them run differently for it.
/// On a line of their own they look alike in every build that they are unchanged in.
pub(crate) const LAYOUT: &str = "-Cllvm-args=-align-all-functions=6";

/// The program with the subjects.
pub(crate) const SUBJECTS: &str = "gate-subjects";

/// Builds binaries of wf-benches for measuring, all features on; gives their paths by name.
pub(crate) fn binaries(root: &Path, names: &[&str]) -> Result<BTreeMap<String, PathBuf>, GateError> {
    let mut command = cargo(root);
    command.arg("build");
    for name in names {
        command.args(["--bin", name]);
    }
    built(command, &[], names)
}

/// Builds the program with the subjects for the workspace at `root`, perhaps with a target folder of its own.
pub(crate) fn subjects(root: &Path, target: Option<&Path>) -> Result<PathBuf, GateError> {
    let mut command = cargo(root);
    if let Some(target) = target {
        command.env("CARGO_TARGET_DIR", target);
    }
    // Only the last step gets the flag: with link-time optimization it makes all the code, and nothing else is built again.
    command.args(["rustc", "--bin", SUBJECTS]);
    built(command, &["--", LAYOUT], &[SUBJECTS]).map(|mut found| found.remove(SUBJECTS).unwrap_or_default())
}

fn built(
    mut command: Command,
    last: &[&str],
    names: &[&str],
) -> Result<BTreeMap<String, PathBuf>, GateError> {
    command.args(["--release", "--package", "wf-benches", "--all-features"]);
    command.arg("--message-format=json-render-diagnostics").args(last);
    let done =
        command.stderr(Stdio::inherit()).output().map_err(|error| GateError::io("starting cargo", error))?;
    let failed = |message: String| GateError::Child {
        command: format!("cargo build --bin {}", names.join(" ")),
        message,
    };
    if !done.status.success() {
        return Err(failed(done.status.to_string()));
    }
    let mut found = BTreeMap::new();
    for line in String::from_utf8_lossy(&done.stdout).lines() {
        let Ok(message) = serde_json::from_str::<Value>(line) else { continue };
        let (Some(name), Some(path)) = (message["target"]["name"].as_str(), message["executable"].as_str())
        else {
            continue;
        };
        if names.contains(&name) {
            found.insert(name.to_owned(), PathBuf::from(path));
        }
    }
    match names.iter().find(|name| !found.contains_key(**name)) {
        Some(missing) => Err(failed(format!("cargo built no program called {missing}"))),
        None => Ok(found),
    }
}

/// The revision of the source, with `+` if files differ from it; `None` outside a repository.
pub(crate) fn commit(root: &Path) -> Option<String> {
    let git = |arguments: &[&str]| {
        let done = Command::new("git").current_dir(root).args(arguments).output().ok()?;
        done.status.success().then(|| String::from_utf8_lossy(&done.stdout).trim().to_owned())
    };
    let revision = git(&["rev-parse", "--short=12", "HEAD"])?;
    let changed =
        git(&["status", "--porcelain", "--untracked-files=no"]).is_some_and(|list| !list.is_empty());
    Some(if changed { format!("{revision}+") } else { revision })
}
