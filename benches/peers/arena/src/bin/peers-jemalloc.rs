//! The rules with jemalloc as the global allocator.

#[global_allocator]
static HEAP: wf_alloc::Jemalloc = wf_alloc::Jemalloc;

fn main() -> std::process::ExitCode {
    wf_gate::gate_main(&wf_peers_arena::subjects(), concat!(env!("CARGO_MANIFEST_DIR"), "/rules/jemalloc"))
}
