//! wf-engine: 1,024 cases at a time, every work item completed as the engine shows it.

use wf_engine::{Arena, Engine, Event, Key, ProgramId, Shard, Start, Store, StoreBuilder};
use wf_gate::Batch;
use wf_net::{CompileOptions, compile};

use crate::Workflow;

/// Cases in a run.
pub(crate) const CASES: u32 = 1_024;

/// Outcomes of the loop, numbered from 1, as 0 leaves them to data: round again, and the way out.
const AGAIN: u8 = 1;
const DONE: u8 = 2;

pub(crate) struct Ours {
    workflow: Workflow,
    program: ProgramId,
    shard: Shard,
    arena: Arena,
    starts: Vec<Start>,
    events: Vec<Event>,
}

impl Ours {
    pub(crate) fn new(workflow: Workflow) -> Self {
        let document = wf_bpmn::parse(workflow.model(), &Default::default()).expect("our own model");
        let image = compile(&document.processes[0].net, &CompileOptions::default()).expect("our own model");
        let path =
            std::env::temp_dir().join(format!("wf-peers-{}-{}.wfs", std::process::id(), workflow.name()));
        let mut store =
            StoreBuilder::create(&path, Default::default()).expect("the temporary folder is writable");
        store.add(Key::Str(workflow.name()), image.as_bytes()).expect("a fresh store");
        store.finish().expect("the temporary folder is writable");
        let store = Store::open_copy(&path).expect("just written");
        std::fs::remove_file(&path).expect("ours");
        let engine = Engine::with_store(store).expect("just compiled");
        let program = engine.program(workflow.name()).expect("just added");
        // A or B by the parity of the case.
        let start = |case: u32| match workflow {
            Workflow::Xorloop => Start { outcome: 1 + (case % 2) as u8, ..Start::default() },
            _ => Start::default(),
        };
        Self {
            workflow,
            program,
            shard: engine.shard(0, CASES as usize).expect("memory for some cases"),
            arena: Arena::with_capacity(1 << 20),
            starts: (0..CASES).map(start).collect(),
            events: Vec::with_capacity(4 * CASES as usize),
        }
    }
}

impl Batch for Ours {
    fn run(&mut self) -> u64 {
        let mut completed = 0;
        let started = self.shard.start_batch(self.program, &self.starts, &self.arena.scope()).enabled;
        self.events.clear();
        self.events.extend_from_slice(started);
        let mut round = 0;
        while !self.events.is_empty() {
            // All cases are in step: the fourth round is the third time round the loop.
            if self.workflow == Workflow::Xorloop && round > 0 {
                let outcome = if round == 3 { DONE } else { AGAIN };
                for event in &mut self.events {
                    *event = event.with_outcome(outcome);
                }
            }
            let scope = self.arena.scope();
            let changes = self.shard.advance(&self.events, &scope);
            completed +=
                changes.status.iter().filter(|&&status| status == wf_engine::Status::Done).count() as u64;
            self.events.clear();
            self.events.extend_from_slice(changes.enabled);
            round += 1;
        }
        assert_eq!(self.shard.live(), 0, "every case has ended");
        completed
    }

    fn expected(&mut self) -> Option<u64> {
        Some(u64::from(CASES * self.workflow.tasks()))
    }
}
