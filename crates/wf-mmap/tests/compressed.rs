//! Compressed stores: the same bytes as uncompressed ones, a bounded cache, and damage found.

#![cfg(feature = "zstd")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers too")]

use std::path::Path;

use wf_mmap::{Compression, ErrorKind, Key, Options, Store, StoreBuilder};

/// Text-like records: repeated words and a number; some empty, some random.
fn record(n: u64) -> Vec<u8> {
    match n % 50 {
        0 => Vec::new(),
        1 => (0..300).map(|i| (n.wrapping_add(i).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 56) as u8).collect(),
        _ => (0..n % 23 + 2)
            .flat_map(|i| format!("{{\"task\":\"approve-{}\",\"next\":\"{}\"}},", n * i % 97, i).into_bytes())
            .collect(),
    }
}

fn build(path: &Path, options: Options, count: u64) {
    let mut builder = StoreBuilder::create(path, options).unwrap();
    for n in 0..count {
        builder.add(Key::U64(n), &record(n)).unwrap();
    }
    assert_eq!(builder.len(), count);
    assert_eq!(builder.finish().unwrap().records, count);
}

fn small_sample() -> Compression {
    Compression { sample_bytes: 100_000, dictionary_bytes_max: 8_192, ..Compression::default() }
}

#[test]
fn a_compressed_store_gives_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let (plain, packed) = (folder.path().join("plain.wfs"), folder.path().join("packed.wfs"));
    // Fewer records than are held back, none at all, and many.
    for count in [0, 1, 40, 3_000] {
        build(&plain, Options::new(), count);
        build(&packed, Options::new().compress(small_sample()), count);
        let (plain, packed) = (Store::open_copy(&plain).unwrap(), Store::open_copy(&packed).unwrap());
        packed.verify().unwrap();
        assert!(packed.is_compressed());
        assert_eq!(packed.raw_bytes(), plain.payload_bytes());
        // One cache that holds nearly nothing, one that holds all.
        for cache_bytes in [4_096, 64 << 20] {
            let mut decoder = packed.decoder(cache_bytes).unwrap();
            for n in (0..count).chain((0..count).rev()) {
                assert_eq!(decoder.get(Key::U64(n)).unwrap(), plain.get(Key::U64(n)).unwrap());
            }
            assert_eq!(decoder.get(Key::U64(count)).unwrap(), None);
        }
        let all = |store: &Store| -> Vec<_> {
            let mut decoder = store.decoder(4_096).unwrap();
            assert_eq!(decoder.iter().size_hint().1, Some(count as usize));
            decoder.iter().map(|item| item.map(|(key, record)| (key.to_string(), record)).unwrap()).collect()
        };
        let expected: Vec<_> = (0..count).map(|n| (Key::U64(n).to_string(), record(n))).collect();
        assert!(all(&plain) == expected && all(&packed) == expected);
        let mut decoder = plain.decoder(1 << 20).unwrap();
        assert!((0..count).all(|n| decoder.get(Key::U64(n)).unwrap() == Some(&record(n)[..])));
        if count == 3_000 {
            assert!(!packed.dictionary().is_empty());
            let stored = packed.payload_bytes() + packed.dictionary().len() as u64;
            assert!(packed.raw_bytes() > 2 * stored, "{} to {stored}", packed.raw_bytes());
        }
    }
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let bytes = |name: &str| {
        let path = folder.path().join(name);
        build(&path, Options::new().compress(small_sample()), 1_000);
        std::fs::read(path).unwrap()
    };
    assert!(bytes("a") == bytes("b"));
}

#[test]
fn what_needs_uncompressed_records_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s.wfs");
    build(&path, Options::new().compress(small_sample()), 100);
    let store = Store::open_copy(&path).unwrap();
    let is_compressed = |kind: &ErrorKind| matches!(kind, ErrorKind::Compressed);
    assert!(is_compressed(store.get(Key::U64(1)).unwrap_err().kind()));
    assert!(is_compressed(store.cell_range(Key::U64(1)).unwrap_err().kind()));
    assert!(is_compressed(store.iter().next().unwrap().unwrap_err().kind()));
    assert!(is_compressed(store.get_batch(&[Key::U64(1)], &mut [None]).unwrap_err().kind()));
    let mut decoder = store.decoder(10).unwrap();
    let error = decoder.get(Key::U64(5)).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::TooLarge { max: 10, .. }), "{error}");
}

#[test]
fn every_flipped_byte_is_found_or_harmless() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s.wfs");
    let options = Compression { sample_bytes: 20_000, dictionary_bytes_max: 512, ..Compression::default() };
    build(&path, Options::new().compress(options), 150);
    let whole = std::fs::read(&path).unwrap();
    let step = if std::env::var("WF_TEST_SCALE").as_deref() == Ok("full") { 1 } else { 17 };
    for at in (0..whole.len()).step_by(step) {
        let mut damaged = whole.clone();
        damaged[at] ^= 1 << (at % 8);
        let Ok(store) = Store::from_bytes(&damaged) else { continue };
        assert!(store.verify().is_err(), "byte {at}");
        let mut decoder = store.decoder(1 << 20).unwrap();
        for n in 0..150 {
            match decoder.get(Key::U64(n)) {
                Ok(found) => assert_eq!(found, Some(&record(n)[..]), "silent: byte {at}, key {n}"),
                Err(error) => assert!(matches!(error.kind(), ErrorKind::DamagedRecord { .. }), "{error}"),
            }
        }
    }
}
