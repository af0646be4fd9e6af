//! Evaluates conditions.

use super::code::{
    ABSOLUTE, ADD, AND, COMPARE, COMPARE_CONSTANT, CONSTANT, DIVIDE, END, IS_NULL, LENGTH, MULTIPLY, NEGATE,
    NOT, OR, REMAINDER, STACK_MAX, SUBTRACT, VARIABLE, comparison,
};
use super::value::{Fault, Value, Variables};
use crate::image::ConstantCell;

/// What a part of a condition comes to.
type Part = Result<Value, Fault>;

/// The conditions of a program, as they stand in its checked image.
#[derive(Clone, Copy, Debug)]
pub struct Guards<'p> {
    codes: &'p [u16],
    constants: &'p [ConstantCell],
}

impl<'p> Guards<'p> {
    /// Of a checked image.
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
    pub fn holds(&self, guard: u16, variables: &Variables) -> Result<bool, Fault> {
        let mut stack: [Part; STACK_MAX] = [Ok(Value::Null); STACK_MAX];
        let mut depth = 0;
        let mut codes = self.codes[usize::from(guard)..].iter().copied();
        let mut next = || codes.next().unwrap_or_else(|| unreachable!("checked image"));
        loop {
            let code = next();
            let pushed = match code {
                END => return truth(stack[depth - 1]),
                VARIABLE => match variables.get(usize::from(next())) {
                    Value::Null => Err(Fault::NoValue),
                    value => Ok(value),
                },
                CONSTANT => Ok(self.constant(next())),
                IS_NULL => Ok(Value::Boolean(variables.get(usize::from(next())) == Value::Null)),
                COMPARE_CONSTANT => {
                    let order = comparison(next());
                    let value = variables.get(usize::from(next()));
                    value.compare(order, self.constant(next())).map(Value::Boolean)
                }
                COMPARE => {
                    let order = comparison(next());
                    depth -= 2;
                    match (stack[depth], stack[depth + 1]) {
                        (Ok(one), Ok(two)) => one.compare(order, two).map(Value::Boolean),
                        (Err(fault), _) | (_, Err(fault)) => Err(fault),
                    }
                }
                NOT..=LENGTH => {
                    depth -= 1;
                    stack[depth].and_then(|value| unary(code, value))
                }
                AND | OR => {
                    depth -= 2;
                    kleene(code == OR, stack[depth], stack[depth + 1])
                }
                _ => {
                    depth -= 2;
                    match (stack[depth], stack[depth + 1]) {
                        (Ok(one), Ok(two)) => arithmetic(code, one, two),
                        (Err(fault), _) | (_, Err(fault)) => Err(fault),
                    }
                }
            };
            stack[depth] = pushed;
            depth += 1;
        }
    }

    #[inline]
    fn constant(&self, constant: u16) -> Value {
        let ConstantCell { kind, bits, .. } = self.constants[usize::from(constant)];
        Value::from_bits(kind, bits)
    }
}

#[inline]
fn truth(part: Part) -> Result<bool, Fault> {
    match part? {
        Value::Boolean(holds) => Ok(holds),
        _ => Err(Fault::Kind),
    }
}

/// `or` if one side that holds decides, `and` if one side that does not hold decides.
#[inline]
fn kleene(decides: bool, one: Part, two: Part) -> Part {
    let (one, two) = (truth(one), truth(two));
    if one == Ok(decides) || two == Ok(decides) {
        return Ok(Value::Boolean(decides));
    }
    one.and(two).map(|_| Value::Boolean(!decides))
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
