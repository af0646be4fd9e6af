//! What the calling thread's guards forbid, and the first call that did it anyway.

use core::cell::Cell;

use crate::call_site::CallSite;
use crate::request::{Method, Request};
use crate::violation::{self, Violation};

/// The state that the [`Steady`](crate::Steady) guards of one thread share.
///
/// Guards that only count do not appear here: they compare counters. So neither a thread without a guard nor one
/// with a counting guard pays anything.
#[derive(Debug)]
pub(crate) struct Watch {
    /// Open guards that must hear of a request, and of a free.
    requests: Cell<u32>,
    frees: Cell<u32>,
    /// Those among them that abort.
    aborting_requests: Cell<u32>,
    aborting_frees: Cell<u32>,
    /// Open [`permit`](crate::permit) calls.
    permits: Cell<u32>,
    first: Cell<Option<Violation>>,
    /// Requests and frees inside finished outermost permits, and where the running one began.
    permitted: Cell<Tally>,
    permit_began: Cell<Tally>,
}

/// Requests and frees of a thread.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) requests: u64,
    pub(crate) frees: u64,
}

impl Tally {
    pub(crate) const fn minus(self, other: Tally) -> Tally {
        Tally {
            requests: self.requests.wrapping_sub(other.requests),
            frees: self.frees.wrapping_sub(other.frees),
        }
    }

    const fn plus(self, other: Tally) -> Tally {
        Tally {
            requests: self.requests.wrapping_add(other.requests),
            frees: self.frees.wrapping_add(other.frees),
        }
    }
}

fn change(cell: &Cell<u32>, by: i32) {
    cell.set(cell.get().saturating_add_signed(by));
}

impl Watch {
    pub(crate) const fn new() -> Self {
        let zero = Tally { requests: 0, frees: 0 };
        Watch {
            requests: Cell::new(0),
            frees: Cell::new(0),
            aborting_requests: Cell::new(0),
            aborting_frees: Cell::new(0),
            permits: Cell::new(0),
            first: Cell::new(None),
            permitted: Cell::new(zero),
            permit_began: Cell::new(zero),
        }
    }

    /// Adds (`by` 1) or removes (`by` -1) a guard.
    pub(crate) fn guard(&self, by: i32, frees: bool, aborts: bool) {
        change(&self.requests, by);
        if frees {
            change(&self.frees, by);
        }
        if aborts {
            change(&self.aborting_requests, by);
            if frees {
                change(&self.aborting_frees, by);
            }
        }
    }

    pub(crate) fn on_requests(&self) -> bool {
        self.requests.get() != 0
    }

    pub(crate) fn on_frees(&self) -> bool {
        self.frees.get() != 0
    }

    pub(crate) fn permit_begin(&self, now: Tally) {
        if self.permits.get() == 0 {
            self.permit_began.set(now);
        }
        change(&self.permits, 1);
    }

    pub(crate) fn permit_end(&self, now: Tally) {
        change(&self.permits, -1);
        if self.permits.get() == 0 {
            self.permitted.set(self.permitted.get().plus(now.minus(self.permit_began.get())));
        }
    }

    /// Everything that permits have covered until `now`.
    pub(crate) fn permitted(&self, now: Tally) -> Tally {
        let running =
            if self.permits.get() == 0 { Tally::default() } else { now.minus(self.permit_began.get()) };
        self.permitted.get().plus(running)
    }

    /// Puts aside what was forbidden so far, for a guard that begins.
    pub(crate) fn put_aside(&self) -> Option<Violation> {
        self.first.take()
    }

    /// The first forbidden call since `put_aside`, for the guard that began then and has just ended; puts back what it
    /// put aside, and else leaves the call for the guards around it.
    pub(crate) fn take_first(&self, aside: Option<Violation>) -> Option<Violation> {
        let first = self.first.take();
        let free = |violation: &Violation| violation.method == Method::Dealloc;
        let minded = |violation: &Violation| {
            let guards = if free(violation) { &self.frees } else { &self.requests };
            guards.get() != 0
        };
        self.first.set(aside.or(first).filter(minded));
        first
    }

    /// Hears of a call that passed a limit.
    pub(crate) fn saw(&self, request: &Request) {
        let free = request.method == Method::Dealloc;
        let (guards, aborting) = if free {
            (&self.frees, &self.aborting_frees)
        } else {
            (&self.requests, &self.aborting_requests)
        };
        if guards.get() == 0 || self.permits.get() != 0 {
            return;
        }
        let first = self.first.get();
        if aborting.get() == 0 && first.is_some() {
            return;
        }
        let violation = Violation {
            method: request.method,
            size_bytes: request.new_bytes,
            align: request.layout.align(),
            call_site: CallSite::capture(),
        };
        if aborting.get() != 0 {
            // What the report itself allocates is not forbidden. It does not come back.
            self.permits.set(self.permits.get() + 1);
            violation::abort(&violation);
        }
        self.first.set(Some(violation));
    }
}
