//! `wf check`: every problem of every model.

mod document;
mod soundness;

use std::io::{self, Write};
use std::path::Path;

use crate::cli::CheckArgs;
use crate::exit::Failure;
use crate::facts::Facts;
use crate::model::{self, Model};
use crate::say::{complain, printable};
use document::Document;
pub(crate) use document::problem;
use soundness::{Examined, Said};

pub(crate) fn check(args: &CheckArgs) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    let (mut good, mut refused, mut unread) = (0, 0, Vec::new());
    let mut models = Vec::new();
    for path in model::files(&args.models)? {
        match model::load(&path, args.reading) {
            Ok(model) => models.push((path, model)),
            // The other files are still worth checking; the first failure decides the exit code.
            Err(Failure::Io(message)) => {
                complain(format_args!("error: {message}"));
                unread.push((path, message));
            }
            Err(other) => return Err(other),
        }
    }
    model::link(models.iter_mut().map(|(path, model)| (path.as_path(), model)));
    let hint = model::hint(models.iter().flat_map(|(_, model)| &model.problems));
    for (path, model) in &models {
        if !args.json {
            report(&mut out, path, model).map_err(|error| Failure::stdout(&error))?;
        }
        if model.problems.is_empty() { good += 1 } else { refused += 1 }
    }
    let written = if args.json {
        writeln!(out, "{:#}", Document { models: &models, unread: &unread, good, refused }.to_json())
    } else {
        let (s, it) = if good == 1 { ("", "s") } else { ("s", "") };
        writeln!(out, "{good} model{s} compile{it}, {refused} refused")
    };
    written.and_then(|()| out.flush()).map_err(|error| Failure::stdout(&error))?;
    if !args.json {
        hint.into_iter().for_each(complain);
    }
    match unread.is_empty() {
        false => Err(Failure::Io("not all files could be read".to_owned())),
        true if refused > 0 => Err(Failure::Refused),
        true => Ok(()),
    }
}

fn report(out: &mut impl Write, path: &Path, model: &Model) -> io::Result<()> {
    for problem in &model.problems {
        writeln!(out, "{}", printable(&problem.to_string()))?;
    }
    for compiled in &model.compiled {
        let examined = Examined::of(compiled);
        for Said { message, element, .. } in &examined.said {
            let text = format!("{}:{}: warning: {element}: {message}", path.display(), element.position);
            writeln!(out, "{}", printable(&text))?;
        }
        if !examined.is_decided {
            let (id, states) = (&compiled.process.id, examined.states);
            let text = format!("{id}: whether every case can end is not decided within {states} states");
            writeln!(out, "{}: {}", path.display(), printable(&text))?;
        }
        writeln!(out, "{}: {}", path.display(), printable(&Facts::of(compiled).to_string()))?;
    }
    if model.black_boxes > 0 {
        writeln!(out, "{}: {} process without content passed over", path.display(), model.black_boxes)?;
    }
    Ok(())
}
