//! The subjects of another revision, built beside this one: for rules against git.

use std::path::{Path, PathBuf};
use std::process::Command;

use wf_gate::GateError;

use crate::build;

/// The revision that `git:merge-base` stands for.
const MERGE_BASE: &str = "merge-base";

/// Branches whose merge base is taken, the first that exists.
const TRUNKS: [&str; 4] = ["origin/HEAD", "origin/main", "main", "master"];

/// What `--against` asks for: `none`, or a revision as `git:REV`.
pub(crate) fn parse(text: &str) -> Result<Option<String>, String> {
    match text.strip_prefix("git:") {
        Some(revision) if !revision.is_empty() && !revision.starts_with('-') => Ok(Some(revision.into())),
        _ if text == "none" => Ok(None),
        _ => Err("none, or git:REVISION; git:merge-base for where this branch began".into()),
    }
}

/// Builds `gate-subjects` of a revision below `target/xtask/against`; gives its commit and the program.
pub(crate) fn build(root: &Path, revision: &str) -> Result<(String, PathBuf), GateError> {
    let commit = resolve(root, revision)?;
    let dir = root.join("target/xtask/against");
    let source = dir.join(&commit[..commit.len().min(12)]);
    if !source.join("Cargo.toml").is_file() {
        unpack(root, &commit, &source)?;
    }
    // One for each revision: cargo tells members of two checkouts apart by their times alone, and those of a checkout are
    // the commit's.
    let target = source.join("target");
    let built = build::subjects(&source, Some(&target))?;
    // The next revision would overwrite it.
    let program = source.join(build::SUBJECTS);
    std::fs::copy(&built, &program)
        .map_err(|error| GateError::io(format!("copying to {}", program.display()), error))?;
    Ok((commit, program))
}

fn resolve(root: &Path, revision: &str) -> Result<String, GateError> {
    if revision != MERGE_BASE {
        return git(root, &["rev-parse", "--verify", &format!("{revision}^{{commit}}")]);
    }
    let trunk = TRUNKS.iter().find(|trunk| git(root, &["rev-parse", "--verify", "--quiet", trunk]).is_ok());
    let trunk = trunk.ok_or_else(|| {
        GateError::Usage(format!(
            "git:merge-base needs one of {}; name a revision instead",
            TRUNKS.join(", ")
        ))
    })?;
    git(root, &["merge-base", "HEAD", trunk])
}

/// The files of a commit, without touching the repository or its work tree.
fn unpack(root: &Path, commit: &str, into: &Path) -> Result<(), GateError> {
    let failed = |error| GateError::io(format!("unpacking {commit} into {}", into.display()), error);
    std::fs::create_dir_all(into).map_err(failed)?;
    let archive = into.join("source.tar");
    git(root, &["archive", "--format=tar", "--output", &archive.display().to_string(), commit])?;
    let status = Command::new("tar").arg("-xf").arg(&archive).arg("-C").arg(into).status().map_err(failed)?;
    std::fs::remove_file(&archive).map_err(failed)?;
    if status.success() {
        return Ok(());
    }
    Err(GateError::Child { command: "tar -xf source.tar".into(), message: status.to_string() })
}

fn git(root: &Path, arguments: &[&str]) -> Result<String, GateError> {
    let done = Command::new("git")
        .current_dir(root)
        .args(arguments)
        .output()
        .map_err(|error| GateError::io("starting git", error))?;
    if done.status.success() {
        return Ok(String::from_utf8_lossy(&done.stdout).trim().to_owned());
    }
    Err(GateError::Child {
        command: format!("git {}", arguments.join(" ")),
        message: String::from_utf8_lossy(&done.stderr).trim().to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn against_is_none_or_a_revision() {
        assert_eq!(parse("none"), Ok(None));
        assert_eq!(parse("git:main"), Ok(Some("main".into())));
        for wrong in ["main", "git:", "git:--output=x", ""] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}
