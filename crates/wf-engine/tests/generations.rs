//! Hot reload: cases stay on the programs that they began with.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod scenario;

use std::collections::BTreeSet;

use wf_engine::{Arena, CaseId, Engine, EngineError, Event, Generations, Start, Status, Swap};
use wf_net::{CompileOptions, NetBuilder, Retention};

/// A sequence of so many tasks, under one name.
fn version(tasks: usize) -> Engine {
    let mut net = NetBuilder::new("order");
    let mut nodes = vec![net.start("s")];
    nodes.extend((0..tasks).map(|task| net.task(&format!("T{task}"))));
    nodes.push(net.end("e"));
    net.chain(&nodes);
    scenario::engine(&[net.build().unwrap()], &CompileOptions::default())
}

fn start(cases: &mut Generations, number: usize) -> Vec<CaseId> {
    start_of(cases, "order", number)
}

fn open(cases: &Generations) -> Vec<(u64, usize)> {
    cases.shards().map(|(number, shard)| (number, shard.live())).collect()
}

#[test]
fn a_case_stays_on_its_programs_and_a_generation_closes_with_its_last_case() {
    let engines = Swap::new(version(1));
    let mut cases = Generations::new(&engines, 3..=5, 8).unwrap();
    cases.shards_mut().for_each(|(_, shard)| assert_eq!(shard.tick(77).count(), 0));
    let old = start(&mut cases, 2)[1];
    assert!(!cases.refresh().unwrap(), "nothing was published");
    engines.publish(version(2));
    assert_eq!(open(&cases), [(0, 2)], "nobody has looked");
    assert!(cases.refresh().unwrap() && !cases.refresh().unwrap());
    let new = start(&mut cases, 1)[0];
    assert_eq!((open(&cases), cases.live()), (vec![(0, 2), (1, 1)], 3));
    assert_eq!(cases.newest().case(new).unwrap().since, 77, "time goes on");
    let mut arena = Arena::new();
    // One batch for both: the old case has one task, the new one two.
    let unknown = CaseId(0xFF << 56);
    let events = [new, old, new, unknown, old].map(|case| Event::complete(case, 0));
    let changes = cases.advance(&events, &arena.scope());
    use Status::{Done, NotEnabled, UnknownCase};
    assert_eq!(changes.status, [Done, Done, NotEnabled, UnknownCase, UnknownCase]);
    assert_eq!(changes.enabled, [Event::complete(new, 1)]);
    assert_eq!(changes.ended[0].case, old);
    // One that is left keeps its generation open.
    assert!(!cases.refresh().unwrap());
    assert_eq!(open(&cases), [(0, 1), (1, 1)]);
    let last = CaseId(old.0 - (1 << 28));
    let changes = cases.advance(&[Event::complete(last, 0)], &arena.scope());
    assert_eq!((changes.status, changes.ended.len()), (&[Done][..], 1));
    assert!(!cases.refresh().unwrap());
    assert_eq!(open(&cases), [(1, 1)]);
    assert!(cases.shard_of(old).is_none() && cases.shard_of(new).is_some());
    assert_eq!(cases.advance(&[Event::complete(old, 0)], &arena.scope()).status, [UnknownCase]);
}

#[test]
fn a_generation_without_a_number_waits_and_the_old_one_goes_on() {
    let engines = Swap::new(version(1));
    let mut cases = Generations::new(&engines, 0..=0, 4).unwrap();
    let case = start(&mut cases, 1)[0];
    engines.publish(version(3));
    let error = cases.refresh().unwrap_err();
    assert!(matches!(error, EngineError::Generations { open: 1 }), "{error}");
    assert_eq!(
        error.to_string(),
        "1 generations of workflows have live cases, and no shard number is left for another"
    );
    // Still the old programs, and cases start on them.
    assert_eq!(cases.engine().names(cases.engine().program("order").unwrap()).unwrap().tasks.len(), 1);
    let second = start(&mut cases, 1)[0];
    let mut arena = Arena::new();
    let events = [case, second].map(|case| Event::complete(case, 0));
    assert_eq!(cases.advance(&events, &arena.scope()).ended.len(), 2);
    // The newest is never closed, so that one number serves one generation.
    assert!(cases.refresh().is_err());
    let empty = Generations::new(&engines, RangeOf::NONE, 4).unwrap_err();
    assert!(matches!(empty, EngineError::Generations { open: 0 }));
}

struct RangeOf;

impl RangeOf {
    #[allow(clippy::reversed_empty_ranges, reason = "it is the point")]
    const NONE: std::ops::RangeInclusive<u8> = 1..=0;
}

/// A number that is used again never gives an id again.
#[test]
fn no_id_comes_back() {
    let engines = Swap::new(version(1));
    let mut cases = Generations::new(&engines, 0..=1, 3).unwrap();
    let mut seen = BTreeSet::new();
    let mut arena = Arena::new();
    for round in 0..50 {
        for case in start(&mut cases, 1 + round % 3) {
            assert!(seen.insert(case), "{case:?} in round {round}");
            assert_eq!(cases.advance(&[Event::cancel(case)], &arena.scope()).ended.len(), 1);
        }
        engines.publish(version(1 + round % 2));
        assert!(cases.refresh().unwrap());
        let stale = *seen.iter().nth(round % seen.len()).unwrap();
        let status = cases.advance(&[Event::complete(stale, 0)], &arena.scope()).status;
        assert_eq!(status, [Status::UnknownCase]);
        for case in start(&mut cases, 1) {
            assert!(seen.insert(case), "{case:?} in round {round}");
            cases.advance(&[Event::cancel(case)], &arena.scope());
        }
    }
}

/// Nobody lives where nobody has been: in a shard of a program whose steps are more than masks, too.
#[test]
fn a_slot_that_no_case_has_had_answers_nothing() {
    let mut net = NetBuilder::new("waits");
    let (start, wait, end) = (net.start("s"), net.receive("W", Retention::Persistent), net.end("e"));
    net.message(wait, "m");
    net.chain(&[start, wait, end]);
    let engines = Swap::new(scenario::engine(&[net.build().unwrap()], &CompileOptions::default()));
    let mut cases = Generations::new(&engines, 0..=0, 8).unwrap();
    let mut arena = Arena::new();
    for slot in 0..8u64 {
        let id = CaseId(slot << 28);
        let events = [Event::cancel(id), Event::trigger(id, 0), Event::complete(id, 0), Event::begin(id, 0)];
        for event in events {
            let changes = cases.advance(&[event], &arena.scope());
            assert_eq!((changes.status, changes.ended.len()), (&[Status::UnknownCase][..], 0), "{event:?}");
        }
        let shard = cases.newest();
        let message = engines.load().message("m").unwrap();
        assert!(
            shard.case(id).is_none() && shard.enabled(id).is_none() && shard.catch(id, message).is_none()
        );
        assert!(shard.caller(id).is_none() && shard.step(Event::complete(id, 0)).is_none());
    }
    assert_eq!(cases.live(), 0);
    let ids: BTreeSet<CaseId> = start_of(&mut cases, "waits", 8).into_iter().collect();
    assert_eq!((ids.len(), cases.live()), (8, 8));
}

fn start_of(cases: &mut Generations, name: &str, number: usize) -> Vec<CaseId> {
    let program = cases.engine().program(name).unwrap();
    let mut arena = Arena::new();
    cases.newest().start_batch(program, &vec![Start::default(); number], &arena.scope()).cases.to_vec()
}
