//! Loads to measure under: what a neighbour on the same machine does.

use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use clap::ValueEnum;

/// What the machine is made to do meanwhile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum State {
    /// Nothing.
    Quiet,
    /// Every core computes all the time.
    Spin,
    /// Every core computes for a few milliseconds and pauses for some more.
    Burst,
    /// Every core streams through memory.
    Memory,
}

/// Threads that make a load until dropped.
pub(crate) struct Load {
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

/// More than any cache holds.
const STREAM_WORDS: usize = 8 << 20;

impl Load {
    pub(crate) fn start(state: State) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let count = if state == State::Quiet { 0 } else { cores };
        let threads = (0..count as u64)
            .map(|seed| {
                let stop = Arc::clone(&stop);
                std::thread::spawn(move || match state {
                    State::Quiet => {}
                    State::Spin => spin(&stop),
                    State::Burst => burst(&stop, seed),
                    State::Memory => memory(&stop),
                })
            })
            .collect();
        Self { stop, threads }
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        for thread in self.threads.drain(..) {
            // A load thread only computes; nothing it could panic on is of interest.
            let _ended = thread.join();
        }
    }
}

fn spin(stop: &AtomicBool) {
    let mut x = 1_u64;
    while !stop.load(Ordering::Relaxed) {
        for _ in 0..10_000 {
            x = black_box(x.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1));
        }
    }
}

fn burst(stop: &AtomicBool, seed: u64) {
    let mut random = wf_gate::Random::new(seed);
    let mut x = 1_u64;
    while !stop.load(Ordering::Relaxed) {
        let until = Instant::now() + Duration::from_micros(2_000 + random.below(8_000));
        while Instant::now() < until {
            x = black_box(x.wrapping_mul(3));
        }
        std::thread::sleep(Duration::from_micros(2_000 + random.below(18_000)));
    }
}

fn memory(stop: &AtomicBool) {
    let mut words = vec![1_u64; STREAM_WORDS];
    while !stop.load(Ordering::Relaxed) {
        for word in &mut words {
            *word = word.wrapping_add(1);
        }
        black_box(&words);
    }
}
