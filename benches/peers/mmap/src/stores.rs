//! Each store behind one closure: a key in, the first byte of its value (or nothing) out.

use std::fs::File;
use std::io::{BufWriter, Read, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use memmap2::Mmap;

use crate::data::{Data, key, mix};

/// An open store.
pub struct Peer {
    /// Its name in the table.
    pub name: &'static str,
    /// Bytes on disk.
    pub file_bytes: u64,
    /// Time to open.
    pub open: Duration,
    /// Times passes of look-ups over it.
    pub pass: Box<dyn Fn(Pass) -> (Duration, u64)>,
}

/// What one pass does.
#[derive(Clone, Copy, Debug)]
pub enum Pass {
    /// `ops` hits, each key computed from the value before it.
    Dependent { seed: u64, ops: u64 },
    /// `ops` hits, independent of each other.
    Independent { seed: u64, ops: u64 },
    /// `ops` misses.
    Miss { seed: u64, ops: u64 },
}

/// Times one pass over `get`; returns the sum of all answers, which is the same for every store.
///
/// Keys of independent look-ups stand in memory before the clock starts, as a caller's do.
pub fn pass(count: u64, pass: Pass, get: impl Fn(&[u8; 16]) -> Option<u8>) -> (Duration, u64) {
    let keys = |seed: u64, ops, base| -> Vec<[u8; 16]> {
        (0..ops).map(|i| key(base + pick(mix(seed.wrapping_add(i)), count))).collect()
    };
    match pass {
        Pass::Dependent { seed, ops } => {
            let (mut state, mut sum) = (seed, 0u64);
            let begun = Instant::now();
            for _ in 0..ops {
                let byte = get(&key(pick(state, count))).unwrap_or(0);
                sum += u64::from(byte);
                state = state.wrapping_mul(0x5851_F42D_4C95_7F2D).wrapping_add(u64::from(byte) | 1);
            }
            (begun.elapsed(), sum)
        }
        Pass::Independent { seed, ops } => {
            let keys = keys(seed, ops, 0);
            let begun = Instant::now();
            let sum = keys.iter().map(|key| u64::from(get(key).unwrap_or(0))).sum();
            (begun.elapsed(), sum)
        }
        Pass::Miss { seed, ops } => {
            let keys = keys(seed, ops, count);
            let begun = Instant::now();
            let sum = keys.iter().map(|key| u64::from(get(key).is_some())).sum();
            (begun.elapsed(), sum)
        }
    }
}

/// A number below `count` from the high bits.
#[inline]
pub fn pick(state: u64, count: u64) -> u64 {
    (u128::from(state) * u128::from(count) >> 64) as u64
}

fn timed<T>(open: impl FnOnce() -> T) -> (Duration, T) {
    let begun = Instant::now();
    let opened = open();
    (begun.elapsed(), opened)
}

fn bytes_of(path: &Path) -> u64 {
    std::fs::metadata(path).map_or(0, |m| m.len())
}

fn map(path: &Path) -> Mmap {
    let file = File::open(path).unwrap();
    // SAFETY: the files of this program stand in a folder of its own and are written once.
    unsafe { Mmap::map(&file) }.unwrap()
}

/// Builds ours unless it is there; returns the time of the build.
pub fn build_wf(path: &Path, data: Data, align: wf_mmap::Align) -> Option<Duration> {
    if path.exists() {
        return None;
    }
    let begun = Instant::now();
    let mut builder = wf_mmap::StoreBuilder::create(path, wf_mmap::Options::new().align(align)).unwrap();
    let mut value = Vec::new();
    for n in 0..data.count {
        data.value(n, &mut value);
        builder.add(wf_mmap::Key::Id(key(n)), &value).unwrap();
    }
    builder.finish().unwrap();
    Some(begun.elapsed())
}

/// Ours, mapped.
pub fn wf(name: &'static str, path: &Path, data: Data) -> Peer {
    // SAFETY: as in `map`.
    let (open, store) = timed(|| unsafe { wf_mmap::Store::open_mapped(path) }.unwrap());
    store.verify().unwrap();
    let get = move |key: &[u8; 16]| store.get(wf_mmap::Key::Id(*key)).unwrap().map(|value| value[0]);
    Peer { name, file_bytes: bytes_of(path), open, pass: Box::new(move |p| pass(data.count, p, &get)) }
}

/// Two dependent accesses to random lines of the same file: what a look-up cannot beat from memory.
pub fn chase(path: &Path, data: Data) -> Peer {
    let (open, map) = timed(|| map(path));
    let get = move |key: &[u8; 16]| {
        let word = |i: usize| u64::from_le_bytes(key[i..i + 8].try_into().unwrap());
        let lines = (map.len() / 64) as u64;
        let first = map[pick(word(0), lines) as usize * 64];
        let second = map[pick(word(8).wrapping_add(u64::from(first) << 56), lines) as usize * 64];
        Some(second)
    };
    Peer {
        name: "two accesses",
        file_bytes: bytes_of(path),
        open,
        pass: Box::new(move |p| pass(data.count, p, &get)),
    }
}

struct Odht;
impl odht::Config for Odht {
    type Key = [u8; 16];
    type Value = (u64, u32);
    type EncodedKey = [u8; 16];
    type EncodedValue = [u8; 12];
    type H = odht::FxHashFn;
    fn encode_key(k: &[u8; 16]) -> [u8; 16] {
        *k
    }
    fn encode_value(v: &(u64, u32)) -> [u8; 12] {
        let mut out = [0; 12];
        out[..8].copy_from_slice(&v.0.to_le_bytes());
        out[8..].copy_from_slice(&v.1.to_le_bytes());
        out
    }
    fn decode_key(k: &[u8; 16]) -> [u8; 16] {
        *k
    }
    fn decode_value(v: &[u8; 12]) -> (u64, u32) {
        (u64::from_le_bytes(v[..8].try_into().unwrap()), u32::from_le_bytes(v[8..].try_into().unwrap()))
    }
}

/// odht over a blob of values.
pub fn odht(folder: &Path, data: Data) -> Peer {
    let (index, blob) = (folder.join("odht.index"), folder.join("odht.blob"));
    if !index.exists() {
        let mut table = odht::HashTableOwned::<Odht>::with_capacity(data.count as usize, 87);
        let mut out = BufWriter::new(File::create(&blob).unwrap());
        let (mut at, mut value) = (0u64, Vec::new());
        for n in 0..data.count {
            data.value(n, &mut value);
            table.insert(&key(n), &(at, value.len() as u32));
            out.write_all(&value).unwrap();
            at += value.len() as u64;
        }
        out.flush().unwrap();
        std::fs::write(&index, table.raw_bytes()).unwrap();
    }
    let (open, (table, values)) = timed(|| {
        let index: &'static [u8] = Box::leak(Box::new(map(&index)));
        (odht::HashTable::<Odht, &[u8]>::from_raw_bytes(index).unwrap(), map(&blob))
    });
    let get = move |key: &[u8; 16]| {
        let (at, len) = table.get(key)?;
        values[at as usize..][..len as usize].first().copied()
    };
    let file_bytes = bytes_of(&index) + bytes_of(&blob);
    Peer { name: "odht", file_bytes, open, pass: Box::new(move |p| pass(data.count, p, &get)) }
}

/// rkyv, unchecked access (checked access is a pass over the whole file).
pub fn rkyv(folder: &Path, data: Data) -> Peer {
    type Map = std::collections::HashMap<[u8; 16], Vec<u8>>;
    let path = folder.join("rkyv");
    if !path.exists() {
        let all: Map = (0..data.count)
            .map(|n| {
                let mut value = Vec::new();
                data.value(n, &mut value);
                (key(n), value)
            })
            .collect();
        std::fs::write(&path, rkyv::to_bytes::<rkyv::rancor::Error>(&all).unwrap()).unwrap();
    }
    let (open, map) = timed(|| map(&path));
    let get = move |key: &[u8; 16]| {
        // SAFETY: the file was written by `to_bytes` of the same type, and nobody changes it.
        let all = unsafe { rkyv::access_unchecked::<rkyv::Archived<Map>>(&map) };
        all.get(key).map(|value| value[0])
    };
    let file_bytes = bytes_of(&path);
    Peer { name: "rkyv (unchecked)", file_bytes, open, pass: Box::new(move |p| pass(data.count, p, &get)) }
}

/// cdb64 through its map.
pub fn cdb(folder: &Path, data: Data) -> Peer {
    let path = folder.join("cdb");
    if !path.exists() {
        let mut writer =
            cdb64::CdbWriter::<_, cdb64::CdbHash>::new(BufWriter::new(File::create(&path).unwrap())).unwrap();
        let mut value = Vec::new();
        for n in 0..data.count {
            data.value(n, &mut value);
            writer.put(&key(n), &value).unwrap();
        }
        writer.finalize().unwrap();
    }
    let (open, cdb) = timed(|| cdb64::Cdb::<File, cdb64::CdbHash>::open_mmap(&path).unwrap());
    let get = move |key: &[u8; 16]| cdb.get(key).unwrap().map(|value| value[0]);
    let file_bytes = bytes_of(&path);
    Peer { name: "cdb64", file_bytes, open, pass: Box::new(move |p| pass(data.count, p, &get)) }
}

/// fst over a blob of values (that of odht).
pub fn fst(folder: &Path, data: Data) -> Peer {
    let (index, blob) = (folder.join("fst"), folder.join("odht.blob"));
    if !index.exists() {
        let (mut all, mut at, mut value) = (Vec::new(), 0u64, Vec::new());
        for n in 0..data.count {
            data.value(n, &mut value);
            all.push((key(n), at << 16 | value.len() as u64));
            at += value.len() as u64;
        }
        all.sort_unstable();
        let mut builder = fst::MapBuilder::new(BufWriter::new(File::create(&index).unwrap())).unwrap();
        builder.extend_iter(all).unwrap();
        builder.finish().unwrap();
    }
    let (open, (table, values)) = timed(|| (fst::Map::new(map(&index)).unwrap(), map(&blob)));
    let get = move |key: &[u8; 16]| {
        let packed = table.get(key)?;
        values[(packed >> 16) as usize..][..packed as usize & 0xffff].first().copied()
    };
    let file_bytes = bytes_of(&index) + bytes_of(&blob);
    Peer { name: "fst", file_bytes, open, pass: Box::new(move |p| pass(data.count, p, &get)) }
}

/// LMDB, one read transaction for all look-ups.
pub fn heed(folder: &Path, data: Data) -> Peer {
    use heed::types::Bytes;
    let path = folder.join("lmdb");
    let built = path.exists();
    std::fs::create_dir_all(&path).unwrap();
    let begun = Instant::now();
    let mut options = heed::EnvOpenOptions::new();
    options.map_size(16 << 30);
    // SAFETY: only this process uses the folder, and opens it once.
    let env = unsafe { options.open(&path) }.unwrap();
    let commit = heed::CommitOrAbort::<_, ()>::Commit;
    let db: heed::Database<Bytes, Bytes> = env
        .create_databases_and_commit(env.write_txn().unwrap(), |opener, txn| {
            opener.create_database(txn, None).map(commit)
        })
        .unwrap()
        .unwrap_commit();
    let mut txn = env.write_txn().unwrap();
    if !built {
        let mut keys: Vec<_> = (0..data.count).map(|n| (key(n), n)).collect();
        keys.sort_unstable();
        let mut value = Vec::new();
        for (key, n) in keys {
            data.value(n, &mut value);
            db.put_with_flags(&mut txn, heed::PutFlags::APPEND, &key, &value).unwrap();
        }
    }
    txn.commit().unwrap();
    let txn = env.clone().static_read_txn().unwrap();
    let open = begun.elapsed();
    let get = move |key: &[u8; 16]| db.get(&txn, key).unwrap().map(|value| value[0]);
    let file_bytes = bytes_of(&path.join("data.mdb"));
    Peer { name: "LMDB (heed)", file_bytes, open, pass: Box::new(move |p| pass(data.count, p, &get)) }
}

/// redb, one read transaction for all look-ups.
pub fn redb(folder: &Path, data: Data) -> Peer {
    use redb::{ReadableDatabase, TableDefinition};
    const TABLE: TableDefinition<[u8; 16], &[u8]> = TableDefinition::new("records");
    let path = folder.join("redb");
    if !path.exists() {
        let db = redb::Database::create(&path).unwrap();
        let txn = db.begin_write().unwrap();
        let mut keys: Vec<_> = (0..data.count).map(|n| (key(n), n)).collect();
        keys.sort_unstable();
        {
            let mut table = txn.open_table(TABLE).unwrap();
            let mut value = Vec::new();
            for (key, n) in keys {
                data.value(n, &mut value);
                table.insert(key, &value[..]).unwrap();
            }
        }
        txn.commit().unwrap();
    }
    let (open, table) = timed(|| {
        let db = redb::ReadOnlyDatabase::open(&path).unwrap();
        db.begin_read().unwrap().open_table(TABLE).unwrap()
    });
    let get = move |key: &[u8; 16]| table.get(key).unwrap().map(|value| value.value()[0]);
    let file_bytes = bytes_of(&path);
    Peer { name: "redb", file_bytes, open, pass: Box::new(move |p| pass(data.count, p, &get)) }
}

/// A fast hash map of values, read with bincode.
pub fn map_from_bincode(folder: &Path, data: Data) -> Peer {
    type Map = rustc_hash::FxHashMap<[u8; 16], Vec<u8>>;
    let path = folder.join("bincode");
    write_all(&path, data, |out, all| bincode::serialize_into(out, all).unwrap());
    let (open, map) = timed(|| bincode::deserialize::<Map>(&read(&path)).unwrap());
    let get = move |key: &[u8; 16]| map.get(key).map(|value| value[0]);
    let file_bytes = bytes_of(&path);
    Peer { name: "hash map (bincode)", file_bytes, open, pass: Box::new(move |p| pass(data.count, p, &get)) }
}

/// Reading and parsing into a hash map: postcard, then JSON with the value as a string.
pub fn parse_times(folder: &Path, data: Data) -> [(&'static str, Duration); 2] {
    type Map = rustc_hash::FxHashMap<[u8; 16], Vec<u8>>;
    type Text = rustc_hash::FxHashMap<String, String>;
    let postcard = folder.join("postcard");
    write_all(&postcard, data, |out, all| {
        postcard::to_io(all, out).unwrap();
    });
    let (postcard, map) = timed(|| postcard::from_bytes::<Map>(&read(&postcard)).unwrap());
    assert_eq!(map.len() as u64, data.count);
    drop(map);
    let json = folder.join("json");
    if !json.exists() {
        let mut value = Vec::new();
        let all: Text = (0..data.count)
            .map(|n| {
                data.value(n, &mut value);
                (
                    format!("{:032x}", u128::from_be_bytes(key(n))),
                    String::from_utf8_lossy(&value).into_owned(),
                )
            })
            .collect();
        serde_json::to_writer(BufWriter::new(File::create(&json).unwrap()), &all).unwrap();
    }
    let (json, map) = timed(|| serde_json::from_slice::<Text>(&read(&json)).unwrap());
    assert_eq!(map.len() as u64, data.count);
    [("postcard", postcard), ("JSON", json)]
}

fn write_all(
    path: &Path,
    data: Data,
    write: impl FnOnce(BufWriter<File>, &rustc_hash::FxHashMap<[u8; 16], Vec<u8>>),
) {
    if path.exists() {
        return;
    }
    let all = (0..data.count)
        .map(|n| {
            let mut value = Vec::new();
            data.value(n, &mut value);
            (key(n), value)
        })
        .collect();
    write(BufWriter::new(File::create(path).unwrap()), &all);
}

fn read(path: &Path) -> Vec<u8> {
    let mut bytes = Vec::new();
    File::open(path).unwrap().read_to_end(&mut bytes).unwrap();
    bytes
}
