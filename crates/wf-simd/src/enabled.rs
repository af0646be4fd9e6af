//! Which of many transitions each of many state words enables.

use crate::dispatch::{SHORT, kernel};
use crate::isa::{BLOCK, Isa};
use crate::predicate::{Masked, Predicate};

/// A transition of a net, as far as enabling goes: enabled in every word with `(word & mask) == value`.
///
/// `mask` names the places that matter, `value` those of them that must hold a token.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[repr(C)]
pub struct Transition {
    /// The bits that matter.
    pub mask: u64,
    /// What they must be. With a bit outside `mask` the transition is never enabled.
    pub value: u64,
}

impl Transition {
    #[inline(always)]
    pub(crate) fn predicate(self) -> Masked<u64> {
        Masked { mask: self.mask, value: self.value }
    }
}

kernel! {
    /// Tests many transitions against many state words.
    ///
    /// `out` has shape `[transitions.len()][words.len().div_ceil(64)]`: bit `i` of row `t` says whether `words[i]` enables
    /// `transitions[t]`. Bits past the end of `words` are 0; words of `out` past its shape are left alone. The state words
    /// stay in registers while all transitions pass over them, so the cost is close to two instructions per transition and vector.
    ///
    /// # Panics
    /// When `out` is shorter than its shape.
    ///
    /// # Example
    /// ```
    /// use wf_simd::Transition;
    ///
    /// let states = [0b001, 0b011, 0b010];
    /// let transitions = [Transition { mask: 0b001, value: 0b001 }, Transition { mask: 0b011, value: 0b010 }];
    /// let mut out = [0; 2];
    /// wf_simd::enabled(&states, &transitions, &mut out);
    /// assert_eq!(out, [0b011, 0b100]);
    /// ```
    pub fn enabled[](words: &[u64], transitions: &[Transition], out: &mut [u64]) -> () {
        short(is_little(words.len(), transitions.len())) { little(words, |word| *word, transitions, out) }
        each(isa) { slice(isa, words, transitions, out) }
    }
}

/// Up to so many tests are made one by one: filling a block costs as much.
const LITTLE: usize = 48;

/// Whether the tests of so many words are few.
#[inline(always)]
pub(crate) fn is_little(words: usize, transitions: usize) -> bool {
    words < SHORT && words * transitions.min(LITTLE + 1) <= LITTLE
}

/// The tests one by one; there are less than 64 words.
#[inline(always)]
pub(crate) fn little<T>(
    words: &[T],
    word_of: impl Fn(&T) -> u64,
    transitions: &[Transition],
    out: &mut [u64],
) {
    check(words.len(), transitions.len(), out.len());
    if words.is_empty() {
        return;
    }
    for (out, transition) in out.iter_mut().zip(transitions) {
        let predicate = transition.predicate();
        let bits = words.iter().enumerate();
        *out = bits.fold(0, |bits, (bit, word)| bits | u64::from(predicate.holds(word_of(word))) << bit);
    }
}

#[inline(always)]
fn slice(isa: impl Isa, words: &[u64], transitions: &[Transition], out: &mut [u64]) {
    let stride = check(words.len(), transitions.len(), out.len());
    if transitions.is_empty() {
        return;
    }
    let (blocks, tail) = words.as_chunks::<BLOCK>();
    for (column, block) in blocks.iter().enumerate() {
        isa.enabled(block, transitions, stride, &mut out[column..]);
    }
    if !tail.is_empty() {
        let mut block = [0; BLOCK];
        block[..tail.len()].copy_from_slice(tail);
        last(isa, &block, tail.len(), transitions, stride, out);
    }
}

#[inline(always)]
pub(crate) fn rows(
    isa: impl Isa,
    rows: &[[u64; 8]],
    word: usize,
    transitions: &[Transition],
    out: &mut [u64],
) {
    assert!(word < 8, "a row has 8 words, there is no word {word}");
    let stride = check(rows.len(), transitions.len(), out.len());
    if transitions.is_empty() {
        return;
    }
    let (blocks, tail) = rows.as_chunks::<BLOCK>();
    let mut words = [0; BLOCK];
    for (column, block) in blocks.iter().enumerate() {
        for (slot, row) in words.iter_mut().zip(block) {
            *slot = row[word % 8];
        }
        isa.enabled(&words, transitions, stride, &mut out[column..]);
    }
    if !tail.is_empty() {
        for (slot, row) in words.iter_mut().zip(tail) {
            *slot = row[word % 8];
        }
        last(isa, &words, tail.len(), transitions, stride, out);
    }
}

/// The last, partial column: what lies past `len` in `block` is no word of the caller's, and its bits are cleared.
#[inline(always)]
fn last(
    isa: impl Isa,
    block: &[u64; 64],
    len: usize,
    transitions: &[Transition],
    stride: usize,
    out: &mut [u64],
) {
    let inside = (1 << len) - 1;
    isa.enabled(block, transitions, stride, &mut out[stride - 1..]);
    for word in out[stride - 1..].iter_mut().step_by(stride).take(transitions.len()) {
        *word &= inside;
    }
}

/// The words of output per transition; panics when they do not fit.
#[inline(always)]
fn check(words: usize, transitions: usize, out_len: usize) -> usize {
    let stride = words.div_ceil(BLOCK);
    let needed = transitions.saturating_mul(stride);
    assert!(
        out_len >= needed,
        "{transitions} transitions x {stride} words need {needed} words, not {out_len}"
    );
    stride
}
