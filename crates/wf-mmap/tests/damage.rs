//! Damaged files: each flipped byte, each length, random bytes. Never a wrong answer, never a panic.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers too")]

use std::path::Path;

use wf_mmap::{Align, ErrorKind, Key, Options, Store, StoreBuilder};

const KINDS: [&str; 3] = ["numbers", "ids", "strings"];

/// The `n`-th key of a kind; keys from `n >= 1 << 32` on are in no store.
fn with_key<R>(kind: &str, n: u64, with: impl FnOnce(Key<'_>) -> R) -> R {
    match kind {
        "numbers" => with(Key::U64(n.wrapping_mul(0x9E37_79B9_7F4A_7C15))),
        "ids" => with(Key::Id((u128::from(n) * 0xDA94_2042_E4DD_58B5_0001).to_be_bytes())),
        _ => with(Key::Str(&format!("key {n}"))),
    }
}

fn payload(n: u64, bytes_max: u64) -> Vec<u8> {
    let mut state = n.wrapping_add(99);
    (0..n * 37 % bytes_max)
        .map(|_| {
            state = state.wrapping_mul(0x5851_F42D_4C95_7F2D).wrapping_add(0x1405_7B7E_F767_814F);
            (state >> 56) as u8
        })
        .collect()
}

fn build(path: &Path, kind: &str, count: u64, bytes_max: u64, align: Align) {
    let mut builder =
        StoreBuilder::create(path, Options::new().align(align).metadata(b"facts".to_vec())).unwrap();
    for n in 0..count {
        with_key(kind, n, |key| builder.add(key, &payload(n, bytes_max))).unwrap();
    }
    builder.finish().unwrap();
}

/// What a damaged file did.
#[derive(Debug, Default, PartialEq)]
struct Outcome {
    refused_at_open: u32,
    errors: u32,
    right: u32,
    verify_found: bool,
}

/// Opens damaged bytes and asks for everything; a wrong answer panics, and so fails the test.
///
/// From memory: thousands of small files would measure the disk.
fn ask(bytes: &[u8], kind: &str, count: u64, bytes_max: u64) -> Outcome {
    let mut outcome = Outcome::default();
    let store = match Store::from_bytes(bytes) {
        Ok(store) => store,
        Err(error) => {
            assert!(!error.to_string().is_empty());
            outcome.refused_at_open = 1;
            return outcome;
        }
    };
    assert_eq!(store.metadata(), b"facts");
    assert_eq!(store.len() as u64, count);
    // Twice: the second round trusts what the first has verified.
    for n in (0..count).chain(0..count) {
        match with_key(kind, n, |key| store.get(key).map(|found| found.map(<[u8]>::to_vec))) {
            Ok(found) => {
                assert_eq!(found.as_deref(), Some(&payload(n, bytes_max)[..]), "silent: hit {n} of {kind}");
                outcome.right += 1;
            }
            Err(_) => outcome.errors += 1,
        }
    }
    for n in 1 << 32..(1 << 32) + count {
        match with_key(kind, n, |key| store.get(key).map(|found| found.map(<[u8]>::to_vec))) {
            Ok(found) => assert_eq!(found, None, "silent: miss {n} of {kind}"),
            Err(_) => outcome.errors += 1,
        }
    }
    for (n, item) in store.iter().enumerate() {
        match item {
            Ok((key, record)) => {
                assert_eq!(record, payload(n as u64, bytes_max), "silent: record {n} of {kind}");
                with_key(kind, n as u64, |right| assert_eq!(key, right));
            }
            Err(_) => outcome.errors += 1,
        }
    }
    outcome.verify_found = store.verify().is_err();
    outcome
}

#[test]
fn every_flipped_byte_is_found_or_harmless_and_verify_finds_all() {
    for kind in KINDS {
        for align in [Align::Cell, Align::Half] {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("s.wfs");
            build(&path, kind, 12, 90, align);
            let whole = std::fs::read(&path).unwrap();
            assert_eq!(ask(&whole, kind, 12, 90), Outcome { right: 24, ..Outcome::default() });
            let mut errors = 0;
            for at in 0..whole.len() {
                let mut damaged = whole.clone();
                damaged[at] ^= 1 << (at % 8);
                let outcome = ask(&damaged, kind, 12, 90);
                assert!(
                    outcome.refused_at_open == 1 || outcome.verify_found,
                    "byte {at} of {kind}: {outcome:?}"
                );
                errors += outcome.errors;
            }
            assert!(errors > 0);
        }
    }
}

#[test]
fn every_truncation_and_every_appended_byte_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s.wfs");
    build(&path, "ids", 12, 90, Align::Cell);
    let whole = std::fs::read(&path).unwrap();
    for len in 0..whole.len() {
        let error = Store::from_bytes(&whole[..len]).unwrap_err();
        match error.kind() {
            ErrorKind::NotAStore => assert_eq!(len, 0),
            ErrorKind::Truncated { expected_bytes, found_bytes } => {
                assert_eq!(*found_bytes, len as u64);
                assert_eq!(*expected_bytes, if len < 4096 { 4096 } else { whole.len() as u64 });
            }
            other => panic!("length {len}: {other:?}"),
        }
    }
    let longer = [&whole[..], &[0]].concat();
    let error = Store::from_bytes(&longer).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::TrailingBytes { .. }));
}

/// The damage table: random bytes anywhere, overwritten head and tail, truncation before open.
#[test]
fn random_damage_gives_no_wrong_answer_and_no_panic() {
    let trials = if std::env::var("WF_TEST_SCALE").as_deref() == Ok("full") { 300_000 } else { 10_000 };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s.wfs");
    let (count, bytes_max) = (200, 700);
    let mut state = 0x2545_F491_4F6C_DD1Du64;
    let mut random = move |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as usize % below
    };
    for kind in KINDS {
        build(&path, kind, count, bytes_max, Align::Cell);
        let whole = std::fs::read(&path).unwrap();
        let mut noticed = 0;
        for trial in 0..trials {
            let mut damaged = whole.clone();
            match trial % 3 {
                0 => {
                    for _ in 0..8 {
                        let at = random(damaged.len());
                        damaged[at] = random(256) as u8;
                    }
                }
                1 => {
                    let reach = 16_384.min(damaged.len());
                    for _ in 0..64 {
                        let at = random(reach);
                        let at = if random(2) == 0 { at } else { damaged.len() - 1 - at };
                        damaged[at] = 0xff;
                    }
                }
                _ => damaged.truncate(random(whole.len())),
            }
            let outcome = ask(&damaged, kind, count, bytes_max);
            let changed = damaged != whole;
            assert_eq!(
                outcome.refused_at_open == 1 || outcome.verify_found,
                changed,
                "trial {trial} of {kind}"
            );
            noticed += u32::from(outcome.refused_at_open + outcome.errors > 0);
        }
        assert!(noticed > trials / 2, "{kind}: only {noticed} of {trials} trials were noticed by look-ups");
    }
}

#[test]
fn a_filter_that_hides_a_record_is_found_by_verify() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s.wfs");
    build(&path, "ids", 12, 90, Align::Cell);
    let whole = std::fs::read(&path).unwrap();
    // Two home buckets: their words stand in the last 64 bytes. A writer who gets them wrong gets the checksums right.
    let words = whole.len() - 64;
    let index = words - 2 * 64;
    for at in words..words + 16 {
        let mut damaged = whole.clone();
        if damaged[at] == 0 {
            continue;
        }
        damaged[at] &= damaged[at] - 1;
        let crc = crc32c::crc32c(&damaged[index..]);
        damaged[112..116].copy_from_slice(&crc.to_le_bytes());
        let crc = crc32c::crc32c(&damaged[..4092]);
        damaged[4092..4096].copy_from_slice(&crc.to_le_bytes());
        let error = Store::from_bytes(&damaged).unwrap().verify().unwrap_err();
        assert!(error.to_string().contains("does not lead to it"), "{error}");
    }
}

#[test]
fn what_is_no_store_of_this_version_says_what_it_is_and_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s.wfs");
    build(&path, "numbers", 3, 90, Align::Cell);
    let whole = std::fs::read(&path).unwrap();
    let check = |bytes: &[u8], wanted: &[&str]| {
        std::fs::write(&path, bytes).unwrap();
        let message = Store::open_copy(&path).unwrap_err().to_string();
        for part in wanted.iter().chain(&["s.wfs"]) {
            assert!(message.contains(part), "{message} lacks {part}");
        }
    };
    let mut newer = whole.clone();
    newer[8] = 2;
    check(&newer, &["store format 2, this build reads format 1", "rebuild the store"]);
    check(&whole[..whole.len() - 1], &["truncated", "copy it again"]);
    check(b"{\"json\": true}", &["not a wf store", "check the path"]);
    check(b"", &["not a wf store"]);
    let mut damaged = whole.clone();
    damaged[200] = 1;
    check(&damaged, &["damaged header (checksum)"]);
    let mut damaged = whole.clone();
    *damaged.last_mut().unwrap() ^= 1;
    check(&damaged, &["damaged index (checksum)"]);
    let missing = Store::open_copy(&folder.path().join("none")).unwrap_err();
    assert!(matches!(missing.kind(), ErrorKind::Io { .. }));
    let directory = Store::open_copy(folder.path()).unwrap_err();
    assert!(directory.to_string().contains("not a regular file"), "{directory}");
}

#[test]
fn a_damaged_record_is_an_error_with_its_place_and_leaves_the_others() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s.wfs");
    build(&path, "numbers", 50, 90, Align::Cell);
    let store = Store::open_copy(&path).unwrap();
    let first_cell = with_key("numbers", 7, |key| store.cell_range(key)).unwrap().unwrap().start;
    let offset = 4096 + 64 * first_cell as u64;
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[offset as usize] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    let store = Store::open_copy(&path).unwrap();
    for n in 0..50 {
        let found = with_key("numbers", n, |key| store.get(key).map(|found| found.map(<[u8]>::to_vec)));
        if n == 7 {
            let error = found.unwrap_err();
            assert!(matches!(error.kind(), ErrorKind::DamagedRecord { check: "checksum" }));
            assert_eq!(error.offset(), Some(offset));
            assert_eq!(error.path(), path);
        } else {
            assert_eq!(found.unwrap(), Some(payload(n, 90)));
        }
    }
    assert_eq!(store.verified_count(), 49);
    // A batch stops at the damage, and says nothing about what follows.
    let keys: Vec<_> =
        (0..50).map(|n| with_key("numbers", n, |key| if let Key::U64(n) = key { n } else { 0 })).collect();
    let keys: Vec<_> = keys.into_iter().map(Key::U64).collect();
    let mut found = vec![None; 50];
    assert_eq!(store.get_batch(&keys, &mut found).unwrap_err().offset(), Some(offset));
    assert!(found[..7].iter().all(Option::is_some) && found[7..].iter().all(Option::is_none));
}
