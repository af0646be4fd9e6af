//! A growable string in an arena.

use core::fmt;
use core::ops::Deref;

use crate::bump::Bump;
use crate::error::{Error, or_panic};
use crate::scope::Scope;
use crate::vec::Vec;

/// A growable string in an arena.
///
/// The methods without `try_` panic when memory cannot be had; through [`fmt::Write`] that is an error.
pub struct String<'s, B: Bump<'s> = Scope<'s>> {
    /// Invariant: UTF-8.
    bytes: Vec<'s, u8, B>,
}

impl<'s, B: Bump<'s>> String<'s, B> {
    /// Makes an empty string; takes no memory.
    #[inline]
    pub const fn new_in(bump: B) -> Self {
        String { bytes: Vec::new_in(bump) }
    }

    /// Makes an empty string with room for `capacity` bytes.
    ///
    /// # Errors
    /// When memory cannot be had.
    #[inline]
    pub fn try_with_capacity_in(capacity: usize, bump: B) -> Result<Self, Error> {
        Ok(String { bytes: Vec::try_with_capacity_in(capacity, bump)? })
    }

    /// Appends a string.
    ///
    /// # Errors
    /// When memory cannot be had; the string is unchanged then.
    #[inline]
    pub fn try_push_str(&mut self, text: &str) -> Result<(), Error> {
        self.bytes.try_extend_from_slice(text.as_bytes())
    }

    /// Appends a string.
    #[inline]
    #[track_caller]
    pub fn push_str(&mut self, text: &str) {
        or_panic(self.try_push_str(text));
    }

    /// Appends a character.
    #[inline]
    #[track_caller]
    pub fn push(&mut self, character: char) {
        self.push_str(character.encode_utf8(&mut [0; 4]));
    }

    /// Removes all characters. Keeps the capacity.
    pub fn clear(&mut self) {
        self.bytes.clear();
    }

    /// Returns for how many bytes there is room.
    pub const fn capacity(&self) -> usize {
        self.bytes.capacity()
    }

    /// Returns the characters.
    #[inline]
    pub fn as_str(&self) -> &str {
        // SAFETY: UTF-8 by the invariant.
        unsafe { core::str::from_utf8_unchecked(&self.bytes) }
    }

    /// Hands out the characters for the rest of the scope.
    #[inline]
    pub fn into_str(self) -> &'s mut str {
        // SAFETY: UTF-8 by the invariant.
        unsafe { core::str::from_utf8_unchecked_mut(self.bytes.into_slice()) }
    }
}

impl<'s, B: Bump<'s>> Deref for String<'s, B> {
    type Target = str;

    #[inline]
    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl<'s, B: Bump<'s>> fmt::Write for String<'s, B> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.try_push_str(text).map_err(|_| fmt::Error)
    }
}

impl<'s, B: Bump<'s>> fmt::Display for String<'s, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_str().fmt(f)
    }
}

impl<'s, B: Bump<'s>> fmt::Debug for String<'s, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_str().fmt(f)
    }
}
