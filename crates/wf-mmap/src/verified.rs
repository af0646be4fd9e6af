//! Which records were found intact already: one bit per slot, so that later look-ups pay nothing.

use std::sync::atomic::{AtomicU16, Ordering};

/// One word per bucket, one bit per slot.
///
/// A bit is only ever set, and only after the record's checksum agreed; the bytes of an open store do not change,
/// so no ordering is needed between them and the bit.
pub(crate) struct Verified {
    buckets: Box<[AtomicU16]>,
}

impl Verified {
    /// No record seen; the memory is zero pages until a bit is set.
    pub(crate) fn new(bucket_count: usize) -> Self {
        let zeroed = Box::into_raw(vec![0u16; bucket_count].into_boxed_slice());
        // SAFETY: `zeroed` was just released by `Box::into_raw` and is not used again; `AtomicU16` has the size, the
        // alignment (2 on every platform that has it, as its documentation promises) and the valid bits of `u16`.
        let buckets = unsafe { Box::from_raw(zeroed as *mut [AtomicU16]) };
        Self { buckets }
    }

    #[inline]
    pub(crate) fn is_set(&self, bucket: usize, slot: u32) -> bool {
        self.buckets.get(bucket).is_some_and(|bits| bits.load(Ordering::Relaxed) & 1 << slot != 0)
    }

    #[inline]
    pub(crate) fn set(&self, bucket: usize, slot: u32) {
        if let Some(bits) = self.buckets.get(bucket) {
            bits.fetch_or(1 << slot, Ordering::Relaxed);
        }
    }

    /// Records found intact since the store was opened.
    pub(crate) fn count(&self) -> u64 {
        self.buckets.iter().map(|bits| u64::from(bits.load(Ordering::Relaxed).count_ones())).sum()
    }

    pub(crate) fn bytes(&self) -> usize {
        size_of_val(&*self.buckets)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_are_kept_apart() {
        let verified = Verified::new(3);
        verified.set(1, 9);
        verified.set(2, 0);
        for bucket in 0..4 {
            for slot in 0..10 {
                assert_eq!(
                    verified.is_set(bucket, slot),
                    (bucket, slot) == (1, 9) || (bucket, slot) == (2, 0)
                );
            }
        }
        verified.set(3, 0);
        assert_eq!(verified.count(), 2);
    }
}
