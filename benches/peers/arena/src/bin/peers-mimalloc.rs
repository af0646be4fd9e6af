//! The rules with mimalloc as the global allocator.

use wf_peers_arena::switch::Switch;

#[global_allocator]
static HEAP: Switch<wf_alloc::Mimalloc> = Switch::new(wf_alloc::Mimalloc, wf_alloc::Mimalloc);

fn main() -> std::process::ExitCode {
    HEAP.count_if_asked();
    wf_gate::gate_main(&wf_peers_arena::subjects(), concat!(env!("CARGO_MANIFEST_DIR"), "/rules/mimalloc"))
}
