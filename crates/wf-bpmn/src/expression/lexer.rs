//! A text as the tokens of either notation.

use super::{Dialect, Fault, FaultKind};

/// A token.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token<'t> {
    /// A name or a word of the language.
    Word(&'t str),
    Integer(u64),
    Decimal(f64),
    Text(String),
    Sign(&'static str),
    End,
}

/// A token and where it begins.
#[derive(Clone, Debug)]
pub(super) struct At<'t> {
    pub(super) token: Token<'t>,
    pub(super) offset: usize,
    pub(super) end: usize,
}

/// Signs, those first that begin with another one.
const FEEL_SIGNS: [&str; 27] = [
    "..", "**", "!=", "<=", ">=", "==", "->", "=", "<", ">", "+", "-", "*", "/", "%", "(", ")", "[", "]",
    "{", "}", ",", ".", ":", "@", "?", "|",
];
const JUEL_SIGNS: [&str; 27] = [
    "==", "!=", "<=", ">=", "&&", "||", "->", "=", "<", ">", "+", "-", "*", "/", "%", "!", "(", ")", "[",
    "]", "{", "}", ",", ".", ":", "?", ";",
];

/// Cuts a text into tokens.
#[derive(Clone, Debug)]
pub(super) struct Lexer<'t> {
    text: &'t str,
    at: usize,
    signs: &'static [&'static str],
    quotes: &'static [char],
}

impl<'t> Lexer<'t> {
    /// Begins at an offset of the text.
    pub(super) const fn new(text: &'t str, at: usize, dialect: Dialect) -> Self {
        let (signs, quotes): (&'static [&'static str], &'static [char]) = match dialect {
            Dialect::Juel => (&JUEL_SIGNS, &['"', '\'']),
            _ => (&FEEL_SIGNS, &['"']),
        };
        Self { text, at, signs, quotes }
    }

    pub(super) fn next(&mut self) -> Result<At<'t>, Fault> {
        let rest = &self.text[self.at..];
        let offset = self.text.len() - rest.trim_start().len();
        let (token, bytes) = self.token(offset)?;
        self.at = offset + bytes;
        Ok(At { token, offset, end: self.at })
    }

    /// The token at an offset, and its length.
    fn token(&self, offset: usize) -> Result<(Token<'t>, usize), Fault> {
        let rest = &self.text[offset..];
        let Some(first) = rest.chars().next() else { return Ok((Token::End, 0)) };
        if self.quotes.contains(&first) {
            return self.quoted(offset, first);
        }
        let follows = rest[first.len_utf8()..].starts_with(|c: char| c.is_ascii_digit());
        if first.is_ascii_digit() || (first == '.' && follows) {
            return number(rest).ok_or(Fault::new(offset, FaultKind::NumberTooLarge));
        }
        if is_name_start(first) {
            let bytes = rest.find(|c| !is_name_part(c)).unwrap_or(rest.len());
            return Ok((Token::Word(&rest[..bytes]), bytes));
        }
        match self.signs.iter().find(|sign| rest.starts_with(**sign)) {
            Some(sign) => Ok((Token::Sign(sign), sign.len())),
            None => Err(Fault::new(offset, FaultKind::Character(first))),
        }
    }

    fn quoted(&self, offset: usize, quote: char) -> Result<(Token<'t>, usize), Fault> {
        let rest = &self.text[offset..];
        let mut text = String::new();
        let mut characters = rest.char_indices().skip(1);
        while let Some((at, c)) = characters.next() {
            match c {
                _ if c == quote => return Ok((Token::Text(text), at + 1)),
                '\\' => {
                    let escape = Fault::new(offset + at, FaultKind::Escape);
                    let c = match characters.next().map(|(_, c)| c) {
                        Some(c @ ('\\' | '"' | '\'')) => c,
                        Some('n') => '\n',
                        Some('t') => '\t',
                        Some('r') => '\r',
                        Some('u') => {
                            let digits: String = characters.by_ref().take(4).map(|(_, c)| c).collect();
                            let code = u32::from_str_radix(&digits, 16).ok().filter(|_| digits.len() == 4);
                            code.and_then(char::from_u32).ok_or(escape)?
                        }
                        _ => return Err(escape),
                    };
                    text.push(c);
                }
                _ => text.push(c),
            }
        }
        Err(Fault::new(offset, FaultKind::OpenText))
    }
}

/// The number that a text begins with; `None` if it is too large. Of `1..5` it is the 1.
fn number<'t>(text: &str) -> Option<(Token<'t>, usize)> {
    let digits = |from: usize| {
        let rest = &text[from..];
        from + rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len())
    };
    let whole = digits(0);
    let mut end = whole;
    if text[end..].starts_with('.') && digits(end + 1) > end + 1 {
        end = digits(end + 1);
    }
    if text[end..].starts_with(['e', 'E']) {
        let sign = usize::from(text[end + 1..].starts_with(['+', '-']));
        if digits(end + 1 + sign) > end + 1 + sign {
            end = digits(end + 1 + sign);
        }
    }
    if end == whole {
        return Some((Token::Integer(text[..end].parse().ok()?), end));
    }
    let value: f64 = text[..end].parse().ok()?;
    value.is_finite().then_some((Token::Decimal(value), end))
}

pub(super) fn is_name_start(c: char) -> bool {
    c.is_alphabetic() || c == '_' || c == '$'
}

pub(super) fn is_name_part(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '$'
}

impl Token<'_> {
    /// The token as a message shows it.
    pub(super) fn shown(&self) -> String {
        match self {
            Self::Word(word) => crate::xml::shorten(word),
            Self::Integer(value) => value.to_string(),
            Self::Decimal(value) => format!("{value:?}"),
            Self::Text(text) => format!("{:?}", crate::xml::shorten(text)),
            Self::Sign(sign) => (*sign).to_owned(),
            Self::End => String::new(),
        }
    }
}
