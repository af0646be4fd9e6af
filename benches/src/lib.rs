//! Gate subjects and allocator workloads of the workspace.
//!
//! A library, so that the gate's child program, the criterion bench and the tests share the same subjects.

#[cfg(doctest)]
mod documents;
pub mod subjects;
pub mod workload;

/// As in the gate's own program: subjects that watch the heap need their calls counted.
#[cfg(test)]
#[global_allocator]
static HEAP: wf_gate::Counting<wf_gate::System> = wf_gate::Counting::new(wf_gate::System);
