//! Criterion over every subject of the workspace, for people: `cargo bench --bench memory_benchmarks -- arena`.
//!
//! The numbers here are for exploration; promises are decided by `cargo xtask gate`. A wrong answer ends the bench.

use std::cell::{OnceCell, RefCell};
use std::time::Duration;

use criterion::{BatchSize, Criterion, Throughput};
use wf_gate::{Batch, Subject};

/// As in the gate's own program: subjects that watch the heap need their calls counted.
#[global_allocator]
static HEAP: wf_gate::Counting<wf_gate::System> = wf_gate::Counting::new(wf_gate::System);

fn bench(criterion: &mut Criterion, subject: &Subject) {
    let owner = subject.id.split('.').next().unwrap_or(subject.id);
    let mut group = criterion.benchmark_group(owner);
    group.throughput(Throughput::Elements(u64::from(subject.ops)));
    let name = subject.id.split_once('.').map_or(subject.id, |(_, name)| name);
    // Built only when the filter lets it run: some subjects hold millions of cases.
    let built: OnceCell<RefCell<Box<dyn Batch>>> = OnceCell::new();
    group.bench_function(name, |bencher| {
        let batch = built.get_or_init(|| RefCell::new(checked(subject)));
        bencher.iter_batched(
            || batch.borrow_mut().prepare(),
            |()| batch.borrow_mut().run(),
            BatchSize::PerIteration,
        );
    });
    group.finish();
}

/// The batch after one run that gave the right answer.
fn checked(subject: &Subject) -> Box<dyn Batch> {
    let mut batch = (subject.make)();
    batch.prepare();
    let answer = batch.run();
    if let Some(expected) = batch.expected() {
        assert_eq!(answer, expected, "{} gives a wrong answer", subject.id);
    }
    batch
}

fn main() {
    let mut criterion = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(200))
        .measurement_time(Duration::from_millis(600))
        .configure_from_args();
    for subject in wf_benches::subjects::all() {
        bench(&mut criterion, &subject);
    }
    criterion.final_summary();
}
