//! The workloads with every heap call counted: a pass of its own, since counting takes time.

use std::process::ExitCode;

#[global_allocator]
static HEAP: wf_alloc::Counting<wf_alloc::System> = wf_alloc::Counting::new(wf_alloc::System);

fn main() -> ExitCode {
    wf_benches::workload::main("counted")
}
