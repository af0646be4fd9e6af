//! Circles of events.

use std::fmt::Write;

use wf_bpmn::diagram::Shape;

use super::{INK, PAPER, icon};

/// Draws an event: a thin circle starts, a double one is between, a thick one ends.
pub(super) fn draw(out: &mut String, shape: &Shape) {
    let bounds = shape.bounds;
    let (x, y) = (bounds.x + bounds.width / 2.0, bounds.y + bounds.height / 2.0);
    let radius = bounds.width.min(bounds.height) / 2.0;
    let kind = shape.element.kind.as_str();
    let is_throw = matches!(kind, "endEvent" | "intermediateThrowEvent");
    let width = if kind == "endEvent" { 3.5 } else { 1.5 };
    let dashes = if shape.interrupts { "" } else { " stroke-dasharray=\"5 3\"" };
    let mut circle = |radius: f64| {
        let _ = writeln!(
            out,
            "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"{radius:.1}\" fill=\"{PAPER}\" stroke=\"{INK}\" stroke-width=\"{width}\"{dashes}/>"
        );
    };
    circle(radius);
    if !matches!(kind, "startEvent" | "endEvent") {
        circle((radius - 3.0).max(1.0));
    }
    if let Some(trigger) = &shape.trigger {
        icon::trigger(out, trigger, is_throw, x, y);
    }
}
