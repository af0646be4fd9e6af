//! `docs/RESULTS.md`: every promise beside what was measured, the peers, and the gate's own trial.

use std::fmt::Write as _;

use wf_gate::budgets::{Bound, Budgets, Rule};
use wf_gate::machine::Machine;
use wf_gate::report::{Report, RuleReport, number};

use super::Records;

/// The whole page.
pub(super) fn render(budgets: &Budgets, records: &Records) -> String {
    let mut out = String::from(
        "<!-- made by `cargo xtask record documents` from docs/records and budgets.toml; `cargo xtask tidy` compares -->\n\
         # Results\n\n\
         What was measured, beside what is promised. Nothing here is written by hand: `cargo xtask record gate`, `self-test`,\n\
         `steady` and `cargo xtask peers --record` measure and keep, and this page is made of what they kept. Each ratio is\n\
         between two subjects paired in one process; the interval is over processes. A verdict of the machine that is named is\n\
         no verdict of another one: run it yourself.\n",
    );
    if let Some(gate) = &records.gate {
        let _infallible = writeln!(
            out,
            "\n{}; commit {}; {} processes in {} s.",
            machine(&gate.machine),
            gate.commit.as_deref().unwrap_or("not known"),
            gate.processes,
            number(gate.seconds)
        );
    }
    let mut sources: Vec<&str> = budgets.promises.iter().map(|promise| promise.source.as_str()).collect();
    sources.dedup();
    for source in sources {
        let _infallible = writeln!(out, "\n## Promises of {source}\n");
        out.push_str("| promise | rule | bound | measured [interval] | verdict |\n|---|---|---|---|---|\n");
        for promise in budgets.promises.iter().filter(|promise| promise.source == source) {
            for (index, (id, found)) in records.of(promise).into_iter().enumerate() {
                let text = if index == 0 { promise.text.as_str() } else { "" };
                let rule = budgets.rules.iter().find(|rule| rule.id == id);
                let _infallible = writeln!(out, "| {text} | `{id}` | {} |", cells(rule, found));
            }
        }
    }
    missed(&mut out, records);
    out.push_str("\n## Every rule\n\n");
    match &records.gate {
        Some(gate) => table(&mut out, gate),
        None => out.push_str("Not recorded.\n"),
    }
    out.push_str("\n## Beside other projects\n");
    for (_, what, report) in &records.peers {
        let _infallible =
            writeln!(out, "\n### {what}\n\n{}; commit {}.\n", machine(&report.machine), commit(report));
        table(&mut out, report);
    }
    if let Some(memory) = &records.memory {
        let _infallible = writeln!(
            out,
            "\n### What a live case holds\n\nEvery case waits for its first work item. Ours: all memory of the engine; of engines in Python, what its own \
             tracer counts. {}; commit {}.\n\n| workflow | engine | live cases | bytes a case |\n|---|---|--:|--:|",
            machine(&memory.machine),
            memory.commit.as_deref().unwrap_or("not known")
        );
        for held in &memory.held {
            let _infallible = writeln!(
                out,
                "| {} | {} | {} | {:.1} |",
                held.workflow, held.engine, held.cases, held.bytes_per_case
            );
        }
    }
    if let Some(matrix) = &records.matrix {
        let (_, table) = matrix.split_once("\n\n").unwrap_or(("", matrix));
        let _infallible =
            writeln!(out, "\n## The same programs under every allocator\n\n{}", table.trim_end());
    }
    trial(&mut out, records);
    out
}

fn machine(machine: &Machine) -> String {
    format!("{}, {} cores, {}, rustc {}", machine.cpu, machine.cores, machine.isa, machine.rustc)
}

fn commit(report: &Report) -> &str {
    report.commit.as_deref().unwrap_or("not known")
}

/// Bound, estimate and verdict of one rule.
fn cells(rule: Option<&Rule>, found: Option<&RuleReport>) -> String {
    match (found, rule) {
        (Some(found), _) => {
            let missed = if found.waiver.is_some() { " (bar missed)" } else { "" };
            let why = found.verdict.reason().map(|why| format!(": {why}")).unwrap_or_default();
            format!("`{}` | {} | {}{missed}{why}", found.promise(), found.estimate(), found.verdict.word())
        }
        (None, Some(rule)) => {
            let bound = match rule.bound {
                Bound::AtMost(max) => format!("<= {}", number(max)),
                Bound::AtLeast(min) => format!(">= {}", number(min)),
                Bound::Equal(value) => format!("= {}", number(value)),
                Bound::Recorded | Bound::Tolerance => rule.promise(),
            };
            format!("`{bound}` | not recorded |")
        }
        (None, None) => " | not recorded |".into(),
    }
}

fn table(out: &mut String, report: &Report) {
    out.push_str("| rule | promised | measured [interval] | processes | verdict |\n|---|---|---|--:|---|\n");
    for rule in &report.rules {
        let n = rule
            .measured
            .map_or_else(String::new, |m| if m.n > 1 { m.n.to_string() } else { "exact".into() });
        let missed = if rule.waiver.is_some() { " (bar missed)" } else { "" };
        let why = rule.verdict.reason().map(|why| format!(": {why}")).unwrap_or_default();
        let _infallible = writeln!(
            out,
            "| `{}` | {} | {} | {n} | {}{missed}{why} |",
            rule.id,
            rule.promise(),
            rule.estimate(),
            rule.verdict.word()
        );
    }
    let _infallible = writeln!(out, "\n{}.", report.headline());
}

/// Bars that are not reached, with their reasons.
fn missed(out: &mut String, records: &Records) {
    out.push_str("\n## Bars not reached\n\n");
    let reports = records.gate.iter().chain(records.peers.iter().map(|(.., report)| report));
    let waived: Vec<&RuleReport> =
        reports.flat_map(|report| &report.rules).filter(|rule| rule.waiver.is_some()).collect();
    if waived.is_empty() {
        out.push_str("None is waived in what is recorded.\n");
        return;
    }
    out.push_str("| rule | bar | measured [interval] | until | reason |\n|---|---|---|---|---|\n");
    for rule in waived {
        let Some(waiver) = &rule.waiver else { continue };
        let _infallible = writeln!(
            out,
            "| `{}` | {} | {} | {} | {} |",
            rule.id,
            rule.promise(),
            rule.estimate(),
            waiver.until,
            waiver.reason
        );
    }
}

/// The gate tried on itself, and what is exact.
fn trial(out: &mut String, records: &Records) {
    out.push_str("\n## Is the gate itself right?\n\n");
    match &records.self_test {
        Some(campaign) => {
            out.push_str(
                "Six kinds of identical code under two names each, in four load states; a verdict of fail is a false alarm.\n\n\
                 | load | runs | verdicts | fail | inconclusive | invalid | processes a rule | s a run | longest, s |\n\
                 |---|--:|--:|--:|--:|--:|--:|--:|--:|\n",
            );
            for state in &campaign.states {
                let _infallible = writeln!(
                    out,
                    "| {} | {} | {} | {} | {} | {} | {:.1} | {:.2} | {:.2} |",
                    state.load,
                    state.runs,
                    state.verdicts,
                    state.failed,
                    state.inconclusive,
                    state.invalid,
                    state.processes_per_verdict(),
                    state.seconds_per_run(),
                    state.longest_s
                );
            }
            let mutants = &campaign.mutants;
            let _infallible = writeln!(
                out,
                "\nInjected regressions: {} of {} failed by their own rule, {} wrong verdicts, {} rules not tried. {}, {} s in all.",
                mutants.caught,
                mutants.injected,
                mutants.wrong,
                mutants.not_tried,
                machine(&campaign.machine),
                number(campaign.seconds.round())
            );
        }
        None => out.push_str("The trial is not recorded.\n"),
    }
    if let Some(power) = &records.power {
        let _infallible = writeln!(
            out,
            "\nTen percent more work against a tolerance of five, at most ten processes, of the core alone and of kinds that wait for caches; and\none allocation in a million operations:\n\n\
             | rule | runs | found | processes at most |\n|---|--:|--:|--:|"
        );
        for rule in &power.rules {
            let _infallible = writeln!(
                out,
                "| `{}` | {} | {} | {} |",
                rule.rule, power.runs, rule.found, rule.processes_max
            );
        }
        let _infallible = writeln!(out, "\n{}.", machine(&power.machine));
    }
    out.push_str("\n## Is what is counted exact?\n\n");
    match &records.steady {
        Some(steady) => {
            let _infallible = writeln!(out, "{} {}.", steady.sentence(), machine(&steady.machine));
        }
        None => out.push_str("Not recorded.\n"),
    }
}
