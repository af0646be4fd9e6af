//! `wf compile`: models into one store file.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde_json::json;
use wf_engine::{Key, StoreBuilder};

use crate::check;
use crate::cli::CompileArgs;
use crate::exit::Failure;
use crate::facts::Facts;
use crate::model::{self, Compiled};
use crate::say::complain;
use crate::{interrupt, target};

/// Number by which a store says that its records are program images.
pub(crate) const SCHEMA: u32 = u32::from_le_bytes(*b"WFPI");

pub(crate) fn compile(args: &CompileArgs) -> Result<(), Failure> {
    interrupt::watch();
    let mut programs: BTreeMap<String, (Compiled, PathBuf)> = BTreeMap::new();
    let (mut refused, mut problems) = (false, Vec::new());
    let files = model::files(&args.models)?;
    let target = target::checked(&args.output, &files)?;
    let mut models = Vec::new();
    for path in files {
        if interrupt::requested() {
            return Err(Failure::Interrupted);
        }
        let model = model::load(&path, args.reading)?;
        models.push((path, model));
    }
    model::link(models.iter_mut().map(|(path, model)| (path.as_path(), model)));
    let hint = model::hint(models.iter().flat_map(|(_, model)| &model.problems));
    for (path, model) in models {
        refused |= !model.problems.is_empty();
        if args.json {
            problems.extend(model.problems.iter().map(check::problem));
        } else {
            model.problems.iter().for_each(complain);
        }
        for compiled in model.compiled {
            let id = compiled.process.id.clone();
            if let Some((_, first)) = programs.get(&id) {
                let message = format!("{}: process {id:?} is in {} already", path.display(), first.display());
                if args.json {
                    problems.push(json!({ "code": "model.two-processes", "message": message }));
                } else {
                    complain(message);
                }
                refused = true;
            } else {
                programs.insert(id, (compiled, path.clone()));
            }
        }
    }
    if refused {
        if args.json {
            let document = json!({ "format": 1, "store": null, "problems": problems });
            writeln!(io::stdout(), "{document:#}").map_err(|error| Failure::stdout(&error))?;
            return Err(Failure::Refused);
        }
        hint.into_iter().for_each(complain);
        complain(format_args!("{} was not written", args.output.display()));
        return Err(Failure::Refused);
    }
    let programs: Vec<&Compiled> = programs.values().map(|(compiled, _)| compiled).collect();
    let bytes = write_store(&target, &programs)?;
    let mut out = io::stdout().lock();
    let count = programs.len();
    if args.json {
        let workflows: Vec<_> = programs.iter().map(|compiled| Facts::of(compiled).to_json()).collect();
        let store = args.output.display().to_string();
        let document =
            json!({ "format": 1, "store": store, "bytes": bytes, "workflows": workflows, "problems": [] });
        return writeln!(out, "{document:#}").map_err(|error| Failure::stdout(&error));
    }
    writeln!(
        out,
        "{}: {count} workflow{}, {bytes} bytes",
        args.output.display(),
        if count == 1 { "" } else { "s" }
    )
    .map_err(|error| Failure::stdout(&error))
}

/// Writes programs under their process ids; returns the bytes of the file.
pub(crate) fn write_store(path: &Path, programs: &[&Compiled]) -> Result<u64, Failure> {
    let failed = |error: wf_engine::store::Error| Failure::Io(error.to_string());
    let options = wf_engine::store::Options::new().schema(SCHEMA, u32::from(wf_net::image::VERSION));
    let mut store = StoreBuilder::create(path, options).map_err(failed)?;
    for compiled in programs {
        store.add(Key::Str(&compiled.process.id), compiled.image.as_bytes()).map_err(failed)?;
    }
    Ok(store.finish().map_err(failed)?.file_bytes)
}
