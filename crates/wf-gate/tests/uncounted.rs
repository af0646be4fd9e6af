//! A program that counts no allocations gets no first budgets: every run of its gate would be invalid.

use std::process::{Command, ExitCode};

use wf_gate::{Batch, Subject, gate_main};

struct Sum(Vec<u64>);

impl Batch for Sum {
    fn run(&mut self) -> u64 {
        self.0.iter().sum()
    }
    fn expected(&mut self) -> Option<u64> {
        Some(16_384)
    }
}

/// Where this program is the gate of a crate, rather than the test.
const FOLDER: &str = "WF_GATE_TEST_UNCOUNTED";

fn main() -> ExitCode {
    if let Some(folder) = std::env::var_os(FOLDER) {
        let sum = Subject { id: "mine.sum", ops: 16_384, make: || Box::new(Sum(vec![1; 16_384])) };
        return gate_main(&[sum], &folder.to_string_lossy());
    }
    let folder = std::env::temp_dir().join(format!("wf-gate-uncounted-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let mut gate = Command::new(std::env::current_exe().expect("this program"));
    let done = gate.arg("--init").env(FOLDER, &folder).output().expect("it starts");
    let said = String::from_utf8_lossy(&done.stderr);
    assert_eq!(done.status.code(), Some(2), "{said}");
    assert!(said.contains("allocations are not counted") && said.contains("#[global_allocator]"), "{said}");
    assert!(!folder.join("budgets.toml").exists());
    std::fs::remove_dir_all(&folder).expect("it is empty");
    ExitCode::SUCCESS
}
