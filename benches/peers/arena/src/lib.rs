//! Arenas, arena pools, allocators and allocation counters on the same work, paired in one process.
//!
//! `cargo run --release --bin peers-system` checks the rules in `rules/system/budgets.toml` with the system's allocator as
//! the global one; `peers-jemalloc` and `peers-mimalloc` likewise. A batch on the heap is thus one of std types and a real
//! global allocator, as a program has them. Our own side is that of the workspace's gate: the same files.

#[path = "../../../src/subjects/alloc.rs"]
pub mod our_alloc;
#[path = "../../../src/subjects/arena.rs"]
pub mod our_arena;

pub mod counting;
pub mod huge;
pub mod pool;
pub mod single;
pub mod spike;
pub mod switch;

/// All subjects.
pub fn subjects() -> Vec<wf_gate::Subject> {
    let mut all = our_arena::subjects();
    all.extend(our_alloc::subjects());
    all.extend(single::subjects());
    all.extend(pool::subjects());
    all.extend(spike::subjects());
    all.extend(counting::subjects());
    all.extend(huge::subjects());
    all
}
