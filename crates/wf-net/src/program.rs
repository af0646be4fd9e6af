//! A program image as an engine sees it: checked once, then viewed in place.

use core::fmt;
use std::collections::BTreeSet;

use zerocopy::FromBytes;

use crate::guard::{self, CodeBounds, Guards, Value};
use crate::image::{
    CALL_ASKS, CELL_BYTES, COUNTERS_MAX, ConstantCell, CubeCell, FLAG_GENERAL, HEADER_CELLS, Header,
    INSTANCES_CANCEL_REST, INSTANCES_CONDITION, INSTANCES_GUARDED, INSTANCES_MAX, INSTANCES_SEQUENTIAL,
    KIND_PLAIN, KIND_SCRIPT, MAGIC, NEVER, NO_COUNTER, Op1, Op2, OpMeta, PLACES_MAX, TASK_CALL,
    TASK_INSTANCES, TASK_INTERRUPT, TASK_PERSISTENT, TASK_PLAIN, TASK_TRANSIENT, TASKS_MAX, TIMER_AFTER,
    TIMER_AT, TaskCell, VARIABLES_MAX, VERSION, WORDS_MAX, build_id,
};
use crate::script;
use crate::tail::Names;

/// Why bytes are not a program image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ImageError {
    /// The bytes are not 64-byte aligned in memory.
    Misaligned,
    /// The bytes do not begin like an image.
    NotAnImage,
    /// The image is of another version of the format.
    Version {
        /// Version of the image.
        found: u16,
        /// Version that this crate reads.
        known: u16,
    },
    /// The image is shorter or longer than its header says.
    Length {
        /// Bytes given.
        bytes: usize,
        /// Bytes that the header asks for.
        expected: usize,
    },
    /// A byte was changed after compilation.
    Damaged,
    /// A field of the header contradicts the others.
    Header(&'static str),
    /// An op names a place, outcome or script that does not exist.
    Op {
        /// Cell of the op, from the image's first.
        cell: usize,
    },
    /// A script is cut short or names a place or slot that does not exist.
    Script {
        /// Code at which reading stopped.
        code: usize,
    },
    /// A condition is cut short, or names what does not exist.
    Guard,
    /// A constant of a condition is no value.
    Constant {
        /// Its number.
        constant: usize,
    },
    /// The names cannot be read.
    Tail,
}

impl fmt::Display for ImageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Misaligned => f.write_str("the program image does not begin on a 64-byte boundary"),
            Self::NotAnImage => f.write_str("this is not a program image"),
            Self::Version { found, known } => write!(
                f,
                "the program image has format {found}, this build reads format {known}: compile the model again"
            ),
            Self::Length { bytes, expected } => {
                write!(f, "the program image has {bytes} bytes instead of {expected}")
            }
            Self::Damaged => f.write_str("the program image was changed after it was compiled"),
            Self::Header(what) => write!(f, "the program image's header contradicts itself: {what}"),
            Self::Op { cell } => write!(f, "the op in cell {cell} of the program image is not valid"),
            Self::Script { code } => write!(f, "the script code {code} of the program image is not valid"),
            Self::Guard => f.write_str("a condition of the program image is not valid"),
            Self::Constant { constant } => {
                write!(f, "the constant {constant} of the program image's conditions is no value")
            }
            Self::Tail => f.write_str("the names of the program image cannot be read"),
        }
    }
}

impl core::error::Error for ImageError {}

/// A checked view of a program image.
#[derive(Clone, Copy)]
pub struct Program<'i> {
    header: &'i Header,
    bytes: &'i [u8],
}

impl fmt::Debug for Program<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Program").field("header", self.header).finish_non_exhaustive()
    }
}

impl<'i> Program<'i> {
    /// Checks every part of an image that an engine follows, in time in proportion to its length and its scripts.
    ///
    /// # Errors
    /// The first part that is not valid.
    pub fn parse(bytes: &'i [u8]) -> Result<Self, ImageError> {
        if !bytes.as_ptr().addr().is_multiple_of(CELL_BYTES) {
            return Err(ImageError::Misaligned);
        }
        let (header, _) = Header::ref_from_prefix(bytes).map_err(|_| ImageError::NotAnImage)?;
        if header.magic != MAGIC {
            return Err(ImageError::NotAnImage);
        }
        if header.version != VERSION {
            return Err(ImageError::Version { found: header.version, known: VERSION });
        }
        let expected = header.cells as usize * CELL_BYTES;
        if bytes.len() != expected {
            return Err(ImageError::Length { bytes: bytes.len(), expected });
        }
        if build_id(bytes) != header.build_id {
            return Err(ImageError::Damaged);
        }
        let program = Self { header, bytes };
        program.check_header().map_err(ImageError::Header)?;
        program.check_ops()?;
        program.check_patterns(&program.names()?)?;
        Ok(program)
    }

    /// The header.
    #[must_use]
    pub const fn header(&self) -> &'i Header {
        self.header
    }

    /// Routes: one for each task, then for each start and interrupt.
    #[must_use]
    pub fn routes(&self) -> usize {
        let h = self.header;
        usize::from(h.tasks) + usize::from(h.starts) + usize::from(h.interrupts)
    }

    /// Cells that an op takes.
    #[must_use]
    pub fn words(&self) -> usize {
        usize::from(self.header.words)
    }

    /// The scripts, in 16-bit codes.
    #[must_use]
    pub fn scripts(&self) -> &'i [u16] {
        let at = self.header.scripts_at as usize * CELL_BYTES;
        let bytes = &self.bytes[at..at + self.header.script_codes as usize * 2];
        <[u16]>::ref_from_bytes(bytes)
            .unwrap_or_else(|_| unreachable!("64-byte aligned, and a multiple of two"))
    }

    /// The conditions that data decides.
    #[must_use]
    pub fn guards(&self) -> Guards<'i> {
        Guards::new(self.guard_codes(), self.constants())
    }

    fn guard_codes(&self) -> &'i [u16] {
        let at = self.header.guards_at as usize * CELL_BYTES;
        let bytes = &self.bytes[at..at + self.header.guard_codes as usize * 2];
        <[u16]>::ref_from_bytes(bytes).unwrap_or_else(|_| unreachable!("64-byte aligned, whole codes"))
    }

    fn constants(&self) -> &'i [ConstantCell] {
        let at = self.header.constants_at as usize * CELL_BYTES;
        let bytes = &self.bytes[at..at + self.header.constants as usize * size_of::<ConstantCell>()];
        <[ConstantCell]>::ref_from_bytes(bytes)
            .unwrap_or_else(|_| unreachable!("64-byte aligned, whole constants"))
    }

    /// The names and decisions.
    ///
    /// # Errors
    /// [`ImageError::Tail`] if they cannot be read; not after [`parse`](Self::parse) succeeded.
    pub fn names(&self) -> Result<Names, ImageError> {
        let at = self.header.tail_at as usize * CELL_BYTES;
        let names =
            Names::read(&self.bytes[at..at + self.header.tail_bytes as usize]).ok_or(ImageError::Tail)?;
        let header = self.header;
        let fits = names.tasks.len() == usize::from(header.tasks)
            && names.starts.len() == usize::from(header.starts)
            && names.route_decisions.len() == self.routes()
            && names.variables.len() == header.variables as usize
            && names.messages.len() == usize::from(header.messages)
            && names.catches.iter().all(|catch| usize::from(catch.route) < self.routes())
            && names.interrupts.len() == usize::from(header.interrupts)
            && names.merges.len() == usize::from(header.merges)
            && names.calls.len() == self.call_count()
            && names.timers.iter().all(|timer| usize::from(timer.route) < self.routes())
            && names.join_inputs.len() + 2 * names.tasks.len() == usize::from(header.places);
        if fits { Ok(names) } else { Err(ImageError::Tail) }
    }

    /// The op of a route and an outcome, widened to two words.
    ///
    /// # Panics
    /// If the route is out of range, or the outcome is not below `1 << shift`.
    #[must_use]
    pub fn op(&self, route: usize, outcome: usize) -> Op2 {
        assert!(route < self.routes() && outcome < 1 << self.header.shift, "no such op");
        self.op_at(self.header.ops_at as usize + ((route << self.header.shift) | outcome) * self.words())
    }

    /// What is kept of a task, or of interrupt `task - tasks`.
    ///
    /// # Panics
    /// If the number is out of range.
    #[must_use]
    pub fn task(&self, task: usize) -> &'i TaskCell {
        let h = self.header;
        assert!(task < usize::from(h.tasks) + usize::from(h.interrupts), "no such task");
        zerocopy::transmute_ref!(&self.cells()[h.tasks_at as usize + task])
    }

    /// A cube of a synchronizing merge.
    ///
    /// # Panics
    /// If the number is out of range.
    #[must_use]
    pub fn cube(&self, cube: usize) -> &'i CubeCell {
        assert!(cube < self.header.cubes as usize, "no such cube");
        zerocopy::transmute_ref!(&self.cells()[self.header.cubes_at as usize + cube])
    }

    /// The most work items that one completion or start can add, if no place holds several tokens.
    #[must_use]
    pub fn fanout_max(&self) -> usize {
        let enabled = self.header.enabled_mask;
        let routes =
            (0..self.routes()).flat_map(|route| (0..1 << self.header.shift).map(move |o| (route, o)));
        let of_op = |(route, outcome)| {
            let op = self.op(route, outcome);
            if op.meta.kind() == KIND_PLAIN {
                return ((op.put[0] | op.join_put[0]) & enabled).count_ones() as usize;
            }
            // Which branches a script takes is not known here: all tasks is the most.
            enabled.count_ones() as usize
        };
        routes.map(of_op).max().unwrap_or(0)
    }

    fn op_at(&self, cell: usize) -> Op2 {
        let bytes = &self.bytes[cell * CELL_BYTES..(cell + self.words()) * CELL_BYTES];
        let widen = |word| [word, 0];
        match self.header.words {
            1 => {
                let op = Op1::read_from_bytes(bytes).unwrap_or_else(|_| unreachable!("one cell"));
                Op2 {
                    care: widen(op.care),
                    want: widen(op.want),
                    keep: [op.keep, u64::MAX],
                    put: widen(op.put),
                    join_keep: [op.join_keep, u64::MAX],
                    join_put: widen(op.join_put),
                    meta: op.meta,
                    reserved: [0; 2],
                }
            }
            _ => Op2::read_from_bytes(bytes).unwrap_or_else(|_| unreachable!("two cells")),
        }
    }

    fn check_patterns(&self, names: &Names) -> Result<(), ImageError> {
        for number in 0..self.routes() << self.header.shift {
            let cell = self.header.ops_at as usize + number * self.words();
            if usize::from(self.op_at(cell).meta.patterns) >= names.patterns.len() {
                return Err(ImageError::Op { cell });
            }
        }
        Ok(())
    }

    fn check_header(&self) -> Result<(), &'static str> {
        let h = self.header;
        let ensure = |holds: bool, what| if holds { Ok(()) } else { Err(what) };
        let (tasks, places) = (usize::from(h.tasks), usize::from(h.places));
        ensure(tasks <= TASKS_MAX, "tasks")?;
        ensure(h.starts > 0, "starts")?;
        ensure(places <= PLACES_MAX && places >= 2 * tasks, "places")?;
        ensure(h.words as usize == places.div_ceil(64).max(1), "words")?;
        ensure(usize::from(h.counters) <= COUNTERS_MAX, "counters")?;
        ensure(h.shift <= 8, "shift")?;
        ensure(h.flags & !FLAG_GENERAL == 0, "flags")?;
        let known = low_bits(places);
        ensure((0..WORDS_MAX).all(|w| h.residue_mask[w] & !known[w] == 0), "residue_mask")?;
        let op_cells = (self.routes() << h.shift) * self.words();
        let cubes_at = h.tasks_at as usize + tasks + usize::from(h.interrupts);
        let scripts_at = h.cubes_at as usize + h.cubes as usize;
        let guards_at = h.scripts_at as usize + (h.script_codes as usize * 2).div_ceil(CELL_BYTES);
        let constants_at = guards_at + (h.guard_codes as usize * 2).div_ceil(CELL_BYTES);
        let constant_bytes = h.constants as usize * size_of::<ConstantCell>();
        let tail_at = constants_at + constant_bytes.div_ceil(CELL_BYTES);
        ensure(h.ops_at as usize == HEADER_CELLS, "ops_at")?;
        ensure(h.tasks_at as usize == HEADER_CELLS + op_cells, "tasks_at")?;
        ensure(h.cubes_at as usize == cubes_at, "cubes_at")?;
        ensure(h.scripts_at as usize == scripts_at, "scripts_at")?;
        ensure(h.guards_at as usize == guards_at, "guards_at")?;
        ensure(h.constants_at as usize == constants_at, "constants_at")?;
        ensure(h.variables as usize <= VARIABLES_MAX, "variables")?;
        ensure((h.reserved, h.reserved2) == (0, [0; 5]), "reserved")?;
        ensure(h.tail_at as usize == tail_at, "tail_at")?;
        ensure(h.cells as usize == tail_at + (h.tail_bytes as usize).div_ceil(CELL_BYTES), "cells")?;
        ensure(h.enabled_mask == low_bits(tasks)[0], "enabled_mask")?;
        let both = low_bits(2 * tasks);
        let running: [u64; WORDS_MAX] = core::array::from_fn(|word| both[word] & !low_bits(tasks)[word]);
        ensure(h.running_mask == running, "running_mask")?;
        let mut next = 0u16;
        for place in 0..PLACES_MAX {
            let is_counted = h.counted_mask[place / 64] >> (place % 64) & 1 == 1;
            let counter = h.counter_of[place];
            ensure(is_counted == (counter != NO_COUNTER) && (!is_counted || place < places), "counted_mask")?;
            ensure(!is_counted || u16::from(counter) < h.counters, "counter_of")?;
            next += u16::from(is_counted);
        }
        ensure(next == h.counters, "counters")
    }

    fn check_ops(&self) -> Result<(), ImageError> {
        let h = self.header;
        let known = low_bits(usize::from(h.places));
        let bounds = CodeBounds { variables: h.variables as usize, constants: self.constants() };
        let guards = guard::starts(self.guard_codes(), bounds).ok_or(ImageError::Guard)?;
        // Ops that share a script are many: each script is walked once, so that the whole stays linear.
        let mut walked = BTreeSet::new();
        for route in 0..self.routes() {
            for outcome in 0..1usize << h.shift {
                let op = self.op(route, outcome);
                let cell = h.ops_at as usize + ((route << h.shift) | outcome) * self.words();
                let plain = op.meta.kind() == KIND_PLAIN && u32::from(op.meta.outcomes) <= 1 << h.shift;
                let scripted = op.meta.kind() == KIND_SCRIPT;
                if !(plain || scripted)
                    || op.meta.outcomes == 0
                    || !self.op_is_sane(&op, route, outcome, known)
                {
                    return Err(ImageError::Op { cell });
                }
                if scripted && walked.insert(op.meta.script) {
                    self.check_script(op.meta.script as usize, &guards)?;
                }
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

    fn call_count(&self) -> usize {
        (0..usize::from(self.header.tasks)).filter(|&task| self.task(task).kind == TASK_CALL).count()
    }

    fn task_is_sane(&self, task: usize, known: [u64; WORDS_MAX], calls: usize, guards: &[u16]) -> bool {
        let h = self.header;
        let cell = self.task(task);
        let masks = [cell.need, cell.deny, cell.rivals];
        let inside = masks.iter().all(|mask| mask.iter().zip(known).all(|(mask, known)| mask & !known == 0));
        let is_interrupt = task >= usize::from(h.tasks);
        let kind_fits = if is_interrupt { cell.kind == TASK_INTERRUPT } else { cell.kind <= TASK_CALL };
        let place_fits = |place: u8| place == NO_COUNTER || u16::from(place) < h.places;
        let counts = |place: usize| h.counter_of[place] != NO_COUNTER;
        let bytes = cell.record_bytes();
        // A record lies behind the counters, and its task holds one token at most.
        let record_fits = bytes == 0
            || (usize::from(cell.record) >= usize::from(h.counters)
                && usize::from(cell.record) + bytes <= COUNTERS_MAX
                && (is_interrupt || !counts(task)));
        let timer_fits = match (cell.kind, cell.flags) {
            (TASK_TRANSIENT | TASK_INTERRUPT, TIMER_AFTER | TIMER_AT) => true,
            (TASK_INSTANCES, flags) => {
                let guard = u16::try_from(cell.timer).ok();
                let is_guard = guard.is_some_and(|guard| guards.binary_search(&guard).is_ok());
                let guard_fits = if flags & INSTANCES_GUARDED != 0 {
                    is_guard && flags & INSTANCES_CONDITION != 0
                } else {
                    cell.timer == 0
                };
                guard_fits && flags & !(INSTANCES_GUARDED | INSTANCES_SEQUENTIAL) < TIMER_AFTER
            }
            (TASK_CALL, flags) => flags <= CALL_ASKS && cell.timer == 0,
            (_, flags) => flags == 0 && cell.timer == 0,
        };
        let instances_fit = cell.kind != TASK_INSTANCES
            || ((1..=INSTANCES_MAX).contains(&cell.most)
                && cell.needed <= cell.most
                && (cell.needed == 0 && cell.flags & INSTANCES_CONDITION == 0
                    || cell.flags & INSTANCES_CANCEL_REST != 0
                    || cell.draining != NO_COUNTER));
        let queue_fits = cell.kind != TASK_PERSISTENT || cell.queue != NO_COUNTER;
        let call_fits =
            if cell.kind == TASK_CALL { (cell.call as usize) < calls } else { cell.call == u32::MAX };
        let general = h.flags & FLAG_GENERAL != 0;
        inside
            && kind_fits
            && place_fits(cell.queue)
            && place_fits(cell.draining)
            && record_fits
            && timer_fits
            && instances_fit
            && queue_fits
            && call_fits
            && (general || (cell.kind == TASK_PLAIN && masks == [[0; WORDS_MAX]; 3]))
            && cell.reserved == 0
    }

    fn op_is_sane(&self, op: &Op2, route: usize, outcome: usize, known: [u64; WORDS_MAX]) -> bool {
        let not = |mask: [u64; WORDS_MAX]| mask.map(|word| !word);
        let masks = [op.care, not(op.keep), op.put, not(op.join_keep), op.join_put];
        let inside = masks.iter().all(|mask| mask.iter().zip(known).all(|(mask, known)| mask & !known == 0));
        let is_task = route < usize::from(self.header.tasks);
        let OpMeta { key, outcomes, .. } = op.meta;
        let kind = op.meta.kind();
        let want_fits = if kind == KIND_PLAIN && outcome < usize::from(outcomes) {
            op.want == if is_task { [1 << route, 0] } else { [0, 0] }
                && (0..WORDS_MAX).all(|word| op.want[word] & !op.care[word] == 0)
        } else {
            // A second word of a one-word op is not there.
            (0..self.words()).all(|word| op.want[word] == NEVER && op.care[word] == 0)
        };
        let own = OpMeta::key_of(route as u16, kind, outcome as u8, is_task);
        inside && key == own && want_fits && op.reserved == [0; 2]
    }

    /// Whether the engine can follow a script.
    fn check_script(&self, at: usize, guards: &[u16]) -> Result<(), ImageError> {
        let h = self.header;
        let is_guard = |guard: u16| guards.binary_search(&guard).is_ok();
        let makes_instances = |task| self.task(usize::from(task)).kind == TASK_INSTANCES;
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

    /// All cells of the image as words.
    #[must_use]
    pub fn cells(&self) -> &'i [[u64; 8]] {
        <[[u64; 8]]>::ref_from_bytes(self.bytes).unwrap_or_else(|_| unreachable!("aligned, and whole cells"))
    }

    /// The image's bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &'i [u8] {
        self.bytes
    }
}

fn low_bits(bits: usize) -> [u64; WORDS_MAX] {
    core::array::from_fn(|word| match bits.saturating_sub(64 * word) {
        0 => 0,
        64.. => u64::MAX,
        left => (1 << left) - 1,
    })
}
