//! The program that the gate runs: one observation per process, every heap call counted.

use std::process::ExitCode;

#[global_allocator]
static HEAP: wf_gate::Counting<wf_gate::System> = wf_gate::Counting::new(wf_gate::System);

fn main() -> ExitCode {
    wf_gate::child_main(&wf_benches::subjects::all())
}
