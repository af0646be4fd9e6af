//! Looks at 5, 10, 20, 30 processes: stop as soon as the interval decides, confirm a fail in reversed order.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::budgets::{Kind, Policy};
use crate::judge::{Ask, Reading, look};
use crate::observer::{Observation, Observer};
use crate::plan::Measurement;
use crate::random::Random;
use crate::sampler::Order;
use crate::stats::Interval;
use crate::verdict::{Look, Verdict};

/// A sampled question under decision.
#[derive(Debug, Clone)]
pub(crate) struct Case {
    pub(crate) measurement: Measurement,
    pub(crate) reading: Reading,
    pub(crate) ask: Ask,
    /// Whether a fail needs a second look in reversed order: not for controls that must fail.
    pub(crate) confirm: bool,
}

/// What became of a case.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Outcome {
    pub(crate) verdict: Verdict,
    pub(crate) interval: Option<Interval>,
    pub(crate) confirmation: Option<Interval>,
    /// Whether what left it undecided may be over in a while: the machine, not the subject.
    pub(crate) passing: bool,
    /// Processes in which something else used the same core all the time.
    pub(crate) shared: u32,
    /// The numbers themselves, one per process, not as logarithms.
    pub(crate) values: Vec<f64>,
    pub(crate) ns_per_op: Option<f64>,
    pub(crate) versus_ns_per_op: Option<f64>,
}

/// Processes that a confirmation may start for each one that it needs.
const CONFIRM_MAX: u32 = 4;

/// Progress of a run: processes done, and the most that may follow.
pub(crate) type Progress<'p> = &'p mut dyn FnMut(&str, u32, u32);

/// When to stop sampling.
#[derive(Debug, Clone, Default)]
pub(crate) struct End {
    pub(crate) deadline: Option<Instant>,
    pub(crate) stop: Arc<AtomicBool>,
}

impl End {
    pub(crate) fn has_come(&self) -> bool {
        self.stop.load(Ordering::Relaxed) || self.deadline.is_some_and(|deadline| Instant::now() >= deadline)
    }

    /// How long until then.
    pub(crate) fn rest(&self) -> Duration {
        match self.deadline {
            _ if self.stop.load(Ordering::Relaxed) => Duration::ZERO,
            Some(deadline) => deadline.saturating_duration_since(Instant::now()),
            None => Duration::MAX,
        }
    }
}

/// All observations of one measurement so far.
#[derive(Default)]
struct Series {
    forward: Vec<Observation>,
    reversed: Vec<Observation>,
    broken: Option<String>,
}

/// Takes observations until every case is decided, the looks are used up, or the deadline has come.
pub(crate) struct Sequence<'s> {
    pub(crate) policy: &'s Policy,
    pub(crate) end: &'s End,
    pub(crate) random: Random,
    pub(crate) observer: &'s mut dyn Observer,
    /// Processes started so far.
    pub(crate) processes: u32,
}

impl Sequence<'_> {
    pub(crate) fn decide(&mut self, cases: &[Case], progress: Progress<'_>) -> Vec<Outcome> {
        let mut series: BTreeMap<Measurement, Series> = BTreeMap::new();
        let mut outcomes: Vec<Option<Outcome>> = vec![None; cases.len()];
        let looks = self.policy.looks.clone();
        let mut done = 0;
        for (index, &look_at) in looks.iter().enumerate() {
            let open: Vec<usize> = (0..cases.len()).filter(|&i| outcomes[i].is_none()).collect();
            if open.is_empty() {
                break;
            }
            let mut wanted: Vec<Measurement> = open.iter().map(|&i| cases[i].measurement.clone()).collect();
            wanted.sort();
            wanted.dedup();
            let from = if index == 0 { 0 } else { looks[index - 1] };
            for turn in from..look_at {
                self.random.shuffle(&mut wanted);
                for measurement in &wanted {
                    if self.end.has_come() {
                        break;
                    }
                    let rest = (look_at - turn) * wanted.len() as u32;
                    progress(measurement.subject(), done, done + rest);
                    self.observe(measurement, Order::Forward, series.entry(measurement.clone()).or_default());
                    done += 1;
                }
            }
            let last = index + 1 == looks.len() || self.end.has_come();
            for i in open {
                let entry = series.entry(cases[i].measurement.clone()).or_default();
                outcomes[i] = self.judge(&cases[i], entry, last);
            }
        }
        outcomes
            .into_iter()
            .zip(cases)
            .map(|(outcome, case)| {
                outcome.unwrap_or_else(|| Outcome {
                    verdict: Verdict::Inconclusive("no look decided it".into()),
                    interval: None,
                    confirmation: None,
                    passing: false,
                    shared: 0,
                    values: values(case, series.get(&case.measurement)),
                    ns_per_op: None,
                    versus_ns_per_op: None,
                })
            })
            .collect()
    }

    /// One process more. A second chance for a child that was killed; a subject that is wrong stays wrong.
    fn observe(&mut self, what: &Measurement, order: Order, series: &mut Series) {
        if series.broken.is_some() {
            return;
        }
        let budget = Duration::from_millis(u64::from(self.policy.sample_ms));
        let mut result = self.observer.observe(what, order, budget);
        self.processes += 1;
        if result.is_err() {
            self.processes += 1;
            result = self.observer.observe(what, order, budget);
        }
        match (result, order) {
            (Ok(observation), Order::Forward) => series.forward.push(observation),
            (Ok(observation), Order::Reversed) => series.reversed.push(observation),
            // A child that Ctrl-C killed along with us says nothing about its subject.
            (Err(_), _) if self.end.has_come() => {}
            (Err(error), _) => series.broken = Some(error.to_string()),
        }
    }

    /// The outcome, or `None` to go on to the next look.
    fn judge(&mut self, case: &Case, series: &mut Series, last: bool) -> Option<Outcome> {
        if let Some(message) = &series.broken {
            return Some(outcome(case, series, Verdict::Invalid(message.clone()), None, None));
        }
        let numbers = Numbers::of(case, &series.forward, self.policy);
        let taken = series.forward.len();
        // Processes whose clock moved tell no cycles. Two thirds must, or the number is of lucky moments only.
        let enough = 3 * numbers.told >= 2 * taken && numbers.told >= self.policy.looks[0].min(3) as usize;
        let looked = if enough { look(case.ask, &numbers.logs, self.policy) } else { None };
        match looked {
            Some((interval, Look::Within)) => {
                Some(outcome(case, series, Verdict::Pass, Some(interval), None))
            }
            // What a neighbour on the same core takes is no fault of the subject.
            Some((interval, Look::Beyond)) if numbers.disturbed => last.then(|| {
                let reason = format!(
                    "beyond the bound, but something else used the same core in {} of {taken} processes",
                    numbers.shared
                );
                let invalid = outcome(case, series, Verdict::Invalid(reason), Some(interval), None);
                Outcome { passing: true, ..invalid }
            }),
            Some((interval, Look::Beyond)) => {
                if !case.confirm {
                    return Some(outcome(case, series, Verdict::Fail, Some(interval), None));
                }
                let second = self.confirm(case, series);
                match second {
                    Some((again, Look::Beyond)) => {
                        Some(outcome(case, series, Verdict::Fail, Some(interval), Some(again)))
                    }
                    _ if self.end.has_come() => {
                        let reason = "beyond the bound, but time was up before the confirmation".into();
                        Some(outcome(case, series, Verdict::Inconclusive(reason), Some(interval), None))
                    }
                    _ if last => {
                        let reason =
                            "beyond the bound, but the confirmation in reversed order did not agree".into();
                        let again = second.map(|(again, _)| again);
                        Some(outcome(case, series, Verdict::Inconclusive(reason), Some(interval), again))
                    }
                    _ => None,
                }
            }
            Some((interval, Look::Open)) if last => {
                let reason = if self.end.has_come() {
                    format!("time was up after {taken} processes")
                } else {
                    format!("the interval still touches the bound after {taken} processes")
                };
                let open = outcome(case, series, Verdict::Inconclusive(reason), Some(interval), None);
                // Few had the core, and few decide little.
                Some(Outcome { passing: 2 * numbers.shared > taken, ..open })
            }
            None if last && taken == 0 => {
                Some(outcome(case, series, Verdict::Skipped("not measured: time was up".into()), None, None))
            }
            None if last && taken < self.policy.looks[0] as usize => {
                let reason = format!("time was up after {taken} processes");
                Some(outcome(case, series, Verdict::Inconclusive(reason), None, None))
            }
            None if last => {
                let reason =
                    format!("the core's clock moved in {} of {taken} processes", taken - numbers.told);
                let invalid = outcome(case, series, Verdict::Invalid(reason), None, None);
                Some(Outcome { passing: true, ..invalid })
            }
            Some((_, Look::Open)) | None => None,
        }
    }

    /// As many processes as the first look, in the other order; up to [`CONFIRM_MAX`] times as many where a neighbour disturbs them. `None` if
    /// they say nothing.
    fn confirm(&mut self, case: &Case, series: &mut Series) -> Option<(Interval, Look)> {
        // Fresh ones at every look: a confirmation that once disagreed says nothing about later.
        series.reversed.clear();
        for turn in 0..CONFIRM_MAX * self.policy.looks[0] {
            let enough =
                turn >= self.policy.looks[0] && !Numbers::of(case, &series.reversed, self.policy).disturbed;
            if enough || self.end.has_come() {
                break;
            }
            self.observe(&case.measurement, Order::Reversed, series);
        }
        let numbers = Numbers::of(case, &series.reversed, self.policy);
        let whole = series.reversed.len() >= self.policy.looks[0] as usize && !numbers.disturbed;
        if whole { look(case.ask, &numbers.logs, self.policy) } else { None }
    }
}

/// What the processes of a case say.
struct Numbers {
    /// One number per process that counts.
    logs: Vec<f64>,
    /// Processes that told a number.
    told: usize,
    /// Those of them in which something else used the same core.
    shared: usize,
    /// Whether such processes count, for lack of others, and may have moved the number beyond its bound.
    disturbed: bool,
}

impl Numbers {
    fn of(case: &Case, observations: &[Observation], policy: &Policy) -> Self {
        let read = |o: &Observation| case.reading.value(o).map(|log| (log, o.is_shared()));
        let told: Vec<(f64, bool)> = observations.iter().filter_map(read).collect();
        let alone: Vec<f64> = told.iter().filter(|(_, shared)| !shared).map(|(log, _)| *log).collect();
        let shared = told.len() - alone.len();
        let enough_alone = shared == 0 || alone.len() >= policy.looks[0] as usize;
        // Two subjects of the same kind share a core as they share all else, so a regression inside one process holds.
        let paired = case.reading.kind == Kind::Regression
            && matches!(case.measurement, Measurement::Timed { versus: Some(_), .. });
        Self {
            told: told.len(),
            shared,
            disturbed: !enough_alone && !paired,
            logs: if enough_alone { alone } else { told.into_iter().map(|(log, _)| log).collect() },
        }
    }
}

fn values(case: &Case, series: Option<&Series>) -> Vec<f64> {
    let read = |o: &Observation| case.reading.value(o).map(f64::exp);
    series.map(|s| s.forward.iter().filter_map(read).collect()).unwrap_or_default()
}

fn outcome(
    case: &Case,
    series: &Series,
    verdict: Verdict,
    interval: Option<Interval>,
    confirmation: Option<Interval>,
) -> Outcome {
    let median_of = |of: fn(&crate::observation::Timing) -> Option<f64>| {
        let mut all: Vec<f64> = series
            .forward
            .iter()
            .filter_map(|o| match o {
                Observation::Timed(timing) => of(timing),
                _ => None,
            })
            .collect();
        (!all.is_empty()).then(|| crate::stats::median(&mut all))
    };
    Outcome {
        verdict,
        interval,
        confirmation,
        passing: false,
        shared: series.forward.iter().filter(|o| o.is_shared()).count() as u32,
        values: values(case, Some(series)),
        ns_per_op: median_of(|t| Some(t.ns_per_op)),
        versus_ns_per_op: median_of(|t| t.versus_ns_per_op),
    }
}
