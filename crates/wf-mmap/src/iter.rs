//! All records, in the order in which they were added.

use crate::error::Error;
use crate::key::Key;
use crate::record::{Record, following};
use crate::store::Store;

/// See [`Store::iter`].
#[derive(Debug)]
pub struct Iter<'s> {
    store: &'s Store,
    end: usize,
    left: u64,
}

impl Store {
    /// All records in the order in which they were added, each verified; one pass over the record area. Those of a compressed
    /// store come from its decoder (`Decoder::iter`, feature `zstd`).
    ///
    /// After an error the iterator ends: behind a damaged length nothing can be found by walking.
    pub fn iter(&self) -> Iter<'_> {
        Iter { store: self, end: 0, left: self.header().record_count }
    }
}

impl<'s> IntoIterator for &'s Store {
    type Item = Result<(Key<'s>, &'s [u8]), Error>;
    type IntoIter = Iter<'s>;

    fn into_iter(self) -> Iter<'s> {
        self.iter()
    }
}

impl<'s> Iterator for Iter<'s> {
    type Item = Result<(Key<'s>, &'s [u8]), Error>;

    fn next(&mut self) -> Option<Self::Item> {
        match self.store.refuse_compressed() {
            Ok(()) => Some(self.stored()?.map(|(key, record)| (key, record.payload()))),
            Err(error) => (std::mem::take(&mut self.left) > 0).then_some(Err(error)),
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        // An error ends it early.
        (usize::from(self.left > 0), usize::try_from(self.left).ok())
    }
}

impl<'s> Iter<'s> {
    /// The next record as it is stored, compressed or not.
    pub(crate) fn stored(&mut self) -> Option<Result<(Key<'s>, Record<'s>), Error>> {
        self.left = self.left.checked_sub(1)?;
        let item = self.step();
        if item.is_err() {
            self.end();
        }
        Some(item)
    }

    /// Gives nothing any more.
    pub(crate) fn end(&mut self) {
        self.left = 0;
    }

    fn step(&mut self) -> Result<(Key<'s>, Record<'s>), Error> {
        let (store, header) = (self.store, self.store.header());
        let here = || (self.end as u64 >> header.unit_shift) as u32;
        let found = header.key_kind.and_then(|kind| {
            following(store.record_area(), kind, self.end, header.unit_shift).map(|r| (kind, r))
        });
        let Some((kind, (place, record))) = found else {
            return Err(store.damaged(here(), "the next record would leave the record area"));
        };
        if !record.is_intact() {
            return Err(store.damaged(record.position(), "checksum"));
        }
        let Some(key) = kind.view(record.key()) else {
            return Err(store.damaged(record.position(), "the key is not UTF-8"));
        };
        self.end = place.payload_at as usize + record.payload().len();
        Ok((key, record))
    }
}
