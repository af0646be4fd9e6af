//! `cargo xtask examples`: runs every example of every crate; each checks its own answers.

use std::path::Path;

use wf_gate::{Exit, GateError};

use crate::gate::print;
use crate::{Outcome, build, tidy};

/// Examples that are told what to read.
const ARGUMENTS: [(&str, &str); 1] = [("explain", "models/order-fulfilment.bpmn")];

pub(crate) fn run() -> Outcome {
    let root = build::root();
    let examples = list(&root)?;
    let mut failed = Vec::new();
    for (package, example) in &examples {
        print(&format!("==> {package}: {example}\n"));
        let mut command = build::cargo(&root);
        command.args(["run", "--quiet", "--package", package, "--example", example]);
        if let Some((_, argument)) = ARGUMENTS.iter().find(|(name, _)| name == example) {
            command.args(["--", argument]);
        }
        let status = command.status().map_err(|error| GateError::io("starting cargo", error))?;
        if !status.success() {
            failed.push(example.as_str());
        }
    }
    if failed.is_empty() {
        print(&format!("{} examples ran\n", examples.len()));
        return Ok(Exit::Pass);
    }
    print(&format!("examples that failed: {}\n", failed.join(", ")));
    Ok(Exit::Breach)
}

/// Each example by its package and its name.
fn list(root: &Path) -> Result<Vec<(String, String)>, GateError> {
    let mut found = Vec::new();
    for manifest in tidy::manifests(root)? {
        let Some(folder) = manifest.parent() else { continue };
        let examples = folder.join("examples");
        if !examples.is_dir() {
            continue;
        }
        let name = folder.file_name().unwrap_or_default().to_string_lossy();
        let package = if name.starts_with("wf-") { name.into_owned() } else { format!("wf-{name}") };
        let failed = |error| GateError::io(format!("reading {}", examples.display()), error);
        for entry in std::fs::read_dir(&examples).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
                found.push((package.clone(), name));
            }
        }
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_leaf_and_the_engine_have_an_example() {
        let found = list(&build::root()).expect("folders");
        for package in [
            "wf-alloc",
            "wf-arena",
            "wf-simd",
            "wf-aligned",
            "wf-mmap",
            "wf-registry",
            "wf-bpmn",
            "wf-engine",
        ] {
            assert!(found.iter().any(|(of, _)| of == package), "{package}: {found:?}");
        }
    }
}
