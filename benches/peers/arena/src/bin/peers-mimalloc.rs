//! The rules with mimalloc as the global allocator.

#[global_allocator]
static HEAP: wf_alloc::Mimalloc = wf_alloc::Mimalloc;

fn main() -> std::process::ExitCode {
    wf_gate::gate_main(&wf_peers_arena::subjects(), concat!(env!("CARGO_MANIFEST_DIR"), "/rules/mimalloc"))
}
