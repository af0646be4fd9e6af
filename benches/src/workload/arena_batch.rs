//! The same batches of instances in an arena: one scope per batch, nothing freed singly.

use std::fmt::Write as _;

use wf_arena::{Arena, Scope};
use wf_gate::Random;

use super::heap_batch::BATCH;
use super::{Load, Work, Workload};

pub(super) fn workload() -> Workload {
    Workload { name: "arena-batch", operation: "instance", operations: 50_000, threads_min: 1, prepare }
}

/// A case as an object graph of the scope's memory.
struct Instance<'s> {
    name: &'s str,
    tasks: &'s [&'s Task<'s>],
    variables: &'s [(&'s str, u64)],
}

struct Task<'s> {
    name: &'s str,
    payload: &'s [u8],
}

impl<'s> Instance<'s> {
    /// Draws the same numbers in the same order as its twin on the heap.
    fn start(number: u64, random: &mut Random, scope: &Scope<'s>) -> Self {
        let count = 3 + random.below(6);
        let mut tasks = scope.vec(count as usize);
        for task in 0..count {
            let payload = scope.alloc_slice_fill(16 + random.below(200) as usize, task as u8);
            tasks.push(&*scope.alloc(Task { name: text(scope, 8, format_args!("task-{task}")), payload }));
        }
        let count = 2 + random.below(3);
        let mut variables = scope.vec(count as usize);
        for variable in 0..count {
            variables.push((text(scope, 12, format_args!("variable-{variable}")), random.below(1_000)));
        }
        let name = text(scope, 16, format_args!("case-{number:08}"));
        Self { name, tasks: tasks.into_slice(), variables: variables.into_slice() }
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

fn text<'s>(scope: &Scope<'s>, capacity: usize, words: std::fmt::Arguments<'_>) -> &'s str {
    let mut text = scope.string(capacity);
    text.write_fmt(words).expect("the arena's string grows");
    text.into_str()
}

fn prepare(load: &Load) -> Work {
    let load = *load;
    Box::new(move || run(&load))
}

fn run(load: &Load) -> u64 {
    load.in_threads(|thread| {
        let mut random = Random::new(load.seed ^ (thread << 32));
        let mut arena = Arena::new();
        let mut answer = 0_u64;
        let mut left = load.operations;
        while left > 0 {
            let now = left.min(BATCH);
            let scope = arena.scope();
            let mut batch = scope.vec(now as usize);
            for number in 0..now {
                batch.push(Instance::start(number, &mut random, &scope));
            }
            answer = batch.into_slice().iter().map(|i| i.complete()).fold(answer, u64::wrapping_add);
            left -= now;
        }
        answer
    })
}
