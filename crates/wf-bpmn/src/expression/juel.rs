//! The grammar of JUEL, as far as a condition needs it.

use wf_net::guard::{Binary, Comparison, Expr};

use super::lexer::Token;
use super::operand::Operand;
use super::reader::{Infix, Reader, beyond, constant, joined};
use super::{Dialect, Fault, FaultKind};

/// Words that are no names.
pub(super) const WORDS: [&str; 16] = [
    "and",
    "or",
    "not",
    "eq",
    "ne",
    "lt",
    "gt",
    "le",
    "ge",
    "true",
    "false",
    "null",
    "instanceof",
    "empty",
    "div",
    "mod",
];

type Read = Result<Operand, Fault>;

pub(super) fn parse(text: &str) -> Result<Expr, Fault> {
    let begin = text.len() - text.trim_start().len();
    let is_wrapped = text[begin..].starts_with("${") || text[begin..].starts_with("#{");
    let begin = begin + if is_wrapped { 2 } else { 0 };
    let mut reader = Reader::new(text, begin, Dialect::Juel)?;
    if reader.ahead.token == Token::End || (is_wrapped && reader.is_sign("}")) {
        return Err(Fault::new(reader.ahead.offset, FaultKind::Empty));
    }
    let condition = expression(&mut reader)?;
    if is_wrapped {
        if !reader.is_sign("}") {
            return Err(ended(&reader));
        }
        let end = reader.ahead.end;
        // What follows is no part of the language, so it is not cut into tokens.
        let rest = reader.between(end, text.len());
        if !rest.trim().is_empty() {
            let offset = text.len() - rest.trim_start().len();
            return Err(beyond(offset, "a text beside `${...}`: a condition is one expression"));
        }
        return condition.condition();
    }
    if reader.ahead.token == Token::End { condition.condition() } else { Err(ended(&reader)) }
}

/// Why an expression is over where its text is not.
fn ended(reader: &Reader<'_>) -> Fault {
    let offset = reader.ahead.offset;
    match reader.ahead.token {
        Token::Sign("=") => beyond(offset, "`=` is not JUEL, which compares with `==`"),
        Token::Sign("[") => beyond(offset, "an item of a list"),
        Token::Sign(";" | "->") => beyond(offset, "a script"),
        Token::Word("instanceof") => beyond(offset, "a test of a type"),
        _ => reader.unexpected("an operator or the end"),
    }
}

/// bool `?` a `:` b, or an expression without a choice.
fn expression(reader: &mut Reader<'_>) -> Read {
    reader.nested(|reader| {
        let condition = binary(reader, 1)?;
        if !reader.accept("?")? {
            return Ok(condition);
        }
        let then = expression(reader)?;
        reader.expect(":", "the `:` of a choice")?;
        condition.choice(then, expression(reader)?)
    })
}

fn infix(token: &Token<'_>) -> Option<Infix> {
    Some(match token {
        Token::Sign("||") | Token::Word("or") => Infix::Logic(Binary::Or),
        Token::Sign("&&") | Token::Word("and") => Infix::Logic(Binary::And),
        Token::Sign("==") | Token::Word("eq") => Infix::Compare(Comparison::Equal),
        Token::Sign("!=") | Token::Word("ne") => Infix::Compare(Comparison::NotEqual),
        Token::Sign("<") | Token::Word("lt") => Infix::Compare(Comparison::Less),
        Token::Sign("<=") | Token::Word("le") => Infix::Compare(Comparison::LessOrEqual),
        Token::Sign(">") | Token::Word("gt") => Infix::Compare(Comparison::Greater),
        Token::Sign(">=") | Token::Word("ge") => Infix::Compare(Comparison::GreaterOrEqual),
        Token::Sign("+") => Infix::Arithmetic(Binary::Add),
        Token::Sign("-") => Infix::Arithmetic(Binary::Subtract),
        Token::Sign("*") => Infix::Arithmetic(Binary::Multiply),
        Token::Sign("/") | Token::Word("div") => Infix::Arithmetic(Binary::Divide),
        Token::Sign("%") | Token::Word("mod") => Infix::Arithmetic(Binary::Remainder),
        _ => return None,
    })
}

/// Operands with operators that bind at least so strongly; those that bind the same, from the left.
fn binary(reader: &mut Reader<'_>, least: u8) -> Read {
    let mut left = unary(reader)?;
    while let Some(next) = infix(&reader.ahead.token).filter(|next| next.strength(true) >= least) {
        if let Infix::Logic(operation) = next {
            let mut parts = vec![left];
            while infix(&reader.ahead.token) == Some(next) {
                reader.take()?;
                parts.push(binary(reader, next.strength(true) + 1)?);
            }
            left = Operand::chain(operation, parts)?;
        } else {
            reader.take()?;
            left = joined(left, next, binary(reader, next.strength(true) + 1)?)?;
        }
    }
    Ok(left)
}

fn unary(reader: &mut Reader<'_>) -> Read {
    let offset = reader.ahead.offset;
    match reader.ahead.token {
        Token::Sign("!") | Token::Word("not") => {
            reader.take()?;
            reader.nested(unary)?.not(offset)
        }
        Token::Word("empty") => {
            reader.take()?;
            reader.nested(unary)?.test_empty(offset)
        }
        Token::Sign("-") => {
            reader.take()?;
            if let Token::Integer(value) = reader.ahead.token {
                reader.take()?;
                return Operand::integer(value, true, offset);
            }
            reader.nested(unary)?.negate(offset)
        }
        _ => primary(reader),
    }
}

fn primary(reader: &mut Reader<'_>) -> Read {
    let offset = reader.ahead.offset;
    match reader.ahead.token.clone() {
        Token::Integer(_) | Token::Decimal(_) | Token::Text(_) | Token::Sign("(") => {
            constant(reader, expression)
        }
        Token::Word(word @ ("true" | "false")) => {
            reader.take()?;
            Ok(Operand::truth(word == "true", offset))
        }
        Token::Word("null") => {
            reader.take()?;
            Ok(Operand::null(offset))
        }
        Token::Word(word) if !WORDS.contains(&word) => named(reader, offset),
        Token::Sign("[") => Err(beyond(offset, "a list")),
        Token::Sign("{") => Err(beyond(offset, "a map or a set")),
        _ => Err(reader.unexpected("a value")),
    }
}

/// A name, a function with a prefix, or one of the methods that only ask a list for its size.
fn named(reader: &mut Reader<'_>, offset: usize) -> Read {
    let mut name = String::new();
    let mut end;
    loop {
        let Token::Word(word) = reader.ahead.token else { return Err(reader.unexpected("a name")) };
        end = reader.take()?.end;
        if !name.is_empty() && reader.is_sign("(") {
            return method(reader, name, word, offset, end);
        }
        if !name.is_empty() {
            name.push('.');
        }
        name.push_str(word);
        if !reader.accept(".")? {
            break;
        }
    }
    let is_prefix = !name.contains('.') && matches!(reader.second(), Some(Token::Word(_)));
    if reader.is_sign(":") && is_prefix && is_known(&name) {
        reader.take()?;
        let Token::Word(function) = reader.ahead.token else { return Err(reader.unexpected("a function")) };
        end = reader.take()?.end;
        return self::function(reader, &name, function, offset, end);
    }
    match reader.ahead.token {
        Token::Sign("(") => Err(unknown(reader, offset, end)),
        Token::Sign("[") => {
            Err(beyond(offset, format!("`{}[...]` is an item of a list", crate::xml::shorten(&name))))
        }
        _ => Ok(Operand::variable(name, offset)),
    }
}

fn unknown(reader: &Reader<'_>, offset: usize, end: usize) -> Fault {
    let name = crate::xml::shorten(reader.between(offset, end));
    beyond(offset, format!("`{name}(...)` is a function that is not known"))
}

fn method(reader: &mut Reader<'_>, list: String, name: &str, offset: usize, end: usize) -> Read {
    if matches!(name, "size" | "isEmpty") && reader.second() == Some(Token::Sign(")")) {
        reader.take()?;
        reader.take()?;
        let length = Operand::variable(list, offset).length(offset)?;
        if name == "size" {
            return Ok(length);
        }
        return length.compare(Comparison::Equal, Operand::integer(0, false, offset)?, offset);
    }
    let name = crate::xml::shorten(reader.between(offset, end));
    Err(beyond(offset, format!("`{name}(...)` is a method call")))
}

/// Prefixes of functions; of other names, a colon belongs to a choice.
fn is_known(prefix: &str) -> bool {
    matches!(prefix, "var" | "vars" | "variables" | "fn")
}

/// fn:length, and Flowable's comparisons of a variable that may be missing.
fn function(reader: &mut Reader<'_>, prefix: &str, name: &str, offset: usize, end: usize) -> Read {
    let unknown = unknown(reader, offset, end);
    reader.expect("(", "`(`")?;
    if prefix == "fn" {
        if name != "length" {
            return Err(unknown);
        }
        let list = expression(reader)?;
        reader.expect(")", "`)`")?;
        return list.length(offset);
    }
    let comparison = match name {
        "equals" | "eq" => Some(Comparison::Equal),
        "notEquals" | "ne" => Some(Comparison::NotEqual),
        "lowerThan" | "lessThan" | "lt" => Some(Comparison::Less),
        "lowerThanOrEquals" | "lessThanOrEquals" | "lte" => Some(Comparison::LessOrEqual),
        "greaterThan" | "gt" => Some(Comparison::Greater),
        "greaterThanOrEquals" | "gte" => Some(Comparison::GreaterOrEqual),
        "exists" | "exist" | "isEmpty" | "empty" | "isNotEmpty" | "notEmpty" | "get" => None,
        _ => return Err(unknown),
    };
    let variable = variable(reader)?;
    let Some(comparison) = comparison else {
        reader.expect(")", "`)`")?;
        return match name {
            "get" => Ok(variable),
            "exists" | "exist" => variable.compare_null(offset)?.not(offset),
            "isEmpty" | "empty" => variable.test_empty(offset),
            _ => variable.test_empty(offset)?.not(offset),
        };
    };
    reader.expect(",", "`,` and a value")?;
    let value = expression(reader)?;
    reader.expect(")", "`)`")?;
    let missing = variable.clone().compare_null(offset)?;
    let compared = variable.compare(comparison, value, offset)?;
    if comparison == Comparison::NotEqual { missing.or(compared) } else { missing.not(offset)?.and(compared) }
}

/// A variable by its name, plain or as a text.
fn variable(reader: &mut Reader<'_>) -> Read {
    let offset = reader.ahead.offset;
    let name = match reader.ahead.token.clone() {
        Token::Text(name) if !name.is_empty() => name,
        Token::Word(name) if !WORDS.contains(&name) => name.to_owned(),
        _ => return Err(reader.unexpected("the name of a variable")),
    };
    reader.take()?;
    if !super::print::is_name(&name) {
        return Err(beyond(offset, "a name that is no word"));
    }
    Ok(Operand::variable(name, offset))
}
