//! One event at a time, for those who have one: what the plain path does, without lists.

use wf_arena::Scope;
use wf_net::image::{KIND_PLAIN, OpMeta};

use crate::advance::{bits, end_of};
use crate::changes::{Changes, Ended};
use crate::event::{EventKind, NO_SIDE};
use crate::line::Marking;
use crate::plain::{Form, Hot, Merges, Moved, One, Two, Width};
use crate::programs::Cells;
use crate::shard::Shard;
use crate::stats;
use crate::{CaseId, EndKind, Event, Status};

/// What one completion has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// Tasks that have a new work item, a bit each by task number: [`Event::complete`] of the case and such a number
    /// completes it.
    pub enabled: u64,
    /// How the case has ended, if it has.
    pub ended: Option<EndKind>,
}

impl Shard {
    /// Applies one completion that is masks alone; `None`, with nothing changed, for every other event, for one that is not
    /// legal, and for a case with an incident: [`advance`](Shard::advance) takes those, and says what is wrong.
    ///
    /// Where each event waits for the outcome of the last, this takes less time than a batch of one; where events come
    /// in numbers, a batch takes less for each.
    // Inlined, so that an event which was just made is read from registers.
    #[inline]
    pub fn step(&mut self, event: Event) -> Option<Step> {
        self.step_of(&event)
    }

    #[inline(always)]
    pub(crate) fn step_of(&mut self, event: &Event) -> Option<Step> {
        let slot = event.case.slot();
        let line = self.slab.line_mut(slot)?;
        let hot = self.programs.hots.get(line.plain_program_of(event.case.generation())? as usize)?;
        if event.case.shard() != self.id {
            return None;
        }
        let cells = self.programs.cells();
        if usize::from(event.task) >= hot.tasks() {
            return None;
        }
        let (cell, moved) = match hot.form()? {
            Form::One => one::<One>(cells, hot, event, line.marking()),
            Form::Merges => one::<Merges>(cells, hot, event, line.marking()),
            Form::Two => one::<Two>(cells, hot, event, line.marking()),
        }?;
        // Only a task can move a case of tokens on, and a waiting or running task has its bit in the first word.
        let is_over = moved.marking[0] & hot.enabled == 0;
        if is_over && hot.is_general {
            return None;
        }
        line.set_marking(moved.marking);
        line.touch(self.now);
        self.op_counts[cell] += 1;
        self.stats.add(stats::COMPLETIONS, 1);
        let enabled = moved.fresh & hot.enabled;
        if is_over {
            self.slab.release(slot);
            self.stats.add(stats::ENDED, 1);
        }
        Some(Step { enabled, ended: is_over.then(|| end_of(moved.marking)) })
    }
}

impl Step {
    /// The same as lists.
    #[inline]
    pub(crate) fn changes<'s>(&self, case: CaseId, scope: &Scope<'s>) -> Changes<'s> {
        let item = |task: usize| Event::complete(case, task as u16);
        let enabled: &[Event] = match self.enabled {
            0 => &[],
            one if one.is_power_of_two() => scope.alloc_slice_fill(1, item(one.trailing_zeros() as usize)),
            several => {
                let mut enabled = scope.vec(several.count_ones() as usize);
                enabled.extend(bits(several).map(item));
                enabled.into_slice()
            }
        };
        let ended: &[Ended] = match self.ended {
            Some(kind) => scope.alloc_slice_fill(1, Ended { case, kind }),
            None => &[],
        };
        Changes { status: &[Status::Done], enabled, withdrawn: &[], ended, sent: &[] }
    }
}

/// The op of a completion: its cell, and what it does to a marking if it is legal.
#[inline(always)]
fn one<W: Width>(cells: Cells<'_>, hot: &Hot, event: &Event, before: Marking) -> Option<(usize, Moved)> {
    // Read part by part: an event that was just made was written so, and a load across several stores waits for all of
    // them to reach the cache.
    if event.kind != EventKind::Complete || event.round != 0 || event.instance != 0 || event.side != NO_SIDE {
        return None;
    }
    let rest = OpMeta::key_of(event.task, KIND_PLAIN, event.outcome, true);
    let cell = hot.cell::<W>(rest);
    let op = W::op(cells.all(), cell).filter(|op| W::key(op) == rest)?;
    Some((cell, W::step(op, before)?))
}
