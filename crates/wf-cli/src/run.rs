//! `wf run`: one model, many cases, end to end.

pub(crate) mod log;
mod meter;
mod odds;
mod progress;
mod summary;
mod talk;
mod vars;

use std::path::{Path, PathBuf};
use std::time::Instant;

use wf_engine::play::{PlayError, PlayOptions, Played, play};
use wf_engine::{Engine, Key, ProgramId, SLOTS_MAX};

use crate::cli::RunArgs;
use crate::compile::write_store;
use crate::exit::Failure;
use crate::model::{self, Compiled};
use crate::say::complain;
use crate::{interrupt, memory, target, trace};
use log::Log;
use meter::Meter;
use progress::Progress;
use summary::Summary;

/// Bytes that a live case takes: its line, and what the player keeps of it.
const LIVE_CASE_BYTES: u64 = 64 + 24;

/// The same of a case that talks: slots for it and those that answer, and who is who.
const TALKING_CASE_BYTES: u64 = talk::SLOTS_PER_CASE * 64 + 256;

/// Bytes that an event of a batch takes at most: itself, its status, and what it adds.
const BATCH_EVENT_BYTES: u64 = 640;

pub(crate) fn run(args: &RunArgs) -> Result<(), Failure> {
    let mut options = options(args)?;
    let process = args.process.as_deref();
    let (compiled, others) = model::chosen(&args.model, &args.with, process, args.reading, args.talk)?;
    interrupt::watch();
    let (path, folder) = store_path(args)?;
    let all: Vec<&Compiled> = core::iter::once(&compiled).chain(&others).collect();
    write_store(&path, &all)?;
    let engine = Engine::open(&path).map_err(|error| Failure::Io(error.to_string()))?;
    // The store is open by copy: its file is no longer needed, however this program ends.
    drop(folder);
    let program = stored(&engine, &compiled, &path)?;
    let names = engine.names(program).unwrap_or_default();
    options.from_inside = model::from_inside(&compiled, &others, &names);
    options.odds = odds::read(&args.outcome, &engine, &all)?;
    if args.talk {
        let report = talk::play(&engine, program, &options)?;
        report.print(&compiled.process, args.json).map_err(|error| Failure::stdout(&error))?;
        return if interrupt::requested() { Err(Failure::Interrupted) } else { Ok(()) };
    }
    if let Some(path) = &args.vars {
        options.rows = vars::read(path, &names, &all)?;
    }
    let rates = wf_gate::calibrate();
    let begun = Instant::now();
    let progress = Progress::start(&engine, &options, args.json);
    let played = match &args.log {
        Some(path) => {
            let mut log = Log::create(path, &args.model, &engine, &all)?;
            let played = progress.during(|| logged(&engine, program, &options, &mut log))?;
            if played.total.interrupted {
                complain(format_args!("{} was not written: the run was interrupted", path.display()));
            } else {
                log.publish()?;
            }
            played
        }
        None => {
            let watch = |_| Meter::new(rates.as_ref().ok());
            let played = progress.during(|| play(&engine, program, &options, watch));
            played.map_err(|error| match error {
                PlayError::Engine(error) => Failure::Io(error.to_string()),
                other => Failure::Usage(other.to_string()),
            })?
        }
    };
    let elapsed = begun.elapsed();
    let summary = Summary::new(args, &options, &engine, &compiled.process, &names, &played, rates, elapsed);
    summary.print(args.json).map_err(|error| Failure::stdout(&error))?;
    if played.total.interrupted { Err(Failure::Interrupted) } else { Ok(()) }
}

/// Plays case by case, with everything that happens written down.
fn logged(
    engine: &Engine,
    program: ProgramId,
    options: &PlayOptions,
    log: &mut Log,
) -> Result<Played<Meter>, Failure> {
    let mut meter = Meter::new(None);
    let report = trace::play(engine, program, options, &mut meter, log)?;
    Ok(Played { total: report.clone(), workers: vec![(report, meter)] })
}

/// The program in the store, which must be the one that was compiled: another run may write the same file.
fn stored(engine: &Engine, compiled: &Compiled, path: &Path) -> Result<ProgramId, Failure> {
    let id = &compiled.process.id;
    let image = engine.store().get(Key::Str(id)).map_err(|error| Failure::Io(error.to_string()))?;
    match engine.program(id) {
        Some(program) if image == Some(compiled.image.as_bytes()) => Ok(program),
        _ => Err(Failure::file("use", path, "another program has written it meanwhile")),
    }
}

/// The play that is asked for, if this machine has the memory for it.
fn options(args: &RunArgs) -> Result<PlayOptions, Failure> {
    let available = || std::thread::available_parallelism().map_or(1, |cores| cores.get().min(256));
    let threads = args.threads.map_or_else(available, usize::from);
    let live = args.live.unwrap_or(args.cases).min(args.cases);
    let batches = (u64::from(args.batch) * threads as u64).saturating_mul(BATCH_EVENT_BYTES);
    let (case_bytes, advice) = match args.talk {
        true => (TALKING_CASE_BYTES, "--cases N says how many there are"),
        false => (LIVE_CASE_BYTES, "--live N bounds the cases that live at once"),
    };
    let needed = live.saturating_mul(case_bytes).saturating_add(batches);
    if live > (SLOTS_MAX * threads) as u64 {
        return Err(Failure::Usage(format!(
            "{live} live cases would need {}, and {threads} shards hold {} at most; {advice}",
            memory::human(needed),
            SLOTS_MAX * threads
        )));
    }
    if let Some(free) = memory::available_bytes().filter(|&free| needed > free) {
        return Err(Failure::Usage(format!(
            "{live} live cases would need {} of memory, {} are available; {advice}",
            memory::human(needed),
            memory::human(free)
        )));
    }
    Ok(PlayOptions {
        cases: args.cases,
        live,
        threads,
        batch: usize::from(args.batch),
        seed: args.seed,
        steps_max: args.steps,
        ..PlayOptions::default()
    })
}

/// Where the store goes, and the folder that goes away with it.
fn store_path(args: &RunArgs) -> Result<(PathBuf, Option<tempfile::TempDir>), Failure> {
    if let Some(path) = &args.store {
        return Ok((target::checked(path, core::slice::from_ref(&args.model))?, None));
    }
    let folder = tempfile::Builder::new().prefix("wf-").tempdir();
    let folder = folder.map_err(|error| {
        let why = error.get_ref().and_then(|inner| inner.source().map(ToString::to_string));
        let why = why.unwrap_or_else(|| error.kind().to_string());
        let advice = "name another folder in TMPDIR, or a file with --store";
        Failure::file("make a folder in", &std::env::temp_dir(), format!("{why}; {advice}"))
    })?;
    Ok((folder.path().join("program.wfs"), Some(folder)))
}
