//! What is read and parsed whole: bincode, postcard and JSON into a fast hash map.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use rustc_hash::FxHashMap;

use super::Peer;
use crate::data::{Data, key};

/// A fast hash map of values.
pub type Map = FxHashMap<[u8; 16], Vec<u8>>;
/// The same with keys and values that JSON has.
pub type Texts = FxHashMap<String, String>;

fn all(data: Data) -> Map {
    let record = |n| {
        let mut value = Vec::new();
        data.value(n, &mut value);
        (key(n), value)
    };
    (0..data.count).map(record).collect()
}

fn write(path: &Path, with: impl FnOnce(&mut BufWriter<File>)) {
    let mut out = BufWriter::with_capacity(1 << 20, File::create(path).expect("a folder to write to"));
    with(&mut out);
    out.flush().expect("room for a file");
}

fn read(path: &Path) -> Vec<u8> {
    std::fs::read(path).expect("a file that was built")
}

/// A hash map of loaded values, from bincode.
#[derive(Debug)]
pub struct HashMap;

impl Peer for HashMap {
    const NAME: &'static str = "_hash_map";
    const PLACE: &'static str = "bincode";

    fn build(data: Data) {
        write(&data.folder().join(Self::PLACE), |out| {
            bincode::serialize_into(out, &all(data)).expect("room for a file");
        });
    }

    fn open(data: Data) -> impl Fn(&[u8; 16]) -> Option<u8> + 'static {
        let map = bincode(data);
        move |key| map.get(key).map(|value| value[0])
    }
}

/// Reads and parses what [`HashMap`] built.
pub fn bincode(data: Data) -> Map {
    bincode::deserialize(&read(&data.folder().join(HashMap::PLACE))).expect("a whole file")
}

/// Writes the files that are only loaded, unless they are there.
pub fn provide(data: Data) {
    let done = data.folder().join("texts.built");
    if done.exists() {
        return;
    }
    write(&data.folder().join("postcard"), |out| {
        postcard::to_io(&all(data), out).expect("room for a file");
    });
    let (mut value, mut texts) = (Vec::new(), Texts::default());
    for n in 0..data.count {
        data.value(n, &mut value);
        let hex = format!("{:032x}", u128::from_be_bytes(key(n)));
        texts.insert(hex, String::from_utf8_lossy(&value).into_owned());
    }
    write(&data.folder().join("json"), |out| serde_json::to_writer(out, &texts).expect("room for a file"));
    std::fs::write(done, "").expect("room for a file");
}

/// Reads and parses postcard.
pub fn postcard(data: Data) -> Map {
    postcard::from_bytes(&read(&data.folder().join("postcard"))).expect("a whole file")
}

/// Reads and parses JSON.
pub fn json(data: Data) -> Texts {
    serde_json::from_slice(&read(&data.folder().join("json"))).expect("a whole file")
}
