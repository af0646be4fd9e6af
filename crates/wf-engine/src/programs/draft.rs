//! The walk over a new store: of each program what must be known before any is used.

use wf_mmap::{Key, Store};
use wf_net::Outline;
use wf_net::image::{
    CELL_BYTES, COUNTERS_MAX, FLAG_GENERAL, FLAG_QUIET, TASK_CHILDREN, TIMER_BYTES, TaskCell,
};

use super::form;
use super::names::NamesDraft;
use crate::error::EngineError;
use crate::messages::MessagesDraft;
use crate::plain::Hot;

/// What the walk has found.
#[derive(Debug)]
pub(super) struct Draft<'s> {
    pub(super) names: NamesDraft,
    pub(super) firsts: Vec<u32>,
    pub(super) hots: Vec<Hot>,
    pub(super) messages: MessagesDraft<'s>,
    /// Programs that call others.
    pub(super) callers: Vec<u32>,
    /// Most timers of a case.
    pub(super) timers_max: usize,
    pub(super) have_variables: bool,
    /// Whether instances of any program are cases of their own.
    pub(super) have_children: bool,
}

impl<'s> Draft<'s> {
    /// Verifies the bytes of each record and checks the header of its image.
    pub(super) fn read(store: &'s Store) -> Result<Self, EngineError> {
        let count = store.len();
        let mut draft = Self {
            names: NamesDraft::with_capacity(count),
            firsts: Vec::with_capacity(count),
            hots: Vec::with_capacity(count),
            messages: MessagesDraft::with_capacity(count),
            callers: Vec::new(),
            timers_max: 0,
            have_variables: false,
            have_children: false,
        };
        let cells_at = store.cells().as_ptr().addr();
        for entry in store.iter() {
            let (key, image) = entry?;
            let Key::Str(name) = key else { return Err(EngineError::Key) };
            if draft.firsts.is_empty() {
                // Whether records of this store stand in cells at all.
                store.cell_range(key)?;
            }
            let first = (image.as_ptr().addr() - cells_at) / CELL_BYTES;
            let in_program = |error| EngineError::Program { key: name.to_owned(), error };
            let outline = Outline::read(image).map_err(in_program)?;
            draft.names.push(name);
            draft.push(first, &outline)?;
            if outline.header().messages > 0 {
                let (names, catches) = outline.messages().map_err(in_program)?;
                draft.messages.push(&names, &catches);
            } else {
                draft.messages.push(&[], &[]);
            }
        }
        Ok(draft)
    }

    fn push(&mut self, first: usize, outline: &Outline<'_>) -> Result<(), EngineError> {
        let header = outline.header();
        let narrow = |number: usize| u32::try_from(number).map_err(|_| EngineError::TooManyPrograms);
        let program = narrow(self.firsts.len())?;
        let is_general = header.flags & FLAG_GENERAL != 0;
        // All others have plain tasks, and no interrupt.
        if is_general {
            // Not checked yet, so no more than a line has room for.
            let timers = outline.tasks().filter(|cell| cell.is_timer()).take(COUNTERS_MAX / TIMER_BYTES);
            self.timers_max = self.timers_max.max(timers.count());
            if outline.tasks().any(TaskCell::calls) {
                self.callers.push(program);
            }
            self.have_children |= outline.tasks().any(|cell| cell.kind == TASK_CHILDREN);
        }
        self.have_variables |= header.variables > 0;
        self.firsts.push(narrow(first)?);
        let ops = narrow(first + header.ops_at as usize)?;
        let is_quiet = header.flags & FLAG_QUIET != 0;
        let calm =
            if is_quiet { calm(outline.tasks().take(header.tasks.into())) } else { header.enabled_mask };
        let form = (!is_general || is_quiet).then_some(form(header));
        self.hots.push(Hot::new(ops, (header.shift, header.stride), (header.tasks, calm), is_general, form));
        Ok(())
    }
}

/// Of these tasks, those that are a token and no more.
fn calm<'c>(tasks: impl Iterator<Item = &'c TaskCell>) -> u64 {
    tasks.zip(0..u64::BITS).filter(|(task, _)| task.is_calm()).fold(0, |calm, (_, task)| calm | 1 << task)
}
