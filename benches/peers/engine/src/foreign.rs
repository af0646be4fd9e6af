//! Engines in another language: a child process that runs as many cases as it is told.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use wf_gate::Batch;

use crate::Workflow;

/// Cases in a run: one of each parity.
pub(crate) const CASES: u32 = 2;

pub(crate) struct Python {
    workflow: Workflow,
    child: Child,
    to: Option<ChildStdin>,
    from: BufReader<ChildStdout>,
}

impl Python {
    /// Starts a driver; the interpreter is `WF_PEERS_PYTHON`, or else `python3`.
    pub(crate) fn new(driver: &str, workflow: Workflow) -> Self {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/drivers");
        let models = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../models/bench");
        let python = std::env::var_os("WF_PEERS_PYTHON").unwrap_or_else(|| "python3".into());
        let mut child = Command::new(&python)
            .arg(format!("{folder}/{driver}"))
            .args([models, workflow.name()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{} cannot be started: {error}", python.display()));
        let (to, from) = (child.stdin.take(), child.stdout.take().expect("piped"));
        Self { workflow, child, to, from: BufReader::new(from) }
    }
}

impl Batch for Python {
    fn run(&mut self) -> u64 {
        let to = self.to.as_mut().expect("open until the end");
        writeln!(to, "{CASES}").expect("the driver reads; what it says of itself stands above");
        let mut answer = String::new();
        self.from.read_line(&mut answer).expect("the driver answers");
        answer.trim().parse().expect("the driver answers with a number; what it says of itself stands above")
    }

    fn expected(&mut self) -> Option<u64> {
        Some(u64::from(CASES * self.workflow.tasks()))
    }
}

impl Drop for Python {
    fn drop(&mut self) {
        // The driver ends with its input.
        drop(self.to.take());
        let _ended = self.child.wait();
    }
}
