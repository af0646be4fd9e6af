//! The player: the same seed gives the same counts, whatever runs it; and once warm it allocates nothing.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use core::ops::ControlFlow;

use wf_engine::alloc::{Counting, System, thread_counts};
use wf_engine::play::{Incidents, Odds, PlayError, PlayOptions, Rows, Watch, WorkerReport, play};
use wf_engine::{Engine, Key, ProgramId, Store, StoreBuilder, Value};
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

/// `A`, then by the data to `B` or `C`; where neither condition holds, there is no way on.
fn decided() -> Engine {
    use wf_net::guard::{Comparison, Expr, Literal};
    let mut net = wf_net::NetBuilder::new("net");
    let (s, a, x, b, c, e) =
        (net.start("s"), net.task("A"), net.exclusive("x"), net.task("B"), net.task("C"), net.end("e"));
    net.chain(&[s, a, x]);
    let (to_b, to_c) = (net.flow(x, b), net.flow(x, c));
    let compare = |comparison, limit| {
        let limit = Expr::Literal(Literal::Integer(limit));
        Expr::Compare(comparison, Box::new(Expr::Variable("n".to_owned())), Box::new(limit))
    };
    net.guard(to_b, compare(Comparison::Less, 10));
    net.guard(to_c, compare(Comparison::Greater, 20));
    net.chain(&[b, e]);
    net.chain(&[c, e]);
    engine(&net.build().unwrap()).unwrap()
}

fn rows(values: &[Value]) -> Rows {
    let mut rows = Rows::new(1);
    values.iter().for_each(|&value| rows.push(&[(0, value)]));
    rows
}

#[test]
fn rows_decide_and_what_has_no_answer_is_an_incident() {
    let engine = decided();
    let values =
        [Value::Integer(5), Value::Integer(25), Value::Integer(15), Value::Null, Value::Boolean(true)];
    let base = PlayOptions { cases: 1003, live: 1003, rows: rows(&values), ..PlayOptions::default() };
    let run = |options: &PlayOptions| play(&engine, ProgramId(0), options, |_| ()).unwrap().total;
    let report = run(&base);
    // 1003 cases take five rows in turn, the first three of them once more.
    assert_eq!(report.tasks, [402, 201, 201]);
    assert_eq!(report.incidents, Incidents { no_value: 200, no_answer: 200, no_branch: 201 });
    assert_eq!(counts(&report).2, [402, 0, 0, 0]);
    for (threads, batch, live) in [(1, 1, 1003), (2, 64, 1003), (8, 4096, 1003), (3, 7, 10), (8, 5, 2)] {
        let got = run(&PlayOptions { threads, batch, live, ..base.clone() });
        assert_eq!((counts(&got), got.incidents), (counts(&report), report.incidents));
    }
    // Without rows the decision is drawn, and has no incidents.
    let drawn = run(&PlayOptions { rows: Rows::default(), ..base });
    assert_eq!((drawn.completed, drawn.incidents), (1003, Incidents::default()));
}

#[test]
fn odds_are_kept_and_overrule_the_data() {
    let engine = decided();
    let odds = |chances: &[f64]| vec![Odds { program: ProgramId(0), decision: 0, chances: chances.to_vec() }];
    let base = PlayOptions { cases: 20_000, live: 20_000, ..PlayOptions::default() };
    let run = |odds, rows| {
        let options = PlayOptions { odds, rows, ..base.clone() };
        play(&engine, ProgramId(0), &options, |_| ()).map(|played| played.total)
    };
    let tasks = run(odds(&[0.3, 0.7]), Rows::default()).unwrap().tasks;
    // Five standard deviations of a binomial distribution are 324.
    assert!(tasks[1].abs_diff(6000) < 324 && tasks[1] + tasks[2] == 20_000, "{tasks:?}");
    assert_eq!(run(odds(&[0.0, 1.0]), Rows::default()).unwrap().tasks, [20_000, 0, 20_000]);
    assert_eq!(run(odds(&[1.0, 0.0]), Rows::default()).unwrap().tasks, [20_000, 20_000, 0]);
    assert_eq!(run(odds(&[0.0, 2.0]), rows(&[Value::Null])).unwrap().tasks, [20_000, 0, 20_000]);
    for bad in [vec![], vec![1.0], vec![0.0, 0.0], vec![-1.0, 2.0], vec![f64::NAN, 1.0]] {
        assert!(matches!(run(odds(&bad), Rows::default()), Err(PlayError::Options(_))), "{bad:?}");
    }
    let unknown = vec![Odds { program: ProgramId(0), decision: 1, chances: vec![0.5, 0.5] }];
    assert!(matches!(run(unknown, Rows::default()), Err(PlayError::Options(_))));
}

#[test]
fn a_warm_worker_with_rows_allocates_nothing() {
    let values: Vec<Value> = (0..1000).map(Value::Integer).collect();
    let options = PlayOptions {
        cases: 5000,
        live: 1000,
        threads: 2,
        batch: 100,
        rows: rows(&values),
        ..PlayOptions::default()
    };
    let played = play(&decided(), ProgramId(0), &options, |_| Steady::default()).unwrap();
    for (report, steady) in &played.workers {
        assert!(report.batches > 2 && report.incidents.no_branch > 0);
        assert_eq!((steady.requests, report.arena_chunks_steady), (0, 0));
    }
}
