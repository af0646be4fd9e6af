//! Initialisation: exactly once, retried after failure, never a dead-lock.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Barrier, mpsc};
use std::thread;
use std::time::Duration;

use wf_registry::{GlobalResourceRegistry, Resource, ResourceError};

#[test]
fn sixty_four_threads_run_the_initialiser_once_and_all_see_it() {
    static RUNS: AtomicUsize = AtomicUsize::new(0);
    static VALUE: Resource<Vec<usize>> = Resource::new(|| {
        RUNS.fetch_add(1, SeqCst);
        // Long enough that the other threads arrive while it runs.
        thread::sleep(Duration::from_millis(20));
        (0..100).collect()
    });
    let barrier = Barrier::new(64);
    thread::scope(|scope| {
        let readers: Vec<_> = (0..64)
            .map(|_| {
                scope.spawn(|| {
                    barrier.wait();
                    let value = VALUE.get();
                    assert_eq!(value.len(), 100);
                    value.as_ptr().addr()
                })
            })
            .collect();
        let addresses: Vec<_> = readers.into_iter().map(|reader| reader.join().unwrap()).collect();
        assert!(addresses.iter().all(|address| *address == addresses[0]));
    });
    assert_eq!(RUNS.load(SeqCst), 1);
}

#[test]
fn contended_rounds_on_fresh_resources() {
    static RUNS: AtomicUsize = AtomicUsize::new(0);
    for round in 1..=50 {
        let value: Resource<usize> = Resource::new(|| RUNS.fetch_add(1, SeqCst) + 1);
        let barrier = Barrier::new(8);
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    barrier.wait();
                    assert_eq!(*value.get(), round);
                });
            }
        });
    }
    assert_eq!(RUNS.load(SeqCst), 50);
}

#[test]
fn a_failed_initialiser_is_retried() {
    static RUNS: AtomicUsize = AtomicUsize::new(0);
    static FLAKY: Resource<&str, String> = Resource::fallible(|| match RUNS.fetch_add(1, SeqCst) {
        run @ 0..=1 => Err(format!("run {run}")),
        _ => Ok("third time"),
    });
    assert_eq!(FLAKY.try_get(), Err(ResourceError::Failed("run 0".into())));
    assert_eq!(FLAKY.peek(), None);
    assert_eq!(FLAKY.try_get().unwrap_err().to_string(), "the initialiser failed: run 1");
    assert_eq!(FLAKY.try_get(), Ok(&"third time"));
    assert_eq!(FLAKY.try_get(), Ok(&"third time"));
    assert_eq!(RUNS.load(SeqCst), 3);
}

#[test]
fn a_panicking_initialiser_is_retried() {
    static RUNS: AtomicUsize = AtomicUsize::new(0);
    static VALUE: Resource<u32> = Resource::new(|| {
        assert!(RUNS.fetch_add(1, SeqCst) > 0, "first run");
        7
    });
    assert!(catch_unwind(|| VALUE.get()).is_err());
    assert_eq!(VALUE.peek(), None);
    assert_eq!(*VALUE.get(), 7);
}

#[test]
fn an_initialiser_that_asks_for_itself_gets_an_error() {
    static OUTER: Resource<u32, String> =
        Resource::fallible(|| INNER.try_get().copied().map_err(|error| error.to_string()));
    static INNER: Resource<u32, String> =
        Resource::fallible(|| OUTER.try_get().copied().map_err(|error| error.to_string()));
    let error = OUTER.try_get().unwrap_err().to_string();
    assert!(error.contains("the resource of type `u32` waits for itself"), "{error}");
    assert_eq!((OUTER.peek(), INNER.peek()), (None, None));
}

#[test]
fn get_reports_its_own_cycle_as_a_panic() {
    static SELF: Resource<u32> = Resource::new(|| *SELF.get() + 1);
    let panic = catch_unwind(|| *SELF.get()).unwrap_err();
    let message = panic.downcast_ref::<String>().unwrap();
    assert_eq!(message, "the initialiser of the resource of type `u32` waits for itself");
}

#[test]
fn a_cycle_across_two_threads_is_an_error_for_one_and_an_answer_for_both() {
    // Each initialiser starts, meets the other at the barrier, then asks for the other's resource.
    static MEET: Barrier = Barrier::new(2);
    static LEFT_RUNS: AtomicUsize = AtomicUsize::new(0);
    static RIGHT_RUNS: AtomicUsize = AtomicUsize::new(0);
    static LEFT: Resource<u32> = Resource::new(|| {
        if LEFT_RUNS.fetch_add(1, SeqCst) == 0 {
            MEET.wait();
        }
        catch_unwind(AssertUnwindSafe(|| *RIGHT.get())).unwrap_or(1)
    });
    static RIGHT: Resource<u32> = Resource::new(|| {
        if RIGHT_RUNS.fetch_add(1, SeqCst) == 0 {
            MEET.wait();
        }
        catch_unwind(AssertUnwindSafe(|| *LEFT.get())).unwrap_or(2)
    });
    let (done, finished) = mpsc::channel();
    for resource in [&LEFT, &RIGHT] {
        let done = done.clone();
        thread::spawn(move || done.send(*resource.get()).unwrap());
    }
    let answers: Vec<u32> = (0..2)
        .map(|_| {
            finished.recv_timeout(Duration::from_secs(20)).expect("two initialisers wait for each other")
        })
        .collect();
    // Whoever closed the cycle used its own number, and the other one took it over.
    assert_eq!(answers[0], answers[1]);
    assert!((1..=2).contains(&answers[0]));
}

#[test]
fn independent_resources_initialise_in_parallel() {
    static MEET: Barrier = Barrier::new(2);
    static A: Resource<()> = Resource::new(|| {
        MEET.wait();
    });
    static B: Resource<()> = Resource::new(|| {
        MEET.wait();
    });
    let (done, finished) = mpsc::channel();
    for resource in [&A, &B] {
        let done = done.clone();
        thread::spawn(move || {
            resource.get();
            done.send(()).unwrap();
        });
    }
    for _ in 0..2 {
        finished.recv_timeout(Duration::from_secs(20)).expect("one initialiser kept the other out");
    }
}

#[test]
fn a_value_can_be_set_before_first_use_and_taken_out() {
    let mut value: Resource<u32> = Resource::new(|| 1);
    assert_eq!(value.set(5), Ok(()));
    assert_eq!(value.set(6), Err(6));
    assert_eq!(*value.get(), 5);
    assert_eq!(value.take(), Some(5));
    assert_eq!(*value.get(), 1);
}

#[test]
fn the_global_registry_starts_in_order_and_stops_at_the_first_failure() {
    static ORDER: AtomicUsize = AtomicUsize::new(0);
    static FIRST: Resource<usize> = Resource::new(|| ORDER.fetch_add(1, SeqCst));
    static BROKEN: Resource<usize, std::num::ParseIntError> =
        Resource::fallible(|| if ORDER.fetch_add(1, SeqCst) == 1 { "no number".parse() } else { Ok(7) });
    static LAST: Resource<usize> = Resource::new(|| ORDER.fetch_add(1, SeqCst));
    static ALL: GlobalResourceRegistry =
        GlobalResourceRegistry::new(&[("first", &FIRST), ("broken", &BROKEN), ("last", &LAST)]);

    let error = ALL.initialise().unwrap_err();
    assert_eq!(error.resource, "broken");
    assert!(error.to_string().starts_with("resource `broken`: the initialiser failed: "), "{error}");
    assert_eq!(ALL.iter().collect::<Vec<_>>(), [("first", true), ("broken", false), ("last", false)]);
    ALL.initialise().unwrap();
    assert_eq!(ALL.iter().filter(|(_, initialised)| *initialised).count(), ALL.len());
    assert_eq!((*FIRST.get(), BROKEN.peek(), *LAST.get()), (0, Some(&7), 3));
}
