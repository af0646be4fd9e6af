//! Counters of wf-aligned beside a plain memory cell, a shared atomic and an unpadded array.

use std::hint::black_box;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Barrier};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use wf_aligned::{Counters, Padded, Writer};
use wf_gate::{Batch, Subject};

const ADDS: u32 = 1_024;

/// Counters per block, as many as the engine has for its patterns.
const WIDE: usize = 43;

/// The subjects of wf-aligned.
#[must_use]
pub fn subjects() -> Vec<Subject> {
    let mut all = Vec::new();
    let mut push = |id, make| all.push(Subject { id, ops: ADDS, make });
    push("aligned.plain_add", || Box::new(Plain { cell: Padded::new(0), before: 0 }));
    push("aligned.writer_add", || Box::new(Single::new(false)));
    push("aligned.writer_add_beside_snapshots", || Box::new(Single::new(true)));
    push("aligned.two_threads.shared", || contended(2, |_| Shared::new(1), shared_add));
    push("aligned.two_threads.unpadded", || contended(2, Shared::new, own_add));
    push("aligned.two_threads.writer", || contended_writers(2));
    push("aligned.eight_threads.unpadded", || contended(8, Shared::new, own_add));
    push("aligned.eight_threads.writer", || contended_writers(8));
    all.push(Subject { id: "aligned.snapshot", ops: 16, make: || Box::new(Snapshots::new()) });
    all
}

/// A plain integer in memory.
struct Plain {
    cell: Padded<u64>,
    before: u64,
}

impl Batch for Plain {
    fn prepare(&mut self) {
        self.before = *self.cell;
    }

    fn run(&mut self) -> u64 {
        for _ in 0..ADDS {
            // Opaque, so that the additions are not merged: each loads and stores.
            *black_box(&mut *self.cell) += 1;
        }
        *self.cell - self.before
    }

    fn expected(&mut self) -> Option<u64> {
        Some(u64::from(ADDS))
    }
}

/// Blocks of a snapshot.
const BLOCKS: usize = 64;

/// How often snapshots are taken beside a writer: as often as they could be if one took all the time that it may.
const SNAPSHOT_EVERY: Duration = Duration::from_micros(10);

/// One writer alone, perhaps with a thread that takes snapshots of its block and 63 more.
struct Single {
    writer: Writer<WIDE>,
    before: u64,
    /// Keeps the blocks in use.
    _others: Vec<Writer<WIDE>>,
    _reader: Option<Background>,
}

impl Single {
    fn new(with_reader: bool) -> Self {
        let counters: Counters<WIDE> = Counters::new();
        let writer = counters.writer();
        let others = (1..BLOCKS).map(|_| counters.writer()).collect();
        let reader = with_reader.then(|| {
            Background::new(move || {
                let begun = Instant::now();
                black_box(counters.snapshot());
                while begun.elapsed() < SNAPSHOT_EVERY {
                    std::hint::spin_loop();
                }
            })
        });
        Self { writer, before: 0, _others: others, _reader: reader }
    }
}

impl Batch for Single {
    fn prepare(&mut self) {
        self.before = self.writer.block_value(7);
    }

    fn run(&mut self) -> u64 {
        for _ in 0..ADDS {
            black_box(&mut self.writer).add(7, 1);
        }
        self.writer.block_value(7) - self.before
    }

    fn expected(&mut self) -> Option<u64> {
        Some(u64::from(ADDS))
    }
}

/// A thread that repeats its work until it is dropped.
struct Background {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Background {
    fn new(mut work: impl FnMut() + Send + 'static) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&stop);
        let thread = thread::spawn(move || {
            while !seen.load(Ordering::Relaxed) {
                work();
            }
        });
        Self { stop, thread: Some(thread) }
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.join().expect("the background thread only counts");
        }
    }
}

/// Cells next to each other, as an array of statistics would have them.
struct Shared {
    cells: Padded<Vec<AtomicU64>>,
}

impl Shared {
    fn new(cells: usize) -> Self {
        Self { cells: Padded::new((0..cells).map(|_| AtomicU64::new(0)).collect()) }
    }
}

/// All threads add to the first cell, with a lock prefix.
fn shared_add(shared: &Shared, _thread: usize) {
    shared.cells[0].fetch_add(1, Ordering::Relaxed);
}

/// Each thread adds to its own cell, without; the cells share a line.
fn own_add(shared: &Shared, thread: usize) {
    let cell = &shared.cells[thread];
    cell.store(cell.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
}

/// Threads that add while `run` is measured, and spin or sleep otherwise.
struct Contended<F> {
    add: F,
    others: Others,
}

/// More than a burst takes however contended, and far less than a time slice.
const NEXT_PULSE_MAX: Duration = Duration::from_micros(50);

/// So long a machine may be too busy for two threads.
const PATIENCE: Duration = Duration::from_secs(5);

/// The threads beside the measured one.
struct Others {
    running: Arc<AtomicBool>,
    active: Arc<AtomicUsize>,
    /// Counts the bursts of all of them, as a sign that one is on a core right now.
    pulse: Arc<Padded<AtomicUsize>>,
    barrier: Arc<Barrier>,
    quit: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl Others {
    /// `adds[i]` is what thread `i` repeats while the measurement runs.
    fn new(adds: Vec<Box<dyn FnMut() + Send>>) -> Self {
        let running = Arc::new(AtomicBool::new(false));
        let active = Arc::new(AtomicUsize::new(0));
        let pulse = Arc::new(Padded::new(AtomicUsize::new(0)));
        let quit = Arc::new(AtomicBool::new(false));
        let barrier = Arc::new(Barrier::new(adds.len() + 1));
        let threads = adds
            .into_iter()
            .map(|mut burst| {
                let (running, active, quit) = (Arc::clone(&running), Arc::clone(&active), Arc::clone(&quit));
                let (pulse, barrier) = (Arc::clone(&pulse), Arc::clone(&barrier));
                thread::spawn(move || {
                    loop {
                        // Asleep between the measurements, so that the other side of the pair has the machine.
                        barrier.wait();
                        if quit.load(Ordering::Relaxed) {
                            return;
                        }
                        active.fetch_add(1, Ordering::Relaxed);
                        while running.load(Ordering::Relaxed) {
                            burst();
                            pulse.fetch_add(1, Ordering::Relaxed);
                        }
                        active.fetch_sub(1, Ordering::Relaxed);
                    }
                })
            })
            .collect();
        Self { running, active, pulse, barrier, quit, threads }
    }

    fn start(&self) {
        // A batch may be prepared again without its answer having been asked for.
        self.stop();
        self.running.store(true, Ordering::Relaxed);
        self.barrier.wait();
        while self.active.load(Ordering::Relaxed) < self.threads.len() {
            thread::yield_now();
        }
        // No contention without somebody on the other core. Two pulses in the time that a few bursts take are a sign that one of
        // them runs there just now; threads that take turns on one core are a time slice apart.
        let begun = Instant::now();
        while self.next_pulse() > NEXT_PULSE_MAX || self.next_pulse() > NEXT_PULSE_MAX {
            assert!(
                begun.elapsed() < PATIENCE,
                "no two threads of this subject ran at once for {PATIENCE:?}"
            );
            // Waking up is when a thread is moved to the less busy core.
            thread::sleep(NEXT_PULSE_MAX);
        }
    }

    /// How long the next burst of any other thread takes to end.
    fn next_pulse(&self) -> Duration {
        let (begun, before) = (Instant::now(), self.pulse.load(Ordering::Relaxed));
        while self.pulse.load(Ordering::Relaxed) == before {
            std::hint::spin_loop();
        }
        begun.elapsed()
    }

    fn stop(&self) {
        self.running.store(false, Ordering::Relaxed);
        while self.active.load(Ordering::Relaxed) > 0 {
            thread::yield_now();
        }
    }
}

impl Drop for Others {
    fn drop(&mut self) {
        // Threads are asleep after this, also where a measurement was given up half-way.
        self.stop();
        self.quit.store(true, Ordering::Relaxed);
        self.barrier.wait();
        for thread in self.threads.drain(..) {
            thread.join().expect("the other threads only count");
        }
    }
}

impl<F: FnMut()> Batch for Contended<F> {
    fn prepare(&mut self) {
        self.others.start();
    }

    fn run(&mut self) -> u64 {
        for _ in 0..ADDS {
            (self.add)();
        }
        u64::from(ADDS)
    }

    fn expected(&mut self) -> Option<u64> {
        self.others.stop();
        Some(u64::from(ADDS))
    }
}

/// Additions between two looks at the stop flag.
const BURST: usize = 64;

fn contended(
    threads: usize,
    shared: fn(usize) -> Shared,
    add: impl Fn(&Shared, usize) + Copy + Send + 'static,
) -> Box<dyn Batch> {
    let shared = Arc::new(shared(threads));
    let others = (1..threads)
        .map(|thread| {
            let shared = Arc::clone(&shared);
            let burst = move || (0..BURST).for_each(|_| add(black_box(&shared), thread));
            Box::new(burst) as Box<dyn FnMut() + Send>
        })
        .collect();
    Box::new(Contended { add: move || add(black_box(&shared), 0), others: Others::new(others) })
}

fn contended_writers(threads: usize) -> Box<dyn Batch> {
    let counters: Counters<WIDE> = Counters::new();
    let mut own = counters.writer();
    let others = (1..threads)
        .map(|_| {
            let mut writer = counters.writer();
            let burst = move || (0..BURST).for_each(|_| black_box(&mut writer).add(7, 1));
            Box::new(burst) as Box<dyn FnMut() + Send>
        })
        .collect();
    Box::new(Contended { add: move || black_box(&mut own).add(7, 1), others: Others::new(others) })
}

/// Snapshots of many blocks while one writer runs.
struct Snapshots {
    counters: Counters<WIDE>,
    /// Keeps the blocks in use.
    _writers: Vec<Writer<WIDE>>,
    _busy: Background,
}

impl Snapshots {
    fn new() -> Self {
        let counters: Counters<WIDE> = Counters::new();
        let mut writers: Vec<_> = (0..BLOCKS).map(|_| counters.writer()).collect();
        for (index, writer) in writers.iter_mut().enumerate() {
            writer.add(3, index as u64);
        }
        let mut busy = writers.pop().expect("there are 64");
        let busy = Background::new(move || (0..BURST).for_each(|_| black_box(&mut busy).add(7, 1)));
        Self { counters, _writers: writers, _busy: busy }
    }
}

impl Batch for Snapshots {
    fn run(&mut self) -> u64 {
        (0..16).map(|_| black_box(&self.counters).snapshot()[3]).sum()
    }

    fn expected(&mut self) -> Option<u64> {
        Some(16 * (63 * 64 / 2))
    }
}
