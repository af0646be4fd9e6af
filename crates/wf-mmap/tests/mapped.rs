//! Maps while their file changes, or is replaced: what each way to open promises.

#![cfg(all(feature = "map", unix))]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers too")]

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use wf_mmap::{Advice, Current, ErrorKind, Key, Options, Store, StoreBuilder};

fn build(path: &Path, generation: u8, count: u64) {
    let mut builder = StoreBuilder::create(path, Options::new()).unwrap();
    for n in 0..count {
        builder.add(Key::U64(n), &[generation; 300]).unwrap();
    }
    builder.finish().unwrap();
}

/// Overwrites and truncates the file in place, as no builder ever does.
fn ruin(path: &Path) {
    let file = std::fs::OpenOptions::new().write(true).open(path).unwrap();
    file.set_len(0).unwrap();
}

#[test]
fn a_sealed_store_and_a_copy_do_not_notice_what_happens_to_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s.wfs");
    build(&path, 1, 500);
    let mut stores = vec![Store::open_copy(&path).unwrap()];
    if cfg!(target_os = "linux") {
        stores.push(Store::open_sealed(&path).unwrap());
    } else {
        let error = Store::open_sealed(&path).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Unavailable { .. }));
    }
    ruin(&path);
    for store in stores {
        assert!((0..500).all(|n| store.get(Key::U64(n)).unwrap() == Some(&[1; 300][..])));
        store.verify().unwrap();
    }
}

#[test]
fn a_mapped_store_keeps_the_file_that_was_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s.wfs");
    build(&path, 1, 500);
    // SAFETY: the file is only ever replaced, by a builder.
    let old = unsafe { Store::open_mapped(&path) }.unwrap();
    build(&path, 2, 400);
    // SAFETY: the file is only ever replaced, by a builder.
    let new = unsafe { Store::open_mapped(&path) }.unwrap();
    assert!((0..500).all(|n| old.get(Key::U64(n)).unwrap() == Some(&[1; 300][..])));
    assert!((0..400).all(|n| new.get(Key::U64(n)).unwrap() == Some(&[2; 300][..])));
    assert_eq!(new.get(Key::U64(400)).unwrap(), None);
    assert_ne!(old.content(), new.content());
}

#[test]
fn readers_never_see_two_generations_in_one_batch() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s.wfs");
    let generations: u8 = if std::env::var("WF_TEST_SCALE").as_deref() == Ok("full") { 250 } else { 12 };
    // SAFETY: the file is only ever replaced, by a builder.
    let open = || unsafe { Store::open_mapped(&path) }.unwrap();
    build(&path, 0, 50);
    let current = Current::new(open());
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let (mut reader, mut newest) = (current.reader(), 0);
                while !done.load(Ordering::Acquire) || newest + 1 < generations {
                    let store = reader.get();
                    let generation = store.get(Key::U64(0)).unwrap().unwrap()[0];
                    assert!(generation >= newest, "generations go forward");
                    newest = generation;
                    for n in 1..50 {
                        assert_eq!(store.get(Key::U64(n)).unwrap(), Some(&[generation; 300][..]));
                    }
                }
            });
        }
        for generation in 1..generations {
            build(&path, generation, 50);
            current.replace(open());
        }
        done.store(true, Ordering::Release);
    });
}

#[test]
fn advice_is_answered_and_pages_are_reported() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s.wfs");
    build(&path, 1, 20_000);
    // SAFETY: the file stands in a folder of this test's own, which does not change it.
    let store = unsafe { Store::open_mapped(&path) }.unwrap();
    for advice in [Advice::Random, Advice::Sequential, Advice::WillNeed] {
        store.advise(advice).unwrap();
    }
    // Whether the kernel can is its own business; that it answers is ours.
    for advice in [Advice::HugePage, Advice::Populate] {
        match store.advise(advice) {
            Ok(()) => {}
            Err(error) => assert!(matches!(error.kind(), ErrorKind::Io { .. }), "{error}"),
        }
    }
    store.verify().unwrap();
    assert!((0..20_000).all(|n| store.get(Key::U64(n)).unwrap() == Some(&[1; 300][..])));
    let copy = Store::open_copy(&path).unwrap();
    assert!(matches!(copy.advise(Advice::Random).unwrap_err().kind(), ErrorKind::Unavailable { .. }));
    if !cfg!(target_os = "linux") {
        _ = std::io::Write::write_fmt(
            &mut std::io::stderr(),
            format_args!(
                "SKIPPED: advice_is_answered_and_pages_are_reported (pages): only Linux reports them\n"
            ),
        );
        return;
    }
    for store in [store, copy] {
        let pages = store.pages().unwrap();
        assert!(pages.mapped_bytes >= store.how().file_bytes);
        // How much of it the kernel keeps resident is its own business.
        assert!(pages.resident_bytes > 0 && pages.resident_bytes <= pages.mapped_bytes, "{pages:?}");
        assert!(pages.huge_bytes <= pages.resident_bytes);
    }
}

#[cfg(feature = "guard")]
mod guarded {
    use super::*;

    #[test]
    fn a_truncated_file_is_an_error_for_ever_and_no_signal() {
        let folder = tempfile::tempdir().unwrap();
        for verified in [false, true] {
            let path = folder.path().join("s.wfs");
            build(&path, 1, 500);
            // SAFETY: the file is truncated below, never written to, and no bytes are held across that.
            let store = unsafe { Store::open_guarded(&path) }.unwrap();
            let other = folder.path().join("other.wfs");
            build(&other, 2, 10);
            // SAFETY: nobody changes the other file.
            let untouched = unsafe { Store::open_guarded(&other) }.unwrap();
            if verified {
                store.verify().unwrap();
            }
            assert_eq!(store.get(Key::U64(3)).unwrap(), Some(&[1; 300][..]));
            ruin(&path);
            for n in 0..1_000 {
                let error = store.get(Key::U64(n)).unwrap_err();
                if n > 0 || verified {
                    assert!(matches!(error.kind(), ErrorKind::Lost), "{error}");
                }
            }
            store.verify().unwrap_err();
            assert_eq!(untouched.get(Key::U64(3)).unwrap(), Some(&[2; 300][..]));
        }
    }

    #[test]
    fn what_was_truncated_before_it_was_read_is_found_while_opening() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s.wfs");
        build(&path, 1, 500);
        let file = std::fs::OpenOptions::new().write(true).open(&path).unwrap();
        let bytes = file.metadata().unwrap().len();
        // The header survives, the index does not: read on, it is zeros.
        // SAFETY: the file is truncated below, never written to, and no bytes are held across that.
        let store = unsafe { Store::open_guarded(&path) }.unwrap();
        file.set_len(bytes - 8_192).unwrap();
        assert!((0..500).any(|n| store.get(Key::U64(n)).is_err()));
        assert!(matches!(store.get(Key::U64(0)).unwrap_err().kind(), ErrorKind::Lost));
    }

    #[test]
    fn slots_are_given_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s.wfs");
        build(&path, 1, 5);
        // SAFETY: the file stands in a folder of this test's own, which does not change it.
        let open = || unsafe { Store::open_guarded(&path) };
        for _ in 0..600 {
            open().unwrap();
        }
    }
}
