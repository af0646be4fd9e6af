//! `cargo xtask record`: runs the main job and puts what it printed, with the machine, into the README.
//!
//! The recorded text stands in `docs/records/` and between two marks in the README; `tidy` holds them equal, so that no
//! number gets into the README by hand.

use std::path::Path;
use std::process::Stdio;

use wf_gate::machine::Machine;
use wf_gate::{Exit, GateError};

use crate::gate::print;
use crate::{Outcome, build};

/// Where the record of the main job stands, from the root.
pub(crate) const MAIN_JOB: &str = "docs/records/main-job.txt";

const COMMAND: [&str; 5] = ["wf", "run", "models/order-fulfilment.bpmn", "--cases", "1000000"];

pub(crate) fn run() -> Outcome {
    let root = build::root();
    let failed =
        |message: String| GateError::Child { command: format!("cargo {}", COMMAND.join(" ")), message };
    let done = build::cargo(&root)
        .args(COMMAND)
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| GateError::io("starting cargo", error))?;
    if !done.status.success() {
        return Err(failed(done.status.to_string()));
    }
    let machine = Machine::look();
    let record = format!(
        "$ cargo {}\n{}\n({}; {} cores; {}; rustc {})\n",
        COMMAND.join(" "),
        String::from_utf8_lossy(&done.stdout).trim_end(),
        machine.cpu,
        machine.cores,
        machine.isa,
        machine.rustc
    );
    let path = root.join(MAIN_JOB);
    let folder = path.parent().unwrap_or(&root);
    std::fs::create_dir_all(folder)
        .map_err(|error| GateError::io(format!("making {}", folder.display()), error))?;
    write(&path, &record)?;
    let readme = root.join("README.md");
    let text = std::fs::read_to_string(&readme)
        .map_err(|error| GateError::io(format!("reading {}", readme.display()), error))?;
    let text =
        with_record(&text, &record).ok_or_else(|| failed("README.md has no place for a record".into()))?;
    write(&readme, &text)?;
    print(&record);
    Ok(Exit::Pass)
}

fn write(path: &Path, text: &str) -> Result<(), GateError> {
    std::fs::write(path, text).map_err(|error| GateError::io(format!("writing {}", path.display()), error))
}

const BEGIN: &str = "<!-- recorded by `cargo xtask record` -->\n```text\n";
const END: &str = "```\n<!-- end of record -->";

/// The README with its record replaced; `None` if the marks are not there.
fn with_record(readme: &str, record: &str) -> Option<String> {
    let (before, rest) = readme.split_once(BEGIN)?;
    let (_, after) = rest.split_once(END)?;
    Some(format!("{before}{BEGIN}{record}{END}{after}"))
}

/// Whether the README holds this record and nothing else between its marks.
pub(crate) fn is_current(readme: &str, record: &str) -> bool {
    with_record(readme, record).is_some_and(|text| text == readme)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_replaced_whole_and_a_touched_one_is_noticed() {
        let readme = format!("a\n{BEGIN}old 1\n{END}\nb\n");
        let new = with_record(&readme, "new 2\n").expect("the marks are there");
        assert_eq!(new, format!("a\n{BEGIN}new 2\n{END}\nb\n"));
        assert!(is_current(&new, "new 2\n") && !is_current(&new, "old 1\n"));
        assert!(with_record("no marks", "x").is_none());
    }
}
