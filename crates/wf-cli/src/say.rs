//! Words for people: on the standard error, which may be closed, and safe to print.

use std::borrow::Cow;
use std::fmt;
use std::io::{self, Write};

/// Prints a line on the standard error. That it cannot be written changes neither the result nor the exit code.
pub(crate) fn complain(line: impl fmt::Display) {
    let _ = writeln!(io::stderr(), "{}", printable(&line.to_string()));
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
