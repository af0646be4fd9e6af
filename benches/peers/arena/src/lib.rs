//! Arenas, arena pools, allocators and allocation counters on the same work, paired in one process.
//!
//! `cargo run --release --bin peers-system` checks the rules in `rules/system/budgets.toml` with the system's allocator as
//! the global one; `peers-jemalloc` and `peers-mimalloc` likewise. A batch on the heap is thus one of std types and a real
//! global allocator, as a program has them.

pub mod batch;
pub mod counting;
pub mod huge;
pub mod pool;
pub mod single;
pub mod switch;

/// All subjects.
pub fn subjects() -> Vec<wf_gate::Subject> {
    let mut all = single::subjects();
    all.extend(batch::subjects());
    all.extend(pool::subjects());
    all.extend(counting::subjects());
    all.extend(huge::subjects());
    all
}
