//! Blocks allocated in one thread and freed in another: the pattern that per-thread caches find hardest.

use std::sync::mpsc;

use wf_gate::Random;

use super::{Load, Work, Workload};

/// Messages in flight between a pair of threads.
const IN_FLIGHT: usize = 1_024;

/// Blocks in one message.
const BLOCKS: u64 = 64;

pub(super) fn workload() -> Workload {
    Workload {
        name: "producer-consumer",
        operation: "block handed over",
        operations: 500_000,
        threads_min: 2,
        prepare,
    }
}

fn prepare(load: &Load) -> Work {
    let load = *load;
    Box::new(move || run(&load))
}

/// One producer and one consumer for every two threads, at least one pair.
fn run(load: &Load) -> u64 {
    let pairs = (load.threads / 2).max(1) as u64;
    let per_pair = load.operations * load.threads as u64 / pairs;
    std::thread::scope(|scope| {
        let consumers: Vec<_> = (0..pairs)
            .map(|pair| {
                let (sender, receiver) = mpsc::sync_channel::<Vec<Box<[u64]>>>(IN_FLIGHT);
                scope.spawn(move || {
                    let mut random = Random::new(load.seed ^ (pair << 32));
                    let mut left = per_pair;
                    while left > 0 {
                        let now = left.min(BLOCKS);
                        let message = (0..now).map(|_| block(&mut random)).collect();
                        sender.send(message).expect("the consumer takes until the end");
                        left -= now;
                    }
                });
                scope.spawn(move || {
                    receiver.iter().flatten().map(|b| b[0] ^ b.len() as u64).fold(0, u64::wrapping_add)
                })
            })
            .collect();
        consumers.into_iter().map(|c| c.join().expect("a consumer does not panic")).fold(0, u64::wrapping_add)
    })
}

fn block(random: &mut Random) -> Box<[u64]> {
    let first = random.next_u64();
    let words = 2 + (first % 30) as usize;
    vec![first; words].into_boxed_slice()
}
