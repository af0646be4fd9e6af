//! The plain path: completions that are masks alone, one after another without a call.
//!
//! A masked test, a masked update and one more of each for the synchronization behind the task, which an op
//! without one carries as masks that change nothing; so there is no branch on the kind of op. What a step emits is
//! written and then counted or not: whether it adds a work item or ends its case is random, and a branch that cannot be
//! predicted costs more. The first event that is anything else ends the run; [`Batch`](crate::advance::Batch) takes it.

use core::hint::select_unpredictable;

use wf_aligned::prefetch_write;
use wf_net::image::{Op1, Op2};
use zerocopy::transmute_ref;

use crate::advance::bits;
use crate::case::{FIELD, FIELD_BITS};
use crate::changes::{EndKind, Ended};
use crate::event::NO_SIDE;
use crate::line::{Line, Marking};
use crate::{CaseId, Event};

/// Lines are asked for this many events ahead: far enough to cover a miss, near enough to stay cached.
const PREFETCH_AHEAD: usize = 12;

/// Room that a step needs for its work items: as many as a program has tasks.
pub(crate) const ENABLED_ROOM: usize = 64;

/// Round, instance, kind and side of an event's second word.
const NOT_PLAIN: u64 = 0xFFFF_00FF_FFFF_0000;
/// What they are for the completion of a plain task without side data.
const PLAIN: u64 = (NO_SIDE as u64) << 48;
const OUTCOME_AT: u32 = 40;

/// What a run needs of a program: half a cache line.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(32))]
pub(crate) struct Hot {
    /// First cell of the ops.
    pub(crate) ops: u32,
    /// Cells of each task's ops.
    pub(crate) stride: u32,
    pub(crate) enabled: u64,
    /// Tasks, if the program runs in one word; else 0, which no task is below.
    pub(crate) tasks1: u16,
    /// The same for two words.
    pub(crate) tasks2: u16,
    /// Outcomes with an op of their own.
    pub(crate) outcomes: u16,
}

impl Hot {
    /// The cell of the op of a task and an outcome; of none if they do not exist.
    #[inline(always)]
    pub(crate) fn cell<W: Width>(&self, task: u16, outcome: u8) -> usize {
        self.ops as usize + usize::from(task) * self.stride as usize + usize::from(outcome) * W::CELLS
    }
}

/// Whether round, instance, kind and side are those of the completion of a plain task.
pub(crate) fn is_plain(event: &Event) -> bool {
    let words: &[u64; 2] = transmute_ref!(event);
    words[1] & NOT_PLAIN == PLAIN
}

/// What a legal step has done to a marking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Moved {
    /// Bits set by the step that were clear once its tokens were taken, first word.
    pub(crate) fresh: u64,
    /// The marking afterwards.
    pub(crate) marking: Marking,
}

/// Ops of one width.
pub(crate) trait Width {
    /// The op.
    type Op;
    /// Cells that it takes.
    const CELLS: usize;

    fn tasks(hot: &Hot) -> u16;
    fn op(cells: &[[u64; 8]], cell: usize) -> Option<&Self::Op>;
    /// The step, if it is legal.
    fn step(op: &Self::Op, before: Marking) -> Option<Moved>;
}

/// One word.
pub(crate) enum One {}

impl Width for One {
    type Op = Op1;
    const CELLS: usize = 1;

    #[inline(always)]
    fn tasks(hot: &Hot) -> u16 {
        hot.tasks1
    }

    #[inline(always)]
    fn op(cells: &[[u64; 8]], cell: usize) -> Option<&Op1> {
        cells.get(cell).map(|cell| transmute_ref!(cell))
    }

    #[inline(always)]
    fn step(op: &Op1, before: Marking) -> Option<Moved> {
        let before = before[0];
        if before & op.care != op.want {
            return None;
        }
        let taken = before & op.keep;
        let put = taken | op.put;
        let fires = put | op.join_keep == u64::MAX;
        let after = select_unpredictable(fires, (put & op.join_keep) | op.join_put, put);
        Some(Moved { fresh: after & !taken, marking: [after, 0] })
    }
}

/// Two words.
pub(crate) enum Two {}

impl Width for Two {
    type Op = Op2;
    const CELLS: usize = 2;

    #[inline(always)]
    fn tasks(hot: &Hot) -> u16 {
        hot.tasks2
    }

    #[inline(always)]
    fn op(cells: &[[u64; 8]], cell: usize) -> Option<&Op2> {
        let pair: &[[u64; 8]; 2] = cells.get(cell..)?.first_chunk()?;
        Some(transmute_ref!(pair))
    }

    #[inline(always)]
    fn step(op: &Op2, before: Marking) -> Option<Moved> {
        let wrong = |word: usize| (before[word] & op.care[word]) ^ op.want[word];
        if wrong(0) | wrong(1) != 0 {
            return None;
        }
        let taken = [before[0] & op.keep[0], before[1] & op.keep[1]];
        let put = [taken[0] | op.put[0], taken[1] | op.put[1]];
        let fires = (put[0] | op.join_keep[0]) & (put[1] | op.join_keep[1]) == u64::MAX;
        let after: Marking = core::array::from_fn(|word| {
            select_unpredictable(fires, (put[word] & op.join_keep[word]) | op.join_put[word], put[word])
        });
        Some(Moved { fresh: after[0] & !taken[0], marking: after })
    }
}

/// Everything that a run reads and writes, each in a place of its own.
pub(crate) struct Run<'r> {
    pub(crate) lines: &'r mut [Line],
    pub(crate) hots: &'r [Hot],
    pub(crate) cells: &'r [[u64; 8]],
    pub(crate) op_counts: &'r mut [u64],
    pub(crate) enabled: &'r mut [Event],
    pub(crate) ended: &'r mut [Ended],
    pub(crate) shard: u8,
    pub(crate) now: u32,
}

/// How far a run came.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ran {
    /// Events that are done, from the first.
    pub(crate) events: usize,
    pub(crate) enabled: usize,
    pub(crate) ended: usize,
}

impl Run<'_> {
    /// Applies completions until one is not plain, not legal, or of a program of another width.
    ///
    /// `enabled` and `ended` say how much of the output is filled already.
    #[inline(never)]
    pub(crate) fn run<W: Width>(self, events: &[Event], mut enabled: usize, mut ended: usize) -> Ran {
        let Run { lines, hots, cells, op_counts, enabled: items, ended: ends, shard, now } = self;
        // A count stands at the number of its op's cell: of the same length, so that one comparison serves both.
        let op_counts = &mut op_counts[..cells.len()];
        let first_slot = u64::from(shard) << FIELD_BITS;
        let slot_of = |case: CaseId| (case.0 >> FIELD_BITS).wrapping_sub(first_slot) as usize;
        let mut done = 0;
        for (index, event) in events.iter().enumerate() {
            if let Some(later) = events.get(index + PREFETCH_AHEAD) {
                prefetch_write(lines, slot_of(later.case));
            }
            let words: &[u64; 2] = transmute_ref!(event);
            let rest = words[1];
            let (task, outcome) = (rest as u16, (rest >> OUTCOME_AT) as u8);
            // Another shard's case lies outside the lines.
            let Some(line) = lines.get_mut(slot_of(event.case)) else { break };
            let Some(program) = line.plain_program_of((event.case.0 & FIELD) as u32) else { break };
            let Some(hot) = hots.get(program as usize) else { break };
            if rest & NOT_PLAIN != PLAIN || task >= W::tasks(hot) || u16::from(outcome) >= hot.outcomes {
                break;
            }
            let cell = hot.cell::<W>(task, outcome);
            let (Some(op), Some(count)) = (W::op(cells, cell), op_counts.get_mut(cell)) else { break };
            // A script, or an outcome that the task does not have, is never legal here.
            let Some(moved) = W::step(op, line.marking()) else { break };
            line.set_marking(moved.marking);
            line.touch(now);
            *count += 1;
            let fresh = moved.fresh & hot.enabled;
            // The mark in bit 63 keeps the index inside a word when nothing is fresh.
            items[enabled] = Event::complete(event.case, (fresh | 1 << 63).trailing_zeros() as u16);
            enabled += usize::from(fresh != 0);
            // How it has ended is looked up when the batch is over.
            ends[ended] = Ended { case: event.case, kind: EndKind::Completed };
            // Only a task can move a case on, and a waiting or running task has its bit in the first word.
            ended += usize::from(moved.marking[0] & hot.enabled == 0);
            done = index + 1;
            let more = fresh & fresh.wrapping_sub(1);
            if more != 0 {
                for task in bits(more) {
                    items[enabled] = Event::complete(event.case, task as u16);
                    enabled += 1;
                }
                // Each event that is left needs room for one item, and one of them for all tasks.
                if items.len() - enabled < events.len() - done + ENABLED_ROOM {
                    break;
                }
            }
        }
        Ran { events: done, enabled, ended }
    }
}

/// Applies an op to a line; `None`, with nothing changed, if it is not legal.
pub(crate) fn apply<W: Width>(line: &mut Line, op: &W::Op) -> Option<Moved> {
    let moved = W::step(op, line.marking())?;
    line.set_marking(moved.marking);
    Some(moved)
}

/// Puts the tokens of a one-word op whose own are taken already; `false`, with nothing changed, if one is there.
pub(crate) fn put1(line: &mut Line, op: &Op1) -> bool {
    put(line, [op.put, 0], [op.join_keep, u64::MAX], [op.join_put, 0])
}

/// As [`put1`], for two words.
pub(crate) fn put2(line: &mut Line, op: &Op2) -> bool {
    put(line, op.put, op.join_keep, op.join_put)
}

fn put(line: &mut Line, put: Marking, join_keep: Marking, join_put: Marking) -> bool {
    let before = line.marking();
    if (0..before.len()).any(|word| before[word] & put[word] != 0) {
        return false;
    }
    let mut after: Marking = core::array::from_fn(|word| before[word] | put[word]);
    if (0..after.len()).all(|word| after[word] | join_keep[word] == u64::MAX) {
        after = core::array::from_fn(|word| (after[word] & join_keep[word]) | join_put[word]);
    }
    line.set_marking(after);
    true
}
