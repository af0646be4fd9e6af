//! Every interleaving of replacing and reading: `RUSTFLAGS="--cfg loom" cargo test -p wf-mmap --release --test loom`.

#![cfg(loom)]

use loom::thread;
use wf_mmap::Current;

#[test]
fn readers_see_generations_in_order_and_the_last_one_at_last() {
    loom::model(|| {
        let current = Current::new(0);
        let mut reader = current.reader();
        let writer = {
            let current = current.clone();
            thread::spawn(move || {
                current.replace(1);
                current.replace(2);
            })
        };
        let first = **reader.get();
        let second = **reader.get();
        assert!(first <= second);
        writer.join().unwrap();
        assert_eq!(**reader.get(), 2);
    });
}

#[test]
fn of_two_writers_none_is_lost() {
    loom::model(|| {
        let current = Current::new(0);
        let mut reader = current.reader();
        let other = {
            let current = current.clone();
            thread::spawn(move || *current.replace(1))
        };
        let mine = *current.replace(2);
        let theirs = other.join().unwrap();
        // Each replaced either the first value or the other's.
        assert!((mine, theirs) == (0, 2) || (mine, theirs) == (1, 0));
        assert_eq!(**reader.get(), if mine == 0 { 1 } else { 2 });
    });
}
