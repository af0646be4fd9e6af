//! Pairs of alloc and dealloc of 32 bytes, bare and counted, called as a global allocator's methods are.

use std::alloc::{GlobalAlloc, Layout};
use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use wf_alloc::{Counting, Jemalloc, Mimalloc, System};
use wf_gate::{Batch, Subject};

const OPS: u64 = 1024;
const LAYOUT: Layout = Layout::new::<[u64; 4]>();

/// 1,024 pairs.
#[inline(always)]
fn pairs<A: GlobalAlloc>(heap: &A) -> u64 {
    let mut served = 0;
    for i in 0..OPS {
        // SAFETY: the layout has a size.
        let block = unsafe { heap.alloc(LAYOUT) };
        // SAFETY: the block has at least one word.
        unsafe { block.cast::<u64>().write(i) };
        served += u64::from(!black_box(block).is_null());
        // SAFETY: the block came from this allocator with this layout.
        unsafe { heap.dealloc(block, LAYOUT) };
    }
    served
}

struct Pairs<A: 'static>(&'static A);

impl<A: GlobalAlloc> Batch for Pairs<A> {
    #[inline(never)]
    fn run(&mut self) -> u64 {
        pairs(self.0)
    }
    fn expected(&mut self) -> Option<u64> {
        Some(OPS)
    }
}

/// The same while another thread does the same.
struct Beside<A: 'static> {
    heap: &'static A,
    stop: Arc<AtomicBool>,
    other: Option<JoinHandle<()>>,
}

impl<A: GlobalAlloc + Sync> Beside<A> {
    fn new(heap: &'static A) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&stop);
        let other = std::thread::spawn(move || {
            while !seen.load(Ordering::Relaxed) {
                black_box(pairs(heap));
            }
        });
        Beside { heap, stop, other: Some(other) }
    }
}

impl<A: GlobalAlloc> Batch for Beside<A> {
    #[inline(never)]
    fn run(&mut self) -> u64 {
        pairs(self.heap)
    }
    fn expected(&mut self) -> Option<u64> {
        Some(OPS)
    }
}

impl<A> Drop for Beside<A> {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        self.other.take().map(JoinHandle::join);
    }
}

macro_rules! with {
    ($list:ident, $name:literal, $type:ty, $make:expr) => {
        static_subject!($list, concat!("alloc.pair_", $name), $type, $make, Pairs);
        static_subject!($list, concat!("alloc.pair_", $name, "_2"), $type, $make, beside);
    };
}

macro_rules! static_subject {
    ($list:ident, $id:expr, $type:ty, $make:expr, $wrap:ident) => {{
        static HEAP: $type = $make;
        $list.push(Subject { id: $id, ops: OPS as u32, make: || Box::new($wrap(&HEAP)) });
    }};
}

fn beside<A: GlobalAlloc + Sync>(heap: &'static A) -> Beside<A> {
    Beside::new(heap)
}

/// Allocators, bare and counted.
pub fn subjects() -> Vec<Subject> {
    let mut list = Vec::new();
    with!(list, "system", System, System);
    with!(list, "jemalloc", Jemalloc, Jemalloc);
    with!(list, "mimalloc", Mimalloc, Mimalloc);
    with!(list, "system_counted", Counting<System>, Counting::new(System));
    with!(list, "jemalloc_counted", Counting<Jemalloc>, Counting::new(Jemalloc));
    with!(list, "mimalloc_counted", Counting<Mimalloc>, Counting::new(Mimalloc));
    with!(
        list,
        "mimalloc_alloc_tracker",
        alloc_tracker::Allocator<Mimalloc>,
        alloc_tracker::Allocator::new(Mimalloc)
    );
    list.push(Subject {
        id: "alloc.pair_system_stats_alloc",
        ops: OPS as u32,
        make: || Box::new(Pairs(&stats_alloc::INSTRUMENTED_SYSTEM)),
    });
    list.push(Subject {
        id: "alloc.pair_system_stats_alloc_2",
        ops: OPS as u32,
        make: || Box::new(beside(&stats_alloc::INSTRUMENTED_SYSTEM)),
    });
    list
}
