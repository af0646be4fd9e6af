//! The workspace's own tools, thin over `wf-gate`: gate, allocator matrix, ci, tidy.
//!
//! Exit codes: 0 pass, 1 tool error, 2 usage or bad budgets, 3 breach, 4 measurement invalid, 5 inconclusive under
//! `--inconclusive fail`.

#![forbid(unsafe_code)]

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use wf_gate::{Exit, GateError};

mod against;
mod bless;
mod blocks;
mod build;
mod ci;
mod compare;
mod docs;
mod doctor;
mod examples;
mod gate;
mod load;
mod matrix;
mod package;
mod patterns;
mod peers;
mod record;
mod results;
mod self_test;
mod steady;
mod stop;
mod tidy;

#[derive(Parser)]
#[command(name = "cargo xtask", about = "The workspace's own tools.", after_help = EXIT_CODES)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

const EXIT_CODES: &str = "Exit codes: 0 pass, 1 tool error, 2 usage or bad budgets, 3 breach, 4 measurement invalid, 5 \
inconclusive under --inconclusive fail.";

#[derive(Subcommand)]
enum Command {
    /// Checks the promises of budgets.toml.
    #[command(after_help = EXIT_CODES)]
    Gate(gate::Arguments),
    /// Runs the same workloads under every allocator and prints a table.
    BenchMatrix(matrix::Arguments),
    /// Records the number of a ratchet for this kind of machine.
    Bless(bless::Arguments),
    /// Sets two recorded reports of the gate side by side.
    Compare(compare::Arguments),
    /// Renders a recorded report of the gate again.
    Report(compare::ReportArguments),
    /// Says whether counts are the same in every process, and how much ticks differ.
    Steady(steady::Arguments),
    /// Says what can be decided on this machine, and how small a change can be seen.
    Doctor,
    /// Prints the table of control-flow patterns; fails if one lacks its constructor or its test.
    Patterns(patterns::Arguments),
    /// Runs other projects' work beside ours, those that are installed; never part of CI.
    Peers(peers::Arguments),
    /// Measures something whole, keeps it with the machine, and makes the documents of it.
    Record(record::Arguments),
    /// Proves what stands between fences in the documents: compiled, parsed or executed.
    Blocks(blocks::Arguments),
    /// Makes one site of every document and of the pages of every crate.
    Docs(docs::Arguments),
    /// Runs every example of every crate.
    Examples,
    /// Packs every crate as a registry would have it, then builds and tests each from its package alone.
    Package(package::Arguments),
    /// Runs what CI runs: format, lints, tests, documentation, every feature alone, gate.
    Ci(ci::Arguments),
    /// Checks the rules of the repository: dependency graph, file sizes, crate headers.
    Tidy,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let result = match arguments.command {
        Command::Gate(arguments) => gate::run(&arguments),
        Command::BenchMatrix(arguments) => matrix::run(&arguments),
        Command::Bless(arguments) => bless::run(&arguments),
        Command::Compare(arguments) => compare::run(&arguments),
        Command::Report(arguments) => compare::report(&arguments),
        Command::Steady(arguments) => steady::run(&arguments),
        Command::Doctor => doctor::run(),
        Command::Patterns(arguments) => patterns::run(&arguments),
        Command::Peers(arguments) => peers::run(&arguments),
        Command::Record(arguments) => record::run(&arguments),
        Command::Blocks(arguments) => blocks::run(&arguments),
        Command::Docs(arguments) => docs::run(&arguments),
        Command::Examples => examples::run(),
        Command::Package(arguments) => package::run(&arguments),
        Command::Ci(arguments) => ci::run(&arguments),
        Command::Tidy => tidy::run(),
    };
    match result {
        Ok(exit) => exit.into(),
        Err(error) => {
            eprintln!("error: {error}");
            wf_gate::exit_of(&error).into()
        }
    }
}

/// The result of a command.
type Outcome = Result<Exit, GateError>;
