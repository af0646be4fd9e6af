//! The first page of a store: what the file holds and where; see docs/STORE_FORMAT.md.

use crate::bucket::{KEYS_PER_BUCKET, PROBE_MAX};
use crate::error::ErrorKind;
use crate::key::KeyKind;

/// Bytes of the header page; the record area begins behind it.
pub(crate) const HEADER_BYTES: usize = 4096;
/// First bytes of every store. The line ends and the high bit show a transfer in text mode at once.
pub(crate) const MAGIC: [u8; 8] = *b"\x89WFS\r\n\x1a\n";
/// The format this crate writes and reads.
pub(crate) const VERSION_MAJOR: u16 = 1;
pub(crate) const VERSION_MINOR: u16 = 0;
/// Records are zstd frames.
pub(crate) const INCOMPAT_ZSTD: u32 = 1;
/// A filter stands behind the index.
pub(crate) const INCOMPAT_FILTER: u32 = 2;
/// Features this build can serve.
pub(crate) const INCOMPAT_KNOWN: u32 =
    if cfg!(feature = "zstd") { INCOMPAT_ZSTD } else { 0 } | INCOMPAT_FILTER;
/// Where the caller's metadata stands in the page, and how much fits.
const METADATA_AT: usize = 2048;
pub(crate) const METADATA_BYTES_MAX: usize = CRC_AT - METADATA_AT;
const CRC_AT: usize = HEADER_BYTES - 4;

/// The decoded header.
///
/// Invariant of a value from [`Header::decode`]: the ranges lie in this order without gaps, add up to `file_bytes`
/// without overflow, and `unit_shift` is 5 or 6.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) incompat: u32,
    pub(crate) compat: u32,
    pub(crate) key_kind: Option<KeyKind>,
    pub(crate) file_bytes: u64,
    pub(crate) record_count: u64,
    pub(crate) record_bytes: u64,
    pub(crate) dictionary_bytes: u64,
    pub(crate) home_buckets: u64,
    pub(crate) index_buckets: u64,
    pub(crate) seed: u64,
    pub(crate) payload_bytes: u64,
    pub(crate) content: u64,
    pub(crate) unit_shift: u32,
    pub(crate) probe_max: u32,
    pub(crate) schema: u32,
    pub(crate) schema_version: u32,
    pub(crate) index_crc: u32,
    pub(crate) dictionary_crc: u32,
    /// Sum of the records' own lengths where they are compressed; else 0.
    pub(crate) raw_bytes: u64,
    pub(crate) metadata: Vec<u8>,
}

impl Header {
    /// Where the record area begins.
    pub(crate) const fn records_at() -> u64 {
        HEADER_BYTES as u64
    }

    pub(crate) fn dictionary_at(&self) -> u64 {
        Self::records_at() + self.record_bytes
    }

    pub(crate) fn index_at(&self) -> u64 {
        self.dictionary_at() + self.dictionary_bytes.next_multiple_of(64)
    }

    /// Where the filter begins, if there is one, and the index ends.
    pub(crate) fn filter_at(&self) -> u64 {
        self.index_at() + self.index_buckets * 64
    }

    /// Bytes of the filter, padding included; `None` where no file is that long.
    fn filter_bytes(&self) -> Option<u64> {
        if self.incompat & INCOMPAT_FILTER == 0 { Some(0) } else { crate::filter::bytes(self.home_buckets) }
    }

    /// The page as it stands in the file.
    pub(crate) fn encode(&self) -> Box<[u8; HEADER_BYTES]> {
        let mut page = Box::new([0; HEADER_BYTES]);
        let mut put = |at: usize, bytes: &[u8]| page[at..at + bytes.len()].copy_from_slice(bytes);
        put(0, &MAGIC);
        put(8, &VERSION_MAJOR.to_le_bytes());
        put(10, &VERSION_MINOR.to_le_bytes());
        put(12, &self.incompat.to_le_bytes());
        put(16, &self.compat.to_le_bytes());
        put(20, &self.key_kind.map_or(0, KeyKind::code).to_le_bytes());
        put(24, &self.file_bytes.to_le_bytes());
        put(32, &self.record_count.to_le_bytes());
        put(40, &self.record_bytes.to_le_bytes());
        put(48, &self.dictionary_bytes.to_le_bytes());
        put(56, &self.home_buckets.to_le_bytes());
        put(64, &self.index_buckets.to_le_bytes());
        put(72, &self.seed.to_le_bytes());
        put(80, &self.payload_bytes.to_le_bytes());
        put(88, &self.content.to_le_bytes());
        put(96, &self.unit_shift.to_le_bytes());
        put(100, &self.probe_max.to_le_bytes());
        put(104, &self.schema.to_le_bytes());
        put(108, &self.schema_version.to_le_bytes());
        put(112, &self.index_crc.to_le_bytes());
        put(116, &self.dictionary_crc.to_le_bytes());
        put(120, &(self.metadata.len() as u32).to_le_bytes());
        put(128, &self.raw_bytes.to_le_bytes());
        put(METADATA_AT, &self.metadata);
        let crc = crate::crc::crc32c(&page[..CRC_AT]);
        page[CRC_AT..].copy_from_slice(&crc.to_le_bytes());
        page
    }

    /// Reads and checks the page of a file of `file_bytes` bytes, of which `start` is the beginning.
    pub(crate) fn decode(start: &[u8], file_bytes: u64) -> Result<Self, ErrorKind> {
        let Some(page) = start.first_chunk::<HEADER_BYTES>() else {
            let seen = start.len().min(MAGIC.len());
            if seen == 0 || start[..seen] != MAGIC[..seen] {
                return Err(ErrorKind::NotAStore);
            }
            return Err(ErrorKind::Truncated {
                expected_bytes: HEADER_BYTES as u64,
                found_bytes: file_bytes,
            });
        };
        if page[..8] != MAGIC {
            return Err(ErrorKind::NotAStore);
        }
        // The version comes before the checksum: another version may keep its checksum elsewhere.
        let major = u16_at(page, 8);
        if major != VERSION_MAJOR {
            return Err(ErrorKind::Version { found: major, supported: VERSION_MAJOR });
        }
        if !checksum_agrees(page) {
            return Err(ErrorKind::DamagedHeader { check: "checksum" });
        }
        let header = Self::fields(page)?;
        header.check(page, file_bytes)?;
        Ok(header)
    }

    fn fields(page: &[u8; HEADER_BYTES]) -> Result<Self, ErrorKind> {
        let key_kind = match u32_at(page, 20) {
            0 => None,
            code => Some(
                KeyKind::from_code(code).ok_or(ErrorKind::DamagedHeader { check: "unknown kind of keys" })?,
            ),
        };
        let metadata_bytes = u32_at(page, 120) as usize;
        let metadata = page[METADATA_AT..CRC_AT]
            .get(..metadata_bytes)
            .ok_or(ErrorKind::DamagedHeader { check: "metadata longer than its place" })?;
        Ok(Self {
            incompat: u32_at(page, 12),
            compat: u32_at(page, 16),
            key_kind,
            file_bytes: u64_at(page, 24),
            record_count: u64_at(page, 32),
            record_bytes: u64_at(page, 40),
            dictionary_bytes: u64_at(page, 48),
            home_buckets: u64_at(page, 56),
            index_buckets: u64_at(page, 64),
            seed: u64_at(page, 72),
            payload_bytes: u64_at(page, 80),
            content: u64_at(page, 88),
            unit_shift: u32_at(page, 96),
            probe_max: u32_at(page, 100),
            schema: u32_at(page, 104),
            schema_version: u32_at(page, 108),
            index_crc: u32_at(page, 112),
            dictionary_crc: u32_at(page, 116),
            raw_bytes: u64_at(page, 128),
            metadata: metadata.to_vec(),
        })
    }

    /// Establishes the invariant of the type.
    fn check(&self, page: &[u8; HEADER_BYTES], file_bytes: u64) -> Result<(), ErrorKind> {
        let refuse = |check| Err(ErrorKind::DamagedHeader { check });
        if self.incompat & !INCOMPAT_KNOWN != 0 {
            return Err(ErrorKind::Unsupported { bits: self.incompat & !INCOMPAT_KNOWN });
        }
        if !(5..=6).contains(&self.unit_shift) {
            return refuse("alignment is neither 32 nor 64");
        }
        if !(1..=PROBE_MAX).contains(&self.probe_max) {
            return refuse("probe limit");
        }
        if self.record_count > 0 && self.key_kind.is_none() {
            return refuse("records without a kind of keys");
        }
        if self.home_buckets != self.record_count.div_ceil(KEYS_PER_BUCKET).max(1)
            || self.index_buckets < self.home_buckets
            || self.index_buckets - self.home_buckets >= u64::from(PROBE_MAX)
        {
            return refuse("bucket count");
        }
        if self.incompat & INCOMPAT_ZSTD == 0 && (self.dictionary_bytes, self.raw_bytes) != (0, 0) {
            return refuse("facts of compression without compressed records");
        }
        if !self.record_bytes.is_multiple_of(64) {
            return refuse("record area is not whole cells");
        }
        // A later minor version may use these bytes for what this one can ignore.
        let reserved_must_be_zero = u16_at(page, 10) == VERSION_MINOR;
        let mut reserved = page[124..128]
            .iter()
            .chain(&page[136..METADATA_AT])
            .chain(&page[METADATA_AT + self.metadata.len()..CRC_AT]);
        if reserved_must_be_zero && reserved.any(|&b| b != 0) {
            return refuse("reserved bytes are not zero");
        }
        let sum = self
            .index_buckets
            .checked_mul(64)
            .and_then(|sum| sum.checked_add(self.dictionary_bytes.checked_next_multiple_of(64)?))
            .and_then(|sum| sum.checked_add(self.record_bytes))
            .and_then(|sum| sum.checked_add(self.filter_bytes()?))
            .and_then(|sum| sum.checked_add(Self::records_at()));
        if sum != Some(self.file_bytes) {
            return refuse("ranges do not add up to the file's length");
        }
        let expected_bytes = self.file_bytes;
        match file_bytes {
            found_bytes if found_bytes < expected_bytes => {
                Err(ErrorKind::Truncated { expected_bytes, found_bytes })
            }
            found_bytes if found_bytes > expected_bytes => {
                Err(ErrorKind::TrailingBytes { expected_bytes, found_bytes })
            }
            _ if usize::try_from(expected_bytes).is_err() => {
                Err(ErrorKind::TooLarge { what: "file", value: expected_bytes, max: usize::MAX as u64 })
            }
            _ => Ok(()),
        }
    }
}

fn checksum_agrees(page: &[u8; HEADER_BYTES]) -> bool {
    crate::crc::crc32c(&page[..CRC_AT]) == u32_at(page, CRC_AT)
}

fn u16_at(page: &[u8; HEADER_BYTES], at: usize) -> u16 {
    u16::from_le_bytes([page[at], page[at + 1]])
}

fn u32_at(page: &[u8; HEADER_BYTES], at: usize) -> u32 {
    u32::from_le_bytes([page[at], page[at + 1], page[at + 2], page[at + 3]])
}

fn u64_at(page: &[u8; HEADER_BYTES], at: usize) -> u64 {
    u64::from(u32_at(page, at)) | u64::from(u32_at(page, at + 4)) << 32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Header {
        Header {
            incompat: 0,
            compat: 0,
            key_kind: Some(KeyKind::Id),
            file_bytes: 4096 + 640 + 64 * 3,
            record_count: 15,
            record_bytes: 640,
            dictionary_bytes: 0,
            home_buckets: 3,
            index_buckets: 3,
            seed: 0x0123_4567_89ab_cdef,
            payload_bytes: 77,
            content: 9,
            unit_shift: 6,
            probe_max: 1,
            schema: 4,
            schema_version: 5,
            index_crc: 6,
            dictionary_crc: 0,
            raw_bytes: 0,
            metadata: b"built by a test".to_vec(),
        }
    }

    #[test]
    fn a_page_decodes_to_what_was_encoded() {
        let header = sample();
        assert_eq!(Header::decode(&header.encode()[..], header.file_bytes).unwrap(), header);
    }

    #[test]
    fn a_filter_takes_a_word_for_each_home_bucket_in_whole_lines() {
        let mut header = sample();
        header.incompat = INCOMPAT_FILTER;
        let page = header.encode();
        let refused = Header::decode(&page[..], header.file_bytes).unwrap_err();
        let adds_up = "ranges do not add up to the file's length";
        assert!(matches!(refused, ErrorKind::DamagedHeader { check } if check == adds_up));
        header.file_bytes += 64;
        let decoded = Header::decode(&header.encode()[..], header.file_bytes).unwrap();
        assert_eq!(decoded.filter_at() + 64, header.file_bytes);
    }

    #[test]
    fn each_flipped_byte_of_the_page_is_an_error() {
        let header = sample();
        let page = header.encode();
        for at in 0..HEADER_BYTES {
            let mut damaged = page.clone();
            damaged[at] ^= 0x10;
            let error = Header::decode(&damaged[..], header.file_bytes).unwrap_err();
            match at {
                0..8 => assert!(matches!(error, ErrorKind::NotAStore)),
                8..10 => assert!(matches!(error, ErrorKind::Version { supported: 1, .. })),
                _ => assert!(matches!(error, ErrorKind::DamagedHeader { check: "checksum" })),
            }
        }
    }

    #[test]
    fn fields_that_contradict_each_other_are_refused_behind_a_right_checksum() {
        type Change = fn(&mut Header);
        let cases: [(&str, Change); 13] = [
            ("alignment is neither 32 nor 64", |h| h.unit_shift = 4),
            ("alignment is neither 32 nor 64", |h| h.unit_shift = 7),
            ("probe limit", |h| h.probe_max = 0),
            ("probe limit", |h| h.probe_max = 33),
            ("records without a kind of keys", |h| h.key_kind = None),
            ("bucket count", |h| h.home_buckets = 2),
            ("bucket count", |h| h.index_buckets = 2),
            ("bucket count", |h| h.index_buckets = u64::MAX),
            ("bucket count", |h| h.record_count = u64::MAX),
            ("record area is not whole cells", |h| h.record_bytes += 32),
            ("ranges do not add up to the file's length", |h| h.record_bytes = u64::MAX - 63),
            ("facts of compression without compressed records", |h| h.dictionary_bytes = u64::MAX),
            ("ranges do not add up to the file's length", |h| h.file_bytes += 64),
        ];
        for (wanted, change) in cases {
            let mut header = sample();
            let file_bytes = header.file_bytes;
            change(&mut header);
            match Header::decode(&header.encode()[..], file_bytes) {
                Err(ErrorKind::DamagedHeader { check }) => assert_eq!(check, wanted),
                other => panic!("{wanted}: {other:?}"),
            }
        }
    }

    #[test]
    fn length_and_version_have_errors_of_their_own() {
        let header = sample();
        let page = header.encode();
        let decode = |start: &[u8], bytes| Header::decode(start, bytes).unwrap_err();
        assert!(matches!(decode(&[], 0), ErrorKind::NotAStore));
        assert!(matches!(decode(b"PK\x03\x04", 4), ErrorKind::NotAStore));
        assert!(matches!(decode(&[b'x'; 5000], 5000), ErrorKind::NotAStore));
        assert!(matches!(
            decode(&page[..5], 5),
            ErrorKind::Truncated { expected_bytes: 4096, found_bytes: 5 }
        ));
        assert!(matches!(decode(&page[..], header.file_bytes - 1), ErrorKind::Truncated { .. }));
        assert!(matches!(decode(&page[..], header.file_bytes + 1), ErrorKind::TrailingBytes { .. }));
        let mut other = header.clone();
        other.incompat = 1 << 31;
        let kind = decode(&other.encode()[..], header.file_bytes);
        assert!(matches!(kind, ErrorKind::Unsupported { bits } if bits == 1 << 31));
    }
}
