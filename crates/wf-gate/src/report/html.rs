//! One self-contained page: interval charts as inline SVG, light and dark, no script, no network.

use std::fmt::Write as _;

use super::junit::escape;
use super::{Report, RuleReport, number};
use crate::verdict::Side;

/// The page's style; colours follow the reader's setting, the layout folds on a narrow screen.
const STYLE: &str = "\
:root{color-scheme:light dark;--bg:#fff;--fg:#1c2024;--dim:#60666d;--line:#d9dde1;--pass:#1a7f37;--fail:#b42318;\
--open:#9a6700;--skip:#60666d;--card:#f6f7f8}\
@media(prefers-color-scheme:dark){:root{--bg:#14171a;--fg:#e6e8ea;--dim:#9aa1a8;--line:#31363b;--pass:#4ac26b;\
--fail:#ff7b72;--open:#d9a322;--skip:#9aa1a8;--card:#1c2024}}\
*{box-sizing:border-box}body{margin:0 auto;max-width:72rem;padding:1rem;background:var(--bg);color:var(--fg);\
font:16px/1.5 system-ui,sans-serif}h1{font-size:1.5rem;margin:.5rem 0}h2{font-size:1.15rem;margin:2rem 0 .5rem}\
.sum{font-size:1.1rem}.rule{border:1px solid var(--line);border-left:.4rem solid var(--skip);border-radius:.4rem;\
padding:.6rem .8rem;margin:.6rem 0;background:var(--card)}.pass{border-left-color:var(--pass)}\
.fail,.invalid{border-left-color:var(--fail)}.inconclusive{border-left-color:var(--open)}\
.head{display:flex;flex-wrap:wrap;gap:.2rem 1rem;align-items:baseline}.id{font-weight:600;overflow-wrap:anywhere}\
.word{font-weight:600;text-transform:uppercase;font-size:.8rem;letter-spacing:.04em}\
.pass .word{color:var(--pass)}.fail .word,.invalid .word{color:var(--fail)}.inconclusive .word{color:var(--open)}\
.skipped .word{color:var(--skip)}.why,.note{color:var(--dim);font-size:.9rem;overflow-wrap:anywhere}\
.num{font-variant-numeric:tabular-nums}svg{display:block;width:100%;height:auto;max-width:26rem;margin-top:.4rem}\
svg text{fill:var(--dim);font:12px system-ui,sans-serif}table{border-collapse:collapse;width:100%;font-size:.9rem}\
td,th{text-align:left;padding:.25rem .6rem .25rem 0;border-bottom:1px solid var(--line);vertical-align:top;\
overflow-wrap:anywhere}";

/// Renders a report.
#[must_use]
pub fn render(report: &Report) -> String {
    let mut out = String::from("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
    out.push_str("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
    let _infallible = write!(
        out,
        "<title>Gate: {}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<h1>Gate</h1>\n<p class=\"sum\">{}</p>\n",
        escape(&report.verdict),
        escape(&report.headline())
    );
    out.push_str("<main>\n<h2>Rules</h2>\n");
    for rule in report.by_rank() {
        rule_card(&mut out, rule);
    }
    out.push_str("<h2>Controls</h2>\n");
    for control in &report.controls {
        let (class, word) = if control.holds { ("pass", "holds") } else { ("invalid", "does not hold") };
        let _infallible = writeln!(
            out,
            "<div class=\"rule {class}\"><div class=\"head\"><span class=\"word\">{word}</span><span class=\"id\">{}</span>\
             </div><div class=\"note\">expected {}; {}</div></div>",
            escape(&control.name),
            escape(&control.expected),
            escape(&control.what)
        );
    }
    run_table(&mut out, report);
    out.push_str("</main>\n</body>\n</html>\n");
    out
}

fn rule_card(out: &mut String, rule: &RuleReport) {
    let word = rule.verdict.word();
    let _infallible = write!(
        out,
        "<div class=\"rule {word}\"><div class=\"head\"><span class=\"word\">{word}</span><span class=\"id\">{}</span>\
         <span class=\"num\">promised {}</span><span class=\"num\">measured {}</span></div>\
         <div class=\"why\">{}</div>",
        escape(&rule.id),
        escape(&rule.promise()),
        escape(&rule.estimate()),
        escape(&rule.why)
    );
    let remark = rule.remark();
    if !remark.is_empty() {
        let _infallible = write!(out, "<div class=\"note\">{}</div>", escape(&remark));
    }
    chart(out, rule);
    out.push_str("</div>\n");
}

/// As narrow as a phone, so that the text in a chart is never smaller than beside it.
const WIDTH: f64 = 340.0;
const MARGIN: f64 = 40.0;

/// Labels nearer to each other than this would touch.
const LABELS_APART: f64 = 70.0;

/// The interval as a bar, its processes as dots, the bound as a line with the good side shaded.
fn chart(out: &mut String, rule: &RuleReport) {
    let (Some(measured), Some(limit)) = (&rule.measured, &rule.limit) else { return };
    if measured.n <= 1 {
        return;
    }
    let bar = rule.waiver.as_ref().map(|waiver| waiver.bound.bound);
    let all =
        [measured.low, measured.high, limit.bound].into_iter().chain(bar).chain(rule.values.iter().copied());
    let (mut low, mut high) = all.fold((f64::MAX, f64::MIN), |(low, high), x| (low.min(x), high.max(x)));
    let pad = ((high - low) * 0.08).max(high.abs() * 1e-3);
    (low, high) = (low - pad, high + pad);
    let x = |value: f64| MARGIN + (value - low) / (high - low) * (WIDTH - 2.0 * MARGIN);
    let _infallible = write!(
        out,
        "<svg viewBox=\"0 0 {WIDTH} 64\" role=\"img\" aria-label=\"{}\">",
        escape(&format!("{}: measured {}, bound {}", rule.id, rule.estimate(), number(limit.bound)))
    );
    let edge = x(limit.bound);
    let (from, to) = match limit.side {
        Side::AtMost => (x(low), edge),
        Side::AtLeast => (edge, x(high)),
        Side::Equal => (edge, edge),
    };
    let _infallible = write!(
        out,
        "<rect x=\"{from:.1}\" y=\"8\" width=\"{:.1}\" height=\"32\" fill=\"var(--pass)\" opacity=\".12\"/>\
         <line x1=\"{edge:.1}\" x2=\"{edge:.1}\" y1=\"4\" y2=\"44\" stroke=\"var(--fg)\" stroke-width=\"2\"/>",
        (to - from).max(0.0)
    );
    // Two labels that would touch turn away from each other.
    let near = bar.is_some_and(|bar| (x(bar) - edge).abs() < LABELS_APART);
    let (edge_anchor, bar_anchor) = match bar {
        Some(bar) if near && x(bar) > edge => ("end", "start"),
        Some(_) if near => ("start", "end"),
        _ => ("middle", "middle"),
    };
    if let Some(bar) = bar {
        let _infallible = write!(
            out,
            "<line x1=\"{0:.1}\" x2=\"{0:.1}\" y1=\"4\" y2=\"44\" stroke=\"var(--open)\" stroke-width=\"2\" \
             stroke-dasharray=\"4 3\"/><text x=\"{0:.1}\" y=\"58\" text-anchor=\"{bar_anchor}\">bar {1}</text>",
            x(bar),
            number(bar)
        );
    }
    for (index, &value) in rule.values.iter().enumerate() {
        // Three rows of dots, so that close ones stay apart.
        let y = 16 + 8 * (index % 3);
        let _infallible = write!(
            out,
            "<circle cx=\"{:.1}\" cy=\"{y}\" r=\"2.5\" fill=\"var(--dim)\" opacity=\".6\"/>",
            x(value)
        );
    }
    let colour = match rule.verdict.word() {
        "pass" => "pass",
        "fail" | "invalid" => "fail",
        _ => "open",
    };
    let _infallible = write!(
        out,
        "<line x1=\"{:.1}\" x2=\"{:.1}\" y1=\"24\" y2=\"24\" stroke=\"var(--{colour})\" stroke-width=\"3\"/>\
         <circle cx=\"{:.1}\" cy=\"24\" r=\"5\" fill=\"var(--{colour})\"/>\
         <text x=\"{edge:.1}\" y=\"58\" text-anchor=\"{edge_anchor}\">{}</text></svg>",
        x(measured.low),
        x(measured.high),
        x(measured.median),
        number(limit.bound)
    );
}

fn run_table(out: &mut String, report: &Report) {
    let m = &report.machine;
    out.push_str("<h2>Machine and run</h2>\n<table>\n");
    for (name, value) in [
        ("processor", m.cpu.clone()),
        ("class", m.cpu_class.clone()),
        ("cores", m.cores.to_string()),
        ("instruction set", m.isa.clone()),
        ("core clock", m.core_hz.map_or_else(|| "not known".into(), |hz| format!("{:.0} MHz", hz / 1e6))),
        ("kernel", m.kernel.clone()),
        ("target", m.target.clone()),
        ("rustc", m.rustc.clone()),
        ("commit", report.commit.clone().unwrap_or_else(|| "not known".into())),
        ("seed", report.seed.to_string()),
        ("started", report.started.clone()),
        ("seconds", format!("{:.1}", report.seconds)),
        ("processes", report.processes.to_string()),
    ] {
        let _infallible = writeln!(out, "<tr><th>{name}</th><td>{}</td></tr>", escape(&value));
    }
    out.push_str("</table>\n");
}
