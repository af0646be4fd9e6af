//! Steps of tasks with several instances.

use wf_net::image::{
    INSTANCES_CANCEL_REST, INSTANCES_CONDITION, INSTANCES_DYNAMIC, INSTANCES_GUARDED, INSTANCES_SEQUENTIAL,
    TASK_CHILDREN, TaskCell,
};
use wf_net::script::Fault;

use super::{Taken, Trial, draining};
use crate::advance::Batch;
use crate::event::{Event, Status};
use crate::items::{Children, InstanceBits, Items, Record};
use crate::line::Line;
use crate::programs::Row;

impl Batch<'_, '_> {
    /// WCP-13 to 15, 34 to 36.
    pub(super) fn complete_instance(
        &self,
        event: &Event,
        row: &Row,
        before: &Line,
        cell: &TaskCell,
    ) -> Result<Trial, Status> {
        let task = usize::from(event.task);
        let items = self.items(before, row);
        let record = Record::of(cell);
        let instances = record.read(before);
        let bit = 1u64.checked_shl(u32::from(event.instance)).unwrap_or(0);
        if instances.in_turn(cell).open & bit == 0 {
            return Err(Status::NotEnabled);
        }
        let mut trial = Trial::new(before, Taken::Instance(task, event.instance));
        let left = InstanceBits { open: instances.open & !bit, begun: instances.begun & !bit };
        let done = record.done(before).saturating_add(1);
        record.write(&mut trial.line, left);
        record.set_done(&mut trial.line, done);
        let left_open = u16::from(left.open.count_ones() as u8);
        let numbers = [record.created(before).into(), done.into(), left_open];
        if self.goes_on(event, row, cell, items, numbers)? {
            return self.leave(trial, event, row, cell, items, left_open);
        }
        self.close_drained(&mut trial.line, cell, task, items, left_open);
        Ok(trial)
    }

    /// Whether the thread goes on when an instance is complete: of those created, so many are done and so many left.
    pub(super) fn goes_on(
        &self,
        event: &Event,
        row: &Row,
        cell: &TaskCell,
        items: Items<'_>,
        [created, done, left]: [u16; 3],
    ) -> Result<bool, Status> {
        let base = enough_base(cell);
        let meta = self.cells.meta(row, self.cells.op(row, event.task, event.outcome));
        let choice = self.choice(event, meta.outcomes)?;
        if drains(cell, items) {
            return Ok(false);
        }
        // Behind the last instance a condition is not asked.
        let is_enough = match (base, choice % base) {
            (3, 0) if left == 0 => false,
            (3, 0) => {
                // Of instances one after another, the next begins when this has been answered.
                let is_sequential = cell.flags & INSTANCES_SEQUENTIAL != 0;
                let active = if is_sequential { 0 } else { left };
                self.is_enough(event, row, cell, [created, done, active, 0])?
            }
            (3, digit) => digit == 2,
            (2, digit) => digit == 1,
            _ => cell.needed > 0 && done >= cell.needed,
        };
        Ok(is_enough || left == 0)
    }

    /// Lets the thread go on; the instances that are left go, or run on.
    pub(super) fn leave(
        &self,
        mut trial: Trial,
        event: &Event,
        row: &Row,
        cell: &TaskCell,
        items: Items<'_>,
        left: u16,
    ) -> Result<Trial, Status> {
        if left == 0 || cell.flags & INSTANCES_CANCEL_REST != 0 {
            self.close(&mut trial.line, cell, usize::from(event.task), items);
        } else if let Some(draining) = draining(cell) {
            trial.line.add(draining, 1, items.counter_of);
        }
        self.route(trial, event, row, enough_base(cell))
    }

    /// Ends a task whose thread has gone on, behind the last instance.
    pub(super) fn close_drained(
        &self,
        line: &mut Line,
        cell: &TaskCell,
        task: usize,
        items: Items<'_>,
        left: u16,
    ) {
        if left == 0 && drains(cell, items) {
            self.close(line, cell, task, items);
        }
    }

    /// Whether the data of the case says that a task has had enough of its instances.
    fn is_enough(
        &self,
        event: &Event,
        row: &Row,
        cell: &TaskCell,
        tallies: [u16; 4],
    ) -> Result<bool, Status> {
        let data = self.data(event.case.slot(), row).ok_or(Status::NoValue)?;
        let guard = cell.timer as u16;
        data.guards
            .is_enough(guard, &data.variables, tallies)
            .map_err(|fault| Status::from(Fault::Guard(fault)))
    }

    /// Ends a task with instances: its token, its record, and the mark that some run on.
    fn close(&self, line: &mut Line, cell: &TaskCell, task: usize, items: Items<'_>) {
        match cell.kind {
            TASK_CHILDREN => Children::default().write(line, cell),
            _ => Record::of(cell).clear(line),
        }
        line.take(task, 1, items.counter_of);
        if let Some(draining) = draining(cell) {
            line.take(draining, 1, items.counter_of);
        }
    }

    /// WCP-27.
    pub(super) fn complete_instances(
        &self,
        event: &Event,
        row: &Row,
        before: &Line,
        cell: &TaskCell,
    ) -> Result<Trial, Status> {
        let task = usize::from(event.task);
        let items = self.items(before, row);
        if event.instance != 0 {
            return Err(Status::StaleRound);
        }
        if items.tokens(task) == 0 || drains(cell, items) {
            return Err(Status::NotEnabled);
        }
        let mut trial = Trial::new(before, Taken::Nothing);
        self.close(&mut trial.line, cell, task, items);
        self.route(trial, event, row, enough_base(cell))
    }
}

/// The base of the lowest digit of a completion: of that which says whether there are enough.
pub(super) const fn enough_base(cell: &TaskCell) -> u64 {
    match cell.flags & (INSTANCES_CONDITION | INSTANCES_GUARDED) {
        0 => 1,
        INSTANCES_CONDITION => 2,
        _ => 3,
    }
}

/// Whether instances run on after the thread has gone.
fn drains(cell: &TaskCell, items: Items<'_>) -> bool {
    draining(cell).is_some_and(|place| items.tokens(place) > 0)
}

/// WCP-15: one more instance, while the thread is held.
pub(super) fn add_instance(
    task: usize,
    before: &Line,
    cell: &TaskCell,
    items: Items<'_>,
) -> Result<Trial, Status> {
    if cell.flags & INSTANCES_DYNAMIC == 0 {
        return Err(Status::KindRefused);
    }
    if items.tokens(task) == 0 || drains(cell, items) {
        return Err(Status::NotEnabled);
    }
    let mut trial = Trial::new(before, Taken::Nothing);
    if cell.kind == TASK_CHILDREN {
        let children = Children::read(before, cell);
        if children.created >= cell.most {
            return Err(Status::CounterFull);
        }
        Children { created: children.created + 1, ..children }.write(&mut trial.line, cell);
        return Ok(trial);
    }
    let record = Record::of(cell);
    let (created, instances) = (record.created(before), record.read(before));
    if u16::from(created) >= cell.most {
        return Err(Status::CounterFull);
    }
    record.write(&mut trial.line, InstanceBits { open: instances.open | 1 << created, ..instances });
    record.set_created(&mut trial.line, created + 1);
    Ok(trial)
}
