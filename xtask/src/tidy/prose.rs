//! Documents: links to files lead somewhere, a rule that is named exists, what is generated is up to date.

use std::path::Path;

use wf_gate::GateError;
use wf_gate::budgets::Budgets;

use super::{Fault, files, read};
use crate::{patterns, record};

pub(super) fn check(root: &Path) -> Result<Vec<Fault>, GateError> {
    let budgets = Budgets::load(&root.join("budgets.toml"))?;
    let rules: Vec<&str> = budgets.rules.iter().map(|rule| rule.id.as_str()).collect();
    let mut faults = Vec::new();
    let mut documents = files(&root.join("crates"), &["README.md"])?;
    documents.extend(files(&root.join("docs"), &[".md"])?);
    documents.extend(
        ["README.md", "benches/README.md", "xtask/README.md"]
            .map(|name| root.join(name))
            .into_iter()
            .filter(|p| p.is_file()),
    );
    for path in documents {
        let text = read(&path)?;
        faults.extend(dead_links(&path, &text));
        faults.extend(unknown_rules(&path, &text, &rules));
    }
    let readme = root.join("README.md");
    if !record::is_current(&read(&readme)?, &read(&root.join(record::MAIN_JOB))?) {
        let message = format!("the record is not that of {}: run `cargo xtask record`", record::MAIN_JOB);
        faults.push(Fault::new(&readme, 0, message));
    }
    let (document, table) = (root.join(patterns::DOCUMENT), patterns::table(root)?);
    if read(&document)? != table.text {
        let message = "the table is not that of the code: run `cargo xtask patterns --write`";
        faults.push(Fault::new(&document, 0, message));
    }
    faults.extend(table.missing.into_iter().map(|missing| Fault::new(&document, 0, missing)));
    Ok(faults)
}

/// Links to files that are not there.
fn dead_links(path: &Path, text: &str) -> Vec<Fault> {
    let folder = path.parent().unwrap_or(path);
    let mut faults = Vec::new();
    for (index, line) in text.lines().enumerate() {
        for part in line.split("](").skip(1) {
            let Some((target, _)) = part.split_once(')') else { continue };
            let file = target.split('#').next().unwrap_or_default();
            if file.is_empty() || target.contains("://") || target.starts_with("mailto:") {
                continue;
            }
            if !folder.join(file).exists() {
                faults.push(Fault::new(path, index + 1, format!("the link to {file} leads nowhere")));
            }
        }
    }
    faults
}

/// `rule crate.name` where no such rule stands in the budgets.
fn unknown_rules(path: &Path, text: &str, rules: &[&str]) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (index, line) in text.lines().enumerate() {
        for word in ["rule `", "budget `"] {
            for part in line.split(word).skip(1) {
                let Some((id, _)) = part.split_once('`') else { continue };
                if id.contains('.') && !id.contains(['*', ' ', '/']) && !rules.contains(&id) {
                    faults.push(Fault::new(path, index + 1, format!("budgets.toml has no rule {id}")));
                }
            }
        }
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dead_link_and_an_unknown_rule_are_found() {
        let here = Path::new(file!());
        let text = "See [a](nowhere.md), [b](https://example.org), [c](#part).\nThe rule `gate.none` and the rule `a.b`.\n";
        assert_eq!(dead_links(here, text).len(), 1);
        assert_eq!(unknown_rules(here, text, &["a.b"]).len(), 1);
    }
}
