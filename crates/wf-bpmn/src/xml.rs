//! Text to a tree of BPMN elements: well-formedness, namespaces and limits, in one pass without recursion.

use std::borrow::Cow;

use quick_xml::XmlVersion;
use quick_xml::errors::{Error as XmlError, IllFormedError};
use quick_xml::escape::{EscapeError, resolve_predefined_entity};
use quick_xml::events::attributes::{AttrError, Attributes};
use quick_xml::events::{BytesRef, Event};
use quick_xml::name::{Namespace, NamespaceError, PrefixDeclaration, QName, ResolveResult};
use quick_xml::reader::NsReader;

use crate::decode::is_xml_char;
use crate::position::Cursor;
use crate::tree::{Index, Tree, Vocabulary};
use crate::{Error, ErrorKind, Limit, NAMESPACE, ParseOptions, Position, XmlFault};

/// Reads a document.
///
/// # Errors
/// The first break of the grammar, or the first limit exceeded: what follows one cannot be trusted.
pub(crate) fn read<'x>(text: &'x str, options: &ParseOptions) -> Result<Tree<'x>, Error> {
    read_with(text, options, false)
}

/// Reads a document with its diagrams, which a process does not need.
///
/// # Errors
/// As [`read`].
pub(crate) fn read_drawn<'x>(text: &'x str, options: &ParseOptions) -> Result<Tree<'x>, Error> {
    read_with(text, options, true)
}

fn read_with<'x>(text: &'x str, options: &ParseOptions, is_drawn: bool) -> Result<Tree<'x>, Error> {
    match text.chars().find(|c| !c.is_whitespace()) {
        None => return Err(Error::at(Position::START, XmlFault::Empty)),
        Some('<') => {}
        Some(begins) => {
            let offset = text.find(begins).unwrap_or_default();
            return Err(Error::at(Position::of(text, offset), XmlFault::NotXml { begins }));
        }
    }
    let mut scan = Scan::new(text, options, is_drawn);
    while scan.step()? {}
    scan.tree.finish();
    Ok(scan.tree)
}

/// The namespaces of diagrams: their elements, and those of points and sizes.
const DIAGRAMS: [&str; 3] = [
    "http://www.omg.org/spec/BPMN/20100524/DI",
    "http://www.omg.org/spec/DD/20100524/DC",
    "http://www.omg.org/spec/DD/20100524/DI",
];

/// An element that is not closed yet.
#[derive(Debug)]
struct Open<'x> {
    /// As it is written, with its prefix.
    name: &'x str,
    position: Position,
    /// Where the element stands in the tree; `None` inside of what is skipped.
    index: Option<Index>,
    skips_content: bool,
    keeps_text: bool,
}

/// A pass over a document.
struct Scan<'x, 'o> {
    text: &'x str,
    reader: NsReader<&'x [u8]>,
    cursor: Cursor<'x>,
    options: &'o ParseOptions,
    /// Whether diagrams are kept.
    is_drawn: bool,
    tree: Tree<'x>,
    open: Vec<Open<'x>>,
    elements: usize,
}

impl<'x, 'o> Scan<'x, 'o> {
    fn new(text: &'x str, options: &'o ParseOptions, is_drawn: bool) -> Self {
        let mut reader = NsReader::from_str(text);
        reader.config_mut().expand_empty_elements = true;
        let (cursor, tree) = (Cursor::new(text), Tree::default());
        Self { text, reader, cursor, options, is_drawn, tree, open: Vec::new(), elements: 0 }
    }

    /// Reads up to the end of the next tag, text or other item; false at the end of the document.
    fn step(&mut self) -> Result<bool, Error> {
        let start = self.offset();
        let event = match self.reader.read_event() {
            Ok(event) => event,
            Err(error) => return Err(self.grammar(&error, start)),
        };
        match event {
            Event::Start(_) => self.start_tag(start)?,
            Event::End(_) => self.end_tag(),
            Event::Text(content) => self.append(start, content.xml10_content())?,
            Event::CData(content) => {
                if self.open.is_empty() {
                    return Err(self.syntax(start, "a CDATA section outside the root element"));
                }
                self.append(start + "<![CDATA[".len(), content.xml10_content())?;
            }
            Event::GeneralRef(reference) => {
                let character = self.resolve(start, &reference)?;
                if self.open.is_empty() {
                    return Err(self.syntax(start, "text outside the root element"));
                }
                self.append(start, character)?;
            }
            Event::DocType(_) => return Err(self.error(start, XmlFault::DoctypeRefused)),
            Event::Decl(_) if start > 0 => {
                return Err(self.syntax(start, "an XML declaration that is not at the very beginning"));
            }
            Event::Decl(_) | Event::Comment(_) | Event::PI(_) => {}
            Event::Empty(_) => unreachable!("empty elements are expanded"),
            Event::Eof => return self.end_of_document(start),
        }
        Ok(true)
    }

    fn end_of_document(&mut self, start: usize) -> Result<bool, Error> {
        if let Some(open) = self.open.last() {
            let fault = XmlFault::Truncated { inside: format!("`<{}>`", open.name), opened: open.position };
            return Err(self.error(start, fault));
        }
        if self.tree.is_empty() {
            return Err(self.error(start, XmlFault::Empty));
        }
        Ok(false)
    }

    fn start_tag(&mut self, start: usize) -> Result<(), Error> {
        // The tag is cut out of the text again, so that its names and values borrow from there.
        let tag = &self.text[start..self.offset()];
        let tag = tag.strip_prefix('<').and_then(|tag| tag.strip_suffix('>')).unwrap_or(tag);
        let tag = tag.strip_suffix('/').unwrap_or(tag);
        let name = &tag[..tag.find(is_space).unwrap_or(tag.len())];
        let position = self.cursor.advance(start);
        self.count_element(position)?;
        if self.open.is_empty() && !self.tree.is_empty() {
            return Err(Error::at(position, XmlFault::syntax(format!("a second root element, `<{name}>`"))));
        }
        check_name(name, "element").map_err(|fault| Error::at(position, fault))?;
        let parent = self.open.last();
        let skipped = parent.is_some_and(|parent| parent.index.is_none() || parent.skips_content);
        let (vocabulary, namespace) = self.vocabulary(name).map_err(|fault| Error::at(position, fault))?;
        let local = name.rsplit(':').next().unwrap_or(name);
        let is_bpmn = vocabulary == Vocabulary::Bpmn;
        let is_foreign = vocabulary == Vocabulary::Foreign;
        if parent.is_none() {
            self.tree.root_namespace = namespace;
        }
        let index = if skipped {
            None
        } else {
            Some(self.tree.open(vocabulary, if is_foreign { name } else { local }, position))
        };
        let keep = match index {
            None => Keep::Nothing,
            Some(_) if is_bpmn && local == LOOP => Keep::Collection,
            Some(_) => Keep::Plain,
        };
        self.attributes(tag, name.len(), position, keep)?;
        self.open.push(Open {
            name,
            position,
            index,
            skips_content: is_foreign || (local == "extensionElements" && !self.has_extensions()),
            keeps_text: is_bpmn && (has_meaning(local) || (self.is_drawn && local == "text")),
        });
        Ok(())
    }

    /// Whether what vendors say of the open element means something here: the list whose items several instances are for,
    /// the process that is called.
    fn has_extensions(&self) -> bool {
        let local = self.open.last().and_then(|open| open.name.rsplit(':').next());
        local.is_some_and(|local| local == LOOP || local == "callActivity")
    }

    fn count_element(&mut self, position: Position) -> Result<(), Error> {
        let (depth_max, elements_max) = (self.options.depth_max, self.options.elements_max);
        self.elements += 1;
        if self.open.len() >= depth_max {
            return Err(Error::at(position, Limit::Depth { depth_max }));
        }
        if self.elements > elements_max {
            return Err(Error::at(position, Limit::Elements { elements_max }));
        }
        Ok(())
    }

    /// Which vocabulary an element name belongs to, and for the root also the namespace itself.
    fn vocabulary(&self, name: &str) -> Result<(Vocabulary, String), XmlFault> {
        let keep = |namespace: &str| if self.open.is_empty() { namespace.to_owned() } else { String::new() };
        match self.reader.resolver().resolve_element(QName(name)).0 {
            ResolveResult::Bound(Namespace(NAMESPACE)) => Ok((Vocabulary::Bpmn, keep(NAMESPACE))),
            ResolveResult::Bound(Namespace(other)) if self.is_drawn && DIAGRAMS.contains(&other) => {
                Ok((Vocabulary::Diagram, keep(other)))
            }
            ResolveResult::Bound(Namespace(other)) => Ok((Vocabulary::Foreign, keep(other))),
            ResolveResult::Unbound => Ok((Vocabulary::Foreign, String::new())),
            ResolveResult::Unknown(prefix) => Err(XmlFault::UndeclaredPrefix { prefix }),
        }
    }

    /// Checks the attributes of a tag and keeps those of BPMN itself, which have no prefix.
    fn attributes(&mut self, tag: &'x str, name_bytes: usize, at: Position, keep: Keep) -> Result<(), Error> {
        let error = |kind: ErrorKind| Err(Error { position: at, element: None, kind });
        for (count, attribute) in Attributes::new(tag, name_bytes).enumerate() {
            if count == self.options.attributes_max {
                return error(Limit::Attributes { attributes_max: count }.into());
            }
            let attribute = match attribute {
                Ok(attribute) => attribute,
                Err(cause) => return error(attribute_fault(&cause).into()),
            };
            let QName(name) = attribute.key;
            let (bytes, bytes_max) = (attribute.value.len(), self.options.attribute_bytes_max);
            if bytes > bytes_max {
                return error(Limit::AttributeBytes { name: shorten(name), bytes, bytes_max }.into());
            }
            if let Err(fault) = check_name(name, "attribute") {
                return error(fault.into());
            }
            if attribute.value.contains('<') {
                return error(XmlFault::syntax(format!("`<` in the value of attribute `{name}`")).into());
            }
            let value = match attribute.normalized_value(XmlVersion::Explicit1_0) {
                // What is borrowed from the text holds no reference, and the text has been checked.
                Ok(value) if matches!(value, Cow::Borrowed(_)) || value.chars().all(is_xml_char) => value,
                Ok(_) => {
                    return error(
                        XmlFault::syntax("a reference to a character that XML does not allow").into(),
                    );
                }
                Err(cause) => return error(reference_fault(&cause).into()),
            };
            let declares = matches!(attribute.key.as_namespace_binding(), Some(PrefixDeclaration::Named(_)));
            if !declares
                && let ResolveResult::Unknown(prefix) =
                    self.reader.resolver().resolve_attribute(attribute.key).0
            {
                return error(XmlFault::UndeclaredPrefix { prefix }.into());
            }
            let is_collection = || name.rsplit(':').next() == Some("collection");
            match keep {
                Keep::Collection if is_collection() => self.tree.attribute("collection", value),
                Keep::Collection | Keep::Plain if !name.contains(':') => self.tree.attribute(name, value),
                _ => {}
            }
        }
        Ok(())
    }

    fn end_tag(&mut self) {
        if let Some(index) = self.open.pop().and_then(|open| open.index) {
            self.tree.close(index);
        }
    }

    fn append(&mut self, start: usize, content: Cow<'x, str>) -> Result<(), Error> {
        match self.open.last() {
            None if content.chars().all(is_space) => {}
            None => return Err(self.syntax(start, "text outside the root element")),
            Some(&Open { index: Some(index), keeps_text: true, .. }) => {
                let position = self.cursor.advance(start);
                self.tree.append_text(index, content, position);
            }
            Some(_) => {}
        }
        Ok(())
    }

    /// The character that a reference stands for: one of the five predefined entities, or a number.
    fn resolve(&self, start: usize, reference: &BytesRef<'_>) -> Result<Cow<'x, str>, Error> {
        match reference.resolve_char_ref() {
            Ok(Some(c)) if is_xml_char(c) => Ok(Cow::Owned(c.to_string())),
            Ok(None) => resolve_predefined_entity(reference)
                .map(Cow::Borrowed)
                .ok_or_else(|| self.error(start, XmlFault::UnknownEntity { name: shorten(reference) })),
            Ok(Some(_)) | Err(_) => {
                Err(self.syntax(start, "a reference to a character that XML does not allow"))
            }
        }
    }

    /// What the XML reader says, in our words and with a position.
    fn grammar(&self, error: &XmlError, start: usize) -> Error {
        let fault = match error {
            XmlError::IllFormed(IllFormedError::MismatchedEndTag { expected, found }) => {
                XmlFault::MismatchedTag {
                    expected: shorten(expected),
                    opened: self.open.last().map_or(Position::START, |open| open.position),
                    found: shorten(found),
                }
            }
            XmlError::IllFormed(IllFormedError::UnmatchedEndTag(found)) => {
                XmlFault::UnopenedTag { found: shorten(found) }
            }
            XmlError::IllFormed(IllFormedError::UnclosedReference) => {
                XmlFault::syntax("`&` that begins no reference; write `&amp;`")
            }
            XmlError::Syntax(_) if self.is_cut_off(start) => {
                let opened = Position::of(self.text, start);
                let fault = XmlFault::Truncated { inside: self.cut_off(start), opened };
                return Error::at(Position::of(self.text, self.text.len()), fault);
            }
            XmlError::Syntax(cause) => XmlFault::syntax(cause.to_string()),
            XmlError::Namespace(NamespaceError::TooManyBindings(limit)) => {
                let message = format!("more than {limit} namespace prefixes are declared at once");
                XmlFault::syntax(message)
            }
            other => XmlFault::syntax(other.to_string()),
        };
        self.error(start, fault)
    }

    /// Whether the markup at `start` lacks its end. The XML reader does not tell that apart from markup it cannot read.
    fn is_cut_off(&self, start: usize) -> bool {
        let rest = &self.text[start..];
        match markup(rest) {
            Some((_, _, end)) => !rest.contains(end),
            // A tag: only the end of the document keeps the reader from finding its end.
            None => true,
        }
    }

    /// What the unfinished markup at `start` would have become.
    fn cut_off(&self, start: usize) -> String {
        markup(&self.text[start..]).map_or("a start tag", |(_, what, _)| what).to_owned()
    }

    fn offset(&self) -> usize {
        self.reader.buffer_position() as usize
    }

    fn error(&self, offset: usize, fault: XmlFault) -> Error {
        Error::at(Position::of(self.text, offset), fault)
    }

    fn syntax(&self, offset: usize, message: &str) -> Error {
        self.error(offset, XmlFault::syntax(message))
    }
}

/// The kind of markup other than a start tag that a text begins with: how it begins, what it is, how it ends.
fn markup(text: &str) -> Option<(&'static str, &'static str, &'static str)> {
    let kinds = [
        ("<!--", "a comment", "-->"),
        ("<![CDATA[", "a CDATA section", "]]>"),
        ("<!", "a declaration", ">"),
        ("<?", "a processing instruction", "?>"),
        ("</", "an end tag", ">"),
    ];
    kinds.into_iter().find(|(begin, ..)| text.starts_with(begin))
}

/// Whether the text directly inside elements of this name means something.
fn has_meaning(name: &str) -> bool {
    matches!(
        name,
        "conditionExpression"
            | "loopCardinality"
            | "loopDataInputRef"
            | "loopCondition"
            | "completionCondition"
            | "activationCondition"
            | "eventDefinitionRef"
            | "flowNodeRef"
            | "timeDate"
            | "timeDuration"
            | "timeCycle"
    )
}

/// The element with what vendors say of instances.
const LOOP: &str = "multiInstanceLoopCharacteristics";

/// Which attributes of an element are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Keep {
    Nothing,
    /// Those without a prefix.
    Plain,
    /// And a vendor's, with the list whose items several instances are for.
    Collection,
}

const fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\r' | '\n')
}

/// Checks a name of an element or attribute; beyond ASCII every character passes.
fn check_name(name: &str, of: &str) -> Result<(), XmlFault> {
    let is_start = |c: char| c.is_ascii_alphabetic() || c == '_' || !c.is_ascii();
    let is_part = |c: char| is_start(c) || c.is_ascii_digit() || matches!(c, '-' | '.');
    let is_word = |word: &str| word.starts_with(is_start) && word.chars().all(is_part);
    let mut words = name.split(':');
    let is_name = words.by_ref().take(2).all(is_word) && words.next().is_none();
    if is_name { Ok(()) } else { Err(XmlFault::syntax(format!("`{}` is no name of an {of}", shorten(name)))) }
}

fn attribute_fault(error: &AttrError) -> XmlFault {
    XmlFault::syntax(match error {
        AttrError::ExpectedEq(_) => "an attribute without `=`",
        AttrError::ExpectedValue(_) => "an attribute without a value",
        AttrError::UnquotedValue(_) => "an attribute whose value has no quotes",
        AttrError::ExpectedQuote(..) => "an attribute whose value has no closing quote",
        AttrError::Duplicated(..) => "two attributes of the same name",
    })
}

fn reference_fault(error: &XmlError) -> XmlFault {
    match error {
        XmlError::Escape(EscapeError::UnrecognizedEntity(_, name)) => {
            XmlFault::UnknownEntity { name: shorten(name) }
        }
        XmlError::Escape(EscapeError::UnterminatedEntity(_)) => {
            XmlFault::syntax("`&` that begins no reference; write `&amp;`")
        }
        _ => XmlFault::syntax("a reference to a character that XML does not allow"),
    }
}

/// The first characters of something from the document that may be of any length.
pub(crate) fn shorten(text: &str) -> String {
    const CHARACTERS_MAX: usize = 60;
    match text.char_indices().nth(CHARACTERS_MAX) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}...", &text[..end]),
    }
}
