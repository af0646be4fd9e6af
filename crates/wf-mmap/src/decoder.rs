//! Reading a compressed store: one decoder per thread, with a bounded cache of decoded records.
//!
//! The cache is asked first, by the key itself: what is in it needs neither the index nor the stored record. Like the
//! index it answers in two dependent accesses, one to a line of two places and one to the key with its record.

use std::fmt;

use zstd::bulk::Decompressor;

use crate::error::{Error, ErrorKind};
use crate::iter::Iter;
use crate::key::{Key, Probe, halves};
use crate::record::Record;
use crate::store::Store;

/// The most lines of the cache: 16 MiB.
const LINES_MAX: usize = 1 << 18;

/// Looks records up in a store, compressed or not, and decodes them.
///
/// Gives the same bytes as [`Store::get`] does on the uncompressed store.
pub struct Decoder<'s> {
    store: &'s Store,
    decompressor: Decompressor<'static>,
    lines: Box<[Line]>,
    held_bytes: usize,
    cache_bytes_max: usize,
    /// The line where eviction goes on.
    hand: usize,
}

/// The two places that a record can be in, the younger one first.
#[derive(Default)]
#[repr(align(64))]
struct Line([Place; 2]);

const _: () = assert!(size_of::<Line>() == 64);

/// One decoded record.
struct Place {
    hash: u64,
    /// More than `entry` has where nothing is held.
    key_bytes: u32,
    /// The key, then the record.
    entry: Box<[u8]>,
}

impl Default for Place {
    fn default() -> Self {
        Self { hash: 0, key_bytes: u32::MAX, entry: Box::default() }
    }
}

impl Place {
    #[inline]
    fn holds<P: Probe>(&self, key: P, hash: u64) -> bool {
        self.hash == hash
            && self.entry.get(..self.key_bytes as usize).is_some_and(|stored| key.equals(stored))
    }

    fn record(&self) -> &[u8] {
        self.entry.get(self.key_bytes as usize..).unwrap_or_default()
    }
}

impl Store {
    /// A decoder whose cache holds at most `cache_bytes_max` bytes of decoded records.
    ///
    /// Beside them it takes 64 bytes for each record that so many bytes are expected to hold, 16 MiB at most.
    ///
    /// # Errors
    /// [`ErrorKind::Io`] where zstd refuses the dictionary.
    pub fn decoder(&self, cache_bytes_max: usize) -> Result<Decoder<'_>, Error> {
        let decompressor = Decompressor::with_dictionary(self.dictionary());
        let mean_bytes = (self.raw_bytes() / self.len().max(1) as u64).max(1);
        let fit = (cache_bytes_max as u64 / mean_bytes).clamp(1, self.len().max(1) as u64);
        let lines = usize::try_from(fit).map_or(LINES_MAX, |fit| fit.min(LINES_MAX).next_power_of_two());
        Ok(Decoder {
            store: self,
            decompressor: decompressor.map_err(|e| Error::io(self.path(), "read the dictionary", e))?,
            lines: std::iter::repeat_with(Line::default).take(lines).collect(),
            held_bytes: 0,
            cache_bytes_max,
            hand: 0,
        })
    }
}

impl<'s> Decoder<'s> {
    /// The record with this key, decoded, if there is one.
    ///
    /// # Errors
    /// As [`Store::get`]; [`ErrorKind::DamagedRecord`] where a record is no frame that decodes to the length it states;
    /// [`ErrorKind::TooLarge`] where that length is more than the whole cache may hold.
    #[inline]
    pub fn get(&mut self, key: Key<'_>) -> Result<Option<&[u8]>, Error> {
        if !self.store.is_compressed() {
            return self.store.get(key);
        }
        match key {
            Key::U64(n) => self.fetch(n, key),
            Key::Id(id) => self.fetch(halves(&id), key),
            Key::Str(text) => self.fetch(text, key),
        }
    }

    /// All records in the order in which they were added, each verified and decoded; the cache is neither asked nor filled.
    ///
    /// Each costs its decoding and a heap allocation of its length, at most that of the cache. After an error the iterator
    /// ends.
    pub fn iter(&mut self) -> Decoded<'_, 's> {
        Decoded { stored: self.store.iter(), decoder: self }
    }

    fn fetch<P: Probe>(&mut self, probe: P, key: Key<'_>) -> Result<Option<&[u8]>, Error> {
        let hash = probe.hash(self.store.hasher());
        // As many lines as a power of two.
        let at = hash as usize & (self.lines.len() - 1);
        let way = self.lines[at].0.iter().position(|place| place.holds(probe, hash));
        let Some(way) = way.filter(|_| self.store.key_kind() == Some(P::KIND)) else {
            return self.find(key, hash, at);
        };
        self.store.refuse_lost()?;
        Ok(Some(self.lines[at].0[way].record()))
    }

    #[cold]
    #[inline(never)]
    fn find(&mut self, key: Key<'_>, hash: u64, at: usize) -> Result<Option<&[u8]>, Error> {
        let Some(record) = self.store.find(key)? else { return Ok(None) };
        let place = self.decode(record, hash)?;
        self.held_bytes += place.record().len();
        let [young, old] = &mut self.lines[at].0;
        std::mem::swap(young, old);
        self.held_bytes -= std::mem::replace(young, place).record().len();
        Ok(Some(young.record()))
    }

    fn decode(&mut self, record: Record<'_>, hash: u64) -> Result<Place, Error> {
        let (raw_len, frame) = self.frame(record)?;
        while self.held_bytes + raw_len > self.cache_bytes_max {
            self.evict();
        }
        let key = record.key();
        let mut entry = vec![0; key.len() + raw_len].into_boxed_slice();
        let (head, raw) = entry.split_at_mut(key.len());
        head.copy_from_slice(key);
        self.unpack(record, frame, raw)?;
        Ok(Place { hash, key_bytes: key.len() as u32, entry })
    }

    /// The record's length before compression, in bytes, and its frame.
    fn frame<'r>(&self, record: Record<'r>) -> Result<(usize, &'r [u8]), Error> {
        let Some((raw_len, frame)) = record.payload().split_first_chunk() else {
            return Err(self.store.damaged(record.position(), "no length in front of the frame"));
        };
        let raw_len = u32::from_le_bytes(*raw_len) as usize;
        if raw_len > self.cache_bytes_max {
            let (what, value, max) = ("decoded record in bytes", raw_len as u64, self.cache_bytes_max as u64);
            return Err(self.store.error(None, ErrorKind::TooLarge { what, value, max }));
        }
        Ok((raw_len, frame))
    }

    /// Fills `raw`, which is as long as the record states.
    fn unpack(&mut self, record: Record<'_>, frame: &[u8], raw: &mut [u8]) -> Result<(), Error> {
        if frame.len() == raw.len() {
            raw.copy_from_slice(frame);
        } else if self.decompressor.decompress_to_buffer(frame, raw).ok() != Some(raw.len()) {
            return Err(self.store.damaged(record.position(), "not a frame of the stated length"));
        }
        Ok(())
    }

    /// Lets the records of the next line go.
    fn evict(&mut self) {
        self.hand = (self.hand + 1) & (self.lines.len() - 1);
        for place in &mut self.lines[self.hand].0 {
            self.held_bytes -= std::mem::take(place).record().len();
        }
    }
}

/// See [`Decoder::iter`].
#[derive(Debug)]
pub struct Decoded<'d, 's> {
    decoder: &'d mut Decoder<'s>,
    stored: Iter<'s>,
}

impl<'s> Iterator for Decoded<'_, 's> {
    type Item = Result<(Key<'s>, Vec<u8>), Error>;

    fn next(&mut self) -> Option<Self::Item> {
        let item = self.stored.stored()?.and_then(|(key, record)| {
            if !self.decoder.store.is_compressed() {
                return Ok((key, record.payload().to_vec()));
            }
            let (raw_len, frame) = self.decoder.frame(record)?;
            let mut raw = vec![0; raw_len];
            self.decoder.unpack(record, frame, &mut raw)?;
            Ok((key, raw))
        });
        if item.is_err() {
            self.stored.end();
        }
        Some(item)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.stored.size_hint()
    }
}

impl fmt::Debug for Decoder<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Decoder")
            .field("store", self.store)
            .field("held_bytes", &self.held_bytes)
            .field("cache_bytes_max", &self.cache_bytes_max)
            .finish_non_exhaustive()
    }
}
