//! Conditions over the data of a case: what decides an exclusive or inclusive split without its caller.
//!
//! An [`Expr`] is what a front end makes of a condition's text. The compiler turns it into a few codes in the image;
//! [`Guards::holds`] evaluates those over a case's [`Variables`], without allocation.
//!
//! # Rules
//! * A variable that has no value, a value of the wrong type, a division by zero and an integer that overflows are
//!   *faults*: whoever asked learns that there is no answer. There is no silent default.
//! * `and` and `or` are those of Kleene's three-valued logic: a fault on one side is no fault where the other side decides.
//! * Integers are exact; as soon as a decimal (a 64-bit float) takes part, or in a division, the result is a decimal. Integers
//!   and decimals compare exactly.
//! * Texts compare for equality only. A case keeps of a text its 64-bit hash (SipHash-2-4 under a fixed key), so that it
//!   means the same in every program and process; two texts of one program's conditions that share one are refused.
//!
//! # Sources
//! S. C. Kleene, *Introduction to Metamathematics* (1952), section 64; OMG, *Decision Model and Notation* 1.5, section
//! 10.3; J.-P. Aumasson, D. J. Bernstein, *SipHash: a fast short-input PRF* (2012).

mod code;
mod evaluate;
mod expr;
mod value;

pub(crate) use code::{Code, CodeBounds, starts};
pub use evaluate::Guards;
pub use expr::{Binary, Comparison, Expr, Literal, Tally, Unary};
pub use value::{Fault, Value, Variables};
