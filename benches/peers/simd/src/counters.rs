//! Counters of other projects: one thread that adds one again and again.

use std::hint::black_box;
use std::sync::atomic::{AtomicU64, Ordering};

use contatori::counters::Observable as _;
use contatori::counters::unsigned::Unsigned;
use fast_counter::ConcurrentCounter;
use wf_aligned::{Counters, Writer};
use wf_gate::{Batch, Subject};

const ADDS: u32 = 1_024;

/// Something to add to, and how to read it.
struct Adds<C, A, R> {
    counter: C,
    add: A,
    read: R,
    before: u64,
}

impl<C, A: Fn(&mut C), R: Fn(&C) -> u64> Batch for Adds<C, A, R> {
    fn prepare(&mut self) {
        self.before = (self.read)(&self.counter);
    }

    fn run(&mut self) -> u64 {
        for _ in 0..ADDS {
            (self.add)(black_box(&mut self.counter));
        }
        (self.read)(&self.counter) - self.before
    }

    fn expected(&mut self) -> Option<u64> {
        Some(u64::from(ADDS))
    }
}

fn adds<C: 'static>(
    counter: C,
    add: impl Fn(&mut C) + 'static,
    read: impl Fn(&C) -> u64 + 'static,
) -> Box<dyn Batch> {
    Box::new(Adds { counter, add, read, before: 0 })
}

/// Increments with a peer.
pub fn subjects() -> Vec<Subject> {
    let mut all = Vec::new();
    let mut push = |id, make| all.push(Subject { id, ops: ADDS, make });
    push("aligned.writer_add", || {
        let counters: Counters<43> = Counters::new();
        adds(counters.writer(), |writer: &mut Writer<43>| writer.add(7, 1), |writer| writer.block_value(7))
    });
    push("aligned.contatori_add", || {
        adds(Unsigned::new(), |counter| counter.add(1), |counter| counter.value().as_u64())
    });
    push("aligned.fast_counter_add", || {
        adds(ConcurrentCounter::new(2), |counter| counter.add(1), |counter| counter.sum() as u64)
    });
    push("aligned.shared_add", || {
        let add = |counter: &mut AtomicU64| _ = counter.fetch_add(1, Ordering::Relaxed);
        adds(AtomicU64::new(0), add, |counter| counter.load(Ordering::Relaxed))
    });
    all
}
