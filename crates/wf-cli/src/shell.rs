//! What shells and readers of manuals want to know of the commands: completions and man pages.

use std::io::{self, Write};

use clap::CommandFactory;
use clap_complete::Generator;

use crate::cli::{Cli, CompletionsArgs, ManArgs};
use crate::exit::Failure;

/// `wf completions SHELL`: the script that a shell reads to complete commands and flags.
pub(crate) fn completions(args: &CompletionsArgs) -> Result<(), Failure> {
    let mut command = Cli::command();
    command.set_bin_name("wf");
    command.build();
    let mut script = Vec::new();
    args.shell.try_generate(&command, &mut script).map_err(|error| Failure::stdout(&error))?;
    write(&script)
}

/// `wf man [COMMAND]`: the page of the program, or of one command, as man(1) reads it.
pub(crate) fn man(args: &ManArgs) -> Result<(), Failure> {
    let mut command = Cli::command();
    command.build();
    let chosen = match &args.command {
        None => command,
        Some(name) => {
            let known: Vec<String> = command.get_subcommands().map(|one| one.get_name().to_owned()).collect();
            let found = command.find_subcommand(name).ok_or_else(|| {
                Failure::Usage(format!("no command {name:?}; there are {}", known.join(", ")))
            })?;
            // Its page is called by the name with a dash that it was built with, as `man wf-run` asks for it.
            found.clone()
        }
    };
    let mut page = Vec::new();
    clap_mangen::Man::new(chosen).render(&mut page).map_err(|error| Failure::stdout(&error))?;
    write(&page)
}

fn write(bytes: &[u8]) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    out.write_all(bytes).and_then(|()| out.flush()).map_err(|error| Failure::stdout(&error))
}
