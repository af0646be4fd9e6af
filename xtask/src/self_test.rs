//! `cargo xtask gate --self-test`: identical code must pass, injected regressions must fail, under a chosen load.

use std::time::Instant;

use clap::ValueEnum;
use wf_gate::budgets::Budgets;
use wf_gate::machine::Machine;
use wf_gate::{Exit, GateError, Options, Program, Verdict, selftest};

use crate::gate::print;
use crate::load::{Load, State};
use crate::{Outcome, stop};

/// More open rules than this share of them, and the gate is of little use here.
const OPEN_MAX: f64 = 0.02;

/// Runs identical code `runs` times and the injected regressions once.
pub(crate) fn run(mut program: Program, runs: u32, load: State, seed: u64) -> Outcome {
    let machine = Machine::look();
    let stop = stop::listen();
    let begun = Instant::now();
    let name = load.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned());
    let stress = Load::start(load);

    let equal = parse("equal.toml", selftest::EQUAL)?;
    let mut tally = Tally::default();
    for turn in 0..runs {
        let options =
            Options { seed: Some(seed + u64::from(turn)), stop: stop.clone(), ..Options::default() };
        let one = Instant::now();
        let report = wf_gate::run(&equal, &options, machine.clone(), &mut program, &mut |_, _, _| {})?;
        tally.longest = tally.longest.max(one.elapsed().as_secs_f64());
        tally.runs += 1;
        for rule in &report.rules {
            tally.rules += 1;
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
                Verdict::Inconclusive(_) => tally.open += 1,
                Verdict::Skipped(_) | Verdict::Invalid(_) => tally.invalid += 1,
            }
        }
    }
    print(&format!(
        "identical code, load {name}: {} runs, {} verdicts, {} failed, {} inconclusive, {} invalid; {:.1} processes a rule, \
         longest run {:.1} s\n",
        tally.runs,
        tally.rules,
        tally.failed,
        tally.open,
        tally.invalid,
        f64::from(tally.processes) / f64::from(tally.rules.max(1)),
        tally.longest,
    ));

    let missed = mutants(&mut program, machine, seed, &stop)?;
    drop(stress);
    print(&format!("{:.0} s in all\n", begun.elapsed().as_secs_f64()));
    let open_too_often = f64::from(tally.open) > OPEN_MAX * f64::from(tally.rules);
    let holds = tally.failed == 0 && missed == 0 && tally.invalid == 0 && !open_too_often;
    print(if holds { "self-test: the gate can be trusted here\n" } else { "self-test: DOES NOT HOLD\n" });
    Ok(if holds { Exit::Pass } else { Exit::Invalid })
}

#[derive(Default)]
struct Tally {
    runs: u32,
    rules: u32,
    failed: u32,
    open: u32,
    invalid: u32,
    processes: u32,
    longest: f64,
}

/// Gives how many injected regressions were not failed by their rule, or sound rules not passed.
fn mutants(
    program: &mut Program,
    machine: Machine,
    seed: u64,
    stop: &std::sync::Arc<std::sync::atomic::AtomicBool>,
) -> Result<u32, GateError> {
    let budgets = parse("mutants.toml", selftest::MUTANTS)?;
    let options = Options { seed: Some(seed), stop: stop.clone(), ..Options::default() };
    let report = wf_gate::run(&budgets, &options, machine, program, &mut |_, _, _| {})?;
    let (mut injected, mut caught, mut wrong) = (0, 0, 0);
    for rule in &report.rules {
        let mutant = rule.id.ends_with("_mutant");
        let as_it_should = match &rule.verdict {
            Verdict::Skipped(why) => {
                print(&format!("  not tried: {}: {why}\n", rule.id));
                continue;
            }
            Verdict::Fail => mutant,
            Verdict::Pass => !mutant,
            Verdict::Inconclusive(_) | Verdict::Invalid(_) => false,
        };
        injected += u32::from(mutant);
        caught += u32::from(mutant && as_it_should);
        if !as_it_should {
            wrong += 1;
            let (word, remark) = (rule.verdict.word(), rule.remark());
            print(&format!("  wrong: {} came out {word}, measured {}; {remark}\n", rule.id, rule.estimate()));
        }
    }
    print(&format!(
        "injected regressions: {caught} of {injected} caught by their rule, {wrong} wrong verdicts\n"
    ));
    Ok(wrong)
}

fn parse(name: &str, text: &str) -> Result<Budgets, GateError> {
    Budgets::parse(name, text).map_err(GateError::Budgets)
}
