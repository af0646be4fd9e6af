//! What one child process reports: the only thing that crosses from the program under test to the gate.

use serde::{Deserialize, Serialize};

/// One process's timing of a subject, alone or against another.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Timing {
    /// Groups of four runs (two for a subject alone).
    pub groups: u32,
    /// Groups dropped from the cycles because the core's clock moved within them.
    pub groups_clock_moved: u32,
    /// Groups in which something else used the same core: only those without give numbers, where they are enough.
    #[serde(default)]
    pub groups_shared: u32,
    /// Whether the numbers are of groups in which something else used the same core.
    #[serde(default)]
    pub shared: bool,
    /// Logarithm of time per operation of the subject over that of the other: median over groups.
    pub log_ratio: Option<f64>,
    /// Core cycles per operation, the clock's bracket included; absent where cycles cannot be told.
    pub cycles_per_op: Option<f64>,
    /// The same for the other subject.
    pub versus_cycles_per_op: Option<f64>,
    /// Core cycles per second during the sampling.
    pub core_hz: Option<f64>,
    /// Nanoseconds per operation: reported, never gated.
    pub ns_per_op: f64,
    /// The same for the other subject.
    pub versus_ns_per_op: Option<f64>,
    /// What the last run answered.
    pub answer: u64,
}

/// Exact counts of single runs in one process, after warm-up, of the thread that ran them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counted {
    /// Operations per run.
    pub ops: u32,
    /// One entry per counted run.
    pub runs: Vec<RunCounts>,
    /// What the last run answered.
    pub answer: u64,
}

/// What one run did to the heap and to the kernel.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunCounts {
    /// Calls that asked the heap for memory: `alloc`, `alloc_zeroed` and `realloc`, whether they got it or not.
    pub allocs: u64,
    /// Calls that gave memory back.
    pub deallocs: u64,
    /// Bytes asked for.
    pub bytes: u64,
    /// Pages that the kernel had to provide without reading a file.
    pub page_faults: Option<u64>,
}

/// A line of the child's answer to `list`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listed {
    /// The subject's name.
    pub id: String,
    /// Operations per run.
    pub ops: u32,
}
