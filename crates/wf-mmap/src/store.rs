//! An open store: look-ups, cells, and what the file says of itself.

use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::Instant;

use crate::bucket::{Bucket, Trace, home};
use crate::error::{Error, ErrorKind};
use crate::filter::bits;
use crate::hash::Hasher;
use crate::header::{HEADER_BYTES, Header, INCOMPAT_FILTER, INCOMPAT_ZSTD};
use crate::key::{Key, KeyKind, Probe, halves};
use crate::opened::{Opened, Way};
use crate::record::Record;
use crate::region::Region;
use crate::verified::Verified;

/// An immutable store, open for reading by any number of threads.
///
/// Nothing in the file is believed before it is checked: the header and the index when the store is opened, each
/// record's checksum when it is first touched, every range on every look-up.
pub struct Store {
    path: PathBuf,
    region: Region,
    header: Header,
    hasher: Hasher,
    /// Home buckets that the filter has words for; 1 where there is no filter.
    filter_homes: u64,
    /// The kind of all keys, if the key alone leads to a record's bytes: there are records, and they are not compressed.
    plain_kind: Option<KeyKind>,
    verified: Verified,
    opened: Opened,
}

impl Store {
    pub(crate) fn from_region(
        path: &Path,
        mut region: Region,
        way: Way,
        begun: Instant,
    ) -> Result<Self, Error> {
        let bytes = region.bytes();
        // Once more, now from the bytes that will be used: the file may have changed since it was looked at.
        let header =
            Header::decode(bytes, bytes.len() as u64).map_err(|kind| Error::new(path, Some(0), kind))?;
        let index_at = header.index_at();
        if crate::crc::crc32c(&bytes[index_at as usize..]) != header.index_crc {
            let kind = ErrorKind::DamagedIndex { check: "checksum" };
            return Err(Error::new(path, Some(index_at), kind));
        }
        let dictionary = &bytes[header.dictionary_at() as usize..][..header.dictionary_bytes as usize];
        if crate::crc::crc32c(dictionary) != header.dictionary_crc {
            return Err(Error::new(path, Some(header.dictionary_at()), ErrorKind::DamagedDictionary));
        }
        let records_at = Header::records_at() as usize;
        region.divide(
            records_at..records_at + header.record_bytes as usize,
            index_at as usize..header.filter_at() as usize,
            header.filter_at() as usize..header.file_bytes as usize,
        );
        let file_bytes = header.file_bytes;
        let copied_bytes = if way == Way::Mapped { 0 } else { file_bytes };
        Ok(Self {
            path: path.to_path_buf(),
            hasher: Hasher::new(header.seed),
            filter_homes: if header.incompat & INCOMPAT_FILTER == 0 { 1 } else { header.home_buckets },
            plain_kind: header.key_kind.filter(|_| header.incompat & INCOMPAT_ZSTD == 0),
            verified: Verified::new(header.index_buckets as usize),
            header,
            region,
            opened: Opened { way, file_bytes, copied_bytes, elapsed: begun.elapsed() },
        })
    }

    /// The record with this key, if there is one.
    ///
    /// The bytes stand in the store itself and begin on its alignment. Two dependent memory accesses for a hit, one for
    /// nearly every miss; the first look-up of a record also computes its checksum.
    ///
    /// # Errors
    /// [`ErrorKind::WrongKeyKind`] for a key of another kind than the store's; [`ErrorKind::DamagedRecord`] where the
    /// record, or one that had to be compared with it, is not what was written.
    // Always inlined, so that the key stays in registers: see `Probe`.
    #[inline(always)]
    pub fn get(&self, key: Key<'_>) -> Result<Option<&[u8]>, Error> {
        match key {
            Key::U64(n) => self.fetch(n, n.hash(&self.hasher)),
            Key::Id(id) => self.fetch(halves(&id), halves(&id).hash(&self.hasher)),
            Key::Str(text) => self.fetch(text, text.hash(&self.hasher)),
        }
    }

    /// The record area as one slice of 64-byte cells, 64-byte aligned.
    ///
    /// Nothing in it is verified; [`Store::cell_range`] says where a verified record stands.
    #[inline]
    pub fn cells(&self) -> &[[u8; 64]] {
        self.record_area().as_chunks().0
    }

    /// Where in [`Store::cells`] the record with this key stands.
    ///
    /// The payload begins with the first byte of the first cell. Behind a payload that does not fill its last cell
    /// stand bytes that belong to others.
    ///
    /// # Errors
    /// As [`Store::get`]; [`ErrorKind::NotCellAligned`] for a store with [`Align::Half`](crate::Align::Half).
    pub fn cell_range(&self, key: Key<'_>) -> Result<Option<Range<usize>>, Error> {
        if self.header.unit_shift != 6 {
            let align_bytes = 1 << self.header.unit_shift;
            return Err(self.error(None, ErrorKind::NotCellAligned { align_bytes }));
        }
        self.refuse_compressed()?;
        Ok(self.find(key)?.map(|record| {
            let first = record.position() as usize;
            first..first + record.payload().len().div_ceil(64)
        }))
    }

    /// Records in the store.
    pub fn len(&self) -> usize {
        // A record takes more than a byte of a file whose length fits.
        self.header.record_count as usize
    }

    /// Whether the store holds no record.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The kind of all keys; `None` in an empty store.
    pub fn key_kind(&self) -> Option<KeyKind> {
        self.header.key_kind
    }

    /// Bytes of all payloads together, as stored.
    pub fn payload_bytes(&self) -> u64 {
        self.header.payload_bytes
    }

    /// Whether records are compressed: then only a decoder (`Store::decoder`, feature `zstd`) reads them.
    #[inline]
    pub fn is_compressed(&self) -> bool {
        self.header.incompat & INCOMPAT_ZSTD != 0
    }

    /// Bytes of all records before compression; those of [`Store::payload_bytes`] where they are not compressed.
    pub fn raw_bytes(&self) -> u64 {
        if self.is_compressed() { self.header.raw_bytes } else { self.header.payload_bytes }
    }

    /// The dictionary of compressed records; empty where there is none.
    pub fn dictionary(&self) -> &[u8] {
        &self.region.bytes()[self.header.dictionary_at() as usize..][..self.header.dictionary_bytes as usize]
    }

    /// The boundary in bytes on which each payload begins: 32 or 64.
    pub fn align_bytes(&self) -> usize {
        1 << self.header.unit_shift
    }

    /// The schema and its version, as given to [`Options::schema`](crate::Options::schema).
    pub fn schema(&self) -> (u32, u32) {
        (self.header.schema, self.header.schema_version)
    }

    /// The caller's own bytes, as given to [`Options::metadata`](crate::Options::metadata).
    pub fn metadata(&self) -> &[u8] {
        &self.header.metadata
    }

    /// A digest of keys, payloads and their order; a changed store has another one.
    pub fn content(&self) -> u64 {
        self.header.content
    }

    /// Which way the store was opened, and what that cost.
    pub fn how(&self) -> Opened {
        self.opened
    }

    /// The path the store was opened from.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Records found intact since the store was opened, by look-ups or by [`Store::verify`].
    pub fn verified_count(&self) -> u64 {
        self.verified.count()
    }

    /// Memory held for the marks of verified records, in bytes, if every page of it was touched.
    pub fn verified_mark_bytes(&self) -> usize {
        self.verified.bytes()
    }

    pub(crate) fn find(&self, key: Key<'_>) -> Result<Option<Record<'_>>, Error> {
        match key {
            Key::U64(n) => self.probe(n, n.hash(&self.hasher)),
            Key::Id(id) => self.probe(halves(&id), halves(&id).hash(&self.hasher)),
            Key::Str(text) => self.probe(text, text.hash(&self.hasher)),
        }
    }

    /// A miss that the filter decides, as nearly every miss is, ends in the caller's own code: a few dozen instructions
    /// without a call, so that a processor has many look-ups in flight. What neither that nor [`Store::hit`] decides
    /// takes the long way.
    #[inline(always)]
    fn fetch<P: Probe>(&self, key: P, hash: u64) -> Result<Option<&[u8]>, Error> {
        if self.plain_kind == Some(P::KIND) {
            if self.filter_lacks(hash) && !self.region.is_lost() {
                return Ok(None);
            }
            if let Some(payload) = self.hit(key, hash) {
                return Ok(Some(payload));
            }
        }
        self.payload(key, hash)
    }

    /// A record that was verified before and that the first agreeing slot of its home bucket leads to, as nearly every hit
    /// is. Its place is returned in registers: a result that went through memory would hold the caller up.
    #[inline(never)]
    fn hit<P: Probe>(&self, key: P, hash: u64) -> Option<&[u8]> {
        let at = home(hash, self.header.home_buckets) as usize;
        let bucket = Bucket(self.index().get(at)?);
        let matches = bucket.matches(Trace::of(hash).fingerprint);
        let slot = matches.trailing_zeros();
        if matches == 0 || !self.verified.is_set(at, slot) {
            return undecided();
        }
        let record = Record::at(self.record_area(), P::KIND, bucket.position(slot), self.header.unit_shift);
        match record {
            Some(record) if key.equals(record.key()) && !self.region.is_lost() => Some(record.payload()),
            _ => undecided(),
        }
    }

    /// Whether the filter says that there is no key with this hash; never does where the file has none.
    #[inline(always)]
    pub(crate) fn filter_lacks(&self, hash: u64) -> bool {
        let word = self.region.filter().get(home(hash, self.filter_homes) as usize);
        word.is_some_and(|word| !u64::from_le_bytes(*word) & bits(hash) != 0)
    }

    /// One function per kind of key.
    #[inline(never)]
    pub(crate) fn payload<P: Probe>(&self, key: P, hash: u64) -> Result<Option<&[u8]>, Error> {
        self.refuse_compressed()?;
        Ok(self.probe(key, hash)?.map(|record| record.payload()))
    }

    #[inline(always)]
    fn probe<P: Probe>(&self, key: P, hash: u64) -> Result<Option<Record<'_>>, Error> {
        if self.header.key_kind != Some(P::KIND) {
            return self.other_kind(P::KIND);
        }
        let found = self.search(key, hash);
        if self.region.is_lost() { Err(self.error(None, ErrorKind::Lost)) } else { found }
    }

    #[inline(always)]
    fn search<P: Probe>(&self, key: P, hash: u64) -> Result<Option<Record<'_>>, Error> {
        let trace = Trace::of(hash);
        let area = self.record_area();
        let index = self.index();
        let first = home(hash, self.header.home_buckets) as usize;
        for at in first..first + self.header.probe_max as usize {
            let Some(bucket) = index.get(at).map(Bucket) else { break };
            let mut matches = bucket.matches(trace.fingerprint);
            while matches != 0 {
                let slot = matches.trailing_zeros();
                matches &= matches - 1;
                let position = bucket.position(slot);
                let Some(record) = Record::at(area, P::KIND, position, self.header.unit_shift) else {
                    return Err(self.damaged(position, "it would leave the record area"));
                };
                // Also before a key is found to differ: a damaged key must not turn a hit into a miss.
                if !self.verified.is_set(at, slot) {
                    self.verify_slot(record, at, slot)?;
                }
                if key.equals(record.key()) {
                    return Ok(Some(record));
                }
            }
            if !bucket.overflowed(trace) {
                break;
            }
        }
        Ok(None)
    }

    #[cold]
    #[inline(never)]
    fn verify_slot(&self, record: Record<'_>, bucket: usize, slot: u32) -> Result<(), Error> {
        if !record.is_intact() {
            return Err(self.damaged(record.position(), "checksum"));
        }
        self.verified.set(bucket, slot);
        Ok(())
    }

    /// What a look-up that reads nothing of the map must ask all the same.
    #[cfg(feature = "zstd")]
    #[inline]
    pub(crate) fn refuse_lost(&self) -> Result<(), Error> {
        if self.region.is_lost() { Err(self.error(None, ErrorKind::Lost)) } else { Ok(()) }
    }

    #[inline]
    pub(crate) fn refuse_compressed(&self) -> Result<(), Error> {
        if self.is_compressed() { Err(self.error(None, ErrorKind::Compressed)) } else { Ok(()) }
    }

    #[cold]
    fn other_kind<T>(&self, given: KeyKind) -> Result<Option<T>, Error> {
        match self.header.key_kind {
            Some(store) => Err(self.error(None, ErrorKind::WrongKeyKind { store, given })),
            None => Ok(None),
        }
    }

    #[cold]
    pub(crate) fn damaged(&self, position: u32, check: &'static str) -> Error {
        let offset = HEADER_BYTES as u64 + (u64::from(position) << self.header.unit_shift);
        self.error(Some(offset), ErrorKind::DamagedRecord { check })
    }

    #[cold]
    pub(crate) fn error(&self, offset: Option<u64>, kind: ErrorKind) -> Error {
        Error::new(&self.path, offset, kind)
    }

    #[inline]
    pub(crate) fn hasher(&self) -> &Hasher {
        &self.hasher
    }

    pub(crate) fn marks(&self) -> &Verified {
        &self.verified
    }

    pub(crate) fn region(&self) -> &Region {
        &self.region
    }

    pub(crate) fn header(&self) -> &Header {
        &self.header
    }

    /// The bytes between header and index (or dictionary).
    #[inline]
    pub(crate) fn record_area(&self) -> &[u8] {
        self.region.records()
    }

    /// The buckets.
    #[inline]
    pub(crate) fn index(&self) -> &[[u8; 64]] {
        self.region.index()
    }
}

/// Nothing yet. A call, so that what led here is branched on: as a choice of values it would let the place of a record
/// wait for the comparison of its key.
#[cold]
#[inline(never)]
fn undecided<T>() -> Option<T> {
    None
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store")
            .field("path", &self.path)
            .field("records", &self.header.record_count)
            .field("opened", &self.opened)
            .finish_non_exhaustive()
    }
}
