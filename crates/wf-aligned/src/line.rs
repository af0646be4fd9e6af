//! One value, one cache line.

use core::ops::{Deref, DerefMut};

/// A value on a cache-line pair of its own: 128 bytes on x86-64 and aarch64.
///
/// Some processors fetch lines in pairs, so values that different threads *write* keep two lines apart. On other architectures the
/// boundary is what crossbeam knows to be right for them.
pub use crossbeam_utils::CachePadded as Padded;

/// A value on a cache line of its own: 64 bytes, size rounded up to 64.
///
/// Half the memory of [`Padded`]. Right where a value should not straddle two lines, or where lines are read more than written.
///
/// # Example
/// ```
/// use wf_aligned::CacheLine;
///
/// let lines = [CacheLine::new(1_u8), CacheLine::new(2)];
/// assert_eq!(std::mem::size_of_val(&lines), 128);
/// assert_eq!(*lines[0] + *lines[1], 3);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(C, align(64))]
pub struct CacheLine<T>(T);

const _: () = assert!(align_of::<CacheLine<u8>>() == 64 && size_of::<CacheLine<u8>>() == 64);
const _: () = assert!(size_of::<CacheLine<[u8; 65]>>() == 128);
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
const _: () = assert!(align_of::<Padded<u8>>() == 128 && size_of::<Padded<u8>>() == 128);

impl<T> CacheLine<T> {
    /// Puts a value on a line of its own.
    #[must_use]
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// Takes the value out.
    #[must_use]
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T> Deref for CacheLine<T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> DerefMut for CacheLine<T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        &mut self.0
    }
}

impl<T> From<T> for CacheLine<T> {
    fn from(value: T) -> Self {
        Self(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_share_no_line_and_no_pair() {
        let lines: Vec<CacheLine<u64>> = (0..10).map(CacheLine::new).collect();
        for (index, line) in lines.iter().enumerate() {
            assert_eq!(core::ptr::from_ref(&**line).addr() % 64, 0);
            assert_eq!(**line, index as u64);
        }
        let padded: Vec<Padded<u64>> = (0..10).map(Padded::new).collect();
        let pairs: Vec<_> =
            padded.iter().map(|p| core::ptr::from_ref(&**p).addr() / align_of::<Padded<u64>>()).collect();
        assert!(pairs.windows(2).all(|pair| pair[0] != pair[1]));
    }

    #[test]
    fn the_value_can_be_changed_and_taken_out() {
        let mut line = CacheLine::from(String::from("a"));
        line.push('b');
        assert_eq!(line.into_inner(), "ab");
    }
}
