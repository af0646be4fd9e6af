//! What a live case holds, here and in an engine that keeps cases too: `docs/records/memory.json`.

use std::path::Path;
use std::process::Command;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use wf_gate::GateError;
use wf_gate::machine::Machine;

use crate::gate::print;
use crate::{build, peers};

/// The workflows that are compared.
pub(crate) const WORKFLOWS: [&str; 3] = ["seq10", "par4", "xorloop"];

/// Live cases of ours: all at once.
const CASES: u32 = 1_000_000;

/// Live cases of an engine in Python, of which each takes kilobytes.
const CASES_PYTHON: u32 = 2_000;

/// The record.
#[derive(Serialize, Deserialize)]
pub(crate) struct Memory {
    pub(crate) machine: Machine,
    pub(crate) commit: Option<String>,
    pub(crate) held: Vec<Held>,
}

/// What one engine holds for a live case of one workflow.
#[derive(Serialize, Deserialize)]
pub(crate) struct Held {
    pub(crate) engine: String,
    pub(crate) workflow: String,
    pub(crate) cases: u32,
    pub(crate) bytes_per_case: f64,
}

pub(super) fn measure(root: &Path) -> Result<Memory, GateError> {
    let mut held = Vec::new();
    let python = peers::Python::look(root);
    for workflow in WORKFLOWS {
        let mut ours = build::cargo(root);
        let model = format!("models/bench/{workflow}.bpmn");
        ours.args(["wf", "run", &model, "--json", "--cases", &CASES.to_string()]);
        held.push(one(ours, "wf", workflow, CASES)?);
        if !python.has.contains(&"spiff") {
            print("SKIPPED: memory of SpiffWorkflow: not installed; `cargo xtask peers --list` says how\n");
            continue;
        }
        let mut theirs = Command::new(&python.interpreter);
        theirs.current_dir(root).arg("benches/peers/engine/drivers/spiff_memory.py");
        theirs.args(["models/bench", workflow, &CASES_PYTHON.to_string()]);
        held.push(one(theirs, "SpiffWorkflow", workflow, CASES_PYTHON)?);
    }
    Ok(Memory { machine: Machine::look(), commit: build::commit(root), held })
}

fn one(mut command: Command, engine: &str, workflow: &str, cases: u32) -> Result<Held, GateError> {
    let failed = |message: String| GateError::Child { command: format!("{engine} {workflow}"), message };
    let done = command.output().map_err(|error| GateError::io(format!("starting {engine}"), error))?;
    if !done.status.success() {
        return Err(failed(String::from_utf8_lossy(&done.stderr).into_owned()));
    }
    let answer: Value = serde_json::from_slice(&done.stdout).map_err(|error| failed(error.to_string()))?;
    let bytes = answer["bytes_per_case"].as_f64().ok_or_else(|| failed("no bytes_per_case".into()))?;
    if answer["live_cases_peak"].as_u64().is_some_and(|live| live != u64::from(cases)) {
        return Err(failed(format!("not all of {cases} cases lived at once")));
    }
    let engine = match answer["version"].as_str() {
        Some(version) => format!("{engine} {version}"),
        None => engine.to_owned(),
    };
    print(&format!("{engine}, {workflow}: {bytes:.1} bytes a live case\n"));
    Ok(Held { engine, workflow: workflow.into(), cases, bytes_per_case: bytes })
}
