//! The table of promised names: what stands beside each is public in its crate, and its rule is one.

use std::path::Path;

use wf_gate::GateError;
use wf_gate::budgets::Budgets;

use super::{Fault, files, read};

/// Where the table stands.
const DOCUMENT: &str = "docs/MEMORY_OPTIMIZATION.md";

const BEGIN: &str = "<!-- names:";
const END: &str = "<!-- end of names -->";

/// How a public item begins.
const ITEMS: [&str; 8] = ["struct", "enum", "trait", "type", "fn", "const fn", "const", "const unsafe fn"];

pub(super) fn check(root: &Path) -> Result<Vec<Fault>, GateError> {
    let path = root.join(DOCUMENT);
    let text = read(&path)?;
    let rows = rows(&text);
    let mut faults = Vec::new();
    if rows.is_empty() {
        faults.push(Fault::new(&path, 0, "the table of names is not there"));
    }
    for (line, cells) in rows {
        let [_, name, package, rule] = cells.as_slice() else {
            faults.push(Fault::new(&path, line, "a row has four cells"));
            continue;
        };
        let (name, package) = (quoted(name), quoted(package));
        if !is_public(root, package, name)? {
            faults.push(Fault::new(&path, line, format!("{package} has no public {name}")));
        }
        let id = quoted(rule);
        if !is_rule(root, id, rule)? {
            faults.push(Fault::new(&path, line, format!("no budgets have a rule {id}")));
        }
    }
    Ok(faults)
}

/// The rows of the table below its head, with their lines.
fn rows(text: &str) -> Vec<(usize, Vec<&str>)> {
    let lines = text.lines().enumerate().skip_while(|(_, line)| !line.starts_with(BEGIN));
    let table = lines.take_while(|(_, line)| *line != END).filter(|(_, line)| line.starts_with('|'));
    // Head and rule of the table.
    table
        .skip(2)
        .map(|(index, line)| (index + 1, line.trim_matches('|').split('|').map(str::trim).collect()))
        .collect()
}

/// What stands between the first two backticks; nothing where there are none.
fn quoted(cell: &str) -> &str {
    cell.split('`').nth(1).unwrap_or_default()
}

fn is_public(root: &Path, package: &str, name: &str) -> Result<bool, GateError> {
    let folder = root.join("crates").join(package).join("src");
    if name.is_empty() || !folder.is_dir() {
        return Ok(false);
    }
    for path in files(&folder, &[".rs"])? {
        if read(&path)?.lines().any(|line| declares(line, name)) {
            return Ok(true);
        }
    }
    Ok(false)
}

fn declares(line: &str, name: &str) -> bool {
    let Some(rest) = line.trim_start().strip_prefix("pub ") else { return false };
    ITEMS.iter().any(|item| {
        let after = rest.strip_prefix(item).and_then(|rest| rest.trim_start().strip_prefix(name));
        after.is_some_and(|after| !after.starts_with(|c: char| c.is_alphanumeric() || c == '_'))
    })
}

fn is_rule(root: &Path, id: &str, cell: &str) -> Result<bool, GateError> {
    let peers = cell.split('`').nth(3).filter(|folder| folder.starts_with("benches/peers/"));
    let budgets = match peers {
        Some(folder) => files(&root.join(folder), &["budgets.toml"])?,
        None => vec![root.join("budgets.toml")],
    };
    for path in budgets {
        if Budgets::load(&path)?.rules.iter().any(|rule| rule.id == id) {
            return Ok(true);
        }
    }
    Ok(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_and_declarations_are_read() {
        let text = format!("| no |\n{BEGIN} x -->\n| a | b |\n|---|---|\n| `c` | d |\n{END}\n| no |\n");
        assert_eq!(rows(&text), [(5, vec!["`c`", "d"])]);
        assert_eq!(quoted("`c` of `d`"), "c");
        for (line, is) in [
            ("pub struct Arena<T> {", true),
            ("    pub const fn Arena()", true),
            ("pub fn Arena[T: Lane](", true),
            ("pub struct ArenaPool;", false),
            ("pub(crate) struct Arena;", false),
            ("struct Arena;", false),
        ] {
            assert_eq!(declares(line, "Arena"), is, "{line}");
        }
    }

    #[test]
    fn what_is_not_there_is_found() {
        let root = crate::build::root();
        assert_eq!(is_public(&root, "wf-arena", "ArenaPool").ok(), Some(true));
        assert_eq!(is_public(&root, "wf-arena", "Nothing").ok(), Some(false));
        assert_eq!(is_public(&root, "wf-nothing", "ArenaPool").ok(), Some(false));
        assert_eq!(is_rule(&root, "none.such", "`none.such`").ok(), Some(false));
    }
}
