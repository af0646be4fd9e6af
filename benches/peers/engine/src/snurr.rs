//! snurr: runs a case straight through; there is no work item that waits.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use snurr::{Process, ProcessBuilder};
use wf_gate::Batch;

use crate::Workflow;

/// Cases in a run.
pub(crate) const CASES: u32 = 256;

#[derive(Debug, Default)]
struct Case {
    number: u32,
    rounds: AtomicU32,
    completed: AtomicU32,
}

/// It takes its decisions from functions, and refuses every flow that is not one empty element.
fn without_conditions(model: &[u8]) -> String {
    const BEGIN: &str = "<bpmn:conditionExpression";
    const END: &str = "</bpmn:sequenceFlow>";
    let text = std::str::from_utf8(model).expect("our models are UTF-8");
    let mut parts = text.split(BEGIN);
    let mut done = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let open = done.rfind('>').expect("a condition stands in its flow");
        done.replace_range(open.., " />");
        done += part.split_once(END).map_or("", |(_, after)| after);
    }
    done
}

pub(crate) struct Snurr {
    workflow: Workflow,
    process: Process<Case>,
}

impl Snurr {
    pub(crate) fn new(workflow: Workflow) -> Self {
        let path =
            std::env::temp_dir().join(format!("wf-peers-{}-{}.bpmn", std::process::id(), workflow.name()));
        std::fs::write(&path, without_conditions(workflow.model()))
            .expect("the temporary folder is writable");
        let mut builder = ProcessBuilder::<Case>::new(&path).expect("a model that it can read");
        std::fs::remove_file(&path).expect("ours");
        let tasks: &[&str] = match workflow {
            Workflow::Seq10 => &["t1", "t2", "t3", "t4", "t5", "t6", "t7", "t8", "t9", "t10"],
            Workflow::Par4 => &["b1", "b2", "b3", "b4"],
            Workflow::Xorloop => &["A", "B", "L"],
        };
        for &task in tasks {
            let is_loop = task == "L";
            builder = builder.task(task, move |case: &Case| {
                case.completed.fetch_add(1, Relaxed);
                if is_loop {
                    case.rounds.fetch_add(1, Relaxed);
                }
                Default::default()
            });
        }
        if workflow == Workflow::Xorloop {
            builder = builder
                .exclusive("A or B?", |case: &Case| if case.number.is_multiple_of(2) { "even" } else { "odd" }.into());
            builder = builder.exclusive("Again?", |case: &Case| {
                if case.rounds.load(Relaxed) < 3 { "yes" } else { "no" }.into()
            });
        }
        Self { workflow, process: builder.build().expect("every task and gateway has its function") }
    }
}

impl Batch for Snurr {
    fn run(&mut self) -> u64 {
        let mut completed = 0;
        for number in 0..CASES {
            let done = self.process.run(Case { number, ..Case::default() }).expect("a model that it can run");
            completed += u64::from(done.completed.load(Relaxed));
        }
        completed
    }

    fn expected(&mut self) -> Option<u64> {
        Some(u64::from(CASES * self.workflow.tasks()))
    }
}
