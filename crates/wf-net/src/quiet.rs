//! Which steps of a net with more than tokens are masks alone all the same: those that nothing but tokens depends on.
//!
//! A boundary event on one task is no reason to play every other one as a script and to look for what it has changed. A step
//! is quiet if it takes and puts tokens that decide about no other work item, start no timer, no instance and no call, and
//! none that a synchronizing merge looks at: whether one waits is the same before and after.

use crate::compile::{Mask, meets, or};
use crate::image::{TASK_INTERRUPT, TaskCell, WORDS_MAX};
use crate::merges::Waits;

/// What a quiet step must not do.
pub(crate) struct Quiet {
    /// Tasks that are a token and no more, whatever else the case holds.
    tasks: u64,
    /// Places that decide whether some task can begin, or a merge need not wait any more.
    decisive: Mask,
    /// Places where a token starts more than it is: a timer, an instance, a call, or a task that cannot always begin.
    starting: Mask,
}

impl Quiet {
    /// Of a net with these tasks and interrupts, and merges that look at the whole case; `None` if none of its steps is quiet.
    pub(crate) fn new(cells: &[TaskCell], waits: &[Waits]) -> Option<Self> {
        let looked_at =
            waits.iter().fold([0; WORDS_MAX], |all, merge| or(all, or(merge.inputs, merge.others)));
        let mut quiet = Self { tasks: 0, decisive: looked_at, starting: [0; WORDS_MAX] };
        for (index, cell) in cells.iter().enumerate() {
            if cell.kind == TASK_INTERRUPT {
                if cell.is_timer() {
                    quiet.starting = or(quiet.starting, cell.need);
                }
                continue;
            }
            quiet.decisive = or(quiet.decisive, or(cell.need, cell.deny));
            if cell.is_calm() {
                quiet.tasks |= 1 << index;
            } else {
                quiet.starting[0] |= 1 << index;
            }
        }
        (quiet.tasks != 0).then_some(quiet)
    }

    /// Whether a completion of a task may be quiet.
    pub(crate) const fn may_complete(&self, task: usize) -> bool {
        task < 64 && self.tasks >> task & 1 == 1
    }

    /// Whether a step leaves a case for certain that lives by its tokens alone: one that puts these now.
    pub(crate) fn keeps_alive(&self, puts: Mask) -> bool {
        puts[0] & self.tasks != 0
    }

    /// Whether a step is: one that takes, and one that puts, so many places, now or once its synchronization fires.
    pub(crate) fn is_quiet(&self, takes: Mask, puts: Mask) -> bool {
        !meets(or(takes, puts), self.decisive) && !meets(puts, self.starting)
    }
}
