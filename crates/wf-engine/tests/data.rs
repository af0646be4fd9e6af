//! Choices that the data of a case makes: what is decided, what is an incident, and what is kept of it all.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod scenario;

#[path = "twin"]
mod twin {
    pub(crate) mod guard;
    #[allow(dead_code, reason = "each test binary uses a part")]
    pub(crate) mod random;
}

use twin::guard::{self, Truth};
use twin::random::Random;
use wf_engine::{
    Arena, EndKind, Engine, Event, ImportError, Incident, NO_SIDE, ProgramId, SavedValues, Shard, Side,
    Start, Status, Value,
};
use wf_net::guard::{Comparison, Expr, Tally};
use wf_net::{CompileOptions, Instances, Needed, Net, NetBuilder, Quantity};
use zerocopy::{FromBytes, IntoBytes};

const P: ProgramId = ProgramId(0);

/// Task `A`, then an exclusive choice by data between tasks, the last one the default if there is one.
fn exclusive(name: &str, guards: &[Expr], has_default: bool) -> Net {
    let mut net = NetBuilder::new(name);
    let (s, a, choice, end) = (net.start("s"), net.task("A"), net.exclusive("x"), net.end("e"));
    net.chain(&[s, a, choice]);
    for (branch, guard) in guards.iter().enumerate() {
        let task = net.task(&format!("T{branch}"));
        let flow = net.flow(choice, task);
        net.guard(flow, guard.clone());
        net.flow(task, end);
    }
    if has_default {
        let task = net.task("other");
        let flow = net.flow(choice, task);
        net.default_flow(flow);
        net.flow(task, end);
    }
    net.build().unwrap()
}

fn large() -> Expr {
    Expr::variable("amount").compare(Comparison::Greater, Expr::integer(1000))
}

fn is_new() -> Expr {
    Expr::variable("kind").compare(Comparison::Equal, Expr::text("new"))
}

fn engine(nets: &[Net]) -> Engine {
    scenario::engine(nets, &CompileOptions::default())
}

fn start(engine: &Engine, set: &[(u16, Value)]) -> (Shard, Event) {
    let mut shard = engine.shard(0, 64).unwrap();
    let mut arena = Arena::new();
    let start = Start { side: 0, ..Start::default() };
    let started = shard.start_batch_with(P, &[start], &[Side::set(set)], &arena.scope());
    assert_eq!(started.refused, None);
    let item = started.enabled[0];
    (shard, item)
}

/// The status of one event, and the tasks of the work items that it adds.
fn apply(shard: &mut Shard, event: Event, set: &[(u16, Value)]) -> (Status, Vec<u16>) {
    let mut arena = Arena::new();
    let scope = arena.scope();
    let changes = shard.advance_with(&[event.with_side(0)], &[Side::set(set)], &scope);
    (changes.status[0], changes.enabled.iter().map(|item| item.task).collect())
}

#[test]
fn an_exclusive_choice_takes_the_first_branch_that_holds() {
    let engine = engine(&[exclusive("orders", &[large().and(is_new()), large()], true)]);
    let (amount, kind) = (engine.variable(P, "amount").unwrap(), engine.variable(P, "kind").unwrap());
    assert_eq!((amount, kind, engine.variable(P, "other")), (0, 1, None));
    let cases = [
        (Value::Integer(1001), "new", 1),
        (Value::Integer(1001), "old", 2),
        (Value::Decimal(1000.5), "new", 1),
        (Value::Integer(1000), "new", 3),
    ];
    for (value, text, expected) in cases {
        let (mut shard, item) = start(&engine, &[(amount, value)]);
        // What comes with the completion counts in it.
        let done = apply(&mut shard, item, &[(kind, Value::text(text))]);
        assert_eq!(done, (Status::Done, vec![expected]), "{value:?} {text}");
        assert_eq!(shard.variables(item.case).unwrap().get(0), value);
        assert_eq!(shard.incidents().count(), 0);
    }
    // An outcome overrules the data: 1 is the first branch.
    for branch in 0..3 {
        let (mut shard, item) = start(&engine, &[]);
        let done = apply(&mut shard, item.with_outcome(branch + 1), &[]);
        assert_eq!(done, (Status::Done, vec![u16::from(branch) + 1]));
    }
    let (mut shard, item) = start(&engine, &[]);
    assert_eq!(apply(&mut shard, item.with_outcome(4), &[]).0, Status::BadOutcome);
}

#[test]
fn values_take_memory_when_the_first_case_has_one() {
    let engine = engine(&[exclusive("orders", &[large()], true)]);
    let mut shard = engine.shard(0, 1000).unwrap();
    let mut arena = Arena::new();
    let bytes = shard.bytes();
    let item = shard.start_batch(P, &[Start::default()], &arena.scope()).enabled[0];
    assert_eq!(apply(&mut shard, item.with_outcome(1), &[]).0, Status::Done);
    assert_eq!(shard.bytes(), bytes);
    let item = shard.start_batch(P, &[Start::default()], &arena.scope()).enabled[0];
    assert_eq!(apply(&mut shard, item, &[(0, Value::Integer(1))]).0, Status::Done);
    assert_eq!(shard.bytes(), bytes + 64_000);
    shard.reserve_values().unwrap();
    assert_eq!(shard.bytes(), bytes + 64_000);
}

#[test]
fn an_inclusive_choice_takes_every_branch_that_holds() {
    let net = |has_default: bool| {
        let mut net = NetBuilder::new("or");
        let (s, a, split, end) = (net.start("s"), net.task("A"), net.inclusive("or"), net.end("e"));
        net.chain(&[s, a, split]);
        for (task, guard) in [("T0", Some(large())), ("T1", Some(is_new())), ("T2", None)] {
            if guard.is_none() && !has_default {
                continue;
            }
            let task = net.task(task);
            let flow = net.flow(split, task);
            match guard {
                Some(guard) => net.guard(flow, guard),
                None => net.default_flow(flow),
            }
            net.flow(task, end);
        }
        net.build().unwrap()
    };
    let with_default = engine(&[net(true)]);
    for (amount, kind, expected) in
        [(2000, "new", vec![1, 2]), (2000, "old", vec![1]), (0, "new", vec![2]), (0, "old", vec![3])]
    {
        let (mut shard, item) = start(&with_default, &[(0, Value::Integer(amount)), (1, Value::text(kind))]);
        assert_eq!(apply(&mut shard, item, &[]), (Status::Done, expected), "{amount} {kind}");
    }
    let (mut shard, item) = start(&with_default, &[]);
    assert_eq!(apply(&mut shard, item.with_outcome(0b101), &[]), (Status::Done, vec![1, 3]));
    let without = engine(&[net(false)]);
    let (mut shard, item) = start(&without, &[(0, Value::Integer(0)), (1, Value::text("old"))]);
    assert_eq!(apply(&mut shard, item, &[]), (Status::NoBranch, vec![]));
    assert_eq!(
        shard.incidents().collect::<Vec<_>>(),
        [Incident { case: item.case, task: 0, status: Status::NoBranch }]
    );
}

#[test]
fn a_condition_without_an_answer_is_an_incident_until_it_has_one() {
    let engine = engine(&[exclusive("orders", &[large()], true)]);
    let (mut shard, item) = start(&engine, &[]);
    let incident = |status| vec![Incident { case: item.case, task: 0, status }];
    assert_eq!(apply(&mut shard, item, &[]).0, Status::NoValue);
    assert_eq!(shard.incidents().collect::<Vec<_>>(), incident(Status::NoValue));
    // What a refused event brings is not kept.
    assert_eq!(apply(&mut shard, item, &[(0, Value::text("many"))]).0, Status::NoAnswer);
    assert_eq!(shard.incidents().collect::<Vec<_>>(), incident(Status::NoAnswer));
    assert_eq!(shard.variables(item.case).unwrap().get(0), Value::Null);
    for bad in [(1, Value::Integer(1)), (0, Value::Decimal(f64::NAN)), (0, Value::Decimal(f64::INFINITY))] {
        assert_eq!(apply(&mut shard, item, &[bad]).0, Status::BadValue);
    }
    // A value alone does not end it; the event sent again does.
    let set = Event::set(item.case, 0);
    assert_eq!(apply(&mut shard, set, &[(0, Value::Integer(5))]).0, Status::Done);
    assert_eq!(shard.incidents().count(), 1);
    let mut arena = Arena::new();
    let begun = shard.advance(&[Event::begin(item.case, 0)], &arena.scope()).status[0];
    assert_eq!((begun, shard.incidents().count()), (Status::Done, 1));
    assert_eq!(shard.advance(&[item], &arena.scope()).status, [Status::Done]);
    assert_eq!(shard.incidents().count(), 0);
    // The case goes on as any other, on the plain path too.
    let next = shard.enabled(item.case).unwrap().next().unwrap();
    assert_eq!(next.task, 2);
    let scope = arena.scope();
    let set = Event::set(item.case, 0);
    let changes = shard.advance(&[set, Event { side: NO_SIDE, ..set }, next, item, set], &scope);
    // Without a table there is no entry 0.
    let expected = [Status::BadSide, Status::BadSide, Status::Done, Status::UnknownCase, Status::UnknownCase];
    assert_eq!(changes.status, expected);
    assert_eq!(changes.ended[0].kind, EndKind::Completed);
}

#[test]
fn a_side_entry_decides_where_masks_would_do_and_an_ended_case_takes_no_values() {
    let mut net = NetBuilder::new("plain");
    let (s, a, choice, b, c, end) =
        (net.start("s"), net.task("A"), net.exclusive("x"), net.task("B"), net.task("C"), net.end("e"));
    net.chain(&[s, a, choice, b, end]);
    net.chain(&[choice, c, end]);
    let engine = engine(&[net.build().unwrap()]);
    let mut shard = engine.shard(0, 8).unwrap();
    let mut arena = Arena::new();
    let starts = [Start::default(); 4];
    let items = shard.start_batch(P, &starts, &arena.scope()).enabled.to_vec();
    let sides = [Side::choice(1), Side::choice(2), Side::choice(1 << 40), Side::default()];
    let events: Vec<Event> = (0..4).map(|side| items[side].with_side(side as u16)).collect();
    let scope = arena.scope();
    let changes = shard.advance_with(&events, &sides, &scope);
    assert_eq!(changes.status, [Status::Done, Status::BadOutcome, Status::BadOutcome, Status::Done]);
    let tasks: Vec<u16> = changes.enabled.iter().map(|item| item.task).collect();
    assert_eq!(tasks, [2, 1]);
    let case = items[0].case;
    let events = [Event::complete(case, 2), Event::set(case, 3)];
    assert_eq!(shard.advance_with(&events, &sides, &scope).status, [Status::Done, Status::UnknownCase]);
}

#[test]
fn an_incident_ends_with_an_outcome_that_overrules_it_and_with_its_task() {
    let engine = engine(&[exclusive("orders", &[large()], true)]);
    let (mut shard, item) = start(&engine, &[]);
    assert_eq!(apply(&mut shard, item, &[]).0, Status::NoValue);
    // Another case is not held up by it.
    let mut arena = Arena::new();
    let other = shard.start_batch(P, &[Start::default()], &arena.scope()).enabled[0];
    let events = [other.with_outcome(2), item.with_outcome(1)];
    assert_eq!(shard.advance(&events, &arena.scope()).status, [Status::Done; 2]);
    assert_eq!(shard.incidents().count(), 0);
    assert_eq!(apply(&mut shard, Event::cancel(item.case), &[]).0, Status::Done);
    let (mut shard, item) = start(&engine, &[]);
    assert_eq!(apply(&mut shard, item, &[]).0, Status::NoValue);
    assert_eq!(apply(&mut shard, Event::cancel(item.case), &[]).0, Status::Done);
    assert_eq!((shard.incidents().count(), shard.live()), (0, 0));
    // The slot begins anew, without the values and the incident of the case before.
    let next = shard.start_batch(P, &[Start::default()], &arena.scope()).enabled[0];
    assert_eq!(next.case.slot(), item.case.slot());
    assert_eq!(shard.variables(next.case).unwrap().get(0), Value::Null);
}

#[test]
fn only_what_a_token_reaches_is_asked() {
    // Behind the synchronization stands a choice that nobody reaches before both tasks are done.
    let mut net = NetBuilder::new("late");
    let (s, split, join, choice) = (net.start("s"), net.parallel("p"), net.parallel("j"), net.exclusive("x"));
    let (a, b, c, d, end) = (net.task("A"), net.task("B"), net.task("C"), net.task("D"), net.end("e"));
    net.chain(&[s, split, a, join, choice]);
    net.chain(&[split, b, join]);
    let flow = net.flow(choice, c);
    net.guard(flow, large());
    let flow = net.flow(choice, d);
    net.default_flow(flow);
    net.chain(&[c, end]);
    net.chain(&[d, end]);
    let engine = engine(&[net.build().unwrap()]);
    let mut shard = engine.shard(0, 4).unwrap();
    let mut arena = Arena::new();
    let items = shard.start_batch(P, &[Start::default()], &arena.scope()).enabled.to_vec();
    assert_eq!(apply(&mut shard, items[0], &[]), (Status::Done, vec![]));
    assert_eq!(apply(&mut shard, items[1], &[]), (Status::NoValue, vec![]));
    assert_eq!(apply(&mut shard, items[1], &[(0, Value::Integer(7))]), (Status::Done, vec![3]));
}

#[test]
fn a_call_shares_the_variables_of_the_same_name() {
    let mut outer = NetBuilder::new("a outer");
    let (s, a, call, choice) =
        (outer.start("s"), outer.task("A"), outer.call("call", "inner"), outer.exclusive("x"));
    let (yes, no, end) = (outer.task("yes"), outer.task("no"), outer.end("e"));
    outer.chain(&[s, a, call, choice]);
    let flow = outer.flow(choice, yes);
    outer.guard(flow, Expr::variable("approved"));
    let flow = outer.flow(choice, no);
    outer.guard(flow, Expr::variable("approved").negated().and(large().or(large().negated())));
    outer.chain(&[yes, end]);
    outer.chain(&[no, end]);
    // The called one decides before its first task, by what its caller knows.
    let mut inner = NetBuilder::new("inner");
    let (s, choice, check, wave, end) =
        (inner.start("s"), inner.exclusive("x"), inner.task("check"), inner.task("wave"), inner.end("e"));
    inner.chain(&[s, choice]);
    let flow = inner.flow(choice, check);
    inner.guard(flow, large());
    let flow = inner.flow(choice, wave);
    inner.default_flow(flow);
    inner.chain(&[wave, end]);
    let last = inner.exclusive("y");
    inner.chain(&[check, last]);
    let flow = inner.flow(last, end);
    // Only so that the called program knows the variable.
    inner.guard(flow, Expr::IsNull("approved".into()).or(Expr::IsNull("approved".into()).negated()));
    let nets = [outer.build().unwrap(), inner.build().unwrap()];
    let engine = engine(&nets);
    let (outer, inner) = (engine.program("a outer").unwrap(), engine.program("inner").unwrap());
    let of = |program, name: &str| engine.variable(program, name).unwrap();
    for approved in [true, false] {
        let (mut shard, item) = start(&engine, &[]);
        assert_eq!(apply(&mut shard, item, &[]).0, Status::NoValue, "the called case cannot decide");
        assert_eq!(shard.live(), 1);
        let amount = (of(outer, "amount"), Value::Integer(2000));
        assert_eq!(apply(&mut shard, item, &[amount]), (Status::Done, vec![0]));
        let called = shard.called(item.case).next().unwrap();
        let back = (of(inner, "approved"), Value::Boolean(approved));
        let done = apply(&mut shard, Event::complete(called, 0), &[back]);
        assert_eq!(done, (Status::Done, vec![if approved { 2 } else { 3 }]));
    }
    // Without the answer, the call waits for it.
    let (mut shard, item) = start(&engine, &[(of(outer, "amount"), Value::Integer(2000))]);
    assert_eq!(apply(&mut shard, item, &[]).0, Status::Done);
    let called = shard.called(item.case).next().unwrap();
    assert_eq!(apply(&mut shard, Event::complete(called, 0), &[]), (Status::Done, vec![1]));
    let again = Event::complete(item.case, 1);
    assert_eq!(shard.enabled(item.case).unwrap().collect::<Vec<_>>(), [again]);
    let expected = Incident { case: item.case, task: 1, status: Status::NoValue };
    assert_eq!(shard.incidents().collect::<Vec<_>>(), [expected]);
    assert_eq!(apply(&mut shard, again, &[]).0, Status::NoValue);
    let yes = (of(outer, "approved"), Value::Boolean(true));
    assert_eq!(apply(&mut shard, again, &[yes]), (Status::Done, vec![2]));
    assert_eq!((shard.incidents().count(), shard.live()), (0, 1));
}

#[test]
fn values_travel_with_their_case_and_damaged_ones_are_refused() {
    let net = || [exclusive("orders", &[large().and(is_new())], true)];
    let (here, there) = (engine(&net()), engine(&net()));
    let set = [(0, Value::Decimal(1000.25)), (1, Value::text("new"))];
    let (mut shard, item) = start(&here, &set);
    let mut arena = Arena::new();
    let plain = shard.start_batch(P, &[Start::default()], &arena.scope()).cases[0];
    let scope = arena.scope();
    let exported = shard.export(&[plain, item.case], &scope);
    assert_eq!((exported.saved.len(), exported.values.len()), (2, 1));
    let mut other = there.shard(0, 8).unwrap();
    let imported = other.import_with(exported.saved, exported.values, &scope);
    assert_eq!((imported.cases.len(), imported.refused), (2, None));
    let moved = Event::complete(imported.cases[1], 0);
    assert_eq!(other.variables(moved.case).unwrap().get(1), Value::text("new"));
    assert_eq!(apply(&mut other, moved, &[]), (Status::Done, vec![1]));
    let refused = other.import(exported.saved, &scope);
    assert_eq!((refused.cases.len(), refused.refused), (1, Some(ImportError::Values)));
    let (mut kept, mut lost) = (0, 0);
    for bit in 0..512 {
        let mut bytes = exported.values.as_bytes().to_vec();
        bytes[bit / 8] ^= 1 << (bit % 8);
        let changed = [SavedValues::read_from_bytes(&bytes).unwrap()];
        let mut other = there.shard(0, 8).unwrap();
        match other.import_with(exported.saved, &changed, &scope).refused {
            None => kept += 1,
            Some(error) => {
                assert_eq!(error, ImportError::Values);
                lost += 1;
            }
        }
    }
    // A changed number or text is another number or text; the other six variables have no value and no bits.
    assert!(kept >= 110 && lost >= 384, "{kept} kept, {lost} lost");
}

#[test]
fn random_conditions_agree_with_the_naive_evaluator() {
    let full = std::env::var_os("WF_TEST_SCALE").is_some_and(|scale| scale == "full");
    let programs = if full { 20_000 } else { 600 };
    let (mut answers, mut faults) = (0, 0);
    for seed in 0..programs {
        let mut random = Random(seed * 7919 + 1);
        let guards: Vec<Expr> = (0..3).map(|_| guard::expr(&mut random, 4)).collect();
        let engine = engine(&[exclusive("random", &guards, true)]);
        let mut shard = engine.shard(0, 1).unwrap();
        let mut arena = Arena::new();
        for _ in 0..20 {
            let values = guard::values(&mut random);
            let known = values.iter().filter_map(|(name, value)| Some((engine.variable(P, name)?, *value)));
            let set: Vec<(u16, Value)> = known.collect();
            let start = Start { side: 0, ..Start::default() };
            let started = shard.start_batch_with(P, &[start], &[Side::set(&set)], &arena.scope());
            let item = started.enabled[0];
            let mut expected = (Status::Done, vec![4]);
            for (branch, guard) in guards.iter().enumerate() {
                match guard::truth(guard, &values) {
                    Truth::Yes => expected = (Status::Done, vec![branch as u16 + 1]),
                    Truth::No => continue,
                    Truth::NoValue => expected = (Status::NoValue, vec![]),
                    Truth::NoAnswer => expected = (Status::NoAnswer, vec![]),
                }
                break;
            }
            let found = apply(&mut shard, item, &[]);
            assert_eq!(found, expected, "seed {seed}: {guards:?} over {values:?}");
            *(if found.0 == Status::Done { &mut answers } else { &mut faults }) += 1;
            assert_eq!(apply(&mut shard, Event::cancel(item.case), &[]).0, Status::Done);
        }
    }
    println!("{programs} programs: {answers} answers, {faults} faults");
    assert!(answers > programs * 2 && faults > programs);
}

#[test]
fn a_completion_condition_without_an_answer_is_an_incident_until_it_has_one() {
    let mut net = NetBuilder::new("votes");
    let (s, after, e) = (net.start("s"), net.task("after"), net.end("e"));
    let rules = Instances {
        count: Quantity::Fixed(4),
        most: 4,
        needed: Needed::Condition,
        cancels_rest: true,
        is_dynamic: false,
        is_sequential: false,
    };
    let votes = net.instances("votes", rules);
    net.completion_guard(
        votes,
        Expr::Tally(Tally::Completed).compare(Comparison::GreaterOrEqual, Expr::variable("quorum")),
    );
    net.chain(&[s, votes, after, e]);
    let engine = engine(&[net.build().unwrap()]);
    let quorum = engine.variable(P, "quorum").unwrap();
    assert_eq!(
        engine.names(P).unwrap().variables,
        ["quorum"],
        "the numbers of instances are none of the case"
    );
    let (mut shard, item) = start(&engine, &[]);
    let vote = |instance| Event { task: item.task, instance, ..Event::complete(item.case, 0) };
    assert_eq!(apply(&mut shard, vote(1), &[]).0, Status::NoValue);
    let incident = Incident { case: item.case, task: item.task, status: Status::NoValue };
    assert_eq!(shard.incidents().collect::<Vec<_>>(), [incident]);
    assert_eq!(apply(&mut shard, vote(1), &[(quorum, Value::text("two"))]).0, Status::NoAnswer);
    // Nothing has changed: the instance is there still, and counts once.
    assert_eq!(apply(&mut shard, vote(1), &[(quorum, Value::Integer(2))]), (Status::Done, vec![]));
    assert_eq!(shard.incidents().count(), 0);
    assert_eq!(apply(&mut shard, vote(1), &[]).0, Status::NotEnabled);
    let after = engine.names(P).unwrap().tasks.iter().position(|task| task.id == "after").unwrap() as u16;
    assert_eq!(apply(&mut shard, vote(3), &[]), (Status::Done, vec![after]));
    // Behind the last instance nothing depends on the answer.
    let (mut shard, item) = start(&engine, &[]);
    for instance in 0..3 {
        let vote = Event { task: item.task, instance, ..Event::complete(item.case, 0) };
        assert_eq!(apply(&mut shard, vote.with_outcome(1), &[]), (Status::Done, vec![]));
    }
    let last = Event { task: item.task, instance: 3, ..Event::complete(item.case, 0) };
    assert_eq!(apply(&mut shard, last, &[]), (Status::Done, vec![after]));
}
