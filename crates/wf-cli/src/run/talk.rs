//! Cases that talk: what they send is delivered, and time passes while nobody has anything to do.

use std::collections::{BTreeMap, VecDeque};
use std::io::{self, Write};

use serde_json::json;
use wf_bpmn::Process;
use wf_engine::play::{Choices, PlayOptions, below, draw};
use wf_engine::{
    Arena, Correlation, Delivery, EndKind, Ended, Engine, Event, EventKind, NO_SIDE, ProgramId, SLOTS_MAX,
    Sent, Shard, Side, Start, Status,
};

use crate::exit::Failure;
use crate::interrupt;
use crate::say::printable;

/// The longest that a task takes, in seconds.
const TASK_SECONDS_MAX: u64 = 24 * 3600;

/// Slots for each case: itself, its partners, and what they call.
pub(super) const SLOTS_PER_CASE: u64 = 8;
/// Slots at least: how many instances a case has, its data says.
const SLOTS_MIN: u64 = 1 << 16;

/// Messages that may wait to be delivered, however few the cases are.
const UNDELIVERED_MIN: usize = 1 << 16;

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

/// What cases have said, in the order in which they said it.
enum Post {
    Sent(Sent),
    /// Forgotten once all that was sent before is delivered: who sent it says which talk it is of.
    Ended(Ended),
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
    /// For each program the number of its tasks.
    tasks: Vec<usize>,
    /// By signal: where cases begin with it.
    starts: BTreeMap<String, Vec<(ProgramId, Start)>>,
    posts: VecDeque<Post>,
    /// Of these, what was sent.
    undelivered: usize,
    /// Most of it that waits: those that answer messages could be more and more.
    undelivered_max: usize,
    /// Most steps, and most cases that messages begin: each could begin others for ever.
    steps_max: u64,
    now: u32,
    seed: u64,
    draws: u64,
    report: Report,
}

/// Plays until nothing can happen any more, or more than the steps that the options allow each case have been made.
pub(super) fn play(engine: &Engine, program: ProgramId, options: &PlayOptions) -> Result<Report, Failure> {
    let slots = options.cases.saturating_mul(SLOTS_PER_CASE).max(SLOTS_MIN).min(SLOTS_MAX as u64) as usize;
    let shard = engine.shard(0, slots).map_err(|error| Failure::Io(error.to_string()))?;
    let (mut choices, mut tasks) = (Vec::new(), Vec::new());
    for (id, _) in engine.programs() {
        let names = engine.names(id).unwrap_or_default();
        let routes = 0..names.route_decisions.len();
        choices.push(routes.map(|route| Choices::new(id, &names, route, &options.odds, false)).collect());
        tasks.push(names.tasks.len());
    }
    let mut talk = Talk {
        engine,
        shard,
        known: Correlation::new(engine),
        work: BTreeMap::new(),
        choices,
        tasks,
        starts: signalled(engine),
        posts: VecDeque::new(),
        undelivered: 0,
        undelivered_max: slots.max(UNDELIVERED_MIN),
        steps_max: options.cases.saturating_mul(u64::from(options.steps_max)),
        now: 0,
        seed: options.seed,
        draws: 0,
        report: Report::default(),
    };
    for number in 0..options.cases {
        if interrupt::requested() {
            break;
        }
        talk.report.cases += 1;
        if !talk.begin(number, program, Start::default()) {
            talk.report.lost += 1;
        }
        talk.settle();
    }
    while talk.may_go_on() && talk.advance_clock() {}
    talk.report.waiting = talk.known.len() as u64;
    Ok(talk.report)
}

impl Talk<'_> {
    fn may_go_on(&self) -> bool {
        self.report.steps < self.steps_max && !interrupt::requested()
    }

    /// Goes to the next second at which anything happens; `false` if nothing does.
    fn advance_clock(&mut self) -> bool {
        let work = self.work.keys().next().map(|&(second, _)| second);
        let Some(next) = self.shard.next_deadline().into_iter().chain(work).min() else { return false };
        (self.now, self.report.seconds) = (next, next);
        let mut events: Vec<Event> = self.shard.tick(next).collect();
        while let Some(entry) = self.work.first_entry().filter(|entry| entry.key().0 <= next) {
            events.push(entry.remove());
        }
        for event in events {
            self.apply(event);
            self.settle();
        }
        true
    }

    /// Delivers what was sent, and what is sent on that, in a loop: an answer to an answer is no deeper than the first.
    fn settle(&mut self) {
        while self.may_go_on()
            && let Some(post) = self.posts.pop_front()
        {
            match post {
                Post::Sent(sent) => {
                    self.undelivered -= 1;
                    self.deliver(&sent);
                }
                Post::Ended(ended) => self.forget(ended),
            }
        }
    }

    fn apply(&mut self, event: Event) {
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
        self.follow(changes.enabled, changes.sent, changes.ended);
    }

    /// Those that others call have no number.
    fn forget(&mut self, ended: Ended) {
        if self.known.key(ended.case).is_some() {
            self.known.remove(ended.case);
            self.report.completed += u64::from(ended.kind == EndKind::Completed);
            self.report.deadlocked += u64::from(ended.kind != EndKind::Completed);
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

    /// `false` if there is no room for one more case.
    fn begin(&mut self, number: u64, program: ProgramId, start: Start) -> bool {
        let tasks = self.tasks[program.0 as usize];
        let random = self.draw();
        let choices = self.choices[program.0 as usize].get(tasks + usize::from(start.node));
        let (choice, is_wide) = choices.map_or((0, false), |c| (c.choose(random), c.is_wide()));
        let (outcome, side) = if is_wide { (0, 0) } else { (choice as u8, NO_SIDE) };
        let mut arena = Arena::new();
        let scope = arena.scope();
        let start = Start { outcome, side, ..start };
        let started = self.shard.start_batch_with(program, &[start], &[Side::choice(choice)], &scope);
        let Some(&case) = started.cases.first() else { return false };
        self.known.insert(case, number);
        self.follow(started.enabled, started.sent, started.ended);
        true
    }

    /// Plans the work that is to be done, and takes what was said.
    fn follow(&mut self, enabled: &[Event], sent: &[Sent], ended: &[Ended]) {
        for &item in enabled.iter().filter(|item| item.kind == EventKind::Complete) {
            let random = self.draw();
            let second = self.now.saturating_add(1 + below(random as u32, TASK_SECONDS_MAX) as u32);
            self.work.insert((second, self.draws), item);
        }
        for &sent in sent {
            let name = self.engine.message_name(sent.message).unwrap_or_default();
            *self.report.sent.entry(name.to_owned()).or_default() += 1;
            if self.undelivered < self.undelivered_max {
                self.undelivered += 1;
                self.posts.push_back(Post::Sent(sent));
            } else {
                self.report.lost += 1;
            }
        }
        self.posts.extend(ended.iter().copied().map(Post::Ended));
    }

    /// Gives a message to whoever takes it, a signal to all who do.
    fn deliver(&mut self, sent: &Sent) {
        let Some(&number) = self.known.key(sent.root) else { return };
        let name = self.engine.message_name(sent.message).unwrap_or_default();
        let mut events: Vec<Event> = Vec::new();
        let mut starts: Vec<(ProgramId, Start)> = Vec::new();
        if name.starts_with(SIGNAL) {
            let cases = self.known.cases(&number);
            events.extend(cases.filter_map(|case| self.shard.catch(case, sent.message)));
            starts.extend(self.starts.get(name).into_iter().flatten());
        } else {
            match self.known.deliver_sent(sent, |case, message| self.shard.catch(case, message)) {
                Some(Delivery::Event(event)) => events.push(event),
                Some(Delivery::Start(program, start)) => starts.push((program, start)),
                None => {}
            }
        }
        let mut delivered = events.len() as u64;
        for event in events {
            self.apply(event);
        }
        for (program, start) in starts {
            if self.report.partners < self.steps_max && self.begin(number, program, start) {
                self.report.partners += 1;
                delivered += 1;
            }
        }
        self.report.delivered += delivered;
        self.report.lost += u64::from(delivered == 0);
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
