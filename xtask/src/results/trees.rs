//! How many crates each package brings along: what `cargo tree` counts.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use wf_gate::GateError;

use crate::{build, package};

/// The machine that is counted for: other systems need other crates.
const TARGET: &str = "x86_64-unknown-linux-gnu";

/// The crates below one package.
pub(super) struct Tree {
    package: String,
    /// Of this workspace and of others, with the features that are on by default.
    ours: usize,
    others: usize,
    /// Of others, with every feature.
    all_features: usize,
}

pub(super) fn count(root: &Path) -> Result<Vec<Tree>, GateError> {
    let mut trees = Vec::new();
    for package in package::names(root)? {
        let plain = below(root, &package, &[])?;
        let (ours, others): (Vec<&String>, Vec<&String>) =
            plain.iter().partition(|name| name.starts_with("wf-"));
        let all = below(root, &package, &["--all-features"])?;
        trees.push(Tree {
            ours: ours.len(),
            others: others.len(),
            all_features: all.iter().filter(|name| !name.starts_with("wf-")).count(),
            package,
        });
    }
    Ok(trees)
}

/// Names and versions of everything that is compiled into a program with the package, besides itself.
fn below(root: &Path, package: &str, features: &[&str]) -> Result<BTreeSet<String>, GateError> {
    let mut command = build::cargo(root);
    command.args([
        "tree",
        "--package",
        package,
        "--target",
        TARGET,
        "--edges",
        "normal,no-proc-macro",
        "--prefix",
        "none",
    ]);
    command.args(["--format", "{p}"]).args(features);
    let done = command.output().map_err(|error| GateError::io("starting cargo", error))?;
    if !done.status.success() {
        let message = String::from_utf8_lossy(&done.stderr).into_owned();
        return Err(GateError::Child { command: "cargo tree".into(), message });
    }
    let text = String::from_utf8_lossy(&done.stdout);
    let name = |line: &str| line.split(' ').take(2).collect::<Vec<_>>().join(" ");
    Ok(text.lines().filter(|line| !line.is_empty()).skip(1).map(name).collect())
}

/// The section of the page.
pub(super) fn render(trees: &[Tree]) -> String {
    let mut out = String::from(
        "\n## What each package brings along\n\n\
         Crates that are compiled into a program on Linux, as `cargo tree` counts them; crates for tests, for building and macros are not among them.\n\n\
         | package | of this workspace | of others | of others, every feature |\n|---|--:|--:|--:|\n",
    );
    for tree in trees {
        let _infallible =
            writeln!(out, "| `{}` | {} | {} | {} |", tree.package, tree.ours, tree.others, tree.all_features);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_leaf_brings_no_crate_of_ours() {
        let trees = count(&build::root()).expect("cargo counts");
        let of = |name: &str| trees.iter().find(|tree| tree.package == name).expect("it is there");
        assert_eq!((of("wf-registry").ours, of("wf-registry").others), (0, 0));
        assert_eq!((of("wf-arena").ours, of("wf-arena").others), (0, 1));
        assert!(of("wf-engine").ours >= 6);
        assert!(render(&trees).contains("| `wf-registry` | 0 | 0 | 0 |"));
    }
}
