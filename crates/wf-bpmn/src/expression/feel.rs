//! The grammar of FEEL, as far as a condition needs it.

use wf_net::guard::{Binary, Comparison, Expr};

use super::lexer::Token;
use super::operand::Operand;
use super::reader::{COMPARISON, Infix, Reader, SUM, beyond, constant, joined};
use super::{Dialect, Fault, FaultKind};

/// Words that are no part of a name.
const WORDS: [&str; 17] = [
    "and",
    "or",
    "in",
    "between",
    "not",
    "null",
    "true",
    "false",
    "if",
    "then",
    "else",
    "for",
    "return",
    "some",
    "every",
    "satisfies",
    "instance",
];

type Read = Result<Operand, Fault>;

pub(super) fn parse(text: &str) -> Result<Expr, Fault> {
    let begin = text.len() - text.trim_start().len();
    let begin = begin + usize::from(text[begin..].starts_with('='));
    let mut reader = Reader::new(text, begin, Dialect::Feel)?;
    if reader.ahead.token == Token::End {
        return Err(Fault::new(reader.ahead.offset, FaultKind::Empty));
    }
    let condition = expression(&mut reader)?;
    if reader.ahead.token == Token::End {
        return condition.condition();
    }
    Err(ended(&reader))
}

/// Why an expression is over where its text is not.
fn ended(reader: &Reader<'_>) -> Fault {
    let offset = reader.ahead.offset;
    match reader.ahead.token {
        Token::Sign("==") => beyond(offset, "`==` is not FEEL, which compares with `=`"),
        Token::Sign("[") => beyond(offset, "an item or a filter of a list"),
        Token::Sign("**") => beyond(offset, "a power"),
        Token::Word("instance") => beyond(offset, "a test of a type"),
        _ => reader.unexpected("an operator or the end"),
    }
}

fn expression(reader: &mut Reader<'_>) -> Read {
    reader.nested(|reader| binary(reader, 1))
}

/// What stands between operands, if it is ahead.
fn infix(token: &Token<'_>) -> Option<Infix> {
    Some(match token {
        Token::Word("or") => Infix::Logic(Binary::Or),
        Token::Word("and") => Infix::Logic(Binary::And),
        Token::Sign("+") => Infix::Arithmetic(Binary::Add),
        Token::Sign("-") => Infix::Arithmetic(Binary::Subtract),
        Token::Sign("*") => Infix::Arithmetic(Binary::Multiply),
        Token::Sign("/") => Infix::Arithmetic(Binary::Divide),
        Token::Sign("%") => Infix::Arithmetic(Binary::Remainder),
        token => Infix::Compare(comparison(token)?),
    })
}

fn comparison(token: &Token<'_>) -> Option<Comparison> {
    Some(match token {
        Token::Sign("=") => Comparison::Equal,
        Token::Sign("!=") => Comparison::NotEqual,
        Token::Sign("<") => Comparison::Less,
        Token::Sign("<=") => Comparison::LessOrEqual,
        Token::Sign(">") => Comparison::Greater,
        Token::Sign(">=") => Comparison::GreaterOrEqual,
        _ => return None,
    })
}

/// Operands with operators that bind at least so strongly.
fn binary(reader: &mut Reader<'_>, least: u8) -> Read {
    let mut left = unary(reader)?;
    // Comparisons do not follow each other; what bound more strongly is over.
    let mut most = u8::MAX;
    loop {
        if least <= COMPARISON && most > COMPARISON && (reader.is_word("in") || reader.is_word("between")) {
            left = if reader.is_word("in") { within(reader, left)? } else { between(reader, left)? };
            most = COMPARISON - 1;
            continue;
        }
        let Some(infix) = infix(&reader.ahead.token) else { return Ok(left) };
        let strength = infix.strength(false);
        if strength < least || strength > most {
            return Ok(left);
        }
        if let Infix::Logic(operation) = infix {
            left = chain(reader, left, operation, strength)?;
            most = strength;
            continue;
        }
        reader.take()?;
        let right = binary(reader, strength + 1)?;
        left = joined(left, infix, right)?;
        most = if strength == COMPARISON { COMPARISON - 1 } else { strength };
    }
}

/// The rest of a chain of `and` or `or`.
fn chain(reader: &mut Reader<'_>, first: Operand, operation: Binary, strength: u8) -> Read {
    let mut parts = vec![first];
    while infix(&reader.ahead.token) == Some(Infix::Logic(operation)) {
        reader.take()?;
        parts.push(binary(reader, strength + 1)?);
    }
    Operand::chain(operation, parts)
}

/// `x between a and b`.
fn between(reader: &mut Reader<'_>, value: Operand) -> Read {
    let offset = value.offset;
    reader.take()?;
    let low = binary(reader, SUM)?;
    reader.expect_word("and", "the `and` of a `between`")?;
    let high = binary(reader, SUM)?;
    range(value, (Comparison::GreaterOrEqual, low), (Comparison::LessOrEqual, high), offset)
}

fn range(value: Operand, low: (Comparison, Operand), high: (Comparison, Operand), offset: usize) -> Read {
    let above = value.clone().compare(low.0, low.1, offset)?;
    above.and(value.compare(high.0, high.1, offset)?)
}

/// `x in` a range, a list of values, or one or several tests.
fn within(reader: &mut Reader<'_>, value: Operand) -> Read {
    reader.take()?;
    if comparison(&reader.ahead.token).is_some() {
        return test(reader, value);
    }
    let open = reader.ahead.token.clone();
    let Token::Sign(bracket @ ("[" | "(" | "]")) = open else {
        if matches!(reader.ahead.token, Token::Word(_)) {
            return Err(beyond(reader.ahead.offset, "a list that is a variable"));
        }
        return Err(reader.unexpected("a range or a list"));
    };
    reader.nested(|reader| {
        reader.take()?;
        if bracket != "]" && (comparison(&reader.ahead.token).is_some() || !is_value(reader)) {
            return tests(reader, value, bracket);
        }
        let first = binary(reader, SUM)?;
        if reader.is_sign("..") {
            return range_from(reader, value, bracket == "[", first);
        }
        if bracket == "]" {
            return Err(reader.unexpected("the `..` of a range"));
        }
        let offset = value.offset;
        let is_first = value.clone().compare(Comparison::Equal, first, offset)?;
        if reader.accept(",")? {
            let more = tests(reader, value, bracket)?;
            return is_first.or(more);
        }
        close(reader, bracket)?;
        Ok(is_first)
    })
}

/// Whether a plain value is ahead, no range.
fn is_value(reader: &Reader<'_>) -> bool {
    !matches!(reader.ahead.token, Token::Sign("[" | "]"))
}

/// Tests up to the closing bracket, of which one must hold.
fn tests(reader: &mut Reader<'_>, value: Operand, bracket: &str) -> Read {
    let mut parts = vec![test(reader, value.clone())?];
    while reader.accept(",")? {
        if parts.iter().map(|part| part.size).sum::<usize>() > super::SIZE_MAX {
            return Err(Fault::new(reader.ahead.offset, FaultKind::TooLarge));
        }
        parts.push(test(reader, value.clone())?);
    }
    close(reader, bracket)?;
    Operand::chain(Binary::Or, parts)
}

fn close(reader: &mut Reader<'_>, bracket: &str) -> Result<(), Fault> {
    if bracket == "[" { reader.expect("]", "`,` or `]`") } else { reader.expect(")", "`,` or `)`") }
}

/// One test of a value: a comparison, a range, or what it may equal.
fn test(reader: &mut Reader<'_>, value: Operand) -> Read {
    let offset = value.offset;
    if let Some(comparison) = comparison(&reader.ahead.token) {
        reader.take()?;
        let other = binary(reader, SUM)?;
        return value.compare(comparison, other, offset);
    }
    if let Token::Sign(bracket @ ("[" | "]" | "(")) = reader.ahead.token {
        return reader.nested(|reader| {
            reader.take()?;
            let low = binary(reader, SUM)?;
            if reader.is_sign("..") {
                return range_from(reader, value, bracket == "[", low);
            }
            if bracket != "(" {
                return Err(reader.unexpected("the `..` of a range"));
            }
            reader.expect(")", "`)` or the `..` of a range")?;
            value.compare(Comparison::Equal, low, offset)
        });
    }
    let other = binary(reader, SUM)?;
    value.compare(Comparison::Equal, other, offset)
}

/// The rest of a range, from its dots on.
fn range_from(reader: &mut Reader<'_>, value: Operand, is_closed: bool, low: Operand) -> Read {
    let offset = value.offset;
    reader.take()?;
    let high = binary(reader, SUM)?;
    let above = if is_closed { Comparison::GreaterOrEqual } else { Comparison::Greater };
    let below = match reader.ahead.token {
        Token::Sign("]") => Comparison::LessOrEqual,
        Token::Sign(")" | "[") => Comparison::Less,
        _ => return Err(reader.unexpected("the end of a range")),
    };
    reader.take()?;
    range(value, (above, low), (below, high), offset)
}

fn unary(reader: &mut Reader<'_>) -> Read {
    if !reader.is_sign("-") {
        return primary(reader);
    }
    let offset = reader.take()?.offset;
    if let Token::Integer(value) = reader.ahead.token {
        reader.take()?;
        return Operand::integer(value, true, offset);
    }
    reader.nested(unary)?.negate(offset)
}

fn primary(reader: &mut Reader<'_>) -> Read {
    let offset = reader.ahead.offset;
    match reader.ahead.token.clone() {
        Token::Integer(_) | Token::Decimal(_) | Token::Text(_) | Token::Sign("(") => {
            constant(reader, expression)
        }
        Token::Sign("[") => Err(beyond(offset, "a list or a range, which stands only behind `in`")),
        Token::Sign("{") => Err(beyond(offset, "a context")),
        Token::Sign("@") => Err(beyond(offset, "a date or a time")),
        Token::Word(word) => self::word(reader, word, offset),
        _ => Err(reader.unexpected("a value")),
    }
}

fn word(reader: &mut Reader<'_>, word: &str, offset: usize) -> Read {
    match word {
        "true" | "false" => {
            reader.take()?;
            Ok(Operand::truth(word == "true", offset))
        }
        "null" => {
            reader.take()?;
            Ok(Operand::null(offset))
        }
        "not" => {
            reader.take()?;
            argument(reader)?.not(offset)
        }
        "if" => {
            reader.take()?;
            let condition = expression(reader)?;
            reader.expect_word("then", "`then`")?;
            let then = expression(reader)?;
            reader.expect_word("else", "`else`")?;
            condition.choice(then, expression(reader)?)
        }
        "some" | "every" => Err(beyond(offset, format!("`{word}` looks at each item of a list"))),
        "for" => Err(beyond(offset, "`for` makes a list")),
        _ if WORDS.contains(&word) => Err(reader.unexpected("a value")),
        _ => named(reader, offset),
    }
}

/// A name, or the call of a function.
fn named(reader: &mut Reader<'_>, offset: usize) -> Read {
    let mut name = String::new();
    let mut end;
    loop {
        let Token::Word(word) = reader.ahead.token else { return Err(reader.unexpected("a name")) };
        name.push_str(word);
        end = reader.take()?.end;
        if reader.accept(".")? {
            name.push('.');
            continue;
        }
        match reader.ahead.token {
            Token::Word(next) if !WORDS.contains(&next) => name.push(' '),
            _ => break,
        }
    }
    if reader.is_sign(":") {
        return Err(beyond(offset, "a name with a prefix, as XPath has"));
    }
    if !reader.is_sign("(") {
        return Ok(Operand::variable(name, offset));
    }
    match name.as_str() {
        "count" => argument(reader)?.length(offset),
        "abs" => argument(reader)?.absolute(offset),
        _ => {
            let name = crate::xml::shorten(reader.between(offset, end));
            Err(beyond(offset, format!("`{name}(...)` is a function that is not known")))
        }
    }
}

/// The one argument of a function.
fn argument(reader: &mut Reader<'_>) -> Read {
    reader.expect("(", "`(`")?;
    let value = expression(reader)?;
    reader.expect(")", "`)`")?;
    Ok(value)
}
