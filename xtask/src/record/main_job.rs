//! The main job: what it printed, with the machine, in `docs/records/` and between two marks in the README.

use std::path::Path;
use std::process::Stdio;

use wf_gate::GateError;
use wf_gate::machine::Machine;

use crate::build;
use crate::gate::{print, write_files};

/// Where the record of the main job stands, from the root.
pub(crate) const FILE: &str = "docs/records/main-job.txt";

const COMMAND: [&str; 5] = ["wf", "run", "models/order-fulfilment.bpmn", "--cases", "1000000"];

pub(super) fn run(root: &Path) -> Result<(), GateError> {
    let failed =
        |message: String| GateError::Child { command: format!("cargo {}", COMMAND.join(" ")), message };
    let done = build::cargo(root)
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
    let file = Path::new(FILE);
    let name = file.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    write_files(&root.join(file.parent().unwrap_or(file)), &[(name, record.clone())])?;
    print(&record);
    Ok(())
}

const BEGIN: &str = "<!-- recorded by `cargo xtask record` -->\n```text\n";
const END: &str = "```\n<!-- end of record -->";

/// The README with its record replaced; `None` if the marks are not there.
pub(crate) fn with_record(readme: &str, record: &str) -> Option<String> {
    let (before, rest) = readme.split_once(BEGIN)?;
    let (_, after) = rest.split_once(END)?;
    Some(format!("{before}{BEGIN}{record}{END}{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_replaced_whole() {
        let readme = format!("a\n{BEGIN}old 1\n{END}\nb\n");
        let new = with_record(&readme, "new 2\n").expect("the marks are there");
        assert_eq!(new, format!("a\n{BEGIN}new 2\n{END}\nb\n"));
        assert!(with_record("no marks", "x").is_none());
    }
}
