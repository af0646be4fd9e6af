//! Keys: 64-bit numbers, 16-byte ids, or strings; one kind per store.

use std::fmt;

use crate::hash::Hasher;

/// The key of one record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Key<'k> {
    /// A number.
    U64(u64),
    /// Sixteen bytes, such as a UUID or a digest.
    Id([u8; 16]),
    /// A string of at most [`Key::STR_BYTES_MAX`] bytes.
    Str(&'k str),
}

/// Which of the three kinds every key of a store is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum KeyKind {
    /// [`Key::U64`].
    U64,
    /// [`Key::Id`].
    Id,
    /// [`Key::Str`].
    Str,
}

impl Key<'_> {
    /// The longest string key in bytes.
    pub const STR_BYTES_MAX: usize = 65_535;

    /// The kind of this key.
    #[inline]
    pub fn kind(&self) -> KeyKind {
        match self {
            Self::U64(_) => KeyKind::U64,
            Self::Id(_) => KeyKind::Id,
            Self::Str(_) => KeyKind::Str,
        }
    }

    /// The hash of the key's bytes.
    #[inline]
    pub(crate) fn hash(&self, hasher: &Hasher) -> u64 {
        match self {
            Self::U64(n) => n.hash(hasher),
            Self::Id(id) => halves(id).hash(hasher),
            Self::Str(text) => text.hash(hasher),
        }
    }

    /// Calls `with` on the key's bytes as they stand in the file.
    pub(crate) fn with_bytes<R>(&self, with: impl FnOnce(&[u8]) -> R) -> R {
        match self {
            Self::U64(n) => with(&n.to_le_bytes()),
            Self::Id(id) => with(id),
            Self::Str(text) => with(text.as_bytes()),
        }
    }
}

/// A key as a look-up carries it: in registers where it fits.
///
/// A key that went through memory on its way would hold a look-up up until the store of its bytes has retired, and
/// with it every look-up behind it.
pub(crate) trait Probe: Copy {
    const KIND: KeyKind;

    fn hash(self, hasher: &Hasher) -> u64;

    /// Whether a record's key is this one.
    fn equals(self, stored: &[u8]) -> bool;
}

impl Probe for u64 {
    const KIND: KeyKind = KeyKind::U64;

    #[inline]
    fn hash(self, hasher: &Hasher) -> u64 {
        hasher.hash_words(self, 0, 8)
    }

    #[inline]
    fn equals(self, stored: &[u8]) -> bool {
        stored.first_chunk().is_some_and(|bytes| u64::from_le_bytes(*bytes) == self)
    }
}

/// The two halves of an id.
impl Probe for (u64, u64) {
    const KIND: KeyKind = KeyKind::Id;

    #[inline]
    fn hash(self, hasher: &Hasher) -> u64 {
        hasher.hash_words(self.0, self.1, 16)
    }

    #[inline]
    fn equals(self, stored: &[u8]) -> bool {
        stored.first_chunk().is_some_and(|bytes| halves(bytes) == self)
    }
}

impl Probe for &str {
    const KIND: KeyKind = KeyKind::Str;

    #[inline]
    fn hash(self, hasher: &Hasher) -> u64 {
        hasher.hash(self.as_bytes())
    }

    #[inline]
    fn equals(self, stored: &[u8]) -> bool {
        stored == self.as_bytes()
    }
}

/// The first and the last eight bytes of an id as little-endian words.
#[inline]
pub(crate) fn halves(id: &[u8; 16]) -> (u64, u64) {
    let both = u128::from_le_bytes(*id);
    (both as u64, (both >> 64) as u64)
}

impl KeyKind {
    pub(crate) fn code(self) -> u32 {
        match self {
            Self::U64 => 1,
            Self::Id => 2,
            Self::Str => 3,
        }
    }

    pub(crate) fn from_code(code: u32) -> Option<Self> {
        match code {
            1 => Some(Self::U64),
            2 => Some(Self::Id),
            3 => Some(Self::Str),
            _ => None,
        }
    }

    /// A key of this kind over the bytes of a record; `None` where they cannot be one.
    #[inline]
    pub(crate) fn view(self, bytes: &[u8]) -> Option<Key<'_>> {
        match self {
            Self::U64 => bytes.try_into().ok().map(|b| Key::U64(u64::from_le_bytes(b))),
            Self::Id => bytes.try_into().ok().map(Key::Id),
            Self::Str => std::str::from_utf8(bytes).ok().map(Key::Str),
        }
    }
}

impl fmt::Display for Key<'_> {
    /// Writes a number in decimal, an id in 32 hexadecimal digits, a string in quotes.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::U64(n) => write!(f, "{n}"),
            Self::Id(id) => id.iter().try_for_each(|byte| write!(f, "{byte:02x}")),
            Self::Str(text) => write!(f, "{text:?}"),
        }
    }
}

impl fmt::Display for KeyKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::U64 => "64-bit numbers",
            Self::Id => "16-byte ids",
            Self::Str => "strings",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_view_of_a_keys_bytes_is_the_key() {
        for key in [Key::U64(0), Key::U64(u64::MAX), Key::Id([7; 16]), Key::Str(""), Key::Str("größe")] {
            key.with_bytes(|bytes| assert_eq!(key.kind().view(bytes), Some(key)));
            assert_eq!(KeyKind::from_code(key.kind().code()), Some(key.kind()));
        }
    }

    #[test]
    fn bytes_that_cannot_be_a_key_are_none() {
        assert_eq!(KeyKind::U64.view(&[0; 7]), None);
        assert_eq!(KeyKind::Id.view(&[0; 17]), None);
        assert_eq!(KeyKind::Str.view(&[0xff]), None);
        assert_eq!(KeyKind::from_code(0), None);
    }

    #[test]
    fn keys_are_written_for_people() {
        assert_eq!(Key::U64(17).to_string(), "17");
        assert_eq!(Key::Id([0xab; 16]).to_string(), "ab".repeat(16));
        assert_eq!(Key::Str("a b").to_string(), "\"a b\"");
    }
}
