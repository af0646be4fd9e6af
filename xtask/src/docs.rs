//! `cargo xtask docs`: every document and the pages of every crate as one site of plain files.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use wf_gate::{Exit, GateError};

use crate::gate::print;
use crate::{Outcome, build, tidy};

pub(crate) mod markdown;
mod page;

use markdown::Markdown;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Folder of the site [default: target/xtask/docs].
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Leaves the pages of the crates out, which take a build.
    #[arg(long)]
    no_api: bool,
}

/// Where the pages that rustdoc makes stand in the site.
const API: &str = "api";

pub(crate) fn run(arguments: &Arguments) -> Outcome {
    let root = build::root();
    let out = arguments.out.clone().unwrap_or_else(|| root.join("target/xtask/docs"));
    let documents = documents(&root)?;
    let mut others: BTreeMap<PathBuf, PathBuf> = BTreeMap::new();
    for path in &documents {
        let text = read(&root.join(path))?;
        let markdown = Markdown::new(&text);
        let resolve = |target: &str| {
            let (link, other) = link(&root, path, target, &documents);
            others.extend(other.map(|other| (other.clone(), other)));
            link
        };
        let body = markdown.to_html(resolve);
        let html = page::page(path, &markdown, &body, &documents);
        write(&out.join(site_path(path)), html.as_bytes())?;
    }
    for path in others.keys() {
        let bytes = std::fs::read(root.join(path)).map_err(|error| failed("reading", path, error))?;
        write(&out.join(path), &bytes)?;
    }
    write(&out.join("style.css"), page::STYLE.as_bytes())?;
    if !arguments.no_api {
        api(&root, &out.join(API))?;
    }
    print(&format!("{} pages: {}\n", documents.len(), out.join("index.html").display()));
    Ok(Exit::Pass)
}

/// Every document of the repository, by its path from the root, in the order of reading.
pub(crate) fn documents(root: &Path) -> Result<Vec<PathBuf>, GateError> {
    let mut found: Vec<PathBuf> =
        page::ORDER.iter().map(PathBuf::from).filter(|path| root.join(path).is_file()).collect();
    let mut others = tidy::files(&root.join("docs"), &[".md"])?;
    others.extend(tidy::files(&root.join("crates"), &["README.md"])?);
    for name in ["models/README.md", "benches/README.md", "xtask/README.md"] {
        others.push(root.join(name));
    }
    for path in others {
        let path = path.strip_prefix(root).unwrap_or(&path).to_path_buf();
        let is_record = path.starts_with("docs/records");
        if !is_record && !found.contains(&path) && root.join(&path).is_file() {
            found.push(path);
        }
    }
    Ok(found)
}

/// The page of a document.
fn site_path(document: &Path) -> PathBuf {
    if document == Path::new("README.md") {
        PathBuf::from("index.html")
    } else {
        document.with_extension("html")
    }
}

/// The way from the page of one document to another file of the site.
fn way(from: &Path, to: &Path) -> String {
    let up = "../".repeat(from.components().count().saturating_sub(1));
    up + &to.to_string_lossy()
}

/// A link of a document as it is in the site, and the file that the site then needs besides its pages.
fn link(root: &Path, from: &Path, target: &str, documents: &[PathBuf]) -> (String, Option<PathBuf>) {
    if target.contains("://") || target.starts_with('#') || target.starts_with("mailto:") {
        return (target.to_owned(), None);
    }
    let (file, anchor) = target.split_once('#').map_or((target, None), |(file, part)| (file, Some(part)));
    let anchor = anchor.map(|part| format!("#{part}")).unwrap_or_default();
    let Some(path) = resolved(root, from, file) else { return (target.to_owned(), None) };
    let path = if root.join(&path).is_dir() { path.join("README.md") } else { path };
    if documents.contains(&path) {
        return (way(from, &site_path(&path)) + &anchor, None);
    }
    // What is no document is shown as it is, if it is a file.
    let other = root.join(&path).is_file().then(|| path.clone());
    (way(from, &path) + &anchor, other)
}

/// The file that a link names, from the root; `None` if it leads out of the repository.
pub(crate) fn resolved(root: &Path, from: &Path, file: &str) -> Option<PathBuf> {
    let mut path = from.parent().unwrap_or(Path::new("")).to_path_buf();
    for part in Path::new(file).components() {
        match part {
            std::path::Component::ParentDir => {
                if !path.pop() {
                    return None;
                }
            }
            std::path::Component::CurDir => {}
            std::path::Component::Normal(part) => path.push(part),
            _ => return None,
        }
    }
    root.join(&path).exists().then_some(path)
}

/// The pages of the crates, as rustdoc makes them.
fn api(root: &Path, out: &Path) -> Result<(), GateError> {
    let built = out.with_file_name("api-build");
    let mut command = build::cargo(root);
    command.args(["doc", "--quiet", "--workspace", "--exclude", "xtask", "--all-features", "--no-deps"]);
    let status = command
        .arg("--target-dir")
        .arg(&built)
        .status()
        .map_err(|error| GateError::io("starting cargo", error))?;
    if !status.success() {
        return Err(GateError::Child { command: "cargo doc".into(), message: status.to_string() });
    }
    if out.exists() {
        std::fs::remove_dir_all(out).map_err(|error| failed("removing", out, error))?;
    }
    std::fs::rename(built.join("doc"), out).map_err(|error| failed("moving", out, error))
}

fn read(path: &Path) -> Result<String, GateError> {
    std::fs::read_to_string(path).map_err(|error| failed("reading", path, error))
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), GateError> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(|error| failed("making", folder, error))?;
    }
    std::fs::write(path, bytes).map_err(|error| failed("writing", path, error))
}

fn failed(doing: &str, path: &Path, error: std::io::Error) -> GateError {
    GateError::io(format!("{doing} {}", path.display()), error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_lead_to_pages_and_to_files_as_they_are() {
        let root = build::root();
        let documents = documents(&root).expect("documents");
        let of = |from: &str, target: &str| link(&root, Path::new(from), target, &documents);
        assert_eq!(of("README.md", "docs/ARCHITECTURE.md#code-map").0, "docs/ARCHITECTURE.html#code-map");
        assert_eq!(of("docs/ARCHITECTURE.md", "../README.md").0, "../index.html");
        assert_eq!(of("README.md", "crates/wf-simd").0, "crates/wf-simd/README.html");
        let budgets = PathBuf::from("budgets.toml");
        assert_eq!(of("docs/DECISIONS.md", "../budgets.toml"), ("../budgets.toml".into(), Some(budgets)));
        assert_eq!(of("README.md", "https://example.org/a").0, "https://example.org/a");
    }

    #[test]
    fn every_document_is_a_page_once() {
        let documents = documents(&build::root()).expect("documents");
        let mut pages: Vec<PathBuf> = documents.iter().map(|path| site_path(path)).collect();
        pages.sort();
        pages.dedup();
        assert_eq!(pages.len(), documents.len());
        assert!(pages.len() > 15);
    }
}
