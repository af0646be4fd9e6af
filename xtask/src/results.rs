//! The documents that are made of records and rules: the README's record and table of promises, and `docs/RESULTS.md`.

use std::collections::BTreeMap;
use std::path::Path;

use serde::de::DeserializeOwned;
use wf_gate::GateError;
use wf_gate::budgets::{Budgets, Promise};
use wf_gate::report::{Report, RuleReport};

use crate::record::memory::Memory;
use crate::record::{FOLDER, main_job};
use crate::self_test::{Campaign, Power};
use crate::steady::Steady;

mod page;
mod picture;
mod trees;

/// Where the page of results stands, from the root.
const RESULTS: &str = "docs/RESULTS.md";

/// Programs with peers that leave a report: the folder below benches/peers, the record, and what they are.
pub(crate) const PEERS: [(&str, &str, &str); 7] = [
    ("engine", "peers-engine.json", "Workflow engines, on the workflows of models/bench"),
    ("arena", "peers-system.json", "Arenas, pools and counters, with the system's allocator"),
    ("arena", "peers-jemalloc.json", "The same with jemalloc"),
    ("arena", "peers-mimalloc.json", "The same with mimalloc"),
    ("arena", "peers-v3.json", "Carving, for x86-64-v3"),
    ("simd", "peers-simd.json", "Kernels and registries"),
    ("mmap", "peers-mmap.json", "Embedded read-only stores, hash maps and loaders"),
];

/// The allocator matrix, as `bench-matrix --record` keeps it.
pub(crate) const MATRIX: &str = "matrix.md";

/// Everything that is recorded.
struct Records {
    gate: Option<Report>,
    peers: Vec<(&'static str, &'static str, Report)>,
    matrix: Option<String>,
    self_test: Option<Campaign>,
    power: Option<Power>,
    steady: Option<Steady>,
    memory: Option<Memory>,
}

impl Records {
    fn load(root: &Path) -> Result<Self, GateError> {
        let folder = root.join(FOLDER);
        let mut peers = Vec::new();
        for (group, file, what) in PEERS {
            peers.extend(json(&folder.join(file))?.map(|report| (group, what, report)));
        }
        Ok(Self {
            gate: json(&folder.join("gate.json"))?,
            peers,
            matrix: text(&folder.join(MATRIX))?,
            self_test: json(&folder.join("self-test.json"))?,
            power: json(&folder.join("power.json"))?,
            steady: json(&folder.join("steady.json"))?,
            memory: json(&folder.join("memory.json"))?,
        })
    }

    /// The rules that stand for a promise, each with what was recorded of it.
    fn of<'r>(&'r self, promise: &'r Promise) -> Vec<(&'r str, Option<&'r RuleReport>)> {
        let own =
            promise.rules.iter().map(|id| (id.as_str(), self.gate.as_ref().and_then(|gate| rule(gate, id))));
        let elsewhere = promise.elsewhere.iter().map(|name| {
            let (folder, id) = name.split_once(':').unwrap_or(("", name));
            let found = self.peers.iter().filter(|(group, ..)| *group == folder);
            (id, found.filter_map(|(.., report)| rule(report, id)).next())
        });
        own.chain(elsewhere).collect()
    }
}

fn rule<'r>(report: &'r Report, id: &str) -> Option<&'r RuleReport> {
    report.rules.iter().find(|rule| rule.id == id)
}

fn text(path: &Path) -> Result<Option<String>, GateError> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(GateError::io(format!("reading {}", path.display()), error)),
    }
}

fn json<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, GateError> {
    let Some(text) = text(path)? else { return Ok(None) };
    serde_json::from_str(&text)
        .map(Some)
        .map_err(|error| GateError::Usage(format!("{}: {error}", path.display())))
}

/// Makes the documents again.
pub(crate) fn write_documents(root: &Path) -> Result<(), GateError> {
    for (path, text) in documents(root)? {
        let path = root.join(path);
        std::fs::write(&path, text)
            .map_err(|error| GateError::io(format!("writing {}", path.display()), error))?;
    }
    Ok(())
}

/// Every document that is made, by its path from the root, as it must be.
pub(crate) fn documents(root: &Path) -> Result<BTreeMap<&'static str, String>, GateError> {
    let budgets = Budgets::load(&root.join("budgets.toml"))?;
    let records = Records::load(root)?;
    let missing = |what: &str| GateError::Usage(format!("README.md has no place for {what}"));
    let mut readme = text(&root.join("README.md"))?.ok_or_else(|| missing("anything: it is not there"))?;
    if let Some(record) = text(&root.join(main_job::FILE))? {
        readme = main_job::with_record(&readme, &record).ok_or_else(|| missing("a record"))?;
    }
    let code = text(&root.join(EMBED))?.ok_or_else(|| missing("code: the example is not there"))?;
    readme = with_code(&readme, &code).ok_or_else(|| missing("code"))?;
    readme = with_promises(&readme, &promises(&budgets)).ok_or_else(|| missing("the promises"))?;
    let page = page::render(&budgets, &records) + &trees::render(&trees::count(root)?);
    let mut made = BTreeMap::from([("README.md", readme), (RESULTS, page)]);
    made.extend(picture::draw(&records).map(|picture| (picture::FILE, picture)));
    Ok(made)
}

const BEGIN: &str = "<!-- promises: made from budgets.toml by `cargo xtask record documents` -->\n";
const END: &str = "<!-- end of promises -->";

/// The program that the README shows, from the root.
const EMBED: &str = "benches/examples/embed.rs";

const CODE: (&str, &str) =
    ("<!-- code: benches/examples/embed.rs -->\n```rust,no_run\n", "```\n<!-- end of code -->");

/// The README with its program replaced by that of the example, which is run; without what is said about the file.
fn with_code(readme: &str, code: &str) -> Option<String> {
    let (before, rest) = readme.split_once(CODE.0)?;
    let (_, after) = rest.split_once(CODE.1)?;
    let shown = &code[code.find("\nuse ")? + 1..];
    Some(format!("{before}{}{shown}{}{after}", CODE.0, CODE.1))
}

/// The README with its table of promises replaced; `None` if the marks are not there.
fn with_promises(readme: &str, table: &str) -> Option<String> {
    let (before, rest) = readme.split_once(BEGIN)?;
    let (_, after) = rest.split_once(END)?;
    Some(format!("{before}{BEGIN}{table}{END}{after}"))
}

/// What is promised, with the bounds that the rules check.
fn promises(budgets: &Budgets) -> String {
    let mut out = String::from("| promise | of | checked as |\n|---|---|---|\n");
    for promise in &budgets.promises {
        let mut checks: Vec<String> = promise
            .rules
            .iter()
            .filter_map(|id| budgets.rules.iter().find(|rule| rule.id == *id))
            .map(|rule| {
                let waived = if budgets.waiver(&rule.id).is_some() { " (not reached yet)" } else { "" };
                format!("`{}`: {}{waived}", rule.id, rule.promise())
            })
            .collect();
        checks.extend(promise.elsewhere.iter().map(|name| {
            let (folder, id) = name.split_once(':').unwrap_or(("", name));
            format!("`{id}` of `benches/peers/{folder}`")
        }));
        out += &format!("| {} | {} | {} |\n", promise.text, promise.source, checks.join("; "));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const BUDGETS: &str = "schema = 1\n[[rule]]\nid='x.a'\nsubject='x.a'\nmetric='allocs_per_op'\nkind='exact'\nmax=0\ntier='ci'\n\
                           why='w'\n[[promise]]\ntext='No heap'\nsource='us'\nrules=['x.a']\nelsewhere=['arena:y.b']\n";

    #[test]
    fn the_table_is_replaced_whole_and_names_every_rule() {
        let budgets = Budgets::parse("b.toml", BUDGETS).expect("it holds together");
        let table = promises(&budgets);
        assert!(
            table.contains("| No heap | us | `x.a`: allocs_per_op <= 0; `y.b` of `benches/peers/arena` |"),
            "{table}"
        );
        let readme = format!("a\n{BEGIN}old\n{END}\nb\n");
        assert_eq!(with_promises(&readme, &table), Some(format!("a\n{BEGIN}{table}{END}\nb\n")));
        assert_eq!(with_promises("no marks", &table), None);
        let readme = format!("a\n{}old\n{}\nb\n", CODE.0, CODE.1);
        let new = with_code(&readme, "//! Said.\n\nuse x;\n").expect("the marks are there");
        assert_eq!(new, format!("a\n{}use x;\n{}\nb\n", CODE.0, CODE.1));
    }

    #[test]
    fn what_is_not_recorded_is_said_and_never_made_up() {
        let budgets = Budgets::parse("b.toml", BUDGETS).expect("it holds together");
        let none = Records {
            gate: None,
            peers: Vec::new(),
            matrix: None,
            self_test: None,
            power: None,
            steady: None,
            memory: None,
        };
        let page = page::render(&budgets, &none);
        assert!(page.contains("| No heap | `x.a` | `<= 0` | not recorded | |"), "{page}");
    }
}
