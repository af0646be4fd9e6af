//! The engine on the three comparison workflows of `models/bench`, in equal shares.

use std::hint::black_box;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::thread::{self, JoinHandle};

use wf_engine::{Arena, CaseId, Engine, Event, Key, ProgramId, Shard, Start, Status, Store, StoreBuilder};
use wf_gate::{Batch, Subject};
use wf_net::{CompileOptions, compile};

mod large;
mod merge;
mod sequence;

/// The subjects of wf-engine.
#[must_use]
pub fn subjects() -> Vec<Subject> {
    let mut all = vec![
        Subject { id: "engine.complete", ops: 1024, make: || Box::new(Complete::new(4096, 1024)) },
        Subject { id: "engine.complete_256", ops: 256, make: || Box::new(Complete::new(4096, 256)) },
        Subject { id: "engine.complete_l2", ops: 1024, make: || Box::new(Complete::new(12_000, 1024)) },
        Subject { id: "engine.complete_4096", ops: 4096, make: || Box::new(Complete::new(4096, 4096)) },
        Subject { id: "engine.start", ops: 1024, make: || Box::new(StartAndCancel::new(0)) },
        Subject { id: "engine.start_beside_1000", ops: 1024, make: || Box::new(StartAndCancel::new(1_000)) },
        Subject {
            id: "engine.start_beside_1000000",
            ops: 1024,
            make: || Box::new(StartAndCancel::new(1_000_000)),
        },
        Subject { id: "engine.complete_beside", ops: 1024, make: || Box::new(Beside::new()) },
        Subject { id: "engine.count_at", ops: 4096, make: || Box::new(CountAt::new()) },
        Subject { id: "engine.bytes", ops: 1, make: || Box::new(Bytes::new()) },
    ];
    all.extend(sequence::subjects());
    all.extend(merge::subjects());
    all.extend(large::subjects());
    all
}

const MODELS: [(&str, &[u8]); 3] = [
    ("seq10", include_bytes!("../../../models/bench/seq10.bpmn")),
    ("par4", include_bytes!("../../../models/bench/par4.bpmn")),
    ("xorloop", include_bytes!("../../../models/bench/xorloop.bpmn")),
];

/// An engine over the comparison workflows, through a store file that is gone once it is open.
///
/// # Panics
/// If the models of this repository do not compile, or the temporary folder cannot be written.
#[must_use]
pub fn engine() -> Engine {
    let path = temporary();
    let mut store =
        StoreBuilder::create(&path, Default::default()).expect("the temporary folder is writable");
    for (name, bytes) in MODELS {
        let document = wf_bpmn::parse(bytes, &Default::default()).expect("our own model");
        let image = compile(&document.processes[0].net, &CompileOptions::default()).expect("our own model");
        store.add(Key::Str(name), image.as_bytes()).expect("a fresh store");
    }
    store.finish().expect("the temporary folder is writable");
    let store = Store::open_copy(&path).expect("the store was just written");
    std::fs::remove_file(&path).expect("it is ours");
    Engine::with_store(store).expect("programs that were just compiled")
}

fn temporary() -> PathBuf {
    use std::sync::atomic::AtomicU64;
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    std::env::temp_dir().join(format!("wf-benches-{}-{number}.wfs", std::process::id()))
}

/// All programs, each with a start that takes the first branch where a decision stands behind it: 0 leaves that to data.
fn programs(engine: &Engine) -> Vec<(ProgramId, Start)> {
    let start = |program| {
        let names = engine.names(program).expect("a program of the engine");
        let decides = !names.route_decisions[names.tasks.len()].is_empty();
        Start { outcome: u8::from(decides), ..Start::default() }
    };
    engine.programs().map(|(program, _)| (program, start(program))).collect()
}

struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (((self.0 >> 32) * n as u64) >> 32) as usize
    }
}

/// Completes one random work item of each of `batch` random cases, of `live` that live.
///
/// Before each timed batch, untimed: ended cases are replaced, and the batch is drawn anew from the work items of now.
struct Complete {
    programs: Vec<(ProgramId, Start)>,
    shard: Shard,
    arena: Arena,
    setup: Arena,
    cases: Vec<CaseId>,
    events: Vec<Event>,
    batch: usize,
    random: Random,
}

impl Complete {
    fn new(live: usize, batch: usize) -> Self {
        let engine = engine();
        let programs = programs(&engine);
        let mut complete = Self {
            shard: engine.shard(0, live).expect("memory for some cases"),
            arena: Arena::with_capacity(1 << 20),
            setup: Arena::new(),
            cases: Vec::with_capacity(live),
            events: Vec::with_capacity(batch),
            batch,
            random: Random(0x9E37_79B9_7F4A_7C15),
            programs,
        };
        for index in 0..live {
            let case = complete.start(index);
            complete.cases.push(case);
        }
        complete
    }

    fn start(&mut self, index: usize) -> CaseId {
        let (program, start) = self.programs[index % self.programs.len()];
        self.shard.start_batch(program, &[start], &self.setup.scope()).cases[0]
    }
}

impl Batch for Complete {
    fn prepare(&mut self) {
        self.events.clear();
        for index in 0..self.batch {
            let other = index + self.random.below(self.cases.len() - index);
            self.cases.swap(index, other);
            if self.shard.case(self.cases[index]).is_none() {
                let number = self.random.below(3);
                self.cases[index] = self.start(number);
            }
            let mut items = self.shard.enabled(self.cases[index]).expect("a live case");
            let item = self.random.below(items.len());
            let event = items.nth(item).expect("below their number");
            // Only the last task of the loop decides, between two branches, numbered from 1: 0 leaves it to data.
            let decides = self.shard.outcomes(event.case, event.task) > 1;
            let outcome = if decides { 1 + self.random.below(2) as u8 } else { 0 };
            self.events.push(event.with_outcome(outcome));
        }
    }

    fn run(&mut self) -> u64 {
        let changes = self.shard.advance(&self.events, &self.arena.scope());
        changes.status.iter().filter(|&&status| status == Status::Done).count() as u64
    }

    fn expected(&mut self) -> Option<u64> {
        Some(self.batch as u64)
    }
}

/// Starts 1,024 cases and gives them up again, beside others that live: the cost of a case that does nothing.
struct StartAndCancel {
    shard: Shard,
    program: (ProgramId, Start),
    arena: Arena,
    events: Vec<Event>,
}

impl StartAndCancel {
    fn new(live: usize) -> Self {
        let engine = engine();
        let mut shard = engine.shard(0, live + 1024).expect("memory for the cases");
        let program = programs(&engine)[0];
        fill(&mut shard, &[program], live);
        Self { shard, program, arena: Arena::with_capacity(1 << 20), events: Vec::with_capacity(1024) }
    }
}

impl Batch for StartAndCancel {
    fn run(&mut self) -> u64 {
        self.events.clear();
        let (program, start) = self.program;
        let started = self.shard.start_batch(program, &[start; 1024], &self.arena.scope());
        self.events.extend(started.cases.iter().map(|&case| Event::cancel(case)));
        self.shard.advance(&self.events, &self.arena.scope()).ended.len() as u64
    }

    fn expected(&mut self) -> Option<u64> {
        Some(1024)
    }
}

/// Starts cases of the programs in turn until so many live.
fn fill(shard: &mut Shard, programs: &[(ProgramId, Start)], live: usize) {
    let mut arena = Arena::new();
    let mut next = programs.iter().cycle();
    while shard.live() < live {
        let room = 1024.min(live - shard.live());
        let (program, start) = *next.next().expect("there are programs");
        let started = shard.start_batch(program, &[start; 1024][..room], &arena.scope()).cases.len();
        assert_eq!(started, room, "a start of our own model");
    }
}

/// Completes in one shard while another thread does the same in a shard of its own.
struct Beside {
    own: Complete,
    stop: Arc<AtomicBool>,
    other: Option<JoinHandle<()>>,
}

impl Beside {
    fn new() -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let (begun, begins) = mpsc::channel();
        let seen = Arc::clone(&stop);
        let other = thread::spawn(move || {
            let mut other = Complete::new(4096, 1024);
            // Nobody waits any more if the measured thread is gone.
            let _gone = begun.send(());
            while !seen.load(Ordering::Relaxed) {
                other.prepare();
                black_box(other.run());
            }
        });
        begins.recv().expect("the other thread builds what this one builds");
        Self { own: Complete::new(4096, 1024), stop, other: Some(other) }
    }
}

impl Batch for Beside {
    fn prepare(&mut self) {
        self.own.prepare();
    }

    fn run(&mut self) -> u64 {
        self.own.run()
    }

    fn expected(&mut self) -> Option<u64> {
        self.own.expected()
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(other) = self.other.take() {
            other.join().expect("the other thread does what this one does");
        }
    }
}

/// Counts the cases at one task, of 4,096 of one program.
struct CountAt {
    shard: Shard,
    arena: Arena,
    program: ProgramId,
}

impl CountAt {
    fn new() -> Self {
        let engine = engine();
        let mut shard = engine.shard(0, 4096).expect("memory for some cases");
        let mut arena = Arena::new();
        let program = engine.program("seq10").expect("it was compiled");
        shard.start_batch(program, &[Start::default(); 4096], &arena.scope());
        Self { shard, arena, program }
    }
}

impl Batch for CountAt {
    fn run(&mut self) -> u64 {
        self.shard.count_at(self.program, 0, &self.arena.scope()) as u64
    }

    fn expected(&mut self) -> Option<u64> {
        Some(4096)
    }
}

/// Answers with the bytes that a shard takes for a thousand of a million live cases.
struct Bytes(Shard);

impl Bytes {
    const LIVE: usize = 1_000_000;

    fn new() -> Self {
        let engine = engine();
        let mut shard = engine.shard(0, Self::LIVE).expect("memory for the cases");
        fill(&mut shard, &programs(&engine), Self::LIVE);
        Self(shard)
    }
}

impl Batch for Bytes {
    fn run(&mut self) -> u64 {
        (1_000 * self.0.bytes()).div_ceil(self.0.live()) as u64
    }

    fn expected(&mut self) -> Option<u64> {
        None
    }
}
