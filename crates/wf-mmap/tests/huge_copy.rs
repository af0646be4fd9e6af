//! A large copy stands in huge pages, where the kernel gives any, and reads as any other.
#![cfg(all(feature = "map", target_os = "linux"))]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use wf_mmap::{Key, Store, StoreBuilder, Way};

#[test]
fn a_large_copy_reads_as_what_was_added() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("large.wfs");
    let mut builder = StoreBuilder::create(&path, Default::default()).unwrap();
    let value = |n: u64| vec![n as u8; 700 + (n % 100) as usize];
    for n in 0..9_000 {
        builder.add(Key::U64(n), &value(n)).unwrap();
    }
    builder.finish().unwrap();
    let file = std::fs::read(&path).unwrap();
    for store in [Store::open_copy(&path).unwrap(), Store::from_bytes(&file).unwrap()] {
        assert_eq!(store.how().way, Way::Copied);
        assert_eq!(store.cells().as_ptr().addr() % 64, 0);
        store.verify().unwrap();
        assert!((0..9_000).all(|n| store.get(Key::U64(n)).unwrap() == Some(&value(n)[..])));
        let pages = store.pages().unwrap();
        assert!(pages.resident_bytes >= file.len() as u64);
        if pages.huge_bytes == 0 {
            println!("SKIPPED: huge pages of a copy: this kernel gives none");
        }
    }
}

#[test]
fn a_copy_of_a_file_that_ends_early_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("short.wfs");
    let mut builder = StoreBuilder::create(&path, Default::default()).unwrap();
    for n in 0..4_000 {
        builder.add(Key::U64(n), &[7; 1_000]).unwrap();
    }
    builder.finish().unwrap();
    let whole = std::fs::read(&path).unwrap();
    for kept in [whole.len() - 1, whole.len() / 2, 4_096, 100] {
        std::fs::write(&path, &whole[..kept]).unwrap();
        assert!(Store::open_copy(&path).is_err(), "{kept} bytes");
    }
}
