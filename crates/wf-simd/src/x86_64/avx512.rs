//! AVX-512: compares that give bits, compression, and masked tails, by hand.

use core::arch::x86_64::*;

use crate::isa::{BLOCK, Isa};
use crate::lane::Lane;
use crate::predicate::Predicate;
use crate::scalar::Keep;
use crate::x86_64::{Avx2, popcount};

/// Proof that this code runs under AVX-512 F, BW, CD, DQ, VL and what every such processor has besides.
#[derive(Clone, Copy, Debug)]
pub struct Avx512(());

impl Avx512 {
    /// Safe to call only where the features are enabled, which the signature makes the compiler check.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512cd,avx512dq,avx512vl,avx2,bmi1,bmi2,lzcnt,popcnt")]
    pub(crate) fn new() -> Self {
        Self(())
    }
}

/// What a 64-byte vector of an element type can do.
///
/// Every method takes the token, which is the proof that its instructions exist.
#[doc(hidden)]
pub trait Zmm: Sized {
    /// Elements per vector.
    const LANES: usize;

    /// Bit `i` says whether lane `i` passes.
    fn test<P: Predicate<Self>>(isa: Avx512, x: __m512i, predicate: P) -> u64
    where
        Self: Lane;

    /// The lesser of `least` and the difference to the value looked for, lane by lane: 0 where the element passes.
    ///
    /// Stays in vector registers, where a compare would go through the few mask registers. Lanes of 32 bits or less only.
    fn nearer<P: Predicate<Self>>(isa: Avx512, least: __m512i, x: __m512i, predicate: P) -> __m512i
    where
        Self: Lane;

    /// The elements of `x`, at most one vector, and 0 in the lanes after them. Reads nothing past them.
    fn load(isa: Avx512, x: &[Self]) -> __m512i;

    /// The lanes whose bit is set, moved to the front; lanes of 32 bits or more only.
    fn compress(isa: Avx512, x: __m512i, bits: u64) -> __m512i;

    /// Stores as many lanes as `x` has elements, at most one vector.
    fn store(isa: Avx512, x: &mut [Self], lanes: __m512i);
}

/// Calls a function that needs the features, on the strength of the token.
macro_rules! under {
    ($isa:expr, $call:expr) => {{
        let _: Avx512 = $isa;
        // SAFETY: an `Avx512` is only made under the features that the called function enables.
        unsafe { $call }
    }};
}

macro_rules! zmm {
    (
        $type:ty, $mask:ty,
        test: |$x:ident, $predicate:ident| $test:expr,
        load: $load:ident, store: $store:ident,
        nearer: |$least:ident, $w:ident, $q:ident| $nearer:expr,
        compress: |$v:ident, $bits:ident| $compress:expr $(,)?
    ) => {
        impl Zmm for $type {
            const LANES: usize = 64 / size_of::<$type>();

            #[inline(always)]
            fn nearer<P: Predicate<Self>>(isa: Avx512, least: __m512i, x: __m512i, predicate: P) -> __m512i {
                #[inline]
                #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
                fn nearer<P: Predicate<$type>>($least: __m512i, $w: __m512i, $q: P) -> __m512i {
                    $nearer
                }
                under!(isa, nearer(least, x, predicate))
            }

            #[inline(always)]
            fn test<P: Predicate<Self>>(isa: Avx512, x: __m512i, predicate: P) -> u64 {
                #[inline]
                #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
                fn test<P: Predicate<$type>>($x: __m512i, $predicate: P) -> u64 {
                    u64::from($test)
                }
                under!(isa, test(x, predicate))
            }

            #[inline(always)]
            fn load(isa: Avx512, x: &[Self]) -> __m512i {
                #[inline]
                #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,bmi2")]
                fn load(x: &[$type]) -> __m512i {
                    // At most all lanes, since the mask type has no more bits.
                    let lanes = _bzhi_u64(u64::MAX, x.len() as u32) as $mask;
                    // SAFETY: only the lanes in the mask are read, one per element of `x`; the others do not fault.
                    unsafe { $load(lanes, x.as_ptr().cast()) }
                }
                debug_assert!(x.len() <= <$type as Zmm>::LANES);
                under!(isa, load(x))
            }

            #[inline(always)]
            fn compress(isa: Avx512, x: __m512i, bits: u64) -> __m512i {
                #[inline]
                #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
                fn compress($v: __m512i, $bits: u64) -> __m512i {
                    $compress
                }
                under!(isa, compress(x, bits))
            }

            #[inline(always)]
            fn store(isa: Avx512, x: &mut [Self], lanes: __m512i) {
                #[inline]
                #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,bmi2")]
                fn store(x: &mut [$type], lanes: __m512i) {
                    let first = _bzhi_u64(u64::MAX, x.len() as u32) as $mask;
                    // SAFETY: only the lanes in the mask are written, one per element of `x`.
                    unsafe { $store(x.as_mut_ptr().cast(), first, lanes) }
                }
                debug_assert!(x.len() <= <$type as Zmm>::LANES);
                under!(isa, store(x, lanes))
            }
        }
    };
}

/// The lanes to compare: all bits of them, or those under the mask.
macro_rules! lanes_of {
    ($x:ident, $predicate:ident, $splat:ident) => {
        match $predicate.mask() {
            Some(mask) => _mm512_and_si512($x, $splat(mask.cast_signed())),
            None => $x,
        }
    };
}

zmm!(u8, __mmask64,
    test: |x, p| _mm512_cmpeq_epi8_mask(lanes_of!(x, p, _mm512_set1_epi8), _mm512_set1_epi8(p.value().cast_signed())),
    load: _mm512_maskz_loadu_epi8, store: _mm512_mask_storeu_epi8,
    nearer: |least, x, p| _mm512_min_epu8(least, _mm512_xor_si512(lanes_of!(x, p, _mm512_set1_epi8), _mm512_set1_epi8(p.value().cast_signed()))),
    compress: |x, _bits| x);
zmm!(u16, __mmask32,
    test: |x, p| _mm512_cmpeq_epi16_mask(lanes_of!(x, p, _mm512_set1_epi16), _mm512_set1_epi16(p.value().cast_signed())),
    load: _mm512_maskz_loadu_epi16, store: _mm512_mask_storeu_epi16,
    nearer: |least, x, p| _mm512_min_epu16(least, _mm512_xor_si512(lanes_of!(x, p, _mm512_set1_epi16), _mm512_set1_epi16(p.value().cast_signed()))),
    compress: |x, _bits| x);
zmm!(u32, __mmask16,
    test: |x, p| _mm512_cmpeq_epi32_mask(lanes_of!(x, p, _mm512_set1_epi32), _mm512_set1_epi32(p.value().cast_signed())),
    load: _mm512_maskz_loadu_epi32, store: _mm512_mask_storeu_epi32,
    nearer: |least, x, p| _mm512_min_epu32(least, _mm512_xor_si512(lanes_of!(x, p, _mm512_set1_epi32), _mm512_set1_epi32(p.value().cast_signed()))),
    compress: |x, bits| _mm512_maskz_compress_epi32(bits as __mmask16, x));
zmm!(u64, __mmask8,
    test: |x, p| _mm512_cmpeq_epi64_mask(lanes_of!(x, p, _mm512_set1_epi64), _mm512_set1_epi64(p.value().cast_signed())),
    load: _mm512_maskz_loadu_epi64, store: _mm512_mask_storeu_epi64,
    nearer: |least, _x, _p| least,
    compress: |x, bits| _mm512_maskz_compress_epi64(bits as __mmask8, x));
zmm!(i64, __mmask8,
    test: |x, p| _mm512_cmpeq_epi64_mask(x, _mm512_set1_epi64(p.value())),
    load: _mm512_maskz_loadu_epi64, store: _mm512_mask_storeu_epi64,
    nearer: |least, _x, _p| least,
    compress: |x, bits| _mm512_maskz_compress_epi64(bits as __mmask8, x));
zmm!(f64, __mmask8,
    test: |x, p| _mm512_cmp_pd_mask::<_CMP_EQ_OQ>(_mm512_castsi512_pd(x), _mm512_set1_pd(p.value())),
    load: _mm512_maskz_loadu_epi64, store: _mm512_mask_storeu_epi64,
    nearer: |least, _x, _p| least,
    compress: |x, bits| _mm512_maskz_compress_epi64(bits as __mmask8, x));

/// Loads one whole vector: the first 64 bytes of `x`.
#[inline(always)]
fn whole<T: Lane>(x: &[T]) -> __m512i {
    let lanes = &x[..<T as Zmm>::LANES];
    // SAFETY: `LANES` elements are 64 bytes; an unaligned read needs no more, and any bytes are a vector.
    unsafe { lanes.as_ptr().cast::<__m512i>().read_unaligned() }
}

/// The bytes of a word of bits; byte `v` belongs to the `v`-th vector of eight lanes, since the architecture is little-endian.
///
/// Eight stores of a mask register cost less than moving eight masks to one general register.
#[inline(always)]
fn bytes_of(word: &mut u64) -> &mut [u8; 8] {
    // SAFETY: a word is eight bytes, a byte array needs no alignment, and any bytes are a word.
    unsafe { &mut *core::ptr::from_mut(word).cast::<[u8; 8]>() }
}

/// Stores one whole vector to the first 64 bytes of `x`.
#[inline(always)]
fn store_whole<T: Lane>(x: &mut [T], vector: __m512i) {
    let lanes = &mut x[..<T as Zmm>::LANES];
    // SAFETY: `LANES` elements are 64 bytes; the lanes came from elements of the same type, so they are valid ones.
    unsafe { lanes.as_mut_ptr().cast::<__m512i>().write_unaligned(vector) };
}

impl Avx512 {
    /// Bit `i` of byte `g` says whether word `word % 8` of row `8 * g + i` passes.
    #[inline(always)]
    fn tests_of_rows<P: Predicate<u64>>(
        self,
        rows: &[[u64; 8]; BLOCK],
        word: usize,
        predicate: P,
    ) -> [u8; 8] {
        let (eights, _) = rows.as_chunks::<8>();
        core::array::from_fn(|index| {
            <u64 as Zmm>::test(self, under!(self, column(&eights[index], word % 8)), predicate) as u8
        })
    }
}

/// One word of each of eight rows.
///
/// A load that broadcasts under a mask sets one lane and is one instruction per row; a gather is several.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
fn column(rows: &[[u64; 8]; 8], word: usize) -> __m512i {
    let mut lanes = _mm512_set1_epi64(rows[0][word].cast_signed());
    for (lane, row) in rows.iter().enumerate().skip(1) {
        lanes = _mm512_mask_set1_epi64(lanes, 1 << lane, row[word].cast_signed());
    }
    lanes
}

impl Isa for Avx512 {
    #[inline(always)]
    fn bits<T: Lane, P: Predicate<T>>(self, block: &[T; BLOCK], predicate: P) -> u64 {
        let mut bits = 0;
        for (index, lanes) in block.chunks_exact(<T as Zmm>::LANES).enumerate() {
            bits |= <T as Zmm>::test(self, whole(lanes), predicate) << (index * <T as Zmm>::LANES);
        }
        bits
    }

    #[inline(always)]
    fn store_bits<T: Lane, P: Predicate<T>>(self, block: &[T; BLOCK], predicate: P, out: &mut u64) {
        if <T as Zmm>::LANES != 8 {
            *out = self.bits(block, predicate);
            return;
        }
        for (byte, lanes) in bytes_of(out).iter_mut().zip(block.chunks_exact(8)) {
            *byte = <T as Zmm>::test(self, whole(lanes), predicate) as u8;
        }
    }

    #[inline(always)]
    fn bits_of_tail<T: Lane, P: Predicate<T>>(self, tail: &[T], predicate: P) -> u64 {
        debug_assert!(tail.len() < BLOCK);
        let Some(last) = tail.len().checked_sub(<T as Zmm>::LANES) else {
            // Lanes past the end are 0, and 0 may pass.
            let inside = (1 << tail.len()) - 1;
            return <T as Zmm>::test(self, <T as Zmm>::load(self, tail), predicate) & inside;
        };
        // As many whole vectors for every length, so that nothing branches on it: those that would not fit end with the slice, and what
        // is tested twice gives the same bit. Each result goes through a register: shifted as lanes they would be stored and loaded.
        let bits_at = |from: usize| {
            let lanes = &tail[from..from + <T as Zmm>::LANES];
            <T as Zmm>::test(self, whole(lanes), predicate).keep() << from
        };
        let mut bits = bits_at(last);
        for index in 0..BLOCK / <T as Zmm>::LANES - 1 {
            bits |= bits_at((index * <T as Zmm>::LANES).min(last));
        }
        bits
    }

    #[inline(always)]
    fn any<T: Lane, P: Predicate<T>>(self, x: &[T], predicate: P) -> bool {
        if <T as Zmm>::LANES > 8 {
            let mut least = under!(self, _mm512_set1_epi64(-1));
            for lanes in x.chunks_exact(<T as Zmm>::LANES) {
                least = <T as Zmm>::nearer(self, least, whole(lanes), predicate);
            }
            return under!(self, has_zero_lane::<T>(least));
        }
        // As in `count`, two compares of 32 bytes a cycle give lanes at once. Counted, since the compiler makes masks of compares that
        // are only joined. The token is proof of AVX2 too.
        under!(self, Avx2::new()).any_counted(x, predicate)
    }

    #[inline(always)]
    fn count<T: Lane, P: Predicate<T>>(self, x: &[T], predicate: P) -> usize {
        // Two compares of 32 bytes a cycle give lanes at once; one of 64 bytes gives a mask that is lanes only after another step.
        // The token is proof of AVX2 too.
        let (blocks, _) = x.as_chunks::<BLOCK>();
        under!(self, Avx2::new()).count(blocks.as_flattened(), predicate)
            + self.last_bits(x, predicate).count_ones() as usize
    }

    #[inline(always)]
    fn bits_of_rows<P: Predicate<u64>>(self, rows: &[[u64; 8]; BLOCK], word: usize, predicate: P) -> u64 {
        u64::from_le_bytes(self.tests_of_rows(rows, word, predicate))
    }

    #[inline(always)]
    fn any_of_rows<P: Predicate<u64>>(self, rows: &[[u64; 8]; BLOCK], word: usize, predicate: P) -> bool {
        self.tests_of_rows(rows, word, predicate).into_iter().fold(0, |any, test| any | test) != 0
    }

    #[inline(always)]
    fn count_of_rows<P: Predicate<u64>>(self, rows: &[[u64; 8]; BLOCK], word: usize, predicate: P) -> usize {
        self.tests_of_rows(rows, word, predicate).iter().map(|test| test.count_ones()).sum::<u32>() as usize
    }

    #[inline(always)]
    fn count_bits(self, x: &[u64], y: &[u64]) -> usize {
        popcount::count_bits(self, x, y)
    }

    #[inline(always)]
    fn expand(self, bits: u64, base: u32, out: &mut [u32]) -> usize {
        under!(self, expand(bits, base, out))
    }

    #[inline(always)]
    fn compact<T: Lane>(self, x: &mut [T], from: usize, to: usize, bits: u64) -> usize {
        debug_assert!(to <= from && from <= x.len());
        if size_of::<T>() < 4 {
            // Compressing narrow lanes takes an extension that `Avx512` does not include. The token is proof of AVX2 too.
            return under!(self, Avx2::new()).compact(x, from, to, bits);
        }
        let mut to = to;
        for index in 0..BLOCK / <T as Zmm>::LANES {
            let from = (from + index * <T as Zmm>::LANES).min(x.len());
            let lane_bits = (bits >> (index * <T as Zmm>::LANES)) & (u64::MAX >> (64 - <T as Zmm>::LANES));
            // In place: `to <= from`, since no more were kept than seen, and what is overwritten was loaded before.
            if x.len() - from >= <T as Zmm>::LANES {
                let kept = <T as Zmm>::compress(self, whole(&x[from..]), lane_bits);
                store_whole(&mut x[to..], kept);
            } else {
                let end = x.len();
                let kept = <T as Zmm>::compress(self, <T as Zmm>::load(self, &x[from..end]), lane_bits);
                <T as Zmm>::store(self, &mut x[to..to + (end - from)], kept);
            }
            to += lane_bits.count_ones() as usize;
        }
        to
    }

    #[inline(always)]
    fn enabled(
        self,
        words: &[u64; BLOCK],
        transitions: &[crate::enabled::Transition],
        stride: usize,
        out: &mut [u64],
    ) {
        // Eight vectors of eight words stay in registers while all transitions pass.
        let vectors: [__m512i; 8] = core::array::from_fn(|index| whole(&words[index * 8..]));
        for (index, transition) in transitions.iter().enumerate() {
            for (byte, x) in bytes_of(&mut out[index * stride]).iter_mut().zip(&vectors) {
                *byte = <u64 as Zmm>::test(self, *x, transition.predicate()) as u8;
            }
        }
    }
}

/// Whether any lane of 8, 16 or 32 bits is 0.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
fn has_zero_lane<T>(lanes: __m512i) -> bool {
    match size_of::<T>() {
        1 => _mm512_testn_epi8_mask(lanes, lanes) != 0,
        2 => _mm512_testn_epi16_mask(lanes, lanes) != 0,
        _ => _mm512_testn_epi32_mask(lanes, lanes) != 0,
    }
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,bmi2,popcnt")]
fn expand(bits: u64, base: u32, out: &mut [u32]) -> usize {
    let lanes = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    let mut indices = _mm512_add_epi32(lanes, _mm512_set1_epi32(base.cast_signed()));
    let mut count = 0;
    for vector in 0..4 {
        let bits = (bits >> (vector * 16)) as __mmask16;
        // Compressing to a register and storing all of it: the form that stores to memory is microcode on some processors.
        let found = _mm512_maskz_compress_epi32(bits, indices);
        indices = _mm512_add_epi32(indices, _mm512_set1_epi32(16));
        let len = bits.count_ones() as usize;
        let slots = &mut out[count..];
        if slots.len() >= 16 {
            // SAFETY: there are 16 places or more.
            unsafe { _mm512_storeu_si512(slots.as_mut_ptr().cast(), found) };
        } else {
            let slots = &mut slots[..len];
            let first = _bzhi_u32(0xFFFF, len as u32) as __mmask16;
            // SAFETY: `first` selects as many lanes as `slots` has places.
            unsafe { _mm512_mask_storeu_epi32(slots.as_mut_ptr().cast(), first, found) };
        }
        count += len;
    }
    count
}
