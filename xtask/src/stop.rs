//! Ctrl-C ends the measuring, not the report: what was measured is kept.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

static ASKED: OnceLock<Arc<AtomicBool>> = OnceLock::new();

/// Begins to listen; the flag is set by the first Ctrl-C, the second ends the program.
pub(crate) fn listen() -> Arc<AtomicBool> {
    let flag = ASKED.get_or_init(|| {
        let flag = Arc::new(AtomicBool::new(false));
        let setter = Arc::clone(&flag);
        let installed = ctrlc::set_handler(move || {
            if setter.swap(true, Ordering::Relaxed) {
                std::process::exit(130);
            }
        });
        if let Err(error) = installed {
            eprintln!("Ctrl-C will end the program at once: {error}");
        }
        flag
    });
    Arc::clone(flag)
}
