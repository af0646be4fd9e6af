//! Documents: a rule that is named exists, what is generated is up to date, every block of code is proved by something, and no
//! number is there by hand.

use std::path::Path;

use wf_gate::GateError;
use wf_gate::budgets::Budgets;

use super::{Fault, files, read};
use crate::docs::documents;
use crate::{blocks, patterns, record, results};

pub(super) fn check(root: &Path) -> Result<Vec<Fault>, GateError> {
    let budgets = Budgets::load(&root.join("budgets.toml"))?;
    let rules: Vec<&str> = budgets.rules.iter().map(|rule| rule.id.as_str()).collect();
    let mut faults = Vec::new();
    for path in documents(root)? {
        let path = root.join(path);
        let text = read(&path)?;
        faults.extend(unknown_rules(&path, &text, &rules));
        // Decisions are the record of measurements that chose between designs; each names what repeats it.
        let is_record = path.starts_with(root.join(record::FOLDER)) || path.ends_with("RESULTS.md");
        // The log of changes says what changed for whom when, and is not kept true.
        if !path.ends_with("DECISIONS.md") && !path.ends_with("CHANGELOG.md") && !is_record {
            faults.extend(numbers_by_hand(&path, &text, &rules));
        }
        faults.extend(praise(&path, &text));
    }
    for path in files(&root.join("crates"), &["lib.rs", "wf-cli/src/main.rs"])? {
        let text = read(&path)?;
        let page: Vec<&str> =
            text.lines().map(|line| line.strip_prefix("//!").map_or("", str::trim_start)).collect();
        let page = page.join("\n");
        faults.extend(numbers_by_hand(&path, &page, &rules));
        faults.extend(praise(&path, &page));
    }
    let path = root.join("budgets.toml");
    for promise in &budgets.promises {
        faults.extend(praise(&path, &promise.text).into_iter().map(|fault| Fault { line: 0, ..fault }));
    }
    for (path, line, message) in blocks::faults(root)? {
        faults.push(Fault::new(&root.join(path), line, message));
    }
    faults.extend(peers_of_promises(root, &budgets)?);
    for (path, made) in results::documents(root)? {
        let path = root.join(path);
        if !path.is_file() || read(&path)? != made {
            let message = "not what records and budgets.toml make of it: run `cargo xtask record documents`";
            faults.push(Fault::new(&path, 0, message));
        }
    }
    let (document, table) = (root.join(patterns::DOCUMENT), patterns::table(root)?);
    if read(&document)? != table.text {
        let message = "the table is not that of the code: run `cargo xtask patterns --write`";
        faults.push(Fault::new(&document, 0, message));
    }
    faults.extend(table.missing.into_iter().map(|missing| Fault::new(&document, 0, missing)));
    Ok(faults)
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

/// Words in whose place a number, or nothing, says more.
const PRAISE: [&str; 22] = [
    "advanced",
    "blazing",
    "blazingly",
    "effortless",
    "elegant",
    "enterprise",
    "extremely",
    "highly",
    "incredibly",
    "lightweight",
    "lightning",
    "modern",
    "negligible",
    "next to nothing",
    "powerful",
    "real-world",
    "robust",
    "seamless",
    "simply",
    "state-of-the-art",
    "ultra",
    "very",
];

/// Words of praise outside of code.
fn praise(path: &Path, text: &str) -> Vec<Fault> {
    let mut faults = Vec::new();
    let mut in_fence = false;
    for (index, line) in text.lines().enumerate() {
        in_fence ^= line.trim_start().starts_with("```");
        if in_fence {
            continue;
        }
        // What stands between backticks is a name.
        let words: String = line.split('`').step_by(2).collect::<Vec<_>>().join(" ").to_lowercase();
        let is_edge = |c: Option<char>| !c.is_some_and(|c| c.is_alphanumeric() || c == '-');
        for praise in PRAISE {
            let stands = words.match_indices(praise).any(|(at, _)| {
                is_edge(words[..at].chars().next_back()) && is_edge(words[at + praise.len()..].chars().next())
            });
            if stands {
                faults.push(Fault::new(
                    path,
                    index + 1,
                    format!("\"{praise}\": a number says more, or nothing"),
                ));
            }
        }
    }
    faults
}

/// What makes a number one of performance, where it stands behind it.
const UNITS: [&str; 17] = [
    "ns",
    "µs",
    "us",
    "ms",
    "tick",
    "ticks",
    "cycle",
    "cycles",
    "GB/s",
    "MB/s",
    "GiB/s",
    "MiB/s",
    "x as fast",
    "times as fast",
    "times faster",
    "% faster",
    "% fewer",
];

/// Numbers of performance in paragraphs that name neither a rule nor a record.
fn numbers_by_hand(path: &Path, text: &str, rules: &[&str]) -> Vec<Fault> {
    let mut faults = Vec::new();
    let (mut in_fence, mut made) = (false, false);
    // A row of a table stands for itself.
    let mut open: Vec<(usize, String)> = Vec::new();
    let mut named = false;
    let mut close = |open: &mut Vec<(usize, String)>, named: &mut bool| {
        for (line, number) in open.drain(..).filter(|_| !*named) {
            let message = format!("{number}: a number of performance names its rule, or links to a record");
            faults.push(Fault::new(path, line, message));
        }
        *named = false;
    };
    for (index, line) in text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            in_fence = !in_fence;
        }
        if line.starts_with("<!-- end of") {
            made = false;
        } else if line.starts_with("<!-- promises") || line.starts_with("<!-- recorded") {
            made = true;
        }
        if in_fence || made {
            continue;
        }
        let row = line.trim_start().starts_with('|');
        if line.trim().is_empty() || row {
            close(&mut open, &mut named);
        }
        named |= rules.iter().any(|rule| line.contains(&format!("`{rule}`")))
            || ["budgets.toml", "RESULTS.md", "docs/records", ".*`"]
                .iter()
                .any(|record| line.contains(record));
        open.extend(performance(line).map(|number| (index + 1, number)));
        if row {
            close(&mut open, &mut named);
        }
    }
    close(&mut open, &mut named);
    faults
}

/// The first number of performance in a line, with its unit.
fn performance(line: &str) -> Option<String> {
    let mut rest = line;
    while let Some(at) = rest.find(|c: char| c.is_ascii_digit()) {
        let end = rest[at..]
            .find(|c: char| !c.is_ascii_digit() && !matches!(c, '.' | ','))
            .map_or(rest.len(), |length| at + length);
        let (number, after) = (&rest[at..end], &rest[end..]);
        let glued = rest[..at]
            .chars()
            .next_back()
            .is_some_and(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '`' | '<'));
        let after = after.strip_prefix(' ').unwrap_or(after);
        let unit = UNITS.iter().find(|unit| {
            after
                .strip_prefix(**unit)
                .is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_'))
        });
        if let (false, Some(unit)) = (glued, unit) {
            return Some(format!("{number} {unit}"));
        }
        rest = &rest[end..];
    }
    None
}

/// Promises that name a rule of the peers: it must stand in one of the budgets below their folder.
fn peers_of_promises(root: &Path, budgets: &Budgets) -> Result<Vec<Fault>, GateError> {
    let mut faults = Vec::new();
    for name in budgets.promises.iter().flat_map(|promise| &promise.elsewhere) {
        let (folder, id) = name.split_once(':').unwrap_or(("", name));
        let folder = root.join("benches/peers").join(folder);
        let mut found = false;
        if folder.is_dir() {
            for path in files(&folder, &["budgets.toml"])? {
                found |= Budgets::load(&path)?.rules.iter().any(|rule| rule.id == id);
            }
        }
        if !found {
            let message = format!("promise: no budgets below {} have a rule {id}", folder.display());
            faults.push(Fault::new(&root.join("budgets.toml"), 0, message));
        }
    }
    Ok(faults)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_rule_is_found() {
        let here = Path::new(file!());
        let text = "The rule `gate.none` and the rule `a.b`.\n";
        assert_eq!(unknown_rules(here, text, &["a.b"]).len(), 1);
    }

    #[test]
    fn praise_is_found_and_names_are_not() {
        let here = Path::new(file!());
        let text = "A Powerful engine, very.\n`ultra` every fast-modern way\n```\nhighly\n```\nIt costs next to nothing.\n";
        let lines: Vec<usize> = praise(here, text).into_iter().map(|fault| fault.line).collect();
        assert_eq!(lines, [1, 1, 6]);
    }

    #[test]
    fn a_number_by_hand_is_found_and_one_with_its_rule_is_not() {
        let here = Path::new(file!());
        for (text, faults) in [
            ("It takes 2 ns.\n", 1),
            ("It takes\n2,500 ticks a task.\n\n3 ms\n", 2),
            ("It is 3.5 times as fast.\n", 1),
            ("80 % fewer allocations\n", 1),
            ("It takes 2 ns: rule `a.b`.\n", 0),
            ("It takes 2 ns,\nas [RESULTS](docs/RESULTS.md) has it.\n", 0),
            ("| `a.b` | 2 ns |\n| c | 3 ns |\n", 1),
            ("```\n2 ns\n```\n", 0),
            ("<!-- promises: x -->\n2 ns\n<!-- end of promises -->\n", 0),
            ("64 bytes, `u64`, 2 nsec, WCP-07 x, 4,096 cases, v2 ns\n", 0),
        ] {
            let found = numbers_by_hand(here, text, &["a.b"]);
            assert_eq!(found.len(), faults, "{text}: {found:?}");
        }
    }
}
