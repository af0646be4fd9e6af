//! JUnit XML: one test case per rule and control.

use std::fmt::Write as _;

use super::Report;
use crate::verdict::Verdict;

/// Renders a report.
#[must_use]
pub fn render(report: &Report) -> String {
    let totals = report.totals();
    let broken = report.controls.iter().filter(|c| !c.holds).count();
    let tests = report.rules.len() + report.controls.len();
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let _infallible = writeln!(
        out,
        "<testsuites>\n  <testsuite name=\"wf-gate\" tests=\"{tests}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\" time=\"{:.3}\">",
        totals.fail,
        totals.invalid as usize + broken,
        totals.skipped + totals.inconclusive,
        report.seconds,
    );
    for control in &report.controls {
        let name = escape(&control.name);
        if control.holds {
            let _infallible = writeln!(out, "    <testcase classname=\"control\" name=\"{name}\"/>");
        } else {
            let _infallible = writeln!(
                out,
                "    <testcase classname=\"control\" name=\"{name}\"><error message=\"{}\"/></testcase>",
                escape(&control.what)
            );
        }
    }
    for rule in &report.rules {
        let (class, name) = rule.id.split_once('.').unwrap_or(("", &rule.id));
        let (class, name) = (escape(class), escape(name));
        let text = escape(&format!(
            "promised {}, measured {}{}{}",
            rule.promise(),
            rule.estimate(),
            if rule.remark().is_empty() { "" } else { "; " },
            rule.remark()
        ));
        let inner = match &rule.verdict {
            Verdict::Pass => String::new(),
            Verdict::Fail => format!("<failure message=\"{text}\"/>"),
            Verdict::Invalid(_) => format!("<error message=\"{text}\"/>"),
            Verdict::Inconclusive(_) | Verdict::Skipped(_) => format!("<skipped message=\"{text}\"/>"),
        };
        let _infallible = if inner.is_empty() {
            writeln!(out, "    <testcase classname=\"{class}\" name=\"{name}\"/>")
        } else {
            writeln!(out, "    <testcase classname=\"{class}\" name=\"{name}\">{inner}</testcase>")
        };
    }
    out.push_str("  </testsuite>\n</testsuites>\n");
    out
}

/// Text inside an attribute.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}
