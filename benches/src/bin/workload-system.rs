//! The workloads under the system's allocator.

use std::process::ExitCode;

#[global_allocator]
static HEAP: wf_alloc::System = wf_alloc::System;

fn main() -> ExitCode {
    wf_benches::workload::main("system")
}
