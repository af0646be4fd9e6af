//! AVX2: compares that give lanes of ones, gathered into bits, and compaction by table, by hand.

use core::arch::x86_64::*;

use crate::isa::{BLOCK, Isa, compact, expand};
use crate::lane::Lane;
use crate::predicate::Predicate;
use crate::x86_64::Sse2;
use crate::x86_64::table::SET_BITS;

/// Proof that this code runs under AVX2, BMI1, BMI2, LZCNT and POPCNT.
#[derive(Clone, Copy, Debug)]
pub struct Avx2(());

impl Avx2 {
    /// Safe to call only where the features are enabled, which the signature makes the compiler check.
    #[inline]
    #[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
    pub(crate) fn new() -> Self {
        Self(())
    }
}

/// What a 32-byte vector of an element type can do.
#[doc(hidden)]
pub trait Ymm: Sized {
    /// Elements per vector.
    const LANES: usize;

    /// How often a lane can count before it overflows.
    const COUNTS_MAX: usize;

    /// All ones in the lanes that pass, all zeroes in the others.
    fn test<P: Predicate<Self>>(isa: Avx2, x: __m256i, predicate: P) -> __m256i
    where
        Self: Lane;

    /// One bit per lane of a test's result.
    fn bits(isa: Avx2, lanes: __m256i) -> u64;

    /// Counts up in the lanes that passed.
    fn count(isa: Avx2, counts: __m256i, lanes: __m256i) -> __m256i;

    /// The same counts in lanes of 32 bits, added up where the lanes were narrower.
    fn widen(isa: Avx2, counts: __m256i) -> __m256i;

    /// Writes the elements of `eight` whose bit is set to the front of `out`, and anything after them.
    fn compact(isa: Avx2, eight: [Self; 8], bits: u8, out: &mut [Self; 8]);
}

/// Calls a function that needs the features, on the strength of the token.
macro_rules! under {
    ($isa:expr, $call:expr) => {{
        let _: Avx2 = $isa;
        // SAFETY: an `Avx2` is only made under the features that the called function enables.
        unsafe { $call }
    }};
}

macro_rules! ymm {
    (
        $type:ty, $counter:ty,
        test: |$x:ident, $predicate:ident| $test:expr,
        bits: |$lanes:ident| $bits:expr,
        count: $subtract:ident, widen: $widen:ident, compact: $compact:path $(,)?
    ) => {
        impl Ymm for $type {
            const LANES: usize = 32 / size_of::<$type>();

            const COUNTS_MAX: usize = if size_of::<$type>() < 4 { <$counter>::MAX as usize } else { 1 << 24 };

            #[inline(always)]
            fn test<P: Predicate<Self>>(isa: Avx2, x: __m256i, predicate: P) -> __m256i {
                #[inline]
                #[target_feature(enable = "avx2")]
                fn test<P: Predicate<$type>>($x: __m256i, $predicate: P) -> __m256i {
                    $test
                }
                under!(isa, test(x, predicate))
            }

            #[inline(always)]
            fn bits(isa: Avx2, lanes: __m256i) -> u64 {
                #[inline]
                #[target_feature(enable = "avx2")]
                fn bits($lanes: __m256i) -> u64 {
                    u64::from($bits.cast_unsigned())
                }
                under!(isa, bits(lanes))
            }

            #[inline(always)]
            fn count(isa: Avx2, counts: __m256i, lanes: __m256i) -> __m256i {
                // All ones is -1.
                under!(isa, $subtract(counts, lanes))
            }

            #[inline(always)]
            fn widen(isa: Avx2, counts: __m256i) -> __m256i {
                under!(isa, $widen(counts))
            }

            #[inline(always)]
            fn compact(isa: Avx2, eight: [Self; 8], bits: u8, out: &mut [Self; 8]) {
                under!(isa, $compact(eight, bits, out));
            }
        }
    };
}

/// The lanes to compare: all bits of them, or those under the mask.
macro_rules! lanes_of {
    ($x:ident, $predicate:ident, $splat:ident) => {
        match $predicate.mask() {
            Some(mask) => _mm256_and_si256($x, $splat(mask.cast_signed())),
            None => $x,
        }
    };
}

ymm!(u8, u8,
    test: |x, p| _mm256_cmpeq_epi8(lanes_of!(x, p, _mm256_set1_epi8), _mm256_set1_epi8(p.value().cast_signed())),
    bits: |m| _mm256_movemask_epi8(m),
    count: _mm256_sub_epi8, widen: sum_bytes, compact: compact_8);
ymm!(u16, u16,
    test: |x, p| _mm256_cmpeq_epi16(lanes_of!(x, p, _mm256_set1_epi16), _mm256_set1_epi16(p.value().cast_signed())),
    bits: |m| _mm_movemask_epi8(_mm_packs_epi16(_mm256_castsi256_si128(m), _mm256_extracti128_si256::<1>(m))),
    count: _mm256_sub_epi16, widen: sum_pairs, compact: compact_16);
ymm!(u32, u32,
    test: |x, p| _mm256_cmpeq_epi32(lanes_of!(x, p, _mm256_set1_epi32), _mm256_set1_epi32(p.value().cast_signed())),
    bits: |m| _mm256_movemask_ps(_mm256_castsi256_ps(m)),
    count: _mm256_sub_epi32, widen: same, compact: compact_32);
ymm!(u64, u64,
    test: |x, p| _mm256_cmpeq_epi64(lanes_of!(x, p, _mm256_set1_epi64x), _mm256_set1_epi64x(p.value().cast_signed())),
    bits: |m| _mm256_movemask_pd(_mm256_castsi256_pd(m)),
    count: _mm256_sub_epi64, widen: same, compact: compact_64);
ymm!(i64, u64,
    test: |x, p| _mm256_cmpeq_epi64(x, _mm256_set1_epi64x(p.value())),
    bits: |m| _mm256_movemask_pd(_mm256_castsi256_pd(m)),
    count: _mm256_sub_epi64, widen: same, compact: compact_64);
ymm!(f64, u64,
    test: |x, p| _mm256_castpd_si256(_mm256_cmp_pd::<_CMP_EQ_OQ>(_mm256_castsi256_pd(x), _mm256_set1_pd(p.value()))),
    bits: |m| _mm256_movemask_pd(_mm256_castsi256_pd(m)),
    count: _mm256_sub_epi64, widen: same, compact: compact_64);

/// Writes `base` plus each of eight positions.
#[inline]
#[target_feature(enable = "avx2")]
fn write_positions(positions: i64, base: u32, slots: &mut [u32; 8]) {
    let positions = _mm256_cvtepu8_epi32(_mm_cvtsi64_si128(positions));
    let indices = _mm256_add_epi32(positions, _mm256_set1_epi32(base.cast_signed()));
    // SAFETY: the slots are 32 bytes.
    unsafe { _mm256_storeu_si256(slots.as_mut_ptr().cast(), indices) };
}

/// The entry of the table, in the low half of a vector.
#[inline]
#[target_feature(enable = "avx2")]
fn positions(bits: u8) -> __m128i {
    _mm_cvtsi64_si128(SET_BITS[usize::from(bits)].cast_signed())
}

#[inline]
#[target_feature(enable = "avx2")]
fn compact_8(eight: [u8; 8], bits: u8, out: &mut [u8; 8]) {
    let lanes = _mm_cvtsi64_si128(i64::from_ne_bytes(eight));
    *out = _mm_cvtsi128_si64(_mm_shuffle_epi8(lanes, positions(bits))).to_ne_bytes();
}

#[inline]
#[target_feature(enable = "avx2")]
fn compact_16(eight: [u16; 8], bits: u8, out: &mut [u16; 8]) {
    // Element `p` is made of bytes `2 p` and `2 p + 1`.
    let twice = _mm_slli_epi16::<1>(_mm_cvtepu8_epi16(positions(bits)));
    let bytes = _mm_add_epi16(_mm_or_si128(twice, _mm_slli_epi16::<8>(twice)), _mm_set1_epi16(0x0100));
    // SAFETY: eight elements are 16 bytes.
    let lanes = unsafe { _mm_loadu_si128(eight.as_ptr().cast()) };
    let kept = _mm_shuffle_epi8(lanes, bytes);
    // SAFETY: eight elements are 16 bytes.
    unsafe { _mm_storeu_si128(out.as_mut_ptr().cast(), kept) };
}

#[inline]
#[target_feature(enable = "avx2")]
fn compact_32(eight: [u32; 8], bits: u8, out: &mut [u32; 8]) {
    // SAFETY: eight elements are 32 bytes.
    let lanes = unsafe { _mm256_loadu_si256(eight.as_ptr().cast()) };
    let kept = _mm256_permutevar8x32_epi32(lanes, _mm256_cvtepu8_epi32(positions(bits)));
    // SAFETY: eight elements are 32 bytes.
    unsafe { _mm256_storeu_si256(out.as_mut_ptr().cast(), kept) };
}

#[inline]
#[target_feature(enable = "avx2")]
fn compact_64<T: Lane>(eight: [T; 8], bits: u8, out: &mut [T; 8]) {
    const { assert!(size_of::<T>() == 8) };
    let (low, high) = (bits & 15, bits >> 4);
    // SAFETY: four elements are 32 bytes, and there are eight.
    let lanes = unsafe { _mm256_loadu_si256(eight.as_ptr().cast()) };
    let kept = compact_four(lanes, low);
    // SAFETY: four elements are 32 bytes.
    unsafe { _mm256_storeu_si256(out.as_mut_ptr().cast(), kept) };
    // SAFETY: the last four of eight elements are 32 bytes.
    let lanes = unsafe { _mm256_loadu_si256(eight[4..].as_ptr().cast()) };
    let kept = compact_four(lanes, high);
    let rest = &mut out[low.count_ones() as usize..];
    // SAFETY: the low half kept at most four, so the rest has four places or more, which are 32 bytes.
    unsafe { _mm256_storeu_si256(rest.as_mut_ptr().cast(), kept) };
}

/// Moves the 64-bit lanes whose bit is set to the front.
#[inline]
#[target_feature(enable = "avx2")]
fn compact_four(lanes: __m256i, bits: u8) -> __m256i {
    // Lane `p` is made of 32-bit lanes `2 p` and `2 p + 1`.
    let twice = _mm256_slli_epi64::<1>(_mm256_cvtepu8_epi64(positions(bits)));
    let halves =
        _mm256_add_epi64(_mm256_or_si256(twice, _mm256_slli_epi64::<32>(twice)), _mm256_set1_epi64x(1 << 32));
    _mm256_permutevar8x32_epi32(lanes, halves)
}

/// Lanes that are wide enough already: no count reaches 2^32, so a lane of 64 bits is one of 32 and a zero.
#[inline]
#[target_feature(enable = "avx2")]
fn same(counts: __m256i) -> __m256i {
    counts
}

/// Adds each 16-bit lane to its neighbour.
#[inline]
#[target_feature(enable = "avx2")]
fn sum_pairs(counts: __m256i) -> __m256i {
    let low = _mm256_and_si256(counts, _mm256_set1_epi32(0xFFFF));
    _mm256_add_epi32(low, _mm256_srli_epi32::<16>(counts))
}

/// Adds up groups of eight bytes.
#[inline]
#[target_feature(enable = "avx2")]
fn sum_bytes(counts: __m256i) -> __m256i {
    _mm256_sad_epu8(counts, _mm256_setzero_si256())
}

/// The sum of several vectors of widened counts, over all lanes.
#[inline]
#[target_feature(enable = "avx2")]
fn total<const N: usize>(counts: [__m256i; N]) -> usize {
    let lanes = counts.into_iter().fold(_mm256_setzero_si256(), |sum, counts| _mm256_add_epi32(sum, counts));
    // SAFETY: both are 32 bytes, and any bytes are integers.
    let lanes: [u32; 8] = unsafe { core::mem::transmute(lanes) };
    lanes.iter().sum::<u32>() as usize
}

/// Loads one whole vector: the first 32 bytes of `x`.
#[inline(always)]
fn whole<T: Lane>(x: &[T]) -> __m256i {
    let lanes = &x[..<T as Ymm>::LANES];
    // SAFETY: `LANES` elements are 32 bytes; an unaligned read needs no more, and any bytes are a vector.
    unsafe { lanes.as_ptr().cast::<__m256i>().read_unaligned() }
}

impl Avx2 {
    /// Whether any of at most [`Ymm::COUNTS_MAX`] elements passes, by counting; `x` is made of full blocks.
    #[inline(always)]
    pub(crate) fn any_counted<T: Lane, P: Predicate<T>>(self, x: &[T], predicate: P) -> bool {
        debug_assert!(x.len() <= <T as Ymm>::COUNTS_MAX);
        let mut counts = [under!(self, _mm256_setzero_si256()); 2];
        for (index, lanes) in x.chunks_exact(<T as Ymm>::LANES).enumerate() {
            let passed = <T as Ymm>::test(self, whole(lanes), predicate);
            counts[index % 2] = <T as Ymm>::count(self, counts[index % 2], passed);
        }
        let counts = under!(self, _mm256_or_si256(counts[0], counts[1]));
        under!(self, _mm256_testz_si256(counts, counts)) == 0
    }
}

impl Isa for Avx2 {
    #[inline(always)]
    fn bits_of_tail<T: Lane, P: Predicate<T>>(self, tail: &[T], predicate: P) -> u64 {
        debug_assert!(tail.len() < BLOCK);
        let Some(last) = tail.len().checked_sub(<T as Ymm>::LANES) else {
            return Sse2::new().bits_of_tail(tail, predicate);
        };
        // Whole vectors, the last of which ends with the slice and overlaps the one before.
        let bits_at = |from: usize| {
            <T as Ymm>::bits(self, <T as Ymm>::test(self, whole(&tail[from..]), predicate)) << from
        };
        let mut bits = bits_at(last);
        let mut from = 0;
        while from < last {
            bits |= bits_at(from);
            from += <T as Ymm>::LANES;
        }
        bits
    }

    #[inline(always)]
    fn bits<T: Lane, P: Predicate<T>>(self, block: &[T; BLOCK], predicate: P) -> u64 {
        let mut bits = 0;
        for (index, lanes) in block.chunks_exact(<T as Ymm>::LANES).enumerate() {
            let passed = <T as Ymm>::test(self, whole(lanes), predicate);
            bits |= <T as Ymm>::bits(self, passed) << (index * <T as Ymm>::LANES);
        }
        bits
    }

    #[inline(always)]
    fn any<T: Lane, P: Predicate<T>>(self, x: &[T], predicate: P) -> bool {
        let mut any = <T as Ymm>::test(self, whole(x), predicate);
        for lanes in x[<T as Ymm>::LANES..].chunks_exact(<T as Ymm>::LANES) {
            any = under!(self, _mm256_or_si256(any, <T as Ymm>::test(self, whole(lanes), predicate)));
        }
        <T as Ymm>::bits(self, any) != 0
    }

    #[inline(always)]
    fn count<T: Lane, P: Predicate<T>>(self, x: &[T], predicate: P) -> usize {
        let mut count = 0;
        let (blocks, _) = x.as_chunks::<BLOCK>();
        let vectors_per_block = BLOCK / <T as Ymm>::LANES;
        // Each of two sets of lanes counts every second vector.
        for round in blocks.chunks(<T as Ymm>::COUNTS_MAX / vectors_per_block.max(2) * 2) {
            let mut counts = [under!(self, _mm256_setzero_si256()); 2];
            for block in round {
                for (index, lanes) in block.chunks_exact(<T as Ymm>::LANES).enumerate() {
                    let passed = <T as Ymm>::test(self, whole(lanes), predicate);
                    counts[index % 2] = <T as Ymm>::count(self, counts[index % 2], passed);
                }
            }
            count += under!(self, total(counts.map(|counts| <T as Ymm>::widen(self, counts))));
        }
        count + self.last_bits(x, predicate).count_ones() as usize
    }

    #[inline(always)]
    fn expand(self, bits: u64, base: u32, out: &mut [u32]) -> usize {
        let count = bits.count_ones() as usize;
        if out.len() < BLOCK {
            return expand(bits, base, out);
        }
        let mut filled = 0;
        for index in 0..8 {
            let byte = (bits >> (index * 8)) as u8;
            let positions = SET_BITS[usize::from(byte)].cast_signed();
            // At most eight per byte before: `filled <= index * 8`, and there are 64 places.
            let Some(slots) = out[filled..].first_chunk_mut::<8>() else { break };
            under!(self, write_positions(positions, base.wrapping_add(index * 8), slots));
            filled += byte.count_ones() as usize;
        }
        count
    }

    #[inline(always)]
    fn compact<T: Lane>(self, x: &mut [T], from: usize, to: usize, bits: u64) -> usize {
        debug_assert!(to <= from && from <= x.len());
        let (mut from, mut to, mut bits) = (from, to, bits);
        for _ in 0..8 {
            let Some(&eight) = x[from..].first_chunk::<8>() else {
                return compact(x, from, to, bits);
            };
            // In place: `to <= from`, since no more were kept than seen, and what is overwritten was loaded before.
            if let Some(out) = x[to..].first_chunk_mut() {
                <T as Ymm>::compact(self, eight, bits as u8, out);
            }
            to += (bits as u8).count_ones() as usize;
            from += 8;
            bits >>= 8;
        }
        to
    }
}
