//! `cargo xtask doctor`: what can be decided on this machine, and how small a change can be seen.

use std::time::Duration;

use wf_gate::budgets::{Metric, Policy};
use wf_gate::machine::{Machine, tool_missing};
use wf_gate::report::number;
use wf_gate::stats::{Interval, coefficient_of_variation, t_quantile};
use wf_gate::{Clock, Exit, GateError, Measurement, Observation, Observer, Order, Program, control};

use crate::gate::print;
use crate::{Outcome, build};

/// Processes that the noise is told from.
const PROCESSES: u32 = 30;

/// Kinds of work whose noise is told, by their subjects in every program.
const KINDS: [(&str, &str, &str); 3] = [
    ("arithmetic", control::TWIN, control::BASE),
    ("small allocations", "gate.self_heap_twin", "gate.self_heap"),
    ("a walk through memory", "gate.self_walk_twin", "gate.self_walk"),
];

pub(crate) fn run() -> Outcome {
    let root = build::root();
    let mut program = Program::new(&build::subjects(&root, None)?, &[]);
    let machine = Machine::look();
    print(&format!("processor    {}, {} cores", machine.cpu, machine.cores));
    print(&machine.cores_physical.map_or_else(|| "\n".into(), |n| format!(" ({n} physical)\n")));
    print(&format!("instructions {}\n", machine.isa));
    match (&machine.no_cycles, machine.counter_hz, machine.core_hz) {
        (None, Some(counter), Some(core)) => {
            let clock = Clock::new();
            print(&format!("counter      {:.1} MHz, core at {:.0} MHz now\n", counter / 1e6, core / 1e6));
            print(&format!("bracket      {} counts of the counter\n", clock.bracket_counts()));
            print("ticks        can be decided\n");
        }
        (Some(why), ..) => print(&format!("ticks        skipped here: {why}\n")),
        _ => print("ticks        skipped here\n"),
    }
    print(&tool_missing(Metric::InstructionsPerOp, &machine).map_or_else(
        || "instructions can be counted, by valgrind\n".into(),
        |why| format!("instructions skipped here: {why}\n"),
    ));
    print(&tool_missing(Metric::SyscallsPerRun, &machine).map_or_else(
        || "system calls can be counted, by strace\n".into(),
        |why| format!("system calls skipped here: {why}\n"),
    ));
    print(&format!("load         {}\n\n", machine.load.as_deref().unwrap_or("not known")));
    let policy = Policy::default();
    for (name, subject, versus) in KINDS {
        noise(&mut program, &policy, name, subject, versus)?;
        if crate::stop::listen().load(std::sync::atomic::Ordering::Relaxed) {
            break;
        }
    }
    Ok(Exit::Pass)
}

/// How far processes of identical work differ, and what that lets a rule see.
fn noise(
    program: &mut Program,
    policy: &Policy,
    name: &str,
    subject: &str,
    versus: &str,
) -> Result<(), GateError> {
    let what = Measurement::Timed { subject: subject.into(), versus: Some(versus.into()) };
    let (mut logs, mut cycles, mut moved, mut shared, mut groups) = (Vec::new(), Vec::new(), 0, 0, 0);
    for _ in 0..PROCESSES {
        let budget = Duration::from_millis(u64::from(policy.sample_ms));
        if let Observation::Timed(timing) = program.observe(&what, Order::Forward, budget)? {
            logs.extend(timing.log_ratio);
            cycles.extend(timing.cycles_per_op);
            moved += timing.groups_clock_moved;
            shared += timing.groups_shared;
            groups += timing.groups;
        }
    }
    let Some(interval) = Interval::of_logs(&logs, policy.alpha_per_look()) else {
        return Err(GateError::Usage(format!("{name}: no process gave a ratio")));
    };
    let spread = coefficient_of_variation(&logs.iter().map(|log| log.exp()).collect::<Vec<_>>());
    // Half a t interval over the first look's processes: a change this far beyond the tolerance is seen at once.
    let first = policy.looks.first().copied().unwrap_or(5);
    let reach =
        t_quantile(1.0 - policy.alpha_per_look(), f64::from(first) - 1.0) * spread / f64::from(first).sqrt();
    print(&format!(
        "{name}: identical work reads {} x, processes differ by {} %; a change of {} % beyond the tolerance is seen by {first} \
         processes\n",
        wf_gate::report::interval_text(&interval),
        number(100.0 * spread),
        number(100.0 * 2.0 * reach),
    ));
    if cycles.is_empty() {
        print("  cycles: not told in any process\n");
    } else {
        print(&format!(
            "  cycles: processes differ by {} %; the clock moved in {} % of the groups, something else used the same core in {} %\n",
            number(100.0 * coefficient_of_variation(&cycles)),
            number(100.0 * f64::from(moved) / f64::from(groups.max(1))),
            number(100.0 * f64::from(shared) / f64::from(groups.max(1))),
        ));
    }
    Ok(())
}
