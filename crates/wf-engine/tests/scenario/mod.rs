//! Plays a scenario written as text on an engine, through the public API alone.
//!
//! Steps are separated by `;`. A step is an action, then what must hold after it:
//!
//! | action | is |
//! |---|---|
//! | `start`, `start=1` | a case of the first net starts, with an outcome |
//! | `A`, `A=2`, `A.3=2` | A is completed, with an outcome; its third instance |
//! | `A^` | somebody begins A |
//! | `!W` | W is triggered: a receiving task or an interrupt |
//! | `+B`, `*B` | B gets one more instance; B's instances are completed as they are |
//! | `-A`, `-` | A is withdrawn; the case is given up |
//!
//! | expectation | is |
//! |---|---|
//! | `{A,B,B.2}` | the work items of all live cases that nobody has begun; without it they are unchanged |
//! | `?NotEnabled` | the status of the event; `Done` without it |
//! | `amount:=3`, `items:=[3]` | none: a value that comes with the action, of a variable of the case that it concerns; a list of three |
//! | `ok`, `cancelled`, `deadlocked` | how the case has ended; without it, it lives |
#![allow(dead_code, reason = "each test binary uses a part")]

use std::collections::{BTreeMap, BTreeSet};

use wf_engine::{
    Arena, CaseId, EndKind, Engine, Event, EventKind, Key, NO_SIDE, PatternStats, ProgramId, Shard, Side,
    Start, Status, Store, StoreBuilder, Value,
};
use wf_net::{CompileOptions, Names, Net, NodeKind, compile};

/// An engine over these nets.
pub(crate) fn engine(nets: &[Net], options: &CompileOptions) -> Engine {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    let mut store = StoreBuilder::create(&path, Default::default()).unwrap();
    for net in nets {
        let image = compile(net, options).unwrap_or_else(|problems| panic!("{}: {problems:?}", net.name()));
        store.add(Key::Str(net.name()), image.as_bytes()).unwrap();
    }
    store.finish().unwrap();
    Engine::with_store(Store::open_copy(&path).unwrap()).unwrap()
}

/// Plays a scenario on the first of these nets; then again, with all cases written out and read in after each step.
pub(crate) fn play(nets: &[Net], text: &str) -> PatternStats {
    let engine = engine(nets, &CompileOptions::default());
    for resumes in [false, true] {
        let mut player = Player::new(&engine, nets);
        for step in text.split(';').map(str::trim).filter(|step| !step.is_empty()) {
            player.step(step);
            if resumes && player.is_live() {
                player.resume();
            }
        }
        assert!(player.has_started, "a scenario starts a case: {text}");
        player.shard.publish_pattern_stats();
        player.shard.publish_pattern_stats();
        assert_eq!(player.shard.pattern_stats().met().count() > 0, engine.pattern_stats().met().count() > 0);
    }
    engine.pattern_stats()
}

struct Player<'e> {
    engine: &'e Engine,
    program: ProgramId,
    shard: Shard,
    arena: Arena,
    root: CaseId,
    has_started: bool,
    /// What `enabled` and `withdrawn` add up to.
    items: Vec<Event>,
    /// Cases seen in `enabled` that have not ended.
    cases: Vec<CaseId>,
    ended: Option<EndKind>,
    names: BTreeMap<u32, Names>,
    /// Programs and tasks that have instances.
    instances: BTreeSet<(u32, u16)>,
}

/// A step, taken apart.
struct Parsed<'t> {
    kind: EventKind,
    name: &'t str,
    instance: u8,
    outcome: u8,
    values: Vec<(&'t str, Value)>,
    items: Option<Vec<String>>,
    status: Status,
    ended: Option<EndKind>,
}

fn parse(step: &str) -> Parsed<'_> {
    let (action, rest) = step.split_once(' ').unwrap_or((step, ""));
    let (action, outcome) = action.split_once('=').unwrap_or((action, "0"));
    let (kind, name) = match action.split_at(1) {
        ("!", name) => (EventKind::Trigger, name),
        ("+", name) => (EventKind::AddInstance, name),
        ("*", name) => (EventKind::CompleteInstances, name),
        ("-", name) => (EventKind::Cancel, name),
        _ if action.ends_with('^') => (EventKind::Begin, &action[..action.len() - 1]),
        _ => (EventKind::Complete, action),
    };
    let (name, instance) = name.split_once('.').map_or((name, 0), |(n, i)| (n, i.parse::<u8>().unwrap() - 1));
    let mut parsed = Parsed {
        kind,
        name,
        instance,
        outcome: outcome.parse().unwrap(),
        values: Vec::new(),
        items: None,
        status: Status::Done,
        ended: None,
    };
    for word in rest.split_whitespace() {
        match word {
            "ok" => parsed.ended = Some(EndKind::Completed),
            "cancelled" => parsed.ended = Some(EndKind::Cancelled),
            "deadlocked" => parsed.ended = Some(EndKind::Deadlocked),
            _ if word.starts_with('{') => {
                let list = word.trim_matches(['{', '}']).split(',').filter(|item| !item.is_empty());
                let mut items: Vec<String> = list.map(str::to_owned).collect();
                items.sort();
                parsed.items = Some(items);
            }
            _ if word.contains(":=") => {
                parsed.values.extend(word.split_once(":=").map(|(n, v)| (n, value(v))))
            }
            _ => {
                parsed.status =
                    status(word.strip_prefix('?').unwrap_or_else(|| panic!("{word:?} in {step:?}")))
            }
        }
    }
    parsed
}

fn value(text: &str) -> Value {
    if let Some(length) = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')) {
        return Value::List(length.parse().unwrap());
    }
    match (text.parse::<i64>(), text.parse::<f64>(), text) {
        (Ok(number), _, _) => Value::Integer(number),
        (_, Ok(number), _) => Value::Decimal(number),
        (_, _, "true" | "false") => Value::Boolean(text == "true"),
        _ => Value::text(text),
    }
}

fn status(name: &str) -> Status {
    let all = [
        Status::Done,
        Status::UnknownCase,
        Status::UnknownTask,
        Status::NotEnabled,
        Status::BadOutcome,
        Status::StaleRound,
        Status::CounterFull,
        Status::BadSide,
        Status::KindRefused,
        Status::Lost,
        Status::NoRoom,
        Status::NoValue,
        Status::NoAnswer,
        Status::NoBranch,
    ];
    all.into_iter().find(|status| format!("{status:?}") == name).unwrap_or_else(|| panic!("no status {name}"))
}

impl<'e> Player<'e> {
    fn new(engine: &'e Engine, nets: &[Net]) -> Self {
        let names = engine.programs().map(|(id, _)| (id.0, engine.names(id).unwrap())).collect();
        let instances = nets.iter().flat_map(|net| {
            let program = engine.program(net.name()).unwrap().0;
            let tasks = (0u16..).zip(net.tasks().collect::<Vec<_>>());
            // Instances that are cases of their own have no numbers.
            let several = tasks.filter(|&(_, task)| {
                let is_bits = net.body(task).is_none() && net.called(task).is_none();
                is_bits && matches!(net.node(task).kind(), NodeKind::Instances(_))
            });
            several.map(move |(task, _)| (program, task))
        });
        Self {
            engine,
            instances: instances.collect(),
            program: engine.program(nets[0].name()).unwrap(),
            shard: engine.shard(0, 16).unwrap(),
            arena: Arena::new(),
            root: CaseId::default(),
            has_started: false,
            items: Vec::new(),
            cases: Vec::new(),
            ended: None,
            names,
        }
    }

    fn is_live(&self) -> bool {
        self.shard.live() > 0 && self.ended.is_none()
    }

    fn step(&mut self, step: &str) {
        let parsed = parse(step);
        let before = self.labels();
        if parsed.name == "start" {
            self.start(&parsed);
        } else {
            self.event(step, &parsed);
        }
        let expected = parsed.items.as_ref().unwrap_or(&before);
        assert_eq!(&self.labels(), expected, "work items after {step:?}");
        assert_eq!(self.live_labels(), *expected, "work items of the live cases after {step:?}");
        if parsed.status == Status::Done || parsed.ended.is_some() {
            assert_eq!(self.ended, parsed.ended, "end after {step:?}");
        }
    }

    fn start(&mut self, parsed: &Parsed<'_>) {
        let values = self.values(self.program, parsed);
        let start = Start { outcome: parsed.outcome, side: 0, ..Start::default() };
        let scope = self.arena.scope();
        let started = self.shard.start_batch_with(self.program, &[start], &[Side::set(&values)], &scope);
        self.has_started = true;
        assert_eq!(started.refused.unwrap_or_default(), parsed.status, "start");
        if started.refused.is_some() {
            assert_eq!(self.shard.live(), 0, "a start that is refused leaves nothing");
            return;
        }
        self.root = started.cases[0];
        self.items = started.enabled.to_vec();
        self.cases = started.enabled.iter().map(|event| event.case).chain([self.root]).collect();
        self.ended = started.ended.iter().find(|ended| ended.case == self.root).map(|ended| ended.kind);
        self.cases.retain(|case| started.ended.iter().all(|ended| ended.case != *case));
    }

    fn values(&self, program: ProgramId, parsed: &Parsed<'_>) -> Vec<(u16, Value)> {
        let number = |name: &str| {
            self.engine.variable(program, name).unwrap_or_else(|| panic!("no condition asks for {name}"))
        };
        parsed.values.iter().map(|&(name, value)| (number(name), value)).collect()
    }

    /// The event that a step means: of the case that has such a work item, else of the first case.
    fn address(&self, parsed: &Parsed<'_>) -> Event {
        let item = self
            .items
            .iter()
            .rev()
            .find(|item| self.name(item) == parsed.name && (item.instance == parsed.instance));
        let names = &self.names[&self.program.0];
        let number = |list: &[wf_net::Label]| list.iter().position(|label| label.id == parsed.name);
        let task = number(&names.tasks);
        let interrupt = number(&names.interrupts).map(|i| i + names.tasks.len() + names.starts.len());
        let of_root = match task.or(interrupt) {
            _ if parsed.name.is_empty() => Event::cancel(self.root),
            Some(number) => Event::complete(self.root, number as u16),
            // A task of a net that is called, of which no case has a work item.
            None => Event::complete(CaseId(self.root.0 ^ 1), 0),
        };
        let event = item.copied().unwrap_or(of_root);
        Event { kind: parsed.kind, outcome: parsed.outcome, instance: parsed.instance, ..event }
    }

    fn event(&mut self, step: &str, parsed: &Parsed<'_>) {
        let event =
            Event { side: if parsed.values.is_empty() { NO_SIDE } else { 0 }, ..self.address(parsed) };
        let program = self.shard.case(event.case).map_or(self.program, |view| view.program);
        let values = self.values(program, parsed);
        let scope = self.arena.scope();
        let changes = self.shard.advance_with(&[event], &[Side::set(&values)], &scope);
        assert_eq!(changes.status, [parsed.status], "{step:?}: {event:?}");
        let takes = matches!(event.kind, EventKind::Complete | EventKind::Begin | EventKind::Trigger);
        if parsed.status == Status::Done && takes {
            let same = |item: &Event| {
                (item.case, item.task, item.instance) == (event.case, event.task, event.instance)
            };
            if let Some(at) = self.items.iter().position(same) {
                self.items.remove(at);
            }
        }
        for gone in changes.withdrawn {
            // One that was begun is not among those that wait.
            if let Some(at) = self.items.iter().position(|item| item == gone) {
                self.items.remove(at);
            }
        }
        self.items.extend(changes.enabled);
        self.cases.extend(changes.enabled.iter().map(|event| event.case));
        for ended in changes.ended {
            self.cases.retain(|&case| case != ended.case);
            if ended.case == self.root {
                self.ended = Some(ended.kind);
            }
        }
        if self.ended.is_some() {
            assert_eq!(self.shard.live(), 0, "the cases that it called end with it: {step:?}");
        }
    }

    /// Writes the cases out, gives them up, and reads them in under other ids.
    fn resume(&mut self) {
        let mut arena = Arena::new();
        let scope = arena.scope();
        let exported = self.shard.export(&[self.root], &scope);
        self.shard.advance(&[Event::cancel(self.root)], &scope);
        assert_eq!(self.shard.live(), 0);
        let imported = self.shard.import_with(exported.saved, exported.values, &scope);
        assert_eq!(imported.refused, None);
        let new_of = |old: CaseId| {
            let at = exported.cases.iter().position(|&case| case == old);
            at.map_or(old, |at| imported.cases[at])
        };
        self.root = new_of(self.root);
        self.cases.iter_mut().for_each(|case| *case = new_of(*case));
        self.items.iter_mut().for_each(|item| item.case = new_of(item.case));
        assert_eq!(self.live_labels(), self.labels(), "work items after a resumption");
        assert_eq!(self.shard.export(&[self.root], &scope).saved, exported.saved, "the same bytes again");
    }

    fn name(&self, event: &Event) -> String {
        // The program of a case that has ended is not known any more; its items are gone with it.
        let program = self.shard.case(event.case).map(|view| view.program).unwrap_or(self.program);
        self.names[&program.0].tasks[usize::from(event.task)].id.clone()
    }

    fn label(&self, event: &Event) -> String {
        let program = self.shard.case(event.case).map(|view| view.program).unwrap_or(self.program);
        let name = self.name(event);
        if self.instances.contains(&(program.0, event.task)) {
            format!("{name}.{}", event.instance + 1)
        } else {
            name
        }
    }

    fn labels(&self) -> Vec<String> {
        let mut labels: Vec<String> = self.items.iter().map(|event| self.label(event)).collect();
        labels.sort();
        labels
    }

    fn live_labels(&self) -> Vec<String> {
        let mut cases = self.cases.clone();
        cases.sort();
        cases.dedup();
        let items = cases.iter().filter_map(|&case| self.shard.enabled(case)).flatten();
        let mut labels: Vec<String> = items.map(|event| self.label(&event)).collect();
        labels.sort();
        labels
    }
}
