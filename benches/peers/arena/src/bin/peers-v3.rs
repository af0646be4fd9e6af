//! The rules for programs built for x86-64-v3, with system as the global allocator.

use wf_peers_arena::switch::Switch;

#[global_allocator]
static HEAP: Switch<wf_alloc::System> = Switch::new(wf_alloc::System, wf_alloc::System);

fn main() -> std::process::ExitCode {
    if !cfg!(all(target_feature = "avx2", target_feature = "bmi2", target_feature = "fma")) {
        eprintln!(
            "this program's rules are for x86-64-v3: build it with RUSTFLAGS=\"-C target-cpu=x86-64-v3\""
        );
        return std::process::ExitCode::from(2);
    }
    HEAP.count_if_asked();
    wf_gate::gate_main(&wf_peers_arena::subjects(), concat!(env!("CARGO_MANIFEST_DIR"), "/rules/v3"))
}
