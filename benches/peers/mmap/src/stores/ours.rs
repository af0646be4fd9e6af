//! Ours, and what it cannot beat from memory: two dependent accesses to the same bytes.

use std::path::Path;

use wf_mmap::{Advice, Align, Key, Options, Store, StoreBuilder};

use super::{Peer, map};
use crate::data::{Data, key};

/// Ours, in units of 32 bytes, mapped, every record verified.
#[derive(Debug)]
pub struct Ours;

/// Builds a store of a set.
pub fn build(path: &Path, data: Data, options: Options) {
    let mut builder = StoreBuilder::create(path, options).expect("a folder to write to");
    let mut value = Vec::new();
    for n in 0..data.count {
        data.value(n, &mut value);
        builder.add(Key::Id(key(n)), &value).expect("room for a store");
    }
    builder.finish().expect("room for a store");
}

/// Opens a store by mapping it.
pub fn mapped(path: &Path) -> Store {
    // SAFETY: the files of this program stand in a folder of its own and are written once, before they are opened.
    unsafe { Store::open_mapped(path) }.expect("a store that was built")
}

/// As [`mapped`], in huge pages where the kernel gives them; every map that is read here is given the same advice.
pub fn advised(path: &Path) -> Store {
    let store = mapped(path);
    // What came of it is told.
    let _ = store.advise(Advice::HugePage);
    store
}

impl Peer for Ours {
    const NAME: &'static str = "";
    const PLACE: &'static str = "wf";

    fn build(data: Data) {
        build(&data.folder().join(Self::PLACE), data, Options::new().align(Align::Half));
    }

    fn open(data: Data) -> impl Fn(&[u8; 16]) -> Option<u8> + 'static {
        let store = advised(&data.folder().join(Self::PLACE));
        store.verify().expect("a store that was built");
        move |key| store.get(Key::Id(*key)).expect("a verified store").map(|value| value[0])
    }
}

/// Two dependent accesses to random lines of our file.
#[derive(Debug)]
pub struct TwoAccesses;

impl Peer for TwoAccesses {
    const NAME: &'static str = "_two_accesses";
    const FINDS: bool = false;
    const PLACE: &'static str = "";

    fn build(_data: Data) {}

    fn open(data: Data) -> impl Fn(&[u8; 16]) -> Option<u8> + 'static {
        let map = map(&data.folder().join(Ours::PLACE));
        // Every page, as look-ups of every key touch those of a store.
        let touched = map.iter().step_by(4_096).fold(0, |sum: u8, byte| sum.wrapping_add(*byte));
        std::hint::black_box(touched);
        move |key| {
            let both = u128::from_le_bytes(*key);
            let lines = map.len() as u64 / 64;
            let line = |state: u64| map[crate::data::pick(state, lines) as usize * 64];
            let first = line(both as u64);
            Some(line(((both >> 64) as u64).wrapping_add(u64::from(first) << 56)))
        }
    }
}
