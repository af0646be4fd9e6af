//! The terminal's table.

use std::fmt::Write as _;

use super::Report;

/// Renders a report; `colour` adds the usual escape sequences.
#[must_use]
pub fn render(report: &Report, colour: bool) -> String {
    let mut out = String::new();
    let rows: Vec<[String; 5]> = report
        .by_rank()
        .iter()
        .map(|rule| {
            [
                rule.verdict.word().to_owned(),
                rule.id.clone(),
                rule.promise(),
                rule.estimate(),
                rule.measured
                    .map_or_else(String::new, |m| if m.n > 1 { m.n.to_string() } else { "exact".into() }),
            ]
        })
        .collect();
    let heads = ["verdict", "rule", "promised", "measured [interval]", "n"];
    let widths: Vec<usize> = (0..heads.len())
        .map(|c| rows.iter().map(|r| r[c].chars().count()).chain([heads[c].len()]).max().unwrap_or(0))
        .collect();
    line(&mut out, &heads.map(str::to_owned), &widths, None);
    for (rule, row) in report.by_rank().iter().zip(&rows) {
        line(&mut out, row, &widths, colour.then(|| escape(rule.verdict.word())));
        let remark = rule.remark();
        if !remark.is_empty() {
            let _infallible = writeln!(out, "{:width$}  {remark}", "", width = widths[0]);
        }
    }
    out.push('\n');
    for control in &report.controls {
        let state = if control.holds { "holds" } else { "DOES NOT HOLD" };
        let _infallible = writeln!(out, "control {}: {state}; {}", control.name, control.what);
    }
    let _infallible = writeln!(
        out,
        "{} processes, {:.1} s, seed {}, {}, rustc {}{}",
        report.processes,
        report.seconds,
        report.seed,
        report.machine.cpu,
        report.machine.rustc,
        report.commit.as_ref().map_or_else(String::new, |commit| format!(", commit {commit}")),
    );
    let _infallible = writeln!(out, "{}", report.headline());
    out
}

fn escape(word: &str) -> &'static str {
    match word {
        "pass" => "\x1b[32m",
        "fail" | "invalid" => "\x1b[31m",
        "inconclusive" => "\x1b[33m",
        _ => "\x1b[2m",
    }
}

/// One row; the escape colours the first cell only, so that columns stay aligned.
fn line(out: &mut String, cells: &[String; 5], widths: &[usize], escape: Option<&str>) {
    let mut text = String::new();
    for (index, (cell, width)) in cells.iter().zip(widths).enumerate() {
        let pad = " ".repeat(width.saturating_sub(cell.chars().count()) + 2);
        match escape {
            Some(escape) if index == 0 => text.extend([escape, cell, "\x1b[0m", &pad]),
            _ => text.extend([cell.as_str(), &pad]),
        }
    }
    out.push_str(text.trim_end());
    out.push('\n');
}
