//! Hot reload: readers see whole values, old ones live as long as they are held.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Weak};
use std::thread;

use wf_registry::Swap;

#[test]
fn a_reader_sees_each_publication_at_its_next_read() {
    let swap = Swap::new(0);
    let mut reader = swap.reader();
    for value in 1..=100 {
        assert_eq!(*reader.get(), value - 1);
        assert_eq!(swap.publish(value), value as u64);
        assert_eq!(*reader.cached(), value - 1);
    }
    assert_eq!(*reader.get(), 100);
    assert_eq!((reader.generation(), swap.generation()), (100, 100));
    assert_eq!(*swap.load(), 100);
}

#[test]
fn an_old_value_is_dropped_with_its_last_reader() {
    let first = Arc::new(1);
    let watch: Weak<i32> = Arc::downgrade(&first);
    let swap = Swap::new(first);
    let mut a = swap.reader();
    let mut b = a.clone();
    swap.publish(Arc::new(2));
    assert!(watch.upgrade().is_some());
    assert_eq!(**a.get(), 2);
    assert!(watch.upgrade().is_some(), "b still holds it");
    assert_eq!(**b.get(), 2);
    assert!(watch.upgrade().is_none());
}

#[test]
fn readers_never_see_a_torn_value_or_go_back() {
    let swap = Swap::new([0_u64; 16]);
    let stop = AtomicBool::new(false);
    let reads = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..3 {
            let mut reader = swap.reader();
            let (stop, reads) = (&stop, &reads);
            scope.spawn(move || {
                let mut last = 0;
                while !stop.load(SeqCst) {
                    let value = *reader.get();
                    assert!(value.iter().all(|word| *word == value[0]), "torn: {value:?}");
                    assert!(value[0] >= last, "went back from {last} to {}", value[0]);
                    last = value[0];
                    reads.fetch_add(1, SeqCst);
                }
            });
        }
        for value in 1..=2_000 {
            swap.publish([value; 16]);
            if value % 64 == 0 {
                thread::yield_now();
            }
        }
        while reads.load(SeqCst) < 100 {
            thread::yield_now();
        }
        stop.store(true, SeqCst);
    });
    assert_eq!(swap.load()[0], 2_000);
}
