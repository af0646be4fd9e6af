//! What this machine is, and whether it has what a rule needs.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use serde::{Deserialize, Serialize};

use crate::budgets::{Baseline, Date, Metric};
use crate::clock;

/// What was measured on; part of every report.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Machine {
    /// Processor as it names itself.
    pub cpu: String,
    /// Maker, family and model: what exact instruction counts may depend on.
    pub cpu_class: String,
    /// Logical cores this process may use.
    pub cores: u32,
    /// Physical cores, where the system says.
    pub cores_physical: Option<u32>,
    /// Highest of the instruction set levels that matter here.
    pub isa: String,
    /// Target triple of the compiler.
    pub target: String,
    /// Compiler version.
    pub rustc: String,
    /// Kernel.
    pub kernel: String,
    /// Transparent huge pages setting.
    pub huge_pages: Option<String>,
    /// Whether a hypervisor is below.
    pub virtualised: bool,
    /// Load averages at the start.
    pub load: Option<String>,
    /// Counts per second of the clock, where core cycles can be told.
    pub counter_hz: Option<f64>,
    /// Core cycles per second at the start.
    pub core_hz: Option<f64>,
    /// Why core cycles cannot be told.
    pub no_cycles: Option<String>,
}

impl Machine {
    /// Looks at the machine; takes about fifty milliseconds.
    #[must_use]
    pub fn look() -> Self {
        let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let field = |name: &str| {
            info.lines()
                .find(|line| line.split(':').next().is_some_and(|key| key.trim() == name))
                .and_then(|line| line.split_once(':'))
                .map_or_else(String::new, |(_, value)| value.trim().to_owned())
        };
        let verbose = output("rustc", &["-vV"]).unwrap_or_default();
        let of_rustc = |name: &str| {
            verbose
                .lines()
                .find_map(|line| line.strip_prefix(name))
                .map_or_else(|| "unknown".into(), str::to_owned)
        };
        let calibration = clock::calibrate();
        Self {
            cpu: or_unknown(field("model name")),
            cpu_class: cpu_class(&field("vendor_id"), &field("cpu family"), &field("model")),
            cores: std::thread::available_parallelism().map_or(1, |n| n.get() as u32),
            cores_physical: physical_cores(),
            isa: isa().into(),
            target: of_rustc("host: "),
            rustc: of_rustc("release: "),
            kernel: or_unknown(read("/proc/sys/kernel/osrelease").unwrap_or_default()),
            huge_pages: read("/sys/kernel/mm/transparent_hugepage/enabled"),
            virtualised: info.contains(" hypervisor"),
            load: read("/proc/loadavg").map(|l| l.split(' ').take(3).collect::<Vec<_>>().join(" ")),
            counter_hz: calibration.ok().map(|c| c.counter_hz),
            core_hz: calibration.ok().map(|c| c.core_hz),
            no_cycles: calibration.err().map(|why| why.to_string()),
        }
    }

    /// What must be alike for two reports to be compared.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        format!("{} | {} cores | {} | {} | rustc {}", self.cpu, self.cores, self.isa, self.target, self.rustc)
    }
}

fn or_unknown(text: String) -> String {
    if text.is_empty() { "unknown".into() } else { text }
}

fn read(path: &str) -> Option<String> {
    fs::read_to_string(path).ok().map(|text| text.trim().to_owned())
}

fn cpu_class(vendor: &str, family: &str, model: &str) -> String {
    if vendor.is_empty() { std::env::consts::ARCH.into() } else { format!("{vendor}-{family}-{model}") }
}

/// First kilobytes of what a program prints; `None` if it does not run.
fn output(program: &str, arguments: &[&str]) -> Option<String> {
    let done = Command::new(program).args(arguments).output().ok()?;
    done.status.success().then(|| String::from_utf8_lossy(&done.stdout).into_owned())
}

/// Distinct sets of threads that share a core.
fn physical_cores() -> Option<u32> {
    let cpus = fs::read_dir("/sys/devices/system/cpu").ok()?;
    let cores: BTreeSet<String> = cpus
        .filter_map(Result::ok)
        .filter_map(|cpu| fs::read_to_string(cpu.path().join("topology/thread_siblings_list")).ok())
        .collect();
    (!cores.is_empty()).then_some(cores.len() as u32)
}

/// The highest level that this processor has, by the names that `WF_SIMD_LEVEL` takes.
fn isa() -> &'static str {
    #[cfg(target_arch = "x86_64")]
    {
        if std::arch::is_x86_feature_detected!("avx512bw") {
            "avx512"
        } else if std::arch::is_x86_feature_detected!("avx2") {
            "avx2"
        } else {
            "sse2"
        }
    }
    #[cfg(target_arch = "aarch64")]
    {
        "neon"
    }
    #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
    {
        "portable"
    }
}

/// The kind of machine that a recorded count holds for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kind {
    /// Compiler version.
    pub rustc: String,
    /// Target triple.
    pub target: String,
    /// Instruction set level that the subject runs at.
    pub isa: String,
    /// Class of processor.
    pub cpu: String,
}

impl Kind {
    /// The kind of `machine` for counts of `metric`: instructions are counted at AVX2 or lower everywhere.
    #[must_use]
    pub fn of(machine: &Machine, metric: Metric) -> Self {
        let lowered = metric == Metric::InstructionsPerOp && machine.isa == "avx512";
        Self {
            rustc: machine.rustc.clone(),
            target: machine.target.clone(),
            isa: if lowered { "avx2".into() } else { machine.isa.clone() },
            cpu: machine.cpu_class.clone(),
        }
    }

    /// Whether a recorded row is of this kind.
    #[must_use]
    pub fn is_of(&self, row: &Baseline) -> bool {
        (&self.rustc, &self.target, &self.isa, &self.cpu) == (&row.rustc, &row.target, &row.isa, &row.cpu)
    }
}

/// Something a rule needs of the machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Need {
    /// An instruction set: `cpu:avx512`, `cpu:avx2`, `cpu:neon`.
    Cpu(String),
    /// A class of processor: `class:GenuineIntel-6-85`, or a pattern.
    Class(String),
    /// Logical cores: `cores:2`.
    Cores(u32),
    /// Physical cores: `cores:2-physical`.
    CoresPhysical(u32),
    /// A program on the path: `tool:valgrind`.
    Tool(String),
    /// An operating system: `os:linux`.
    Os(String),
    /// Huge pages for a program that asks: `pages:huge`.
    HugePages,
    /// What only a measurement tells: `rule:ID` of a rule that holds in the same run.
    Rule(String),
}

impl Need {
    /// Reads one need.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let wrong = || {
            format!(
                "need \"{text}\" is not known; cpu:avx512, cpu:avx2, cpu:neon, class:GLOB, cores:N, cores:N-physical, tool:NAME, \
                 os:NAME, pages:huge or rule:ID"
            )
        };
        let (class, value) = text.split_once(':').ok_or_else(wrong)?;
        let number = |n: &str| n.parse::<u32>().ok().filter(|n| (1..=4_096).contains(n)).ok_or_else(wrong);
        match class {
            "cpu" if matches!(value, "avx512" | "avx2" | "neon") => Ok(Self::Cpu(value.into())),
            "class" if !value.is_empty() => Ok(Self::Class(value.into())),
            "cores" => match value.strip_suffix("-physical") {
                Some(n) => Ok(Self::CoresPhysical(number(n)?)),
                None => Ok(Self::Cores(number(value)?)),
            },
            "tool" if !value.is_empty() && !value.contains('/') => Ok(Self::Tool(value.into())),
            "os" if matches!(value, "linux" | "macos" | "windows") => Ok(Self::Os(value.into())),
            "pages" if value == "huge" => Ok(Self::HugePages),
            "rule" if !value.is_empty() => Ok(Self::Rule(value.into())),
            _ => Err(wrong()),
        }
    }

    /// `None` if the machine has it, else what is missing. Of [`Need::Rule`] only a run can tell; here it is never missing.
    #[must_use]
    pub fn missing(&self, machine: &Machine) -> Option<String> {
        let has = match self {
            Self::Cpu(isa) => &machine.isa == isa || (isa == "avx2" && machine.isa == "avx512"),
            Self::Class(glob) => crate::glob::matches(glob, &machine.cpu_class),
            Self::Cores(n) => machine.cores >= *n,
            Self::CoresPhysical(n) => {
                machine.cores >= *n && machine.cores_physical.is_some_and(|have| have >= *n)
            }
            Self::Tool(name) => on_path(name),
            Self::Os(name) => std::env::consts::OS == name,
            // What the kernel has chosen stands in brackets.
            Self::HugePages => machine
                .huge_pages
                .as_deref()
                .is_some_and(|modes| modes.contains("[always]") || modes.contains("[madvise]")),
            Self::Rule(_) => true,
        };
        (!has).then(|| match self {
            Self::Cpu(isa) => format!("needs {isa}, this processor has {}", machine.isa),
            Self::Class(glob) => format!("needs a processor of class {glob}, this is {}", machine.cpu_class),
            Self::Cores(n) => format!("needs {n} cores, this machine has {}", machine.cores),
            Self::CoresPhysical(n) => match machine.cores_physical {
                Some(have) => format!("needs {n} physical cores, this machine has {have}"),
                None => format!("needs {n} physical cores, and this system does not say how many there are"),
            },
            Self::Tool(name) => format!("needs {name}, which is not installed"),
            Self::Os(name) => format!("needs {name}, this is {}", std::env::consts::OS),
            Self::HugePages => match &machine.huge_pages {
                Some(modes) => format!("needs huge pages, the kernel says {modes}"),
                None => "needs huge pages, and this system does not say whether it gives any".into(),
            },
            Self::Rule(id) => format!("needs {id}"),
        })
    }
}

/// What keeps this machine from counting `metric` with its tool; `None` if nothing does.
#[must_use]
pub fn tool_missing(metric: Metric, machine: &Machine) -> Option<String> {
    let tool = metric.tool()?;
    let missing = Need::Tool(tool.into()).missing(machine);
    if tool != "strace" || missing.is_some() {
        return missing;
    }
    // Installed is not enough: containers often forbid one process to watch another.
    static TRACES: OnceLock<bool> = OnceLock::new();
    let traces = *TRACES.get_or_init(|| {
        let mut strace = Command::new("strace");
        strace.args(["-qq", "-o", "/dev/null", "true"]).stdin(Stdio::null());
        strace.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
    });
    (!traces).then(|| "strace may not watch processes here".into())
}

/// Whether a program of this name is on the search path.
pub(crate) fn on_path(name: &str) -> bool {
    std::env::var_os("PATH").is_some_and(|path| {
        std::env::split_paths(&path)
            .any(|dir| is_file(&dir.join(name)) || is_file(&dir.join(format!("{name}.exe"))))
    })
}

fn is_file(path: &Path) -> bool {
    path.is_file()
}

/// Today by universal time.
#[must_use]
pub fn today() -> Date {
    let seconds =
        std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |since| since.as_secs());
    date_of_day((seconds / 86_400) as i64)
}

/// The civil date of a day counted from 1970-01-01.
///
/// # Sources
/// Hinnant, *chrono-compatible low-level date algorithms*, `civil_from_days`.
fn date_of_day(day: i64) -> Date {
    let z = day + 719_468;
    let era = z.div_euclid(146_097);
    let day_of_era = z.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    Date { year: year as u16, month: month as u8, day: day as u8 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_become_dates() {
        for (day, expected) in [
            (0, "1970-01-01"),
            (59, "1970-03-01"),
            (11_016, "2000-02-29"),
            (20_454, "2026-01-01"),
            (20_818, "2026-12-31"),
        ] {
            assert_eq!(date_of_day(day).to_string(), expected);
        }
    }

    #[test]
    fn needs_are_read_or_refused() {
        assert_eq!(Need::parse("cores:2-physical"), Ok(Need::CoresPhysical(2)));
        assert_eq!(Need::parse("cores:16"), Ok(Need::Cores(16)));
        assert_eq!(Need::parse("tool:valgrind"), Ok(Need::Tool("valgrind".into())));
        assert_eq!(Need::parse("rule:a.probe"), Ok(Need::Rule("a.probe".into())));
        for wrong in [
            "",
            "avx512",
            "cpu:avx9",
            "class:",
            "cores:0",
            "cores:x",
            "cores:99999",
            "tool:",
            "tool:a/b",
            "os:plan9",
            "rule:",
            "pages:large",
        ] {
            assert!(Need::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_missing_need_says_what_is_missing() {
        let mut machine = Machine::look();
        machine.cores = 2;
        machine.cores_physical = Some(1);
        machine.isa = "avx2".into();
        machine.cpu_class = "GenuineIntel-6-85".into();
        machine.huge_pages = Some("always madvise [never]".into());
        for (need, missing) in [
            ("cores:2", None),
            ("cores:3", Some("needs 3 cores, this machine has 2")),
            ("cores:2-physical", Some("needs 2 physical cores, this machine has 1")),
            ("cpu:avx2", None),
            ("class:GenuineIntel-6-*", None),
            (
                "class:AuthenticAMD-*",
                Some("needs a processor of class AuthenticAMD-*, this is GenuineIntel-6-85"),
            ),
            ("cpu:avx512", Some("needs avx512, this processor has avx2")),
            ("pages:huge", Some("needs huge pages, the kernel says always madvise [never]")),
            ("tool:no-such-program-anywhere", Some("needs no-such-program-anywhere, which is not installed")),
        ] {
            let need = Need::parse(need).expect("known");
            assert_eq!(need.missing(&machine).as_deref(), missing);
        }
        for modes in ["always [madvise] never", "[always] madvise never"] {
            machine.huge_pages = Some(modes.into());
            assert_eq!(Need::HugePages.missing(&machine), None, "{modes}");
        }
        machine.huge_pages = None;
        assert!(Need::HugePages.missing(&machine).is_some_and(|missing| missing.contains("does not say")));
        machine.isa = "avx512".into();
        assert_eq!(Need::Cpu("avx2".into()).missing(&machine), None, "avx512 implies avx2");
    }
}
