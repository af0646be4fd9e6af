//! The small signs in tasks and events, each about 14 units wide around its place.

use std::fmt::Write;

use wf_bpmn::diagram::Repetition;

use super::{INK, PAPER};

/// The sign of a kind of task in its corner; nothing for a plain task.
pub(super) fn task(out: &mut String, kind: &str, x: f64, y: f64) {
    let path = match kind {
        "userTask" => "M-5 6 v-2 q0 -4 5 -4 q5 0 5 4 v2 z M-3 -4 a3 3 0 1 0 6 0 a3 3 0 1 0 -6 0",
        "manualTask" => "M-6 -1 l4 -4 h4 M-6 -1 v6 h9 v-2 h2 v-2 h1 v-2 h-6 h7 v-2 h-8",
        "serviceTask" => {
            "M-3 0 a3 3 0 1 0 6 0 a3 3 0 1 0 -6 0 M0 -7 v3 M0 4 v3 M-7 0 h3 M4 0 h3 M-5 -5 l2 2 M3 3 l2 2 M-5 5 l2 -2 M3 -3 l2 -2"
        }
        "scriptTask" => "M-4 -6 h9 q-4 3 0 6 q3 3 0 6 h-9 q3 -3 0 -6 q-4 -3 0 -6 M-2 -3 h4 M-1 0 h4 M0 3 h4",
        "businessRuleTask" => "M-6 -5 h12 v10 h-12 z M-6 -2 h12 M-6 2 h12 M-2 -2 v7",
        "sendTask" => return envelope(out, x, y, true),
        "receiveTask" => return envelope(out, x, y, false),
        _ => return,
    };
    stroke(out, path, x, y);
}

/// The sign of what triggers an event; filled for one that throws.
pub(super) fn trigger(out: &mut String, trigger: &str, is_throw: bool, x: f64, y: f64) {
    let path = match trigger {
        "message" => return envelope(out, x, y, is_throw),
        "timer" => return stroke(out, "M-7 0 a7 7 0 1 0 14 0 a7 7 0 1 0 -14 0 M0 -5 v5 l3 2", x, y),
        "conditional" => return stroke(out, "M-5 -6 h10 v12 h-10 z M-3 -3 h6 M-3 0 h6 M-3 3 h6", x, y),
        "signal" => "M0 -6 l6 10 h-12 z",
        "error" => "M-6 6 l3 -12 l4 6 l4 -6 l-3 12 l-4 -6 z",
        "escalation" => "M0 -7 l5 13 l-5 -5 l-5 5 z",
        "link" => "M-6 -3 h6 v-4 l7 7 l-7 7 v-4 h-6 z",
        "cancel" => "M-6 -4 l2 -2 l4 4 l4 -4 l2 2 l-4 4 l4 4 l-2 2 l-4 -4 l-4 4 l-2 -2 l4 -4 z",
        "compensate" => "M-7 0 l6 -5 v10 z M-1 0 l6 -5 v10 z",
        "terminate" => "M-8 0 a8 8 0 1 0 16 0 a8 8 0 1 0 -16 0",
        _ => return,
    };
    let fill = if is_throw { INK } else { PAPER };
    place(out, path, fill, x, y);
}

/// The sign in a gateway.
pub(super) fn gateway(out: &mut String, kind: &str, x: f64, y: f64) {
    let path = match kind {
        "exclusiveGateway" => "M-7 -7 L7 7 M-7 7 L7 -7",
        "parallelGateway" => "M-9 0 h18 M0 -9 v18",
        "inclusiveGateway" => "M-9 0 a9 9 0 1 0 18 0 a9 9 0 1 0 -18 0",
        "complexGateway" => "M-9 0 h18 M0 -9 v18 M-6 -6 L6 6 M-6 6 L6 -6",
        "eventBasedGateway" => {
            return stroke(
                out,
                "M-12 0 a12 12 0 1 0 24 0 a12 12 0 1 0 -24 0 M-9 0 a9 9 0 1 0 18 0 a9 9 0 1 0 -18 0 M0 -6 l6 4 l-2 7 h-8 l-2 -7 z",
                x,
                y,
            );
        }
        _ => return,
    };
    let _ = writeln!(
        out,
        "<path transform=\"translate({x:.1} {y:.1})\" d=\"{path}\" fill=\"none\" stroke=\"{INK}\" stroke-width=\"2.5\"/>"
    );
}

/// How often an activity is performed.
pub(super) fn repetition(out: &mut String, repetition: Repetition, x: f64, y: f64) {
    let path = match repetition {
        Repetition::Parallel => "M-4 -5 v10 M0 -5 v10 M4 -5 v10",
        Repetition::Sequential => "M-5 -4 h10 M-5 0 h10 M-5 4 h10",
        Repetition::Loop => "M-2 5 a5 5 0 1 1 4 0 M-2 5 l-3 -1 M-2 5 l1 -3",
    };
    stroke(out, path, x, y);
}

/// That a sub-process is not shown.
pub(super) fn collapsed(out: &mut String, x: f64, y: f64) {
    stroke(out, "M-6 -6 h12 v12 h-12 z M-3 0 h6 M0 -3 v6", x, y);
}

fn envelope(out: &mut String, x: f64, y: f64, is_filled: bool) {
    let (fill, line) = if is_filled { (INK, PAPER) } else { (PAPER, INK) };
    place(out, "M-7 -5 h14 v10 h-14 z", fill, x, y);
    let _ = writeln!(
        out,
        "<path transform=\"translate({x:.1} {y:.1})\" d=\"M-7 -5 l7 6 l7 -6\" fill=\"none\" stroke=\"{line}\"/>"
    );
}

fn stroke(out: &mut String, path: &str, x: f64, y: f64) {
    place(out, path, "none", x, y);
}

fn place(out: &mut String, path: &str, fill: &str, x: f64, y: f64) {
    let _ = writeln!(
        out,
        "<path transform=\"translate({x:.1} {y:.1})\" d=\"{path}\" fill=\"{fill}\" stroke=\"{INK}\"/>"
    );
}
