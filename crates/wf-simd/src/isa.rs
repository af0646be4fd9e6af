//! The seam between kernels and instruction sets.
//!
//! A kernel is written once, over this trait. Each method has a portable body, which is also what the compiler vectorises under the
//! wider target features; an instruction set overrides a method where the compiler loses to hand-written code. Everything here is
//! `inline(always)`, so that it is compiled inside the function that has the target features.

use crate::add::combine;
use crate::enabled::Transition;
use crate::lane::{Integer, Lane};
use crate::predicate::Predicate;

/// Elements that one word of result bits stands for.
pub(crate) const BLOCK: usize = 64;

/// An instruction set, as a token that proves the processor has it.
pub(crate) trait Isa: Copy {
    /// Bit `i` says whether `block[i]` passes.
    #[inline(always)]
    fn bits<T: Lane, P: Predicate<T>>(self, block: &[T; BLOCK], predicate: P) -> u64 {
        bits_of(block, predicate)
    }

    /// Stores those bits.
    #[inline(always)]
    fn store_bits<T: Lane, P: Predicate<T>>(self, block: &[T; BLOCK], predicate: P, out: &mut u64) {
        *out = self.bits(block, predicate);
    }

    /// The same for a slice of fewer than 64 elements; the bits past its end are 0.
    #[inline(always)]
    fn bits_of_tail<T: Lane, P: Predicate<T>>(self, tail: &[T], predicate: P) -> u64 {
        debug_assert!(tail.len() < BLOCK);
        let (eights, rest) = tail.as_chunks::<8>();
        let mut bits = 0;
        for (index, eight) in eights.iter().enumerate() {
            bits |= bits_of(eight, predicate) << (index * 8);
        }
        match tail.last_chunk::<8>() {
            _ if rest.is_empty() => {}
            // Eight that end with the slice: those that were seen before are shifted out.
            Some(eight) => bits |= bits_of(eight, predicate) >> (8 - rest.len()) << (eights.len() * 8),
            None => {
                for (index, element) in rest.iter().enumerate() {
                    bits |= u64::from(predicate.holds(*element)) << index;
                }
            }
        }
        bits
    }

    /// The index of the first of a few elements that passes; inlined into callers, so at the level of the build.
    #[inline(always)]
    fn find_in_few<T: Lane, P: Predicate<T>>(self, x: &[T], predicate: P) -> Option<usize> {
        x.iter().position(|element| predicate.holds(*element))
    }

    /// The bits of the elements after the last full block of `x`.
    #[inline(always)]
    fn last_bits<T: Lane, P: Predicate<T>>(self, x: &[T], predicate: P) -> u64 {
        let len = x.len() % BLOCK;
        match x.last_chunk() {
            _ if len == 0 => 0,
            // A whole block that ends with the slice: its first bits were seen before and are shifted out.
            Some(block) => self.bits(block, predicate) >> (BLOCK - len),
            None => self.bits_of_tail(x, predicate),
        }
    }

    /// Whether any element passes; `x` is made of full blocks.
    #[inline(always)]
    fn any<T: Lane, P: Predicate<T>>(self, x: &[T], predicate: P) -> bool {
        x.iter().fold(false, |any, element| any | predicate.holds(*element))
    }

    /// How many elements pass.
    #[inline(always)]
    fn count<T: Lane, P: Predicate<T>>(self, x: &[T], predicate: P) -> usize {
        T::count_in_lanes(x, predicate)
    }

    /// Bit `i` says whether word `word % 8` of `rows[i]` passes.
    #[inline(always)]
    fn bits_of_rows<P: Predicate<u64>>(self, rows: &[[u64; 8]; BLOCK], word: usize, predicate: P) -> u64 {
        let mut bits = 0;
        for (bit, row) in rows.iter().enumerate() {
            bits |= u64::from(predicate.holds(row[word % 8])) << bit;
        }
        bits
    }

    /// Whether that word of any row passes.
    #[inline(always)]
    fn any_of_rows<P: Predicate<u64>>(self, rows: &[[u64; 8]; BLOCK], word: usize, predicate: P) -> bool {
        // A branch per row, which is not taken, costs less than joining results.
        rows.iter().any(|row| predicate.holds(row[word % 8]))
    }

    /// Of how many rows that word passes.
    #[inline(always)]
    fn count_of_rows<P: Predicate<u64>>(self, rows: &[[u64; 8]; BLOCK], word: usize, predicate: P) -> usize {
        // Counted in a block of known length, which the compiler leaves alone; a loop of any length becomes gathers.
        rows.iter().map(|row| u32::from(predicate.holds(row[word % 8]))).sum::<u32>() as usize
    }

    /// The least element, as [`min`](crate::min) defines it.
    #[inline(always)]
    fn min<T: Lane>(self, x: &[T]) -> Option<T> {
        T::min_in_lanes(x)
    }

    /// The greatest element, as [`max`](crate::max) defines it.
    #[inline(always)]
    fn max<T: Lane>(self, x: &[T]) -> Option<T> {
        T::max_in_lanes(x)
    }

    /// How many bits are set in both of two sets of the same length.
    #[inline(always)]
    fn count_bits(self, x: &[u64], y: &[u64]) -> usize {
        count_bits(x, y)
    }

    /// Adds `y[i]` to `x[i]`, stopping at the type's limits.
    #[inline(always)]
    fn add_saturating<T: Integer>(self, x: &mut [T], y: &[T]) {
        combine(x, y, T::add_saturating);
    }

    /// Writes `base + i` for each set bit `i`, in order, to the front of `out`, and says how many.
    ///
    /// Later elements of `out` may be overwritten with anything. Panics when `out` is too short for the set bits.
    #[inline(always)]
    fn expand(self, bits: u64, base: u32, out: &mut [u32]) -> usize {
        expand(bits, base, out)
    }

    /// Moves the elements whose bit is set to the front of `x[to..]`, in order; `x[from..]` is where the block begins.
    ///
    /// `bits` has no bit set at or past `x.len() - from`. Returns the end of what was written.
    #[inline(always)]
    fn compact<T: Lane>(self, x: &mut [T], from: usize, to: usize, bits: u64) -> usize {
        compact(x, from, to, bits)
    }

    /// Writes `out[t * stride]` for each transition `t`; bit `i` says whether `words[i]` enables it.
    ///
    /// Panics when `out` is too short for the last transition.
    #[inline(always)]
    fn enabled(self, words: &[u64; BLOCK], transitions: &[Transition], stride: usize, out: &mut [u64]) {
        for (index, transition) in transitions.iter().enumerate() {
            out[index * stride] = self.bits(words, transition.predicate());
        }
    }
}

/// What every processor of the target has, for code that is inlined into callers.
#[inline(always)]
pub(crate) fn baseline() -> impl Isa {
    #[cfg(target_arch = "x86_64")]
    {
        crate::x86_64::Sse2::new()
    }
    #[cfg(not(target_arch = "x86_64"))]
    {
        Portable
    }
}

/// No instruction set in particular.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Portable;

/// Where the baseline's vectors compare no 64-bit lanes.
#[cfg(all(target_arch = "x86_64", not(target_feature = "avx2")))]
impl Isa for Portable {
    #[inline(always)]
    fn min<T: Lane>(self, x: &[T]) -> Option<T> {
        crate::x86_64::Sse2::new().min(x)
    }

    #[inline(always)]
    fn max<T: Lane>(self, x: &[T]) -> Option<T> {
        crate::x86_64::Sse2::new().max(x)
    }
}

#[cfg(not(all(target_arch = "x86_64", not(target_feature = "avx2"))))]
impl Isa for Portable {}

/// Bit `i` says whether `elements[i]` passes; at most 64 elements.
#[inline(always)]
pub(crate) fn bits_of<T: Lane, P: Predicate<T>, const N: usize>(elements: &[T; N], predicate: P) -> u64 {
    let mut bits = 0;
    for (index, element) in elements.iter().enumerate() {
        bits |= u64::from(predicate.holds(*element)) << index;
    }
    bits
}

#[inline(always)]
pub(crate) fn count_bits(x: &[u64], y: &[u64]) -> usize {
    x.iter().zip(y).map(|(x, y)| u64::from((x & y).count_ones())).sum::<u64>() as usize
}

#[inline(always)]
pub(crate) fn expand(bits: u64, base: u32, out: &mut [u32]) -> usize {
    let count = bits.count_ones() as usize;
    let mut left = bits;
    // Eight at a time without asking: how many are left is hard to predict, whether eight more are is easier.
    if let Some((eights, _)) = out.get_mut(..count.next_multiple_of(8)).map(<[u32]>::as_chunks_mut::<8>) {
        for eight in eights {
            for slot in eight {
                // With no bit left this writes a number past the block, which the caller ignores.
                *slot = base.wrapping_add(left.trailing_zeros());
                left &= left.wrapping_sub(1);
            }
        }
    } else {
        for slot in &mut out[..count] {
            *slot = base.wrapping_add(left.trailing_zeros());
            left &= left.wrapping_sub(1);
        }
    }
    count
}

#[inline(always)]
pub(crate) fn compact<T: Lane>(x: &mut [T], from: usize, to: usize, bits: u64) -> usize {
    let mut to = to;
    let block = &mut x[..];
    for index in 0..BLOCK.min(block.len() - from) {
        // Copying always and advancing by the bit has nothing to mispredict.
        block[to] = block[from + index];
        to += (bits >> index & 1) as usize;
    }
    to
}
