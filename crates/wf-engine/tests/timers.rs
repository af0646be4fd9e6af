//! What time brings: timers of triggers and of interrupts, armed, fired, forgotten and moved.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod scenario;

use std::collections::BTreeMap;

use wf_engine::{Arena, CaseId, Engine, Event, ProgramId, Shard, Start, Status};
use wf_net::{CompileOptions, Net, NetBuilder, Retention, Timer};

const P: ProgramId = ProgramId(0);

fn engine(net: &Net) -> Engine {
    scenario::engine(std::slice::from_ref(net), &CompileOptions::default())
}

/// `A`, then a choice between a timer of 60 seconds that leads back to `A`, and task `B`.
fn reminder() -> Net {
    let mut net = NetBuilder::new("reminder");
    let (s, merge, a, choice) = (net.start("s"), net.exclusive("m"), net.task("A"), net.deferred("d"));
    let (wait, b, end) = (net.receive("wait", Retention::Transient), net.task("B"), net.end("e"));
    net.chain(&[s, merge, a, choice, wait, merge]);
    net.chain(&[choice, b, end]);
    net.timer(wait, Timer::After(60));
    net.build().unwrap()
}

fn start(shard: &mut Shard) -> CaseId {
    shard.start_batch(P, &[Start::default()], &Arena::new().scope()).cases[0]
}

fn advance(shard: &mut Shard, event: Event) -> Status {
    shard.advance(&[event], &Arena::new().scope()).status[0]
}

#[test]
fn a_timer_fires_once_after_its_time_and_not_when_its_token_is_gone() {
    let engine = engine(&reminder());
    let mut shard = engine.shard(0, 4).unwrap();
    shard.tick(100);
    let case = start(&mut shard);
    assert_eq!(shard.next_deadline(), None);
    let (a, wait, b) = (Event::complete(case, 0), Event::trigger(case, 1), Event::complete(case, 2));
    assert_eq!(advance(&mut shard, a), Status::Done);
    assert_eq!(shard.next_deadline(), Some(160));
    assert_eq!(shard.tick(159).count(), 0);
    let fired: Vec<Event> = shard.tick(160).collect();
    assert_eq!((fired.as_slice(), shard.next_deadline()), (&[wait][..], None));
    assert_eq!(shard.tick(161).count(), 0, "once");
    assert_eq!(advance(&mut shard, wait), Status::Done);
    // Armed anew, and forgotten when the other alternative is taken.
    assert_eq!(advance(&mut shard, a), Status::Done);
    assert_eq!(shard.next_deadline(), Some(221));
    assert_eq!(advance(&mut shard, b), Status::Done);
    assert_eq!((shard.next_deadline(), shard.tick(1000).count(), shard.live()), (None, 0, 0));
}

#[test]
fn a_token_that_comes_back_waits_its_whole_time() {
    let engine = engine(&reminder());
    let mut shard = engine.shard(0, 1).unwrap();
    let case = start(&mut shard);
    let (a, wait) = (Event::complete(case, 0), Event::trigger(case, 1));
    assert_eq!(advance(&mut shard, a), Status::Done);
    shard.tick(30);
    // Somebody else brings the trigger, and the token comes back 10 seconds later.
    assert_eq!(advance(&mut shard, wait), Status::Done);
    shard.tick(40);
    assert_eq!(advance(&mut shard, a), Status::Done);
    assert_eq!(shard.tick(60).count(), 0, "the first time does not count any more");
    assert_eq!(shard.next_deadline(), Some(100));
    assert_eq!(shard.tick(u32::MAX).collect::<Vec<_>>(), [wait]);
}

#[test]
fn an_interrupt_is_armed_when_its_region_gets_its_first_token() {
    for (interrupts, loops) in [(true, false), (false, false), (true, true)] {
        let mut net = NetBuilder::new("boundary");
        let (s, merge, a, again, b, end) = (
            net.start("s"),
            net.exclusive("m"),
            net.task("A"),
            net.exclusive("again"),
            net.task("B"),
            net.end("e"),
        );
        let late = net.task("late");
        net.chain(&[s, merge, a, again, b, end]);
        net.flow(again, merge);
        let timeout = net.interrupt("timeout", interrupts, &[a]);
        net.timer(timeout, Timer::After(10));
        net.chain(&[timeout, late, end]);
        let engine = engine(&net.build().unwrap());
        let mut shard = engine.shard(0, 2).unwrap();
        shard.tick(5);
        let case = start(&mut shard);
        let number = shard.interrupts(case).next().unwrap();
        assert_eq!(shard.next_deadline(), Some(15));
        if loops {
            shard.tick(9);
            // The token goes and comes back in one step: the time begins anew.
            assert_eq!(advance(&mut shard, Event::complete(case, 0).with_outcome(1)), Status::Done);
            assert_eq!((shard.tick(15).count(), shard.next_deadline()), (0, Some(19)));
        }
        assert_eq!(shard.tick(19).collect::<Vec<_>>(), [number]);
        assert_eq!(advance(&mut shard, number), Status::Done);
        let tasks: Vec<u16> = shard.enabled(case).unwrap().map(|item| item.task).collect();
        assert_eq!(tasks, if interrupts { vec![2] } else { vec![0, 2] });
        assert_eq!(shard.next_deadline(), None, "once");
        // Without an interruption there is nothing to fire for.
        let other = start(&mut shard);
        assert_eq!(advance(&mut shard, Event::complete(other, 0)), Status::Done);
        assert_eq!((shard.next_deadline(), shard.tick(1000).count()), (None, 0));
    }
}

#[test]
fn an_interrupt_that_leads_back_into_its_region_is_armed_anew() {
    let mut net = NetBuilder::new("restart");
    let (s, merge, a, end) = (net.start("s"), net.exclusive("m"), net.task("A"), net.end("e"));
    net.chain(&[s, merge, a, end]);
    let timeout = net.interrupt("timeout", true, &[a]);
    net.timer(timeout, Timer::After(10));
    net.flow(timeout, merge);
    let engine = engine(&net.build().unwrap());
    let mut shard = engine.shard(0, 1).unwrap();
    let case = start(&mut shard);
    for round in 1..4 {
        let fired: Vec<Event> = shard.tick(10 * round).collect();
        assert_eq!((fired.len(), shard.next_deadline()), (1, None));
        assert_eq!(advance(&mut shard, fired[0]), Status::Done);
        assert_eq!(shard.next_deadline(), Some(10 * (round + 1)));
    }
    assert_eq!(advance(&mut shard, Event::complete(case, 0)), Status::Done);
    assert_eq!((shard.next_deadline(), shard.live()), (None, 0));
}

#[test]
fn a_date_fires_at_its_second_and_a_case_takes_its_timers_along() {
    let mut net = NetBuilder::new("date");
    let (s, wait, end) = (net.start("s"), net.receive("wait", Retention::Transient), net.end("e"));
    net.chain(&[s, wait, end]);
    net.timer(wait, Timer::At(5000));
    let engine = engine(&net.build().unwrap());
    let (mut shard, mut other) = (engine.shard(0, 4).unwrap(), engine.shard(1, 4).unwrap());
    shard.tick(100);
    let case = start(&mut shard);
    assert_eq!(shard.next_deadline(), Some(5000));
    let mut arena = Arena::new();
    let scope = arena.scope();
    let exported = shard.export(&[case], &scope);
    let moved = other.import(exported.saved, &scope).cases[0];
    assert_eq!(other.tick(4999).count(), 0);
    assert_eq!(other.tick(5000).collect::<Vec<_>>(), [Event::trigger(moved, 0)]);
    // The second is over already: due at once.
    other.tick(6000);
    start(&mut other);
    assert_eq!(other.next_deadline(), Some(5000));
}

/// The heap against a list that knows, for each case, the second at which its timer fires.
#[test]
fn the_heap_agrees_with_a_list_and_keeps_its_size() {
    let engine = engine(&reminder());
    let mut shard = engine.shard(0, 50).unwrap();
    let (mut arena, mut state, mut now) = (Arena::new(), 1u64, 0);
    let mut cases: Vec<CaseId> = (0..50).map(|_| start(&mut shard)).collect();
    let mut waiting: BTreeMap<CaseId, u32> = BTreeMap::new();
    let (mut fired_total, bytes) = (0, shard.bytes());
    for _ in 0..200_000 {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let random = (state >> 33) as usize;
        let at = random % cases.len();
        let case = cases[at];
        match (random / 50 % 20, waiting.contains_key(&case)) {
            (0, _) => {
                now += (random / 1000 % 8) as u32;
                let fired: Vec<Event> = shard.tick(now).collect();
                let mut seen: Vec<CaseId> = fired.iter().map(|event| event.case).collect();
                let mut due: Vec<CaseId> =
                    waiting.iter().filter(|&(_, &second)| second <= now).map(|(&case, _)| case).collect();
                seen.sort_unstable();
                due.sort_unstable();
                assert_eq!(seen, due);
                fired_total += fired.len();
                assert!(shard.advance(&fired, &arena.scope()).status.iter().all(|&s| s == Status::Done));
                waiting.retain(|case, _| !due.contains(case));
            }
            (1, true) => {
                assert_eq!(advance(&mut shard, Event::complete(case, 2)), Status::Done);
                waiting.remove(&case);
                cases[at] = start(&mut shard);
            }
            (_, true) => {
                assert_eq!(advance(&mut shard, Event::trigger(case, 1)), Status::Done);
                waiting.remove(&case);
            }
            (_, false) => {
                assert_eq!(advance(&mut shard, Event::complete(case, 0)), Status::Done);
                waiting.insert(case, now + 60);
            }
        }
        assert_eq!(shard.next_deadline(), waiting.values().min().copied());
    }
    assert!(fired_total > 100, "{fired_total} fired");
    assert_eq!(shard.bytes(), bytes, "the heap has grown");
}

#[test]
fn a_timer_without_room_is_left_to_the_caller() {
    let mut net = NetBuilder::new("many");
    let (s, split, end) = (net.start("s"), net.parallel("p"), net.end("e"));
    net.flow(s, split);
    for index in 0..8 {
        let wait = net.receive(&format!("w{index}"), Retention::Transient);
        net.chain(&[split, wait, end]);
        net.timer(wait, Timer::After(index));
    }
    let engine = engine(&net.build().unwrap());
    let timers = engine.names(P).unwrap().timers;
    let watched: Vec<bool> = timers.iter().map(|label| label.is_watched).collect();
    assert_eq!(watched, [true, true, true, true, true, true, false, false]);
    let mut shard = engine.shard(0, 1).unwrap();
    let case = start(&mut shard);
    let fired: Vec<Event> = shard.tick(9).collect();
    let expected: Vec<Event> = (0..6).map(|task| Event::trigger(case, task)).collect();
    assert_eq!(fired, expected, "in the order of their seconds");
    assert_eq!(advance(&mut shard, Event::trigger(case, 7)), Status::Done);
}
