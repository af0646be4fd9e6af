//! The calling thread's side of the counting: the hot path, and how a thread comes by its slot and leaves it.

use core::cell::Cell;
use core::ptr;
use std::sync::atomic::Ordering::Relaxed;

use crate::counts::Counts;
use crate::exit;
use crate::frames::Frames;
use crate::process::{self, ROSTER};
use crate::request::Request;
use crate::slot::{PUBLISH_BYTES, Slot, add, move_live};
use crate::watch::Watch;

thread_local! {
    /// Const-initialised and without a destructor: reaching it is one thread-pointer-relative address, and nothing
    /// is registered with the runtime.
    static THREAD: Thread = const { Thread::new() };
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// No call of the allocator yet.
    Fresh,
    /// Looking for a slot. A call that this itself causes is counted as if there were none.
    Attaching,
    /// Owns a slot.
    Attached,
    /// Its end was announced, or no slot or no announcement could be had.
    Detached,
}

/// The slot of all threads that own none. Its limits are always passed, so the hot path needs no test of its own for
/// them; what they store to its counters is never read.
static UNOWNED: Slot = Slot::always_passed();

#[derive(Debug)]
pub(crate) struct Thread {
    /// The slot this thread owns, in stage `Attached`; else [`UNOWNED`], which leads off the hot path. A pointer, since older compilers
    /// let no constant hold a reference to what may change.
    ///
    /// Invariant: points to [`UNOWNED`] or to a slot of [`ROSTER`], all of which live for ever.
    slot: Cell<*const Slot>,
    stage: Cell<Stage>,
    /// What the slot's counters held when this thread began to use them.
    base: Cell<Counts>,
    /// Stands in while there is no slot. Its figures are this thread's alone.
    own: Slot,
    frames: Frames,
    pub(crate) watch: Watch,
}

impl Thread {
    const fn new() -> Self {
        Thread {
            slot: Cell::new(&raw const UNOWNED),
            stage: Cell::new(Stage::Fresh),
            base: Cell::new(Counts {
                allocs: 0,
                deallocs: 0,
                reallocs: 0,
                zeroed: 0,
                failed: 0,
                bytes_allocated: 0,
                bytes_deallocated: 0,
                peak_bytes: 0,
            }),
            own: Slot::new(),
            frames: Frames::new(),
            watch: Watch::new(),
        }
    }

    /// The slot in use, or the one that leads off the hot path.
    #[inline(always)]
    fn slot(&self) -> &'static Slot {
        // SAFETY: by the field's invariant it points to a valid slot that lives for ever, and slots are changed through atomics alone.
        unsafe { &*self.slot.get() }
    }

    /// The slot this thread owns.
    fn owned(&self) -> Option<&'static Slot> {
        let slot = self.slot();
        if ptr::eq(slot, &raw const UNOWNED) { None } else { Some(slot) }
    }

    /// The counters in use.
    fn current(&self) -> &Slot {
        self.owned().unwrap_or(&self.own)
    }

    /// This thread's counts, without a peak.
    pub(crate) fn totals(&self) -> Counts {
        self.current().totals() - self.base.get()
    }

    fn base_live(&self) -> i64 {
        self.base.get().live_bytes()
    }

    /// Peak since the innermost scope began, in the thread's own live bytes.
    fn running_peak(&self) -> i64 {
        self.current().peak.load(Relaxed).wrapping_sub(self.base_live())
    }

    fn counts_with(&self, peak: i64) -> Counts {
        Counts { peak_bytes: u64::try_from(peak).unwrap_or(0), ..self.totals() }
    }

    /// Opens a scope: its frame, or `None` when too many are open.
    pub(crate) fn open_frame(&self) -> Option<usize> {
        let frame = self.frames.open(self.running_peak())?;
        let slot = self.current();
        slot.peak.store(slot.live(), Relaxed);
        self.set_limits(slot);
        Some(frame)
    }

    /// Highest live bytes since scope `frame` opened, in the thread's own live bytes.
    pub(crate) fn frame_peak(&self, frame: usize) -> i64 {
        self.frames.peak_of(frame, self.running_peak())
    }

    pub(crate) fn close_frame(&self, frame: usize) {
        let peak = self.frames.close(frame, self.running_peak());
        let slot = self.current();
        slot.peak.store(peak.wrapping_add(self.base_live()), Relaxed);
        self.set_limits(slot);
    }

    /// Recomputes when the hot path has more to do than to add.
    fn set_limits(&self, slot: &Slot) {
        let published = slot.published.load(Relaxed);
        let rise = if self.watch.on_requests() {
            i64::MIN
        } else {
            slot.peak.load(Relaxed).min(published.wrapping_add(PUBLISH_BYTES - 1))
        };
        let fall = if self.watch.on_frees() { i64::MAX } else { published.wrapping_sub(PUBLISH_BYTES - 1) };
        slot.rise.store(rise, Relaxed);
        slot.fall.store(fall, Relaxed);
    }

    /// Applies what [`Watch`] was told. To be called after each change to it.
    pub(crate) fn watch_changed(&self) {
        self.set_limits(self.current());
    }

    /// Runs `f` and takes back what it moved the counters.
    ///
    /// Attaches first, so that `f` cannot move the counters to another slot. A reader may see the movement.
    pub(crate) fn untraced<R>(&self, f: impl FnOnce() -> R) -> R {
        if self.stage.get() == Stage::Fresh {
            self.attach();
        }
        let slot = self.current();
        let before = slot.totals();
        let peak = slot.peak.load(Relaxed);
        let result = f();
        if self.owned().is_some() {
            slot.set_totals(&before);
            slot.peak.store(peak, Relaxed);
            self.set_limits(slot);
        }
        result
    }

    /// A limit of `slot` was passed.
    #[cold]
    #[inline(never)]
    fn passed(&self, slot: &Slot, request: Request) {
        if ptr::eq(slot, &raw const UNOWNED) {
            self.count_off_path(request);
        } else {
            self.note(slot, request);
        }
    }

    /// Notes the peak, tells the process, tells the guard.
    fn note(&self, slot: &Slot, request: Request) {
        let live = slot.live();
        if live > slot.peak.load(Relaxed) {
            slot.peak.store(live, Relaxed);
        }
        let change = live.wrapping_sub(slot.published.load(Relaxed));
        if change.unsigned_abs() >= PUBLISH_BYTES.unsigned_abs() {
            slot.published.store(live, Relaxed);
            process::publish(change);
        }
        self.set_limits(slot);
        self.watch.saw(&request);
    }

    /// Counts a call while there is no slot, or a failed one.
    fn count_off_path(&self, request: Request) {
        if self.stage.get() == Stage::Fresh {
            self.attach();
        }
        let slot = self.current();
        slot.set_totals(&(slot.totals() + request.counts()));
        if self.owned().is_none() {
            process::count_shared(&request);
            // Its changes are in the process's estimate already.
            slot.published.store(slot.live(), Relaxed);
        }
        self.note(slot, request);
    }

    fn attach(&self) {
        self.stage.set(Stage::Attaching);
        let Some((index, slot)) = ROSTER.acquire() else {
            self.stage.set(Stage::Detached);
            return;
        };
        if !exit::announce(index) {
            ROSTER.release(index);
            self.stage.set(Stage::Detached);
            return;
        }
        let own = self.own.totals();
        let live = slot.live();
        let running = self.own.peak.load(Relaxed);
        self.base.set(slot.totals() - own);
        // From here on `base_live` is what lies between the slot's live bytes and this thread's.
        slot.peak.store(running.wrapping_add(self.base_live()), Relaxed);
        slot.published.store(live, Relaxed);
        self.set_limits(slot);
        self.slot.set(slot);
        self.stage.set(Stage::Attached);
    }

    fn detach(&self, index: u32) {
        if let Some(slot) = self.owned() {
            self.slot.set(&raw const UNOWNED);
            let live = slot.live();
            process::publish(live.wrapping_sub(slot.published.load(Relaxed)));
            slot.published.store(live, Relaxed);
            let peak = slot.peak.load(Relaxed).wrapping_sub(self.base_live());
            self.own.set_totals(&(slot.totals() - self.base.get()));
            self.own.peak.store(peak, Relaxed);
            self.own.published.store(self.own.live(), Relaxed);
            self.base.set(Counts::default());
        }
        self.stage.set(Stage::Detached);
        ROSTER.release(index);
    }
}

/// Runs `f` on the calling thread's state.
#[inline]
pub(crate) fn with<R>(f: impl FnOnce(&Thread) -> R) -> R {
    THREAD.with(f)
}

/// Counts a successful `alloc` or `alloc_zeroed`.
#[inline]
pub(crate) fn allocated(request: Request) {
    with(|thread| {
        let slot = thread.slot();
        let calls = match request.method {
            crate::Method::AllocZeroed => &slot.zeroed,
            _ => &slot.allocs,
        };
        add(calls, 1);
        add(&slot.bytes_allocated, request.new_bytes as u64);
        let live = move_live(&slot.live, request.new_bytes.cast_signed() as i64);
        if live > slot.rise.load(Relaxed) {
            thread.passed(slot, request);
        }
    });
}

/// Counts a `dealloc`.
#[inline]
pub(crate) fn deallocated(request: Request) {
    with(|thread| {
        let slot = thread.slot();
        add(&slot.deallocs, 1);
        let live = move_live(&slot.live, -(request.layout.size().cast_signed() as i64));
        if live < slot.fall.load(Relaxed) {
            thread.passed(slot, request);
        }
    });
}

/// Counts a successful `realloc`.
#[inline]
pub(crate) fn reallocated(request: Request) {
    with(|thread| {
        let slot = thread.slot();
        add(&slot.reallocs, 1);
        add(&slot.bytes_allocated, request.new_bytes as u64);
        // Sizes of layouts are at most `isize::MAX`, so neither the conversions nor the difference overflow.
        let change = request.new_bytes.cast_signed() as i64 - request.layout.size().cast_signed() as i64;
        let live = move_live(&slot.live, change);
        if live > slot.rise.load(Relaxed) || live < slot.fall.load(Relaxed) {
            thread.passed(slot, request);
        }
    });
}

/// Counts a call that returned null.
#[cold]
#[inline(never)]
pub(crate) fn failed(request: Request) {
    with(|thread| thread.count_off_path(request));
}

/// The end of a thread that had been given slot `index`.
pub(crate) fn ended(index: u32) {
    with(|thread| thread.detach(index));
}

/// Returns what the calling thread did since it began.
///
/// Exact, the peak included. A thread that has not yet used a counting allocator reads zeros.
pub fn thread_counts() -> Counts {
    with(|thread| thread.counts_with(thread.frames.peak_of_thread(thread.running_peak())))
}
