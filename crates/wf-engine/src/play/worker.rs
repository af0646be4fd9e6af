//! One thread of a play: a shard, its live cases, and the generator that decides for them.

use core::ops::Range;
use std::time::Instant;

use wf_arena::{Arena, Policy, Scope};
use wf_net::Names;
use wf_net::image::CHILDREN_MAX;

use super::choice::{Choices, below, draw, interrupt};
use super::{PlayOptions, Rows, Watch, WorkerReport};
use crate::event::NO_SIDE;
use crate::{
    CaseId, Changes, EndKind, Ended, Engine, EngineError, Event, EventKind, ProgramId, Sent, Shard, Side,
    Start, Status,
};

/// Lines are asked for this many cases ahead of the look at their work items.
const PREFETCH_AHEAD: usize = 16;

/// Work items that a step is planned to add at most: a batch of steps that all add more makes the arena grow once.
const FANOUT_PLANNED: usize = 8;

/// Slots for the live cases of a program that calls others, and for those that they call: four for each, and enough
/// for a few to go deep.
fn slots_with_calls(live: usize) -> usize {
    live.saturating_mul(4).saturating_add(4096).min(crate::SLOTS_MAX)
}

/// As [`slots_with_calls`], where instances are cases: how many each has, data says.
fn slots_with_instances(live: usize) -> usize {
    live.saturating_mul(16).saturating_add(4 * usize::from(CHILDREN_MAX)).min(crate::SLOTS_MAX)
}

/// One step in so many is an interrupt, where one is possible.
const INTERRUPT_ONE_IN: u64 = 16;

/// Work items of a case and those that it calls, among which one is chosen.
const FAMILY_ITEMS: usize = 64;

/// A live case: what the generator is keyed by.
#[derive(Clone, Copy, Debug)]
struct Playing {
    case: CaseId,
    number: u64,
    step: u32,
    /// A condition had no answer: the case is given up next.
    has_incident: bool,
}

/// Plays its share of the cases.
#[derive(Debug)]
pub(super) struct Worker<'o> {
    shard: Shard,
    program: ProgramId,
    numbers: Range<u64>,
    live_max: usize,
    live: Vec<Playing>,
    /// Live cases that ended in the current batch, as indices into `live`.
    over: Vec<usize>,
    events: Vec<Event>,
    sides: Vec<Side<'o>>,
    /// What each route of each program decides: tasks, starts, interrupts. Of the other programs only if this one calls.
    routes: Vec<Vec<Choices>>,
    /// Values with which cases start.
    rows: &'o Rows,
    /// Interrupts that are drawn only if nothing else can happen.
    from_inside: &'o [u16],
    /// Whether cases call others.
    calls: bool,
    /// Scratch: the cases of one family, and their work items.
    family: Vec<CaseId>,
    items: Vec<Event>,
    starts: u64,
    tasks: usize,
    interrupts: bool,
    fanout: usize,
    batch: usize,
    seed: u64,
    steps_max: u32,
    /// The watch wants no more.
    stopped: bool,
    report: WorkerReport,
}

impl<'o> Worker<'o> {
    pub(super) fn new(
        engine: &Engine,
        program: ProgramId,
        names: &Names,
        options: &'o PlayOptions,
        id: u8,
        numbers: Range<u64>,
        live: u64,
    ) -> Result<Self, EngineError> {
        let live_max = usize::try_from(live.min(numbers.end - numbers.start)).unwrap_or(usize::MAX);
        let calls = !names.calls.is_empty();
        // The cases that are called need slots too.
        let slots = match calls {
            _ if engine.has_children() => slots_with_instances(live_max),
            true => slots_with_calls(live_max),
            false => live_max,
        };
        let shard = engine.shard(id, slots)?;
        let routes = engine.programs().map(|(other, _)| {
            let names = (calls || other == program).then(|| engine.names(other)).flatten();
            names.map_or_else(Vec::new, |names| {
                let by_data = !options.rows.is_empty();
                let choices = |route| Choices::new(other, &names, route, &options.odds, by_data);
                (0..names.route_decisions.len()).map(choices).collect()
            })
        });
        let batch = options.batch.min(live_max);
        Ok(Self {
            shard,
            program,
            numbers,
            live_max,
            live: Vec::with_capacity(live_max),
            over: Vec::with_capacity(batch),
            events: Vec::with_capacity(batch),
            sides: Vec::with_capacity(batch),
            routes: routes.collect(),
            rows: &options.rows,
            from_inside: &options.from_inside,
            calls,
            family: Vec::new(),
            items: Vec::new(),
            starts: (names.starts.len() - names.bodies) as u64,
            tasks: names.tasks.len(),
            interrupts: !names.interrupts.is_empty(),
            fanout: engine.fanout(program).clamp(1, FANOUT_PLANNED),
            batch,
            seed: options.seed,
            steps_max: options.steps_max,
            stopped: false,
            report: WorkerReport { sent: vec![0; engine.messages().count()], ..WorkerReport::default() },
        })
    }

    pub(super) fn run(mut self, watch: &mut impl Watch) -> WorkerReport {
        watch.begin();
        let begin = Instant::now();
        let mut arena = self.arena();
        self.fill(&mut arena, watch);
        self.shuffle();
        let (mut at, mut warm_chunks) = (0, arena.stats().chunk_requests);
        while !self.stopped && !self.live.is_empty() {
            at = if at < self.live.len() { at } else { 0 };
            let end = (at + self.batch).min(self.live.len());
            let before = self.report.completions;
            let full = end - at == self.batch;
            self.play_batch(at..end, &arena.scope());
            self.replace(&mut arena, watch);
            self.report.batches += 1;
            let completions = self.report.completions - before;
            self.stopped |= watch.batch(completions).is_break();
            if self.stopped {
                break;
            }
            if self.report.batches == 1 && full {
                warm_chunks = arena.stats().chunk_requests;
                watch.warm();
            }
            at = end;
        }
        self.report.busy = begin.elapsed();
        self.report.interrupted = self.stopped && !(self.live.is_empty() && self.numbers.is_empty());
        watch.done();
        let stats = arena.stats();
        self.report.engine_bytes = (self.shard.bytes() + stats.bytes_held) as u64;
        self.report.arena_resizes = stats.resizes;
        self.report.arena_chunks_steady = stats.chunk_requests - warm_chunks;
        self.report.tasks = self.shard.task_counts(self.program);
        self.report
    }

    /// Room for the largest batch that is expected, so that no later batch needs more than the first.
    fn arena(&self) -> Arena {
        // A vector of work items that doubles as it grows leaves at most three times what it holds.
        let of_event = size_of::<Event>() * 4 * self.fanout + size_of::<Ended>() * 4 + size_of::<Status>();
        let of_start = size_of::<Start>() + size_of::<CaseId>();
        let first_chunk_bytes = self.batch * (of_event + of_start) + 4096;
        // While the last cases end, batches get smaller; giving memory back then would only cost.
        Arena::with_policy(Policy { first_chunk_bytes, quiet_resets: u32::MAX, ..Policy::DEFAULT })
    }

    /// Starts cases up to the limit of live ones; cases that end at once make it start more, until the watch says stop.
    fn fill(&mut self, arena: &mut Arena, watch: &mut impl Watch) {
        while !self.stopped && self.live.len() < self.live_max && !self.numbers.is_empty() {
            let room = (self.live_max - self.live.len()).min(self.batch) as u64;
            let count = room.min(self.numbers.end - self.numbers.start);
            let numbers = self.numbers.start..self.numbers.start + count;
            self.numbers.start += count;
            self.start(numbers, &arena.scope());
            self.stopped |= watch.started(count).is_break();
        }
        self.report.live_peak = self.report.live_peak.max(self.live.len() as u64);
    }

    /// Starts cases and puts those that did not end at once among the live ones.
    fn start(&mut self, numbers: Range<u64>, scope: &Scope<'_>) {
        let starts = scope.alloc_slice_fill((numbers.end - numbers.start) as usize, Start::default());
        self.sides.clear();
        for (start, number) in starts.iter_mut().zip(numbers.clone()) {
            let random = draw(self.seed, number, 0);
            start.node = below(random as u32, self.starts) as u16;
            let route = self.tasks + usize::from(start.node);
            (start.outcome, start.side) = self.decide(self.program, route, random);
            let row = self.rows.of_case(number);
            match self.sides.get_mut(usize::from(start.side)) {
                _ if row.is_empty() => {}
                Some(side) => side.set = row,
                None => {
                    start.side = self.sides.len() as u16;
                    self.sides.push(Side::set(row));
                }
            }
        }
        let mut left = numbers;
        while !left.is_empty() {
            let first = starts.len() - (left.end - left.start) as usize;
            let started = self.shard.start_batch_with(self.program, &starts[first..], &self.sides, scope);
            // In the order of the starts, with the cases that they called and that have ended between them.
            let mut ended = started.ended.iter();
            for (&case, number) in started.cases.iter().zip(left.clone()) {
                let is_live = self.shard.case(case).is_some();
                match if is_live { None } else { ended.by_ref().find(|ended| ended.case == case) } {
                    Some(ended) => self.report.count(ended.kind),
                    None => self.live.push(Playing { case, number, step: 1, has_incident: false }),
                }
            }
            self.report.note_sent(started.sent);
            self.report.cases += started.cases.len() as u64;
            left.start += started.cases.len() as u64;
            // A start that is refused (it would overfill a counter) can never run; those behind it can.
            if let Some(status) = started.refused {
                self.report.cases += 1;
                self.report.stopped += u64::from(!self.report.incidents.note(status));
                left.start += 1;
            }
        }
    }

    /// Outcome and side index for a route, from the upper half of a draw.
    fn decide(&mut self, program: ProgramId, route: usize, random: u64) -> (u8, u16) {
        let route = &self.routes[program.0 as usize][route];
        let choice = route.choose(random);
        if !route.is_wide() {
            return (choice as u8, NO_SIDE);
        }
        self.sides.push(Side::choice(choice));
        (0, (self.sides.len() - 1) as u16)
    }

    fn play_batch(&mut self, window: Range<usize>, scope: &Scope<'_>) {
        self.events.clear();
        self.sides.clear();
        for index in window.clone() {
            if let Some(later) = self.live.get(index + PREFETCH_AHEAD) {
                self.shard.prefetch(later.case);
            }
            let Playing { case, number, step, has_incident } = self.live[index];
            let is_over = has_incident || step > self.steps_max;
            let event = if is_over { Event::cancel(case) } else { self.next_event(case, number, step) };
            self.live[index].step += 1;
            self.events.push(event);
        }
        let changes = self.shard.advance_with(&self.events, &self.sides, scope);
        self.over.clear();
        let live = &mut self.live[window.clone()];
        if !self.rows.is_empty() {
            for (playing, &status) in live.iter_mut().zip(changes.status) {
                playing.has_incident |= self.report.incidents.note(status);
            }
        }
        self.report.note(&changes, &self.events, live, window.start, &mut self.over);
    }

    fn next_event(&mut self, case: CaseId, number: u64, step: u32) -> Event {
        let random = draw(self.seed, number, step);
        let mut event = if self.calls { self.item_of_family(case, random) } else { self.item(case, random) };
        // An interrupt is rare, unless nothing else can happen.
        let interrupts = self.interrupts
            && (event.is_none() || draw(random, number, step).is_multiple_of(INTERRUPT_ONE_IN));
        if interrupts {
            event = interrupt(&self.shard, case, self.from_inside, event.is_none(), random).or(event);
        }
        // Nothing begins an item here, so a live case has one; a program that breaks this loses the case, not the run.
        let Some(event) = event else { return Event::cancel(case) };
        let program = self.shard.case(event.case).map_or(self.program, |view| view.program);
        let (outcome, side) = self.decide(program, usize::from(event.task), random);
        Event { outcome, side, ..event }
    }

    fn item(&self, case: CaseId, random: u64) -> Option<Event> {
        let mut items = self.shard.enabled(case)?;
        let count = items.len() as u64;
        items.nth(below(random as u32, count) as usize)
    }

    /// A work item of a case or of one that it calls, however deep: of many, one of the first [`FAMILY_ITEMS`], so that a case
    /// of thousands of instances costs no more than one of few.
    fn item_of_family(&mut self, case: CaseId, random: u64) -> Option<Event> {
        self.family.clear();
        self.items.clear();
        self.family.push(case);
        let mut next = 0;
        while let Some(&member) = self.family.get(next) {
            next += 1;
            self.items.extend(self.shard.enabled(member).into_iter().flatten());
            if self.items.len() >= FAMILY_ITEMS {
                break;
            }
            // Each of them has an item or calls one that has.
            self.family.extend(self.shard.called(member).take(FAMILY_ITEMS));
        }
        let index = below(random as u32, self.items.len() as u64) as usize;
        self.items.get(index).copied()
    }

    /// Puts new cases in the places of those that ended, as long as there are any.
    fn replace(&mut self, arena: &mut Arena, watch: &mut impl Watch) {
        // From the back, so that indices into what is left stay valid.
        while let Some(index) = self.over.pop() {
            self.live.swap_remove(index);
        }
        let room = self.live_max - self.live.len();
        if room > 0 && !self.numbers.is_empty() {
            self.fill(arena, watch);
        }
    }

    /// Puts the live cases in a random order, so that a batch does not walk the lines one after another.
    fn shuffle(&mut self) {
        for last in (1..self.live.len()).rev() {
            let random = draw(self.seed, last as u64, u32::MAX);
            self.live.swap(last, (random % (last as u64 + 1)) as usize);
        }
    }
}

impl WorkerReport {
    fn count(&mut self, kind: EndKind) {
        match kind {
            EndKind::Completed => self.completed += 1,
            EndKind::Deadlocked => self.deadlocked += 1,
            EndKind::Cancelled => self.stopped += 1,
        }
    }

    fn note_sent(&mut self, sent: &[Sent]) {
        for sent in sent {
            self.sent[sent.message.0 as usize] += 1;
        }
    }

    /// Counts what a batch changed; `over` gets the indices, from `first`, of the cases that ended. An event may be of a case
    /// that the live one calls; the ends of such cases are no ends of theirs.
    fn note(
        &mut self,
        changes: &Changes<'_>,
        events: &[Event],
        live: &[Playing],
        first: usize,
        over: &mut Vec<usize>,
    ) {
        for (event, status) in events.iter().zip(changes.status) {
            match (status, event.kind) {
                (Status::Done, EventKind::Complete | EventKind::Trigger) => self.completions += 1,
                (Status::Done, _) | (Status::NoValue | Status::NoAnswer | Status::NoBranch, _) => {}
                _ => self.refused += 1,
            }
        }
        self.note_sent(changes.sent);
        let mut index = 0;
        for ended in changes.ended {
            let ahead = live[index..].iter().position(|playing| playing.case == ended.case);
            if let Some(ahead) = ahead {
                index += ahead;
                if !(live[index].has_incident && ended.kind == EndKind::Cancelled) {
                    self.count(ended.kind);
                }
                over.push(first + index);
            }
        }
    }
}
