//! Words for people: on the standard error, which may be closed, and safe to print. Colours are for terminals alone.

use std::borrow::Cow;
use std::fmt;
use std::io::{self, IsTerminal, Write};

/// Prints a line on the standard error. That it cannot be written changes neither the result nor the exit code.
pub(crate) fn complain(line: impl fmt::Display) {
    let line = line.to_string();
    let shown = printable(&line);
    let _ = match shown.split_once(": ").filter(|_| is_coloured(&io::stderr())) {
        Some((word @ "error", rest)) => writeln!(io::stderr(), "{RED}{word}:{PLAIN} {rest}"),
        Some((word @ "hint", rest)) => writeln!(io::stderr(), "{CYAN}{word}:{PLAIN} {rest}"),
        _ => writeln!(io::stderr(), "{shown}"),
    };
}

const RED: &str = "\u{1b}[1;31m";
const CYAN: &str = "\u{1b}[1;36m";
const BOLD: &str = "\u{1b}[1m";
const PLAIN: &str = "\u{1b}[0m";

/// Whether a stream shows colours: a terminal that knows them, and nobody who said no (<https://no-color.org>).
fn is_coloured(stream: &impl IsTerminal) -> bool {
    let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let is_dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    stream.is_terminal() && !is_set("NO_COLOR") && !is_dumb
}

/// A line that stands above others on the standard output.
pub(crate) fn heading(text: &str) -> String {
    if is_coloured(&io::stdout()) { format!("{BOLD}{text}{PLAIN}") } else { text.to_owned() }
}

/// Characters that a terminal obeys instead of showing: controls, and marks that turn the direction of writing.
fn is_obeyed(c: char) -> bool {
    c.is_control() || matches!(c, '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

/// The text with every character that a terminal would obey written as its number.
pub(crate) fn printable(text: &str) -> Cow<'_, str> {
    if !text.contains(is_obeyed) {
        return Cow::Borrowed(text);
    }
    let shown = |c: char| if is_obeyed(c) { c.escape_unicode().to_string() } else { c.to_string() };
    Cow::Owned(text.chars().map(shown).collect())
}

/// Most characters of a name in a table.
const NAME_CHARS_MAX: usize = 48;

/// A name as it stands in a table: printable, and shortened in the middle.
pub(crate) fn name(text: &str) -> String {
    let shown = printable(text);
    let count = shown.chars().count();
    if count <= NAME_CHARS_MAX {
        return shown.into_owned();
    }
    let head: String = shown.chars().take(NAME_CHARS_MAX / 2).collect();
    let tail: String = shown.chars().skip(count - (NAME_CHARS_MAX / 2 - 3)).collect();
    format!("{head}...{tail}")
}

/// How a synchronizing merge finds out that it need not wait.
pub(crate) fn merge_form(program: &wf_net::Program<'_>, merge: usize) -> String {
    let cubes = (0..program.header().cubes as usize).map(|cube| program.cube(cube));
    match cubes.filter(|cube| cube.merge as usize == merge).count() {
        1 => "one mask".to_owned(),
        count => format!("a list of {count} masks"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_obey_is_shown() {
        assert_eq!(printable("plain \u{e9}"), "plain \u{e9}");
        assert_eq!(printable("a\u{9b}2Jb\u{202e}c\n"), "a\\u{9b}2Jb\\u{202e}c\\u{a}");
        assert_eq!(name(&"x".repeat(70_000)).chars().count(), NAME_CHARS_MAX);
        assert_eq!(name("short"), "short");
    }
}
