//! The matrix as rows: for the terminal, as Markdown, as CSV.

use std::fmt::Write as _;

use wf_gate::report::{interval_text, number};
use wf_gate::stats::{Interval, median};

use super::cell::Listed;
use super::record::{Run, Sample};
use super::{COUNTED, by_cell};

/// Chance of missing the truth on one side: the interval is one of 95 %.
const ALPHA_PER_SIDE: f64 = 0.025;

/// One cell under one allocator.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Row {
    pub(super) workload: String,
    pub(super) threads: usize,
    pub(super) allocator: String,
    /// Nanoseconds per operation: median over rounds.
    pub(super) ns_per_op: f64,
    /// What one operation is.
    pub(super) operation: String,
    /// Time over the reference's of the same round; absent for the reference.
    pub(super) ratio: Option<Interval>,
    /// Ratio of this median to the baseline's.
    pub(super) baseline: Option<f64>,
    pub(super) peak_rss_bytes: f64,
    pub(super) retained_rss_bytes: f64,
    pub(super) minor_faults: f64,
    pub(super) user_s: f64,
    pub(super) system_s: f64,
    /// Context switches: because it waited, and because another program wanted the core.
    pub(super) voluntary_switches: f64,
    pub(super) involuntary_switches: f64,
    /// Heap requests per operation, from the counted pass.
    pub(super) allocs_per_op: Option<f64>,
    pub(super) bytes_per_op: Option<f64>,
    pub(super) rounds: usize,
}

/// One row per cell and allocator, in the order of the arguments.
pub(super) fn rows(run: &Run, listed: &[Listed], baseline: Option<&Run>) -> Vec<Row> {
    let earlier = baseline.map(|run| rows(run, listed, None)).unwrap_or_default();
    let mut rows = Vec::new();
    for ((workload, threads), samples) in by_cell(run) {
        let of = |allocator: &str| -> Vec<&Sample> {
            samples.iter().copied().filter(|s| s.allocator == allocator).collect()
        };
        let counted = run
            .samples
            .iter()
            .find(|s| s.allocator == COUNTED && s.workload == workload && s.threads == threads);
        let reference = of(&run.reference);
        for allocator in &run.allocators {
            let own = of(allocator);
            if own.is_empty() {
                continue;
            }
            let operations = (own[0].operations * threads as u64) as f64;
            let middle =
                |f: &dyn Fn(&Sample) -> f64| median(&mut own.iter().map(|s| f(s)).collect::<Vec<_>>());
            let usage = |f: fn(&wf_gate::child::Usage) -> f64| {
                middle(&|s: &Sample| s.usage.as_ref().map_or(f64::NAN, f))
            };
            let ns_per_op = middle(&|s: &Sample| s.seconds) * 1e9 / operations;
            let before = earlier
                .iter()
                .find(|r| r.workload == workload && r.threads == threads && r.allocator == *allocator);
            rows.push(Row {
                workload: workload.into(),
                threads,
                allocator: allocator.clone(),
                ns_per_op,
                operation: listed
                    .iter()
                    .find(|l| l.name == workload)
                    .map_or_else(String::new, |l| l.operation.clone()),
                ratio: if *allocator == run.reference { None } else { ratio(&own, &reference) },
                baseline: before.map(|before| ns_per_op / before.ns_per_op),
                peak_rss_bytes: usage(|u| u.peak_rss_bytes as f64),
                retained_rss_bytes: middle(&|s: &Sample| s.retained_rss_bytes.map_or(f64::NAN, |b| b as f64)),
                minor_faults: usage(|u| u.minor_faults as f64),
                user_s: usage(|u| u.user_s),
                system_s: usage(|u| u.system_s),
                voluntary_switches: usage(|u| u.voluntary_switches as f64),
                involuntary_switches: usage(|u| u.involuntary_switches as f64),
                allocs_per_op: counted.map(|s| s.allocs as f64 / operations),
                bytes_per_op: counted.map(|s| s.bytes as f64 / operations),
                rounds: own.len(),
            });
        }
    }
    rows
}

/// Ratios of the same rounds.
fn ratio(own: &[&Sample], reference: &[&Sample]) -> Option<Interval> {
    let logs: Vec<f64> = own
        .iter()
        .filter_map(|s| {
            let other = reference.iter().find(|r| r.round == s.round)?;
            Some((s.seconds / other.seconds).ln())
        })
        .collect();
    Interval::of_logs(&logs, ALPHA_PER_SIDE)
}

const HEADS: [&str; 13] = [
    "workload",
    "threads",
    "allocator",
    "ns/op",
    "x reference [95 %]",
    "peak RSS",
    "retained",
    "faults",
    "user s",
    "sys s",
    "waits",
    "preempted",
    "allocs/op",
];

fn cells(run: &Run, row: &Row) -> Vec<String> {
    let mib = |bytes: f64| {
        if bytes.is_nan() { "-".into() } else { format!("{:.1} MiB", bytes / f64::from(1 << 20)) }
    };
    let whole = |value: f64| if value.is_nan() { "-".into() } else { format!("{value:.0}") };
    let ratio = match &row.ratio {
        Some(interval) => interval_text(interval),
        None if row.allocator == run.reference => "reference".into(),
        None => "-".into(),
    };
    let mut cells = vec![
        row.workload.clone(),
        row.threads.to_string(),
        row.allocator.clone(),
        number(row.ns_per_op),
        ratio,
        mib(row.peak_rss_bytes),
        mib(row.retained_rss_bytes),
        whole(row.minor_faults),
        format!("{:.2}", row.user_s),
        format!("{:.2}", row.system_s),
        whole(row.voluntary_switches),
        whole(row.involuntary_switches),
        row.allocs_per_op.map_or_else(|| "-".into(), number),
    ];
    if let Some(baseline) = row.baseline {
        cells.push(format!("{} x", number(baseline)));
    }
    cells
}

fn heads(rows: &[Row]) -> Vec<String> {
    let mut heads: Vec<String> = HEADS.map(str::to_owned).to_vec();
    if rows.iter().any(|row| row.baseline.is_some()) {
        heads.push("x baseline".into());
    }
    heads
}

/// The terminal's table.
pub(super) fn term(run: &Run, rows: &[Row]) -> String {
    let heads = heads(rows);
    let lines: Vec<Vec<String>> = rows.iter().map(|row| cells(run, row)).collect();
    let width = |column: usize| {
        lines
            .iter()
            .chain([&heads])
            .filter_map(|l| l.get(column))
            .map(|c| c.chars().count())
            .max()
            .unwrap_or(0)
    };
    let widths: Vec<usize> = (0..heads.len()).map(width).collect();
    let mut out = String::new();
    for line in std::iter::once(&heads).chain(&lines) {
        let mut text = String::new();
        for (index, cell) in line.iter().enumerate() {
            let pad = " ".repeat(widths[index] - cell.chars().count());
            // Words to the left, numbers to the right.
            let (before, after) =
                if matches!(index, 0 | 2 | 4) { ("", pad.as_str()) } else { (pad.as_str(), "") };
            text.extend([before, cell, after, "  "]);
        }
        out.push_str(text.trim_end());
        out.push('\n');
    }
    let _infallible = writeln!(out, "\n{}", foot(run));
    out
}

/// Markdown, as a step summary or a file.
pub(super) fn markdown(run: &Run, rows: &[Row]) -> String {
    let heads = heads(rows);
    let mut out = String::from("## Allocator matrix\n\n");
    let _infallible = writeln!(out, "| {} |", heads.join(" | "));
    let _infallible = writeln!(out, "|{}", "---|".repeat(heads.len()));
    for row in rows {
        let _infallible = writeln!(out, "| {} |", cells(run, row).join(" | "));
    }
    let _infallible = writeln!(out, "\n{}", foot(run));
    out
}

fn foot(run: &Run) -> String {
    format!(
        "{} rounds in seeded random order (seed {}), each ratio between processes of one round; allocations from a pass of \
         their own. {}, {} cores, rustc {}{}",
        run.rounds,
        run.seed,
        run.machine.cpu,
        run.machine.cores,
        run.machine.rustc,
        run.commit.as_ref().map_or_else(String::new, |commit| format!(", commit {commit}")),
    )
}

/// Every sample as one line.
pub(super) fn csv(run: &Run) -> String {
    let mut out = String::from(
        "workload,threads,operations,allocator,round,seconds,answer,retained_rss_bytes,allocs,bytes,peak_rss_bytes,\
         minor_faults,major_faults,user_s,system_s,voluntary_switches,involuntary_switches\n",
    );
    for s in &run.samples {
        let u = s.usage.unwrap_or_default();
        let _infallible = writeln!(
            out,
            "{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}",
            s.workload,
            s.threads,
            s.operations,
            s.allocator,
            s.round,
            s.seconds,
            s.answer,
            s.retained_rss_bytes.map_or_else(String::new, |b| b.to_string()),
            s.allocs,
            s.bytes,
            u.peak_rss_bytes,
            u.minor_faults,
            u.major_faults,
            u.user_s,
            u.system_s,
            u.voluntary_switches,
            u.involuntary_switches
        );
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::record::tests::{run, sample};
    use super::*;

    fn measured() -> Run {
        let mut run = run();
        for round in 0..5 {
            // Rounds differ by a factor of three from each other; the ratio inside each is exactly 0.8.
            let seconds = 0.1 * f64::from(1 + round % 3);
            run.samples.push(sample("system", round, seconds));
            run.samples.push(sample("mimalloc", round, 0.8 * seconds));
        }
        run.samples.push(sample(COUNTED, 0, 9.0));
        run
    }

    #[test]
    fn ratios_are_of_the_same_round() {
        let rows = rows(&measured(), &[], None);
        let ratio = rows[1].ratio.expect("not the reference");
        assert!((ratio.median - 0.8).abs() < 1e-9 && (ratio.high - ratio.low) < 1e-6, "{ratio:?}");
        assert_eq!(rows[0].ratio, None);
        assert_eq!(rows[0].allocs_per_op, Some(10.0));
        assert!((rows[0].peak_rss_bytes - f64::from(2 << 20)).abs() < 1.0);
    }

    #[test]
    fn the_counted_pass_is_no_row() {
        let rows = rows(&measured(), &[], None);
        assert_eq!(rows.len(), 2);
        assert!(term(&measured(), &rows).contains("reference"));
        assert_eq!(csv(&measured()).lines().count(), 12);
    }

    #[test]
    fn rendering_again_gives_the_same_bytes() {
        let run = measured();
        let again: Run = serde_json::from_str(&run.to_json()).expect("own JSON");
        assert_eq!(markdown(&run, &rows(&run, &[], None)), markdown(&again, &rows(&again, &[], None)));
        assert_eq!(run.to_json(), again.to_json());
    }
}
