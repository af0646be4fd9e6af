//! Ctrl-C: noticed between batches, so that nothing is left half done.

use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::say::complain;

static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// From now on Ctrl-C, a hang-up and a request to terminate are noted; only the second one ends the program at once.
///
/// Where no handler can be installed the program keeps the system's default, which is to end.
pub(crate) fn watch() {
    static ONCE: Once = Once::new();
    ONCE.call_once(install);
}

fn install() {
    let note = || {
        // Whoever asks twice does not want to wait for the end of a batch; a temporary folder may then stay.
        if INTERRUPTED.swap(true, Ordering::Relaxed) {
            std::process::exit(130);
        }
    };
    if let Err(error) = ctrlc::set_handler(note) {
        complain(format_args!("warning: an interruption will end the program at once: {error}"));
    }
}

/// Whether the user has asked to stop.
pub(crate) fn requested() -> bool {
    INTERRUPTED.load(Ordering::Relaxed)
}
