//! Which crate may name which, in any dependency section.

use std::path::{Path, PathBuf};

use serde_json::Value;
use wf_gate::GateError;

use super::Fault;
use crate::build;

/// Crates that own one optimization each and know nobody.
const LEAVES: [&str; 6] = ["wf-alloc", "wf-arena", "wf-simd", "wf-aligned", "wf-mmap", "wf-registry"];

/// Crates of this workspace that a crate may name; `None` for a crate that no rule knows.
fn allowed(name: &str) -> Option<Vec<&'static str>> {
    Some(match name {
        leaf if LEAVES.contains(&leaf) => vec![],
        "wf-net" => vec![],
        "wf-bpmn" => vec!["wf-net"],
        "wf-gate" => vec!["wf-alloc"],
        "wf-engine" => [LEAVES.as_slice(), &["wf-net"]].concat(),
        // Stores are reached through the engine.
        "wf-cli" => vec!["wf-alloc", "wf-net", "wf-bpmn", "wf-engine", "wf-gate"],
        "wf-benches" => [LEAVES.as_slice(), &["wf-net", "wf-bpmn", "wf-engine", "wf-gate"]].concat(),
        "xtask" => vec!["wf-gate", "wf-net"],
        _ => return None,
    })
}

pub(super) fn check(root: &Path) -> Result<Vec<Fault>, GateError> {
    let done = build::cargo(root)
        .args(["metadata", "--no-deps", "--format-version", "1"])
        .output()
        .map_err(|error| GateError::io("starting cargo", error))?;
    let failed = |message: String| GateError::Child { command: "cargo metadata".into(), message };
    if !done.status.success() {
        return Err(failed(String::from_utf8_lossy(&done.stderr).trim().to_owned()));
    }
    let metadata: Value = serde_json::from_slice(&done.stdout).map_err(|error| failed(error.to_string()))?;
    Ok(faults(&metadata))
}

fn faults(metadata: &Value) -> Vec<Fault> {
    let empty = Vec::new();
    let packages = metadata["packages"].as_array().unwrap_or(&empty);
    let ours = |name: &str| packages.iter().any(|package| package["name"] == name);
    let mut faults = Vec::new();
    for package in packages {
        let name = package["name"].as_str().unwrap_or_default();
        let path = PathBuf::from(package["manifest_path"].as_str().unwrap_or_default());
        let Some(may) = allowed(name) else {
            faults.push(Fault::new(
                &path,
                0,
                format!("no rule says what {name} may depend on; add one in xtask"),
            ));
            continue;
        };
        for dependency in package["dependencies"].as_array().unwrap_or(&empty) {
            let other = dependency["name"].as_str().unwrap_or_default();
            let kind = dependency["kind"].as_str().unwrap_or("normal");
            if ours(other) && !may.contains(&other) {
                faults.push(Fault::new(
                    &path,
                    0,
                    format!("{name} must not name {other} ({kind} dependency)"),
                ));
            }
            if name == "wf-benches" && !ours(other) && kind != "dev" {
                faults.push(Fault::new(
                    &path,
                    0,
                    format!("wf-benches depends on wf crates only, not on {other}"),
                ));
            }
        }
    }
    faults
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn package(name: &str, dependencies: &[(&str, Option<&str>)]) -> Value {
        let dependencies: Vec<Value> =
            dependencies.iter().map(|(name, kind)| json!({ "name": name, "kind": kind })).collect();
        json!({ "name": name, "manifest_path": format!("/{name}"), "dependencies": dependencies })
    }

    #[test]
    fn a_leaf_names_nobody_not_even_in_tests() {
        let metadata = json!({ "packages": [
            package("wf-arena", &[("bumpalo", None), ("wf-alloc", Some("dev"))]),
            package("wf-alloc", &[]),
            package("wf-engine", &[("wf-arena", None), ("wf-net", None)]),
            package("wf-net", &[]),
        ]});
        let messages: Vec<String> = faults(&metadata).into_iter().map(|f| f.message).collect();
        assert_eq!(messages, ["wf-arena must not name wf-alloc (dev dependency)"]);
    }

    #[test]
    fn the_cli_reaches_stores_through_the_engine_and_unknown_crates_are_refused() {
        let metadata = json!({ "packages": [
            package("wf-cli", &[("wf-mmap", None)]),
            package("wf-mmap", &[]),
            package("wf-utils", &[]),
            package("wf-benches", &[("serde", None), ("criterion", Some("dev"))]),
        ]});
        let messages: Vec<String> = faults(&metadata).into_iter().map(|f| f.message).collect();
        assert_eq!(messages.len(), 3, "{messages:?}");
    }
}
