//! Words in a drawing: broken into lines by an estimate of their width, since no font is at hand.

use std::fmt::Write;

pub(super) use crate::run::log::escaped;

/// Width of a character, of the height of its font.
const CHARACTER: f64 = 0.54;

/// Height of a line, of that of its font.
const LINE: f64 = 1.2;

/// The size of most words.
pub(super) const SIZE: f64 = 11.0;

/// Which part of a line stands at its place.
#[derive(Clone, Copy, Debug)]
pub(super) enum Anchor {
    Start,
    Middle,
}

/// About how wide a line is.
pub(super) fn width(text: &str, size: f64) -> f64 {
    text.chars().count() as f64 * CHARACTER * size
}

/// One line with its base at a height.
pub(super) fn line(out: &mut String, text: &str, x: f64, y: f64, anchor: Anchor, size: f64) {
    let anchor = match anchor {
        Anchor::Start => "start",
        Anchor::Middle => "middle",
    };
    let text = escaped(text);
    let _ = writeln!(
        out,
        "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\" font-size=\"{size}\" stroke=\"none\">{text}</text>"
    );
}

/// One line that can be read above what it crosses.
pub(super) fn above(out: &mut String, text: &str, x: f64, y: f64, anchor: Anchor) {
    let mut written = String::new();
    line(&mut written, text, x, y, anchor, 10.0);
    let halo = format!("stroke=\"{}\" stroke-width=\"3\" paint-order=\"stroke\"", super::PAPER);
    out.push_str(&written.replace("stroke=\"none\"", &halo));
}

/// A text as lines of at most so many units, and at most so many of them.
pub(super) fn wrapped(text: &str, room: f64, lines_max: usize) -> Vec<String> {
    let room = ((room / (CHARACTER * SIZE)) as usize).max(4);
    let mut lines = vec![String::new()];
    let words = text.split_whitespace();
    for word in words {
        let count = |text: &str| text.chars().count();
        let last = lines.len() - 1;
        if lines[last].is_empty() {
            lines[last].push_str(word);
        } else if count(&lines[last]) + 1 + count(word) <= room {
            lines[last].push(' ');
            lines[last].push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    let is_cut = lines.len() > lines_max;
    lines.truncate(lines_max.max(1));
    for (number, line) in lines.iter_mut().enumerate() {
        let is_last = is_cut && number + 1 == lines_max;
        if line.chars().count() > room + 2 || is_last {
            *line = line.chars().take(room.saturating_sub(1)).chain(['\u{2026}']).collect();
        }
    }
    lines
}

/// Lines around the middle of a rectangle.
pub(super) fn centered(out: &mut String, lines: &[String], x: f64, y: f64) {
    let step = SIZE * LINE;
    let first = y - step * (lines.len() as f64 - 1.0) / 2.0 + SIZE * 0.35;
    for (number, text) in lines.iter().enumerate() {
        line(out, text, x, first + step * number as f64, Anchor::Middle, SIZE);
    }
}

/// Lines from a height on downwards; returns where they end.
pub(super) fn below(out: &mut String, lines: &[String], x: f64, y: f64) -> f64 {
    let step = SIZE * LINE;
    for (number, text) in lines.iter().enumerate() {
        line(out, text, x, y + SIZE + step * number as f64, Anchor::Middle, SIZE);
    }
    y + step * lines.len() as f64
}

/// Words that run upwards.
pub(super) fn upright(out: &mut String, text: &str, x: f64, y: f64, room: f64) {
    let text = wrapped(text, room, 1).remove(0);
    let _ = writeln!(
        out,
        "<text transform=\"translate({x:.1} {y:.1}) rotate(-90)\" text-anchor=\"middle\" font-size=\"{SIZE}\" stroke=\"none\">{}</text>",
        escaped(&text)
    );
}

/// A number as a person reads it.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_broken_and_cut() {
        assert_eq!(wrapped("Check the order", 60.0, 3), ["Check the", "order"]);
        assert_eq!(wrapped("Check the order again and again", 60.0, 2), ["Check the", "order\u{2026}"]);
        assert_eq!(wrapped("", 60.0, 2), [""]);
    }

    #[test]
    fn numbers_are_grouped() {
        for (number, text) in [(0, "0"), (999, "999"), (1000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(grouped(number), text);
        }
    }
}
