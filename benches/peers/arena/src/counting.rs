//! Pairs of alloc and dealloc of 32 bytes with every allocator and with the counters of others, alone and beside another
//! thread.

use wf_alloc::{Counting, Jemalloc, Mimalloc};
use wf_gate::Subject;

use crate::our_alloc::{Beside, PAIRS, Pairs};

macro_rules! with {
    ($list:ident, $name:literal, $type:ty, $make:expr) => {{
        static HEAP: $type = $make;
        with!($list, $name, &HEAP);
    }};
    ($list:ident, $name:literal, $heap:expr) => {
        $list.push(Subject {
            id: concat!("alloc.pair_", $name),
            ops: PAIRS,
            make: || Box::new(Pairs($heap)),
        });
        $list.push(Subject {
            id: concat!("alloc.two_threads.pair_", $name),
            ops: PAIRS,
            make: || Box::new(Beside::new($heap)),
        });
    };
}

/// Allocators, bare and counted, and the rivals' counting.
pub fn subjects() -> Vec<Subject> {
    let mut list = Vec::new();
    with!(list, "jemalloc", Jemalloc, Jemalloc);
    with!(list, "mimalloc", Mimalloc, Mimalloc);
    with!(list, "jemalloc_counted", Counting<Jemalloc>, Counting::new(Jemalloc));
    with!(list, "mimalloc_counted", Counting<Mimalloc>, Counting::new(Mimalloc));
    with!(
        list,
        "mimalloc_alloc_tracker",
        alloc_tracker::Allocator<Mimalloc>,
        alloc_tracker::Allocator::new(Mimalloc)
    );
    with!(list, "stats_alloc", &stats_alloc::INSTRUMENTED_SYSTEM);
    list
}
