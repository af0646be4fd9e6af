//! How often each pattern was met.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod scenario;

use wf_engine::{Arena, CaseId, Engine, Event, PatternStats, ProgramId, Shard, Start};
use wf_net::{CompileOptions, NetBuilder};

/// `A`, then `B` and `C` beside each other, or `D`; then `E`, all over again or the end.
fn engine() -> Engine {
    let mut net = NetBuilder::new("met");
    let (s, a, choice) = (net.start("s"), net.task("A"), net.exclusive("choice"));
    let (split, b, c, join) = (net.parallel("split"), net.task("B"), net.task("C"), net.parallel("join"));
    let (d, merge, e, again) = (net.task("D"), net.exclusive("merge"), net.task("E"), net.exclusive("again"));
    let end = net.end("end");
    net.chain(&[s, a, choice, split, b, join, merge, e, again, end]);
    net.chain(&[split, c, join]);
    net.chain(&[choice, d, merge]);
    net.flow(again, a);
    scenario::engine(&[net.build().unwrap()], &CompileOptions::default())
}

fn met(stats: &PatternStats) -> Vec<(u8, u64)> {
    stats.met().map(|(pattern, count)| (pattern.number, count)).collect()
}

fn complete(shard: &mut Shard, case: CaseId, task: u16, outcome: u8) {
    let mut arena = Arena::new();
    let event = Event::complete(case, task).with_outcome(outcome);
    assert_eq!(shard.advance(&[event], &arena.scope()).status, [wf_engine::Status::Done], "{task}");
}

#[test]
fn each_step_counts_what_its_own_way_leads_through() {
    let engine = engine();
    let mut shard = engine.shard(0, 2).unwrap();
    let case = shard.start_batch(ProgramId(0), &[Start::default()], &Arena::new().scope()).cases[0];
    assert_eq!(met(&shard.pattern_stats()), [(5, 1)], "A merges the start and the loop");
    let [a, b, c, d, e] = [0, 1, 2, 3, 4];
    // The way to D: a choice and no split.
    complete(&mut shard, case, a, 1);
    assert_eq!(met(&shard.pattern_stats()), [(1, 1), (4, 1), (5, 1), (21, 1)]);
    complete(&mut shard, case, d, 0);
    assert_eq!(shard.pattern_stats()[5], 2);
    // Round again: the choice that goes back is the loop's.
    complete(&mut shard, case, e, 1);
    assert_eq!((shard.pattern_stats()[4], shard.pattern_stats()[21]), (2, 3));
    complete(&mut shard, case, a, 0);
    assert_eq!(shard.pattern_stats()[2], 1);
    complete(&mut shard, case, b, 0);
    complete(&mut shard, case, c, 0);
    assert_eq!(shard.pattern_stats()[3], 2, "each arrival at the synchronization");
    assert_eq!(shard.pattern_stats()[11], 0);
    complete(&mut shard, case, e, 0);
    assert_eq!(shard.pattern_stats()[11], 1);
    // What is refused is not met.
    let before = shard.pattern_stats();
    let mut arena = Arena::new();
    shard.advance(&[Event::complete(case, a)], &arena.scope());
    assert_eq!(shard.pattern_stats(), before);
}

#[test]
fn other_threads_see_what_shards_have_published() {
    let engine = engine();
    let shards: Vec<Shard> = (0..4).map(|id| engine.shard(id, 8).unwrap()).collect();
    std::thread::scope(|scope| {
        for mut shard in shards {
            scope.spawn(move || {
                let mut arena = Arena::new();
                for _ in 0..50 {
                    let started = shard.start_batch(ProgramId(0), &[Start::default(); 8], &arena.scope());
                    let cancels: Vec<Event> = started.cases.iter().map(|&case| Event::cancel(case)).collect();
                    shard.advance(&cancels, &arena.scope());
                    shard.publish_pattern_stats();
                }
            });
        }
        // Only ever more.
        let mut last = 0;
        while last < 4 * 50 * 8 {
            let now = engine.pattern_stats()[20];
            assert!(now >= last && now <= 4 * 50 * 8);
            last = now;
        }
    });
    assert_eq!(met(&engine.pattern_stats()), [(5, 1600), (20, 1600)]);
}
