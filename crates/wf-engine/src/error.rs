//! Why an engine could not be set up.

use core::fmt;

use wf_net::ImageError;

/// Why an engine or a shard could not be set up. Running cases answers with a [`Status`](crate::Status) instead.
#[derive(Debug)]
#[non_exhaustive]
pub enum EngineError {
    /// The store could not be opened or read.
    Store(wf_mmap::Error),
    /// A record of the store is not a program that this build can run.
    Program {
        /// Key of the record.
        key: String,
        /// What is wrong with it.
        error: ImageError,
    },
    /// A record of the store has a key that is not a name.
    Key,
    /// The store holds no program.
    Empty,
    /// A shard for no cases or for too many.
    Cases {
        /// Live cases asked for.
        asked: usize,
        /// The most that a shard holds.
        cases_max: usize,
    },
    /// The system has no memory for the lines of the cases.
    Memory {
        /// Bytes asked for.
        bytes: u64,
    },
    /// A program calls one that the store does not hold, or whose first start needs a decision.
    Call {
        /// Name of the program that calls.
        caller: String,
        /// Name of the program that it calls.
        called: String,
    },
    /// The store holds more programs, or programs with more ops, than the engine's tables can number.
    TooManyPrograms,
    /// More generations of programs have live cases than there are shard numbers for them.
    Generations {
        /// Generations that are open.
        open: usize,
    },
}

impl fmt::Display for EngineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Store(error) => error.fmt(f),
            Self::Program { key, error } => write!(f, "workflow {key:?}: {error}"),
            Self::Key => {
                f.write_str("a record of the store has a key that is not a name, so it is no workflow")
            }
            Self::Empty => f.write_str("the store holds no workflow"),
            Self::Cases { asked, cases_max } => {
                write!(f, "a shard for {asked} live cases: it takes from 1 to {cases_max}")
            }
            Self::Memory { bytes } => write!(f, "the system has no {bytes} bytes for the lines of the cases"),
            Self::Call { caller, called } => write!(
                f,
                "workflow {caller:?} calls {called:?}, which the store does not hold or which begins with a decision"
            ),
            Self::Generations { open } => {
                write!(
                    f,
                    "{open} generations of workflows have live cases, and no shard number is left for another"
                )
            }
            Self::TooManyPrograms => f.write_str("the store holds more programs than an engine can number"),
        }
    }
}

impl core::error::Error for EngineError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Store(error) => Some(error),
            Self::Program { error, .. } => Some(error),
            _ => None,
        }
    }
}

impl From<wf_mmap::Error> for EngineError {
    fn from(error: wf_mmap::Error) -> Self {
        Self::Store(error)
    }
}
