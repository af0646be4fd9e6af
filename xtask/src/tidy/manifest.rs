//! Manifests: inherited metadata, lints, a README, and no bench harness where there is no bench.

use std::path::Path;

use toml::{Table, Value};
use wf_gate::GateError;

use super::{Fault, files, read};

/// Keys that every member takes from the workspace.
const INHERITED: [&str; 4] = ["version", "edition", "rust-version", "license"];

pub(super) fn check(root: &Path) -> Result<Vec<Fault>, GateError> {
    let mut faults = Vec::new();
    for path in members(root)? {
        let text = read(&path)?;
        match text.parse::<Table>() {
            Ok(table) => {
                faults.extend(member(&path, &table));
                if is_published(&table) {
                    faults.extend(licences(root, path.parent().unwrap_or(root))?);
                }
            }
            Err(error) => faults.push(Fault::new(&path, 0, error.message().to_owned())),
        }
    }
    Ok(faults)
}

pub(super) fn is_published(table: &Table) -> bool {
    let package = table.get("package").and_then(Value::as_table);
    package.and_then(|package| package.get("publish")) != Some(&Value::Boolean(false))
}

/// A package holds the texts of its licences, and the same as the repository's: links would not survive every checkout.
fn licences(root: &Path, folder: &Path) -> Result<Vec<Fault>, GateError> {
    let mut faults = Vec::new();
    for name in ["LICENSE-MIT", "LICENSE-APACHE"] {
        let path = folder.join(name);
        if !path.is_file() || read(&path)? != read(&root.join(name))? {
            faults.push(Fault::new(&path, 0, format!("not the {name} of the repository")));
        }
    }
    Ok(faults)
}

/// The manifests of the members: one level below `crates`, and the two tools.
pub(crate) fn members(root: &Path) -> Result<Vec<std::path::PathBuf>, GateError> {
    let crates = root.join("crates");
    let mut paths = files(&crates, &["Cargo.toml"])?;
    paths.retain(|path| path.strip_prefix(&crates).is_ok_and(|inner| inner.components().count() == 2));
    paths.extend([root.join("benches/Cargo.toml"), root.join("xtask/Cargo.toml")]);
    Ok(paths)
}

fn member(path: &Path, table: &Table) -> Vec<Fault> {
    let mut faults = Vec::new();
    let mut fault = |message: String| faults.push(Fault::new(path, 0, message));
    let empty = Table::new();
    let package = table.get("package").and_then(Value::as_table).unwrap_or(&empty);
    let inherits = |value: Option<&Value>| {
        value.and_then(Value::as_table).and_then(|t| t.get("workspace")).and_then(Value::as_bool)
            == Some(true)
    };
    for key in INHERITED {
        if !inherits(package.get(key)) {
            fault(format!("{key}.workspace = true is missing"));
        }
    }
    if table.get("lints").and_then(Value::as_table).and_then(|t| t.get("workspace"))
        != Some(&Value::Boolean(true))
    {
        fault("[lints] workspace = true is missing".into());
    }
    if package.get("description").and_then(Value::as_str).is_none_or(str::is_empty) {
        fault("description is missing".into());
    }
    if is_published(table) {
        if package.get("documentation").and_then(Value::as_str).is_none_or(str::is_empty) {
            fault("documentation is missing".into());
        }
        for key in ["keywords", "categories"] {
            let count = package.get(key).and_then(Value::as_array).map_or(0, Vec::len);
            if !(1..=5).contains(&count) && !inherits(package.get(key)) {
                fault(format!("{key}: one to five, there are {count}"));
            }
        }
    }
    let folder = path.parent().unwrap_or(path);
    let readme = package.get("readme").and_then(Value::as_str).unwrap_or("README.md");
    if !folder.join(readme).is_file() {
        fault(format!("{readme} does not exist"));
    }
    let no_bench = |target: &Value| target.get("bench") == Some(&Value::Boolean(false));
    if folder.join("src/lib.rs").is_file() && !table.get("lib").is_some_and(no_bench) {
        fault("[lib] bench = false is missing: its test harness would take the bench's arguments".into());
    }
    let bins = table.get("bin").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    for bin in bins.iter().filter(|bin| !no_bench(bin)) {
        fault(format!(
            "bin {}: bench = false is missing",
            bin.get("name").and_then(Value::as_str).unwrap_or("?")
        ));
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_manifest_has_every_fault() {
        let messages: Vec<String> =
            member(Path::new("/nowhere/Cargo.toml"), &Table::new()).into_iter().map(|f| f.message).collect();
        for part in
            ["version", "edition", "rust-version", "license", "lints", "description", "keywords", "README.md"]
        {
            assert!(messages.iter().any(|m| m.contains(part)), "{part} in {messages:?}");
        }
    }
}
