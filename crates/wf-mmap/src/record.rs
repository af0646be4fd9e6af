//! One record: its payload on a unit boundary, its head in front of it.
//!
//! ```text
//!               | crc u32 | key | len u32 | payload ...        numbers and ids
//! | key_len u32 | .. crc u32 | key | key_len u32 | len u32 | payload ...        strings
//!                                               ^ unit boundary
//! ```
//! The head ends where the payload begins, in the last unit before it, most of which the record before leaves free.
//! A parallel table of heads would cost a look-up one more dependent access; a head behind the boundary would move
//! the payload off it. The checksum covers key, lengths, payload and place: a record that was copied over another
//! one is found as well. The first `key_len` of a string record lets a walk find the payload from the record before.

use crate::key::KeyKind;

/// Bytes of checksum, length of the payload, length of a string key.
const WORD: usize = 4;

/// What stands between the end of the record before and the payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// Where the payload begins in the record area.
    pub(crate) payload_at: u64,
    /// Bytes of the head directly in front of the payload, checksum included.
    pub(crate) head_bytes: usize,
    /// Where the first `key_len` of a string record stands.
    pub(crate) lead_at: u64,
}

impl Place {
    /// The place of a record whose predecessor's payload ends at `end`.
    pub(crate) fn after(end: u64, kind: KeyKind, key_bytes: usize, unit_shift: u32) -> Self {
        let head_bytes = head_bytes(kind, key_bytes);
        let lead_at = end.next_multiple_of(WORD as u64);
        let lead_bytes = if kind == KeyKind::Str { WORD } else { 0 };
        let head_at = if kind == KeyKind::Str { lead_at } else { end };
        let payload_at = (head_at + (lead_bytes + head_bytes) as u64).next_multiple_of(1 << unit_shift);
        Self { payload_at, head_bytes, lead_at }
    }
}

/// Bytes of a head, checksum included.
#[inline]
pub(crate) fn head_bytes(kind: KeyKind, key_bytes: usize) -> usize {
    match kind {
        KeyKind::U64 => 2 * WORD + 8,
        KeyKind::Id => 2 * WORD + 16,
        KeyKind::Str => 3 * WORD + key_bytes,
    }
}

/// Appends everything from the end of the record before up to the payload; returns the record's checksum.
pub(crate) fn write_head(
    out: &mut Vec<u8>,
    end: u64,
    place: Place,
    kind: KeyKind,
    key: &[u8],
    payload: &[u8],
    unit_shift: u32,
) -> u32 {
    let start = out.len();
    let total = (place.payload_at - end) as usize;
    out.resize(start + total, 0);
    let gap = &mut out[start..];
    if kind == KeyKind::Str {
        let lead = (place.lead_at - end) as usize;
        gap[lead..lead + WORD].copy_from_slice(&(key.len() as u32).to_le_bytes());
    }
    let head = &mut gap[total - place.head_bytes..];
    head[WORD..WORD + key.len()].copy_from_slice(key);
    let mut at = WORD + key.len();
    if kind == KeyKind::Str {
        head[at..at + WORD].copy_from_slice(&(key.len() as u32).to_le_bytes());
        at += WORD;
    }
    head[at..].copy_from_slice(&(payload.len() as u32).to_le_bytes());
    let position = (place.payload_at >> unit_shift) as u32;
    let crc = crate::crc::crc32c_append(crate::crc::crc32c_append(position, &head[WORD..]), payload);
    head[..WORD].copy_from_slice(&crc.to_le_bytes());
    crc
}

/// A record read in place; nothing in it is to be believed before [`Record::is_intact`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct Record<'a> {
    /// The checksum, then everything that it covers.
    whole: &'a [u8],
    key_bytes: usize,
    head_bytes: usize,
    position: u32,
}

impl<'a> Record<'a> {
    /// The record whose payload begins at `position` units; `None` where it would leave the area.
    #[inline]
    pub(crate) fn at(area: &'a [u8], kind: KeyKind, position: u32, unit_shift: u32) -> Option<Self> {
        // At most 38 bits: `position` has 32 and the shift is at most 6.
        let payload_at = usize::try_from(u64::from(position) << unit_shift).ok()?;
        let before = area.get(..payload_at)?;
        let (rest, len) = before.split_last_chunk::<WORD>()?;
        let key_bytes = match kind {
            KeyKind::U64 => 8,
            KeyKind::Id => 16,
            KeyKind::Str => u32::from_le_bytes(*rest.last_chunk::<WORD>()?) as usize,
        };
        let head_bytes = match kind {
            // On a 32-bit machine a damaged length could otherwise wrap.
            KeyKind::Str => key_bytes.checked_add(3 * WORD)?,
            _ => head_bytes(kind, key_bytes),
        };
        let start = payload_at.checked_sub(head_bytes)?;
        let end = payload_at.checked_add(u32::from_le_bytes(*len) as usize)?;
        Some(Self { whole: area.get(start..end)?, key_bytes, head_bytes, position })
    }

    /// The key's bytes.
    #[inline]
    pub(crate) fn key(&self) -> &'a [u8] {
        &self.whole[WORD..WORD + self.key_bytes]
    }

    /// The payload.
    #[inline]
    pub(crate) fn payload(&self) -> &'a [u8] {
        &self.whole[self.head_bytes..]
    }

    /// The stored checksum.
    pub(crate) fn crc(&self) -> u32 {
        u32::from_le_bytes([self.whole[0], self.whole[1], self.whole[2], self.whole[3]])
    }

    /// Whether the bytes are those that were written.
    pub(crate) fn is_intact(&self) -> bool {
        crate::crc::crc32c_append(self.position, &self.whole[WORD..]) == self.crc()
    }

    /// Where the payload begins, in units.
    pub(crate) fn position(&self) -> u32 {
        self.position
    }
}

/// The record that follows a payload which ends at `end`; also `None` where it would leave the area.
pub(crate) fn following<'a>(
    area: &'a [u8],
    kind: KeyKind,
    end: usize,
    unit_shift: u32,
) -> Option<(Place, Record<'a>)> {
    let key_bytes = match kind {
        KeyKind::U64 => 8,
        KeyKind::Id => 16,
        KeyKind::Str => {
            let lead_at = end.checked_next_multiple_of(WORD)?;
            u32::from_le_bytes(*area.get(lead_at..)?.first_chunk::<WORD>()?) as usize
        }
    };
    if key_bytes > area.len() {
        return None;
    }
    let place = Place::after(end as u64, kind, key_bytes, unit_shift);
    let position = u32::try_from(place.payload_at >> unit_shift).ok()?;
    let record = Record::at(area, kind, position, unit_shift)?;
    (record.key_bytes == key_bytes).then_some((place, record))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lay(kind: KeyKind, key: &[u8], payload: &[u8], area: &mut Vec<u8>, shift: u32) -> u32 {
        let end = area.len() as u64;
        let place = Place::after(end, kind, key.len(), shift);
        write_head(area, end, place, kind, key, payload, shift);
        assert_eq!(area.len() as u64, place.payload_at);
        area.extend_from_slice(payload);
        (place.payload_at >> shift) as u32
    }

    #[test]
    fn records_read_back_by_position_and_by_walk() {
        for (kind, keys) in [
            (KeyKind::U64, [&b"12345678"[..], b"abcdefgh", b"ABCDEFGH"]),
            (KeyKind::Id, [&[1; 16][..], &[2; 16], &[3; 16]]),
            (KeyKind::Str, [&b""[..], b"a", &[b'x'; 300]]),
        ] {
            for shift in [5, 6] {
                for len in [0, 1, 31, 32, 33, 64, 1000] {
                    let mut area = Vec::new();
                    let payload = vec![0xA5; len];
                    let positions: Vec<u32> =
                        keys.iter().map(|key| lay(kind, key, &payload, &mut area, shift)).collect();
                    let mut end = 0;
                    for (key, position) in keys.iter().zip(positions) {
                        let record = Record::at(&area, kind, position, shift).unwrap();
                        assert_eq!((record.key(), record.payload()), (*key, &payload[..]));
                        assert!(record.is_intact());
                        let (place, walked) = following(&area, kind, end, shift).unwrap();
                        assert_eq!(walked.position(), position);
                        end = place.payload_at as usize + walked.payload().len();
                    }
                    assert_eq!(end, area.len());
                    assert!(following(&area, kind, end, shift).is_none());
                }
            }
        }
    }

    #[test]
    fn a_record_at_another_place_is_not_intact() {
        let mut area = Vec::new();
        let position = lay(KeyKind::U64, &[9; 8], &[1; 40], &mut area, 6);
        let from = Record::at(&area, KeyKind::U64, position, 6).unwrap().whole.to_vec();
        lay(KeyKind::U64, &[8; 8], &[2; 40], &mut area, 6);
        let second = area.len() - from.len();
        area[second..].copy_from_slice(&from);
        let copied = Record::at(&area, KeyKind::U64, position + 1, 6).unwrap();
        assert_eq!(copied.key(), &[9; 8]);
        assert!(!copied.is_intact());
    }

    #[test]
    fn positions_and_lengths_outside_the_area_are_none() {
        let mut area = Vec::new();
        let position = lay(KeyKind::Str, b"key", &[1; 10], &mut area, 6);
        for at in [0, position + 1, u32::MAX] {
            assert!(Record::at(&area, KeyKind::Str, at, 6).is_none());
        }
        let payload_at = (position as usize) << 6;
        for field in [payload_at - 4, payload_at - 8] {
            let mut damaged = area.clone();
            damaged[field..field + 4].copy_from_slice(&u32::MAX.to_le_bytes());
            assert!(Record::at(&damaged, KeyKind::Str, position, 6).is_none());
        }
    }
}
