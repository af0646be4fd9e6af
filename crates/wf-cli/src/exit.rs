//! How the program ends: the exit codes, and the one place that prints a failure.

use std::fmt;
use std::io;
use std::path::Path;
use std::process::ExitCode;

use crate::cli::Command;
use crate::{check, compile, demo, inspect, run, say, shell};

/// Why a command did not do what it was asked for.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Models were refused; the reasons are printed already.
    Refused,
    /// The arguments ask for something that cannot be.
    Usage(String),
    /// An input could not be read or an output could not be written.
    Io(String),
    /// The user stopped the program; what was done until then is printed already.
    Interrupted,
}

impl Failure {
    /// An input or output failed: what, on which file, and what the system said.
    pub(crate) fn file(doing: &str, path: &Path, error: impl fmt::Display) -> Self {
        Self::Io(format!("cannot {doing} {}: {error}", path.display()))
    }

    /// The standard output could not be written.
    pub(crate) fn stdout(error: &io::Error) -> Self {
        Self::Io(format!("cannot write to the standard output: {error}"))
    }
}

/// Does what a command says.
pub(crate) fn run(command: &Command) -> Result<(), Failure> {
    match command {
        Command::Run(args) => run::run(args),
        Command::Check(args) => check::check(args),
        Command::Compile(args) => compile::compile(args),
        Command::Inspect(args) => inspect::inspect(args),
        Command::Demo(args) => demo::demo(args),
        Command::Completions(args) => shell::completions(args),
        Command::Man(args) => shell::man(args),
    }
}

/// Prints what is left to say and gives the exit code.
pub(crate) fn code(done: Result<(), Failure>) -> ExitCode {
    let (code, message) = match done {
        Ok(()) => (0, None),
        Err(Failure::Refused) => (1, None),
        Err(Failure::Usage(message)) => (2, Some(message)),
        Err(Failure::Io(message)) => (3, Some(message)),
        Err(Failure::Interrupted) => (130, None),
    };
    if let Some(message) = message {
        say::complain(format_args!("error: {message}"));
    }
    ExitCode::from(code)
}
