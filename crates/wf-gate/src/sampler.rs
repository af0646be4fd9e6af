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

/// Additions a cycle of the least core that is told to be shared.
const UNITS_MIN: f64 = 4.0;

/// A core that does less than this share of what it can is shared.
const ALONE_SHARE: f64 = 0.94;

/// One group in so many must have had the core alone, or those that seem so are accidents.
const ALONE_GROUPS: usize = 8;

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
        let forward = groups.all.len().is_multiple_of(2) == (sampling.order == Order::Forward);
        groups.run(&clock, &mut a, b.as_mut(), forward)?;
    }
    let counts_per_second = (clock.now() - begun) as f64 / wall.elapsed().as_secs_f64();
    Ok(groups.into_timing(a, b, counts_per_second))
}

/// One group: calibration, first, second, second, first, calibration.
struct Group {
    log_ratio: Option<f64>,
    /// Absent where the clock moved or cycles cannot be told.
    cycles: Option<Cycles>,
    /// Independent additions a cycle before or after, the fewer.
    adds_per_cycle: Option<f64>,
}

struct Cycles {
    per_count: f64,
    per_op: f64,
    versus_per_op: Option<f64>,
}

/// What the groups of one process gave.
#[derive(Default)]
struct Groups {
    all: Vec<Group>,
    clock_moved: usize,
}

/// What the core does just now.
struct Pace {
    cycles_per_count: f64,
    adds_per_cycle: Option<f64>,
}

impl Pace {
    fn look(clock: &Clock) -> Option<Self> {
        let cycles_per_count = clock.cycles_per_count().ok()?;
        Some(Self { cycles_per_count, adds_per_cycle: clock.adds_per_cycle(cycles_per_count) })
    }
}

impl Groups {
    fn enough(&self, elapsed: Duration, budget: Duration) -> bool {
        // Whole pairs of groups, so that both orders weigh the same.
        self.all.len().is_multiple_of(2)
            && self.all.len() >= GROUPS_MIN
            && (elapsed >= budget || self.all.len() >= GROUPS_MAX)
    }

    fn run(
        &mut self,
        clock: &Clock,
        a: &mut Side,
        b: Option<&mut Side>,
        forward: bool,
    ) -> Result<(), SampleError> {
        let before = Pace::look(clock);
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
        let mut group =
            Group { log_ratio: of_b.map(|of_b| (of_a / of_b).ln()), cycles: None, adds_per_cycle: None };
        if let (Some(before), Some(after)) = (before, Pace::look(clock)) {
            if (before.cycles_per_count / after.cycles_per_count).ln().abs() > CLOCK_DRIFT_MAX {
                self.clock_moved += 1;
            } else {
                let per_count = f64::midpoint(before.cycles_per_count, after.cycles_per_count);
                group.cycles = Some(Cycles {
                    per_count,
                    per_op: of_a / 2.0 * per_count,
                    versus_per_op: of_b.map(|counts| counts / 2.0 * per_count),
                });
            }
            group.adds_per_cycle = before.adds_per_cycle.zip(after.adds_per_cycle).map(|(b, a)| b.min(a));
        }
        self.all.push(group);
        Ok(())
    }

    fn into_timing(self, mut a: Side, mut b: Option<Side>, counts_per_second: f64) -> Timing {
        let ns_per_count = 1e9 / counts_per_second;
        let alone_from = alone_from(self.all.iter().filter_map(|group| group.adds_per_cycle).collect());
        let is_shared = |group: &&Group| group.adds_per_cycle.is_some_and(|adds| adds < alone_from);
        let groups_shared = self.all.iter().filter(is_shared).count();
        // Sharing comes and goes within a process, so the groups without are as good as a process without.
        let alone_min = GROUPS_MIN.max(self.all.len() / ALONE_GROUPS);
        let shared = groups_shared > 0 && self.all.len() - groups_shared < alone_min;
        let taken: Vec<&Group> = self.all.iter().filter(|group| shared || !is_shared(group)).collect();
        // Half the groups must have kept their clock; a median over a few lucky ones is not the process's.
        let believed = 2 * self.clock_moved <= self.all.len();
        let of = |number: fn(&Cycles) -> Option<f64>| {
            let cycles = taken.iter().filter_map(|group| group.cycles.as_ref());
            let mut numbers: Vec<f64> = cycles.filter_map(number).collect();
            (believed && !numbers.is_empty()).then(|| median(&mut numbers))
        };
        let mut log_ratios: Vec<f64> = taken.iter().filter_map(|group| group.log_ratio).collect();
        Timing {
            groups: self.all.len() as u32,
            groups_clock_moved: self.clock_moved as u32,
            groups_shared: groups_shared as u32,
            shared,
            log_ratio: b.is_some().then(|| median(&mut log_ratios)),
            cycles_per_op: of(|cycles| Some(cycles.per_op)),
            versus_cycles_per_op: of(|cycles| cycles.versus_per_op),
            core_hz: of(|cycles| Some(cycles.per_count)).map(|c| c * counts_per_second),
            ns_per_op: median(&mut a.counts_per_op) * ns_per_count,
            versus_ns_per_op: b.as_mut().map(|b| median(&mut b.counts_per_op) * ns_per_count),
            answer: a.answer,
        }
    }
}

/// How many additions a cycle a group needs to have had the core alone, by all that were seen in the process.
///
/// The number of units that add is whole and at least four; the best of the groups says which. A core that is shared all the
/// time shows fewer than four.
fn alone_from(mut adds_per_cycle: Vec<f64>) -> f64 {
    adds_per_cycle.sort_unstable_by(f64::total_cmp);
    let best = adds_per_cycle.get(adds_per_cycle.len() * 19 / 20).copied().unwrap_or(0.0);
    let units = (best - 0.25).ceil().max(UNITS_MIN);
    ALONE_SHARE * units
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

    #[test]
    fn a_core_is_alone_by_what_it_can_do() {
        for (adds, units) in [
            (vec![], 4.0),
            (vec![2.0, 2.1, 2.8], 4.0),
            (vec![2.0, 3.84, 3.99], 4.0),
            (vec![2.5, 4.9, 5.0], 5.0),
            (vec![3.84, 5.96], 6.0),
        ] {
            assert!((alone_from(adds.clone()) - ALONE_SHARE * units).abs() < 1e-9, "{adds:?}");
        }
    }

    #[test]
    fn groups_on_a_shared_core_are_left_out_where_others_are_enough() {
        let side = |id| {
            let subject = Subject { id, ops: 1, make: || Box::new(Wrong) };
            Side { counts_per_op: vec![1.0], ..Side::new(&subject) }
        };
        let groups = |alone: usize, shared: usize| {
            let of = |ratio: f64, adds| Group {
                log_ratio: Some(ratio),
                cycles: Some(Cycles { per_count: 1.0, per_op: 2.0 + ratio, versus_per_op: Some(2.0) }),
                adds_per_cycle: Some(adds),
            };
            let mut all: Vec<Group> = (0..alone).map(|_| of(0.0, 3.9)).collect();
            all.extend((0..shared).map(|_| of(0.1, 2.1)));
            Groups { all, clock_moved: 0 }.into_timing(side("test.a"), Some(side("test.b")), 1e9)
        };
        let mixed = groups(GROUPS_MIN, 36);
        assert_eq!((mixed.log_ratio, mixed.shared, mixed.groups_shared), (Some(0.0), false, 36));
        assert_eq!(mixed.cycles_per_op, Some(2.0));
        for (few, many) in [(GROUPS_MIN - 1, 36), (20, 180)] {
            let timing = groups(few, many);
            assert_eq!((timing.log_ratio, timing.shared), (Some(0.1), true), "{few} of {}", few + many);
        }
        let alone = groups(20, 0);
        assert_eq!((alone.log_ratio, alone.shared, alone.groups_shared), (Some(0.0), false, 0));
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
