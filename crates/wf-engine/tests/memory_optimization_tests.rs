//! One test for each promise of memory optimization that the project began with. What can be counted is counted here; what is a
//! time is a rule in `budgets.toml`, measured by `cargo xtask gate`, and the test holds the promise and its rule together.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod scenario;

use core::sync::atomic::{AtomicU32, Ordering};

use wf_aligned::{CacheLine, Counters};
use wf_engine::alloc::{Counting, NAME, Scope, System};
use wf_engine::{Arena, Event, Key, Level, Start, Status, Store, StoreBuilder};
use wf_net::CompileOptions;
use wf_net::patterns::PATTERNS;
use wf_registry::{Registry, Resource};

#[global_allocator]
static HEAP: Counting<System> = Counting::new(System {});

/// A rule of `budgets.toml`.
struct Rule(toml::Table);

impl Rule {
    /// The number behind a key.
    fn number(&self, key: &str) -> f64 {
        let value = self.0.get(key);
        let whole = value.and_then(toml::Value::as_integer).map(|number| number as f64);
        whole.or_else(|| value.and_then(toml::Value::as_float)).unwrap_or(f64::NAN)
    }
}

/// The rule of this id; a promise without one would be a claim.
fn rule(id: &str) -> Rule {
    let budgets: toml::Table = include_str!("../../../budgets.toml").parse().unwrap();
    let rules = budgets["rule"].as_array().unwrap().iter().filter_map(toml::Value::as_table);
    let mut named = rules.filter(|rule| rule["id"].as_str() == Some(id));
    Rule(named.next().unwrap_or_else(|| panic!("no rule {id}")).clone())
}

/// "At least 80 % fewer allocations": a batch of a thousand small objects, on the heap and in an arena that is warm.
#[test]
fn arena_makes_at_least_80_percent_fewer_allocations() {
    let batch = |arena: Option<&wf_arena::Scope<'_>>| {
        let counted = Scope::begin();
        let mut sum = 0u64;
        for index in 0..1000u64 {
            sum += match arena {
                Some(scope) => *scope.alloc([index; 4]).iter().max().unwrap(),
                None => *std::hint::black_box(Box::new([index; 4])).iter().max().unwrap(),
            };
        }
        assert_eq!(sum, 499_500);
        counted.counts().allocs
    };
    let mut arena = Arena::new();
    batch(Some(&arena.scope()));
    let (heap, in_arena) = (batch(None), batch(Some(&arena.scope())));
    assert_eq!((heap, in_arena), (1000, 0));
    assert!(rule("arena.batch.allocations").number("max") <= 200.0);
}

/// "Two to four times as fast as the heap".
#[test]
fn arena_is_held_to_two_times_the_speed_of_the_heap() {
    assert!(rule("arena.batch.speedup").number("min") >= 2.0);
}

/// "O(1)": giving a batch back costs no call of the heap, however much it held.
#[test]
fn arena_reset_is_constant() {
    let mut arena = Arena::new();
    for size in [10usize, 1000, 100_000] {
        // The arena learns the size, then nothing more is asked of the heap.
        for _ in 0..3 {
            arena.scope().alloc_slice_fill(size, 7u64);
        }
        let counted = Scope::begin();
        let left = arena.scope().alloc_slice_fill(size, 7u64).len();
        let counts = counted.counts();
        assert_eq!((left, counts.allocs, counts.deallocs), (size, 0, 0));
    }
}

/// "Statistics in real time": exact between two points, on this thread.
#[test]
fn allocator_statistics_are_exact() {
    let counted = Scope::begin();
    let kept = vec![1u8; 100];
    drop(vec![2u8; 50]);
    let counts = counted.counts();
    assert_eq!((counts.allocs, counts.deallocs, counts.bytes_allocated), (2, 1, 150));
    drop(kept);
    assert!(["system", "jemalloc", "mimalloc"].contains(&NAME));
}

/// "Two to four times as fast at 10,000 elements": the widest vectors give what the scalar loop gives.
#[test]
fn vectors_give_what_the_scalar_loop_gives() {
    let words: Vec<u64> = (0..10_000).map(|index: u64| index.wrapping_mul(0x9E37_79B9_7F4A_7C15)).collect();
    let scalar = words.iter().filter(|&&word| word & 3 == 1).count();
    assert_eq!(wf_simd::count_masked(&words, 3, 1), scalar);
    assert!(Level::detect() >= Level::Portable);
    assert!(rule("simd.find_u32.speedup").number("min") >= 2.0);
}

/// "Aligned structures, no false sharing": a value has a cache line of its own, a case too.
#[test]
fn values_of_two_threads_share_no_cache_line() {
    assert_eq!((align_of::<CacheLine<u8>>(), size_of::<CacheLine<u8>>()), (64, 64));
    let engine = scenario::engine(&(PATTERNS[0].nets)(), &CompileOptions::default());
    assert_eq!(engine.shard(0, 1000).unwrap().bytes() / 1000, 64, "a line each, and little beside");
}

/// "Counters of a few ticks": written by one thread without a lock, read by any, and nothing is lost with a thread.
#[test]
fn counters_of_many_threads_add_up() {
    let counters = Counters::<2>::new();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            let mut writer = counters.writer();
            scope.spawn(move || (0..1000).for_each(|_| writer.add(1, 1)));
        }
    });
    assert_eq!(counters.snapshot(), [0, 4000]);
}

/// "At least 50 % faster load" and "O(1) look-up": a record is used where it lies, and finding it allocates nothing.
#[test]
fn a_stored_record_is_used_in_place() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    let mut builder = StoreBuilder::create(&path, Default::default()).unwrap();
    for number in 0..1000u64 {
        builder.add(Key::U64(number), &number.to_le_bytes().repeat(50)).unwrap();
    }
    builder.finish().unwrap();
    let store = Store::open_copy(&path).unwrap();
    let all = store.cells().as_flattened().as_ptr_range();
    let counted = Scope::begin();
    for number in 0..1000u64 {
        let record = store.get(Key::U64(number)).unwrap().unwrap();
        assert_eq!(record[..8], number.to_le_bytes());
        assert!(all.contains(&record.as_ptr()), "the record is not a copy");
    }
    assert_eq!(counted.counts().allocs, 0);
}

/// "Safe lazy initialisation": once, whoever comes first; and look-ups by id that allocate nothing.
#[test]
fn resources_are_initialised_once() {
    static RUNS: AtomicU32 = AtomicU32::new(0);
    static ANSWER: Resource<u32> = Resource::new(|| {
        RUNS.fetch_add(1, Ordering::Relaxed);
        42
    });
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| assert_eq!(*ANSWER.get(), 42));
        }
    });
    assert_eq!(RUNS.load(Ordering::Relaxed), 1);
    let mut registry = Registry::new();
    let id = registry.register("a", 7).unwrap();
    let frozen = registry.freeze();
    let counted = Scope::begin();
    assert_eq!(frozen.get(id), Some(&7));
    assert_eq!(counted.counts().allocs, 0);
}

/// "All 43 control-flow patterns", and a step of any of them that allocates nothing once the arena is warm.
#[test]
fn steps_of_every_pattern_allocate_nothing() {
    for pattern in &PATTERNS {
        let nets = (pattern.nets)();
        let engine = scenario::engine(&nets, &CompileOptions::default());
        let program = engine.program(nets[0].name()).unwrap();
        let mut shard = engine.shard(0, 64).unwrap();
        let mut arena = Arena::new();
        let mut steady = 0;
        for round in 0..20 {
            let case = shard.start_batch(program, &[Start::default()], &arena.scope()).cases[0];
            for _ in 0..30 {
                let Some(event) = shard.enabled(case).and_then(|mut items| items.next()) else { break };
                let counted = Scope::begin();
                let changes = shard.advance(&[event], &arena.scope());
                let done = changes.status == [Status::Done];
                let allocs = counted.counts().allocs;
                steady += u32::from(round >= 10);
                assert!(round < 10 || allocs == 0, "WCP-{}: {allocs}", pattern.number);
                if !done {
                    break;
                }
            }
            shard.advance(&[Event::cancel(case)], &arena.scope());
        }
        assert!(steady > 0, "WCP-{}: nothing was measured", pattern.number);
    }
}

/// "Eight ticks a step": a rule with that bound, whatever is measured against it.
#[test]
fn the_tick_budget_is_a_rule() {
    assert_eq!(rule("engine.complete.ticks").number("max"), 8.0);
    assert_eq!(rule("engine.complete.allocations").number("max"), 0.0);
}
