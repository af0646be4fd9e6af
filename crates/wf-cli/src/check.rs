//! `wf check`: every problem of every model.

use std::io::{self, Write};
use std::path::Path;

use wf_net::Program;

use crate::cli::CheckArgs;
use crate::exit::Failure;
use crate::model::{self, Compiled};
use crate::say::{self, complain, printable};

pub(crate) fn check(args: &CheckArgs) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    let (mut good, mut refused, mut unread) = (0, 0, None);
    let mut models = Vec::new();
    for path in model::files(&args.models)? {
        match model::load(&path, args.reading) {
            Ok(model) => models.push((path, model)),
            Err(failure) => {
                // The other files are still worth checking; the first failure decides the exit code.
                if let Failure::Io(message) = &failure {
                    complain(format_args!("error: {message}"));
                }
                unread = unread.or(Some(failure));
            }
        }
    }
    model::link(models.iter_mut().map(|(path, model)| (path.as_path(), model)));
    let hint = model::hint(models.iter().flat_map(|(_, model)| &model.problems));
    for (path, model) in models {
        report(&mut out, &path, &model).map_err(|error| Failure::stdout(&error))?;
        if model.problems.is_empty() { good += 1 } else { refused += 1 }
    }
    writeln!(
        out,
        "{good} model{} compile{}, {refused} refused",
        if good == 1 { "" } else { "s" },
        if good == 1 { "s" } else { "" }
    )
    .and_then(|()| out.flush())
    .map_err(|error| Failure::stdout(&error))?;
    hint.into_iter().for_each(complain);
    match unread {
        Some(_) => Err(Failure::Io("not all files could be read".to_owned())),
        None if refused > 0 => Err(Failure::Refused),
        None => Ok(()),
    }
}

fn report(out: &mut impl Write, path: &Path, model: &model::Model) -> io::Result<()> {
    for problem in &model.problems {
        writeln!(out, "{}", printable(&problem.to_string()))?;
    }
    for compiled in &model.compiled {
        writeln!(out, "{}: {}", path.display(), printable(&describe(compiled)))?;
    }
    if model.black_boxes > 0 {
        writeln!(out, "{}: {} process without content passed over", path.display(), model.black_boxes)?;
    }
    Ok(())
}

/// One line about a process that compiles.
fn describe(compiled: &Compiled) -> String {
    let program = Program::parse(compiled.image.as_bytes());
    let program = program.unwrap_or_else(|error| unreachable!("the compiler wrote a bad image: {error}"));
    let names = program.names().unwrap_or_else(|error| unreachable!("the compiler wrote bad names: {error}"));
    let header = program.header();
    let merge = |(number, label): (usize, &wf_net::Label)| {
        format!("; {} merges by {}", label.id, say::merge_form(&program, number))
    };
    let merges: String = names.merges.iter().enumerate().map(merge).collect();
    format!(
        "{}: {} tasks, {} places in {} word{}, {} counters, {} bytes{merges}",
        compiled.process.id,
        header.tasks,
        header.places,
        header.words,
        if header.words == 1 { "" } else { "s" },
        header.counters,
        compiled.image.as_bytes().len(),
    )
}
