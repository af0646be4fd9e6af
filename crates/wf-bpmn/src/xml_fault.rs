//! What is wrong with a document as text or as XML, before BPMN comes into it.

use core::fmt;

use crate::Position;

/// How a document fails to be XML with namespaces.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum XmlFault {
    /// The document declares an encoding that is not known.
    UnknownEncoding {
        /// The name that the document declares.
        label: String,
    },
    /// The document's bytes cannot be of the encoding that it declares.
    EncodingMismatch {
        /// The name that the document declares.
        label: String,
    },
    /// Bytes that are no text in the document's encoding.
    InvalidBytes {
        /// The encoding.
        encoding: &'static str,
    },
    /// A character that XML does not allow.
    ForbiddenCharacter {
        /// Its code point.
        code_point: u32,
    },
    /// The document holds nothing but white space.
    Empty,
    /// The document does not begin as XML does.
    NotXml {
        /// Its first character that is not white space.
        begins: char,
    },
    /// The document breaks the grammar of XML.
    Syntax {
        /// How, in a few words.
        message: String,
    },
    /// The document ends too early.
    Truncated {
        /// In the middle of what it ends.
        inside: String,
        /// Where that begins.
        opened: Position,
    },
    /// An end tag closes another element than the innermost open one.
    MismatchedTag {
        /// Name of the innermost open element.
        expected: String,
        /// Where that element begins.
        opened: Position,
        /// Name in the end tag.
        found: String,
    },
    /// An end tag closes nothing.
    UnopenedTag {
        /// Name in the end tag.
        found: String,
    },
    /// A document type declaration: entities and external parts are refused, never expanded or fetched.
    DoctypeRefused,
    /// A reference to an entity that XML does not predefine.
    UnknownEntity {
        /// Name of the entity.
        name: String,
    },
    /// A namespace prefix that no `xmlns` attribute binds.
    UndeclaredPrefix {
        /// The prefix.
        prefix: String,
    },
}

impl XmlFault {
    pub(crate) fn syntax(message: impl Into<String>) -> Self {
        Self::Syntax { message: message.into() }
    }
}

impl fmt::Display for XmlFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownEncoding { label } => {
                write!(f, "the document declares the encoding `{label}`, which is not known; save it as UTF-8")
            }
            Self::EncodingMismatch { label } => write!(
                f,
                "the document declares the encoding `{label}`, but its bytes are of another one; save it as UTF-8"
            ),
            Self::InvalidBytes { encoding } => {
                write!(f, "the bytes here are not text in the document's encoding, {encoding}")
            }
            Self::ForbiddenCharacter { code_point } => {
                write!(f, "the character U+{code_point:04X} is not allowed in XML")
            }
            Self::Empty => f.write_str("the document is empty"),
            Self::NotXml { begins } => write!(f, "not an XML document: it begins with `{begins}`"),
            Self::Syntax { message } => write!(f, "not well-formed XML: {message}"),
            Self::Truncated { inside, opened } => {
                write!(f, "the document ends inside {inside}, which begins at {opened}: it seems to be cut off")
            }
            Self::MismatchedTag { expected, opened, found } => write!(
                f,
                "`</{found}>` does not close the innermost open element, `<{expected}>`, which begins at {opened}"
            ),
            Self::UnopenedTag { found } => write!(f, "`</{found}>` closes an element that was never opened"),
            Self::DoctypeRefused => f.write_str(
                "a document type declaration is refused: BPMN needs none, and entities are neither expanded nor fetched",
            ),
            Self::UnknownEntity { name } => write!(
                f,
                "the entity `&{name};` is not known: only amp, lt, gt, quot, apos and character references are"
            ),
            Self::UndeclaredPrefix { prefix } => {
                write!(f, "the namespace prefix `{prefix}` is not declared (no `xmlns:{prefix}`)")
            }
        }
    }
}
