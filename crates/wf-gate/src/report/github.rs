//! Workflow commands that mark lines of the budgets file.

use std::fmt::Write as _;

use super::Report;
use crate::verdict::Verdict;

/// More than this many marks of one step are not shown.
const MARKS_MAX: usize = 10;

/// Renders a report.
#[must_use]
pub fn render(report: &Report) -> String {
    let mut out = String::new();
    for rule in report.by_rank().iter().take(MARKS_MAX) {
        let level = match rule.verdict {
            Verdict::Fail | Verdict::Invalid(_) => "error",
            Verdict::Inconclusive(_) => "warning",
            Verdict::Skipped(_) | Verdict::Pass => continue,
        };
        let remark = rule.remark();
        let message = format!(
            "{}: {}: promised {}, measured {}{}{remark}",
            rule.verdict.word(),
            rule.id,
            rule.promise(),
            rule.estimate(),
            if remark.is_empty() { "" } else { "; " },
        );
        let _infallible = writeln!(
            out,
            "::{level} file={},line={},title={}::{}",
            property(&report.budgets),
            rule.line,
            property(&rule.id),
            data(&message)
        );
    }
    out
}

fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
