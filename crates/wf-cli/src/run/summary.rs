//! What a run came to, for people and as JSON.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::time::Duration;

use serde_json::{Value, json};
use wf_bpmn::Process;
use wf_engine::play::{PlayOptions, Played, WorkerReport};
use wf_engine::store::Opened;
use wf_engine::{Engine, Level};
use wf_gate::{Calibration, Unavailable};
use wf_net::{Decision, Names};

use super::Meter;
use crate::cli::RunArgs;
use crate::memory;
use crate::say::{self, printable};

/// What a run came to.
pub(crate) struct Summary {
    model: String,
    process: String,
    total: WorkerReport,
    options: PlayOptions,
    elapsed: Duration,
    /// Core cycles of all workers, or why they cannot be told.
    ticks: Result<f64, String>,
    /// Requests to the heap by warm workers, less the chunks of arenas; `None` if no worker got warm.
    heap_requests: Option<u64>,
    store: Opened,
    kept: Option<String>,
    conditions: usize,
    tasks: BTreeMap<String, u64>,
    /// Messages and signals sent, by name.
    sent: BTreeMap<String, u64>,
    threads_used: usize,
}

impl Summary {
    #[allow(
        clippy::too_many_arguments,
        reason = "each is one of the facts that a summary gathers, used once"
    )]
    pub(crate) fn new(
        args: &RunArgs,
        options: &PlayOptions,
        engine: &Engine,
        process: &Process,
        names: &Names,
        played: &Played<Meter>,
        rates: Result<Calibration, Unavailable>,
        elapsed: Duration,
    ) -> Self {
        let ticks = match rates {
            Ok(_) => Ok(played
                .workers
                .iter()
                .map(|(report, meter)| meter.cycles(report.busy).unwrap_or(0.0))
                .sum()),
            Err(unavailable) => Err(unavailable.to_string()),
        };
        let is_data = |decision: &&Decision| !options.rows.is_empty() && decision.is_guarded();
        let drawn = names.decisions.iter().filter(|decision| !is_data(decision));
        let branches = drawn.flat_map(|decision| &decision.branches);
        Self {
            model: args.model.display().to_string(),
            process: if process.name.is_empty() { process.id.clone() } else { process.name.clone() },
            total: played.total.clone(),
            options: options.clone(),
            elapsed,
            ticks,
            heap_requests: heap_requests(played),
            store: engine.store().how(),
            kept: args.store.as_ref().map(|path| path.display().to_string()),
            conditions: branches.filter(|branch| branch.condition.is_some()).count(),
            tasks: task_counts(names, &played.total.tasks),
            sent: sent_counts(engine, &played.total.sent),
            threads_used: played.workers.len(),
        }
    }

    fn seconds(&self) -> f64 {
        self.elapsed.as_secs_f64()
    }

    fn per_second(&self) -> f64 {
        self.total.completions as f64 / self.seconds().max(f64::MIN_POSITIVE)
    }

    /// Core cycles a completion, the player's own work and all cache misses included.
    fn ticks_per_completion(&self) -> Option<f64> {
        let ticks = *self.ticks.as_ref().ok()?;
        (self.total.completions > 0 && ticks > 0.0).then(|| ticks / self.total.completions as f64)
    }

    fn bytes_per_case(&self) -> f64 {
        self.total.engine_bytes as f64 / self.total.live_peak.max(1) as f64
    }

    pub(crate) fn print(&self, as_json: bool) -> io::Result<()> {
        let mut out = io::stdout().lock();
        if as_json {
            writeln!(out, "{:#}", self.to_json())?
        } else {
            self.write(&mut out)?
        }
        out.flush()
    }

    fn to_json(&self) -> Value {
        let incidents = self.total.incidents;
        json!({
            "format": 1,
            "model": self.model,
            "process": self.process,
            "cases": self.total.cases,
            "completed": self.total.completed,
            "deadlocked": self.total.deadlocked,
            "stopped": self.total.stopped,
            "incidents": {
                "cases": incidents.total(),
                "no_value": incidents.no_value,
                "no_answer": incidents.no_answer,
                "no_branch": incidents.no_branch,
            },
            "completions": self.total.completions,
            "refused": self.total.refused,
            "seconds": self.seconds(),
            "completions_per_second": self.per_second(),
            "ticks_per_completion": self.ticks_per_completion(),
            "ticks_include": "driver and cache misses",
            "heap_allocations_steady": self.heap_requests,
            "arena_resizes": self.total.arena_resizes,
            "arena_chunks_steady": self.total.arena_chunks_steady,
            "bytes_per_case": self.bytes_per_case(),
            "live_cases_peak": self.total.live_peak,
            "peak_rss_bytes": memory::peak_resident_bytes(),
            "allocator": wf_alloc::NAME,
            "isa": Level::detect().to_string(),
            "threads": self.threads_used,
            "batch": self.options.batch,
            "seed": self.options.seed,
            "conditions_decided_at_random": self.conditions,
            "rows": self.options.rows.len(),
            "store": {
                "way": self.store.way.to_string(),
                "file_bytes": self.store.file_bytes,
                "open_seconds": self.store.elapsed.as_secs_f64(),
            },
            "interrupted": self.total.interrupted,
            "tasks": self.tasks,
            "messages_sent": self.sent,
        })
    }

    fn write(&self, out: &mut impl Write) -> io::Result<()> {
        let t = &self.total;
        if t.interrupted {
            writeln!(out, "interrupted: what was done until then")?;
        }
        writeln!(out, "{} ({})", say::name(&self.process), printable(&self.model))?;
        writeln!(out)?;
        let mut fact = |name: &str, value: String| writeln!(out, "  {name:26} {value}");
        fact(
            "cases",
            format!("{}, all ended: {} completed", t.cases, t.completed)
                .replace(", all ended", if t.interrupted { ", of which ended" } else { ", all ended" }),
        )?;
        if t.deadlocked > 0 {
            fact("  deadlocked", format!("{}: tokens wait at a synchronization for ever", t.deadlocked))?;
        }
        if t.stopped > 0 {
            fact("  given up", format!("{} after {} steps", t.stopped, self.options.steps_max))?;
        }
        if t.incidents.total() > 0 {
            let i = t.incidents;
            let reasons = [
                (i.no_value, "a variable has no value"),
                (i.no_answer, "a value has the wrong type or a number is out of range"),
                (i.no_branch, "no condition holds"),
            ];
            let reasons = reasons.iter().filter(|(count, _)| *count > 0);
            let reasons: Vec<String> = reasons.map(|(count, reason)| format!("{count} {reason}")).collect();
            fact("  incidents", format!("{} given up: {}", i.total(), reasons.join(", ")))?;
        }
        fact("task completions", t.completions.to_string())?;
        if t.refused > 0 {
            fact("  refused", format!("{}: a place would hold more than 255 tokens", t.refused))?;
        }
        fact("seconds", format!("{:.3}", self.seconds()))?;
        fact("completions per second", format!("{:.0}", self.per_second()))?;
        fact(
            "ticks per completion",
            match (&self.ticks, self.ticks_per_completion()) {
                (Err(reason), _) => format!("not known: {reason}"),
                (Ok(_), Some(ticks)) => format!("{ticks:.1} core cycles, driver and cache misses included"),
                (Ok(_), None) => "not known: too short a run".to_owned(),
            },
        )?;
        let heap = self.heap_requests.map_or("not known: no full batch".to_owned(), |n| n.to_string());
        fact("heap allocations, steady", heap)?;
        fact("arena resizes, chunks", format!("{}, {}", t.arena_resizes, t.arena_chunks_steady))?;
        fact("bytes per live case", format!("{:.1} at {} live", self.bytes_per_case(), t.live_peak))?;
        if let Some(peak) = memory::peak_resident_bytes() {
            fact("peak resident memory", memory::human(peak))?;
        }
        fact("allocator, vectors", format!("{}, {}", wf_alloc::NAME, Level::detect()))?;
        fact(
            "threads, batch, seed",
            format!("{}, {}, {}", self.threads_used, self.options.batch, self.options.seed),
        )?;
        fact(
            "store",
            self.kept.as_ref().map_or(self.store.to_string(), |path| format!("{path}: {}", self.store)),
        )?;
        if self.conditions > 0 {
            fact("decisions", format!("{} conditions decided at random", self.conditions))?;
        }
        writeln!(out)?;
        let width = self.tasks.keys().map(|name| say::name(name).chars().count()).max().unwrap_or(0);
        for (name, count) in &self.tasks {
            writeln!(out, "  {:width$}  {count:>12}", say::name(name))?;
        }
        if !self.sent.is_empty() {
            writeln!(out, "\n  messages sent")?;
            let width = self.sent.keys().map(|name| say::name(name).chars().count()).max().unwrap_or(0);
            for (name, count) in &self.sent {
                writeln!(out, "  {:width$}  {count:>12}", say::name(name))?;
            }
        }
        Ok(())
    }
}

/// Messages by name; those that nobody has sent are not told.
fn sent_counts(engine: &Engine, counts: &[u64]) -> BTreeMap<String, u64> {
    let sent = engine.messages().zip(counts).filter(|(_, count)| **count > 0);
    sent.map(|((_, name), &count)| (name.to_owned(), count)).collect()
}

/// Requests to the heap by warm workers, less the chunks that their arenas asked for, which stand apart.
fn heap_requests(played: &Played<Meter>) -> Option<u64> {
    let of_worker = |(report, meter): &(WorkerReport, Meter)| {
        meter.heap_requests.map(|requests| requests.saturating_sub(report.arena_chunks_steady))
    };
    played.workers.iter().filter_map(of_worker).reduce(|sum, requests| sum + requests)
}

/// Completions by the name that a person reads; a name that is taken already gets the task's id beside it.
fn task_counts(names: &Names, counts: &[u64]) -> BTreeMap<String, u64> {
    let shared = |text: &str| names.tasks.iter().filter(|task| task.text == text).count() > 1;
    let mut named = BTreeMap::new();
    for (task, &count) in names.tasks.iter().zip(counts) {
        let mut name =
            if shared(&task.text) { format!("{} ({})", task.text, task.id) } else { task.text.clone() };
        // Another task may be called just that.
        while named.contains_key(&name) {
            name += &format!(" ({})", task.id);
        }
        named.insert(name, count);
    }
    named
}
