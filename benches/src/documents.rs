//! Documents whose examples are compiled and run, as the documentation tests of this package.

#[doc = include_str!("../../README.md")]
mod readme {}

#[doc = include_str!("../../docs/MEMORY_OPTIMIZATION.md")]
mod memory_optimization {}

#[doc = include_str!("../../docs/BENCHMARKING.md")]
mod benchmarking {}

#[doc = include_str!("../../CONTRIBUTING.md")]
mod contributing {}

#[doc = include_str!("../../crates/wf-aligned/README.md")]
mod aligned {}

#[doc = include_str!("../../crates/wf-simd/README.md")]
mod simd {}

#[doc = include_str!("../../crates/wf-mmap/README.md")]
mod mmap {}

#[doc = include_str!("../../crates/wf-registry/README.md")]
mod registry {}

#[doc = include_str!("../../crates/wf-net/README.md")]
mod net {}

#[doc = include_str!("../../crates/wf-bpmn/README.md")]
mod bpmn {}

#[doc = include_str!("../../crates/wf-engine/README.md")]
mod engine {}

#[doc = include_str!("../../crates/wf-gate/README.md")]
mod gate {}
