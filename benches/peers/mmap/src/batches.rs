//! Independent hits one at a time and in batches of 32, on pages of either size.

use std::io::{Read, Write};
use std::path::PathBuf;

use wf_gate::{Batch, Subject};
use wf_mmap::{Key, Store};

use crate::data::{Data, SETS, first_byte, key, mix, pick};
use crate::stores::{Peer, ours};

/// Larger than a last-level cache.
const SET: Data = SETS[0];
const OPS: u32 = 20_000 / 32 * 32;

#[derive(Clone, Copy)]
enum Pages {
    Huge,
    Small,
}

impl Pages {
    fn place(self) -> PathBuf {
        SET.folder().join(match self {
            Self::Huge => "wf-huge",
            Self::Small => "wf-small",
        })
    }

    /// Writes the file as the kernel then maps it: in large pieces, or in small ones that no huge page fits in.
    fn provide(self) {
        let piece_bytes = match self {
            Self::Huge => 4 << 20,
            Self::Small => 60_000,
        };
        let source = SET.folder().join(ours::Ours::PLACE);
        let (have, want) = (std::fs::metadata(self.place()), std::fs::metadata(&source));
        if have.is_ok_and(|have| want.is_ok_and(|want| have.len() == want.len())) {
            return;
        }
        let mut from = std::fs::File::open(source).expect("a store that was built");
        let mut to = std::fs::File::create(self.place()).expect("a folder to write to");
        let mut piece = Vec::new();
        while Read::by_ref(&mut from).take(piece_bytes).read_to_end(&mut piece).expect("a whole file") > 0 {
            to.write_all(&piece).expect("room for a file");
            piece.clear();
        }
    }

    /// # Panics
    /// If the kernel mapped it otherwise: a figure would then be one of the other size.
    fn open(self) -> Store {
        let store = ours::mapped(&self.place());
        store.verify().expect("a store that was built");
        let pages = store.pages().expect("Linux says what it mapped");
        match self {
            Self::Huge => {
                assert!(pages.huge_bytes * 10 > pages.mapped_bytes * 9, "not in huge pages: {pages:?}")
            }
            Self::Small => assert_eq!(pages.huge_bytes, 0, "in huge pages"),
        }
        store
    }
}

/// Writes what is missing.
pub fn provide() {
    Pages::Huge.provide();
    Pages::Small.provide();
}

struct Hits {
    store: Store,
    turn: u64,
    keys: Vec<Key<'static>>,
    expected: u64,
    run: fn(&Store, &[Key<'static>]) -> u64,
}

impl Hits {
    fn of(pages: Pages, run: fn(&Store, &[Key<'static>]) -> u64) -> Box<dyn Batch> {
        Box::new(Self { store: pages.open(), turn: 0, keys: Vec::new(), expected: 0, run })
    }
}

impl Batch for Hits {
    fn prepare(&mut self) {
        self.turn += 1;
        let numbers = || (0..u64::from(OPS)).map(|i| pick(mix(self.turn << 32 | i), SET.count));
        self.keys.clear();
        self.keys.extend(numbers().map(|n| Key::Id(key(n))));
        self.expected = numbers().map(|n| u64::from(first_byte(n))).sum();
    }

    fn run(&mut self) -> u64 {
        (self.run)(&self.store, &self.keys)
    }

    fn expected(&mut self) -> Option<u64> {
        Some(self.expected)
    }
}

fn singly(store: &Store, keys: &[Key<'static>]) -> u64 {
    keys.iter().map(|key| u64::from(store.get(*key).expect("a whole store").expect("it is there")[0])).sum()
}

fn batches(store: &Store, keys: &[Key<'static>]) -> u64 {
    let (mut found, mut sum) = ([None; 32], 0);
    for keys in keys.chunks_exact(32) {
        store.get_batch(keys, &mut found).expect("a whole store");
        sum += found.iter().map(|value| u64::from(value.expect("it is there")[0])).sum::<u64>();
    }
    sum
}

/// The subjects.
pub fn subjects() -> Vec<Subject> {
    vec![
        Subject { id: "mmap.single_huge", ops: OPS, make: || Hits::of(Pages::Huge, singly) },
        Subject { id: "mmap.batch_huge", ops: OPS, make: || Hits::of(Pages::Huge, batches) },
        Subject { id: "mmap.single_small", ops: OPS, make: || Hits::of(Pages::Small, singly) },
        Subject { id: "mmap.batch_small", ops: OPS, make: || Hits::of(Pages::Small, batches) },
    ]
}
