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

    /// Stores the bits of that block.
    fn store(self, index: usize, out: &mut u64);

    /// How many blocks [`any`](Self::any) looks at: enough that asking costs little beside looking.
    const GROUP: usize;

    /// Whether any bit is set of the group of blocks that begins with that one, all of them inside.
    fn any(self, index: usize) -> bool;

    /// The bits of the elements after the last full block; those past the end are 0.
    fn tail(self) -> u64;

    /// Whether [`tail`](Self::tail) is worth asking for, where asking that is cheaper.
    #[inline(always)]
    fn may_have_tail(self) -> bool {
        true
    }
}

/// A plain slice.
#[derive(Clone, Copy)]
pub(crate) struct Elements<'x, I, T, P> {
    isa: I,
    x: &'x [T],
    /// Invariant: the full blocks of `x`.
    blocks: &'x [[T; BLOCK]],
    predicate: P,
}

impl<'x, I: Isa, T: Lane, P: Predicate<T>> Elements<'x, I, T, P> {
    #[inline(always)]
    pub(crate) fn new(isa: I, x: &'x [T], predicate: P) -> Self {
        let (blocks, _) = x.as_chunks();
        Self { isa, x, blocks, predicate }
    }
}

impl<I: Isa, T: Lane, P: Predicate<T>> Blocks for Elements<'_, I, T, P> {
    const GROUP: usize = if size_of::<T>() < 4 { 4 / size_of::<T>() } else { 1 };

    #[inline(always)]
    fn len(self) -> usize {
        self.x.len()
    }

    #[inline(always)]
    fn full(self, index: usize) -> u64 {
        self.isa.bits(&self.blocks[index], self.predicate)
    }

    #[inline(always)]
    fn store(self, index: usize, out: &mut u64) {
        self.isa.store_bits(&self.blocks[index], self.predicate, out);
    }

    #[inline(always)]
    fn any(self, index: usize) -> bool {
        self.isa.any(self.blocks[index..index + Self::GROUP].as_flattened(), self.predicate)
    }

    #[inline(always)]
    fn tail(self) -> u64 {
        self.isa.last_bits(self.x, self.predicate)
    }

    #[inline(always)]
    fn may_have_tail(self) -> bool {
        // The bits of a block of wide elements are made of eight masks or more.
        match self.x.last_chunk::<BLOCK>() {
            Some(block) if size_of::<T>() == 8 => self.isa.any(block, self.predicate),
            _ => true,
        }
    }
}

/// One word of each row of eight.
#[derive(Clone, Copy)]
pub(crate) struct Rows<'x, I> {
    isa: I,
    rows: &'x [[u64; 8]],
    /// Invariant: the full blocks of `rows`.
    blocks: &'x [[[u64; 8]; BLOCK]],
    /// Invariant: below 8.
    word: usize,
    predicate: Masked<u64>,
}

impl<'x, I: Isa> Rows<'x, I> {
    /// # Panics
    /// When `word` is not below 8.
    #[inline(always)]
    pub(crate) fn new(isa: I, rows: &'x [[u64; 8]], word: usize, mask: u64, value: u64) -> Self {
        assert!(word < 8, "a row has 8 words, there is no word {word}");
        let (blocks, _) = rows.as_chunks();
        Self { isa, rows, blocks, word, predicate: Masked { mask, value } }
    }

    #[inline(always)]
    pub(crate) fn holds(self, row: &[u64; 8]) -> bool {
        // The remainder is the identity by the invariant; it spares a bounds check per row.
        self.predicate.holds(row[self.word % 8])
    }
}

impl<I: Isa> Blocks for Rows<'_, I> {
    const GROUP: usize = 1;

    #[inline(always)]
    fn len(self) -> usize {
        self.rows.len()
    }

    #[inline(always)]
    fn full(self, index: usize) -> u64 {
        self.isa.bits_of_rows(&self.blocks[index], self.word, self.predicate)
    }

    #[inline(always)]
    fn store(self, index: usize, out: &mut u64) {
        *out = self.full(index);
    }

    #[inline(always)]
    fn any(self, index: usize) -> bool {
        self.isa.any_of_rows(&self.blocks[index], self.word, self.predicate)
    }

    #[inline(always)]
    fn tail(self) -> u64 {
        let len = self.rows.len() % BLOCK;
        if len == 0 {
            return 0;
        }
        if let Some(block) = self.rows.last_chunk() {
            // A whole block that ends with the rows: its first bits were seen before and are shifted out.
            return self.isa.bits_of_rows(block, self.word, self.predicate) >> (BLOCK - len);
        }
        // Eight at a time: a loop of any length becomes gathers, which cost more than the loads they replace.
        let (eights, rest) = self.rows.as_chunks::<8>();
        let mut bits = 0;
        for (index, eight) in eights.iter().enumerate() {
            for (bit, row) in eight.iter().enumerate() {
                bits |= u64::from(self.holds(row)) << (index * 8 + bit);
            }
        }
        for (bit, row) in rest.iter().enumerate() {
            bits |= u64::from(self.holds(row)) << (eights.len() * 8 + bit);
        }
        bits
    }
}

/// The index of the first element that passes.
#[inline(always)]
pub(crate) fn find(blocks: impl Blocks) -> Option<usize> {
    // A hit near the front is worth having the bits at once; a long search asks the cheaper question of groups of blocks.
    search(blocks, true)
}

/// The same for a hit that is as likely to be anywhere.
#[inline(always)]
pub(crate) fn find_anywhere(blocks: impl Blocks) -> Option<usize> {
    search(blocks, false)
}

#[inline(always)]
fn search<B: Blocks>(blocks: B, front_first: bool) -> Option<usize> {
    let full = blocks.len() / BLOCK;
    let mut index = 0;
    if full > 0 {
        if front_first {
            let bits = blocks.full(0);
            if bits != 0 {
                return Some(bits.trailing_zeros() as usize);
            }
            index = 1;
        }
        while index + B::GROUP <= full && !blocks.any(index) {
            index += B::GROUP;
        }
        while index < full {
            let bits = blocks.full(index);
            if bits != 0 {
                return Some(index * BLOCK + bits.trailing_zeros() as usize);
            }
            index += 1;
        }
    }
    if !blocks.may_have_tail() {
        return None;
    }
    let bits = blocks.tail();
    (bits != 0).then(|| index * BLOCK + bits.trailing_zeros() as usize)
}

/// One bit per element, and how many are set.
#[inline(always)]
pub(crate) fn bitmap(blocks: impl Blocks, out: &mut [u64]) -> usize {
    let full = blocks.len() / BLOCK;
    let words = blocks.len().div_ceil(BLOCK);
    assert!(out.len() >= words, "{} words cannot hold {} bits", out.len(), blocks.len());
    for (index, word) in out[..full].iter_mut().enumerate() {
        blocks.store(index, word);
    }
    if words > full {
        out[full] = blocks.tail();
    }
    // In a pass of its own, which is short: one word per 64 elements.
    out[..words].iter().map(|word| u64::from(word.count_ones())).sum::<u64>() as usize
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

/// One bit for each of at most 64 elements, and how many are set.
#[inline(always)]
pub(crate) fn bitmap_of_few<T>(x: &[T], holds: impl Fn(&T) -> bool, out: &mut [u64]) -> usize {
    if x.is_empty() {
        return 0;
    }
    let Some(word) = out.first_mut() else { panic!("0 words cannot hold {} bits", x.len()) };
    let (mut bits, mut count) = (0, 0);
    for (bit, element) in x.iter().enumerate() {
        let holds = holds(element);
        bits |= u64::from(holds) << bit;
        // Counted on the way, since not every processor counts the bits of a word in one instruction.
        count += usize::from(holds);
    }
    *word = bits;
    count
}

/// The indices of those of a few elements that pass, in order, and how many.
#[inline(always)]
pub(crate) fn indices_of_few<T>(x: &[T], holds: impl Fn(&T) -> bool, out: &mut [u32]) -> usize {
    check_indices(x.len(), out.len());
    let out = &mut out[..x.len()];
    let mut count = 0;
    for (index, element) in x.iter().enumerate() {
        // Storing always and advancing by the result has nothing to mispredict.
        out[count] = index as u32;
        count += usize::from(holds(element));
    }
    count
}

/// Panics unless indices below `len` fit `u32`, and the output.
#[inline(always)]
pub(crate) fn check_indices(len: usize, out_len: usize) {
    assert!(u32::try_from(len.saturating_sub(1)).is_ok(), "{len} elements have indices beyond 32 bits");
    assert!(out_len >= len, "the indices of {len} elements need as many places, not {out_len}");
}

/// How many elements pass.
#[inline(always)]
pub(crate) fn count_rows(rows: Rows<'_, impl Isa>) -> usize {
    let in_block = |block| rows.isa.count_of_rows(block, rows.word, rows.predicate);
    rows.blocks.iter().map(in_block).sum::<usize>() + rows.tail().count_ones() as usize
}
