//! `cargo xtask gate --self-test`: identical code must pass, injected regressions must fail, under a chosen load.

use std::time::Instant;

use clap::ValueEnum;
use serde::{Deserialize, Serialize};
use wf_gate::budgets::{Budgets, Policy};
use wf_gate::machine::Machine;
use wf_gate::{Exit, GateError, Options, Program, Verdict, selftest};

use crate::gate::print;
use crate::load::{Load, State};
use crate::{Outcome, build, stop};

/// More open rules than this share of them, and the gate is of little use here.
const OPEN_MAX: f64 = 0.02;

/// Runs identical code `runs` times and the injected regressions once.
pub(crate) fn run(mut program: Program, runs: u32, load: State, seed: u64) -> Outcome {
    let begun = Instant::now();
    let stress = Load::start(load);
    let tally = equal(&mut program, runs, load, seed)?;
    let mutants = mutants(&mut program, seed)?;
    drop(stress);
    print(&format!("{:.0} s in all\n", begun.elapsed().as_secs_f64()));
    let holds = tally.holds() && mutants.wrong == 0;
    print(if holds { "self-test: the gate can be trusted here\n" } else { "self-test: DOES NOT HOLD\n" });
    Ok(if holds { Exit::Pass } else { Exit::Invalid })
}

/// The self-test in every load state, for docs/records.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Campaign {
    pub(crate) machine: Machine,
    pub(crate) commit: Option<String>,
    pub(crate) states: Vec<Tally>,
    pub(crate) mutants: Mutants,
    pub(crate) seconds: f64,
}

/// Runs identical code `runs` times in each load state, and the injected regressions once.
pub(crate) fn campaign(program: &mut Program, runs: u32) -> Result<Campaign, GateError> {
    let begun = Instant::now();
    let machine = Machine::look();
    let seed = Policy::default().seed;
    let mut states = Vec::new();
    for load in State::value_variants() {
        let stress = Load::start(*load);
        states.push(equal(program, runs, *load, seed + 1_000 * states.len() as u64)?);
        drop(stress);
    }
    let mutants = mutants(program, seed)?;
    let commit = build::commit(&build::root());
    Ok(Campaign { machine, commit, states, mutants, seconds: begun.elapsed().as_secs_f64() })
}

/// Six kinds of identical code, `runs` times.
fn equal(program: &mut Program, runs: u32, load: State, seed: u64) -> Result<Tally, GateError> {
    let machine = Machine::look();
    let load = load.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned());
    let equal = parse("equal.toml", selftest::EQUAL)?;
    let mut tally = Tally { load, ..Tally::default() };
    for turn in 0..runs {
        let options =
            Options { seed: Some(seed + u64::from(turn)), stop: stop::listen(), ..Options::default() };
        let one = Instant::now();
        let report = wf_gate::run(&equal, &options, machine.clone(), program, &mut |_, _, _| {})?;
        if options.stop.load(std::sync::atomic::Ordering::Relaxed) {
            return Err(GateError::io("measuring", std::io::ErrorKind::Interrupted.into()));
        }
        let seconds = one.elapsed().as_secs_f64();
        tally.longest_s = tally.longest_s.max(seconds);
        tally.seconds += seconds;
        tally.runs += 1;
        tally.repeats += report.repeats;
        for rule in &report.rules {
            tally.verdicts += 1;
            tally.processes += rule.measured.map_or(0, |measured| measured.n);
            match &rule.verdict {
                Verdict::Pass => {}
                Verdict::Fail => {
                    tally.failed += 1;
                    print(&format!(
                        "  false alarm in run {turn}: {} measured {}\n",
                        rule.id,
                        rule.estimate()
                    ));
                }
                Verdict::Inconclusive(_) => tally.inconclusive += 1,
                Verdict::Skipped(_) | Verdict::Invalid(_) => tally.invalid += 1,
            }
        }
    }
    print(&format!("identical code, {}\n", tally.sentence()));
    Ok(tally)
}

/// How surely small regressions are found, for docs/records.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Power {
    pub(crate) machine: Machine,
    pub(crate) commit: Option<String>,
    pub(crate) runs: u32,
    pub(crate) rules: Vec<Found>,
}

/// How often one injected regression was failed by its rule.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Found {
    pub(crate) rule: String,
    pub(crate) found: u32,
    /// The most processes that it took, the confirmation apart.
    pub(crate) processes_max: u32,
}

/// Measures the same small regressions `runs` times.
pub(crate) fn power(program: &mut Program, runs: u32) -> Result<Power, GateError> {
    let machine = Machine::look();
    let budgets = parse("power.toml", selftest::POWER)?;
    let found = |rule: &wf_gate::budgets::Rule| Found { rule: rule.id.clone(), found: 0, processes_max: 0 };
    let mut rules: Vec<Found> = budgets.rules.iter().map(found).collect();
    for turn in 0..runs {
        let seed = Some(Policy::default().seed + u64::from(turn));
        let options = Options { seed, stop: stop::listen(), ..Options::default() };
        let report = wf_gate::run(&budgets, &options, machine.clone(), program, &mut |_, _, _| {})?;
        if options.stop.load(std::sync::atomic::Ordering::Relaxed) {
            return Err(GateError::io("measuring", std::io::ErrorKind::Interrupted.into()));
        }
        for (found, rule) in rules.iter_mut().zip(&report.rules) {
            found.found += u32::from(rule.verdict == Verdict::Fail);
            found.processes_max = found.processes_max.max(rule.measured.map_or(0, |measured| measured.n));
        }
    }
    for rule in &rules {
        print(&format!(
            "{}: found in {} of {runs}, {} processes at most\n",
            rule.rule, rule.found, rule.processes_max
        ));
    }
    Ok(Power { machine, commit: build::commit(&build::root()), runs, rules })
}

/// How often identical code came out how, under one load.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Tally {
    pub(crate) load: String,
    pub(crate) runs: u32,
    pub(crate) verdicts: u32,
    pub(crate) failed: u32,
    pub(crate) inconclusive: u32,
    pub(crate) invalid: u32,
    pub(crate) processes: u32,
    pub(crate) repeats: u32,
    pub(crate) seconds: f64,
    pub(crate) longest_s: f64,
}

impl Tally {
    fn holds(&self) -> bool {
        let open_too_often = f64::from(self.inconclusive) > OPEN_MAX * f64::from(self.verdicts);
        self.failed == 0 && self.invalid == 0 && !open_too_often
    }

    /// Processes that a rule took, the average of all runs.
    pub(crate) fn processes_per_verdict(&self) -> f64 {
        f64::from(self.processes) / f64::from(self.verdicts.max(1))
    }

    /// How long a run took, the average.
    pub(crate) fn seconds_per_run(&self) -> f64 {
        self.seconds / f64::from(self.runs.max(1))
    }

    fn sentence(&self) -> String {
        format!(
            "load {}: {} runs, {} verdicts, {} failed, {} inconclusive, {} invalid; {:.1} processes a rule, {:.1} s a run, \
             longest {:.1} s",
            self.load,
            self.runs,
            self.verdicts,
            self.failed,
            self.inconclusive,
            self.invalid,
            self.processes_per_verdict(),
            self.seconds_per_run(),
            self.longest_s,
        )
    }
}

/// What became of the injected regressions.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Mutants {
    pub(crate) injected: u32,
    pub(crate) caught: u32,
    /// Regressions not failed, or sound rules not passed.
    pub(crate) wrong: u32,
    pub(crate) not_tried: u32,
}

/// Every injected regression must be failed by its rule, every sound rule pass.
fn mutants(program: &mut Program, seed: u64) -> Result<Mutants, GateError> {
    let budgets = parse("mutants.toml", selftest::MUTANTS)?;
    let options = Options { seed: Some(seed), stop: stop::listen(), ..Options::default() };
    let report = wf_gate::run(&budgets, &options, Machine::look(), program, &mut |_, _, _| {})?;
    let mut found = Mutants::default();
    for rule in &report.rules {
        let mutant = rule.id.ends_with("_mutant");
        let as_it_should = match &rule.verdict {
            Verdict::Skipped(why) => {
                print(&format!("  not tried: {}: {why}\n", rule.id));
                found.not_tried += 1;
                continue;
            }
            Verdict::Fail => mutant,
            Verdict::Pass => !mutant,
            Verdict::Inconclusive(_) | Verdict::Invalid(_) => false,
        };
        found.injected += u32::from(mutant);
        found.caught += u32::from(mutant && as_it_should);
        if !as_it_should {
            found.wrong += 1;
            let (word, remark) = (rule.verdict.word(), rule.remark());
            print(&format!("  wrong: {} came out {word}, measured {}; {remark}\n", rule.id, rule.estimate()));
        }
    }
    print(&format!(
        "injected regressions: {} of {} caught by their rule, {} wrong verdicts\n",
        found.caught, found.injected, found.wrong
    ));
    Ok(found)
}

fn parse(name: &str, text: &str) -> Result<Budgets, GateError> {
    Budgets::parse(name, text).map_err(GateError::Budgets)
}
