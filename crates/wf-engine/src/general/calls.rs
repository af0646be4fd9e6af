//! Cases that call others: what starts with a step, what ends with it, and what goes on when a called case has ended.

use wf_net::image::{CALL_ASKS, NO_START, TASK_CALL, TASK_CHILDREN, TaskCell};

use super::{Caller, DEPTH_MAX, Taken, Trial};
use crate::CaseId;
use crate::advance::{Batch, Mark, bits};
use crate::changes::EndKind;
use crate::event::{Event, EventKind, Status};
use crate::items::{Call, Called, Children};
use crate::line::{ENDED_FAILED, ENDED_WELL, Line, NOT_ENDED};
use crate::programs::{ProgramId, Row};

impl Batch<'_, '_> {
    /// Starts what a step calls.
    pub(super) fn begin_calls(
        &mut self,
        caller: u32,
        row: &Row,
        line: &mut Line,
        depth: usize,
    ) -> Result<(), Status> {
        let cells = self.cells.tasks(row);
        for task in bits(line.word() & row.enabled) {
            let cell = &cells[task];
            match cell.kind {
                TASK_CALL if Call::of(cell).read(line) == Called::Due => {
                    let slot = self.call(caller, row, task, cell, depth)?;
                    Call::of(cell).write(line, Called::Runs(slot));
                }
                TASK_CHILDREN => self.begin_children(caller, row, task, line, depth)?,
                _ => {}
            }
        }
        Ok(())
    }

    /// Starts a case that a task runs; its slot.
    pub(super) fn call(
        &mut self,
        caller: u32,
        row: &Row,
        task: usize,
        cell: &TaskCell,
        depth: usize,
    ) -> Result<u32, Status> {
        if depth == DEPTH_MAX || self.calls_left == 0 {
            return Err(Status::NoRoom);
        }
        self.calls_left -= 1;
        let programs = self.programs;
        let program = programs.called[row.calls + usize::from(cell.call)].program;
        let called = programs.row(program).ok_or(Status::UnknownTask)?;
        let is_within = cell.start != NO_START;
        let node = if is_within { cell.start } else { 0 };
        let start = crate::Start { node, ..crate::Start::default() };
        let caller = Caller { slot: caller, task, is_within };
        let case = self.start_from(ProgramId(program), called, &start, Some(caller), depth + 1)?;
        self.called += u64::from(case.is_some());
        case.map(CaseId::slot).ok_or(Status::NoRoom)
    }

    /// Takes back the cases that a refused step had started and that live: nobody has heard of them.
    pub(super) fn forget_calls(&mut self, row: &Row, before: &Line, trial: &Line) {
        let cells = self.cells.tasks(row);
        for task in bits(trial.word() & row.enabled) {
            match cells[task].kind {
                TASK_CALL => {
                    let call = Call::of(&cells[task]);
                    if let (Called::Due, Called::Runs(slot)) = (call.read(before), call.read(trial)) {
                        self.forget_call(slot);
                    }
                }
                TASK_CHILDREN => {
                    let [was, is] = [before, trial].map(|line| Children::read(line, &cells[task]).first);
                    self.forget_children(is, was);
                }
                _ => {}
            }
        }
    }

    /// Takes back one such case, if it lives.
    pub(super) fn forget_call(&mut self, slot: u32) {
        let Some(line) = self.slab.line(slot).copied().filter(|line| line.end() == NOT_ENDED) else { return };
        let called = line.occupant().and_then(|(program, _)| self.programs.row(program));
        if let Some(called) = called {
            // The depth of calls that start within one another is bounded, and so is this recursion.
            self.forget_calls(called, &Line::EMPTY, &line);
        }
        self.slab.release(slot);
    }

    /// Takes back what a refused step has told and counted: the cases that have ended in it had begun in it.
    pub(super) fn forget_since(&mut self, mark: Mark) {
        for index in mark.ended..self.out.ended_len() {
            if let Some(case) = self.out.ended_at(index) {
                self.slab.release(case.slot());
            }
        }
        for index in mark.counted..self.out.counted.len() {
            if let Some(&cell) = self.out.counted.get(index) {
                self.op_counts[cell as usize] -= 1;
            }
        }
        self.out.back_to(mark);
    }

    /// Ends the cases of calls that a step has taken the token from, and those that these call; of tasks with instances that
    /// are cases, those of the tasks in `lost`.
    pub(super) fn cancel_calls(&mut self, row: &Row, before: &Line, after: &Line, lost: u64) {
        // The list of ended cases is the work list: each is looked through for calls of its own.
        let mut next = self.out.ended_len();
        self.cancel_lost_calls(row, before, after, lost);
        while let Some(case) = self.out.ended_at(next) {
            next += 1;
            let Some(line) = self.slab.line(case.slot()).copied() else { continue };
            let row = line.occupant().and_then(|(program, _)| self.programs.row(program));
            let Some(row) = row else { continue };
            let Some(cleared) = self.slab.line_mut(case.slot()) else { continue };
            cleared.clear();
            let cleared = *cleared;
            self.tell(case, row, &line, &cleared, Taken::Nothing);
            if row.is_general {
                self.cancel_lost_calls(row, &line, &cleared, u64::MAX);
            }
        }
    }

    fn cancel_lost_calls(&mut self, row: &Row, before: &Line, after: &Line, lost: u64) {
        let cells = self.cells.tasks(row);
        for task in bits(before.word() & row.enabled) {
            if cells[task].kind == TASK_CHILDREN && lost >> task & 1 == 1 {
                self.cancel_children(Children::read(before, &cells[task]).first);
            }
            if cells[task].kind != TASK_CALL {
                continue;
            }
            let call = Call::of(&cells[task]);
            let Called::Runs(slot) = call.read(before) else { continue };
            if after.word() >> task & 1 == 0 || call.read(after) != Called::Runs(slot) {
                self.cancel_called(slot);
            }
        }
    }

    /// Ends a called case that lives.
    pub(super) fn cancel_called(&mut self, slot: u32) {
        let child = self.slab.line(slot).filter(|line| line.end() == NOT_ENDED);
        if let Some((_, generation)) = child.and_then(Line::occupant) {
            self.finish(CaseId::new(self.shard, slot, generation), EndKind::Cancelled);
        }
    }

    /// Lets calls go on whose cases have ended, up the chain of callers.
    pub(super) fn return_calls(&mut self, slot: u32) {
        let mut next = Some(slot);
        while let Some(slot) = next {
            next = self.return_calls_of(slot);
            if let Some(caller) = next {
                self.bring_forward(slot, caller);
            }
        }
    }

    /// Lets the calls of one case go on; gives the slot of its caller if it has ended.
    pub(super) fn return_calls_of(&mut self, slot: u32) -> Option<u32> {
        loop {
            let line = self.slab.line(slot).copied()?;
            let (program, generation) = line.occupant()?;
            if line.end() != NOT_ENDED {
                return line.caller().map(|(caller, _)| caller);
            }
            let programs = self.programs;
            let row = programs.row(program).filter(|row| row.is_general)?;
            if !self.return_one(CaseId::new(self.shard, slot, generation), row, &line) {
                return None;
            }
        }
    }

    /// Takes the token of a call whose case has ended well, and plays what is behind it.
    pub(super) fn complete_call(&self, event: &Event, row: &Row, mut trial: Trial) -> Result<Trial, Status> {
        let task = usize::from(event.task);
        Call::of(&self.cells.tasks(row)[task]).write(&mut trial.line, Called::Due);
        trial.line.take(task, 1, self.cells.counter_of(row));
        self.route(trial, event, row, 1)
    }

    /// Gives a caller the values of its variables that a called case, which has ended well, knows by the same name.
    pub(super) fn take_back(&mut self, caller: u32, task: usize, called: u32) {
        let shared = self.called_by(caller, task).map_or(&[][..], |called| &called.shared);
        self.share(called, caller, shared.iter().map(|&(own, theirs)| (theirs, own)));
    }

    /// Lets the interrupt happen that catches the error with which a called case has ended; `false` if there is none.
    pub(super) fn catch_error(
        &mut self,
        case: CaseId,
        row: &Row,
        line: &Line,
        (task, called): (usize, u32),
    ) -> bool {
        let cells = self.cells.tasks(row);
        let error = self.slab.line(called).map_or(0, |line| line.record_bits(0, 2)) as u16;
        let errors = self.called_by(case.slot(), task).map_or(&[][..], |called| &called.errors);
        let tasks = usize::from(row.tasks);
        let need = |interrupt: u16| cells[tasks + usize::from(interrupt)].need;
        // The innermost one.
        let catcher = errors
            .iter()
            .filter(|&&(theirs, own)| theirs == error && need(own)[task / 64] >> (task % 64) & 1 == 1)
            .min_by_key(|&&(_, own)| need(own).iter().map(|word| word.count_ones()).sum::<u32>());
        let Some(&(_, own)) = catcher else { return false };
        let kind = EventKind::Trigger;
        let event = Event { kind, ..Event::complete(case, row.tasks + row.starts + own) };
        let caught = self.interrupt(&event, row, line, &cells[tasks + usize::from(own)]);
        caught.and_then(|trial| self.commit(case, row, line, trial)).is_ok()
    }

    /// Lets one call of a case go on whose case has ended; `false` if there is none.
    fn return_one(&mut self, case: CaseId, row: &Row, line: &Line) -> bool {
        let cells = self.cells.tasks(row);
        let ended = bits(line.word() & row.enabled).find_map(|task| {
            let slot = match cells[task].kind {
                TASK_CALL => match Call::of(&cells[task]).read(line) {
                    Called::Runs(slot) => slot,
                    _ => return None,
                },
                TASK_CHILDREN => Children::read(line, &cells[task]).first?,
                _ => return None,
            };
            let end = self.slab.line(slot)?.end();
            (end != NOT_ENDED).then_some((task, slot, end))
        });
        let Some((task, slot, end)) = ended else { return false };
        if cells[task].kind == TASK_CHILDREN {
            self.return_child(case, row, (task, slot), end);
            return true;
        }
        let call = Call::of(&cells[task]);
        if end == ENDED_FAILED && self.catch_error(case, row, line, (task, slot)) {
            return true;
        }
        // A case that did not end well, or a step that does not fit, leaves the call where it is.
        let (mut left, mut fault) = (Called::Stuck, 0);
        if end == ENDED_WELL {
            self.take_back(case.slot(), task, slot);
        }
        if end == ENDED_WELL && cells[task].flags & CALL_ASKS != 0 {
            // Nobody has said yet which way it goes.
            left = Called::Returned;
        } else if end == ENDED_WELL {
            // What has come back is in the line, too.
            let before = self.slab.line(case.slot()).copied().unwrap_or(*line);
            let event = Event::complete(case, task as u16);
            let done = self
                .complete_call(&event, row, Trial::new(&before, Taken::Nothing))
                .and_then(|trial| self.commit(case, row, &before, trial));
            match done {
                Ok(()) => return true,
                Err(refused) if refused.fault() > 0 => (left, fault) = (Called::Returned, refused.fault()),
                Err(_) => {}
            }
        }
        let Some(line) = self.slab.line_mut(case.slot()) else { return false };
        call.write(line, left);
        if fault > 0 {
            line.set_incident(task as u16, fault);
        }
        if left == Called::Returned {
            self.out.enabled.push(Event::complete(case, task as u16));
        }
        self.end_if_stuck(case, row);
        true
    }
}
