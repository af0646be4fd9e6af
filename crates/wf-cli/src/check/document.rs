//! What was checked as one JSON document, whose members stay as they are: `wf help check` lists them.

use std::path::PathBuf;

use serde_json::{Value, json};
use wf_bpmn::{Element, Position};

use super::soundness::{Examined, Said};
use crate::facts::Facts;
use crate::model::{Model, NOTHING_RUNS, Problem};

/// Grows when a member is taken away or gets another meaning.
const FORMAT: u32 = 1;

/// Everything that `wf check` found out.
pub(super) struct Document<'c> {
    pub(super) models: &'c [(PathBuf, Model)],
    pub(super) unread: &'c [(PathBuf, String)],
    pub(super) good: usize,
    pub(super) refused: usize,
}

impl Document<'_> {
    pub(super) fn to_json(&self) -> Value {
        let unread = |(path, message): &(PathBuf, String)| json!({ "file": path.display().to_string(), "message": message });
        json!({
            "format": FORMAT,
            "compiled": self.good,
            "refused": self.refused,
            "unread": self.unread.iter().map(unread).collect::<Vec<_>>(),
            "models": self.models.iter().map(model).collect::<Vec<_>>(),
        })
    }
}

fn model((path, model): &(PathBuf, Model)) -> Value {
    let (mut warnings, mut processes) = (Vec::new(), Vec::new());
    for compiled in &model.compiled {
        let examined = Examined::of(compiled);
        warnings.extend(examined.said.iter().map(|said| warning(&compiled.process.id, said)));
        let mut process = Facts::of(compiled).to_json();
        process["states"] = json!({ "visited": examined.states, "all": examined.is_decided });
        processes.push(process);
    }
    json!({
        "file": path.display().to_string(),
        "problems": model.problems.iter().map(problem).collect::<Vec<_>>(),
        "warnings": warnings,
        "processes": processes,
        "black_boxes": model.black_boxes,
    })
}

/// A problem, as every command prints it.
pub(crate) fn problem(problem: &Problem) -> Value {
    match &problem.error {
        Some(error) => {
            let element = error.element.as_deref();
            place(&error.code(), &error.kind.to_string(), error.position, problem.process.as_deref(), element)
        }
        None => place("model.nothing-runs", NOTHING_RUNS, Position::START, None, None),
    }
}

fn warning(process: &str, said: &Said) -> Value {
    place(&said.code, &said.message, said.element.position, Some(process), Some(&said.element))
}

fn place(code: &str, message: &str, at: Position, process: Option<&str>, element: Option<&Element>) -> Value {
    let element =
        element.map(|element| json!({ "kind": element.kind, "id": element.id, "name": element.name }));
    json!({
        "code": code,
        "message": message,
        "line": at.line,
        "column": at.column,
        "process": process,
        "element": element,
    })
}
