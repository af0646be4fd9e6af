//! The frame of a page: head, navigation, body, and the one style sheet.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use super::markdown::Markdown;
use super::{API, site_path, way};

/// Documents in the order of reading; others follow.
pub(super) const ORDER: [&str; 13] = [
    "README.md",
    "docs/MEMORY_OPTIMIZATION.md",
    "docs/ARCHITECTURE.md",
    "docs/BENCHMARKING.md",
    "docs/RESULTS.md",
    "docs/PATTERNS.md",
    "docs/STORE_FORMAT.md",
    "docs/PORTABILITY.md",
    "docs/GLOSSARY.md",
    "docs/DECISIONS.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    "CHANGELOG.md",
];

/// Light and dark by the reader's own setting; no script, nothing fetched.
pub(super) const STYLE: &str = include_str!("style.css");

/// A whole page.
pub(super) fn page(document: &Path, markdown: &Markdown<'_>, body: &str, documents: &[PathBuf]) -> String {
    let title = markdown.title();
    let here = way(document, Path::new(""));
    let mut out = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{title} - wf</title>\n<link rel=\"stylesheet\" href=\"{here}style.css\">\n</head>\n<body>\n<nav>\n"
    );
    let is_crate = |path: &&PathBuf| path.starts_with("crates");
    let others = documents.iter().filter(|path| !is_crate(path));
    let parts = markdown.parts();
    list(&mut out, "Documents", document, &parts, others);
    list(&mut out, "Crates", document, &parts, documents.iter().filter(is_crate));
    let _infallible = write!(
        out,
        "<p><a href=\"{}\">Pages of the crates</a></p>\n</nav>\n<main>\n{body}</main>\n</body>\n</html>\n",
        way(document, &Path::new(API).join("wf_engine/index.html"))
    );
    out
}

/// A list of documents; the one that is shown has its parts below it.
fn list<'d>(
    out: &mut String,
    heading: &str,
    here: &Path,
    parts: &[(String, String)],
    documents: impl Iterator<Item = &'d PathBuf>,
) {
    let _infallible = writeln!(out, "<p>{heading}</p>\n<ul>");
    for path in documents {
        let current = if path == here { " aria-current=\"page\"" } else { "" };
        let target = way(here, &site_path(path));
        let _infallible = write!(out, "<li><a href=\"{target}\"{current}>{}</a>", name(path));
        if let Some(api) = api(path) {
            let _infallible = write!(out, " <a class=\"api\" href=\"{}\">api</a>", way(here, &api));
        }
        if path == here && !parts.is_empty() {
            out.push_str("<ul>");
            for (text, anchor) in parts {
                let _infallible = write!(out, "<li><a href=\"#{anchor}\">{}</a></li>", escaped(text));
            }
            out.push_str("</ul>");
        }
        out.push_str("</li>\n");
    }
    out.push_str("</ul>\n");
}

/// The page that rustdoc makes of the crate whose README this is.
fn api(document: &Path) -> Option<PathBuf> {
    let folder = document.strip_prefix("crates").ok()?.parent()?;
    // Of an example's README there is none; of the program there is that of its binary.
    let name = folder.to_str().filter(|name| !name.contains('/'))?;
    let name = if name == "wf-cli" { "wf".to_owned() } else { name.replace('-', "_") };
    Some(Path::new(API).join(name).join("index.html"))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// What a document is called in the list.
fn name(path: &Path) -> String {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let folder = path.parent().and_then(Path::file_name).map(|name| name.to_string_lossy().into_owned());
    match (&*stem, folder) {
        ("README", None) => "Overview".to_owned(),
        ("README", Some(folder)) => folder,
        (stem, _) => {
            let text = stem.replace('_', " ").to_lowercase();
            let mut letters = text.chars();
            letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_names_itself_and_the_others() {
        let documents = ["README.md", "docs/STORE_FORMAT.md", "crates/wf-net/README.md"].map(PathBuf::from);
        let html =
            page(&documents[1], &Markdown::new("# The store file\n\n## A part\n"), "<p>x</p>", &documents);
        for part in [
            "href=\"../style.css\"",
            "<a href=\"../index.html\">Overview</a>",
            "<a href=\"../docs/STORE_FORMAT.html\" aria-current=\"page\">Store format</a>",
            "<li><a href=\"#a-part\">A part</a></li>",
            "<a href=\"../crates/wf-net/README.html\">wf-net</a> <a class=\"api\" href=\"../api/wf_net/index.html\">api</a>",
            "href=\"../api/wf_engine/index.html\"",
        ] {
            assert!(html.contains(part), "{part} in {html}");
        }
        assert_eq!(api(Path::new("crates/wf-gate/examples/adopter/README.md")), None);
        assert_eq!(api(Path::new("crates/wf-cli/README.md")), Some(PathBuf::from("api/wf/index.html")));
    }
}
