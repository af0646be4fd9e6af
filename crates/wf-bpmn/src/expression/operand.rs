//! Expressions while they are put together: with what is known of their value, their size and their place.

use wf_net::guard::{Binary, Comparison, Expr, Literal, Unary};

use super::{DEPTH_MAX, Fault, FaultKind, SIZE_MAX};

/// What is known of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Number,
    Text,
    Truth,
    Null,
    /// A variable's: known when it is evaluated.
    Any,
}

impl Kind {
    pub(super) const fn words(self) -> &'static str {
        match self {
            Self::Number => "a number",
            Self::Text => "a text",
            Self::Truth => "a truth value",
            Self::Null => "null",
            Self::Any => "a variable",
        }
    }
}

/// A part of an expression.
#[derive(Clone, Debug)]
pub(super) struct Operand {
    /// For null, which has no expression, `false`.
    expr: Expr,
    pub(super) kind: Kind,
    pub(super) offset: usize,
    depth: usize,
    pub(super) size: usize,
}

type Made = Result<Operand, Fault>;

impl Operand {
    fn leaf(expr: Expr, kind: Kind, offset: usize) -> Self {
        Self { expr, kind, offset, depth: 1, size: 1 }
    }

    pub(super) fn truth(value: bool, offset: usize) -> Self {
        Self::leaf(Expr::Literal(Literal::Boolean(value)), Kind::Truth, offset)
    }

    pub(super) fn null(offset: usize) -> Self {
        Self { kind: Kind::Null, ..Self::truth(false, offset) }
    }

    pub(super) fn text(text: String, offset: usize) -> Self {
        Self::leaf(Expr::Literal(Literal::Text(text)), Kind::Text, offset)
    }

    pub(super) fn decimal(value: f64, offset: usize) -> Self {
        Self::leaf(Expr::Literal(Literal::Decimal(value)), Kind::Number, offset)
    }

    /// A whole number, below zero if it stands behind a minus.
    pub(super) fn integer(value: u64, is_negative: bool, offset: usize) -> Made {
        let value = if is_negative { 0i64.checked_sub_unsigned(value) } else { i64::try_from(value).ok() };
        let value = value.ok_or(Fault::new(offset, FaultKind::NumberTooLarge))?;
        Ok(Self::leaf(Expr::integer(value), Kind::Number, offset))
    }

    pub(super) fn variable(name: String, offset: usize) -> Self {
        Self::leaf(Expr::Variable(name), Kind::Any, offset)
    }

    /// The expression of a whole condition.
    pub(super) fn condition(self) -> Result<Expr, Fault> {
        self.check(Kind::Truth)?;
        Ok(self.expr)
    }

    /// Fails if the value can never be of this kind.
    fn check(&self, needed: Kind) -> Result<(), Fault> {
        if self.kind == needed || self.kind == Kind::Any {
            return Ok(());
        }
        let kind = FaultKind::WrongType { needed: needed.words(), found: self.kind.words() };
        Err(Fault::new(self.offset, kind))
    }

    /// The depth and size of what is made of these parts, if it is within the limits.
    fn measure(parts: &[&Self], offset: usize) -> Result<(usize, usize), Fault> {
        let depth = 1 + parts.iter().map(|part| part.depth).max().unwrap_or(0);
        let size = parts.iter().fold(1, |sum: usize, part| sum.saturating_add(part.size));
        if depth > DEPTH_MAX {
            return Err(Fault::new(offset, FaultKind::TooDeep));
        }
        if size > SIZE_MAX {
            return Err(Fault::new(offset, FaultKind::TooLarge));
        }
        Ok((depth, size))
    }

    fn unary(self, operation: Unary, kind: Kind, offset: usize) -> Made {
        let (depth, size) = Self::measure(&[&self], offset)?;
        Ok(Self { expr: Expr::Unary(operation, Box::new(self.expr)), kind, offset, depth, size })
    }

    pub(super) fn not(self, offset: usize) -> Made {
        self.check(Kind::Truth)?;
        self.unary(Unary::Not, Kind::Truth, offset)
    }

    /// A constant below zero is a constant, so that what is printed is read as the same.
    pub(super) fn negate(self, offset: usize) -> Made {
        self.check(Kind::Number)?;
        match self.expr {
            Expr::Literal(Literal::Integer(value)) => {
                let value = value.checked_neg().ok_or(Fault::new(offset, FaultKind::NumberTooLarge))?;
                Ok(Self::leaf(Expr::integer(value), Kind::Number, offset))
            }
            Expr::Literal(Literal::Decimal(value)) => Ok(Self::decimal(-value, offset)),
            _ => self.unary(Unary::Negate, Kind::Number, offset),
        }
    }

    pub(super) fn absolute(self, offset: usize) -> Made {
        self.check(Kind::Number)?;
        self.unary(Unary::Absolute, Kind::Number, offset)
    }

    /// The number of items of a list, which only a variable can be.
    pub(super) fn length(self, offset: usize) -> Made {
        if self.kind == Kind::Any {
            return self.unary(Unary::Length, Kind::Number, offset);
        }
        let kind = FaultKind::WrongType { needed: "a list", found: self.kind.words() };
        Err(Fault::new(self.offset, kind))
    }

    pub(super) fn compare_null(self, offset: usize) -> Made {
        match self.expr {
            Expr::Variable(name) => Ok(Self::leaf(Expr::IsNull(name), Kind::Truth, offset)),
            _ => {
                let what = "only a variable can be compared with null".to_owned();
                Err(Fault::new(self.offset, FaultKind::Beyond(what)))
            }
        }
    }

    /// Whether there is no list, or one without items.
    pub(super) fn test_empty(self, offset: usize) -> Made {
        let null = self.clone().compare_null(offset)?;
        let zero = Self::integer(0, false, offset)?;
        null.or(self.length(offset)?.compare(Comparison::Equal, zero, offset)?)
    }

    pub(super) fn compare(self, comparison: Comparison, other: Self, offset: usize) -> Made {
        let is_equality = matches!(comparison, Comparison::Equal | Comparison::NotEqual);
        if self.kind == Kind::Null || other.kind == Kind::Null {
            let what = if self.kind == Kind::Null { other } else { self };
            if !is_equality {
                what.check(Kind::Number)?;
                let kind = FaultKind::WrongType { needed: Kind::Number.words(), found: Kind::Null.words() };
                return Err(Fault::new(offset, kind));
            }
            let is_null = what.compare_null(offset)?;
            return if comparison == Comparison::Equal { Ok(is_null) } else { is_null.not(offset) };
        }
        if !is_equality {
            self.check(Kind::Number)?;
            other.check(Kind::Number)?;
        } else if self.kind != Kind::Any {
            other.check(self.kind)?;
        }
        let offset = self.offset;
        let (depth, size) = Self::measure(&[&self, &other], offset)?;
        let expr = self.expr.compare(comparison, other.expr);
        Ok(Self { expr, kind: Kind::Truth, offset, depth, size })
    }

    pub(super) fn arithmetic(self, operation: Binary, other: Self) -> Made {
        self.check(Kind::Number)?;
        other.check(Kind::Number)?;
        self.binary(operation, other, Kind::Number)
    }

    fn binary(self, operation: Binary, other: Self, kind: Kind) -> Made {
        let offset = self.offset;
        let (depth, size) = Self::measure(&[&self, &other], offset)?;
        let expr = Expr::Binary(operation, Box::new(self.expr), Box::new(other.expr));
        Ok(Self { expr, kind, offset, depth, size })
    }

    pub(super) fn or(self, other: Self) -> Made {
        self.logic(Binary::Or, other)
    }

    pub(super) fn and(self, other: Self) -> Made {
        self.logic(Binary::And, other)
    }

    fn logic(self, operation: Binary, other: Self) -> Made {
        self.check(Kind::Truth)?;
        other.check(Kind::Truth)?;
        self.binary(operation, other, Kind::Truth)
    }

    /// A chain of `and` or `or`, both of which may be grouped at will: in halves, so that a long one is not deep.
    pub(super) fn chain(operation: Binary, mut parts: Vec<Self>) -> Made {
        debug_assert!(!parts.is_empty(), "a chain has a first part");
        while parts.len() > 1 {
            let mut pairs = Vec::with_capacity(parts.len().div_ceil(2));
            let mut left = parts.into_iter();
            while let Some(one) = left.next() {
                pairs.push(match left.next() {
                    Some(two) => one.logic(operation, two)?,
                    None => one,
                });
            }
            parts = pairs;
        }
        parts.pop().ok_or(Fault::new(0, FaultKind::Empty))
    }

    /// A choice between two truth values.
    pub(super) fn choice(self, then: Self, otherwise: Self) -> Made {
        let offset = self.offset;
        let not = self.clone().not(offset)?;
        let (yes, no) = (self.and(then)?, not.and(otherwise)?);
        yes.or(no)
    }
}
