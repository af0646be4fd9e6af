//! Conditions evaluated on their tree, with wide integers: the truth for what programs do.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use wf_engine::Value;
use wf_net::guard::{Binary, Comparison, Expr, Literal, Unary};

use super::random::Random;

/// What a condition comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Truth {
    Yes,
    No,
    NoValue,
    NoAnswer,
}

#[derive(Clone, Debug, PartialEq)]
enum Naive {
    Integer(i128),
    Decimal(f64),
    Boolean(bool),
    Text(String),
    List(i128),
    NoValue,
    NoAnswer,
}

/// Texts that conditions and values draw from.
const TEXTS: [&str; 4] = ["", "new", "old", "größer"];

/// Values of the variables: `v0` and `v1` are integers, `v2` is a decimal, `v3` a truth value, `v4` a text and `v5` a list;
/// now and then one is missing, or of another kind.
pub(crate) fn values(random: &mut Random) -> BTreeMap<String, Value> {
    let mut values = BTreeMap::new();
    for variable in 0..6 {
        let kind = if random.one_in(12) { random.below(7) } else { variable };
        let value = match kind {
            0 | 1 => Value::Integer(integer(random)),
            2 => Value::Decimal(decimal(random)),
            3 => Value::Boolean(random.below(2) == 0),
            4 => Value::text(TEXTS[random.below(TEXTS.len())]),
            5 => Value::List(random.below(3) as u32),
            _ => continue,
        };
        values.insert(format!("v{variable}"), value);
    }
    values
}

fn integer(random: &mut Random) -> i64 {
    const EDGES: [i64; 8] = [i64::MIN, i64::MAX, 0, 1, -1, 1 << 53, (1 << 53) + 1, -(1 << 62)];
    if random.below(3) == 0 { EDGES[random.below(8)] } else { random.below(7) as i64 - 3 }
}

fn decimal(random: &mut Random) -> f64 {
    const EDGES: [f64; 8] =
        [f64::MAX, f64::MIN_POSITIVE, -0.0, 0.5, 9_223_372_036_854_775_808.0, -1.5, 1e300, 2.0];
    if random.below(2) == 0 { EDGES[random.below(8)] } else { random.below(9) as f64 / 2.0 - 2.0 }
}

/// A random condition; most of its parts fit together.
pub(crate) fn expr(random: &mut Random, depth: usize) -> Expr {
    const ALL: [Comparison; 6] = [
        Comparison::Equal,
        Comparison::NotEqual,
        Comparison::Less,
        Comparison::LessOrEqual,
        Comparison::Greater,
        Comparison::GreaterOrEqual,
    ];
    let inner = |random: &mut Random| Box::new(expr(random, depth - 1));
    match random.below(if depth == 0 { 4 } else { 11 }) {
        0 => Expr::IsNull(format!("v{}", random.below(6))),
        1 => Expr::variable("v3"),
        2 => {
            let order = ALL[random.below(2)];
            Expr::variable("v4").compare(order, Expr::text(TEXTS[random.below(TEXTS.len())]))
        }
        3 if random.one_in(3) => leaf(random),
        3 | 7..=10 => {
            let (one, two) = (number(random, depth), number(random, depth));
            one.compare(ALL[random.below(6)], two)
        }
        4 => Expr::Binary(Binary::And, inner(random), inner(random)),
        5 => Expr::Binary(Binary::Or, inner(random), inner(random)),
        _ => Expr::Unary(Unary::Not, inner(random)),
    }
}

fn number(random: &mut Random, depth: usize) -> Expr {
    if depth == 0 || random.below(2) == 0 {
        return match random.below(12) {
            0..=3 => Expr::integer(integer(random)),
            4 | 5 => Expr::Literal(Literal::Decimal(decimal(random))),
            6 => leaf(random),
            7 => Expr::Unary(Unary::Length, Box::new(Expr::variable("v5"))),
            _ => Expr::variable(&format!("v{}", random.below(3))),
        };
    }
    let mut inner = || Box::new(number(random, depth - 1));
    let (one, two) = (inner(), inner());
    match random.below(8) {
        7 => Expr::Count(one, random.below(6) as u16),
        0 => Expr::Binary(Binary::Add, one, two),
        1 => Expr::Binary(Binary::Subtract, one, two),
        2 => Expr::Binary(Binary::Multiply, one, two),
        3 => Expr::Binary(Binary::Divide, one, two),
        4 => Expr::Binary(Binary::Remainder, one, two),
        5 => Expr::Unary(Unary::Negate, one),
        _ => Expr::Unary(Unary::Absolute, one),
    }
}

fn leaf(random: &mut Random) -> Expr {
    match random.below(8) {
        0 => Expr::integer(integer(random)),
        1 => Expr::Literal(Literal::Decimal(decimal(random))),
        2 => Expr::Literal(Literal::Boolean(random.below(2) == 0)),
        3 => Expr::text(TEXTS[random.below(TEXTS.len())]),
        _ => Expr::variable(&format!("v{}", random.below(6))),
    }
}

/// Whether a condition holds.
pub(crate) fn truth(expr: &Expr, values: &BTreeMap<String, Value>) -> Truth {
    match value(expr, values) {
        Naive::Boolean(true) => Truth::Yes,
        Naive::Boolean(false) => Truth::No,
        Naive::NoValue => Truth::NoValue,
        _ => Truth::NoAnswer,
    }
}

/// How many an expression says, up to `most`.
#[allow(dead_code, reason = "each test binary uses a part")]
pub(crate) fn count(expr: &Expr, most: u16) -> Result<u16, Truth> {
    match value(&Expr::Count(Box::new(expr.clone()), most), &BTreeMap::new()) {
        Naive::Integer(count) => Ok(count as u16),
        Naive::NoValue => Err(Truth::NoValue),
        _ => Err(Truth::NoAnswer),
    }
}

fn value(expr: &Expr, values: &BTreeMap<String, Value>) -> Naive {
    match expr {
        Expr::Literal(Literal::Integer(value)) => Naive::Integer(i128::from(*value)),
        Expr::Literal(Literal::Decimal(value)) => Naive::Decimal(*value),
        Expr::Literal(Literal::Boolean(value)) => Naive::Boolean(*value),
        Expr::Literal(Literal::Text(text)) => Naive::Text(text.clone()),
        Expr::Tally(tally) => value(&Expr::variable(tally.name()), values),
        Expr::Variable(name) => match values.get(name) {
            None | Some(Value::Null) => Naive::NoValue,
            Some(Value::Integer(value)) => Naive::Integer(i128::from(*value)),
            Some(Value::Decimal(value)) => Naive::Decimal(*value),
            Some(Value::Boolean(value)) => Naive::Boolean(*value),
            Some(Value::List(length)) => Naive::List(i128::from(*length)),
            Some(hash) => {
                let text = TEXTS.iter().find(|text| Value::text(text) == *hash);
                Naive::Text((*text.expect("one of the texts")).to_owned())
            }
        },
        Expr::Count(of, most) => match value(of, values) {
            fault @ (Naive::NoValue | Naive::NoAnswer) => fault,
            Naive::Integer(count) if (0..=i128::from(*most)).contains(&count) => Naive::Integer(count),
            Naive::Decimal(count) if (0..=*most).any(|whole| f64::from(whole) == count) => {
                Naive::Integer(count as i128)
            }
            _ => Naive::NoAnswer,
        },
        Expr::IsNull(name) => Naive::Boolean(!values.contains_key(name)),
        Expr::Unary(operation, of) => unary(*operation, value(of, values)),
        Expr::Binary(Binary::And, one, two) => either(false, value(one, values), value(two, values)),
        Expr::Binary(Binary::Or, one, two) => either(true, value(one, values), value(two, values)),
        Expr::Binary(operation, one, two) => match (value(one, values), value(two, values)) {
            (fault @ (Naive::NoValue | Naive::NoAnswer), _)
            | (_, fault @ (Naive::NoValue | Naive::NoAnswer)) => fault,
            (one, two) => arithmetic(*operation, &one, &two),
        },
        Expr::Compare(comparison, one, two) => match (value(one, values), value(two, values)) {
            (fault @ (Naive::NoValue | Naive::NoAnswer), _)
            | (_, fault @ (Naive::NoValue | Naive::NoAnswer)) => fault,
            (one, two) => compare(*comparison, &one, &two),
        },
    }
}

/// One side that is `decides` is enough; otherwise the first side that is no truth value is what is wrong.
fn either(decides: bool, one: Naive, two: Naive) -> Naive {
    if one == Naive::Boolean(decides) || two == Naive::Boolean(decides) {
        return Naive::Boolean(decides);
    }
    for side in [one, two] {
        match side {
            Naive::Boolean(_) => {}
            Naive::NoValue => return Naive::NoValue,
            _ => return Naive::NoAnswer,
        }
    }
    Naive::Boolean(!decides)
}

fn unary(operation: Unary, of: Naive) -> Naive {
    match (operation, of) {
        (_, fault @ (Naive::NoValue | Naive::NoAnswer)) => fault,
        (Unary::Not, Naive::Boolean(holds)) => Naive::Boolean(!holds),
        (Unary::Negate, Naive::Integer(value)) => whole(-value),
        (Unary::Negate, Naive::Decimal(value)) => Naive::Decimal(-value),
        (Unary::Absolute, Naive::Integer(value)) => whole(value.abs()),
        (Unary::Absolute, Naive::Decimal(value)) => Naive::Decimal(value.abs()),
        (Unary::Length, Naive::List(length)) => Naive::Integer(length),
        _ => Naive::NoAnswer,
    }
}

fn whole(value: i128) -> Naive {
    if i64::try_from(value).is_ok() { Naive::Integer(value) } else { Naive::NoAnswer }
}

fn arithmetic(operation: Binary, one: &Naive, two: &Naive) -> Naive {
    if let (Naive::Integer(one), Naive::Integer(two)) = (one, two) {
        match operation {
            Binary::Add => return whole(one + two),
            Binary::Subtract => return whole(one - two),
            Binary::Multiply => return whole(one * two),
            Binary::Remainder if *two == 0 => return Naive::NoAnswer,
            Binary::Remainder => return whole(one % two),
            _ => {}
        }
    }
    let float = |side: &Naive| match side {
        Naive::Integer(value) => Some(*value as i64 as f64),
        Naive::Decimal(value) => Some(*value),
        _ => None,
    };
    let (Some(one), Some(two)) = (float(one), float(two)) else { return Naive::NoAnswer };
    let result = match operation {
        Binary::Add => one + two,
        Binary::Subtract => one - two,
        Binary::Multiply => one * two,
        Binary::Divide => one / two,
        _ => return Naive::NoAnswer,
    };
    if result.is_finite() { Naive::Decimal(result) } else { Naive::NoAnswer }
}

fn compare(comparison: Comparison, one: &Naive, two: &Naive) -> Naive {
    let order = match (one, two) {
        (Naive::Integer(one), Naive::Integer(two)) => one.cmp(two),
        (Naive::Integer(one), Naive::Decimal(two)) => with_decimal(*one, *two),
        (Naive::Decimal(one), Naive::Integer(two)) => with_decimal(*two, *one).reverse(),
        (Naive::Decimal(one), Naive::Decimal(two)) => one.partial_cmp(two).expect("finite"),
        (Naive::Boolean(one), Naive::Boolean(two)) => return same(comparison, one == two),
        (Naive::Text(one), Naive::Text(two)) => return same(comparison, one == two),
        _ => return Naive::NoAnswer,
    };
    Naive::Boolean(match comparison {
        Comparison::Equal => order == Ordering::Equal,
        Comparison::NotEqual => order != Ordering::Equal,
        Comparison::Less => order == Ordering::Less,
        Comparison::LessOrEqual => order != Ordering::Greater,
        Comparison::Greater => order == Ordering::Greater,
        Comparison::GreaterOrEqual => order != Ordering::Less,
    })
}

fn same(comparison: Comparison, same: bool) -> Naive {
    match comparison {
        Comparison::Equal => Naive::Boolean(same),
        Comparison::NotEqual => Naive::Boolean(!same),
        _ => Naive::NoAnswer,
    }
}

/// Both as multiples of 2^-60, where that is exact; else the decimal is far away, or its fraction only says above or below.
fn with_decimal(one: i128, two: f64) -> Ordering {
    if two.abs() > 1e30 {
        return if two > 0.0 { Ordering::Less } else { Ordering::Greater };
    }
    let (whole, rest) = (two.trunc() as i128, two.fract());
    one.cmp(&whole).then(0.0f64.partial_cmp(&rest).expect("finite"))
}
