//! A condition as a tree: what front ends make and people read.

use core::fmt;

/// A condition, or a part of one.
///
/// # Examples
/// ```
/// use wf_net::guard::{Comparison, Expr};
///
/// // amount > 1000 and kind = "new"
/// let large = Expr::variable("amount").compare(Comparison::Greater, Expr::integer(1000));
/// let new = Expr::variable("kind").compare(Comparison::Equal, Expr::text("new"));
/// assert_eq!(large.and(new).to_string(), "((amount > 1000) and (kind = \"new\"))");
/// ```
#[derive(Clone, Debug, PartialEq)]
pub enum Expr {
    /// A constant.
    Literal(Literal),
    /// The value of a variable of the case; a dotted name is one name.
    Variable(String),
    /// One operand.
    Unary(Unary, Box<Expr>),
    /// Two operands.
    Binary(Binary, Box<Expr>, Box<Expr>),
    /// Whether two values are in this order.
    Compare(Comparison, Box<Expr>, Box<Expr>),
    /// Whether a variable has no value.
    IsNull(String),
    /// How many: a whole number from 0 to this many; of anything else there is no answer.
    Count(Box<Expr>, u16),
    /// How many instances there are of the task whose completion condition this is a part of.
    Tally(Tally),
}

/// Which instances of a task are counted, the one that has just been completed among the completed ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Tally {
    /// All that there have been.
    All,
    /// The completed ones.
    Completed,
    /// Those that are neither completed nor withdrawn.
    Active,
    /// Those that were withdrawn while the task goes on: none, since a task is done when it withdraws instances.
    Terminated,
}

impl Tally {
    /// All of them, in the order of their codes.
    pub const EACH: [Self; 4] = [Self::All, Self::Completed, Self::Active, Self::Terminated];

    /// Its name in FEEL, as Camunda 8 has it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::All => "numberOfInstances",
            Self::Completed => "numberOfCompletedInstances",
            Self::Active => "numberOfActiveInstances",
            Self::Terminated => "numberOfTerminatedInstances",
        }
    }
}

/// A constant.
#[derive(Clone, Debug, PartialEq)]
pub enum Literal {
    /// A whole number.
    Integer(i64),
    /// A number with a fraction; finite.
    Decimal(f64),
    /// A truth value.
    Boolean(bool),
    /// A text.
    Text(String),
}

/// Operations on one value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Unary {
    /// The other truth value.
    Not,
    /// The number below zero instead of above, and the other way round.
    Negate,
    /// The distance from zero.
    Absolute,
    /// Number of items of a list.
    Length,
}

/// Operations on two values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Binary {
    /// Both hold.
    And,
    /// At least one holds.
    Or,
    /// Sum of numbers.
    Add,
    /// Difference of numbers.
    Subtract,
    /// Product of numbers.
    Multiply,
    /// Quotient of numbers, always a decimal.
    Divide,
    /// Remainder of a division of integers, with the sign of the first.
    Remainder,
}

/// An order of two values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Comparison {
    /// The same number, text or truth value.
    Equal,
    /// Not the same.
    NotEqual,
    /// The first number is smaller.
    Less,
    /// The first number is not greater.
    LessOrEqual,
    /// The first number is greater.
    Greater,
    /// The first number is not smaller.
    GreaterOrEqual,
}

impl Expr {
    /// A whole number.
    #[must_use]
    pub const fn integer(value: i64) -> Self {
        Self::Literal(Literal::Integer(value))
    }

    /// A text.
    #[must_use]
    pub fn text(value: &str) -> Self {
        Self::Literal(Literal::Text(value.to_owned()))
    }

    /// The value of a variable.
    #[must_use]
    pub fn variable(name: &str) -> Self {
        Self::Variable(name.to_owned())
    }

    /// Whether this value and another are in an order.
    #[must_use]
    pub fn compare(self, comparison: Comparison, other: Self) -> Self {
        Self::Compare(comparison, Box::new(self), Box::new(other))
    }

    /// Whether both hold.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self::Binary(Binary::And, Box::new(self), Box::new(other))
    }

    /// Whether at least one holds.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self::Binary(Binary::Or, Box::new(self), Box::new(other))
    }

    /// Whether a part of it is a number of instances.
    #[must_use]
    pub fn has_tally(&self) -> bool {
        // Without recursion: a caller's expression may be nested as deep as it likes.
        let mut open = vec![self];
        while let Some(expr) = open.pop() {
            match expr {
                Self::Tally(_) => return true,
                Self::Unary(_, of) | Self::Count(of, _) => open.push(of),
                Self::Binary(_, one, two) | Self::Compare(_, one, two) => open.extend([&**one, &**two]),
                Self::Literal(_) | Self::Variable(_) | Self::IsNull(_) => {}
            }
        }
        false
    }

    /// Whether it does not hold.
    #[must_use]
    pub fn negated(self) -> Self {
        Self::Unary(Unary::Not, Box::new(self))
    }
}

/// In the notation of FEEL, every operation in parentheses.
impl fmt::Display for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Literal(literal) => literal.fmt(f),
            Self::Variable(name) => f.write_str(name),
            Self::Unary(Unary::Not, of) => write!(f, "not({of})"),
            Self::Unary(Unary::Negate, of) => write!(f, "(-{of})"),
            Self::Unary(Unary::Absolute, of) => write!(f, "abs({of})"),
            Self::Unary(Unary::Length, of) => write!(f, "count({of})"),
            Self::Binary(operation, one, two) => write!(f, "({one} {operation} {two})"),
            Self::Compare(comparison, one, two) => write!(f, "({one} {comparison} {two})"),
            Self::Count(of, _) => of.fmt(f),
            Self::IsNull(name) => write!(f, "({name} = null)"),
            Self::Tally(tally) => f.write_str(tally.name()),
        }
    }
}

impl fmt::Display for Literal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Integer(value) => value.fmt(f),
            // With a point, so that it is read as a decimal again.
            Self::Decimal(value) => write!(f, "{value:?}"),
            Self::Boolean(value) => value.fmt(f),
            Self::Text(text) => write!(f, "\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")),
        }
    }
}

impl fmt::Display for Binary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::And => "and",
            Self::Or => "or",
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Multiply => "*",
            Self::Divide => "/",
            Self::Remainder => "%",
        })
    }
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Equal => "=",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
        })
    }
}
