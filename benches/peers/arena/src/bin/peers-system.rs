//! The rules with system as the global allocator.

#[global_allocator]
static HEAP: wf_alloc::System = wf_alloc::System;

fn main() -> std::process::ExitCode {
    wf_gate::gate_main(&wf_peers_arena::subjects(), concat!(env!("CARGO_MANIFEST_DIR"), "/rules/system"))
}
