//! Batches of workflow instances as an engine without arenas holds them: every instance, task and variable on the heap.

use wf_gate::Random;

use super::{Load, Work, Workload};

/// Instances that live at once: the size that the promise of 80 % fewer allocations was made for.
pub(super) const BATCH: u64 = 1_000;

pub(super) fn workload() -> Workload {
    Workload { name: "heap-batch", operation: "instance", operations: 50_000, threads_min: 1, prepare }
}

/// A case as an object graph.
struct Instance {
    name: String,
    #[allow(clippy::vec_box, reason = "one allocation per task is what such an engine does")]
    tasks: Vec<Box<Task>>,
    variables: Vec<(String, u64)>,
}

struct Task {
    name: String,
    payload: Vec<u8>,
}

impl Instance {
    fn start(number: u64, random: &mut Random) -> Self {
        let tasks = (0..3 + random.below(6))
            .map(|task| {
                let payload = vec![task as u8; 16 + random.below(200) as usize];
                Box::new(Task { name: format!("task-{task}"), payload })
            })
            .collect();
        let variables =
            (0..2 + random.below(3)).map(|v| (format!("variable-{v}"), random.below(1_000))).collect();
        Self { name: format!("case-{number:08}"), tasks, variables }
    }

    /// Reads everything once, as completing its tasks would.
    fn complete(&self) -> u64 {
        let tasks: u64 = self
            .tasks
            .iter()
            .map(|t| t.name.len() as u64 + t.payload.iter().map(|&b| u64::from(b)).sum::<u64>())
            .sum();
        let variables: u64 = self.variables.iter().map(|(name, value)| name.len() as u64 * value).sum();
        self.name.len() as u64 + tasks + variables
    }
}

fn prepare(load: &Load) -> Work {
    let load = *load;
    Box::new(move || run(&load))
}

fn run(load: &Load) -> u64 {
    load.in_threads(|thread| {
        let mut random = Random::new(load.seed ^ (thread << 32));
        let mut answer = 0_u64;
        let mut left = load.operations;
        while left > 0 {
            let now = left.min(BATCH);
            let batch: Vec<Instance> = (0..now).map(|n| Instance::start(n, &mut random)).collect();
            answer = batch.iter().map(Instance::complete).fold(answer, u64::wrapping_add);
            left -= now;
        }
        answer
    })
}
