//! From the observations of a case to what one look says.

use crate::budgets::{Kind, Metric, Policy};
use crate::observer::Observation;
use crate::stats::Interval;
use crate::verdict::{Limit, Look};

/// What a case asks of its number.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Ask {
    /// Keep the limit.
    Keep(Limit),
    /// Lie within one plus or minus this: the equal control.
    Equal(f64),
}

/// What is read from an observation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Reading {
    pub(crate) metric: Metric,
    pub(crate) kind: Kind,
}

impl Reading {
    /// The number, as a logarithm where it is sampled. `None` where this process could not tell it.
    pub(crate) fn value(self, observation: &Observation) -> Option<f64> {
        match observation {
            Observation::Timed(timing) => match self.metric {
                Metric::CyclesPerOp => timing.cycles_per_op.map(f64::ln),
                // A floor is how many times as fast the subject is as its counterpart.
                _ if self.kind == Kind::Floor => timing.log_ratio.map(|ratio| -ratio),
                _ => timing.log_ratio,
            },
            Observation::TwoBuilds { log_ratio, .. } => Some(*log_ratio),
            Observation::Instructions(count) | Observation::Syscalls(count) => Some(*count),
            Observation::Counted(counted) => {
                let ops = f64::from(counted.ops.max(1));
                let worst = |of: fn(&crate::observation::RunCounts) -> Option<u64>| {
                    let all: Option<Vec<u64>> = counted.runs.iter().map(of).collect();
                    all.and_then(|all| all.into_iter().max()).map(|n| n as f64)
                };
                match self.metric {
                    Metric::AllocsPerOp => worst(|r| Some(r.allocs)).map(|n| n / ops),
                    Metric::AllocsPerRun => worst(|r| Some(r.allocs)),
                    Metric::BytesPerOp => worst(|r| Some(r.bytes)).map(|n| n / ops),
                    Metric::BytesPerRun => worst(|r| Some(r.bytes)),
                    Metric::PageFaultsPerRun => worst(|r| r.page_faults),
                    Metric::Answer => Some(counted.answer as f64),
                    Metric::Time
                    | Metric::CyclesPerOp
                    | Metric::InstructionsPerOp
                    | Metric::SyscallsPerRun => None,
                }
            }
        }
    }
}

/// The interval of sampled observations given as logarithms, and what it says.
pub(crate) fn look(ask: Ask, logs: &[f64], policy: &Policy) -> Option<(Interval, Look)> {
    let interval = Interval::of_logs(logs, policy.alpha_per_look())?;
    let look = match ask {
        Ask::Keep(limit) => limit.look(&interval),
        Ask::Equal(noise) => {
            let (low, high) = (1.0 - noise, 1.0 + noise);
            if interval.low >= low && interval.high <= high {
                Look::Within
            } else if interval.high < low || interval.low > high {
                Look::Beyond
            } else {
                Look::Open
            }
        }
    };
    Some((interval, look))
}
