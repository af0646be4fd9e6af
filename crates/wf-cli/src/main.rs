//! The `wf` program: check, compile, inspect and run BPMN workflows.
//!
//! # When not to use it
//! To keep cases from one start of the program to the next, or to have their work done: a play chooses at random or by given values,
//! and ends with its cases. A program that embeds `wf-engine` does the rest.
//!
//! # Cost
//! | what | costs | held by |
//! |---|---|---|
//! | `wf run`, a completion | what the engine's costs, and the driver's choice beside it | rules `engine.*`; recorded whole in `docs/records/main-job.txt` |
//! | `wf run`, memory | 64 bytes a live case | rule `engine.bytes.live` |
//! | `wf check` | a walk through the states of each model, with a limit that it says when it stops there | rule `bpmn.compile_100.ticks` for a model of 100 elements without that walk |
//!
//! # Features
//! `memory-v2`, on by default: stores are copied into huge pages where the system has them. `jemalloc`, `mimalloc`: the
//! program's allocator; with both, jemalloc. `zstd`: `wf inspect` reads stores whose records are compressed, and says what that
//! gains and costs. None changes a result.
//!
//! # Example
//! ```text
//! wf demo
//! wf check order.bpmn
//! wf run order.bpmn --cases 1000000
//! ```
//!
//! # Sources
//! OMG, *Business Process Model and Notation 2.0.2*, for models; IEEE 1849, *eXtensible Event Stream*, for `--log FILE.xes`.
#![forbid(unsafe_code)]
#![allow(clippy::print_stdout, reason = "a command-line program prints")]

mod check;
mod cli;
mod compile;
mod demo;
mod drawing;
mod exit;
mod facts;
mod heat;
mod inspect;
mod interrupt;
mod memory;
mod model;
mod output;
mod run;
mod say;
mod shell;
mod target;
mod trace;

use std::process::ExitCode;

use clap::Parser;
use wf_alloc::{ALLOCATOR, Allocator, Counting};

use cli::Cli;

#[global_allocator]
static HEAP: Counting<Allocator> = Counting::new(ALLOCATOR);

fn main() -> ExitCode {
    exit::code(exit::run(&Cli::parse().command))
}
