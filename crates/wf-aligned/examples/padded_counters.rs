//! Padded counters in a pool of threads: each thread counts on cache lines of its own, and anybody reads the sums.
#![allow(clippy::print_stdout, reason = "an example prints what it did")]

use std::thread;

use wf_aligned::{Counters, Padded};

const DONE: usize = 0;
const BYTES: usize = 1;
const WORKERS: u64 = 4;
const JOBS: u64 = 10_000;

fn main() {
    let counters: Counters<2> = Counters::new();
    // A result that each worker writes at its own pace: without padding, four of them would share a line.
    let mut longest: Vec<Padded<u64>> = (0..WORKERS).map(|_| Padded::new(0)).collect();
    thread::scope(|threads| {
        for (worker, longest) in (0..WORKERS).zip(&mut longest) {
            let mut writer = counters.writer();
            threads.spawn(move || {
                for job in (worker..JOBS).step_by(WORKERS as usize) {
                    let bytes = 100 + job % 7;
                    writer.add(DONE, 1);
                    writer.add(BYTES, bytes);
                    **longest = (**longest).max(bytes);
                }
            });
        }
        // Reading stops nobody: a snapshot is a sum over writers that keep running.
        let [done, _] = counters.snapshot();
        assert!(done <= JOBS);
    });
    // The writers have gone, what they counted has not.
    let [done, bytes] = counters.snapshot();
    let longest = longest.iter().map(|longest| **longest).max();
    println!("{done} jobs, {bytes} bytes, the longest {longest:?}");
    assert_eq!(done, JOBS);
    assert_eq!(bytes, (0..JOBS).map(|job| 100 + job % 7).sum());
    assert_eq!(longest, Some(106));
}
