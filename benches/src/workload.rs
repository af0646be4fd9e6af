//! What the allocator matrix runs: whole programs, the same under every allocator.
//!
//! A process runs one workload once and prints one line of JSON. Its answer depends only on the arguments, so the matrix
//! can tell that all allocators did the same work.

use std::process::ExitCode;
use std::time::Instant;

mod arena_batch;
mod engine;
mod heap_batch;
mod larson;
mod producer_consumer;
mod store;

/// Prepared work; the answer depends on all of it.
pub type Work = Box<dyn FnOnce() -> u64>;

/// One workload.
#[derive(Debug, Clone, Copy)]
pub struct Workload {
    /// Its name on the command line.
    pub name: &'static str,
    /// What one operation is.
    pub operation: &'static str,
    /// Operations per thread in a quick run, about a tenth of a second's work.
    pub operations: u64,
    /// Fewest threads that it makes sense with.
    pub threads_min: usize,
    /// Prepares the work, untimed.
    pub prepare: fn(&Load) -> Work,
}

impl Workload {
    fn to_json(self) -> String {
        format!(
            "{{\"name\":\"{}\",\"operation\":\"{}\",\"operations\":{},\"threads_min\":{}}}",
            self.name, self.operation, self.operations, self.threads_min
        )
    }
}

/// How much to do.
#[derive(Debug, Clone, Copy)]
pub struct Load {
    /// Threads that work at once.
    pub threads: usize,
    /// Operations of each thread.
    pub operations: u64,
    /// Seed of everything random.
    pub seed: u64,
}

impl Load {
    /// Runs `work` once in each thread and adds the answers; the sum does not depend on which thread ended first.
    fn in_threads(&self, work: impl Fn(u64) -> u64 + Sync) -> u64 {
        if self.threads == 1 {
            return work(0);
        }
        std::thread::scope(|scope| {
            let work = &work;
            let handles: Vec<_> =
                (0..self.threads as u64).map(|thread| scope.spawn(move || work(thread))).collect();
            handles
                .into_iter()
                .map(|h| h.join().expect("a workload does not panic"))
                .fold(0, u64::wrapping_add)
        })
    }
}

/// Every workload.
#[must_use]
pub fn all() -> Vec<Workload> {
    vec![
        engine::main_job(),
        engine::churn(),
        heap_batch::workload(),
        arena_batch::workload(),
        store::workload(),
        larson::workload(),
        producer_consumer::workload(),
    ]
}

/// Threads beyond this are a slip of the keyboard, not a load.
const THREADS_MAX: usize = 1_024;

/// The whole of a workload program: `list`, or `run NAME THREADS OPERATIONS SEED`.
#[must_use]
pub fn main(allocator: &str) -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["list"] => {
            let all: Vec<String> = all().into_iter().map(Workload::to_json).collect();
            emit(&format!("[{}]", all.join(",")));
            ExitCode::SUCCESS
        }
        ["run", name, threads, operations, seed] => {
            let found = all().into_iter().find(|w| w.name == *name);
            let load = parse(threads, operations, seed);
            match (found, load) {
                (Some(workload), Some(load)) => run(allocator, &workload, &load),
                (None, _) => fail(&format!("no workload is called {name}")),
                (_, None) => {
                    fail(&format!("THREADS is 1 to {THREADS_MAX}, OPERATIONS at least 1, SEED a number"))
                }
            }
        }
        _ => fail("this program holds the workloads of the matrix: list | run NAME THREADS OPERATIONS SEED"),
    }
}

fn parse(threads: &str, operations: &str, seed: &str) -> Option<Load> {
    let load = Load {
        threads: threads.parse().ok()?,
        operations: operations.parse().ok()?,
        seed: seed.parse().ok()?,
    };
    ((1..=THREADS_MAX).contains(&load.threads) && load.operations > 0).then_some(load)
}

fn fail(message: &str) -> ExitCode {
    eprintln!("{message}");
    ExitCode::from(2)
}

fn run(allocator: &str, workload: &Workload, load: &Load) -> ExitCode {
    let work = (workload.prepare)(load);
    let before = wf_alloc::process_counts();
    let begun = Instant::now();
    let answer = work();
    let seconds = begun.elapsed().as_secs_f64();
    let after = wf_alloc::process_counts();
    let retained = status_bytes("VmRSS:");
    // Names are plain words and numbers finite: nothing in it needs escaping.
    emit(&format!(
        "{{\"allocator\":\"{allocator}\",\"workload\":\"{}\",\"threads\":{},\"operations\":{},\"seconds\":{seconds},\
         \"answer\":{answer},\"retained_rss_bytes\":{},\"peak_rss_bytes\":{},\"allocs\":{},\"bytes\":{}}}",
        workload.name,
        load.threads,
        load.operations * load.threads as u64,
        or_null(retained),
        or_null(status_bytes("VmHWM:")),
        after.requests() - before.requests(),
        after.bytes_allocated - before.bytes_allocated,
    ));
    ExitCode::SUCCESS
}

#[allow(clippy::print_stdout, reason = "the answer to the matrix goes over the standard output")]
fn emit(line: &str) {
    println!("{line}");
}

fn or_null(bytes: Option<u64>) -> String {
    bytes.map_or_else(|| "null".to_owned(), |bytes| bytes.to_string())
}

/// A size from the kernel's status of this process; `None` where the system has none. `VmRSS:` after all work is freed is
/// what the allocator kept; `VmHWM:` is the peak of this program alone, while `wait4` counts from before it was loaded.
fn status_bytes(name: &str) -> Option<u64> {
    const KIBIBYTE: u64 = 1_024;
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * KIBIBYTE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_depends_on_the_load_alone() {
        for workload in all() {
            for threads in [workload.threads_min, 2] {
                let load = Load { threads, operations: 300, seed: 42 };
                let first = (workload.prepare)(&load)();
                assert_eq!(first, (workload.prepare)(&load)(), "{} with {threads} threads", workload.name);
                assert_ne!(
                    first,
                    (workload.prepare)(&Load { seed: 43, ..load })(),
                    "{} ignores its seed",
                    workload.name
                );
            }
        }
    }

    #[test]
    fn the_arena_does_the_same_work_as_the_heap() {
        let load = Load { threads: 2, operations: 2_500, seed: 7 };
        assert_eq!((heap_batch::workload().prepare)(&load)(), (arena_batch::workload().prepare)(&load)());
    }

    #[test]
    fn loads_out_of_range_are_refused() {
        for (threads, operations, seed) in
            [("0", "1", "1"), ("1000000", "1", "1"), ("1", "0", "1"), ("x", "1", "1"), ("1", "1", "-1")]
        {
            assert!(parse(threads, operations, seed).is_none(), "{threads} {operations} {seed}");
        }
        assert!(parse("2", "10", "0").is_some());
    }
}
