//! Pools, lanes, activities, gateways, data and artifacts.

use std::fmt::Write;

use wf_bpmn::diagram::{Bounds, Plane, Shape};

use super::text::{self, Anchor, SIZE, grouped, wrapped};
use super::{INK, PAPER, event, icon};
use crate::heat::Heat;

/// Width of the band of a pool or lane that holds its name.
const BAND: f64 = 30.0;

/// Whether other shapes of the plane lie inside this one: then flows are drawn above it.
pub(super) fn holds_others(shape: &Shape, plane: &Plane) -> bool {
    let outer = shape.bounds;
    let is_activity = matches!(
        shape.element.kind.as_str(),
        "subProcess" | "transaction" | "adHocSubProcess" | "callActivity"
    );
    let is_inside = |inner: &Bounds| {
        inner.x > outer.x
            && inner.y > outer.y
            && inner.x + inner.width < outer.x + outer.width
            && inner.y + inner.height < outer.y + outer.height
    };
    is_activity && shape.is_expanded && plane.shapes.iter().any(|other| is_inside(&other.bounds))
}

/// Draws a shape with its name; of one that holds others, the name stands at its top.
pub(super) fn draw(out: &mut String, shape: &Shape, holds_others: bool, heat: Option<&Heat>) {
    let kind = shape.element.kind.as_str();
    // Readers of the drawing may look for the element, and people may point at it.
    let (id, name) = (text::escaped(&shape.element.id), text::escaped(&shape.element.name));
    let _ = write!(out, "<g data-element=\"{id}\">");
    let said = heat.and_then(|heat| heat.of_node(&shape.element.id)).map(|node| node.words());
    let _ =
        writeln!(out, "<title>{name}{}</title>", said.map_or_else(String::new, |said| format!(": {said}")));
    match kind {
        "participant" | "lane" => pool(out, shape),
        _ if kind.ends_with("Event") => {
            event::draw(out, shape);
            named_below(out, shape);
            under_label(out, shape, heat);
        }
        _ if kind.ends_with("Gateway") => {
            gateway(out, shape);
            named_below(out, shape);
        }
        "textAnnotation" => annotation(out, shape),
        "group" => rectangle(out, shape.bounds, "none", "stroke-dasharray=\"8 3 2 3\"", 8.0),
        "dataObjectReference" | "dataObject" | "dataInput" | "dataOutput" => {
            page(out, shape.bounds);
            named_below(out, shape);
        }
        "dataStoreReference" => {
            store(out, shape.bounds);
            named_below(out, shape);
        }
        _ => activity(out, shape, holds_others, heat),
    }
    out.push_str("</g>\n");
}

fn rectangle(out: &mut String, bounds: Bounds, fill: &str, style: &str, round: f64) {
    let Bounds { x, y, width, height } = bounds;
    let _ = writeln!(
        out,
        "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" rx=\"{round}\" fill=\"{fill}\" stroke=\"{INK}\" {style}/>"
    );
}

fn pool(out: &mut String, shape: &Shape) {
    let bounds = shape.bounds;
    let fill = if shape.element.kind == "lane" { "none" } else { "#fbfcfd" };
    rectangle(out, bounds, fill, "stroke-width=\"1\"", 0.0);
    let middle = bounds.y + bounds.height / 2.0;
    if shape.is_horizontal && bounds.height > 3.0 * SIZE {
        let x = bounds.x + BAND;
        if shape.element.kind == "participant" {
            let _ = writeln!(
                out,
                "<path d=\"M{x:.1} {:.1} v{:.1}\" stroke=\"{INK}\" fill=\"none\"/>",
                bounds.y, bounds.height
            );
        }
        text::upright(out, &shape.element.name, bounds.x + BAND / 2.0 + SIZE / 3.0, middle, bounds.height);
    } else {
        let lines = wrapped(&shape.element.name, bounds.width, 1);
        text::centered(out, &lines, bounds.x + bounds.width / 2.0, bounds.y + SIZE);
    }
}

fn activity(out: &mut String, shape: &Shape, holds_others: bool, heat: Option<&Heat>) {
    let (bounds, kind) = (shape.bounds, shape.element.kind.as_str());
    let node = heat.and_then(|heat| heat.of_node(&shape.element.id));
    let fill = match (node, holds_others) {
        (Some(node), false) => node.color(),
        (None, true) => "#fdfdfd".to_owned(),
        _ => PAPER.to_owned(),
    };
    let style = match kind {
        "callActivity" => "stroke-width=\"3.5\"",
        _ if shape.is_event => "stroke-width=\"1.2\" stroke-dasharray=\"2 3\"",
        _ => "stroke-width=\"1.2\"",
    };
    rectangle(out, bounds, &fill, style, 8.0);
    if kind == "transaction" {
        let inner = Bounds {
            x: bounds.x + 3.0,
            y: bounds.y + 3.0,
            width: (bounds.width - 6.0).max(0.0),
            height: (bounds.height - 6.0).max(0.0),
        };
        rectangle(out, inner, "none", "", 6.0);
    }
    icon::task(out, kind, bounds.x + 13.0, bounds.y + 13.0);
    let (middle, bottom) = (bounds.x + bounds.width / 2.0, bounds.y + bounds.height);
    let room = ((bounds.height - 24.0) / (SIZE * 1.2)).max(1.0) as usize;
    if holds_others {
        text::below(out, &wrapped(&shape.element.name, bounds.width - 20.0, 1), middle, bounds.y + 3.0);
    } else {
        let mut lines = wrapped(&shape.element.name, bounds.width - 12.0, room);
        if lines.len() > 2 && kind.ends_with("Task") && bounds.width > 90.0 {
            // Its first line would stand on the sign in the corner.
            lines = wrapped(&shape.element.name, bounds.width - 38.0, room);
        }
        let lift = if node.is_some() { 6.0 } else { 0.0 };
        text::centered(out, &lines, middle, bounds.y + bounds.height / 2.0 - lift);
    }
    if let Some(repetition) = shape.repetition {
        icon::repetition(out, repetition, middle, bottom - 9.0);
    }
    let is_hidden = kind.ends_with("rocess") && !holds_others;
    if is_hidden {
        icon::collapsed(out, middle + if shape.repetition.is_some() { 18.0 } else { 0.0 }, bottom - 9.0);
    }
    if let Some(node) = node {
        let place = if holds_others { bounds.y + 26.0 } else { bottom - 5.0 };
        let is_marked = is_hidden || shape.repetition.is_some();
        let (x, anchor) = if is_marked { (bounds.x + 6.0, Anchor::Start) } else { (middle, Anchor::Middle) };
        text::line(out, &node.short(), x, place, anchor, 10.0);
    }
}

fn gateway(out: &mut String, shape: &Shape) {
    let Bounds { x, y, width, height } = shape.bounds;
    let (right, down) = (width / 2.0, height / 2.0);
    let _ = writeln!(
        out,
        "<path d=\"M{:.1} {y:.1} l{right:.1} {down:.1} l{:.1} {down:.1} l{:.1} {:.1} z\" fill=\"{PAPER}\" stroke=\"{INK}\" stroke-width=\"1.5\"/>",
        x + right,
        -right,
        -right,
        -down
    );
    icon::gateway(out, &shape.element.kind, x + right, y + down);
}

/// The name of what has no room for it.
fn named_below(out: &mut String, shape: &Shape) {
    let (bounds, name) = (shape.bounds, &shape.element.name);
    if name.is_empty() {
        return;
    }
    match shape.label {
        Some(label) => {
            let lines = wrapped(name, label.width.max(60.0) + 14.0, 4);
            text::below(out, &lines, label.x + label.width / 2.0, label.y);
        }
        None => {
            let lines = wrapped(name, bounds.width.max(90.0), 4);
            text::below(out, &lines, bounds.x + bounds.width / 2.0, bounds.y + bounds.height + 3.0);
        }
    }
}

/// How often an event happened, above it.
fn under_label(out: &mut String, shape: &Shape, heat: Option<&Heat>) {
    let Some(node) = heat.and_then(|heat| heat.of_node(&shape.element.id)) else { return };
    let bounds = shape.bounds;
    let words = grouped(node.count);
    text::line(out, &words, bounds.x + bounds.width / 2.0, bounds.y - 4.0, Anchor::Middle, 10.0);
}

fn annotation(out: &mut String, shape: &Shape) {
    let Bounds { x, y, width, height } = shape.bounds;
    let _ = writeln!(
        out,
        "<path d=\"M{:.1} {y:.1} H{x:.1} v{height:.1} h10\" fill=\"none\" stroke=\"{INK}\"/>",
        x + 10.0
    );
    let lines = wrapped(&shape.text, width - 12.0, ((height / (SIZE * 1.2)) as usize).max(1));
    for (number, line) in lines.iter().enumerate() {
        text::line(out, line, x + 6.0, y + 14.0 + SIZE * 1.2 * number as f64, Anchor::Start, SIZE);
    }
}

fn page(out: &mut String, bounds: Bounds) {
    let Bounds { x, y, width, height } = bounds;
    let fold = (width / 3.0).min(12.0);
    let _ = writeln!(
        out,
        "<path d=\"M{x:.1} {y:.1} h{:.1} l{fold:.1} {fold:.1} v{:.1} h{:.1} z m{:.1} 0 v{fold:.1} h{fold:.1}\" fill=\"{PAPER}\" stroke=\"{INK}\"/>",
        width - fold,
        height - fold,
        -width,
        width - fold
    );
}

fn store(out: &mut String, bounds: Bounds) {
    let Bounds { x, y, width, height } = bounds;
    let (half, flat) = (width / 2.0, height / 8.0);
    let _ = writeln!(
        out,
        "<path d=\"M{x:.1} {:.1} v{:.1} a{half:.1} {flat:.1} 0 0 0 {width:.1} 0 v{:.1} a{half:.1} {flat:.1} 0 0 0 {:.1} 0 a{half:.1} {flat:.1} 0 0 0 {width:.1} 0\" fill=\"{PAPER}\" stroke=\"{INK}\"/>",
        y + flat,
        height - 2.0 * flat,
        2.0 * flat - height,
        -width
    );
}
