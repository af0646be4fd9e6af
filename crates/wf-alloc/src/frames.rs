//! The open scopes of a thread, each with the peak that lies outside the scopes within it.

use core::cell::Cell;

/// Scopes that can be open in one thread at once.
pub(crate) const FRAMES: usize = 64;

/// A stack of peaks, one for each open scope.
///
/// The running peak belongs to the innermost open scope. Opening a scope puts the running peak of the one around it
/// aside here; closing it takes the larger of the two back. A scope closed before one that lies within it only
/// marks its frame, which goes when those above it have gone, so both stay exact.
#[derive(Debug)]
pub(crate) struct Frames {
    /// Place `i` holds the peak of what surrounds scope `i`, from that surrounding scope's start (or its last
    /// inner scope's start) until scope `i` began. In the thread's own live bytes.
    peaks: [Cell<i64>; FRAMES],
    /// Bit `i`: scope `i` is closed but lies under an open one.
    closed: Cell<u64>,
    /// Invariant: `depth <= FRAMES`.
    depth: Cell<usize>,
}

impl Frames {
    pub(crate) const fn new() -> Self {
        Frames { peaks: [const { Cell::new(0) }; FRAMES], closed: Cell::new(0), depth: Cell::new(0) }
    }

    /// Opens a scope and puts the running peak aside. `None` when [`FRAMES`] scopes are open.
    pub(crate) fn open(&self, running: i64) -> Option<usize> {
        let frame = self.depth.get();
        self.peaks.get(frame)?.set(running);
        self.depth.set(frame + 1);
        Some(frame)
    }

    /// The peak since scope `frame` opened, given the running one.
    pub(crate) fn peak_of(&self, frame: usize, running: i64) -> i64 {
        self.highest(frame + 1, running)
    }

    /// The peak over the whole thread, given the running one.
    pub(crate) fn peak_of_thread(&self, running: i64) -> i64 {
        self.highest(0, running)
    }

    /// Closes scope `frame`; returns the running peak from then on.
    pub(crate) fn close(&self, frame: usize, mut running: i64) -> i64 {
        self.closed.set(self.closed.get() | 1 << frame);
        while let Some(top) = self.depth.get().checked_sub(1) {
            let bit = 1 << top;
            if self.closed.get() & bit == 0 {
                break;
            }
            self.closed.set(self.closed.get() & !bit);
            self.depth.set(top);
            running = running.max(self.peaks[top].get());
        }
        running
    }

    fn highest(&self, from: usize, running: i64) -> i64 {
        self.peaks[from..self.depth.get().max(from)].iter().map(Cell::get).fold(running, i64::max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inner_peaks_count_for_the_outer_scope_and_outer_ones_not_for_the_inner() {
        let frames = Frames::new();
        let outer = frames.open(7).unwrap();
        let inner = frames.open(100).unwrap();
        assert_eq!(frames.peak_of(inner, 20), 20);
        assert_eq!(frames.peak_of(outer, 20), 100);
        assert_eq!(frames.peak_of_thread(20), 100);
        let running = frames.close(inner, 20);
        assert_eq!(running, 100);
        assert_eq!(frames.close(outer, running), 100);
        assert_eq!(frames.peak_of_thread(3), 3);
    }

    #[test]
    fn scopes_may_close_in_any_order() {
        let frames = Frames::new();
        let first = frames.open(50).unwrap();
        let second = frames.open(40).unwrap();
        let third = frames.open(30).unwrap();
        assert_eq!(frames.close(first, 5), 5, "its frame waits for those above");
        assert_eq!(frames.peak_of(second, 5), 30);
        assert_eq!(frames.close(third, 5), 30);
        assert_eq!(frames.peak_of(second, 35), 35);
        assert_eq!(frames.close(second, 35), 50, "the waiting frame goes too");
        assert_eq!(frames.depth.get(), 0);
        assert_eq!(frames.closed.get(), 0);
    }

    #[test]
    fn the_limit_is_an_answer_not_an_overflow() {
        let frames = Frames::new();
        for frame in 0..FRAMES {
            assert_eq!(frames.open(0), Some(frame));
        }
        assert_eq!(frames.open(0), None);
        assert_eq!(frames.peak_of(FRAMES - 1, 9), 9);
        for frame in (0..FRAMES).rev() {
            frames.close(frame, 0);
        }
        assert_eq!(frames.open(0), Some(0));
    }
}
