//! Search for byte patterns, by the `memchr` crate.

/// Finds the first place where `pattern` occurs in `haystack`.
///
/// Linear time in the worst case. For one pattern and many haystacks a [`Pattern`] saves the preparation.
///
/// # Example
/// ```
/// assert_eq!(wf_simd::find_bytes(b"<task id=\"a\"/>", b"id="), Some(6));
/// ```
#[must_use]
pub fn find_bytes(haystack: &[u8], pattern: &[u8]) -> Option<usize> {
    memchr::memmem::find(haystack, pattern)
}

/// A byte pattern, prepared for many searches.
///
/// # Example
/// ```
/// let pattern = wf_simd::Pattern::new(b"id=");
/// assert_eq!(pattern.find(b"<a id=1 id=2>"), Some(3));
/// assert_eq!(pattern.find_all(b"<a id=1 id=2>").collect::<Vec<_>>(), [3, 8]);
/// ```
#[derive(Clone, Debug)]
pub struct Pattern {
    finder: memchr::memmem::Finder<'static>,
}

impl Pattern {
    /// Prepares a pattern; copies it.
    #[must_use]
    pub fn new(pattern: &[u8]) -> Self {
        Self { finder: memchr::memmem::Finder::new(pattern).into_owned() }
    }

    /// The first place where the pattern occurs.
    #[must_use]
    pub fn find(&self, haystack: &[u8]) -> Option<usize> {
        self.finder.find(haystack)
    }

    /// Every place where the pattern occurs, without overlaps, in order.
    pub fn find_all<'h>(&'h self, haystack: &'h [u8]) -> impl Iterator<Item = usize> + 'h {
        self.finder.find_iter(haystack)
    }
}
