//! A program whose allocator does not count: the guard refuses to pretend.

use wf_alloc::{Scope, Steady, installed, process_counts, thread_counts};

#[test]
fn nothing_is_counted_and_the_guard_says_so() {
    let scope = Scope::begin();
    drop(std::hint::black_box(vec![0_u8; 100]));
    assert_eq!(scope.counts().requests(), 0);
    assert_eq!(thread_counts().requests(), 0);
    assert_eq!(process_counts().requests(), 0);
    assert!(!installed());
    let panic = std::panic::catch_unwind(Steady::counting).unwrap_err();
    let message = panic.downcast_ref::<&str>().copied().unwrap_or_default();
    assert_eq!(message, "a steady scope needs `wf_alloc::Counting` as the global allocator");
}
