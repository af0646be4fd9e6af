//! Expressions as JUEL.

use core::fmt::{self, Write};

use wf_net::guard::{Binary, Comparison, Expr, Literal, Tally, Unary};

use super::juel::WORDS;
use super::lexer::{is_name_part, is_name_start};

/// An expression in JUEL, every operation in parentheses; `None` where it has no words for it: `abs`, withdrawn instances, and names with
/// spaces or of words of the language.
///
/// # Examples
/// ```
/// use wf_bpmn::expression::{parse_feel, to_juel};
///
/// let expr = parse_feel("not(done) and name = \"O'Hara\"").expect("a condition");
/// assert_eq!(to_juel(&expr).as_deref(), Some(r"${((!done) && (name == 'O\'Hara'))}"));
/// assert_eq!(to_juel(&parse_feel("abs(x) > 1").expect("a condition")), None);
/// ```
#[must_use]
pub fn to_juel(expr: &Expr) -> Option<String> {
    let mut text = String::from("${");
    write(&mut text, expr).ok()?;
    text.push('}');
    Some(text)
}

/// Whether a text is a name with its dots, in either notation.
pub(super) fn is_name(text: &str) -> bool {
    let is_word = |word: &str| word.starts_with(is_name_start) && word.chars().all(is_name_part);
    let first = text.split('.').next().unwrap_or_default();
    text.split('.').all(is_word) && !WORDS.contains(&first)
}

fn write(out: &mut String, expr: &Expr) -> fmt::Result {
    let name = |name: &str| if is_name(name) { Ok(name.to_owned()) } else { Err(fmt::Error) };
    match expr {
        Expr::Literal(Literal::Text(text)) => {
            write!(out, "'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
        }
        Expr::Literal(literal) => write!(out, "{literal}"),
        Expr::Variable(variable) => out.write_str(&name(variable)?),
        Expr::Count(of, _) => write(out, of),
        Expr::IsNull(variable) => write!(out, "({} == null)", name(variable)?),
        Expr::Tally(tally) => out.write_str(match tally {
            Tally::All => "nrOfInstances",
            Tally::Completed => "nrOfCompletedInstances",
            Tally::Active => "nrOfActiveInstances",
            Tally::Terminated => return Err(fmt::Error),
        }),
        Expr::Unary(operation, of) => {
            out.write_str(match operation {
                Unary::Not => "(!",
                Unary::Negate => "(-",
                Unary::Length => "fn:length(",
                Unary::Absolute => return Err(fmt::Error),
            })?;
            write(out, of)?;
            out.write_str(")")
        }
        Expr::Binary(operation, one, two) => {
            let sign = match operation {
                Binary::And => "&&",
                Binary::Or => "||",
                Binary::Add => "+",
                Binary::Subtract => "-",
                Binary::Multiply => "*",
                Binary::Divide => "/",
                Binary::Remainder => "%",
            };
            pair(out, one, sign, two)
        }
        Expr::Compare(comparison, one, two) => {
            let sign = match comparison {
                Comparison::Equal => "==",
                Comparison::NotEqual => "!=",
                Comparison::Less => "<",
                Comparison::LessOrEqual => "<=",
                Comparison::Greater => ">",
                Comparison::GreaterOrEqual => ">=",
            };
            pair(out, one, sign, two)
        }
    }
}

fn pair(out: &mut String, one: &Expr, sign: &str, two: &Expr) -> fmt::Result {
    out.write_str("(")?;
    write(out, one)?;
    write!(out, " {sign} ")?;
    write(out, two)?;
    out.write_str(")")
}
