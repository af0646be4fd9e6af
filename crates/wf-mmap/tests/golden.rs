//! Files of format 1, kept: every later version must read them, and this one must still write the same bytes.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers too")]

use std::path::{Path, PathBuf};

use wf_mmap::{Align, Key, Options, Store, StoreBuilder};

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name)
}

fn payload(n: u64) -> Vec<u8> {
    (0..n * 13 % 150).map(|i| (n * 7 + i) as u8).collect()
}

/// Builds what the golden file of this name holds.
fn build(path: &Path, name: &str) {
    let options = Options::new().schema(3, 1).metadata(name);
    let (align, seed) = if name == "ids-1.wfs" { (Align::Half, 42) } else { (Align::Cell, 0) };
    let mut builder = StoreBuilder::create(path, options.align(align).seed(seed)).unwrap();
    for n in 0..if name == "empty-1.wfs" { 0 } else { 40 } {
        let (id, text) = ([n as u8; 16], format!("key number {n}"));
        let key = match name {
            "numbers-1.wfs" => Key::U64(n * n),
            "ids-1.wfs" => Key::Id(id),
            _ => Key::Str(&text),
        };
        builder.add(key, &payload(n)).unwrap();
    }
    builder.finish().unwrap();
}

#[test]
fn golden_files_are_read_and_written_byte_by_byte() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["empty-1.wfs", "numbers-1.wfs", "ids-1.wfs", "strings-1.wfs"] {
        let kept = std::fs::read(golden(name)).unwrap();
        let store = Store::from_bytes(&kept).unwrap();
        store.verify().unwrap();
        assert_eq!(store.metadata(), name.as_bytes());
        assert_eq!(store.schema(), (3, 1));
        for n in 0..store.len() as u64 {
            let (id, text) = ([n as u8; 16], format!("key number {n}"));
            let key = match name {
                "numbers-1.wfs" => Key::U64(n * n),
                "ids-1.wfs" => Key::Id(id),
                _ => Key::Str(&text),
            };
            assert_eq!(store.get(key).unwrap(), Some(&payload(n)[..]), "{name}: {n}");
        }
        let path = folder.path().join(name);
        build(&path, name);
        assert!(std::fs::read(&path).unwrap() == kept, "{name} is written otherwise than format 1 was");
    }
}

/// Every input that fuzzing kept: none may panic, whatever it does.
#[test]
fn the_fuzzers_corpus_is_replayed() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus/store");
    let mut replayed = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let data = std::fs::read(entry.unwrap().path()).unwrap();
        attack::attack(&data);
        replayed += 1;
    }
    assert!(replayed >= 4, "the corpus has gone");
}

#[path = "../fuzz/fuzz_targets/attack.rs"]
mod attack;
