//! Crates of others: each that a manifest names has its line, with a reason, among the decisions.

use std::path::Path;

use toml::{Table, Value};
use wf_gate::GateError;

use super::{Fault, manifest, read};

/// Where the reasons stand.
const DOCUMENT: &str = "docs/DECISIONS.md";

/// The heading above them.
const HEADING: &str = "## 9. Third-party crates";

pub(super) fn check(root: &Path) -> Result<Vec<Fault>, GateError> {
    let text = read(&root.join(DOCUMENT))?;
    let known = known(&text);
    let mut faults = Vec::new();
    for path in manifest::members(root)? {
        let Ok(table) = read(&path)?.parse::<Table>() else { continue };
        for name in named(&table) {
            if !name.starts_with("wf-") && !known.contains(&name) {
                faults.push(Fault::new(&path, 0, format!("{name} has no line in {DOCUMENT}, \"{HEADING}\"")));
            }
        }
    }
    if known.is_empty() {
        faults.push(Fault::new(&root.join(DOCUMENT), 0, format!("\"{HEADING}\" has no table")));
    }
    Ok(faults)
}

/// The crates in the first column of the table.
fn known(text: &str) -> Vec<String> {
    let section = text.split(HEADING).nth(1).unwrap_or_default().split("\n## ").next().unwrap_or_default();
    let rows = section.lines().filter_map(|line| line.strip_prefix('|')).skip(2);
    let cells = rows.filter_map(|row| row.split('|').next());
    cells.flat_map(|cell| cell.split(',')).map(|name| name.trim().to_owned()).collect()
}

/// Every crate that a manifest names, in any section and for any target.
fn named(table: &Table) -> Vec<String> {
    let sections = ["dependencies", "dev-dependencies", "build-dependencies"];
    let mut names: Vec<String> = sections
        .iter()
        .filter_map(|section| table.get(*section).and_then(Value::as_table))
        .flat_map(Table::keys)
        .cloned()
        .collect();
    let targets = table.get("target").and_then(Value::as_table);
    for target in targets.into_iter().flat_map(Table::values).filter_map(Value::as_table) {
        names.extend(named(target));
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_from_both_sides() {
        let text =
            format!("{HEADING}\n\n| crate | for |\n|---|---|\n| a, b-c | x |\n\n## 10. y\n| d | e |\n");
        assert_eq!(known(&text), ["a", "b-c"]);
        let manifest = "[dependencies]\na = \"1\"\n[target.'cfg(unix)'.dev-dependencies]\nb = \"1\"\n";
        assert_eq!(named(&manifest.parse().expect("a manifest")), ["a", "b"]);
    }
}
