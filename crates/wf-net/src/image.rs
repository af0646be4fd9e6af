//! The program image: the bytes that an engine uses in place, and nothing else.
//!
//! An image is a sequence of 64-byte *cells*, little-endian, with no pointers: it can lie anywhere that is
//! 64-byte aligned. Offsets are counted in cells from the image's first.
//!
//! | part | cells | holds |
//! |---|---|---|
//! | header | [`HEADER_CELLS`] | [`Header`] |
//! | ops | `words << shift` for each route | what a completion of (task, outcome) does, then the same for starts |
//! | begin ops | `words` for each task | what beginning a task does |
//! | scripts | | routing that is more than masks, in 16-bit codes |
//! | tail | | names and decisions, for people; never read on the main path |
//!
//! The op of (task `t`, outcome `o`) stands at `ops_at + (((t << shift) | (o & ((1 << shift) - 1))) * words)`.
//!
//! # Sources
//! Firing by bit masks: Garcia-Banuelos et al., *Optimized Execution of Business Processes on Blockchain* (BPM 2017).

use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// Bytes of a cell.
pub const CELL_BYTES: usize = 64;
/// Cells of the header.
pub const HEADER_CELLS: usize = 4;
/// First bytes of an image.
pub const MAGIC: [u8; 4] = *b"WFPI";
/// Version of the format that this crate writes and reads.
pub const VERSION: u16 = 1;
/// Most 64-bit words of a marking.
pub const WORDS_MAX: usize = 2;
/// Most places of a program: bits of a marking.
pub const PLACES_MAX: usize = 64 * WORDS_MAX;
/// Most tasks of a program: work-item bits, all in the first word.
pub const TASKS_MAX: usize = 64;
/// Most start nodes of a program.
pub const STARTS_MAX: usize = 64;
/// Longest name of a net, in bytes: it is a key in a store.
pub const NET_NAME_BYTES_MAX: usize = 1024;
/// Most places that may hold several tokens: bytes of counters in a case line.
pub const COUNTERS_MAX: usize = 26;
/// A place without a counter, in [`Header::counter_of`].
pub const NO_COUNTER: u8 = 0xFF;
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
    /// Log2 of the ops for each route.
    pub shift: u8,
    /// Cells of the whole image.
    pub cells: u32,
    /// First cell of the ops.
    pub ops_at: u32,
    /// First cell of the begin ops.
    pub begin_at: u32,
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
    /// Must be zero.
    pub reserved: [u8; 12],
    /// Identity of the program: FNV-1a of every other byte of the image.
    pub build_id: u64,
    /// Work-item bits of the first word.
    pub enabled_mask: u64,
    /// Bits that say that a task is running.
    pub running_mask: [u64; WORDS_MAX],
    /// Bits whose place has a counter.
    pub counted_mask: [u64; WORDS_MAX],
    /// Must be zero.
    pub reserved2: [u64; 3],
    /// For each place its counter, or [`NO_COUNTER`].
    pub counter_of: [u8; PLACES_MAX],
}

const _: () = assert!(size_of::<Header>() == HEADER_CELLS * CELL_BYTES);

/// What an op is about, beside its masks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C)]
pub struct OpMeta {
    /// Outcomes that the route distinguishes; `u32::MAX`: more than an event's byte can say.
    pub outcomes: u32,
    /// First code of the script, for [`KIND_SCRIPT`].
    pub script: u32,
    /// Number of the route.
    pub route: u16,
    /// [`KIND_PLAIN`] or [`KIND_SCRIPT`].
    pub kind: u8,
    /// Must be zero.
    pub reserved: [u8; 5],
}

/// A one-word op: one cell, one cache line.
///
/// With `m` the marking: legal iff `m & need == need && m & deny == 0`; then `m = (m & !take) | put`; then, if
/// `m & join_need == join_need`, `m = (m & !join_need) | join_put`. An op without a synchronization has
/// `join_need == 0 && join_put == 0`, so that no branch is needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C)]
pub struct Op1 {
    /// Bits that must be set.
    pub need: u64,
    /// Bits that must be clear.
    pub deny: u64,
    /// Bits that are cleared.
    pub take: u64,
    /// Bits that are set.
    pub put: u64,
    /// Inputs of the synchronization that may fire.
    pub join_need: u64,
    /// Bits that it sets.
    pub join_put: u64,
    /// What the op is about.
    pub meta: OpMeta,
}

/// A two-word op: two cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C)]
pub struct Op2 {
    /// Bits that must be set.
    pub need: [u64; 2],
    /// Bits that must be clear.
    pub deny: [u64; 2],
    /// Bits that are cleared.
    pub take: [u64; 2],
    /// Bits that are set.
    pub put: [u64; 2],
    /// Inputs of the synchronization that may fire.
    pub join_need: [u64; 2],
    /// Bits that it sets.
    pub join_put: [u64; 2],
    /// What the op is about.
    pub meta: OpMeta,
    /// Must be zero.
    pub reserved: [u64; 2],
}

const _: () = assert!(size_of::<Op1>() == CELL_BYTES);
const _: () = assert!(size_of::<Op2>() == 2 * CELL_BYTES);

/// Codes of a script.
///
/// A script is: slots, number of steps, a target list (what the completion puts), then the steps.
/// A target list is its length and its targets; a target is an index with one of the `TO_*` marks.
pub mod script {
    /// All tokens of a slot take one branch: slot, target list. Two or more branches use up a digit of the choice.
    pub const CHOICE: u16 = 1;
    /// Each token of a slot becomes one on every target: slot, target list.
    pub const SPLIT: u16 = 2;
    /// Fires while every input has a token: number of inputs, their places, target list.
    pub const JOIN: u16 = 3;
    /// Mark of a target that is a place.
    pub const TO_PLACE: u16 = 0;
    /// Mark of a target that is a slot.
    pub const TO_SLOT: u16 = 1 << 14;
    /// A target that takes the token away.
    pub const GONE: u16 = 2 << 14;
    /// Bits of a target that hold the index.
    pub const INDEX: u16 = (1 << 14) - 1;
}

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

/// FNV-1a over all bytes but those of [`Header::build_id`].
#[must_use]
pub(crate) fn build_id(image: &[u8]) -> u64 {
    let at = core::mem::offset_of!(Header, build_id);
    image
        .iter()
        .enumerate()
        .filter(|(index, _)| !(at..at + 8).contains(index))
        .fold(0xCBF2_9CE4_8422_2325, |hash, (_, &byte)| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3)
        })
}
