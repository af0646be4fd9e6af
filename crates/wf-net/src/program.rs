//! A program image as an engine sees it: checked once, then viewed in place.

mod check;
mod outline;

use core::fmt;

use zerocopy::FromBytes;

use crate::guard::Guards;
use crate::image::{
    CELL_BYTES, COUNTER_CELLS, ConstantCell, CounterOf, CubeCell, FLAG_GENERAL, FLAG_MERGES, HEADER_CELLS,
    Header, KIND_PLAIN, KIND_SCRIPT, MAGIC, MergeOp, NEVER, NO_COUNTERS, Op1, Op2, TaskCell, VERSION,
    build_id,
};
use crate::tail::Names;

pub use outline::Outline;

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
        Ok(Self::parse_named(bytes)?.0)
    }

    /// As [`parse`](Self::parse), with the names and decisions, which are read for it anyway.
    ///
    /// # Errors
    /// The first part that is not valid.
    pub fn parse_named(bytes: &'i [u8]) -> Result<(Self, Names), ImageError> {
        let program = Self::begin(bytes)?;
        program.check_build_id()?;
        program.check_header().map_err(ImageError::Header)?;
        let names = program.check_parts()?;
        Ok((program, names))
    }

    /// A view of bytes that begin like an image and are as many as it says.
    pub(crate) fn begin(bytes: &'i [u8]) -> Result<Self, ImageError> {
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
        Ok(Self { header, bytes })
    }

    fn check_build_id(&self) -> Result<(), ImageError> {
        if build_id(self.bytes) == self.header.build_id { Ok(()) } else { Err(ImageError::Damaged) }
    }

    /// Checks what stands behind a header that was checked.
    fn check_parts(&self) -> Result<Names, ImageError> {
        self.check_ops()?;
        let names = self.names()?;
        self.check_patterns(&names)?;
        Ok(names)
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
        let names = Names::read(self.tail()).ok_or(ImageError::Tail)?;
        let header = self.header;
        let fits = names.tasks.len() == usize::from(header.tasks)
            && names.starts.len() == usize::from(header.starts)
            && names.bodies < names.starts.len()
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

    fn tail(&self) -> &'i [u8] {
        let at = self.header.tail_at as usize * CELL_BYTES;
        &self.bytes[at..at + self.header.tail_bytes as usize]
    }

    /// The op that stands for a route and an outcome, widened to two words. For an outcome that the route does not have: its
    /// script, or one that is never legal.
    ///
    /// # Panics
    /// If the route is out of range, or the outcome is not below `1 << shift`.
    #[must_use]
    pub fn op(&self, route: usize, outcome: usize) -> Op2 {
        assert!(route < self.routes() && outcome < 1 << self.header.shift, "no such op");
        if let Some(cell) = self.own_op(route, outcome) {
            return self.op_at(cell);
        }
        let first = self.op_at(self.header.ops_at as usize + route * self.words());
        match first.meta.kind() {
            KIND_SCRIPT => first,
            _ => Op2 { care: [0; 2], want: [NEVER; 2], ..first },
        }
    }

    /// Routes and outcomes that have an op of their own, with its first cell.
    pub fn ops(&self) -> impl Iterator<Item = (usize, usize, usize)> + use<'i> {
        let program = *self;
        let outcomes = 1usize << program.header.shift;
        let all = (0..program.routes()).flat_map(move |route| (0..outcomes).map(move |o| (route, o)));
        all.filter_map(move |(route, outcome)| Some((route, outcome, program.own_op(route, outcome)?)))
    }

    /// The first cell of an op of this very outcome.
    fn own_op(&self, route: usize, outcome: usize) -> Option<usize> {
        let is_task = route < usize::from(self.header.tasks);
        let is_own = |&cell: &usize| self.op_at(cell).meta.is_of(route as u16, outcome as u8, is_task);
        self.op_place(route, outcome).filter(is_own)
    }

    /// The first cell that is looked at for an op, whatever stands there; `None` if it is outside the image.
    fn op_place(&self, route: usize, outcome: usize) -> Option<usize> {
        let number = route as isize + outcome as isize * isize::from(self.header.stride);
        let cell = (self.header.ops_at as usize).checked_add_signed(number * self.words() as isize)?;
        (cell + self.words() <= self.header.cells as usize).then_some(cell)
    }

    /// The first (route, outcome) for which a cell would be looked at that is none of the ops' and outside the image or passes for
    /// an op.
    pub(crate) fn strays(&self) -> Option<(usize, usize)> {
        let ops = self.first_op()..self.header.tasks_at as usize;
        let mut all =
            (0..self.routes()).flat_map(|route| (0..1usize << self.header.shift).map(move |o| (route, o)));
        let strays = |&(route, outcome): &(usize, usize)| match self.op_place(route, outcome) {
            Some(cell) => !ops.contains(&cell) && self.own_op(route, outcome).is_some(),
            None => true,
        };
        all.find(strays)
    }

    /// First cell of all ops.
    pub(crate) const fn first_op(&self) -> usize {
        HEADER_CELLS + if self.header.counters > 0 { COUNTER_CELLS } else { 0 }
    }

    /// For each place its counter.
    #[must_use]
    pub fn counter_of(&self) -> &'i CounterOf {
        if self.header.counters == 0 {
            return &NO_COUNTERS;
        }
        let bytes = self.bytes[HEADER_CELLS * CELL_BYTES..].first_chunk();
        bytes.unwrap_or_else(|| unreachable!("ops begin behind them"))
    }

    /// What is kept of a task, or of interrupt `task - tasks`.
    ///
    /// # Panics
    /// If the number is out of range.
    #[must_use]
    pub fn task(&self, task: usize) -> &'i TaskCell {
        let h = self.header;
        assert!(task < usize::from(h.tasks) + usize::from(h.interrupts), "no such task");
        if h.flags & FLAG_GENERAL == 0 {
            return &TaskCell::PLAIN;
        }
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
        let of_op = |(_, _, cell)| {
            let op = self.op_at(cell);
            if op.meta.kind() == KIND_PLAIN {
                return ((op.put[0] | op.join_put[0]) & enabled).count_ones() as usize;
            }
            // Which branches a script takes is not known here: all tasks is the most.
            enabled.count_ones() as usize
        };
        self.ops().map(of_op).max().unwrap_or(0)
    }

    fn op_at(&self, cell: usize) -> Op2 {
        let bytes = &self.bytes[cell * CELL_BYTES..(cell + self.words()) * CELL_BYTES];
        let widen = |word| [word, 0];
        match self.header.words {
            1 if self.header.flags & FLAG_MERGES != 0 => {
                let op = MergeOp::read_from_bytes(bytes).unwrap_or_else(|_| unreachable!("one cell"));
                let is_masks = op.meta.kind() == KIND_PLAIN;
                Op2 {
                    care: widen(op.care),
                    want: widen(if is_masks { op.want() } else { NEVER }),
                    keep: [op.keep, u64::MAX],
                    put: widen(op.put),
                    join_keep: [op.join_keep, u64::MAX],
                    join_put: widen(op.join_put),
                    meta: op.meta,
                    threat: widen(op.threat),
                }
            }
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
                    threat: widen(!op.join_keep),
                }
            }
            _ => Op2::read_from_bytes(bytes).unwrap_or_else(|_| unreachable!("two cells")),
        }
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
