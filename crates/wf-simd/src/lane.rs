//! The element types: integers and `f64`.

use crate::predicate::Predicate;
use crate::scalar::Keep;

mod sealed {
    pub trait Sealed {}
}

/// What an architecture adds to an element type.
#[cfg(all(target_arch = "aarch64", target_endian = "little"))]
use crate::aarch64::Vectors;
#[cfg(target_arch = "x86_64")]
use crate::x86_64::Vectors;

#[cfg(not(any(target_arch = "x86_64", all(target_arch = "aarch64", target_endian = "little"))))]
#[doc(hidden)]
pub trait Vectors {}
#[cfg(not(any(target_arch = "x86_64", all(target_arch = "aarch64", target_endian = "little"))))]
impl<T> Vectors for T {}

/// An element type of the kernels: `u8`, `u16`, `u32`, `u64`, `i64` or `f64`.
///
/// Sealed: the kernels know the layout of every lane.
pub trait Lane: Copy + PartialEq + core::fmt::Debug + sealed::Sealed + Vectors + Keep + 'static {
    /// How the type is summed: `u64` for unsigned integers, else the type itself.
    type Sum: Copy + PartialEq + core::fmt::Debug;

    /// Counts the elements that pass, in lanes as wide as the type, so that the compiler keeps them in vectors.
    #[doc(hidden)]
    fn count_in_lanes<P: Predicate<Self>>(x: &[Self], predicate: P) -> usize;

    #[doc(hidden)]
    fn min_in_lanes(x: &[Self]) -> Option<Self>;

    #[doc(hidden)]
    fn max_in_lanes(x: &[Self]) -> Option<Self>;

    #[doc(hidden)]
    fn sum_in_lanes(x: &[Self]) -> Self::Sum;

    /// The same for few elements, one by one: vectors would cost more than they save.
    #[doc(hidden)]
    fn min_of_few(x: &[Self]) -> Option<Self>;

    #[doc(hidden)]
    fn max_of_few(x: &[Self]) -> Option<Self>;

    #[doc(hidden)]
    fn sum_of_few(x: &[Self]) -> Self::Sum;

    /// Whether vectors of 16 bytes can not compare the type: 64-bit integers under SSE2.
    #[doc(hidden)]
    const IS_WIDE_INTEGER: bool;

    /// Whether `self` is the smaller one. False for NaN on either side.
    #[doc(hidden)]
    fn is_less(self, other: Self) -> bool;

    /// Whether the element takes part in min and max: all do but NaN.
    #[doc(hidden)]
    fn is_ordered(self) -> bool;
}

/// An integer element type: `u8`, `u16`, `u32`, `u64` or `i64`.
pub trait Integer: Lane + Ord {
    #[doc(hidden)]
    fn add_wrapping(self, other: Self) -> Self;

    #[doc(hidden)]
    fn add_saturating(self, other: Self) -> Self;
}

/// An unsigned element type, whose bits can be masked: `u8`, `u16`, `u32` or `u64`.
pub trait Word: Integer {
    /// Every bit set.
    #[doc(hidden)]
    const ONES: Self;

    #[doc(hidden)]
    fn masked(self, mask: Self) -> Self;
}

/// Adds up block by block in a counter as wide as the element, which the compiler keeps in vectors as wide as the elements'. `$block`
/// is below what the counter can hold.
macro_rules! count_in_lanes {
    ($counter:ty, $block:literal) => {
        #[inline(always)]
        fn count_in_lanes<P: Predicate<Self>>(x: &[Self], predicate: P) -> usize {
            let in_block = |block: &[Self]| {
                block
                    .iter()
                    .fold(0, |count: $counter, element| count + <$counter>::from(predicate.holds(*element)))
            };
            let (blocks, tail) = x.as_chunks::<$block>();
            blocks.iter().map(|block| in_block(block) as usize).sum::<usize>() + in_block(tail) as usize
        }
    };
}

macro_rules! integer {
    ($type:ident, $counter:ident, $block:literal, $sum:ident) => {
        impl sealed::Sealed for $type {}

        impl Lane for $type {
            type Sum = $sum;

            count_in_lanes!($counter, $block);

            #[inline(always)]
            fn min_in_lanes(x: &[Self]) -> Option<Self> {
                // The compiler turns the plain reduction into vectors; explicit lanes make it slower under AVX-512. It begins with the
                // identity: after a first element every vector of an aligned slice would lie across two cache lines.
                let min = x.iter().fold(Self::MAX, |min, element| min.min(*element));
                (!x.is_empty()).then_some(min)
            }

            #[inline(always)]
            fn max_in_lanes(x: &[Self]) -> Option<Self> {
                let max = x.iter().fold(Self::MIN, |max, element| max.max(*element));
                (!x.is_empty()).then_some(max)
            }

            #[inline(always)]
            fn sum_in_lanes(x: &[Self]) -> $sum {
                x.iter().fold(0, |sum: $sum, element| sum.wrapping_add(<$sum>::from(*element)))
            }

            #[inline(always)]
            fn min_of_few(x: &[Self]) -> Option<Self> {
                let (&first, rest) = x.split_first()?;
                Some(rest.iter().fold(first, |min, element| {
                    let element = element.keep();
                    if element < min { element } else { min }
                }))
            }

            #[inline(always)]
            fn max_of_few(x: &[Self]) -> Option<Self> {
                let (&first, rest) = x.split_first()?;
                Some(rest.iter().fold(first, |max, element| {
                    let element = element.keep();
                    if element > max { element } else { max }
                }))
            }

            #[inline(always)]
            fn sum_of_few(x: &[Self]) -> $sum {
                let (pairs, _) = x.as_chunks::<2>();
                let Some(last) = x.last() else { return 0 };
                // Half the turns of a plain loop. Whether the last element has a partner is random, so it is no branch.
                let alone = (x.len() & 1) as $sum;
                let sum = <$sum>::from(last.keep()) & alone.wrapping_neg();
                pairs.iter().fold(sum, |sum: $sum, [a, b]| {
                    sum.wrapping_add(<$sum>::from(a.keep()).wrapping_add(<$sum>::from(b.keep())))
                })
            }

            const IS_WIDE_INTEGER: bool = size_of::<$type>() == 8;

            #[inline(always)]
            fn is_less(self, other: Self) -> bool {
                self < other
            }

            #[inline(always)]
            fn is_ordered(self) -> bool {
                true
            }
        }

        impl Integer for $type {
            #[inline(always)]
            fn add_wrapping(self, other: Self) -> Self {
                self.wrapping_add(other)
            }

            #[inline(always)]
            fn add_saturating(self, other: Self) -> Self {
                self.saturating_add(other)
            }
        }
    };
}

integer!(u8, u8, 192, u64);
integer!(u16, u16, 4_096, u64);
integer!(u32, u32, 4_096, u64);
integer!(u64, u64, 4_096, u64);
integer!(i64, u64, 4_096, i64);

macro_rules! word {
    ($($type:ident)*) => {$(
        impl Word for $type {
            const ONES: Self = Self::MAX;

            #[inline(always)]
            fn masked(self, mask: Self) -> Self {
                self & mask
            }
        }
    )*};
}

word!(u8 u16 u32 u64);

impl sealed::Sealed for f64 {}

/// Partial sums of an `f64` sum. Part of the result's definition, see [`sum`](crate::sum).
pub(crate) const PARTIAL_SUMS: usize = 16;

impl Lane for f64 {
    type Sum = f64;

    count_in_lanes!(u64, 4_096);

    #[inline(always)]
    fn min_in_lanes(x: &[f64]) -> Option<f64> {
        extreme(x, f64::INFINITY, |element, best| element < best, -0.0)
    }

    #[inline(always)]
    fn max_in_lanes(x: &[f64]) -> Option<f64> {
        extreme(x, f64::NEG_INFINITY, |element, best| element > best, 0.0)
    }

    #[inline(always)]
    fn sum_in_lanes(x: &[f64]) -> f64 {
        let mut sums = [0.0; PARTIAL_SUMS];
        let (blocks, tail) = x.as_chunks::<PARTIAL_SUMS>();
        for block in blocks {
            for (sum, element) in sums.iter_mut().zip(block) {
                *sum += element;
            }
        }
        for (sum, element) in sums.iter_mut().zip(tail) {
            *sum += element;
        }
        add_halves(sums)
    }

    #[inline(always)]
    fn min_of_few(x: &[f64]) -> Option<f64> {
        Self::min_in_lanes(x)
    }

    #[inline(always)]
    fn max_of_few(x: &[f64]) -> Option<f64> {
        Self::max_in_lanes(x)
    }

    #[inline(always)]
    fn sum_of_few(x: &[f64]) -> f64 {
        Self::sum_in_lanes(x)
    }

    const IS_WIDE_INTEGER: bool = false;

    #[inline(always)]
    fn is_less(self, other: Self) -> bool {
        self < other
    }

    #[inline(always)]
    fn is_ordered(self) -> bool {
        !self.is_nan()
    }
}

/// Adds the upper half to the lower one until one number is left.
#[inline(always)]
pub(crate) fn add_halves(mut sums: [f64; PARTIAL_SUMS]) -> f64 {
    let mut half = PARTIAL_SUMS / 2;
    while half > 0 {
        for index in 0..half {
            sums[index] += sums[index + half];
        }
        half /= 2;
    }
    sums[0]
}

/// The least or greatest element that is no number less or greater than `worst`, by a comparison that is false for NaN.
///
/// Comparing keeps the old value for NaN and for the other zero, which costs one instruction. What that leaves open, whether there
/// was a number at all and which zero, is settled afterwards in the rare cases where it matters.
#[inline(always)]
fn extreme(x: &[f64], worst: f64, better: impl Fn(f64, f64) -> bool, best_zero: f64) -> Option<f64> {
    let mut lanes = [worst; 32];
    let (blocks, tail) = x.as_chunks::<32>();
    for block in blocks {
        for (best, element) in lanes.iter_mut().zip(block) {
            *best = if better(*element, *best) { *element } else { *best };
        }
    }
    let mut best = worst;
    let mut look_at = |elements: &[f64]| {
        for element in elements {
            best = if better(*element, best) { *element } else { best };
        }
    };
    if !blocks.is_empty() {
        look_at(&lanes);
    }
    look_at(tail);
    if best == worst && x.iter().all(|element| element.is_nan()) {
        return None;
    }
    if best == 0.0 {
        let wins = x.iter().any(|element| element.to_bits() == best_zero.to_bits());
        return Some(if wins { best_zero } else { -best_zero });
    }
    Some(best)
}
