//! Why a condition cannot be evaluated, and where in its text.

use core::fmt;

use super::{DEPTH_MAX, SIZE_MAX};

/// Why a condition is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Fault {
    /// Where in the text, in bytes; at the end of the text if something is missing there.
    pub offset: usize,
    /// What is wrong.
    pub kind: FaultKind,
}

/// What is wrong with a condition.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FaultKind {
    /// There is no text.
    Empty,
    /// A character that begins nothing.
    Character(char),
    /// A text in quotes has no end.
    OpenText,
    /// A backslash before something that it does not protect.
    Escape,
    /// A number that no 64 bits hold.
    NumberTooLarge,
    /// Something stands where something else is needed.
    Unexpected {
        /// What stands there; empty at the end of the text.
        found: String,
        /// What is needed.
        needed: &'static str,
    },
    /// Part of the notation, and beyond what is evaluated; the words that say what it is.
    Beyond(String),
    /// A value that can never be of the type that is needed there.
    WrongType {
        /// What is needed.
        needed: &'static str,
        /// What is there.
        found: &'static str,
    },
    /// Nested more deeply than [`DEPTH_MAX`].
    TooDeep,
    /// More parts than [`SIZE_MAX`].
    TooLarge,
    /// Written in a language that is neither FEEL nor JUEL.
    Language(String),
}

impl Fault {
    pub(crate) const fn new(offset: usize, kind: FaultKind) -> Self {
        Self { offset, kind }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            FaultKind::Empty => f.write_str("there is no condition"),
            FaultKind::Character(c) => write!(f, "{c:?} begins nothing that a condition could have"),
            FaultKind::OpenText => f.write_str("a text without a closing quote"),
            FaultKind::Escape => f.write_str("a backslash before something that needs none"),
            FaultKind::NumberTooLarge => f.write_str("a number too large for 64 bits"),
            FaultKind::Unexpected { found, needed } if found.is_empty() => {
                write!(f, "the text ends where {needed} is needed")
            }
            FaultKind::Unexpected { found, needed } => {
                write!(f, "`{found}` stands where {needed} is needed")
            }
            FaultKind::Beyond(what) => f.write_str(what),
            FaultKind::WrongType { needed, found } => write!(f, "{needed} is needed, this is {found}"),
            FaultKind::TooDeep => write!(f, "nested more than {DEPTH_MAX} deep"),
            FaultKind::TooLarge => write!(f, "more than {SIZE_MAX} parts"),
            FaultKind::Language(language) => {
                write!(f, "written in {language}: only FEEL and JUEL are evaluated")
            }
        }
    }
}

impl core::error::Error for Fault {}
