//! The workloads under jemalloc.

use std::process::ExitCode;

#[global_allocator]
static HEAP: wf_alloc::Jemalloc = wf_alloc::Jemalloc;

fn main() -> ExitCode {
    wf_benches::workload::main("jemalloc")
}
