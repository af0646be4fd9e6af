//! Entries in order of hash become buckets in order of place; what does not fit at home moves on.

use std::collections::VecDeque;

use crate::bucket::{BucketDraft, PROBE_MAX, Trace, home};
use crate::runs::Entry;

/// What the index came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Packed {
    /// Buckets written: those that hashes choose, and behind them those that only overflow reaches.
    pub(crate) buckets: u64,
    /// The most buckets that a look-up visits.
    pub(crate) probe_max: u32,
}

/// Why packing stopped.
#[derive(Debug)]
pub(crate) enum Stop<E> {
    /// A look-up would visit more than [`PROBE_MAX`] buckets.
    Crowded,
    /// `emit` failed.
    Emit(E),
}

/// Packs `entries`, sorted by hash, into `homes` buckets and as many more as their overflow takes.
///
/// Linear probing without wrapping: the keys of a bucket go home first, those carried from earlier buckets fill what
/// is left, oldest first.
pub(crate) fn pack<E>(
    entries: impl Iterator<Item = Entry>,
    homes: u64,
    mut emit: impl FnMut(&[u8; 64]) -> Result<(), E>,
) -> Result<Packed, Stop<E>> {
    let mut entries = entries.peekable();
    let mut carried: VecDeque<(u64, Trace, u32)> = VecDeque::new();
    let mut packed = Packed { buckets: 0, probe_max: 1 };
    while packed.buckets < homes || !carried.is_empty() {
        let current = packed.buckets;
        let mut draft = BucketDraft::new();
        while let Some(entry) = entries.next_if(|entry| home(entry.hash(), homes) == current) {
            let trace = Trace::of(entry.hash());
            if !draft.push(trace, entry.position) {
                carried.push_back((current, trace, entry.position));
            }
        }
        while let Some(&(from, trace, position)) = carried.front() {
            if from == current || !draft.push(trace, position) {
                break;
            }
            carried.pop_front();
            packed.probe_max = packed.probe_max.max((current - from) as u32 + 1);
        }
        for &(from, trace, _) in &carried {
            if current - from + 1 >= u64::from(PROBE_MAX) {
                return Err(Stop::Crowded);
            }
            draft.pass(trace);
        }
        emit(&draft.bytes).map_err(Stop::Emit)?;
        packed.buckets += 1;
    }
    Ok(packed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bucket::{Bucket, SLOTS};

    fn pack_all(hashes: &[u64], homes: u64) -> Result<(Vec<[u8; 64]>, Packed), Stop<()>> {
        let mut sorted: Vec<_> =
            hashes.iter().enumerate().map(|(i, &h)| Entry::new(h, i as u32 + 1)).collect();
        sorted.sort();
        let mut buckets = Vec::new();
        let packed = pack(sorted.into_iter(), homes, |bytes| {
            buckets.push(*bytes);
            Ok(())
        })?;
        Ok((buckets, packed))
    }

    fn probe(buckets: &[[u8; 64]], hash: u64, position: u32, homes: u64, probe_max: u32) -> bool {
        let trace = Trace::of(hash);
        let first = home(hash, homes) as usize;
        for at in first..first + probe_max as usize {
            let Some(bytes) = buckets.get(at) else { return false };
            let bucket = Bucket(bytes);
            let matches = bucket.matches(trace.fingerprint);
            if (0..SLOTS as u32).any(|slot| matches >> slot & 1 == 1 && bucket.position(slot) == position) {
                return true;
            }
            if !bucket.overflowed(trace) {
                return false;
            }
        }
        false
    }

    #[test]
    fn every_entry_is_found_within_the_stated_probes() {
        let spread = |i: u64| i.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        for (count, homes) in [(0, 1), (1, 1), (100, 15), (1000, 143), (3000, 301)] {
            let hashes: Vec<u64> = (0..count).map(spread).collect();
            let (buckets, packed) = pack_all(&hashes, homes).unwrap();
            assert_eq!(packed.buckets as usize, buckets.len());
            for (i, &hash) in hashes.iter().enumerate() {
                assert!(probe(&buckets, hash, i as u32 + 1, homes, packed.probe_max));
            }
        }
    }

    #[test]
    fn the_last_bucket_overflows_into_buckets_of_its_own() {
        let hashes = vec![u64::MAX; 35];
        let (buckets, packed) = pack_all(&hashes, 5).unwrap();
        assert_eq!(packed, Packed { buckets: 8, probe_max: 4 });
        assert!((1..=35).all(|position| probe(&buckets, u64::MAX, position, 5, 4)));
    }

    #[test]
    fn a_crowd_is_refused_rather_than_searched() {
        let limit = PROBE_MAX as usize * SLOTS;
        assert!(pack_all(&vec![7; limit], 100).is_ok());
        assert!(matches!(pack_all(&vec![7; limit + 1], 100), Err(Stop::Crowded)));
    }
}
