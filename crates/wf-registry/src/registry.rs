//! The registry while it is being filled.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use crate::{Error, Frozen};

/// Collects named values and numbers them in the order of registration.
///
/// Ids are dense and begin at 0. Registration is explicit: what is not named in the source is not in the table.
#[derive(Clone, Debug)]
pub struct Registry<T> {
    /// Invariant: `ids` maps each name in `entries` to its position, and holds nothing else.
    ids: HashMap<Box<str>, u32>,
    entries: Vec<(Box<str>, T)>,
    id_max: u32,
}

impl<T> Registry<T> {
    /// Makes an empty registry whose ids may use all of `u32`.
    #[must_use]
    pub fn new() -> Self {
        Self::with_id_max(u32::MAX - 1)
    }

    /// Makes an empty registry whose last id is at most `id_max`.
    ///
    /// `with_id_max(u32::from(u16::MAX))` keeps every id in a `u16`, see [`Frozen::get_u16`].
    #[must_use]
    pub fn with_id_max(id_max: u32) -> Self {
        Self { ids: HashMap::new(), entries: Vec::new(), id_max }
    }

    /// Adds a value under a name and returns its id.
    ///
    /// # Errors
    /// [`Error::DuplicateName`] when the name is taken, [`Error::TooLarge`] past the limit. The registry is unchanged.
    pub fn register(&mut self, name: &str, value: T) -> Result<u32, Error> {
        let id = u32::try_from(self.entries.len()).unwrap_or(u32::MAX);
        match self.ids.entry(name.into()) {
            Entry::Occupied(first) => {
                Err(Error::DuplicateName { name: name.to_owned(), first: *first.get(), second: id })
            }
            Entry::Vacant(_) if id > self.id_max => {
                Err(Error::TooLarge { id, id_max: self.id_max, name: name.to_owned() })
            }
            Entry::Vacant(free) => {
                free.insert(id);
                self.entries.push((name.into(), value));
                Ok(id)
            }
        }
    }

    /// How many values are registered.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether nothing is registered.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Ends registration; from here on the table is only read.
    #[must_use]
    pub fn freeze(self) -> Frozen<T> {
        Frozen::from_entries(self.entries)
    }
}

impl<T> Default for Registry<T> {
    fn default() -> Self {
        Self::new()
    }
}

/// Collects named values whose ids are fixed from outside, such as pattern numbers or wire codes.
///
/// Values may arrive in any order; [`freeze`](Self::freeze) insists that the ids are dense from 0.
#[derive(Clone, Debug)]
pub struct Numbered<T> {
    /// Invariant: `ids` maps each name in `slots` to its position, and holds nothing else.
    ids: HashMap<Box<str>, u32>,
    slots: Vec<Option<(Box<str>, T)>>,
    id_max: u32,
}

impl<T> Numbered<T> {
    /// Makes an empty registry for ids from 0 to `id_max`.
    ///
    /// The limit is a parameter because one wrong id would otherwise cost memory up to that id.
    #[must_use]
    pub fn new(id_max: u32) -> Self {
        Self { ids: HashMap::new(), slots: Vec::new(), id_max }
    }

    /// Adds a value under an id and a name.
    ///
    /// # Errors
    /// [`Error::DuplicateId`], [`Error::DuplicateName`] or [`Error::TooLarge`]. The registry is unchanged.
    pub fn register(&mut self, id: u32, name: &str, value: T) -> Result<(), Error> {
        if id > self.id_max {
            return Err(Error::TooLarge { id, id_max: self.id_max, name: name.to_owned() });
        }
        let index = id as usize;
        if let Some(Some((first, _))) = self.slots.get(index) {
            return Err(Error::DuplicateId { id, first: first.to_string(), second: name.to_owned() });
        }
        if let Some(&first) = self.ids.get(name) {
            return Err(Error::DuplicateName { name: name.to_owned(), first, second: id });
        }
        if self.slots.len() <= index {
            self.slots.resize_with(index + 1, || None);
        }
        self.ids.insert(name.into(), id);
        self.slots[index] = Some((name.into(), value));
        Ok(())
    }

    /// Ends registration; from here on the table is only read.
    ///
    /// # Errors
    /// [`Error::Gap`] for the first id that nobody registered though a larger one exists.
    pub fn freeze(self) -> Result<Frozen<T>, Error> {
        if let Some(gap) = self.slots.iter().position(Option::is_none) {
            // The slots end with an entry, since they only grow to hold one.
            let next = self.slots.iter().enumerate().skip(gap).find_map(|(i, s)| s.as_ref().map(|s| (i, s)));
            let (before_id, before) =
                next.map_or((gap, String::new()), |(i, (name, _))| (i, name.to_string()));
            let id = u32::try_from(gap).unwrap_or(u32::MAX);
            let before_id = u32::try_from(before_id).unwrap_or(u32::MAX);
            return Err(Error::Gap { id, before, before_id });
        }
        Ok(Frozen::from_entries(self.slots.into_iter().flatten().collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_follow_the_order_of_registration() {
        let mut registry = Registry::new();
        assert!(registry.is_empty());
        for (expected, name) in ["c", "a", "b"].into_iter().enumerate() {
            assert_eq!(registry.register(name, name.len()), Ok(expected as u32));
        }
        assert_eq!(registry.len(), 3);
        let table = registry.freeze();
        assert_eq!(["c", "a", "b", "d"].map(|name| table.id(name)), [Some(0), Some(1), Some(2), None]);
    }

    #[test]
    fn a_duplicate_name_names_both_sides_and_changes_nothing() {
        let mut registry = Registry::new();
        registry.register("join", 1).unwrap();
        registry.register("split", 2).unwrap();
        let error = registry.register("join", 3).unwrap_err();
        assert_eq!(error, Error::DuplicateName { name: "join".into(), first: 0, second: 2 });
        assert_eq!(error.to_string(), "name `join` is registered twice: as id 0, and again for id 2");
        assert_eq!(registry.register("merge", 4), Ok(2));
        assert_eq!(registry.freeze().values(), [1, 2, 4]);
    }

    #[test]
    fn the_limit_is_the_last_id() {
        let mut registry = Registry::with_id_max(1);
        registry.register("a", ()).unwrap();
        registry.register("b", ()).unwrap();
        assert_eq!(registry.register("c", ()), Err(Error::TooLarge { id: 2, id_max: 1, name: "c".into() }));
        assert_eq!(registry.len(), 2);
    }

    #[test]
    fn numbered_ids_may_arrive_in_any_order() {
        let mut numbered = Numbered::new(43);
        numbered.register(2, "c", 'c').unwrap();
        numbered.register(0, "a", 'a').unwrap();
        let gap = numbered.clone().freeze().unwrap_err();
        assert_eq!(gap, Error::Gap { id: 1, before: "c".into(), before_id: 2 });
        assert_eq!(gap.to_string(), "id 1 has no entry, but id 2 is `c`: ids must be dense");
        numbered.register(1, "b", 'b').unwrap();
        assert_eq!(numbered.freeze().unwrap().values(), ['a', 'b', 'c']);
    }

    #[test]
    fn numbered_refuses_ids_and_names_that_are_taken() {
        let mut numbered = Numbered::new(3);
        numbered.register(1, "one", ()).unwrap();
        let id = numbered.register(1, "uno", ()).unwrap_err();
        assert_eq!(id.to_string(), "id 1 is registered twice: as `one`, and again as `uno`");
        let name = numbered.register(0, "one", ()).unwrap_err();
        assert_eq!(name, Error::DuplicateName { name: "one".into(), first: 1, second: 0 });
        let large = numbered.register(4, "four", ()).unwrap_err();
        assert_eq!(large.to_string(), "`four` needs id 4, but this registry ends at id 3");
        numbered.register(0, "zero", ()).unwrap();
        assert_eq!(numbered.freeze().unwrap().len(), 2);
    }
}
