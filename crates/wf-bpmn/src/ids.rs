//! Which element bears which id.

use std::collections::{HashMap, HashSet};

use crate::tree::{Index, Tree, Vocabulary};
use crate::vocabulary::is_behaviour;

/// The ids of a document's BPMN elements.
#[derive(Debug)]
pub(crate) struct Ids<'t> {
    first: HashMap<&'t str, Index>,
    /// Pairs of elements with one id, the later one first.
    pub(crate) duplicates: Vec<(Index, Index)>,
    /// The first elements of those pairs.
    shared: HashSet<Index>,
}

impl<'t> Ids<'t> {
    /// Collects the ids of a document.
    ///
    /// XML Schema makes every id unique in its document. Two elements that are information only may share one
    /// here: nothing that runs depends on which of them is meant.
    pub(crate) fn of(tree: &'t Tree<'_>) -> Self {
        let mut ids = Self { first: HashMap::new(), duplicates: Vec::new(), shared: HashSet::new() };
        for index in tree.all().filter(|&index| tree.vocabulary(index) == Vocabulary::Bpmn) {
            let Some(id) = tree.value(index, "id") else { continue };
            let first = *ids.first.entry(id).or_insert(index);
            if first != index && (is_behaviour(tree.name(index)) || is_behaviour(tree.name(first))) {
                ids.duplicates.push((index, first));
                ids.shared.insert(first);
            }
        }
        ids
    }

    /// The element that a reference means: the one with this id or, of a qualified name, with its local part.
    pub(crate) fn find(&self, reference: &str) -> Option<Index> {
        let local = || reference.rsplit_once(':').and_then(|(_, local)| self.first.get(local));
        self.first.get(reference).or_else(local).copied()
    }

    /// Whether another element has the id by which this one was found, so that it may not be the one meant.
    pub(crate) fn is_ambiguous(&self, found: Index) -> bool {
        self.shared.contains(&found)
    }
}
