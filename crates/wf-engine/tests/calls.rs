//! Cases that call others at the edges: deep chains, called cases that end where they start, a shard that is full.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod scenario;

use wf_engine::{Arena, EndKind, Engine, Event, Shard, Start, Status};
use wf_net::{CompileOptions, Net, NetBuilder};

/// A case of the first net.
fn started(engine: &Engine, net: &Net, slots: usize) -> (Shard, Event) {
    let mut shard = engine.shard(0, slots).unwrap();
    let program = engine.program(net.name()).unwrap();
    let mut arena = Arena::new();
    let item = shard.start_batch(program, &[Start::default()], &arena.scope()).enabled[0];
    (shard, item)
}

/// A net without a task: its cases end where they start.
fn empty() -> Net {
    let mut net = NetBuilder::new("empty");
    let (s, e) = (net.start("s"), net.end("e"));
    net.chain(&[s, e]);
    net.build().unwrap()
}

#[test]
fn a_chain_of_any_depth_returns_in_one_step() {
    let mut net = NetBuilder::new("tail");
    let (s, a, deeper) = (net.start("s"), net.task("A"), net.exclusive("deeper"));
    let (call, e) = (net.call("again", "tail"), net.end("e"));
    net.chain(&[s, a, deeper, call, e]);
    net.flow(deeper, e);
    let net = net.build().unwrap();
    let engine = scenario::engine(std::slice::from_ref(&net), &CompileOptions::default());
    let depth = 5000;
    let (mut shard, first) = started(&engine, &net, depth + 1);
    let (mut arena, mut item) = (Arena::new(), first);
    for _ in 0..depth {
        item = shard.advance(&[item], &arena.scope()).enabled[0];
    }
    assert_eq!(shard.live(), depth + 1);
    let scope = arena.scope();
    let changes = shard.advance(&[item.with_outcome(1)], &scope);
    assert!(changes.ended.iter().all(|ended| ended.kind == EndKind::Completed));
    assert_eq!((changes.ended.len(), changes.ended.last().unwrap().case), (depth + 1, first.case));
    assert_eq!(shard.live(), 0);
}

#[test]
fn cases_that_end_where_they_start_cannot_be_called_for_ever() {
    let mut net = NetBuilder::new("loop");
    let (s, a, enter) = (net.start("s"), net.task("A"), net.exclusive("enter"));
    let call = net.call("again", "empty");
    net.chain(&[s, a, enter, call, enter]);
    let net = net.build().unwrap();
    let engine = scenario::engine(&[net.clone(), empty()], &CompileOptions::default());
    for slots in [10, 50_000] {
        let (mut shard, item) = started(&engine, &net, slots);
        let mut arena = Arena::new();
        let scope = arena.scope();
        let changes = shard.advance(&[item], &scope);
        let last = changes.ended.last().unwrap();
        assert_eq!((last.case, last.kind), (item.case, EndKind::Deadlocked), "{slots} slots");
        assert_eq!(shard.live(), 0, "{slots} slots");
    }
}

#[test]
fn a_step_that_finds_no_slot_has_changed_nothing() {
    let mut outer = NetBuilder::new("outer");
    let (s, a, split, e) = (outer.start("s"), outer.task("A"), outer.parallel("split"), outer.end("e"));
    let (inner, big) = (outer.call("inner", "inner"), outer.call("big", "big"));
    outer.chain(&[s, a, split, inner, e]);
    outer.chain(&[split, big, e]);
    let outer = outer.build().unwrap();
    // Calls one that ends at once, beside a task that stays.
    let mut net = NetBuilder::new("inner");
    let (s, split, t, call, e) =
        (net.start("s"), net.parallel("split"), net.task("T"), net.call("empty", "empty"), net.end("e"));
    net.chain(&[s, split, t, e]);
    net.chain(&[split, call, e]);
    let inner = net.build().unwrap();
    let mut net = NetBuilder::new("big");
    let (s, b, e) = (net.start("s"), net.task("B"), net.end("e"));
    net.chain(&[s, b, e]);
    let big = net.build().unwrap();
    let engine = scenario::engine(&[outer.clone(), inner, big, empty()], &CompileOptions::default());
    // Room for the outer case, the inner one and the empty one, but not for the big one beside them.
    let (mut shard, item) = started(&engine, &outer, 3);
    let mut arena = Arena::new();
    let before = engine.stats();
    for _ in 0..5 {
        let changes = shard.advance(&[item], &arena.scope());
        assert_eq!(changes.status, [Status::NoRoom]);
        assert!(changes.enabled.is_empty() && changes.withdrawn.is_empty() && changes.ended.is_empty());
        assert_eq!(shard.live(), 1, "the slots of what the step had started are free again");
        assert_eq!(shard.enabled(item.case).unwrap().collect::<Vec<_>>(), [item]);
    }
    assert_eq!(engine.stats(), before);
    for name in ["inner", "empty", "big"] {
        let program = engine.program(name).unwrap();
        assert_eq!(shard.start_counts(program), [0], "{name}");
    }
    // With one more slot it goes on.
    let (mut shard, item) = started(&engine, &outer, 4);
    let changes = shard.advance(&[item], &arena.scope());
    assert_eq!((changes.status, changes.enabled.len(), changes.ended.len()), (&[Status::Done][..], 2, 1));
    assert_eq!(shard.live(), 3);
}

#[test]
fn what_nobody_has_decided_behind_a_call_is_asked_when_it_has_ended() {
    let net = |is_inclusive: bool| {
        let mut net = NetBuilder::new("asks");
        let (s, call, end) = (net.start("s"), net.call("K", "called"), net.end("e"));
        let choice = if is_inclusive { net.inclusive("x") } else { net.exclusive("x") };
        net.chain(&[s, call, choice]);
        for id in ["A", "B"] {
            let task = net.task(id);
            net.flow(choice, task);
            net.flow(task, end);
        }
        net.build().unwrap()
    };
    let mut called = NetBuilder::new("called");
    let nodes = [called.start("s"), called.task("T"), called.end("e")];
    called.chain(&nodes);
    let called = called.build().unwrap();
    let exclusive = [net(false), called.clone()];
    scenario::play(&exclusive, "start {T}; K ?KindRefused; T {K}; K=2 ?BadOutcome; K=1 {B}; B {} ok");
    scenario::play(&exclusive, "start {T}; T {K}; K {A}; A {} ok");
    let inclusive = [net(true), called];
    scenario::play(&inclusive, "start {T}; T {K}; K ?BadOutcome; K=3 {A,B}; A {B}; B {} ok");
    scenario::play(&inclusive, "start {T}; T {K}; - {} cancelled");
}
