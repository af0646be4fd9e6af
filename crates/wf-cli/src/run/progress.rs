//! A progress bar on the standard error, if that is a terminal.

use std::io::IsTerminal;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use wf_engine::Engine;
use wf_engine::play::PlayOptions;

/// Time between two looks at the engine's counters.
const PERIOD: Duration = Duration::from_millis(100);

/// Shows how many cases have ended while something else runs.
pub(crate) struct Progress<'e> {
    engine: &'e Engine,
    cases: u64,
    shown: bool,
}

impl<'e> Progress<'e> {
    pub(crate) fn start(engine: &'e Engine, options: &PlayOptions, quiet: bool) -> Self {
        Self { engine, cases: options.cases, shown: !quiet && std::io::stderr().is_terminal() }
    }

    /// Runs `work` on this thread; the bar lives on another one until it is done.
    pub(crate) fn during<T>(&self, work: impl FnOnce() -> T) -> T {
        if !self.shown {
            return work();
        }
        std::thread::scope(|scope| {
            let (done, stop): (Sender<()>, _) = channel();
            scope.spawn(move || {
                let bar = ProgressBar::new(self.cases);
                let style = ProgressStyle::with_template(
                    "{bar:40} {human_pos} of {human_len} cases ended, {eta} left",
                );
                bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
                while stop.recv_timeout(PERIOD) == Err(RecvTimeoutError::Timeout) {
                    bar.set_position(self.engine.stats().ended);
                }
                bar.finish_and_clear();
            });
            let result = work();
            drop(done);
            result
        })
    }
}
