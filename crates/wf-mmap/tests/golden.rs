//! Files of format 1, kept: every later version must read them, and this one must still write the same bytes, those of the
//! files that were written before there was a filter excepted.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers too")]

use std::path::{Path, PathBuf};

use wf_mmap::{Align, Key, Options, Store, StoreBuilder};

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name)
}

fn payload(n: u64) -> Vec<u8> {
    (0..n * 13 % 150).map(|i| (n * 7 + i) as u8).collect()
}

/// What the golden files of a name hold: the kind of keys, and how many.
fn kind(name: &str) -> (&str, u64) {
    let kind = name.split('-').next().unwrap();
    (kind, if kind == "empty" { 0 } else { 40 })
}

fn with_key<R>(kind: &str, n: u64, with: impl FnOnce(Key<'_>) -> R) -> R {
    match kind {
        "numbers" => with(Key::U64(n * n)),
        "ids" => with(Key::Id([n as u8; 16])),
        _ => with(Key::Str(&format!("key number {n}"))),
    }
}

/// Builds what the golden file of this name holds.
fn build(path: &Path, name: &str) {
    let options = Options::new().schema(3, 1).metadata(name);
    let (kind, count) = kind(name);
    let (align, seed) = if kind == "ids" { (Align::Half, 42) } else { (Align::Cell, 0) };
    let mut builder = StoreBuilder::create(path, options.align(align).seed(seed)).unwrap();
    for n in 0..count {
        with_key(kind, n, |key| builder.add(key, &payload(n))).unwrap();
    }
    builder.finish().unwrap();
}

fn check(name: &str, bytes: &[u8]) {
    let store = Store::from_bytes(bytes).unwrap();
    store.verify().unwrap();
    assert_eq!(store.metadata(), name.as_bytes());
    assert_eq!(store.schema(), (3, 1));
    let (kind, count) = kind(name);
    assert_eq!(store.len() as u64, count);
    for n in 0..count {
        let found = with_key(kind, n, |key| store.get(key).map(|found| found.map(<[u8]>::to_vec)));
        assert_eq!(found.unwrap(), Some(payload(n)), "{name}: {n}");
        let found = with_key(kind, n + 41, |key| store.get(key).map(|found| found.map(<[u8]>::to_vec)));
        assert_eq!(found.unwrap(), None, "{name}: {}", n + 41);
    }
}

#[test]
fn golden_files_without_a_filter_are_read() {
    for name in ["empty-1.wfs", "numbers-1.wfs", "ids-1.wfs", "strings-1.wfs"] {
        check(name, &std::fs::read(golden(name)).unwrap());
    }
}

#[test]
fn golden_files_are_read_and_written_byte_by_byte() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["empty-1-filter.wfs", "numbers-1-filter.wfs", "ids-1-filter.wfs", "strings-1-filter.wfs"] {
        let path = folder.path().join(name);
        build(&path, name);
        let kept = std::fs::read(golden(name)).unwrap();
        check(name, &kept);
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
