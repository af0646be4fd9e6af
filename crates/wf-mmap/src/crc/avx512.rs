//! CRC-32C by carry-less multiplication of 64 bytes at a time.
//!
//! A checksum is the remainder of a polynomial. What stands `n` bits before the end may be replaced by its product with the
//! remainder of `x^n`, added to what stands there: so 64 bytes are folded into the next 64, or 256 into the next 256.
//!
//! # Sources
//! V. Gopal et al., *Fast CRC Computation for Generic Polynomials Using PCLMULQDQ Instruction* (Intel, 2009).

use std::arch::x86_64::{
    __m128i, __m512i, _mm_clmulepi64_si128, _mm_crc32_u64, _mm_cvtsi32_si128, _mm_cvtsi128_si64,
    _mm_extract_epi64, _mm_set_epi64x, _mm_xor_si128, _mm512_castsi512_si128, _mm512_clmulepi64_epi128,
    _mm512_extracti32x4_epi32, _mm512_inserti32x4, _mm512_loadu_si512, _mm512_set_epi64,
    _mm512_setzero_si512, _mm512_ternarylogic_epi64, _mm512_xor_si512,
};

/// The least that is worth it, and a vector.
pub(super) const BYTES_MIN: usize = 64;

/// The polynomial, its lowest power in the highest bit.
const POLYNOMIAL: u32 = 0x82F6_3B78;

/// The remainder of `x^n`.
const fn power(n: u32) -> i64 {
    let mut rest = 1u32 << 31;
    let mut left = n;
    while left > 0 {
        rest = (rest >> 1) ^ if rest & 1 == 1 { POLYNOMIAL } else { 0 };
        left -= 1;
    }
    rest as i64
}

/// What the two halves of 16 bytes are multiplied by to stand so many bytes further on. The first half stands 64 bits before the
/// second; 33 is what a product of 64 by 32 bits, whose lowest power is in its highest bit, is too high by.
const fn further(bytes: u32) -> [i64; 2] {
    [power(8 * bytes + 64 - 33), power(8 * bytes - 33)]
}

const BY_16: [i64; 2] = further(16);
const BY_64: [i64; 2] = further(64);
const BY_256: [i64; 2] = further(256);

/// Whether the processor has the instructions.
#[inline]
pub(super) fn is_there() -> bool {
    std::arch::is_x86_feature_detected!("avx512f")
        && std::arch::is_x86_feature_detected!("vpclmulqdq")
        && std::arch::is_x86_feature_detected!("pclmulqdq")
        && std::arch::is_x86_feature_detected!("sse4.2")
}

/// The checksum of what `crc` is that of, and `bytes` behind it.
///
/// # Panics
/// If the processor [has not](is_there) what it takes, or there are fewer than [`BYTES_MIN`] bytes.
#[inline]
pub(super) fn append(crc: u32, bytes: &[u8]) -> u32 {
    assert!(is_there(), "who calls has asked");
    // SAFETY: the function needs the four features that were just found.
    unsafe { fold_all(crc, bytes) }
}

#[target_feature(enable = "avx512f,vpclmulqdq,pclmulqdq,sse4.2")]
fn fold_all(crc: u32, bytes: &[u8]) -> u32 {
    let (vectors, rest) = bytes.as_chunks::<64>();
    let (first, mut vectors) = vectors.split_first().unwrap_or_else(|| unreachable!("at least one vector"));
    // What came before is added to the first four bytes.
    let seed = _mm512_inserti32x4::<0>(_mm512_setzero_si512(), _mm_cvtsi32_si128((!crc).cast_signed()));
    let mut last = _mm512_xor_si512(load(first), seed);
    if let Some((three, mut behind)) = vectors.split_first_chunk::<3>() {
        let by = wide(BY_256);
        let mut lanes = [last, load(&three[0]), load(&three[1]), load(&three[2])];
        while let Some((four, others)) = behind.split_first_chunk::<4>() {
            for (lane, next) in lanes.iter_mut().zip(four) {
                *lane = fold(*lane, by, load(next));
            }
            behind = others;
        }
        let by = wide(BY_64);
        last = fold(fold(fold(lanes[0], by, lanes[1]), by, lanes[2]), by, lanes[3]);
        vectors = behind;
    }
    let by = wide(BY_64);
    for next in vectors {
        last = fold(last, by, load(next));
    }
    crc32c::crc32c_append(!finish(last), rest)
}

/// What 64 bytes come to, eight at a time, before it is inverted.
#[target_feature(enable = "avx512f,pclmulqdq,sse4.2")]
fn finish(last: __m512i) -> u32 {
    let by = _mm_set_epi64x(BY_16[1], BY_16[0]);
    let quarters = [
        _mm512_castsi512_si128(last),
        _mm512_extracti32x4_epi32::<1>(last),
        _mm512_extracti32x4_epi32::<2>(last),
        _mm512_extracti32x4_epi32::<3>(last),
    ];
    let mut sum: __m128i = quarters[0];
    for next in &quarters[1..] {
        let (first, second) = (_mm_clmulepi64_si128::<0x00>(sum, by), _mm_clmulepi64_si128::<0x11>(sum, by));
        sum = _mm_xor_si128(_mm_xor_si128(first, second), *next);
    }
    let first = _mm_crc32_u64(0, _mm_cvtsi128_si64(sum).cast_unsigned());
    _mm_crc32_u64(first, _mm_extract_epi64::<1>(sum).cast_unsigned()) as u32
}

#[inline]
#[target_feature(enable = "avx512f,vpclmulqdq")]
fn fold(lane: __m512i, by: __m512i, next: __m512i) -> __m512i {
    let first = _mm512_clmulepi64_epi128::<0x00>(lane, by);
    let second = _mm512_clmulepi64_epi128::<0x11>(lane, by);
    // Exclusive or of three.
    _mm512_ternarylogic_epi64::<0x96>(first, second, next)
}

#[inline]
#[target_feature(enable = "avx512f")]
fn wide([first, second]: [i64; 2]) -> __m512i {
    _mm512_set_epi64(second, first, second, first, second, first, second, first)
}

#[inline]
#[target_feature(enable = "avx512f")]
fn load(bytes: &[u8; 64]) -> __m512i {
    // SAFETY: the load needs 64 readable bytes at any alignment, and the array has 64.
    unsafe { _mm512_loadu_si512(bytes.as_ptr().cast()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_multipliers_are_those_in_print() {
        assert_eq!(BY_16, [0xF20C_0DFE, 0x493C_7D27]);
        assert_eq!(BY_64, [0x740E_EF02, 0x9E4A_DDF8]);
        assert_eq!(BY_256, [0xDCB1_7AA4, 0xB9E0_2B86]);
    }
}
