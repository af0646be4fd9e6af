//! A batch is its events one after another, also where some of them are masks and some are not.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "twin/constructs.rs"]
#[allow(dead_code, reason = "each test binary uses a part")]
mod constructs;
#[path = "twin/random.rs"]
#[allow(dead_code, reason = "each test binary uses a part")]
mod random;
mod scenario;

use random::Random;
use wf_engine::{
    Arena, CaseId, Changes, EndKind, Engine, Event, EventKind, NO_SIDE, ProgramId, Shard, Side, Start, Status,
};
use wf_net::image::{FLAG_GENERAL, FLAG_QUIET};
use wf_net::{CompileOptions, Names, Net, Program, compile};

const CASES: usize = 8;
const EVENTS: usize = 24;

/// A shard, and the cases of the test in it.
struct Player {
    shard: Shard,
    cases: Vec<CaseId>,
}

/// What a batch has told, with the case by its number in the test.
#[derive(Debug, Default, PartialEq)]
struct Told {
    status: Vec<Status>,
    enabled: Vec<(usize, u16, u8, EventKind)>,
    withdrawn: Vec<(usize, u16, u8, EventKind)>,
    ended: Vec<(usize, EndKind)>,
    sent: Vec<(usize, u32)>,
}

impl Player {
    fn number(&self, case: CaseId) -> usize {
        self.cases.iter().position(|&other| other == case).unwrap()
    }

    fn tell(&self, changes: &Changes<'_>, told: &mut Told) {
        let item = |event: &Event| (self.number(event.case), event.task, event.instance, event.kind);
        told.status.extend(changes.status);
        told.enabled.extend(changes.enabled.iter().map(item));
        told.withdrawn.extend(changes.withdrawn.iter().map(item));
        told.ended.extend(changes.ended.iter().map(|ended| (self.number(ended.case), ended.kind)));
        told.sent.extend(changes.sent.iter().map(|sent| (self.number(sent.case), sent.message.0)));
    }

    /// Events that name cases by their numbers, so many at a time.
    fn play(&mut self, events: &[(usize, Event)], sides: &[Side<'_>], at_once: usize) -> Told {
        let (mut told, mut arena) = (Told::default(), Arena::new());
        let events: Vec<Event> =
            events.iter().map(|&(case, event)| Event { case: self.cases[case], ..event }).collect();
        for batch in events.chunks(at_once) {
            let scope = arena.scope();
            let changes = self.shard.advance_with(batch, sides, &scope);
            self.tell(&changes, &mut told);
        }
        told
    }

    fn items(&self) -> Vec<Vec<(u16, u8, EventKind)>> {
        let of_case = |&case: &CaseId| {
            let items = self.shard.enabled(case).into_iter().flatten();
            items.map(|item| (item.task, item.instance, item.kind)).collect()
        };
        self.cases.iter().map(of_case).collect()
    }
}

/// Random digits for the decisions of a route: outcome byte, and side entry.
fn choice(names: &Names, route: usize, random: &mut Random) -> (u64, u64) {
    let (mut digits, mut outcomes) = (0, 1);
    for &decision in &names.route_decisions[route] {
        let base = names.decisions[decision].base();
        digits += random.next() % base * outcomes;
        outcomes *= base;
    }
    (digits, outcomes)
}

fn event(net: &Net, names: &Names, random: &mut Random, sides: &mut Vec<Side<'static>>) -> Event {
    let tasks = names.tasks.len();
    let interrupts = net.interrupts().count();
    let route = match random.below(tasks + interrupts) {
        task if task < tasks => task,
        interrupt => interrupt + names.starts.len(),
    };
    let kind = match random.below(16) {
        0 | 1 => EventKind::Begin,
        2..=4 => EventKind::Trigger,
        5 => EventKind::AddInstance,
        6 => EventKind::CompleteInstances,
        7 if random.one_in(4) => EventKind::Cancel,
        _ if route >= tasks => EventKind::Trigger,
        _ => EventKind::Complete,
    };
    let (digits, outcomes) = choice(names, route, random);
    let base = Event {
        kind,
        instance: if random.one_in(4) { 1 } else { 0 },
        ..Event::complete(CaseId(0), route as u16)
    };
    if kind == EventKind::Begin || outcomes <= 256 {
        return Event {
            outcome: if kind == EventKind::Begin { 0 } else { digits as u8 },
            side: NO_SIDE,
            ..base
        };
    }
    sides.push(Side::choice(digits));
    base.with_side((sides.len() - 1) as u16)
}

fn players(engine: &Engine, names: &Names, program: ProgramId, random: &mut Random) -> Option<[Player; 2]> {
    let mut players = [0, 1].map(|id| Player { shard: engine.shard(id, CASES).unwrap(), cases: Vec::new() });
    let mut arena = Arena::new();
    for _ in 0..CASES {
        let (digits, outcomes) = choice(names, names.tasks.len(), random);
        let start = match outcomes {
            0..=256 => Start { outcome: digits as u8, ..Start::default() },
            _ => Start { side: 0, ..Start::default() },
        };
        for player in &mut players {
            let scope = arena.scope();
            let started = player.shard.start_batch_with(program, &[start], &[Side::choice(digits)], &scope);
            player.cases.push(*started.cases.first().filter(|_| started.ended.is_empty())?);
        }
    }
    Some(players)
}

#[test]
#[allow(clippy::print_stdout, reason = "what a test covers")]
fn a_batch_is_its_events_one_after_another() {
    let (mut nets, mut general, mut quiet, mut done, mut ended) = (0, 0, 0, 0, 0);
    let is_full = std::env::var("WF_TEST_SCALE").is_ok_and(|scale| scale == "full");
    for seed in 1..=if is_full { 40_000 } else { 600 } {
        let mut random = Random(seed);
        let Some(net) = constructs::net(&mut random) else { continue };
        let Ok(image) = compile(&net, &CompileOptions::default()) else { continue };
        let flags = Program::parse(image.as_bytes()).unwrap().header().flags;
        let engine = scenario::engine(std::slice::from_ref(&net), &CompileOptions::default());
        let program = engine.program(net.name()).unwrap();
        let names = engine.names(program).unwrap();
        let Some([mut one, mut many]) = players(&engine, &names, program, &mut random) else { continue };
        nets += 1;
        general += usize::from(flags & FLAG_GENERAL != 0);
        quiet += usize::from(flags & FLAG_QUIET != 0);
        for _ in 0..12 {
            let mut sides = Vec::new();
            let events: Vec<(usize, Event)> = (0..EVENTS)
                .map(|_| (random.below(CASES), event(&net, &names, &mut random, &mut sides)))
                .collect();
            let (single, batched) = (one.play(&events, &sides, 1), many.play(&events, &sides, EVENTS));
            assert_eq!(single, batched, "seed {seed}: {events:?}");
            assert_eq!(one.items(), many.items(), "seed {seed}: {events:?}");
            done += single.status.iter().filter(|&&status| status == Status::Done).count();
            ended += single.ended.len();
        }
        assert_eq!(one.shard.live(), many.shard.live());
    }
    println!(
        "{nets} nets ({general} general, {quiet} with quiet steps), {done} events done, {ended} cases ended"
    );
    assert!(
        quiet > nets / 5 && general > nets / 2 && done > 20 * nets && ended > nets,
        "batches are no longer covered"
    );
}
