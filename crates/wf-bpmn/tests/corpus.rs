//! Models by others, where they are at hand: each is read or refused with a located reason, quickly.

mod others;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use wf_bpmn::expression::Dialect;
use wf_bpmn::{Error, ErrorKind, ParseOptions, Position, parse};

/// The longest that reading and compiling one file may take.
const FILE_TIME_MAX: Duration = Duration::from_millis(50);

/// The longest that looking at up to 1,000 states may take.
const CHECK_TIME_MAX: Duration = Duration::from_millis(1);

#[test]
fn every_file_of_the_corpus_is_read_or_refused_with_a_located_reason() {
    let files = others::models("every_file_of_the_corpus_is_read_or_refused_with_a_located_reason");
    for external_decisions in [false, true] {
        let mut options = ParseOptions::default();
        options.external_decisions = external_decisions;
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
                outcome = read_and_compile(&bytes, &options);
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
            "{} files, external decisions {external_decisions}: {compiled} compiled ({processes} processes), {} refused",
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
}

#[test]
fn conditions_of_the_corpus_are_read_or_refused_with_a_reason() {
    let mut options = ParseOptions::default();
    options.external_decisions = true;
    let (mut read, mut reasons) = (0, BTreeMap::<String, Vec<String>>::new());
    for path in others::models("conditions_of_the_corpus_are_read_or_refused_with_a_reason") {
        let Ok(document) = parse(&std::fs::read(path).expect("the file was just listed"), &options) else {
            continue;
        };
        for flow in document.processes.iter().flat_map(|process| process.net.flows()) {
            let Some(text) = flow.condition() else { continue };
            match Dialect::of(text, None, None).and_then(|dialect| dialect.parse(text)) {
                Ok(_) => read += 1,
                Err(fault) => {
                    assert_eq!(flow.guard(), None, "{text}");
                    reasons.entry(fault.to_string()).or_default().push(text.to_owned());
                }
            }
        }
    }
    let refused: usize = reasons.values().map(Vec::len).sum();
    println!("{} conditions: {read} read, {refused} not, by reason:", read + refused);
    for (reason, texts) in &reasons {
        println!("{:6}  {reason}: {}", texts.len(), texts[0]);
    }
    assert!(read >= 9 * refused, "{read} of {} conditions are read", read + refused);
}

#[test]
fn whether_cases_can_end_is_found_out_quickly() {
    let mut options = ParseOptions::default();
    options.external_decisions = true;
    let (mut whole, mut small, mut slowest) = (0, Duration::ZERO, Duration::ZERO);
    let mut count = 0;
    for path in others::models("whether_cases_can_end_is_found_out_quickly") {
        let Ok(document) = parse(&std::fs::read(&path).expect("the file was just listed"), &options) else {
            continue;
        };
        for process in &document.processes {
            let mut best = Duration::MAX;
            let mut states = (0, false);
            // As above: the best of three, or of more if these are slow.
            for run in 0..20 {
                let time_max = if states.0 <= 1_000 { CHECK_TIME_MAX } else { FILE_TIME_MAX };
                if run >= 3 && best <= time_max {
                    break;
                }
                let begin = Instant::now();
                let checked = wf_net::check(&process.net, &wf_net::CheckOptions::default());
                best = best.min(begin.elapsed());
                states = checked.map_or((0, false), |checked| (checked.states, checked.is_whole));
            }
            count += 1;
            whole += usize::from(states.1);
            if states.0 <= 1_000 {
                small = small.max(best);
                assert!(best <= CHECK_TIME_MAX, "{}: {states:?} took {best:?}", path.display());
            }
            slowest = slowest.max(best);
            assert!(best <= FILE_TIME_MAX, "{}: {states:?} took {best:?}", path.display());
        }
    }
    println!("{count} processes: {whole} decided; up to 1,000 states {small:?}, others {slowest:?} at most");
}

/// How many processes compile, or all that is wrong.
fn read_and_compile(bytes: &[u8], options: &ParseOptions) -> Result<usize, Vec<Error>> {
    let document = parse(bytes, options)?;
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
        let at = |position: Position| {
            let line = text.lines().nth(position.line as usize - 1);
            let line = line.unwrap_or_else(|| panic!("no line for {place}"));
            line.chars().skip(position.column as usize - 1).collect::<String>()
        };
        at(error.position);
        if let Some(element) = &error.element {
            let is_condition = matches!(error.kind, ErrorKind::Condition(_));
            assert!(is_condition || element.position == error.position, "{place}");
            assert!(element.position <= error.position, "{place}");
            let rest = at(element.position);
            let name = rest.trim_start_matches('<').split([' ', '>', '/']).next().unwrap_or_default();
            assert_eq!(name.rsplit(':').next(), Some(element.kind.as_str()), "{place}");
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
        ErrorKind::Condition(fault) => format!("condition: {fault}"),
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
