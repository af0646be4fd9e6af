//! `docs/picture.svg`: tasks a second and bytes a case, ours beside other engines, drawn from what is recorded.

use std::fmt::Write as _;

use super::Records;
use crate::record::memory::WORKFLOWS;

/// Where the picture stands, from the root.
pub(super) const FILE: &str = "docs/picture.svg";

/// How the engines beside ours end in the ids of their rules, and what they are called.
const ENGINES: [(&str, &str); 3] = [("snurr", "snurr"), ("pm4py", "pm4py"), ("spiff", "SpiffWorkflow")];

/// What the workflows of `models/bench` are.
const MEANINGS: [&str; 3] = ["ten tasks in a row", "four tasks side by side", "a choice and a loop"];

const WIDTH: u32 = 860;
const BAR: u32 = 18;
const LABELS: u32 = 108;
/// Room behind a bar for its number.
const NUMBERS: u32 = 62;

/// One half of the picture: a title, and for each workflow what each engine came to.
struct Panel {
    left: u32,
    width: u32,
    title: &'static str,
    groups: Vec<(String, Vec<(String, f64)>)>,
}

/// The picture; `None` where nothing of it is recorded.
pub(super) fn draw(records: &Records) -> Option<String> {
    let (_, _, report) = records.peers.iter().find(|(group, ..)| *group == "engine")?;
    let memory = records.memory.as_ref()?;
    let mut rates = Vec::new();
    let mut sizes = Vec::new();
    for (workflow, meaning) in WORKFLOWS.iter().zip(MEANINGS) {
        let mut engines = Vec::new();
        for (ending, name) in ENGINES {
            let rule = report.rules.iter().find(|rule| rule.id == format!("engine.{workflow}.{ending}"))?;
            if engines.is_empty() {
                engines.push(("wf".to_owned(), 1e9 / rule.ns_per_op?));
            }
            engines.push((name.to_owned(), 1e9 / rule.versus_ns_per_op?));
        }
        rates.push((meaning.to_owned(), engines));
        let held = memory.held.iter().filter(|held| held.workflow == *workflow);
        sizes.push((
            meaning.to_owned(),
            held.map(|held| (named(&held.engine), held.bytes_per_case)).collect(),
        ));
    }
    let panels = [
        Panel { left: 0, width: 470, title: "Tasks completed a second, one thread", groups: rates },
        Panel { left: 490, width: WIDTH - 490, title: "Bytes a live case", groups: sizes },
    ];
    let notes = [
        "Logarithmic scales. snurr runs straight through: no case waits in it. SpiffWorkflow's bytes are Python's own count.".to_owned(),
        format!(
            "{}, {} cores, {}; drawn from docs/records/peers-engine.json and memory.json by cargo xtask record documents.",
            report.machine.cpu, report.machine.cores, report.machine.isa
        ),
    ];
    Some(svg(&panels, &notes))
}

/// An engine without its version, which the notes of the record keep.
fn named(engine: &str) -> String {
    engine.split(' ').next().unwrap_or(engine).to_owned()
}

fn svg(panels: &[Panel], notes: &[String]) -> String {
    let depth = |panel: &Panel| -> u32 {
        panel.groups.iter().map(|(_, bars)| 26 + BAR * u32::try_from(bars.len()).unwrap_or(0)).sum()
    };
    let top = 34;
    let base = top + panels.iter().map(depth).max().unwrap_or(0) + 18;
    let height = base + 18 * u32::try_from(notes.len()).unwrap_or(0) + 6;
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{height}\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" \
         aria-label=\"Tasks completed a second and bytes a live case, wf beside other workflow engines\">\n\
         <style>\n\
         text {{ font: 12px system-ui, sans-serif; fill: #1f2328; }}\n\
         .title {{ font-size: 14px; font-weight: 600; }}\n\
         .soft {{ fill: #59636e; }}\n\
         .ours {{ fill: #0f766e; }}\n\
         .theirs {{ fill: #a3acb5; }}\n\
         @media (prefers-color-scheme: dark) {{\n  text {{ fill: #e6edf3; }}\n  .soft {{ fill: #9198a1; }}\n  .ours {{ fill: #2dd4bf; }}\n  .theirs {{ fill: #59636e; }}\n}}\n\
         </style>\n"
    );
    for panel in panels {
        panel.draw(&mut out, top);
    }
    for (index, note) in (0..).zip(notes) {
        let y = base + 18 * index;
        let _infallible = writeln!(out, "<text class=\"soft\" x=\"0\" y=\"{y}\">{}</text>", escaped(note));
    }
    out + "</svg>\n"
}

impl Panel {
    fn draw(&self, out: &mut String, top: u32) {
        let values = || self.groups.iter().flat_map(|(_, bars)| bars).map(|(_, value)| *value);
        // A power of ten below the least is where bars begin, so that each has a length.
        let least = values().fold(f64::INFINITY, f64::min).log10().floor() - 0.5;
        let most = values().fold(0.0, f64::max).log10();
        let room = f64::from(self.width - LABELS - NUMBERS);
        let left = self.left;
        let _infallible = writeln!(out, "<text class=\"title\" x=\"{left}\" y=\"16\">{}</text>", self.title);
        let mut y = top;
        for (workflow, bars) in &self.groups {
            let _infallible = writeln!(
                out,
                "<text class=\"soft\" x=\"{left}\" y=\"{}\">{}</text>",
                y + 8,
                escaped(workflow)
            );
            y += 14;
            for (engine, value) in bars {
                let class = if engine == "wf" { "ours" } else { "theirs" };
                let length = room * (value.log10() - least) / (most - least).max(f64::MIN_POSITIVE);
                let (text, bar) = (y + 13, left + LABELS);
                let end = f64::from(bar) + length + 6.0;
                let _infallible = writeln!(
                    out,
                    "<text x=\"{}\" y=\"{text}\" text-anchor=\"end\">{}</text>\
                     <rect class=\"{class}\" x=\"{bar}\" y=\"{}\" width=\"{length:.1}\" height=\"12\" rx=\"2\"/>\
                     <text x=\"{end:.1}\" y=\"{text}\">{}</text>",
                    bar - 8,
                    escaped(engine),
                    y + 3,
                    short(*value)
                );
                y += BAR;
            }
            y += 12;
        }
    }
}

/// A number with two or three digits that matter.
fn short(value: f64) -> String {
    let digits = |scaled: f64, unit: &str| {
        if scaled < 10.0 { format!("{scaled:.1}{unit}") } else { format!("{scaled:.0}{unit}") }
    };
    match value {
        value if value >= 1e6 => digits(value / 1e6, " million"),
        value if value >= 1e4 => digits(value / 1e3, ",000"),
        value if value >= 1e3 => {
            let whole = (value / 10.0).round() * 10.0;
            format!("{},{:03.0}", (whole / 1e3).floor(), whole % 1e3)
        }
        value => digits(value, ""),
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short() {
        for (value, text) in [
            (64.3, "64"),
            (9_887.9, "9,890"),
            (14_871.6, "15,000"),
            (85_140_000.0, "85 million"),
            (1_250_000.0, "1.2 million"),
            (71_292.0, "71,000"),
        ] {
            assert_eq!(short(value), text);
        }
    }

    #[test]
    fn a_longer_bar_is_more() {
        let groups = vec![("a < b".to_owned(), vec![("wf".to_owned(), 1e6), ("other".to_owned(), 1e3)])];
        let panel = Panel { left: 0, width: 400, title: "t", groups };
        let text = svg(&[panel], &[]);
        assert!(text.contains("a &lt; b") && text.contains("class=\"ours\""), "{text}");
        let width = |rect: &str| rect.split("width=\"").nth(1)?.split('"').next()?.parse().ok();
        let widths: Vec<f64> = text.split("<rect").skip(1).filter_map(width).collect();
        assert_eq!(widths.len(), 2);
        assert!(widths.windows(2).all(|pair| pair[0] > pair[1]), "{widths:?}");
    }
}
