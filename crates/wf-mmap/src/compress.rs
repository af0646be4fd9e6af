//! Records as zstd frames, one each, with a dictionary trained on the first of them.
//!
//! One frame per record and a dictionary beat blocks of several records on both axes up to 16 KiB a block, and a
//! larger block pays a few percent of size with many times the decoding.
//!
//! A stored payload is the record's own length (u32) and then its frame, or the record as it is where a frame would not
//! be shorter: the two are told apart by their lengths.

use std::fmt;
use std::io;

use zstd::bulk::Compressor;

use crate::builder::StoreBuilder;
use crate::error::Error;
use crate::key::KeyKind;

/// How a builder compresses records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Compression {
    /// zstd's level; higher levels cost the builder time, not the reader.
    pub level: i32,
    /// The largest dictionary in bytes; 0 for none.
    pub dictionary_bytes_max: usize,
    /// Records held back, in bytes, to train the dictionary on.
    pub sample_bytes: usize,
}

impl Default for Compression {
    /// Level 3, at most 64 KiB of dictionary, trained on the first 3 MiB.
    fn default() -> Self {
        Self { level: 3, dictionary_bytes_max: 64 << 10, sample_bytes: 3 << 20 }
    }
}

/// A record held back until the dictionary is trained.
#[derive(Debug)]
pub(crate) struct Held {
    pub(crate) key: Vec<u8>,
    pub(crate) record: Vec<u8>,
}

/// A builder's compressor.
pub(crate) struct Squeezer {
    options: Compression,
    held: Vec<Held>,
    held_bytes: usize,
    /// None until the dictionary is trained.
    compressor: Option<Compressor<'static>>,
    pub(crate) dictionary: Vec<u8>,
    pub(crate) raw_bytes: u64,
}

impl Squeezer {
    pub(crate) fn new(options: Compression) -> Self {
        let (held, dictionary) = (Vec::new(), Vec::new());
        Self { options, held, held_bytes: 0, compressor: None, dictionary, raw_bytes: 0 }
    }

    /// Holds a record back; `false` once the dictionary is there and records go straight through.
    pub(crate) fn hold(&mut self, key: &[u8], record: &[u8]) -> bool {
        if self.compressor.is_some() {
            return false;
        }
        self.held_bytes += record.len();
        self.held.push(Held { key: key.to_vec(), record: record.to_vec() });
        true
    }

    /// Records held back.
    pub(crate) fn held(&self) -> usize {
        self.held.len()
    }

    /// Whether enough is held to train on.
    pub(crate) fn is_full(&self) -> bool {
        self.compressor.is_none() && self.held_bytes >= self.options.sample_bytes
    }

    /// Trains the dictionary and gives back what was held, to be added now.
    pub(crate) fn train(&mut self) -> io::Result<Vec<Held>> {
        let held = std::mem::take(&mut self.held);
        let samples: Vec<&[u8]> = held.iter().map(|held| &held.record[..]).collect();
        // Too few or too uniform samples are refused by the trainer: such records do without a dictionary.
        if self.options.dictionary_bytes_max > 0 {
            self.dictionary =
                zstd::dict::from_samples(&samples, self.options.dictionary_bytes_max).unwrap_or_default();
        }
        self.compressor = Some(Compressor::with_dictionary(self.options.level, &self.dictionary)?);
        Ok(held)
    }

    /// The stored payload of a record.
    pub(crate) fn squeeze(&mut self, record: &[u8], raw_len: u32) -> io::Result<Vec<u8>> {
        let Some(compressor) = &mut self.compressor else {
            return Err(io::Error::other("the dictionary is not trained yet"));
        };
        let mut stored = raw_len.to_le_bytes().to_vec();
        let frame = compressor.compress(record)?;
        stored.extend_from_slice(if frame.len() < record.len() { &frame } else { record });
        self.raw_bytes += u64::from(raw_len);
        Ok(stored)
    }
}

impl fmt::Debug for Squeezer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Squeezer")
            .field("options", &self.options)
            .field("held", &self.held.len())
            .finish_non_exhaustive()
    }
}

impl StoreBuilder {
    /// Adds a record through the compressor, or holds it back while that has no dictionary yet.
    pub(crate) fn add_squeezed(&mut self, kind: KeyKind, key: &[u8], record: &[u8]) -> Result<(), Error> {
        self.refuse_if_unfit(kind, key, record)?;
        let Some(squeezer) = &mut self.squeezer else { return self.add_bytes(kind, key, record) };
        if !squeezer.hold(key, record) {
            // It fits: checked above.
            let stored = squeezer.squeeze(record, record.len() as u32);
            let stored = stored.map_err(|e| Error::io(self.temporary(), "compress a record", e))?;
            return self.add_bytes(kind, key, &stored);
        }
        if squeezer.is_full() { self.add_held() } else { Ok(()) }
    }

    /// Trains the dictionary if that was not done yet, and adds what was held back for it.
    pub(crate) fn add_held(&mut self) -> Result<(), Error> {
        let Some(squeezer) = &mut self.squeezer else { return Ok(()) };
        if squeezer.compressor.is_some() {
            return Ok(());
        }
        let held = squeezer.train().map_err(|e| Error::io(self.temporary(), "train the dictionary", e))?;
        // What is held has a kind: that of the first key.
        let Some(kind) = self.kind else { return Ok(()) };
        for Held { key, record } in held {
            self.add_squeezed(kind, &key, &record)?;
        }
        Ok(())
    }
}
