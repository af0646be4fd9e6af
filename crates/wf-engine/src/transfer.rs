//! Cases as bytes: written out of one shard, read into another, also in another process and with another store.
//!
//! A saved case is 64 bytes that name its program by build id and other cases by their place in the list, so that they
//! mean the same wherever they are read. They are checked as any bytes from outside before a case begins to live from
//! them.

use core::fmt;

use wf_arena::Scope;
use wf_net::guard::Variables;
use wf_net::image::{NO_START, TASK_CALL, TASK_CHILDREN, TASK_INSTANCES, TaskCell, VARIABLES_MAX};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

use crate::advance::bits;
use crate::items::{Call, Called, Children, Items, Record};
use crate::line::{Line, Marking, NOT_ENDED};
use crate::programs::{Cells, ProgramId, Programs, Row};
use crate::{CaseId, Shard};

/// [`Saved::caller`] of a case that nothing called.
const NO_CALLER: u32 = u32::MAX;

/// A case as bytes.
///
/// The fields are private: only [`Shard::import`] can say whether they are a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C)]
pub struct Saved {
    build_id: u64,
    marking: [u64; 2],
    since: u32,
    /// Place of the calling case in its family, whose first is 0.
    caller: u32,
    assigned: [u8; 26],
    caller_task: u16,
    /// What kind of value each variable has; of a case with any, the values stand in a [`SavedValues`].
    kinds: u32,
}

const _: () = assert!(size_of::<Saved>() == 64);

/// The values of the variables of one saved case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(transparent)]
pub struct SavedValues([u64; VARIABLES_MAX]);

/// What [`Shard::export`] has written.
#[derive(Clone, Copy, Debug, Default)]
pub struct Exported<'s> {
    /// Families: each case asked for, then those that it calls, and those that these call.
    pub saved: &'s [Saved],
    /// The values of those that have variables, in the same order.
    pub values: &'s [SavedValues],
    /// The ids that they had, one for each.
    pub cases: &'s [CaseId],
}

/// What [`Shard::import`] has done.
#[derive(Clone, Copy, Debug, Default)]
pub struct Imported<'s> {
    /// The new ids, one for each saved case that lives now.
    pub cases: &'s [CaseId],
    /// Why the first family behind those does not; `None` if all do.
    pub refused: Option<ImportError>,
}

/// Why a saved case cannot live in a shard. Nothing of its family does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ImportError {
    /// No slot is free.
    NoRoom,
    /// The store holds no program of this build.
    UnknownProgram,
    /// A token stands where the program has no place, or a counter or record does not go with the tokens.
    Damaged,
    /// A variable has no such value, or the values of the case's variables are not there.
    Values,
    /// The case and one that it calls, or that calls it, do not fit together.
    Link,
    /// Nothing could ever happen to it.
    NotAlive,
}

impl fmt::Display for ImportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoRoom => "the shard has no slot free for the saved case",
            Self::UnknownProgram => "the store holds no program of the build that the saved case ran",
            Self::Damaged => "the saved case is damaged: its tokens, counters and records do not go together",
            Self::Values => "the values of the saved case's variables are missing or damaged",
            Self::Link => "the saved case and one that it calls do not fit together",
            Self::NotAlive => "nothing could ever happen to the saved case",
        })
    }
}

impl core::error::Error for ImportError {}

impl Shard {
    /// Writes cases out, with those that they call; they live on. Incidents are not written: the event that met one meets it
    /// again. Apply the events that [`tick`](Self::tick) has yielded first: their timers have fired.
    ///
    /// A case that does not live here, or that another calls, is left out.
    pub fn export<'s>(&self, cases: &[CaseId], scope: &Scope<'s>) -> Exported<'s> {
        let mut saved = scope.vec(cases.len());
        let mut callers: wf_arena::Vec<'s, u32> = scope.vec(1);
        let mut ids: wf_arena::Vec<'s, CaseId> = scope.vec(cases.len());
        let mut values = scope.vec(if self.programs.have_variables() { cases.len() } else { 0 });
        for &case in cases {
            if self.case(case).is_none() || self.caller(case).is_some() {
                continue;
            }
            let first = ids.len();
            ids.push(case);
            callers.clear();
            callers.push(NO_CALLER);
            let mut next = first;
            while let Some(&member) = ids.get(next) {
                let behind = ids.len();
                ids.extend(self.called(member));
                callers.extend(ids[behind..].iter().map(|_| (next - first) as u32));
                saved.extend(self.save(member, callers[next - first], &ids[behind..], behind - first));
                let variables = self.slab.own_variables(member.slot()).tidy();
                let (own, kinds) = variables.parts();
                values.extend((kinds != 0).then_some(SavedValues(own)));
                next += 1;
            }
        }
        Exported { saved: saved.into_slice(), values: values.into_slice(), cases: ids.into_slice() }
    }

    /// One case of a family, with the place of its caller; those that it calls are members already, from a place on.
    fn save(&self, case: CaseId, caller: u32, called: &[CaseId], called_at: usize) -> Option<Saved> {
        let (line, _, row) = self.line_of(case)?;
        let place =
            |slot: u32| called.iter().position(|member| member.slot() == slot).map(|place| called_at + place);
        let mut line = *line;
        for (cell, task) in calls(&line, row, self.programs.cells()) {
            debug_assert!(line.word() >> task & 1 == 1);
            if cell.kind == TASK_CHILDREN {
                // The others follow it, in their order.
                let children = Children::read(&line, cell);
                let first = children.first.map(|slot| place(slot).map(|place| place as u32));
                Children { first: first.map_or(Some(None), |first| first.map(Some))?, ..children }
                    .write(&mut line, cell);
                continue;
            }
            let call = Call::of(cell);
            if let Called::Runs(slot) = call.read(&line) {
                call.write(&mut line, Called::Runs(place(slot)? as u32));
            }
        }
        let (marking, since, assigned) = line.parts();
        Some(Saved {
            build_id: row.build_id,
            marking,
            since,
            caller,
            assigned,
            caller_task: line.caller().map_or(0, |(_, task)| task as u16),
            kinds: line.kinds(),
        })
    }

    /// As [`import_with`](Self::import_with), for cases without variables.
    pub fn import<'s>(&mut self, saved: &[Saved], scope: &Scope<'s>) -> Imported<'s> {
        self.import_with(saved, &[], scope)
    }

    /// Lets saved cases live here, under new ids, until the shard is full or a family cannot; what lives keeps the time
    /// of its last change.
    pub fn import_with<'s>(
        &mut self,
        saved: &[Saved],
        values: &[SavedValues],
        scope: &Scope<'s>,
    ) -> Imported<'s> {
        let mut cases = scope.vec(saved.len());
        let (mut next, mut values, mut known) = (0, values, Known::default());
        let mut refused = None;
        while next < saved.len() {
            let behind = saved[next + 1..].iter().position(|case| case.caller == NO_CALLER);
            let family = &saved[next..behind.map_or(saved.len(), |behind| next + 1 + behind)];
            let lived = cases.len();
            let with_values = family.iter().filter(|case| case.kinds != 0).count();
            let (own, others) = values.split_at(with_values.min(values.len()));
            values = others;
            if let Err(error) = self.import_family(family, own, &mut known, &mut cases) {
                for case in &cases[lived..] {
                    self.slab.release(case.slot());
                }
                cases.truncate(lived);
                refused = Some(error);
                break;
            }
            next += family.len();
        }
        Imported { cases: cases.into_slice(), refused }
    }

    fn import_family(
        &mut self,
        family: &[Saved],
        values: &[SavedValues],
        known: &mut Known,
        cases: &mut wf_arena::Vec<'_, CaseId>,
    ) -> Result<(), ImportError> {
        let mut values_left = values.iter();
        for (place, saved) in family.iter().enumerate() {
            let program = known.find(&self.programs, saved)?;
            self.check(saved, program, place, family)?;
            self.check_values(saved, program, &mut values_left)?;
        }
        let mut values = values.iter();
        let first = cases.len();
        for saved in family {
            let program = known.find(&self.programs, saved)?;
            let slot = self.slab.take_free().ok_or(ImportError::NoRoom)?;
            let line = self.slab.line_mut(slot).unwrap_or_else(|| unreachable!("a slot off the free list"));
            cases.push(CaseId::new(self.id, slot, line.occupy(program.0, saved.since)));
        }
        let slot_of = |place: u32| cases[first + place as usize].slot();
        for (place, saved) in family.iter().enumerate() {
            let mut line = saved.line();
            let program = known.find(&self.programs, saved)?;
            let row = self.programs.row(program.0).ok_or(ImportError::UnknownProgram)?;
            for (cell, task) in calls(&line, row, self.programs.cells()) {
                if cell.kind == TASK_CHILDREN {
                    let children = Children::read(&line, cell);
                    Children { first: children.first.map(slot_of), ..children }.write(&mut line, cell);
                    let mut behind = None;
                    let first = children.first.unwrap_or(0);
                    for member in
                        (first..first + instances(family, &children, place, task).len() as u32).rev()
                    {
                        self.slab.put_before(slot_of(member), behind);
                        behind = Some(slot_of(member));
                    }
                    continue;
                }
                let call = Call::of(cell);
                if let Called::Runs(place) = call.read(&line) {
                    call.write(&mut line, Called::Runs(slot_of(place)));
                }
            }
            let (marking, since, assigned) = line.parts();
            let Some(own) = self.slab.line_mut(slot_of(place as u32)) else { continue };
            own.set_parts(marking, since, assigned);
            if saved.kinds != 0
                && let Some(&SavedValues(values)) = values.next()
            {
                let variables = Variables::from_parts(values, saved.kinds);
                if !self.slab.set_variables(slot_of(place as u32), &variables) {
                    return Err(ImportError::NoRoom);
                }
            }
            let Some(own) = self.slab.line_mut(slot_of(place as u32)) else { continue };
            if saved.caller != NO_CALLER {
                let is_within = family
                    .get(saved.caller as usize)
                    .is_some_and(|caller| is_within(&self.programs, caller, saved.caller_task));
                own.set_caller(slot_of(saved.caller), usize::from(saved.caller_task), is_within);
            }
            self.rearm(cases[first + place]);
        }
        Ok(())
    }

    /// Whether a case's variables have values that its program can have given them.
    fn check_values<'v>(
        &self,
        saved: &Saved,
        program: ProgramId,
        values: &mut impl Iterator<Item = &'v SavedValues>,
    ) -> Result<(), ImportError> {
        if saved.kinds == 0 {
            return Ok(());
        }
        let row = self.programs.row(program.0).ok_or(ImportError::UnknownProgram)?;
        let SavedValues(values) = values.next().ok_or(ImportError::Values)?;
        let are_valid = Variables::from_parts(*values, saved.kinds).are_valid(usize::from(row.variables));
        if are_valid { Ok(()) } else { Err(ImportError::Values) }
    }

    /// Whether the bytes are a case of a program of this store.
    fn check(
        &self,
        saved: &Saved,
        program: ProgramId,
        place: usize,
        family: &[Saved],
    ) -> Result<(), ImportError> {
        let row = self.programs.row(program.0).ok_or(ImportError::UnknownProgram)?;
        let cells = self.programs.cells();
        let line = saved.line();
        let items = Items::new(&line, row, cells);
        if !tokens_fit(&items, row) || !records_fit(&items, row, cells) {
            return Err(ImportError::Damaged);
        }
        let runs = |cell: &TaskCell, other: &Saved| {
            let called = self.programs.called[row.calls + usize::from(cell.call)].program;
            self.programs.by_build_id(other.build_id) == Some(ProgramId(called))
        };
        let call_fits = |(cell, task): (&TaskCell, usize)| match Call::of(cell).read(&line) {
            _ if cell.kind == TASK_CHILDREN => {
                let children = Children::read(&line, cell);
                let members = instances(family, &children, place, task);
                let fits = members.iter().all(|other| {
                    // What is a part of a case has no variables of its own.
                    runs(cell, other) && (cell.start == NO_START || other.kinds == 0)
                });
                fits && members.len() <= usize::from(children.begun - children.done)
                    && children.first.is_none() == members.is_empty()
            }
            Called::Runs(called) => family.get(called as usize).is_some_and(|other| {
                (other.caller as usize, usize::from(other.caller_task)) == (place, task) && runs(cell, other)
            }),
            Called::Stuck | Called::Returned => true,
            Called::Due => false,
        };
        let calls_fit = calls(&line, row, cells).all(call_fits);
        let caller_fits = match family.get(saved.caller as usize) {
            None => saved.caller == NO_CALLER && place == 0,
            Some(caller) => (saved.caller as usize) < place && self.calls_place(caller, family, place),
        };
        if !calls_fit || !caller_fits {
            return Err(ImportError::Link);
        }
        if items.is_alive(row.enabled) { Ok(()) } else { Err(ImportError::NotAlive) }
    }

    /// Whether a saved case calls the one at a place of its family, behind its own, by the task that is named there.
    fn calls_place(&self, caller: &Saved, family: &[Saved], place: usize) -> bool {
        let task = family[place].caller_task;
        let program = self.programs.by_build_id(caller.build_id);
        let Some(row) = program.and_then(|program| self.programs.row(program.0)) else { return false };
        let line = caller.line();
        calls(&line, row, self.programs.cells()).any(|(cell, own)| {
            let runs = || Call::of(cell).read(&line) == Called::Runs(place as u32);
            // One of several instances follows the one before it, so that none is apart from the first.
            let is_instance = || {
                let [before, it] = [&family[place - 1], &family[place]];
                Children::read(&line, cell).first == Some(place as u32)
                    || (before.caller, before.caller_task) == (it.caller, it.caller_task)
            };
            own == usize::from(task) && if cell.kind == TASK_CHILDREN { is_instance() } else { runs() }
        })
    }
}

/// The members of a family that are instances of a task of the one at a place: one behind the other.
fn instances<'f>(family: &'f [Saved], children: &Children, place: usize, task: usize) -> &'f [Saved] {
    let is_one = |saved: &&Saved| (saved.caller as usize, usize::from(saved.caller_task)) == (place, task);
    let from = children.first.and_then(|first| family.get(first as usize..)).unwrap_or(&[]);
    &from[..from.iter().take_while(is_one).count()]
}

/// Whether the instances of a task of a saved case are parts of it.
fn is_within(programs: &Programs, caller: &Saved, task: u16) -> bool {
    let program = programs.by_build_id(caller.build_id);
    let Some(row) = program.and_then(|program| programs.row(program.0)) else { return false };
    let cell = programs.cells().tasks(row).get(usize::from(task));
    cell.is_some_and(|cell| cell.kind == TASK_CHILDREN && cell.start != NO_START)
}

/// The program that was found last: saved cases of one program tend to follow each other.
#[derive(Default)]
struct Known(Option<(u64, ProgramId)>);

impl Known {
    fn find(&mut self, programs: &Programs, saved: &Saved) -> Result<ProgramId, ImportError> {
        if let Some((build_id, program)) = self.0
            && build_id == saved.build_id
        {
            return Ok(program);
        }
        let program = programs.by_build_id(saved.build_id).ok_or(ImportError::UnknownProgram)?;
        self.0 = Some((saved.build_id, program));
        Ok(program)
    }
}

impl Saved {
    /// The line of the case, outside any shard.
    fn line(&self) -> Line {
        let mut line = Line::EMPTY;
        line.set_parts(self.marking, self.since, self.assigned);
        line
    }
}

/// The cells and numbers of the calls that hold a token.
fn calls<'p>(
    line: &Line,
    row: &Row,
    cells: Cells<'p>,
) -> impl Iterator<Item = (&'p TaskCell, usize)> + use<'p> {
    let tasks = if row.is_general { cells.tasks(row) } else { &[] };
    let marked = bits(line.word() & row.enabled);
    marked.filter_map(move |task| tasks.get(task).filter(|cell| cell.calls()).map(|cell| (cell, task)))
}

/// Whether every token stands at a place of the program, each counter goes with its bit, and no task runs more often than
/// it has tokens.
fn tokens_fit(items: &Items<'_>, row: &Row) -> bool {
    let below = |bits: usize| if bits < 128 { (1u128 << bits) - 1 } else { u128::MAX };
    let whole = |marking: Marking| u128::from(marking[0]) | u128::from(marking[1]) << 64;
    let (marking, tasks) = (whole(items.line.marking()), items.tasks);
    let running = marking >> tasks & below(tasks);
    if marking & !below(usize::from(row.places)) != 0 || running & !marking != 0 {
        return false;
    }
    let mut counted = whole(row.counted);
    while counted != 0 {
        let place = counted.trailing_zeros() as usize;
        counted &= counted - 1;
        let task = if place < tasks { place } else { place.saturating_sub(tasks) };
        let runs_too_often = place < 2 * tasks && items.running(task) > items.tokens(task);
        if (marking >> place & 1 == 1) != (items.tokens(place) > 0) || runs_too_often {
            return false;
        }
    }
    items.line.end() == NOT_ENDED
}

/// Whether the records of instances and calls go with the tokens, and every byte that nothing uses is zero.
fn records_fit(items: &Items<'_>, row: &Row, cells: Cells<'_>) -> bool {
    let (_, _, assigned) = items.line.parts();
    let mut used = usize::from(row.counters);
    if row.is_tokens {
        return assigned[used.min(assigned.len())..].iter().all(|&byte| byte == 0);
    }
    for (task, cell) in cells.tasks(row).iter().enumerate() {
        used += cell.record_bytes();
        if task >= items.tasks {
            continue;
        }
        let has_token = items.tokens(task) > 0;
        match cell.kind {
            TASK_INSTANCES => {
                let (record, line) = (Record::of(cell), items.line);
                let (instances, created, done) = (record.read(line), record.created(line), record.done(line));
                let below = u64::MAX.checked_shr(64u32.saturating_sub(created.into())).unwrap_or(0);
                let fits = instances.open & !below == 0
                    && instances.begun & !instances.open == 0
                    && u16::from(created) <= cell.most
                    && u32::from(done) + instances.open.count_ones() == u32::from(created)
                    && has_token == (instances.open != 0)
                    && (has_token || created == 0);
                if !fits {
                    return false;
                }
            }
            TASK_CHILDREN => {
                let children = Children::read(items.line, cell);
                let fits = children.done <= children.begun
                    && children.begun <= children.created
                    && children.created <= cell.most
                    && has_token == (children.created > 0)
                    && (has_token || children == Children::default());
                if !fits {
                    return false;
                }
            }
            TASK_CALL if !has_token && Call::of(cell).read(items.line) != Called::Due => return false,
            _ => {}
        }
    }
    assigned[used.min(assigned.len())..].iter().all(|&byte| byte == 0)
}
