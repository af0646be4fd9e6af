//! The command line: commands, flags and their help.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

/// Check, compile, inspect and run BPMN 2.0 workflows.
#[derive(Debug, Parser)]
#[command(
    name = "wf",
    version,
    after_help = "Exit codes: 0 done, 1 a model was refused, 2 usage, 3 an input or output failed, 130 interrupted.\n\
                  Colours: on a terminal only; none if NO_COLOR is set.\n\
                  Begin with: wf demo"
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What `wf check --json` prints.
const CHECK_DOCUMENT: &str = r#"The document of --json:
  {"format": 1, "compiled": N, "refused": N, "unread": [{"file", "message"}],
   "models": [{"file", "problems": [PLACE], "warnings": [PLACE],
               "processes": [PROCESS], "black_boxes": N}]}
PLACE, with null for what is not known:
  {"code", "message", "line", "column", "process": id,
   "element": {"kind", "id", "name"}}
PROCESS:
  {"id", "name", "tasks", "starts", "interrupts", "places", "words", "counters",
   "bytes", "calls": [id], "roles": {lane: [task id]}, "merges": [{"id", "form"}],
   "decisions": {"by_data": N, "outside": N}, "states": {"visited": N, "all": bool}}
Codes stay the same, messages may get better. Members may be added; none is taken
away or given another meaning without a new format number."#;

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run many cases of a model at random until each has ended
    ///
    /// Reads a BPMN 2.0 file, compiles it to a program in a store file, opens that store, starts the cases and
    /// completes work items in seeded random order. The same seed gives the same counts, whatever the threads, the
    /// allocator or the size of a batch.
    Run(RunArgs),
    /// Parse and compile models, and report every problem
    ///
    /// Prints a line for each process that compiles, and for each problem its file, line, column, element and reason.
    /// Folders are searched for files that end in .bpmn or .bpmn20.xml. Exit code 1 if any model is refused. Constructs that
    /// run and may surprise are warnings, and so are states from which a case cannot end well, with the shortest way there:
    /// they change no exit code.
    #[command(after_long_help = CHECK_DOCUMENT)]
    Check(CheckArgs),
    /// Compile models into one store file
    ///
    /// Each process becomes a record under its id. The file is written beside its target and renamed when it is
    /// complete; if any model is refused, nothing is written.
    Compile(CompileArgs),
    /// Show what a store file holds, or draw a model
    ///
    /// Lists the workflows; with --workflow, the tasks, timers, decisions and ops of one. With --svg, draws a BPMN 2.0 file from its
    /// diagram information, and with --cases what a play of these cases came to: how often each task was done and how many
    /// steps of its case it waited, how often each flow was taken.
    Inspect(InspectArgs),
    /// Show the whole loop in some seconds, on a model that is built in
    ///
    /// Checks a model and one with a mistake, compiles, inspects, plays a million cases at random and some by data, and
    /// draws where the work is: each step by the command that is printed before it.
    Demo(DemoArgs),
    /// Print the script that completes commands and flags in a shell
    ///
    /// For bash: wf completions bash > ~/.local/share/bash-completion/completions/wf. For zsh: a file _wf in a folder of
    /// $fpath. For fish: ~/.config/fish/completions/wf.fish.
    Completions(CompletionsArgs),
    /// Print the manual page of the program or of a command
    ///
    /// To read it: wf man run | man -l -. To install it: wf man > ~/.local/share/man/man1/wf.1.
    Man(ManArgs),
}

#[derive(Debug, Args)]
pub(crate) struct DemoArgs {
    /// Keep the model, the store and the drawing in this folder [default: a temporary one]
    #[arg(long, value_name = "DIR")]
    pub(crate) folder: Option<PathBuf>,
    /// Cases of the play at random
    #[arg(long, value_name = "N", default_value = "1000000", value_parser = count)]
    pub(crate) cases: u64,
    /// Print one JSON document and nothing else: each step with its command and the document of that
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct CompletionsArgs {
    /// The shell that reads the script
    pub(crate) shell: clap_complete::Shell,
}

#[derive(Debug, Args)]
pub(crate) struct ManArgs {
    /// The command [default: the program]
    pub(crate) command: Option<String>,
}

/// How models are read, for every command that reads some.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct Reading {
    /// Leave a decision to whoever completes the task before it if a condition cannot be evaluated [default: refuse]
    ///
    /// Conditions in FEEL and JUEL are evaluated over the data of a case. Method calls, scripts, quantifiers and functions
    /// that are not known are not: with this flag, such a decision is an outcome that somebody else chooses.
    #[arg(long)]
    pub(crate) external_decisions: bool,
}

#[derive(Debug, Args)]
pub(crate) struct RunArgs {
    /// The BPMN 2.0 file
    pub(crate) model: PathBuf,
    /// Id of the process to run; needed when the file has several, all of which must compile
    #[arg(long, value_name = "ID")]
    pub(crate) process: Option<String>,
    /// Another BPMN file, of which the process calls or, with --talk, messages others; may be given several times
    #[arg(long, value_name = "FILE")]
    pub(crate) with: Vec<PathBuf>,
    /// Cases to start
    #[arg(long, value_name = "N", default_value = "1000000", value_parser = count)]
    pub(crate) cases: u64,
    /// Most cases that live at once [default: all]
    #[arg(long, value_name = "N", value_parser = count)]
    pub(crate) live: Option<u64>,
    /// Threads, each with a shard of its own, at most 256 [default: the available cores]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub(crate) threads: Option<u16>,
    /// Most events in a batch
    #[arg(long, value_name = "N", default_value_t = 1024, value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) batch: u16,
    /// Seed of all random choices
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,
    /// Completions after which a case is given up: a model may have no way to an end
    #[arg(long, value_name = "N", default_value_t = 100_000, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) steps: u32,
    /// Values with which the cases start: JSON or CSV, one case a row
    ///
    /// An array of objects, an object a line, or CSV whose first row names the variables. Case N takes row N, and the rows begin
    /// again when there are more cases. A value is a whole number, a decimal, true, false, a text, null, or of a list how many items
    /// it has; members of an object inside are dotted names. In CSV an empty cell is null, and a text in quotation marks is a
    /// text whatever it looks like, but for a JSON array. Decisions that have conditions are then made by the data; a case
    /// for which a condition has no answer is an incident and given up. No task changes a value: a case that its values send
    /// round a loop stays there until --steps, unless --outcome says how likely it is left.
    #[arg(long, value_name = "FILE")]
    pub(crate) vars: Option<PathBuf>,
    /// How likely the branches of a decision are: GATEWAY=P for the first of two, or GATEWAY=BRANCH:P,BRANCH:P
    ///
    /// GATEWAY is the id of the element that decides, also in a process that is called (PROCESS:GATEWAY where several have it); a
    /// BRANCH the id or name of a flow, or the id of the element that it leads
    /// to. Branches that are not named share what is left. At a gateway that may take several branches each P is that
    /// branch's own, and one that is not named is not taken. Overrules the data of --vars. May be given several times.
    #[arg(long, value_name = "GATEWAY=P")]
    pub(crate) outcome: Vec<String>,
    /// Keep the compiled program in this store file [default: a temporary file]
    #[arg(long, value_name = "FILE")]
    pub(crate) store: Option<PathBuf>,
    /// Write what each case did to this file, as CSV or XES by its name: .csv or .xes
    ///
    /// A row for each completed task and each event: case, activity, lifecycle, moment, step, element, role (its lane). The moment is logical:
    /// the second of a case's step, counted from its start. The cases are played one after another on one thread, with the
    /// choices that they have without a log.
    #[arg(long, value_name = "FILE")]
    pub(crate) log: Option<PathBuf>,
    /// Deliver what the cases send, to the other processes of the file too, on a clock that goes as fast as there is nothing to do
    ///
    /// Cases of the process begin at second 0; a case of another process begins when a message that it starts with is sent, and
    /// belongs to the case that began the talk. A message goes to whoever of these takes it, a signal to all, and to each process that begins with it. Each task takes up to
    /// a day, and timers fire at their time. One thread, one event after another. What then waits for nobody to come is counted.
    #[arg(long, conflicts_with_all = ["log", "vars", "live", "threads"])]
    pub(crate) talk: bool,
    /// Print the summary as one JSON document and nothing else
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) reading: Reading,
}

#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    /// BPMN 2.0 files, or folders of them
    #[arg(required = true, value_name = "MODEL")]
    pub(crate) models: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) reading: Reading,
    /// Print one JSON document and nothing else; its members are in `wf help check`
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct CompileArgs {
    /// BPMN 2.0 files, or folders of them
    #[arg(required = true, value_name = "MODEL")]
    pub(crate) models: Vec<PathBuf>,
    /// The store file to write; one that exists is replaced in one step
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: PathBuf,
    #[command(flatten)]
    pub(crate) reading: Reading,
    /// Print what was written, or the problems, as one JSON document and nothing else
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct InspectArgs {
    /// The store file; with --svg, the BPMN 2.0 file
    pub(crate) file: PathBuf,
    /// Show the tasks, timers, decisions and ops of this workflow
    #[arg(short, long, value_name = "ID")]
    pub(crate) workflow: Option<String>,
    /// Print one JSON document and nothing else
    #[arg(long)]
    pub(crate) json: bool,
    /// Draw the model as its diagram shows it, to this SVG file
    #[arg(long, value_name = "FILE", conflicts_with = "workflow")]
    pub(crate) svg: Option<PathBuf>,
    /// Play so many cases at random first, and draw where they waited and which flows they took
    #[arg(long, value_name = "N", requires = "svg", value_parser = count)]
    pub(crate) cases: Option<u64>,
    /// Seed of all random choices
    #[arg(long, value_name = "N", requires = "cases", default_value_t = 1)]
    pub(crate) seed: u64,
    /// Id of the process to play; needed when the file has several
    #[arg(long, value_name = "ID", requires = "cases")]
    pub(crate) process: Option<String>,
    #[command(flatten)]
    pub(crate) reading: Reading,
}

/// A number of at least 1; underscores may group its digits.
fn count(text: &str) -> Result<u64, String> {
    let digits = text.replace('_', "");
    match digits.parse() {
        Ok(0) => Err("at least 1 is needed".to_owned()),
        Ok(count) => Ok(count),
        Err(_) if !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) => {
            Err("more than 2^64 - 1".to_owned())
        }
        Err(_) => Err("a whole number is needed".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        use clap::CommandFactory;
        Cli::command().debug_assert();
    }

    #[test]
    fn counts_are_whole_numbers_from_one() {
        assert_eq!(count("1_000_000"), Ok(1_000_000));
        for (text, reason) in
            [("0", "at least 1"), ("-1", "whole"), ("1e6", "whole"), ("99999999999999999999", "2^64")]
        {
            assert!(count(text).is_err_and(|error| error.contains(reason)), "{text}");
        }
    }
}
