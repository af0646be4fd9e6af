//! Questions about the cases of a shard, answered from their lines.

use core::ops::Range;

use wf_arena::Scope;
use wf_net::image::{TASK_CALL, TASK_CHILDREN, TaskCell};
use wf_simd::{count_masked_rows, match_indices_rows};

use crate::advance::bits;
use crate::items::{Call, Called, Children, Items};
use crate::line::{ENABLED_WORD, Line};
use crate::programs::{ProgramId, Row};
use crate::{CaseId, Event, Shard};

/// Rows searched at a time, so that the indices found stay in the first-level cache.
const ROWS_AT_A_TIME: usize = 4096;

/// What is known of a live case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CaseView {
    /// The program it runs.
    pub program: ProgramId,
    /// Seconds since the caller's epoch at its last change.
    pub since: u32,
    /// Tasks that wait or run, one bit each by task number.
    pub tasks: u64,
}

/// The work items of one case that nobody has begun, each as the event that would complete or trigger it.
#[derive(Clone, Debug)]
pub struct Enabled<'s> {
    case: CaseId,
    items: Items<'s>,
    /// Tasks not yet yielded.
    left: u64,
    /// Work items of the lowest of them already yielded; of instances, those below this number.
    yielded: u8,
    /// Whether each task not yet yielded has one work item, and that is completed.
    one_each: bool,
}

impl Iterator for Enabled<'_> {
    type Item = Event;

    #[inline]
    fn next(&mut self) -> Option<Event> {
        if self.one_each {
            let task = self.left.trailing_zeros() as u16;
            let event = (self.left != 0).then(|| Event::complete(self.case, task));
            self.left &= self.left.wrapping_sub(1);
            return event;
        }
        self.next_of_several()
    }

    #[inline]
    fn size_hint(&self) -> (usize, Option<usize>) {
        let len = if self.one_each { self.left.count_ones() as usize } else { self.len_of_several() };
        (len, Some(len))
    }
}

impl ExactSizeIterator for Enabled<'_> {}

impl Enabled<'_> {
    #[inline(never)]
    fn next_of_several(&mut self) -> Option<Event> {
        while self.left != 0 {
            let task = self.left.trailing_zeros() as usize;
            if let Some(instances) = self.items.instances(task) {
                let left = instances.waiting().checked_shr(u32::from(self.yielded)).unwrap_or(0);
                if left != 0 {
                    let instance = self.yielded + left.trailing_zeros() as u8;
                    self.yielded = instance + 1;
                    return Some(self.items.event(self.case, task).with_instance(instance));
                }
            } else if self.yielded < self.items.waiting(task) {
                self.yielded += 1;
                return Some(self.items.event(self.case, task));
            }
            self.left &= self.left - 1;
            self.yielded = 0;
        }
        None
    }

    #[inline(never)]
    fn len_of_several(&self) -> usize {
        let of_task = |task: usize| match self.items.instances(task) {
            Some(instances) => instances.waiting().count_ones() as usize,
            None => usize::from(self.items.waiting(task)),
        };
        let first = self.left.trailing_zeros() as usize;
        let rest: usize = bits(self.left & self.left.wrapping_sub(1)).map(of_task).sum();
        let of_first = match self.left {
            0 => 0,
            _ => match self.items.instances(first) {
                Some(instances) => {
                    let left = instances.waiting().checked_shr(u32::from(self.yielded)).unwrap_or(0);
                    left.count_ones() as usize
                }
                None => usize::from(self.items.waiting(first)) - usize::from(self.yielded),
            },
        };
        of_first + rest
    }
}

impl Shard {
    #[inline]
    pub(crate) fn line_of(&self, case: CaseId) -> Option<(&Line, ProgramId, &Row)> {
        let line = self.slab.line(case.slot()).filter(|_| case.shard() == self.id)?;
        let program = line.program_of(case.generation())?;
        Some((line, ProgramId(program), self.programs.row(program)?))
    }

    /// What is known of a case, or `None` if it does not live here.
    #[must_use]
    pub fn case(&self, case: CaseId) -> Option<CaseView> {
        let (line, program, row) = self.line_of(case)?;
        Some(CaseView { program, since: line.since(), tasks: line.word() & row.enabled })
    }

    /// The work items of a case that nobody has begun; none if it does not live here.
    // Inlined, so that the parts which a caller does not ask for are never put together.
    #[must_use]
    #[inline(always)]
    pub fn enabled(&self, case: CaseId) -> Option<Enabled<'_>> {
        let (line, _, row) = self.line_of(case)?;
        let items = Items::new(line, row, self.programs.cells());
        let one_each = row.is_tokens && row.counters == 0;
        let running = if one_each { line.running(row.tasks) } else { 0 };
        Some(Enabled { case, items, left: line.word() & row.enabled & !running, yielded: 0, one_each })
    }

    /// The interrupts that can happen to a case: those whose region holds a token.
    pub fn interrupts(&self, case: CaseId) -> impl Iterator<Item = Event> + '_ {
        let found = self.line_of(case).filter(|(_, _, row)| row.interrupts > 0);
        found.into_iter().flat_map(move |(line, _, row)| {
            let first = row.tasks + row.starts;
            let cells = &self.programs.cells().tasks(row)[usize::from(row.tasks)..];
            let marking = line.marking();
            let is_marked = move |cell: &TaskCell| cell.need.iter().zip(marking).any(|(n, m)| n & m != 0);
            let marked = (first..).zip(cells).filter(move |(_, cell)| is_marked(cell));
            marked.map(move |(number, _)| Event::trigger(case, number))
        })
    }

    /// The cases that calls of a case run, and its instances that are cases, by the numbers of the calling tasks.
    pub fn called(&self, case: CaseId) -> impl Iterator<Item = CaseId> + '_ {
        self.called_slots(case.slot()).filter(move |_| self.case(case).is_some()).filter_map(|slot| {
            let (_, generation) = self.slab.line(slot)?.occupant()?;
            Some(CaseId::new(self.id, slot, generation))
        })
    }

    /// The slots of the cases that the one in a slot calls.
    pub(crate) fn called_slots(&self, slot: u32) -> impl Iterator<Item = u32> + '_ {
        let found = self.slab.line(slot).and_then(|line| {
            let row = self.programs.row(line.occupant()?.0)?;
            row.is_general.then(|| (line, self.programs.cells().tasks(row), row.enabled))
        });
        found.into_iter().flat_map(move |(line, cells, enabled)| {
            bits(line.word() & enabled).flat_map(move |task| {
                let first = match cells[task].kind {
                    TASK_CALL => match Call::of(&cells[task]).read(line) {
                        Called::Runs(slot) => Some(slot),
                        _ => None,
                    },
                    TASK_CHILDREN => Children::read(line, &cells[task]).first,
                    _ => None,
                };
                let has_siblings = cells[task].kind == TASK_CHILDREN;
                let next = move |&slot: &u32| has_siblings.then(|| self.slab.next_sibling(slot)).flatten();
                core::iter::successors(first, next)
            })
        })
    }

    /// The case that called a case, and the number of the calling task there.
    #[must_use]
    pub fn caller(&self, case: CaseId) -> Option<(CaseId, u16)> {
        let (line, _, _) = self.line_of(case)?;
        let (slot, task) = line.caller()?;
        let (_, generation) = self.slab.line(slot)?.occupant()?;
        Some((CaseId::new(self.id, slot, generation), task as u16))
    }

    /// How many outcomes the completion of a task, or an interrupt, distinguishes; 0 if the case or the task does not
    /// exist.
    ///
    /// 65,535: as many, or more; the program's names have the digits.
    #[must_use]
    pub fn outcomes(&self, case: CaseId, task: u16) -> u32 {
        let row = self.line_of(case).map(|(_, _, row)| row).filter(|row| row.has_route(task));
        let cells = self.programs.cells();
        row.map_or(0, |row| cells.meta(row, cells.op(row, task, 0)).outcomes.into())
    }

    /// Asks the memory for a case's line, ahead of a look at it.
    pub fn prefetch(&self, case: CaseId) {
        self.slab.prefetch(case.slot());
    }

    /// How many cases wait or run at a task.
    ///
    /// Searches all lines by vector instructions, with scratch in the scope's memory.
    #[must_use]
    pub fn count_at(&self, program: ProgramId, task: u16, scope: &Scope<'_>) -> usize {
        let Some(row) = self.programs.row(program.0).filter(|row| task < row.tasks) else { return 0 };
        debug_assert!(row.enabled >> task & 1 == 1);
        let (rows, bit) = (self.slab.rows(), 1 << task);
        if self.programs.len() == 1 {
            return count_masked_rows(rows, ENABLED_WORD, bit, bit);
        }
        let found = scope.alloc_slice_fill(ROWS_AT_A_TIME, 0u32);
        let mut count = 0;
        for (chunk, rows) in rows.chunks(ROWS_AT_A_TIME).enumerate() {
            let matches = match_indices_rows(rows, ENABLED_WORD, bit, bit, found);
            let of_program = |&&index: &&u32| {
                let slot = (chunk * ROWS_AT_A_TIME) as u32 + index;
                self.slab.line(slot).and_then(Line::occupant).is_some_and(|(of, _)| of == program.0)
            };
            count += found[..matches].iter().filter(of_program).count();
        }
        count
    }

    /// Completions of each task of a program in this shard, by task number.
    #[must_use]
    pub fn task_counts(&self, program: ProgramId) -> Vec<u64> {
        self.route_counts(program, |row| 0..row.tasks)
    }

    /// Cases started at each start node of a program in this shard.
    #[must_use]
    pub fn start_counts(&self, program: ProgramId) -> Vec<u64> {
        self.route_counts(program, |row| row.tasks..row.tasks + row.starts)
    }

    fn route_counts(&self, program: ProgramId, routes: fn(&Row) -> Range<u16>) -> Vec<u64> {
        let Some(row) = self.programs.row(program.0) else { return Vec::new() };
        let cells = self.programs.cells();
        let of_route = |route: u16| cells.ops(row, route).map(|cell| self.op_counts[cell]).sum();
        routes(row).map(of_route).collect()
    }
}
