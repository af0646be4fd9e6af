//! A process as its diagram shows it, as SVG that needs nothing else; with the counts of a play as a heat map.
//!
//! # Sources
//! OMG, *Business Process Model and Notation 2.0.2*, chapters 7 and 12, for the shapes; W3C, *Scalable Vector Graphics 1.1*.

mod edge;
mod event;
mod icon;
mod shape;
mod text;

use std::fmt::Write;

use wf_bpmn::diagram::{Bounds, Diagram, Plane};

use crate::heat::Heat;
pub(crate) use text::grouped;
use text::{Anchor, escaped};

/// Space around the drawing.
const MARGIN: f64 = 20.0;

/// Height of a line of the legend.
const LINE: f64 = 18.0;

/// The ink and the paper.
const INK: &str = "#22303c";
const PAPER: &str = "#ffffff";

/// What is drawn, and what is known of how it was used.
pub(crate) struct Drawing<'d> {
    pub(crate) title: &'d str,
    pub(crate) diagram: &'d Diagram,
    pub(crate) heat: Option<&'d Heat>,
}

impl Drawing<'_> {
    /// The drawing as an SVG document; several planes stand below each other.
    pub(crate) fn to_svg(&self) -> String {
        let mut body = String::new();
        let mut top = MARGIN + LINE;
        let mut width: f64 = 400.0;
        let mut legend = vec![self.title.to_owned()];
        legend.extend(self.heat.iter().flat_map(|heat| heat.legend()));
        for (number, line) in legend.iter().enumerate() {
            let size = if number == 0 { 14.0 } else { 11.0 };
            text::line(&mut body, line, MARGIN, top, Anchor::Start, size);
            top += LINE;
            width = width.max(text::width(line, size) + 2.0 * MARGIN);
        }
        for plane in &self.diagram.planes {
            let area = area(plane);
            let (dx, dy) = (MARGIN - area.x, top - area.y);
            // Writing to a string cannot fail.
            let _ = writeln!(body, "<g transform=\"translate({dx:.1} {dy:.1})\">");
            self.plane(&mut body, plane);
            body.push_str("</g>\n");
            top += area.height + MARGIN;
            width = width.max(area.width + 2.0 * MARGIN);
        }
        let title = escaped(self.title);
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
             <svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {top:.0}\" width=\"{width:.0}\" height=\"{top:.0}\" \
             font-family=\"Helvetica, Arial, sans-serif\" font-size=\"11\" fill=\"{INK}\" stroke-linejoin=\"round\">\n\
             <title>{title}</title>\n{}<rect width=\"100%\" height=\"100%\" fill=\"{PAPER}\"/>\n{body}</svg>\n",
            edge::MARKERS
        )
    }

    fn plane(&self, out: &mut String, plane: &Plane) {
        // Pools and lanes lie below, then what holds others, then the flows, then the rest and all names.
        let depth = |kind: &str| match kind {
            "participant" => 0,
            "lane" => 1,
            "group" => 2,
            _ => 3,
        };
        let mut shapes: Vec<_> = plane.shapes.iter().collect();
        let is_box = |shape: &&wf_bpmn::diagram::Shape| {
            depth(&shape.element.kind) < 3 || shape::holds_others(shape, plane)
        };
        shapes.sort_by(|a, b| {
            let size = |bounds: &Bounds| bounds.width * bounds.height;
            depth(&a.element.kind)
                .cmp(&depth(&b.element.kind))
                .then(size(&b.bounds).total_cmp(&size(&a.bounds)))
        });
        let (boxes, others): (Vec<_>, Vec<_>) = shapes.into_iter().partition(is_box);
        for shape in boxes {
            shape::draw(out, shape, true, self.heat);
        }
        for edge in &plane.edges {
            edge::draw(out, edge, self.heat);
        }
        // What stands on the border of another shape lies above it.
        let (above, below): (Vec<_>, Vec<_>) =
            others.into_iter().partition(|shape| shape.element.kind == "boundaryEvent");
        for shape in below.into_iter().chain(above) {
            shape::draw(out, shape, false, self.heat);
        }
        for edge in &plane.edges {
            edge::label(out, edge, self.heat);
        }
    }
}

/// What a plane covers.
fn area(plane: &Plane) -> Bounds {
    let labels = plane.shapes.iter().filter_map(|shape| shape.label);
    let labels = labels.chain(plane.edges.iter().filter_map(|edge| edge.label));
    let corners = plane.shapes.iter().map(|shape| shape.bounds).chain(labels).flat_map(|bounds| {
        [[bounds.x, bounds.y], [bounds.x + bounds.width, bounds.y + bounds.height + 2.0 * LINE]]
    });
    let points = corners.chain(plane.edges.iter().flat_map(|edge| edge.points.iter().copied()));
    let mut low = [f64::INFINITY; 2];
    let mut high = [f64::NEG_INFINITY; 2];
    for point in points {
        for axis in 0..2 {
            low[axis] = low[axis].min(point[axis]);
            high[axis] = high[axis].max(point[axis]);
        }
    }
    Bounds { x: low[0], y: low[1], width: high[0] - low[0], height: high[1] - low[1] }
}
