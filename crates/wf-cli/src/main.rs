//! The `wf` program: check, compile, inspect and run BPMN workflows.
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
