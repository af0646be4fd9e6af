//! NEON: compares that give lanes of ones, gathered into bits by pairwise additions, by hand.
//!
//! NEON has no instruction that moves one bit of each lane to a general register. What the compiler makes of the portable body
//! widens every lane to 64 bits; narrowing lanes to bytes and adding up weights takes a fraction of that.

use core::arch::aarch64::*;

use crate::isa::{BLOCK, Isa};
use crate::lane::Lane;
use crate::predicate::Predicate;

/// Proof that this code runs under NEON, which every aarch64 processor with an operating system has.
#[derive(Clone, Copy, Debug)]
pub struct Neon(());

impl Neon {
    /// Always: the instruction set is part of the architecture.
    #[inline(always)]
    pub(crate) fn new() -> Self {
        Self(())
    }
}

/// Calls a function that needs the features, on the strength of the token.
macro_rules! under {
    ($isa:expr, $call:expr) => {{
        let _: Neon = $isa;
        // SAFETY: every target of this architecture that the module is compiled for has NEON, all that the called functions enable.
        unsafe { $call }
    }};
}

/// What a 16-byte vector of an element type can do.
#[doc(hidden)]
pub trait Quad: Sized {
    /// Elements per vector.
    const LANES: usize;

    /// All ones in the lanes that pass, all zeroes in the others.
    fn test<P: Predicate<Self>>(isa: Neon, x: uint8x16_t, predicate: P) -> uint8x16_t
    where
        Self: Lane;

    /// Sixteen tests as sixteen bytes of ones or zeroes; `elements` has sixteen elements.
    fn sixteen<P: Predicate<Self>>(isa: Neon, elements: &[Self], predicate: P) -> uint8x16_t
    where
        Self: Lane;
}

/// Every second lane of two vectors, by the width of the lanes that stay: the lower half of each wider lane.
macro_rules! narrow {
    (u8: $a:expr, $b:expr) => {
        vuzp1q_u8($a, $b)
    };
    (u16: $a:expr, $b:expr) => {
        vreinterpretq_u8_u16(vuzp1q_u16(vreinterpretq_u16_u8($a), vreinterpretq_u16_u8($b)))
    };
    (u32: $a:expr, $b:expr) => {
        vreinterpretq_u8_u32(vuzp1q_u32(vreinterpretq_u32_u8($a), vreinterpretq_u32_u8($b)))
    };
}

macro_rules! quad {
    ($type:ty, test: |$x:ident, $predicate:ident| $test:expr, sixteen: |$lanes:ident| $sixteen:expr $(,)?) => {
        impl Quad for $type {
            const LANES: usize = 16 / size_of::<$type>();

            #[inline(always)]
            fn test<P: Predicate<Self>>(isa: Neon, x: uint8x16_t, predicate: P) -> uint8x16_t {
                #[inline]
                #[target_feature(enable = "neon")]
                fn test<P: Predicate<$type>>($x: uint8x16_t, $predicate: P) -> uint8x16_t {
                    $test
                }
                under!(isa, test(x, predicate))
            }

            #[inline(always)]
            fn sixteen<P: Predicate<Self>>(isa: Neon, elements: &[Self], predicate: P) -> uint8x16_t {
                #[inline]
                #[target_feature(enable = "neon")]
                fn sixteen($lanes: [uint8x16_t; size_of::<$type>()]) -> uint8x16_t {
                    $sixteen
                }
                let tests = core::array::from_fn(|index| {
                    Self::test(isa, whole(&elements[index * Self::LANES..]), predicate)
                });
                under!(isa, sixteen(tests))
            }
        }
    };
}

/// The lanes to compare: all bits of them, or those under the mask.
macro_rules! lanes_of {
    ($x:expr, $predicate:ident, $and:ident, $splat:ident) => {
        match $predicate.mask() {
            Some(mask) => $and($x, $splat(mask)),
            None => $x,
        }
    };
}

quad!(u8,
    test: |x, p| vceqq_u8(lanes_of!(x, p, vandq_u8, vdupq_n_u8), vdupq_n_u8(p.value())),
    sixteen: |t| t[0]);
quad!(u16,
    test: |x, p| vreinterpretq_u8_u16(vceqq_u16(
        lanes_of!(vreinterpretq_u16_u8(x), p, vandq_u16, vdupq_n_u16), vdupq_n_u16(p.value()))),
    sixteen: |t| narrow!(u8: t[0], t[1]));
quad!(u32,
    test: |x, p| vreinterpretq_u8_u32(vceqq_u32(
        lanes_of!(vreinterpretq_u32_u8(x), p, vandq_u32, vdupq_n_u32), vdupq_n_u32(p.value()))),
    sixteen: |t| narrow!(u8: narrow!(u16: t[0], t[1]), narrow!(u16: t[2], t[3])));
quad!(u64,
    test: |x, p| vreinterpretq_u8_u64(vceqq_u64(
        lanes_of!(vreinterpretq_u64_u8(x), p, vandq_u64, vdupq_n_u64), vdupq_n_u64(p.value()))),
    sixteen: |t| from_eight(t));
quad!(i64,
    test: |x, p| vreinterpretq_u8_u64(vceqq_s64(vreinterpretq_s64_u8(x), vdupq_n_s64(p.value()))),
    sixteen: |t| from_eight(t));
quad!(f64,
    test: |x, p| vreinterpretq_u8_u64(vceqq_f64(vreinterpretq_f64_u8(x), vdupq_n_f64(p.value()))),
    sixteen: |t| from_eight(t));

/// Eight vectors of two wide lanes as sixteen bytes.
#[inline]
#[target_feature(enable = "neon")]
fn from_eight(t: [uint8x16_t; 8]) -> uint8x16_t {
    let quarters: [uint8x16_t; 4] = [
        narrow!(u32: t[0], t[1]),
        narrow!(u32: t[2], t[3]),
        narrow!(u32: t[4], t[5]),
        narrow!(u32: t[6], t[7]),
    ];
    let [a, b, c, d] = quarters;
    narrow!(u8: narrow!(u16: a, b), narrow!(u16: c, d))
}

/// One bit per byte of four vectors of ones and zeroes.
#[inline]
#[target_feature(enable = "neon")]
fn gather([a, b, c, d]: [uint8x16_t; 4]) -> u64 {
    // Byte `i` weighs bit `i % 8`; three rounds of adding neighbours leave one byte for each eight.
    let weights = vreinterpretq_u8_u64(vdupq_n_u64(0x8040_2010_0804_0201));
    let front = vpaddq_u8(vandq_u8(a, weights), vandq_u8(b, weights));
    let back = vpaddq_u8(vandq_u8(c, weights), vandq_u8(d, weights));
    let quarters = vpaddq_u8(front, back);
    vgetq_lane_u64::<0>(vreinterpretq_u64_u8(vpaddq_u8(quarters, quarters)))
}

/// Whether any bit is set.
#[inline]
#[target_feature(enable = "neon")]
fn is_any(lanes: uint8x16_t) -> bool {
    vmaxvq_u32(vreinterpretq_u32_u8(lanes)) != 0
}

/// Loads one whole vector: the first 16 bytes of `x`.
#[inline(always)]
fn whole<T: Lane>(x: &[T]) -> uint8x16_t {
    let lanes = &x[..<T as Quad>::LANES];
    // SAFETY: `LANES` elements are 16 bytes; an unaligned read needs no more, and any bytes are a vector.
    unsafe { lanes.as_ptr().cast::<uint8x16_t>().read_unaligned() }
}

impl Isa for Neon {
    #[inline(always)]
    fn bits<T: Lane, P: Predicate<T>>(self, block: &[T; BLOCK], predicate: P) -> u64 {
        let sixteens =
            core::array::from_fn(|index| <T as Quad>::sixteen(self, &block[index * 16..], predicate));
        under!(self, gather(sixteens))
    }

    #[inline(always)]
    fn any<T: Lane, P: Predicate<T>>(self, x: &[T], predicate: P) -> bool {
        let mut any = <T as Quad>::test(self, whole(x), predicate);
        for lanes in x[<T as Quad>::LANES..].chunks_exact(<T as Quad>::LANES) {
            any = under!(self, vorrq_u8(any, <T as Quad>::test(self, whole(lanes), predicate)));
        }
        under!(self, is_any(any))
    }
}
