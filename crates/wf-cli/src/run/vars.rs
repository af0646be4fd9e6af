//! `--vars`: the values with which cases start.

mod csv;
mod json;

use std::collections::BTreeSet;
use std::fmt;
use std::path::Path;

use wf_engine::Value;
use wf_engine::play::Rows;
use wf_net::Names;

use crate::exit::Failure;
use crate::model::Compiled;
use crate::say::complain;

/// Why a file has no rows, and where.
#[derive(Debug)]
struct Fault {
    line: usize,
    column: usize,
    reason: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.line, self.column, self.reason)
    }
}

/// Rows while they are read.
struct Table<'n> {
    variables: &'n [String],
    /// The values of the row that is being read, by variable.
    row: Vec<(u16, Value)>,
    is_set: Vec<bool>,
    rows: Rows,
    /// Which variables some row has.
    seen: BTreeSet<usize>,
    /// Names that no condition asks for.
    ignored: BTreeSet<String>,
}

impl<'n> Table<'n> {
    fn new(variables: &'n [String]) -> Self {
        Self {
            variables,
            row: (0..variables.len() as u16).map(|variable| (variable, Value::Null)).collect(),
            is_set: vec![false; variables.len()],
            rows: Rows::new(variables.len()),
            seen: BTreeSet::new(),
            ignored: BTreeSet::new(),
        }
    }

    /// The variable of this name; one that no condition asks for is noted.
    fn variable(&mut self, name: &str) -> Option<usize> {
        let found = self.variables.iter().position(|variable| variable == name);
        if found.is_none() && !self.ignored.contains(name) {
            self.ignored.insert(name.to_owned());
        }
        found
    }

    /// Gives a variable its value in this row.
    fn set(&mut self, variable: usize, value: Value) -> Result<(), String> {
        if core::mem::replace(&mut self.is_set[variable], true) {
            return Err(format!("`{}` has two values in this row", self.variables[variable]));
        }
        if !value.is_storable() {
            return Err("a decimal beyond 64 bits".to_owned());
        }
        self.seen.insert(variable);
        self.row[variable].1 = value;
        Ok(())
    }

    /// The row is complete.
    fn next(&mut self) {
        self.rows.push(&self.row);
        self.row.iter_mut().for_each(|(_, value)| *value = Value::Null);
        self.is_set.fill(false);
    }
}

/// Reads a file of rows for a program; says once what of it counts for nothing, and what is missing in it.
pub(super) fn read(path: &Path, names: &Names, all: &[&Compiled]) -> Result<Rows, Failure> {
    let bytes = std::fs::read(path).map_err(|error| Failure::file("read", path, error))?;
    let fault = |fault: Fault| Failure::Io(format!("{}:{fault}", path.display()));
    let text = core::str::from_utf8(&bytes).map_err(|error| {
        let before = &bytes[..error.valid_up_to()];
        let line = before.iter().filter(|&&byte| byte == b'\n').count() + 1;
        let begin = before.iter().rposition(|&byte| byte == b'\n').map_or(0, |at| at + 1);
        let column = String::from_utf8_lossy(&before[begin..]).chars().count() + 1;
        fault(Fault { line, column, reason: "a byte that is not UTF-8".to_owned() })
    })?;
    let text = text.strip_prefix('\u{FEFF}').unwrap_or(text);
    let mut table = Table::new(&names.variables);
    let is_csv = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("csv"));
    let read = match text.trim_start().as_bytes().first() {
        Some(b'[') if !is_csv => json::array(text, &mut table),
        Some(b'{') if !is_csv => json::lines(text, &mut table),
        _ => csv::read(text, &mut table),
    };
    read.map_err(fault)?;
    if table.rows.is_empty() {
        return Err(fault(Fault { line: 1, column: 1, reason: "there is no row".to_owned() }));
    }
    note(path, &table, all);
    Ok(table.rows)
}

fn note(path: &Path, table: &Table<'_>, all: &[&Compiled]) {
    // What a called process asks for comes from a variable of the same name, which its caller has to have.
    let what = if all.len() > 1 { "the process" } else { "the model" };
    if !table.ignored.is_empty() {
        let names: Vec<&str> = table.ignored.iter().map(String::as_str).collect();
        complain(format_args!(
            "note: {}: no condition of {what} asks for {}",
            path.display(),
            names.join(", ")
        ));
    }
    let missing = table.variables.iter().enumerate().filter(|(at, _)| !table.seen.contains(at));
    let missing: Vec<&str> = missing.map(|(_, name)| name.as_str()).collect();
    if !missing.is_empty() {
        complain(format_args!(
            "note: {}: conditions ask for {}, which no row has",
            path.display(),
            missing.join(", ")
        ));
    }
}
