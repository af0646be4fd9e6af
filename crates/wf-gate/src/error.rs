//! What can go wrong, as small facts.

use std::fmt;

/// Why a subject could not be measured.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum SampleError {
    /// The subject gave another answer than it says is right.
    WrongAnswer {
        /// The subject.
        subject: String,
        /// What it gave.
        answer: u64,
        /// What it says is right.
        expected: u64,
    },
    /// A run is too short to be told from the clock's own bracket.
    TooShort {
        /// The subject.
        subject: String,
        /// Counts of the clock that one run took.
        counts: f64,
        /// Counts that it must take.
        at_least: f64,
    },
    /// The program runs under an emulator, whose time is not the processor's.
    Emulated,
    /// The program has no subject of this name.
    Unknown {
        /// The name asked for.
        subject: String,
    },
}

impl fmt::Display for SampleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::WrongAnswer { subject, answer, expected } => {
                write!(f, "{subject} answered {answer}, and {expected} is right")
            }
            Self::TooShort { subject, counts, at_least } => write!(
                f,
                "one run of {subject} takes {counts:.0} counts of the clock; under {at_least:.0} the clock's own bracket \
                 is measured: do more operations in a run"
            ),
            Self::Emulated => f.write_str("times mean nothing under valgrind, which runs this program"),
            Self::Unknown { subject } => write!(f, "no subject is called {subject}"),
        }
    }
}

impl core::error::Error for SampleError {}

/// One thing wrong with a budgets file, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BudgetError {
    /// The file as it was named.
    pub path: String,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// What is wrong and what would be right.
    pub message: String,
}

impl fmt::Display for BudgetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}: {}", self.path, self.line, self.column, self.message)
    }
}

impl core::error::Error for BudgetError {}

/// Why a run of the gate could not be made at all.
#[derive(Debug)]
#[non_exhaustive]
pub enum GateError {
    /// The budgets do not hold together; every problem found.
    Budgets(Vec<BudgetError>),
    /// A file or a program could not be used.
    Io {
        /// What was to be done, with the path.
        doing: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// The program with the subjects did something it should not.
    Child {
        /// The program and its arguments.
        command: String,
        /// What happened.
        message: String,
    },
    /// Asked for something that does not exist.
    Usage(String),
}

impl fmt::Display for GateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Budgets(errors) => {
                for (index, error) in errors.iter().enumerate() {
                    if index > 0 {
                        f.write_str("\n")?;
                    }
                    write!(f, "{error}")?;
                }
                Ok(())
            }
            Self::Io { doing, source } => write!(f, "{doing}: {source}"),
            Self::Child { command, message } => write!(f, "{command}: {message}"),
            Self::Usage(message) => f.write_str(message),
        }
    }
}

impl core::error::Error for GateError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Io { source, .. } => Some(source),
            _ => None,
        }
    }
}

impl GateError {
    /// An error of the system while doing something.
    pub fn io(doing: impl Into<String>, source: std::io::Error) -> Self {
        Self::Io { doing: doing.into(), source }
    }
}
