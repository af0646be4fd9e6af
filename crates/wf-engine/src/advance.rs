//! A batch of events on the cases of one shard.

use wf_arena::{Scope, Vec};
use wf_net::image::{KIND_PLAIN, OpMeta};
use wf_net::script;

use crate::CaseId;
use crate::case::FIELD_BITS;
use crate::changes::{Changes, EndKind, Ended, Sent};
use crate::data::Side;
use crate::event::{Event, EventKind, NO_SIDE, Status, WHOLE_CASE};
use crate::general::Caller;
use crate::line::{Line, Marking, NOT_ENDED};
use crate::patterns::EventCounts;
use crate::plain::{Form, Merges, Moved, One, PREFETCH_AHEAD, Run, Two, Width, apply, room};
use crate::programs::{Cells, ProgramId, Programs, Row};
use crate::slab::Slab;
use crate::timers::Timers;
use crate::tokens::OnLine;

/// What a batch tells its caller, in the memory of the caller's scope.
pub(crate) struct Output<'s> {
    pub(crate) enabled: Vec<'s, Event>,
    pub(crate) withdrawn: Vec<'s, Event>,
    ended: Vec<'s, Ended>,
    sent: Vec<'s, Sent>,
    /// Cells of the ops that the current event has counted, where a refused step must be taken back.
    pub(crate) counted: Vec<'s, u32>,
}

/// How much an output holds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mark {
    enabled: usize,
    withdrawn: usize,
    pub(crate) ended: usize,
    sent: usize,
    pub(crate) counted: usize,
}

impl<'s> Output<'s> {
    /// For so many events, of programs of up to so many tasks.
    pub(crate) fn new(scope: &Scope<'s>, events: usize, tasks_max: usize) -> Self {
        // Most completions enable one task; where more do, the list grows.
        let mut enabled = scope.vec(events + events / 2 + 2 * tasks_max);
        // Room for the end that is written before it is known whether it counts.
        let mut ended = scope.vec(events + 1);
        // How much of it is used differs from batch to batch; which pages are touched shall not.
        enabled.touch_room();
        ended.touch_room();
        Self { enabled, withdrawn: scope.vec(0), ended, sent: scope.vec(0), counted: scope.vec(0) }
    }

    pub(crate) fn end(&mut self, ended: Ended) {
        self.ended.push(ended);
    }

    pub(crate) fn send(&mut self, sent: Sent) {
        self.sent.push(sent);
    }

    pub(crate) fn ended_len(&self) -> usize {
        self.ended.len()
    }

    pub(crate) fn ended_at(&self, index: usize) -> Option<CaseId> {
        self.ended.get(index).map(|ended| ended.case)
    }

    pub(crate) fn mark(&self) -> Mark {
        Mark {
            enabled: self.enabled.len(),
            withdrawn: self.withdrawn.len(),
            ended: self.ended.len(),
            sent: self.sent.len(),
            counted: self.counted.len(),
        }
    }

    pub(crate) fn back_to(&mut self, mark: Mark) {
        self.enabled.truncate(mark.enabled);
        self.withdrawn.truncate(mark.withdrawn);
        self.ended.truncate(mark.ended);
        self.sent.truncate(mark.sent);
        self.counted.truncate(mark.counted);
    }

    /// All of it, for a batch whose events have had these statuses.
    pub(crate) fn into_changes(self, status: &'s [Status]) -> Changes<'s> {
        Changes {
            status,
            enabled: self.enabled.into_slice(),
            withdrawn: self.withdrawn.into_slice(),
            ended: self.ended.into_slice(),
            sent: self.sent.into_slice(),
        }
    }
}

/// Everything that a batch works on.
pub(crate) struct Batch<'b, 's> {
    pub(crate) shard: u8,
    pub(crate) now: u32,
    pub(crate) slab: &'b mut Slab,
    pub(crate) programs: &'b Programs,
    pub(crate) cells: Cells<'b>,
    pub(crate) op_counts: &'b mut [u64],
    pub(crate) sides: &'b [Side<'b>],
    pub(crate) timers: &'b mut Timers,
    pub(crate) event_counts: &'b mut EventCounts,
    pub(crate) out: Output<'s>,
    /// Completions and beginnings that were applied.
    pub(crate) completed: u64,
    pub(crate) begun: u64,
    /// Cases that calls have started.
    pub(crate) called: u64,
    /// Cases that calls may still start in the current event.
    pub(crate) calls_left: u32,
}

impl Batch<'_, '_> {
    /// Applies a batch; `status` is [`Status::Done`] throughout.
    pub(crate) fn run(&mut self, events: &[Event], status: &mut [Status]) {
        // Nobody before the first ones asks for their lines.
        events.iter().take(PREFETCH_AHEAD).for_each(|event| self.slab.prefetch(event.case.slot()));
        let mut next = 0;
        while let Some(event) = events.get(next) {
            let done = match self.form_of(event) {
                Some(Form::One) => self.run_plain::<One>(&events[next..]),
                Some(Form::Merges) => self.run_plain::<Merges>(&events[next..]),
                Some(Form::Two) => self.run_plain::<Two>(&events[next..]),
                None => 0,
            };
            if done == 0 {
                if let Some(later) = events.get(next + PREFETCH_AHEAD) {
                    self.slab.prefetch(later.case.slot());
                }
                if let Err(refused) = self.apply_event(event) {
                    status[next] = self.refused(event.case, refused);
                }
            }
            next += done.max(1);
        }
        self.release_ended();
    }

    /// Applies plain completions up to the first event that is none; how many.
    fn run_plain<W: Width>(&mut self, events: &[Event]) -> usize {
        let room = room(self.programs.tasks_max());
        self.out.enabled.reserve(events.len() + room);
        self.out.ended.reserve(events.len() + 1);
        let ended = self.out.ended.len();
        let run = Run {
            lines: self.slab.lines_mut(),
            hots: &self.programs.hots,
            cells: self.cells.all(),
            op_counts: self.op_counts,
            enabled: self.out.enabled.filler(),
            ended: self.out.ended.filler(),
            first_slot: u64::from(self.shard) << FIELD_BITS,
            now: self.now,
            room,
        };
        let done = run.run::<W>(events);
        self.completed += done as u64;
        if self.programs.have_quiet() {
            self.settle_ends(ended);
        } else {
            for end in &mut self.out.ended[ended..] {
                let line = self.slab.line(end.case.slot());
                end.kind = line.map_or(EndKind::Completed, |line| end_of(line.marking()));
            }
        }
        done
    }

    /// Of the cases that a run has left without a plain task: keeps those that have ended, and how.
    #[inline(never)]
    fn settle_ends(&mut self, from: usize) {
        let mut kept = from;
        for at in from..self.out.ended.len() {
            let case = self.out.ended[at].case;
            if let Some(kind) = self.end_of_plain(case) {
                self.out.ended[kept] = Ended { case, kind };
                kept += 1;
            }
        }
        self.out.ended.truncate(kept);
    }

    /// The form of the program's ops, if the event may be a plain completion.
    fn form_of(&self, event: &Event) -> Option<Form> {
        if event.kind != EventKind::Complete {
            return None;
        }
        let line = self.slab.line(event.case.slot())?;
        let hot = self.programs.hots.get(line.plain_program_of(event.case.generation())? as usize)?;
        hot.form()
    }

    /// Gives the slots of ended cases back: at the end of a batch, so that ending costs its events no branch.
    pub(crate) fn release_ended(&mut self) {
        for ended in &*self.out.ended {
            self.slab.release(ended.case.slot());
        }
    }

    /// The status of a refused event: a case that has ended earlier in the batch still has its line.
    #[cold]
    fn refused(&self, case: CaseId, refused: Status) -> Status {
        let line = self.slab.line(case.slot());
        let program = line.and_then(|line| line.program_of(case.generation()));
        let row = program.and_then(|program| self.programs.row(program));
        match (line, row) {
            (Some(line), Some(row)) if row.is_general && line.end() == NOT_ENDED => refused,
            (Some(line), Some(row)) if !row.is_general && line.word() & row.enabled != 0 => refused,
            _ => Status::UnknownCase,
        }
    }

    /// An event that the plain path has left; what it brings is in place.
    pub(crate) fn apply(&mut self, event: &Event) -> Result<(), Status> {
        let case = event.case;
        let line = self.slab.line_mut(case.slot()).ok_or(Status::UnknownCase)?;
        let program = line.program_of(case.generation()).ok_or(Status::UnknownCase)?;
        if case.shard() != self.shard {
            return Err(Status::UnknownCase);
        }
        let row = self.programs.row(program).ok_or(Status::UnknownCase)?;
        if event.kind != EventKind::Complete || row.is_general {
            return self.apply_other(event, row);
        }
        check_address(event, row)?;
        let cell = self.cells.op(row, event.task, event.outcome);
        let meta = self.cells.meta(row, cell);
        if meta.kind() != KIND_PLAIN {
            return self.complete_by_script(event, row, cell, meta);
        }
        if u16::from(event.outcome) >= meta.outcomes {
            return Err(Status::BadOutcome);
        }
        let moved = apply(line, row.form, self.cells.all(), cell);
        let moved = moved.ok_or(Status::NotEnabled)?;
        line.touch(self.now);
        self.settle(case, row, moved);
        self.op_counts[cell] += 1;
        self.completed += 1;
        Ok(())
    }

    /// Events that are no completion, and all events of programs that are more than tokens.
    #[inline(never)]
    fn apply_other(&mut self, event: &Event, row: &Row) -> Result<(), Status> {
        if row.is_general {
            return self.apply_general(event, row);
        }
        match event.kind {
            EventKind::Begin => {
                check_address(event, row)?;
                self.begin(event, row)
            }
            EventKind::Cancel if event.task == WHOLE_CASE => {
                self.cancel(event.case, row)?;
                self.event_counts.note(event, None);
                Ok(())
            }
            _ => self.apply_general(event, row),
        }
    }

    /// Emits the work items of a plain step, and the end of the case if it is over.
    fn settle(&mut self, case: CaseId, row: &Row, moved: Moved) {
        for task in bits(moved.fresh & row.enabled) {
            self.out.enabled.push(Event::complete(case, task as u16));
        }
        self.end_if_over(case, row, moved.marking);
    }

    fn end_if_over(&mut self, case: CaseId, row: &Row, marking: Marking) {
        // Only a task can move a case on, and a waiting or running task has its bit in the first word.
        if marking[0] & row.enabled == 0 {
            self.out.end(Ended { case, kind: end_of(marking) });
        }
    }

    /// A completion that masks cannot say.
    fn complete_by_script(
        &mut self,
        event: &Event,
        row: &Row,
        cell: usize,
        meta: &OpMeta,
    ) -> Result<(), Status> {
        let choice = self.choice(event, meta.outcomes)?;
        let counter_of = self.cells.counter_of(row);
        let data = self.data(event.case.slot(), row);
        let line = self.slab.line_mut(event.case.slot()).ok_or(Status::UnknownCase)?;
        let (task, tasks) = (usize::from(event.task), usize::from(row.tasks));
        let mut trial = *line;
        if !trial.take(task, 1, counter_of) {
            return Err(Status::NotEnabled);
        }
        // The running one goes first, if there is one.
        trial.take(tasks + task, 1, counter_of);
        let taken = trial;
        let codes = &self.cells.codes()[row.codes + meta.script as usize..];
        let mut tokens = OnLine::new(&mut trial, row, self.cells, data.as_ref());
        let _on = script::play(&mut tokens, codes, choice)?;
        let sent = tokens.sent;
        trial.touch(self.now);
        *line = trial;
        self.send(event.case, sent);
        self.settle_counted(event.case, row, &taken, &trial);
        self.op_counts[cell] += 1;
        self.completed += 1;
        Ok(())
    }

    /// Emits the work items that a scripted step has added.
    pub(crate) fn settle_counted(&mut self, case: CaseId, row: &Row, before: &Line, after: &Line) {
        let counter_of = self.cells.counter_of(row);
        for task in bits(after.word() & row.enabled) {
            // A script only adds to tasks once the completed one's token is taken; one that was not compiled here may take.
            let added = after.tokens(task, counter_of).saturating_sub(before.tokens(task, counter_of));
            for _ in 0..added {
                self.out.enabled.push(Event::complete(case, task as u16));
            }
        }
        self.end_if_over(case, row, after.marking());
    }

    /// The digits of an event's decisions: from its outcome byte where that can say them, else from its side entry.
    pub(crate) fn choice(&self, event: &Event, outcomes: u16) -> Result<u64, Status> {
        if event.side != NO_SIDE {
            let side = self.sides.get(usize::from(event.side)).ok_or(Status::BadSide)?;
            if let Some(choice) = side.choice {
                return Ok(choice);
            }
        }
        match outcomes {
            0..=256 if u16::from(event.outcome) >= outcomes => Err(Status::BadOutcome),
            // Where everything is left to the data, or is the first branch, a byte says it.
            257.. if event.outcome != 0 => Err(Status::BadSide),
            _ => Ok(u64::from(event.outcome)),
        }
    }

    fn begin(&mut self, event: &Event, row: &Row) -> Result<(), Status> {
        if event.outcome != 0 {
            return Err(Status::BadOutcome);
        }
        let (task, tasks) = (usize::from(event.task), usize::from(row.tasks));
        let counter_of = self.cells.counter_of(row);
        let line = self.slab.line_mut(event.case.slot()).ok_or(Status::UnknownCase)?;
        let waits = line.tokens(task, counter_of) > line.tokens(tasks + task, counter_of);
        if !(waits && line.add(tasks + task, 1, counter_of)) {
            return Err(Status::NotEnabled);
        }
        line.touch(self.now);
        self.begun += 1;
        Ok(())
    }

    fn cancel(&mut self, case: CaseId, row: &Row) -> Result<(), Status> {
        let counter_of = self.cells.counter_of(row);
        let line = self.slab.line_mut(case.slot()).ok_or(Status::UnknownCase)?;
        let waiting = line.word() & row.enabled;
        if waiting == 0 {
            return Err(Status::UnknownCase);
        }
        for task in bits(waiting) {
            for _ in 0..line.tokens(task, counter_of) {
                self.out.withdrawn.push(Event::complete(case, task as u16));
            }
        }
        line.clear();
        self.out.end(Ended { case, kind: EndKind::Cancelled });
        Ok(())
    }

    /// Starts one case; `None` if no slot is free.
    pub(crate) fn start(
        &mut self,
        program: ProgramId,
        row: &Row,
        start: &crate::Start,
    ) -> Result<Option<CaseId>, Status> {
        self.begin_event();
        self.start_from(program, row, start, None, 0)
    }

    /// Starts one case for a caller, if there is one.
    pub(crate) fn start_from(
        &mut self,
        program: ProgramId,
        row: &Row,
        start: &crate::Start,
        caller: Option<Caller>,
        depth: usize,
    ) -> Result<Option<CaseId>, Status> {
        let starts = if caller.is_some() { row.starts } else { row.open_starts };
        if start.node >= starts {
            return Err(Status::UnknownTask);
        }
        let route = row.tasks + start.node;
        let outcome = self.outcome(start.side, start.outcome);
        let event = Event { outcome, side: start.side, ..Event::complete(CaseId::default(), route) };
        let cell = self.cells.op(row, route, outcome);
        let meta = self.cells.meta(row, cell);
        if meta.kind() == KIND_PLAIN && u16::from(outcome) >= meta.outcomes {
            return Err(Status::BadOutcome);
        }
        let choice = if meta.kind() == KIND_PLAIN { 0 } else { self.choice(&event, meta.outcomes)? };
        let Some(slot) = self.slab.take_free() else { return Ok(None) };
        let (shard, now) = (self.shard, self.now);
        let line = self.slab.line_mut(slot).unwrap_or_else(|| unreachable!("a slot off the free list"));
        let case = CaseId::new(shard, slot, line.occupy(program.0, now));
        if let Some(Caller { slot, task, is_within }) = caller {
            line.set_caller(slot, task, is_within);
        }
        if let Err(refused) = self.bring_to_start(slot, row, start, caller) {
            self.slab.release(slot);
            return Err(refused);
        }
        if row.is_general {
            let event = Event { case, ..event };
            if let Err(refused) = self.start_general(case, row, &event, depth) {
                self.slab.release(slot);
                return Err(refused);
            }
            return Ok(Some(case));
        }
        let data = self.data(slot, row);
        let line = self.slab.line_mut(slot).unwrap_or_else(|| unreachable!("a slot off the free list"));
        if meta.kind() == KIND_PLAIN {
            let moved = apply(line, row.form, self.cells.all(), cell);
            let moved = moved.unwrap_or_else(|| unreachable!("a start needs nothing"));
            self.settle(case, row, moved);
        } else {
            let empty = *line;
            let codes = &self.cells.codes()[row.codes + meta.script as usize..];
            let mut tokens = OnLine::new(line, row, self.cells, data.as_ref());
            let played = script::play(&mut tokens, codes, choice);
            let sent = tokens.sent;
            let after = *line;
            if let Err(refused) = played {
                self.slab.release(slot);
                return Err(refused.into());
            }
            self.send(case, sent);
            self.settle_counted(case, row, &empty, &after);
        }
        self.op_counts[cell] += 1;
        Ok(Some(case))
    }
}

/// Whether an event names a task, round and instance that can exist.
#[inline]
fn check_address(event: &Event, row: &Row) -> Result<(), Status> {
    if event.task >= row.tasks {
        return Err(Status::UnknownTask);
    }
    if (event.round | event.instance) != 0 { Err(Status::StaleRound) } else { Ok(()) }
}

/// How a case has ended whose tasks have no token left.
pub(crate) fn end_of(marking: Marking) -> EndKind {
    if marking == [0; 2] { EndKind::Completed } else { EndKind::Deadlocked }
}

/// Indices of the set bits, ascending.
pub(crate) fn bits(mut word: u64) -> impl Iterator<Item = usize> {
    core::iter::from_fn(move || {
        (word != 0).then(|| {
            let bit = word.trailing_zeros() as usize;
            word &= word - 1;
            bit
        })
    })
}
