//! `cargo xtask package`: every crate as a registry would have it, built and tested from that alone.

use std::path::Path;
use std::process::Command;

use toml::{Table, Value};
use wf_gate::{Exit, GateError};

use crate::gate::print;
use crate::tidy::manifests;
use crate::{Outcome, build};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Only pack and look at what is inside; build and test nothing.
    #[arg(long)]
    list: bool,
    /// Only build and test packages whose name contains this; may be repeated.
    #[arg(long, value_name = "TEXT")]
    only: Vec<String>,
}

/// Where packages are unpacked, below the folder of the tool's own output.
const FOLDER: &str = "target/xtask/package";

/// What every package holds besides its sources.
const INSIDE: [&str; 4] = ["Cargo.toml", "README.md", "LICENSE-MIT", "LICENSE-APACHE"];

/// A crate that is published.
struct Package {
    name: String,
    version: String,
    /// Other crates of the workspace that it needs, to run or to be tested.
    needs: Vec<String>,
}

pub(crate) fn run(arguments: &Arguments) -> Outcome {
    let root = build::root();
    let packages = in_order(published(&root)?)?;
    let folder = root.join(FOLDER);
    let failed = |error| GateError::io(format!("preparing {}", folder.display()), error);
    if folder.exists() {
        std::fs::remove_dir_all(&folder).map_err(failed)?;
    }
    std::fs::create_dir_all(&folder).map_err(failed)?;
    pack(&root, &folder, &packages)?;
    let mut faults = Vec::new();
    for package in &packages {
        faults.extend(unpack(&folder, package)?);
    }
    faults.iter().for_each(|fault| print(&format!("{fault}\n")));
    if !faults.is_empty() {
        return Ok(Exit::Breach);
    }
    print(&format!("{} packages, in the order of their dependencies\n", packages.len()));
    if arguments.list {
        return Ok(Exit::Pass);
    }
    overlay(&folder, &packages)?;
    let chosen = |package: &&Package| {
        arguments.only.is_empty() || arguments.only.iter().any(|part| package.name.contains(part.as_str()))
    };
    let mut broken = Vec::new();
    for package in packages.iter().filter(chosen) {
        print(&format!("==> {} {}: build and test from the package alone\n", package.name, package.version));
        let status = build::cargo(&folder)
            .args(["test", "--quiet", "--package", &package.name])
            .env("CARGO_TARGET_DIR", folder.join("target"))
            .status()
            .map_err(|error| GateError::io("starting cargo", error))?;
        if !status.success() {
            broken.push(package.name.as_str());
        }
    }
    if broken.is_empty() {
        print("every package builds and passes its tests from the package alone\n");
        return Ok(Exit::Pass);
    }
    print(&format!("packages that do not: {}\n", broken.join(", ")));
    Ok(Exit::Breach)
}

impl Package {
    fn folder(&self) -> String {
        format!("{}-{}", self.name, self.version)
    }
}

/// Names of the crates that may be published, each after all it needs.
pub(crate) fn names(root: &Path) -> Result<Vec<String>, GateError> {
    Ok(in_order(published(root)?)?.into_iter().map(|package| package.name).collect())
}

/// The crates that may be published, from their manifests.
fn published(root: &Path) -> Result<Vec<Package>, GateError> {
    let workspace = table(&root.join("Cargo.toml"))?;
    let version = workspace["workspace"]["package"]["version"].as_str().unwrap_or_default().to_owned();
    let mut packages = Vec::new();
    for path in manifests(root)? {
        let manifest = table(&path)?;
        let Some(package) = manifest.get("package").and_then(Value::as_table) else { continue };
        if package.get("publish") == Some(&Value::Boolean(false)) {
            continue;
        }
        let name = package.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
        let sections = ["dependencies", "dev-dependencies", "build-dependencies"];
        let tables = sections.iter().filter_map(|section| manifest.get(*section).and_then(Value::as_table));
        let needs = tables.flat_map(Table::keys).filter(|key| key.starts_with("wf-")).cloned().collect();
        packages.push(Package { name, version: version.clone(), needs });
    }
    Ok(packages)
}

/// The packages so that each comes after all it needs.
fn in_order(mut open: Vec<Package>) -> Result<Vec<Package>, GateError> {
    let mut done: Vec<Package> = Vec::new();
    while !open.is_empty() {
        let is_ready =
            |package: &Package| package.needs.iter().all(|need| done.iter().any(|d| d.name == *need));
        let Some(at) = open.iter().position(is_ready) else {
            let names: Vec<&str> = open.iter().map(|package| package.name.as_str()).collect();
            return Err(GateError::Usage(format!("no order to publish these in: {}", names.join(", "))));
        };
        done.push(open.remove(at));
    }
    Ok(done)
}

fn pack(root: &Path, folder: &Path, packages: &[Package]) -> Result<(), GateError> {
    let mut command = build::cargo(root);
    // Uncommitted work is packed as it stands: this is a check, not a release.
    command.args(["package", "--quiet", "--no-verify", "--allow-dirty"]);
    for package in packages {
        command.args(["--package", &package.name]);
    }
    command.arg("--target-dir").arg(folder);
    let status = command.status().map_err(|error| GateError::io("starting cargo", error))?;
    match status.success() {
        true => Ok(()),
        false => Err(GateError::Child { command: "cargo package".into(), message: status.to_string() }),
    }
}

/// Unpacks one package beside the others and says what it lacks.
fn unpack(folder: &Path, package: &Package) -> Result<Vec<String>, GateError> {
    let archive = folder.join("package").join(format!("{}.crate", package.folder()));
    let status = Command::new("tar")
        .arg("-xzf")
        .arg(&archive)
        .arg("-C")
        .arg(folder)
        .status()
        .map_err(|error| GateError::io("starting tar", error))?;
    if !status.success() {
        return Err(GateError::Child {
            command: format!("tar -xzf {}", archive.display()),
            message: status.to_string(),
        });
    }
    let inside = folder.join(package.folder());
    let lacks = INSIDE.iter().filter(|name| !inside.join(name).is_file());
    Ok(lacks.map(|name| format!("{}: the package has no {name}", package.name)).collect())
}

/// A workspace of the unpacked packages alone, in which each is found as it would be in a registry.
fn overlay(folder: &Path, packages: &[Package]) -> Result<(), GateError> {
    let quoted = |package: &Package| Value::String(package.folder()).to_string();
    let members: Vec<String> = packages.iter().map(quoted).collect();
    // Optimised a little: some tests do millions of steps.
    let mut text = format!(
        "[workspace]\nresolver = \"3\"\nmembers = [{}]\n\n[profile.dev]\nopt-level = 1\n\n[patch.crates-io]\n",
        members.join(", ")
    );
    for package in packages {
        text += &format!("{} = {{ path = {} }}\n", package.name, quoted(package));
    }
    let path = folder.join("Cargo.toml");
    std::fs::write(&path, text).map_err(|error| GateError::io(format!("writing {}", path.display()), error))
}

fn table(path: &Path) -> Result<Table, GateError> {
    let failed = |error| GateError::io(format!("reading {}", path.display()), error);
    let text = std::fs::read_to_string(path).map_err(failed)?;
    text.parse().map_err(|error| GateError::Usage(format!("{}: {error}", path.display())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(name: &str, needs: &[&str]) -> Package {
        let needs = needs.iter().map(|&need| need.to_owned()).collect();
        Package { name: name.into(), version: "1.0.0".into(), needs }
    }

    #[test]
    fn what_is_needed_comes_first_and_a_ring_is_an_error() {
        let order = in_order(vec![package("c", &["a", "b"]), package("b", &["a"]), package("a", &[])]);
        let names: Vec<String> = order.expect("an order").into_iter().map(|package| package.name).collect();
        assert_eq!(names, ["a", "b", "c"]);
        assert!(in_order(vec![package("a", &["b"]), package("b", &["a"])]).is_err());
    }

    #[test]
    fn the_workspace_has_an_order() {
        let order = in_order(published(&build::root()).expect("manifests")).expect("an order");
        assert_eq!(order.last().map(|package| package.name.as_str()), Some("wf-cli"));
        assert!(order.len() >= 11);
    }
}
