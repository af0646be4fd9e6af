//! The rules with jemalloc as the global allocator.

use wf_peers_arena::switch::Switch;

#[global_allocator]
static HEAP: Switch<wf_alloc::Jemalloc> = Switch::new(wf_alloc::Jemalloc, wf_alloc::Jemalloc);

fn main() -> std::process::ExitCode {
    HEAP.count_if_asked();
    wf_gate::gate_main(&wf_peers_arena::subjects(), concat!(env!("CARGO_MANIFEST_DIR"), "/rules/jemalloc"))
}
