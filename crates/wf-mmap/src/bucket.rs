//! One bucket of the index: 64 bytes, ten slots of a 16-bit fingerprint and a 32-bit position.
//!
//! ```text
//! byte  0        20                 60    62    64
//!       | 10 x u16 | 10 x u32        | u16 | u16 |
//!       | finger-  | position of the | slots| over-|
//!       | prints   | payload, units  | used | flow |
//! ```
//! A key that found its bucket full stands in a later one; every bucket that it passed carries the key's bit of the
//! overflow word, so that most misses end in the first bucket.

/// Slots in a bucket.
pub(crate) const SLOTS: usize = 10;
/// Keys per home bucket on average: a load of 0.7.
pub(crate) const KEYS_PER_BUCKET: u64 = 7;
/// The most buckets that a look-up visits.
pub(crate) const PROBE_MAX: u32 = 32;

const POSITIONS_AT: usize = 2 * SLOTS;
const USED_AT: usize = POSITIONS_AT + 4 * SLOTS;
const OVERFLOW_AT: usize = USED_AT + 2;
const _: () = assert!(OVERFLOW_AT + 2 == 64);

/// One bit for each slot in use; at most ten, whatever a damaged file says.
const USED_MASKS: [u32; 16] = {
    let mut masks = [(1 << SLOTS) - 1; 16];
    let mut used = 0;
    while used < SLOTS {
        masks[used] = (1 << used) - 1;
        used += 1;
    }
    masks
};

/// What the index keeps of a hash beyond the bucket it chose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Trace {
    pub(crate) fingerprint: u16,
    pub(crate) overflow_bit: u16,
}

impl Trace {
    /// The low bits: the bucket is chosen by the high ones.
    #[inline]
    pub(crate) fn of(hash: u64) -> Self {
        Self { fingerprint: hash as u16, overflow_bit: 1 << (hash >> 16 & 15) }
    }
}

/// The home bucket of a hash among `count` buckets: the high bits of the product.
#[inline]
pub(crate) fn home(hash: u64, count: u64) -> u64 {
    ((u128::from(hash) * u128::from(count)) >> 64) as u64
}

/// A bucket read in place.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bucket<'b>(pub(crate) &'b [u8; 64]);

impl<'b> Bucket<'b> {
    /// One bit per slot whose fingerprint is this one; slots that are not used never match.
    #[inline]
    pub(crate) fn matches(self, fingerprint: u16) -> u32 {
        // A table, so that one instruction stands between the comparison and what follows from it.
        u32::from(match_lanes(self.0, fingerprint)) & USED_MASKS[usize::from(self.0[USED_AT] & 15)]
    }

    /// Slots in use.
    pub(crate) fn used(self) -> usize {
        usize::from(u16::from_le_bytes([self.0[USED_AT], self.0[USED_AT + 1]]))
    }

    /// Where the payload of a slot's record begins, in units from the start of the record area.
    ///
    /// # Panics
    /// If there is no such slot.
    #[inline]
    pub(crate) fn position(self, slot: u32) -> u32 {
        let (positions, _) = self.0[POSITIONS_AT..USED_AT].as_chunks::<4>();
        u32::from_le_bytes(positions[slot as usize])
    }

    /// Whether a key with this trace may stand in a later bucket.
    #[inline]
    pub(crate) fn overflowed(self, trace: Trace) -> bool {
        u16::from_le_bytes([self.0[OVERFLOW_AT], self.0[OVERFLOW_AT + 1]]) & trace.overflow_bit != 0
    }
}

/// A bucket being filled.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BucketDraft {
    pub(crate) bytes: [u8; 64],
    used: usize,
}

impl BucketDraft {
    pub(crate) fn new() -> Self {
        Self { bytes: [0; 64], used: 0 }
    }

    /// Puts a record into the next free slot; `false` where all are used.
    pub(crate) fn push(&mut self, trace: Trace, position: u32) -> bool {
        if self.used == SLOTS {
            return false;
        }
        self.bytes[2 * self.used..][..2].copy_from_slice(&trace.fingerprint.to_le_bytes());
        self.bytes[POSITIONS_AT + 4 * self.used..][..4].copy_from_slice(&position.to_le_bytes());
        self.used += 1;
        self.bytes[USED_AT..][..2].copy_from_slice(&(self.used as u16).to_le_bytes());
        true
    }

    /// Notes that a record with this trace went to a later bucket.
    pub(crate) fn pass(&mut self, trace: Trace) {
        let word = u16::from_le_bytes([self.bytes[OVERFLOW_AT], self.bytes[OVERFLOW_AT + 1]]);
        self.bytes[OVERFLOW_AT..][..2].copy_from_slice(&(word | trace.overflow_bit).to_le_bytes());
    }
}

/// One bit per 16-bit lane of the first 32 bytes that equals `fingerprint` (lanes past the slots included).
#[cfg(target_arch = "x86_64")]
#[inline]
fn match_lanes(bucket: &[u8; 64], fingerprint: u16) -> u16 {
    // SAFETY: the function needs SSE2, which every x86-64 processor has.
    unsafe { match_lanes_sse2(bucket, fingerprint) }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "sse2")]
#[inline]
fn match_lanes_sse2(bucket: &[u8; 64], fingerprint: u16) -> u16 {
    use std::arch::x86_64::{
        _mm_cmpeq_epi16, _mm_loadu_si128, _mm_movemask_epi8, _mm_packs_epi16, _mm_set1_epi16,
    };
    let (quarters, _) = bucket.as_chunks::<16>();
    // SAFETY: the load needs 16 readable bytes at any alignment, and the chunk has 16.
    let first = unsafe { _mm_loadu_si128(quarters[0].as_ptr().cast()) };
    // SAFETY: the load needs 16 readable bytes at any alignment, and the chunk has 16.
    let second = unsafe { _mm_loadu_si128(quarters[1].as_ptr().cast()) };
    let wanted = _mm_set1_epi16(fingerprint.cast_signed());
    let (first, second) = (_mm_cmpeq_epi16(first, wanted), _mm_cmpeq_epi16(second, wanted));
    _mm_movemask_epi8(_mm_packs_epi16(first, second)) as u16
}

/// One bit per slot whose fingerprint equals `fingerprint`.
#[cfg(not(target_arch = "x86_64"))]
#[inline]
fn match_lanes(bucket: &[u8; 64], fingerprint: u16) -> u16 {
    match_lanes_portable(bucket, fingerprint)
}

#[cfg(any(test, not(target_arch = "x86_64")))]
fn match_lanes_portable(bucket: &[u8; 64], fingerprint: u16) -> u16 {
    let (lanes, _) = bucket.as_chunks::<2>();
    lanes[..SLOTS]
        .iter()
        .enumerate()
        .fold(0, |mask, (slot, lane)| mask | u16::from(u16::from_le_bytes(*lane) == fingerprint) << slot)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filled_bucket_reads_back() {
        let mut draft = BucketDraft::new();
        for slot in 0..SLOTS as u32 {
            assert_eq!(Bucket(&draft.bytes).used(), slot as usize);
            assert!(draft.push(Trace::of(u64::from(slot % 3)), 1000 + slot));
        }
        assert!(!draft.push(Trace::of(0), 1));
        let bucket = Bucket(&draft.bytes);
        assert_eq!(bucket.matches(0), 0b10_0100_1001);
        assert_eq!(bucket.matches(1), 0b00_1001_0010);
        assert_eq!(bucket.matches(2), 0b01_0010_0100);
        assert_eq!(bucket.matches(3), 0);
        for slot in 0..SLOTS as u32 {
            assert_eq!(bucket.position(slot), 1000 + slot);
        }
    }

    #[test]
    fn an_unused_slot_never_matches() {
        let mut draft = BucketDraft::new();
        assert_eq!(Bucket(&draft.bytes).matches(0), 0);
        draft.push(Trace::of(0), 5);
        assert_eq!(Bucket(&draft.bytes).matches(0), 1);
    }

    #[test]
    fn only_the_passing_traces_bit_is_seen() {
        let mut draft = BucketDraft::new();
        draft.pass(Trace::of(3 << 16));
        let bucket = Bucket(&draft.bytes);
        assert!(bucket.overflowed(Trace::of(3 << 16 | 99)));
        assert!(!bucket.overflowed(Trace::of(4 << 16)));
    }

    #[test]
    fn the_vector_form_agrees_with_the_portable_form() {
        let mut state = 1u64;
        for _ in 0..2_000 {
            let mut bytes = [0; 64];
            for byte in &mut bytes {
                state = state.wrapping_mul(0x5851_F42D_4C95_7F2D).wrapping_add(1);
                // Few values, so that many lanes are equal.
                *byte = (state >> 62) as u8;
            }
            for fingerprint in [0u16, 1, 0x0101, 0x0203, 0x0300, 0xffff] {
                let slots = (1 << SLOTS) - 1;
                assert_eq!(
                    match_lanes(&bytes, fingerprint) & slots,
                    match_lanes_portable(&bytes, fingerprint) & slots
                );
            }
        }
    }

    #[test]
    fn homes_keep_the_order_of_hashes_and_fill_the_range() {
        assert_eq!(home(0, 9), 0);
        assert_eq!(home(u64::MAX, 9), 8);
        assert!((1..100u64).all(|i| home(i << 57, 77) >= home((i - 1) << 57, 77)));
    }
}
