//! What a build leaves behind when a step of it fails, or when its process dies at that step.

use std::path::Path;
use std::process::Command;

use super::*;
use crate::steps::Step;
use crate::steps::faults::{Fault, plan, seen, shorten_writes};
use crate::store::Store;

const EIO: i32 = 5;
const ENOSPC: i32 = 28;
/// In the environment of a child: the step at which it dies, and the path it builds.
const KILL_AT: &str = "WF_MMAP_TEST_KILL_AT";
const KILL_PATH: &str = "WF_MMAP_TEST_KILL_PATH";

/// A store whose records carry `value`; two keys share a hash only by chance, so nothing is read back.
fn build(path: &Path, value: u8) -> Result<Summary, Error> {
    let mut builder = StoreBuilder::create(path, Options::new())?;
    for key in 0..20 {
        builder.add(Key::U64(key), &[value; 100])?;
    }
    // More than a chunk, so that a write happens before `finish`.
    builder.add(Key::U64(20), &vec![value; CHUNK_BYTES])?;
    builder.finish()
}

/// The value in the store at `path`; every record must carry the same.
fn value(path: &Path) -> Option<u8> {
    if !path.exists() {
        return None;
    }
    let store = Store::open_copy(path).unwrap();
    store.verify().unwrap();
    let first = store.get(Key::U64(0)).unwrap().unwrap()[0];
    assert!(store.iter().all(|item| item.unwrap().1.iter().all(|&byte| byte == first)));
    Some(first)
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

fn steps_of_a_build() -> Vec<Step> {
    let folder = tempfile::tempdir().unwrap();
    plan(None);
    build(&folder.path().join("s.wfs"), 0).unwrap();
    seen()
}

#[test]
fn the_steps_of_a_build_are_these() {
    use Step::{CreateTemporary, Lock, Rename, SyncFile, SyncFolder, Write};
    // Two chunks, then the header; the header is last of all writes.
    assert_eq!(
        steps_of_a_build(),
        [CreateTemporary, Lock, Write, Write, Write, SyncFile, Rename, SyncFolder]
    );
}

#[test]
fn a_step_that_fails_is_an_error_and_leaves_the_target_and_nothing_else() {
    for had_one in [false, true] {
        for (index, step) in steps_of_a_build().into_iter().enumerate() {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("s.wfs");
            plan(None);
            if had_one {
                build(&path, 1).unwrap();
            }
            let number = if index % 2 == 0 { EIO } else { ENOSPC };
            plan(Some((index, Fault::Errno(number))));
            let error = build(&path, 2).unwrap_err();
            plan(None);
            let ErrorKind::Io { source, .. } = error.kind() else { panic!("{step:?}: {error}") };
            assert_eq!(source.raw_os_error(), Some(number), "{step:?}");
            // Behind the rename the new store is in place, and the message says so.
            let published = step == Step::SyncFolder;
            assert_eq!(error.to_string().contains("the new store is in place"), published);
            let expected = if published { Some(2) } else { had_one.then_some(1) };
            assert_eq!(value(&path), expected, "{step:?}");
            assert_eq!(
                names(folder.path()),
                if expected.is_some() { vec!["s.wfs"] } else { vec![] },
                "{step:?}"
            );
            build(&path, 3).unwrap();
            assert_eq!(value(&path), Some(3));
        }
    }
}

#[test]
fn after_a_failed_write_the_builder_stays_failed() {
    let folder = tempfile::tempdir().unwrap();
    let mut builder = StoreBuilder::create(&folder.path().join("s.wfs"), Options::new()).unwrap();
    plan(Some((0, Fault::Errno(ENOSPC))));
    builder.add(Key::U64(1), &vec![0; CHUNK_BYTES]).unwrap_err();
    plan(None);
    let again = builder.add(Key::U64(2), b"x").unwrap_err();
    assert!(again.to_string().contains("an earlier write failed"), "{again}");
    builder.finish().unwrap_err();
    assert!(names(folder.path()).is_empty());
}

#[test]
fn short_writes_are_continued() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s.wfs");
    shorten_writes(100_003);
    let built = build(&path, 9);
    shorten_writes(usize::MAX);
    built.unwrap();
    assert_eq!(value(&path), Some(9));
}

/// Not a test of its own: the child of the test below.
#[test]
#[ignore = "run by `a_build_killed_at_any_step_leaves_the_old_store_or_the_new_one` in a process of its own"]
fn child_that_is_killed() {
    let (Ok(at), Ok(path)) = (std::env::var(KILL_AT), std::env::var(KILL_PATH)) else {
        panic!("only for the parent test");
    };
    plan(Some((at.parse().unwrap(), Fault::Kill)));
    build(Path::new(&path), 2).unwrap();
}

#[test]
fn a_build_killed_at_any_step_leaves_the_old_store_or_the_new_one() {
    for (index, step) in steps_of_a_build().into_iter().enumerate() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s.wfs");
        build(&path, 1).unwrap();
        let output = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "builder::tests::child_that_is_killed", "--ignored"])
            .env(KILL_AT, index.to_string())
            .env(KILL_PATH, &path)
            .output()
            .unwrap();
        assert!(!output.status.success(), "{step:?}: the child must not get to its end");
        assert_eq!(value(&path), Some(if step == Step::SyncFolder { 2 } else { 1 }), "{step:?}");
        assert!(names(folder.path()).iter().all(|name| name == "s.wfs" || name == ".s.wfs.building"));
        // What the dead builder left is in nobody's way.
        build(&path, 3).unwrap();
        assert_eq!(value(&path), Some(3));
        assert_eq!(names(folder.path()), ["s.wfs"]);
    }
}

#[test]
fn keys_made_to_collide_get_another_seed_and_are_all_found() {
    // With seed 0, numbers whose low half equals the first secret hash alike; a few such keys do not suffice, so many
    // keys with one home bucket are searched for among plain numbers.
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s.wfs");
    let hasher = Hasher::new(0);
    let hostile: Vec<u64> =
        (0..).filter(|n: &u64| hasher.hash(&n.to_le_bytes()) >> 54 == 0).take(1_500).collect();
    let mut builder = StoreBuilder::create(&path, Options::new()).unwrap();
    for &key in &hostile {
        builder.add(Key::U64(key), &key.to_le_bytes()).unwrap();
    }
    let summary = builder.finish().unwrap();
    assert_ne!(summary.seed, 0);
    assert!(summary.probe_max <= crate::bucket::PROBE_MAX);
    let store = Store::open_copy(&path).unwrap();
    store.verify().unwrap();
    assert!(hostile.iter().all(|&key| store.get(Key::U64(key)).unwrap() == Some(&key.to_le_bytes()[..])));
}

#[test]
fn equal_hashes_of_different_keys_are_no_duplicates() {
    // The hash pads with zeros and starts from the length, so equal hashes of short keys do not occur by design; the
    // gathering is tested with made-up entries instead.
    let mut shared = SharedHashes::default();
    for (hash, position) in [(1, 10), (2, 11), (2, 12), (3, 13), (4, 14), (4, 15), (4, 16)] {
        shared.see(Entry::new(hash, position));
    }
    assert_eq!(shared.groups, [vec![11, 12], vec![14, 15, 16]]);
}

#[test]
fn lengths_beyond_the_format_are_refused_before_anything_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s.wfs");
    for (align, shift) in [(crate::Align::Half, 5), (crate::Align::Cell, 6)] {
        let mut builder = StoreBuilder::create(&path, Options::new().align(align)).unwrap();
        // As if records filled the area up to its last unit.
        builder.end = u64::from(u32::MAX) << shift;
        let error = builder.add(Key::U64(1), b"one more").unwrap_err();
        let is_full =
            |kind: &ErrorKind| matches!(kind, ErrorKind::TooLarge { what: "all records in bytes", .. });
        assert!(is_full(error.kind()), "{error}");
        assert_eq!(builder.len(), 0);
        // One unit earlier there is still room for a place.
        builder.end -= 1 << shift;
        let place = Place::after(builder.end, KeyKind::U64, 8, shift);
        assert_eq!(place.payload_at >> shift, u64::from(u32::MAX));
    }
    let Ok(bytes) = usize::try_from(1u64 << 32) else {
        _ = std::io::Write::write_fmt(
            &mut std::io::stderr(),
            format_args!(
                "SKIPPED: lengths_beyond_the_format_are_refused_before_anything_is_written: no such slices here\n"
            ),
        );
        return;
    };
    // Zero pages that are never touched: the length is refused before the bytes are read.
    let huge = vec![0; bytes];
    let mut builder = StoreBuilder::create(&path, Options::new()).unwrap();
    let error = builder.add(Key::U64(1), &huge).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::TooLarge { what: "record in bytes", .. }), "{error}");
}
