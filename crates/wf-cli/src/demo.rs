//! `wf demo`: the whole loop on a model that is built in, by the commands that anybody would type.

use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use clap::Parser;
use serde_json::{Value, json};

use crate::cli::{Cli, DemoArgs};
use crate::exit::{self, Failure};
use crate::say;

/// A claim for expenses: one choice by its amount, one by what the approver says, and two tasks side by side.
const MODEL: &str = include_str!("demo/expense-claim.bpmn");

/// Rows of values, the last of which lacks what a condition asks for.
const CLAIMS: &str = include_str!("demo/claims.csv");

/// What is changed for the model with a mistake: the parallel split becomes a choice, its join stays.
const MISTAKE: (&str, &str) =
    ("<parallelGateway id=\"Gateway_Fork\"", "<exclusiveGateway id=\"Gateway_Fork\"");

/// One step: what it shows, and what is typed.
struct Step {
    why: &'static str,
    arguments: Vec<String>,
}

pub(crate) fn demo(args: &DemoArgs) -> Result<(), Failure> {
    let (folder, temporary) = match &args.folder {
        Some(folder) => {
            fs::create_dir_all(folder).map_err(|error| Failure::file("make the folder", folder, error))?;
            (folder.clone(), None)
        }
        None => {
            let made = tempfile::Builder::new().prefix("wf-demo-").tempdir();
            let made =
                made.map_err(|error| Failure::file("make a folder in", &std::env::temp_dir(), error))?;
            (made.path().to_owned(), Some(made))
        }
    };
    write(&folder.join("expense-claim.bpmn"), MODEL)?;
    write(&folder.join("mistake.bpmn"), &MODEL.replacen(MISTAKE.0, MISTAKE.1, 1))?;
    write(&folder.join("claims.csv"), CLAIMS)?;
    // The commands then name files as they would be typed there.
    std::env::set_current_dir(&folder).map_err(|error| Failure::file("go to", &folder, error))?;
    let steps = steps(args.cases);
    if args.json {
        let kept = temporary.is_none().then(|| folder.display().to_string());
        print(&format!("{:#}\n", document(steps, kept.as_deref())?))?;
        leave(temporary.is_some());
        return Ok(());
    }
    let count = steps.len();
    for (index, Step { why, arguments }) in steps.into_iter().enumerate() {
        let heading = format!("{} of {count}: {why}", index + 1);
        let typed = format!("$ wf {}", arguments.join(" "));
        let lines = format!("{}\n{typed}\n", say::heading(&heading));
        print(&lines)?;
        let words = std::iter::once("wf".to_owned()).chain(arguments);
        let command = Cli::try_parse_from(words).map_err(|error| Failure::Usage(error.to_string()))?.command;
        exit::run(&command)?;
        print("\n")?;
    }
    let next = match &temporary {
        Some(_) => "The files were temporary: `wf demo --folder DIR` keeps them.",
        None => "The files are in that folder: look at heat.svg in a browser.",
    };
    print(&format!("{next} Next: `wf check` and `wf run` with a model of your own.\n"))?;
    leave(temporary.is_some());
    Ok(())
}

/// Goes elsewhere: some systems do not remove the folder that a program stands in.
fn leave(is_temporary: bool) {
    if is_temporary {
        let _elsewhere = std::env::set_current_dir(std::env::temp_dir());
    }
}

/// Every step with the document that its command prints. Each is a program of its own, so that the whole is printed when all
/// of it is there, or nothing.
fn document(steps: Vec<Step>, folder: Option<&str>) -> Result<Value, Failure> {
    let program = std::env::current_exe();
    let program = program.map_err(|error| Failure::Io(format!("cannot find this program: {error}")))?;
    let mut done = Vec::new();
    for Step { why, mut arguments } in steps {
        arguments.push("--json".to_owned());
        let typed = format!("wf {}", arguments.join(" "));
        let output = Command::new(&program).args(&arguments).stderr(Stdio::inherit()).output();
        let output = output.map_err(|error| Failure::file("start", &program, error))?;
        let failed = |what: &dyn std::fmt::Display| Failure::Io(format!("{typed}: {what}"));
        if !output.status.success() {
            return Err(failed(&output.status));
        }
        let printed: Value = serde_json::from_slice(&output.stdout).map_err(|error| failed(&error))?;
        done.push(json!({ "why": why, "command": typed, "document": printed }));
    }
    Ok(json!({ "format": 1, "folder": folder, "steps": done }))
}

/// What is typed, in the order of a day with a new model.
fn steps(cases: u64) -> Vec<Step> {
    let step = |why, line: String| Step { why, arguments: line.split(' ').map(str::to_owned).collect() };
    vec![
        step("is the model right?", "check expense-claim.bpmn".to_owned()),
        step("what a mistake looks like, with the way to it", "check mistake.bpmn".to_owned()),
        step("one file for the engine", "compile expense-claim.bpmn -o claims.wfs".to_owned()),
        step("what that file holds", "inspect claims.wfs".to_owned()),
        step("many cases, choices drawn at random", format!("run expense-claim.bpmn --cases {cases}")),
        step(
            "choices by data; rows that lack a value are incidents",
            "run expense-claim.bpmn --cases 7000 --vars claims.csv".to_owned(),
        ),
        step(
            "where the work is, as a drawing",
            "inspect expense-claim.bpmn --svg heat.svg --cases 10000".to_owned(),
        ),
    ]
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    match fs::read(path) {
        Ok(found) if found == text.as_bytes() => Ok(()),
        Ok(_) => Err(Failure::file("write", path, "another file stands there; name an empty folder")),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            fs::write(path, text).map_err(|error| Failure::file("write", path, error))
        }
        Err(error) => Err(Failure::file("write", path, error)),
    }
}

fn print(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(|error| Failure::stdout(&error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mistake_is_made() {
        assert_eq!(MODEL.matches(MISTAKE.0).count(), 1);
    }

    #[test]
    fn what_is_typed_is_understood() {
        for Step { arguments, .. } in steps(1000) {
            let words = std::iter::once("wf".to_owned()).chain(arguments);
            assert!(Cli::try_parse_from(words).is_ok());
        }
    }
}
