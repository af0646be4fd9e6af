//! The mapped store: look-ups beside two plain memory accesses and a hash map, opening beside a loader.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::path::PathBuf;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use wf_gate::{Batch, Subject};
use wf_mmap::{Align, Key, Options, Store, StoreBuilder};

/// Look-ups per run.
const OPS: u32 = 1_024;
/// Records of the large store: with [`VALUE_BYTES`] each, larger than the last-level caches of most machines.
const RECORDS: u64 = 1 << 17;
/// Records of the stores that are opened or built in a run.
const FEW_RECORDS: u64 = 20_000;
const VALUE_BYTES: u64 = 480;

/// The subjects of wf-mmap.
pub fn subjects() -> Vec<Subject> {
    vec![
        Subject {
            id: "mmap.hit",
            ops: OPS,
            make: || Box::new(Dependent::new(|key| from_store(large(), key))),
        },
        Subject { id: "mmap.two_accesses", ops: OPS, make: || Box::new(Dependent::new(two_accesses)) },
        Subject { id: "mmap.hash_map", ops: OPS, make: || Box::new(Dependent::new(from_map)) },
        Subject { id: "mmap.hit_independent", ops: OPS, make: || Box::new(Singly(Keys::new())) },
        Subject { id: "mmap.hit_batch", ops: OPS, make: || Box::new(InBatches(Keys::new())) },
        Subject { id: "mmap.open", ops: 1, make: || Box::new(Open::new()) },
        Subject { id: "mmap.load", ops: 1, make: || Box::new(Load::new()) },
        Subject { id: "mmap.overhead", ops: 1, make: || Box::new(Overhead) },
        Subject { id: "mmap.overhead_varied", ops: 1, make: || Box::new(OverheadVaried(Align::Half)) },
        Subject { id: "mmap.overhead_cells", ops: 1, make: || Box::new(OverheadVaried(Align::Cell)) },
        Subject { id: "mmap.build", ops: FEW_RECORDS as u32, make: || Box::new(Build(Place::new())) },
    ]
}

fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

fn id(n: u64) -> [u8; 16] {
    let low = mix(n.wrapping_add(0x9E37_79B9_7F4A_7C15));
    (u128::from(low) | u128::from(mix(low)) << 64).to_le_bytes()
}

fn first_byte(n: u64) -> u8 {
    mix(n) as u8
}

/// A number below [`RECORDS`] from the high bits.
fn pick(state: u64) -> u64 {
    state >> (64 - RECORDS.trailing_zeros())
}

/// A file name of this process's own, in memory where the system has such a folder; removed when dropped.
struct Place(PathBuf);

impl Place {
    fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let memory = PathBuf::from("/dev/shm");
        let folder = if memory.is_dir() { memory } else { std::env::temp_dir() };
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        Self(folder.join(format!("wf-mmap-subject-{}-{number}.wfs", std::process::id())))
    }

    fn build(&self, records: u64) {
        let mut builder = StoreBuilder::create(&self.0, Options::new()).expect("a folder to write to");
        let mut value = vec![b'v'; VALUE_BYTES as usize];
        for n in 0..records {
            value[0] = first_byte(n);
            builder.add(Key::Id(id(n)), &value).expect("room for a store");
        }
        builder.finish().expect("room for a store");
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        // It may never have been made.
        let _ = std::fs::remove_file(&self.0);
    }
}

/// The large store, every record of it verified, once per process.
fn large() -> &'static Store {
    static STORE: OnceLock<Store> = OnceLock::new();
    STORE.get_or_init(|| {
        let place = Place::new();
        place.build(RECORDS);
        let store = Store::open_copy(&place.0).expect("the store that was just built");
        store.verify().expect("the store that was just built");
        store
    })
}

fn from_store(store: &Store, key: [u8; 16]) -> u8 {
    match store.get(Key::Id(key)) {
        Ok(Some(value)) => value[0],
        other => panic!("{other:?}"),
    }
}

/// Two dependent reads of random lines of the same bytes: what a look-up cannot beat from memory.
fn two_accesses(key: [u8; 16]) -> u8 {
    let cells = large().cells();
    let both = u128::from_le_bytes(key);
    let cell = |state: u64| &cells[((u128::from(state) * cells.len() as u128) >> 64) as usize];
    let first = cell(both as u64)[0];
    cell(((both >> 64) as u64).wrapping_add(u64::from(first) << 56))[0]
}

/// A hash map of loaded values whose hash is as cheap as random ids allow.
fn from_map(key: [u8; 16]) -> u8 {
    static MAP: OnceLock<Map> = OnceLock::new();
    let map =
        MAP.get_or_init(|| large().iter().map(|item| item.expect("a whole store")).map(entry).collect());
    map[&key][0]
}

type Map = HashMap<[u8; 16], Vec<u8>, BuildHasherDefault<FirstWord>>;

fn entry((key, value): (Key<'_>, &[u8])) -> ([u8; 16], Vec<u8>) {
    match key {
        Key::Id(id) => (id, value.to_vec()),
        other => panic!("{other}"),
    }
}

/// Takes eight bytes of a random id for its hash.
#[derive(Default)]
struct FirstWord(u64);

impl Hasher for FirstWord {
    fn write(&mut self, bytes: &[u8]) {
        self.0 = bytes.first_chunk().map_or(0, |word| u64::from_le_bytes(*word));
    }

    /// The length of the array.
    fn write_usize(&mut self, _length: usize) {}

    fn finish(&self) -> u64 {
        self.0
    }
}

/// Look-ups each of which needs the value that the last one found.
struct Dependent {
    get: fn([u8; 16]) -> u8,
    turn: u64,
    checked: bool,
}

impl Dependent {
    fn new(get: fn([u8; 16]) -> u8) -> Self {
        get(id(0));
        let checked = get(id(0)) == first_byte(0) && get(id(7)) == first_byte(7);
        Self { get, turn: 0, checked }
    }

    fn chain(turn: u64, mut get: impl FnMut(u64) -> u8) -> u64 {
        let mut state = mix(turn);
        let mut sum = 0;
        for _ in 0..OPS {
            let byte = get(pick(state));
            sum += u64::from(byte);
            state = state.wrapping_mul(0x5851_F42D_4C95_7F2D).wrapping_add(u64::from(byte) | 1);
        }
        sum
    }
}

impl Batch for Dependent {
    fn prepare(&mut self) {
        self.turn += 1;
    }

    fn run(&mut self) -> u64 {
        let get = self.get;
        Self::chain(self.turn, |n| get(id(n)))
    }

    fn expected(&mut self) -> Option<u64> {
        // Two plain accesses find bytes of no meaning.
        self.checked.then(|| Self::chain(self.turn, first_byte))
    }
}

/// Ids that do not depend on anything found; other ones each turn, so that they are not in a cache from the last.
struct Keys {
    turn: u64,
    ids: Vec<Key<'static>>,
    expected: u64,
}

impl Keys {
    fn new() -> Self {
        large();
        let mut keys = Self { turn: 0, ids: Vec::with_capacity(OPS as usize), expected: 0 };
        keys.next();
        keys
    }

    fn next(&mut self) {
        self.turn += 1;
        let numbers = || (0..u64::from(OPS)).map(|i| pick(mix(self.turn << 32 | i)));
        self.ids.clear();
        self.ids.extend(numbers().map(|n| Key::Id(id(n))));
        self.expected = numbers().map(|n| u64::from(first_byte(n))).sum();
    }
}

struct Singly(Keys);

impl Batch for Singly {
    fn prepare(&mut self) {
        self.0.next();
    }

    fn run(&mut self) -> u64 {
        let store = large();
        let get = |key: &Key<'static>| match store.get(*key) {
            Ok(Some(value)) => u64::from(value[0]),
            other => panic!("{other:?}"),
        };
        self.0.ids.iter().map(get).sum()
    }

    fn expected(&mut self) -> Option<u64> {
        Some(self.0.expected)
    }
}

struct InBatches(Keys);

impl Batch for InBatches {
    fn prepare(&mut self) {
        self.0.next();
    }

    fn run(&mut self) -> u64 {
        let store = large();
        let (mut found, mut sum) = ([None; 32], 0);
        for keys in self.0.ids.chunks_exact(32) {
            store.get_batch(keys, &mut found).expect("a whole store");
            sum += found.iter().map(|value| u64::from(value.expect("every key is there")[0])).sum::<u64>();
        }
        sum
    }

    fn expected(&mut self) -> Option<u64> {
        Some(self.0.expected)
    }
}

/// Opening a store by copying it, header and index verified, and one look-up.
struct Open(Place);

impl Open {
    fn new() -> Self {
        let place = Place::new();
        place.build(FEW_RECORDS);
        Self(place)
    }
}

impl Batch for Open {
    fn run(&mut self) -> u64 {
        let store = Store::open_copy(&self.0.0).expect("a whole store");
        store.len() as u64 + u64::from(from_store(&store, id(17)))
    }

    fn expected(&mut self) -> Option<u64> {
        Some(FEW_RECORDS + u64::from(first_byte(17)))
    }
}

/// The simplest loader there is: the same records, each behind its id and its length, read into a hash map.
struct Load(Place);

impl Load {
    fn new() -> Self {
        let place = Place::new();
        let mut bytes = Vec::new();
        let mut value = vec![b'v'; VALUE_BYTES as usize];
        for n in 0..FEW_RECORDS {
            value[0] = first_byte(n);
            bytes.extend_from_slice(&id(n));
            bytes.extend_from_slice(&(value.len() as u64).to_le_bytes());
            bytes.extend_from_slice(&value);
        }
        std::fs::write(&place.0, bytes).expect("room for a file");
        Self(place)
    }
}

impl Batch for Load {
    fn run(&mut self) -> u64 {
        let bytes = std::fs::read(&self.0.0).expect("the file that was just written");
        let (mut map, mut rest) = (Map::default(), &bytes[..]);
        while let Some((id, behind)) = rest.split_first_chunk::<16>() {
            let (len, behind) = behind.split_first_chunk().expect("a whole file");
            let (value, behind) = behind.split_at(u64::from_le_bytes(*len) as usize);
            map.insert(*id, value.to_vec());
            rest = behind;
        }
        map.len() as u64 + u64::from(map[&id(17)][0])
    }

    fn expected(&mut self) -> Option<u64> {
        Some(FEW_RECORDS + u64::from(first_byte(17)))
    }
}

/// Building a store: 20,000 records.
struct Build(Place);

impl Batch for Build {
    fn run(&mut self) -> u64 {
        self.0.build(FEW_RECORDS);
        FEW_RECORDS
    }

    fn expected(&mut self) -> Option<u64> {
        Some(Store::open_copy(&self.0.0).expect("the store that was just built").len() as u64)
    }
}

/// Answers with the bytes of a file beyond the values in it, in thousandths of those.
struct Overhead;

impl Batch for Overhead {
    fn run(&mut self) -> u64 {
        let place = Place::new();
        place.build(FEW_RECORDS);
        let file = std::fs::metadata(&place.0).expect("the store that was just built").len();
        let values = FEW_RECORDS * VALUE_BYTES;
        (1_000 * (file - values)).div_ceil(values)
    }

    fn expected(&mut self) -> Option<u64> {
        None
    }
}

/// As [`Overhead`], with values of 250 to 750 bytes.
struct OverheadVaried(Align);

impl Batch for OverheadVaried {
    fn run(&mut self) -> u64 {
        let place = Place::new();
        let options = Options::new().align(self.0);
        let mut builder = StoreBuilder::create(&place.0, options).expect("a folder to write to");
        let (longest, mut values) = (vec![b'v'; 750], 0);
        for n in 0..FEW_RECORDS {
            let value = &longest[..250 + (mix(n) % 501) as usize];
            builder.add(Key::Id(id(n)), value).expect("room for a store");
            values += value.len() as u64;
        }
        let file = builder.finish().expect("room for a store").file_bytes;
        (1_000 * (file - values)).div_ceil(values)
    }

    fn expected(&mut self) -> Option<u64> {
        None
    }
}
