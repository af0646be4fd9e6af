//! `wf inspect`: what a store holds, and the ops of one workflow.

mod document;
mod records;
mod svg;

use std::io::{self, Read, Write};

use wf_engine::Engine;
use wf_engine::store::Key;
use wf_net::image::{KIND_PLAIN, Op2};
use wf_net::{Decision, DecisionKind, Label, Names, Program, Timer, TimerLabel};

use crate::cli::InspectArgs;
use crate::exit::Failure;
use crate::say::{self, printable};

/// Columns that a table fits.
const COLUMNS: usize = 80;

pub(crate) fn inspect(args: &InspectArgs) -> Result<(), Failure> {
    if let Some(file) = &args.svg {
        return svg::draw(args, file);
    }
    let opened = Engine::open(&args.file);
    if opened.is_err()
        && args.workflow.is_none()
        && let Some(facts) = records::read(&args.file)
    {
        let facts = facts.map_err(|error| Failure::Io(error.to_string()))?;
        let out = &mut io::stdout().lock();
        let done = if args.json { writeln!(out, "{:#}", facts.document()) } else { facts.list(out) };
        return done.and_then(|()| out.flush()).map_err(|error| Failure::stdout(&error));
    }
    let engine = opened.map_err(|error| {
        // The store's own errors name the file.
        match error {
            wf_engine::EngineError::Store(error) if is_xml(&args.file) => {
                let advice = "this looks like a model: `wf check` reads it, `--svg FILE` draws it";
                Failure::Io(format!("{error}; {advice}"))
            }
            wf_engine::EngineError::Store(error) => Failure::Io(error.to_string()),
            other => Failure::file("use", &args.file, other),
        }
    })?;
    // Who asks what is in a file wants to know that it can all be used.
    engine.check_all().map_err(|error| Failure::file("use", &args.file, error))?;
    let out = &mut io::stdout().lock();
    let done = match &args.workflow {
        None if args.json => writeln!(out, "{:#}", document::list(&engine)),
        None => list(out, &engine),
        Some(name) => match engine.store().get(Key::Str(name)) {
            Ok(Some(image)) => {
                let program =
                    Program::parse(image).map_err(|error| Failure::file("use", &args.file, error))?;
                let names = program.names().map_err(|error| Failure::file("use", &args.file, error))?;
                if args.json {
                    writeln!(out, "{:#}", document::show(&program, &names))
                } else {
                    show(out, &program, &names)
                }
            }
            Ok(None) => {
                let known: Vec<&str> = engine.programs().map(|(_, name)| name).collect();
                return Err(Failure::Usage(format!(
                    "no workflow {name:?} in the store; it has {}",
                    known.join(", ")
                )));
            }
            Err(error) => return Err(Failure::Io(error.to_string())),
        },
    };
    done.and_then(|()| out.flush()).map_err(|error| Failure::stdout(&error))
}

/// Whether a file begins like an XML document.
fn is_xml(path: &std::path::Path) -> bool {
    let mut first = [0; 8];
    let count = std::fs::File::open(path).and_then(|mut file| file.read(&mut first)).unwrap_or(0);
    let first = &first[..count];
    first.strip_prefix(b"\xef\xbb\xbf").unwrap_or(first).trim_ascii_start().starts_with(b"<")
}

fn list(out: &mut impl Write, engine: &Engine) -> io::Result<()> {
    let store = engine.store();
    writeln!(out, "{}", store.path().display())?;
    writeln!(out, "  {} workflows, opened: {}", store.len(), store.how())?;
    let width = engine.programs().map(|(_, name)| say::name(name).chars().count()).max().unwrap_or(0).max(8);
    writeln!(out, "  {:width$}  tasks starts places words counters    ops    bytes", "workflow")?;
    for (_, name) in engine.programs() {
        let image = store.get(Key::Str(name)).ok().flatten();
        let Some(program) = image.and_then(|image| Program::parse(image).ok()) else { continue };
        let h = program.header();
        writeln!(
            out,
            "  {:width$}  {:5} {:6} {:6} {:5} {:8} {:6} {:8}",
            say::name(name),
            h.tasks,
            h.starts,
            h.places,
            h.words,
            h.counters,
            program.ops().count(),
            program.as_bytes().len()
        )?;
    }
    Ok(())
}

fn show(out: &mut impl Write, program: &Program<'_>, names: &Names) -> io::Result<()> {
    let header = program.header();
    writeln!(out, "{}: build {:016x}", printable(&names.net), header.build_id)?;
    writeln!(out, "\nplaces ({} bits, {} counters):", header.places, header.counters)?;
    for (bit, task) in names.tasks.iter().enumerate() {
        writeln!(out, "  {bit:3}  {} waits: {}", printable(&task.id), printable(&task.text))?;
    }
    for (index, task) in names.tasks.iter().enumerate() {
        writeln!(out, "  {:3}  {} runs", names.tasks.len() + index, printable(&task.id))?;
    }
    for (index, input) in names.join_inputs.iter().enumerate() {
        let bit = 2 * names.tasks.len() + index;
        let (gateway, from) = (printable(&input.gateway), printable(&input.from));
        writeln!(out, "  {bit:3}  {gateway} waits for its flow from {from}")?;
    }
    for (number, merge) in names.merges.iter().enumerate() {
        let text = format!("{} merges by {}", merge.id, say::merge_form(program, number));
        writeln!(out, "\n{}", printable(&text))?;
    }
    if !names.timers.is_empty() {
        writeln!(out, "\ntimers:")?;
    }
    for label in &names.timers {
        let id = timed(names, label).map_or("", |timed| timed.id.as_str());
        let who = if label.is_watched { "the engine watches it" } else { "left to whoever runs the cases" };
        writeln!(out, "  {}: {}; {who}", printable(id), moment(label.timer))?;
    }
    let routes = [("complete", &names.tasks), ("start", &names.starts), ("interrupt by", &names.interrupts)];
    let labels = routes.iter().flat_map(|(what, labels)| labels.iter().map(move |label| (what, label)));
    for (route, (what, label)) in labels.enumerate() {
        writeln!(out, "\n{what} {}: {}", printable(&label.id), printable(&label.text))?;
        for &decision in &names.route_decisions[route] {
            let decision = &names.decisions[decision];
            let (how, mut lines) = choices(decision);
            // A decision that fits the line of its name stands there; else each branch has a line.
            let mut text = format!("  decides {}: {how}", decision.gateway.text);
            let whole = format!("{text}{}", lines.join(" | "));
            if whole.chars().count() <= COLUMNS {
                (text, lines) = (whole, Vec::new());
            }
            writeln!(out, "{}", printable(text.trim_end()))?;
            for line in lines {
                writeln!(out, "    {}", printable(&line))?;
            }
        }
        show_ops(out, program, route)?;
    }
    Ok(())
}

/// The task or interrupt that a timer brings about.
fn timed<'n>(names: &'n Names, timer: &TimerLabel) -> Option<&'n Label> {
    let route = usize::from(timer.route);
    let interrupt = || names.interrupts.get(route.checked_sub(names.tasks.len() + names.starts.len())?);
    names.tasks.get(route).or_else(interrupt)
}

/// When a timer fires, in words.
fn moment(timer: Timer) -> String {
    let seconds = match timer {
        Timer::At(second) => return format!("at second {second} of Unix time"),
        Timer::After(0) => return "at once".to_owned(),
        Timer::After(seconds) => seconds,
    };
    let parts = [
        (seconds / 86_400, "d"),
        (seconds / 3600 % 24, "h"),
        (seconds / 60 % 60, "min"),
        (seconds % 60, "s"),
    ];
    let parts: Vec<String> =
        parts.iter().filter(|(count, _)| *count > 0).map(|(count, unit)| format!("{count} {unit}")).collect();
    format!("after {}", parts.join(" "))
}

/// How a decision is made, and its branches.
fn choices(decision: &Decision) -> (String, Vec<String>) {
    let branches = decision.branches.iter().map(branch).collect();
    match decision.kind {
        DecisionKind::Branch => (String::new(), branches),
        DecisionKind::Branches => ("any of ".to_owned(), branches),
        DecisionKind::Guarded => ("by data: ".to_owned(), branches),
        DecisionKind::GuardedBranches => ("by data, any of: ".to_owned(), branches),
        DecisionKind::Count(most) => (format!("how many, from 0 to {most}"), Vec::new()),
        DecisionKind::GuardedCount(most) => (format!("by data: how many, from 0 to {most}"), Vec::new()),
        DecisionKind::Enough => ("whether that is enough".to_owned(), Vec::new()),
        DecisionKind::GuardedEnough => ("by data: whether that is enough".to_owned(), Vec::new()),
    }
}

fn branch(branch: &wf_net::Branch) -> String {
    let condition = branch.condition.as_deref().unwrap_or(&branch.text);
    let condition = condition.split_whitespace().collect::<Vec<_>>().join(" ");
    let otherwise = if branch.is_default { "otherwise" } else { "" };
    let why =
        [condition.as_str(), otherwise].iter().filter(|part| !part.is_empty()).copied().collect::<Vec<_>>();
    if why.is_empty() {
        format!("to {}", branch.to)
    } else {
        format!("to {} if {}", branch.to, why.join(", "))
    }
}

fn show_ops(out: &mut impl Write, program: &Program<'_>, route: usize) -> io::Result<()> {
    let codes = program.header().script_codes;
    let ops = || (0..1usize << program.header().shift).map(|outcome| program.op(route, outcome));
    let script = |op: &Op2| format!("script at {} of {codes}", op.meta.script);
    let first = program.op(route, 0);
    if ops().all(|op| op.meta.kind() != KIND_PLAIN) {
        return writeln!(out, "  any outcome of {}: {}", first.meta.outcomes, script(&first));
    }
    for (outcome, op) in ops().enumerate().take(usize::from(first.meta.outcomes)) {
        let text = if op.meta.kind() == KIND_PLAIN { masks(&op) } else { script(&op) };
        writeln!(out, "  {outcome}: {text}")?;
    }
    Ok(())
}

/// The masks of an op, as lists of bits.
fn masks(op: &Op2) -> String {
    let list = |mask: [u64; 2]| {
        let bits: Vec<String> =
            (0..128).filter(|bit| mask[bit / 64] >> (bit % 64) & 1 == 1).map(|bit| bit.to_string()).collect();
        if bits.is_empty() { "-".to_owned() } else { bits.join(",") }
    };
    let not = |mask: [u64; 2]| mask.map(|word| !word);
    let mut text = format!("need {} take {} put {}", list(op.want), list(not(op.keep)), list(op.put));
    if op.join_keep != [u64::MAX; 2] {
        let inputs = not(op.join_keep);
        text += &format!(", then {} become {}", list(inputs), list(op.join_put));
        if op.threat != inputs {
            text += &format!(" if all are set or none of {}", list(op.threat));
        }
    }
    text
}
