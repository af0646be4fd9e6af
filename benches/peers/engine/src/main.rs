//! Workflow engines on the same three workflows as ours, paired in one process.
//!
//! `cargo run --release` checks the rules in `budgets.toml` beside this package's manifest. An operation is one completed
//! task, starts, ends and the driver's own work included. Engines in Python are a child process each, told over a pipe how
//! many cases to run; the pipe's cost is theirs, and is a thousandth of what they take.

mod foreign;
mod ours;
mod snurr;

use wf_gate::Subject;

#[global_allocator]
static HEAP: wf_gate::Counting<wf_gate::System> = wf_gate::Counting::new(wf_gate::System);

/// The three workflows: their text, and how many tasks a case completes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Workflow {
    /// Ten tasks, one after the other.
    Seq10,
    /// Four tasks at once, and a join.
    Par4,
    /// A or B by the parity of the case, then a task three times round a loop.
    Xorloop,
}

impl Workflow {
    const fn name(self) -> &'static str {
        match self {
            Self::Seq10 => "seq10",
            Self::Par4 => "par4",
            Self::Xorloop => "xorloop",
        }
    }

    const fn model(self) -> &'static [u8] {
        match self {
            Self::Seq10 => include_bytes!("../../../../models/bench/seq10.bpmn"),
            Self::Par4 => include_bytes!("../../../../models/bench/par4.bpmn"),
            Self::Xorloop => include_bytes!("../../../../models/bench/xorloop.bpmn"),
        }
    }

    /// Tasks that a case completes.
    const fn tasks(self) -> u32 {
        match self {
            Self::Seq10 => 10,
            Self::Par4 | Self::Xorloop => 4,
        }
    }
}

/// The subjects of one engine on the three workflows.
macro_rules! on_every_workflow {
    ($engine:literal, $cases:expr, $new:expr) => {
        [
            Subject {
                id: concat!("engine.seq10", $engine),
                ops: $cases * Workflow::Seq10.tasks(),
                make: || Box::new($new(Workflow::Seq10)),
            },
            Subject {
                id: concat!("engine.par4", $engine),
                ops: $cases * Workflow::Par4.tasks(),
                make: || Box::new($new(Workflow::Par4)),
            },
            Subject {
                id: concat!("engine.xorloop", $engine),
                ops: $cases * Workflow::Xorloop.tasks(),
                make: || Box::new($new(Workflow::Xorloop)),
            },
        ]
    };
}

fn main() -> std::process::ExitCode {
    let all = [
        on_every_workflow!("", ours::CASES, ours::Ours::new),
        on_every_workflow!("_snurr", snurr::CASES, snurr::Snurr::new),
        on_every_workflow!("_pm4py", foreign::CASES, |workflow| foreign::Python::new(
            "pm4py_game.py",
            workflow
        )),
        on_every_workflow!("_spiff", foreign::CASES, |workflow| foreign::Python::new("spiff.py", workflow)),
    ];
    wf_gate::gate_main(all.as_flattened(), env!("CARGO_MANIFEST_DIR"))
}
