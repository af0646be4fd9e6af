//! Every interleaving of registration, hand-over and snapshot. Run with `RUSTFLAGS="--cfg loom"`.
#![cfg(loom)]

use loom::thread;
use wf_aligned::Counters;

#[test]
fn two_threads_register_and_count() {
    loom::model(|| {
        let counters: Counters<1> = Counters::new();
        let other = counters.clone();
        let thread = thread::spawn(move || other.writer().add(0, 1));
        counters.writer().add(0, 2);
        thread.join().unwrap();
        assert_eq!(counters.snapshot(), [3]);
        assert!(counters.blocks() <= 2);
    });
}

#[test]
fn a_block_handed_to_another_thread_keeps_what_it_held() {
    loom::model(|| {
        let counters: Counters<1> = Counters::new();
        let mut first = counters.writer();
        let threads: Vec<_> = (0..2)
            .map(|_| {
                let counters = counters.clone();
                thread::spawn(move || {
                    let mut writer = counters.writer();
                    writer.add(0, 1);
                })
            })
            .collect();
        first.add(0, 10);
        drop(first);
        for thread in threads {
            thread.join().unwrap();
        }
        assert_eq!(counters.snapshot(), [12]);
    });
}

#[test]
fn a_snapshot_beside_a_writer_sees_before_or_after() {
    loom::model(|| {
        let counters: Counters<1> = Counters::new();
        let mut writer = counters.writer();
        let thread = thread::spawn(move || {
            writer.add(0, 1);
            writer.add(0, 1);
        });
        let first = counters.snapshot()[0];
        let second = counters.snapshot()[0];
        assert!(first <= second && second <= 2, "{first} then {second}");
        thread.join().unwrap();
        assert_eq!(counters.snapshot(), [2]);
    });
}
