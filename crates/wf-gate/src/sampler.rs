//! The paired sampler: two batches in alternating order, each group bracketed by the clock's own calibration.
//!
//! A fixed order is a bias of several percent, so groups run A B B A and B A A B in turn. What the machine does to one
//! half of a group it does to the other, so the ratio inside a group is steady where both times are not; the median over
//! groups drops those that an interrupt hit. One process gives one observation, whatever the number of groups: groups of
//! one process share its memory layout and are not independent.

use std::hint::black_box;
use std::time::{Duration, Instant};

use crate::clock::{self, Clock};
use crate::error::SampleError;
use crate::observation::Timing;
use crate::stats::median;
use crate::subject::{Batch, Subject};

/// A group counts for cycles only if the chain before and the chain after it differ by no more than this.
pub const CLOCK_DRIFT_MAX: f64 = 0.03;

/// A run shorter than this many empty brackets says more about the bracket than about the subject.
const BRACKETS_PER_RUN_MIN: f64 = 16.0;

const GROUPS_MIN: usize = 6;
const GROUPS_MAX: usize = 400;

/// Which batch comes first in the first group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Order {
    /// The subject is built first and opens the first group.
    Forward,
    /// The other one is.
    Reversed,
}

/// How long to sample, and in which order.
#[derive(Debug, Clone, Copy)]
pub struct Sampling {
    /// Time for all groups; at least six groups run whatever it says.
    pub budget: Duration,
    /// Which batch comes first.
    pub order: Order,
}

/// A batch under measurement, with what its runs took.
struct Side {
    id: &'static str,
    ops: f64,
    batch: Box<dyn Batch>,
    counts_per_op: Vec<f64>,
    answer: u64,
}

impl Side {
    fn new(subject: &Subject) -> Self {
        Self {
            id: subject.id,
            ops: f64::from(subject.ops.max(1)),
            batch: (subject.make)(),
            counts_per_op: Vec::with_capacity(2 * GROUPS_MAX),
            answer: 0,
        }
    }

    /// One prepared, bracketed and checked run; counts per operation.
    fn run(&mut self, clock: &Clock) -> Result<f64, SampleError> {
        self.batch.prepare();
        let begun = clock.now();
        let answer = black_box(self.batch.run());
        let counts = clock.now() - begun;
        check(self.id, answer, self.batch.as_mut())?;
        self.answer = answer;
        let per_op = counts as f64 / self.ops;
        self.counts_per_op.push(per_op);
        Ok(per_op)
    }

    /// Runs until caches, branch history and the allocator have settled.
    fn warm_up(&mut self, clock: &Clock, budget: Duration) -> Result<(), SampleError> {
        let begun = Instant::now();
        for turn in 0..64 {
            self.run(clock)?;
            if turn >= 2 && begun.elapsed() >= budget {
                break;
            }
        }
        let per_run = median(&mut self.counts_per_op) * self.ops;
        self.counts_per_op.clear();
        let shortest = BRACKETS_PER_RUN_MIN * clock.bracket_counts() as f64;
        if per_run < shortest {
            return Err(SampleError::TooShort {
                subject: self.id.into(),
                counts: per_run,
                at_least: shortest,
            });
        }
        Ok(())
    }
}

/// Compares the answer with the expected one.
pub(crate) fn check(id: &str, answer: u64, batch: &mut dyn Batch) -> Result<(), SampleError> {
    match batch.expected() {
        Some(expected) if expected != answer => {
            Err(SampleError::WrongAnswer { subject: id.into(), answer, expected })
        }
        _ => Ok(()),
    }
}

/// Measures `subject`, against `versus` where given. One call per process is one observation.
///
/// # Errors
/// [`SampleError`] when an answer is wrong, a run is too short to be told from the clock's own bracket, or valgrind runs
/// this program.
pub fn sample(
    subject: &Subject,
    versus: Option<&Subject>,
    sampling: Sampling,
) -> Result<Timing, SampleError> {
    if clock::is_emulated() {
        return Err(SampleError::Emulated);
    }
    let clock = Clock::new();
    let (mut a, mut b);
    match (sampling.order, versus) {
        (Order::Reversed, Some(other)) => {
            b = Some(Side::new(other));
            a = Side::new(subject);
        }
        _ => {
            a = Side::new(subject);
            b = versus.map(Side::new);
        }
    }
    a.warm_up(&clock, sampling.budget / 16)?;
    if let Some(b) = &mut b {
        b.warm_up(&clock, sampling.budget / 16)?;
    }
    let mut groups = Groups::default();
    let wall = Instant::now();
    let begun = clock.now();
    while !groups.enough(wall.elapsed(), sampling.budget) {
        let forward = groups.count.is_multiple_of(2) == (sampling.order == Order::Forward);
        groups.run(&clock, &mut a, b.as_mut(), forward)?;
    }
    let counts_per_second = (clock.now() - begun) as f64 / wall.elapsed().as_secs_f64();
    Ok(groups.into_timing(a, b, counts_per_second))
}

/// What the groups of one process gave.
#[derive(Default)]
struct Groups {
    count: usize,
    clock_moved: usize,
    log_ratios: Vec<f64>,
    cycles_per_op: Vec<f64>,
    versus_cycles_per_op: Vec<f64>,
    cycles_per_count: Vec<f64>,
}

impl Groups {
    fn enough(&self, elapsed: Duration, budget: Duration) -> bool {
        // Whole pairs of groups, so that both orders weigh the same.
        self.count.is_multiple_of(2)
            && self.count >= GROUPS_MIN
            && (elapsed >= budget || self.count >= GROUPS_MAX)
    }

    /// Calibration, first, second, second, first, calibration.
    fn run(
        &mut self,
        clock: &Clock,
        a: &mut Side,
        b: Option<&mut Side>,
        forward: bool,
    ) -> Result<(), SampleError> {
        let before = clock.cycles_per_count().ok();
        let (of_a, of_b) = match b {
            None => (a.run(clock)? + a.run(clock)?, None),
            Some(b) if forward => {
                let first = a.run(clock)?;
                let inner = b.run(clock)? + b.run(clock)?;
                (first + a.run(clock)?, Some(inner))
            }
            Some(b) => {
                let first = b.run(clock)?;
                let inner = a.run(clock)? + a.run(clock)?;
                (inner, Some(first + b.run(clock)?))
            }
        };
        let after = clock.cycles_per_count().ok();
        self.count += 1;
        if let Some(of_b) = of_b {
            self.log_ratios.push((of_a / of_b).ln());
        }
        if let (Some(before), Some(after)) = (before, after) {
            if (before / after).ln().abs() > CLOCK_DRIFT_MAX {
                self.clock_moved += 1;
            } else {
                let cycles_per_count = f64::midpoint(before, after);
                self.cycles_per_count.push(cycles_per_count);
                self.cycles_per_op.push(of_a / 2.0 * cycles_per_count);
                self.versus_cycles_per_op.extend(of_b.map(|counts| counts / 2.0 * cycles_per_count));
            }
        }
        Ok(())
    }

    fn into_timing(mut self, mut a: Side, mut b: Option<Side>, counts_per_second: f64) -> Timing {
        let ns_per_count = 1e9 / counts_per_second;
        // Half the groups must have kept their clock; a median over a few lucky ones is not the process's.
        let believed = 2 * self.cycles_per_op.len() >= self.count;
        let of = |values: &mut Vec<f64>| (believed && !values.is_empty()).then(|| median(values));
        Timing {
            groups: self.count as u32,
            groups_clock_moved: self.clock_moved as u32,
            log_ratio: b.is_some().then(|| median(&mut self.log_ratios)),
            cycles_per_op: of(&mut self.cycles_per_op),
            versus_cycles_per_op: of(&mut self.versus_cycles_per_op),
            core_hz: of(&mut self.cycles_per_count).map(|c| c * counts_per_second),
            ns_per_op: median(&mut a.counts_per_op) * ns_per_count,
            versus_ns_per_op: b.as_mut().map(|b| median(&mut b.counts_per_op) * ns_per_count),
            answer: a.answer,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control;

    const BRIEF: Sampling = Sampling { budget: Duration::from_millis(20), order: Order::Forward };

    /// Says that valgrind runs the tests, where it does.
    fn skipped(test: &str) -> bool {
        let emulated = clock::is_emulated();
        if emulated {
            let line = format_args!("SKIPPED: {test}: valgrind runs the tests\n");
            _ = std::io::Write::write_fmt(&mut std::io::stderr(), line);
        }
        emulated
    }

    struct Wrong;
    impl Batch for Wrong {
        fn run(&mut self) -> u64 {
            41
        }
        fn expected(&mut self) -> Option<u64> {
            Some(42)
        }
    }

    #[test]
    fn a_wrong_answer_is_an_error_and_no_measurement() {
        if skipped("a_wrong_answer_is_an_error_and_no_measurement") {
            return;
        }
        let wrong = Subject { id: "test.wrong", ops: 1, make: || Box::new(Wrong) };
        let error = sample(&wrong, None, BRIEF).expect_err("41 is not 42");
        assert!(matches!(error, SampleError::WrongAnswer { answer: 41, expected: 42, .. }), "{error}");
    }

    struct Empty;
    impl Batch for Empty {
        fn run(&mut self) -> u64 {
            0
        }
        fn expected(&mut self) -> Option<u64> {
            None
        }
    }

    #[test]
    fn a_run_no_longer_than_the_bracket_is_refused() {
        if skipped("a_run_no_longer_than_the_bracket_is_refused") {
            return;
        }
        let empty = Subject { id: "test.empty", ops: 1, make: || Box::new(Empty) };
        let error = sample(&empty, None, BRIEF).expect_err("nothing was measured");
        assert!(matches!(error, SampleError::TooShort { .. }), "{error}");
    }

    #[test]
    fn each_side_runs_as_often_as_the_other_and_both_orders_occur() {
        if skipped("each_side_runs_as_often_as_the_other_and_both_orders_occur") {
            return;
        }
        use std::cell::RefCell;
        thread_local!(static LOG: RefCell<String> = const { RefCell::new(String::new()) });
        struct Logged(char);
        impl Batch for Logged {
            fn run(&mut self) -> u64 {
                LOG.with_borrow_mut(|log| log.push(self.0));
                let begun = Instant::now();
                while begun.elapsed() < Duration::from_micros(20) {}
                0
            }
            fn expected(&mut self) -> Option<u64> {
                None
            }
        }
        let a = Subject { id: "test.a", ops: 1, make: || Box::new(Logged('A')) };
        let b = Subject { id: "test.b", ops: 1, make: || Box::new(Logged('B')) };
        for (order, groups) in [(Order::Forward, "ABBABAAB"), (Order::Reversed, "BAABABBA")] {
            LOG.with_borrow_mut(String::clear);
            let timing = sample(&a, Some(&b), Sampling { budget: Duration::ZERO, order }).expect("measured");
            assert_eq!(timing.groups as usize, GROUPS_MIN);
            LOG.with_borrow(|log| {
                let measured = &log[log.len() - 4 * GROUPS_MIN..];
                assert_eq!(measured, groups.repeat(GROUPS_MIN / 2));
            });
        }
    }

    #[test]
    fn an_injected_slow_down_is_read_off_the_ratio() {
        if skipped("an_injected_slow_down_is_read_off_the_ratio") {
            return;
        }
        let base = control::subjects().into_iter().find(|s| s.id == control::BASE).expect("listed");
        let slow = control::subjects().into_iter().find(|s| s.id == control::SLOWER).expect("listed");
        let timing = sample(&slow, Some(&base), BRIEF).expect("measured");
        let ratio = timing.log_ratio.expect("paired").exp();
        assert!((1.05..1.30).contains(&ratio), "injected 15 %, read {ratio}");
    }
}
