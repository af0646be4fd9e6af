//! Questions about the cases of a shard, answered from their lines.

use core::ops::Range;

use wf_arena::Scope;
use wf_simd::{count_masked_rows, match_indices_rows};

use crate::advance::bits;
use crate::line::{CounterOf, ENABLED_WORD, Line};
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

/// The work items of one case that nobody has begun, each as the event that would complete it.
#[derive(Clone, Debug)]
pub struct Enabled<'s> {
    case: CaseId,
    line: &'s Line,
    counter_of: &'s CounterOf,
    tasks: usize,
    /// Tasks not yet yielded.
    left: u64,
    /// Work items of the lowest of them already yielded.
    yielded: u8,
}

impl Enabled<'_> {
    fn waiting(&self, task: usize) -> u8 {
        let running = self.line.tokens(self.tasks + task, self.counter_of);
        self.line.tokens(task, self.counter_of).saturating_sub(running)
    }
}

impl Iterator for Enabled<'_> {
    type Item = Event;

    fn next(&mut self) -> Option<Event> {
        while self.left != 0 {
            let task = self.left.trailing_zeros() as usize;
            if self.yielded < self.waiting(task) {
                self.yielded += 1;
                return Some(Event::complete(self.case, task as u16));
            }
            self.left &= self.left - 1;
            self.yielded = 0;
        }
        None
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let items: usize = bits(self.left).map(|task| usize::from(self.waiting(task))).sum();
        let left = items - usize::from(self.yielded);
        (left, Some(left))
    }
}

impl ExactSizeIterator for Enabled<'_> {}

impl Shard {
    fn line_of(&self, case: CaseId) -> Option<(&Line, ProgramId, &Row)> {
        let line = self.slab.line(case.slot()).filter(|_| case.shard() == self.id)?;
        let program = line.program_of(case.generation())?;
        Some((line, ProgramId(program), self.programs.rows.get(program)?))
    }

    /// What is known of a case, or `None` if it does not live here.
    #[must_use]
    pub fn case(&self, case: CaseId) -> Option<CaseView> {
        let (line, program, row) = self.line_of(case)?;
        Some(CaseView { program, since: line.since(), tasks: line.word() & row.enabled })
    }

    /// The work items of a case that nobody has begun; none if it does not live here.
    #[must_use]
    pub fn enabled(&self, case: CaseId) -> Option<Enabled<'_>> {
        let (line, _, row) = self.line_of(case)?;
        let counter_of = self.programs.cells().counter_of(row);
        let tasks = usize::from(row.tasks);
        Some(Enabled { case, line, counter_of, tasks, left: line.word() & row.enabled, yielded: 0 })
    }

    /// How many outcomes the completion of a task distinguishes; 0 if the case or the task does not exist.
    ///
    /// `u32::MAX`: more than an event's byte can say; the program's names have the digits.
    #[must_use]
    pub fn outcomes(&self, case: CaseId, task: u16) -> u32 {
        let row = self.line_of(case).map(|(_, _, row)| row).filter(|row| task < row.tasks);
        row.map_or(0, |row| self.programs.cells().meta(row, row.op_index(task, 0)).outcomes)
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
        let Some(row) = self.programs.rows.get(program.0).filter(|row| task < row.tasks) else { return 0 };
        debug_assert!(row.enabled >> task & 1 == 1);
        let (rows, bit) = (self.slab.rows(), 1 << task);
        if self.programs.rows.len() == 1 {
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
        self.route_counts(program, |row| 0..usize::from(row.tasks))
    }

    /// Cases started at each start node of a program in this shard.
    #[must_use]
    pub fn start_counts(&self, program: ProgramId) -> Vec<u64> {
        self.route_counts(program, |row| {
            usize::from(row.tasks)..usize::from(row.tasks) + usize::from(row.starts)
        })
    }

    fn route_counts(&self, program: ProgramId, routes: fn(&Row) -> Range<usize>) -> Vec<u64> {
        let Some(row) = self.programs.rows.get(program.0) else { return Vec::new() };
        let counts = &self.op_counts[row.counts..row.counts + row.op_count()];
        routes(row).map(|route| counts[route << row.shift..(route + 1) << row.shift].iter().sum()).collect()
    }
}
