//! One run of the gate: choose rules, count, sample, judge, report.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use crate::budgets::{Budgets, Kind, Metric, OnInconclusive, Rule, Tier, Versus};
use crate::control::{self, Controls};
use crate::error::GateError;
use crate::glob;
use crate::judge::{Ask, Reading};
use crate::machine::{self, Machine, Need, today};
use crate::observation::{Listed, RunCounts};
use crate::observer::{Observation, Observer};
use crate::plan::Measurement;
use crate::probe;
use crate::random::Random;
use crate::report::{Report, RuleReport, SCHEMA, WaiverReport};
use crate::sampler::Order;
use crate::sequence::{Case, End, Outcome, Progress, Sequence};
use crate::stats::Interval;
use crate::verdict::{Limit, Look, Verdict};

/// What to run.
#[derive(Debug, Clone)]
pub struct Options {
    /// Rules of this tier and the ones below it.
    pub tier: Tier,
    /// Only rules that one of these patterns matches; all if empty.
    pub rules: Vec<String>,
    /// What an open rule does, if not what the file says.
    pub inconclusive: Option<OnInconclusive>,
    /// When to stop sampling.
    pub max_time: Option<Duration>,
    /// Seed of all orders, if not the file's.
    pub seed: Option<u64>,
    /// Revision that rules against git are compared with; `None` skips them.
    pub against: Option<String>,
    /// Revision of the source, for the report.
    pub commit: Option<String>,
    /// Set to end the sampling early, as when the time is up.
    pub stop: Arc<AtomicBool>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            tier: Tier::Ci,
            rules: Vec::new(),
            inconclusive: None,
            max_time: None,
            seed: None,
            against: None,
            commit: None,
            stop: Arc::default(),
        }
    }
}

/// How often what is sampled is made again when a control did not behave, or when the machine disturbed it.
const REPEATS_MAX: u32 = 2;

/// The longest pause before a disturbed measurement is made again: what a neighbour does often lasts for seconds. Half of the time that
/// was measured for, if that is less: a run of a few rules stays short.
const REPEAT_PAUSE: Duration = Duration::from_secs(5);

impl Options {
    /// Whether a rule is asked for.
    #[must_use]
    pub fn selects(&self, rule: &Rule) -> bool {
        rule.tier <= self.tier
            && (self.rules.is_empty() || self.rules.iter().any(|p| glob::matches(p, &rule.id)))
    }
}

/// Checks every rule that `options` ask for.
///
/// # Errors
/// When the budgets name subjects that do not exist, no rule is asked for, or the program cannot be run at all. What goes
/// wrong with a single subject is a verdict.
pub fn run(
    budgets: &Budgets,
    options: &Options,
    machine: Machine,
    observer: &mut dyn Observer,
    progress: Progress<'_>,
) -> Result<Report, GateError> {
    let started = Instant::now();
    let stamp = timestamp();
    let subjects: Vec<String> = observer.list()?.into_iter().map(|listed| listed.id).collect();
    budgets.check_subjects(&subjects).map_err(GateError::Budgets)?;
    let asked: Vec<&Rule> = budgets.rules.iter().filter(|rule| options.selects(rule)).collect();
    let selected = probe::with_probes(budgets, &asked);
    if selected.is_empty() {
        return Err(GateError::Usage(format!(
            "no rule of {} is of tier {:?} and matches {}: a gate that checks nothing proves nothing",
            budgets.path,
            options.tier,
            if options.rules.is_empty() { "*".into() } else { options.rules.join(", ") }
        )));
    }
    let before = match &options.against {
        Some(revision) => observer.list_at(revision)?,
        None => None,
    };
    let mut run = Run {
        budgets,
        options,
        machine: &machine,
        reports: Vec::new(),
        sampled: Vec::new(),
        end: End {
            // A limit beyond what the clock can tell is none.
            deadline: options.max_time.and_then(|limit| started.checked_add(limit)),
            stop: Arc::clone(&options.stop),
        },
        seed: options.seed.unwrap_or(budgets.policy.seed),
    };
    for rule in &selected {
        run.open(rule, &subjects, before.as_deref());
    }
    let mut controls = Controls::counted(observer);
    run.count(&controls, observer, progress);
    let (processes, repeats) = run.sample(&mut controls, observer, progress);
    probe::settle(budgets, &selected, &mut run.reports);
    let mut report = Report {
        schema: SCHEMA.into(),
        verdict: String::new(),
        exit: 0,
        started: stamp,
        seconds: 0.0,
        tier: options.tier,
        inconclusive: options.inconclusive.unwrap_or(budgets.policy.inconclusive),
        seed: run.seed,
        commit: options.commit.clone(),
        budgets: budgets.path.clone(),
        processes,
        repeats,
        rules_not_selected: (budgets.rules.len() - selected.len()) as u32,
        controls: controls.into_reports(),
        rules: run.reports,
        machine,
    };
    report.exit = report.exit_code() as u8;
    report.verdict = report.worst().into();
    report.seconds = started.elapsed().as_secs_f64();
    Ok(report)
}

/// The state of one run.
struct Run<'r> {
    budgets: &'r Budgets,
    options: &'r Options,
    machine: &'r Machine,
    reports: Vec<RuleReport>,
    /// Cases to sample, each with the index of its report.
    sampled: Vec<(usize, Case)>,
    end: End,
    seed: u64,
}

impl Run<'_> {
    /// Makes the reports of a rule, one per subject that it covers, and the cases that are to be sampled.
    ///
    /// `before` is what the other build has, where there is one.
    fn open(&mut self, rule: &Rule, subjects: &[String], before: Option<&[Listed]>) {
        let mut measurements = Measurement::of(rule, subjects);
        // Against a revision that is not built nothing can be listed either: one report says so for all.
        let ungiven = matches!(&rule.versus, Some(Versus::Git(_)) if self.options.against.is_none());
        if ungiven {
            measurements.truncate(1);
        }
        let many = measurements.len() > 1;
        for mut measurement in measurements {
            if let (Measurement::TwoBuilds { revision, .. }, Some(against)) =
                (&mut measurement, &self.options.against)
            {
                revision.clone_from(against);
            }
            let mut report = self.report_of(rule, &measurement, many);
            if report.verdict == Verdict::Pass && ungiven {
                report.verdict = Verdict::Skipped("needs another build: --against git:REVISION".into());
            }
            let is_new =
                |name: &str| before.is_some_and(|before| before.iter().all(|listed| listed.id != name));
            if report.verdict == Verdict::Pass
                && let Measurement::TwoBuilds { subject, revision } = &measurement
                && is_new(subject)
            {
                report.verdict = Verdict::Skipped(format!("git:{revision} has no such subject"));
            }
            if let (Verdict::Pass, true, Some(limit)) =
                (&report.verdict, measurement.is_sampled(), report.limit)
            {
                let reading = Reading { metric: rule.metric, kind: rule.kind };
                let case = Case { measurement, reading, ask: Ask::Keep(limit), confirm: true };
                self.sampled.push((self.reports.len(), case));
            }
            self.reports.push(report);
        }
    }

    /// The report before measuring: its verdict is pass, or what keeps it from being measured.
    fn report_of(&self, rule: &Rule, measurement: &Measurement, many: bool) -> RuleReport {
        let ratio = rule.versus.is_some();
        let recorded = self.recorded(rule);
        let limit = Limit::of(rule.kind, rule.bound, rule.tolerance, ratio, recorded);
        let waiver = self.budgets.waiver(&rule.id).zip(limit).map(|(waiver, bound)| {
            let expired = today() > waiver.until;
            let report = WaiverReport {
                bound,
                reason: waiver.reason.clone(),
                until: waiver.until.to_string(),
                expired,
            };
            (report, Limit { bound: waiver.ratchet, ..bound })
        });
        let missing =
            rule.needs.iter().filter_map(|n| Need::parse(n).ok()).find_map(|n| n.missing(self.machine));
        let verdict = match (missing, &self.machine.no_cycles, limit) {
            (Some(missing), ..) => Verdict::Skipped(missing),
            (None, Some(why), _) if rule.metric == Metric::CyclesPerOp => Verdict::Skipped(why.clone()),
            (None, _, None) => {
                let machine::Kind { rustc, target, isa, cpu } = machine::Kind::of(self.machine, rule.metric);
                Verdict::Skipped(format!(
                    "nothing is recorded for rustc {rustc}, {target}, {isa}, {cpu}; `bless {}` records it",
                    rule.id
                ))
            }
            _ => machine::tool_missing(rule.metric, self.machine).map_or(Verdict::Pass, Verdict::Skipped),
        };
        let subject = measurement.subject().to_owned();
        let (waiver, ratchet) = waiver.unzip();
        RuleReport {
            id: if many { format!("{}[{subject}]", rule.id) } else { rule.id.clone() },
            subject,
            versus: rule.versus.as_ref().map(|versus| match (versus, &self.options.against) {
                (Versus::Subject(name), _) => name.clone(),
                (Versus::Git(_), Some(against)) => format!("git:{against}"),
                (Versus::Git(revision), None) => format!("git:{revision}"),
            }),
            metric: rule.metric,
            kind: rule.kind,
            mode: rule.mode,
            tier: rule.tier,
            why: rule.why.clone(),
            line: rule.place.line as u32,
            limit: ratchet.or(limit),
            waiver,
            measured: None,
            confirmation: None,
            values: Vec::new(),
            ns_per_op: None,
            versus_ns_per_op: None,
            verdict,
            notes: Vec::new(),
        }
    }

    fn recorded(&self, rule: &Rule) -> Option<f64> {
        let kind = machine::Kind::of(self.machine, rule.metric);
        self.budgets.baselines.iter().find(|b| b.rule == rule.id && kind.is_of(b)).map(|b| b.value)
    }

    /// Judges the rules on counted numbers, one process per subject.
    fn count(&mut self, controls: &Controls, observer: &mut dyn Observer, progress: Progress<'_>) {
        let mut seen: Vec<(Measurement, Result<Observation, String>)> = Vec::new();
        let counted: Vec<usize> = (0..self.reports.len())
            .filter(|&i| self.reports[i].verdict == Verdict::Pass && !self.reports[i].metric.is_timed())
            .collect();
        let total = counted.len() as u32;
        for (done, index) in counted.into_iter().enumerate() {
            let report = &mut self.reports[index];
            let subject = report.subject.clone();
            progress(&subject, done as u32, total);
            let what = Measurement::counted(report.metric, subject);
            let known = seen.iter().position(|(measurement, _)| *measurement == what);
            let at = known.unwrap_or_else(|| {
                let result =
                    observer.observe(&what, Order::Forward, Duration::ZERO).map_err(|e| e.to_string());
                seen.push((what, result));
                seen.len() - 1
            });
            judge_counted(report, &seen[at].1, controls);
        }
    }

    /// Samples until every case is decided; again while a control does not behave. Gives processes and repeats.
    fn sample(
        &mut self,
        controls: &mut Controls,
        observer: &mut dyn Observer,
        progress: Progress<'_>,
    ) -> (u32, u32) {
        if self.sampled.is_empty() {
            return (0, 0);
        }
        let begun = Instant::now();
        let mut processes = 0;
        // What is still to be measured: all, then what the machine disturbed.
        let mut open: Vec<usize> = (0..self.sampled.len()).collect();
        for attempt in 0..=REPEATS_MAX {
            let mut cases = control::cases(&self.budgets.policy);
            let of_controls = cases.len();
            cases.extend(open.iter().map(|&i| self.sampled[i].1.clone()));
            let mut counting = |name: &str, done: u32, most: u32| progress(name, done, most);
            let mut sequence = Sequence {
                policy: &self.budgets.policy,
                end: &self.end,
                random: Random::new(self.seed.wrapping_add(u64::from(attempt))),
                observer,
                processes: 0,
            };
            let mut outcomes = sequence.decide(&cases, &mut counting);
            processes += sequence.processes;
            let rules = outcomes.split_off(of_controls);
            controls.sampled(&self.budgets.policy, &outcomes);
            let holds = controls.sampling_holds();
            let last = attempt == REPEATS_MAX || self.end.has_come();
            let mut again = Vec::new();
            for (index, outcome) in open.into_iter().zip(rules) {
                if !last && (!holds || outcome.passing) {
                    again.push(index);
                } else {
                    self.take(index, outcome, controls);
                }
            }
            if again.is_empty() {
                return (processes, attempt);
            }
            open = again;
            if holds {
                observer.pause(self.end.rest().min(REPEAT_PAUSE).min(begun.elapsed() / 2));
            }
        }
        (processes, REPEATS_MAX)
    }

    fn take(&mut self, index: usize, outcome: Outcome, controls: &Controls) {
        let report = &mut self.reports[self.sampled[index].0];
        report.verdict = match (controls.sampling_fault(), outcome.verdict) {
            (_, skipped @ Verdict::Skipped(_)) => skipped,
            (Some(fault), _) => Verdict::Invalid(fault),
            (None, verdict) => verdict,
        };
        if outcome.shared > 0 {
            let of = outcome.values.len();
            report
                .notes
                .push(format!("something else used the same core in {} of {of} processes", outcome.shared));
        }
        report.measured = outcome.interval;
        report.confirmation = outcome.confirmation;
        report.values = outcome.values;
        report.ns_per_op = outcome.ns_per_op;
        report.versus_ns_per_op = outcome.versus_ns_per_op;
        note_needless_waiver(report);
    }
}

/// The verdict of a counted number: no statistics, one process.
fn judge_counted(report: &mut RuleReport, observed: &Result<Observation, String>, controls: &Controls) {
    let observation = match observed {
        Ok(observation) => observation,
        Err(message) => {
            report.verdict = Verdict::Invalid(message.clone());
            return;
        }
    };
    let reading = Reading { metric: report.metric, kind: report.kind };
    let (Some(value), Some(limit)) = (reading.value(observation), report.limit) else {
        report.verdict = Verdict::Skipped(format!("this system does not tell {}", report.metric.name()));
        return;
    };
    report.measured = Some(Interval::exact(value));
    report.values = vec![value];
    let same = |pair: &[RunCounts]| pair[0].allocs == pair[1].allocs && pair[0].bytes == pair[1].bytes;
    if let Observation::Counted(counted) = observation
        && !counted.runs.windows(2).all(same)
    {
        report.notes.push("runs differ from each other; the largest counts".into());
    }
    let heap = matches!(
        report.metric,
        Metric::AllocsPerOp | Metric::AllocsPerRun | Metric::BytesPerOp | Metric::BytesPerRun
    );
    report.verdict = match (controls.counting_fault(), limit.counted(value)) {
        (Some(fault), _) if heap => Verdict::Invalid(fault),
        (_, Look::Within) => Verdict::Pass,
        _ => Verdict::Fail,
    };
    if report.kind == Kind::Ratchet && value < limit.bound {
        report.notes.push(format!("better than recorded: `bless {}` takes it", report.id));
    }
    note_needless_waiver(report);
}

/// A waiver whose bound is met hides the next miss.
fn note_needless_waiver(report: &mut RuleReport) {
    let (Some(waiver), Some(measured)) = (&report.waiver, &report.measured) else { return };
    if waiver.bound.look(measured) == Look::Within {
        report.notes.push("the bound is met: remove the waiver".into());
    }
}

/// Now, as `2027-01-31T12:00:00Z`.
fn timestamp() -> String {
    let seconds =
        std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let of_day = seconds % 86_400;
    format!("{}T{:02}:{:02}:{:02}Z", today(), of_day / 3_600, of_day / 60 % 60, of_day % 60)
}
