//! The workloads under mimalloc.

use std::process::ExitCode;

#[global_allocator]
static HEAP: wf_alloc::Mimalloc = wf_alloc::Mimalloc;

fn main() -> ExitCode {
    wf_benches::workload::main("mimalloc")
}
