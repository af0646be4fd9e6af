//! Instances that are cases of their own: how they begin, and what goes on when one has ended.

use wf_net::image::{CHILDREN_ASK, NO_START, TASK_CHILDREN, TaskCell};

use super::{Taken, Trial};
use crate::CaseId;
use crate::advance::{Batch, bits};
use crate::event::{Event, Status};
use crate::items::Children;
use crate::line::{ENDED_FAILED, ENDED_WELL, Line, NOT_ENDED};
use crate::programs::Row;

impl Batch<'_, '_> {
    /// Starts the instances of a task that are to begin now.
    ///
    /// Those that have ended where they started stand first in the list, for their task to see to them.
    pub(super) fn begin_children(
        &mut self,
        caller: u32,
        row: &Row,
        task: usize,
        line: &mut Line,
        depth: usize,
    ) -> Result<(), Status> {
        let cell = &self.cells.tasks(row)[task];
        let mut children = Children::read(line, cell);
        // First and last of those that have ended.
        let mut ended: Option<(u32, u32)> = None;
        let mut refused = Ok(());
        for _ in 0..children.due(cell) {
            match self.call(caller, row, task, cell, depth) {
                Ok(slot) => {
                    children.begun += 1;
                    if self.slab.line(slot).is_some_and(|line| line.end() == NOT_ENDED) {
                        self.slab.put_before(slot, children.first);
                        children.first = Some(slot);
                    } else {
                        self.slab.put_before(slot, ended.map(|(first, _)| first));
                        ended = Some((slot, ended.map_or(slot, |(_, last)| last)));
                    }
                }
                Err(status) => {
                    refused = Err(status);
                    break;
                }
            }
        }
        if let Some((first, last)) = ended {
            self.slab.put_behind(last, children.first);
            children.first = Some(first);
        }
        children.write(line, cell);
        refused
    }

    /// Takes back the instances that a refused step had started: those of a list up to the first that was there before.
    pub(super) fn forget_children(&mut self, first: Option<u32>, before: Option<u32>) {
        let mut next = first.filter(|_| first != before);
        while let Some(slot) = next {
            next = self.slab.next_sibling(slot);
            self.slab.take_out(slot);
            self.forget_call(slot);
            next = next.filter(|_| next != before);
        }
    }

    /// Ends those instances of a list that live.
    pub(super) fn cancel_children(&mut self, first: Option<u32>) {
        let mut next = first;
        while let Some(slot) = next {
            next = self.slab.next_sibling(slot);
            self.cancel_called(slot);
        }
    }

    /// The tasks of which a step has taken the instances away, or has put others in their place.
    pub(super) fn lost_children(&self, row: &Row, before: &Line, after: &Line) -> u64 {
        let cells = self.cells.tasks(row);
        let is_lost = |&task: &usize| {
            cells[task].kind == TASK_CHILDREN
                && (after.word() >> task & 1 == 0 || Children::read(after, &cells[task]).begun == 0)
        };
        bits(before.word() & row.enabled).filter(is_lost).fold(0, |lost, task| lost | 1 << task)
    }

    /// Puts an instance that has ended where its task finds it: before those that live.
    pub(super) fn bring_forward(&mut self, slot: u32, caller: u32) {
        let Some((_, task)) = self.slab.line(slot).and_then(Line::caller) else { return };
        let Some(line) = self.slab.line(caller).copied() else { return };
        let row = line.occupant().and_then(|(program, _)| self.programs.row(program));
        let Some(row) = row.filter(|row| row.is_general) else { return };
        let cell = &self.cells.tasks(row)[task];
        if cell.kind != TASK_CHILDREN || line.end() != NOT_ENDED {
            return;
        }
        let mut children = Children::read(&line, cell);
        if children.first == Some(slot) {
            return;
        }
        self.slab.take_out(slot);
        self.slab.put_before(slot, children.first);
        children.first = Some(slot);
        if let Some(line) = self.slab.line_mut(caller) {
            children.write(line, cell);
        }
    }

    /// Lets a task go on of whose instances the first in the list has ended.
    pub(super) fn return_child(&mut self, case: CaseId, row: &Row, (task, child): (usize, u32), end: u16) {
        let cell = &self.cells.tasks(row)[task];
        let next = self.slab.take_out(child).flatten();
        if end == ENDED_WELL && cell.start == NO_START {
            self.take_back(case.slot(), task, child);
        }
        let Some(line) = self.slab.line_mut(case.slot()) else { return };
        let mut children = Children::read(line, cell);
        children.first = next;
        children.done += u16::from(end == ENDED_WELL);
        children.write(line, cell);
        let before = *line;
        if end == ENDED_FAILED && self.catch_error(case, row, &before, (task, child)) {
            return;
        }
        if end != ENDED_WELL || children.asks {
            self.end_if_stuck(case, row);
            return;
        }
        let event = Event::complete(case, task as u16);
        let gone_on = self
            .go_on(&event, row, &before, cell, false)
            .and_then(|trial| self.commit(case, row, &before, trial));
        if let Err(refused) = gone_on {
            // Whoever completes the task may try again, or say what had no answer.
            let Some(line) = self.slab.line_mut(case.slot()) else { return };
            Children { asks: true, ..children }.write(line, cell);
            if refused.fault() > 0 {
                line.set_incident(task as u16, refused.fault());
            }
            self.out.enabled.push(event);
        }
    }

    /// What a completed instance sets off, or the completion of the task that it asked for.
    pub(super) fn go_on(
        &self,
        event: &Event,
        row: &Row,
        before: &Line,
        cell: &TaskCell,
        is_answer: bool,
    ) -> Result<Trial, Status> {
        let task = usize::from(event.task);
        let items = self.items(before, row);
        let mut trial = Trial::new(before, Taken::Nothing);
        let children = Children::read(before, cell);
        Children { asks: false, ..children }.write(&mut trial.line, cell);
        let left = children.created - children.done;
        if !self.goes_on(event, row, cell, items, [children.created, children.done, left])? {
            self.close_drained(&mut trial.line, cell, task, items, left);
            return Ok(trial);
        }
        if cell.flags & CHILDREN_ASK != 0 && !is_answer {
            Children { asks: true, ..children }.write(&mut trial.line, cell);
            return Ok(trial);
        }
        self.leave(trial, event, row, cell, items, left)
    }
}
