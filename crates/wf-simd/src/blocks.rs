//! A sequence of elements as words of 64 result bits, whatever the elements are.

use crate::isa::{BLOCK, Isa};
use crate::lane::Lane;
use crate::predicate::{Masked, Predicate};

/// Elements in blocks of 64, and what a predicate says of them.
pub(crate) trait Blocks: Copy {
    /// How many elements there are.
    fn len(self) -> usize;

    /// The bits of the block that begins at element `64 * index`, all of it inside.
    fn full(self, index: usize) -> u64;

    /// Whether any bit of that block is set.
    fn any(self, index: usize) -> bool;

    /// The bits of the elements after the last full block; those past the end are 0.
    fn tail(self) -> u64;
}

/// A plain slice.
#[derive(Clone, Copy)]
pub(crate) struct Elements<'x, I, T, P> {
    isa: I,
    blocks: &'x [[T; BLOCK]],
    tail: &'x [T],
    predicate: P,
}

impl<'x, I: Isa, T: Lane, P: Predicate<T>> Elements<'x, I, T, P> {
    #[inline(always)]
    pub(crate) fn new(isa: I, x: &'x [T], predicate: P) -> Self {
        let (blocks, tail) = x.as_chunks();
        Self { isa, blocks, tail, predicate }
    }
}

impl<I: Isa, T: Lane, P: Predicate<T>> Blocks for Elements<'_, I, T, P> {
    #[inline(always)]
    fn len(self) -> usize {
        self.blocks.len() * BLOCK + self.tail.len()
    }

    #[inline(always)]
    fn full(self, index: usize) -> u64 {
        self.isa.bits(&self.blocks[index], self.predicate)
    }

    #[inline(always)]
    fn any(self, index: usize) -> bool {
        self.isa.any(&self.blocks[index], self.predicate)
    }

    #[inline(always)]
    fn tail(self) -> u64 {
        self.isa.bits_of_tail(self.tail, self.predicate)
    }
}

/// One word of each row of eight.
#[derive(Clone, Copy)]
pub(crate) struct Rows<'x> {
    blocks: &'x [[[u64; 8]; BLOCK]],
    tail: &'x [[u64; 8]],
    /// Invariant: below 8.
    word: usize,
    predicate: Masked<u64>,
}

impl<'x> Rows<'x> {
    /// # Panics
    /// When `word` is not below 8.
    #[inline(always)]
    pub(crate) fn new(rows: &'x [[u64; 8]], word: usize, mask: u64, value: u64) -> Self {
        assert!(word < 8, "a row has 8 words, there is no word {word}");
        let (blocks, tail) = rows.as_chunks();
        Self { blocks, tail, word, predicate: Masked { mask, value } }
    }

    #[inline(always)]
    fn holds(self, row: &[u64; 8]) -> bool {
        // The remainder is the identity by the invariant; it spares a bounds check per row.
        self.predicate.holds(row[self.word % 8])
    }
}

impl Blocks for Rows<'_> {
    #[inline(always)]
    fn len(self) -> usize {
        self.blocks.len() * BLOCK + self.tail.len()
    }

    #[inline(always)]
    fn full(self, index: usize) -> u64 {
        let mut bits = 0;
        for (bit, row) in self.blocks[index].iter().enumerate() {
            bits |= u64::from(self.holds(row)) << bit;
        }
        bits
    }

    #[inline(always)]
    fn any(self, index: usize) -> bool {
        // Folding with `or` tempts the compiler into gathers, which cost more than the loads they replace.
        self.full(index) != 0
    }

    #[inline(always)]
    fn tail(self) -> u64 {
        let mut bits = 0;
        for (bit, row) in self.tail.iter().enumerate() {
            bits |= u64::from(self.holds(row)) << bit;
        }
        bits
    }
}

/// The index of the first element that passes.
#[inline(always)]
pub(crate) fn find(blocks: impl Blocks) -> Option<usize> {
    let full = blocks.len() / BLOCK;
    for index in 0..full {
        if blocks.any(index) {
            return Some(index * BLOCK + blocks.full(index).trailing_zeros() as usize);
        }
    }
    let bits = blocks.tail();
    (bits != 0).then(|| full * BLOCK + bits.trailing_zeros() as usize)
}

/// One bit per element, and how many are set.
#[inline(always)]
pub(crate) fn bitmap(blocks: impl Blocks, out: &mut [u64]) -> usize {
    let full = blocks.len() / BLOCK;
    let words = blocks.len().div_ceil(BLOCK);
    assert!(out.len() >= words, "{} words cannot hold {} bits", out.len(), blocks.len());
    let mut count = 0;
    for (index, word) in out[..full].iter_mut().enumerate() {
        *word = blocks.full(index);
        count += word.count_ones() as usize;
    }
    if words > full {
        let bits = blocks.tail();
        out[full] = bits;
        count += bits.count_ones() as usize;
    }
    count
}

/// The indices of the elements that pass, in order, and how many.
#[inline(always)]
pub(crate) fn indices(isa: impl Isa, blocks: impl Blocks, out: &mut [u32]) -> usize {
    check_indices(blocks.len(), out.len());
    let full = blocks.len() / BLOCK;
    let mut count = 0;
    let mut base = 0_u32;
    for index in 0..full {
        let bits = blocks.full(index);
        if bits != 0 {
            count += isa.expand(bits, base, &mut out[count..]);
        }
        // The last base may be 2^32; nothing is counted from it.
        base = base.wrapping_add(64);
    }
    count + isa.expand(blocks.tail(), base, &mut out[count..])
}

/// Panics unless indices below `len` fit `u32`, and the output.
#[inline(always)]
pub(crate) fn check_indices(len: usize, out_len: usize) {
    assert!(u32::try_from(len.saturating_sub(1)).is_ok(), "{len} elements have indices beyond 32 bits");
    assert!(out_len >= len, "the indices of {len} elements need as many places, not {out_len}");
}

/// How many elements pass.
#[inline(always)]
pub(crate) fn count_rows(rows: Rows<'_>) -> usize {
    rows.blocks.as_flattened().iter().chain(rows.tail).map(|row| usize::from(rows.holds(row))).sum()
}
