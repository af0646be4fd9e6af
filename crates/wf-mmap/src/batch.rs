//! Many look-ups at once: their cache misses overlap instead of following one another.

use crate::bucket::{Bucket, Trace, home};
use crate::error::Error;
use crate::key::{Key, halves};
use crate::prefetch::prefetch_read;
use crate::store::Store;

/// Look-ups in flight together; more than a core has outstanding misses for gains nothing.
const GROUP: usize = 32;

impl Store {
    /// Looks many keys up; `found[i]` is what [`Store::get`] gives for `keys[i]`.
    ///
    /// Pays where the store is larger than the last-level cache. Groups of 32 keys suffice.
    ///
    /// # Errors
    /// The first error in order of `keys`; what stands in `found` from there on is `None`.
    ///
    /// # Panics
    /// If `found` is not as long as `keys`.
    pub fn get_batch<'s>(&'s self, keys: &[Key<'_>], found: &mut [Option<&'s [u8]>]) -> Result<(), Error> {
        assert_eq!(keys.len(), found.len(), "one place per key");
        found.fill(None);
        for (keys, found) in keys.chunks(GROUP).zip(found.chunks_mut(GROUP)) {
            let mut hashes = [0; GROUP];
            self.request_buckets(keys, &mut hashes);
            self.request_records(&hashes[..keys.len()]);
            for ((key, hash), place) in keys.iter().zip(hashes).zip(found) {
                *place = match *key {
                    Key::U64(n) => self.payload(n, hash),
                    Key::Id(id) => self.payload(halves(&id), hash),
                    Key::Str(text) => self.payload(text, hash),
                }?;
            }
        }
        Ok(())
    }

    /// Asks for all that says whether there is a key with this hash.
    pub(crate) fn request_home(&self, hash: u64) {
        let at = home(hash, self.header().home_buckets) as usize;
        prefetch_read(self.index(), at);
        prefetch_read(self.region().filter(), at);
    }

    fn request_buckets(&self, keys: &[Key<'_>], hashes: &mut [u64; GROUP]) {
        for (key, hash) in keys.iter().zip(hashes) {
            *hash = key.hash(self.hasher());
            prefetch_read(self.index(), home(*hash, self.header().home_buckets) as usize);
        }
    }

    fn request_records(&self, hashes: &[u64]) {
        let area = self.record_area();
        for &hash in hashes {
            let bucket = Bucket(&self.index()[home(hash, self.header().home_buckets) as usize]);
            let matches = bucket.matches(Trace::of(hash).fingerprint);
            if matches != 0 {
                let position = bucket.position(matches.trailing_zeros());
                let payload_at = (position as usize) << self.header().unit_shift;
                prefetch_read(area, payload_at.wrapping_sub(1));
                prefetch_read(area, payload_at);
            }
        }
    }
}
