//! The engine embedded: what the README shows, as it stands there.

#![allow(clippy::print_stdout, reason = "an example prints what it did")]

use wf_engine::{Arena, Engine, Key, Start, StoreBuilder};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // A model becomes a program, and programs become a store: once, as `wf compile` does it.
    let xml = std::fs::read("models/bench/par4.bpmn")?;
    let model = wf_bpmn::parse(&xml, &Default::default()).map_err(|errors| errors[0].clone())?;
    let net = &model.processes[0].net;
    let image = wf_net::compile(net, &Default::default()).map_err(|problems| problems[0].clone())?;
    let path = std::env::temp_dir().join("wf-embed.wfs");
    let mut store = StoreBuilder::create(&path, Default::default())?;
    store.add(Key::Str("par4"), image.as_bytes())?;
    store.finish()?;

    // A shard has one writer; an arena holds what a batch gives out, until the next one.
    let engine = Engine::open(&path)?;
    let program = engine.program("par4").ok_or("no such program in the store")?;
    let (mut shard, mut arena) = (engine.shard(0, 1_000)?, Arena::new());
    let mut items = shard.start_batch(program, &[Start::default(); 1_000], &arena.scope()).enabled.to_vec();
    while !items.is_empty() {
        // Here the work is done. An item is the event that completes it: sent back, it moves its case on.
        items = shard.advance(&items, &arena.scope()).enabled.to_vec();
    }
    println!("{} cases, {} tasks done", engine.stats().ended, engine.stats().completions);
    assert_eq!((engine.stats().ended, engine.stats().completions), (1_000, 4_000));
    Ok(())
}
