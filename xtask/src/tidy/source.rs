//! Sources: one noun a file, opened by a sentence, no longer than people read; unsafe only where it is allowed.

use std::path::Path;

use wf_gate::GateError;

use super::{Fault, files, read};

/// A file past this, tests aside, is two nouns.
const LINES_MAX: usize = 500;

/// Names that say nothing.
const NAMES: [&str; 6] = ["utils.rs", "util.rs", "common.rs", "helpers.rs", "types.rs", "misc.rs"];

/// What the first file of a crate must say about unsafe code.
const UNSAFE: [(&str, &str); 6] = [
    ("crates/wf-net/src/lib.rs", "#![forbid(unsafe_code)]"),
    ("crates/wf-bpmn/src/lib.rs", "#![forbid(unsafe_code)]"),
    ("crates/wf-engine/src/lib.rs", "#![forbid(unsafe_code)]"),
    ("crates/wf-cli/src/main.rs", "#![forbid(unsafe_code)]"),
    ("xtask/src/main.rs", "#![forbid(unsafe_code)]"),
    ("crates/wf-gate/src/lib.rs", "#![deny(unsafe_code)]"),
];

/// The two modules of wf-gate that may lift its denial.
const LIFTED: [&str; 2] = ["crates/wf-gate/src/clock.rs", "crates/wf-gate/src/child.rs"];

/// Text that no file may hold, put together so that this file does not hold it.
fn forbidden() -> [(String, &'static str); 4] {
    [
        (["TO", "DO"].concat(), "finish it or leave it out"),
        (["FIX", "ME"].concat(), "finish it or leave it out"),
        (["for", "now"].join(" "), "say how it is"),
        (["assert!(", "true)"].concat(), "an assertion that cannot fail proves nothing"),
    ]
}

pub(super) fn check(root: &Path) -> Result<Vec<Fault>, GateError> {
    let mut faults = Vec::new();
    let forbidden = forbidden();
    for folder in ["crates", "benches", "xtask"] {
        for path in files(&root.join(folder), &[".rs"])? {
            // Other projects' engines beside ours are a workspace of their own.
            if path.starts_with(root.join("benches/peers")) {
                continue;
            }
            let text = read(&path)?;
            faults.extend(shape(&path, &text));
            for (index, line) in text.lines().enumerate() {
                for (word, advice) in &forbidden {
                    if line.contains(word.as_str()) {
                        faults.push(Fault::new(&path, index + 1, format!("\"{word}\": {advice}")));
                    }
                }
            }
        }
    }
    for (file, attribute) in UNSAFE {
        let path = root.join(file);
        if !read(&path)?.lines().any(|line| line.trim() == attribute) {
            faults.push(Fault::new(&path, 0, format!("{attribute} is missing")));
        }
    }
    for path in files(&root.join("crates/wf-gate/src"), &[".rs"])? {
        let lifts = read(&path)?.contains("allow(unsafe_code");
        if lifts && !LIFTED.iter().any(|allowed| path == root.join(allowed)) {
            faults.push(Fault::new(&path, 0, "only the clock and the child module may allow unsafe code"));
        }
    }
    Ok(faults)
}

/// Length, opening sentence and name of a file.
fn shape(path: &Path, text: &str) -> Vec<Fault> {
    let mut faults = Vec::new();
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    if NAMES.contains(&name.as_ref()) {
        faults.push(Fault::new(path, 0, "named by no concept of the field"));
    }
    let lines = text.lines().take_while(|line| line.trim_end() != "#[cfg(test)]").count();
    let is_test = path.components().any(|part| part.as_os_str() == "tests");
    if lines > LINES_MAX && !is_test {
        faults.push(Fault::new(
            path,
            0,
            format!("{lines} lines without tests; {LINES_MAX} is the most: split it"),
        ));
    }
    if !text.starts_with("//!") {
        faults.push(Fault::new(path, 1, "the file does not open with a //! sentence"));
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_nameless_file_without_a_sentence_has_three_faults() {
        let faults = shape(Path::new("src/utils.rs"), &"fn f() {}\n".repeat(LINES_MAX + 1));
        assert_eq!(faults.len(), 3, "{faults:?}");
    }

    #[test]
    fn tests_do_not_count_as_length() {
        let text = format!("//! A noun.\n#[cfg(test)]\nmod tests {{\n{}}}\n", "\n".repeat(LINES_MAX));
        assert_eq!(shape(Path::new("src/noun.rs"), &text), []);
    }
}
