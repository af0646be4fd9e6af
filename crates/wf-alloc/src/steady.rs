//! A guard for code that promises not to use the heap.

use core::marker::PhantomData;
use std::panic::Location;

use crate::installed::installed;
use crate::thread::{self, Thread};
use crate::violation::Violation;
use crate::watch::Tally;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    Count,
    Panic,
    Abort,
}

/// Holds the calling thread to its promise not to ask the heap for anything.
///
/// Works in release builds. Only this thread is watched, so a test may use it while others allocate. Guards nest;
/// each sees everything from its beginning on.
///
/// | made by | a forbidden call | cost of a call meanwhile |
/// |---|---|---|
/// | [`counting`](Steady::counting) | is counted | nothing beyond the counting itself |
/// | [`panicking`](Steady::panicking) | is carried out; the guard's end panics with its size and call site | the slow path |
/// | [`aborting`](Steady::aborting) | ends the process then and there, with a message | none follows |
///
/// The panic waits for the guard's end because an allocator must not unwind.
///
/// The message names the function, file and line that made the first forbidden call, and the stack above it, as far as
/// the program has debug information (feature `symbols`, on by default; without it, return addresses):
///
/// ```text
/// 2 heap call(s) in the steady scope begun at tests/queue.rs:31:22, the first: alloc of 96 bytes, alignment 8, by queue::Queue::grow at src/queue.rs:57
///    0: queue::Queue::grow at src/queue.rs:57
///    1: queue::Queue::push at src/queue.rs:40
/// ```
///
/// ```
/// # #[global_allocator]
/// # static HEAP: wf_alloc::Counting<wf_alloc::System> = wf_alloc::Counting::new(wf_alloc::System);
/// let mut queue = Vec::with_capacity(8);
/// let steady = wf_alloc::Steady::panicking();
/// queue.extend([1, 2, 3]);
/// steady.end();
/// ```
#[derive(Debug)]
pub struct Steady {
    answer: Answer,
    frees: bool,
    start: Tally,
    permitted: Tally,
    /// The first call that guards around this one had seen when it began.
    aside: Option<Violation>,
    began_at: &'static Location<'static>,
    /// Its state lives in the thread that made it.
    thread: PhantomData<*const ()>,
}

fn tally(thread: &Thread) -> Tally {
    let counts = thread.totals();
    Tally { requests: counts.requests(), frees: counts.deallocs }
}

impl Steady {
    /// Counts violations.
    ///
    /// # Panics
    /// When the global allocator does not count: a guard that cannot see is no guard.
    #[track_caller]
    pub fn counting() -> Steady {
        Steady::begin(Answer::Count)
    }

    /// Panics at the guard's end if there was a violation, with the first one's size and call site.
    ///
    /// # Panics
    /// When the global allocator does not count.
    #[track_caller]
    pub fn panicking() -> Steady {
        Steady::begin(Answer::Panic)
    }

    /// Aborts the process at the first violation, after writing its size and call site to standard error.
    ///
    /// # Panics
    /// When the global allocator does not count.
    #[track_caller]
    pub fn aborting() -> Steady {
        Steady::begin(Answer::Abort)
    }

    #[track_caller]
    fn begin(answer: Answer) -> Steady {
        assert!(installed(), "a steady scope needs `wf_alloc::Counting` as the global allocator");
        let began_at = Location::caller();
        thread::with(|thread| {
            if answer != Answer::Count {
                thread.watch.guard(1, false, answer == Answer::Abort);
                thread.watch_changed();
            }
            let start = tally(thread);
            Steady {
                answer,
                frees: false,
                start,
                permitted: thread.watch.permitted(start),
                aside: if answer == Answer::Panic { thread.watch.put_aside() } else { None },
                began_at,
                thread: PhantomData,
            }
        })
    }

    /// Forbids giving memory back as well.
    #[must_use = "the guard ends when it is dropped"]
    pub fn frees_too(mut self) -> Steady {
        if !self.frees {
            self.disarm();
            self.frees = true;
            self.arm();
        }
        self
    }

    fn arm(&self) {
        self.change(1);
    }

    fn disarm(&self) {
        self.change(-1);
    }

    fn change(&self, by: i32) {
        if self.answer != Answer::Count {
            thread::with(|thread| {
                thread.watch.guard(by, self.frees, self.answer == Answer::Abort);
                thread.watch_changed();
            });
        }
    }

    /// Returns the number of forbidden calls so far.
    pub fn violations(&self) -> u64 {
        thread::with(|thread| {
            let now = tally(thread);
            let permitted = thread.watch.permitted(now).minus(self.permitted);
            let seen = now.minus(self.start).minus(permitted);
            seen.requests + if self.frees { seen.frees } else { 0 }
        })
    }

    /// Ends the guard; returns the number of violations.
    ///
    /// # Panics
    /// If the guard is a panicking one and there was a violation.
    pub fn end(self) -> u64 {
        self.violations()
    }
}

/// # Panics
/// If the guard is a panicking one, there was a violation and the thread is not panicking already.
impl Drop for Steady {
    fn drop(&mut self) {
        let violations = self.violations();
        self.disarm();
        if self.answer != Answer::Panic {
            return;
        }
        let first = thread::with(|thread| thread.watch.take_first(self.aside));
        if violations == 0 || std::thread::panicking() {
            return;
        }
        report(violations, first, self.began_at);
    }
}

#[cold]
fn report(violations: u64, first: Option<Violation>, began_at: &Location<'_>) -> ! {
    // The guards around this one need not mind what the report allocates.
    let first =
        permit(|| first.map(|first| format!(", the first: {}", first.described())).unwrap_or_default());
    panic!("{violations} heap call(s) in the steady scope begun at {began_at}{first}")
}

/// Runs `f`, whose use of the heap no guard of this thread minds.
pub fn permit<R>(f: impl FnOnce() -> R) -> R {
    struct End;
    impl Drop for End {
        fn drop(&mut self) {
            thread::with(|thread| thread.watch.permit_end(tally(thread)));
        }
    }
    thread::with(|thread| thread.watch.permit_begin(tally(thread)));
    let _end = End;
    f()
}
