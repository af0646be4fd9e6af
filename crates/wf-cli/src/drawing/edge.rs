//! Flows and associations: lines with arrow heads, as thick as they are used.

use std::fmt::Write;

use wf_bpmn::diagram::Edge;

use super::text::{self, Anchor, SIZE, wrapped};
use super::{INK, PAPER};
use crate::heat::Heat;

/// The heads of arrows, once for the whole drawing.
pub(super) const MARKERS: &str = "<defs>\
<marker id=\"flow\" viewBox=\"0 0 10 10\" refX=\"9\" refY=\"5\" markerWidth=\"9\" markerHeight=\"9\" markerUnits=\"userSpaceOnUse\" orient=\"auto\"><path d=\"M0 1 L10 5 L0 9 z\" fill=\"#22303c\"/></marker>\
<marker id=\"message\" viewBox=\"0 0 10 10\" refX=\"9\" refY=\"5\" markerWidth=\"10\" markerHeight=\"10\" markerUnits=\"userSpaceOnUse\" orient=\"auto\"><path d=\"M1 1 L9 5 L1 9 z\" fill=\"#ffffff\" stroke=\"#22303c\"/></marker>\
</defs>\n";

/// Draws the line of an edge.
pub(super) fn draw(out: &mut String, edge: &Edge, heat: Option<&Heat>) {
    let id = &edge.element.id;
    let mut path = String::new();
    for (number, [x, y]) in edge.points.iter().enumerate() {
        let _ = write!(path, "{}{x:.1} {y:.1}", if number == 0 { "M" } else { " L" });
    }
    let (style, width) = match edge.element.kind.as_str() {
        "sequenceFlow" => ("marker-end=\"url(#flow)\"", heat.map_or(1.3, |heat| heat.thickness(id))),
        "messageFlow" => ("stroke-dasharray=\"7 4\" marker-end=\"url(#message)\"", 1.2),
        _ => ("stroke-dasharray=\"2 3\"", 1.2),
    };
    let color = if heat.is_some_and(|heat| heat.of_flow(id).is_some()) { "#4a7fb5" } else { INK };
    let _ = writeln!(
        out,
        "<path data-element=\"{}\" d=\"{path}\" fill=\"none\" stroke=\"{color}\" stroke-width=\"{width:.1}\" {style}/>",
        text::escaped(id)
    );
    let [[x, y], [to_x, to_y]] = [edge.points[0], edge.points[1]];
    let length = (to_x - x).hypot(to_y - y).max(1.0);
    let (ex, ey) = ((to_x - x) / length, (to_y - y) / length);
    if edge.is_default {
        let (x, y) = (x + ex * 11.0, y + ey * 11.0);
        let _ = writeln!(
            out,
            "<path d=\"M{:.1} {:.1} L{:.1} {:.1}\" stroke=\"{INK}\" stroke-width=\"1.3\"/>",
            x - 5.0 * (ex - ey),
            y - 5.0 * (ey + ex),
            x + 5.0 * (ex - ey),
            y + 5.0 * (ey + ex)
        );
    } else if edge.is_conditional {
        let at = |along: f64, aside: f64| (x + ex * along - ey * aside, y + ey * along + ex * aside);
        let [(a, b), (c, d), (e, f)] = [at(8.0, 5.0), at(16.0, 0.0), at(8.0, -5.0)];
        let _ = writeln!(
            out,
            "<path d=\"M{x:.1} {y:.1} L{a:.1} {b:.1} L{c:.1} {d:.1} L{e:.1} {f:.1} z\" fill=\"{PAPER}\" stroke=\"{INK}\"/>"
        );
    }
}

/// Writes the name of an edge, and how often it was taken.
pub(super) fn label(out: &mut String, edge: &Edge, heat: Option<&Heat>) {
    let (name, [x, y], is_upright) = (&edge.element.name, middle(edge).0, middle(edge).1);
    let words = heat.and_then(|heat| heat.of_flow(&edge.element.id));
    // Beside a line that goes up or down, above one that does not.
    let (beside, above, anchor) =
        if is_upright { (4.0, 3.0, Anchor::Start) } else { (0.0, -4.0, Anchor::Middle) };
    match (name.is_empty(), edge.label, words) {
        (true, _, None) => {}
        (true, _, Some(words)) => text::above(out, &words, x + beside, y + above, anchor),
        (false, None, words) => {
            let words = words.map_or_else(|| name.clone(), |words| format!("{name}: {words}"));
            text::above(out, &words, x + beside, y + above, anchor);
        }
        (false, Some(label), None) => {
            let lines = wrapped(name, label.width.max(50.0) + 14.0, 3);
            text::below(out, &lines, label.x + label.width / 2.0, label.y);
        }
        (false, Some(label), Some(words)) => {
            text::above(out, &format!("{name}: {words}"), label.x, label.y + SIZE, Anchor::Start);
        }
    }
}

/// Half the way along an edge, and whether it goes up or down there.
fn middle(edge: &Edge) -> ([f64; 2], bool) {
    let length = |pair: &[[f64; 2]]| (pair[1][0] - pair[0][0]).hypot(pair[1][1] - pair[0][1]);
    let mut left = edge.points.windows(2).map(length).sum::<f64>() / 2.0;
    for pair in edge.points.windows(2) {
        let here = length(pair);
        if left <= here {
            let part = if here > 0.0 { left / here } else { 0.0 };
            let [from, to] = [pair[0], pair[1]];
            let is_upright = (to[1] - from[1]).abs() > (to[0] - from[0]).abs();
            return ([0, 1].map(|axis| from[axis] + part * (to[axis] - from[axis])), is_upright);
        }
        left -= here;
    }
    (edge.points[0], false)
}
