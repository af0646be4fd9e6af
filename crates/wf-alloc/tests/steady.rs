//! The guard, with the counting allocator installed.

use std::hint::black_box;
use std::panic::{AssertUnwindSafe, catch_unwind};

use wf_alloc::{Counting, Steady, System, permit};

#[global_allocator]
static HEAP: Counting<System> = Counting::new(System);

#[inline(never)]
fn allocate(bytes: usize) {
    drop(black_box(Vec::<u8>::with_capacity(bytes)));
}

/// Where `allocate` allocates.
#[cfg(feature = "symbols")]
const ALLOCATE_LINE: u32 = line!() - 5;

/// Whether a message ends its mention of the caller as it should: with function, file and line, or, in a program without
/// debug information, with the function.
#[cfg(feature = "symbols")]
fn names_allocate(caller: &str) -> bool {
    let mut lines = false;
    backtrace::trace(|frame| {
        backtrace::resolve_frame(frame, |symbol| {
            lines |= symbol.filename().is_some_and(|path| path.ends_with(file!()));
        });
        !lines
    });
    if lines {
        // Sparse debug information has no path before a function's name.
        caller.trim_start_matches("steady::").starts_with("allocate at ")
            && caller.ends_with(&format!("{}:{ALLOCATE_LINE}", file!()))
    } else {
        eprintln!("SKIPPED: file and line of a violation: this program has no debug information");
        caller == "steady::allocate"
    }
}

/// Runs `f`, which must panic; returns the message.
fn panic_of(f: impl FnOnce()) -> String {
    let panic = catch_unwind(AssertUnwindSafe(f)).expect_err("the guard must panic");
    panic.downcast_ref::<String>().expect("a formatted message").clone()
}

#[test]
fn counting_counts_requests_and_frees_when_told() {
    let steady = Steady::counting();
    assert_eq!(steady.violations(), 0);
    allocate(100);
    allocate(200);
    assert_eq!(steady.violations(), 2);
    assert_eq!(steady.end(), 2);
    let steady = Steady::counting().frees_too();
    allocate(100);
    assert_eq!(steady.end(), 2);
}

#[test]
fn panicking_names_size_count_and_place() {
    let line = line!() + 2;
    let message = panic_of(|| {
        let steady = Steady::panicking();
        allocate(12_345);
        allocate(1);
        steady.end();
    });
    let place = format!("the steady scope begun at {}:{line}:", file!());
    assert!(message.starts_with("2 heap call(s) in "), "{message}");
    assert!(message.contains(&place), "{message} lacks {place}");
    assert!(message.contains("the first: alloc of 12345 bytes, alignment 1"), "{message}");
    #[cfg(all(unix, not(feature = "symbols")))]
    assert!(message.contains("0: 0x"), "no return address in {message}");
    #[cfg(all(unix, feature = "symbols"))]
    {
        let caller = message.split_once(", by ").expect(&message).1.lines().next().unwrap();
        assert!(names_allocate(caller), "{message}");
        // The stack goes on with who called, and ends before the test harness.
        let stack: Vec<&str> = message.lines().skip(1).collect();
        assert!(stack[0].trim_start().ends_with(caller), "{message}");
        assert!(stack.len() > 1, "{message}");
        assert!(!message.contains("__rust_begin_short_backtrace"), "{message}");
        assert!(!message.contains("test::run_test"), "{message}");
    }
}

/// Names are looked up under locks, and code under a guard may hold them: here the one of the panic handler's backtraces.
#[test]
fn a_backtrace_taken_under_the_guard_is_itself_a_violation_and_harms_nothing() {
    let message = panic_of(|| {
        let _steady = Steady::panicking();
        drop(black_box(std::backtrace::Backtrace::force_capture()));
    });
    assert!(message.contains("heap call(s) in the steady scope"), "{message}");
}

#[test]
fn guards_within_each_other_name_their_own_first_call() {
    let outer = panic_of(|| {
        let _outer = Steady::panicking();
        allocate(61);
        let inner = panic_of(|| {
            let _inner = Steady::panicking();
            allocate(62);
        });
        assert!(inner.contains("1 heap call(s)") && inner.contains("alloc of 62 bytes"), "{inner}");
    });
    assert!(outer.contains("alloc of 61 bytes"), "{outer}");
    let outer = panic_of(|| {
        let _outer = Steady::panicking();
        let kept = {
            let quiet = Steady::panicking();
            assert_eq!(quiet.end(), 0);
            permit(|| black_box(vec![0_u8; 63]))
        };
        let inner = panic_of(|| {
            let _inner = Steady::panicking().frees_too();
            drop(kept);
        });
        assert!(inner.contains("dealloc of 63 bytes"), "{inner}");
        allocate(64);
    });
    // What the inner panic allocated comes first; the free, which the outer guard does not mind, is not blamed.
    assert!(!outer.contains("dealloc"), "{outer}");
}

#[test]
fn a_panicking_guard_ends_quietly_when_the_promise_was_kept() {
    let mut queue = Vec::with_capacity(8);
    let steady = Steady::panicking().frees_too();
    queue.extend([1, 2, 3]);
    queue.clear();
    assert_eq!(steady.end(), 0);
}

#[test]
fn dropping_the_guard_is_enough() {
    let message = panic_of(|| {
        let _steady = Steady::panicking();
        allocate(7);
    });
    assert!(message.contains("alloc of 7 bytes"), "{message}");
}

#[test]
fn freeing_is_a_violation_only_when_told() {
    let kept = black_box(vec![0_u8; 55]);
    let steady = Steady::panicking();
    drop(kept);
    assert_eq!(steady.end(), 0);
    let kept = black_box(vec![0_u8; 56]);
    let message = panic_of(|| {
        let _steady = Steady::panicking().frees_too();
        drop(kept);
    });
    assert!(message.contains("dealloc of 56 bytes"), "{message}");
}

#[test]
fn reallocation_and_zeroed_memory_are_violations() {
    let mut kept = black_box(Vec::<u8>::with_capacity(10));
    let message = panic_of(|| {
        let _steady = Steady::panicking();
        kept.reserve_exact(999);
    });
    assert!(message.contains("realloc of 999 bytes"), "{message}");
    let message = panic_of(|| {
        let _steady = Steady::panicking();
        drop(black_box(vec![0_u64; 4]));
    });
    assert!(message.contains("alloc_zeroed of 32 bytes, alignment 8"), "{message}");
}

#[test]
fn what_is_permitted_is_not_counted_and_the_rest_is() {
    let steady = Steady::counting().frees_too();
    permit(|| {
        allocate(10);
        permit(|| allocate(11));
        assert_eq!(steady.violations(), 0);
    });
    assert_eq!(steady.violations(), 0);
    allocate(12);
    assert_eq!(steady.end(), 2);
    let message = panic_of(|| {
        let _steady = Steady::panicking();
        permit(|| allocate(10));
        allocate(12);
    });
    assert!(message.contains("1 heap call(s)"), "{message}");
    assert!(message.contains("alloc of 12 bytes"), "{message}");
}

#[test]
fn a_permit_that_panics_still_ends() {
    let steady = Steady::counting();
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let before = steady.violations();
    let result = permit(|| catch_unwind(|| permit(|| panic!("inside"))));
    assert!(result.is_err());
    assert_eq!(steady.violations(), before);
    allocate(3);
    assert_eq!(steady.violations(), before + 1);
    permit(|| std::panic::set_hook(hook));
}

#[test]
fn guards_nest_and_each_sees_all_since_its_beginning() {
    let outer = Steady::counting();
    allocate(1);
    let inner = Steady::counting();
    allocate(2);
    assert_eq!(inner.end(), 1);
    allocate(3);
    assert_eq!(outer.end(), 3);
    let message = panic_of(|| {
        let _outer = Steady::panicking();
        let quiet = Steady::counting();
        allocate(44);
        assert_eq!(quiet.end(), 1);
    });
    assert!(message.contains("alloc of 44 bytes"), "{message}");
}

#[test]
fn a_panic_under_the_guard_is_not_made_worse() {
    let message = catch_unwind(|| {
        let _steady = Steady::panicking();
        allocate(5);
        panic!("the first panic");
    })
    .unwrap_err();
    assert_eq!(message.downcast_ref::<&str>(), Some(&"the first panic"));
    // And the thread is not left watched.
    let steady = Steady::panicking();
    assert_eq!(steady.end(), 0);
}

/// The bug most often seen in this field: a process-wide counter, and another thread that allocates meanwhile.
#[test]
fn other_threads_do_not_disturb() {
    use std::sync::atomic::{AtomicBool, Ordering};
    let (started, stop) = (AtomicBool::new(false), AtomicBool::new(false));
    std::thread::scope(|threads| {
        let busy = threads.spawn(|| {
            let mut n = 0_u64;
            while !stop.load(Ordering::Relaxed) {
                allocate(64);
                n += 1;
                started.store(true, Ordering::Relaxed);
            }
            n
        });
        while !started.load(Ordering::Relaxed) {
            std::thread::yield_now();
        }
        let mut sum = 0_u64;
        for round in 0..2_000 {
            let steady = Steady::panicking().frees_too();
            for i in 0..100 {
                sum = black_box(sum.wrapping_mul(31).wrapping_add(i + round));
            }
            assert_eq!(steady.end(), 0);
        }
        stop.store(true, Ordering::Relaxed);
        assert!(busy.join().unwrap() > 0);
    });
}

/// Aborting cannot be seen from within: the test runs itself again as a child process.
#[test]
fn aborting_ends_the_process_and_says_where() {
    let stderr = aborts("aborting_ends_the_process_and_says_where", || {
        let _steady = Steady::aborting();
        allocate(4242);
    });
    assert!(stderr.contains("heap use in a steady scope: alloc of 4242 bytes, alignment 1"), "{stderr}");
    #[cfg(all(unix, feature = "symbols"))]
    {
        let by = "alloc of 4242 bytes, alignment 1, by ";
        let caller = stderr.lines().find_map(|line| line.split_once(by)).expect(&stderr).1;
        assert!(names_allocate(caller), "{stderr}");
    }
}

/// The lock under which names are looked up is held by the code that breaks its promise: the process ends nevertheless,
/// with the addresses.
#[cfg(feature = "symbols")]
#[test]
fn aborting_ends_the_process_whatever_lock_is_held() {
    let name = "aborting_ends_the_process_whatever_lock_is_held";
    let stderr = aborts(name, || {
        backtrace::trace(|frame| {
            backtrace::resolve_frame(frame, |_| {
                let _steady = Steady::aborting();
                allocate(4343);
            });
            true
        });
    });
    assert!(stderr.contains("heap use in a steady scope: alloc of 4343 bytes, alignment 1"), "{stderr}");
    assert!(!stderr.contains("alloc of 4343 bytes, alignment 1, by "), "{stderr}");
}

/// Runs `act` in a child process, as part of the test called `name`; it must end by an abort. Returns what it wrote.
fn aborts(name: &str, act: impl FnOnce()) -> String {
    const KEY: &str = "WF_ALLOC_TEST_ABORT";
    if std::env::var_os(KEY).is_some() {
        act();
        eprintln!("still here");
        // Not an abort.
        std::process::exit(0);
    }
    let output = std::process::Command::new(std::env::current_exe().expect("the path of this program"))
        .args([name, "--exact", "--nocapture"])
        .env(KEY, "1")
        .output()
        .expect("a child process");
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success(), "{stderr}");
    #[cfg(unix)]
    assert_eq!(std::os::unix::process::ExitStatusExt::signal(&output.status), Some(libc::SIGABRT));
    stderr
}
