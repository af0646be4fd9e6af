//! Compressed records: what they save, what decoding costs, and what a hit on a decoded one does.

use std::path::PathBuf;
use std::sync::OnceLock;

use wf_gate::{Batch, Subject};
use wf_mmap::{Align, Compression, Decoder, Key, Options, Store};

use crate::data::{Data, SETS, first_byte, key, mix, pick};
use crate::stores::{Peer, ours};

const SET: Data = SETS[3];
const OPS: u32 = 4_096;
/// Records that hits on decoded ones go to.
const WARM: u64 = 4_000;

fn place() -> PathBuf {
    SET.folder().join("wf-zstd")
}

/// Builds the compressed store unless it is there.
pub fn provide() {
    if !place().exists() {
        ours::build(&place(), SET, Options::new().align(Align::Half).compress(Compression::default()));
    }
}

fn store() -> &'static Store {
    static STORE: OnceLock<Store> = OnceLock::new();
    STORE.get_or_init(|| {
        let store = ours::mapped(&place());
        store.verify().expect("a store that was built");
        store
    })
}

/// Answers with the ratio of compression in thousandths, the dictionary counted.
struct Ratio;

impl Batch for Ratio {
    fn run(&mut self) -> u64 {
        let stored = store().payload_bytes() + store().dictionary().len() as u64;
        store().raw_bytes() * 1_000 / stored
    }

    fn expected(&mut self) -> Option<u64> {
        None
    }
}

/// Look-ups among the first `among` records, each of which needs the value that the last one found.
struct Hits<G> {
    get: G,
    among: u64,
    turn: u64,
}

impl<G: FnMut(Key<'static>) -> u8> Hits<G> {
    fn of(among: u64, mut get: G) -> Self {
        for n in 0..among {
            assert_eq!(get(Key::Id(key(n))), first_byte(n));
        }
        Self { get, among, turn: 0 }
    }

    fn chain(turn: u64, among: u64, mut get: impl FnMut(u64) -> u8) -> u64 {
        let (mut state, mut sum) = (mix(turn), 0);
        for _ in 0..OPS {
            let byte = get(pick(state, among));
            sum += u64::from(byte);
            state = state.wrapping_mul(0x5851_F42D_4C95_7F2D).wrapping_add(u64::from(byte) | 1);
        }
        sum
    }
}

impl<G: FnMut(Key<'static>) -> u8> Batch for Hits<G> {
    fn prepare(&mut self) {
        self.turn += 1;
    }

    fn run(&mut self) -> u64 {
        let get = &mut self.get;
        Self::chain(self.turn, self.among, |n| get(Key::Id(key(n))))
    }

    fn expected(&mut self) -> Option<u64> {
        Some(Self::chain(self.turn, self.among, first_byte))
    }
}

fn decoder(cache_bytes: usize) -> Decoder<'static> {
    store().decoder(cache_bytes).expect("a dictionary that was made")
}

fn decoded(mut decoder: Decoder<'static>) -> impl FnMut(Key<'static>) -> u8 {
    move |key| decoder.get(key).expect("a whole store").expect("it is there")[0]
}

/// The subjects.
pub fn subjects() -> Vec<Subject> {
    vec![
        Subject { id: "mmap.zstd_ratio", ops: 1, make: || Box::new(Ratio) },
        Subject {
            // A cache of two thousand records among two hundred thousand: nearly every look-up decodes.
            id: "mmap.zstd_cold",
            ops: OPS,
            make: || Box::new(Hits::of(SET.count, decoded(decoder(1 << 20)))),
        },
        Subject {
            id: "mmap.zstd_warm",
            ops: OPS,
            make: || Box::new(Hits::of(WARM, decoded(decoder(64 << 20)))),
        },
        Subject {
            id: "mmap.zstd_plain",
            ops: OPS,
            make: || {
                let store = ours::mapped(&SET.folder().join(ours::Ours::PLACE));
                store.verify().expect("a store that was built");
                let get = move |key| store.get(key).expect("a whole store").expect("it is there")[0];
                Box::new(Hits::of(WARM, get))
            },
        },
    ]
}
