//! Opening as a subject, beside reading and parsing the same records into a hash map.

use std::path::PathBuf;

use wf_gate::{Batch, Subject};
use wf_mmap::Store;

use crate::data::{Data, SETS};
use crate::stores::{Peer, loaded, ours};

/// The set that is loaded: both sides grow with it alike.
pub const SET: Data = SETS[3];

/// What opening and loading come to; dropped before the next run, untimed.
struct Opening<T> {
    open: fn() -> T,
    len: fn(&T) -> usize,
    opened: Option<T>,
    expected: u64,
}

impl<T> Batch for Opening<T> {
    fn prepare(&mut self) {
        self.opened = None;
    }

    fn run(&mut self) -> u64 {
        let opened = (self.open)();
        let len = (self.len)(&opened) as u64;
        self.opened = Some(opened);
        len
    }

    fn expected(&mut self) -> Option<u64> {
        Some(self.expected)
    }
}

/// Opens something of so many records.
pub fn opening_of<T: 'static>(expected: u64, open: fn() -> T, len: fn(&T) -> usize) -> Box<dyn Batch> {
    Box::new(Opening { open, len, opened: None, expected })
}

fn opening<T: 'static>(open: fn() -> T, len: fn(&T) -> usize) -> Box<dyn Batch> {
    opening_of(SET.count, open, len)
}

fn place() -> PathBuf {
    SET.folder().join(ours::Ours::PLACE)
}

fn verified() -> Store {
    let store = ours::mapped(&place());
    store.verify().expect("a store that was built");
    store
}

fn copied() -> Store {
    Store::open_copy(&place()).expect("a store that was built")
}

fn sealed() -> Store {
    Store::open_sealed(&place()).expect("a store that was built")
}

/// The subjects.
pub fn subjects() -> Vec<Subject> {
    vec![
        Subject { id: "mmap.open_mapped", ops: 1, make: || opening(|| ours::mapped(&place()), Store::len) },
        Subject { id: "mmap.open_verified", ops: 1, make: || opening(verified, Store::len) },
        Subject { id: "mmap.open_copy", ops: 1, make: || opening(copied, Store::len) },
        Subject { id: "mmap.open_sealed", ops: 1, make: || opening(sealed, Store::len) },
        Subject {
            id: "mmap.load_bincode",
            ops: 1,
            make: || opening(|| loaded::bincode(SET), loaded::Map::len),
        },
        Subject {
            id: "mmap.load_postcard",
            ops: 1,
            make: || opening(|| loaded::postcard(SET), loaded::Map::len),
        },
        Subject { id: "mmap.load_json", ops: 1, make: || opening(|| loaded::json(SET), loaded::Texts::len) },
    ]
}
