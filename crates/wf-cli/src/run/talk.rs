//! Cases that talk: what they send is delivered, and time passes while nobody has anything to do.

use std::collections::{BTreeMap, VecDeque};
use std::io::{self, Write};

use serde_json::json;
use wf_bpmn::Process;
use wf_engine::play::{Choices, PlayOptions, below, draw};
use wf_engine::{
    Arena, CaseId, Correlation, Delivery, EndKind, Ended, Engine, Event, EventKind, MessageId, NO_SIDE,
    ProgramId, SLOTS_MAX, Sent, Shard, Side, Start, Status,
};

use crate::exit::Failure;
use crate::interrupt;
use crate::say::printable;

/// The longest that a task takes, in seconds.
const TASK_SECONDS_MAX: u64 = 24 * 3600;

/// Slots for each case: itself, its partners, and what they call.
const SLOTS_PER_CASE: u64 = 8;

/// What stands before the names of signals.
const SIGNAL: &str = "signal:";

/// What became of the talks.
#[derive(Debug, Default)]
pub(super) struct Report {
    cases: u64,
    partners: u64,
    completed: u64,
    deadlocked: u64,
    waiting: u64,
    steps: u64,
    sent: BTreeMap<String, u64>,
    delivered: u64,
    lost: u64,
    seconds: u32,
}

struct Talk<'e> {
    engine: &'e Engine,
    shard: Shard,
    /// Cases by the number of the one that began the talk.
    known: Correlation<u64>,
    /// Work that will be done, by second and in the order in which it came up.
    work: BTreeMap<(u32, u64), Event>,
    /// For each program and route.
    choices: Vec<Vec<Choices>>,
    /// By signal: where cases begin with it.
    starts: BTreeMap<String, Vec<(ProgramId, Start)>>,
    /// Cases that signals begin, with the number of their talk.
    begins: VecDeque<(u64, ProgramId, Start)>,
    /// Most cases that messages begin: each could begin others for ever.
    partners_max: u64,
    slots: usize,
    now: u32,
    seed: u64,
    draws: u64,
    report: Report,
}

/// Plays until nothing can happen any more, or more than the steps that the options allow each case have been made.
pub(super) fn play(engine: &Engine, program: ProgramId, options: &PlayOptions) -> Result<Report, Failure> {
    let slots = options.cases.saturating_mul(SLOTS_PER_CASE).min(SLOTS_MAX as u64) as usize;
    let shard = engine.shard(0, slots).map_err(|error| Failure::Io(error.to_string()))?;
    let choices = engine.programs().map(|(id, _)| {
        let names = engine.names(id).unwrap_or_default();
        let routes = 0..names.route_decisions.len();
        routes.map(|route| Choices::new(id, &names, route, &options.odds, false)).collect()
    });
    let steps_max = options.cases.saturating_mul(u64::from(options.steps_max));
    let mut talk = Talk {
        engine,
        shard,
        known: Correlation::new(engine),
        work: BTreeMap::new(),
        choices: choices.collect(),
        starts: signalled(engine),
        begins: VecDeque::new(),
        partners_max: steps_max,
        slots,
        now: 0,
        seed: options.seed,
        draws: 0,
        report: Report::default(),
    };
    for number in 0..options.cases {
        let mut events = VecDeque::new();
        talk.begin(number, program, Start::default(), &mut events);
        talk.report.cases += 1;
        talk.apply_all(events);
    }
    while talk.report.steps < steps_max && !interrupt::requested() && talk.go_on() {}
    talk.report.waiting = talk.known.len() as u64;
    Ok(talk.report)
}

impl Talk<'_> {
    /// Goes to the next second at which anything happens; `false` if nothing does.
    fn go_on(&mut self) -> bool {
        let work = self.work.keys().next().map(|&(second, _)| second);
        let Some(next) = self.shard.next_deadline().into_iter().chain(work).min() else { return false };
        (self.now, self.report.seconds) = (next, next);
        let mut events: VecDeque<Event> = self.shard.tick(next).collect();
        while let Some(entry) = self.work.first_entry().filter(|entry| entry.key().0 <= next) {
            events.push_back(entry.remove());
        }
        self.apply_all(events);
        true
    }

    fn apply_all(&mut self, mut events: VecDeque<Event>) {
        loop {
            if let Some(event) = events.pop_front() {
                self.apply(event, &mut events);
            } else if let Some((number, program, start)) =
                self.begins.pop_front().filter(|_| !interrupt::requested())
            {
                self.begin(number, program, start, &mut events);
            } else {
                return;
            }
        }
    }

    fn apply(&mut self, event: Event, events: &mut VecDeque<Event>) {
        let (event, side) = self.decided(event);
        let mut arena = Arena::new();
        let scope = arena.scope();
        let changes = self.shard.advance_with(&[event], &[Side::choice(side)], &scope);
        match (changes.status, event.kind) {
            ([Status::Done], _) => self.report.steps += 1,
            // It came in the second in which the work was done.
            (_, EventKind::Trigger) => self.report.lost += 1,
            _ => {}
        }
        self.follow(changes.enabled, changes.sent, events);
        self.end(changes.ended);
    }

    /// Forgets cases that have ended; those that others call have no number.
    fn end(&mut self, ended: &[Ended]) {
        for ended in ended {
            if self.known.key(ended.case).is_some() {
                self.known.remove(ended.case);
                self.report.completed += u64::from(ended.kind == EndKind::Completed);
                self.report.deadlocked += u64::from(ended.kind != EndKind::Completed);
            }
        }
    }

    /// An event with its decisions drawn.
    fn decided(&mut self, event: Event) -> (Event, u64) {
        let Some(program) = self.shard.case(event.case).map(|view| view.program) else { return (event, 0) };
        let random = self.draw();
        match self.choices[program.0 as usize].get(usize::from(event.task)) {
            Some(choices) if choices.is_wide() => (event.with_side(0), choices.choose(random)),
            Some(choices) => (event.with_outcome(choices.choose(random) as u8), 0),
            None => (event, 0),
        }
    }

    fn draw(&mut self) -> u64 {
        self.draws += 1;
        draw(self.seed, self.draws, 0)
    }

    fn begin(&mut self, number: u64, program: ProgramId, start: Start, events: &mut VecDeque<Event>) {
        let tasks = self.engine.names(program).map_or(0, |names| names.tasks.len());
        let random = self.draw();
        let choices = self.choices[program.0 as usize].get(tasks + usize::from(start.node));
        let (choice, is_wide) = choices.map_or((0, false), |c| (c.choose(random), c.is_wide()));
        let (outcome, side) = if is_wide { (0, 0) } else { (choice as u8, NO_SIDE) };
        let mut arena = Arena::new();
        let scope = arena.scope();
        let start = Start { outcome, side, ..start };
        let started = self.shard.start_batch_with(program, &[start], &[Side::choice(choice)], &scope);
        let Some(&case) = started.cases.first() else {
            self.report.lost += 1;
            return;
        };
        self.known.insert(case, number);
        self.follow(started.enabled, started.sent, events);
        self.end(started.ended);
    }

    /// Plans the work that is to be done, and gives what was sent to whoever takes it.
    fn follow(&mut self, enabled: &[Event], sent: &[Sent], events: &mut VecDeque<Event>) {
        for &item in enabled.iter().filter(|item| item.kind == EventKind::Complete) {
            let random = self.draw();
            let second = self.now.saturating_add(1 + below(random as u32, TASK_SECONDS_MAX) as u32);
            self.work.insert((second, self.draws), item);
        }
        for sent in sent {
            let name = self.engine.message_name(sent.message).unwrap_or_default().to_owned();
            let to_all = name.starts_with(SIGNAL);
            *self.report.sent.entry(name).or_default() += 1;
            let Some(&number) = self.known.key(sent.root) else { continue };
            let before = events.len();
            let mut begun = 0;
            if to_all {
                self.broadcast(number, sent.message, events);
                begun = self.begin_all(number, sent.message);
            } else {
                match self.known.deliver_sent(sent, |case, message| self.shard.catch(case, message)) {
                    Some(Delivery::Event(event)) => events.push_back(event),
                    Some(Delivery::Start(program, start)) => {
                        self.report.partners += 1;
                        self.report.delivered += 1;
                        self.begin(number, program, start, events);
                        continue;
                    }
                    None => {}
                }
            }
            let found = (events.len() - before) as u64 + begun;
            self.report.delivered += found;
            self.report.lost += u64::from(found == 0);
        }
    }

    fn broadcast(&mut self, number: u64, message: MessageId, events: &mut VecDeque<Event>) {
        let cases: Vec<CaseId> = self.known.cases(&number).collect();
        events.extend(cases.into_iter().filter_map(|case| self.shard.catch(case, message)));
    }

    /// Plans a case of each process that begins with this signal; how many.
    fn begin_all(&mut self, number: u64, signal: MessageId) -> u64 {
        let starts = self.engine.message_name(signal).and_then(|name| self.starts.get(name));
        // What waits to begin has room for as many cases as the shard.
        let waiting = self.slots.saturating_sub(self.begins.len()) as u64;
        let room = self.partners_max.saturating_sub(self.report.partners).min(waiting);
        let planned = starts.into_iter().flatten().take(usize::try_from(room).unwrap_or(usize::MAX));
        let before = self.begins.len();
        self.begins.extend(planned.map(|&(program, start)| (number, program, start)));
        let begun = (self.begins.len() - before) as u64;
        self.report.partners += begun;
        begun
    }
}

/// Where cases begin with signals, by their names.
fn signalled(engine: &Engine) -> BTreeMap<String, Vec<(ProgramId, Start)>> {
    let mut starts: BTreeMap<String, Vec<(ProgramId, Start)>> = BTreeMap::new();
    for (program, _) in engine.programs() {
        let names = engine.names(program).unwrap_or_default();
        for catch in &names.catches {
            let node = usize::from(catch.route).checked_sub(names.tasks.len());
            let node = node.filter(|&node| node < names.starts.len());
            let message = names.messages.get(usize::from(catch.message));
            if let (Some(node), Some(signal)) = (node, message.filter(|name| name.starts_with(SIGNAL))) {
                let start = Start { node: node as u16, ..Start::default() };
                starts.entry(signal.clone()).or_default().push((program, start));
            }
        }
    }
    starts
}

impl Report {
    pub(super) fn print(&self, process: &Process, as_json: bool) -> io::Result<()> {
        let mut out = io::stdout().lock();
        if as_json {
            let document = json!({
                "process": process.id,
                "cases": self.cases,
                "partners": self.partners,
                "completed": self.completed,
                "deadlocked": self.deadlocked,
                "waiting": self.waiting,
                "steps": self.steps,
                "sent": self.sent,
                "delivered": self.delivered,
                "lost": self.lost,
                "seconds": self.seconds,
            });
            writeln!(out, "{document:#}")?;
            return out.flush();
        }
        writeln!(out, "{}\n", printable(&process.id))?;
        let (all, begun) = (self.cases, self.partners);
        let ends =
            format!("{} completed, {} deadlocked, {} waiting", self.completed, self.deadlocked, self.waiting);
        let rows = [
            ("cases", format!("{all}, and {begun} that messages began: {ends}")),
            ("steps", self.steps.to_string()),
            ("messages", format!("{} delivered, {} lost", self.delivered, self.lost)),
            ("seconds of their clock", self.seconds.to_string()),
        ];
        let sent = self.sent.iter().map(|(name, count)| (name.as_str(), count.to_string()));
        for (name, value) in rows.into_iter().chain(sent) {
            writeln!(out, "  {:<25}  {value}", printable(name))?;
        }
        out.flush()
    }
}
