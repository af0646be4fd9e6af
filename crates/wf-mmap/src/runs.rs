//! Index entries gathered in sorted blocks and merged: 12 bytes a record, with no reallocation.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Entries of a block: sorting one stays inside the caches.
const BLOCK: usize = 1 << 16;

/// A record's hash and place, in 12 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Entry {
    high: u32,
    low: u32,
    pub(crate) position: u32,
}

impl Entry {
    pub(crate) fn new(hash: u64, position: u32) -> Self {
        Self { high: (hash >> 32) as u32, low: hash as u32, position }
    }

    pub(crate) fn hash(self) -> u64 {
        u64::from(self.high) << 32 | u64::from(self.low)
    }
}

/// All entries of a build.
#[derive(Debug, Default)]
pub(crate) struct Runs {
    full: Vec<Vec<Entry>>,
    last: Vec<Entry>,
}

impl Runs {
    pub(crate) fn push(&mut self, entry: Entry) {
        if self.last.len() == BLOCK {
            self.close();
        }
        if self.last.capacity() == 0 {
            // A small store need not pay for a whole block; a large one pays for each at once.
            self.last.reserve_exact(if self.full.is_empty() { 64 } else { BLOCK });
        }
        self.last.push(entry);
    }

    fn close(&mut self) {
        let mut block = std::mem::take(&mut self.last);
        block.sort_unstable();
        self.full.push(block);
    }

    /// The entries in order of hash, then of place.
    pub(crate) fn merge(&mut self) -> Merge<'_> {
        self.close();
        let mut heads = BinaryHeap::with_capacity(self.full.len());
        for (run, block) in self.full.iter().enumerate() {
            if let Some(&first) = block.first() {
                heads.push(Reverse((first, run as u32, 0)));
            }
        }
        Merge { runs: &self.full, heads }
    }

    /// Gives every entry another hash.
    pub(crate) fn rehash<E>(&mut self, mut hash: impl FnMut(u32) -> Result<u64, E>) -> Result<(), E> {
        self.close();
        for block in &mut self.full {
            // In order of place, so that the records are read front to back.
            block.sort_unstable_by_key(|entry| entry.position);
            for entry in &mut *block {
                *entry = Entry::new(hash(entry.position)?, entry.position);
            }
            block.sort_unstable();
        }
        Ok(())
    }
}

/// See [`Runs::merge`].
#[derive(Debug)]
pub(crate) struct Merge<'r> {
    runs: &'r [Vec<Entry>],
    /// The next entry of each run, the run, and the entry's place in it.
    heads: BinaryHeap<Reverse<(Entry, u32, u32)>>,
}

impl Iterator for Merge<'_> {
    type Item = Entry;

    fn next(&mut self) -> Option<Entry> {
        let mut head = self.heads.peek_mut()?;
        let Reverse((entry, run, at)) = *head;
        match self.runs[run as usize].get(at as usize + 1) {
            Some(&next) => *head = Reverse((next, run, at + 1)),
            None => drop(std::collections::binary_heap::PeekMut::pop(head)),
        }
        Some(entry)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn merged_runs_are_sorted_and_whole() {
        for count in [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK + 17] {
            let mut runs = Runs::default();
            let hash = |i: u32| u64::from(i).wrapping_mul(0x9E37_79B9_7F4A_7C15) % 99_991;
            for i in 0..count as u32 {
                runs.push(Entry::new(hash(i), i));
            }
            let mut wanted: Vec<_> = (0..count as u32).map(|i| (hash(i), i)).collect();
            wanted.sort_unstable();
            let merged: Vec<_> = runs.merge().map(|e| (e.hash(), e.position)).collect();
            assert_eq!(merged, wanted);

            runs.rehash(|i| Ok::<_, ()>(u64::from(i % 7))).unwrap();
            let merged: Vec<_> = runs.merge().map(|e| (e.hash(), e.position)).collect();
            assert!(merged.is_sorted() && merged.len() == count);
        }
    }
}
