//! Reading a compressed store: one decoder per thread, with a bounded cache of decoded records.

use std::fmt;

use zstd::bulk::Decompressor;

use crate::error::{Error, ErrorKind};
use crate::key::Key;
use crate::store::Store;

/// Places of the cache; a record has one place that it can be in.
const PLACES: usize = 1 << 14;

/// Looks records up in a store, compressed or not, and decodes them.
///
/// Gives the same bytes as [`Store::get`] does on the uncompressed store.
pub struct Decoder<'s> {
    store: &'s Store,
    decompressor: Decompressor<'static>,
    places: Box<[Place]>,
    held_bytes: usize,
    cache_bytes_max: usize,
    /// Where eviction goes on.
    hand: usize,
}

/// One decoded record.
#[derive(Clone, Default)]
struct Place {
    /// The record's position; 0 where nothing is held.
    position: u32,
    bytes: Vec<u8>,
}

impl Store {
    /// A decoder whose cache holds at most `cache_bytes_max` bytes of decoded records.
    ///
    /// # Errors
    /// [`ErrorKind::Io`] where zstd refuses the dictionary.
    pub fn decoder(&self, cache_bytes_max: usize) -> Result<Decoder<'_>, Error> {
        let decompressor = Decompressor::with_dictionary(self.dictionary());
        Ok(Decoder {
            store: self,
            decompressor: decompressor.map_err(|e| Error::io(self.path(), "read the dictionary", e))?,
            places: vec![Place::default(); PLACES].into_boxed_slice(),
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
    pub fn get(&mut self, key: Key<'_>) -> Result<Option<&[u8]>, Error> {
        let Some(record) = self.store.find(key)? else { return Ok(None) };
        if !self.store.is_compressed() {
            return Ok(Some(record.payload()));
        }
        let position = record.position();
        let at = (position.wrapping_mul(0x9E37_79B1) >> (32 - PLACES.trailing_zeros())) as usize;
        if self.places[at].position != position {
            self.decode(at, position, record.payload())?;
        }
        Ok(Some(&self.places[at].bytes))
    }

    #[cold]
    fn decode(&mut self, at: usize, position: u32, stored: &[u8]) -> Result<(), Error> {
        let Some((raw_len, frame)) = stored.split_first_chunk() else {
            return Err(self.store.damaged(position, "no length in front of the frame"));
        };
        let raw_len = u32::from_le_bytes(*raw_len) as usize;
        if raw_len > self.cache_bytes_max {
            let (value, max) = (raw_len as u64, self.cache_bytes_max as u64);
            return Err(self
                .store
                .error(None, ErrorKind::TooLarge { what: "decoded record in bytes", value, max }));
        }
        let mut bytes = self.release(at);
        while self.held_bytes + raw_len > self.cache_bytes_max {
            self.hand = (self.hand + 1) % PLACES;
            drop(self.release(self.hand));
        }
        bytes.clear();
        if frame.len() == raw_len {
            bytes.extend_from_slice(frame);
        } else {
            bytes.reserve_exact(raw_len);
            let decoded = self.decompressor.decompress_to_buffer(frame, &mut bytes);
            if decoded.ok() != Some(raw_len) || bytes.len() != raw_len {
                return Err(self.store.damaged(position, "not a frame of the stated length"));
            }
        }
        self.held_bytes += raw_len;
        self.places[at] = Place { position, bytes };
        Ok(())
    }

    /// Empties a place and hands its memory over.
    fn release(&mut self, at: usize) -> Vec<u8> {
        let place = std::mem::take(&mut self.places[at]);
        self.held_bytes -= place.bytes.len();
        place.bytes
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
