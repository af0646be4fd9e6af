//! `cargo xtask blocks`: what stands between fences in the documents is compiled, parsed or executed.
//!
//! Rust is compiled and run as documentation tests, where a crate takes the document in. TOML is parsed. Of what is typed in a
//! shell, `wf` is executed, `cargo xtask` is parsed by its own parser (CI runs the commands themselves), and other commands of cargo
//! are executed with `--cargo`, unless CI runs the same as a step. What a program printed is `text`.

use std::path::{Path, PathBuf};
use std::process::Command;

use clap::Parser as _;
use wf_gate::{Exit, GateError};

use crate::docs::documents;
use crate::docs::markdown::{Block, Markdown};
use crate::gate::print;
use crate::{Outcome, build, ci, tidy};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Executes the commands of cargo too, which build much.
    #[arg(long)]
    cargo: bool,
}

/// Where commands are executed, with a copy of the models: what they write stays there.
const FOLDER: &str = "target/xtask/blocks";

/// How a line that is typed is proved.
#[derive(Debug, PartialEq, Eq)]
enum Proof {
    /// By executing it as it stands.
    Executed,
    /// By executing it where that is asked for, from the root.
    Cargo(String),
    /// By the parser of this program.
    Parsed,
    /// By a step of CI.
    Step(String),
}

pub(crate) fn run(arguments: &Arguments) -> Outcome {
    let root = build::root();
    let faults = faults(&root)?;
    faults.iter().for_each(|(path, line, message)| print(&format!("{}:{line}: {message}\n", path.display())));
    if !faults.is_empty() {
        return Ok(Exit::Breach);
    }
    let folder = root.join(FOLDER);
    prepare(&root, &folder)?;
    let mut failed = 0;
    for (path, block) in blocks(&root)? {
        if block.language != "sh" {
            continue;
        }
        for line in lines(&block.code) {
            let (place, line) = match proof(&line) {
                Ok(Proof::Executed) => (&folder, line),
                Ok(Proof::Cargo(line)) if arguments.cargo => (&root, line),
                _ => continue,
            };
            print(&format!("{}: $ {line}\n", path.display()));
            let script = format!("wf() {{ cargo wf \"$@\"; }}\n{line}\n");
            let mut shell = Command::new("sh");
            shell.current_dir(place).args(["-euc", &script]).stdout(std::process::Stdio::null());
            let status = shell.status().map_err(|error| GateError::io("starting sh", error))?;
            if !status.success() {
                failed += 1;
                print(&format!("  {status}\n"));
            }
        }
    }
    Ok(if failed == 0 { Exit::Pass } else { Exit::Breach })
}

/// Every block of every document of CI: the peers are no part of it.
fn blocks(root: &Path) -> Result<Vec<(PathBuf, Block)>, GateError> {
    let mut found = Vec::new();
    for path in documents(root)? {
        let text = read(&root.join(&path))?;
        found.extend(Markdown::new(&text).blocks().into_iter().map(|block| (path.clone(), block)));
    }
    Ok(found)
}

/// Blocks that nothing proves: the document, the line and why.
pub(crate) fn faults(root: &Path) -> Result<Vec<(PathBuf, usize, String)>, GateError> {
    let taken = taken_in(root)?;
    let mut faults = Vec::new();
    for (path, block) in blocks(root)? {
        let words: Vec<&str> = block.language.split(',').collect();
        let message = match words[0] {
            "rust" if words[1..].iter().any(|word| !["no_run", "should_panic"].contains(word)) => {
                Some(format!("{}: this block would not be compiled", block.language))
            }
            "rust" if !taken.contains(&path) => Some("no crate takes this document in as a test".to_owned()),
            "toml" => block.code.parse::<toml::Table>().err().map(|error| error.message().to_owned()),
            "sh" => lines(&block.code).iter().find_map(|line| proof(line).err()),
            "rust" | "text" => None,
            other => Some(format!("{other:?} is proved by nothing; output is `text`")),
        };
        faults.extend(message.map(|message| (path, block.line, message)));
    }
    Ok(faults)
}

/// Documents that a crate takes in as documentation tests.
fn taken_in(root: &Path) -> Result<Vec<PathBuf>, GateError> {
    let mut found = Vec::new();
    let mut sources = tidy::files(&root.join("crates"), &[".rs"])?;
    sources.extend(tidy::files(&root.join("benches/src"), &[".rs"])?);
    for source in sources {
        for line in
            read(&source)?.lines().filter(|line| line.trim_start().starts_with("#[doc = include_str!("))
        {
            let Some(name) = line.split('"').nth(1) else { continue };
            let path = source.parent().unwrap_or(root).join(name);
            let path =
                path.canonicalize().map_err(|error| GateError::io(format!("finding {name}"), error))?;
            let root = root.canonicalize().map_err(|error| GateError::io("finding the root", error))?;
            found.extend(path.strip_prefix(root).map(Path::to_path_buf));
        }
    }
    Ok(found)
}

/// What is typed, line by line, without comments; a line that ends in a backslash goes on.
fn lines(code: &str) -> Vec<String> {
    let joined = code.replace("\\\n", " ");
    let lines = joined.lines().map(|line| line.split(" # ").next().unwrap_or(line).trim().to_owned());
    lines.filter(|line| !line.is_empty() && !line.starts_with('#')).collect()
}

/// How a line is proved, or why it is not.
fn proof(line: &str) -> Result<Proof, String> {
    let plain = line.replace(['"', '\''], "");
    let words: Vec<&str> = plain.split_whitespace().collect();
    match words.as_slice() {
        ["wf", ..] | ["cargo", "wf", ..] => Ok(Proof::Executed),
        ["cargo", "xtask", arguments @ ..] => {
            let words = ["xtask"].iter().chain(arguments);
            match crate::Arguments::try_parse_from(words) {
                Ok(_) => Ok(Proof::Parsed),
                Err(error) => {
                    Err(format!("{line}: {}", error.to_string().lines().next().unwrap_or_default()))
                }
            }
        }
        ["cargo", arguments @ ..] => {
            let arguments = arguments.join(" ");
            if let Some(step) = ci::step_of(&arguments) {
                return Ok(Proof::Step(step));
            }
            match arguments.split(' ').next() {
                // The bench answers in seconds when each of its parts runs once.
                Some("bench") if !line.contains(" -- ") => Ok(Proof::Cargo(format!("{line} -- --test"))),
                Some("bench" | "build" | "test" | "run" | "doc" | "check") => {
                    Ok(Proof::Cargo(line.to_owned()))
                }
                _ => Err(format!("{line}: nothing executes this")),
            }
        }
        _ => Err(format!("{line}: nothing executes this")),
    }
}

/// An empty folder with the models in it.
fn prepare(root: &Path, folder: &Path) -> Result<(), GateError> {
    let failed = |error| GateError::io(format!("preparing {}", folder.display()), error);
    if folder.exists() {
        std::fs::remove_dir_all(folder).map_err(failed)?;
    }
    for path in tidy::files(&root.join("models"), &[".bpmn", ".csv"])? {
        let copy = folder.join(path.strip_prefix(root).unwrap_or(&path));
        std::fs::create_dir_all(copy.parent().unwrap_or(folder)).map_err(failed)?;
        std::fs::copy(&path, &copy).map_err(failed)?;
    }
    Ok(())
}

fn read(path: &Path) -> Result<String, GateError> {
    std::fs::read_to_string(path).map_err(|error| GateError::io(format!("reading {}", path.display()), error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_line_is_proved_or_refused() {
        assert_eq!(proof("cargo wf run models/x.bpmn"), Ok(Proof::Executed));
        assert_eq!(proof("cargo xtask gate --list"), Ok(Proof::Parsed));
        assert!(proof("cargo xtask gate --lits").is_err());
        assert_eq!(proof("cargo test --features \"memory-v2\""), Ok(Proof::Step("test".into())));
        let bench = Proof::Cargo("cargo bench --bench b -- --test".into());
        assert_eq!(proof("cargo bench --bench b"), Ok(bench));
        assert!(proof("cargo publish").is_err());
        assert!(proof("rm -r x").is_err());
    }

    #[test]
    fn comments_and_long_lines_are_understood() {
        let code = "# first\nwf run a   # why\n\nwf check \\\n  b\n";
        assert_eq!(lines(code), ["wf run a", "wf check    b"]);
    }
}
