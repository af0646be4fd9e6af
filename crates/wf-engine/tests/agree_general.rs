//! The engine and the naive interpreter agree at every step, on random nets over every construct.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "twin/constructs.rs"]
mod constructs;
#[path = "twin/general.rs"]
mod general;
#[allow(dead_code, reason = "each test binary uses a part")]
#[path = "twin/guard.rs"]
mod guard;
#[path = "twin/random.rs"]
#[allow(dead_code, reason = "each test binary uses a part")]
mod random;
mod scenario;

use std::collections::BTreeMap;

use general::{Case, Choices, Refused, is_merge};
use random::Random;
use wf_engine::{
    Arena, CaseId, Changes, Engine, Event, EventKind, ProgramId, Sent, Shard, Side, Start, Status,
};
use wf_net::image::{FLAG_GENERAL, FLAG_QUIET, KIND_PLAIN};
use wf_net::{CompileOptions, DecisionKind, Names, Net, NodeId, NodeKind, Program, compile};

/// Tokens in one place at which a case is given up: the twin has no limit, the engine has one of 255.
const TOKENS_MAX: u32 = 60;

struct Duel<'n> {
    net: &'n Net,
    engine: &'n Engine,
    names: Names,
    program: ProgramId,
    shard: Shard,
    arena: Arena,
    tasks: Vec<NodeId>,
    starts: usize,
    interrupts: Vec<NodeId>,
    /// A search of the twin was too large.
    lost: bool,
    /// What was told of the case so far: items by task and instance.
    told: BTreeMap<(u16, u8), i32>,
}

/// A random choice for a route: as the engine reads it, and as the twin does.
struct Choice {
    digits: u64,
    choices: Choices,
    /// Whether that is enough; `None`: the data says it.
    enough: Option<bool>,
    outcomes: u64,
}

impl Choice {
    /// Outcome and side index that say it.
    fn told(&self) -> (u8, u16) {
        if self.outcomes <= 256 { (self.digits as u8, wf_engine::NO_SIDE) } else { (0, 0) }
    }
}

impl<'n> Duel<'n> {
    fn choose(&self, route: usize, random: &mut Random) -> Choice {
        let mut choice = Choice { digits: 0, choices: Choices::new(), enough: None, outcomes: 1 };
        for &decision in &self.names.route_decisions[route] {
            let decision = &self.names.decisions[decision];
            // Now and then one that is not legal: no branch where there must be one.
            let illegal = random.one_in(30);
            let digit = loop {
                let digit = random.next() % decision.base();
                if illegal || decision.allows(digit) {
                    break digit;
                }
            };
            choice.digits += digit * choice.outcomes;
            choice.outcomes *= decision.base();
            let node = self.net.node_ids().find(|&n| self.net.node(n).id() == decision.gateway.id).unwrap();
            let is_enough = matches!(decision.kind, DecisionKind::Enough | DecisionKind::GuardedEnough);
            if is_enough && self.net.node(node).kind().is_task() {
                let first = u64::from(decision.is_guarded());
                choice.enough = digit.checked_sub(first).map(|enough| enough == 1);
            } else {
                choice.choices.insert(node, digit);
            }
        }
        choice
    }

    fn start(&mut self, random: &mut Random) -> Option<(Case<'n>, CaseId)> {
        self.told.clear();
        let choice = self.choose(self.tasks.len(), random);
        let (outcome, side) = choice.told();
        let start = Start { outcome, side, ..Start::default() };
        let started = self.shard.start_batch_with(
            self.program,
            &[start],
            &[Side::choice(choice.digits)],
            &self.arena.scope(),
        );
        let node = self.net.nodes_of(NodeKind::Start).next().unwrap();
        let twin = Case::start(self.net, node, &choice.choices);
        self.lost |= general::gave_up();
        match twin {
            _ if self.lost => None,
            Ok(twin) => {
                assert_eq!(started.refused, None, "start");
                let case = started.cases[0];
                assert_eq!(started.ended.first().map(|ended| ended.kind), twin.ended, "start");
                assert_eq!(named(self.engine, started.sent, case), twin.sent, "sent at the start");
                for item in started.enabled {
                    *self.told.entry((item.task, item.instance)).or_default() += 1;
                }
                self.compare(&twin, case);
                Some((twin, case))
            }
            Err(_) => {
                assert!(started.refused.is_some(), "start with {:?}", choice.choices);
                None
            }
        }
    }

    fn compare(&mut self, twin: &Case<'_>, case: CaseId) {
        let mut expected: BTreeMap<(u16, u8), i32> = BTreeMap::new();
        for (node, instance) in twin.enabled() {
            let task = self.tasks.binary_search(&node).unwrap() as u16;
            *expected.entry((task, instance)).or_default() += 1;
        }
        let mut found: BTreeMap<(u16, u8), i32> = BTreeMap::new();
        for item in self.shard.enabled(case).into_iter().flatten() {
            *found.entry((item.task, item.instance)).or_default() += 1;
        }
        assert_eq!(found, expected, "work items of {case:?}");
        let items = self.shard.enabled(case).map(|items| (items.len(), items.count()));
        assert!(items.is_none_or(|(len, count)| len == count));
        self.told.retain(|_, count| *count != 0);
        if twin.ended.is_none() {
            assert_eq!(self.told, expected, "what was told of {case:?}");
            let marked = self.interrupts.iter().filter(|&&node| twin.is_marked(node)).count();
            assert_eq!(self.shard.interrupts(case).count(), marked, "interrupts");
        }
    }

    /// One random event, legal or not; `false` if the case is over.
    fn step(&mut self, twin: &mut Case<'n>, case: CaseId, random: &mut Random) -> bool {
        twin.sent.clear();
        let (event, digits, expected, undone) = self.draw(twin, case, random);
        self.lost |= general::gave_up();
        if self.lost {
            return false;
        }
        let begun: Vec<u32> = self.tasks.iter().map(|&task| undone.begun(task)).collect();
        let changes = self.shard.advance_with(&[event], &[Side::choice(digits)], &self.arena.scope());
        assert_eq!(changes.status, [expected], "{event:?} with {digits}");
        if expected != Status::Done {
            assert!(changes.enabled.is_empty() && changes.withdrawn.is_empty() && changes.ended.is_empty());
            *twin = undone;
        }
        assert_eq!(named(self.engine, changes.sent, case), twin.sent, "sent by {event:?} with {digits}");
        let ended = changes.ended.first().map(|ended| ended.kind);
        assert_eq!(ended, twin.ended, "end after {event:?} with {digits}");
        let changes = Changes { status: &[], ..changes };
        let told = &mut self.told;
        let after: Vec<u32> = self.tasks.iter().map(|&task| twin.begun(task)).collect();
        note(told, &event, &changes, [&begun, &after], expected);
        self.compare(twin, case);
        twin.ended.is_none()
    }

    /// Writes the case out, gives it up, and reads it in again under another id.
    fn resume(&mut self, twin: &Case<'_>, case: CaseId) -> CaseId {
        let mut arena = Arena::new();
        let scope = arena.scope();
        let saved = self.shard.export(&[case], &scope).saved;
        assert_eq!(saved.len(), 1);
        self.shard.advance(&[Event::cancel(case)], &scope);
        let imported = self.shard.import(saved, &scope);
        assert_eq!(imported.refused, None);
        let case = imported.cases[0];
        assert_eq!(self.shard.export(&[case], &scope).saved, saved, "the same bytes again");
        self.compare(twin, case);
        case
    }

    fn draw(
        &mut self,
        twin: &mut Case<'n>,
        case: CaseId,
        random: &mut Random,
    ) -> (Event, u64, Status, Case<'n>) {
        let undone = twin.clone();
        let to_interrupt = !self.interrupts.is_empty() && random.one_in(12);
        let (task, node) = if to_interrupt {
            let interrupt = random.below(self.interrupts.len());
            (self.tasks.len() + self.starts + interrupt, self.interrupts[interrupt])
        } else {
            // Mostly something that can happen.
            let enabled = twin.enabled();
            let task = match enabled.get(random.below(enabled.len().max(1) + 1)) {
                Some((node, _)) => self.tasks.binary_search(node).unwrap(),
                None => random.below(self.tasks.len()),
            };
            (task, self.tasks[task])
        };
        let node_kind = self.net.node(node).kind();
        let choice = self.choose(task, random);
        let instance = if matches!(node_kind, NodeKind::Instances(_)) { random.below(4) as u8 } else { 0 };
        let proper = match node_kind {
            NodeKind::Interrupt { .. } | NodeKind::Receive(_) => EventKind::Trigger,
            _ => EventKind::Complete,
        };
        let kind = match random.below(24) {
            0..4 => EventKind::Begin,
            4 => EventKind::AddInstance,
            5 => EventKind::CompleteInstances,
            6 if random.one_in(3) => EventKind::Cancel,
            7 => EventKind::Trigger,
            8 => EventKind::Complete,
            _ => proper,
        };
        let begins = kind == EventKind::Begin;
        let (outcome, side) = if begins { (0, wf_engine::NO_SIDE) } else { choice.told() };
        let instance = if matches!(kind, EventKind::Complete | EventKind::Begin) { instance } else { 0 };
        let event = Event { kind, outcome, side, instance, ..Event::complete(case, task as u16) };
        let done = match (kind, node_kind) {
            (EventKind::Trigger, NodeKind::Interrupt { .. }) => twin.interrupt(node, &choice.choices),
            (_, NodeKind::Interrupt { .. }) => return (event, choice.digits, Status::UnknownTask, undone),
            (EventKind::Begin, NodeKind::Task | NodeKind::Instances(_)) => twin.begin(node, instance),
            (EventKind::Complete, NodeKind::Task) | (EventKind::Trigger, NodeKind::Receive(_)) => {
                twin.complete(node, &choice.choices)
            }
            (EventKind::Complete, NodeKind::Instances(_)) => {
                twin.complete_instance(node, instance, choice.enough, &choice.choices)
            }
            (EventKind::AddInstance, _) => twin.add_instance(node),
            (EventKind::CompleteInstances, _) => twin.complete_instances(node, &choice.choices),
            (EventKind::Cancel, _) => twin.cancel_task(node),
            _ => Err(Refused::Kind),
        };
        let status = match done {
            Ok(()) => Status::Done,
            Err(Refused::NotEnabled) => Status::NotEnabled,
            Err(Refused::Lost) => Status::Lost,
            Err(Refused::BadOutcome) => Status::BadOutcome,
            Err(Refused::Full) => Status::CounterFull,
            Err(Refused::Kind) => Status::KindRefused,
            Err(Refused::NoValue) => Status::NoValue,
            Err(Refused::NoAnswer) => Status::NoAnswer,
        };
        (event, choice.digits, status, undone)
    }
}

/// Messages that a case has sent, by name.
fn named(engine: &Engine, sent: &[Sent], case: CaseId) -> BTreeMap<String, u32> {
    let mut counts = BTreeMap::new();
    for sent in sent {
        assert_eq!((sent.case, sent.root), (case, case));
        *counts.entry(engine.message_name(sent.message).unwrap().to_owned()).or_default() += 1;
    }
    counts
}

/// Adds up what a step has told.
fn note(
    told: &mut BTreeMap<(u16, u8), i32>,
    event: &Event,
    changes: &Changes<'_>,
    [begun, after]: [&[u32]; 2],
    status: Status,
) {
    let takes = matches!(event.kind, EventKind::Complete | EventKind::Begin | EventKind::Trigger);
    if status == Status::Done && takes {
        let waited = told.get(&(event.task, event.instance)).is_some_and(|&count| count > 0);
        let ran = begun.get(usize::from(event.task)).is_some_and(|&count| count > 0);
        if waited && !(ran && event.kind != EventKind::Begin) {
            *told.entry((event.task, event.instance)).or_default() -= 1;
        }
    }
    // Those that had begun were taken off before.
    let mut lost: Vec<u32> = begun.iter().zip(after).map(|(was, is)| was.saturating_sub(*is)).collect();
    if status == Status::Done && matches!(event.kind, EventKind::Complete | EventKind::Trigger) {
        lost.get_mut(usize::from(event.task)).into_iter().for_each(|lost| *lost = lost.saturating_sub(1));
    }
    for gone in changes.withdrawn {
        match &mut lost[usize::from(gone.task)] {
            0 => {
                let item = told.entry((gone.task, gone.instance)).or_default();
                // As above, of an instance.
                *item = (*item - 1).max(0);
            }
            begun => *begun -= 1,
        }
    }
    for new in changes.enabled {
        *told.entry((new.task, new.instance)).or_default() += 1;
    }
}

/// Steps played; `None` if the twin could not say what happens.
fn duel(net: &Net, random: &mut Random, steps: usize, engine: &Engine) -> Option<usize> {
    let program = engine.program(net.name()).unwrap();
    let mut duel = Duel {
        net,
        engine,
        names: engine.names(program).unwrap(),
        program,
        shard: engine.shard(0, 4).unwrap(),
        arena: Arena::new(),
        tasks: net.tasks().collect(),
        starts: net.nodes_of(NodeKind::Start).count(),
        interrupts: net.interrupts().collect(),
        lost: false,
        told: BTreeMap::new(),
    };
    let mut done = 0;
    while done < steps {
        done += 1;
        let Some((mut twin, mut case)) = duel.start(random) else {
            if duel.lost {
                return None;
            }
            continue;
        };
        let mut alive = twin.ended.is_none();
        for _ in 0..60 {
            if !alive {
                break;
            }
            done += 1;
            alive = duel.step(&mut twin, case, random);
            if alive && random.one_in(4) {
                case = duel.resume(&twin, case);
            }
            if alive && twin.most() > TOKENS_MAX {
                break;
            }
        }
        if duel.lost {
            return None;
        }
        if alive {
            let changes = duel.shard.advance(&[Event::cancel(case)], &duel.arena.scope());
            assert_eq!(changes.status, [Status::Done]);
        }
        assert_eq!(duel.shard.live(), 0);
        let changes = duel.shard.advance(&[Event::complete(case, 0)], &duel.arena.scope());
        assert_eq!(changes.status, [Status::UnknownCase]);
    }
    Some(done)
}

/// A net in a few lines, for a test that fails.
fn show(net: &Net) -> String {
    let mut text = String::new();
    for id in net.node_ids() {
        let node = net.node(id);
        let to: Vec<&str> = node.outgoing().iter().map(|&flow| net.node(net.flow(flow).to()).id()).collect();
        let region: Vec<&str> = net.region(id).iter().map(|&node| net.node(node).id()).collect();
        text +=
            &format!("{} {:?} -> {} cancels {}\n", node.id(), node.kind(), to.join(" "), region.join(" "));
    }
    text + &format!("excludes {:?}, milestones {:?}", net.critical_sections(), net.milestones())
}

/// As [`duel`]; a net on which they differ is shown.
#[allow(clippy::print_stdout, reason = "what a test says of its fault")]
fn played(seed: u64, net: &Net, random: &mut Random, steps: usize, engine: &Engine) -> Option<usize> {
    let steps = std::panic::AssertUnwindSafe(|| duel(net, random, steps, engine));
    std::panic::catch_unwind(steps).unwrap_or_else(|panic| {
        println!("seed {seed}:\n{}", show(net));
        std::panic::resume_unwind(panic)
    })
}

/// Plays one net for a while.
fn agree_on(net: &Net) {
    let engine = scenario::engine(std::slice::from_ref(net), &CompileOptions::default());
    let steps = played(0, net, &mut Random(1), 6_000, &engine);
    assert!(steps.is_some_and(|steps| steps >= 6_000));
}

/// A merge of several masks, one of which wants a token elsewhere: PP holds it until Z is done, which only the merge lets begin.
#[test]
fn a_completion_that_brings_what_a_merge_wants_asks_it() {
    let mut net = wf_net::NetBuilder::new("wanted");
    let (start, end) = (net.start("s"), net.end("e"));
    let [a, q, r, s, pp, z] = ["A", "Q", "R", "S", "PP", "Z"].map(|id| net.task(id));
    let [x, xx, xr, xs, xz] = ["X", "XX", "XR", "XS", "XZ"].map(|id| net.exclusive(id));
    let [all, xa, j, k] = ["G", "XA", "J", "K"].map(|id| net.parallel(id));
    let merge = net.inclusive("M");
    net.flow(start, all);
    for (task, to) in [(a, merge), (q, x), (r, xr), (s, xs)] {
        net.chain(&[all, task, to]);
    }
    net.chain(&[x, xx, pp, k, merge, z, xz, k]);
    net.chain(&[x, xa, xx]);
    net.flow(xa, merge);
    net.chain(&[xr, j, merge]);
    net.flow(xs, j);
    for node in [xz, xr, xs] {
        net.flow(node, end);
    }
    agree_on(&net.build().unwrap());
}

/// Merges whose rule is one mask are a part of the ops before them, in both widths.
#[test]
fn engine_and_twin_agree_on_merges_that_masks_can_say() {
    let full = std::env::var("WF_TEST_SCALE").is_ok_and(|scale| scale == "full");
    let (nets_wanted, steps_each) = if full { (7_000, 150) } else { (250, 100) };
    let from = std::env::var("WF_TEST_FROM").ok().and_then(|seed| seed.parse().ok()).unwrap_or(0);
    let (mut seed, mut nets, mut steps, mut lost): (u64, _, _, _) = (from, 0, 0, 0);
    // Programs of one word and of two with merges in their ops; ops with a merge that need not have all inputs.
    let (mut one_word, mut two_words, mut ops) = (0, 0, 0);
    while nets < nets_wanted {
        seed += 1;
        let mut random = Random(seed);
        let net = constructs::of_masks(&mut random);
        let compiled = net.as_ref().and_then(|net| compile(net, &CompileOptions::default()).ok());
        let (Some(net), Some(image)) = (net, compiled) else { continue };
        let program = Program::parse(image.as_bytes()).unwrap();
        let header = program.header();
        assert_eq!(header.flags & FLAG_GENERAL, 0, "seed {seed}");
        let all = (0..program.routes()).flat_map(|route| (0..1 << header.shift).map(move |o| (route, o)));
        let merging = |&(route, outcome): &(usize, usize)| {
            let op = program.op(route, outcome);
            op.meta.kind() == KIND_PLAIN && op.join_keep.map(|keep| !keep) != op.threat
        };
        let found = all.filter(merging).count();
        ops += found;
        one_word += usize::from(found > 0 && header.words == 1);
        two_words += usize::from(found > 0 && header.words == 2);
        let engine = scenario::engine(std::slice::from_ref(&net), &CompileOptions::default());
        nets += 1;
        match played(seed, &net, &mut random, steps_each, &engine) {
            Some(count) => steps += count,
            None => lost += 1,
        }
    }
    println!(
        "{nets} nets ({one_word} of one word and {two_words} of two with {ops} ops that merge), {lost} too large for the \
         twin, {steps} steps"
    );
    assert!(one_word > nets / 5 && two_words > 0 && lost < nets / 5, "merges are no longer covered");
}

/// The first merge leads to a choice of which the second way alone leads to the other merge, where A waits: that one has to
/// know both ways.
#[test]
fn a_merge_waits_for_every_way_behind_another() {
    let mut net = wf_net::NetBuilder::new("ways");
    let (start, end) = (net.start("s"), net.end("e"));
    let [a, b, c, d, z] = ["A", "B", "C", "D", "Z"].map(|id| net.task(id));
    let split = net.parallel("G");
    let [or, first, second] = ["OR", "M1", "M2"].map(|id| net.inclusive(id));
    let choice = net.exclusive("X");
    net.chain(&[start, split, a, second, z, end]);
    net.chain(&[split, d, or, b, first]);
    net.chain(&[or, c, first, choice, end]);
    net.flow(choice, second);
    agree_on(&net.build().unwrap());
}

/// B is two arrivals at once, of which the second is enough, before or after that of C.
#[test]
fn a_merge_behind_a_join_knows_what_several_arrivals_of_a_step_are_told() {
    use wf_net::guard::{Comparison, Expr, Tally};
    let mut net = wf_net::NetBuilder::new("both");
    let (start, end) = (net.start("s"), net.end("e"));
    let [a, b, c, z] = ["A", "B", "C", "Z"].map(|id| net.task(id));
    let [split, twice] = ["G", "H"].map(|id| net.parallel(id));
    let join = net.partial("J", 3, wf_net::Surplus::Cancel);
    let merge = net.inclusive("M");
    net.chain(&[start, split, a, merge, z, end]);
    net.chain(&[split, b, twice, join, merge]);
    net.chain(&[split, c, join]);
    net.flow(twice, join);
    net.completion_guard(join, Expr::Tally(Tally::Completed).compare(Comparison::Equal, Expr::integer(2)));
    agree_on(&net.build().unwrap());
}

/// Joins that data completes, that count instances one after another or know of such that there are not, before merges that
/// wait for all that can still come, and without.
#[test]
fn engine_and_twin_agree_on_joins_by_data() {
    let full = std::env::var("WF_TEST_SCALE").is_ok_and(|scale| scale == "full");
    let (nets_wanted, steps_each) = if full { (20_000, 100) } else { (120, 100) };
    let from = std::env::var("WF_TEST_FROM").ok().and_then(|seed| seed.parse().ok()).unwrap_or(0);
    let (mut seed, mut nets, mut steps, mut lost): (u64, _, _, _) = (from, 0, 0, 0);
    let (mut merges, mut in_turn, mut left_out) = (0, 0, 0);
    // A net that found an error once: two merges of which the later one came first.
    let mut found_errors = if full { [].iter() } else { [38_067u64].iter() };
    while nets < nets_wanted {
        let again = found_errors.next();
        seed += u64::from(again.is_none());
        let seed = again.copied().unwrap_or(seed);
        let mut random = Random(seed);
        let Some(net) = constructs::of_joins(&mut random) else { continue };
        let is_join = |node: NodeId| net.completion_guard(node).is_some() && !net.node(node).kind().is_task();
        let is_in_turn = net.flows().iter().any(wf_net::Flow::is_again);
        if !is_in_turn && !net.node_ids().any(is_join) {
            continue;
        }
        if compile(&net, &CompileOptions::default()).is_err() {
            continue;
        }
        let engine = scenario::engine(std::slice::from_ref(&net), &CompileOptions::default());
        nets += 1;
        merges += usize::from(net.node_ids().any(|node| general::is_inclusive_merge(&net, node)));
        in_turn += usize::from(is_in_turn);
        left_out += usize::from(net.flows().iter().any(wf_net::Flow::is_left_out));
        match played(seed, &net, &mut random, steps_each, &engine) {
            Some(count) => steps += count,
            None => lost += 1,
        }
    }
    println!(
        "{nets} nets up to seed {seed} ({merges} with merges, {in_turn} one after another, {left_out} with some left out), {lost} \
         too large for the twin, {steps} steps"
    );
    let covered = merges > nets / 10 && in_turn > nets / 10 && left_out > nets / 10 && lost < nets / 5;
    assert!(covered, "they are no longer covered");
}

#[test]
fn engine_and_twin_agree_on_every_construct() {
    let full = std::env::var("WF_TEST_SCALE").is_ok_and(|scale| scale == "full");
    let (nets_wanted, steps_each) = if full { (7_000, 150) } else { (500, 100) };
    // Nets that found an error once.
    let mut found_errors = if full { [].iter() } else { [3373u64, 3753, 8573, 20_502].iter() };
    let (mut nets, mut refused, mut steps, mut merges, mut general, mut lost) = (0, 0, 0, 0, 0, 0);
    // Nets of which some steps are masks although others are not.
    let mut quiet = 0;
    // Nets whose data says how many instances there are, and whose data completes a join.
    let (mut numbers, mut completed) = (0, 0);
    // To look at one net again: the seed that a failing test printed.
    let only: Option<u64> = std::env::var("WF_TEST_SEED").ok().and_then(|seed| seed.parse().ok());
    // To go on where a long run was stopped.
    let from = std::env::var("WF_TEST_FROM").ok().and_then(|seed| seed.parse().ok()).unwrap_or(0);
    let mut seed = only.map_or(from, |seed| seed - 1);
    while nets < nets_wanted && only.is_none_or(|only| seed < only) {
        let again = if only.is_none() { found_errors.next() } else { None };
        seed += u64::from(again.is_none());
        let seed = again.copied().unwrap_or(seed);
        let mut random = Random(seed);
        let net = constructs::net(&mut random);
        let compiled = net.as_ref().and_then(|net| compile(net, &CompileOptions::default()).ok());
        let (Some(net), Some(image)) = (net, compiled) else {
            refused += 1;
            continue;
        };
        let header = Program::parse(image.as_bytes()).unwrap().header().clone();
        let engine = scenario::engine(std::slice::from_ref(&net), &CompileOptions::default());
        let Some(count) = played(seed, &net, &mut random, steps_each, &engine) else {
            lost += 1;
            continue;
        };
        steps += count;
        nets += 1;
        general += usize::from(header.flags & FLAG_GENERAL != 0);
        quiet += usize::from(header.flags & FLAG_QUIET != 0);
        merges += usize::from(net.node_ids().any(|node| is_merge(&net, node)));
        numbers += usize::from(net.node_ids().any(|node| net.quantity(node).is_some()));
        let is_join = |node| net.completion_guard(node).is_some() && !net.node(node).kind().is_task();
        completed += usize::from(net.node_ids().any(is_join));
    }
    println!(
        "{nets} nets ({general} general, {quiet} of them with quiet steps, {merges} with merges, {numbers} with numbers and \
         {completed} with joins by data), {refused} refused, {lost} too large for the twin, {steps} steps"
    );
    assert!(!full || only.is_some() || steps >= 1_000_000, "a full scale is a million steps");
    let covered = general > nets / 2
        && quiet > nets / 10
        && merges > nets / 10
        && lost < nets / 10
        && numbers > nets / 100
        && completed > nets / 100;
    assert!(only.is_some() || covered, "the constructs are no longer covered");
}
