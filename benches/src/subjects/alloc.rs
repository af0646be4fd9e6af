//! Counting of wf-alloc beside the bare allocator: pairs of alloc and dealloc, called as a program's are. Other projects'
//! counters stand beside it in `benches/peers/arena`, which includes this file.

use std::alloc::{GlobalAlloc, Layout, System};
use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, JoinHandle};

use wf_alloc::{Counting, Scope, Steady};
use wf_gate::{Batch, Subject};

/// Pairs in a run.
pub const PAIRS: u32 = 1_024;
const LAYOUT: Layout = Layout::new::<[u64; 4]>();

static COUNTED: Counting<System> = Counting::new(System);

/// The subjects of wf-alloc.
#[must_use]
pub fn subjects() -> Vec<Subject> {
    let mut all = Vec::new();
    let mut push = |id, make| all.push(Subject { id, ops: PAIRS, make });
    push("alloc.pair", || Box::new(Pairs(&System)));
    push("alloc.pair_counted", || Box::new(Pairs(&COUNTED)));
    push("alloc.pair_steady", || Box::new(Guarded));
    push("alloc.two_threads.pair", || Box::new(Beside::new(&System)));
    push("alloc.two_threads.pair_counted", || Box::new(Beside::new(&COUNTED)));
    push("alloc.scope", || Box::new(Scopes));
    all
}

/// Allocates and frees 32 bytes again and again; the number of blocks served.
#[inline(always)]
fn pairs<A: GlobalAlloc>(heap: &A) -> u64 {
    let mut served = 0;
    for i in 0..u64::from(PAIRS) {
        // SAFETY: the layout has a size.
        let block = unsafe { heap.alloc(LAYOUT) };
        if !black_box(block).is_null() {
            // SAFETY: the block holds four words, and its alignment is that of one.
            unsafe { block.cast::<u64>().write(i) };
            served += 1;
            // SAFETY: the block came from this allocator with this layout.
            unsafe { heap.dealloc(block, LAYOUT) };
        }
    }
    served
}

/// Pairs of one allocator.
#[derive(Debug)]
pub struct Pairs<A: 'static>(pub &'static A);

impl<A: GlobalAlloc> Batch for Pairs<A> {
    fn run(&mut self) -> u64 {
        pairs(self.0)
    }

    fn expected(&mut self) -> Option<u64> {
        Some(u64::from(PAIRS))
    }
}

/// Counted, while a guard that counts is open.
struct Guarded;

impl Batch for Guarded {
    fn run(&mut self) -> u64 {
        let steady = Steady::counting();
        pairs(&COUNTED);
        steady.end()
    }

    fn expected(&mut self) -> Option<u64> {
        Some(u64::from(PAIRS))
    }
}

/// The same pairs while a second thread does the same.
#[derive(Debug)]
pub struct Beside<A: 'static> {
    heap: &'static A,
    stop: Arc<AtomicBool>,
    rounds: Arc<AtomicU64>,
    other: Option<JoinHandle<()>>,
}

impl<A: GlobalAlloc + Sync> Beside<A> {
    /// Starts the second thread and waits until it has begun.
    #[must_use]
    pub fn new(heap: &'static A) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let rounds = Arc::new(AtomicU64::new(0));
        let (seen, done) = (Arc::clone(&stop), Arc::clone(&rounds));
        let other = thread::spawn(move || {
            while !seen.load(Ordering::Relaxed) {
                black_box(pairs(heap));
                done.fetch_add(1, Ordering::Relaxed);
            }
        });
        while rounds.load(Ordering::Relaxed) == 0 {
            thread::yield_now();
        }
        Self { heap, stop, rounds, other: Some(other) }
    }
}

impl<A: GlobalAlloc> Batch for Beside<A> {
    fn run(&mut self) -> u64 {
        pairs(self.heap)
    }

    fn expected(&mut self) -> Option<u64> {
        (self.rounds.load(Ordering::Relaxed) > 0).then_some(u64::from(PAIRS))
    }
}

impl<A> Drop for Beside<A> {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(other) = self.other.take() {
            // It only runs the loop above, which does not panic.
            let _ = other.join();
        }
    }
}

/// Opening a scope, reading it and closing it.
struct Scopes;

impl Batch for Scopes {
    fn run(&mut self) -> u64 {
        let mut requests = 0;
        for _ in 0..PAIRS {
            let scope = black_box(Scope::begin());
            requests += scope.counts().requests();
        }
        requests
    }

    fn expected(&mut self) -> Option<u64> {
        Some(0)
    }
}
