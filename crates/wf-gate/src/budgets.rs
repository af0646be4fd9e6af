//! The budgets file: every promise as a rule that a machine can check.

use std::path::Path;

use crate::error::{BudgetError, GateError};

mod check;
mod raw;

/// A parsed and checked budgets file.
#[derive(Debug, Clone)]
pub struct Budgets {
    /// The file as it was named.
    pub path: String,
    /// How decisions are made.
    pub policy: Policy,
    /// The promises, in the order of the file.
    pub rules: Vec<Rule>,
    /// Bars not reached yet.
    pub waivers: Vec<Waiver>,
    /// What readers are promised, each with the rules that stand for it.
    pub promises: Vec<Promise>,
    /// Recorded numbers of ratchets, one row per rule and kind of machine.
    pub baselines: Vec<Baseline>,
}

impl Budgets {
    /// Reads and checks a file.
    ///
    /// # Errors
    /// When it cannot be read, or with every problem in it.
    pub fn load(path: &Path) -> Result<Self, GateError> {
        let text = std::fs::read_to_string(path)
            .map_err(|error| GateError::io(format!("reading {}", path.display()), error))?;
        Self::parse(&path.display().to_string(), &text).map_err(GateError::Budgets)
    }

    /// Checks the text of a file called `path`.
    ///
    /// # Errors
    /// Every problem found, each with line and column.
    pub fn parse(path: &str, text: &str) -> Result<Self, Vec<BudgetError>> {
        check::check(path, text)
    }

    /// The waiver of a rule.
    #[must_use]
    pub fn waiver(&self, rule: &str) -> Option<&Waiver> {
        self.waivers.iter().find(|w| w.rule == rule)
    }

    /// Checks the rules against the subjects that the program has.
    ///
    /// # Errors
    /// Every rule whose subject or counterpart does not exist.
    pub fn check_subjects(&self, subjects: &[String]) -> Result<(), Vec<BudgetError>> {
        let exists = |name: &str| {
            if name.contains(['*', '?']) {
                subjects.iter().any(|s| crate::glob::matches(name, s))
            } else {
                subjects.iter().any(|s| s == name)
            }
        };
        let mut errors = Vec::new();
        for rule in &self.rules {
            let versus = match &rule.versus {
                Some(Versus::Subject(name)) => Some(name),
                _ => None,
            };
            for name in std::iter::once(&rule.subject).chain(versus) {
                if !exists(name) {
                    let near =
                        nearest(name, subjects).map(|n| format!("; did you mean {n}?")).unwrap_or_default();
                    errors.push(BudgetError {
                        path: self.path.clone(),
                        line: rule.place.line,
                        column: rule.place.column,
                        message: format!("rule {}: no subject is called {name}{near}", rule.id),
                    });
                }
            }
        }
        if errors.is_empty() { Ok(()) } else { Err(errors) }
    }
}

/// The name with the longest common beginning, if they share at least half of it.
fn nearest<'n>(wanted: &str, names: &'n [String]) -> Option<&'n str> {
    let common = |name: &str| wanted.bytes().zip(name.bytes()).take_while(|(a, b)| a == b).count();
    names
        .iter()
        .map(String::as_str)
        .max_by_key(|name| common(name))
        .filter(|name| 2 * common(name) >= wanted.len())
}

/// Where something stands in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
}

/// How decisions are made.
#[derive(Debug, Clone, PartialEq)]
pub struct Policy {
    /// Chance of a wrong decision on one side, over all looks of one rule.
    pub alpha: f64,
    /// Numbers of processes after which to decide, rising.
    pub looks: Vec<u32>,
    /// What an open rule does to the run.
    pub inconclusive: OnInconclusive,
    /// The equal control's interval must lie within one plus or minus this.
    pub noise_limit: f64,
    /// Seed of all orders.
    pub seed: u64,
    /// Time that one process samples for.
    pub sample_ms: u32,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            alpha: 0.01,
            looks: vec![5, 10, 20, 30],
            inconclusive: OnInconclusive::Warn,
            noise_limit: 0.02,
            seed: 42,
            sample_ms: 30,
        }
    }
}

impl Policy {
    /// Chance of a wrong decision on one side at one look.
    #[must_use]
    pub fn alpha_per_look(&self) -> f64 {
        self.alpha / self.looks.len().max(1) as f64
    }
}

/// What an open rule does to the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OnInconclusive {
    /// It is printed.
    Warn,
    /// The run ends with its own exit code.
    Fail,
    /// Nothing.
    Pass,
}

/// When a rule is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Tier {
    /// On every commit.
    Ci,
    /// In the long run: peers, large sizes.
    Full,
    /// Before a release.
    Release,
}

/// One promise.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// Its name, beginning with the crate's without `wf-`.
    pub id: String,
    /// What is measured; a pattern in a regression rule.
    pub subject: String,
    /// What it is compared with.
    pub versus: Option<Versus>,
    /// What is measured of it.
    pub metric: Metric,
    /// How the bound is meant.
    pub kind: Kind,
    /// The bound.
    pub bound: Bound,
    /// How far beyond the bound an interval must lie to fail, as a share of it.
    pub tolerance: f64,
    /// Whether operations wait for each other.
    pub mode: Option<Mode>,
    /// What the machine must have. A rule that is named here by another one tells of the machine and not of the program.
    pub needs: Vec<String>,
    /// When it is checked.
    pub tier: Tier,
    /// Why anyone cares.
    pub why: String,
    /// Where it stands.
    pub place: Place,
}

impl Rule {
    /// Rules that must hold in the same run for this one to say something.
    pub fn probes(&self) -> impl Iterator<Item = &str> {
        self.needs.iter().filter_map(|need| need.strip_prefix("rule:"))
    }

    /// The promise in words: `cycles_per_op <= 8`.
    #[must_use]
    pub fn promise(&self) -> String {
        let metric = match (self.metric, &self.versus) {
            (Metric::Time, Some(Versus::Subject(other))) if self.kind == Kind::Floor => {
                format!("times as fast as {other}")
            }
            (Metric::Time, Some(Versus::Subject(other))) => format!("time of {other}"),
            (Metric::Time, Some(Versus::Git(revision))) => format!("time at git:{revision}"),
            _ => self.metric.name().to_owned(),
        };
        match self.bound {
            Bound::AtMost(max) => format!("{metric} <= {max}"),
            Bound::AtLeast(min) => format!("{metric} >= {min}"),
            Bound::Equal(value) => format!("{metric} = {value}"),
            Bound::Recorded => format!("{metric} <= recorded"),
            Bound::Tolerance => format!("{metric} <= {}", crate::report::number(1.0 + self.tolerance)),
        }
    }
}

/// What a rule compares its subject with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Versus {
    /// Another subject of the same program.
    Subject(String),
    /// The same subject of the program built from another revision.
    Git(String),
}

/// How a bound is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A counted number against a bound, without statistics.
    Exact,
    /// A counted number that may only improve on the recorded one.
    Ratchet,
    /// At most.
    Ceiling,
    /// At least: a ratio is how many times as fast as the other.
    Floor,
    /// Not slower than the other by more than the tolerance.
    Regression,
}

/// The numbers of a bound.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Bound {
    /// At most this.
    AtMost(f64),
    /// At least this.
    AtLeast(f64),
    /// Exactly this.
    Equal(f64),
    /// What the matching baseline row says.
    Recorded,
    /// One plus the tolerance.
    Tolerance,
}

/// What is measured of a subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    /// Time, as a ratio to the other subject.
    Time,
    /// Calibrated core cycles per operation.
    CyclesPerOp,
    /// Requests to the heap per operation, of the thread that runs.
    AllocsPerOp,
    /// Requests to the heap per run.
    AllocsPerRun,
    /// Bytes asked of the heap per operation.
    BytesPerOp,
    /// Bytes asked of the heap per run.
    BytesPerRun,
    /// Minor page faults per run.
    PageFaultsPerRun,
    /// Instructions per operation, under callgrind.
    InstructionsPerOp,
    /// System calls per run, of all its threads, under strace.
    SyscallsPerRun,
    /// What the run answered.
    Answer,
}

impl Metric {
    /// Every metric with its name in the file.
    pub const ALL: [(Self, &'static str); 10] = [
        (Self::Time, "time"),
        (Self::CyclesPerOp, "cycles_per_op"),
        (Self::AllocsPerOp, "allocs_per_op"),
        (Self::AllocsPerRun, "allocs_per_run"),
        (Self::BytesPerOp, "bytes_per_op"),
        (Self::BytesPerRun, "bytes_per_run"),
        (Self::PageFaultsPerRun, "page_faults_per_run"),
        (Self::InstructionsPerOp, "instructions_per_op"),
        (Self::SyscallsPerRun, "syscalls_per_run"),
        (Self::Answer, "answer"),
    ];

    /// The name in the file.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(metric, _)| *metric == self).map_or("", |(_, name)| name)
    }

    /// The program that counts it, where it takes one.
    #[must_use]
    pub fn tool(self) -> Option<&'static str> {
        match self {
            Self::InstructionsPerOp => Some("valgrind"),
            Self::SyscallsPerRun => Some("strace"),
            _ => None,
        }
    }

    /// Whether it is sampled, and so comes with an interval; else it is counted.
    #[must_use]
    pub fn is_timed(self) -> bool {
        matches!(self, Self::Time | Self::CyclesPerOp)
    }
}

/// Whether operations of a subject wait for each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Independent operations, overlapped by the core.
    Throughput,
    /// Each operation waits for the last.
    Latency,
}

/// A bar that is not reached yet: the true bound stays in the rule, the ratchet gates.
#[derive(Debug, Clone, PartialEq)]
pub struct Waiver {
    /// The rule.
    pub rule: String,
    /// What was measured when the waiver was given.
    pub measured: f64,
    /// What gates meanwhile.
    pub ratchet: f64,
    /// Why the bar is missed.
    pub reason: String,
    /// The last day on which it holds.
    pub until: Date,
}

/// A day of the civil calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Date {
    /// Year.
    pub year: u16,
    /// Month, from 1.
    pub month: u8,
    /// Day, from 1.
    pub day: u8,
}

impl std::fmt::Display for Date {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

/// What readers are promised in a sentence, and the rules that check it: the source of a table in a README.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Promise {
    /// The sentence.
    pub text: String,
    /// Who promises it: a document, an issue, this project.
    pub source: String,
    /// Rules of this file.
    pub rules: Vec<String>,
    /// Rules of other budgets files, as `FOLDER:RULE`; whoever reads both checks that they exist.
    pub elsewhere: Vec<String>,
}

/// The recorded number of a ratchet on one kind of machine.
#[derive(Debug, Clone, PartialEq)]
pub struct Baseline {
    /// The rule.
    pub rule: String,
    /// The number.
    pub value: f64,
    /// Compiler version.
    pub rustc: String,
    /// Target triple.
    pub target: String,
    /// Instruction set level that the subject ran at.
    pub isa: String,
    /// Class of processor.
    pub cpu: String,
    /// Why it was recorded.
    pub reason: String,
    /// Bytes of the row's header in the file.
    pub span: std::ops::Range<usize>,
}
