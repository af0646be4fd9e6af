//! Totals of the process. A program of its own and not a test harness's, whose main thread would allocate meanwhile.
#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a test program without the test harness")]

use std::alloc::{Layout, alloc, alloc_zeroed, dealloc, realloc};
use std::hint::black_box;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use wf_alloc::{Allocator, Counting, Counts, Scope, process_counts, thread_counts};

#[global_allocator]
static HEAP: Counting<Allocator> = Counting::new(Allocator {});

/// Runs `work` in so many threads at once and waits until they have ended, destructors of thread-local values included:
/// the end of `std::thread::scope` alone does not wait for those.
fn at_once(count: usize, work: impl Fn() + Sync) {
    std::thread::scope(|threads| {
        let handles: Vec<_> = (0..count).map(|_| threads.spawn(&work)).collect();
        handles.into_iter().for_each(|handle| handle.join().unwrap());
    });
}

/// Makes this program do known work and print its totals, for valgrind to compare with its own.
const TRACED_ROUNDS: &str = "WF_ALLOC_TEST_ROUNDS";

fn main() {
    if let Ok(rounds) = std::env::var(TRACED_ROUNDS) {
        return traced(rounds.parse().unwrap());
    }
    let tests: [(&str, fn()); 6] = [
        (
            "the_process_total_is_exact_after_threads_have_ended",
            the_process_total_is_exact_after_threads_have_ended,
        ),
        (
            "memory_freed_elsewhere_makes_a_thread_negative_and_the_sum_right",
            memory_freed_elsewhere_makes_a_thread_negative_and_the_sum_right,
        ),
        ("totals_read_while_threads_come_and_go_only_grow", totals_read_while_threads_come_and_go_only_grow),
        ("the_process_peak_stays_within_its_bound", the_process_peak_stays_within_its_bound),
        ("counting_works_inside_thread_local_destructors", counting_works_inside_thread_local_destructors),
        ("the_counts_equal_those_of_valgrind", the_counts_equal_those_of_valgrind),
    ];
    for (name, test) in tests {
        test();
        println!("test {name} ... ok");
    }
}

const TRACED_THREADS: usize = 8;

/// All four methods in eight threads, then the totals: requests, frees and bytes as valgrind counts them.
fn traced(rounds: u64) {
    let barrier = std::sync::Barrier::new(TRACED_THREADS);
    at_once(TRACED_THREADS, || {
        barrier.wait();
        known_work(rounds);
    });
    let counts = process_counts();
    // To valgrind a reallocation is an allocation and a free.
    let allocs = counts.allocs + counts.zeroed + counts.reallocs;
    println!("{allocs} {} {}", counts.deallocs + counts.reallocs, counts.bytes_allocated);
}

/// An independent trace of the same run. What the C library allocates for itself is the same in a run of twice the work,
/// so the differences between the two runs must be equal.
fn the_counts_equal_those_of_valgrind() {
    let skip = |reason: &str| {
        let line = format_args!("SKIPPED: the_counts_equal_those_of_valgrind: {reason}\n");
        _ = std::io::Write::write_fmt(&mut std::io::stderr(), line);
    };
    if wf_alloc::NAME != "system" {
        return skip("valgrind only sees the system's allocator");
    }
    let run = |rounds: u64| -> Option<[[u64; 3]; 2]> {
        let output = std::process::Command::new("valgrind")
            .arg(std::env::current_exe().unwrap())
            .env(TRACED_ROUNDS, rounds.to_string())
            .output()
            .ok()?;
        if !output.status.success() {
            return None;
        }
        let numbers = |text: &str| -> [u64; 3] {
            let digits = text.replace(',', "");
            let mut words = digits.split_whitespace().filter_map(|word| word.parse().ok());
            [(); 3].map(|()| words.next().unwrap())
        };
        let ours = numbers(&String::from_utf8_lossy(&output.stdout));
        let errors = String::from_utf8_lossy(&output.stderr);
        let line = errors.lines().find_map(|line| line.split_once("total heap usage:"));
        Some([ours, numbers(line.expect("valgrind's summary").1)])
    };
    let (Some(less), Some(more)) = (run(100), run(300)) else {
        return skip("valgrind is not installed or cannot run this program");
    };
    let growth = |who: usize| [0, 1, 2].map(|what| more[who][what] - less[who][what]);
    assert_eq!(growth(0), growth(1), "ours and valgrind's allocations, frees and bytes");
    assert_eq!(growth(0)[0], 200 * 3 * TRACED_THREADS as u64);
}

/// The work of one thread whose totals are known in advance: `rounds` of each method. Opaque to the compiler, which may
/// leave out allocations that nobody sees.
fn known_work(rounds: u64) {
    for round in 0..rounds {
        let layout = Layout::from_size_align(64 + (round % 7) as usize * 8, 8).expect("a valid layout");
        // SAFETY: the layout has a size.
        let plain = black_box(unsafe { alloc(layout) });
        // SAFETY: the layout has a size.
        let zeroed = black_box(unsafe { alloc_zeroed(layout) });
        // SAFETY: `plain` has this layout; the new size is not zero.
        let plain = black_box(unsafe { realloc(plain, layout, 256) });
        // SAFETY: `plain` was reallocated to 256 bytes with the same alignment.
        unsafe { dealloc(plain, Layout::from_size_align(256, 8).expect("a valid layout")) };
        // SAFETY: `zeroed` has this layout.
        unsafe { dealloc(zeroed, layout) };
    }
}

fn the_process_total_is_exact_after_threads_have_ended() {
    const THREADS: u64 = 8;
    const ROUNDS: u64 = 7_000;
    // What a bare thread costs (its name, handle, result) is measured by threads that do nothing.
    let of_threads = |work: fn()| -> Counts {
        let before = process_counts();
        for _ in 0..THREADS {
            std::thread::spawn(work).join().unwrap();
        }
        process_counts() - before
    };
    of_threads(|| {});
    let idle = of_threads(|| {});
    let busy = of_threads(|| known_work(ROUNDS));
    let net = busy - idle;
    assert_eq!(net.allocs, THREADS * ROUNDS);
    assert_eq!(net.zeroed, THREADS * ROUNDS);
    assert_eq!(net.reallocs, THREADS * ROUNDS);
    assert_eq!(net.deallocs, 2 * THREADS * ROUNDS);
    // 7 sizes, 64 to 112, twice; and 256 for the reallocation.
    let asked = THREADS * (ROUNDS / 7) * (64..=112).step_by(8).sum::<u64>();
    assert_eq!(net.bytes_allocated, 2 * asked + THREADS * ROUNDS * 256);
    assert_eq!(net.live_bytes(), 0);
    // All at once, so that slots are in use side by side.
    let before = process_counts();
    at_once(THREADS as usize, || known_work(ROUNDS));
    let net = process_counts() - before;
    assert_eq!(net.zeroed, THREADS * ROUNDS);
    assert_eq!(net.reallocs, THREADS * ROUNDS);
}

/// A reader beside eight writers, in waves of new threads, so that slots change their owners under its eyes.
fn totals_read_while_threads_come_and_go_only_grow() {
    const THREADS: usize = 8;
    const WAVES: u64 = 20;
    const ROUNDS: u64 = 500;
    let parts = |counts: Counts| {
        [counts.allocs, counts.zeroed, counts.reallocs, counts.deallocs, counts.bytes_allocated]
    };
    let before = process_counts();
    let done = AtomicBool::new(false);
    let readings = std::thread::scope(|threads| {
        let reader = threads.spawn(|| {
            let (mut last, mut readings) = (parts(before), 0_u64);
            while !done.load(Relaxed) {
                let now = parts(process_counts());
                assert!(last.iter().zip(now).all(|(last, now)| *last <= now), "{last:?} and then {now:?}");
                (last, readings) = (now, readings + 1);
            }
            readings
        });
        (0..WAVES).for_each(|_| at_once(THREADS, || known_work(ROUNDS)));
        done.store(true, Relaxed);
        reader.join().unwrap()
    });
    let net = process_counts() - before;
    assert_eq!(net.zeroed, WAVES * THREADS as u64 * ROUNDS);
    assert_eq!(net.reallocs, WAVES * THREADS as u64 * ROUNDS);
    assert!(readings > WAVES, "only {readings} readings");
}

fn memory_freed_elsewhere_makes_a_thread_negative_and_the_sum_right() {
    let block = black_box(vec![0_u8; 1 << 20]);
    let before = process_counts().live_bytes();
    let counts = std::thread::spawn(move || {
        let scope = Scope::begin();
        drop(black_box(block));
        scope.counts()
    })
    .join()
    .unwrap();
    assert_eq!(counts.live_bytes(), -(1 << 20));
    assert_eq!(counts.peak_bytes, 0);
    let change = process_counts().live_bytes() - before;
    // The runtime keeps or frees a few hundred bytes of its own around a thread.
    assert!((change + (1 << 20)).abs() < 4096, "{change}");
}

fn the_process_peak_stays_within_its_bound() {
    const THREADS: usize = 4;
    const EACH: usize = 3 << 20;
    let before = process_counts().live_bytes();
    let barrier = std::sync::Barrier::new(THREADS);
    at_once(THREADS, || {
        // In small steps, so that the publication threshold matters.
        let blocks: Vec<Vec<u8>> = (0..EACH / 1000).map(|_| vec![0; 1000]).collect();
        barrier.wait();
        drop(black_box(blocks));
    });
    let peak = process_counts().peak_bytes as i64;
    let least = before + (THREADS * EACH) as i64 - (THREADS as i64 + 2) * 65_536;
    assert!(peak >= least, "{peak} < {least}");
    // The bound from above: what was alive at most, the vectors of vectors included, and what may be unpublished.
    let most = before + (THREADS * (EACH + 2 * EACH / 1000 * 24 + 65_536 * 3)) as i64;
    // An earlier test may have had a higher peak; none has more than a few MiB at once.
    assert!(peak <= most.max(24 << 20), "{peak} > {most}");
}

fn counting_works_inside_thread_local_destructors() {
    use std::cell::RefCell;
    struct Allocates(RefCell<Vec<u8>>);
    impl Drop for Allocates {
        fn drop(&mut self) {
            let scope = Scope::begin();
            *self.0.borrow_mut() = black_box(vec![1; 3333]);
            assert_eq!(scope.counts().allocs, 1);
            assert_eq!(scope.counts().peak_bytes, 3333);
        }
    }
    thread_local! {
        static LATE: Allocates = const { Allocates(RefCell::new(Vec::new())) };
    }
    let before = process_counts();
    let idle = || std::thread::spawn(|| LATE.with(|_| thread_counts().requests())).join().unwrap();
    idle();
    let one = process_counts() - before;
    idle();
    let two = process_counts() - before;
    assert_eq!(two.live_bytes(), one.live_bytes(), "the late vector was counted both ways");
    assert!(two.bytes_allocated - one.bytes_allocated >= 3333);
}
