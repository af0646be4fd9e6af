//! A limit of [`ParseOptions`](crate::ParseOptions) that a document exceeds.

use core::fmt;

/// Which limit a document exceeds.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Limit {
    /// The document has too many bytes.
    DocumentBytes {
        /// Its size, or as much of it as was read.
        bytes: usize,
        /// The limit.
        bytes_max: usize,
    },
    /// Elements are nested too deep.
    Depth {
        /// The limit.
        depth_max: usize,
    },
    /// The document has too many elements.
    Elements {
        /// The limit.
        elements_max: usize,
    },
    /// An element has too many attributes.
    Attributes {
        /// The limit.
        attributes_max: usize,
    },
    /// The value of an attribute is too long.
    AttributeBytes {
        /// Name of the attribute.
        name: String,
        /// Length of its value.
        bytes: usize,
        /// The limit.
        bytes_max: usize,
    },
    /// More problems were found than are reported.
    Errors {
        /// How many problems were left out.
        omitted: usize,
    },
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::DocumentBytes { bytes_max, .. } => {
                write!(f, "the document has more than {bytes_max} bytes, the limit")
            }
            Self::Depth { depth_max } => {
                write!(f, "elements are nested too deep; the limit is {depth_max}")
            }
            Self::Elements { elements_max } => {
                write!(f, "the document has too many elements; the limit is {elements_max}")
            }
            Self::Attributes { attributes_max } => {
                write!(f, "the element has too many attributes; the limit is {attributes_max}")
            }
            Self::AttributeBytes { name, bytes, bytes_max } => {
                write!(f, "the value of attribute `{name}` has {bytes} bytes; the limit is {bytes_max}")
            }
            Self::Errors { omitted: 1 } => f.write_str("one more problem is not listed"),
            Self::Errors { omitted } => write!(f, "{omitted} more problems are not listed"),
        }
    }
}
