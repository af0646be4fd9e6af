//! Vector kernels and registry reads of other projects beside ours, on the same data, paired in one process.
//!
//! `cargo run --release` checks the rules in `budgets.toml` beside this package's manifest.

mod counters;
mod data;
mod kernels;
mod plain;
mod registries;
mod selections;

#[global_allocator]
static HEAP: wf_gate::Counting<wf_gate::System> = wf_gate::Counting::new(wf_gate::System);

fn main() -> std::process::ExitCode {
    let mut all = kernels::subjects();
    all.extend(selections::subjects());
    all.extend(registries::subjects());
    all.extend(counters::subjects());
    wf_gate::gate_main(&all, env!("CARGO_MANIFEST_DIR"))
}
