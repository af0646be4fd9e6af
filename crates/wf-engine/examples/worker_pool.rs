//! The engine in tokio with a pool of workers: one task owns the shard, the others do the work and say when it is done.
//!
//! A shard has one writer, so no lock stands around it: completions come in through a channel, as many as have gathered, and are
//! one batch; new work items go out through another.
#![allow(clippy::print_stdout, reason = "an example prints what it did")]

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Mutex, mpsc};
use wf_engine::{Arena, Engine, EngineError, Event, Key, Shard, Start, Status, StoreBuilder};
use wf_net::{CompileOptions, NetBuilder, Problem, compile};

const CASES: usize = 200;
const WORKERS: usize = 8;
const BATCH_MAX: usize = 64;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let engine = engine(&folder.path().join("orders.wfs"))?;
    let program = engine.program("order").ok_or(EngineError::Empty)?;
    let mut shard = engine.shard(0, CASES)?;
    let mut arena = Arena::new();

    // Neither channel needs a bound: there are never more work items than the live cases have.
    let (work, items) = mpsc::unbounded_channel::<Event>();
    let (done, mut completions) = mpsc::unbounded_channel::<Event>();
    let items = Arc::new(Mutex::new(items));
    let workers: Vec<_> =
        (0..WORKERS).map(|_| tokio::spawn(worker(Arc::clone(&items), done.clone()))).collect();
    drop(done);

    for &item in shard.start_batch(program, &[Start::default(); CASES], &arena.scope()).enabled {
        work.send(item)?;
    }
    let (mut ended, mut batches, mut batch) = (0, 0, Vec::with_capacity(BATCH_MAX));
    while ended < CASES {
        batch.clear();
        completions.recv_many(&mut batch, BATCH_MAX).await;
        ended += advance(&mut shard, &mut arena, &batch, &work)?;
        batches += 1;
    }
    // No more work: the workers' channel closes, and they end.
    drop(work);
    let mut finished = 0;
    for worker in workers {
        finished += worker.await?;
    }
    println!("{ended} cases ended; {WORKERS} workers did {finished} tasks in {batches} batches");
    assert_eq!((finished, shard.live()), (4 * CASES, 0));
    Ok(())
}

/// One batch: what was completed goes in, what can be done next goes out. Nothing here waits.
fn advance(
    shard: &mut Shard,
    arena: &mut Arena,
    batch: &[Event],
    work: &mpsc::UnboundedSender<Event>,
) -> Result<usize, mpsc::error::SendError<Event>> {
    let changes = shard.advance(batch, &arena.scope());
    assert!(changes.status.iter().all(|&status| status == Status::Done));
    for &item in changes.enabled {
        work.send(item)?;
    }
    Ok(changes.ended.len())
}

/// Does work items until there are no more; returns how many.
async fn worker(
    items: Arc<Mutex<mpsc::UnboundedReceiver<Event>>>,
    done: mpsc::UnboundedSender<Event>,
) -> usize {
    let mut count = 0;
    loop {
        let Some(item) = items.lock().await.recv().await else { return count };
        // The work itself: a request to somebody, say.
        tokio::time::sleep(Duration::from_micros(100)).await;
        count += 1;
        if done.send(item).is_err() {
            return count;
        }
    }
}

/// `pick`, then `pack` and `bill` side by side, then `ship`.
fn engine(path: &std::path::Path) -> Result<Engine, Box<dyn std::error::Error>> {
    let told =
        |problems: Vec<Problem>| problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
    let mut net = NetBuilder::new("order");
    let (start, pick, split) = (net.start("start"), net.task("pick"), net.parallel("split"));
    let (pack, bill, join) = (net.task("pack"), net.task("bill"), net.parallel("join"));
    let (ship, end) = (net.task("ship"), net.end("end"));
    net.chain(&[start, pick, split, pack, join, ship, end]);
    net.chain(&[split, bill, join]);
    let image = compile(&net.build().map_err(told)?, &CompileOptions::default()).map_err(told)?;
    let mut store = StoreBuilder::create(path, Default::default())?;
    store.add(Key::Str("order"), image.as_bytes())?;
    store.finish()?;
    Ok(Engine::open(path)?)
}
