//! An embedded workflow engine: a case is one cache line, and completing a task is a few masked words.
//!
//! An [`Engine`] holds the programs of one store (written by `wf compile`, or by [`StoreBuilder`] from the images of
//! `wf-net`). A [`Shard`] holds the cases of one writer: it starts them, applies batches of [`Event`]s to them, and
//! says in [`Changes`] what became of each event, which work items are new and which cases have ended.
//! Choices are made by outcomes of the completions before them, or by the data of a case ([`Side`], [`Value`],
//! [`Shard::incidents`]); timers run on the clock that [`Shard::tick`] is told. Messages that cases send are in [`Changes`], too, and
//! [`Correlation`] says by a business key who gets one. [`Generations`] takes up new programs while cases run on the old ones.
//! [`play`] runs many cases at random, as a load and as a check.
//!
//! # When not to use it
//! For cases that must survive a crash: [`Shard::export`] gives their bytes, writing them down is the embedder's. For work
//! that waits on locks or sockets inside a step: a step only moves tokens, the work itself belongs to whoever completes the task.
//!
//! # Cost
//! | what | costs | rule in `budgets.toml` |
//! |---|---|---|
//! | a live case | 64 bytes; 64 more for the variables of a shard's cases, once one has some | `engine.bytes.live` |
//! | a completion | masks over one line, which is one cache miss if it is cold | `engine.complete.ticks`, `engine.complete_l2.ticks` |
//! | the same, of the system | no heap call, no system call, no page fault | `engine.complete.allocations`, `engine.complete.syscalls`, `engine.complete.page_faults` |
//! | one completion without a batch ([`Shard::step`]) | what its checks cost | `engine.step.ratio` |
//! | a case as bytes, and back | a copy out; every bit checked on the way in | `engine.export.ratio`, `engine.import.ratio` |
//!
//! # Features
//! `memory-v2`: stores opened through a memory map as well as by copy. `jemalloc`, `mimalloc`: which allocator
//! [`alloc::Allocator`] is; only a binary installs it. `zstd`: [`store`] reads and writes compressed records; programs are used
//! in place, from a store that is not compressed. No feature changes a result.
//!
//! # Example
//! ```
//! use wf_engine::{Arena, Engine, Event, Key, Start, Status, StoreBuilder};
//! use wf_net::{CompileOptions, NetBuilder, compile};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let mut net = NetBuilder::new("approve");
//! let (start, ask, choice, pay, end) =
//!     (net.start("s"), net.task("ask"), net.exclusive("ok?"), net.task("pay"), net.end("e"));
//! for (from, to) in [(start, ask), (ask, choice), (choice, pay), (choice, end), (pay, end)] {
//!     net.flow(from, to);
//! }
//! let image = compile(&net.build().unwrap(), &CompileOptions::default()).unwrap();
//!
//! let folder = tempfile::tempdir()?;
//! let path = folder.path().join("workflows.wfs");
//! let mut store = StoreBuilder::create(&path, Default::default())?;
//! store.add(Key::Str("approve"), image.as_bytes())?;
//! store.finish()?;
//!
//! let engine = Engine::open(&path)?;
//! let program = engine.program("approve").expect("it is in the store");
//! let mut shard = engine.shard(0, 1000)?;
//! let mut arena = Arena::new();
//!
//! let started = shard.start_batch(program, &[Start::default(); 2], &arena.scope());
//! let [first, second] = [started.enabled[0], started.enabled[1]];
//! // The first case is approved (branch 0), the second is not.
//! let changes = shard.advance(&[first, second.with_outcome(1)], &arena.scope());
//! assert_eq!(changes.status, [Status::Done, Status::Done]);
//! assert_eq!(changes.enabled, [Event::complete(first.case, 1)]);
//! assert_eq!(changes.ended[0].case, second.case);
//! # Ok(())
//! # }
//! ```
//!
//! # Sources
//! Masked firing: Garcia-Banuelos et al., *Optimized Execution of Business Processes on Blockchain* (BPM 2017).
//! Patterns (WCP-*n*): Russell et al., *Workflow Control-Flow Patterns: A Revised View* (BPM-06-22, 2006).
#![forbid(unsafe_code)]

mod advance;
mod case;
mod changes;
mod correlation;
mod data;
mod engine;
mod error;
mod event;
mod general;
mod generations;
mod items;
mod line;
mod messages;
mod patterns;
mod plain;
pub mod play;
mod programs;
mod query;
mod shard;
mod slab;
mod stats;
mod step;
mod timers;
mod tokens;
mod transfer;

pub use case::{CaseId, SLOTS_MAX};
pub use changes::{Changes, EndKind, Ended, Sent, Started};
pub use correlation::{Correlation, Delivery};
pub use data::{Incident, Side};
pub use engine::Engine;
pub use error::EngineError;
pub use event::{Event, EventKind, NO_SIDE, Status, WHOLE_CASE};
pub use generations::Generations;
pub use messages::MessageId;
pub use patterns::{PatternRegistry, PatternStats, pattern_registry};
pub use programs::ProgramId;
pub use query::{CaseView, Enabled};
pub use shard::{Shard, Start};
pub use stats::Stats;
pub use step::Step;
pub use timers::Fired;
pub use transfer::{Exported, ImportError, Imported, Saved, SavedValues};

pub use wf_alloc as alloc;
pub use wf_arena::{Arena, Scope};
pub use wf_mmap::{self as store, Key, Store, StoreBuilder};
pub use wf_net::guard::{Value, Variables};
pub use wf_registry::Swap;
pub use wf_simd::Level;
