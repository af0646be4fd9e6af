//! The elements of a document in the order of their start tags, borrowing from its text.

use core::ops::Range;
use std::borrow::Cow;

use crate::{Element, Position};

/// Index of an element in its tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Index(u32);

impl Index {
    pub(crate) const ROOT: Self = Self(0);
}

/// Which vocabulary an element belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Vocabulary {
    /// BPMN 2.0 models.
    Bpmn,
    /// The diagrams of BPMN 2.0, where they are wanted.
    Diagram,
    /// Any other namespace, or none. Such an element is kept without its content.
    Foreign,
}

/// What a tree holds of one element.
#[derive(Debug)]
struct Row<'x> {
    vocabulary: Vocabulary,
    /// The name without prefix for BPMN, as it is written for others.
    name: &'x str,
    position: Position,
    attributes: Range<u32>,
    text: Cow<'x, str>,
    /// Invariant: one past the last element inside this one, once that was closed.
    end: u32,
}

/// A piece of an element's text that stands in the document without a break.
#[derive(Debug)]
struct Piece {
    element: Index,
    /// Where it begins in the element's text, in bytes.
    offset: u32,
    position: Position,
}

/// The elements of a document.
#[derive(Debug, Default)]
pub(crate) struct Tree<'x> {
    rows: Vec<Row<'x>>,
    /// Attributes without prefix: those that BPMN itself defines.
    attributes: Vec<(&'x str, Cow<'x, str>)>,
    /// Where the pieces of kept texts stand, which references and CDATA sections cut.
    pieces: Vec<Piece>,
    /// Namespace of the root element; empty for none.
    pub(crate) root_namespace: String,
}

impl<'x> Tree<'x> {
    /// Adds an element inside the one that was opened last and not closed.
    pub(crate) fn open(&mut self, vocabulary: Vocabulary, name: &'x str, position: Position) -> Index {
        let index = self.rows.len() as u32;
        let first = self.attributes.len() as u32;
        let text = Cow::Borrowed("");
        self.rows.push(Row { vocabulary, name, position, attributes: first..first, text, end: index + 1 });
        Index(index)
    }

    /// Adds an attribute to the element that was opened last.
    pub(crate) fn attribute(&mut self, name: &'x str, value: Cow<'x, str>) {
        self.attributes.push((name, value));
        if let Some(row) = self.rows.last_mut() {
            row.attributes.end += 1;
        }
    }

    /// Appends text to an element that stands at this position of the document.
    pub(crate) fn append_text(&mut self, index: Index, text: Cow<'x, str>, position: Position) {
        let kept = &mut self.rows[index.0 as usize].text;
        self.pieces.push(Piece { element: index, offset: kept.len() as u32, position });
        if kept.is_empty() {
            *kept = text;
        } else {
            kept.to_mut().push_str(&text);
        }
    }

    /// Closes an element: what is added from here on stands behind it.
    pub(crate) fn close(&mut self, index: Index) {
        self.rows[index.0 as usize].end = self.rows.len() as u32;
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    pub(crate) fn vocabulary(&self, index: Index) -> Vocabulary {
        self.row(index).vocabulary
    }

    pub(crate) fn name(&self, index: Index) -> &'x str {
        self.row(index).name
    }

    /// The text directly inside an element whose text is kept.
    pub(crate) fn text(&self, index: Index) -> &str {
        &self.row(index).text
    }

    /// Where the byte at an offset of an element's text stands in the document.
    pub(crate) fn position_in(&self, index: Index, offset: usize) -> Position {
        let first = self.pieces.partition_point(|piece| piece.element < index);
        let pieces = self.pieces[first..].iter().take_while(|piece| piece.element == index);
        let Some(piece) = pieces.take_while(|piece| piece.offset as usize <= offset).last() else {
            return self.row(index).position;
        };
        let text = self.text(index).get(piece.offset as usize..offset).unwrap_or_default();
        let within = Position::of(text, text.len());
        let Position { line, column } = piece.position;
        match within.line {
            1 => Position { line, column: column.saturating_add(within.column - 1) },
            lines => Position { line: line.saturating_add(lines - 1), column: within.column },
        }
    }

    /// Puts the pieces of texts in the order of their elements: one whose text has others inside is read on after them.
    pub(crate) fn finish(&mut self) {
        self.pieces.sort_by_key(|piece| piece.element);
    }

    /// The value of an attribute without white space around it, if it is there and not empty.
    pub(crate) fn value(&self, index: Index, name: &str) -> Option<&str> {
        let range = &self.row(index).attributes;
        let attributes = &self.attributes[range.start as usize..range.end as usize];
        let (_, value) = attributes.iter().find(|&&(key, _)| key == name)?;
        Some(value.trim()).filter(|value| !value.is_empty())
    }

    /// The elements directly inside one, in the order of the text.
    pub(crate) fn children(&self, index: Index) -> impl Iterator<Item = Index> + '_ {
        let end = self.row(index).end;
        let mut next = index.0 + 1;
        core::iter::from_fn(move || {
            let child = (next < end).then_some(Index(next))?;
            next = self.row(child).end;
            Some(child)
        })
    }

    /// All elements inside one, however deep, in the order of the text.
    pub(crate) fn inside(&self, index: Index) -> impl Iterator<Item = Index> + use<> {
        (index.0 + 1..self.row(index).end).map(Index)
    }

    /// Whether an element stands inside another one.
    pub(crate) fn contains(&self, outer: Index, inner: Index) -> bool {
        outer < inner && inner.0 < self.row(outer).end
    }

    /// All elements, in the order of their start tags.
    pub(crate) fn all(&self) -> impl Iterator<Item = Index> + use<> {
        (0..self.rows.len() as u32).map(Index)
    }

    /// The element as a person knows it.
    pub(crate) fn element(&self, index: Index) -> Element {
        let one_line = |name: &str| {
            let words = self.value(index, name).unwrap_or_default().split_whitespace();
            words.collect::<Vec<_>>().join(" ")
        };
        Element {
            kind: self.name(index).to_owned(),
            id: one_line("id"),
            name: one_line("name"),
            position: self.row(index).position,
        }
    }

    fn row(&self, index: Index) -> &Row<'x> {
        &self.rows[index.0 as usize]
    }
}
