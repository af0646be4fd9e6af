//! What a caller sees of single cases: ids, limits, queries, ends.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use wf_engine::{
    Arena, EndKind, Engine, EngineError, Event, EventKind, Key, NO_SIDE, ProgramId, Side, Start, Status,
    Store, StoreBuilder, WHOLE_CASE,
};
use wf_net::{CompileOptions, NetBuilder, compile};

fn engine(nets: Vec<NetBuilder>) -> Engine {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    let mut store = StoreBuilder::create(&path, Default::default()).unwrap();
    for net in nets {
        let net = net.build().unwrap();
        let image = compile(&net, &CompileOptions::default()).unwrap();
        store.add(Key::Str(net.name()), image.as_bytes()).unwrap();
    }
    store.finish().unwrap();
    Engine::with_store(Store::open_copy(&path).unwrap()).unwrap()
}

fn sequence(name: &str, tasks: usize) -> NetBuilder {
    let mut net = NetBuilder::new(name);
    let mut last = net.start("s");
    for index in 0..tasks {
        let task = net.task(&format!("t{index}"));
        net.flow(last, task);
        last = task;
    }
    let end = net.end("e");
    net.flow(last, end);
    net
}

#[test]
fn an_ended_case_is_reached_by_nothing_and_its_slot_is_used_again() {
    let engine = engine(vec![sequence("one", 1)]);
    let mut shard = engine.shard(3, 1).unwrap();
    let mut arena = Arena::new();
    let first = shard.start_batch(ProgramId(0), &[Start::default(); 2], &arena.scope()).cases.to_vec();
    assert_eq!(first.len(), 1, "the shard holds one case and says so");
    let done = Event::complete(first[0], 0);
    let changes = shard.advance(&[done, done], &arena.scope());
    assert_eq!(changes.status, [Status::Done, Status::UnknownCase]);
    assert_eq!((changes.ended[0].case, changes.ended[0].kind), (first[0], EndKind::Completed));
    let second = shard.start_batch(ProgramId(0), &[Start::default()], &arena.scope()).cases[0];
    assert_eq!((second.slot(), second.shard()), (first[0].slot(), 3));
    assert_ne!(second, first[0]);
    let of_other_shard = Event::complete(wf_engine::CaseId(second.0 ^ 1 << 56), 0);
    let changes = shard.advance(&[done, of_other_shard, Event::complete(second, 0)], &arena.scope());
    assert_eq!(changes.status, [Status::UnknownCase, Status::UnknownCase, Status::Done]);
    assert_eq!((shard.live(), engine.stats().ended), (0, 2));
}

#[test]
fn nonsense_is_a_status_and_changes_nothing() {
    let engine = engine(vec![sequence("two", 2)]);
    let mut shard = engine.shard(0, 4).unwrap();
    let mut arena = Arena::new();
    let case = shard.start_batch(ProgramId(0), &[Start::default()], &arena.scope()).cases[0];
    let good = Event::complete(case, 0);
    let check = |shard: &mut wf_engine::Shard, event: Event, expected: Status| {
        let before = shard.case(case);
        let mut arena = Arena::new();
        let changes = shard.advance(&[event], &arena.scope());
        assert_eq!(changes.status, [expected], "{event:?}");
        assert!(changes.enabled.is_empty() && changes.ended.is_empty() && changes.withdrawn.is_empty());
        assert_eq!(shard.case(case), before);
    };
    check(&mut shard, Event { task: 1, ..good }, Status::NotEnabled);
    check(&mut shard, Event { task: 2, ..good }, Status::UnknownTask);
    check(&mut shard, Event { task: WHOLE_CASE, ..good }, Status::UnknownTask);
    check(&mut shard, Event { outcome: 1, ..good }, Status::BadOutcome);
    check(&mut shard, Event { round: 1, ..good }, Status::StaleRound);
    check(&mut shard, Event { instance: 1, ..good }, Status::StaleRound);
    check(&mut shard, Event { case: wf_engine::CaseId(u64::MAX), ..good }, Status::UnknownCase);
    check(&mut shard, Event { task: 1, kind: EventKind::Cancel, ..good }, Status::NotEnabled);
    for kind in [EventKind::Fail, EventKind::Trigger, EventKind::AddInstance, EventKind::CompleteInstances] {
        check(&mut shard, Event { kind, ..good }, Status::KindRefused);
    }
    let refused =
        shard.start_batch(ProgramId(0), &[Start { node: 1, ..Start::default() }], &arena.scope()).refused;
    assert_eq!(refused, Some(Status::UnknownTask));
    let last = Start { node: u16::MAX, ..Start::default() };
    assert_eq!(shard.start_batch(ProgramId(0), &[last], &arena.scope()).refused, Some(Status::UnknownTask));
    let refused = shard.start_batch(ProgramId(9), &[Start::default()], &arena.scope()).refused;
    assert_eq!(refused, Some(Status::UnknownTask));
}

#[test]
fn a_begun_task_is_no_work_item_and_completes_once() {
    let engine = engine(vec![sequence("two", 2)]);
    let mut shard = engine.shard(0, 4).unwrap();
    let mut arena = Arena::new();
    let case = shard.start_batch(ProgramId(0), &[Start::default()], &arena.scope()).cases[0];
    let begin = Event::begin(case, 0);
    assert_eq!(shard.advance(&[begin, begin], &arena.scope()).status, [Status::Done, Status::NotEnabled]);
    assert_eq!(shard.enabled(case).unwrap().count(), 0);
    assert_eq!(shard.case(case).unwrap().tasks, 1);
    let done = Event::complete(case, 0);
    let changes = shard.advance(&[done, done], &arena.scope());
    assert_eq!(changes.status, [Status::Done, Status::NotEnabled]);
    assert_eq!(changes.enabled, [Event::complete(case, 1)]);
}

#[test]
fn a_place_counts_to_255_and_the_next_token_is_refused_whole() {
    let mut net = NetBuilder::new("pile");
    let (start, more, rest) = (net.start("s"), net.task("more"), net.task("rest"));
    net.flow(start, more);
    net.flow(more, more);
    net.flow(more, rest);
    let engine = engine(vec![net]);
    let mut shard = engine.shard(0, 1).unwrap();
    let mut arena = Arena::new();
    let case = shard.start_batch(ProgramId(0), &[Start::default()], &arena.scope()).cases[0];
    let event = Event::complete(case, 0);
    for count in 1..=255 {
        assert_eq!(shard.advance(&[event], &arena.scope()).status, [Status::Done], "token {count}");
        assert_eq!(shard.enabled(case).unwrap().filter(|item| item.task == 1).count(), count);
    }
    let changes = shard.advance(&[event, Event::complete(case, 1), event], &arena.scope());
    assert_eq!(changes.status, [Status::CounterFull, Status::Done, Status::Done]);
    assert_eq!(shard.enabled(case).unwrap().len(), 256);
}

#[test]
fn a_synchronization_that_waits_for_ever_is_a_deadlock_not_a_success() {
    // WCP-11: the choice feeds one input only.
    let mut net = NetBuilder::new("stuck");
    let (start, a, choice, join, end) =
        (net.start("s"), net.task("a"), net.exclusive("x"), net.parallel("j"), net.end("e"));
    for (from, to) in [(start, a), (a, choice), (choice, join), (choice, join), (join, end)] {
        net.flow(from, to);
    }
    let engine = engine(vec![net]);
    let mut shard = engine.shard(0, 1).unwrap();
    let mut arena = Arena::new();
    let case = shard.start_batch(ProgramId(0), &[Start::default()], &arena.scope()).cases[0];
    let changes = shard.advance(&[Event::complete(case, 0)], &arena.scope());
    assert_eq!(changes.ended[0].kind, EndKind::Deadlocked);
}

#[test]
fn more_outcomes_than_a_byte_come_from_the_side_table() {
    let mut net = NetBuilder::new("many");
    let (start, a, end) = (net.start("s"), net.task("a"), net.end("e"));
    net.flow(start, a);
    let split = net.parallel("p");
    net.flow(a, split);
    for index in 0..9 {
        let (choice, task) = (net.exclusive(&format!("x{index}")), net.task(&format!("t{index}")));
        net.flow(split, choice);
        net.flow(choice, end);
        net.flow(choice, task);
        net.flow(task, end);
    }
    let engine = engine(vec![net]);
    let mut shard = engine.shard(0, 1).unwrap();
    let mut arena = Arena::new();
    let case = shard.start_batch(ProgramId(0), &[Start::default()], &arena.scope()).cases[0];
    let event = Event::complete(case, 0);
    let status = |shard: &mut wf_engine::Shard, event, sides: &[Side<'_>]| {
        let mut arena = Arena::new();
        shard.advance_with(&[event], sides, &arena.scope()).status[0]
    };
    // A byte cannot say it, unless every digit is 0.
    assert_eq!(status(&mut shard, event.with_outcome(1), &[]), Status::BadSide);
    assert_eq!(status(&mut shard, event.with_side(1), &[Side::choice(0)]), Status::BadSide);
    assert_eq!(status(&mut shard, event.with_side(0), &[Side::choice(1 << 9)]), Status::BadOutcome);
    let sides = [Side::choice(0b1_0000_0101)];
    let changes = shard.advance_with(&[event.with_side(0)], &sides, &arena.scope());
    let tasks: Vec<u16> = changes.enabled.iter().map(|event| event.task).collect();
    assert_eq!(tasks, [1, 3, 9]);
    assert_eq!(changes.enabled[0].side, NO_SIDE);
}

#[test]
fn a_side_entry_asks_for_no_outcome_that_a_quiet_step_has_not() {
    let mut net = NetBuilder::new("n");
    let (s, open, choice, e) = (net.start("s"), net.parallel("p"), net.exclusive("x"), net.end("e"));
    let [a, b, c, guarded] = ["a", "b", "c", "guarded"].map(|id| net.task(id));
    net.chain(&[s, open, a, choice, b, e]);
    net.chain(&[choice, c, e]);
    net.chain(&[open, guarded, e]);
    let interrupt = net.interrupt("k", true, &[guarded]);
    net.flow(interrupt, e);
    let engine = engine(vec![net]);
    let mut shard = engine.shard(0, 1).unwrap();
    let mut arena = Arena::new();
    let case = shard.start_batch(ProgramId(0), &[Start::default()], &arena.scope()).cases[0];
    let event = Event::complete(case, 0).with_side(0);
    for choice in [2, 3, 5, 255, 256, 1 << 40] {
        let scope = arena.scope();
        let changes = shard.advance_with(&[event], &[Side::choice(choice)], &scope);
        assert_eq!((changes.status, changes.enabled), (&[Status::BadOutcome][..], &[][..]), "{choice}");
    }
    let scope = arena.scope();
    let changes = shard.advance_with(&[event], &[Side::choice(1)], &scope);
    assert_eq!(changes.enabled, [Event::complete(case, 2)]);
}

#[test]
fn queries_see_every_live_case_of_their_program() {
    let engine = engine(vec![sequence("three", 3), sequence("two", 2)]);
    let (three, two) = (engine.program("three").unwrap(), engine.program("two").unwrap());
    let mut shard = engine.shard(0, 10_000).unwrap();
    let mut arena = Arena::new();
    shard.tick(77);
    let cases = shard.start_batch(three, &[Start::default(); 6000], &arena.scope()).cases.to_vec();
    shard.start_batch(two, &[Start::default(); 3000], &arena.scope());
    let events: Vec<Event> = cases[..1500].iter().map(|&case| Event::complete(case, 0)).collect();
    assert!(shard.advance(&events, &arena.scope()).status.iter().all(|&status| status == Status::Done));
    let count =
        |shard: &wf_engine::Shard, program, task| shard.count_at(program, task, &Arena::new().scope());
    assert_eq!((count(&shard, three, 0), count(&shard, three, 1), count(&shard, two, 0)), (4500, 1500, 3000));
    assert_eq!((count(&shard, two, 1), count(&shard, two, 2), count(&shard, ProgramId(7), 0)), (0, 0, 0));
    assert_eq!(shard.task_counts(three), [1500, 0, 0]);
    assert_eq!(shard.start_counts(two), [3000]);
    assert_eq!(shard.case(cases[0]).unwrap().since, 77);
}

#[test]
fn a_program_without_tasks_counts_its_starts() {
    let engine = engine(vec![sequence("none", 0)]);
    let mut shard = engine.shard(0, 4).unwrap();
    let mut arena = Arena::new();
    let started = shard.start_batch(ProgramId(0), &[Start::default(); 3], &arena.scope());
    assert_eq!((started.cases.len(), started.ended.len()), (3, 3));
    assert_eq!(shard.start_counts(ProgramId(0)), [3]);
    assert!(shard.task_counts(ProgramId(0)).is_empty());
}

#[test]
fn a_shard_has_limits() {
    let engine = engine(vec![sequence("one", 1)]);
    assert!(matches!(engine.shard(0, 0), Err(EngineError::Cases { asked: 0, .. })));
    assert!(matches!(engine.shard(0, 1 << 32), Err(EngineError::Cases { .. })));
}

#[test]
fn a_store_of_something_else_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    let open = |fill: fn(&mut StoreBuilder)| {
        let mut store = StoreBuilder::create(&path, Default::default()).unwrap();
        fill(&mut store);
        store.finish().unwrap();
        Engine::open(&path).map(|_| ()).unwrap_err().to_string()
    };
    assert!(open(|_| {}).contains("no workflow"));
    assert!(open(|store| store.add(Key::U64(1), b"x").unwrap()).contains("not a name"));
    assert!(
        open(|store| store.add(Key::Str("a"), &[1; 300]).unwrap()).contains("\"a\": this is not a program")
    );
    assert!(Engine::open(folder.path().join("none")).is_err());
}
