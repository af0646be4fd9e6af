//! The matrix as one self-contained page: a chart of ratios and one of memory per cell, no script, no network.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use wf_gate::report::number;

use super::record::Run;
use super::table::{self, Row};

const STYLE: &str = "\
:root{color-scheme:light dark;--bg:#fff;--fg:#1c2024;--dim:#60666d;--line:#d9dde1;--a:#2563a8;--b:#b3541e;--card:#f6f7f8}\
@media(prefers-color-scheme:dark){:root{--bg:#14171a;--fg:#e6e8ea;--dim:#9aa1a8;--line:#31363b;--a:#79b0ea;--b:#e89a6b;\
--card:#1c2024}}*{box-sizing:border-box}body{margin:0 auto;max-width:72rem;padding:1rem;background:var(--bg);\
color:var(--fg);font:16px/1.5 system-ui,sans-serif}h1{font-size:1.5rem}h2{font-size:1.1rem;margin:0 0 .3rem}\
section{background:var(--card);border:1px solid var(--line);border-radius:.4rem;padding:.6rem .8rem;margin:.8rem 0}\
svg{display:block;width:100%;height:auto;max-width:30rem}svg text{fill:var(--fg);font:11px system-ui,sans-serif}\
svg .dim{fill:var(--dim)}.foot{color:var(--dim);font-size:.9rem}";

/// As narrow as a phone, so that the text in a chart is never smaller than beside it.
const WIDTH: f64 = 350.0;
const LABEL: f64 = 62.0;
const ROW: f64 = 26.0;

/// The whole page.
pub(super) fn page(run: &Run, rows: &[Row]) -> String {
    let mut cells: BTreeMap<(&str, usize), Vec<&Row>> = BTreeMap::new();
    for row in rows {
        cells.entry((row.workload.as_str(), row.threads)).or_default().push(row);
    }
    let mut out = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" \
         content=\"width=device-width, initial-scale=1\">\n<title>Allocator matrix</title>\n<style>{STYLE}</style>\n</head>\n\
         <body>\n<h1>Allocator matrix</h1>\n"
    );
    for ((workload, threads), rows) in cells {
        let _infallible = writeln!(
            out,
            "<section><h2>{}, {threads} {}</h2>",
            escape(workload),
            if threads == 1 { "thread" } else { "threads" }
        );
        ratios(&mut out, run, &rows);
        memory(&mut out, &rows);
        out.push_str("</section>\n");
    }
    let markdown = table::markdown(run, rows);
    let foot = markdown.lines().last().unwrap_or_default();
    let _infallible = write!(out, "<p class=\"foot\">{}</p>\n</body>\n</html>\n", escape(foot));
    out
}

/// Time over the reference's, with its interval, one line per allocator.
fn ratios(out: &mut String, run: &Run, rows: &[&Row]) {
    let ends = rows.iter().filter_map(|row| row.ratio.as_ref()).flat_map(|r| [r.low, r.high]);
    let (low, high) = ends.fold((1.0_f64, 1.0_f64), |(low, high), x| (low.min(x), high.max(x)));
    let pad = ((high - low) * 0.1).max(0.02);
    let (low, high) = (low - pad, high + pad);
    let x = |value: f64| LABEL + (value - low) / (high - low) * (WIDTH - LABEL - 132.0);
    let height = ROW * rows.len() as f64 + 8.0;
    let _infallible = write!(
        out,
        "<svg viewBox=\"0 0 {WIDTH} {height:.0}\" role=\"img\" aria-label=\"time relative to {0}\"><line x1=\"{1:.1}\" \
         x2=\"{1:.1}\" y1=\"2\" y2=\"{height:.0}\" stroke=\"var(--dim)\" stroke-dasharray=\"4 3\"/>",
        escape(&run.reference),
        x(1.0)
    );
    for (index, row) in rows.iter().enumerate() {
        let y = ROW * index as f64 + ROW / 2.0 + 4.0;
        let (median, low, high) = row.ratio.map_or((1.0, 1.0, 1.0), |r| (r.median, r.low, r.high));
        let _infallible = write!(
            out,
            "<text x=\"0\" y=\"{0:.1}\">{1}</text><line x1=\"{2:.1}\" x2=\"{3:.1}\" y1=\"{y:.1}\" y2=\"{y:.1}\" \
             stroke=\"var(--a)\" stroke-width=\"4\"/><circle cx=\"{4:.1}\" cy=\"{y:.1}\" r=\"6\" fill=\"var(--a)\"/>\
             <text class=\"dim\" text-anchor=\"end\" x=\"{5}\" y=\"{0:.1}\">{6} x, {7} ns/op</text>",
            y + 4.0,
            escape(&row.allocator),
            x(low),
            x(high),
            x(median),
            WIDTH,
            number(median),
            number(row.ns_per_op)
        );
    }
    out.push_str("</svg>\n");
}

/// Peak memory as a bar, what stayed after everything was freed as a darker one inside it.
fn memory(out: &mut String, rows: &[&Row]) {
    let most = rows.iter().map(|row| row.peak_rss_bytes).fold(1.0, f64::max);
    let height = ROW * rows.len() as f64 + 8.0;
    let _infallible = write!(
        out,
        "<svg viewBox=\"0 0 {WIDTH} {height:.0}\" role=\"img\" aria-label=\"peak and retained memory\">"
    );
    for (index, row) in rows.iter().enumerate() {
        let y = ROW * index as f64 + 6.0;
        let width = |bytes: f64| if bytes.is_nan() { 0.0 } else { bytes / most * (WIDTH - LABEL - 132.0) };
        let mib = |bytes: f64| if bytes.is_nan() { "-".into() } else { number(bytes / f64::from(1 << 20)) };
        let _infallible = write!(
            out,
            "<text x=\"0\" y=\"{0:.1}\">{1}</text><rect x=\"{LABEL}\" y=\"{y:.1}\" width=\"{2:.1}\" height=\"18\" \
             fill=\"var(--b)\" opacity=\".35\"/><rect x=\"{LABEL}\" y=\"{y:.1}\" width=\"{3:.1}\" height=\"18\" \
             fill=\"var(--b)\" opacity=\".75\"/><text class=\"dim\" text-anchor=\"end\" x=\"{4}\" y=\"{0:.1}\">{5} MiB, kept {6}</text>",
            y + 13.0,
            escape(&row.allocator),
            width(row.peak_rss_bytes),
            width(row.retained_rss_bytes),
            WIDTH,
            mib(row.peak_rss_bytes),
            mib(row.retained_rss_bytes)
        );
    }
    out.push_str("</svg>\n");
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
