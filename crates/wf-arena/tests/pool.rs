//! Pools and the ambient arena.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Barrier;

use wf_arena::{Arena, ArenaAllocator, ArenaPool, Lease, Owned, Policy, Region};

/// What may go to another thread, and what two may use at once. A `Scope` may not, see there.
const _: () = {
    const fn send<T: Send>() {}
    const fn sync<T: Sync>() {}
    send::<Arena>();
    send::<Region<'static>>();
    send::<ArenaPool>();
    sync::<ArenaPool>();
    send::<Lease<'static>>();
    send::<Owned<'static, u64>>();
    sync::<Owned<'static, u64>>();
};

/// As in a work-stealing pool: a task runs on whatever thread is free, and begins and ends tasks within it.
#[test]
fn tasks_run_on_any_thread() {
    use std::sync::{Arc, Mutex, mpsc};
    type Task = Box<dyn FnOnce() -> u64 + Send>;
    let pool = Arc::new(ArenaPool::new());
    let (tasks, queue) = mpsc::channel::<Task>();
    let queue = Mutex::new(queue);
    for number in 0..200_u64 {
        let pool = Arc::clone(&pool);
        let task = move || {
            let mut outer = pool.acquire();
            let scope = outer.scope();
            let numbers = scope.alloc_slice_fill(50, number);
            let inner: u64 = pool.with(|inner| inner.alloc_slice_fill(50, number + 1).iter().sum());
            numbers.iter().sum::<u64>() + inner
        };
        tasks.send(Box::new(task)).unwrap();
    }
    drop(tasks);
    let sum: u64 = std::thread::scope(|threads| {
        let work = || {
            let mut sum = 0;
            loop {
                // The queue's lock is held while taking a task only.
                let task = queue.lock().unwrap().recv();
                let Ok(task) = task else { return sum };
                sum += task();
            }
        };
        let workers: Vec<_> = (0..4).map(|_| threads.spawn(work)).collect();
        workers.into_iter().map(|worker| worker.join().unwrap()).sum()
    });
    assert_eq!(sum, (0..200).map(|number| 50 * number + 50 * (number + 1)).sum());
    let mut pool = Arc::into_inner(pool).unwrap();
    assert!(pool.idle().arenas <= 8, "two for each worker: {:?}", pool.idle());
}

#[test]
fn a_thread_gets_its_own_arena_back() {
    let mut pool = ArenaPool::new();
    let barrier = Barrier::new(4);
    std::thread::scope(|threads| {
        for _ in 0..4 {
            threads.spawn(|| {
                pool.acquire().scope().alloc_slice_fill(100_000, 1_u8);
                barrier.wait();
                let held = {
                    let mut arena = pool.acquire();
                    arena.scope();
                    arena.stats().bytes_held
                };
                assert!(held > 100_000);
                for _ in 0..100 {
                    let mut arena = pool.acquire();
                    arena.scope().alloc_slice_fill(100_000, 2_u8);
                    assert_eq!(arena.stats().bytes_held, held);
                    assert_eq!(arena.stats().chunk_requests, 3);
                }
            });
        }
    });
    let idle = pool.idle();
    assert_eq!(idle.arenas, 4);
    assert!(idle.bytes_held > 400_000);
    pool.trim();
    assert_eq!(pool.idle().arenas, 0);
}

#[test]
fn leases_nest_and_nothing_new_is_made_the_second_time() {
    let mut pool = ArenaPool::new();
    for _ in 0..10 {
        let mut first = pool.acquire();
        let outer = first.scope().alloc_slice_fill(10, 1);
        let mut second = pool.acquire();
        let inner = second.scope().alloc_slice_fill(10, 2);
        assert!(outer.iter().zip(inner.iter()).all(|(a, b)| (*a, *b) == (1, 2)));
    }
    assert_eq!(pool.idle().arenas, 2);
    let sum = pool.with(|scope| pool.with(|inner| *scope.alloc(1) + *inner.alloc(2)));
    assert_eq!(sum, 3);
    assert_eq!(pool.idle().arenas, 2);
}

#[test]
fn a_lease_may_end_in_another_thread() {
    let mut pool = ArenaPool::new();
    std::thread::scope(|threads| {
        for _ in 0..10 {
            let mut lease: Lease<'_> = pool.acquire();
            lease.scope().alloc(1);
            threads.spawn(move || {
                assert_eq!(*lease.scope().alloc(2), 2);
            });
        }
    });
    assert!(pool.idle().arenas >= 1);
}

#[test]
fn arenas_of_threads_that_ended_serve_those_that_follow() {
    let mut pool = ArenaPool::new();
    for _ in 0..50 {
        std::thread::scope(|threads| {
            threads.spawn(|| pool.acquire().scope().alloc(1_u64).wrapping_add(0));
        });
    }
    // Other tests' threads come and go as well, so that the number handed on is not always the same.
    assert!(pool.idle().arenas < 40, "{:?}", pool.idle());
}

#[test]
fn a_panic_gives_the_arena_back() {
    let mut pool = ArenaPool::new();
    for _ in 0..3 {
        let result = catch_unwind(AssertUnwindSafe(|| {
            let mut arena = pool.acquire();
            let value = arena.scope().alloc(1);
            assert_eq!(*value, 2, "on purpose");
        }));
        assert!(result.is_err());
    }
    assert_eq!(pool.idle().arenas, 1);
    assert_eq!(*pool.acquire().scope().alloc(3), 3);
}

#[test]
fn the_policy_is_that_of_the_pool() {
    let pool = ArenaPool::with_policy(Policy { limit_bytes: Some(5000), ..Policy::DEFAULT });
    assert!(pool.acquire().scope().try_vec::<u8>(6000).is_err());
    assert!(pool.acquire().scope().try_vec::<u8>(1000).is_ok());
}

#[test]
fn threads_being_torn_down_are_served() {
    use std::sync::atomic::{AtomicU32, Ordering};
    static POOL: ArenaPool = ArenaPool::new();
    static SERVED: AtomicU32 = AtomicU32::new(0);
    struct Late;
    impl Drop for Late {
        fn drop(&mut self) {
            let mut arena = POOL.acquire();
            let pooled = *arena.scope().alloc(20);
            let ambient = ArenaAllocator::with(|scope| *scope.alloc(1));
            SERVED.fetch_add(pooled + ambient, Ordering::Relaxed);
        }
    }
    thread_local! {
        static LATE: Late = const { Late };
    }
    // Destructors run in the reverse order of first use or in the order of it: both are tried.
    for late_first in [true, false] {
        std::thread::spawn(move || {
            let touch = || LATE.with(|_| ());
            if late_first {
                touch();
            }
            POOL.acquire().scope().alloc(1);
            ArenaAllocator::with(|scope| *scope.alloc(1));
            touch();
        })
        .join()
        .unwrap();
    }
    assert_eq!(SERVED.load(Ordering::Relaxed), 42);
}

#[test]
fn the_ambient_arena_nests() {
    let result = ArenaAllocator::with(|outer| {
        let a = outer.alloc_slice_fill(100, 1_u32);
        let inner = ArenaAllocator::with(|inner| {
            let b = inner.alloc_slice_fill(100, 2_u32);
            ArenaAllocator::with(|third| b[0] + *third.alloc(3))
        });
        assert!(a.iter().all(|value| *value == 1));
        inner
    });
    assert_eq!(result, 5);
}

#[test]
fn the_ambient_arena_is_whole_after_a_panic_and_takes_nothing_new() {
    let work = |fail: bool| {
        catch_unwind(|| {
            ArenaAllocator::with(|scope| {
                let value = *scope.alloc(1);
                assert!(!fail, "on purpose");
                value
            })
        })
    };
    assert!(work(true).is_err());
    for _ in 0..10 {
        assert_eq!(work(false).unwrap(), 1);
        assert!(work(true).is_err());
    }
    let stats = ArenaAllocator::stats();
    assert_eq!((stats.chunk_requests, stats.resets), (1, 20));
}

#[test]
fn the_ambient_arena_gives_memory_back_after_a_spike() {
    ArenaAllocator::with(|scope| scope.alloc_slice_fill(1 << 20, 1_u8).len());
    for _ in 0..18 {
        ArenaAllocator::with(|scope| *scope.alloc(1));
    }
    assert!(ArenaAllocator::stats().bytes_held <= 96 * 1024);
}
