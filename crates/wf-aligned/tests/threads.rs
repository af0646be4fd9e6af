//! Counters and thread-local counters under real threads.

use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::thread;

use wf_aligned::{Counters, Writer, thread_counters};

const ADDS: u64 = 20_000;

#[test]
fn nothing_is_lost_while_threads_come_and_go() {
    let counters: Counters<3> = Counters::new();
    for round in 1..=20 {
        thread::scope(|scope| {
            for thread in 0..8 {
                let mut writer: Writer<3> = counters.writer();
                scope.spawn(move || {
                    for n in 0..ADDS / 20 {
                        writer.add(0, 1);
                        writer.add(1, n);
                        writer.add(2, thread);
                    }
                });
            }
        });
        let per_thread = ADDS / 20;
        assert_eq!(
            counters.snapshot(),
            [
                round * 8 * per_thread,
                round * 8 * (per_thread * (per_thread - 1) / 2),
                round * 28 * per_thread
            ]
        );
    }
    assert!(counters.blocks() <= 8, "{} blocks", counters.blocks());
}

#[test]
fn a_snapshot_never_goes_back_and_never_runs_ahead() {
    let counters: Counters<2> = Counters::new();
    let stop = AtomicBool::new(false);
    let barrier = Barrier::new(3);
    thread::scope(|scope| {
        for _ in 0..2 {
            let mut writer = counters.writer();
            let barrier = &barrier;
            scope.spawn(move || {
                barrier.wait();
                for _ in 0..ADDS {
                    writer.add(0, 1);
                    writer.add(1, 1);
                }
            });
        }
        let (counters, stop, barrier) = (&counters, &stop, &barrier);
        scope.spawn(move || {
            barrier.wait();
            let mut last = [0, 0];
            while !stop.load(SeqCst) {
                let now = counters.snapshot();
                assert!(now[0] >= last[0] && now[1] >= last[1], "{last:?} then {now:?}");
                assert!(now[0] <= 2 * ADDS && now[1] <= 2 * ADDS, "{now:?}");
                last = now;
                if last == [2 * ADDS; 2] {
                    stop.store(true, SeqCst);
                }
            }
        });
    });
    assert_eq!(counters.snapshot(), [2 * ADDS; 2]);
}

thread_counters! {
    static LOCAL: 2;
    static TEARDOWN: 1;
}

#[test]
fn every_thread_has_its_own_block_without_owning_a_writer() {
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| (0..ADDS).for_each(|_| LOCAL.add(1, 1)));
        }
    });
    LOCAL.add(0, 1);
    assert_eq!(LOCAL.snapshot(), [1, 8 * ADDS]);
    assert!(LOCAL.counters().blocks() <= 9);
}

struct CountsWhenDropped;

impl Drop for CountsWhenDropped {
    fn drop(&mut self) {
        TEARDOWN.add(0, 1);
    }
}

thread_local!(static LAST: CountsWhenDropped = const { CountsWhenDropped });

#[test]
fn additions_during_thread_teardown_are_counted() {
    for _ in 0..4 {
        // One order of construction tears the writer down first, the other one last.
        thread::spawn(|| {
            LAST.with(|_| ());
            TEARDOWN.add(0, 1);
        })
        .join()
        .unwrap();
        thread::spawn(|| {
            TEARDOWN.add(0, 1);
            LAST.with(|_| ());
        })
        .join()
        .unwrap();
    }
    assert_eq!(TEARDOWN.snapshot(), [16]);
}
