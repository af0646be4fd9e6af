//! What a run found: everything a renderer needs, so that rendering again gives the same bytes.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::budgets::{Kind, Metric, Mode, OnInconclusive, Tier};
use crate::child::Usage;
use crate::error::GateError;
use crate::machine::Machine;
use crate::stats::Interval;
use crate::verdict::{Exit, Limit, Side, Verdict};

pub mod github;
pub mod html;
pub mod junit;
pub mod markdown;
pub mod term;

/// Name and version of the report's form.
pub const SCHEMA: &str = "wf-gate-report/1";

/// One run of the gate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// [`SCHEMA`].
    pub schema: String,
    /// Worst verdict of the run.
    pub verdict: String,
    /// Exit code of the run.
    pub exit: u8,
    /// Day and time of the start, universal time.
    pub started: String,
    /// How long it took.
    pub seconds: f64,
    /// Tier that was asked for.
    pub tier: Tier,
    /// What an open rule does to the run.
    pub inconclusive: OnInconclusive,
    /// Seed of all orders.
    pub seed: u64,
    /// Revision of the source, with `+` if it was changed; absent outside a repository.
    pub commit: Option<String>,
    /// The budgets file.
    pub budgets: String,
    /// The machine.
    pub machine: Machine,
    /// Processes started for sampled rules.
    pub processes: u32,
    /// Times that the sampled part was repeated because a control did not behave.
    pub repeats: u32,
    /// Rules of the file that this run did not ask for.
    pub rules_not_selected: u32,
    /// The controls.
    pub controls: Vec<ControlReport>,
    /// The rules, in the order of the file.
    pub rules: Vec<RuleReport>,
}

/// One control.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ControlReport {
    /// What it shows.
    pub name: String,
    /// What must come out.
    pub expected: String,
    /// What came out.
    pub measured: Option<Interval>,
    /// Whether it behaved.
    pub holds: bool,
    /// What happened, in words.
    pub what: String,
}

/// One rule.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RuleReport {
    /// The rule; for a pattern with the subject in brackets.
    pub id: String,
    /// The subject.
    pub subject: String,
    /// What it is compared with.
    pub versus: Option<String>,
    /// What was measured.
    pub metric: Metric,
    /// How the bound is meant.
    pub kind: Kind,
    /// Whether operations wait for each other.
    pub mode: Option<Mode>,
    /// When it is checked.
    pub tier: Tier,
    /// Why anyone cares.
    pub why: String,
    /// Line in the budgets file.
    pub line: u32,
    /// What gated: the rule's bound, or the waiver's ratchet.
    pub limit: Option<Limit>,
    /// The waiver that gated instead of the bound.
    pub waiver: Option<WaiverReport>,
    /// The estimate.
    pub measured: Option<Interval>,
    /// The second estimate, in reversed order, that a fail needs.
    pub confirmation: Option<Interval>,
    /// One number per process.
    pub values: Vec<f64>,
    /// Nanoseconds per operation, for the reader: they gate nothing.
    pub ns_per_op: Option<f64>,
    /// The same for the counterpart.
    pub versus_ns_per_op: Option<f64>,
    /// The answer.
    #[serde(flatten)]
    pub verdict: Verdict,
    /// Things to know that changed no verdict.
    pub notes: Vec<String>,
}

/// A waiver at work.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WaiverReport {
    /// The bound that is not reached yet.
    pub bound: Limit,
    /// Why.
    pub reason: String,
    /// Last day.
    pub until: String,
    /// Whether that day has passed.
    pub expired: bool,
}

/// How many rules came out how.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Totals {
    /// Passed.
    pub pass: u32,
    /// Failed.
    pub fail: u32,
    /// Open.
    pub inconclusive: u32,
    /// Not checked.
    pub skipped: u32,
    /// Measured beside a control that did not behave.
    pub invalid: u32,
    /// Passed or not under a waiver.
    pub waived: u32,
}

impl Report {
    /// Counts the verdicts.
    #[must_use]
    pub fn totals(&self) -> Totals {
        let mut totals = Totals::default();
        for rule in &self.rules {
            *match rule.verdict {
                Verdict::Pass => &mut totals.pass,
                Verdict::Fail => &mut totals.fail,
                Verdict::Inconclusive(_) => &mut totals.inconclusive,
                Verdict::Skipped(_) => &mut totals.skipped,
                Verdict::Invalid(_) => &mut totals.invalid,
            } += 1;
            totals.waived += u32::from(rule.waiver.is_some());
        }
        totals
    }

    /// The run's exit code from its parts: a breach outranks an invalid run, that one an open rule.
    #[must_use]
    pub fn exit_code(&self) -> Exit {
        let totals = self.totals();
        let expired = self.tier == Tier::Release
            && self.rules.iter().any(|r| r.waiver.as_ref().is_some_and(|waiver| waiver.expired));
        if totals.fail > 0 || expired {
            Exit::Breach
        } else if totals.invalid > 0 || self.controls.iter().any(|c| !c.holds) {
            Exit::Invalid
        } else if totals.inconclusive > 0 && self.inconclusive == OnInconclusive::Fail {
            Exit::Inconclusive
        } else {
            Exit::Pass
        }
    }

    /// The run in one word: the worst of its parts.
    #[must_use]
    pub fn worst(&self) -> &'static str {
        match self.exit_code() {
            Exit::Breach => "fail",
            Exit::Invalid => "invalid",
            Exit::Inconclusive => "inconclusive",
            _ => "pass",
        }
    }

    /// Rules, the worst first, else in the order of the file.
    #[must_use]
    pub fn by_rank(&self) -> Vec<&RuleReport> {
        let mut rules: Vec<&RuleReport> = self.rules.iter().collect();
        rules.sort_by_key(|rule| rule.verdict.rank());
        rules
    }

    /// One sentence.
    #[must_use]
    pub fn headline(&self) -> String {
        let t = self.totals();
        let mut parts = vec![format!("{} passed", t.pass)];
        for (n, what) in [
            (t.fail, "failed"),
            (t.invalid, "invalid"),
            (t.inconclusive, "inconclusive"),
            (t.skipped, "skipped"),
            (t.waived, "under a waiver"),
            (self.rules_not_selected, "not asked for"),
        ] {
            if n > 0 {
                parts.push(format!("{n} {what}"));
            }
        }
        format!("{}: {}", self.verdict, parts.join(", "))
    }

    /// The report as JSON, ending in a newline.
    #[must_use]
    pub fn to_json(&self) -> String {
        // Nothing in a report has keys that are no strings, the one thing that cannot be written.
        serde_json::to_string_pretty(self).unwrap_or_default() + "\n"
    }

    /// Reads a report back.
    ///
    /// # Errors
    /// What is wrong with the text.
    pub fn from_json(text: &str) -> Result<Self, String> {
        let report: Self = serde_json::from_str(text).map_err(|error| error.to_string())?;
        if report.schema != SCHEMA {
            return Err(format!("the schema is {}, and {SCHEMA} is known", report.schema));
        }
        Ok(report)
    }
}

impl RuleReport {
    /// The number's unit.
    #[must_use]
    pub fn unit(&self) -> &'static str {
        match (self.metric, self.kind) {
            (Metric::Time, Kind::Floor) => "x as fast",
            (Metric::Time, _) => "x the time",
            (Metric::CyclesPerOp, _) => "ticks",
            (Metric::AllocsPerOp, _) => "allocations/op",
            (Metric::AllocsPerRun, _) => "allocations/run",
            (Metric::BytesPerOp, _) => "bytes/op",
            (Metric::BytesPerRun, _) => "bytes/run",
            (Metric::PageFaultsPerRun, _) => "page faults/run",
            (Metric::InstructionsPerOp, _) => "instructions/op",
            (Metric::SyscallsPerRun, _) => "system calls/run",
            (Metric::Answer, _) => "",
        }
    }

    /// The bound in words: `<= 8 ticks`.
    #[must_use]
    pub fn promise(&self) -> String {
        match (&self.waiver, &self.limit) {
            (Some(waiver), _) => with_unit(&limit_text(&waiver.bound), self.unit()),
            (None, Some(limit)) => with_unit(&limit_text(limit), self.unit()),
            (None, None) => "not recorded here".into(),
        }
    }

    /// The estimate in words: `7.91 [7.85, 7.98]`.
    #[must_use]
    pub fn estimate(&self) -> String {
        self.measured.as_ref().map_or_else(|| "-".into(), interval_text)
    }

    /// What a reader must know beyond the number, in one line.
    #[must_use]
    pub fn remark(&self) -> String {
        let mut parts: Vec<String> = self.verdict.reason().map(str::to_owned).into_iter().collect();
        if let (Some(waiver), Some(limit)) = (&self.waiver, &self.limit) {
            let state = if waiver.expired { "waiver expired" } else { "waived until" };
            parts.push(format!(
                "bar missed, {state} {}, ratchet {}: {}",
                waiver.until,
                limit_text(limit),
                waiver.reason
            ));
        }
        parts.extend(self.notes.iter().cloned());
        parts.join("; ")
    }
}

fn with_unit(text: &str, unit: &str) -> String {
    if unit.is_empty() { text.into() } else { format!("{text} {unit}") }
}

/// A limit as `<= 8`.
#[must_use]
pub fn limit_text(limit: &Limit) -> String {
    let sign = match limit.side {
        Side::AtMost => "<=",
        Side::AtLeast => ">=",
        Side::Equal => "=",
    };
    format!("{sign} {}", number(limit.bound))
}

/// An estimate as `7.91 [7.85, 7.98]`; an exact number alone.
#[must_use]
pub fn interval_text(interval: &Interval) -> String {
    if interval.n <= 1 {
        return number(interval.median);
    }
    format!("{} [{}, {}]", number(interval.median), number(interval.low), number(interval.high))
}

/// A number with four significant digits, without needless zeroes.
#[must_use]
pub fn number(value: f64) -> String {
    if value == 0.0 {
        return "0".into();
    }
    if !value.is_finite() {
        return value.to_string();
    }
    let magnitude = value.abs().log10().floor() as i32;
    let decimals = (3 - magnitude).clamp(0, 9) as usize;
    let text = format!("{value:.decimals$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// Writes `report.json`, `report.md`, `report.html` and `junit.xml` into `dir`, making it if it is not there.
///
/// # Errors
/// When the folder or a file cannot be written; the files before it stay.
pub fn write_all(report: &Report, dir: &Path) -> Result<(), GateError> {
    let failed = |path: &Path, error| GateError::io(format!("writing {}", path.display()), error);
    std::fs::create_dir_all(dir).map_err(|error| failed(dir, error))?;
    for (name, text) in [
        ("report.json", report.to_json()),
        ("report.md", markdown::render(report)),
        ("report.html", html::render(report)),
        ("junit.xml", junit::render(report)),
    ] {
        let path = dir.join(name);
        std::fs::write(&path, text).map_err(|error| failed(&path, error))?;
    }
    Ok(())
}

/// Accounting of a child in words, for the matrix.
#[must_use]
pub fn usage_text(usage: &Usage) -> String {
    format!("{:.2} s user, {:.2} s system, {} faults", usage.user_s, usage.system_s, usage.minor_faults)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_four_digits_and_no_needless_zeroes() {
        for (value, text) in [
            (0.0, "0"),
            (8.0, "8"),
            (7.912_345, "7.912"),
            (0.000_123_456, "0.0001235"),
            (1e-6, "0.000001"),
            (123_456.7, "123457"),
            (10.0, "10"),
            (1.02, "1.02"),
            (99.999_9, "100"),
        ] {
            assert_eq!(number(value), text, "{value}");
        }
    }
}
