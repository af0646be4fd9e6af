//! The table of programs: for each its place in the store, checked when it is first used.

mod cells;
mod draft;
mod names;

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::OnceLock;

use wf_mmap::{Key, Store};
use wf_net::image::{FLAG_GENERAL, FLAG_MERGES, Header, NO_START};
use wf_net::{ANY_ERROR, ImageError, Outline, Program};
use zerocopy::FromBytes;

use crate::error::EngineError;
use crate::line::Marking;
use crate::messages::Messages;
use crate::plain::{Form, Hot};
pub(crate) use cells::Cells;
use draft::Draft;
use names::Names;

/// Number of a program in its engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProgramId(pub u32);

/// Where the parts of a program stand in the store's cells.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    /// First cell of the image.
    pub(crate) header: usize,
    /// Cell of the op of route 0 and outcome 0.
    pub(crate) ops: usize,
    /// First of the task cells, if there are any.
    pub(crate) task_cells: usize,
    /// First of the cubes of merges.
    pub(crate) cubes: usize,
    pub(crate) cube_count: usize,
    /// First of the program's numbers in the list of called programs.
    pub(crate) calls: usize,
    pub(crate) interrupts: u16,
    /// Whether steps are found out by comparing the case before and after.
    pub(crate) is_general: bool,
    /// Whether time brings an interrupt.
    pub(crate) has_interrupt_timers: bool,
    /// Whether a merge looks at the whole case.
    pub(crate) has_merges: bool,
    /// Bits of the marking in use, and bytes of counters.
    pub(crate) places: u16,
    pub(crate) counters: u16,
    /// Bits of the places that have a counter.
    pub(crate) counted: Marking,
    /// Whether every task is a token and no more, so that no record is kept.
    pub(crate) is_tokens: bool,
    pub(crate) build_id: u64,
    /// Bits of what may be left of a case that has ended well.
    pub(crate) residue: Marking,
    /// First code of the scripts, counted from the store's first cell.
    pub(crate) codes: usize,
    pub(crate) tasks: u16,
    pub(crate) starts: u16,
    /// Of these, the first ones, at which a case starts that no other one has as an instance.
    pub(crate) open_starts: u16,
    pub(crate) shift: u8,
    /// How many ops further that of the next outcome stands.
    pub(crate) stride: isize,
    pub(crate) form: Form,
    /// First code of the conditions, counted from the store's first cell.
    pub(crate) guards: usize,
    pub(crate) guard_codes: usize,
    /// First cell of the constants.
    pub(crate) constants: usize,
    pub(crate) constant_count: usize,
    /// Variables of a case.
    pub(crate) variables: u16,
    /// Work items that a step is expected to add at most.
    pub(crate) fanout: usize,
    pub(crate) enabled: u64,
}

impl Row {
    /// Whether an event can name this task or interrupt.
    pub(crate) const fn has_route(&self, route: u16) -> bool {
        let behind = self.tasks + self.starts;
        route < self.tasks || (route >= behind && route < behind + self.interrupts)
    }

    /// The cell that is looked at for the op of an outcome, whatever stands there.
    const fn place(&self, route: u16, outcome: u8) -> usize {
        let outcome = outcome & ((1u16 << self.shift) - 1) as u8;
        let number = route as isize + outcome as isize * self.stride;
        self.ops.wrapping_add_signed(number * self.form.cells() as isize)
    }

    /// The routes of tasks, starts and interrupts.
    pub(crate) const fn routes(&self) -> u16 {
        self.tasks + self.starts + self.interrupts
    }
}

/// What a call runs.
#[derive(Debug)]
pub(crate) struct CalledProgram {
    pub(crate) program: u32,
    /// Variables of the same name, of the caller and of the called.
    pub(crate) shared: Vec<(u16, u16)>,
    /// Errors of the called among its messages, and the caller's interrupts that catch them: of a name before those of any.
    pub(crate) errors: Vec<(u16, u16)>,
}

/// Errors that a program knows, with their numbers, and the interrupts that catch them.
#[derive(Debug)]
struct Failures {
    known: Vec<(String, u16)>,
    caught: Vec<(String, u16)>,
}

impl Failures {
    fn new(names: &wf_net::Names) -> Self {
        let is_error = |name: &&String| name.starts_with(ANY_ERROR);
        let known = names.messages.iter().zip(0u16..).filter(|(name, _)| is_error(name));
        let first = names.tasks.len() + names.starts.len();
        let caught = names.catches.iter().filter_map(|catch| {
            let name = &names.messages[usize::from(catch.message)];
            let interrupt = usize::from(catch.route).checked_sub(first)?;
            is_error(&name).then(|| (name.clone(), interrupt as u16))
        });
        Self { known: known.map(|(name, number)| (name.clone(), number)).collect(), caught: caught.collect() }
    }
}

/// Errors of a called program, and what catches each in its caller.
fn errors_between(called: &Failures, caller: &Failures) -> Vec<(u16, u16)> {
    let mut errors = Vec::new();
    for (error, number) in &called.known {
        for name in [error.as_str(), ANY_ERROR] {
            let caught = caller.caught.iter().filter(|(other, _)| other == name);
            errors.extend(caught.map(|&(_, own)| (*number, own)));
        }
    }
    errors
}

/// Empty until a program is first used; then what was found.
type FirstUse = OnceLock<Result<Box<Checked>, ImageError>>;

/// All programs of one store.
#[derive(Debug)]
pub(crate) struct Programs {
    pub(crate) store: Store,
    names: Names,
    /// For each program the first cell of its image, in order.
    firsts: Box<[u32]>,
    /// What was found when a program was first used: then it is checked.
    checked: Box<[FirstUse]>,
    /// What the plain path needs of each, from headers that were checked.
    pub(crate) hots: Vec<Hot>,
    /// What calls run, in the order of each program's calls.
    pub(crate) called: Vec<CalledProgram>,
    tasks_max: usize,
    have_quiet: bool,
    timers_max: usize,
    have_variables: bool,
    have_children: bool,
    /// Names of messages, and what each program does with them.
    pub(crate) messages: Messages,
    /// Build ids with their programs, in order; made when first asked for.
    build_ids: OnceLock<Box<[(u64, ProgramId)]>>,
}

/// A program that was checked, with what is kept of its names.
#[derive(Debug)]
pub(crate) struct Checked {
    pub(crate) row: Row,
    variables: Vec<String>,
    /// Its sets of control-flow patterns.
    pub(crate) patterns: Vec<u64>,
}

impl Programs {
    pub(crate) fn load(store: Store) -> Result<Self, EngineError> {
        let draft = Draft::read(&store)?;
        if draft.hots.is_empty() {
            return Err(EngineError::Empty);
        }
        let Draft { names, firsts, hots, messages, callers, timers_max, have_variables, have_children } =
            draft;
        let checked = core::iter::repeat_with(OnceLock::new).take(hots.len()).collect();
        let mut programs = Self {
            names: names.finish(),
            firsts: firsts.into(),
            checked,
            hots,
            called: Vec::new(),
            tasks_max: 0,
            have_quiet: false,
            timers_max,
            have_variables,
            have_children,
            messages: messages.finish()?,
            build_ids: OnceLock::new(),
            store,
        };
        programs.link(&callers)?;
        Ok(programs)
    }

    /// Checks the programs that call others, and those that they call.
    fn link(&mut self, callers: &[u32]) -> Result<(), EngineError> {
        let mut linked: BTreeMap<u32, (Row, wf_net::Names)> = BTreeMap::new();
        let mut calls: Vec<(u32, String, Option<u16>)> = Vec::new();
        for &caller in callers {
            let (mut row, names) = self.check_image(caller).map_err(|error| self.refused(caller, error))?;
            row.calls = calls.len();
            let starts = self.cells().tasks(&row).iter().filter(|cell| cell.calls());
            let starts = starts.map(|cell| (cell.start != NO_START).then_some(cell.start));
            calls.extend(
                names.calls.iter().zip(starts).map(|(called, start)| (caller, called.clone(), start)),
            );
            linked.insert(caller, (row, names));
        }
        for (caller, name, start) in calls {
            let called = self.id(&name).ok_or_else(|| self.no_call(caller, &name))?;
            if let Entry::Vacant(place) = linked.entry(called) {
                place.insert(self.check_image(called).map_err(|error| self.refused(called, error))?);
            }
            let (theirs, ours) = (&linked[&called].1, &linked[&caller].1);
            if !is_callable(theirs, start.unwrap_or(0)) {
                return Err(self.no_call(caller, &name));
            }
            let place = |name: &String| theirs.variables.iter().position(|other| other == name);
            let shared =
                (0u16..).zip(&ours.variables).filter_map(|(from, name)| Some((from, place(name)? as u16)));
            let errors = errors_between(&Failures::new(theirs), &Failures::new(ours));
            self.called.push(CalledProgram { program: called, shared: shared.collect(), errors });
            // The end of a case that was called is the business of its caller: no plain step ends it. Of what is a part of
            // the same case the compiler sees to that.
            if start.is_none() {
                self.hots[called as usize].close();
            }
            if let Some((row, _)) = linked.get_mut(&called) {
                row.is_general = true;
            }
        }
        for (program, (row, names)) in linked {
            let checked = Checked { row, variables: names.variables, patterns: names.patterns };
            self.checked[program as usize] = OnceLock::from(Ok(Box::new(checked)));
        }
        self.tasks_max = self.hots.iter().map(Hot::tasks).max().unwrap_or(0);
        self.have_quiet = self.hots.iter().any(|hot| hot.is_general && hot.form().is_some());
        Ok(())
    }

    fn no_call(&self, caller: u32, called: &str) -> EngineError {
        let caller = self.name(caller).unwrap_or_default().to_owned();
        EngineError::Call { caller, called: called.to_owned() }
    }

    fn refused(&self, program: u32, error: ImageError) -> EngineError {
        EngineError::Program { key: self.name(program).unwrap_or_default().to_owned(), error }
    }

    /// How many there are.
    pub(crate) fn len(&self) -> u32 {
        self.firsts.len() as u32
    }

    pub(crate) fn name(&self, program: u32) -> Option<&str> {
        self.names.get(program)
    }

    /// The number of a program: where its image stands says which it is.
    pub(crate) fn id(&self, name: &str) -> Option<u32> {
        let first = u32::try_from(self.store.cell_range(Key::Str(name)).ok()??.start).ok()?;
        self.firsts.binary_search(&first).ok().map(|program| program as u32)
    }

    /// Where the parts of a program stand; `None` if there is none of this number, or it is not valid.
    #[inline]
    pub(crate) fn row(&self, program: u32) -> Option<&Row> {
        self.checked(program).map(|checked| &checked.row)
    }

    /// A program, checked now if it never was.
    #[inline]
    pub(crate) fn checked(&self, program: u32) -> Option<&Checked> {
        match self.checked.get(program as usize)?.get() {
            Some(Ok(checked)) => Some(checked),
            _ => self.first_use(program).ok(),
        }
    }

    /// A program that was used before, and is valid.
    pub(crate) fn used(&self, program: u32) -> Option<&Checked> {
        self.checked.get(program as usize)?.get()?.as_deref().ok()
    }

    /// Checks a program that exists, if it never was.
    #[cold]
    #[inline(never)]
    fn first_use(&self, program: u32) -> Result<&Checked, ImageError> {
        let check = || {
            let (row, names) = self.check_image(program)?;
            Ok(Box::new(Checked { row, variables: names.variables, patterns: names.patterns }))
        };
        self.checked[program as usize].get_or_init(check).as_deref().map_err(|error| *error)
    }

    /// As [`first_use`](Self::first_use), with what is wrong and the name of the program.
    pub(crate) fn check(&self, program: u32) -> Result<(), EngineError> {
        if program >= self.len() {
            return Ok(());
        }
        self.first_use(program).map(drop).map_err(|error| self.refused(program, error))
    }

    /// Checks an image, whatever was found before.
    fn check_image(&self, program: u32) -> Result<(Row, wf_net::Names), ImageError> {
        let (first, bytes) = self.image(program).ok_or(ImageError::NotAnImage)?;
        let (program, names) = Outline::read(bytes)?.check()?;
        Ok((row(&program, first, 0), names))
    }

    /// The first cell of an image, and its bytes.
    fn image(&self, program: u32) -> Option<(usize, &[u8])> {
        let first = *self.firsts.get(program as usize)? as usize;
        let (header, _) = Header::ref_from_prefix(self.store.cells().get(first..)?.as_flattened()).ok()?;
        let cells = self.store.cells().get(first..)?.get(..header.cells as usize)?;
        Some((first, cells.as_flattened()))
    }

    /// Whether any program asks for data.
    pub(crate) const fn have_variables(&self) -> bool {
        self.have_variables
    }

    /// Whether instances of any program are cases of their own.
    pub(crate) const fn have_children(&self) -> bool {
        self.have_children
    }

    /// Most timers of a case.
    pub(crate) const fn timers_max(&self) -> usize {
        self.timers_max
    }

    /// Whether plain steps can leave a case alive that has no plain task.
    #[inline]
    pub(crate) const fn have_quiet(&self) -> bool {
        self.have_quiet
    }

    /// Most tasks of a program: work items that a plain step can add.
    pub(crate) const fn tasks_max(&self) -> usize {
        self.tasks_max
    }

    /// Number of a variable of a program.
    pub(crate) fn variable(&self, program: ProgramId, name: &str) -> Option<u16> {
        let variables = &self.checked(program.0)?.variables;
        variables.iter().position(|other| other == name).map(|at| at as u16)
    }

    /// The program of a build.
    pub(crate) fn by_build_id(&self, build_id: u64) -> Option<ProgramId> {
        let all = self.build_ids.get_or_init(|| {
            let of_image =
                |bytes: &[u8]| Header::ref_from_prefix(bytes).ok().map(|(header, _)| header.build_id);
            let ids = (0..self.len()).filter_map(|id| Some((of_image(self.image(id)?.1)?, ProgramId(id))));
            let mut ids: Box<[_]> = ids.collect();
            ids.sort_unstable();
            ids
        });
        // Headers are not checked yet: an image may claim another's id.
        let first = all.partition_point(|&(id, _)| id < build_id);
        let same = all[first..].iter().take_while(|&&(id, _)| id == build_id);
        same.map(|&(_, program)| program).find(|program| self.checked(program.0).is_some())
    }

    /// The program's image, read again for its names.
    pub(crate) fn names(&self, program: ProgramId) -> Option<wf_net::Names> {
        self.check_image(program.0).ok().map(|(_, names)| names)
    }

    /// The store's cells as words: cast once a batch, so that an op costs one bounds-checked index.
    #[inline]
    pub(crate) fn cells(&self) -> Cells<'_> {
        let bytes = self.store.cells().as_flattened();
        let cells = <[[u64; 8]]>::ref_from_bytes(bytes);
        Cells { cells: cells.unwrap_or_else(|_| unreachable!("a store's cells begin on a 64-byte boundary")) }
    }
}

/// A call says nothing of decisions, so those behind the start must be the data's.
fn is_callable(names: &wf_net::Names, start: u16) -> bool {
    let decisions = &names.route_decisions[names.tasks.len() + usize::from(start)];
    decisions.iter().all(|&decision| names.decisions[decision].is_guarded())
}

fn row(program: &Program<'_>, first: usize, calls: usize) -> Row {
    let header = program.header();
    let tasks = usize::from(header.tasks);
    Row {
        header: first,
        ops: first + header.ops_at as usize,
        task_cells: first + header.tasks_at as usize,
        cubes: first + header.cubes_at as usize,
        cube_count: header.cubes as usize,
        calls,
        interrupts: header.interrupts,
        is_general: header.flags & FLAG_GENERAL != 0,
        has_interrupt_timers: (tasks..tasks + usize::from(header.interrupts))
            .any(|index| program.task(index).is_timer()),
        has_merges: header.merges > 0,
        places: header.places,
        counters: header.counters,
        counted: header.counted_mask,
        is_tokens: header.flags & FLAG_GENERAL == 0,
        build_id: header.build_id,
        residue: header.residue_mask,
        codes: (first + header.scripts_at as usize) * 32,
        guards: (first + header.guards_at as usize) * 32,
        guard_codes: header.guard_codes as usize,
        constants: first + header.constants_at as usize,
        constant_count: header.constants as usize,
        variables: header.variables as u16,
        tasks: header.tasks,
        starts: header.starts,
        open_starts: (0..tasks)
            .map(|task| program.task(task).start)
            .min()
            .unwrap_or(NO_START)
            .min(header.starts),
        shift: header.shift,
        stride: header.stride.into(),
        form: form(header),
        fanout: program.fanout_max(),
        enabled: header.enabled_mask,
    }
}

fn form(header: &Header) -> Form {
    match (header.words, header.flags & FLAG_MERGES) {
        (1, 0) => Form::One,
        (1, _) => Form::Merges,
        _ => Form::Two,
    }
}
