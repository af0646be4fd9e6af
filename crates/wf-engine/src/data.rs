//! The data of cases: what comes with an event, where it is kept, and what conditions make of it.

use wf_net::guard::{Guards, Value, Variables};
use wf_net::script::Fault;

use crate::advance::Batch;
use crate::event::{Event, EventKind, NO_SIDE, Status, WHOLE_CASE};
use crate::general::Caller;
use crate::line::NOT_ENDED;
use crate::programs::{CalledProgram, Row};
use crate::{CaseId, Shard, Start};

/// What an event or a start brings with it, where it is more than the event itself can say.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Side<'a> {
    /// Which way the decisions go, as digits like those of [`Event::outcome`]; `None`: the outcome says it.
    pub choice: Option<u64>,
    /// New values of variables, by number; kept if the event is applied.
    pub set: &'a [(u16, Value)],
}

impl<'a> Side<'a> {
    /// Decisions that do not fit in an outcome.
    #[must_use]
    pub const fn choice(choice: u64) -> Self {
        Self { choice: Some(choice), set: &[] }
    }

    /// New values of variables.
    #[must_use]
    pub const fn set(set: &'a [(u16, Value)]) -> Self {
        Self { choice: None, set }
    }
}

/// A case that cannot go on because a condition has no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Incident {
    /// The case.
    pub case: CaseId,
    /// The task whose completion was refused.
    pub task: u16,
    /// [`Status::NoValue`], [`Status::NoAnswer`] or [`Status::NoBranch`].
    pub status: Status,
}

/// The data of one case and the conditions of its program.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Data<'p> {
    pub(crate) variables: Variables,
    pub(crate) guards: Guards<'p>,
}

impl From<Fault> for Status {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Full => Self::CounterFull,
            Fault::Choice => Self::BadOutcome,
            Fault::NoBranch => Self::NoBranch,
            Fault::Guard(wf_net::guard::Fault::NoValue) => Self::NoValue,
            Fault::Guard(_) => Self::NoAnswer,
        }
    }
}

impl<'b> Batch<'b, '_> {
    /// The data of the case in a slot, if its program has conditions.
    pub(crate) fn data(&self, slot: u32, row: &Row) -> Option<Data<'b>> {
        if row.variables == 0 && row.guard_codes == 0 {
            return None;
        }
        Some(Data { variables: self.slab.variables(slot), guards: self.cells.guards(row) })
    }

    /// Applies an event with the data that it brings; if it is refused, the data is as before.
    pub(crate) fn apply_event(&mut self, event: &Event) -> Result<(), Status> {
        let slot = event.case.slot();
        let kept = self.bring(event)?;
        let event = &Event { outcome: self.outcome(event.side, event.outcome), ..*event };
        let had = self.take_incident(event);
        let applied = if event.kind == EventKind::Set { self.set(event) } else { self.apply(event) };
        if applied.is_err()
            && let Some(kept) = kept
        {
            let _there = self.slab.set_variables(slot, &kept);
        }
        self.note_incident(event, had, applied);
        applied
    }

    /// The outcome that a side entry's decisions come to: where they do not fit in a byte, one that no mask is for.
    pub(crate) fn outcome(&self, side: u16, outcome: u8) -> u8 {
        let choice =
            self.sides.get(usize::from(side)).filter(|_| side != NO_SIDE).and_then(|side| side.choice);
        choice.map_or(outcome, |choice| u8::try_from(choice).unwrap_or(u8::MAX))
    }

    /// Gives variables the values that an event brings; what they were.
    fn bring(&mut self, event: &Event) -> Result<Option<Variables>, Status> {
        if event.side == NO_SIDE {
            return Ok(None);
        }
        let slot = event.case.slot();
        let line = self.slab.line(slot).filter(|_| event.case.shard() == self.shard);
        let program = line.and_then(|line| line.program_of(event.case.generation()));
        let row = program.and_then(|program| self.programs.row(program)).ok_or(Status::UnknownCase)?;
        self.set_variables(slot, row, event.side)
    }

    /// Gives variables the values of a side entry; what they were.
    pub(crate) fn set_variables(
        &mut self,
        slot: u32,
        row: &Row,
        side: u16,
    ) -> Result<Option<Variables>, Status> {
        if side == NO_SIDE {
            return Ok(None);
        }
        let side = self.sides.get(usize::from(side)).ok_or(Status::BadSide)?;
        if side.set.is_empty() {
            return Ok(None);
        }
        let is_good = |&(variable, value): &(u16, Value)| variable < row.variables && value.is_storable();
        if !side.set.iter().all(is_good) {
            return Err(Status::BadValue);
        }
        let kept = self.slab.variables(slot);
        let mut variables = kept;
        for &(variable, value) in side.set {
            variables.set(usize::from(variable), value);
        }
        if self.slab.set_variables(slot, &variables) { Ok(Some(kept)) } else { Err(Status::NoRoom) }
    }

    /// Gives a case that starts its values: those of its caller's variables of the same name, and those of its side entry.
    pub(crate) fn bring_to_start(
        &mut self,
        slot: u32,
        row: &Row,
        start: &Start,
        caller: Option<Caller>,
    ) -> Result<(), Status> {
        if let Some(Caller { slot: caller, task, is_within: false }) = caller
            && let Some(called) = self.called_by(caller, task)
        {
            self.share(caller, slot, called.shared.iter().copied());
        }
        self.set_variables(slot, row, start.side).map(drop)
    }

    /// What a task of the case in a slot calls.
    pub(crate) fn called_by(&self, caller: u32, task: usize) -> Option<&'b CalledProgram> {
        let (program, _) = self.slab.line(caller)?.occupant()?;
        let row = self.programs.row(program)?;
        let call = self.cells.tasks(row).get(task)?.call;
        self.programs.called.get(row.calls.checked_add(call as usize)?)
    }

    /// The values are there already: only the case has to be.
    fn set(&mut self, event: &Event) -> Result<(), Status> {
        let slot = event.case.slot();
        let line = self.slab.line_mut(slot).filter(|_| event.case.shard() == self.shard);
        let line = line.ok_or(Status::UnknownCase)?;
        let program = line.program_of(event.case.generation()).ok_or(Status::UnknownCase)?;
        let row = self.programs.row(program).ok_or(Status::UnknownCase)?;
        // A case of masks that has ended in this batch says so by its tasks alone.
        let has_ended = line.end() != NOT_ENDED || (!row.is_general && line.word() & row.enabled == 0);
        match event.task {
            _ if has_ended => Err(Status::UnknownCase),
            WHOLE_CASE if event.side != NO_SIDE => {
                line.touch(self.now);
                Ok(())
            }
            WHOLE_CASE => Err(Status::BadSide),
            _ => Err(Status::KindRefused),
        }
    }

    /// Takes the incident off a case whose event may end it: before the step, which may bring another.
    fn take_incident(&mut self, event: &Event) -> Option<(u16, u8)> {
        let goes_on = !matches!(event.kind, EventKind::Begin | EventKind::Set | EventKind::AddInstance);
        let line = self.slab.line_mut(event.case.slot()).filter(|_| event.case.shard() == self.shard)?;
        line.program_of(event.case.generation())?;
        let had = line.incident().filter(|&(task, _)| goes_on && task == event.task);
        if had.is_some() {
            line.clear_incident();
        }
        had
    }

    /// Keeps in the line that a condition had no answer, until the task goes on or is gone.
    fn note_incident(&mut self, event: &Event, had: Option<(u16, u8)>, applied: Result<(), Status>) {
        let Some(line) = self.slab.line_mut(event.case.slot()) else { return };
        match applied {
            Err(status) if status.fault() > 0 => {
                let program = line.occupant().and_then(|(program, _)| self.programs.row(program));
                // An interrupt leaves nothing that waits.
                if program.is_some_and(|row| event.task < row.tasks) {
                    line.set_incident(event.task, status.fault());
                }
            }
            Err(_) => had.into_iter().for_each(|(task, fault)| line.set_incident(task, fault)),
            Ok(()) => {
                if line.incident().is_some_and(|(task, _)| line.word() >> task & 1 == 0) {
                    line.clear_incident();
                }
            }
        }
    }

    /// Copies the variables of the same name from one case to another, those without a value left out.
    pub(crate) fn share(&mut self, from: u32, to: u32, pairs: impl Iterator<Item = (u16, u16)>) {
        let given = self.slab.variables(from);
        let mut taken = self.slab.variables(to);
        let mut any = false;
        for (from, to) in pairs {
            let value = given.get(usize::from(from));
            if value != Value::Null {
                taken.set(usize::from(to), value);
                any = true;
            }
        }
        // Whoever shares values has some, and so there is memory for them.
        if any {
            let _there = self.slab.set_variables(to, &taken);
        }
    }
}

impl Shard {
    /// The values of a case's variables; `None` if it does not live here.
    #[must_use]
    pub fn variables(&self, case: CaseId) -> Option<Variables> {
        self.line_of(case).map(|_| self.slab.variables(case.slot()).tidy())
    }

    /// The cases that cannot go on because a condition has no answer. Looks at every line.
    pub fn incidents(&self) -> impl Iterator<Item = Incident> + '_ {
        let slots = 0..self.slab.rows().len() as u32;
        slots.filter_map(|slot| {
            let line = self.slab.line(slot)?;
            let (_, generation) = line.occupant()?;
            let (task, fault) = line.incident()?;
            let case = CaseId::new(self.id, slot, generation);
            Some(Incident { case, task, status: Status::of_fault(fault) })
        })
    }
}
