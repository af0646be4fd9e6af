//! SSE2: compares that give lanes of ones, gathered into bits, by hand.

use core::arch::x86_64::*;

use crate::add::combine;
use crate::isa::{BLOCK, Isa};
use crate::lane::{Integer, Lane};
use crate::predicate::Predicate;

/// Proof that this code runs under SSE2, which every x86-64 processor has.
#[derive(Clone, Copy, Debug)]
pub struct Sse2(());

impl Sse2 {
    /// Always: the instruction set is part of the architecture.
    #[inline(always)]
    pub(crate) fn new() -> Self {
        Self(())
    }
}

/// What a 16-byte vector of an element type can do.
#[doc(hidden)]
pub trait Xmm: Sized {
    /// Elements per vector.
    const LANES: usize;

    /// How often a lane can count before it overflows.
    const COUNTS_MAX: usize;

    /// All ones in the lanes that pass, all zeroes in the others.
    fn test<P: Predicate<Self>>(isa: Sse2, x: __m128i, predicate: P) -> __m128i
    where
        Self: Lane;

    /// One bit per lane of a test's result.
    fn bits(isa: Sse2, lanes: __m128i) -> u64;

    /// Counts up in the lanes that passed.
    fn count(isa: Sse2, counts: __m128i, lanes: __m128i) -> __m128i;

    /// The same counts in lanes of 32 bits, added up where the lanes were narrower.
    fn widen(isa: Sse2, counts: __m128i) -> __m128i;
}

/// Calls a function that needs the features, on the strength of the token.
macro_rules! under {
    ($isa:expr, $call:expr) => {{
        let _: Sse2 = $isa;
        // SAFETY: every x86-64 processor has SSE2, all that the called functions enable.
        unsafe { $call }
    }};
}

macro_rules! xmm {
    (
        $type:ty, $counter:ty,
        test: |$x:ident, $predicate:ident| $test:expr,
        bits: |$lanes:ident| $bits:expr,
        count: $subtract:ident, widen: $widen:ident $(,)?
    ) => {
        impl Xmm for $type {
            const LANES: usize = 16 / size_of::<$type>();

            const COUNTS_MAX: usize = if size_of::<$type>() < 4 { <$counter>::MAX as usize } else { 1 << 24 };

            #[inline(always)]
            fn test<P: Predicate<Self>>(isa: Sse2, x: __m128i, predicate: P) -> __m128i {
                #[inline]
                #[target_feature(enable = "sse2")]
                fn test<P: Predicate<$type>>($x: __m128i, $predicate: P) -> __m128i {
                    $test
                }
                under!(isa, test(x, predicate))
            }

            #[inline(always)]
            fn bits(isa: Sse2, lanes: __m128i) -> u64 {
                #[inline]
                #[target_feature(enable = "sse2")]
                fn bits($lanes: __m128i) -> u64 {
                    u64::from($bits.cast_unsigned())
                }
                under!(isa, bits(lanes))
            }

            #[inline(always)]
            fn count(isa: Sse2, counts: __m128i, lanes: __m128i) -> __m128i {
                // All ones is -1.
                under!(isa, $subtract(counts, lanes))
            }

            #[inline(always)]
            fn widen(isa: Sse2, counts: __m128i) -> __m128i {
                under!(isa, $widen(counts))
            }
        }
    };
}

/// The lanes to compare: all bits of them, or those under the mask.
macro_rules! lanes_of {
    ($x:ident, $predicate:ident, $splat:ident) => {
        match $predicate.mask() {
            Some(mask) => _mm_and_si128($x, $splat(mask.cast_signed())),
            None => $x,
        }
    };
}

xmm!(u8, u8,
    test: |x, p| _mm_cmpeq_epi8(lanes_of!(x, p, _mm_set1_epi8), _mm_set1_epi8(p.value().cast_signed())),
    bits: |m| _mm_movemask_epi8(m),
    count: _mm_sub_epi8, widen: sum_bytes);
xmm!(u16, u16,
    test: |x, p| _mm_cmpeq_epi16(lanes_of!(x, p, _mm_set1_epi16), _mm_set1_epi16(p.value().cast_signed())),
    bits: |m| _mm_movemask_epi8(_mm_packs_epi16(m, _mm_setzero_si128())),
    count: _mm_sub_epi16, widen: sum_pairs);
xmm!(u32, u32,
    test: |x, p| _mm_cmpeq_epi32(lanes_of!(x, p, _mm_set1_epi32), _mm_set1_epi32(p.value().cast_signed())),
    bits: |m| _mm_movemask_ps(_mm_castsi128_ps(m)),
    count: _mm_sub_epi32, widen: same);
xmm!(u64, u64,
    test: |x, p| equal_64(lanes_of!(x, p, _mm_set1_epi64x), _mm_set1_epi64x(p.value().cast_signed())),
    bits: |m| _mm_movemask_pd(_mm_castsi128_pd(m)),
    count: _mm_sub_epi64, widen: same);
xmm!(i64, u64,
    test: |x, p| equal_64(x, _mm_set1_epi64x(p.value())),
    bits: |m| _mm_movemask_pd(_mm_castsi128_pd(m)),
    count: _mm_sub_epi64, widen: same);
xmm!(f64, u64,
    test: |x, p| _mm_castpd_si128(_mm_cmpeq_pd(_mm_castsi128_pd(x), _mm_set1_pd(p.value()))),
    bits: |m| _mm_movemask_pd(_mm_castsi128_pd(m)),
    count: _mm_sub_epi64, widen: same);

/// SSE2 compares 32 bits at most: a lane is equal when both of its halves are.
#[inline]
#[target_feature(enable = "sse2")]
fn equal_64(a: __m128i, b: __m128i) -> __m128i {
    let halves = _mm_cmpeq_epi32(a, b);
    _mm_and_si128(halves, _mm_shuffle_epi32::<0b10_11_00_01>(halves))
}

/// Lanes that are wide enough already: no count reaches 2^32, so a lane of 64 bits is one of 32 and a zero.
#[inline]
#[target_feature(enable = "sse2")]
fn same(counts: __m128i) -> __m128i {
    counts
}

/// Adds each 16-bit lane to its neighbour.
#[inline]
#[target_feature(enable = "sse2")]
fn sum_pairs(counts: __m128i) -> __m128i {
    let low = _mm_and_si128(counts, _mm_set1_epi32(0xFFFF));
    _mm_add_epi32(low, _mm_srli_epi32::<16>(counts))
}

/// Adds up groups of eight bytes.
#[inline]
#[target_feature(enable = "sse2")]
fn sum_bytes(counts: __m128i) -> __m128i {
    _mm_sad_epu8(counts, _mm_setzero_si128())
}

/// The sum of several vectors of widened counts, over all lanes.
#[inline]
#[target_feature(enable = "sse2")]
fn total<const N: usize>(counts: [__m128i; N]) -> usize {
    let lanes = counts.into_iter().fold(_mm_setzero_si128(), |sum, counts| _mm_add_epi32(sum, counts));
    // SAFETY: both are 16 bytes, and any bytes are integers.
    let lanes: [u32; 4] = unsafe { core::mem::transmute(lanes) };
    lanes.iter().sum::<u32>() as usize
}

/// Loads one whole vector: the first 16 bytes of `x`.
#[inline(always)]
fn whole<T: Lane>(x: &[T]) -> __m128i {
    let lanes = &x[..<T as Xmm>::LANES];
    // SAFETY: `LANES` elements are 16 bytes; an unaligned read needs no more, and any bytes are a vector.
    unsafe { lanes.as_ptr().cast::<__m128i>().read_unaligned() }
}

/// Loads `BYTES` bytes, 4 or 8, to the front of a vector: the first elements of `x`.
#[inline(always)]
fn part<T: Lane, const BYTES: usize>(x: &[T]) -> __m128i {
    let lanes = &x[..BYTES / size_of::<T>()];
    let mut bytes = [0; 16];
    // SAFETY: both are `BYTES` bytes or more, do not overlap, and any bytes of an element are bytes.
    unsafe { core::ptr::copy_nonoverlapping(lanes.as_ptr().cast::<u8>(), bytes.as_mut_ptr(), BYTES) };
    // SAFETY: both are 16 bytes, and any bytes are a vector.
    unsafe { core::mem::transmute(bytes) }
}

impl Sse2 {
    /// The bits of a slice that fits two parts of `BYTES` bytes, which overlap.
    #[inline(always)]
    fn bits_of_parts<T: Lane, P: Predicate<T>, const BYTES: usize>(self, x: &[T], predicate: P) -> u64 {
        let lanes = BYTES / size_of::<T>();
        let last = x.len() - lanes;
        // Lanes past a part are 0, and 0 may pass.
        let inside = (1 << lanes) - 1;
        let bits = |part| <T as Xmm>::bits(self, <T as Xmm>::test(self, part, predicate)) & inside;
        bits(part::<T, BYTES>(x)) | bits(part::<T, BYTES>(&x[last..])) << last
    }
}

impl Isa for Sse2 {
    #[inline(always)]
    fn find_in_few<T: Lane, P: Predicate<T>>(self, x: &[T], predicate: P) -> Option<usize> {
        if T::IS_WIDE_INTEGER {
            // Compares of 64 bits are made of several instructions here.
            return x.iter().position(|element| predicate.holds(*element));
        }
        // Where the hit is cannot be predicted, so nothing branches on it but whether there is one.
        let bits = self.bits_of_tail(x, predicate);
        (bits != 0).then(|| bits.trailing_zeros() as usize)
    }

    #[inline(always)]
    fn bits_of_tail<T: Lane, P: Predicate<T>>(self, tail: &[T], predicate: P) -> u64 {
        debug_assert!(tail.len() < BLOCK);
        let bits_at = |from: usize| {
            <T as Xmm>::bits(self, <T as Xmm>::test(self, whole(&tail[from..]), predicate)) << from
        };
        let bytes = size_of_val(tail);
        if bytes >= 16 {
            // Whole vectors, the last of which ends with the slice and overlaps the one before.
            let last = tail.len() - <T as Xmm>::LANES;
            let mut bits = bits_at(last);
            let mut from = 0;
            while from < last {
                bits |= bits_at(from);
                from += <T as Xmm>::LANES;
            }
            return bits;
        }
        if bytes >= 8 {
            return self.bits_of_parts::<T, P, 8>(tail, predicate);
        }
        if bytes >= 4 {
            return self.bits_of_parts::<T, P, 4>(tail, predicate);
        }
        tail.iter()
            .enumerate()
            .fold(0, |bits, (index, element)| bits | u64::from(predicate.holds(*element)) << index)
    }

    #[inline(always)]
    fn bits<T: Lane, P: Predicate<T>>(self, block: &[T; BLOCK], predicate: P) -> u64 {
        let mut bits = 0;
        for (index, lanes) in block.chunks_exact(<T as Xmm>::LANES).enumerate() {
            let passed = <T as Xmm>::test(self, whole(lanes), predicate);
            bits |= <T as Xmm>::bits(self, passed) << (index * <T as Xmm>::LANES);
        }
        bits
    }

    #[inline(always)]
    fn any<T: Lane, P: Predicate<T>>(self, x: &[T], predicate: P) -> bool {
        let mut any = <T as Xmm>::test(self, whole(x), predicate);
        for lanes in x[<T as Xmm>::LANES..].chunks_exact(<T as Xmm>::LANES) {
            any = under!(self, _mm_or_si128(any, <T as Xmm>::test(self, whole(lanes), predicate)));
        }
        <T as Xmm>::bits(self, any) != 0
    }

    #[inline(always)]
    fn count<T: Lane, P: Predicate<T>>(self, x: &[T], predicate: P) -> usize {
        let mut count = 0;
        let (blocks, _) = x.as_chunks::<BLOCK>();
        let vectors_per_block = BLOCK / <T as Xmm>::LANES;
        // Each of two sets of lanes counts every second vector.
        for round in blocks.chunks(<T as Xmm>::COUNTS_MAX / vectors_per_block.max(2) * 2) {
            let mut counts = [under!(self, _mm_setzero_si128()); 2];
            for block in round {
                for (index, lanes) in block.chunks_exact(<T as Xmm>::LANES).enumerate() {
                    let passed = <T as Xmm>::test(self, whole(lanes), predicate);
                    counts[index % 2] = <T as Xmm>::count(self, counts[index % 2], passed);
                }
            }
            count += under!(self, total(counts.map(|counts| <T as Xmm>::widen(self, counts))));
        }
        count + self.last_bits(x, predicate).count_ones() as usize
    }

    #[inline(always)]
    fn min<T: Lane>(self, x: &[T]) -> Option<T> {
        if T::IS_WIDE_INTEGER {
            extreme(x, |element, best| element.is_less(best))
        } else {
            T::min_in_lanes(x)
        }
    }

    #[inline(always)]
    fn max<T: Lane>(self, x: &[T]) -> Option<T> {
        if T::IS_WIDE_INTEGER {
            extreme(x, |element, best| best.is_less(element))
        } else {
            T::max_in_lanes(x)
        }
    }

    #[inline(always)]
    fn add_saturating<T: Integer>(self, x: &mut [T], y: &[T]) {
        if T::IS_WIDE_INTEGER {
            // Without compares of 64 bits, one by one is faster.
            combine(x, y, |x, y| x.keep().add_saturating(y));
        } else {
            combine(x, y, T::add_saturating);
        }
    }
}

/// The best element in general registers, as four chains that do not wait for each other.
///
/// SSE2 has no comparison of 64-bit lanes; what the compiler makes of narrower ones is slower than no vectors.
#[inline(always)]
fn extreme<T: Lane>(x: &[T], better: impl Fn(T, T) -> bool) -> Option<T> {
    let first = *x.first()?;
    let mut best = [first; 4];
    let (quads, tail) = x.as_chunks::<4>();
    for quad in quads {
        for (best, element) in best.iter_mut().zip(quad) {
            let element = element.keep();
            *best = if better(element, *best) { element } else { *best };
        }
    }
    best.iter()
        .chain(tail)
        .copied()
        .reduce(|best, element| if better(element, best) { element } else { best })
}
