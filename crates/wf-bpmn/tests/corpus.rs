//! Models by others, where they are at hand: each is read or refused with a located reason, quickly.
//!
//! The folder is named by `WF_CORPUS`; without that it is looked for beside the workspace.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use wf_bpmn::{Error, ErrorKind, ParseOptions, parse};

/// The longest that reading and compiling one file may take.
const FILE_TIME_MAX: Duration = Duration::from_millis(50);

#[test]
fn every_file_of_the_corpus_is_read_or_refused_with_a_located_reason() {
    let folder = std::env::var_os("WF_CORPUS")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus"), PathBuf::from);
    if !folder.is_dir() {
        _ = std::io::Write::write_fmt(
            &mut std::io::stderr(),
            format_args!(
                "SKIPPED: every_file_of_the_corpus_is_read_or_refused_with_a_located_reason: {} is not there\n",
                folder.display()
            ),
        );
        return;
    }
    let mut files = Vec::new();
    models_in(&folder, &mut files);
    assert!(!files.is_empty(), "{} holds no model", folder.display());
    let (mut compiled, mut processes, mut slowest) = (0, 0, (Duration::ZERO, PathBuf::new()));
    let mut files_by_reason = BTreeMap::<String, usize>::new();
    for path in &files {
        let bytes = std::fs::read(path).expect("the file was just listed");
        // The best of three, or of more if these are slow: the machine may be busy with something else.
        let mut best = Duration::MAX;
        let mut outcome = Ok(0);
        for run in 0..20 {
            if run >= 3 && best <= FILE_TIME_MAX {
                break;
            }
            let begin = Instant::now();
            outcome = read_and_compile(&bytes);
            best = best.min(begin.elapsed());
        }
        slowest = slowest.max((best, path.clone()));
        match outcome {
            Ok(count) => {
                compiled += 1;
                processes += count;
            }
            Err(errors) => {
                let mut reasons: Vec<String> = errors.iter().map(reason).collect();
                reasons.sort();
                reasons.dedup();
                reasons.into_iter().for_each(|reason| *files_by_reason.entry(reason).or_default() += 1);
                check_located(path, &bytes, &errors);
                println!("{}", errors[0].in_file(&path.display().to_string()));
            }
        }
    }
    println!(
        "{} files: {compiled} compiled ({processes} processes), {} refused",
        files.len(),
        files.len() - compiled
    );
    println!("files refused, by reason (a file may have several):");
    for (reason, count) in &files_by_reason {
        println!("{count:6}  {reason}");
    }
    println!("slowest: {:?} {}", slowest.0, slowest.1.display());
    assert!(slowest.0 <= FILE_TIME_MAX, "{} took {:?}", slowest.1.display(), slowest.0);
}

/// How many processes compile, or all that is wrong.
fn read_and_compile(bytes: &[u8]) -> Result<usize, Vec<Error>> {
    let document = parse(bytes, &ParseOptions::default())?;
    let mut errors = Vec::new();
    for process in &document.processes {
        if let Err(problems) = wf_net::compile(&process.net, &wf_net::CompileOptions::default()) {
            errors.extend(problems.iter().map(|problem| process.locate(problem)));
        }
    }
    if errors.is_empty() { Ok(document.processes.len()) } else { Err(errors) }
}

/// An error is at a place of the file, and the element it names begins there.
fn check_located(path: &Path, bytes: &[u8], errors: &[Error]) {
    assert!(!errors.is_empty(), "{} is refused without a reason", path.display());
    let text = String::from_utf8_lossy(bytes);
    for error in errors {
        let place = error.in_file(&path.display().to_string()).to_string();
        let line = text
            .lines()
            .nth(error.position.line as usize - 1)
            .unwrap_or_else(|| panic!("no line for {place}"));
        if let Some(element) = &error.element {
            let rest: String = line.chars().skip(error.position.column as usize - 1).collect();
            let name = rest.trim_start_matches('<').split([' ', '>', '/']).next().unwrap_or_default();
            assert_eq!(name.rsplit(':').next(), Some(element.kind.as_str()), "{place}");
        }
    }
}

fn models_in(folder: &Path, files: &mut Vec<PathBuf>) {
    let entries = std::fs::read_dir(folder).expect("the folder can be listed");
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("the entry can be read").path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            models_in(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "bpmn" || extension == "xml") {
            files.push(path);
        }
    }
}

/// The reason without what differs from file to file.
fn reason(error: &Error) -> String {
    match &error.kind {
        ErrorKind::Unsupported(what) => {
            let kind = error.element.as_ref().map_or("", |element| element.kind.as_str());
            format!("not supported: {kind}: {what}")
        }
        ErrorKind::Net { problem, .. } => format!("net: {}", debug_name(&problem.kind)),
        ErrorKind::Limit(limit) => format!("limit: {}", debug_name(limit)),
        ErrorKind::Xml(fault) => format!("XML: {}", debug_name(fault)),
        ErrorKind::Model(fault) => format!("model: {}", debug_name(fault)),
        other => format!("other: {}", debug_name(other)),
    }
}

/// The name of an enum's variant.
fn debug_name(value: &impl std::fmt::Debug) -> String {
    let text = format!("{value:?}");
    text.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default().to_owned()
}
