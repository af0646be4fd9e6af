//! Evaluates conditions.

use super::code::{
    ABSOLUTE, ADD, AND, AND_COMPARE_CONSTANT, COMPARE, COMPARE_CONSTANT, CONSTANT, COUNT, DIVIDE, END,
    EXACT_KIND_AT, IS_NULL, LENGTH, MULTIPLY, NEGATE, NOT, OR, OR_COMPARE_CONSTANT, REMAINDER, STACK_MAX,
    SUBTRACT, TALLY, VARIABLE,
};
use super::value::{BOOLEAN, Fault, Value, Variables, is_among};
use crate::image::{ConstantCell, VARIABLES_MAX};

/// What a part of a condition comes to.
type Part = Result<Value, Fault>;

/// The same as it stands on the stack: kind and bits of a value, or of a fault [`FAULT`] and its number. Truth values are
/// joined on these bits, without a branch on what they are: data is random.
#[derive(Clone, Copy)]
struct Raw {
    kind: u32,
    bits: u64,
}

/// [`Raw::kind`] of a fault.
const FAULT: u32 = u32::MAX;

impl Raw {
    const EMPTY: Self = Self { kind: 0, bits: 0 };

    #[inline(always)]
    const fn truth(holds: bool) -> Self {
        Self { kind: BOOLEAN, bits: holds as u64 }
    }

    fn of(part: Part) -> Self {
        match part {
            Ok(value) => {
                let (kind, bits) = value.to_bits();
                Self { kind, bits }
            }
            Err(fault) => Self { kind: FAULT, bits: fault as u64 },
        }
    }

    fn part(self) -> Part {
        if self.kind == FAULT {
            Err(Fault::of(self.bits))
        } else {
            Ok(Value::from_bits(self.kind, self.bits))
        }
    }
}

/// The conditions of a program, as they stand in its checked image.
#[derive(Clone, Copy, Debug)]
pub struct Guards<'p> {
    codes: &'p [u16],
    constants: &'p [ConstantCell],
}

impl<'p> Guards<'p> {
    /// Of a checked image: [`Program::guards`](crate::Program::guards) gives them; on others, [`holds`](Self::holds) panics.
    #[must_use]
    pub const fn new(codes: &'p [u16], constants: &'p [ConstantCell]) -> Self {
        Self { codes, constants }
    }

    /// Whether the condition whose codes begin at `guard` holds for a case.
    ///
    /// # Errors
    /// Why there is no answer.
    ///
    /// # Panics
    /// If no condition of a checked image begins there.
    #[inline]
    pub fn holds(&self, guard: u16, variables: &Variables) -> Result<bool, Fault> {
        let start = &self.codes[usize::from(guard)..];
        let mut codes = start;
        let mut holds = false;
        // Most conditions are comparisons with constants, one after another, and need no stack.
        while let [code, orders, variable, constant, rest @ ..] = codes {
            let Some(is_so) = self.compare_exactly(*orders, *variable, *constant, variables) else { break };
            holds = match *code {
                COMPARE_CONSTANT if codes.len() == start.len() => is_so,
                AND_COMPARE_CONSTANT => holds & is_so,
                OR_COMPARE_CONSTANT => holds | is_so,
                _ => break,
            };
            codes = rest;
            if codes.first() == Some(&END) {
                return Ok(holds);
            }
        }
        truth(self.evaluate(start, variables, None))
    }

    /// The number that begins at `guard` for a case: of an [`Expr::Count`](super::Expr::Count).
    ///
    /// # Errors
    /// Why there is no answer.
    ///
    /// # Panics
    /// If no condition of a checked image begins there.
    pub fn count(&self, guard: u16, variables: &Variables) -> Result<u16, Fault> {
        match self.evaluate(&self.codes[usize::from(guard)..], variables, None)? {
            Value::Integer(count) => u16::try_from(count).map_err(|_| Fault::Overflow),
            _ => Err(Fault::Kind),
        }
    }

    /// As [`holds`](Self::holds), of a completion condition: how many instances there are of each
    /// [`Tally`](super::Tally), in the order of [`Tally::EACH`](super::Tally::EACH).
    ///
    /// # Errors
    /// Why there is no answer.
    ///
    /// # Panics
    /// If no condition of a checked image begins there.
    pub fn is_enough(&self, guard: u16, variables: &Variables, tallies: [u16; 4]) -> Result<bool, Fault> {
        truth(self.evaluate(&self.codes[usize::from(guard)..], variables, Some(tallies)))
    }

    /// Any condition, from its first code.
    #[inline(never)]
    fn evaluate(&self, mut codes: &[u16], variables: &Variables, tallies: Option<[u16; 4]>) -> Part {
        let mut stack = Stack { kinds: [0; STACK_MAX], bits: [0; STACK_MAX], depth: 0 };
        let mut top = Raw::EMPTY;
        loop {
            codes = match *codes {
                [
                    code @ COMPARE_CONSTANT..=OR_COMPARE_CONSTANT,
                    orders,
                    variable,
                    constant,
                    ref rest @ ..,
                ] => {
                    let holds = self.compare_constant(orders, variable, constant, variables);
                    top = match code {
                        AND_COMPARE_CONSTANT => kleene(false, top, holds),
                        OR_COMPARE_CONSTANT => kleene(true, top, holds),
                        _ => stack.push(top, holds),
                    };
                    rest
                }
                [END, ..] => return top.part(),
                [code @ (AND | OR), ref rest @ ..] => {
                    top = kleene(code == OR, stack.pop(), top);
                    rest
                }
                [TALLY, tally, ref rest @ ..] => {
                    let count = tallies.and_then(|tallies| tallies.get(usize::from(tally)).copied());
                    let count = count.map(|count| Value::Integer(i64::from(count)));
                    top = stack.push(top, Raw::of(count.ok_or(Fault::NoValue)));
                    rest
                }
                [code, ref rest @ ..] => {
                    let operands;
                    (top, operands) = self.other(code, rest, top, &mut stack, variables);
                    &rest[operands..]
                }
                [] => unreachable!("checked image"),
            };
        }
    }

    /// A code that few conditions have: what is on top then, and how many operands the code has.
    fn other(
        &self,
        code: u16,
        operands: &[u16],
        top: Raw,
        stack: &mut Stack,
        variables: &Variables,
    ) -> (Raw, usize) {
        match code {
            NOT..=LENGTH => (Raw::of(top.part().and_then(|value| unary(code, value))), 0),
            COMPARE => {
                let orders = operands[0];
                let compare = |one: Value, two: Value| one.compare(orders, two).map(Value::Boolean);
                (both(stack.pop(), top, compare), 1)
            }
            COUNT => (Raw::of(top.part().and_then(|value| count(value, operands[0]))), 1),
            ADD..=REMAINDER => (both(stack.pop(), top, |one, two| arithmetic(code, one, two)), 0),
            _ => (stack.push(top, Raw::of(self.leaf(code, operands[0], variables))), 1),
        }
    }

    /// Whether a variable and a constant are in one of some orders, if their bits say so: see [`exact_orders`].
    #[inline(always)]
    fn compare_exactly(
        &self,
        orders: u16,
        variable: u16,
        constant: u16,
        variables: &Variables,
    ) -> Option<bool> {
        // These may be other codes than those of a comparison.
        let constant = self.constants.get(usize::from(constant))?;
        let (kind, bits) = variables.raw(usize::from(variable) % VARIABLES_MAX);
        let order = (bits as i64).cmp(&(constant.bits as i64));
        (kind == u32::from(orders >> EXACT_KIND_AT)).then(|| is_among(orders % 8, order))
    }

    fn compare_constant(&self, orders: u16, variable: u16, constant: u16, variables: &Variables) -> Raw {
        let (kind, bits) = variables.raw(usize::from(variable));
        let with = &self.constants[usize::from(constant)];
        match self.compare_exactly(orders, variable, constant, variables) {
            Some(holds) => Raw::truth(holds),
            None => {
                let (one, two) = (Raw { kind, bits }, Raw { kind: with.kind, bits: with.bits });
                both(one, two, |one, two| one.compare(orders % 8, two).map(Value::Boolean))
            }
        }
    }

    /// A variable's value, whether it has one, or a constant.
    fn leaf(&self, code: u16, operand: u16, variables: &Variables) -> Part {
        let operand = usize::from(operand);
        match code {
            VARIABLE => match variables.get(operand) {
                Value::Null => Err(Fault::NoValue),
                value => Ok(value),
            },
            IS_NULL => Ok(Value::Boolean(variables.get(operand) == Value::Null)),
            _ => {
                debug_assert_eq!(code, CONSTANT);
                let ConstantCell { kind, bits, .. } = self.constants[operand];
                Ok(Value::from_bits(kind, bits))
            }
        }
    }
}

/// The values below the top one.
struct Stack {
    kinds: [u32; STACK_MAX],
    bits: [u64; STACK_MAX],
    depth: usize,
}

impl Stack {
    /// Puts the top one away for a new one, which it gives back.
    #[inline(always)]
    fn push(&mut self, top: Raw, new: Raw) -> Raw {
        (self.kinds[self.depth], self.bits[self.depth]) = (top.kind, top.bits);
        self.depth += 1;
        new
    }

    #[inline(always)]
    fn pop(&mut self) -> Raw {
        self.depth -= 1;
        Raw { kind: self.kinds[self.depth], bits: self.bits[self.depth] }
    }
}

/// An operation on two values.
fn both(one: Raw, two: Raw, operation: impl Fn(Value, Value) -> Part) -> Raw {
    Raw::of(match (one.part(), two.part()) {
        (Ok(one), Ok(two)) => operation(one, two),
        (Err(fault), _) | (_, Err(fault)) => Err(fault),
    })
}

fn truth(part: Part) -> Result<bool, Fault> {
    match part? {
        Value::Boolean(holds) => Ok(holds),
        _ => Err(Fault::Kind),
    }
}

/// `or` if one side that holds decides, `and` if one side that does not hold decides.
#[inline(always)]
fn kleene(decides: bool, one: Raw, two: Raw) -> Raw {
    if one.kind == BOOLEAN && two.kind == BOOLEAN {
        let bits = if decides { one.bits | two.bits } else { one.bits & two.bits };
        return Raw { kind: BOOLEAN, bits };
    }
    let (one, two) = (truth(one.part()), truth(two.part()));
    if one == Ok(decides) || two == Ok(decides) {
        return Raw::truth(decides);
    }
    Raw::of(one.and(two).map(|_| Value::Boolean(!decides)))
}

fn unary(code: u16, value: Value) -> Part {
    match (code, value) {
        (NOT, Value::Boolean(holds)) => Ok(Value::Boolean(!holds)),
        (NEGATE, Value::Integer(value)) => value.checked_neg().map(Value::Integer).ok_or(Fault::Overflow),
        (NEGATE, Value::Decimal(value)) => Ok(Value::Decimal(-value)),
        (ABSOLUTE, Value::Integer(value)) => value.checked_abs().map(Value::Integer).ok_or(Fault::Overflow),
        (ABSOLUTE, Value::Decimal(value)) => Ok(Value::Decimal(value.abs())),
        (LENGTH, Value::List(length)) => Ok(Value::Integer(i64::from(length))),
        _ => Err(Fault::Kind),
    }
}

/// A whole number from 0 to `most`.
fn count(value: Value, most: u16) -> Part {
    let whole = match value {
        Value::Integer(value) => value,
        // Beyond that no decimal is a number of anything here.
        Value::Decimal(value) if value.fract() == 0.0 && value.abs() <= f64::from(u16::MAX) => value as i64,
        Value::Decimal(_) => return Err(Fault::NoNumber),
        _ => return Err(Fault::Kind),
    };
    if (0..=i64::from(most)).contains(&whole) { Ok(Value::Integer(whole)) } else { Err(Fault::Overflow) }
}

fn arithmetic(code: u16, one: Value, two: Value) -> Part {
    if let (Value::Integer(one), Value::Integer(two)) = (one, two) {
        let exact = match code {
            ADD => one.checked_add(two),
            SUBTRACT => one.checked_sub(two),
            MULTIPLY => one.checked_mul(two),
            REMAINDER if two == 0 => return Err(Fault::DivisionByZero),
            // The one that overflows, `i64::MIN % -1`, is 0.
            REMAINDER => Some(one.wrapping_rem(two)),
            _ => return decimal(code, one as f64, two as f64),
        };
        return exact.map(Value::Integer).ok_or(Fault::Overflow);
    }
    match (number(one)?, number(two)?) {
        (_, _) if code == REMAINDER => Err(Fault::Kind),
        (one, two) => decimal(code, one, two),
    }
}

fn number(value: Value) -> Result<f64, Fault> {
    match value {
        Value::Integer(value) => Ok(value as f64),
        Value::Decimal(value) => Ok(value),
        _ => Err(Fault::Kind),
    }
}

fn decimal(code: u16, one: f64, two: f64) -> Part {
    let result = match code {
        ADD => one + two,
        SUBTRACT => one - two,
        MULTIPLY => one * two,
        DIVIDE if two == 0.0 => return Err(Fault::DivisionByZero),
        _ => one / two,
    };
    if result.is_finite() { Ok(Value::Decimal(result)) } else { Err(Fault::Overflow) }
}
