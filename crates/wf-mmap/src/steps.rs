//! The steps of a build that touch the disk, named so that tests can make each of them fail.

use std::io;

/// One system call of a build.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    CreateTemporary,
    Lock,
    Write,
    ReadBack,
    SyncFile,
    Rename,
    SyncFolder,
}

/// Asked before a step is taken; says nothing outside tests.
#[cfg(not(test))]
#[inline]
pub(crate) fn before(_step: Step) -> io::Result<()> {
    Ok(())
}

/// How many of `bytes` the next write may take; all of them outside tests.
#[cfg(not(test))]
#[inline]
pub(crate) fn write_limit(bytes: usize) -> usize {
    bytes
}

#[cfg(test)]
pub(crate) use faults::{before, write_limit};

/// What tests do to the steps of their own thread.
#[cfg(test)]
pub(crate) mod faults {
    use super::{Step, io};
    use std::cell::{Cell, RefCell};

    /// What happens at the chosen occurrence of a step.
    #[derive(Clone, Copy, Debug)]
    pub(crate) enum Fault {
        /// The call fails with this error number.
        Errno(i32),
        /// The process ends there and then, as by SIGKILL: no destructor runs.
        Kill,
    }

    thread_local! {
        static PLAN: Cell<Option<(usize, Fault)>> = const { Cell::new(None) };
        static SEEN: RefCell<Vec<Step>> = const { RefCell::new(Vec::new()) };
        static SHORT: Cell<usize> = const { Cell::new(usize::MAX) };
    }

    /// Lets the `index`-th step of this thread fail; `None` forgets the plan. Forgets the steps seen.
    pub(crate) fn plan(fault: Option<(usize, Fault)>) {
        PLAN.set(fault);
        SEEN.take();
    }

    /// Lets each write of this thread take at most `bytes`.
    pub(crate) fn shorten_writes(bytes: usize) {
        SHORT.set(bytes);
    }

    /// The steps since the last plan.
    pub(crate) fn seen() -> Vec<Step> {
        SEEN.with_borrow(Clone::clone)
    }

    pub(crate) fn before(step: Step) -> io::Result<()> {
        let index = SEEN.with_borrow_mut(|seen| {
            seen.push(step);
            seen.len() - 1
        });
        match PLAN.get() {
            Some((at, Fault::Errno(number))) if at == index => Err(io::Error::from_raw_os_error(number)),
            Some((at, Fault::Kill)) if at == index => std::process::abort(),
            _ => Ok(()),
        }
    }

    pub(crate) fn write_limit(bytes: usize) -> usize {
        bytes.min(SHORT.get())
    }
}
