//! What an open store costs in memory of the process's own: next to nothing where it is mapped.

#![cfg(all(feature = "map", target_os = "linux"))]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers too")]

use wf_mmap::{Key, Options, Store, StoreBuilder};

/// Anonymous memory of this process that is resident, in bytes.
fn anonymous_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).unwrap();
    line.trim().strip_suffix(" kB").unwrap().parse::<u64>().unwrap() << 10
}

// The only test here: the numbers are those of the whole process.
#[test]
fn a_mapped_store_takes_at_most_a_mebibyte_and_its_marks() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s.wfs");
    let mut builder = StoreBuilder::create(&path, Options::new()).unwrap();
    let count = 300_000;
    for n in 0..count {
        builder.add(Key::U64(n), &[n as u8; 100]).unwrap();
    }
    builder.finish().unwrap();
    let before = anonymous_bytes();
    // SAFETY: the file stands in a folder of this test's own, which does not change it.
    let store = unsafe { Store::open_mapped(&path) }.unwrap();
    let opened = anonymous_bytes().saturating_sub(before);
    assert!(opened <= 1 << 20, "{opened} bytes to open");
    store.verify().unwrap();
    assert!((0..count).all(|n| store.get(Key::U64(n)).unwrap() == Some(&[n as u8; 100][..])));
    let used = anonymous_bytes().saturating_sub(before);
    let marks = store.verified_mark_bytes() as u64;
    assert!(marks <= count / 3, "{marks} bytes of marks");
    assert!(used <= (1 << 20) + marks, "{used} bytes in use, {marks} of them marks");
    // The count means something: a copy is found in it.
    let copy = Store::open_copy(&path).unwrap();
    assert!(anonymous_bytes() - before >= copy.how().file_bytes);
}
