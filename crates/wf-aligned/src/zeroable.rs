//! Types that may be all zero bytes.

use core::mem::MaybeUninit;
use core::sync::atomic::{
    AtomicBool, AtomicI8, AtomicI16, AtomicI32, AtomicI64, AtomicIsize, AtomicU8, AtomicU16, AtomicU32,
    AtomicU64, AtomicUsize,
};

use crate::CacheLine;

/// A type for which zero in every byte is a valid value.
///
/// # Safety
/// A value made of zero bytes must be valid for the type, and dropping it must be sound.
pub unsafe trait Zeroable {}

macro_rules! zeroable {
    ($($type:ty),* $(,)?) => {$(
        // SAFETY: each list below says why zero bytes are a value of its types; none of them has a destructor.
        unsafe impl Zeroable for $type {}
    )*};
}

// Every bit pattern is a number.
zeroable!(u8, u16, u32, u64, u128, usize, i8, i16, i32, i64, i128, isize);
// Zero bits are the number 0.0.
zeroable!(f32, f64);
// Zero bits are `false`, U+0000 and the only value of the unit type.
zeroable!(bool, char, ());
// An atomic has the size and validity of what it wraps.
zeroable!(AtomicBool, AtomicI8, AtomicI16, AtomicI32, AtomicI64, AtomicIsize);
zeroable!(AtomicU8, AtomicU16, AtomicU32, AtomicU64, AtomicUsize);

// SAFETY: an array is its elements without padding, and each element may be zero.
unsafe impl<T: Zeroable, const N: usize> Zeroable for [T; N] {}

// SAFETY: the wrapper is `repr(C)` around one `T`, which may be zero; padding may hold anything.
unsafe impl<T: Zeroable> Zeroable for CacheLine<T> {}

// SAFETY: `MaybeUninit` has no invalid bytes and never drops what it holds.
unsafe impl<T> Zeroable for MaybeUninit<T> {}
