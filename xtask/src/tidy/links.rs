//! Links of documents: to files and headings of the repository that are there.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use wf_gate::GateError;

use super::{Fault, read};
use crate::docs::markdown::Markdown;
use crate::docs::{documents, resolved};

pub(super) fn check(root: &Path) -> Result<Vec<Fault>, GateError> {
    let mut texts = HashMap::new();
    let documents = documents(root)?;
    for path in &documents {
        texts.insert(path.clone(), read(&root.join(path))?);
    }
    let anchors: HashMap<PathBuf, Vec<String>> = texts
        .iter()
        .map(|(path, text)| {
            (path.clone(), Markdown::new(text).headings().into_iter().map(|(_, a)| a).collect())
        })
        .collect();
    let mut faults = Vec::new();
    for path in &documents {
        for (line, target) in Markdown::new(&texts[path]).links() {
            if let Some(message) = wrong(root, path, &target, &anchors) {
                faults.push(Fault::new(&root.join(path), line, message));
            }
        }
    }
    Ok(faults)
}

/// What is wrong with a link, if anything is. Other sites are not asked: a check needs no network.
fn wrong(root: &Path, from: &Path, target: &str, anchors: &HashMap<PathBuf, Vec<String>>) -> Option<String> {
    if target.starts_with("https://") || target.starts_with("mailto:") {
        return None;
    }
    if target.contains("://") {
        return Some(format!("{target}: another site is linked by https"));
    }
    let (file, anchor) = target.split_once('#').map_or((target, None), |(file, part)| (file, Some(part)));
    let path = if file.is_empty() { Some(from.to_path_buf()) } else { resolved(root, from, file) };
    let Some(path) = path else { return Some(format!("the link to {file} leads nowhere")) };
    let anchor = anchor?;
    match anchors.get(&path) {
        Some(known) if known.iter().any(|known| known == anchor) => None,
        Some(_) => Some(format!("{} has no heading #{anchor}", path.display())),
        None => Some(format!("{target}: only documents have headings")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_leads_nowhere_is_found() {
        let root = crate::build::root();
        let here = PathBuf::from("README.md");
        let anchors = HashMap::from([(here.clone(), vec!["part".to_owned()])]);
        for (target, is_wrong) in [
            ("nowhere.md", true),
            ("docs/../nowhere.md", true),
            ("../../../etc", true),
            ("crates/wf-simd", false),
            ("#part", false),
            ("#other", true),
            ("README.md#part", false),
            ("budgets.toml#part", true),
            ("https://example.org", false),
            ("http://example.org", true),
        ] {
            assert_eq!(wrong(&root, &here, target, &anchors).is_some(), is_wrong, "{target}");
        }
    }
}
