//! Conditions as 16-bit codes: what the compiler writes and an engine evaluates.
//!
//! The codes work on a stack of values. A comparison of a variable with a constant, which most conditions are, is one
//! code. A condition ends with [`END`].

use super::value::{BOOLEAN, INTEGER, NULL, TEXT, Value, is_equality, order_bits};
use super::{Binary, Expr, Literal, Tally, Unary};
use crate::image::{CHILDREN_MAX, ConstantCell, VARIABLES_MAX};
use crate::problem::ProblemKind;

/// The top of the stack is the answer.
pub(crate) const END: u16 = 0;
/// Pushes a variable's value: its number.
pub(crate) const VARIABLE: u16 = 1;
/// Pushes a constant: its number.
pub(crate) const CONSTANT: u16 = 2;
/// Pushes whether a variable has no value: its number.
pub(crate) const IS_NULL: u16 = 3;
/// Pushes whether a variable and a constant are in one of some orders: [orders](exact_orders), variable, constant.
pub(crate) const COMPARE_CONSTANT: u16 = 4;
/// As [`COMPARE_CONSTANT`] and [`AND`].
pub(crate) const AND_COMPARE_CONSTANT: u16 = 5;
/// As [`COMPARE_CONSTANT`] and [`OR`].
pub(crate) const OR_COMPARE_CONSTANT: u16 = 6;
/// Of the two on top, whether they are in one of some orders: orders.
pub(crate) const COMPARE: u16 = 7;
/// Of the one on top.
pub(crate) const NOT: u16 = 8;
/// As [`NOT`].
pub(crate) const NEGATE: u16 = 9;
/// As [`NOT`].
pub(crate) const ABSOLUTE: u16 = 10;
/// As [`NOT`].
pub(crate) const LENGTH: u16 = 11;
/// Of the two on top.
pub(crate) const AND: u16 = 12;
/// As [`AND`].
pub(crate) const OR: u16 = 13;
/// As [`AND`].
pub(crate) const ADD: u16 = 14;
/// As [`AND`].
pub(crate) const SUBTRACT: u16 = 15;
/// As [`AND`].
pub(crate) const MULTIPLY: u16 = 16;
/// As [`AND`].
pub(crate) const DIVIDE: u16 = 17;
/// As [`AND`].
pub(crate) const REMAINDER: u16 = 18;
/// Pushes a number of instances: which, in the order of [`Tally::EACH`](super::Tally::EACH).
pub(crate) const TALLY: u16 = 19;

/// Of the one on top, that it is a whole number from 0 to this many: the most.
pub(crate) const COUNT: u16 = 20;

/// Bits of the orders of a comparison with a constant above which stands the kind of value that it is exact for.
pub(crate) const EXACT_KIND_AT: u16 = 8;
/// A kind that no value has.
const NO_KIND: u32 = 15;

/// The orders of a comparison with a constant, and the kind of variable for which the bits alone decide it: whole numbers
/// with a whole number; texts and truth values with their like, where only sameness is asked for. So that evaluating it takes
/// one comparison more and not five.
fn exact_orders(orders: u16, constant: u32) -> u16 {
    let kind = match constant {
        INTEGER => INTEGER,
        TEXT | BOOLEAN if is_equality(orders) => constant,
        _ => NO_KIND,
    };
    orders | (kind as u16) << EXACT_KIND_AT
}

/// Most values on the stack at once.
pub(crate) const STACK_MAX: usize = 16;

/// Deepest nesting of a condition.
const LEVELS_MAX: usize = 1_024;

/// The conditions of a program as they are compiled, one after another.
#[derive(Clone, Debug, Default)]
pub(crate) struct Code {
    pub(crate) codes: Vec<u16>,
    pub(crate) constants: Vec<ConstantCell>,
    /// Names of the variables, by number.
    pub(crate) variables: Vec<String>,
    /// The texts that conditions name.
    texts: Vec<String>,
    /// How deep the expression that is being written is nested.
    level: usize,
}

impl Code {
    /// Compiles a condition; where its codes begin.
    pub(crate) fn add(&mut self, expr: &Expr) -> Result<u16, ProblemKind> {
        let at = self.codes.len();
        let mut depth = 0;
        self.write(expr, &mut depth, 0)?;
        self.codes.push(END);
        if self.variables.len() > VARIABLES_MAX {
            let kind = ProblemKind::TooManyVariables {
                variables: self.variables.len(),
                variables_max: VARIABLES_MAX,
            };
            return Err(kind);
        }
        let hashes = self.constants.iter().filter(|constant| constant.kind == Value::text("").to_bits().0);
        if hashes.count() < self.texts.len() {
            let text = "two texts of the conditions have the same hash: change one of them";
            return Err(ProblemKind::Rule(text));
        }
        // The last offset is the mark of a branch without a condition.
        if self.codes.len() >= usize::from(u16::MAX) || self.constants.len() >= usize::from(u16::MAX) {
            return Err(ProblemKind::ConditionTooLong);
        }
        Ok(at as u16)
    }

    /// Writes codes that push the value of an expression onto a stack of `depth` values.
    fn write(&mut self, expr: &Expr, deepest: &mut usize, depth: usize) -> Result<(), ProblemKind> {
        *deepest = (*deepest).max(depth + 1);
        // What stands to the left takes no room on the stack of values, but on this one.
        if depth >= STACK_MAX || self.level >= LEVELS_MAX || self.codes.len() > usize::from(u16::MAX) {
            return Err(ProblemKind::ConditionTooLong);
        }
        self.level += 1;
        let written = self.write_parts(expr, deepest, depth);
        self.level -= 1;
        written
    }

    fn write_parts(&mut self, expr: &Expr, deepest: &mut usize, depth: usize) -> Result<(), ProblemKind> {
        match expr {
            Expr::Literal(literal) => {
                let constant = self.constant(literal);
                self.codes.extend([CONSTANT, constant]);
            }
            Expr::Variable(name) => {
                let variable = self.variable(name);
                self.codes.extend([VARIABLE, variable]);
            }
            Expr::IsNull(name) => {
                let variable = self.variable(name);
                self.codes.extend([IS_NULL, variable]);
            }
            Expr::Count(of, most) => {
                self.write(of, deepest, depth)?;
                self.codes.extend([COUNT, *most]);
            }
            Expr::Tally(tally) => self.codes.extend([TALLY, *tally as u16]),
            Expr::Unary(..) => return self.write_unary(expr, deepest, depth),
            Expr::Binary(operation, one, two) => {
                self.write(one, deepest, depth)?;
                let joins = match operation {
                    Binary::And => Some(AND_COMPARE_CONSTANT),
                    Binary::Or => Some(OR_COMPARE_CONSTANT),
                    _ => None,
                };
                if let Some(code) = joins
                    && self.write_comparison(code, two)
                {
                    return Ok(());
                }
                self.write(two, deepest, depth + 1)?;
                self.codes.push(match operation {
                    Binary::And => AND,
                    Binary::Or => OR,
                    Binary::Add => ADD,
                    Binary::Subtract => SUBTRACT,
                    Binary::Multiply => MULTIPLY,
                    Binary::Divide => DIVIDE,
                    Binary::Remainder => REMAINDER,
                });
            }
            Expr::Compare(comparison, one, two) => {
                if !self.write_comparison(COMPARE_CONSTANT, expr) {
                    self.write(one, deepest, depth)?;
                    self.write(two, deepest, depth + 1)?;
                    self.codes.extend([COMPARE, order_bits(*comparison)]);
                }
            }
        }
        Ok(())
    }

    /// Writes a comparison of a variable with a constant as one code; `false`, with nothing written, if it is none.
    fn write_comparison(&mut self, code: u16, expr: &Expr) -> bool {
        let Expr::Compare(comparison, one, two) = expr else { return false };
        let (Expr::Variable(name), Expr::Literal(literal)) = (&**one, &**two) else { return false };
        let (variable, constant) = (self.variable(name), self.constant(literal));
        let kind = self.constants.get(usize::from(constant)).map_or(NULL, |constant| constant.kind);
        self.codes.extend([code, exact_orders(order_bits(*comparison), kind), variable, constant]);
        true
    }

    /// A chain of operations on one value, without recursion: `not(not(…))` takes no stack.
    fn write_unary(&mut self, expr: &Expr, deepest: &mut usize, depth: usize) -> Result<(), ProblemKind> {
        let mut operations = Vec::new();
        let mut of = expr;
        while let Expr::Unary(operation, inner) = of {
            operations.push(match operation {
                Unary::Not => NOT,
                Unary::Negate => NEGATE,
                Unary::Absolute => ABSOLUTE,
                Unary::Length => LENGTH,
            });
            of = inner;
        }
        self.write(of, deepest, depth)?;
        self.codes.extend(operations.iter().rev());
        Ok(())
    }

    fn variable(&mut self, name: &str) -> u16 {
        number_of(&mut self.variables, name)
    }

    fn constant(&mut self, literal: &Literal) -> u16 {
        let value = match literal {
            Literal::Integer(value) => Value::Integer(*value),
            Literal::Decimal(value) => Value::Decimal(*value),
            Literal::Boolean(value) => Value::Boolean(*value),
            Literal::Text(text) => {
                number_of(&mut self.texts, text);
                Value::text(text)
            }
        };
        let (kind, bits) = value.to_bits();
        let cell = ConstantCell { bits, kind, reserved: 0 };
        let at = self.constants.iter().position(|&other| other == cell).unwrap_or_else(|| {
            self.constants.push(cell);
            self.constants.len() - 1
        });
        // More are refused when the condition is whole.
        u16::try_from(at).unwrap_or(u16::MAX)
    }
}

fn number_of(names: &mut Vec<String>, name: &str) -> u16 {
    let at = names.iter().position(|other| other == name).unwrap_or_else(|| {
        names.push(name.to_owned());
        names.len() - 1
    });
    u16::try_from(at).unwrap_or(u16::MAX)
}

/// What the codes of a condition may name.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CodeBounds<'p> {
    pub(crate) variables: usize,
    pub(crate) constants: &'p [ConstantCell],
}

/// Where each condition begins, in order, if all can be evaluated: each ends, names what exists, and its stack fits.
pub(crate) fn starts(codes: &[u16], bounds: CodeBounds<'_>) -> Option<Vec<u16>> {
    let (mut starts, mut left) = (Vec::new(), codes);
    while !left.is_empty() {
        starts.push(u16::try_from(codes.len() - left.len()).ok()?);
        left = behind(left, bounds)?;
    }
    Some(starts)
}

/// What stands behind the condition that begins at these codes, if that is valid.
fn behind<'c>(mut codes: &'c [u16], bounds: CodeBounds<'_>) -> Option<&'c [u16]> {
    let mut depth = 0usize;
    loop {
        let (&code, rest) = codes.split_first()?;
        let operand = |at: usize| rest.get(at).copied().map(usize::from);
        let is_variable = |at: usize| operand(at).is_some_and(|variable| variable < bounds.variables);
        let is_constant = |at: usize| operand(at).is_some_and(|constant| constant < bounds.constants.len());
        let is_exact = |at: usize, constant: usize| {
            let kind =
                operand(constant).and_then(|constant| bounds.constants.get(constant)).map(|cell| cell.kind);
            let orders = rest.get(at).copied().filter(|orders| (0b001..=0b110).contains(&(orders % 8)));
            orders.zip(kind).is_some_and(|(orders, kind)| orders == exact_orders(orders % 8, kind))
        };
        let is_comparison = |at: usize| operand(at).is_some_and(|orders| (0b001..=0b110).contains(&orders));
        // Values taken, values put, operands.
        let (fits, taken, put, operands) = match code {
            END => return (depth == 1).then_some(rest),
            VARIABLE | IS_NULL => (is_variable(0), 0, 1, 1),
            CONSTANT => (is_constant(0), 0, 1, 1),
            TALLY => (operand(0).is_some_and(|tally| tally < Tally::EACH.len()), 0, 1, 1),
            COMPARE_CONSTANT..=OR_COMPARE_CONSTANT => {
                let taken = usize::from(code != COMPARE_CONSTANT);
                (is_exact(0, 2) && is_variable(1) && is_constant(2), taken, 1, 3)
            }
            COMPARE => (is_comparison(0), 2, 1, 1),
            NOT..=LENGTH => (true, 1, 1, 0),
            COUNT => (operand(0).is_some_and(|most| most <= usize::from(CHILDREN_MAX)), 1, 1, 1),
            AND..=REMAINDER => (true, 2, 1, 0),
            _ => return None,
        };
        if !fits || depth < taken || depth - taken + put > STACK_MAX {
            return None;
        }
        depth = depth - taken + put;
        codes = &rest[operands..];
    }
}
