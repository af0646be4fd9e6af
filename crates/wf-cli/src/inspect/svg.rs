//! `wf inspect MODEL --svg FILE`: the drawing of a model, with the counts of a play.

use std::io::Write;

use serde_json::json;
use wf_engine::play::{PlayOptions, Watch};
use wf_engine::{Engine, Key};

use crate::cli::InspectArgs;
use crate::compile::write_store;
use crate::drawing::{Drawing, grouped};
use crate::exit::Failure;
use crate::heat::{Counter, Heat};
use crate::model::{self, Compiled};
use crate::output::Output;
use crate::say::complain;
use crate::{interrupt, trace};

/// How a drawing begins.
const BEGINS: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<svg ";

/// Completions after which a case is given up.
const STEPS_MAX: u32 = 100_000;

/// Lets a play be interrupted.
struct Patience;

impl Watch for Patience {
    fn started(&mut self, _cases: u64) -> core::ops::ControlFlow<()> {
        if interrupt::requested() {
            core::ops::ControlFlow::Break(())
        } else {
            core::ops::ControlFlow::Continue(())
        }
    }
}

pub(super) fn draw(args: &InspectArgs, svg: &std::path::Path) -> Result<(), Failure> {
    let path = &args.file;
    let bytes = model::read(path, wf_bpmn::ParseOptions::default().document_bytes_max)?;
    let name = path.display().to_string();
    let diagram = wf_bpmn::diagram::read(&bytes, &wf_bpmn::ParseOptions::default()).map_err(|errors| {
        errors.iter().for_each(|error| complain(error.in_file(&name)));
        Failure::Refused
    })?;
    let (title, heat) = match args.cases {
        None => (name, None),
        Some(cases) => {
            let (compiled, others) = model::chosen(path, &[], args.process.as_deref(), args.reading, false)?;
            let heat = heat(&compiled, &others, cases, args.seed)?;
            let process = &compiled.process;
            (if process.name.is_empty() { process.id.clone() } else { process.name.clone() }, Some(heat))
        }
    };
    let mut out = Output::create(svg, BEGINS, &[path])?;
    let drawing = Drawing { title: &title, diagram: &diagram, heat: heat.as_ref() };
    let text = drawing.to_svg();
    out.write_all(text.as_bytes()).map_err(|error| Failure::file("write", svg, error))?;
    out.publish()?;
    let mut out = std::io::stdout().lock();
    let written = if args.json {
        let document = json!({
            "format": 1,
            "svg": svg.display().to_string(),
            "model": path.display().to_string(),
            "cases": args.cases,
            "seed": args.cases.map(|_| args.seed),
            "bytes": text.len(),
        });
        writeln!(out, "{document:#}")
    } else {
        writeln!(out, "{}: {} bytes", svg.display(), text.len())
    };
    written.and_then(|()| out.flush()).map_err(|error| Failure::stdout(&error))
}

/// Plays cases and counts where they wait and what they take.
fn heat(compiled: &Compiled, others: &[Compiled], cases: u64, seed: u64) -> Result<Heat, Failure> {
    interrupt::watch();
    let folder = tempfile::Builder::new().prefix("wf-").tempdir();
    let folder = folder.map_err(|error| Failure::file("make a folder in", &std::env::temp_dir(), error))?;
    let path = folder.path().join("program.wfs");
    let all: Vec<&Compiled> = core::iter::once(compiled).chain(others).collect();
    write_store(&path, &all)?;
    let engine = Engine::open(&path).map_err(|error| Failure::Io(error.to_string()))?;
    let id = &compiled.process.id;
    let program = engine.program(id).filter(|_| matches!(engine.store().get(Key::Str(id)), Ok(Some(_))));
    let (Some(program), Some(names)) = (program, program.and_then(|program| engine.names(program))) else {
        return Err(Failure::file("use", &path, "another program has written it meanwhile"));
    };
    let from_inside = model::from_inside(compiled, others, &names);
    let mut counter = Counter::new(&compiled.process, program, names);
    let options = PlayOptions { cases, seed, steps_max: STEPS_MAX, from_inside, ..PlayOptions::default() };
    let report = trace::play(&engine, program, &options, &mut Patience, &mut counter)?;
    if report.interrupted {
        return Err(Failure::Interrupted);
    }
    let unended = match report.deadlocked + report.stopped {
        0 => String::new(),
        count => format!(", {} of them without success", grouped(count)),
    };
    let (cases, completions) = (grouped(report.cases), grouped(report.completions));
    Ok(counter
        .heat(format!("{cases} cases played at random (seed {seed}){unended}; {completions} completions")))
}
