//! Cases of one program: all of them one task on in a batch, one after the other, and written out and read in.

use std::hint::black_box;

use wf_engine::{Arena, CaseId, Event, ProgramId, Saved, Shard, Start, Status};
use wf_gate::{Batch, Subject};

use super::engine;

/// The subjects of one program.
pub(super) fn subjects() -> Vec<Subject> {
    vec![
        Subject { id: "engine.complete_seq10", ops: 1024, make: || Box::new(Sequence::new()) },
        Subject { id: "engine.advance_one", ops: STEPS, make: || Box::new(OneByOne::new()) },
        Subject { id: "engine.step", ops: STEPS, make: || Box::new(Stepped(OneByOne::new())) },
        Subject { id: "engine.by_hand", ops: STEPS, make: || Box::new(ByHand) },
        Subject { id: "engine.export", ops: 1024, make: || Box::new(Export(Sequence::new())) },
        Subject { id: "engine.import", ops: 1024, make: || Box::new(Import::new()) },
    ]
}

/// 1,024 cases of one program, each of which does its next task in a batch.
struct Sequence {
    shard: Shard,
    program: ProgramId,
    arena: Arena,
    cases: Vec<CaseId>,
    events: Vec<Event>,
}

impl Sequence {
    fn new() -> Self {
        let engine = engine();
        let program = engine.program("seq10").expect("it was compiled");
        let mut sequence = Self {
            shard: engine.shard(0, 2048).expect("memory for some cases"),
            program,
            arena: Arena::with_capacity(1 << 20),
            cases: Vec::with_capacity(1024),
            events: Vec::with_capacity(1024),
        };
        sequence.refill();
        sequence
    }

    fn refill(&mut self) {
        self.cases.clear();
        let started = self.shard.start_batch(self.program, &[Start::default(); 1024], &self.arena.scope());
        self.cases.extend(started.cases);
    }
}

impl Batch for Sequence {
    fn prepare(&mut self) {
        if self.shard.live() == 0 {
            self.refill();
        }
        self.events.clear();
        for &case in &self.cases {
            self.events.extend(self.shard.enabled(case).expect("a live case").next());
        }
    }

    fn run(&mut self) -> u64 {
        let changes = self.shard.advance(&self.events, &self.arena.scope());
        changes.status.iter().filter(|&&status| status == Status::Done).count() as u64
    }

    fn expected(&mut self) -> Option<u64> {
        Some(1024)
    }
}

/// Tasks of the sequence, and cases that go through all of them in a run.
const TASKS: u32 = 10;
const CASES: u32 = 100;
const STEPS: u32 = TASKS * CASES;

/// One case after the other, each from its start to its end, each step made of what the last one enabled.
struct OneByOne(Sequence);

impl OneByOne {
    fn new() -> Self {
        let mut one = Self(Sequence::new());
        one.restart();
        one
    }

    fn restart(&mut self) {
        let Sequence { shard, program, arena, cases, events } = &mut self.0;
        events.clear();
        events.extend(
            cases.iter().filter(|&&case| shard.case(case).is_some()).map(|&case| Event::cancel(case)),
        );
        shard.advance(events, &arena.scope());
        cases.clear();
        cases.extend(shard.start_batch(*program, &[Start::default(); CASES as usize], &arena.scope()).cases);
        events.clear();
        for &case in &*cases {
            events.extend(shard.enabled(case).expect("a live case").next());
        }
    }
}

impl Batch for OneByOne {
    fn prepare(&mut self) {
        self.restart();
    }

    fn run(&mut self) -> u64 {
        let Sequence { shard, arena, events, .. } = &mut self.0;
        let mut done = 0;
        for first in &*events {
            let mut next = Some(*first);
            while let Some(event) = next {
                let scope = arena.scope();
                let changes = shard.advance(&[event], &scope);
                done += u64::from(changes.status[0] == Status::Done);
                next = changes.enabled.first().copied();
            }
        }
        done
    }

    fn expected(&mut self) -> Option<u64> {
        Some(u64::from(STEPS))
    }
}

/// The same by the step that is made for one event.
struct Stepped(OneByOne);

impl Batch for Stepped {
    fn prepare(&mut self) {
        self.0.restart();
    }

    fn run(&mut self) -> u64 {
        let Sequence { shard, events, .. } = &mut self.0.0;
        let mut done = 0;
        for first in &*events {
            let mut next = Some(*first);
            while let Some(event) = next {
                let Some(step) = shard.step(event) else { return 0 };
                done += 1;
                let task = step.enabled.trailing_zeros() as u16;
                next = step.ended.is_none().then(|| Event::complete(event.case, task));
            }
        }
        done
    }

    fn expected(&mut self) -> Option<u64> {
        Some(u64::from(STEPS))
    }
}

/// The same sequence as a person writes it when there is no engine: a state, a match, and the next task for whoever asks.
struct ByHand;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    At(u32),
    Ended,
}

impl Stage {
    /// Called, not inlined, as a library's is. The next task; `None` if that was the last, or not the one that is due.
    #[inline(never)]
    fn complete(&mut self, task: u32) -> Option<u32> {
        match *self {
            Self::At(at) if at == task && at + 1 < TASKS => {
                *self = Self::At(at + 1);
                Some(at + 1)
            }
            Self::At(at) if at == task => {
                *self = Self::Ended;
                None
            }
            _ => None,
        }
    }
}

impl Batch for ByHand {
    fn run(&mut self) -> u64 {
        let mut done = 0;
        for _ in 0..CASES {
            let mut stage = Stage::At(0);
            let mut next = Some(0);
            while let Some(task) = next {
                // What the last step gave is what this one needs.
                next = black_box(&mut stage).complete(black_box(task));
                done += 1;
            }
            if stage != Stage::Ended {
                return 0;
            }
        }
        done
    }

    fn expected(&mut self) -> Option<u64> {
        Some(u64::from(STEPS))
    }
}

/// Writes 1,024 cases of one program out.
struct Export(Sequence);

impl Batch for Export {
    fn run(&mut self) -> u64 {
        self.0.shard.export(&self.0.cases, &self.0.arena.scope()).saved.len() as u64
    }

    fn expected(&mut self) -> Option<u64> {
        Some(1024)
    }
}

/// Reads 1,024 cases of one program in, each checked.
struct Import {
    sequence: Sequence,
    saved: Vec<Saved>,
    new: Vec<Event>,
}

impl Import {
    fn new() -> Self {
        let mut sequence = Sequence::new();
        let saved = sequence.shard.export(&sequence.cases, &sequence.arena.scope()).saved.to_vec();
        Self { sequence, saved, new: Vec::with_capacity(1024) }
    }
}

impl Batch for Import {
    fn prepare(&mut self) {
        // Those of the last run make room.
        let Sequence { shard, arena, .. } = &mut self.sequence;
        shard.advance(&self.new, &arena.scope());
        self.new.clear();
    }

    fn run(&mut self) -> u64 {
        let Sequence { shard, arena, .. } = &mut self.sequence;
        let scope = arena.scope();
        let imported = shard.import(&self.saved, &scope);
        self.new.extend(imported.cases.iter().map(|&case| Event::cancel(case)));
        imported.cases.len() as u64
    }

    fn expected(&mut self) -> Option<u64> {
        Some(1024)
    }
}
