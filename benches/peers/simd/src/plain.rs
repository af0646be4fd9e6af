//! The loops that compilers vectorise, each in the best form that was found, under three crates' wide instruction sets.
//!
//! A form that stays scalar would be no peer: lanes where a fold of `f64` may not be reordered, blocks of known length where an exit or
//! a word of bits would keep vectors out, counters as narrow as the elements.

use wf_simd::Transition;

/// A module per kernel, with one function per crate.
macro_rules! forms {
    ($($kernel:ident($($arg:ident: $type:ty),*) $(-> $output:ty)? = $body:expr;)*) => {$(
        pub(crate) mod $kernel {
            #[allow(unused_imports, reason = "some loops are all of themselves")]
            use super::*;

            #[::multiversion::multiversion(targets(
                "x86_64+avx512f+avx512bw+avx512cd+avx512dq+avx512vl+popcnt+bmi1+bmi2",
                "x86_64+avx2+popcnt+bmi1+bmi2"
            ))]
            pub(crate) fn multiversion($($arg: $type),*) $(-> $output)? {
                $body
            }

            pub(crate) fn pulp($($arg: $type),*) $(-> $output)? {
                ::pulp::Arch::new().dispatch(#[inline(always)] || $body)
            }

            pub(crate) fn fearless($($arg: $type),*) $(-> $output)? {
                let level = ::fearless_simd::Level::new();
                ::fearless_simd::dispatch!(level, _simd => $body)
            }
        }
    )*};
}

forms! {
    find_u8(x: &[u8]) -> u64 = find_in_blocks(x, 9);
    find_u32(x: &[u32]) -> u64 = find_in_blocks(x, 9);
    find_u64(x: &[u64]) -> u64 = find_in_blocks(x, 9);
    count_u8(x: &[u8]) -> u64 = count_bytes(x, 3);
    count_u32(x: &[u32]) -> u64 = u64::from(x.iter().map(|e| u32::from(*e == 3)).sum::<u32>());
    sum_u64(x: &[u64]) -> u64 = x.iter().fold(0, |sum: u64, e| sum.wrapping_add(*e));
    min_i64(x: &[i64]) -> u64 = x.iter().fold(i64::MAX, |min, e| min.min(*e)) as u64;
    min_f64(x: &[f64]) -> u64 = min_in_lanes(x);
    argmin_u64(x: &[u64]) -> u64 = find_in_blocks(x, x.iter().fold(u64::MAX, |min, e| min.min(*e)));
    match_bitmap(x: &[u64], mask: u64, value: u64, out: &mut [u64]) -> u64 = bitmap(x, mask, value, out);
    match_indices(x: &[u64], mask: u64, value: u64, out: &mut [u32]) -> u64 = indices(x, mask, value, out);
    bits_count_and(x: &[u64], y: &[u64]) -> u64 = x.iter().zip(y).map(|(x, y)| u64::from((x & y).count_ones())).sum();
    enabled(x: &[u64], transitions: &[Transition], out: &mut [u64]) = enabled_in_blocks(x, transitions, out);
    add_saturating_u16(x: &mut [u16], y: &[u16]) = x.iter_mut().zip(y).for_each(|(x, y)| *x = x.saturating_add(*y));
    add_saturating_u32(x: &mut [u32], y: &[u32]) = x.iter_mut().zip(y).for_each(|(x, y)| *x = x.saturating_add(*y));
    add_wrapping_u64(x: &mut [u64], y: &[u64]) = x.iter_mut().zip(y).for_each(|(x, y)| *x = x.wrapping_add(*y));
    histogram_8(x: &[u8]) -> u64 = histogram(x);
}

/// Blocks, each tested whole.
#[inline(always)]
fn find_in_blocks<T: Copy + PartialEq>(x: &[T], value: T) -> u64 {
    let (blocks, tail) = x.as_chunks::<64>();
    for (index, block) in blocks.iter().enumerate() {
        if block.iter().fold(false, |any, e| any | (*e == value)) {
            return (index * 64 + block.iter().position(|e| *e == value).unwrap_or(0)) as u64;
        }
    }
    tail.iter().position(|e| *e == value).map_or(u64::MAX, |at| (at + blocks.len() * 64) as u64)
}

/// Blocks that a counter as narrow as the elements can count.
#[inline(always)]
fn count_bytes(x: &[u8], code: u8) -> u64 {
    let in_block = |block: &[u8]| u64::from(block.iter().fold(0_u8, |count, e| count + u8::from(*e == code)));
    let (blocks, tail) = x.as_chunks::<192>();
    blocks.iter().map(|block| in_block(block)).sum::<u64>() + in_block(tail)
}

#[inline(always)]
fn histogram(x: &[u8]) -> u64 {
    let mut counts = [0; 8];
    // Passes that the first-level cache holds.
    for pass in x.chunks(20 * 192) {
        for (count, code) in counts.iter_mut().zip(0..) {
            *count += count_bytes(pass, code);
        }
    }
    (1..).zip(counts).map(|(code, count): (u64, u64)| code * count).sum()
}

#[inline(always)]
fn min_in_lanes(x: &[f64]) -> u64 {
    let mut lanes = [f64::INFINITY; 32];
    let (blocks, tail) = x.as_chunks::<32>();
    for block in blocks {
        for (least, e) in lanes.iter_mut().zip(block) {
            *least = if *e < *least { *e } else { *least };
        }
    }
    lanes.iter().chain(tail).fold(f64::INFINITY, |min, e| if *e < min { *e } else { min }).to_bits()
}

#[inline(always)]
fn bits_of(block: &[u64], mask: u64, value: u64) -> u64 {
    block.iter().enumerate().fold(0, |bits, (i, e)| bits | u64::from(e & mask == value) << i)
}

#[inline(always)]
fn bitmap(x: &[u64], mask: u64, value: u64, out: &mut [u64]) -> u64 {
    let (blocks, tail) = x.as_chunks::<64>();
    let out = &mut out[..x.len().div_ceil(64)];
    for (block, word) in blocks.iter().zip(out.iter_mut()) {
        *word = bits_of(block, mask, value);
    }
    if let Some(word) = out.get_mut(blocks.len()) {
        *word = bits_of(tail, mask, value);
    }
    out.iter().map(|word| u64::from(word.count_ones())).sum()
}

/// Nothing to mispredict: always stores, advances by the result.
#[inline(always)]
fn indices(x: &[u64], mask: u64, value: u64, out: &mut [u32]) -> u64 {
    let mut count = 0;
    for (index, e) in x.iter().enumerate() {
        out[count] = index as u32;
        count += usize::from(e & mask == value);
    }
    count as u64
}

/// Block by block, so that words are loaded once for all transitions.
#[inline(always)]
fn enabled_in_blocks(x: &[u64], transitions: &[Transition], out: &mut [u64]) {
    let stride = x.len().div_ceil(64);
    let (blocks, tail) = x.as_chunks::<64>();
    for (column, block) in blocks.iter().enumerate() {
        for (row, transition) in transitions.iter().enumerate() {
            out[row * stride + column] = bits_of(block, transition.mask, transition.value);
        }
    }
    if !tail.is_empty() {
        for (row, transition) in transitions.iter().enumerate() {
            out[row * stride + blocks.len()] = bits_of(tail, transition.mask, transition.value);
        }
    }
}
