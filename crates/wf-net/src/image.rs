//! The program image: the bytes that an engine uses in place, and nothing else.
//!
//! An image is a sequence of 64-byte *cells*, little-endian, with no pointers: it can lie anywhere that is
//! 64-byte aligned. Offsets are counted in cells from the image's first.
//!
//! | part | cells | holds |
//! |---|---|---|
//! | header | [`HEADER_CELLS`] | [`Header`] |
//! | counters | 2, or none | [`CounterOf`], of a program that has any |
//! | ops | `words` each | what a completion of (task, outcome) does, then the same for starts and interrupts |
//! | tasks | 1 for each task, then for each interrupt | [`TaskCell`]: when it can begin, and what else is kept of it; only with [`FLAG_GENERAL`] |
//! | cubes | 1 each | [`CubeCell`]: when a synchronizing merge need not wait |
//! | scripts | | routing that is more than masks, in 16-bit codes |
//! | conditions | | what decides by the data of a case, in 16-bit codes |
//! | constants | 4 each a cell | [`ConstantCell`]: what conditions compare with |
//! | tail | | names and decisions, for people, each text once; never read on the main path |
//!
//! The op of (route `r`, outcome `o`) stands at `ops_at + (r + (o & ((1 << shift) - 1)) * stride) * words`, if what stands there says
//! that it is ([`OpMeta::is_of`]). Else the op of outcome 0 stands for it: a script for all outcomes, or masks that have one outcome.
//! Most routes have one; so outcomes stand where the compiler finds room, and few cells are empty. It sees to it that no other cell
//! that is looked at so passes for an op.
//!
//! # Sources
//! Firing by bit masks: Garcia-Banuelos et al., *Optimized Execution of Business Processes on Blockchain* (BPM 2017).

use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// Bytes of a cell.
pub const CELL_BYTES: usize = 64;
/// Cells of the header.
pub const HEADER_CELLS: usize = 3;
/// First bytes of an image.
pub const MAGIC: [u8; 4] = *b"WFPI";
/// Version of the format that this crate writes and reads.
pub const VERSION: u16 = 7;
/// Most 64-bit words of a marking.
pub const WORDS_MAX: usize = 2;
/// Most places of a program: bits of a marking.
pub const PLACES_MAX: usize = 64 * WORDS_MAX;
/// Most tasks of a program: work-item bits, all in the first word.
pub const TASKS_MAX: usize = 64;
/// Most start nodes and interrupts of a program.
pub const STARTS_MAX: usize = 64;
/// Most instances of a task at once, where they are bits of its record.
pub const INSTANCES_MAX: u16 = 64;
/// As [`INSTANCES_MAX`], where they are cases of their own.
pub const CHILDREN_MAX: u16 = (1 << 15) - 1;
/// Longest name of a net, in bytes: it is a key in a store.
pub const NET_NAME_BYTES_MAX: usize = 1024;
/// Most places that may hold several tokens: bytes of counters in a case line. Records of instances and of calls
/// take their bytes from the same room, behind the counters.
pub const COUNTERS_MAX: usize = 26;
/// A place without a counter, in [`CounterOf`].
pub const NO_COUNTER: u8 = 0xFF;
/// For each place its counter, or [`NO_COUNTER`].
pub type CounterOf = [u8; PLACES_MAX];
/// Cells of a [`CounterOf`].
pub const COUNTER_CELLS: usize = PLACES_MAX / CELL_BYTES;
/// That of a program whose places hold one token each.
pub const NO_COUNTERS: CounterOf = [NO_COUNTER; PLACES_MAX];
/// Most variables of a case that conditions ask for.
pub const VARIABLES_MAX: usize = 8;
/// Most slots of a script.
pub const SLOTS_MAX: usize = 256;

/// The op is masks alone: the plain path.
pub const KIND_PLAIN: u8 = 0;
/// The op's routing is a script.
pub const KIND_SCRIPT: u8 = 1;

/// The first cells of an image.
#[derive(Clone, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C)]
pub struct Header {
    /// [`MAGIC`].
    pub magic: [u8; 4],
    /// [`VERSION`].
    pub version: u16,
    /// 64-bit words of a marking: 1 or 2.
    pub words: u8,
    /// Bits of an outcome that ops of a route differ in.
    pub shift: u8,
    /// Cells of the whole image.
    pub cells: u32,
    /// First cell of the op of route 0 and outcome 0; some of the others may stand before it.
    pub ops_at: u32,
    /// First of the [`TaskCell`]s.
    pub tasks_at: u32,
    /// First cell of the scripts.
    pub scripts_at: u32,
    /// Length of the scripts in 16-bit codes.
    pub script_codes: u32,
    /// First cell of the tail.
    pub tail_at: u32,
    /// Bytes of the tail.
    pub tail_bytes: u32,
    /// Tasks; task `t`'s work item is bit `t` of the marking.
    pub tasks: u16,
    /// Start nodes; the route of start `s` is number `tasks + s`.
    pub starts: u16,
    /// Bits of the marking in use.
    pub places: u16,
    /// Counters in use.
    pub counters: u16,
    /// First of the [`CubeCell`]s.
    pub cubes_at: u32,
    /// Number of them.
    pub cubes: u32,
    /// Interrupts; the route of interrupt `i` is number `tasks + starts + i`.
    pub interrupts: u16,
    /// Synchronizing merges.
    pub merges: u16,
    /// Identity of the program: a hash of every other byte of the image.
    pub build_id: u64,
    /// Work-item bits of the first word.
    pub enabled_mask: u64,
    /// Bits that say that a task is running.
    pub running_mask: [u64; WORDS_MAX],
    /// Bits whose place has a counter.
    pub counted_mask: [u64; WORDS_MAX],
    /// Bits of what may be left when a case has ended well: triggers that nobody took, arrivals that a partial join
    /// swallowed.
    pub residue_mask: [u64; WORDS_MAX],
    /// [`FLAG_GENERAL`], [`FLAG_QUIET`], [`FLAG_MERGES`] or 0.
    pub flags: u64,
    /// First cell of the conditions.
    pub guards_at: u32,
    /// Length of the conditions in 16-bit codes.
    pub guard_codes: u32,
    /// First cell of the constants.
    pub constants_at: u32,
    /// Number of them.
    pub constants: u32,
    /// Variables that conditions ask for.
    pub variables: u32,
    /// Messages that are sent or waited for.
    pub messages: u16,
    /// How many ops further that of the next outcome stands.
    pub stride: i16,
    /// Must be zero.
    pub reserved: [u64; 5],
}

const _: () = assert!(size_of::<Header>() == HEADER_CELLS * CELL_BYTES);

/// What an op is about, beside its masks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C)]
pub struct OpMeta {
    /// The route in the lowest 16 bits, [`KIND_PLAIN`] or [`KIND_SCRIPT`] in the byte from bit 32, the outcome in the byte from
    /// bit 40, and in the highest 16 bits all ones of a task, none of a start or interrupt: the very word that says all about an
    /// event but whose it is, so that one comparison checks it.
    pub key: u64,
    /// First code of the script, for [`KIND_SCRIPT`].
    pub script: u32,
    /// Outcomes that the route distinguishes; [`OUTCOMES_MANY`]: as many, or more.
    pub outcomes: u16,
    /// Number of the set of control-flow patterns that the op's way leads through, in the program's names.
    pub patterns: u16,
}

/// [`OpMeta::outcomes`] of a route that distinguishes as many outcomes, or more.
pub const OUTCOMES_MANY: u16 = u16::MAX;

impl OpMeta {
    /// The key of an op.
    #[must_use]
    pub const fn key_of(route: u16, kind: u8, outcome: u8, is_task: bool) -> u64 {
        let side = if is_task { 0xFFFF } else { 0 };
        route as u64 | (kind as u64) << 32 | (outcome as u64) << 40 | side << 48
    }

    /// Number of the route.
    #[must_use]
    pub const fn route(&self) -> u16 {
        self.key as u16
    }

    /// Number of the outcome.
    #[must_use]
    pub const fn outcome(&self) -> u8 {
        (self.key >> 40) as u8
    }

    /// Whether this is the op of a route's outcome.
    #[inline]
    #[must_use]
    pub const fn is_of(&self, route: u16, outcome: u8, is_task: bool) -> bool {
        self.key == Self::key_of(route, self.kind(), outcome, is_task)
    }

    /// [`KIND_PLAIN`] or [`KIND_SCRIPT`].
    #[must_use]
    pub const fn kind(&self) -> u8 {
        (self.key >> 32) as u8
    }
}

/// [`Op1::want`] of an op that is never legal by its masks, with `care` 0: of scripts. So the plain path needs no other look to know that an op is not for it.
pub const NEVER: u64 = u64::MAX;

/// A one-word op: one cell, one cache line.
///
/// With `m` the marking: legal iff `m & care == want`; then `m = (m & keep) | put`; then, if `m | join_keep` is all
/// ones, `m = (m & join_keep) | join_put`. An op without a synchronization has `join_keep` all ones and `join_put == 0`,
/// so that no branch is needed. Masks of what goes are kept as their complement: one instruction less a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C)]
pub struct Op1 {
    /// Bits that matter for whether the step is legal.
    pub care: u64,
    /// What they must be: those that must be set. The others of `care` must be clear.
    pub want: u64,
    /// Bits that stay; the others are cleared.
    pub keep: u64,
    /// Bits that are set.
    pub put: u64,
    /// Bits that stay when the synchronization fires; the others are its inputs.
    pub join_keep: u64,
    /// Bits that it sets.
    pub join_put: u64,
    /// What the op is about.
    pub meta: OpMeta,
}

/// A one-word op of a program with [`FLAG_MERGES`]: as [`Op1`], but its synchronization may be a merge, too.
///
/// It fires iff one of its inputs is set, and either all are or no bit of `threat` is. What must be set for the step to be
/// legal is not kept: of a task it is the task's own bit, of a start nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C)]
pub struct MergeOp {
    /// As [`Op1::care`]; 0 of an op of a task that is never legal by its masks.
    pub care: u64,
    /// Bits of which none may be set for a merge to fire with some of its inputs; of a join its inputs.
    pub threat: u64,
    /// As [`Op1::keep`].
    pub keep: u64,
    /// As [`Op1::put`].
    pub put: u64,
    /// As [`Op1::join_keep`].
    pub join_keep: u64,
    /// As [`Op1::join_put`].
    pub join_put: u64,
    /// What the op is about.
    pub meta: OpMeta,
}

impl MergeOp {
    /// As [`Op1::want`], of an op that is legal at times.
    #[inline(always)]
    #[must_use]
    pub const fn want(&self) -> u64 {
        // The highest bit of the key is a task's.
        (self.meta.key >> 63) << (self.meta.key & 63)
    }
}

const _: () = assert!(size_of::<MergeOp>() == CELL_BYTES && TASKS_MAX <= 64);

/// A two-word op: two cells.
///
/// As [`Op1`], but its synchronization may be a merge, too, as of a [`MergeOp`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C)]
pub struct Op2 {
    /// As [`Op1::care`].
    pub care: [u64; 2],
    /// As [`Op1::want`].
    pub want: [u64; 2],
    /// As [`Op1::keep`].
    pub keep: [u64; 2],
    /// As [`Op1::put`].
    pub put: [u64; 2],
    /// As [`Op1::join_keep`].
    pub join_keep: [u64; 2],
    /// As [`Op1::join_put`].
    pub join_put: [u64; 2],
    /// What the op is about.
    pub meta: OpMeta,
    /// As [`MergeOp::threat`].
    pub threat: [u64; 2],
}

const _: () = assert!(size_of::<Op1>() == CELL_BYTES && size_of::<Op2>() == 2 * CELL_BYTES);

/// The program has tasks whose enabling depends on more than their own token, or that are more than a token: ops are scripts, and
/// what a step has enabled and withdrawn is found by comparing the case before and after.
pub const FLAG_GENERAL: u64 = 1;
/// The ops of a one-word program are [`MergeOp`]s.
pub const FLAG_MERGES: u64 = 2;
/// Beside [`FLAG_GENERAL`]: some ops are masks all the same. Such a step moves tokens that nothing else depends on: the tasks
/// that it enables are [calm](TaskCell::is_calm), it withdraws nothing, and starts no timer, instance or call.
pub const FLAG_QUIET: u64 = 4;

/// A work item that a completion takes.
pub const TASK_PLAIN: u8 = 0;
/// A work item that a trigger takes; without one waiting the trigger is lost.
pub const TASK_TRANSIENT: u8 = 1;
/// A work item that a trigger takes; without one waiting the trigger is kept in [`TaskCell::own`].
pub const TASK_PERSISTENT: u8 = 2;
/// A task with instances; its record stands at [`TaskCell::record`].
pub const TASK_INSTANCES: u8 = 3;
/// A task that runs a case of another program; the slot of that case stands at [`TaskCell::record`].
pub const TASK_CALL: u8 = 4;
/// An event from outside on a region.
pub const TASK_INTERRUPT: u8 = 5;
/// A task with instances that are cases of their own: of another program, or of this one from a start node on.
pub const TASK_CHILDREN: u8 = 6;
/// The other instances are withdrawn when the thread goes on.
pub const INSTANCES_CANCEL_REST: u8 = 1;
/// Further instances may be added.
pub const INSTANCES_DYNAMIC: u8 = 2;
/// One instance after another: the first that is not complete has a work item.
pub const INSTANCES_SEQUENTIAL: u8 = 64;
/// The lowest digit of a completion says whether the thread goes on.
pub const INSTANCES_CONDITION: u8 = 4;
/// With [`INSTANCES_CONDITION`]: a condition at [`TaskCell::timer`] says so where the digit is 0; else 1: not yet, 2: it does.
pub const INSTANCES_GUARDED: u8 = 32;

/// Behind a call something is decided that data does not: it is asked when the case has ended.
pub const CALL_ASKS: u8 = 1;

/// Behind instances that are cases of their own something is decided that data does not: it is asked when there are enough.
pub const CHILDREN_ASK: u8 = 128;
/// Bytes of the record of instances that are cases of their own.
pub const CHILDREN_BYTES: usize = 10;
/// [`TaskCell::start`] of a task whose cases begin at no start node of the same program.
pub const NO_START: u16 = u16::MAX;
/// [`TaskCell::call`] of a task that calls nothing.
pub const NO_CALL: u16 = u16::MAX;
/// Bytes of the record of a timer.
pub const TIMER_BYTES: usize = 4;
/// Time brings the trigger or interrupt, [`TaskCell::timer`] seconds after a token has arrived.
pub const TIMER_AFTER: u8 = 8;
/// Time brings the trigger or interrupt at second [`TaskCell::timer`].
pub const TIMER_AT: u8 = 16;

/// When a task can begin, and what is kept of it beside its token.
///
/// A task can begin iff it has a token that is not begun, every bit of `need` is set and none of `deny`. An
/// interrupt can happen iff a bit of `need` is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C)]
pub struct TaskCell {
    /// Bits that must be set; of an interrupt: its region.
    pub need: [u64; 2],
    /// Bits that must be clear.
    pub deny: [u64; 2],
    /// Places of which one token goes when the task begins: the other alternatives of a deferred choice.
    pub rivals: [u64; 2],
    /// [`TASK_PLAIN`] and the like.
    pub kind: u8,
    /// [`INSTANCES_CANCEL_REST`] and the like, [`TIMER_AFTER`] and the like, or [`CALL_ASKS`].
    pub flags: u8,
    /// First byte of the record, in the bytes that the compiler assigns.
    pub record: u8,
    /// A place of the task's own, or [`NO_COUNTER`]: of kept triggers, or the one that says that instances run on after the
    /// thread has gone.
    pub own: u8,
    /// Most instances.
    pub most: u16,
    /// Instances that must be complete for the thread to go on; 0: all.
    pub needed: u16,
    /// Of a call, and of instances that are cases: index into the names of the nets that are called; else [`NO_CALL`].
    pub call: u16,
    /// Of instances that are cases within the case: the number of their start node; else [`NO_START`].
    pub start: u16,
    /// Seconds, where time brings the trigger; of instances with [`INSTANCES_GUARDED`] where the condition begins, in codes;
    /// else 0.
    pub timer: u32,
}

const _: () = assert!(size_of::<TaskCell>() == CELL_BYTES);

impl TaskCell {
    /// That of a task which is a token and no more.
    pub const PLAIN: Self = Self {
        need: [0; WORDS_MAX],
        deny: [0; WORDS_MAX],
        rivals: [0; WORDS_MAX],
        kind: TASK_PLAIN,
        flags: 0,
        record: 0,
        own: NO_COUNTER,
        most: 0,
        needed: 0,
        call: NO_CALL,
        start: NO_START,
        timer: 0,
    };

    /// Bytes of the record: of instances open ones and begun ones as bits, then created and done; of a call the slot of its
    /// case; of instances that are cases the slot of the first, and how many were created, have begun and are done; of a timer
    /// the second at which it fires, or 0.
    #[must_use]
    pub const fn record_bytes(&self) -> usize {
        match self.kind {
            TASK_INSTANCES => 2 * (self.most as usize).div_ceil(8) + 2,
            TASK_CALL => 4,
            TASK_CHILDREN => CHILDREN_BYTES,
            TASK_TRANSIENT | TASK_INTERRUPT if self.flags != 0 => TIMER_BYTES,
            _ => 0,
        }
    }

    /// Whether it runs cases: its own program's or another's.
    #[must_use]
    pub const fn calls(&self) -> bool {
        matches!(self.kind, TASK_CALL | TASK_CHILDREN)
    }

    /// Whether time brings what the cell is about.
    #[must_use]
    pub const fn is_timer(&self) -> bool {
        self.flags & (TIMER_AFTER | TIMER_AT) != 0
    }

    /// Whether it is of a task that is a token and no more: it can begin whatever else the case holds, and takes nothing from
    /// others.
    #[must_use]
    pub fn is_calm(&self) -> bool {
        self.kind == TASK_PLAIN && [self.need, self.deny, self.rivals] == [[0; WORDS_MAX]; 3]
    }
}

/// A synchronizing merge need not wait if `marking & care == want` for one of its cubes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C)]
pub struct CubeCell {
    /// Bits that matter.
    pub care: [u64; 2],
    /// What they must be.
    pub want: [u64; 2],
    /// Number of the merge.
    pub merge: u32,
    /// Must be zero.
    pub reserved: [u32; 7],
}

const _: () = assert!(size_of::<CubeCell>() == CELL_BYTES);

/// A constant of a condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C)]
pub struct ConstantCell {
    /// The value's 64 bits.
    pub bits: u64,
    /// What kind of value it is, as in a case's variables.
    pub kind: u32,
    /// Must be zero.
    pub reserved: u32,
}

const _: () = assert!(CELL_BYTES.is_multiple_of(size_of::<ConstantCell>()));

/// A compiled program: a 64-byte aligned copy of its image.
#[derive(Clone, PartialEq, Eq)]
pub struct Image {
    pub(crate) cells: Vec<Cell>,
}

/// 64 bytes on a 64-byte boundary.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C, align(64))]
pub(crate) struct Cell(pub(crate) [u8; CELL_BYTES]);

impl Image {
    /// The bytes, 64-byte aligned; the length is a multiple of [`CELL_BYTES`].
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.cells.as_bytes()
    }
}

impl AsRef<[u8]> for Image {
    fn as_ref(&self) -> &[u8] {
        self.as_bytes()
    }
}

impl core::fmt::Debug for Image {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Image").field("cells", &self.cells.len()).finish()
    }
}

/// What [`Header::build_id`] should be: a hash of all other words, whole ones. Each is mixed in by a step that can be undone, so a change of one word always
/// changes it.
#[must_use]
pub fn build_id(image: &[u8]) -> u64 {
    const { assert!(core::mem::offset_of!(Header, build_id).is_multiple_of(8)) };
    let at = core::mem::offset_of!(Header, build_id) / 8;
    let (words, _) = image.as_chunks::<8>();
    let mix = |hash: u64, word: &[u8; 8]| {
        (hash ^ u64::from_le_bytes(*word)).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(29)
    };
    let (before, behind) = words.split_at(at.min(words.len()));
    before.iter().chain(behind.get(1..).unwrap_or_default()).fold(image.len() as u64, mix)
}
