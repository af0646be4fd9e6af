//! One case, each completion built from the work item that the one before has made: beside a hand-written state machine.

use std::hint::black_box;

use wf_engine::{Arena, Engine, Event, Key, ProgramId, Shard, Start, Store, StoreBuilder};
use wf_gate::{Batch, Subject};
use wf_net::{CompileOptions, NetBuilder, compile};

const STEPS: u32 = 1_024;
const TASKS: usize = 10;

/// The subjects of single steps.
#[must_use]
pub fn subjects() -> Vec<Subject> {
    vec![
        Subject { id: "engine.step", ops: STEPS, make: || Box::new(One::new(One::step)) },
        Subject { id: "engine.advance_one", ops: STEPS, make: || Box::new(One::new(One::advance)) },
        Subject { id: "engine.hand_written", ops: STEPS, make: || Box::new(HandWritten(Stage::T0)) },
    ]
}

/// Ten tasks in a ring; behind the last a choice to go round again.
fn ring() -> Engine {
    let mut net = NetBuilder::new("ring");
    let (start, merge, choice, end) =
        (net.start("s"), net.exclusive("m"), net.exclusive("again"), net.end("e"));
    net.chain(&[start, merge]);
    let mut last = merge;
    for index in 0..TASKS {
        let task = net.task(&format!("t{index}"));
        net.flow(last, task);
        last = task;
    }
    net.chain(&[last, choice, merge]);
    net.flow(choice, end);
    let image = compile(&net.build().expect("a sound net"), &CompileOptions::default()).expect("a small net");
    let path = super::engine::temporary();
    let mut store =
        StoreBuilder::create(&path, Default::default()).expect("the temporary folder is writable");
    store.add(Key::Str("ring"), image.as_bytes()).expect("a fresh store");
    store.finish().expect("the temporary folder is writable");
    let store = Store::open_copy(&path).expect("the store was just written");
    std::fs::remove_file(&path).expect("it is ours");
    Engine::with_store(store).expect("a program that was just compiled")
}

/// One case of the ring.
struct One {
    shard: Shard,
    arena: Arena,
    event: Event,
    next: fn(&mut Self, Event) -> Option<u16>,
}

impl One {
    fn new(next: fn(&mut Self, Event) -> Option<u16>) -> Self {
        let mut shard = ring().shard(0, 1).expect("memory for a case");
        let mut arena = Arena::new();
        let event = shard.start_batch(ProgramId(0), &[Start::default()], &arena.scope()).enabled[0];
        Self { shard, arena, event, next }
    }

    fn step(&mut self, event: Event) -> Option<u16> {
        let step = self.shard.step(event)?;
        Some(step.enabled.trailing_zeros() as u16)
    }

    fn advance(&mut self, event: Event) -> Option<u16> {
        self.shard.advance(&[event], &self.arena.scope()).enabled.first().map(|item| item.task)
    }
}

impl Batch for One {
    fn run(&mut self) -> u64 {
        let next = self.next;
        let mut sum = 0;
        for _ in 0..STEPS {
            let Some(task) = next(self, self.event) else { return 0 };
            self.event = Event::complete(self.event.case, task);
            sum += 1;
        }
        sum
    }

    fn expected(&mut self) -> Option<u64> {
        Some(u64::from(STEPS))
    }
}

/// The same ring as a programmer would write it for this one workflow.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(u16)]
enum Stage {
    T0,
    T1,
    T2,
    T3,
    T4,
    T5,
    T6,
    T7,
    T8,
    T9,
    Done,
}

impl Stage {
    /// Completes a task, if it is the one that waits; the stage that comes then.
    #[inline(never)]
    const fn complete(&mut self, task: u16, again: bool) -> Option<u16> {
        if *self as u16 != task {
            return None;
        }
        *self = match *self {
            Self::T0 => Self::T1,
            Self::T1 => Self::T2,
            Self::T2 => Self::T3,
            Self::T3 => Self::T4,
            Self::T4 => Self::T5,
            Self::T5 => Self::T6,
            Self::T6 => Self::T7,
            Self::T7 => Self::T8,
            Self::T8 => Self::T9,
            Self::T9 if again => Self::T0,
            Self::T9 | Self::Done => Self::Done,
        };
        Some(*self as u16)
    }
}

struct HandWritten(Stage);

impl Batch for HandWritten {
    fn run(&mut self) -> u64 {
        let (mut task, mut sum) = (self.0 as u16, 0);
        for _ in 0..STEPS {
            let Some(next) = self.0.complete(black_box(task), black_box(true)) else { return 0 };
            task = next;
            sum += 1;
        }
        sum
    }

    fn expected(&mut self) -> Option<u64> {
        Some(u64::from(STEPS))
    }
}
