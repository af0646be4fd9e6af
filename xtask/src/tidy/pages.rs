//! The first page of every published crate: what it costs, when to take something else, an example, sources, every feature.

use std::path::Path;

use toml::{Table, Value};
use wf_gate::GateError;

use super::{Fault, manifest, read};

/// What a page answers, and how its heading may begin.
const ANSWERS: [(&str, &[&str]); 4] = [
    ("when not to use it", &["When not to use it"]),
    ("what it costs", &["Cost", "What it costs"]),
    ("an example", &["Example"]),
    ("where it is from", &["Sources"]),
];

pub(super) fn check(root: &Path) -> Result<Vec<Fault>, GateError> {
    let mut faults = Vec::new();
    for path in manifest::members(root)? {
        let Ok(table) = read(&path)?.parse::<Table>() else { continue };
        if !manifest::is_published(&table) {
            continue;
        }
        let source = path.with_file_name("src");
        let is_library = source.join("lib.rs").is_file();
        let first = source.join(if is_library { "lib.rs" } else { "main.rs" });
        let features = table.get("features").and_then(Value::as_table);
        let features: Vec<&str> = features
            .into_iter()
            .flat_map(Table::keys)
            .map(String::as_str)
            .filter(|f| *f != "default")
            .collect();
        for message in lacks(&page(&read(&first)?), &features) {
            faults.push(Fault::new(&first, 0, message));
        }
        let on_docs_rs = ["package", "metadata", "docs", "rs", "all-features"];
        let found =
            on_docs_rs.iter().try_fold(&Value::Table(table.clone()), |value, key| value.get(key)).cloned();
        if found != Some(Value::Boolean(true)) {
            faults.push(Fault::new(&path, 0, "[package.metadata.docs.rs] all-features = true is missing"));
        }
    }
    Ok(faults)
}

/// The documentation of a file itself.
pub(super) fn page(text: &str) -> String {
    let lines = text.lines().filter_map(|line| line.strip_prefix("//!"));
    lines.map(|line| line.strip_prefix(' ').unwrap_or(line)).collect::<Vec<_>>().join("\n")
}

/// What a page does not say.
fn lacks(page: &str, features: &[&str]) -> Vec<String> {
    let headings: Vec<&str> = page.lines().filter_map(|line| line.strip_prefix("# ")).collect();
    let has = |begin: &str| headings.iter().any(|heading| heading.starts_with(begin));
    let mut lacks: Vec<String> = ANSWERS
        .iter()
        .filter(|(_, begins)| !begins.iter().any(|begin| has(begin)))
        .map(|(what, begins)| format!("the page does not say {what}: no heading \"{}\"", begins[0]))
        .collect();
    let example = page.split("\n# Example").nth(1).unwrap_or_default();
    if !example.split("\n# ").next().unwrap_or_default().contains("```") {
        lacks.push("the page has no code to run under its example".into());
    }
    let said = page.split("\n# Features").nth(1).unwrap_or_default();
    let said = said.split("\n# ").next().unwrap_or_default();
    let unsaid = features.iter().filter(|feature| !said.contains(&format!("`{feature}`")));
    lacks.extend(unsaid.map(|feature| format!("the page does not say what feature `{feature}` does")));
    lacks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_missing_answer_is_found() {
        let whole = "A.\n\n# When not to use it\nb\n\n# Cost\nc\n\n# Features\n`f`: d\n\n# Example\n```\n```\n\n# Sources\ne";
        assert_eq!(lacks(whole, &["f"]), Vec::<String>::new());
        assert_eq!(lacks(whole, &["f", "g"]).len(), 1);
        for part in ["# When not to use it", "# Cost", "`f`", "```\n```", "# Sources"] {
            assert_eq!(lacks(&whole.replace(part, ""), &["f"]).len(), 1, "{part}");
        }
        assert_eq!(lacks(&whole.replace("# Example", ""), &["f"]).len(), 2);
        assert_eq!(page("//! a\n//!\n//! # b\nuse c;\n"), "a\n\n# b");
    }
}
