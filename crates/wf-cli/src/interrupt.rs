//! Ctrl-C: noticed between batches, so that nothing is left half done.

use std::sync::atomic::{AtomicBool, Ordering};

static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// From now on Ctrl-C, a hang-up and a request to terminate are noted instead of ending the program at once.
///
/// Where no handler can be installed the program keeps the system's default, which is to end.
pub(crate) fn watch() {
    let note = || INTERRUPTED.store(true, Ordering::Relaxed);
    if let Err(error) = ctrlc::set_handler(note) {
        eprintln!("warning: an interruption will end the program at once: {error}");
    }
}

/// Whether the user has asked to stop.
pub(crate) fn requested() -> bool {
    INTERRUPTED.load(Ordering::Relaxed)
}
