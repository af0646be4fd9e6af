//! The plain path: completions that are masks alone, one after another without a call.
//!
//! A masked test, a masked update and one more of each for the synchronization behind the task, which an op
//! without one carries as masks that change nothing; so there is no branch on the kind of op. What a step emits is
//! written and then counted or not: whether it adds a work item or ends its case is random, and a branch that cannot be
//! predicted costs more. The first event that is anything else ends the run; [`Batch`](crate::advance::Batch) takes it.

use core::hint::select_unpredictable;

use wf_aligned::prefetch_write;
use wf_arena::Filler;
use wf_net::image::{MergeOp, Op1, Op2};
use zerocopy::transmute_ref;

use crate::case::{FIELD, FIELD_BITS};
use crate::changes::{EndKind, Ended};
use crate::line::{Line, Marking};
use crate::{CaseId, Event};

/// Lines are asked for this many events ahead: far enough that a miss of the last cache is over by then, near enough to stay
/// cached.
pub(crate) const PREFETCH_AHEAD: usize = 24;

/// Work items that a step adds at once, beyond the first.
const AT_ONCE: usize = 4;

/// Room that a step needs for its work items, in a program of so many tasks.
pub(crate) const fn room(tasks_max: usize) -> usize {
    tasks_max + AT_ONCE
}

/// Where the outcome stands in an event's second word.
const OUTCOME_AT: u32 = 40;

/// How the ops of a program are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Form {
    /// One word.
    One = 0,
    /// One word, with merges.
    Merges = 1,
    /// Two words.
    Two = 2,
}

impl Form {
    /// Cells of an op.
    pub(crate) const fn cells(self) -> usize {
        match self {
            Self::One | Self::Merges => 1,
            Self::Two => 2,
        }
    }
}

/// What a run needs of a program: half a cache line.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(32))]
pub(crate) struct Hot {
    /// Cell of the op of task 0 and outcome 0.
    pub(crate) ops: u32,
    /// For each [`Form`] the number of tasks, if the program's ops are of it; else 0, which no task is below.
    tasks: [u8; 3],
    /// Whether a case may live on without any of the tasks below.
    pub(crate) is_general: bool,
    /// Tasks that a plain step may enable, and any one of which keeps a case alive.
    pub(crate) enabled: u64,
    /// Of an event's second word: its task, and the bits of its outcome that ops differ in.
    address: u64,
    /// What such a word is multiplied by, so that the number of the op stands where the outcome stood.
    spread: u64,
}

impl Hot {
    /// Tasks of a plain program, whatever its width.
    pub(crate) fn tasks(&self) -> usize {
        self.tasks.iter().fold(0, |all, &tasks| all + usize::from(tasks))
    }

    /// The form of its ops; `None` if it is not plain.
    #[inline]
    pub(crate) fn form(&self) -> Option<Form> {
        let is_there = |form: &Form| self.tasks[*form as usize] > 0;
        [Form::One, Form::Merges, Form::Two].into_iter().find(is_there)
    }

    /// For a program of so many tasks whose first op stands in a cell, and the op of the next of `1 << shift` outcomes `stride` ops
    /// further; of a form, if some are plain.
    pub(crate) fn new(
        ops: u32,
        (shift, stride): (u8, i16),
        (count, enabled): (u16, u64),
        is_general: bool,
        form: Option<Form>,
    ) -> Self {
        let mut tasks = [0; 3];
        if let Some(form) = form {
            tasks[form as usize] = count as u8;
        }
        let address = ((1u64 << shift) - 1) << OUTCOME_AT | 0xFFFF;
        // Of a stride as many bits as stand above the task, which so stays below the outcome.
        let stride = i64::from(stride).cast_unsigned() & (u64::MAX >> OUTCOME_AT);
        Self { ops, tasks, is_general, enabled, address, spread: 1 << OUTCOME_AT | stride }
    }

    /// Lets no step of the program be plain.
    pub(crate) const fn close(&mut self) {
        self.tasks = [0; 3];
    }

    /// The cell of the op that an event would be, by its second word; of any other op if the program has none such.
    #[inline(always)]
    pub(crate) fn cell<W: Width>(&self, rest: u64) -> usize {
        // The task comes to stand where the outcome stood, and that to be as many times the stride; what is below is shifted out.
        let op = (rest & self.address).wrapping_mul(self.spread).cast_signed() >> OUTCOME_AT;
        (self.ops as usize).wrapping_add_signed(op as isize * W::CELLS as isize)
    }
}

/// All that an event says but whose it is: as the [key](wf_net::image::OpMeta::key) of an op.
#[inline(always)]
fn rest_of(event: &Event) -> u64 {
    let words: &[u64; 2] = transmute_ref!(event);
    words[1]
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
    /// Its form.
    const FORM: Form;

    fn op(cells: &[[u64; 8]], cell: usize) -> Option<&Self::Op>;
    fn key(op: &Self::Op) -> u64;
    /// The step, if it is legal.
    fn step(op: &Self::Op, before: Marking) -> Option<Moved>;
}

/// One word.
pub(crate) enum One {}

impl Width for One {
    type Op = Op1;
    const CELLS: usize = 1;
    const FORM: Form = Form::One;

    #[inline(always)]
    fn op(cells: &[[u64; 8]], cell: usize) -> Option<&Op1> {
        cells.get(cell).map(|cell| transmute_ref!(cell))
    }

    #[inline(always)]
    fn key(op: &Op1) -> u64 {
        op.meta.key
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

/// One word, with merges.
pub(crate) enum Merges {}

impl Width for Merges {
    type Op = MergeOp;
    const CELLS: usize = 1;
    const FORM: Form = Form::Merges;

    #[inline(always)]
    fn op(cells: &[[u64; 8]], cell: usize) -> Option<&MergeOp> {
        cells.get(cell).map(|cell| transmute_ref!(cell))
    }

    #[inline(always)]
    fn key(op: &MergeOp) -> u64 {
        op.meta.key
    }

    #[inline(always)]
    fn step(op: &MergeOp, before: Marking) -> Option<Moved> {
        let before = before[0];
        if before & op.care != op.want() {
            return None;
        }
        let taken = before & op.keep;
        let put = taken | op.put;
        let fires = fires([put, 0], [op.join_keep, u64::MAX], [op.threat, 0]);
        let joined = (put & op.join_keep) | op.join_put;
        let after = select_unpredictable(fires, joined, put);
        Some(Moved { fresh: after & !taken, marking: [after, 0] })
    }
}

/// Two words.
pub(crate) enum Two {}

impl Width for Two {
    type Op = Op2;
    const CELLS: usize = 2;
    const FORM: Form = Form::Two;

    #[inline(always)]
    fn op(cells: &[[u64; 8]], cell: usize) -> Option<&Op2> {
        let pair: &[[u64; 8]; 2] = cells.get(cell..)?.first_chunk()?;
        Some(transmute_ref!(pair))
    }

    #[inline(always)]
    fn key(op: &Op2) -> u64 {
        op.meta.key
    }

    #[inline(always)]
    fn step(op: &Op2, before: Marking) -> Option<Moved> {
        let wrong = |word: usize| (before[word] & op.care[word]) ^ op.want[word];
        if wrong(0) | wrong(1) != 0 {
            return None;
        }
        let taken = [before[0] & op.keep[0], before[1] & op.keep[1]];
        let put = [taken[0] | op.put[0], taken[1] | op.put[1]];
        let fires = fires(put, op.join_keep, op.threat);
        // Both ways are worked out before one is chosen, or the choice would become a branch that cannot be predicted.
        let joined: Marking = core::array::from_fn(|w| (put[w] & op.join_keep[w]) | op.join_put[w]);
        let after = core::array::from_fn(|word| select_unpredictable(fires, joined[word], put[word]));
        Some(Moved { fresh: after[0] & !taken[0], marking: after })
    }
}

/// Everything that a run reads and writes, each in a place of its own.
pub(crate) struct Run<'r, 's> {
    pub(crate) lines: &'r mut [Line],
    pub(crate) hots: &'r [Hot],
    pub(crate) cells: &'r [[u64; 8]],
    /// A count stands at the number of its op's cell: as many as cells.
    pub(crate) op_counts: &'r mut [u64],
    /// New work items. Room for one of each event, and for what one step may add.
    pub(crate) enabled: Filler<'r, 's, Event>,
    /// Cases that have ended. Room for one of each event, and one more.
    pub(crate) ended: Filler<'r, 's, Ended>,
    /// What the slot of a case's id is more than its index.
    pub(crate) first_slot: u64,
    pub(crate) now: u32,
    /// Room that a step needs for its work items: see [`room`].
    pub(crate) room: usize,
}

/// How one event of a run went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Turn {
    Done,
    /// Done, and there is no room for the work items of all that are left.
    Full,
    /// Not plain, not legal, or of a program of another width: nothing has changed.
    Left,
}

impl Run<'_, '_> {
    /// Applies completions until one is not plain, not legal, or of a program of another width; how many.
    #[inline(never)]
    pub(crate) fn run<W: Width>(self, events: &[Event]) -> usize {
        // A copy of its own, so that what changes is kept in registers.
        let Self { lines, hots, cells, op_counts, enabled, ended, first_slot, now, room } = self;
        let mut run = Run { lines, hots, cells, op_counts, enabled, ended, first_slot, now, room };
        let (mut done, mut turn) = (0, Turn::Done);
        for window in events.windows(PREFETCH_AHEAD + 1) {
            prefetch_write(run.lines, window[PREFETCH_AHEAD].case.slot() as usize);
            turn = run.turn::<W>(&window[0], events.len() - done);
            if turn != Turn::Done {
                break;
            }
            done += 1;
        }
        if turn == Turn::Done {
            for event in &events[done..] {
                turn = run.turn::<W>(event, events.len() - done);
                if turn != Turn::Done {
                    break;
                }
                done += 1;
            }
        }
        run.enabled.finish();
        run.ended.finish();
        done + usize::from(turn == Turn::Full)
    }

    /// The index of a case's line; of none if it is of another shard.
    #[inline(always)]
    fn slot_of(&self, case: CaseId) -> usize {
        // Of another shard's it is more than any index, on a machine of 32 bits too.
        usize::try_from((case.0 >> FIELD_BITS).wrapping_sub(self.first_slot)).unwrap_or(usize::MAX)
    }

    /// Applies one event, of so many that are left with it.
    #[inline(always)]
    fn turn<W: Width>(&mut self, event: &Event, left: usize) -> Turn {
        let (case, rest) = (event.case, rest_of(event));
        let slot = self.slot_of(case);
        let Some(line) = self.lines.get_mut(slot) else { return Turn::Left };
        let Some(program) = line.plain_program_of((case.0 & FIELD) as u32) else { return Turn::Left };
        let Some(hot) = self.hots.get(program as usize) else { return Turn::Left };
        if rest as u16 >= u16::from(hot.tasks[W::FORM as usize]) {
            return Turn::Left;
        }
        let cell = hot.cell::<W>(rest);
        let Some(op) = W::op(self.cells, cell) else { return Turn::Left };
        let Some(count) = self.op_counts.get_mut(cell) else { return Turn::Left };
        // The key is of another op if the event says anything that a plain completion does not.
        if W::key(op) != rest {
            return Turn::Left;
        }
        // A script, or an outcome that the task does not have, is never legal here.
        let Some(moved) = W::step(op, line.marking()) else { return Turn::Left };
        line.set_marking(moved.marking);
        line.touch(self.now);
        *count += 1;
        let fresh = moved.fresh & hot.enabled;
        self.enabled.push_if(Event::complete(case, fresh.trailing_zeros() as u16), fresh != 0);
        // How it has ended, and whether it has if there is more to a case than tokens, is looked up when the run is over. Only
        // a task can move a case of tokens on, and a waiting or running task has its bit in the first word.
        let is_over = moved.marking[0] & hot.enabled == 0;
        self.ended.push_if(Ended { case, kind: EndKind::Completed }, is_over);
        let more = fresh & fresh.wrapping_sub(1);
        if more == 0 { Turn::Done } else { self.more(case, more, left) }
    }

    /// The other work items of a step that adds several.
    #[inline(always)]
    fn more(&mut self, case: CaseId, more: u64, left: usize) -> Turn {
        let mut more = more;
        while more != 0 {
            // As many at a time as most steps add, so that how many a step adds is no branch.
            let mut left = [0; AT_ONCE + 1];
            left[0] = more;
            for item in 0..AT_ONCE {
                left[item + 1] = left[item] & left[item].wrapping_sub(1);
            }
            let item = |at: usize| Event::complete(case, left[at].trailing_zeros() as u16);
            let count = left[..AT_ONCE].iter().map(|&left| usize::from(left != 0)).sum();
            self.enabled.push_some::<AT_ONCE>(core::array::from_fn(item), count);
            more = left[AT_ONCE];
        }
        // Each event that is left needs room for one item, and one of them for as many as a step may add.
        if self.enabled.room() < left - 1 + self.room { Turn::Full } else { Turn::Done }
    }
}

/// Whether a synchronization fires: one input is set, and all are or nothing threatens.
#[inline(always)]
fn fires(put: Marking, join_keep: Marking, threat: Marking) -> bool {
    let has_some = (put[0] & !join_keep[0]) | (put[1] & !join_keep[1]) != 0;
    let has_all = (put[0] | join_keep[0]) & (put[1] | join_keep[1]) == u64::MAX;
    let is_calm = (put[0] & threat[0]) | (put[1] & threat[1]) == 0;
    has_some & (has_all | is_calm)
}

/// Applies the op in a cell to a line; `None`, with nothing changed, if it is not legal.
pub(crate) fn apply(line: &mut Line, form: Form, cells: &[[u64; 8]], cell: usize) -> Option<Moved> {
    let moved = match form {
        Form::One => One::step(One::op(cells, cell)?, line.marking()),
        Form::Merges => Merges::step(Merges::op(cells, cell)?, line.marking()),
        Form::Two => Two::step(Two::op(cells, cell)?, line.marking()),
    }?;
    line.set_marking(moved.marking);
    Some(moved)
}

/// Puts the tokens of the op in a cell whose own are taken already; `false`, with nothing changed, if one is there.
pub(crate) fn put_op(line: &mut Line, form: Form, cells: &[[u64; 8]], cell: usize) -> bool {
    let puts = match form {
        Form::One => One::op(cells, cell)
            .map(|op| put(line, [op.put, 0], [op.join_keep, u64::MAX], [op.join_put, 0], [!op.join_keep, 0])),
        Form::Merges => Merges::op(cells, cell)
            .map(|op| put(line, [op.put, 0], [op.join_keep, u64::MAX], [op.join_put, 0], [op.threat, 0])),
        Form::Two => Two::op(cells, cell).map(|op| put(line, op.put, op.join_keep, op.join_put, op.threat)),
    };
    puts.unwrap_or(false)
}

fn put(line: &mut Line, put: Marking, join_keep: Marking, join_put: Marking, threat: Marking) -> bool {
    let before = line.marking();
    if (0..before.len()).any(|word| before[word] & put[word] != 0) {
        return false;
    }
    let mut after: Marking = core::array::from_fn(|word| before[word] | put[word]);
    if fires(after, join_keep, threat) {
        after = core::array::from_fn(|word| (after[word] & join_keep[word]) | join_put[word]);
    }
    line.set_marking(after);
    true
}
