//! Every interleaving of publication and reading. Run with `RUSTFLAGS="--cfg loom"`.
#![cfg(loom)]

use loom::thread;
use wf_registry::Swap;

#[test]
fn a_reader_sees_a_value_with_its_own_generation_and_never_goes_back() {
    loom::model(|| {
        let swap = Swap::new(0_u64);
        let mut reader = swap.reader();
        let publisher = swap.clone();
        let thread = thread::spawn(move || {
            assert_eq!(publisher.publish(1), 1);
            assert_eq!(publisher.publish(2), 2);
        });
        let first = *reader.get();
        assert_eq!(first, reader.generation());
        let second = *reader.get();
        assert_eq!(second, reader.generation());
        assert!(first <= second, "{first} then {second}");
        thread.join().unwrap();
        assert_eq!((*reader.get(), *swap.load()), (2, 2));
    });
}

#[test]
fn two_publishers_take_turns() {
    loom::model(|| {
        let swap = Swap::new(0_u64);
        let other = swap.clone();
        let thread = thread::spawn(move || other.publish(10));
        let mine = swap.publish(20);
        let theirs = thread.join().unwrap();
        assert_eq!(mine + theirs, 3, "one was first");
        let mut reader = swap.reader();
        assert_eq!(*reader.get(), if mine == 2 { 20 } else { 10 });
        assert_eq!(swap.generation(), 2);
    });
}

#[test]
fn what_was_written_before_a_publication_is_seen_with_it() {
    loom::model(|| {
        let swap = Swap::new(Box::new(0_u64));
        let mut reader = swap.reader();
        let publisher = swap.clone();
        let thread = thread::spawn(move || _ = publisher.publish(Box::new(7)));
        let seen = **reader.get();
        assert!(seen == 0 || seen == 7, "{seen}");
        thread.join().unwrap();
        assert_eq!(**reader.get(), 7);
    });
}
