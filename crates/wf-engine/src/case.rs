//! The id of a case: shard, slot and generation in one word.

use core::fmt;

/// Bits of a slot number, and of a generation.
pub(crate) const FIELD_BITS: u32 = 28;
pub(crate) const FIELD: u64 = (1 << FIELD_BITS) - 1;

/// Most slots of a shard.
pub const SLOTS_MAX: usize = 1 << FIELD_BITS;

/// Names one case for ever: shard 8, slot 28, generation 28 bits.
///
/// When a case ends its slot is used again under the next generation, so an old id never reaches another case.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, zerocopy::IntoBytes, zerocopy::Immutable,
)]
#[repr(transparent)]
pub struct CaseId(pub u64);

impl CaseId {
    pub(crate) const fn new(shard: u8, slot: u32, generation: u32) -> Self {
        Self(
            (shard as u64) << (2 * FIELD_BITS)
                | (slot as u64 & FIELD) << FIELD_BITS
                | generation as u64 & FIELD,
        )
    }

    /// The shard that owns the case.
    #[must_use]
    pub const fn shard(self) -> u8 {
        (self.0 >> (2 * FIELD_BITS)) as u8
    }

    /// The slot of the case in its shard.
    #[must_use]
    pub const fn slot(self) -> u32 {
        (self.0 >> FIELD_BITS & FIELD) as u32
    }

    /// How many cases had the slot before.
    #[must_use]
    pub const fn generation(self) -> u32 {
        (self.0 & FIELD) as u32
    }
}

impl fmt::Debug for CaseId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CaseId({}:{}:{})", self.shard(), self.slot(), self.generation())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_keep_apart_at_their_limits() {
        for (shard, slot, generation) in [(0, 0, 0), (255, 0, 0), (0, FIELD as u32, 0), (7, 9, FIELD as u32)]
        {
            let id = CaseId::new(shard, slot, generation);
            assert_eq!((id.shard(), id.slot(), id.generation()), (shard, slot, generation));
        }
    }
}
