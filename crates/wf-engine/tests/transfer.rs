//! Saved cases are bytes from outside: what is wrong with them is said, and nothing of their family lives.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "scenario/changed.rs"]
mod changed;
mod scenario;

use wf_engine::{Arena, CaseId, Engine, Event, ImportError, Saved, Shard, Start, Status};
use wf_net::CompileOptions;
use wf_net::patterns::PATTERNS;

fn engine(number: usize) -> Engine {
    scenario::engine(&(PATTERNS[number - 1].nets)(), &CompileOptions::default())
}

/// A shard with one case of the pattern's first net, some steps on its way, and its saved form.
fn begun(engine: &Engine, name: &str, steps: usize) -> (Shard, Vec<Saved>) {
    let mut shard = engine.shard(0, 16).unwrap();
    let mut arena = Arena::new();
    let program = engine.program(name).unwrap();
    let case = shard.start_batch(program, &[Start::default()], &arena.scope()).cases[0];
    for _ in 0..steps {
        let next = shard.enabled(case).and_then(|mut items| items.next());
        let Some(event) = next.filter(|_| shard.case(case).is_some()) else { break };
        if shard.outcomes(case, event.task) > 1 {
            break;
        }
        shard.advance(&[event], &arena.scope());
    }
    let saved = shard.export(&[case], &arena.scope()).saved.to_vec();
    (shard, saved)
}

#[test]
fn every_changed_bit_is_refused_or_harmless() {
    let (mut refused, mut harmless) = (0, 0);
    for pattern in &PATTERNS {
        let nets = (pattern.nets)();
        let engine = scenario::engine(&nets, &CompileOptions::default());
        for steps in 0..3 {
            let (_, saved) = begun(&engine, nets[0].name(), steps);
            for changed in changed::with_each_bit_changed(&saved) {
                let mut shard = engine.shard(1, 16).unwrap();
                let mut arena = Arena::new();
                let imported = shard.import(&changed, &arena.scope());
                if imported.refused.is_some() {
                    refused += 1;
                    // Families before the changed one may live; of its own nothing does.
                    assert_eq!(shard.live(), imported.cases.len());
                    continue;
                }
                harmless += 1;
                let cases = imported.cases.to_vec();
                exercise(&mut shard, &cases);
            }
        }
    }
    println!("{refused} refused, {harmless} harmless");
    assert!(refused > harmless, "{refused} refused, {harmless} harmless");
}

/// Every event that could be meant for these cases: none may panic.
fn exercise(shard: &mut Shard, cases: &[CaseId]) {
    let mut arena = Arena::new();
    for &case in cases {
        for task in 0..4 {
            let events = [
                Event::begin(case, task),
                Event::trigger(case, task),
                Event::add_instance(case, task),
                Event::complete(case, task),
                Event::complete_instances(case, task),
            ];
            shard.advance(&events, &arena.scope());
        }
        if let Some(items) = shard.enabled(case) {
            assert_eq!(items.len(), items.count());
        }
        shard.advance(&[Event::cancel(case)], &arena.scope());
    }
    for &case in cases {
        assert!(shard.case(case).is_none());
    }
    assert_eq!(shard.live(), 0);
}

#[test]
fn what_is_wrong_is_said() {
    let engine = engine(22);
    let (mut shard, saved) = begun(&engine, "wcp-22", 0);
    let mut arena = Arena::new();
    let scope = arena.scope();
    // A case of another store.
    let other = self::engine(3);
    let refused = other.shard(0, 4).unwrap().import(&saved, &scope).refused;
    assert_eq!(refused, Some(ImportError::UnknownProgram));
    // A family of two, of which one has no slot: neither lives.
    let root = shard.start_batch(engine.program("wcp-22").unwrap(), &[Start::default()], &scope).cases[0];
    assert_eq!(shard.advance(&[Event::complete(root, 0)], &scope).status, [Status::Done]);
    let family = shard.export(&[root], &scope).saved;
    assert_eq!(family.len(), 2);
    let mut small = engine.shard(0, 2).unwrap();
    let imported = small.import(&[saved[0], family[0], family[1]], &scope);
    assert_eq!((imported.cases.len(), imported.refused), (1, Some(ImportError::NoRoom)));
    assert_eq!(small.live(), 1);
    // The called case alone, and the calling one alone.
    for part in [&family[..1], &family[1..]] {
        let refused = engine.shard(0, 4).unwrap().import(part, &scope).refused;
        assert_eq!(refused, Some(ImportError::Link));
    }
    // Nothing, and the id of a case that lives no more.
    assert_eq!(shard.import(&[], &scope).refused, None);
    assert!(shard.export(&[CaseId(7)], &scope).saved.is_empty());
    // A case that another calls goes with its caller only.
    let called = shard.called(root).next().unwrap();
    assert!(shard.export(&[called], &scope).saved.is_empty());
    assert_eq!(shard.caller(called), Some((root, 1)));
}

#[test]
fn many_cases_keep_their_order_and_time() {
    let engine = engine(2);
    let program = engine.program("wcp-02").unwrap();
    let mut shard = engine.shard(0, 100).unwrap();
    let mut arena = Arena::new();
    let mut cases = Vec::new();
    for second in 0..100 {
        shard.tick(second);
        cases.extend(shard.start_batch(program, &[Start::default()], &arena.scope()).cases);
    }
    let scope = arena.scope();
    let exported = shard.export(&cases, &scope);
    assert_eq!(exported.cases, cases);
    let mut other = engine.shard(5, 100).unwrap();
    let imported = other.import(exported.saved, &scope);
    assert_eq!((imported.cases.len(), imported.refused), (100, None));
    for (second, (&new, &old)) in (0..).zip(imported.cases.iter().zip(&cases)) {
        assert_eq!((new.shard(), other.case(new).unwrap().since), (5, second));
        let tasks =
            |shard: &Shard, case| shard.enabled(case).unwrap().map(|item| item.task).collect::<Vec<_>>();
        assert_eq!(tasks(&other, new), tasks(&shard, old));
    }
}
