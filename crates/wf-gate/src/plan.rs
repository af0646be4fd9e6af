//! What to observe in a child process; rules on the same subjects share their observations.
//!
//! A subject whose cycles are asked for and which some other rule pairs is observed alone as well: a counterpart that
//! empties the caches would change what the ceiling means.

use crate::budgets::{Metric, Rule, Versus};
use crate::glob;

/// Something to observe in a child process.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Measurement {
    /// Timing of a subject, alone or paired with another.
    Timed {
        /// The subject.
        subject: String,
        /// Its counterpart.
        versus: Option<String>,
    },
    /// Exact counts of single runs.
    Counted {
        /// The subject.
        subject: String,
    },
    /// Instructions of one run under callgrind.
    Instructions {
        /// The subject.
        subject: String,
    },
    /// System calls of one run under strace.
    Syscalls {
        /// The subject.
        subject: String,
    },
    /// Timing of a subject in two builds of its program, alternating processes.
    TwoBuilds {
        /// The subject.
        subject: String,
        /// The revision of the other build.
        revision: String,
    },
}

impl Measurement {
    /// What `rule` needs; several for a pattern of subjects.
    #[must_use]
    pub fn of(rule: &Rule, subjects: &[String]) -> Vec<Self> {
        let subject = rule.subject.clone();
        match (&rule.versus, rule.metric) {
            (Some(Versus::Git(revision)), _) => subjects
                .iter()
                .filter(|name| glob::matches(&rule.subject, name))
                .map(|name| Self::TwoBuilds { subject: name.clone(), revision: revision.clone() })
                .collect(),
            (Some(Versus::Subject(other)), _) => vec![Self::Timed { subject, versus: Some(other.clone()) }],
            (None, Metric::CyclesPerOp | Metric::Time) => vec![Self::Timed { subject, versus: None }],
            (None, metric) => vec![Self::counted(metric, subject)],
        }
    }

    /// How a metric that is no time is counted.
    #[must_use]
    pub fn counted(metric: Metric, subject: String) -> Self {
        match metric {
            Metric::InstructionsPerOp => Self::Instructions { subject },
            Metric::SyscallsPerRun => Self::Syscalls { subject },
            _ => Self::Counted { subject },
        }
    }

    /// Whether repeating it in another process gives another number.
    #[must_use]
    pub fn is_sampled(&self) -> bool {
        matches!(self, Self::Timed { .. } | Self::TwoBuilds { .. })
    }

    /// The subject.
    #[must_use]
    pub fn subject(&self) -> &str {
        match self {
            Self::Timed { subject, .. }
            | Self::Counted { subject }
            | Self::Instructions { subject }
            | Self::Syscalls { subject }
            | Self::TwoBuilds { subject, .. } => subject,
        }
    }
}
