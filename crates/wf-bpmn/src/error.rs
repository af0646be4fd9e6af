//! Why a document is refused, and where.

use core::fmt;

use wf_net::ProblemKind;

use crate::expression::Fault;
use crate::{Element, Limit, ModelFault, Position, Unsupported, XmlFault};

/// Most elements that a problem of a net names.
const RELATED_MAX: usize = 8;

/// One reason for which a document is refused.
///
/// Its `Display` is `LINE:COLUMN: ELEMENT: MESSAGE`; [`in_file`](Self::in_file) puts a file name in front.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Error {
    /// Where the problem is.
    pub position: Position,
    /// The element that has the problem, where the document was read far enough to know it.
    pub element: Option<Box<Element>>,
    /// What is wrong.
    pub kind: ErrorKind,
}

/// What is wrong with a document.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The document is beyond a limit.
    Limit(Limit),
    /// The document is no well-formed XML text.
    Xml(XmlFault),
    /// The document is no BPMN model that could run.
    Model(ModelFault),
    /// The model has behaviour that is not supported.
    Unsupported(Unsupported),
    /// The data of a case cannot decide about a flow: its condition is beyond what is evaluated. The position is that in
    /// the condition; the element is the flow.
    Condition(Fault),
    /// The data of a case cannot say how many instances an activity has.
    Number {
        /// Where the model says it: `loopCardinality`, `collection`.
        place: &'static str,
        /// Why it cannot be evaluated.
        fault: Fault,
    },
    /// The net of a process is refused.
    Net {
        /// The problem as `wf-net` reports it.
        problem: wf_net::Problem,
        /// The elements that the problem involves, each once.
        related: Vec<Element>,
    },
}

impl From<Limit> for ErrorKind {
    fn from(limit: Limit) -> Self {
        Self::Limit(limit)
    }
}

impl From<XmlFault> for ErrorKind {
    fn from(fault: XmlFault) -> Self {
        Self::Xml(fault)
    }
}

impl From<ModelFault> for ErrorKind {
    fn from(fault: ModelFault) -> Self {
        Self::Model(fault)
    }
}

impl From<Fault> for ErrorKind {
    fn from(fault: Fault) -> Self {
        Self::Condition(fault)
    }
}

impl From<Unsupported> for ErrorKind {
    fn from(what: Unsupported) -> Self {
        Self::Unsupported(what)
    }
}

impl Error {
    pub(crate) fn at(position: Position, kind: impl Into<ErrorKind>) -> Self {
        Self { position, element: None, kind: kind.into() }
    }

    pub(crate) fn of(element: Element, kind: impl Into<ErrorKind>) -> Self {
        Self { position: element.position, element: Some(Box::new(element)), kind: kind.into() }
    }

    /// A name of what is wrong that stays the same, for programs: `model.dangling`, `condition.beyond`.
    ///
    /// # Examples
    /// ```
    /// let errors = wf_bpmn::parse(b"hello", &wf_bpmn::ParseOptions::default()).unwrap_err();
    /// assert_eq!(errors[0].code(), "xml.not-xml");
    /// ```
    #[must_use]
    pub fn code(&self) -> String {
        match &self.kind {
            ErrorKind::Limit(limit) => format!("limit.{}", variant(limit)),
            ErrorKind::Xml(fault) => format!("xml.{}", variant(fault)),
            ErrorKind::Model(fault) => format!("model.{}", variant(fault)),
            ErrorKind::Unsupported(what) => format!("unsupported.{}", variant(what)),
            ErrorKind::Condition(fault) | ErrorKind::Number { fault, .. } => {
                format!("condition.{}", variant(&fault.kind))
            }
            ErrorKind::Net { problem, .. } => format!("net.{}", variant(&problem.kind)),
        }
    }

    /// This error with the name of its file in front, as compilers print it.
    ///
    /// # Examples
    /// ```
    /// let errors = wf_bpmn::parse(b"hello", &wf_bpmn::ParseOptions::default()).unwrap_err();
    /// assert_eq!(errors[0].in_file("a.bpmn").to_string(), "a.bpmn:1:1: not an XML document: it begins with `h`");
    /// ```
    #[must_use]
    pub const fn in_file<'e>(&'e self, file: &'e str) -> Located<'e> {
        Located { file, error: self }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.position)?;
        if let Some(element) = &self.element {
            write!(f, "{element}: ")?;
        }
        self.kind.fmt(f)
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Limit(limit) => limit.fmt(f),
            Self::Xml(fault) => fault.fmt(f),
            Self::Model(fault) => fault.fmt(f),
            Self::Unsupported(what) => write!(f, "not supported: {what}"),
            Self::Number { place, fault } => write!(f, "its {place} cannot be evaluated: {fault}"),
            Self::Condition(fault) => write!(f, "its condition cannot be evaluated: {fault}"),
            Self::Net { problem, related } => {
                if matches!(problem.kind, ProblemKind::LoopWithoutTask(_)) {
                    // A net has more nodes than its model has elements.
                    let (count, form) = (related.len(), if related.len() == 1 { " forms" } else { "s form" });
                    write!(
                        f,
                        "{count} element{form} a loop with no task in it, so a token could go round for ever"
                    )?;
                } else {
                    problem.fmt(f)?;
                }
                for (index, element) in related.iter().take(RELATED_MAX).enumerate() {
                    write!(f, "{} {}", if index == 0 { ":" } else { "," }, element.placed())?;
                }
                match related.len().saturating_sub(RELATED_MAX) {
                    0 => Ok(()),
                    more => write!(f, " and {more} more"),
                }
            }
        }
    }
}

impl core::error::Error for Error {}

/// The name of an enum's variant, in small letters with hyphens.
pub(crate) fn variant(value: &impl fmt::Debug) -> String {
    /// Stops behind the name, which a variant's fields of any size follow.
    struct Name(String);
    impl fmt::Write for Name {
        fn write_str(&mut self, text: &str) -> fmt::Result {
            for c in text.chars() {
                if !c.is_alphanumeric() {
                    return Err(fmt::Error);
                }
                if c.is_uppercase() && !self.0.is_empty() {
                    self.0.push('-');
                }
                self.0.extend(c.to_lowercase());
            }
            Ok(())
        }
    }
    let mut name = Name(String::new());
    // That it stops early is no failure.
    let _ = fmt::Write::write_fmt(&mut name, format_args!("{value:?}"));
    name.0
}

/// An error together with the name of its file.
#[derive(Clone, Copy, Debug)]
pub struct Located<'e> {
    file: &'e str,
    error: &'e Error,
}

impl fmt::Display for Located<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.error)
    }
}

impl core::error::Error for Located<'_> {}

/// The problems found so far, of which a limited number is kept.
#[derive(Debug)]
pub(crate) struct Errors {
    kept: Vec<Error>,
    kept_max: usize,
    omitted: usize,
}

impl Errors {
    pub(crate) const fn new(kept_max: usize) -> Self {
        Self { kept: Vec::new(), kept_max, omitted: 0 }
    }

    pub(crate) fn push(&mut self, error: Error) {
        if self.kept.len() < self.kept_max {
            self.kept.push(error);
        } else {
            self.omitted += 1;
        }
    }

    /// How many problems were found, kept or not.
    pub(crate) const fn count(&self) -> usize {
        self.kept.len() + self.omitted
    }

    /// The problems in the order of the text; the count of those left out stands last.
    pub(crate) fn into_sorted(mut self) -> Vec<Error> {
        self.kept.sort_by_key(|error| error.position);
        if self.omitted > 0 {
            let position = self.kept.last().map_or(Position::START, |last| last.position);
            self.kept.push(Error::at(position, Limit::Errors { omitted: self.omitted }));
        }
        self.kept
    }
}
