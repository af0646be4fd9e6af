//! Records in, one store file out.

use std::path::{Path, PathBuf};

use crate::bucket::KEYS_PER_BUCKET;
use crate::draft::Draft;
use crate::error::{Error, ErrorKind};
use crate::filter::{FilterDraft, WORD_BYTES};
use crate::hash::{Hasher, next_seed};
use crate::header::{HEADER_BYTES, Header, INCOMPAT_FILTER, METADATA_BYTES_MAX};
use crate::key::{Key, KeyKind};
use crate::options::{Options, Progress};
use crate::packer::{Packed, Stop, pack};
use crate::record::{Place, write_head};
use crate::runs::{Entry, Runs};

/// The file is written in chunks of this size, each on its own boundary: file systems with large folios then keep
/// it in huge pages, and a map of it uses them, unasked.
const CHUNK_BYTES: usize = 4 << 20;
/// A length is a u32; what compression puts in front of a record must fit too.
const RECORD_BYTES_MAX: usize = u32::MAX as usize - 64;
/// Seeds tried before the keys are called hostile.
const SEEDS_MAX: u32 = 8;

/// Writes a store: add records one by one, then [`finish`](StoreBuilder::finish).
///
/// Memory: 12 bytes a record (14 while the index is made) and one chunk of 4 MiB; the records themselves stream to a
/// temporary file beside the target. The same records in the same order, with the same options, give the same bytes.
#[derive(Debug)]
pub struct StoreBuilder {
    target: PathBuf,
    options: Options,
    draft: Draft,
    chunk: Vec<u8>,
    /// Scratch for the bytes between two payloads.
    gap: Vec<u8>,
    written_bytes: u64,
    pub(crate) kind: Option<KeyKind>,
    hasher: Hasher,
    seed: u64,
    runs: Runs,
    record_count: u64,
    payload_bytes: u64,
    /// Where the last payload ends in the record area.
    end: u64,
    content: u64,
    #[cfg(feature = "zstd")]
    pub(crate) squeezer: Option<crate::compress::Squeezer>,
    /// A write failed: the temporary file is not to be trusted any more.
    broken: bool,
}

/// What a finished store came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Summary {
    /// Records in the store.
    pub records: u64,
    /// Bytes of all payloads together.
    pub payload_bytes: u64,
    /// Bytes of the file.
    pub file_bytes: u64,
    /// Bytes of the index and its filter, part of the file.
    pub index_bytes: u64,
    /// The most index buckets that any look-up visits.
    pub probe_max: u32,
    /// The seed in the file; another than the one asked for where that one led to overlong look-ups.
    pub seed: u64,
}

impl StoreBuilder {
    /// Begins a store at `path`; what stands there stays readable until [`finish`](StoreBuilder::finish) replaces it.
    ///
    /// # Errors
    /// [`ErrorKind::Busy`] while another builder writes the same path; [`ErrorKind::TooLarge`] for overlong metadata;
    /// [`ErrorKind::Io`] where the folder cannot be written. Nothing is left behind.
    pub fn create(path: &Path, options: Options) -> Result<Self, Error> {
        if options.metadata.len() > METADATA_BYTES_MAX {
            let value = options.metadata.len() as u64;
            let kind =
                ErrorKind::TooLarge { what: "metadata in bytes", value, max: METADATA_BYTES_MAX as u64 };
            return Err(Error::new(path, None, kind));
        }
        let draft = Draft::begin(path)?;
        Ok(Self {
            target: path.to_path_buf(),
            hasher: Hasher::new(options.seed),
            seed: options.seed,
            #[cfg(feature = "zstd")]
            squeezer: options.compression.map(crate::compress::Squeezer::new),
            options,
            draft,
            // The header's place; its bytes are known, and written, last.
            chunk: vec![0; HEADER_BYTES],
            gap: Vec::new(),
            written_bytes: 0,
            kind: None,
            runs: Runs::default(),
            record_count: 0,
            payload_bytes: 0,
            end: 0,
            content: 0,
            broken: false,
        })
    }

    /// Adds one record. The first key decides the kind of all keys.
    ///
    /// A key that was added before is found by [`finish`](StoreBuilder::finish), which has all of them.
    ///
    /// # Errors
    /// [`ErrorKind::WrongKeyKind`] and [`ErrorKind::TooLarge`] leave the builder as it was. After [`ErrorKind::Io`]
    /// nothing can be added any more, and [`finish`](StoreBuilder::finish) fails.
    pub fn add(&mut self, key: Key<'_>, record: &[u8]) -> Result<(), Error> {
        let given = key.kind();
        let kind = *self.kind.get_or_insert(given);
        if kind != given {
            return Err(self.refuse(ErrorKind::WrongKeyKind { store: kind, given }));
        }
        key.with_bytes(|bytes| {
            #[cfg(feature = "zstd")]
            if self.squeezer.is_some() {
                return self.add_squeezed(kind, bytes, record);
            }
            self.add_bytes(kind, bytes, record)
        })
    }

    /// What no record may be, and no builder after a failed write.
    pub(crate) fn refuse_if_unfit(&self, kind: KeyKind, key: &[u8], record: &[u8]) -> Result<(), Error> {
        self.refuse_if_broken()?;
        let too_large = |what, value: usize, max| ErrorKind::TooLarge { what, value: value as u64, max };
        if kind == KeyKind::Str && key.len() > Key::STR_BYTES_MAX {
            return Err(self.refuse(too_large("string key in bytes", key.len(), Key::STR_BYTES_MAX as u64)));
        }
        if record.len() > RECORD_BYTES_MAX {
            return Err(self.refuse(too_large("record in bytes", record.len(), RECORD_BYTES_MAX as u64)));
        }
        Ok(())
    }

    #[cfg(feature = "zstd")]
    pub(crate) fn temporary(&self) -> &Path {
        self.draft.temporary()
    }

    pub(crate) fn add_bytes(&mut self, kind: KeyKind, key: &[u8], record: &[u8]) -> Result<(), Error> {
        self.refuse_if_unfit(kind, key, record)?;
        let shift = self.options.align.shift();
        let place = Place::after(self.end, kind, key.len(), shift);
        let Ok(position) = u32::try_from(place.payload_at >> shift) else {
            let (value, max) = (place.payload_at, u64::from(u32::MAX) << shift);
            return Err(self.refuse(ErrorKind::TooLarge { what: "all records in bytes", value, max }));
        };
        let mut gap = std::mem::take(&mut self.gap);
        gap.clear();
        let crc = write_head(&mut gap, self.end, place, kind, key, record, shift);
        let written = self.write(&gap).and_then(|()| self.write(record));
        self.gap = gap;
        written?;
        self.runs.push(Entry::new(self.hasher.hash(key), position));
        self.end = place.payload_at + record.len() as u64;
        self.record_count += 1;
        self.payload_bytes += record.len() as u64;
        self.content = next_content(self.content, crc);
        Ok(())
    }

    /// Records added so far.
    pub fn len(&self) -> u64 {
        #[cfg(feature = "zstd")]
        if let Some(squeezer) = &self.squeezer {
            return self.record_count + squeezer.held() as u64;
        }
        self.record_count
    }

    /// Whether no record was added yet.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Writes the index and puts the store in its place: sync, rename, sync of the folder.
    ///
    /// Readers that hold the file that was there before keep it.
    ///
    /// # Errors
    /// [`ErrorKind::DuplicateKey`] names a key that was added twice. [`ErrorKind::HostileKeys`] where no seed keeps
    /// look-ups short. [`ErrorKind::Io`] from any step. On every error but one the target is as it was, and nothing
    /// else is left; the one is a failed sync of the folder, whose message says that the new store is in place.
    pub fn finish(mut self) -> Result<Summary, Error> {
        self.refuse_if_broken()?;
        #[cfg(feature = "zstd")]
        self.add_held()?;
        let record_bytes = self.end.next_multiple_of(64);
        self.write(&[0; 64][..(record_bytes - self.end) as usize])?;
        let (incompat, raw_bytes, dictionary) = self.compression_facts();
        self.write(&dictionary)?;
        let dictionary_bytes = dictionary.len() as u64;
        let padded_bytes = dictionary_bytes.next_multiple_of(64);
        self.write(&[0; 64][..(padded_bytes - dictionary_bytes) as usize])?;
        let index_at = HEADER_BYTES as u64 + record_bytes + padded_bytes;
        let (packed, index_crc) = self.write_index(index_at)?;
        // The writer is behind the filter now: what was written from the index on.
        let index_bytes = self.written_bytes - index_at;
        let header = Header {
            incompat: incompat | INCOMPAT_FILTER,
            compat: 0,
            key_kind: self.kind.filter(|_| self.record_count > 0),
            file_bytes: index_at + index_bytes,
            record_count: self.record_count,
            record_bytes,
            dictionary_bytes,
            home_buckets: self.home_buckets(),
            index_buckets: packed.buckets,
            seed: self.seed,
            payload_bytes: self.payload_bytes,
            content: self.content,
            unit_shift: self.options.align.shift(),
            probe_max: packed.probe_max,
            schema: self.options.schema,
            schema_version: self.options.schema_version,
            index_crc,
            dictionary_crc: crate::crc::crc32c(&dictionary),
            raw_bytes,
            metadata: std::mem::take(&mut self.options.metadata),
        };
        self.draft.write_at_start(&header.encode()[..])?;
        let summary = Summary {
            records: header.record_count,
            payload_bytes: header.payload_bytes,
            file_bytes: header.file_bytes,
            index_bytes,
            probe_max: header.probe_max,
            seed: header.seed,
        };
        self.draft.publish()?;
        Ok(summary)
    }

    /// Bits, bytes before compression, dictionary: what the header says of compression.
    fn compression_facts(&mut self) -> (u32, u64, Vec<u8>) {
        #[cfg(feature = "zstd")]
        if let Some(squeezer) = &mut self.squeezer {
            let dictionary = std::mem::take(&mut squeezer.dictionary);
            return (crate::header::INCOMPAT_ZSTD, squeezer.raw_bytes, dictionary);
        }
        (0, 0, Vec::new())
    }

    fn home_buckets(&self) -> u64 {
        self.record_count.div_ceil(KEYS_PER_BUCKET).max(1)
    }

    /// Writes the buckets at `index_at`, under another seed where this one crowds them.
    fn write_index(&mut self, index_at: u64) -> Result<(Packed, u32), Error> {
        let homes = self.home_buckets();
        let mut runs = std::mem::take(&mut self.runs);
        for _ in 0..SEEDS_MAX {
            let (mut crc, mut filter) = (0, FilterDraft::new(homes));
            let mut shared = SharedHashes::default();
            let entries = runs.merge().inspect(|entry| {
                shared.see(*entry);
                filter.add(entry.hash());
            });
            let packed = pack(entries, homes, |bucket| {
                crc = crate::crc::crc32c_append(crc, bucket);
                self.write(bucket)
            });
            if packed.is_ok() {
                crc = self.write_filter(&filter, crc)?;
            }
            self.flush()?;
            self.refuse_duplicates(shared)?;
            match packed {
                Ok(packed) => return Ok((packed, crc)),
                Err(Stop::Emit(error)) => return Err(error),
                Err(Stop::Crowded) => {}
            }
            self.draft.cut(index_at)?;
            self.written_bytes = index_at;
            self.seed = next_seed(self.seed, self.content);
            self.hasher = Hasher::new(self.seed);
            let hasher = self.hasher;
            runs.rehash(|position| self.read_key(position).map(|key| hasher.hash(&key)))?;
            self.draft.cut(index_at)?;
        }
        Err(self.refuse(ErrorKind::HostileKeys { probe_max: crate::bucket::PROBE_MAX }))
    }

    /// Writes the filter behind the index, whose checksum goes on over it.
    fn write_filter(&mut self, filter: &FilterDraft, mut crc: u32) -> Result<u32, Error> {
        let padding = filter.words().len().next_multiple_of(64 / WORD_BYTES) - filter.words().len();
        for word in filter.words().chain(std::iter::repeat_n([0; WORD_BYTES], padding)) {
            crc = crate::crc::crc32c_append(crc, &word);
            self.write(&word)?;
        }
        Ok(crc)
    }

    /// Two entries with one hash are two keys or one key twice; the records say which.
    fn refuse_duplicates(&mut self, shared: SharedHashes) -> Result<(), Error> {
        let Some(kind) = self.kind else { return Ok(()) };
        for positions in shared.groups {
            let mut keys = Vec::with_capacity(positions.len());
            for position in positions {
                keys.push(self.read_key(position)?);
            }
            keys.sort_unstable();
            if let Some(twice) = keys.windows(2).find(|pair| pair[0] == pair[1]) {
                let key =
                    kind.view(&twice[0]).map_or_else(|| format!("{:?}", twice[0]), |key| key.to_string());
                return Err(self.refuse(ErrorKind::DuplicateKey { key }));
            }
        }
        Ok(())
    }

    /// The key of a record that was written, from the file.
    fn read_key(&mut self, position: u32) -> Result<Vec<u8>, Error> {
        let payload_at = HEADER_BYTES as u64 + (u64::from(position) << self.options.align.shift());
        let (key_bytes, behind) = match self.kind {
            Some(KeyKind::Str) => {
                let mut len = [0; 4];
                self.draft.read_at(payload_at - 8, &mut len)?;
                (u32::from_le_bytes(len) as usize, 8)
            }
            Some(KeyKind::Id) => (16, 4),
            _ => (8, 4),
        };
        let mut key = vec![0; key_bytes];
        self.draft.read_at(payload_at - (key_bytes + behind) as u64, &mut key)?;
        Ok(key)
    }

    fn write(&mut self, mut bytes: &[u8]) -> Result<(), Error> {
        while !bytes.is_empty() {
            let room = CHUNK_BYTES - self.chunk.len();
            let (now, later) = bytes.split_at(room.min(bytes.len()));
            if self.chunk.len() + now.len() > CHUNK_BYTES / 64 {
                // All of it at once: small stores never get here, large ones need it anyway.
                self.chunk.reserve_exact(room);
            }
            self.chunk.extend_from_slice(now);
            bytes = later;
            if self.chunk.len() == CHUNK_BYTES {
                self.flush()?;
            }
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), Error> {
        let written = self.draft.write(&self.chunk);
        self.broken |= written.is_err();
        self.written_bytes += self.chunk.len() as u64;
        self.chunk.clear();
        written?;
        let progress = Progress { records: self.record_count, written_bytes: self.written_bytes };
        if let Some(report) = &mut self.options.progress {
            report(progress);
        }
        Ok(())
    }

    fn refuse(&self, kind: ErrorKind) -> Error {
        Error::new(&self.target, None, kind)
    }

    fn refuse_if_broken(&self) -> Result<(), Error> {
        if !self.broken {
            return Ok(());
        }
        let source = std::io::Error::other("an earlier write failed");
        Err(Error::io(self.draft.temporary(), "continue the store", source))
    }
}

/// The digest of a store's content: each record's checksum folded in, in order.
pub(crate) fn next_content(content: u64, crc: u32) -> u64 {
    (content ^ u64::from(crc)).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(29)
}

/// Places whose hashes are equal, gathered from entries in order of hash.
#[derive(Debug, Default)]
struct SharedHashes {
    last: Option<Entry>,
    open: bool,
    groups: Vec<Vec<u32>>,
}

impl SharedHashes {
    fn see(&mut self, entry: Entry) {
        match self.last.replace(entry) {
            Some(last) if last.hash() == entry.hash() => {
                if !self.open {
                    self.groups.push(vec![last.position]);
                }
                self.open = true;
                if let Some(group) = self.groups.last_mut() {
                    group.push(entry.position);
                }
            }
            _ => self.open = false,
        }
    }
}

#[cfg(test)]
#[path = "builder_tests.rs"]
mod tests;
