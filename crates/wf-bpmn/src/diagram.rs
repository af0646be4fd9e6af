//! How a model is drawn: places and sizes of its shapes, the points of its edges.
//!
//! [`read`] is apart from [`parse`](crate::parse), which reads past diagrams: what runs does not depend on them.
//!
//! # Examples
//! ```
//! let xml = br#"<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:d="http://www.omg.org/spec/BPMN/20100524/DI"
//!   xmlns:c="http://www.omg.org/spec/DD/20100524/DC"><process id="P"><task id="T" name="Ask"/></process>
//!   <d:BPMNDiagram><d:BPMNPlane bpmnElement="P"><d:BPMNShape bpmnElement="T">
//!     <c:Bounds x="10" y="20" width="100" height="80"/></d:BPMNShape></d:BPMNPlane></d:BPMNDiagram></definitions>"#;
//! let diagram = wf_bpmn::diagram::read(xml, &wf_bpmn::ParseOptions::default()).expect("it is drawn");
//! let shape = &diagram.planes[0].shapes[0];
//! assert_eq!((shape.element.name.as_str(), shape.bounds.width), ("Ask", 100.0));
//! ```
//!
//! # Sources
//! OMG, *Business Process Model and Notation 2.0.2*, chapter 12; *Diagram Definition* 1.1.

use crate::ids::Ids;
use crate::tree::{Index, Tree, Vocabulary};
use crate::{Element, Error, Limit, ModelFault, ParseOptions, Position, decode, xml};

/// Places and sizes are at most this far from zero.
pub const COORDINATE_MAX: f64 = 1e6;

/// The drawings of a document.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Diagram {
    /// One for each `BPMNPlane` with something on it, in the order of the document; never empty.
    pub planes: Vec<Plane>,
}

/// One drawing.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Plane {
    /// What has a size, in the order of the document.
    pub shapes: Vec<Shape>,
    /// What has points, in the order of the document.
    pub edges: Vec<Edge>,
}

/// A rectangle; x grows to the right and y downwards.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bounds {
    /// The left side.
    pub x: f64,
    /// The upper side.
    pub y: f64,
    /// From left to right.
    pub width: f64,
    /// From top to bottom.
    pub height: f64,
}

/// A flow node, pool, lane, datum or artifact.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Shape {
    /// What is drawn.
    pub element: Element,
    /// Where.
    pub bounds: Bounds,
    /// Where its name stands, if the drawing says so.
    pub label: Option<Bounds>,
    /// What triggers an event or what it triggers: the name of its definition without `EventDefinition`.
    pub trigger: Option<String>,
    /// The text of an annotation.
    pub text: String,
    /// Of a pool or lane: whether it lies.
    pub is_horizontal: bool,
    /// Of a sub-process: whether its inside is shown.
    pub is_expanded: bool,
    /// Of an event: whether it ends what it happens to.
    pub interrupts: bool,
    /// Of a sub-process: whether an event starts it.
    pub is_event: bool,
    /// How often an activity is performed.
    pub repetition: Option<Repetition>,
}

/// How often an activity is performed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repetition {
    /// Again and again.
    Loop,
    /// Several times at once.
    Parallel,
    /// Several times, one after another.
    Sequential,
}

/// A sequence flow, message flow or association.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Edge {
    /// What is drawn.
    pub element: Element,
    /// From its source to its target; at least two.
    pub points: Vec<[f64; 2]>,
    /// Where its name stands, if the drawing says so.
    pub label: Option<Bounds>,
    /// Whether it is the default flow of its source.
    pub is_default: bool,
    /// Whether it is a conditional flow out of an activity.
    pub is_conditional: bool,
}

/// Reads the diagrams of a document.
///
/// A shape of something that is no element of the document is left out.
///
/// # Errors
/// A document that is no well-formed XML, that is beyond the limits, that has no diagram, or coordinates that are none.
pub fn read(bytes: &[u8], options: &ParseOptions) -> Result<Diagram, Vec<Error>> {
    let (bytes_count, bytes_max) = (bytes.len(), options.document_bytes_max);
    if bytes_count > bytes_max {
        let limit = Limit::DocumentBytes { bytes: bytes_count, bytes_max };
        return Err(vec![Error::at(Position::START, limit)]);
    }
    let text = decode::decode(bytes).map_err(|error| vec![error])?;
    let tree = xml::read_drawn(&text, options).map_err(|error| vec![error])?;
    let drawn = Drawn { tree: &tree, ids: Ids::of(&tree) };
    let planes = drawn.planes().map_err(|error| vec![error])?;
    if planes.is_empty() {
        let root = tree.element(Index::ROOT);
        return Err(vec![Error::at(root.position, ModelFault::NoDiagram)]);
    }
    Ok(Diagram { planes })
}

/// A document with its diagrams.
struct Drawn<'t, 'x> {
    tree: &'t Tree<'x>,
    ids: Ids<'t>,
}

impl Drawn<'_, '_> {
    /// The children with this name of an element of a diagram.
    fn all(&self, parent: Index, name: &'static str) -> impl Iterator<Item = Index> + '_ {
        let is_named = move |&child: &Index| {
            self.tree.vocabulary(child) == Vocabulary::Diagram && self.tree.name(child) == name
        };
        self.tree.children(parent).filter(is_named)
    }

    fn planes(&self) -> Result<Vec<Plane>, Error> {
        let mut planes = Vec::new();
        for plane in self.all(Index::ROOT, "BPMNDiagram").flat_map(|diagram| self.all(diagram, "BPMNPlane")) {
            let mut drawn = Plane::default();
            for shape in self.all(plane, "BPMNShape") {
                drawn.shapes.extend(self.shape(shape)?);
            }
            for edge in self.all(plane, "BPMNEdge") {
                drawn.edges.extend(self.edge(edge)?);
            }
            if !drawn.shapes.is_empty() {
                planes.push(drawn);
            }
        }
        Ok(planes)
    }

    /// The element that is drawn.
    fn meant(&self, drawn: Index) -> Option<Index> {
        self.ids.find(self.tree.value(drawn, "bpmnElement")?)
    }

    fn shape(&self, drawn: Index) -> Result<Option<Shape>, Error> {
        let (Some(index), Some(bounds)) = (self.meant(drawn), self.all(drawn, "Bounds").next()) else {
            return Ok(None);
        };
        let tree = self.tree;
        let is = |of: Index, name: &str, value: &str| tree.value(of, name) == Some(value);
        let child = |name: &str| tree.children(index).find(|&child| tree.name(child) == name);
        let trigger = tree.children(index).find_map(|child| tree.name(child).strip_suffix("EventDefinition"));
        let repetition = match child("multiInstanceLoopCharacteristics") {
            Some(several) if is(several, "isSequential", "true") => Some(Repetition::Sequential),
            Some(_) => Some(Repetition::Parallel),
            None => child("standardLoopCharacteristics").map(|_| Repetition::Loop),
        };
        Ok(Some(Shape {
            element: tree.element(index),
            bounds: self.bounds(bounds)?,
            label: self.label(drawn)?,
            trigger: trigger.map(str::to_owned),
            text: child("text").map_or_else(String::new, |text| tree.text(text).trim().to_owned()),
            is_horizontal: !is(drawn, "isHorizontal", "false"),
            is_expanded: !is(drawn, "isExpanded", "false"),
            interrupts: !is(index, "cancelActivity", "false") && !is(index, "isInterrupting", "false"),
            is_event: is(index, "triggeredByEvent", "true"),
            repetition,
        }))
    }

    fn edge(&self, drawn: Index) -> Result<Option<Edge>, Error> {
        let Some(index) = self.meant(drawn) else { return Ok(None) };
        let point = |at: Index| Ok([self.number(at, "x")?, self.number(at, "y")?]);
        let points = self.all(drawn, "waypoint").map(point).collect::<Result<Vec<_>, Error>>()?;
        if points.len() < 2 {
            return Ok(None);
        }
        let tree = self.tree;
        let source = tree.value(index, "sourceRef").and_then(|id| self.ids.find(id));
        let is_default =
            source.is_some_and(|source| tree.value(source, "default") == tree.value(index, "id"));
        let is_activity = source.is_some_and(|source| {
            crate::kind::Kind::of(tree.name(source)).is_some_and(crate::kind::Kind::is_activity)
        });
        let has_condition = tree.children(index).any(|child| tree.name(child) == "conditionExpression");
        Ok(Some(Edge {
            element: tree.element(index),
            points,
            label: self.label(drawn)?,
            is_default,
            is_conditional: is_activity && has_condition,
        }))
    }

    fn label(&self, drawn: Index) -> Result<Option<Bounds>, Error> {
        let bounds = self.all(drawn, "BPMNLabel").find_map(|label| self.all(label, "Bounds").next());
        bounds.map(|bounds| self.bounds(bounds)).transpose()
    }

    fn bounds(&self, at: Index) -> Result<Bounds, Error> {
        Ok(Bounds {
            x: self.number(at, "x")?,
            y: self.number(at, "y")?,
            width: self.number(at, "width")?.max(0.0),
            height: self.number(at, "height")?.max(0.0),
        })
    }

    fn number(&self, at: Index, attribute: &'static str) -> Result<f64, Error> {
        let text = self.tree.value(at, attribute).unwrap_or_default();
        match text.parse::<f64>() {
            Ok(number) if number.abs() <= COORDINATE_MAX => Ok(number),
            _ => {
                let fault = ModelFault::Coordinate { attribute, value: xml::shorten(text) };
                Err(Error::of(self.tree.element(at), fault))
            }
        }
    }
}
