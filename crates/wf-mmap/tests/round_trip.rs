//! What goes in comes out: any keys, any sizes, every way to open.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers too")]

use std::collections::BTreeMap;
use std::path::Path;

use proptest::prelude::*;
use wf_mmap::{Align, ErrorKind, Key, KeyKind, Options, Store, StoreBuilder, Way};

/// Every way to open that this build has.
fn open_all(path: &Path) -> Vec<Store> {
    let mut stores = vec![(Store::open_copy(path).unwrap(), Way::Copied)];
    stores.push((Store::from_bytes(&std::fs::read(path).unwrap()).unwrap(), Way::Copied));
    #[cfg(feature = "map")]
    {
        // SAFETY: the file stands in a folder of this test's own, which writes it once, before this.
        stores.push((unsafe { Store::open_mapped(path) }.unwrap(), Way::Mapped));
        if cfg!(target_os = "linux") {
            stores.push((Store::open_sealed(path).unwrap(), Way::Sealed));
        }
    }
    let opened = stores.into_iter().map(|(store, way)| {
        assert_eq!(store.how().way, way);
        store
    });
    opened.collect()
}

fn build<'k>(path: &Path, options: Options, records: impl IntoIterator<Item = (Key<'k>, Vec<u8>)>) {
    let mut builder = StoreBuilder::create(path, options).unwrap();
    for (key, record) in records {
        builder.add(key, &record).unwrap();
    }
    builder.finish().unwrap();
}

fn check<'k>(records: &[(Key<'k>, Vec<u8>)], absent: &[Key<'_>], align: Align) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s.wfs");
    build(&path, Options::new().align(align), records.iter().cloned());
    for store in open_all(&path) {
        assert_eq!(store.len(), records.len());
        assert_eq!(store.is_empty(), records.is_empty());
        assert_eq!(store.payload_bytes(), records.iter().map(|r| r.1.len() as u64).sum::<u64>());
        for _ in 0..2 {
            for (key, record) in records {
                let got = store.get(*key).unwrap().unwrap();
                assert_eq!(got, record);
                assert_eq!(got.as_ptr().align_offset(store.align_bytes()), 0);
            }
        }
        for key in absent {
            assert_eq!(store.get(*key).unwrap(), None);
        }
        let keys: Vec<_> = records.iter().map(|(key, _)| *key).chain(absent.iter().copied()).collect();
        let mut found = vec![Some(&b"left over"[..]); keys.len()];
        store.get_batch(&keys, &mut found).unwrap();
        for (i, found) in found.iter().enumerate() {
            assert_eq!(*found, records.get(i).map(|(_, record)| &record[..]));
        }
        let all: Vec<_> = store.iter().map(|item| item.unwrap()).map(|(k, r)| (k, r.to_vec())).collect();
        assert_eq!(all, records);
        assert_eq!(store.cells().as_ptr().align_offset(64), 0);
        for (key, record) in records {
            match store.cell_range(*key) {
                Ok(range) => {
                    let cells = store.cells()[range.unwrap()].as_flattened();
                    assert_eq!(&cells[..record.len()], record);
                    assert!(cells.len() < record.len() + 64);
                }
                Err(error) => assert!(
                    align == Align::Half
                        && matches!(error.kind(), ErrorKind::NotCellAligned { align_bytes: 32 })
                ),
            }
        }
    }
}

fn align() -> impl Strategy<Value = Align> {
    prop_oneof![Just(Align::Cell), Just(Align::Half)]
}

fn record() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        4 => prop::collection::vec(any::<u8>(), 0..200),
        1 => (0usize..70_000, any::<u8>()).prop_map(|(len, byte)| vec![byte; len]),
    ]
}

fn cases() -> u32 {
    if std::env::var("WF_TEST_SCALE").as_deref() == Ok("full") { 2_000 } else { 40 }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn number_keys(records in prop::collection::btree_map(0u64..5_000, record(), 0..120), align in align()) {
        let absent: Vec<_> = (0..5_000).filter(|n| !records.contains_key(n)).map(Key::U64).collect();
        let records: Vec<_> = records.into_iter().map(|(k, r)| (Key::U64(k), r)).collect();
        check(&records, &absent, align);
    }

    #[test]
    fn id_keys(records in prop::collection::btree_map(any::<[u8; 16]>(), record(), 0..120), align in align()) {
        let absent: Vec<_> = records.keys().map(|id| id.map(|b| !b)).filter(|id| !records.contains_key(id))
            .map(Key::Id).collect();
        let records: Vec<_> = records.into_iter().map(|(k, r)| (Key::Id(k), r)).collect();
        check(&records, &absent, align);
    }

    #[test]
    fn string_keys(records in prop::collection::btree_map(".{0,40}", record(), 0..120), align in align()) {
        let absent: Vec<String> = records.keys().map(|text| format!("{text}+")).collect();
        let absent: Vec<_> = absent.iter().filter(|t| !records.contains_key(*t)).map(|t| Key::Str(t)).collect();
        let records: Vec<_> = records.iter().map(|(k, r)| (Key::Str(k), r.clone())).collect();
        check(&records, &absent, align);
    }
}

#[test]
fn an_empty_store_has_nothing_and_takes_every_kind_of_key() {
    check(&[], &[Key::U64(0), Key::Id([0; 16]), Key::Str("")], Align::Cell);
}

#[test]
fn large_records_and_many_records() {
    let large: Vec<_> = [0, 1, 4096, (1 << 20) - 1, 1 << 20, 5 << 20]
        .iter()
        .enumerate()
        .map(|(i, &len)| (Key::U64(i as u64), (0..len).map(|b: usize| (b * 31 + i) as u8).collect()))
        .collect();
    check(&large, &[Key::U64(99)], Align::Cell);
    let many: Vec<_> = (0..70_000u64).map(|i| (Key::U64(i * 7), i.to_le_bytes().to_vec())).collect();
    let absent: Vec<_> = (0..70_000u64).map(|i| Key::U64(i * 7 + 1)).collect();
    check(&many, &absent, Align::Half);
}

#[test]
fn the_same_input_gives_the_same_bytes_and_another_seed_the_same_answers() {
    let folder = tempfile::tempdir().unwrap();
    let records: BTreeMap<u64, Vec<u8>> = (0..500).map(|i| (i * i, vec![i as u8; i as usize % 90])).collect();
    let bytes = |name: &str, seed| {
        let path = folder.path().join(name);
        build(&path, Options::new().seed(seed), records.iter().map(|(k, r)| (Key::U64(*k), r.clone())));
        std::fs::read(path).unwrap()
    };
    let first = bytes("a", 0);
    assert!(first == bytes("b", 0));
    assert!(first != bytes("c", 1));
    let stores = ["a", "c"].map(|name| Store::open_copy(&folder.path().join(name)).unwrap());
    assert_eq!(stores[0].content(), stores[1].content());
    assert!(
        records.keys().all(|k| stores[0].get(Key::U64(*k)).unwrap() == stores[1].get(Key::U64(*k)).unwrap())
    );
}

#[test]
fn a_duplicate_key_is_refused_by_name_and_the_target_stays() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s.wfs");
    build(&path, Options::new(), [(Key::Str("old"), vec![1])]);
    let check = |keys: &[Key<'_>], name: &str| {
        let mut builder = StoreBuilder::create(&path, Options::new()).unwrap();
        for key in keys {
            builder.add(*key, b"x").unwrap();
        }
        let error = builder.finish().unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::DuplicateKey { key } if key == name), "{error}");
        assert!(error.to_string().contains("give each record a key of its own"));
    };
    check(&[Key::Str("a"), Key::Str("b"), Key::Str("a")], "\"a\"");
    check(&[Key::U64(4), Key::U64(4)], "4");
    check(&[Key::Id([0x1f; 16]); 400], &"1f".repeat(16));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    assert_eq!(Store::open_copy(&path).unwrap().get(Key::Str("old")).unwrap(), Some(&[1][..]));
}

#[test]
fn a_key_of_another_kind_is_an_error_on_both_sides() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s.wfs");
    let mut builder = StoreBuilder::create(&path, Options::new()).unwrap();
    builder.add(Key::U64(1), b"one").unwrap();
    let error = builder.add(Key::Str("two"), b"two").unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::WrongKeyKind { store: KeyKind::U64, given: KeyKind::Str }));
    builder.add(Key::U64(2), b"two").unwrap();
    assert_eq!(builder.len(), 2);
    builder.finish().unwrap();
    let store = Store::open_copy(&path).unwrap();
    let error = store.get(Key::Id([0; 16])).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::WrongKeyKind { store: KeyKind::U64, given: KeyKind::Id }));
    assert_eq!(store.get(Key::U64(2)).unwrap(), Some(&b"two"[..]));
}

#[test]
fn the_callers_own_facts_are_kept() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s.wfs");
    let options = Options::new().schema(7, 3).metadata(vec![5; Options::METADATA_BYTES_MAX]);
    build(&path, options, [(Key::U64(1), vec![])]);
    let store = Store::open_copy(&path).unwrap();
    assert_eq!(store.schema(), (7, 3));
    assert_eq!(store.metadata(), vec![5; Options::METADATA_BYTES_MAX]);
    assert_eq!(store.key_kind(), Some(KeyKind::U64));

    let options = Options::new().metadata(vec![5; Options::METADATA_BYTES_MAX + 1]);
    let error = StoreBuilder::create(&path, options).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::TooLarge { what: "metadata in bytes", .. }));
}

#[test]
fn progress_counts_up_to_the_summary() {
    use std::sync::{Arc, Mutex};
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s.wfs");
    let seen = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&seen);
    let options = Options::new().progress(move |progress| sink.lock().unwrap().push(progress));
    let mut builder = StoreBuilder::create(&path, options).unwrap();
    for i in 0..100u64 {
        builder.add(Key::U64(i), &[0; 100_000]).unwrap();
    }
    let summary = builder.finish().unwrap();
    let seen = seen.lock().unwrap();
    assert_eq!(seen.len(), summary.file_bytes.div_ceil(4 << 20) as usize);
    assert!(seen.is_sorted_by_key(|p| (p.records, p.written_bytes)));
    assert_eq!((seen[seen.len() - 1].records, seen[seen.len() - 1].written_bytes), (100, summary.file_bytes));
    assert_eq!(std::fs::metadata(&path).unwrap().len(), summary.file_bytes);
}

#[test]
fn a_string_key_may_be_as_long_as_stated_and_no_longer() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s.wfs");
    let longest = "k".repeat(Key::STR_BYTES_MAX);
    let mut builder = StoreBuilder::create(&path, Options::new()).unwrap();
    let error = builder.add(Key::Str(&format!("{longest}+")), b"").unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::TooLarge { max: 65_535, .. }));
    builder.add(Key::Str(&longest), b"here").unwrap();
    builder.finish().unwrap();
    assert_eq!(Store::open_copy(&path).unwrap().get(Key::Str(&longest)).unwrap(), Some(&b"here"[..]));
}
