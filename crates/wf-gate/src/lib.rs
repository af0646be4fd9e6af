//! A performance gate that is right on a noisy machine.
//!
//! A promise is a rule in `budgets.toml`; a rule names a [`Subject`]; the gate measures the subject in short child
//! processes and answers **pass**, **fail**, **inconclusive**, **skipped** or **invalid**. Evidence is taken in this
//! order: exact counts (heap allocations of one thread, instructions, system calls, page faults), the ratio of two
//! subjects paired inside one process, the ratio between two builds, core cycles calibrated in the same group of samples.
//! Wall time is reported and gates nothing.
//!
//! # When not to use it
//! To explore why something is slow: use criterion and a profiler. To follow a number over months: this gate keeps no
//! history on purpose, since a stored time says more about the machine of that day than about the code.
//!
//! # What it costs
//! | what | costs | budget |
//! |---|---|---|
//! | a rule that is decided at once | five processes that sample for `sample_ms` each | that of the caller |
//! | one that stays open | up to thirty | that of the caller |
//! | reading the clock around a run | no heap call; its time is taken off | `gate.clock_bracket.allocations` |
//! | a tick | one core cycle | `gate.tick_is_a_cycle.max` |
//!
//! Nothing else is needed: no root, no performance counters, no network, no service. Rules on instructions need valgrind, rules
//! on system calls strace; they are skipped, and counted, without it.
//!
//! # Example
//! A gate of your own is one file, `benches/gate.rs` with `harness = false`, and one `budgets.toml` beside `Cargo.toml`:
//!
//! ```no_run
//! use wf_gate::{Batch, Subject};
//!
//! #[global_allocator]
//! static HEAP: wf_gate::Counting<wf_gate::System> = wf_gate::Counting::new(wf_gate::System);
//!
//! struct Sum(Vec<u64>);
//!
//! impl Batch for Sum {
//!     fn run(&mut self) -> u64 {
//!         self.0.iter().sum()
//!     }
//!     fn expected(&mut self) -> Option<u64> {
//!         Some(16_383 * 16_384 / 2)
//!     }
//! }
//!
//! fn main() -> std::process::ExitCode {
//!     let sum = Subject { id: "example.sum", ops: 16_384, make: || Box::new(Sum((0..16_384).collect())) };
//!     wf_gate::gate_main(&[sum], env!("CARGO_MANIFEST_DIR"))
//! }
//! ```
//!
//! # Sources
//! Why a stored time cannot gate, and why the process is the unit: Kalibera and Jones, *Rigorous Benchmarking in
//! Reasonable Time*, ISMM 2013. Trimmed means: Yuen, Biometrika 61 (1974).

#![deny(unsafe_code)]

mod adopt;
mod bless;
pub mod budgets;
pub mod child;
mod clock;
pub mod control;
mod error;
mod gate;
pub mod glob;
mod judge;
pub mod machine;
mod observation;
mod observe;
mod observer;
mod plan;
mod probe;
mod random;
pub mod report;
mod sampler;
pub mod selftest;
mod sequence;
pub mod stats;
mod subject;
mod verdict;

pub use adopt::{append, exit_of, gate_main};
pub use bless::{bless, measure_ratchet};
pub use clock::{Calibration, Clock, Unavailable, calibrate};
pub use error::{BudgetError, GateError, SampleError};
pub use gate::{Options, run};
pub use observation::{Counted, Listed, RunCounts, Timing};
pub use observe::{CHILD_WORD, child_main};
pub use observer::{Observation, Observer, Program};
pub use plan::Measurement;
pub use random::Random;
pub use sampler::{CLOCK_DRIFT_MAX, Order, Sampling, sample};
pub use subject::{Batch, Subject};
pub use verdict::{Exit, Limit, Look, Side, Verdict};
pub use wf_alloc::{Counting, System};
