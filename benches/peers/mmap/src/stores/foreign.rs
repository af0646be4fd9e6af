//! Stores that are maps of a file: odht, rkyv, cdb64, fst.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use super::{Peer, map};
use crate::data::{Data, key};

fn create(path: &Path) -> BufWriter<File> {
    BufWriter::with_capacity(1 << 20, File::create(path).expect("a folder to write to"))
}

struct Places;

impl odht::Config for Places {
    type Key = [u8; 16];
    type Value = (u64, u32);
    type EncodedKey = [u8; 16];
    type EncodedValue = [u8; 12];
    type H = odht::FxHashFn;

    fn encode_key(key: &[u8; 16]) -> [u8; 16] {
        *key
    }

    fn encode_value(value: &(u64, u32)) -> [u8; 12] {
        let mut bytes = [0; 12];
        bytes[..8].copy_from_slice(&value.0.to_le_bytes());
        bytes[8..].copy_from_slice(&value.1.to_le_bytes());
        bytes
    }

    fn decode_key(key: &[u8; 16]) -> [u8; 16] {
        *key
    }

    fn decode_value(bytes: &[u8; 12]) -> (u64, u32) {
        let (at, len) = bytes.split_at(8);
        (u64::from_le_bytes(at.try_into().unwrap()), u32::from_le_bytes(len.try_into().unwrap()))
    }
}

/// odht over places, beside a file of values.
#[derive(Debug)]
pub struct Odht;

impl Peer for Odht {
    const NAME: &'static str = "_odht";
    const PLACE: &'static str = "odht";

    fn build(data: Data) {
        let mut table = odht::HashTableOwned::<Places>::with_capacity(data.count as usize, 87);
        let mut out = create(&data.folder().join("values"));
        let (mut at, mut value) = (0u64, Vec::new());
        for n in 0..data.count {
            data.value(n, &mut value);
            table.insert(&key(n), &(at, value.len() as u32));
            out.write_all(&value).expect("room for a file");
            at += value.len() as u64;
        }
        out.flush().expect("room for a file");
        std::fs::write(data.folder().join(Self::PLACE), table.raw_bytes()).expect("room for a file");
    }

    fn open(data: Data) -> impl Fn(&[u8; 16]) -> Option<u8> + 'static {
        let (index, values) = (map(&data.folder().join(Self::PLACE)), map(&data.folder().join("values")));
        let index: &'static [u8] = Box::leak(Box::new(index));
        let table = odht::HashTable::<Places, &[u8]>::from_raw_bytes(index).expect("a table that was built");
        move |key| {
            let (at, len) = table.get(key)?;
            values[at as usize..][..len as usize].first().copied()
        }
    }
}

/// fst over places, beside the file of values that odht's build wrote.
#[derive(Debug)]
pub struct Fst;

impl Peer for Fst {
    const NAME: &'static str = "_fst";
    const PLACE: &'static str = "fst";

    fn build(data: Data) {
        super::provide::<Odht>(data);
        let (mut all, mut at, mut value) = (Vec::new(), 0u64, Vec::new());
        for n in 0..data.count {
            data.value(n, &mut value);
            all.push((key(n), at << 16 | value.len() as u64));
            at += value.len() as u64;
        }
        all.sort_unstable();
        let mut builder = fst::MapBuilder::new(create(&data.folder().join(Self::PLACE))).expect("a new file");
        builder.extend_iter(all).expect("keys in order");
        builder.finish().expect("room for a file");
    }

    fn open(data: Data) -> impl Fn(&[u8; 16]) -> Option<u8> + 'static {
        let table = fst::Map::new(map(&data.folder().join(Self::PLACE))).expect("a table that was built");
        let values = map(&data.folder().join("values"));
        move |key| {
            let packed = table.get(key)?;
            values[(packed >> 16) as usize..][..packed as usize & 0xffff].first().copied()
        }
    }
}

/// rkyv, unchecked access (checked access is a pass over the whole file).
#[derive(Debug)]
pub struct Rkyv;

type Table = std::collections::HashMap<[u8; 16], Vec<u8>>;

impl Peer for Rkyv {
    const NAME: &'static str = "_rkyv";
    const PLACE: &'static str = "rkyv";

    fn build(data: Data) {
        let record = |n| {
            let mut value = Vec::new();
            data.value(n, &mut value);
            (key(n), value)
        };
        let all: Table = (0..data.count).map(record).collect();
        let bytes = rkyv::to_bytes::<rkyv::rancor::Error>(&all).expect("memory for a table");
        std::fs::write(data.folder().join(Self::PLACE), bytes).expect("room for a file");
    }

    fn open(data: Data) -> impl Fn(&[u8; 16]) -> Option<u8> + 'static {
        let map = map(&data.folder().join(Self::PLACE));
        move |key| {
            // SAFETY: the file was written by `to_bytes` of the same type, and nobody changes it.
            let all = unsafe { rkyv::access_unchecked::<rkyv::Archived<Table>>(&map) };
            all.get(key).map(|value| value[0])
        }
    }
}

/// cdb64 through its map.
#[derive(Debug)]
pub struct Cdb;

impl Peer for Cdb {
    const NAME: &'static str = "_cdb";
    const PLACE: &'static str = "cdb";

    fn build(data: Data) {
        let out = create(&data.folder().join(Self::PLACE));
        let mut writer = cdb64::CdbWriter::<_, cdb64::CdbHash>::new(out).expect("a new file");
        let mut value = Vec::new();
        for n in 0..data.count {
            data.value(n, &mut value);
            writer.put(&key(n), &value).expect("room for a file");
        }
        writer.finalize().expect("room for a file");
    }

    fn open(data: Data) -> impl Fn(&[u8; 16]) -> Option<u8> + 'static {
        let cdb = cdb64::Cdb::<File, cdb64::CdbHash>::open_mmap(data.folder().join(Self::PLACE))
            .expect("a file that was built");
        move |key| cdb.get(key).expect("a whole file").map(|value| value[0])
    }
}
