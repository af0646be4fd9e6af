//! Who is initialising what, and who waits for whom: the cold path of every resource.
//!
//! One table serves all resources of the process. It is locked for the few instructions that change it, never while an
//! initialiser runs, so independent resources initialise in parallel. Because the table knows every thread that
//! waits, it finds a cycle before it would be closed: within one thread (an initialiser that asks for itself) and across threads (two
//! initialisers that ask for each other).

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};

static TABLE: Mutex<Table> = Mutex::new(Table { running: Vec::new(), waiting: Vec::new() });
static CHANGED: Condvar = Condvar::new();

struct Table {
    /// Which thread runs the initialiser of which resource (by address). A resource occurs at most once.
    running: Vec<(usize, ThreadId)>,
    /// Which thread waits for which resource. A thread occurs at most once.
    waiting: Vec<(ThreadId, usize)>,
}

impl Table {
    fn owner(&self, resource: usize) -> Option<ThreadId> {
        self.running.iter().find(|(running, _)| *running == resource).map(|(_, thread)| *thread)
    }

    /// Whether the owner of a resource is, directly or through what it waits for, this thread.
    fn leads_to(&self, me: ThreadId, resource: usize) -> bool {
        let mut resource = resource;
        // Waiting was refused wherever it would have closed a cycle, so this walk ends.
        loop {
            let Some(owner) = self.owner(resource) else { return false };
            if owner == me {
                return true;
            }
            match self.waiting.iter().find(|(thread, _)| *thread == owner) {
                Some((_, next)) => resource = *next,
                None => return false,
            }
        }
    }
}

/// The table is only changed by single pushes and removals, so it is whole even where a holder panicked.
fn table() -> MutexGuard<'static, Table> {
    TABLE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The right to run one resource's initialiser; given back when dropped, by return or by panic.
pub(crate) struct Turn {
    resource: usize,
}

pub(crate) enum Begin {
    /// This thread runs the initialiser.
    Mine(Turn),
    /// Another thread finished in the meantime.
    Done,
    /// Waiting would never end.
    Cycle,
}

/// Takes the turn for a resource, waiting for the thread that has it.
///
/// `done` is asked with the table locked, so that an initialisation is never run a second time.
pub(crate) fn begin(resource: usize, done: impl Fn() -> bool) -> Begin {
    let me = thread::current().id();
    let mut guard = table();
    loop {
        if done() {
            return Begin::Done;
        }
        if guard.owner(resource).is_none() {
            guard.running.push((resource, me));
            return Begin::Mine(Turn { resource });
        }
        if guard.leads_to(me, resource) {
            return Begin::Cycle;
        }
        guard.waiting.push((me, resource));
        guard = CHANGED.wait(guard).unwrap_or_else(PoisonError::into_inner);
        guard.waiting.retain(|(thread, _)| *thread != me);
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        table().running.retain(|(resource, _)| *resource != self.resource);
        CHANGED.notify_all();
    }
}
