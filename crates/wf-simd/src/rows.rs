//! Masked tests over one word of each row of eight: records of 64 bytes, searched without unpacking.
//!
//! Each row costs one load, whatever the instruction set: the rows are one cache line apart. What vectors add is the rest, as long as
//! the lines come faster than it.

use crate::blocks::{self, Rows};
use crate::dispatch::{SHORT, SHORT_REDUCED, kernel};
use crate::enabled::{self, Transition};
use crate::isa::baseline;

kernel! {
    /// Counts the rows with `(row[word] & mask) == value`.
    ///
    /// # Panics
    /// When `word` is not below 8.
    ///
    /// # Example
    /// ```
    /// let mut rows = [[0; 8]; 100];
    /// rows[42][3] = 0b110;
    /// assert_eq!(wf_simd::count_masked_rows(&rows, 3, 0b010, 0b010), 1);
    /// ```
    #[must_use]
    pub fn count_masked_rows[](rows: &[[u64; 8]], word: usize, mask: u64, value: u64) -> usize {
        short(rows.len() < SHORT) {
            let few = Rows::new(baseline(), rows, word, mask, value);
            rows.iter().map(|row| usize::from(few.holds(row))).sum()
        }
        each(isa) { blocks::count_rows(Rows::new(isa, rows, word, mask, value)) }
    }
}

kernel! {
    /// Finds the first row with `(row[word] & mask) == value`.
    ///
    /// # Panics
    /// When `word` is not below 8.
    ///
    /// # Example
    /// ```
    /// let mut rows = [[0; 8]; 100];
    /// rows[42][3] = 0b110;
    /// assert_eq!(wf_simd::find_masked_rows(&rows, 3, 0b010, 0b010), Some(42));
    /// ```
    #[must_use]
    pub fn find_masked_rows[](rows: &[[u64; 8]], word: usize, mask: u64, value: u64) -> Option<usize> {
        short(rows.len() < SHORT) {
            let few = Rows::new(baseline(), rows, word, mask, value);
            rows.iter().position(|row| few.holds(row))
        }
        each(isa) { blocks::find(Rows::new(isa, rows, word, mask, value)) }
    }
}

kernel! {
    /// Sets bit `i` of `out` when `(rows[i][word] & mask) == value`, and counts the bits set.
    ///
    /// The bitmap is laid out as by [`match_bitmap`](crate::match_bitmap).
    ///
    /// # Panics
    /// When `out` has fewer than `rows.len().div_ceil(64)` words, or `word` is not below 8.
    pub fn match_bitmap_rows[](rows: &[[u64; 8]], word: usize, mask: u64, value: u64, out: &mut [u64]) -> usize {
        short(rows.len() < SHORT_REDUCED) {
            let few = Rows::new(baseline(), rows, word, mask, value);
            blocks::bitmap_of_few(rows, |row| few.holds(row), out)
        }
        each(isa) { blocks::bitmap(Rows::new(isa, rows, word, mask, value), out) }
    }
}

kernel! {
    /// Lists the indices of the rows with `(row[word] & mask) == value`, in order, and counts them.
    ///
    /// The list is `out[..count]`; the elements of `out` after it may be overwritten with anything.
    ///
    /// # Panics
    /// When `out` is shorter than `rows` (it needs room for every index, whatever is found), when there are more than 2^32 rows,
    /// or when `word` is not below 8.
    ///
    /// # Example
    /// ```
    /// let mut rows = [[0; 8]; 100];
    /// rows[42][3] = 0b110;
    /// rows[99][3] = 0b010;
    /// let mut out = [0; 100];
    /// assert_eq!(wf_simd::match_indices_rows(&rows, 3, 0b010, 0b010, &mut out), 2);
    /// assert_eq!(out[..2], [42, 99]);
    /// ```
    pub fn match_indices_rows[](rows: &[[u64; 8]], word: usize, mask: u64, value: u64, out: &mut [u32]) -> usize {
        short(rows.len() < SHORT) {
            let few = Rows::new(baseline(), rows, word, mask, value);
            blocks::indices_of_few(rows, |row| few.holds(row), out)
        }
        each(isa) { blocks::indices(isa, Rows::new(isa, rows, word, mask, value), out) }
    }
}

kernel! {
    /// Tests many transitions against one word of every row.
    ///
    /// Like [`enabled`](crate::enabled), with `rows[i][word]` in place of `words[i]`.
    ///
    /// # Panics
    /// When `out` is shorter than its shape, or `word` is not below 8.
    pub fn enabled_rows[](rows: &[[u64; 8]], word: usize, transitions: &[Transition], out: &mut [u64]) -> () {
        short(enabled::is_little(rows.len(), transitions.len())) {
            assert!(word < 8, "a row has 8 words, there is no word {word}");
            enabled::little(rows, |row| row[word % 8], transitions, out)
        }
        each(isa) { enabled::rows(isa, rows, word, transitions, out) }
    }
}
