//! The table of programs: for each its place in the store, checked when loaded.

use std::collections::HashSet;

use wf_mmap::{Key, Store};
use wf_net::guard::Guards;
use wf_net::image::{
    CELL_BYTES, ConstantCell, CubeCell, FLAG_GENERAL, FLAG_MERGES, FLAG_QUIET, Header, Op1, Op2, OpMeta,
    PLACES_MAX, TaskCell,
};
use wf_net::{ANY_ERROR, Names, Program};
use wf_registry::{Frozen, Registry};
use zerocopy::{FromBytes, IntoBytes, transmute_ref};

use crate::error::EngineError;
use crate::line::{CounterOf, Marking};
use crate::messages::Messages;
use crate::plain::{Form, Hot};

/// Number of a program in its engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProgramId(pub u32);

/// Where the parts of a program stand in the store's cells.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    /// First cell of the image.
    pub(crate) header: usize,
    /// First cell of the ops.
    pub(crate) ops: usize,
    /// First of the task cells.
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
    /// Of a general program, whether some steps are masks all the same.
    pub(crate) is_quiet: bool,
    /// Whether every task is a token and no more, so that no record is kept.
    pub(crate) is_tokens: bool,
    pub(crate) build_id: u64,
    /// Bits of what may be left of a case that has ended well.
    pub(crate) residue: Marking,
    /// First code of the scripts, counted from the store's first cell.
    pub(crate) codes: usize,
    pub(crate) tasks: u16,
    pub(crate) starts: u16,
    pub(crate) shift: u8,
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
    /// Of these, the tasks that are a token and no more.
    pub(crate) calm: u64,
}

impl Row {
    /// Number of an op among the program's: (route, outcome) for outcomes that have an op of their own.
    pub(crate) const fn op_index(&self, route: u16, outcome: u8) -> usize {
        let mask = (1usize << self.shift) - 1;
        (route as usize) << self.shift | (outcome as usize & mask)
    }

    /// What the plain path needs. The end of a case that was called is the business of its caller: no plain step ends it.
    fn hot(&self, is_called: bool) -> Result<Hot, EngineError> {
        let narrow = |number: usize| u32::try_from(number).map_err(|_| EngineError::TooManyPrograms);
        let is_plain = !is_called && (!self.is_general || self.is_quiet);
        let form = is_plain.then_some(self.form);
        Ok(Hot::new(narrow(self.ops)?, self.shift, (self.tasks, self.calm), self.is_general, form))
    }

    /// Whether an event can name this task or interrupt.
    pub(crate) const fn has_route(&self, route: u16) -> bool {
        let behind = self.tasks + self.starts;
        route < self.tasks || (route >= behind && route < behind + self.interrupts)
    }

    /// The cell of an op, by its number among the program's; also the place of its count.
    pub(crate) const fn cell(&self, index: usize) -> usize {
        self.ops + index * self.form.cells()
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
    fn new(names: &Names) -> Self {
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

/// All programs of one store.
#[derive(Debug)]
pub(crate) struct Programs {
    pub(crate) store: Store,
    pub(crate) rows: Frozen<Row>,
    /// What the plain path needs of each.
    pub(crate) hots: Vec<Hot>,
    /// What calls run, in the order of each program's calls.
    pub(crate) called: Vec<CalledProgram>,
    tasks_max: usize,
    /// Names of the variables of each program.
    variables: Vec<Vec<String>>,
    /// For each program its sets of control-flow patterns.
    pub(crate) patterns: Vec<Vec<u64>>,
    /// Names of messages, and what each program does with them.
    pub(crate) messages: Messages,
    /// Build ids with their programs, in order.
    build_ids: Vec<(u64, ProgramId)>,
}

impl Programs {
    pub(crate) fn load(store: Store) -> Result<Self, EngineError> {
        let mut loaded: Vec<(String, Row, Names)> = Vec::new();
        // Of each call: who calls, and what.
        let mut calls: Vec<(String, String)> = Vec::new();
        for entry in store.iter() {
            let (key, image) = entry?;
            let Key::Str(name) = key else { return Err(EngineError::Key) };
            let in_program = |error| EngineError::Program { key: name.to_owned(), error };
            let (program, names) = Program::parse_named(image).map_err(in_program)?;
            let cells = store.cell_range(key)?.ok_or(EngineError::Key)?;
            let row = row(&program, cells.start, calls.len());
            calls.extend(names.calls.iter().map(|called| (name.to_owned(), called.clone())));
            loaded.push((name.to_owned(), row, names));
        }
        if loaded.is_empty() {
            return Err(EngineError::Empty);
        }
        let messages = Messages::new(loaded.iter().map(|(_, _, names)| names))?;
        let is_called: HashSet<&str> = calls.iter().map(|(_, called)| called.as_str()).collect();
        let (mut rows, mut hots, mut build_ids) = (Registry::new(), Vec::new(), Vec::new());
        let (mut variables, mut callable, mut patterns) = (Vec::new(), Vec::new(), Vec::new());
        let mut failures = Vec::new();
        for (name, mut row, names) in loaded {
            let is_called = is_called.contains(name.as_str());
            row.is_general |= is_called;
            callable.push(is_callable(&names));
            failures.push(Failures::new(&names));
            variables.push(names.variables);
            patterns.push(names.patterns);
            build_ids.push((row.build_id, ProgramId(build_ids.len() as u32)));
            hots.push(row.hot(is_called)?);
            rows.register(&name, row).map_err(|_| EngineError::TooManyPrograms)?;
        }
        build_ids.sort_unstable();
        let rows = rows.freeze();
        let mut called = Vec::new();
        for (caller, name) in calls {
            let own = rows.id(&caller).map_or(&[][..], |id| &variables[id as usize]);
            let Some(program) = rows.id(&name).filter(|&id| callable[id as usize]) else {
                return Err(EngineError::Call { caller, called: name });
            };
            let theirs = &variables[program as usize];
            let place = |name: &String| theirs.iter().position(|other| other == name);
            let shared = (0u16..).zip(own).filter_map(|(from, name)| Some((from, place(name)? as u16)));
            let errors = rows
                .id(&caller)
                .map_or(Vec::new(), |id| errors_between(&failures[program as usize], &failures[id as usize]));
            called.push(CalledProgram { program, shared: shared.collect(), errors });
        }
        let tasks_max = hots.iter().map(Hot::tasks).max().unwrap_or(0);
        Ok(Self { store, rows, hots, called, tasks_max, variables, patterns, messages, build_ids })
    }

    /// Whether any program asks for data.
    pub(crate) fn have_variables(&self) -> bool {
        self.variables.iter().any(|variables| !variables.is_empty())
    }

    /// Most timers of a case.
    pub(crate) fn timers_max(&self) -> usize {
        let rows = (0..self.rows.len() as u32).filter_map(|program| self.rows.get(program));
        rows.map(|row| self.cells().tasks(row).iter().filter(|cell| cell.is_timer()).count())
            .max()
            .unwrap_or(0)
    }

    /// Most tasks of a program: work items that a plain step can add.
    pub(crate) const fn tasks_max(&self) -> usize {
        self.tasks_max
    }

    /// Number of a variable of a program.
    pub(crate) fn variable(&self, program: ProgramId, name: &str) -> Option<u16> {
        let variables = self.variables.get(program.0 as usize)?;
        variables.iter().position(|other| other == name).map(|at| at as u16)
    }

    /// The program of a build.
    pub(crate) fn by_build_id(&self, build_id: u64) -> Option<ProgramId> {
        let at = self.build_ids.binary_search_by_key(&build_id, |&(id, _)| id).ok()?;
        Some(self.build_ids[at].1)
    }

    /// The program's image, read again for its names.
    pub(crate) fn names(&self, program: ProgramId) -> Option<Names> {
        let name = self.rows.name(program.0)?;
        let image = self.store.get(Key::Str(name)).ok()??;
        Program::parse(image).ok()?.names().ok()
    }

    /// The store's cells as words: cast once a batch, so that an op costs one bounds-checked index.
    #[inline]
    pub(crate) fn cells(&self) -> Cells<'_> {
        let bytes = self.store.cells().as_flattened();
        let cells = <[[u64; 8]]>::ref_from_bytes(bytes);
        Cells { cells: cells.unwrap_or_else(|_| unreachable!("a store's cells begin on a 64-byte boundary")) }
    }
}

/// A call says nothing of decisions, so those behind the first start must be the data's.
fn is_callable(names: &Names) -> bool {
    let decisions = &names.route_decisions[names.tasks.len()];
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
        is_quiet: header.flags & FLAG_QUIET != 0,
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
        shift: header.shift,
        form: match (header.words, header.flags & FLAG_MERGES) {
            (1, 0) => Form::One,
            (1, _) => Form::Merges,
            _ => Form::Two,
        },
        fanout: program.fanout_max(),
        enabled: header.enabled_mask,
        calm: (0..tasks).filter(|&task| program.task(task).is_calm()).fold(0, |calm, task| calm | 1 << task),
    }
}

/// The store's cells, seen as what the images in them hold.
#[derive(Clone, Copy)]
pub(crate) struct Cells<'p> {
    cells: &'p [[u64; 8]],
}

impl<'p> Cells<'p> {
    /// What an op is about, by its number among the program's.
    pub(crate) fn meta(&self, row: &Row, index: usize) -> &'p OpMeta {
        let at = row.cell(index);
        match row.form {
            Form::Two => {
                let pair: &'p [[u64; 8]; 2] =
                    self.cells[at..].first_chunk().unwrap_or_else(|| unreachable!("checked image"));
                let op: &'p Op2 = transmute_ref!(pair);
                &op.meta
            }
            // At the same place in both one-word forms.
            _ => {
                let op: &'p Op1 = transmute_ref!(&self.cells[at]);
                &op.meta
            }
        }
    }

    pub(crate) const fn all(&self) -> &'p [[u64; 8]] {
        self.cells
    }

    /// What is kept of the tasks and interrupts of a program.
    pub(crate) fn tasks(&self, row: &Row) -> &'p [TaskCell] {
        self.of(row.task_cells, usize::from(row.tasks) + usize::from(row.interrupts))
    }

    pub(crate) fn cubes(&self, row: &Row) -> &'p [CubeCell] {
        self.of(row.cubes, row.cube_count)
    }

    /// The conditions of a program.
    pub(crate) fn guards(&self, row: &Row) -> Guards<'p> {
        let constants = row.constant_count.div_ceil(CELL_BYTES / size_of::<ConstantCell>());
        let constants = self.cells[row.constants..row.constants + constants].as_bytes();
        let constants = <[ConstantCell]>::ref_from_bytes(constants)
            .unwrap_or_else(|_| unreachable!("whole constants on their boundary"));
        Guards::new(&self.codes()[row.guards..row.guards + row.guard_codes], constants)
    }

    fn of<T: FromBytes + zerocopy::Immutable + zerocopy::KnownLayout>(
        &self,
        at: usize,
        count: usize,
    ) -> &'p [T] {
        let bytes = self.cells[at..at + count].as_bytes();
        <[T]>::ref_from_bytes(bytes).unwrap_or_else(|_| unreachable!("whole cells on their boundary"))
    }

    pub(crate) fn codes(&self) -> &'p [u16] {
        <[u16]>::ref_from_bytes(self.cells.as_bytes())
            .unwrap_or_else(|_| unreachable!("words are pairs of codes"))
    }

    pub(crate) fn counter_of(&self, row: &Row) -> &'p CounterOf {
        const { assert!(core::mem::offset_of!(Header, counter_of) == 128 && PLACES_MAX == 128) };
        let pair: &'p [[u64; 8]; 2] =
            self.cells[row.header + 2..].first_chunk().unwrap_or_else(|| unreachable!("checked image"));
        transmute_ref!(pair)
    }
}
