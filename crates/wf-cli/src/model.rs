//! From files to programs: reading, parsing and compiling, with every problem told.

use std::collections::HashMap;
use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use wf_bpmn::{Error, ErrorKind, ParseOptions, Process};
use wf_net::{CompileOptions, Image, Label, Names};

use crate::cli::Reading;
use crate::exit::Failure;
use crate::say::complain;

/// A process that compiles.
pub(crate) struct Compiled {
    pub(crate) process: Process,
    pub(crate) image: Image,
}

/// A reason to refuse a model, and its file.
#[derive(Debug)]
pub(crate) struct Problem {
    pub(crate) file: String,
    /// The process, where it is known.
    pub(crate) process: Option<String>,
    /// `None`: the file has no process that could run.
    pub(crate) error: Option<Error>,
}

impl Problem {
    fn new(file: &str, process: Option<&Process>, error: Error) -> Self {
        let process = process.map(|process| process.id.clone());
        Self { file: file.to_owned(), process, error: Some(error) }
    }
}

impl fmt::Display for Problem {
    /// File, line, column, element, reason.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.error {
            Some(error) => error.in_file(&self.file).fmt(f),
            None => write!(f, "{}:1:1: {NOTHING_RUNS}", self.file),
        }
    }
}

/// Why a file without a process is refused.
pub(crate) const NOTHING_RUNS: &str = "the file has no process that could run";

/// What to say after problems of which a flag would let some pass.
pub(crate) fn hint<'p>(problems: impl IntoIterator<Item = &'p Problem>) -> Option<String> {
    let is_condition = |problem: &&Problem| {
        let kind = problem.error.as_ref().map(|error| &error.kind);
        matches!(kind, Some(ErrorKind::Condition(_) | ErrorKind::Number { .. }))
    };
    let what = match problems.into_iter().filter(is_condition).count() {
        0 => return None,
        1 => "this decision",
        _ => "these decisions",
    };
    Some(format!("hint: --external-decisions leaves {what} to whoever completes the task before"))
}

/// What became of one file.
pub(crate) struct Model {
    pub(crate) compiled: Vec<Compiled>,
    pub(crate) problems: Vec<Problem>,
    /// How many processes have no flow elements.
    pub(crate) black_boxes: usize,
}

/// Reads, parses and compiles one file.
///
/// Fails only if the file cannot be read; a model that is refused is an answer.
pub(crate) fn load(path: &Path, reading: Reading) -> Result<Model, Failure> {
    let mut options = ParseOptions::default();
    options.external_decisions = reading.external_decisions;
    let bytes = read(path, options.document_bytes_max)?;
    let name = path.display().to_string();
    let mut model = Model { compiled: Vec::new(), problems: Vec::new(), black_boxes: 0 };
    let document = match wf_bpmn::parse(&bytes, &options) {
        Ok(document) => document,
        Err(errors) => {
            model.problems = errors.into_iter().map(|error| Problem::new(&name, None, error)).collect();
            return Ok(model);
        }
    };
    model.black_boxes = document.black_boxes.len();
    for process in document.processes {
        match wf_net::compile(&process.net, &CompileOptions::default()) {
            Ok(image) => model.compiled.push(Compiled { process, image }),
            Err(problems) => {
                let located = problems
                    .iter()
                    .map(|problem| Problem::new(&name, Some(&process), process.locate(problem)));
                model.problems.extend(located);
            }
        }
    }
    if model.compiled.is_empty() && model.problems.is_empty() {
        model.problems.push(Problem { file: name, process: None, error: None });
    }
    Ok(model)
}

/// Checks the calls between the processes of all these models.
pub(crate) fn link<'m>(models: impl IntoIterator<Item = (&'m Path, &'m mut Model)>) {
    let mut models: Vec<(&Path, &mut Model)> = models.into_iter().collect();
    let mut problems: Vec<Vec<Problem>> = Vec::new();
    {
        let processes =
            models.iter().flat_map(|(_, model)| &model.compiled).map(|compiled| &compiled.process);
        let by_id: HashMap<&str, &Process> =
            processes.map(|process| (process.id.as_str(), process)).collect();
        for (path, model) in &models {
            let name = path.display().to_string();
            let of_process = |compiled: &Compiled| {
                let process = &compiled.process;
                let errors = process.check_calls(|id| by_id.get(id).copied());
                errors.into_iter().map(|error| Problem::new(&name, Some(process), error)).collect::<Vec<_>>()
            };
            problems.push(model.compiled.iter().flat_map(of_process).collect());
        }
    }
    for ((_, model), problems) in models.iter_mut().zip(problems) {
        // What is not there may be what was refused: that has been said.
        if model.problems.is_empty() {
            model.problems = problems;
        }
    }
}

/// What a play of a process leaves to its cases: its interrupts that catch errors which they throw, by the numbers of events.
pub(crate) fn from_inside(compiled: &Compiled, others: &[Compiled], names: &Names) -> Vec<u16> {
    let all = || core::iter::once(compiled).chain(others).map(|compiled| &compiled.process);
    let net = &compiled.process.net;
    let inside = compiled.process.from_inside(|id| all().find(|process| process.id == id));
    let is_inside = |label: &Label| inside.iter().any(|&node| net.node(node).id() == label.id);
    let first = names.tasks.len() + names.starts.len();
    let numbers = (first..).zip(&names.interrupts).filter(|(_, label)| is_inside(label));
    numbers.map(|(number, _)| number as u16).collect()
}

/// The one process of a file to run, and those that it calls, of this file or the others.
pub(crate) fn chosen(
    path: &Path,
    others: &[PathBuf],
    process: Option<&str>,
    reading: Reading,
    with_all: bool,
) -> Result<(Compiled, Vec<Compiled>), Failure> {
    let paths: Vec<&Path> = core::iter::once(path).chain(others.iter().map(PathBuf::as_path)).collect();
    let mut models = paths.iter().map(|path| load(path, reading)).collect::<Result<Vec<_>, _>>()?;
    link(paths.iter().copied().zip(&mut models));
    if models.iter().any(|model| !model.problems.is_empty()) {
        let problems = || models.iter().flat_map(|model| &model.problems);
        problems().for_each(complain);
        hint(problems()).into_iter().for_each(complain);
        return Err(Failure::Refused);
    }
    only_one_each(&paths, &models)?;
    let rest: Vec<Compiled> = models.drain(1..).flat_map(|model| model.compiled).collect();
    let mut model = models.swap_remove(0);
    let ids: Vec<String> = model.compiled.iter().map(|compiled| compiled.process.id.clone()).collect();
    let one = match process {
        Some(id) => ids.iter().position(|other| other == id).ok_or_else(|| {
            Failure::Usage(format!("no process {id:?} in the file; choose with --process {}", ids.join("|")))
        })?,
        None => match roots(&model.compiled)[..] {
            [one] => one,
            _ => {
                return Err(Failure::Usage(format!(
                    "the file has several processes: choose one with --process {}",
                    ids.join("|")
                )));
            }
        },
    };
    let compiled = model.compiled.swap_remove(one);
    model.compiled.extend(rest);
    let mut needed = vec![compiled.process.id.clone()];
    let mut next = 0;
    while let Some(id) = needed.get(next).cloned() {
        next += 1;
        let of = |c: &Compiled| c.process.calls.iter().map(|(id, _)| id.clone()).collect::<Vec<_>>();
        let calls = core::iter::once(&compiled).chain(&model.compiled).find(|c| c.process.id == id).map(of);
        let fresh: Vec<String> =
            calls.unwrap_or_default().into_iter().filter(|id| !needed.contains(id)).collect();
        needed.extend(fresh);
        needed.dedup();
    }
    model.compiled.retain(|c| with_all || needed.contains(&c.process.id));
    Ok((compiled, model.compiled))
}

/// No process of one file may have the id of one of another.
fn only_one_each(paths: &[&Path], models: &[Model]) -> Result<(), Failure> {
    let mut files: HashMap<&str, &Path> = HashMap::new();
    for (path, model) in paths.iter().zip(models) {
        for id in model.compiled.iter().map(|compiled| compiled.process.id.as_str()) {
            if let Some(first) = files.insert(id, path) {
                let (path, first) = (path.display(), first.display());
                return Err(Failure::Usage(format!("{path}: process {id:?} is in {first} already")));
            }
        }
    }
    Ok(())
}

/// The processes that no other process of the file calls.
fn roots(compiled: &[Compiled]) -> Vec<usize> {
    let is_called = |id: &str| {
        let others = compiled.iter().filter(|other| other.process.id != id);
        others.flat_map(|other| &other.process.calls).any(|(called, _)| called == id)
    };
    (0..compiled.len()).filter(|&at| !is_called(&compiled[at].process.id)).collect()
}

/// The bytes of a file; one that is too large for the parser is not read whole.
pub(crate) fn read(path: &Path, bytes_max: usize) -> Result<Vec<u8>, Failure> {
    let failed = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::NotFound => {
            Failure::file("read", path, "there is no such file; `wf demo` has a model to begin with")
        }
        _ => Failure::file("read", path, error),
    };
    let mut bytes = Vec::new();
    // Looked at before it is opened: opening a pipe waits for its writer.
    let kind = std::fs::metadata(path).map_err(failed)?;
    if kind.is_dir() {
        return Err(Failure::file("read", path, "it is a folder, a BPMN file is needed"));
    }
    if !kind.is_file() {
        return Err(Failure::file("read", path, "it is no regular file"));
    }
    let file = File::open(path).map_err(failed)?;
    // One byte more than allowed is enough for the parser to refuse the file.
    file.take(bytes_max as u64 + 1).read_to_end(&mut bytes).map_err(failed)?;
    Ok(bytes)
}

/// The files meant by the arguments: folders are searched, in the order of names.
pub(crate) fn files(arguments: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    let mut files = Vec::new();
    for argument in arguments {
        if argument.is_dir() {
            let before = files.len();
            search(argument, &mut files)?;
            if files.len() == before {
                return Err(Failure::file("use", argument, "the folder holds no .bpmn or .bpmn20.xml file"));
            }
        } else {
            files.push(argument.clone());
        }
    }
    Ok(files)
}

fn search(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), Failure> {
    let failed = |error| Failure::file("read", folder, error);
    let mut entries = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        // The type of the entry itself: a link to a folder is not followed, so that a loop of links ends.
        entries.push((entry.path(), entry.file_type().map_err(failed)?.is_dir()));
    }
    entries.sort();
    for (path, is_folder) in entries {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if is_folder {
            search(&path, files)?;
        } else if name.ends_with(".bpmn") || name.ends_with(".bpmn20.xml") {
            files.push(path);
        }
    }
    Ok(())
}
