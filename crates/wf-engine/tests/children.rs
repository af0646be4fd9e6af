//! Instances that are cases of their own: as instances that are bits wherever both can be, and what only they can be.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "scenario/changed.rs"]
mod changed;
#[path = "twin/random.rs"]
#[allow(dead_code, reason = "the generator alone is used")]
mod random;
mod scenario;

use std::collections::BTreeSet;

use random::Random;
use wf_engine::{
    Arena, CaseId, EndKind, Engine, Event, EventKind, ImportError, ProgramId, Shard, Side, Start, Status,
    Value,
};
use wf_net::guard::{Comparison, Expr, Tally};
use wf_net::{CompileOptions, Instances, Needed, Net, NetBuilder, NodeId, ProblemKind, Quantity};

/// Instances of B as cases of one task, T.
fn with_body(net: &mut NetBuilder, task: NodeId) {
    let (start, inner, end) = (net.start("b"), net.task("T"), net.end("over"));
    net.chain(&[start, inner, end]);
    net.body(task, start);
}

/// A, then B with instances beside Z, then C, which may lead back; X takes the instances away.
fn around(instances: Instances, is_by_data: bool, has_body: bool) -> Net {
    let mut net = NetBuilder::new("around");
    let (s, a, b, c, e) =
        (net.start("s"), net.task("A"), net.instances("B", instances), net.task("C"), net.end("e"));
    let (split, z, back) = (net.parallel("split"), net.task("Z"), net.exclusive("back"));
    let again = net.exclusive("again");
    net.chain(&[s, a, split, again, b, c, back, e]);
    // Instances that run on keep their task from getting another token.
    if instances.needed == Needed::All || instances.cancels_rest {
        net.flow(back, again);
    }
    net.chain(&[split, z, e]);
    let (x, d) = (net.interrupt("X", true, &[b]), net.task("D"));
    net.chain(&[x, d, e]);
    if instances.needed == Needed::Condition {
        let done =
            Expr::Tally(Tally::Completed).compare(Comparison::GreaterOrEqual, Expr::variable("enough"));
        net.completion_guard(b, done);
    }
    if is_by_data {
        net.quantity(b, Expr::variable("number"));
    }
    if has_body {
        with_body(&mut net, b);
    }
    net.build().unwrap()
}

/// One of the two engines: a case, and the work items of its instances and of its own.
struct Double {
    engine: Engine,
    shard: Shard,
    case: CaseId,
    ended: Option<EndKind>,
    /// In the order in which they came.
    instances: Vec<Event>,
    own: BTreeSet<u16>,
    number: u16,
    has_body: bool,
}

impl Double {
    fn new(net: &Net, has_body: bool) -> Self {
        let engine = scenario::engine(std::slice::from_ref(net), &CompileOptions::default());
        let mut shard = engine.shard(0, 64).unwrap();
        let mut arena = Arena::new();
        let scope = arena.scope();
        let program = engine.program("around").unwrap();
        // Without a bound, the completion of a bit is refused, where a case has ended all the same.
        let set = engine.variable(program, "enough").map(|enough| (enough, Value::Integer(3)));
        let set: Vec<(u16, Value)> = set.into_iter().collect();
        let start = Start { side: 0, ..Start::default() };
        let started = shard.start_batch_with(program, &[start], &[Side::set(&set)], &scope);
        let (case, own) = (started.cases[0], started.enabled.iter().map(|item| item.task).collect());
        let names = engine.names(program).unwrap();
        let number = |id: &str| names.tasks.iter().position(|task| task.id == id).unwrap() as u16;
        let number = number(if has_body { "T" } else { "B" });
        drop(arena);
        Self { engine, shard, case, ended: None, instances: Vec::new(), own, number, has_body }
    }

    fn program(&self) -> ProgramId {
        self.engine.program("around").unwrap()
    }

    fn variable(&self, name: &str) -> Option<u16> {
        self.engine.variable(self.program(), name)
    }

    fn apply(&mut self, event: Event, values: &[(&str, i64)]) -> Status {
        let set: Vec<(u16, Value)> = values
            .iter()
            .filter_map(|&(name, value)| Some((self.variable(name)?, Value::Integer(value))))
            .collect();
        let sides = [Side::set(&set)];
        let event = if set.is_empty() { event } else { Event { side: 0, ..event } };
        let mut arena = Arena::new();
        let scope = arena.scope();
        let changes = self.shard.advance_with(&[event], &sides, &scope);
        let status = changes.status[0];
        if status == Status::Done && event.kind == EventKind::Complete {
            self.instances.retain(|item| {
                (item.case, item.instance, item.task) != (event.case, event.instance, event.task)
            });
            if event.case == self.case {
                self.own.remove(&event.task);
            }
        }
        let mut gone: Vec<Event> = changes.withdrawn.to_vec();
        gone.sort_by_key(|item| (item.case, item.task, item.instance));
        for item in &gone {
            if item.task == self.number {
                let at = self
                    .instances
                    .iter()
                    .position(|open| (open.case, open.instance) == (item.case, item.instance));
                self.instances.remove(at.expect("what is withdrawn was there"));
            } else {
                assert!(self.own.remove(&item.task), "what is withdrawn was there");
            }
        }
        for item in changes.enabled {
            if item.task == self.number {
                self.instances.push(*item);
            } else {
                assert!(item.case == self.case && self.own.insert(item.task));
            }
        }
        for ended in changes.ended {
            if ended.case == self.case {
                self.ended = Some(ended.kind);
            }
            assert!(
                self.instances.iter().all(|item| item.case != ended.case),
                "an ended case has work items"
            );
        }
        status
    }

    /// Writes everything out and reads it in again.
    fn resume(&mut self) {
        let mut other = self.engine.shard(self.shard.id().wrapping_add(1), 64).unwrap();
        let mut arena = Arena::new();
        let scope = arena.scope();
        let exported = self.shard.export(&[self.case], &scope);
        let imported = other.import_with(exported.saved, exported.values, &scope);
        assert_eq!((imported.refused, imported.cases.len()), (None, exported.cases.len()));
        let moved = |case: CaseId| {
            imported.cases
                [exported.cases.iter().position(|old| *old == case).expect("a member of the family")]
        };
        self.case = moved(self.case);
        self.instances.iter_mut().for_each(|item| item.case = moved(item.case));
        let caseless = self.instances.iter().filter(|item| item.case != self.case).count();
        assert_eq!(caseless, if self.has_body { self.instances.len() } else { 0 });
        drop(arena);
        self.shard = other;
    }

    /// What a shard says of the work items, without what `enabled` and `withdrawn` add up to.
    fn check(&self) {
        let mut all: Vec<Event> = Vec::new();
        let mut open = vec![self.case];
        while let Some(case) = open.pop() {
            all.extend(self.shard.enabled(case).unwrap());
            open.extend(self.shard.called(case));
        }
        let key = |item: &Event| (item.case, item.task, item.instance);
        let own = self.own.iter().map(|&task| Event::complete(self.case, task));
        let mut known: Vec<Event> = self.instances.iter().copied().chain(own).collect();
        all.sort_by_key(key);
        known.sort_by_key(key);
        assert_eq!(all, known);
        if self.has_body {
            assert_eq!(self.shard.live(), 1 + self.instances.len());
            for item in &self.instances {
                assert_eq!(self.shard.caller(item.case).map(|(caller, _)| caller), Some(self.case));
            }
        }
    }
}

fn random_instances(random: &mut Random) -> (Instances, bool) {
    let most = 1 + random.below(5) as u16;
    let is_by_data = random.one_in(3);
    let count = if is_by_data || random.one_in(2) { Quantity::Chosen(most) } else { Quantity::Fixed(most) };
    let needed = match random.below(3) {
        0 => Needed::All,
        1 => Needed::AtLeast(1 + random.below(usize::from(most)) as u16),
        _ => Needed::Condition,
    };
    let is_dynamic = random.one_in(3);
    let instances = Instances {
        count,
        most: most + u16::from(is_dynamic),
        needed,
        cancels_rest: random.one_in(2),
        is_dynamic,
        is_sequential: random.one_in(3),
    };
    (instances, is_by_data)
}

/// Whatever happens to instances that are bits, happens to those that are cases.
#[test]
fn instances_that_are_cases_are_as_those_that_are_bits() {
    let nets = if std::env::var("WF_TEST_SCALE").is_ok_and(|scale| scale == "full") { 20_000 } else { 1_000 };
    let (mut steps, mut refused, mut resumed) = (0, 0, 0);
    for seed in 0..nets {
        let mut random = Random(seed);
        let (instances, is_by_data) = random_instances(&mut random);
        let mut sides =
            [false, true].map(|has_body| Double::new(&around(instances, is_by_data, has_body), has_body));
        for step in 0..40 {
            let what = random.below(16);
            let (pick, outcome) = (random.below(8), random.below(7) as u8);
            let values = [("number", random.below(7) as i64 - 1), ("enough", 1 + random.below(5) as i64)];
            let values = if random.one_in(12) { &values[..0] } else { &values[..] };
            let statuses = sides.each_mut().map(|side| {
                let case = side.case;
                let task = |id: &str| {
                    let names = side.engine.names(side.program()).unwrap();
                    names.tasks.iter().position(|task| task.id == id).unwrap() as u16
                };
                let event = match what {
                    0..8 if !side.instances.is_empty() => side.instances[pick % side.instances.len()],
                    0..11 => {
                        let own: Vec<u16> = side.own.iter().copied().collect();
                        match own.get(pick % own.len().max(1)) {
                            // Now and then one that there is not.
                            Some(&task) => {
                                let outcomes = side.shard.outcomes(case, task).max(1) as u8;
                                let outcome = if pick == 7 { outcome } else { outcome % outcomes };
                                Event { outcome, ..Event::complete(case, task) }
                            }
                            None => Event::complete(case, 0),
                        }
                    }
                    11 | 12 => Event { kind: EventKind::AddInstance, ..Event::complete(case, task("B")) },
                    13 => Event { kind: EventKind::CompleteInstances, ..Event::complete(case, task("B")) },
                    14 if pick == 0 => {
                        let names = side.engine.names(side.program()).unwrap();
                        Event::trigger(case, (names.tasks.len() + names.starts.len()) as u16)
                    }
                    _ if pick == 1 => Event { kind: EventKind::Cancel, ..Event::complete(case, task("B")) },
                    _ if pick == 2 && step > 10 => Event::cancel(case),
                    // Of the bits one that is not there.
                    _ => Event::complete(case, task("B")).with_instance(if side.has_body { 0 } else { 63 }),
                };
                side.apply(event, values)
            });
            let [bits, cases] = statuses;
            // An instance that nobody can name is one thing, a task that asks for nothing another.
            let same = |status| if status == Status::KindRefused { Status::NotEnabled } else { status };
            assert_eq!(same(bits), same(cases), "seed {seed}, step {step}: {instances:?}");
            steps += 1;
            refused += u32::from(bits != Status::Done);
            let [bits, cases] = &mut sides;
            assert_eq!(
                bits.instances.len(),
                cases.instances.len(),
                "seed {seed}, step {step}: {instances:?}"
            );
            assert_eq!(bits.own, cases.own, "seed {seed}, step {step}: {instances:?}");
            assert_eq!(bits.ended, cases.ended, "seed {seed}, step {step}: {instances:?}");
            if bits.ended.is_some() {
                assert_eq!((bits.shard.live(), cases.shard.live()), (0, 0), "seed {seed}");
                break;
            }
            if random.one_in(4) {
                bits.resume();
                cases.resume();
                resumed += 1;
            }
            bits.check();
            cases.check();
        }
    }
    println!("{nets} nets, {steps} steps, {refused} refused, {resumed} times written out and read in");
    assert!(steps > nets as u32 * 8 && refused > nets as u32);
}

const ALL: Instances = Instances {
    count: Quantity::Fixed(3),
    most: 3,
    needed: Needed::All,
    cancels_rest: false,
    is_dynamic: false,
    is_sequential: false,
};

/// Starts, A, the instances of B with a body that `body` draws, C.
fn simple(instances: Instances, body: impl FnOnce(&mut NetBuilder, NodeId, NodeId)) -> Net {
    let mut net = NetBuilder::new("simple");
    let (s, a, b, c, e) =
        (net.start("s"), net.task("A"), net.instances("B", instances), net.task("C"), net.end("e"));
    net.chain(&[s, a, b, c, e]);
    let start = net.start("b");
    net.body(b, start);
    body(&mut net, start, b);
    net.build().unwrap()
}

fn task_and_end(net: &mut NetBuilder, start: NodeId, _: NodeId) {
    let (t, end) = (net.task("T"), net.end("over"));
    net.chain(&[start, t, end]);
}

#[test]
fn there_may_be_thousands_and_a_full_shard_refuses_them_whole() {
    for (count, slots) in [(65, 66), (1_000, 1_001), (32_767, 32_768)] {
        let many = Instances { count: Quantity::Fixed(count), most: count, ..ALL };
        let net = simple(many, task_and_end);
        let engine = scenario::engine(std::slice::from_ref(&net), &CompileOptions::default());
        let program = engine.program("simple").unwrap();
        let mut arena = Arena::new();
        for missing in [1, 0] {
            let mut shard = engine.shard(0, slots - missing).unwrap();
            let item = shard.start_batch(program, &[Start::default()], &arena.scope()).enabled[0];
            let changes = shard.advance(&[item], &arena.scope());
            if missing > 0 {
                assert_eq!((changes.status, changes.enabled), (&[Status::NoRoom][..], &[][..]));
                assert_eq!(shard.live(), 1, "what had begun is gone");
                assert_eq!(shard.enabled(item.case).unwrap().collect::<Vec<_>>(), [item]);
                continue;
            }
            let items = changes.enabled.to_vec();
            assert_eq!((items.len(), shard.live()), (usize::from(count), slots));
            assert_eq!(shard.called(item.case).count(), usize::from(count));
            // From the middle outwards, in one batch but for the last.
            let (last, others) = items.split_last().unwrap();
            let mut others = others.to_vec();
            others.rotate_left(usize::from(count) / 2);
            let changes = shard.advance(&others, &arena.scope());
            assert!(changes.status.iter().all(|status| *status == Status::Done));
            assert_eq!((changes.enabled.len(), changes.ended.len()), (0, others.len()));
            assert_eq!(shard.live(), 2);
            let changes = shard.advance(&[*last], &arena.scope());
            assert_eq!(changes.enabled, [Event::complete(item.case, 2)]);
            let end = shard.advance(&[changes.enabled[0]], &arena.scope()).ended[0];
            assert_eq!((end.case, end.kind, shard.live()), (item.case, EndKind::Completed, 0));
        }
    }
}

#[test]
fn no_case_starts_where_instances_begin() {
    let net = simple(ALL, task_and_end);
    let engine = scenario::engine(std::slice::from_ref(&net), &CompileOptions::default());
    let program = engine.program("simple").unwrap();
    let names = engine.names(program).unwrap();
    assert_eq!((names.starts.len(), names.bodies, names.starts[1].id.as_str()), (2, 1, "b"));
    let mut shard = engine.shard(0, 4).unwrap();
    let mut arena = Arena::new();
    let start = Start { node: 1, ..Start::default() };
    let started = shard.start_batch(program, &[start], &arena.scope());
    assert_eq!((started.cases.len(), started.refused), (0, Some(Status::UnknownTask)));
}

#[test]
fn giving_a_case_up_ends_its_instances() {
    let net = simple(ALL, task_and_end);
    scenario::play(&[net], "start {A}; A {T,T,T}; T {T,T}; - {} cancelled");
}

#[test]
fn a_body_is_of_any_size_and_ends_by_itself() {
    let two = Instances { count: Quantity::Fixed(2), most: 2, ..ALL };
    let net = simple(two, |net, start, _| {
        let (split, t, u, w) = (net.parallel("split-b"), net.task("T"), net.task("U"), net.task("W"));
        let (join, stop) = (net.parallel("join-b"), net.terminate("stop"));
        net.chain(&[start, split, t, join, w, stop]);
        net.chain(&[split, u, join]);
    });
    scenario::play(
        &[net],
        "start {A}; A {T,T,U,U}; T {T,U,U}; U {T,U,W}; W {T,U}; T {U}; U {W}; W {C}; C {} ok",
    );
}

#[test]
fn a_saved_family_of_thousands_lives_again_and_its_members_keep_together() {
    let of = |count| Instances { count: Quantity::Fixed(count), most: count, ..ALL };
    for count in [3, 150] {
        let net = simple(of(count), |net, start, _| {
            let (inner, end) = (net.instances("inner", of(count)), net.end("all"));
            net.chain(&[start, inner, end]);
            let start = net.start("deep");
            task_and_end(net, start, inner);
            net.body(inner, start);
        });
        let engine = scenario::engine(std::slice::from_ref(&net), &CompileOptions::default());
        let program = engine.program("simple").unwrap();
        let mut arena = Arena::new();
        let each = usize::from(count);
        let mut shard = engine.shard(0, 1 + each + each * each).unwrap();
        let item = shard.start_batch(program, &[Start::default()], &arena.scope()).enabled[0];
        assert_eq!(shard.advance(&[item], &arena.scope()).enabled.len(), each * each);
        let saved = shard.export(&[item.case], &arena.scope()).saved.to_vec();
        assert_eq!(saved.len(), 1 + each + each * each);
        let mut other = engine.shard(1, saved.len()).unwrap();
        let (cases, refused) = {
            let scope = arena.scope();
            let imported = other.import(&saved, &scope);
            (imported.cases.to_vec(), imported.refused)
        };
        assert_eq!(refused, None);
        // The instances of instances stand last.
        let items: Vec<Event> =
            cases[1 + each..].iter().flat_map(|&case| other.enabled(case).unwrap()).collect();
        assert_eq!(items.len(), each * each);
        let changes = other.advance(&items, &arena.scope());
        assert_eq!((changes.enabled.len(), changes.enabled[0].case), (1, cases[0]));
        assert_eq!(other.live(), 1);

        let mut apart = saved;
        // The last of the first ones and the second of the next.
        apart.swap(each + each, each + each + 2);
        let mut third = engine.shard(2, apart.len()).unwrap();
        let scope = arena.scope();
        let imported = third.import(&apart, &scope);
        assert_eq!((imported.cases.len(), imported.refused), (0, Some(ImportError::Link)));
    }
}

#[test]
fn instances_have_instances() {
    let two = Instances { count: Quantity::Fixed(2), most: 2, ..ALL };
    let net = simple(two, |net, start, _| {
        let inner = net.instances("inner", Instances { is_sequential: true, ..two });
        let (t, end) = (net.task("T"), net.end("over"));
        net.chain(&[start, inner, t, end]);
        let start = net.start("deep");
        let (v, end) = (net.task("V"), net.end("deeper"));
        net.chain(&[start, v, end]);
        net.body(inner, start);
    });
    scenario::play(&[net], "start {A}; A {V,V}; V {V,V}; V {T,V}; T {V}; V {V}; V {T}; T {C}; C {} ok");
}

#[test]
fn instances_that_end_where_they_begin_are_done_at_once() {
    for is_sequential in [false, true] {
        for (needed, cancels_rest) in
            [(Needed::All, false), (Needed::AtLeast(2), true), (Needed::AtLeast(2), false)]
        {
            let net = simple(Instances { needed, cancels_rest, is_sequential, ..ALL }, |net, start, _| {
                let end = net.end("over");
                net.chain(&[start, end]);
            });
            scenario::play(&[net], "start {A}; A {C}; C {} ok");
        }
    }
}

#[test]
fn an_error_of_an_instance_is_caught_around_all() {
    let net = simple(ALL, |net, start, b| {
        let (t, choice, over, failed) =
            (net.task("T"), net.exclusive("choice"), net.end("over"), net.terminate("failed"));
        net.chain(&[start, t, choice, over]);
        net.flow(choice, failed);
        net.message(failed, "error:broken");
        let (caught, d, end) = (net.interrupt("caught", true, &[b]), net.task("D"), net.end("end"));
        net.message(caught, "error:broken");
        net.chain(&[caught, d, end]);
    });
    scenario::play(&[net], "start {A}; A {T,T,T}; T {T,T}; T=1 {D}; D {} ok");
    // Without one who catches it, the others go on, but the thread never does.
    let net = simple(ALL, |net, start, _| {
        let (t, choice, over, failed) =
            (net.task("T"), net.exclusive("choice"), net.end("over"), net.terminate("failed"));
        net.chain(&[start, t, choice, over]);
        net.flow(choice, failed);
        net.message(failed, "error:broken");
    });
    scenario::play(&[net], "start {A}; A {T,T,T}; T {T,T}; T=1 {T}; T {} deadlocked");
}

#[test]
fn what_nobody_has_decided_behind_instances_is_asked_when_there_are_enough() {
    let mut net = NetBuilder::new("asks");
    let (s, b, choice) = (
        net.start("s"),
        net.instances("B", Instances { needed: Needed::AtLeast(2), cancels_rest: true, ..ALL }),
        net.exclusive("choice"),
    );
    let (c, d, e) = (net.task("C"), net.task("D"), net.end("e"));
    net.chain(&[s, b, choice, c, e]);
    net.chain(&[choice, d, e]);
    with_body(&mut net, b);
    let nets = [net.build().unwrap()];
    // Those that run on until then count, but ask nothing.
    scenario::play(
        &nets,
        "start {T,T,T}; T {T,T}; B ?KindRefused; T {B,T}; B=2 ?BadOutcome; B=1 {D}; D {} ok",
    );
    scenario::play(&nets, "start {T,T,T}; T {T,T}; T {B,T}; T {B}; B {C}; C {} ok");
    scenario::play(&nets, "start {T,T,T}; T {T,T}; T {B,T}; *B {C}; C {} ok");
    scenario::play(&nets, "start {T,T,T}; T {T,T}; *B=1 {D}; D {} ok");
}

/// T, then U where x is above 5.
fn decides(net: &mut NetBuilder, start: NodeId) {
    let (t, choice, u, over) = (net.task("T"), net.exclusive("choice"), net.task("U"), net.end("over"));
    net.chain(&[start, t, choice]);
    let (high, low) = (net.flow(choice, u), net.flow(choice, over));
    net.guard(high, Expr::variable("x").compare(Comparison::Greater, Expr::integer(5)));
    net.default_flow(low);
    net.flow(u, over);
}

#[test]
fn the_variables_of_a_part_are_those_of_the_whole() {
    let by_data = Instances { count: Quantity::Chosen(100), most: 100, ..ALL };
    let net = simple(by_data, |net, start, b| {
        net.quantity(b, Expr::variable("n"));
        decides(net, start);
    });
    // What one is told, the next one knows.
    scenario::play(
        &[net],
        "start {A}; A n:=200 ?NoAnswer {A}; A n:=4 {T,T,T,T}; T x:=1 {T,T,T}; T x:=9 {T,T,U}; T {T,U,U}; T x:=2 {U,U}; U {U}; U {C}; C {} ok",
    );
}

#[test]
fn instances_may_be_cases_of_another_net() {
    let mut net = NetBuilder::new("outer");
    let (s, a, b) = (net.start("s"), net.task("A"), net.instances("B", ALL));
    let (choice, c, e) = (net.exclusive("choice"), net.task("C"), net.end("e"));
    net.chain(&[s, a, b, choice]);
    let (high, low) = (net.flow(choice, c), net.flow(choice, e));
    net.guard(high, Expr::variable("x").compare(Comparison::Greater, Expr::integer(5)));
    net.default_flow(low);
    net.flow(c, e);
    net.body_net(b, "inner");
    let outer = net.build().unwrap();
    let mut net = NetBuilder::new("inner");
    let start = net.start("s");
    decides(&mut net, start);
    let nets = [outer, net.build().unwrap()];
    // Each has its own value; the last one's comes back.
    scenario::play(&nets, "start {A}; A x:=1 {T,T,T}; T x:=9 {T,T,U}; T {T,U}; T {U}; U {C}; C {} ok");
    scenario::play(&nets, "start {A}; A x:=1 {T,T,T}; T x:=9 {T,T,U}; U {T,T}; T {T}; T x:=3 {} ok");
}

#[test]
fn a_number_that_has_no_answer_yet_is_asked_again() {
    let enough = Instances { needed: Needed::Condition, cancels_rest: true, ..ALL };
    let net = simple(enough, |net, start, b| {
        let done =
            Expr::Tally(Tally::Completed).compare(Comparison::GreaterOrEqual, Expr::variable("enough"));
        net.completion_guard(b, done);
        task_and_end(net, start, b);
    });
    let nets = [net];
    // Nothing says what is enough when the first is done: its task asks, and the others go on.
    scenario::play(&nets, "start {A}; A {T,T,T}; T {B,T,T}; B enough:=2 {T,T}; T {C}; C {} ok");
    scenario::play(&nets, "start {A}; A {T,T,T}; T {B,T,T}; T {B,T}; B enough:=2 {C}; C {} ok");
    scenario::play(
        &nets,
        "start {A}; A {T,T,T}; T {B,T,T}; B ?NoValue; B=1 {T,T}; T {B,T}; B=2 {C}; C {} ok",
    );
}

#[test]
fn what_a_body_must_be_is_said() {
    let problems = |build: &dyn Fn(&mut NetBuilder)| -> Vec<String> {
        let mut net = NetBuilder::new("broken");
        build(&mut net);
        let problems = net.build().unwrap_err();
        problems
            .iter()
            .map(|problem| match &problem.kind {
                ProblemKind::Rule(text) => (*text).to_owned(),
                other => format!("{other:?}"),
            })
            .collect()
    };
    let base = |net: &mut NetBuilder, instances: Instances| {
        let (s, b, e) = (net.start("s"), net.instances("B", instances), net.end("e"));
        net.chain(&[s, b, e]);
        b
    };
    let many = |most| Instances { count: Quantity::Fixed(most), most, ..ALL };
    assert!(
        problems(&|net| _ = base(net, many(65)))[0].starts_with("a multi-instance task has from 1 to 64")
    );
    let found = problems(&|net| {
        let b = base(net, many(32_768));
        with_body(net, b);
    });
    assert!(found[0].starts_with("a task with a body has from 1 to 32,767"));
    let found = problems(&|net| {
        let b = base(net, Instances { needed: Needed::Condition, cancels_rest: true, ..ALL });
        with_body(net, b);
    });
    assert!(found[0].contains("data decides whether they are enough"));
    let found = problems(&|net| {
        let b = base(net, ALL);
        with_body(net, b);
        net.body_net(b, "other");
    });
    assert!(found[0].contains("not both"));
    let found = problems(&|net| {
        let b = base(net, ALL);
        let task = net.task("T");
        let start = net.start("other");
        net.chain(&[start, task]);
        net.body(b, task);
    });
    assert!(found.iter().any(|text| text == "instances begin at a start node"));
    // A token of a body is in another case than what is around it.
    let found = problems(&|net| {
        let b = base(net, ALL);
        let (start, t, u) = (net.start("b"), net.task("T"), net.task("U"));
        let s2 = net.start("s2");
        net.chain(&[start, t]);
        net.chain(&[s2, u, t]);
        net.body(b, start);
    });
    assert_eq!(found, ["what is reached from the start node of instances is reached from no other one"]);
    let found = problems(&|net| {
        let b = base(net, ALL);
        let (start, t) = (net.start("b"), net.task("T"));
        net.chain(&[start, t]);
        net.body(b, start);
        let (x, end) = (net.interrupt("X", true, &[t, b]), net.end("end"));
        net.flow(x, end);
    });
    assert!(found.iter().any(|text| text.starts_with("a region lies within")), "{found:?}");
}

/// Saved instances are bytes from outside, too.
#[test]
fn every_changed_bit_of_saved_instances_is_refused_or_harmless() {
    let two = Instances { needed: Needed::AtLeast(2), is_dynamic: true, most: 6, ..ALL };
    let net = simple(two, task_and_end);
    let engine = scenario::engine(std::slice::from_ref(&net), &CompileOptions::default());
    let program = engine.program("simple").unwrap();
    let mut arena = Arena::new();
    let (mut refused, mut harmless) = (0, 0);
    let mut shard = engine.shard(0, 16).unwrap();
    let item = shard.start_batch(program, &[Start::default()], &arena.scope()).enabled[0];
    let items = shard.advance(&[item], &arena.scope()).enabled.to_vec();
    shard.advance(&items[..1], &arena.scope());
    let saved = shard.export(&[item.case], &arena.scope()).saved.to_vec();
    assert_eq!(saved.len(), 3);
    for changed in changed::with_each_bit_changed(&saved) {
        let mut shard = engine.shard(1, 16).unwrap();
        let imported = shard.import(&changed, &arena.scope());
        if imported.refused.is_some() {
            refused += 1;
            assert_eq!(shard.live(), imported.cases.len());
            continue;
        }
        harmless += 1;
        // Whatever it is now, it can be played to some end without harm.
        let mut open: Vec<Event> =
            imported.cases.iter().flat_map(|&case| shard.enabled(case).unwrap()).collect();
        for _ in 0..40 {
            let Some(next) = open.pop() else { break };
            let scope = arena.scope();
            open.extend(shard.advance(&[next], &scope).enabled);
        }
    }
    println!("{refused} refused, {harmless} harmless");
    assert!(refused > 1_000 && harmless > 50);
}

/// Steps inside of a body are masks where they cannot end it; whatever they are, a batch is its events one after another.
#[test]
fn a_batch_of_instances_is_their_events_one_after_another() {
    let net = simple(ALL, |net, start, _| {
        let (t, split, u, v) = (net.task("T"), net.parallel("fork"), net.task("U"), net.task("V"));
        let (join, w, over) = (net.parallel("meet"), net.task("W"), net.end("over"));
        net.chain(&[start, t, split, u, join, w, over]);
        net.chain(&[split, v, join]);
    });
    let image = wf_net::compile(&net, &CompileOptions::default()).unwrap();
    let program = wf_net::Program::parse(image.as_bytes()).unwrap();
    assert_ne!(program.header().flags & wf_net::image::FLAG_QUIET, 0);
    let engine = scenario::engine(std::slice::from_ref(&net), &CompileOptions::default());
    let program = engine.program("simple").unwrap();
    let mut arena = Arena::new();
    for seed in 0..200 {
        let mut random = Random(seed);
        let mut shards = [(); 2].map(|()| engine.shard(0, 200).unwrap());
        let mut open = shards
            .each_mut()
            .map(|shard| shard.start_batch(program, &[Start::default(); 8], &arena.scope()).enabled.to_vec());
        let mut ended = [0; 2];
        while !open[0].is_empty() {
            let mut order: Vec<usize> = (0..open[0].len()).collect();
            for at in (1..order.len()).rev() {
                order.swap(at, random.below(at + 1));
            }
            // Some wait for the next batch, some come twice.
            order.truncate(1 + random.below(order.len()));
            let twice = order[random.below(order.len())];
            order.push(twice);
            let mut told = Vec::new();
            for (which, shard) in shards.iter_mut().enumerate() {
                let events: Vec<Event> = order.iter().map(|&at| open[which][at]).collect();
                let (mut status, mut fresh) = (Vec::new(), Vec::new());
                for batch in events.chunks(if which == 0 { events.len() } else { 1 }) {
                    let scope = arena.scope();
                    let changes = shard.advance(batch, &scope);
                    status.extend_from_slice(changes.status);
                    fresh.extend_from_slice(changes.enabled);
                    ended[which] += changes.ended.len();
                }
                let mut at = 0;
                open[which].retain(|_| {
                    at += 1;
                    !order.contains(&(at - 1))
                });
                told.push((status, fresh.iter().map(|item| item.task).collect::<Vec<_>>()));
                open[which].extend(fresh);
            }
            assert_eq!(told[0], told[1], "seed {seed}");
        }
        assert_eq!(ended, [8 * 4; 2]);
        assert!(shards.iter().all(|shard| shard.live() == 0));
    }
}
