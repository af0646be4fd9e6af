//! From files to programs: reading, parsing and compiling, with every problem told.

use std::collections::HashMap;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use wf_bpmn::{ParseOptions, Process};
use wf_net::{CompileOptions, Image};

use crate::exit::Failure;

/// A process that compiles.
pub(crate) struct Compiled {
    pub(crate) process: Process,
    pub(crate) image: Image,
}

/// What became of one file.
pub(crate) struct Model {
    pub(crate) compiled: Vec<Compiled>,
    /// Problems, each as it is printed: file, line, column, element, reason.
    pub(crate) problems: Vec<String>,
    /// How many processes have no flow elements.
    pub(crate) black_boxes: usize,
}

/// Reads, parses and compiles one file.
///
/// Fails only if the file cannot be read; a model that is refused is an answer.
pub(crate) fn load(path: &Path) -> Result<Model, Failure> {
    let options = ParseOptions::default();
    let bytes = read(path, options.document_bytes_max)?;
    let name = path.display().to_string();
    let mut model = Model { compiled: Vec::new(), problems: Vec::new(), black_boxes: 0 };
    let document = match wf_bpmn::parse(&bytes, &options) {
        Ok(document) => document,
        Err(errors) => {
            model.problems = errors.iter().map(|error| error.in_file(&name).to_string()).collect();
            return Ok(model);
        }
    };
    model.black_boxes = document.black_boxes.len();
    for process in document.processes {
        match wf_net::compile(&process.net, &CompileOptions::default()) {
            Ok(image) => model.compiled.push(Compiled { process, image }),
            Err(problems) => {
                let located =
                    problems.iter().map(|problem| process.locate(problem).in_file(&name).to_string());
                model.problems.extend(located);
            }
        }
    }
    if model.compiled.is_empty() && model.problems.is_empty() {
        model.problems.push(format!("{name}:1:1: the file has no process that could run"));
    }
    Ok(model)
}

/// Checks the calls between the processes of all these models.
pub(crate) fn link<'m>(models: impl IntoIterator<Item = (&'m Path, &'m mut Model)>) {
    let mut models: Vec<(&Path, &mut Model)> = models.into_iter().collect();
    let mut problems: Vec<Vec<String>> = Vec::new();
    {
        let processes =
            models.iter().flat_map(|(_, model)| &model.compiled).map(|compiled| &compiled.process);
        let by_id: HashMap<&str, &Process> =
            processes.map(|process| (process.id.as_str(), process)).collect();
        for (path, model) in &models {
            let name = path.display().to_string();
            let errors =
                model.compiled.iter().flat_map(|c| c.process.check_calls(|id| by_id.get(id).copied()));
            problems.push(errors.map(|error| error.in_file(&name).to_string()).collect());
        }
    }
    for ((_, model), problems) in models.iter_mut().zip(problems) {
        // What is not there may be what was refused: that has been said.
        if model.problems.is_empty() {
            model.problems = problems;
        }
    }
}

/// The bytes of a file; one that is too large for the parser is not read whole.
fn read(path: &Path, bytes_max: usize) -> Result<Vec<u8>, Failure> {
    let failed = |error| Failure::file("read", path, error);
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
