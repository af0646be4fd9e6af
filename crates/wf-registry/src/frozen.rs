//! The registry after it was filled: dense ids, read only.

use core::iter::FusedIterator;
use core::ops::Index;

/// A table of named values that no longer changes.
///
/// Names, values and the order of names are three separate arrays, so that a look-up by id touches values only.
#[derive(Clone, Debug)]
pub struct Frozen<T> {
    values: Box<[T]>,
    /// Invariant: as long as `values`.
    names: Box<[Box<str>]>,
    /// Invariant: a permutation of the ids, sorted by name.
    by_name: Box<[u32]>,
}

impl<T> Frozen<T> {
    /// The caller guarantees that names are unique and that there are at most `u32::MAX` entries.
    pub(crate) fn from_entries(entries: Vec<(Box<str>, T)>) -> Self {
        let (names, values): (Vec<_>, Vec<_>) = entries.into_iter().unzip();
        let mut by_name: Vec<u32> = (0..).take(names.len()).collect();
        by_name.sort_unstable_by_key(|&id| &names[id as usize]);
        Self { values: values.into(), names: names.into(), by_name: by_name.into() }
    }

    /// The value of an id, or `None` past the end.
    ///
    /// One bounds check and one load.
    #[inline]
    #[must_use]
    pub fn get(&self, id: u32) -> Option<&T> {
        self.values.get(id as usize)
    }

    /// The value of a 16-bit id, or `None` past the end.
    #[inline]
    #[must_use]
    pub fn get_u16(&self, id: u16) -> Option<&T> {
        self.values.get(usize::from(id))
    }

    /// The id of a name: a binary search, meant for load time.
    #[must_use]
    pub fn id(&self, name: &str) -> Option<u32> {
        let found = self.by_name.binary_search_by(|&id| (*self.names[id as usize]).cmp(name));
        found.ok().map(|index| self.by_name[index])
    }

    /// The name of an id, or `None` past the end.
    #[must_use]
    pub fn name(&self, id: u32) -> Option<&str> {
        self.names.get(id as usize).map(|name| &**name)
    }

    /// How many values the table holds; ids are `0..len`.
    #[inline]
    #[must_use]
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether the table holds nothing.
    #[inline]
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// All values, indexed by id: slice of shape `[len]`.
    ///
    /// A loop that looks up many ids hoists this slice out of the loop.
    #[inline]
    #[must_use]
    pub fn values(&self) -> &[T] {
        &self.values
    }

    /// Every entry as (id, name, value), in the order of ids.
    #[must_use]
    pub fn iter(&self) -> Iter<'_, T> {
        Iter { table: self, next: 0 }
    }

    /// Gives the table away for the rest of the program.
    ///
    /// Never freed: for tables that live as long as the process, where a `'static` reference saves a count or a lifetime.
    #[must_use]
    pub fn leak(self) -> &'static Self
    where
        T: 'static,
    {
        Box::leak(Box::new(self))
    }
}

/// Indexing by id, for ids that this table handed out.
///
/// # Panics
/// When the id is not one of this table.
impl<T> Index<u32> for Frozen<T> {
    type Output = T;

    #[inline]
    fn index(&self, id: u32) -> &T {
        &self.values[id as usize]
    }
}

impl<'a, T> IntoIterator for &'a Frozen<T> {
    type Item = (u32, &'a str, &'a T);
    type IntoIter = Iter<'a, T>;

    fn into_iter(self) -> Iter<'a, T> {
        self.iter()
    }
}

/// The entries of a [`Frozen`] table in the order of ids.
#[derive(Debug)]
pub struct Iter<'a, T> {
    table: &'a Frozen<T>,
    next: u32,
}

impl<T> Clone for Iter<'_, T> {
    fn clone(&self) -> Self {
        Self { table: self.table, next: self.next }
    }
}

impl<'a, T> Iterator for Iter<'a, T> {
    type Item = (u32, &'a str, &'a T);

    fn next(&mut self) -> Option<Self::Item> {
        let id = self.next;
        let value = self.table.get(id)?;
        self.next += 1;
        Some((id, self.table.name(id)?, value))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.table.len() - self.next as usize;
        (left, Some(left))
    }
}

impl<T> ExactSizeIterator for Iter<'_, T> {}
impl<T> FusedIterator for Iter<'_, T> {}

#[cfg(test)]
mod tests {
    use crate::Registry;

    fn table(names: &[&str]) -> super::Frozen<usize> {
        let mut registry = Registry::new();
        for name in names {
            registry.register(name, name.len()).unwrap();
        }
        registry.freeze()
    }

    #[test]
    fn every_name_and_id_agree() {
        let names: Vec<String> = (0..1_000).map(|i| format!("n{}", i * 7_919 % 1_000)).collect();
        let table = table(&names.iter().map(String::as_str).collect::<Vec<_>>());
        for (id, name) in (0..).zip(&names) {
            assert_eq!(table.id(name), Some(id));
            assert_eq!(table.name(id), Some(name.as_str()));
            assert_eq!(table.get(id), Some(&name.len()));
            assert_eq!(table.get_u16(id as u16), Some(&name.len()));
            assert_eq!(table[id], name.len());
        }
        assert_eq!(table.id("absent"), None);
        assert_eq!(table.get(1_000), None);
        assert_eq!(table.get(u32::MAX), None);
        assert_eq!(table.name(1_000), None);
    }

    #[test]
    fn iteration_follows_the_ids() {
        let table = table(&["bb", "a", "ccc"]);
        let mut iter = table.iter();
        assert_eq!(iter.len(), 3);
        assert_eq!(iter.next(), Some((0, "bb", &2)));
        assert_eq!(iter.len(), 2);
        assert_eq!(iter.collect::<Vec<_>>(), [(1, "a", &1), (2, "ccc", &3)]);
        assert_eq!(table.values(), [2, 1, 3]);
    }

    #[test]
    fn an_empty_table_answers_none() {
        let table = table(&[]);
        assert!(table.is_empty());
        assert_eq!((table.get(0), table.id(""), table.name(0)), (None, None, None));
        assert_eq!(table.iter().next(), None);
    }

    #[test]
    fn a_leaked_table_is_static() {
        let table: &'static super::Frozen<usize> = table(&["x"]).leak();
        assert_eq!(table[0], 1);
    }

    #[test]
    #[should_panic(expected = "index out of bounds")]
    fn indexing_past_the_end_panics() {
        let _ = table(&["x"])[1];
    }
}
