//! The values of a case's variables.

use core::cmp::Ordering;
use core::fmt;

use siphasher::sip::SipHasher24;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

use super::Comparison;
use crate::image::VARIABLES_MAX;

/// A value.
#[derive(Clone, Copy, Debug, PartialEq, Default)]
pub enum Value {
    /// There is none.
    #[default]
    Null,
    /// A whole number.
    Integer(i64),
    /// A number with a fraction; finite in a variable.
    Decimal(f64),
    /// A truth value.
    Boolean(bool),
    /// A text: its hash, as [`Value::text`] makes it.
    Text(u64),
    /// Of a list, its length.
    List(u32),
}

/// Number of the kind of no value.
pub(super) const NULL: u32 = 0;
/// Number of a kind of value.
pub(super) const INTEGER: u32 = 1;
/// As [`INTEGER`].
const DECIMAL: u32 = 2;
/// As [`INTEGER`].
pub(super) const BOOLEAN: u32 = 3;
/// As [`INTEGER`].
pub(super) const TEXT: u32 = 4;
/// As [`INTEGER`].
const LIST: u32 = 5;

/// Bits of a kind in [`Variables::kinds`].
const KIND_BITS: usize = 4;

impl Value {
    /// A text, of which only the hash is kept.
    #[must_use]
    pub fn text(text: &str) -> Self {
        // The key is arbitrary and part of the image format.
        let hasher = SipHasher24::new_with_keys(0x7766_2D6E_6574_2D76, 0x616C_7565_2D74_7874);
        Self::Text(hasher.hash(text.as_bytes()))
    }

    /// Number of the kind of value, and its 64 bits.
    pub(crate) const fn to_bits(self) -> (u32, u64) {
        match self {
            Self::Null => (NULL, 0),
            Self::Integer(value) => (INTEGER, value as u64),
            Self::Decimal(value) => (DECIMAL, value.to_bits()),
            Self::Boolean(value) => (BOOLEAN, value as u64),
            Self::Text(text) => (TEXT, text),
            Self::List(length) => (LIST, length as u64),
        }
    }

    pub(crate) const fn from_bits(kind: u32, bits: u64) -> Self {
        match kind {
            INTEGER => Self::Integer(bits as i64),
            DECIMAL => Self::Decimal(f64::from_bits(bits)),
            BOOLEAN => Self::Boolean(bits != 0),
            TEXT => Self::Text(bits),
            LIST => Self::List(bits as u32),
            _ => Self::Null,
        }
    }

    /// Whether a variable can have this value: decimals are finite.
    #[must_use]
    pub const fn is_storable(self) -> bool {
        !matches!(self, Self::Decimal(value) if !value.is_finite())
    }

    /// Whether two values are in one of these [orders](order_bits).
    #[inline]
    pub(super) fn compare(self, orders: u16, other: Self) -> Result<bool, Fault> {
        let order = match (self, other) {
            (Self::Integer(one), Self::Integer(two)) => one.cmp(&two),
            (Self::Decimal(one), Self::Decimal(two)) => one.partial_cmp(&two).ok_or(Fault::NoNumber)?,
            (Self::Integer(one), Self::Decimal(two)) => exact(one, two),
            (Self::Decimal(one), Self::Integer(two)) => exact(two, one).reverse(),
            (Self::Null, _) | (_, Self::Null) => return Err(Fault::NoValue),
            (Self::Text(one), Self::Text(two)) if is_equality(orders) => one.cmp(&two),
            (Self::Boolean(one), Self::Boolean(two)) if is_equality(orders) => one.cmp(&two),
            _ => return Err(Fault::Kind),
        };
        Ok(is_among(orders, order))
    }
}

/// The orders that fulfil a comparison, a bit each, from the lowest: less, equal, greater.
pub(super) const fn order_bits(comparison: Comparison) -> u16 {
    match comparison {
        Comparison::Equal => 0b010,
        Comparison::NotEqual => 0b101,
        Comparison::Less => 0b001,
        Comparison::LessOrEqual => 0b011,
        Comparison::Greater => 0b100,
        Comparison::GreaterOrEqual => 0b110,
    }
}

/// Whether only sameness is asked for.
#[inline(always)]
pub(super) const fn is_equality(orders: u16) -> bool {
    orders == order_bits(Comparison::Equal) || orders == order_bits(Comparison::NotEqual)
}

/// Whether an order is among those of a comparison: without a branch on the order, which is random.
#[inline(always)]
pub(super) const fn is_among(orders: u16, order: Ordering) -> bool {
    orders >> (order as i8 + 1) & 1 == 1
}

/// The order of an integer and a finite decimal, neither rounded.
fn exact(one: i64, two: f64) -> Ordering {
    // 2^63 and beyond are not integers of 64 bits; below, the whole part of a decimal is.
    if two >= 9_223_372_036_854_775_808.0 {
        return Ordering::Less;
    }
    if two < -9_223_372_036_854_775_808.0 {
        return Ordering::Greater;
    }
    let whole = two.floor();
    one.cmp(&(whole as i64)).then(if two > whole { Ordering::Less } else { Ordering::Equal })
}

/// Why a condition has no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Fault {
    /// A variable that it asks for has no value.
    NoValue,
    /// A value is of a kind that the operation is not for.
    Kind,
    /// An integer is out of range, or a decimal is.
    Overflow,
    /// A division by zero.
    DivisionByZero,
    /// A decimal is not a number.
    NoNumber,
}

impl Fault {
    /// The fault of this number.
    pub(super) const fn of(number: u64) -> Self {
        const ALL: [Fault; 5] =
            [Fault::NoValue, Fault::Kind, Fault::Overflow, Fault::DivisionByZero, Fault::NoNumber];
        ALL[number as usize]
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoValue => "a variable of the condition has no value",
            Self::Kind => "a value is of the wrong type for the condition",
            Self::Overflow => "a number of the condition is out of range",
            Self::DivisionByZero => "the condition divides by zero",
            Self::NoNumber => "a number of the condition is not a number",
        })
    }
}

impl core::error::Error for Fault {}

/// The variables of one case: 64 bits each, and what kind of value they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C)]
pub struct Variables {
    values: [u64; VARIABLES_MAX],
    /// Four bits a variable.
    kinds: u32,
    reserved: u32,
}

impl Variables {
    /// No variable has a value.
    pub const EMPTY: Self = Self { values: [0; VARIABLES_MAX], kinds: 0, reserved: 0 };

    /// From the two parts that [`parts`](Self::parts) gives; [`are_valid`](Self::are_valid) says whether they are such.
    #[must_use]
    pub const fn from_parts(values: [u64; VARIABLES_MAX], kinds: u32) -> Self {
        Self { values, kinds, reserved: 0 }
    }

    /// The 64 bits of each variable, and four bits each that say what they are.
    #[must_use]
    pub const fn parts(&self) -> ([u64; VARIABLES_MAX], u32) {
        (self.values, self.kinds)
    }

    /// The kind and the bits of a variable's value.
    #[inline(always)]
    pub(super) const fn raw(&self, variable: usize) -> (u32, u64) {
        (self.kinds >> (KIND_BITS * variable) & 0xF, self.values[variable])
    }

    /// The value of a variable.
    ///
    /// # Panics
    /// If there are not so many.
    #[must_use]
    #[inline]
    pub const fn get(&self, variable: usize) -> Value {
        let (kind, bits) = self.raw(variable);
        Value::from_bits(kind, bits)
    }

    /// Gives a variable a value.
    ///
    /// # Panics
    /// If there are not so many.
    pub const fn set(&mut self, variable: usize, value: Value) {
        let (kind, bits) = value.to_bits();
        self.values[variable] = bits;
        self.kinds = self.kinds & !(0xF << (KIND_BITS * variable)) | kind << (KIND_BITS * variable);
    }

    /// The same values, with nothing left of those that were there before.
    #[must_use]
    pub const fn tidy(&self) -> Self {
        let mut tidy = Self::EMPTY;
        let mut variable = 0;
        while variable < VARIABLES_MAX {
            tidy.set(variable, self.get(variable));
            variable += 1;
        }
        tidy
    }

    /// Whether every value is one that [`set`](Self::set) can have put there, for a program of so many variables.
    #[must_use]
    pub fn are_valid(&self, variables: usize) -> bool {
        let is_valid = |variable: usize| {
            let (kind, bits) = (self.kinds >> (KIND_BITS * variable) & 0xF, self.values[variable]);
            let value = Value::from_bits(kind, bits);
            value.to_bits() == (kind, bits) && value.is_storable() && (variable < variables || kind == 0)
        };
        self.reserved == 0 && (0..VARIABLES_MAX).all(is_valid)
    }
}

const _: () = assert!(VARIABLES_MAX * KIND_BITS <= 32);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_and_decimals_compare_exactly() {
        let order = |one: i64, two: f64| exact(one, two);
        // As floats, these two would be the same.
        assert_eq!(order((1 << 53) + 1, (1u64 << 53) as f64), Ordering::Greater);
        assert_eq!(order(i64::MAX, 9_223_372_036_854_775_807.0), Ordering::Less);
        assert_eq!(order(i64::MIN, -9_223_372_036_854_775_808.0), Ordering::Equal);
        assert_eq!(order(-3, -2.5), Ordering::Less);
        assert_eq!(order(-2, -2.5), Ordering::Greater);
        assert_eq!(order(2, 2.0), Ordering::Equal);
        assert_eq!(order(2, 2.5), Ordering::Less);
        assert_eq!(order(i64::MIN, f64::MIN), Ordering::Greater);
    }

    #[test]
    fn the_hash_of_a_text_never_changes() {
        // It stands in images and saved cases.
        assert_eq!(Value::text(""), Value::Text(0x7C14_E47B_353F_4540));
        assert_eq!(Value::text("approved"), Value::Text(0x5046_1254_8043_581C));
    }

    #[test]
    fn variables_keep_every_kind_of_value() {
        let mut variables = Variables::EMPTY;
        let values = [
            Value::Integer(-5),
            Value::Decimal(0.5),
            Value::Boolean(true),
            Value::text("new"),
            Value::List(9),
            Value::Null,
            Value::text(""),
            Value::Integer(i64::MIN),
        ];
        for (variable, &value) in values.iter().enumerate() {
            variables.set(variable, value);
        }
        for (variable, &value) in values.iter().enumerate() {
            assert_eq!(variables.get(variable), value);
        }
        assert!(variables.are_valid(8) && !variables.are_valid(7));
        variables.set(1, Value::Decimal(f64::NAN));
        assert!(!variables.are_valid(8));
    }
}
