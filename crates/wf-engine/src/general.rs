//! Steps of programs whose tasks are more than a token: triggers, instances, calls, conditions, interrupts.
//!
//! A step is played on a copy of the line. What it has enabled and withdrawn is the difference of the work items before
//! and after. Calls start and end other cases of the shard, one after another and not by recursion, so that a chain of
//! calls of any length takes no stack.

mod calls;
mod children;
mod instances;

use wf_net::image::{
    KIND_PLAIN, TASK_CALL, TASK_CHILDREN, TASK_INSTANCES, TASK_PERSISTENT, TASK_PLAIN, TASK_TRANSIENT,
    TaskCell,
};
use wf_net::script::{self, Played};

use crate::CaseId;
use crate::advance::{Batch, bits, end_of};
use crate::changes::{EndKind, Ended};
use crate::event::{Event, EventKind, Status, WHOLE_CASE};
use crate::items::{Call, Called, Children, InstanceBits, Items, Record, place};
use crate::line::{ENDED_BADLY, ENDED_FAILED, ENDED_WELL, Line, Marking, NOT_ENDED};
use crate::messages::Outbox;
use crate::plain::put_op;
use crate::programs::{Cells, Row};
use crate::tokens::OnLine;

/// Calls that start within one another in one step, before the step is refused.
const DEPTH_MAX: usize = 32;

/// Cases that calls start in one event, before no more do: cases that end where they start, called in a loop, would go
/// round for ever.
const CALLS_MAX: u32 = 1 << 16;

/// Who started a case.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Caller {
    /// The slot of the case.
    pub(crate) slot: u32,
    /// The task that called.
    pub(crate) task: usize,
    /// Whether the called case is a part of it.
    pub(crate) is_within: bool,
}

/// The work item that a step is about: what happened to it is not a withdrawal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Taken {
    Nothing,
    /// One that nobody had begun.
    Waiting(usize),
    Running(usize),
    Begun(usize),
    Instance(usize, u8),
}

/// A step that was played on a copy of the line.
struct Trial {
    line: Line,
    taken: Taken,
    /// The route that was played, and the outcome, for the counts.
    route: Option<(u16, u8)>,
    terminated: bool,
    /// The error that has ended the case.
    failed: Option<u16>,
    sent: Outbox,
    /// The marking without what the step has taken, before anything is put.
    rest: Marking,
}

impl Trial {
    fn new(before: &Line, taken: Taken) -> Self {
        Self {
            line: *before,
            taken,
            route: None,
            terminated: false,
            failed: None,
            sent: Outbox::EMPTY,
            rest: before.marking(),
        }
    }
}

impl Batch<'_, '_> {
    /// What one event may do begins anew.
    pub(crate) fn begin_event(&mut self) {
        self.calls_left = CALLS_MAX;
        self.out.counted.truncate(0);
    }

    /// Applies an event to a case of a general program.
    #[inline(never)]
    pub(crate) fn apply_general(&mut self, event: &Event, row: &Row) -> Result<(), Status> {
        self.begin_event();
        let slot = event.case.slot();
        let before = *self.slab.line(slot).ok_or(Status::UnknownCase)?;
        if before.end() != NOT_ENDED {
            return Err(Status::UnknownCase);
        }
        if event.kind == EventKind::Cancel && event.task == WHOLE_CASE {
            self.give_up(event.case, row, &before);
            self.event_counts.note(event, None);
            self.return_calls(slot);
            return Ok(());
        }
        let trial = self.play_event(event, row, &before)?;
        self.commit(event.case, row, &before, trial)?;
        match event.kind {
            EventKind::Complete | EventKind::Trigger => self.completed += 1,
            EventKind::Begin => self.begun += 1,
            _ => {
                let cell = self.cells.tasks(row).get(usize::from(event.task));
                self.event_counts.note(event, cell.map(|cell| cell.kind));
            }
        }
        self.return_calls(slot);
        Ok(())
    }

    fn play_event(&self, event: &Event, row: &Row, before: &Line) -> Result<Trial, Status> {
        let task = usize::from(event.task);
        if event.round != 0 {
            return Err(Status::StaleRound);
        }
        let cells = self.cells.tasks(row);
        let first = usize::from(row.tasks) + usize::from(row.starts);
        if event.kind == EventKind::Trigger && (first..first + usize::from(row.interrupts)).contains(&task) {
            return self.interrupt(event, row, before, &cells[usize::from(row.tasks) + task - first]);
        }
        let cell = cells[..usize::from(row.tasks)].get(task).ok_or(Status::UnknownTask)?;
        if event.instance != 0 && cell.kind != TASK_INSTANCES {
            return Err(Status::StaleRound);
        }
        match (event.kind, cell.kind) {
            (EventKind::Complete, TASK_PLAIN) | (EventKind::Trigger, TASK_TRANSIENT | TASK_PERSISTENT) => {
                self.complete(event, row, before, cell)
            }
            (EventKind::Complete, TASK_CALL)
                if before.word() >> task & 1 == 1 && Call::of(cell).read(before) == Called::Returned =>
            {
                self.complete_call(event, row, Trial::new(before, Taken::Waiting(task)))
            }
            (EventKind::Complete, TASK_CHILDREN)
                if before.word() >> task & 1 == 1 && Children::read(before, cell).asks =>
            {
                let trial = self.go_on(event, row, before, cell, true)?;
                Ok(Trial { taken: Taken::Waiting(task), ..trial })
            }
            (EventKind::Complete, TASK_INSTANCES) => self.complete_instance(event, row, before, cell),
            (EventKind::Begin, TASK_PLAIN | TASK_INSTANCES) => self.begin_item(event, row, before, cell),
            (EventKind::AddInstance, TASK_INSTANCES | TASK_CHILDREN) => {
                instances::add_instance(task, before, cell, self.items(before, row))
            }
            (EventKind::CompleteInstances, TASK_INSTANCES | TASK_CHILDREN) => {
                self.complete_instances(event, row, before, cell)
            }
            (EventKind::Cancel, _) if !row.has_merges => self.cancel_task(event, row, before),
            _ => Err(Status::KindRefused),
        }
    }

    fn items<'l>(&'l self, line: &'l Line, row: &Row) -> Items<'l> {
        Items::new(line, row, self.cells)
    }

    /// Plays a route on a line whose own tokens are taken already. The lowest digit, in the base `skip`, is for none of
    /// its gateways.
    fn route(&self, mut trial: Trial, event: &Event, row: &Row, skip: u64) -> Result<Trial, Status> {
        let cell = self.cells.op(row, event.task, event.outcome);
        let meta = self.cells.meta(row, cell);
        trial.route = Some((event.task, event.outcome));
        trial.rest = trial.line.marking();
        let choice = self.choice(event, meta.outcomes)?;
        if meta.kind() == KIND_PLAIN {
            // A program is general because another calls it, too; its ops are masks then. So are quiet steps, of
            // which a side entry may ask for an outcome that there is not.
            if choice >= u64::from(meta.outcomes) {
                return Err(Status::BadOutcome);
            }
            let puts = put_op(&mut trial.line, row.form, self.cells.all(), cell);
            return if puts { Ok(trial) } else { Err(Status::CounterFull) };
        }
        let choice = choice / skip;
        let codes = &self.cells.codes()[row.codes + meta.script as usize..];
        let data = self.data(event.case.slot(), row);
        let mut tokens = OnLine::new(&mut trial.line, row, self.cells, data.as_ref());
        let played = script::play(&mut tokens, codes, choice)?;
        let cleared = tokens.cleared;
        trial.sent = tokens.sent;
        trial.rest = core::array::from_fn(|word| trial.rest[word] & !cleared[word]);
        if let Played::Failed(error) = played {
            trial.failed = Some(error);
        }
        if played != Played::On {
            trial.line.clear();
            trial.terminated = true;
        }
        Ok(trial)
    }

    /// WCP-1, 16, 17, 18, 23, 24: a work item is completed or triggered, begun or not.
    fn complete(&self, event: &Event, row: &Row, before: &Line, cell: &TaskCell) -> Result<Trial, Status> {
        let task = usize::from(event.task);
        let items = self.items(before, row);
        let mut trial = Trial::new(before, Taken::Nothing);
        let was_running = items.running(task) > 0;
        if !was_running && items.waiting(task) == 0 {
            return match cell.kind {
                TASK_TRANSIENT => Err(Status::Lost),
                TASK_PERSISTENT => {
                    let queue = place(cell.own).unwrap_or_else(|| unreachable!("checked image"));
                    let fits = trial.line.add(queue, 1, items.counter_of);
                    if fits { Ok(trial) } else { Err(Status::CounterFull) }
                }
                _ => Err(Status::NotEnabled),
            };
        }
        if was_running {
            trial.line.take(items.tasks + task, 1, items.counter_of);
            trial.taken = Taken::Running(task);
        } else {
            take_rivals(&mut trial.line, cell, items);
            trial.taken = Taken::Waiting(task);
        }
        trial.line.take(task, 1, items.counter_of);
        self.route(trial, event, row, 1)
    }

    fn begin_item(&self, event: &Event, row: &Row, before: &Line, cell: &TaskCell) -> Result<Trial, Status> {
        let task = usize::from(event.task);
        let items = self.items(before, row);
        let mut trial = Trial::new(before, Taken::Begun(task));
        if event.outcome != 0 {
            return Err(Status::BadOutcome);
        }
        if let Some(instances) = items.instances(task) {
            let bit = 1u64.checked_shl(u32::from(event.instance)).unwrap_or(0);
            if instances.waiting() & bit == 0 {
                return Err(Status::NotEnabled);
            }
            let record = Record::of(cell);
            let instances = record.read(before);
            record.write(&mut trial.line, InstanceBits { begun: instances.begun | bit, ..instances });
            // The instance is still open: nothing was withdrawn.
            trial.taken = Taken::Nothing;
            return Ok(trial);
        }
        if items.waiting(task) == 0 {
            return Err(Status::NotEnabled);
        }
        take_rivals(&mut trial.line, cell, items);
        let fits = trial.line.add(items.tasks + task, 1, items.counter_of);
        if fits { Ok(trial) } else { Err(Status::CounterFull) }
    }

    /// WCP-19, 26: the work items of one task go, with their threads.
    fn cancel_task(&self, event: &Event, row: &Row, before: &Line) -> Result<Trial, Status> {
        let task = usize::from(event.task);
        let items = self.items(before, row);
        if items.tokens(task) == 0 {
            return Err(Status::NotEnabled);
        }
        let mut trial = Trial::new(before, Taken::Nothing);
        let mut tokens = OnLine::new(&mut trial.line, row, self.cells, None);
        script::Tokens::clear(&mut tokens, task as u16);
        script::Tokens::clear(&mut tokens, (items.tasks + task) as u16);
        if let Some(draining) = draining(&self.cells.tasks(row)[task]) {
            script::Tokens::clear(&mut tokens, draining as u16);
        }
        Ok(trial)
    }

    /// WCP-19, 25: an event from outside on a region.
    fn interrupt(&self, event: &Event, row: &Row, before: &Line, cell: &TaskCell) -> Result<Trial, Status> {
        let marking = before.marking();
        if (0..marking.len()).all(|word| cell.need[word] & marking[word] == 0) {
            return Err(Status::Lost);
        }
        let trial = Trial::new(before, Taken::Nothing);
        self.route(trial, event, row, 1)
    }

    /// Starts a case of a general program in an occupied slot.
    pub(crate) fn start_general(
        &mut self,
        case: CaseId,
        row: &Row,
        event: &Event,
        depth: usize,
    ) -> Result<(), Status> {
        let before = *self.slab.line(case.slot()).ok_or(Status::UnknownCase)?;
        let trial = Trial::new(&before, Taken::Nothing);
        let trial = self.route(trial, event, row, 1)?;
        self.commit_at(case, row, &before, trial, depth)?;
        // Whoever called it is not done with its own step: only the calls of this case go on here.
        self.return_calls_of(case.slot());
        Ok(())
    }

    fn commit(&mut self, case: CaseId, row: &Row, before: &Line, trial: Trial) -> Result<(), Status> {
        self.commit_at(case, row, before, trial, 0)
    }

    /// Starts what the step calls, writes the line, and tells what has changed. On an error nothing has.
    fn commit_at(
        &mut self,
        case: CaseId,
        row: &Row,
        before: &Line,
        mut trial: Trial,
        depth: usize,
    ) -> Result<(), Status> {
        let (mark, called) = (self.out.mark(), self.called);
        self.send(case, trial.sent);
        let lost = self.lost_children(row, before, &trial.line);
        if let Err(refused) = self.begin_calls(case.slot(), row, &mut trial.line, depth) {
            self.forget_calls(row, before, &trial.line);
            self.forget_since(mark);
            self.called = called;
            return Err(refused);
        }
        if let Some((route, outcome)) = trial.route {
            let cell = self.cells.op(row, route, outcome);
            self.op_counts[cell] += 1;
            self.out.counted.push(cell as u32);
        }
        trial.line.touch(self.now);
        let Some(line) = self.slab.line_mut(case.slot()) else { return Err(Status::UnknownCase) };
        *line = trial.line;
        self.tell(case, row, before, &trial.line, trial.taken);
        self.arm_interrupts(case, row, trial.rest, trial.line.marking());
        self.cancel_calls(row, before, &trial.line, lost);
        if trial.terminated {
            self.finish(case, EndKind::Completed);
            if let (Some(error), Some(line)) = (trial.failed, self.slab.line_mut(case.slot())) {
                line.set_end(ENDED_FAILED);
                line.set_record_bits(0, 2, u64::from(error));
            }
        } else {
            self.end_if_stuck(case, row);
        }
        Ok(())
    }

    /// Ends the case if nothing can happen to it any more.
    fn end_if_stuck(&mut self, case: CaseId, row: &Row) {
        if let Some(kind) = self.slab.line(case.slot()).and_then(|line| end_if_stuck(line, row, self.cells)) {
            self.finish(case, kind);
        }
    }

    /// How a case has ended that a plain step has left without a calm task; `None` if something else keeps it alive.
    pub(crate) fn end_of_plain(&mut self, case: CaseId) -> Option<EndKind> {
        let line = self.slab.line_mut(case.slot())?;
        let program = line.program_of(case.generation())?;
        if !self.programs.hots.get(program as usize)?.is_general {
            return Some(end_of(line.marking()));
        }
        let row = self.programs.row(program)?;
        let kind = end_if_stuck(line, row, self.cells)?;
        line.set_end(end_state(kind));
        Some(kind)
    }

    fn finish(&mut self, case: CaseId, kind: EndKind) {
        let Some(line) = self.slab.line_mut(case.slot()) else { return };
        line.set_end(end_state(kind));
        self.out.end(Ended { case, kind });
    }

    /// Emits the work items that are new and those that are gone.
    fn tell(&mut self, case: CaseId, row: &Row, before: &Line, after: &Line, taken: Taken) {
        let (old, new) = (Items::new(before, row, self.cells), Items::new(after, row, self.cells));
        for task in bits((before.word() | after.word()) & row.enabled) {
            let event = new.event(case, task);
            if let (Some(mut was), Some(is)) = (old.instances(task), new.instances(task)) {
                if let Taken::Instance(of, instance) = taken
                    && of == task
                {
                    was.open &= !(1 << instance);
                }
                for instance in bits(is.waiting() & !(was.open & !was.begun)) {
                    self.out.enabled.push(event.with_instance(instance as u8));
                }
                for instance in bits(was.open & !is.open) {
                    self.out.withdrawn.push(event.with_instance(instance as u8));
                }
                continue;
            }
            let (mut waited, mut ran) = (old.waiting(task), old.running(task));
            match taken {
                Taken::Waiting(of) if of == task => waited = waited.saturating_sub(1),
                Taken::Running(of) if of == task => ran = ran.saturating_sub(1),
                Taken::Begun(of) if of == task => {
                    (waited, ran) = (waited.saturating_sub(1), ran.saturating_add(1));
                }
                _ => {}
            }
            let (waits, runs) = (new.waiting(task), new.running(task));
            for _ in waited..waits {
                self.out.enabled.push(event);
                let cell = &self.cells.tasks(row)[task];
                if row.is_general && cell.is_timer() {
                    self.arm(case, task, cell);
                }
            }
            for _ in 0..waited.saturating_sub(waits) + ran.saturating_sub(runs) {
                self.out.withdrawn.push(event);
            }
        }
    }

    /// Gives up a whole case: its work items are withdrawn, and the cases that it calls end with it.
    fn give_up(&mut self, case: CaseId, row: &Row, before: &Line) {
        let Some(line) = self.slab.line_mut(case.slot()) else { return };
        line.clear();
        let after = *line;
        self.tell(case, row, before, &after, Taken::Nothing);
        self.finish(case, EndKind::Cancelled);
        self.cancel_calls(row, before, &after, u64::MAX);
    }
}

/// How a case has ended to which nothing can happen any more; `None` if something can.
fn end_if_stuck(line: &Line, row: &Row, cells: Cells<'_>) -> Option<EndKind> {
    if Items::new(line, row, cells).is_alive(row.enabled) {
        return None;
    }
    let marking = line.marking();
    let is_clean = (0..marking.len()).all(|word| marking[word] & !row.residue[word] == 0);
    Some(if is_clean { EndKind::Completed } else { EndKind::Deadlocked })
}

const fn end_state(kind: EndKind) -> u16 {
    match kind {
        EndKind::Completed => ENDED_WELL,
        _ => ENDED_BADLY,
    }
}

/// The place that says that instances of a task run on after its thread has gone.
fn draining(cell: &TaskCell) -> Option<usize> {
    if matches!(cell.kind, TASK_INSTANCES | TASK_CHILDREN) { place(cell.own) } else { None }
}

/// WCP-16: the other alternatives lose the token.
fn take_rivals(line: &mut Line, cell: &TaskCell, items: Items<'_>) {
    for (word, &rivals) in cell.rivals.iter().enumerate() {
        for bit in bits(rivals) {
            line.take(64 * word + bit, 1, items.counter_of);
        }
    }
}
