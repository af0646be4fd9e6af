//! An inclusive split and its synchronizing merge, and a task with an event at its boundary, beside plain tasks.

use wf_engine::{Arena, CaseId, Engine, Event, Key, ProgramId, Shard, Start, Status, Store, StoreBuilder};
use wf_gate::{Batch, Subject};
use wf_net::{CompileOptions, NetBuilder, compile};

use super::temporary;

const CASES: usize = 1024;

/// The subjects of merges.
pub(super) fn subjects() -> Vec<Subject> {
    vec![
        Subject { id: "engine.merge", ops: CASES as u32, make: || Box::new(Rounds::new(Ring::Merges)) },
        Subject { id: "engine.watched", ops: CASES as u32, make: || Box::new(Rounds::new(Ring::Watched)) },
        Subject { id: "engine.no_merge", ops: CASES as u32, make: || Box::new(Rounds::new(Ring::Plain)) },
    ]
}

/// What goes round again and again.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ring {
    /// Four tasks.
    Plain,
    /// A task, then three branches of which a completion chooses any, joined by a merge that waits for those.
    Merges,
    /// Four tasks, one of them with an event at its boundary.
    Watched,
}

fn program(ring: Ring) -> Engine {
    let mut net = NetBuilder::new("ring");
    let (start, again, first) = (net.start("s"), net.exclusive("again"), net.task("t"));
    net.chain(&[start, again, first]);
    if ring == Ring::Merges {
        let (split, merge) = (net.inclusive("split"), net.inclusive("merge"));
        net.flow(first, split);
        for branch in 0..3 {
            let task = net.task(&format!("b{branch}"));
            net.chain(&[split, task, merge]);
        }
        net.flow(merge, again);
    } else {
        let tasks: Vec<_> = (0..3).map(|branch| net.task(&format!("b{branch}"))).collect();
        net.chain(&[first, tasks[0], tasks[1], tasks[2], again]);
        if ring == Ring::Watched {
            let (event, end) = (net.interrupt("event", true, &tasks[..1]), net.end("e"));
            net.flow(event, end);
        }
    }
    let net = net.build().expect("a sound net");
    let image = compile(&net, &CompileOptions::default()).expect("a small net");
    let path = temporary();
    let mut store =
        StoreBuilder::create(&path, Default::default()).expect("the temporary folder is writable");
    store.add(Key::Str("ring"), image.as_bytes()).expect("a fresh store");
    store.finish().expect("the temporary folder is writable");
    let store = Store::open_copy(&path).expect("the store was just written");
    std::fs::remove_file(&path).expect("it is ours");
    Engine::with_store(store).expect("a program that was just compiled")
}

/// One completion of each case in a batch.
struct Rounds {
    shard: Shard,
    arena: Arena,
    cases: Vec<CaseId>,
    events: Vec<Event>,
    turn: u64,
}

impl Rounds {
    fn new(ring: Ring) -> Self {
        let mut shard = program(ring).shard(0, CASES).expect("memory for some cases");
        let mut arena = Arena::with_capacity(1 << 20);
        let starts = [Start::default(); CASES];
        let cases = shard.start_batch(ProgramId(0), &starts, &arena.scope()).cases.to_vec();
        Self { shard, arena, cases, events: Vec::with_capacity(CASES), turn: 0 }
    }
}

impl Batch for Rounds {
    fn prepare(&mut self) {
        self.events.clear();
        for (index, &case) in self.cases.iter().enumerate() {
            let event =
                self.shard.enabled(case).and_then(|mut items| items.next()).expect("a case in a ring");
            self.turn = self.turn.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(index as u64 | 1);
            // Any set of branches but the empty one.
            let decides = self.shard.outcomes(case, event.task) > 1;
            let outcome = if decides { 1 + (self.turn >> 33) % 7 } else { 0 };
            self.events.push(event.with_outcome(outcome as u8));
        }
    }

    fn run(&mut self) -> u64 {
        let changes = self.shard.advance(&self.events, &self.arena.scope());
        changes.status.iter().filter(|&&status| status == Status::Done).count() as u64
    }

    fn expected(&mut self) -> Option<u64> {
        Some(CASES as u64)
    }
}
