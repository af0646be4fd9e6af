//! The rules of the repository as checks: `cargo xtask tidy`, and the same as tests.

use std::fmt;
use std::path::{Path, PathBuf};

use wf_gate::{Exit, GateError};

use crate::gate::print;
use crate::{Outcome, build};

mod graph;
mod links;
mod manifest;
mod names;
mod pages;
mod prose;
mod reasons;
mod source;

pub(crate) use manifest::members as manifests;

/// A rule that is broken, and where.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Fault {
    path: PathBuf,
    /// From 1; 0 for the whole file.
    line: usize,
    message: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "{}: {}", self.path.display(), self.message),
            line => write!(f, "{}:{line}: {}", self.path.display(), self.message),
        }
    }
}

impl Fault {
    fn new(path: &Path, line: usize, message: impl Into<String>) -> Self {
        Self { path: path.into(), line, message: message.into() }
    }
}

/// A check over the repository at a root.
type Check = fn(&Path) -> Result<Vec<Fault>, GateError>;

/// Every check with its name.
const CHECKS: [(&str, Check); 8] = [
    ("dependencies point one way", graph::check),
    ("manifests are complete", manifest::check),
    ("sources keep the style", source::check),
    ("documents keep their word", prose::check),
    ("links lead somewhere", links::check),
    ("promised names are there", names::check),
    ("crates say what they cost", pages::check),
    ("crates of others have reasons", reasons::check),
];

pub(crate) fn run() -> Outcome {
    let root = build::root();
    let mut total = 0;
    for (name, check) in CHECKS {
        let mut faults = check(&root)?;
        faults.sort();
        faults.dedup();
        print(&format!(
            "{name}: {}\n",
            if faults.is_empty() { "ok".into() } else { format!("{} faults", faults.len()) }
        ));
        for fault in &faults {
            print(&format!("  {}\n", Fault { path: relative(&root, &fault.path), ..fault.clone() }));
        }
        total += faults.len();
    }
    Ok(if total == 0 { Exit::Pass } else { Exit::Breach })
}

fn relative(root: &Path, path: &Path) -> PathBuf {
    path.strip_prefix(root).unwrap_or(path).to_path_buf()
}

/// Every file below `dir` with one of the endings, without build output and hidden folders.
pub(crate) fn files(dir: &Path, endings: &[&str]) -> Result<Vec<PathBuf>, GateError> {
    let mut found = Vec::new();
    let mut open = vec![dir.to_path_buf()];
    while let Some(dir) = open.pop() {
        let failed = |error| GateError::io(format!("reading {}", dir.display()), error);
        for entry in std::fs::read_dir(&dir).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if path.is_dir() {
                if name != "target" && !name.starts_with('.') {
                    open.push(path);
                }
            } else if endings.iter().any(|ending| name.ends_with(ending)) {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

fn read(path: &Path) -> Result<String, GateError> {
    std::fs::read_to_string(path).map_err(|error| GateError::io(format!("reading {}", path.display()), error))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assert_clean(check: Check) {
        let faults = check(&build::root()).expect("the check itself works");
        let listed: Vec<String> = faults.iter().map(ToString::to_string).collect();
        assert!(faults.is_empty(), "\n{}", listed.join("\n"));
    }

    #[test]
    fn dependencies_point_one_way() {
        assert_clean(graph::check);
    }

    #[test]
    fn manifests_are_complete() {
        assert_clean(manifest::check);
    }

    #[test]
    fn sources_keep_the_style() {
        assert_clean(source::check);
    }

    #[test]
    fn links_lead_somewhere() {
        assert_clean(links::check);
    }

    #[test]
    fn promised_names_are_there() {
        assert_clean(names::check);
    }

    #[test]
    fn crates_say_what_they_cost() {
        assert_clean(pages::check);
    }

    #[test]
    fn crates_of_others_have_reasons() {
        assert_clean(reasons::check);
    }

    #[test]
    fn documents_keep_their_word() {
        assert_clean(prose::check);
    }
}
