//! Program images with any byte changed and the identity made to fit: refused, or played without a panic.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use wf_engine::play::{PlayOptions, play};
use wf_engine::{Arena, Engine, EngineError, Event, Key, ProgramId, Start, Store, StoreBuilder};
use wf_net::guard::{Binary, Comparison, Expr, Tally};
use wf_net::image::{Header, build_id};
use wf_net::{CompileOptions, ImageError, Instances, Needed, NetBuilder, Quantity, compile};

fn image() -> Vec<u8> {
    let mut net = NetBuilder::new("n");
    let (start, split, join) = (net.start("s"), net.parallel("p"), net.parallel("j"));
    let (merge, choice, end) = (net.exclusive("m"), net.exclusive("x"), net.end("e"));
    let (a, b, c) = (net.task("a"), net.task("b"), net.task("c"));
    for (from, to) in [(start, split), (split, a), (split, b), (a, join), (b, join), (a, merge), (b, merge)] {
        net.flow(from, to);
    }
    for (from, to) in [(merge, c), (c, choice), (choice, c), (choice, end), (join, end)] {
        net.flow(from, to);
    }
    compile(&net.build().unwrap(), &CompileOptions::default()).unwrap().as_bytes().to_vec()
}

/// Conditions, instances with one, instances one after another, and a call behind which somebody decides.
fn general() -> Vec<u8> {
    let mut net = NetBuilder::new("n");
    let (start, choice, end) = (net.start("s"), net.exclusive("x"), net.end("e"));
    let rules = Instances {
        count: Quantity::Fixed(3),
        most: 3,
        needed: Needed::Condition,
        cancels_rest: true,
        is_dynamic: false,
        is_sequential: false,
    };
    let several = net.instances("several", rules);
    let half = Expr::Binary(
        Binary::Divide,
        Box::new(Expr::Tally(Tally::Completed)),
        Box::new(Expr::Tally(Tally::All)),
    );
    net.completion_guard(several, half.compare(Comparison::Greater, Expr::variable("part")));
    let in_turn = net.instances("in turn", Instances { needed: Needed::All, is_sequential: true, ..rules });
    let call = net.call("again", "n");
    net.chain(&[start, several, in_turn, choice]);
    let (deeper, behind) = (net.flow(choice, call), net.exclusive("behind"));
    net.guard(deeper, Expr::variable("depth").compare(Comparison::Less, Expr::integer(2)));
    let on = net.flow(choice, end);
    net.default_flow(on);
    net.flow(call, behind);
    for id in ["a", "b"] {
        let task = net.task(id);
        net.flow(behind, task);
        net.flow(task, end);
    }
    compile(&net.build().unwrap(), &CompileOptions::default()).unwrap().as_bytes().to_vec()
}

/// Rewrites the identity after a change, so that the checks behind it are reached.
fn seal(bytes: &mut [u8]) {
    let at = std::mem::offset_of!(Header, build_id);
    let id = build_id(bytes);
    bytes[at..at + 8].copy_from_slice(&id.to_le_bytes());
}

#[test]
fn a_changed_image_is_refused_or_harmless() {
    for whole in [image(), general()] {
        let (refused, played) = changed_bytes(&whole);
        println!("{refused} refused, {played} played");
        assert!(refused > 100 && played > 100);
    }
}

/// How many changes are refused, and how many are played.
fn changed_bytes(whole: &[u8]) -> (usize, usize) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    let full = std::env::var("WF_TEST_SCALE").is_ok_and(|scale| scale == "full");
    let values: &[u8] = if full { &[1, 2, 4, 8, 0x10, 0x20, 0x40, 0x80, 0xFF] } else { &[1, 0x80] };
    let (mut refused, mut played) = (0, 0);
    for index in 0..whole.len() {
        for flip in values {
            let mut bytes = whole.to_vec();
            bytes[index] ^= flip;
            seal(&mut bytes);
            if !wf_accepts(&bytes) {
                refused += 1;
                continue;
            }
            let mut store = StoreBuilder::create(&path, Default::default()).unwrap();
            store.add(Key::Str("n"), &bytes).unwrap();
            store.finish().unwrap();
            let Ok(engine) = Engine::with_store(Store::open_copy(&path).unwrap()) else { continue };
            let options = PlayOptions { cases: 20, live: 20, steps_max: 20, ..PlayOptions::default() };
            play(&engine, ProgramId(0), &options, |_| ()).unwrap();
            every_event(&engine);
            played += 1;
        }
    }
    (refused, played)
}

/// Whether the image passes the checks that need no store: writing one for each would take long.
fn wf_accepts(bytes: &[u8]) -> bool {
    let mut buffer = vec![0u8; bytes.len() + 64];
    let at = buffer.as_ptr().align_offset(64);
    buffer[at..at + bytes.len()].copy_from_slice(bytes);
    wf_net::Program::parse(&buffer[at..at + bytes.len()]).is_ok()
}

fn every_event(engine: &Engine) {
    let mut shard = engine.shard(0, 4).unwrap();
    let mut arena = Arena::new();
    let cases = shard.start_batch(ProgramId(0), &[Start::default(); 4], &arena.scope()).cases.to_vec();
    let events: Vec<Event> = cases
        .iter()
        .flat_map(|&case| (0..8).map(move |n| (case, n)))
        .flat_map(|(case, n)| {
            [
                Event::begin(case, n),
                Event::complete(case, n),
                Event::complete(case, n).with_instance(1).with_outcome(2),
                Event::cancel(case).with_outcome(1),
            ]
        })
        .collect();
    shard.advance(&events, &arena.scope());
}

/// Where the op of the first task begins.
fn first_op(image: &[u8]) -> usize {
    let at = std::mem::offset_of!(Header, ops_at);
    let cell = u32::from_le_bytes(*image[at..].first_chunk().unwrap());
    cell as usize * wf_net::image::CELL_BYTES
}

/// The first byte of an op's `keep` is turned round: its bytes are as they were written, and it names places that there are not.
#[test]
fn a_program_that_is_not_valid_is_named_when_it_is_first_used_and_hinders_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    let mut bad = image();
    let ops_at = first_op(&bad);
    bad[ops_at + 16..ops_at + 24].fill(0);
    seal(&mut bad);
    assert!(!wf_accepts(&bad));
    let mut store = StoreBuilder::create(&path, Default::default()).unwrap();
    store.add(Key::Str("bad"), &bad).unwrap();
    store.add(Key::Str("good"), &image()).unwrap();
    store.finish().unwrap();
    let engine = Engine::open(&path).unwrap();
    let (bad, good) = (engine.program("bad").unwrap(), engine.program("good").unwrap());
    assert_eq!(engine.programs().map(|(_, name)| name).collect::<Vec<_>>(), ["bad", "good"]);
    let mut shard = engine.shard(0, 4).unwrap();
    let mut arena = Arena::new();
    let started = shard.start_batch(bad, &[Start::default()], &arena.scope()).cases.len();
    assert_eq!((started, engine.names(bad), engine.variable(bad, "x")), (0, None, None));
    let scope = arena.scope();
    assert!(shard.start_batch(bad, &[Start::default()], &scope).refused.is_some());
    assert_eq!(shard.start_batch(good, &[Start::default()], &scope).cases.len(), 1);
    assert!(shard.pattern_stats().met().count() > 0);
    for error in [engine.check(bad).unwrap_err(), engine.check_all().unwrap_err()] {
        assert!(
            matches!(&error, EngineError::Program { key, error: ImageError::Op { .. } } if key == "bad"),
            "{error}"
        );
    }
    engine.check(good).unwrap();
}

/// A program that is not valid says that it is the build of a good one, whose saved cases are read in all the same.
#[test]
fn a_program_that_is_not_valid_takes_no_other_ones_identity() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    for first in [true, false] {
        let mut bad = image();
        let ops_at = first_op(&bad);
        bad[ops_at + 16..ops_at + 24].fill(0);
        let mut store = StoreBuilder::create(&path, Default::default()).unwrap();
        store.add(Key::Str(if first { "a" } else { "z" }), &bad).unwrap();
        store.add(Key::Str("n"), &image()).unwrap();
        store.finish().unwrap();
        let engine = Engine::open(&path).unwrap();
        let (mut shard, mut arena) = (engine.shard(0, 4).unwrap(), Arena::new());
        let scope = arena.scope();
        let program = engine.program("n").unwrap();
        let case = shard.start_batch(program, &[Start::default()], &scope).cases[0];
        let saved = shard.export(&[case], &scope).saved;
        assert_eq!(engine.shard(1, 4).unwrap().import(saved, &scope).refused, None);
        drop((shard, engine));
        std::fs::remove_file(&path).unwrap();
    }
}

#[test]
fn a_damaged_record_is_named_when_the_engine_is_opened() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    let mut store = StoreBuilder::create(&path, Default::default()).unwrap();
    store.add(Key::Str("n"), &image()).unwrap();
    store.finish().unwrap();
    let names = Engine::open(&path).unwrap().names(ProgramId(0));
    let whole = std::fs::read(&path).unwrap();
    let (mut tried, mut noticed) = (0, 0);
    for at in (0..whole.len()).step_by(7) {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x40;
        std::fs::write(&path, &bytes).unwrap();
        tried += 1;
        match Engine::open(&path) {
            Err(EngineError::Store(_)) => noticed += 1,
            // Between records stand bytes that nobody reads.
            Ok(engine) => assert_eq!(engine.names(ProgramId(0)), names, "byte {at}"),
            Err(other) => panic!("byte {at}: {other}"),
        }
    }
    assert!(noticed * 100 > tried * 99, "{noticed} of {tried}");
}
