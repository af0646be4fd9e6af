//! Verification of everything, for those who want to know before they look anything up.

use crate::bucket::{Bucket, SLOTS, Trace, home};
use crate::builder::next_content;
use crate::error::{Error, ErrorKind};
use crate::header::{HEADER_BYTES, Header};
use crate::key::KeyKind;
use crate::record::{Record, following};
use crate::store::Store;

/// Records between asking for a line of the index and looking at it.
const AHEAD: usize = 16;

impl Store {
    /// Verifies every byte of the file: one pass over the records and one over the index.
    ///
    /// Also what look-ups never read must be as the builder wrote it: gaps are zero, and the index leads to each record
    /// exactly once. Afterwards no look-up computes a checksum any more.
    ///
    /// # Errors
    /// The first damage found, with its place.
    pub fn verify(&self) -> Result<(), Error> {
        let bytes = self.region().bytes();
        let decoded = Header::decode(bytes, bytes.len() as u64);
        if decoded.map_err(|kind| self.error(Some(0), kind))? != *self.header() {
            return Err(
                self.error(Some(0), ErrorKind::DamagedHeader { check: "changed while the store was open" })
            );
        }
        let index_at = self.header().index_at();
        if crate::crc::crc32c(&bytes[index_at as usize..]) != self.header().index_crc {
            return Err(self.error(Some(index_at), ErrorKind::DamagedIndex { check: "checksum" }));
        }
        let dictionary_ends = (self.header().dictionary_at() + self.header().dictionary_bytes) as usize;
        let padded = bytes[dictionary_ends..index_at as usize].iter().all(|&byte| byte == 0);
        if crate::crc::crc32c(self.dictionary()) != self.header().dictionary_crc || !padded {
            return Err(self.error(Some(self.header().dictionary_at()), ErrorKind::DamagedDictionary));
        }
        if let Some(kind) = self.key_kind() {
            self.verify_records(kind)?;
        }
        self.verify_slot_count()
    }

    /// Walks the record area: checksums, gaps, sums, and the way to each record from the index.
    fn verify_records(&self, kind: KeyKind) -> Result<(), Error> {
        let (header, area) = (self.header(), self.record_area());
        let shift = header.unit_shift;
        let (mut end, mut payload_bytes, mut content) = (0, 0, 0);
        let mut waiting = [None; AHEAD];
        for n in 0..self.len() {
            let here = (end as u64 >> shift) as u32;
            let Some((place, record)) = following(area, kind, end, shift) else {
                return Err(self.damaged(here, "the next record would leave the record area"));
            };
            if !record.is_intact() {
                return Err(self.damaged(record.position(), "checksum"));
            }
            if kind.view(record.key()).is_none() {
                return Err(self.damaged(record.position(), "the key is not UTF-8"));
            }
            // Asked for here, looked at when later records were computed: homes are anywhere in the index.
            let hash = self.hasher().hash(record.key());
            self.request_home(hash);
            if let Some((record, hash)) = waiting[n % AHEAD].replace((record, hash)) {
                self.verify_way(record, hash)?;
            }
            let payload_at = place.payload_at as usize;
            self.verify_zero(end, place.lead_at as usize)?;
            let lead_bytes = if kind == KeyKind::Str { 4 } else { 0 };
            self.verify_zero(place.lead_at as usize + lead_bytes, payload_at - place.head_bytes)?;
            end = payload_at + record.payload().len();
            payload_bytes += record.payload().len() as u64;
            content = next_content(content, record.crc());
        }
        for (record, hash) in waiting.into_iter().flatten() {
            self.verify_way(record, hash)?;
        }
        self.verify_zero(end, area.len())?;
        let sums = (end.next_multiple_of(64), payload_bytes, content);
        if sums != (area.len(), header.payload_bytes, header.content) {
            let check = "the records are not those that the header sums up";
            return Err(self.error(Some(HEADER_BYTES as u64), ErrorKind::DamagedRecord { check }));
        }
        Ok(())
    }

    fn verify_zero(&self, from: usize, to: usize) -> Result<(), Error> {
        match self.record_area().get(from..to).and_then(|gap| gap.iter().position(|&byte| byte != 0)) {
            None => Ok(()),
            Some(at) => {
                let kind = ErrorKind::DamagedRecord { check: "a gap between records is not zero" };
                Err(self.error(Some((HEADER_BYTES + from + at) as u64), kind))
            }
        }
    }

    /// Marks an intact record as verified if a look-up finds it.
    fn verify_way(&self, record: Record<'_>, hash: u64) -> Result<(), Error> {
        let Some((bucket, slot)) = self.slot_of(record, hash) else {
            return Err(self.damaged(record.position(), "the index does not lead to it"));
        };
        self.marks().set(bucket, slot);
        Ok(())
    }

    /// The slot that a look-up of this record's key would take it from.
    fn slot_of(&self, record: Record<'_>, hash: u64) -> Option<(usize, u32)> {
        if self.filter_lacks(hash) {
            return None;
        }
        let trace = Trace::of(hash);
        let first = home(hash, self.header().home_buckets) as usize;
        for at in first..first + self.header().probe_max as usize {
            let bucket = self.index().get(at).map(Bucket)?;
            let matches = bucket.matches(trace.fingerprint);
            let leads_here =
                |&slot: &u32| matches >> slot & 1 == 1 && bucket.position(slot) == record.position();
            if let Some(slot) = (0..SLOTS as u32).find(leads_here) {
                return Some((at, slot));
            }
            if !bucket.overflowed(trace) {
                return None;
            }
        }
        None
    }

    /// Every record has a slot of its own by now, so as many slots as records means that there is no other slot.
    fn verify_slot_count(&self) -> Result<(), Error> {
        let used: u64 = self.index().iter().map(|bytes| Bucket(bytes).used() as u64).sum();
        if used == self.header().record_count {
            return Ok(());
        }
        let kind = ErrorKind::DamagedIndex { check: "it has not as many slots in use as there are records" };
        Err(self.error(Some(self.header().index_at()), kind))
    }
}
