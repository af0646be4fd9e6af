//! Ten million live cases in random order: what memory leaves of a completion.

use std::collections::VecDeque;
use std::hint::black_box;

use wf_aligned::{AlignedBuf, Boundary, prefetch_write};
use wf_engine::{Arena, CaseId, Event, ProgramId, Shard, Start, Status};
use wf_gate::{Batch, Subject};

use super::{Random, engine};

/// The subjects of many cases.
pub(super) fn subjects() -> Vec<Subject> {
    vec![
        Subject { id: "engine.complete_10m", ops: EVENTS as u32, make: || Box::new(Complete::new()) },
        Subject { id: "engine.lines_10m", ops: EVENTS as u32, make: || Box::new(Lines::new()) },
    ]
}

const LIVE: usize = 10_000_000;
/// Events of a run.
const EVENTS: usize = 1 << 15;
/// Runs for which events are ready: a case that was asked for its work item is cold again when its turn comes, as the lines
/// of so many runs are more than a core's caches hold.
const READY: usize = 16;
const BATCH: usize = 1024;

/// The numbers below `LIVE` in random order, round and round.
struct Order {
    numbers: Vec<u32>,
    at: usize,
}

impl Order {
    fn new() -> Self {
        let mut numbers: Vec<u32> = (0..LIVE as u32).collect();
        let mut random = Random(0x9E37_79B9_7F4A_7C15);
        for index in (1..LIVE).rev() {
            numbers.swap(index, random.below(index + 1));
        }
        Self { numbers, at: 0 }
    }

    fn next(&mut self) -> &[u32] {
        if self.at + EVENTS > LIVE {
            self.at = 0;
        }
        self.at += EVENTS;
        &self.numbers[self.at - EVENTS..self.at]
    }
}

/// Cases of a sequence of ten tasks.
struct Complete {
    shard: Shard,
    program: ProgramId,
    arena: Arena,
    cases: Vec<CaseId>,
    order: Order,
    ready: VecDeque<Vec<Event>>,
    events: Vec<Event>,
}

impl Complete {
    fn new() -> Self {
        let engine = engine();
        let program = engine.program("seq10").expect("it was compiled");
        let mut shard = engine.shard(0, LIVE).expect("memory for the cases");
        let (mut arena, mut cases) = (Arena::with_capacity(1 << 20), Vec::with_capacity(LIVE));
        while cases.len() < LIVE {
            let room = BATCH.min(LIVE - cases.len());
            let starts = [Start::default(); BATCH];
            cases.extend(shard.start_batch(program, &starts[..room], &arena.scope()).cases);
        }
        let (order, ready) = (Order::new(), VecDeque::with_capacity(READY + 1));
        let mut complete = Self { shard, program, arena, cases, order, ready, events: Vec::new() };
        for _ in 0..READY {
            complete.make_ready(Vec::with_capacity(EVENTS));
        }
        complete
    }

    fn make_ready(&mut self, mut events: Vec<Event>) {
        events.clear();
        for &number in self.order.next() {
            let case = &mut self.cases[number as usize];
            if self.shard.case(*case).is_none() {
                let starts = [Start::default()];
                *case = self.shard.start_batch(self.program, &starts, &self.arena.scope()).cases[0];
            }
            events.extend(self.shard.enabled(*case).expect("a live case").next());
        }
        self.ready.push_back(events);
    }
}

impl Batch for Complete {
    fn prepare(&mut self) {
        let used = std::mem::take(&mut self.events);
        self.make_ready(used);
        self.events = self.ready.pop_front().expect("some are ready");
    }

    fn run(&mut self) -> u64 {
        let mut done = 0;
        for events in self.events.chunks(BATCH) {
            let changes = self.shard.advance(events, &self.arena.scope());
            done += changes.status.iter().filter(|&&status| status == Status::Done).count();
        }
        done as u64
    }

    fn expected(&mut self) -> Option<u64> {
        Some(EVENTS as u64)
    }
}

/// As many lines, of which as many are read, changed and written in a run, asked for ahead.
struct Lines {
    lines: AlignedBuf<[u64; 8]>,
    order: Order,
    ready: VecDeque<Vec<u32>>,
    now: Vec<u32>,
    runs: u64,
}

/// As far ahead as pays here: farther gains nothing.
const AHEAD: usize = 16;

impl Lines {
    fn new() -> Self {
        let mut lines = AlignedBuf::zeroed(LIVE, Boundary::Huge).expect("memory for the lines");
        lines.prefault();
        let ready = VecDeque::with_capacity(READY + 1);
        let mut all = Self { lines, order: Order::new(), ready, now: Vec::new(), runs: 0 };
        for _ in 0..READY {
            all.make_ready(Vec::with_capacity(EVENTS));
        }
        all
    }

    /// Looks at the lines, as whoever makes events looks at cases.
    fn make_ready(&mut self, mut numbers: Vec<u32>) {
        numbers.clear();
        numbers.extend(self.order.next());
        black_box(numbers.iter().map(|&line| self.lines[line as usize][1]).sum::<u64>());
        self.ready.push_back(numbers);
    }
}

impl Batch for Lines {
    fn prepare(&mut self) {
        let used = std::mem::take(&mut self.now);
        self.make_ready(used);
        self.now = self.ready.pop_front().expect("some are ready");
    }

    fn run(&mut self) -> u64 {
        self.runs += 1;
        let mut done = 0;
        for (index, &line) in self.now.iter().enumerate() {
            if let Some(&later) = self.now.get(index + AHEAD) {
                prefetch_write(&self.lines, later as usize);
            }
            let line = &mut self.lines[line as usize];
            line[0] = line[0].wrapping_add(self.runs);
            done += 1;
        }
        done
    }

    fn expected(&mut self) -> Option<u64> {
        Some(EVENTS as u64)
    }
}
