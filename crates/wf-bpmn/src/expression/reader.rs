//! The part of both grammars that is the same: operators by how strongly they bind, with the nesting bounded.

use wf_net::guard::{Binary, Comparison};

use super::lexer::{At, Lexer, Token};
use super::operand::Operand;
use super::{DEPTH_MAX, Dialect, Fault, FaultKind};

/// What stands between two operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Infix {
    Logic(Binary),
    Compare(Comparison),
    Arithmetic(Binary),
}

impl Infix {
    /// How strongly it binds; `is_split` where equality binds less than order.
    pub(super) const fn strength(self, is_split: bool) -> u8 {
        match self {
            Self::Logic(Binary::Or) => 1,
            Self::Logic(_) => 2,
            Self::Compare(Comparison::Equal | Comparison::NotEqual) if is_split => 3,
            Self::Compare(_) => 4,
            Self::Arithmetic(Binary::Add | Binary::Subtract) => 5,
            Self::Arithmetic(_) => 6,
        }
    }
}

/// How strongly a comparison of FEEL binds, and what it compares.
pub(super) const COMPARISON: u8 = 4;
pub(super) const SUM: u8 = 5;

/// Deepest nesting of a text: what is printed has every operation in parentheses of its own, a function in two.
const NESTING_MAX: usize = 2 * DEPTH_MAX + 2;

/// Reads the tokens of a text, with one token of foresight.
#[derive(Clone, Debug)]
pub(super) struct Reader<'t> {
    text: &'t str,
    lexer: Lexer<'t>,
    pub(super) ahead: At<'t>,
    depth: usize,
}

impl<'t> Reader<'t> {
    pub(super) fn new(text: &'t str, begin: usize, dialect: Dialect) -> Result<Self, Fault> {
        let mut lexer = Lexer::new(text, begin, dialect);
        let ahead = lexer.next()?;
        Ok(Self { text, lexer, ahead, depth: 0 })
    }

    /// The text up to an offset.
    pub(super) fn between(&self, begin: usize, end: usize) -> &'t str {
        &self.text[begin..end]
    }

    /// Takes the token ahead.
    pub(super) fn take(&mut self) -> Result<At<'t>, Fault> {
        let next = self.lexer.next()?;
        Ok(core::mem::replace(&mut self.ahead, next))
    }

    /// The token behind the one ahead.
    pub(super) fn second(&self) -> Option<Token<'t>> {
        self.lexer.clone().next().ok().map(|at| at.token)
    }

    pub(super) fn is_sign(&self, sign: &str) -> bool {
        matches!(self.ahead.token, Token::Sign(found) if found == sign)
    }

    pub(super) fn is_word(&self, word: &str) -> bool {
        matches!(self.ahead.token, Token::Word(found) if found == word)
    }

    /// Takes a sign if it is the one ahead.
    pub(super) fn accept(&mut self, sign: &str) -> Result<bool, Fault> {
        let is_there = self.is_sign(sign);
        if is_there {
            self.take()?;
        }
        Ok(is_there)
    }

    pub(super) fn expect(&mut self, sign: &str, needed: &'static str) -> Result<(), Fault> {
        if self.accept(sign)? { Ok(()) } else { Err(self.unexpected(needed)) }
    }

    pub(super) fn expect_word(&mut self, word: &str, needed: &'static str) -> Result<(), Fault> {
        if !self.is_word(word) {
            return Err(self.unexpected(needed));
        }
        self.take().map(drop)
    }

    pub(super) fn unexpected(&self, needed: &'static str) -> Fault {
        let found = self.ahead.token.shown();
        Fault::new(self.ahead.offset, FaultKind::Unexpected { found, needed })
    }

    /// Reads something inside of something else.
    pub(super) fn nested<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T, Fault>) -> Result<T, Fault> {
        if self.depth == NESTING_MAX {
            return Err(Fault::new(self.ahead.offset, FaultKind::TooDeep));
        }
        self.depth += 1;
        let result = read(self);
        self.depth -= 1;
        result
    }
}

/// Something that the notation has and no condition here can have.
pub(super) fn beyond(offset: usize, what: impl Into<String>) -> Fault {
    Fault::new(offset, FaultKind::Beyond(what.into()))
}

/// A number, a text, or an expression in parentheses: the same in both notations.
pub(super) fn constant<'t>(
    reader: &mut Reader<'t>,
    expression: impl FnOnce(&mut Reader<'t>) -> Result<Operand, Fault>,
) -> Result<Operand, Fault> {
    let At { token, offset, .. } = reader.take()?;
    match token {
        Token::Integer(value) => Operand::integer(value, false, offset),
        Token::Decimal(value) => Ok(Operand::decimal(value, offset)),
        Token::Text(text) => Ok(Operand::text(text, offset)),
        _ => {
            let inner = expression(reader)?;
            reader.expect(")", "`)`")?;
            Ok(inner)
        }
    }
}

/// Two operands and what stands between them.
pub(super) fn joined(left: Operand, infix: Infix, right: Operand) -> Result<Operand, Fault> {
    let offset = left.offset;
    match infix {
        Infix::Logic(Binary::Or) => left.or(right),
        Infix::Logic(_) => left.and(right),
        Infix::Compare(comparison) => left.compare(comparison, right, offset),
        Infix::Arithmetic(operation) => left.arithmetic(operation, right),
    }
}
