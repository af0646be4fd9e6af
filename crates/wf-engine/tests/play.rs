//! The player: the same seed gives the same counts, whatever runs it; and once warm it allocates nothing.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use core::ops::ControlFlow;

use wf_engine::alloc::{Counting, System, thread_counts};
use wf_engine::play::{PlayOptions, Watch, WorkerReport, play};
use wf_engine::{Engine, Key, ProgramId, Store, StoreBuilder};
use wf_net::patterns::PATTERNS;
use wf_net::{CompileOptions, Net, compile};

#[path = "twin/random.rs"]
mod random;
mod scenario;

#[global_allocator]
static HEAP: Counting<System> = Counting::new(System {});

fn engine(net: &Net) -> Option<Engine> {
    let image = compile(net, &CompileOptions::default()).ok()?;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    let mut store = StoreBuilder::create(&path, Default::default()).unwrap();
    store.add(Key::Str("net"), image.as_bytes()).unwrap();
    store.finish().unwrap();
    Some(Engine::with_store(Store::open_copy(&path).unwrap()).unwrap())
}

/// Nets with loops, choices and parallel sections, some of whose cases pile up tokens or deadlock.
fn engines() -> Vec<Engine> {
    let nets = (1..400).filter_map(|seed| {
        let mut random = random::Random(seed);
        if seed % 4 == 0 { random::net(&mut random) } else { random::blocks(&mut random) }
    });
    nets.filter_map(|net| engine(&net)).take(24).collect()
}

fn counts(report: &WorkerReport) -> (u64, u64, [u64; 4], Vec<u64>) {
    let ends = [report.completed, report.deadlocked, report.stopped, report.refused];
    (report.cases, report.completions, ends, report.tasks.clone())
}

#[test]
fn the_same_seed_gives_the_same_counts() {
    for engine in engines() {
        let base = PlayOptions { cases: 300, live: 300, seed: 7, steps_max: 200, ..PlayOptions::default() };
        let run =
            |options: &PlayOptions| counts(&play(&engine, ProgramId(0), options, |_| ()).unwrap().total);
        let expected = run(&base);
        assert_eq!(expected.0, 300);
        for (threads, batch, live) in [(1, 1, 300), (2, 64, 300), (8, 4096, 300), (3, 7, 10), (8, 5, 2)] {
            let got = run(&PlayOptions { threads, batch, live, ..base.clone() });
            assert_eq!(got, expected, "threads {threads}, batch {batch}, live {live}");
        }
        assert_ne!(run(&PlayOptions { seed: 8, cases: 3000, live: 3000, ..base.clone() }).1, 0);
    }
}

#[test]
fn every_pattern_plays_to_its_end_and_the_same_for_all() {
    for pattern in &PATTERNS {
        let nets = (pattern.nets)();
        let engine = scenario::engine(&nets, &CompileOptions::default());
        let program = engine.program(nets[0].name()).unwrap();
        let base = PlayOptions { cases: 200, live: 200, seed: 7, steps_max: 500, ..PlayOptions::default() };
        let run = |options: &PlayOptions| counts(&play(&engine, program, options, |_| ()).unwrap().total);
        let expected = run(&base);
        let (cases, completions, [completed, deadlocked, stopped, refused], _) = &expected;
        assert_eq!((*cases, *stopped, *refused), (200, 0, 0), "WCP-{}", pattern.number);
        assert!(*completions > 0, "WCP-{}", pattern.number);
        // A milestone may pass; two of three branches may open a round that nothing closes.
        let may_wait = matches!(pattern.number, 18 | 31);
        assert!(may_wait || *deadlocked == 0, "WCP-{}: {expected:?}", pattern.number);
        assert_eq!(completed + deadlocked, 200, "WCP-{}", pattern.number);
        for (threads, batch, live) in [(2, 64, 200), (8, 4096, 200), (3, 7, 10)] {
            let got = run(&PlayOptions { threads, batch, live, ..base.clone() });
            assert_eq!(
                got, expected,
                "WCP-{}: threads {threads}, batch {batch}, live {live}",
                pattern.number
            );
        }
    }
}

#[test]
fn a_start_that_is_refused_takes_no_other_with_it() {
    // Half of the cases start a task three hundred times at once, which no counter holds.
    let mut net = wf_net::NetBuilder::new("net");
    let (start, choice, split) = (net.start("s"), net.exclusive("x"), net.parallel("p"));
    let (one, many) = (net.task("one"), net.task("many"));
    net.flow(start, choice);
    net.flow(choice, one);
    net.flow(choice, split);
    for _ in 0..300 {
        net.flow(split, many);
    }
    let engine = engine(&net.build().unwrap()).unwrap();
    let run = |threads, batch, live| {
        let options = PlayOptions { cases: 2000, threads, batch, live, ..PlayOptions::default() };
        counts(&play(&engine, ProgramId(0), &options, |_| ()).unwrap().total)
    };
    let expected = run(1, 1, 2000);
    assert!(
        expected.2[0] > 900 && expected.2[2] > 900 && expected.2[0] + expected.2[2] == 2000,
        "{expected:?}"
    );
    for (threads, batch, live) in [(1, 7, 2000), (2, 7, 2000), (1, 64, 100), (2, 1024, 2000)] {
        assert_eq!(run(threads, batch, live), expected, "threads {threads}, batch {batch}, live {live}");
    }
}

/// Counts the requests of its thread to the heap once the worker is warm.
#[derive(Default)]
struct Steady {
    warm: Option<u64>,
    requests: u64,
}

impl Watch for Steady {
    fn warm(&mut self) {
        self.warm = Some(thread_counts().requests());
    }

    fn done(&mut self) {
        self.requests = thread_counts().requests() - self.warm.expect("a full batch was run");
    }
}

#[test]
fn a_warm_worker_allocates_nothing() {
    for engine in engines() {
        let options = PlayOptions {
            cases: 5000,
            live: 1000,
            threads: 2,
            batch: 100,
            steps_max: 100,
            ..PlayOptions::default()
        };
        let played = play(&engine, ProgramId(0), &options, |_| Steady::default()).unwrap();
        for (report, steady) in &played.workers {
            assert!(report.batches > 2);
            assert_eq!(
                steady.requests, report.arena_chunks_steady,
                "all that is left is the arena's own growth"
            );
        }
        // A load of the planned shape does not even do that.
        if played.total.refused == 0 {
            assert_eq!(played.total.arena_chunks_steady, 0);
        }
    }
}

#[test]
fn the_control_sees_an_allocation() {
    struct Leaky(Steady);
    impl Watch for Leaky {
        fn warm(&mut self) {
            self.0.warm();
        }
        fn batch(&mut self, _: u64) -> ControlFlow<()> {
            std::hint::black_box(Box::new(1));
            ControlFlow::Continue(())
        }
        fn done(&mut self) {
            self.0.done();
        }
    }
    let engine = engines().remove(0);
    let options = PlayOptions { cases: 500, live: 100, batch: 10, steps_max: 100, ..PlayOptions::default() };
    let played = play(&engine, ProgramId(0), &options, |_| Leaky(Steady::default())).unwrap();
    assert!(played.workers[0].1.0.requests >= played.total.batches - 1);
}

#[test]
fn a_watch_can_stop_the_play() {
    struct Once;
    impl Watch for Once {
        fn batch(&mut self, _: u64) -> ControlFlow<()> {
            ControlFlow::Break(())
        }
    }
    let engine = engines().remove(0);
    let options = PlayOptions { cases: 5000, live: 100, batch: 10, ..PlayOptions::default() };
    let played = play(&engine, ProgramId(0), &options, |_| Once).unwrap();
    assert!(played.total.interrupted);
    assert_eq!(played.total.batches, 1);
}

#[test]
fn options_out_of_range_are_refused() {
    let engine = engines().remove(0);
    let base = PlayOptions { cases: 10, live: 10, ..PlayOptions::default() };
    for options in [
        PlayOptions { cases: 0, ..base.clone() },
        PlayOptions { live: 0, ..base.clone() },
        PlayOptions { threads: 0, ..base.clone() },
        PlayOptions { threads: 257, ..base.clone() },
        PlayOptions { batch: 0, ..base.clone() },
        PlayOptions { batch: 65_536, ..base.clone() },
    ] {
        assert!(play(&engine, ProgramId(0), &options, |_| ()).is_err(), "{options:?}");
    }
    assert!(play(&engine, ProgramId(1), &base, |_| ()).is_err());
}
