//! Rules that tell of the machine what only a measurement tells, for others to need.

use crate::budgets::{Budgets, Rule};
use crate::report::{RuleReport, number};
use crate::verdict::Verdict;

/// The rules that are asked for and, where they stand in the file, those that these need: one of a higher tier, or that no
/// pattern matches, is measured all the same.
pub(crate) fn with_probes<'b>(budgets: &'b Budgets, asked: &[&'b Rule]) -> Vec<&'b Rule> {
    let is_asked = |rule: &Rule| asked.iter().any(|of| of.id == rule.id);
    let is_needed = |rule: &Rule| asked.iter().any(|of| of.probes().any(|id| id == rule.id));
    budgets.rules.iter().filter(|rule| is_asked(rule) || is_needed(rule)).collect()
}

/// Skips each rule of which something that it needs does not hold, and the rule that says so: a machine breaks no promise. What
/// was measured stays in the reports.
pub(crate) fn settle(budgets: &Budgets, rules: &[&Rule], reports: &mut [RuleReport]) {
    for rule in rules {
        for id in rule.probes() {
            let Some(probe) = reports.iter().find(|report| report.id == id) else { continue };
            let why = match &probe.verdict {
                Verdict::Pass => continue,
                Verdict::Fail => format!("needs {id} to hold on this machine: {}", told(probe)),
                other => format!("needs {id}, which is {}", other.word()),
            };
            // A pattern of subjects has a report each.
            let of_rule = |report: &&mut RuleReport| {
                report.id == rule.id
                    || report.id.strip_prefix(&rule.id).is_some_and(|rest| rest.starts_with('['))
            };
            for report in reports.iter_mut().filter(of_rule) {
                if !matches!(report.verdict, Verdict::Skipped(_)) {
                    report.verdict = Verdict::Skipped(why.clone());
                }
            }
        }
    }
    // Also where what needs it was not asked for.
    let needed =
        |report: &RuleReport| budgets.rules.iter().any(|rule| rule.probes().any(|id| id == report.id));
    for probe in reports.iter_mut().filter(|report| report.verdict == Verdict::Fail && needed(report)) {
        probe.verdict = Verdict::Skipped(format!("does not hold on this machine: {}", told(probe)));
    }
}

/// What was measured.
fn told(probe: &RuleReport) -> String {
    probe.measured.as_ref().map_or_else(
        || "nothing was measured".into(),
        |interval| format!("measured {}", number(interval.median)),
    )
}
