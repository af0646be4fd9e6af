//! Conditions in the two notations of the field, FEEL and JUEL, read into [`wf_net::guard::Expr`].
//!
//! [`parse_feel`] and [`parse_juel`] read a text; [`Dialect::of`] says which of the two a text is written in. What is read
//! as FEEL prints as FEEL ([`Expr`]'s `Display`), what is read as JUEL as JUEL ([`to_juel`]), and reading that again gives
//! the same expression; so does the other notation where it has words for it.
//!
//! # What is read
//! * Both: integers, decimals, texts, `true`, `false`; names and dotted names, which are one name; arithmetic; comparison;
//!   logic; whether a variable is null; the number of items of a list.
//! * FEEL: with a leading `=` or without; `x in [1..5]`, `(1..5)`, `]1..5[`, `x in (1, 2, > 10)`, `x between 1 and 5`,
//!   `not(x)`, `count(x)`, `abs(x)`, `if c then a else b` between truth values. Words beside each other are one name with
//!   spaces (`Vacation Approval`), since nothing else could be meant; a word of the language (`and`, `in`, `not`, ...) ends
//!   it, so a name that has such a word inside cannot be written. `%` is a remainder, which FEEL itself lacks.
//! * JUEL: in `${...}` or `#{...}`, or without; texts in both quotes; operators as signs and as words; `empty x`, which is of
//!   lists (a text is a fault when it is evaluated); `c ? a : b` between truth values; `x.size()`, `x.isEmpty()`,
//!   `fn:length(x)`; the comparisons of Flowable, `var:equals(x, 1)` and its like, which a missing variable makes false
//!   (`notEquals`: true).
//!
//! Everything else (method calls, scripts, quantifiers, items of lists, dates, other functions) is a [`Fault`] with its
//! place and reason. So is what can be seen to have no answer: a sum of truth values, an order of texts.
//!
//! # Cost
//! One pass. The nesting and the size of what is read are bounded, so that neither reading nor dropping it can exhaust the
//! stack, whatever the text.
//!
//! # Examples
//! ```
//! use wf_bpmn::expression::{parse_feel, parse_juel, to_juel};
//!
//! let feel = parse_feel(r#"= amount > 1000 and kind in ("new", "changed")"#).expect("a condition");
//! let juel = parse_juel("${amount gt 1000 && (kind == 'new' || kind == 'changed')}").expect("a condition");
//! assert_eq!(feel, juel);
//! assert_eq!(parse_feel(&feel.to_string()).as_ref(), Ok(&feel));
//! assert_eq!(parse_juel(&to_juel(&feel).expect("JUEL has words for it")).as_ref(), Ok(&feel));
//!
//! let fault = parse_juel("${order.isStandard()}").expect_err("a method call");
//! assert_eq!((fault.offset, fault.to_string().as_str()), (2, "`order.isStandard(...)` is a method call"));
//! ```
//!
//! # Sources
//! OMG, *Decision Model and Notation* 1.5, section 10.3 (FEEL); JSR 245, *Expression Language Specification* 2.1, section
//! 1 (JUEL's language); the Flowable user guide, "Expression functions".

mod dialect;
mod fault;
mod feel;
mod juel;
mod lexer;
mod operand;
mod print;
mod reader;

pub use dialect::Dialect;
pub use fault::{Fault, FaultKind};
pub use print::to_juel;

use wf_net::guard::Expr;

/// Deepest nesting of what is read; of a text, somewhat more than twice that.
pub const DEPTH_MAX: usize = 64;

/// Most operations, names and constants of an expression; ranges and choices count what they repeat.
pub const SIZE_MAX: usize = 1024;

/// Reads a condition in FEEL, with a leading `=` or without.
///
/// # Errors
/// The first thing in the text that is no part of a condition, or that is beyond what can be evaluated.
pub fn parse_feel(text: &str) -> Result<Expr, Fault> {
    feel::parse(text)
}

/// Reads a condition in JUEL, in `${...}`, `#{...}`, or without.
///
/// # Errors
/// The first thing in the text that is no part of a condition, or that is beyond what can be evaluated.
pub fn parse_juel(text: &str) -> Result<Expr, Fault> {
    juel::parse(text)
}
