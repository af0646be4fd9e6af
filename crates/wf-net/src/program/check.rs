//! Whether an engine can follow an image: every number in range, every part where the header says.

use std::collections::BTreeSet;

use super::{ImageError, Program};
use crate::guard::{self, CodeBounds, Value};
use crate::image::{
    CALL_ASKS, CELL_BYTES, CHILDREN_ASK, CHILDREN_MAX, COUNTERS_MAX, ConstantCell, FLAG_GENERAL, FLAG_MERGES,
    FLAG_QUIET, INSTANCES_CANCEL_REST, INSTANCES_CONDITION, INSTANCES_GUARDED, INSTANCES_MAX,
    INSTANCES_SEQUENTIAL, KIND_PLAIN, KIND_SCRIPT, NEVER, NO_CALL, NO_COUNTER, NO_START, Op2, PLACES_MAX,
    STARTS_MAX, TASK_CALL, TASK_CHILDREN, TASK_INSTANCES, TASK_INTERRUPT, TASK_PERSISTENT, TASK_PLAIN,
    TASK_TRANSIENT, TASKS_MAX, TIMER_AFTER, TIMER_AT, VARIABLES_MAX, WORDS_MAX,
};
use crate::script;
use crate::tail::Names;

impl Program<'_> {
    pub(super) fn check_patterns(&self, names: &Names) -> Result<(), ImageError> {
        for (_, _, cell) in self.ops() {
            if usize::from(self.op_at(cell).meta.patterns) >= names.patterns.len() {
                return Err(ImageError::Op { cell });
            }
        }
        Ok(())
    }

    pub(super) fn check_header(&self) -> Result<(), &'static str> {
        let h = self.header;
        let ensure = |holds: bool, what| if holds { Ok(()) } else { Err(what) };
        let (tasks, places) = (usize::from(h.tasks), usize::from(h.places));
        ensure(tasks <= TASKS_MAX, "tasks")?;
        ensure(h.starts > 0 && usize::from(h.starts) + usize::from(h.interrupts) <= STARTS_MAX, "starts")?;
        ensure(places <= PLACES_MAX && places >= 2 * tasks, "places")?;
        ensure(h.words as usize == places.div_ceil(64).max(1), "words")?;
        ensure(usize::from(h.counters) <= COUNTERS_MAX, "counters")?;
        ensure(h.shift <= 8, "shift")?;
        let is_known = match h.flags {
            0 | FLAG_GENERAL => true,
            FLAG_MERGES => h.words == 1,
            flags => flags == FLAG_GENERAL | FLAG_QUIET,
        };
        ensure(is_known, "flags")?;
        let known = low_bits(places);
        ensure((0..WORDS_MAX).all(|w| h.residue_mask[w] & !known[w] == 0), "residue_mask")?;
        let is_general = h.flags & FLAG_GENERAL != 0;
        let task_cells = if is_general { tasks + usize::from(h.interrupts) } else { 0 };
        let cubes_at = h.tasks_at as usize + task_cells;
        let scripts_at = h.cubes_at as usize + h.cubes as usize;
        let guards_at = h.scripts_at as usize + (h.script_codes as usize * 2).div_ceil(CELL_BYTES);
        let constants_at = guards_at + (h.guard_codes as usize * 2).div_ceil(CELL_BYTES);
        let constant_bytes = h.constants as usize * size_of::<ConstantCell>();
        let tail_at = constants_at + constant_bytes.div_ceil(CELL_BYTES);
        ensure(is_general || h.interrupts == 0, "interrupts")?;
        ensure(h.ops_at as usize >= self.first_op(), "ops_at")?;
        ensure(h.tasks_at as usize >= h.ops_at as usize + self.routes() * self.words(), "tasks_at")?;
        ensure(h.cubes_at as usize == cubes_at, "cubes_at")?;
        ensure(h.scripts_at as usize == scripts_at, "scripts_at")?;
        ensure(h.guards_at as usize == guards_at, "guards_at")?;
        ensure(h.constants_at as usize == constants_at, "constants_at")?;
        ensure(h.variables as usize <= VARIABLES_MAX, "variables")?;
        ensure(h.reserved == [0; 5], "reserved")?;
        ensure(h.tail_at as usize == tail_at, "tail_at")?;
        ensure(h.cells as usize == tail_at + (h.tail_bytes as usize).div_ceil(CELL_BYTES), "cells")?;
        ensure(h.enabled_mask == low_bits(tasks)[0], "enabled_mask")?;
        let both = low_bits(2 * tasks);
        let running: [u64; WORDS_MAX] = core::array::from_fn(|word| both[word] & !low_bits(tasks)[word]);
        ensure(h.running_mask == running, "running_mask")?;
        if h.counters == 0 {
            return ensure(h.counted_mask == [0; WORDS_MAX], "counters");
        }
        let counter_of = self.counter_of();
        let mut next = 0u16;
        for (place, &counter) in counter_of.iter().enumerate() {
            let is_counted = h.counted_mask[place / 64] >> (place % 64) & 1 == 1;
            ensure(is_counted == (counter != NO_COUNTER) && (!is_counted || place < places), "counted_mask")?;
            ensure(!is_counted || u16::from(counter) < h.counters, "counter_of")?;
            next += u16::from(is_counted);
        }
        ensure(next == h.counters, "counters")
    }

    pub(super) fn check_ops(&self) -> Result<(), ImageError> {
        let h = self.header;
        let known = low_bits(usize::from(h.places));
        let bounds = CodeBounds { variables: h.variables as usize, constants: self.constants() };
        let guards = guard::starts(self.guard_codes(), bounds).ok_or(ImageError::Guard)?;
        // Ops that share a script are many: each script is walked once, so that the whole stays linear.
        let mut walked = BTreeSet::new();
        if let Some((route, _)) = self.strays() {
            return Err(ImageError::Op { cell: h.ops_at as usize + route * self.words() });
        }
        for route in 0..self.routes() {
            let first = h.ops_at as usize + route * self.words();
            let outcomes = usize::from(self.op_at(first).meta.outcomes);
            let is_script = self.op_at(first).meta.kind() == KIND_SCRIPT;
            let mut own = 0;
            for outcome in 0..1usize << h.shift {
                let Some(cell) = self.own_op(route, outcome) else { continue };
                let op = self.op_at(cell);
                let plain = op.meta.kind() == KIND_PLAIN && outcomes <= 1 << h.shift;
                let scripted = op.meta.kind() == KIND_SCRIPT;
                let is_one_of = outcome < outcomes && usize::from(op.meta.outcomes) == outcomes;
                if !((plain || scripted) && is_one_of && self.op_is_sane(&op, route, known)) {
                    return Err(ImageError::Op { cell });
                }
                if scripted && walked.insert(op.meta.script) {
                    self.check_script(op.meta.script as usize, &guards)?;
                }
                own += 1;
            }
            // A script stands for outcomes that have no op; masks do not.
            if self.own_op(route, 0).is_none() || (!is_script && own < outcomes) {
                return Err(ImageError::Op { cell: first });
            }
        }
        let call_count = self.call_count();
        // Bytes of the case line that records take, a bit each.
        let mut taken = 0u64;
        for task in 0..usize::from(h.tasks) + usize::from(h.interrupts) {
            if !self.task_is_sane(task, known, call_count, &guards) {
                return Err(ImageError::Op { cell: h.tasks_at as usize + task });
            }
            let cell = self.task(task);
            // One without a record may say anything of where that begins.
            let bytes = match cell.record_bytes() {
                0 => 0,
                bytes => ((1u64 << bytes) - 1) << cell.record,
            };
            if bytes & taken != 0 {
                return Err(ImageError::Op { cell: h.tasks_at as usize + task });
            }
            taken |= bytes;
        }
        let constants = self.constants().iter().enumerate();
        let is_constant = |cell: &ConstantCell| {
            let value = Value::from_bits(cell.kind, cell.bits);
            let fits = match value {
                Value::Null | Value::List(_) => false,
                other => other.is_storable(),
            };
            fits && value.to_bits() == (cell.kind, cell.bits) && cell.reserved == 0
        };
        if let Some((constant, _)) = constants.clone().find(|(_, cell)| !is_constant(cell)) {
            return Err(ImageError::Constant { constant });
        }
        for cube in 0..h.cubes as usize {
            let cell = self.cube(cube);
            let inside = (0..WORDS_MAX).all(|w| (cell.care[w] | cell.want[w]) & !known[w] == 0);
            if !inside || cell.merge >= u32::from(h.merges) || cell.reserved != [0; 7] {
                return Err(ImageError::Op { cell: h.cubes_at as usize + cube });
            }
        }
        Ok(())
    }

    pub(super) fn call_count(&self) -> usize {
        (0..usize::from(self.header.tasks)).filter(|&task| self.task(task).calls()).count()
    }

    fn task_is_sane(&self, task: usize, known: [u64; WORDS_MAX], calls: usize, guards: &[u16]) -> bool {
        let h = self.header;
        let cell = self.task(task);
        let masks = [cell.need, cell.deny, cell.rivals];
        let inside = masks.iter().all(|mask| mask.iter().zip(known).all(|(mask, known)| mask & !known == 0));
        let is_interrupt = task >= usize::from(h.tasks);
        let kind_fits = (cell.kind == TASK_INTERRUPT) == is_interrupt && cell.kind <= TASK_CHILDREN;
        let place_fits = |place: u8| place == NO_COUNTER || u16::from(place) < h.places;
        let counter_of = self.counter_of();
        let counts = |place: usize| counter_of[place] != NO_COUNTER;
        let bytes = cell.record_bytes();
        // A record lies behind the counters, and its task holds one token at most.
        let record_fits = bytes == 0
            || (usize::from(cell.record) >= usize::from(h.counters)
                && usize::from(cell.record) + bytes <= COUNTERS_MAX
                && (is_interrupt || !counts(task)));
        let timer_fits = match (cell.kind, cell.flags) {
            (TASK_TRANSIENT | TASK_INTERRUPT, TIMER_AFTER | TIMER_AT) => true,
            (TASK_INSTANCES | TASK_CHILDREN, flags) => {
                let guard = u16::try_from(cell.timer).ok();
                let is_guard = guard.is_some_and(|guard| guards.binary_search(&guard).is_ok());
                let guard_fits = if flags & INSTANCES_GUARDED != 0 {
                    is_guard && flags & INSTANCES_CONDITION != 0
                } else {
                    cell.timer == 0
                };
                let asks = if cell.kind == TASK_CHILDREN { CHILDREN_ASK } else { 0 };
                guard_fits && flags & !(INSTANCES_GUARDED | INSTANCES_SEQUENTIAL | asks) < TIMER_AFTER
            }
            (TASK_CALL, flags) => flags <= CALL_ASKS && cell.timer == 0,
            (_, flags) => flags == 0 && cell.timer == 0,
        };
        let has_guard = cell.flags & INSTANCES_CONDITION == 0 || cell.flags & INSTANCES_GUARDED != 0;
        let most_fits = match cell.kind {
            TASK_INSTANCES => (1..=INSTANCES_MAX).contains(&cell.most),
            TASK_CHILDREN => (1..=CHILDREN_MAX).contains(&cell.most) && has_guard,
            _ => true,
        };
        let start_fits = cell.start == NO_START || (cell.kind == TASK_CHILDREN && cell.start < h.starts);
        let instances_fit = !matches!(cell.kind, TASK_INSTANCES | TASK_CHILDREN)
            || (most_fits
                && cell.needed <= cell.most
                && (cell.needed == 0 && cell.flags & INSTANCES_CONDITION == 0
                    || cell.flags & INSTANCES_CANCEL_REST != 0
                    || cell.own != NO_COUNTER));
        let queue_fits = cell.kind != TASK_PERSISTENT || cell.own != NO_COUNTER;
        let call_fits = if cell.calls() { usize::from(cell.call) < calls } else { cell.call == NO_CALL };
        let general = h.flags & FLAG_GENERAL != 0;
        inside
            && kind_fits
            && place_fits(cell.own)
            && start_fits
            && record_fits
            && timer_fits
            && instances_fit
            && queue_fits
            && call_fits
            && (general || (cell.kind == TASK_PLAIN && masks == [[0; WORDS_MAX]; 3]))
    }

    fn op_is_sane(&self, op: &Op2, route: usize, known: [u64; WORDS_MAX]) -> bool {
        let not = |mask: [u64; WORDS_MAX]| mask.map(|word| !word);
        let masks = [op.care, not(op.keep), op.put, not(op.join_keep), op.join_put, op.threat];
        let inside = masks.iter().all(|mask| mask.iter().zip(known).all(|(mask, known)| mask & !known == 0));
        let is_task = route < usize::from(self.header.tasks);
        let want_fits = if op.meta.kind() == KIND_PLAIN {
            op.want == if is_task { [1 << route, 0] } else { [0, 0] }
                && (0..WORDS_MAX).all(|word| op.want[word] & !op.care[word] == 0)
        } else {
            // A second word of a one-word op is not there.
            (0..self.words()).all(|word| op.want[word] == NEVER && op.care[word] == 0)
        };
        inside && want_fits
    }

    /// Whether the engine can follow a script.
    fn check_script(&self, at: usize, guards: &[u16]) -> Result<(), ImageError> {
        let h = self.header;
        let is_guard = |guard: u16| guards.binary_search(&guard).is_ok();
        let makes_instances =
            |task| matches!(self.task(usize::from(task)).kind, TASK_INSTANCES | TASK_CHILDREN);
        let bounds = script::Bounds {
            places: h.places,
            tasks: h.tasks,
            merges: h.merges,
            messages: h.messages,
            is_guard: &is_guard,
            makes_instances: &makes_instances,
        };
        let codes = self.scripts().get(at..);
        let is_valid = codes.is_some_and(|codes| script::is_valid(codes, bounds));
        if is_valid { Ok(()) } else { Err(ImageError::Script { code: at }) }
    }
}

fn low_bits(bits: usize) -> [u64; WORDS_MAX] {
    core::array::from_fn(|word| match bits.saturating_sub(64 * word) {
        0 => 0,
        64.. => u64::MAX,
        left => (1 << left) - 1,
    })
}
