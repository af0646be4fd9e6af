//! A word per home bucket in which nearly every absent key misses a bit: most misses end there.
//!
//! ```text
//! word of home bucket n: 64 bits; each key of that home set four of them
//! ```
//! A word is an eighth of a bucket, so that the words of a million keys stay in a core's own cache where their buckets
//! do not. A key that is there finds its bits set; one that is not finds all four set once in some fifty times, and then the
//! index decides. A Bloom filter whose blocks are words (Putze, Sanders, Singler: *Cache-, Hash- and Space-Efficient
//! Bloom Filters*, 2007).

use crate::bucket::home;

/// Bytes of a word.
pub(crate) const WORD_BYTES: usize = 8;

/// The four bits of a key: those that the low 24 bits of its hash name.
#[inline]
pub(crate) fn bits(hash: u64) -> u64 {
    let bit = |from: u32| 1u64 << (hash >> from & 63);
    bit(0) | bit(6) | bit(12) | bit(18)
}

/// Bytes of the filter of so many home buckets, padding included; `None` where no file is that long.
pub(crate) fn bytes(homes: u64) -> Option<u64> {
    homes.checked_mul(WORD_BYTES as u64)?.checked_next_multiple_of(64)
}

/// A filter being filled.
#[derive(Debug)]
pub(crate) struct FilterDraft {
    homes: u64,
    words: Vec<u64>,
}

impl FilterDraft {
    pub(crate) fn new(homes: u64) -> Self {
        Self { homes, words: vec![0; homes as usize] }
    }

    /// Adds a key.
    pub(crate) fn add(&mut self, hash: u64) {
        self.words[home(hash, self.homes) as usize] |= bits(hash);
    }

    /// The words as they stand in the file, without padding.
    pub(crate) fn words(&self) -> impl ExactSizeIterator<Item = [u8; WORD_BYTES]> {
        self.words.iter().map(|word| word.to_le_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_finds_its_bits_and_few_others_do() {
        let hash = |n: u64| {
            n.wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(23).wrapping_mul(0xD6E8_FEB8_6659_FD93)
        };
        let (count, homes) = (70_000, 10_000);
        let mut draft = FilterDraft::new(homes);
        (0..count).for_each(|n| draft.add(hash(n)));
        let has = |n: u64| {
            let hash = hash(n);
            !draft.words[home(hash, homes) as usize] & bits(hash) == 0
        };
        assert!((0..count).all(has));
        let wrong = (count..2 * count).filter(|n| has(*n)).count() as u64;
        assert!(wrong * 100 < count * 4, "{wrong} of {count} absent keys were not told apart");
    }

    #[test]
    fn the_bits_of_format_1_never_change() {
        assert_eq!(bits(0), 1);
        assert_eq!(bits(1 | 2 << 6 | 3 << 12 | 63 << 18 | 1 << 24), 1 << 63 | 0b1110);
    }

    #[test]
    fn lengths_are_whole_lines_and_do_not_wrap() {
        assert_eq!((bytes(1), bytes(8), bytes(9)), (Some(64), Some(64), Some(128)));
        assert_eq!((bytes(u64::MAX), bytes(u64::MAX / 8)), (None, None));
    }
}
