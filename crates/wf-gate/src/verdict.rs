//! The five answers, and how an interval becomes one of them.

use serde::{Deserialize, Serialize};

use crate::budgets::{Bound, Kind};
use crate::stats::Interval;

/// The answer for one rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verdict", content = "reason", rename_all = "lowercase")]
pub enum Verdict {
    /// The promise holds.
    Pass,
    /// The promise is broken, by the whole interval, beyond the tolerance, and a second look agreed.
    Fail,
    /// The interval touches the bound; more processes did not decide it.
    Inconclusive(String),
    /// Not checked here.
    Skipped(String),
    /// A control did not behave, so nothing measured beside it counts.
    Invalid(String),
}

impl Verdict {
    /// One word.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Inconclusive(_) => "inconclusive",
            Self::Skipped(_) => "skipped",
            Self::Invalid(_) => "invalid",
        }
    }

    /// The reason, where the word alone is not the answer.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Pass | Self::Fail => None,
            Self::Inconclusive(reason) | Self::Skipped(reason) | Self::Invalid(reason) => Some(reason),
        }
    }

    /// Worst first: what a reader must see.
    #[must_use]
    pub fn rank(&self) -> u8 {
        match self {
            Self::Fail => 0,
            Self::Invalid(_) => 1,
            Self::Inconclusive(_) => 2,
            Self::Skipped(_) => 3,
            Self::Pass => 4,
        }
    }
}

/// What one look at an interval says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// Inside the bound.
    Within,
    /// Wholly beyond bound and tolerance.
    Beyond,
    /// Neither: take more processes.
    Open,
}

/// A bound with everything that a decision needs.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Limit {
    /// Which side of the number is good.
    pub side: Side,
    /// The number.
    pub bound: f64,
    /// How far beyond it an interval must lie to fail, as a share of the bound.
    pub tolerance: f64,
    /// How far the interval may reach over a bound that the median keeps, as a share of it.
    pub reach: f64,
}

/// Which side of a bound is good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// At most the bound.
    AtMost,
    /// At least the bound.
    AtLeast,
    /// The bound itself.
    Equal,
}

/// A ceiling in cycles passes when the median is within it and the interval's upper end within this share of it.
const CEILING_REACH: f64 = 0.05;

impl Limit {
    /// The limit of a rule whose number is known. `recorded` is the number of a ratchet.
    ///
    /// `None` for a ratchet without a recorded number.
    #[must_use]
    pub fn of(kind: Kind, bound: Bound, tolerance: f64, ratio: bool, recorded: Option<f64>) -> Option<Self> {
        let (side, bound) = match bound {
            Bound::AtMost(max) => (Side::AtMost, max),
            Bound::AtLeast(min) => (Side::AtLeast, min),
            Bound::Equal(value) => (Side::Equal, value),
            Bound::Recorded => (Side::AtMost, recorded?),
            // The tolerance is the promise itself; there is none beyond it.
            Bound::Tolerance => {
                return Some(Self { side: Side::AtMost, bound: 1.0 + tolerance, tolerance: 0.0, reach: 0.0 });
            }
        };
        let counted = matches!(kind, Kind::Exact | Kind::Ratchet);
        Some(Self {
            side,
            bound,
            tolerance: if counted { 0.0 } else { tolerance },
            reach: if kind == Kind::Ceiling && !ratio { CEILING_REACH } else { 0.0 },
        })
    }

    /// Compares a counted number.
    #[must_use]
    pub fn counted(&self, value: f64) -> Look {
        let within = match self.side {
            Side::AtMost => value <= self.bound,
            Side::AtLeast => value >= self.bound,
            // Numbers of a file against counts: both are short decimals or whole.
            Side::Equal => (value - self.bound).abs() <= 1e-9 * self.bound.abs().max(1.0),
        };
        if within { Look::Within } else { Look::Beyond }
    }

    /// Compares an interval.
    #[must_use]
    pub fn look(&self, interval: &Interval) -> Look {
        let Interval { low, median, high, .. } = *interval;
        let (within, beyond) = match self.side {
            Side::AtMost => (
                median <= self.bound && high <= self.bound * (1.0 + self.reach),
                low > self.bound * (1.0 + self.tolerance),
            ),
            Side::AtLeast => (
                median >= self.bound && low >= self.bound * (1.0 - self.reach),
                high < self.bound * (1.0 - self.tolerance),
            ),
            Side::Equal => return self.counted(median),
        };
        match (within, beyond) {
            (true, false) => Look::Within,
            (false, true) => Look::Beyond,
            _ => Look::Open,
        }
    }
}

/// The exit code of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Every rule that was checked passed, or stayed open where that is allowed.
    Pass = 0,
    /// The tool itself could not do its work.
    Tool = 1,
    /// Wrong arguments, or budgets that do not hold together.
    Usage = 2,
    /// A promise is broken.
    Breach = 3,
    /// A control did not behave: the run proves nothing.
    Invalid = 4,
    /// A rule stayed open under `--inconclusive fail`.
    Inconclusive = 5,
}

impl From<Exit> for std::process::ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn interval(low: f64, median: f64, high: f64) -> Interval {
        Interval { low, median, high, n: 5 }
    }

    #[test]
    fn intervals_are_compared_with_their_limits() {
        let ratio = Limit { side: Side::AtMost, bound: 1.0, tolerance: 0.02, reach: 0.0 };
        let ceiling = Limit { side: Side::AtMost, bound: 8.0, tolerance: 0.02, reach: 0.05 };
        let floor = Limit { side: Side::AtLeast, bound: 10.0, tolerance: 0.02, reach: 0.0 };
        for (limit, low, median, high, expected) in [
            (ratio, 0.98, 0.99, 1.0, Look::Within),
            (ratio, 0.98, 0.99, 1.001, Look::Open),
            (ratio, 1.005, 1.01, 1.019, Look::Open),
            (ratio, 1.019, 1.05, 1.08, Look::Open),
            (ratio, 1.021, 1.03, 1.04, Look::Beyond),
            (ceiling, 7.0, 8.0, 8.4, Look::Within),
            (ceiling, 7.0, 8.01, 8.4, Look::Open),
            (ceiling, 7.0, 7.9, 8.41, Look::Open),
            (ceiling, 8.15, 8.2, 8.3, Look::Open),
            (ceiling, 8.17, 8.2, 8.3, Look::Beyond),
            (floor, 10.0, 11.0, 12.0, Look::Within),
            (floor, 9.99, 11.0, 12.0, Look::Open),
            (floor, 9.0, 9.5, 9.81, Look::Open),
            (floor, 9.0, 9.5, 9.79, Look::Beyond),
        ] {
            assert_eq!(
                limit.look(&interval(low, median, high)),
                expected,
                "{limit:?} on {low} {median} {high}"
            );
        }
    }

    #[test]
    fn counted_numbers_have_no_tolerance() {
        let limit = |side, bound| Limit { side, bound, tolerance: 0.5, reach: 0.5 };
        for (side, bound, value, expected) in [
            (Side::AtMost, 0.0, 0.0, Look::Within),
            (Side::AtMost, 0.0, 1e-6, Look::Beyond),
            (Side::AtMost, 3.0, 3.0, Look::Within),
            (Side::AtLeast, 3.0, 2.999, Look::Beyond),
            (Side::Equal, 3.0, 3.0, Look::Within),
            (Side::Equal, 3.0, 3.001, Look::Beyond),
        ] {
            assert_eq!(limit(side, bound).counted(value), expected, "{side:?} {bound} {value}");
        }
    }

    #[test]
    fn rules_become_limits() {
        let of = |kind, bound, ratio, recorded| Limit::of(kind, bound, 0.03, ratio, recorded);
        let exact = of(Kind::Exact, Bound::AtMost(0.0), false, None).expect("a bound");
        assert!(exact.tolerance == 0.0 && exact.reach == 0.0);
        let cycles = of(Kind::Ceiling, Bound::AtMost(8.0), false, None).expect("a bound");
        assert!((cycles.reach - 0.05).abs() < 1e-12);
        let ratio = of(Kind::Ceiling, Bound::AtMost(1.02), true, None).expect("a bound");
        assert!(ratio.reach == 0.0 && (ratio.tolerance - 0.03).abs() < 1e-12);
        let regression = of(Kind::Regression, Bound::Tolerance, true, None).expect("a bound");
        assert!((regression.bound - 1.03).abs() < 1e-12 && regression.tolerance == 0.0);
        assert_eq!(of(Kind::Ratchet, Bound::Recorded, false, None), None);
        assert!(
            (of(Kind::Ratchet, Bound::Recorded, false, Some(9.0)).expect("recorded").bound - 9.0).abs()
                < 1e-12
        );
    }
}
