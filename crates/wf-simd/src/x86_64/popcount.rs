//! Bits counted lane by lane, where a processor with AVX-512 has VPOPCNTDQ too: the first ones do not, so the level does not promise it.

use crate::isa;
use crate::level::has;
use crate::x86_64::Avx512;

/// How many bits are set in both of two sets of the same length.
#[inline(always)]
pub(super) fn count_bits(isa: Avx512, x: &[u64], y: &[u64]) -> usize {
    if has!("avx512vpopcntdq") {
        // SAFETY: the processor was just asked for the one feature that the function enables beyond those that the token proves.
        return unsafe { by_lane(isa, x, y) };
    }
    isa::count_bits(x, y)
}

/// One instruction counts the bits of eight words; everything else takes several for each vector.
#[inline]
#[target_feature(
    enable = "avx512f,avx512bw,avx512cd,avx512dq,avx512vl,avx512vpopcntdq,avx2,bmi1,bmi2,lzcnt,popcnt"
)]
fn by_lane(_isa: Avx512, x: &[u64], y: &[u64]) -> usize {
    isa::count_bits(x, y)
}
