//! The engine against the naive interpreter: random nets, random events, legal or not; the same statuses, work items and
//! endings at every step.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod twin;

#[path = "twin/random.rs"]
mod random;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};

use random::Random;
use twin::{Case, Choices};
use wf_engine::{
    Arena, CaseId, Engine, Event, EventKind, Key, ProgramId, Shard, Side, Start, Status, Store, StoreBuilder,
};
use wf_net::{CompileOptions, Names, Net, NodeId, Program, compile};

/// Tokens in one place at which a case is given up: the twin has no limit, the engine has one of 255.
const TOKENS_MAX: u32 = 120;

struct Pair<'n> {
    twin: Case<'n>,
    /// The case in the shard of the masks and in the shard of the scripts.
    ids: [CaseId; 2],
    /// The case in the shard that runs batches.
    batched: CaseId,
}

/// Completions applied by `Shard::step`.
static ALONE: AtomicUsize = AtomicUsize::new(0);

struct Duel<'n> {
    net: &'n Net,
    names: Names,
    program: ProgramId,
    shards: [Shard; 2],
    /// Runs the masks too, but many events at a time.
    batched: Shard,
    queue: Vec<(Event, Status)>,
    arena: Arena,
    tasks: Vec<NodeId>,
    stale: Vec<[CaseId; 2]>,
    steps: usize,
}

/// Opens one store with the same net compiled to masks and to scripts only.
fn engine(images: &[(&str, &[u8])]) -> Engine {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    let mut store = StoreBuilder::create(&path, Default::default()).unwrap();
    for (name, image) in images {
        store.add(Key::Str(name), image).unwrap();
    }
    store.finish().unwrap();
    Engine::with_store(Store::open_copy(&path).unwrap()).unwrap()
}

impl<'n> Duel<'n> {
    fn choices(&self, route: usize, mut choice: u64) -> Choices {
        let digits = &self.names.route_decisions[route];
        digits
            .iter()
            .map(|&decision| {
                let decision = &self.names.decisions[decision];
                let branches = decision.branches.len() as u64;
                let branch = (choice % branches) as usize;
                choice /= branches;
                (decision.gateway.id.clone(), branch)
            })
            .collect()
    }

    fn outcomes(&self, route: usize) -> u64 {
        let digits = &self.names.route_decisions[route];
        digits.iter().map(|&decision| self.names.decisions[decision].branches.len() as u64).product()
    }

    fn start(&mut self, random: &mut Random) -> Option<Pair<'n>> {
        let starts: Vec<NodeId> = self.net.nodes_of(wf_net::NodeKind::Start).collect();
        let node = random.below(starts.len());
        let route = self.tasks.len() + node;
        let (choice, outcome, side) = pick(random, self.outcomes(route));
        let twin = Case::start(self.net, starts[node], &self.choices(route, choice));
        let start = Start { node: node as u16, outcome, side };
        let mut ids = [CaseId::default(); 2];
        for (shard, id) in self.shards.iter_mut().zip(&mut ids) {
            let program = ProgramId(self.program.0 + u32::from(shard.id()));
            let started =
                shard.start_batch_with(program, &[start], &[Side::choice(choice)], &self.arena.scope());
            assert_eq!(started.refused, None, "start");
            *id = started.cases[0];
            let enabled: Vec<u16> = started.enabled.iter().map(|event| event.task).collect();
            let number = |node: &NodeId| self.tasks.binary_search(node).unwrap() as u16;
            assert_eq!(enabled, twin.enabled().iter().map(number).collect::<Vec<_>>(), "start");
            assert_eq!(started.ended.first().map(|ended| ended.kind), twin.ended, "start");
        }
        let started = self.batched.start_batch_with(
            self.program,
            &[start],
            &[Side::choice(choice)],
            &self.arena.scope(),
        );
        let batched = started.cases[0];
        if twin.ended.is_some() {
            self.stale.push(ids);
            return None;
        }
        Some(Pair { twin, ids, batched })
    }

    /// One random event on one case, the same for all.
    fn step(&mut self, pair: &mut Pair<'n>, random: &mut Random) {
        self.steps += 1;
        let drawn = self.draw(pair, random);
        let status = self.apply_singly(pair, &drawn);
        self.apply_in_batches(pair, &drawn, status);
    }

    /// Draws an event, legal or not, and lets the twin say what becomes of it.
    fn draw(&self, pair: &mut Pair<'n>, random: &mut Random) -> Drawn {
        let beyond = usize::from(random.one_in(20));
        let task = random.below(self.tasks.len() + beyond);
        let kind = match random.below(12) {
            0 | 1 => EventKind::Begin,
            2 if random.one_in(30) => EventKind::Cancel,
            3 if random.one_in(10) => EventKind::Trigger,
            _ => EventKind::Complete,
        };
        let known = task < self.tasks.len();
        let outcomes = if known { self.outcomes(task) } else { 1 };
        let (choice, outcome, side) = pick(random, outcomes);
        let mut event = Event { kind, outcome, side, ..Event::complete(CaseId::default(), task as u16) };
        let mut cancelled = Vec::new();
        let done_if = |done| if done { Status::Done } else { Status::NotEnabled };
        let expected = match kind {
            EventKind::Cancel => {
                event = Event::cancel(CaseId::default());
                cancelled = pair.twin.cancel().unwrap();
                Status::Done
            }
            _ if !known => Status::UnknownTask,
            EventKind::Trigger => Status::KindRefused,
            _ if random.one_in(40) => {
                event.round = 1;
                Status::StaleRound
            }
            EventKind::Begin => {
                event = Event::begin(CaseId::default(), task as u16);
                done_if(pair.twin.begin(self.tasks[task]))
            }
            _ if outcomes <= 255 && random.one_in(20) => {
                event.outcome = 255;
                Status::BadOutcome
            }
            _ => done_if(pair.twin.complete(self.tasks[task], &self.choices(task, choice))),
        };
        Drawn { event, choice, expected, cancelled }
    }

    /// Applies the event alone to the shards of the masks and of the scripts; the status that the first gave.
    fn apply_singly(&mut self, pair: &Pair<'n>, drawn: &Drawn) -> Status {
        let mut first = None;
        let numbers = |nodes: &[NodeId]| -> Vec<u16> {
            nodes.iter().map(|node| self.tasks.binary_search(node).unwrap() as u16).collect()
        };
        let (withdrawn, waiting) = (numbers(&drawn.cancelled), numbers(&pair.twin.enabled()));
        for (shard, case) in self.shards.iter_mut().zip(pair.ids) {
            let event = Event { case, ..drawn.event };
            let had = tasks(shard, case).unwrap();
            // Half of the events are tried alone, without lists, first.
            if event.task % 2 == 1
                && let Some(step) = shard.step(event)
            {
                ALONE.fetch_add(1, Ordering::Relaxed);
                assert_eq!((drawn.expected, step.ended), (Status::Done, pair.twin.ended));
                let fresh: Vec<Event> = (0..64)
                    .filter(|t| step.enabled >> t & 1 == 1)
                    .map(|t| Event::complete(case, t))
                    .collect();
                let has = tasks(shard, case).unwrap_or_default();
                assert_eq!(has, waiting, "after {event:?}");
                check_fresh(&had, &has, &event, Status::Done, &fresh, pair.twin.ended.is_some());
                first = first.or(Some(Status::Done));
                continue;
            }
            let changes = shard.advance_with(&[event], &[Side::choice(drawn.choice)], &self.arena.scope());
            let got = changes.status[0];
            // Which of two reasons for a refusal is named does not matter to the state.
            let also = if drawn.expected == Status::BadOutcome { Status::NotEnabled } else { drawn.expected };
            assert!(
                got == drawn.expected || got == also,
                "{got:?} instead of {:?}: {event:?}",
                drawn.expected
            );
            assert_eq!(changes.ended.first().map(|ended| ended.kind), pair.twin.ended);
            assert_eq!(changes.withdrawn.iter().map(|event| event.task).collect::<Vec<_>>(), withdrawn);
            let has = tasks(shard, case).unwrap_or_default();
            assert_eq!(has, waiting, "after {event:?}");
            check_fresh(&had, &has, &event, got, changes.enabled, pair.twin.ended.is_some());
            first = first.or(Some(got));
        }
        first.unwrap()
    }

    /// Queues the event, and two more on a case that it ends, for the shard that runs batches.
    fn apply_in_batches(&mut self, pair: &Pair<'n>, drawn: &Drawn, status: Status) {
        let event = Event { case: pair.batched, ..drawn.event };
        if event.side == wf_engine::NO_SIDE {
            self.queue.push((event, status));
        } else {
            // Side tables of single events do not add up to one of a batch.
            self.flush();
            let changes =
                self.batched.advance_with(&[event], &[Side::choice(drawn.choice)], &self.arena.scope());
            assert_eq!(changes.status, [status]);
        }
        if pair.twin.ended.is_some() {
            self.queue.push((Event::complete(pair.batched, 0), Status::UnknownCase));
            self.queue.push((Event::cancel(pair.batched), Status::UnknownCase));
        }
        if self.queue.len() > 16 {
            self.flush();
            assert_eq!(tasks(&self.batched, pair.batched), tasks(&self.shards[0], pair.ids[0]));
        }
    }

    /// Applies the queued events in one batch: the same statuses as one by one.
    fn flush(&mut self) {
        let events: Vec<Event> = self.queue.iter().map(|(event, _)| *event).collect();
        let expected: Vec<Status> = self.queue.drain(..).map(|(_, status)| status).collect();
        assert_eq!(self.batched.advance(&events, &self.arena.scope()).status, expected, "{events:?}");
    }
}

/// An event for any of the shards, and what is expected of it.
struct Drawn {
    /// The event, of no case yet.
    event: Event,
    /// The side entry that goes with it.
    choice: u64,
    expected: Status,
    /// Work items that a cancellation takes away.
    cancelled: Vec<NodeId>,
}

/// Tasks of a case's work items; `None` if it does not live.
fn tasks(shard: &Shard, case: CaseId) -> Option<Vec<u16>> {
    shard.enabled(case).map(|items| items.map(|event| event.task).collect())
}

/// The new work items are those that the step added.
fn check_fresh(had: &[u16], has: &[u16], event: &Event, status: Status, fresh: &[Event], ended: bool) {
    let mut expected: BTreeMap<u16, i32> = BTreeMap::new();
    if status == Status::Done && event.kind == EventKind::Complete && !ended {
        has.iter().for_each(|&task| *expected.entry(task).or_default() += 1);
        had.iter().for_each(|&task| *expected.entry(task).or_default() -= 1);
    }
    let mut got: BTreeMap<u16, i32> = BTreeMap::new();
    fresh.iter().for_each(|event| *got.entry(event.task).or_default() += 1);
    for (&task, &count) in &expected {
        // The completed task itself: its own item is gone unless it had been begun.
        let slack = i32::from(task == event.task);
        let got = got.get(&task).copied().unwrap_or(0);
        assert!(got == count || (slack == 1 && got == count + 1), "task {task}: {got} new, expected {count}");
    }
    assert!(got.keys().all(|task| expected.contains_key(task)), "{got:?} new, expected {expected:?}");
}

/// A choice, and the outcome and side index that say it.
fn pick(random: &mut Random, outcomes: u64) -> (u64, u8, u16) {
    let choice = random.next() % outcomes;
    match u8::try_from(choice) {
        Ok(outcome) if outcomes <= 256 => (choice, outcome, wf_engine::NO_SIDE),
        _ => (choice, 0, 0),
    }
}

fn duel(net: &Net, random: &mut Random, steps: usize) -> Option<usize> {
    let masks = compile(net, &CompileOptions::default()).ok()?;
    let mut options = CompileOptions::default();
    options.scripts_only = true;
    let scripts = compile(net, &options).ok()?;
    let engine = engine(&[("a masks", masks.as_bytes()), ("b scripts", scripts.as_bytes())]);
    let (program, other) = (engine.program("a masks").unwrap(), engine.program("b scripts").unwrap());
    assert_eq!(other.0, program.0 + 1, "the store keeps the order of names");
    let mut duel = Duel {
        net,
        names: Program::parse(masks.as_bytes()).unwrap().names().unwrap(),
        program,
        shards: [engine.shard(0, 8).unwrap(), engine.shard(1, 8).unwrap()],
        batched: engine.shard(2, 64).unwrap(),
        queue: Vec::new(),
        arena: Arena::new(),
        tasks: net.nodes_of(wf_net::NodeKind::Task).collect(),
        stale: Vec::new(),
        steps: 0,
    };
    let mut pairs: Vec<Pair<'_>> = Vec::new();
    while duel.steps < steps {
        if pairs.len() < 4 {
            match duel.start(random) {
                Some(pair) => pairs.push(pair),
                None => duel.steps += 1,
            }
            continue;
        }
        let index = random.below(pairs.len());
        duel.step(&mut pairs[index], random);
        let pair = &pairs[index];
        if pair.twin.ended.is_some() {
            duel.stale.push(pair.ids);
            pairs.swap_remove(index);
        } else if pair.twin.most() > TOKENS_MAX {
            for (shard, case) in duel.shards.iter_mut().zip(pair.ids) {
                let changes = shard.advance(&[Event::cancel(case)], &duel.arena.scope());
                assert_eq!(changes.status, [Status::Done]);
            }
            duel.queue.push((Event::cancel(pair.batched), Status::Done));
            pairs.swap_remove(index);
        }
        if let Some(&ids) = duel.stale.last() {
            for (shard, case) in duel.shards.iter_mut().zip(ids) {
                let changes = shard.advance(&[Event::complete(case, 0)], &duel.arena.scope());
                assert_eq!(changes.status, [Status::UnknownCase], "the id of an ended case reaches nothing");
            }
        }
    }
    duel.flush();
    assert_eq!(duel.batched.live(), pairs.len());
    let live: Vec<usize> = duel.shards.iter().map(Shard::live).collect();
    assert_eq!(live, [pairs.len(), pairs.len()]);
    Some(duel.steps)
}

#[test]
fn engine_and_twin_agree_step_by_step() {
    let full = std::env::var("WF_TEST_SCALE").is_ok_and(|scale| scale == "full");
    let (nets_wanted, steps_each) = if full { (10_000, 150) } else { (400, 150) };
    let (mut nets, mut refused, mut steps, mut wide, mut counted) = (0, 0, 0, 0, 0);
    let mut seed = 0;
    while nets < nets_wanted {
        seed += 1;
        let mut random = Random(seed);
        let shape = if seed % 2 == 0 { random::net } else { random::blocks };
        let Some(net) = shape(&mut random) else {
            refused += 1;
            continue;
        };
        let played =
            std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| duel(&net, &mut random, steps_each)));
        match played {
            Ok(Some(count)) => {
                steps += count;
                nets += 1;
                let image = compile(&net, &CompileOptions::default()).unwrap();
                let header = Program::parse(image.as_bytes()).unwrap().header().clone();
                wide += usize::from(header.words == 2);
                counted += usize::from(header.counters > 0);
            }
            Ok(None) => refused += 1,
            Err(panic) => {
                println!("seed {seed}: {net:#?}");
                std::panic::resume_unwind(panic);
            }
        }
    }
    let alone = ALONE.load(Ordering::Relaxed);
    println!(
        "{nets} nets ({wide} of two words, {counted} with counters), {refused} refused, {steps} steps, {alone} alone"
    );
    assert!(alone > nets, "few events were applied alone: {alone}");
    assert!(
        wide > nets / 100 && counted > nets / 20,
        "the generator no longer covers both widths and counters"
    );
}
