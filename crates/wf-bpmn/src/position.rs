//! Where something stands in a document: line and column, counted as a text editor does.

use core::fmt;

/// A place in a document.
///
/// Lines end at `\n`, `\r\n` or a lone `\r`. A byte order mark counts for nothing. The order of
/// positions is the order in the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// The line, from 1.
    pub line: u32,
    /// The column in characters (not bytes), from 1.
    pub column: u32,
}

impl Position {
    /// Line 1, column 1.
    pub const START: Self = Self { line: 1, column: 1 };

    /// The position of the byte at `offset`. Cost: one pass over the text before it.
    pub(crate) fn of(text: &str, offset: usize) -> Self {
        let mut cursor = Cursor::new(text);
        cursor.advance(offset)
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// Turns ever larger byte offsets into positions, in one pass over the text altogether.
///
/// A search back to the line's start would be quadratic in a document of one long line.
#[derive(Debug)]
pub(crate) struct Cursor<'x> {
    text: &'x str,
    offset: usize,
    position: Position,
}

impl<'x> Cursor<'x> {
    pub(crate) const fn new(text: &'x str) -> Self {
        Self { text, offset: 0, position: Position::START }
    }

    /// The position of `offset`, which must not be before that of the last call; an offset past the end is the end.
    pub(crate) fn advance(&mut self, offset: usize) -> Position {
        debug_assert!(offset >= self.offset, "offsets are handed over in the order of the text");
        let bytes = self.text.as_bytes();
        let end = offset.min(bytes.len());
        while self.offset < end {
            let byte = bytes[self.offset];
            self.offset += 1;
            if byte == b'\n' || (byte == b'\r' && bytes.get(self.offset) != Some(&b'\n')) {
                self.position.line = self.position.line.saturating_add(1);
                self.position.column = 1;
            } else if byte & 0xC0 != 0x80 && byte != b'\r' {
                // Only the first byte of a character counts.
                self.position.column = self.position.column.saturating_add(1);
            }
        }
        self.position
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters_and_lines_end_in_three_ways() {
        let check = |text: &str, offset: usize, line: u32, column: u32| {
            assert_eq!(Position::of(text, offset), Position { line, column }, "{text:?} at {offset}");
        };
        check("", 0, 1, 1);
        check("abc", 2, 1, 3);
        check("abc", 99, 1, 4);
        check("a\nb", 2, 2, 1);
        check("a\r\nb", 3, 2, 1);
        check("a\rb", 2, 2, 1);
        check("a\r\r\nb", 4, 3, 1);
        check("größe<", 7, 1, 6);
        check("\u{1F4E6}<", 4, 1, 2);
    }

    #[test]
    fn a_cursor_agrees_with_a_fresh_search() {
        let text = "ab\ncd\r\nßé\u{1F4E6}\rend\n";
        let mut cursor = Cursor::new(text);
        for (offset, _) in text.char_indices() {
            assert_eq!(cursor.advance(offset), Position::of(text, offset));
        }
    }
}
