//! Counting allocations in a test: how many a piece of code makes, and a promise that it makes none.
//!
//! The two functions at the end are what stands in a test file of yours, with `#[test]` above; here `main` calls them. They
//! look at their own thread only, so other tests may run beside them.
#![allow(clippy::print_stdout, reason = "an example prints what it did")]

use wf_alloc::{Allocator, Counting, Scope, Steady};

#[global_allocator]
static HEAP: Counting<Allocator> = Counting::new(Allocator {});

/// What is tested: a queue that reserves its room at the start.
struct Queue(Vec<u64>);

impl Queue {
    fn with_room(len: usize) -> Self {
        Self(Vec::with_capacity(len))
    }

    fn push(&mut self, value: u64) {
        self.0.push(value);
    }
}

fn main() {
    a_queue_is_one_allocation();
    a_push_within_the_room_allocates_nothing();
    println!("this thread: {}", wf_alloc::thread_counts());
}

fn a_queue_is_one_allocation() {
    let scope = Scope::begin();
    let queue = Queue::with_room(100);
    let counts = scope.counts();
    assert_eq!((counts.allocs, counts.live_bytes()), (1, 800));
    drop(queue);
    assert_eq!(scope.counts().live_bytes(), 0);
}

fn a_push_within_the_room_allocates_nothing() {
    let mut queue = Queue::with_room(100);
    let steady = Steady::panicking();
    (0..100).for_each(|value| queue.push(value));
    steady.end();

    // One more than there is room for. Counted here; `panicking` would name the function, the file and the line.
    let steady = Steady::counting();
    queue.push(100);
    assert_eq!(steady.end(), 1);
}
