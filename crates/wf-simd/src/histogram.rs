//! How often each small code occurs.

use crate::dispatch::{SHORT, kernel};
use crate::isa::Isa;
use crate::predicate::Equal;

/// Up to this many codes, comparing with each code beats counting in a table.
const COMPARED_MAX: usize = 16;

/// Bytes that stay in the first-level cache while each code passes over them.
const PASS_BYTES: usize = 4 << 10;

/// One in the byte of a word that counts a code below 8; 0 for every other code.
static ONE_OF_EIGHT: [u64; 256] = {
    let mut table = [0; 256];
    let mut code = 0;
    while code < 8 {
        table[code] = 1 << (8 * code);
        code += 1;
    }
    table
};

kernel! {
    /// Counts how often each code below `CODES` occurs: array of shape `[CODES]`.
    ///
    /// Bytes that are no code below `CODES` are not counted, so the sum says how many there were. For up to 16 codes the cost
    /// does not depend on which codes occur in which order.
    ///
    /// # Example
    /// ```
    /// assert_eq!(wf_simd::histogram::<3>(&[0, 2, 2, 1, 2, 9]), [1, 1, 3]);
    /// ```
    #[must_use]
    pub fn histogram[const CODES: usize](x: &[u8]) -> [u64; CODES] {
        short(x.len() < SHORT) { histogram_of_few(x) }
        each(isa) { histogram_of(isa, x) }
    }
}

#[inline(always)]
fn histogram_of_few<const CODES: usize>(x: &[u8]) -> [u64; CODES] {
    const { assert!(CODES <= 256, "a byte has 256 codes") };
    if CODES <= 8 {
        // A byte of one word counts up to 255, which is more than there are.
        let packed = x.iter().fold(0, |packed, byte| packed + ONE_OF_EIGHT[usize::from(*byte)]);
        return core::array::from_fn(|code| packed >> (8 * code) & 255);
    }
    let mut counts = [0; CODES];
    for byte in x {
        if let Some(count) = counts.get_mut(usize::from(*byte)) {
            *count += 1;
        }
    }
    counts
}

#[inline(always)]
fn histogram_of<const CODES: usize>(isa: impl Isa, x: &[u8]) -> [u64; CODES] {
    const { assert!(CODES <= 256, "a byte has 256 codes") };
    if CODES > COMPARED_MAX {
        return by_table(x);
    }
    let mut counts = [0; CODES];
    for pass in x.chunks(PASS_BYTES) {
        for (count, code) in counts.iter_mut().zip(0_u8..=255) {
            *count += isa.count(pass, Equal(code)) as u64;
        }
    }
    counts
}

#[inline(always)]
fn by_table<const CODES: usize>(x: &[u8]) -> [u64; CODES] {
    // Two tables, because a code that repeats would wait for its own last store.
    let mut tables = [[0_u64; 256]; 2];
    let (pairs, rest) = x.as_chunks::<2>();
    for [even, odd] in pairs {
        tables[0][usize::from(*even)] += 1;
        tables[1][usize::from(*odd)] += 1;
    }
    for byte in rest {
        tables[0][usize::from(*byte)] += 1;
    }
    core::array::from_fn(|code| tables[0][code] + tables[1][code])
}
