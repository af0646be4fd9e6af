//! Counts between two points of one thread.

use core::marker::PhantomData;

use crate::counts::Counts;
use crate::frames::FRAMES;
use crate::thread;

/// Counts what the calling thread does from [`begin`](Scope::begin) on.
///
/// Other threads' activity does not enter, so a test that asserts on it does not depend on what runs beside it.
/// Scopes nest; they may also end in another order than they began in. Each has its own exact peak.
///
/// ```
/// # #[global_allocator]
/// # static HEAP: wf_alloc::Counting<wf_alloc::System> = wf_alloc::Counting::new(wf_alloc::System);
/// let scope = wf_alloc::Scope::begin();
/// drop(vec![0_u8; 1000]);
/// let counts = scope.counts();
/// assert_eq!((counts.requests(), counts.live_bytes(), counts.peak_bytes), (1, 0, 1000));
/// ```
///
/// A scope that is leaked (`mem::forget`) keeps its place among the 64 that a thread may have open until the thread
/// ends; so does one that is still open when its thread dies, which harms nobody.
#[derive(Debug)]
pub struct Scope {
    frame: usize,
    start: Counts,
    /// Its frame lives in the thread that opened it.
    thread: PhantomData<*const ()>,
}

impl Scope {
    /// Begins to count.
    ///
    /// # Panics
    /// When 64 scopes are open in this thread.
    #[inline]
    pub fn begin() -> Scope {
        thread::with(|thread| {
            let frame = thread.open_frame();
            let Some(frame) = frame else { panic!("more than {FRAMES} open scopes in one thread") };
            Scope { frame, start: thread.totals(), thread: PhantomData }
        })
    }

    /// Returns what happened since the scope began.
    ///
    /// [`peak_bytes`](Counts::peak_bytes) is the highest value of live bytes in the scope less live bytes at its
    /// beginning, and never below zero.
    #[inline]
    pub fn counts(&self) -> Counts {
        thread::with(|thread| {
            let peak = thread.frame_peak(self.frame).wrapping_sub(self.start.live_bytes());
            Counts { peak_bytes: u64::try_from(peak).unwrap_or(0), ..thread.totals() - self.start }
        })
    }
}

impl Drop for Scope {
    #[inline]
    fn drop(&mut self) {
        thread::with(|thread| thread.close_frame(self.frame));
    }
}
