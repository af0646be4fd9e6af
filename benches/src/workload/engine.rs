//! The engine's main job: cases of the comparison workflows, completed in seeded random order until all have ended.

use wf_engine::play::{PlayOptions, play};

use super::{Load, Work, Workload};
use crate::subjects::engine::engine;

/// Cases that live at once in the churn: they fit a core's cache, and new ones take their lines all the time.
const CHURN_LIVE: u64 = 256;

/// All cases live at once, as `wf run` plays them.
pub(super) fn main_job() -> Workload {
    Workload {
        name: "engine-main",
        operation: "case",
        operations: 60_000,
        threads_min: 1,
        prepare: |load| prepare(load, u64::MAX),
    }
}

/// Few live at once and many short ones follow each other.
pub(super) fn churn() -> Workload {
    Workload {
        name: "engine-churn",
        operation: "case",
        operations: 60_000,
        threads_min: 1,
        prepare: |load| prepare(load, CHURN_LIVE * load.threads as u64),
    }
}

/// Compiling the models and opening the store is not the job.
fn prepare(load: &Load, live: u64) -> Work {
    let load = *load;
    let engine = engine();
    Box::new(move || {
        let cases = load.operations * load.threads as u64;
        let programs: Vec<_> = engine.programs().map(|(program, _)| program).collect();
        let share = (cases / programs.len() as u64).max(1);
        let options = PlayOptions {
            cases: share,
            live: live.min(share),
            threads: load.threads,
            seed: load.seed,
            ..PlayOptions::default()
        };
        programs.iter().fold(0_u64, |answer, &program| {
            let played = play(&engine, program, &options, |_| ()).expect("options within their range");
            let total = &played.total;
            let tasks =
                total.tasks.iter().fold(0_u64, |sum, &count| sum.wrapping_mul(31).wrapping_add(count));
            answer
                .wrapping_mul(31)
                .wrapping_add(total.completions ^ (total.completed << 32))
                .wrapping_add(tasks)
        })
    })
}
