//! The controls that every run carries: one that must be quiet, two that must fail.
//!
//! A gate that was never seen to fail proves nothing. [`SLOWER`] does 15 % more of the same work than [`BASE`] and must
//! be failed by a regression rule; [`ALLOCATING`] allocates once a run and must be failed by an exact rule; [`BASE`]
//! against [`TWIN`], the same code under another name, must be found equal.

use std::hint::black_box;
use std::time::Duration;

use crate::budgets::{Kind, Metric, Policy};
use crate::judge::{Ask, Reading};
use crate::observer::{Observation, Observer};
use crate::plan::Measurement;
use crate::report::{ControlReport, interval_text, number};
use crate::sampler::Order;
use crate::sequence::{Case, Outcome};
use crate::stats::Interval;
use crate::subject::{Batch, Subject};
use crate::verdict::{Limit, Side, Verdict};

/// The work that controls are compared with.
pub const BASE: &str = "gate.control_base";
/// The same work again.
pub const TWIN: &str = "gate.control_twin";
/// The same work and 15 % more of it.
pub const SLOWER: &str = "gate.control_slower";
/// The same work and one heap allocation per run.
pub const ALLOCATING: &str = "gate.control_allocating";

/// How much more work [`SLOWER`] does.
pub const SLOWER_BY: f64 = 0.15;

/// 1,024 steps, each waiting for the last: work of a core alone, which no cache and no neighbour's memory traffic changes.
const STEPS: u32 = 1_024;

/// The subjects of all controls.
#[must_use]
pub fn subjects() -> Vec<Subject> {
    let ops = STEPS;
    vec![
        Subject { id: BASE, ops, make: || Box::new(Chain::new(STEPS)) },
        Subject { id: TWIN, ops, make: || Box::new(Chain::new(STEPS)) },
        // The operations stay 1,024: the added steps are the slow-down, not more operations.
        Subject {
            id: SLOWER,
            ops,
            make: || Box::new(Chain::new(STEPS + (f64::from(STEPS) * SLOWER_BY) as u32)),
        },
        Subject { id: ALLOCATING, ops, make: || Box::new(Allocating(Chain::new(STEPS))) },
    ]
}

/// A chain of dependent steps: shift, exclusive or, multiply. No compiler finds a closed form for it.
#[derive(Debug)]
struct Chain {
    steps: u32,
    expected: u64,
}

const MULTIPLIER: u64 = 6_364_136_223_846_793_005;

impl Chain {
    fn new(steps: u32) -> Self {
        Self { steps, expected: Self::naive(steps) }
    }

    #[inline(never)]
    fn walk(steps: u32) -> u64 {
        let mut x = 1_u64;
        for _ in 0..black_box(steps) {
            x = (x ^ (x >> 29)).wrapping_mul(MULTIPLIER);
        }
        x
    }

    /// The same in wide arithmetic, with division for the shift and remainder for the wrap.
    fn naive(steps: u32) -> u64 {
        let mut x = 1_u128;
        for _ in 0..steps {
            x = (x ^ (x / (1 << 29))) * u128::from(MULTIPLIER) % (1 << 64);
        }
        x as u64
    }
}

impl Batch for Chain {
    fn run(&mut self) -> u64 {
        Self::walk(self.steps)
    }

    fn expected(&mut self) -> Option<u64> {
        Some(self.expected)
    }
}

/// The chain, and a box that nobody needs.
#[derive(Debug)]
struct Allocating(Chain);

impl Batch for Allocating {
    fn run(&mut self) -> u64 {
        *black_box(Box::new(self.0.run()))
    }

    fn expected(&mut self) -> Option<u64> {
        self.0.expected()
    }
}

/// A regression of more than this must be failed by the sampler.
const SLOWER_TOLERANCE: f64 = 0.05;

/// The sampled controls: equal work, then slower work.
pub(crate) fn cases(policy: &Policy) -> Vec<Case> {
    let pair = |subject: &str| Measurement::Timed { subject: subject.into(), versus: Some(BASE.into()) };
    let reading = Reading { metric: Metric::Time, kind: Kind::Regression };
    let limit = Limit { side: Side::AtMost, bound: 1.0 + SLOWER_TOLERANCE, tolerance: 0.0, reach: 0.0 };
    vec![
        Case { measurement: pair(TWIN), reading, ask: Ask::Equal(policy.noise_limit), confirm: false },
        Case { measurement: pair(SLOWER), reading, ask: Ask::Keep(limit), confirm: false },
    ]
}

/// What the controls of a run have shown so far.
#[derive(Debug, Clone, Default)]
pub(crate) struct Controls {
    counting: Vec<ControlReport>,
    sampling: Vec<ControlReport>,
}

impl Controls {
    /// Counts the heap calls of the control that allocates and of the one that does not.
    pub(crate) fn counted(observer: &mut dyn Observer) -> Self {
        let mut count = |subject: &str, name: &str, expected: u64| {
            let what = Measurement::Counted { subject: subject.into() };
            let result = observer.observe(&what, Order::Forward, Duration::ZERO);
            let counts: Result<Vec<u64>, String> = match result {
                Ok(Observation::Counted(counted)) => Ok(counted.runs.iter().map(|run| run.allocs).collect()),
                Ok(_) => Err("the program answered something else".into()),
                Err(error) => Err(error.to_string()),
            };
            let (holds, what, measured) = match counts {
                Ok(runs) => {
                    let seen = runs.iter().copied().max().unwrap_or(0);
                    let holds = !runs.is_empty() && runs.iter().all(|&n| n == expected);
                    (holds, format!("{seen} allocations in a run"), Some(Interval::exact(seen as f64)))
                }
                Err(message) => (false, message, None),
            };
            ControlReport {
                name: name.into(),
                expected: format!("{expected} allocations in a run"),
                measured,
                holds,
                what,
            }
        };
        let counting =
            vec![count(ALLOCATING, "one allocation must be seen", 1), count(BASE, "none must be none", 0)];
        Self { counting, sampling: Vec::new() }
    }

    /// Takes the outcomes of [`cases`], in their order.
    pub(crate) fn sampled(&mut self, policy: &Policy, outcomes: &[Outcome]) {
        let report = |name: &str, expected: String, outcome: &Outcome, holds: bool| ControlReport {
            name: name.into(),
            expected,
            measured: outcome.interval,
            holds,
            what: match (&outcome.interval, outcome.verdict.reason()) {
                (Some(interval), None) => format!("{} x the time", interval_text(interval)),
                (Some(interval), Some(reason)) => format!("{} x the time; {reason}", interval_text(interval)),
                (None, reason) => reason.unwrap_or("not measured").to_owned(),
            },
        };
        let (equal, slower) = (&outcomes[0], &outcomes[1]);
        let noise = number(100.0 * policy.noise_limit);
        self.sampling = vec![
            report(
                "equal work must be equal",
                format!("within {noise} %"),
                equal,
                equal.verdict == Verdict::Pass,
            ),
            report(
                "15 % more work must fail",
                format!("beyond {} %", number(100.0 * SLOWER_TOLERANCE)),
                slower,
                slower.verdict == Verdict::Fail,
            ),
        ];
    }

    pub(crate) fn sampling_holds(&self) -> bool {
        self.sampling.iter().all(|control| control.holds)
    }

    /// Why sampled numbers do not count.
    pub(crate) fn sampling_fault(&self) -> Option<String> {
        fault(&self.sampling)
    }

    /// Why counted heap calls do not count.
    pub(crate) fn counting_fault(&self) -> Option<String> {
        fault(&self.counting)
    }

    pub(crate) fn into_reports(mut self) -> Vec<ControlReport> {
        self.counting.append(&mut self.sampling);
        self.counting
    }
}

fn fault(controls: &[ControlReport]) -> Option<String> {
    controls
        .iter()
        .find(|control| !control.holds)
        .map(|c| format!("control \"{}\" did not behave: expected {}, {}", c.name, c.expected, c.what))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_walk_agrees_with_wide_arithmetic() {
        for steps in [0, 1, 2, 3, 63, 1_024, 1_177] {
            assert_eq!(Chain::walk(steps), Chain::naive(steps), "{steps} steps");
        }
    }

    #[test]
    fn every_control_gives_its_expected_answer() {
        for subject in subjects() {
            let mut batch = (subject.make)();
            let answer = batch.run();
            assert_eq!(Some(answer), batch.expected(), "{}", subject.id);
        }
    }
}
