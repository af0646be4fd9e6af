//! An element of a document as a person knows it: its kind, id, name and place.

use core::fmt;

use crate::Position;

/// A BPMN element of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Element {
    /// The XML name without its prefix, such as `userTask`; of another vocabulary's element, with it.
    pub kind: String,
    /// The id; empty where the element has none.
    pub id: String,
    /// The name that a person reads, on one line; empty where the element has none.
    pub name: String,
    /// Where the element's start tag begins.
    pub position: Position,
}

impl Element {
    /// Kind, id, name and position, as messages refer to a second element.
    pub(crate) fn placed(&self) -> String {
        format!("{self} at {}", self.position)
    }
}

impl fmt::Display for Element {
    /// Kind, id and name, without the position.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.kind)?;
        if !self.id.is_empty() {
            write!(f, " `{}`", self.id)?;
        }
        if !self.name.is_empty() && self.name != self.id {
            write!(f, " \"{}\"", self.name)?;
        }
        Ok(())
    }
}
