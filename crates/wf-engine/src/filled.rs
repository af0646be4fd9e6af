//! A list in a scope's memory that is filled by index: what is behind its length is blank, not unwritten, so that a
//! loop can hold it as a plain slice.

use wf_arena::Scope;

/// A growing list of small values.
#[derive(Debug)]
pub(crate) struct Filled<'s, T> {
    scope: Scope<'s>,
    items: &'s mut [T],
    len: usize,
    blank: T,
}

impl<'s, T: Copy> Filled<'s, T> {
    pub(crate) fn new(scope: &Scope<'s>, capacity: usize, blank: T) -> Self {
        Self { scope: *scope, items: scope.alloc_slice_fill(capacity, blank), len: 0, blank }
    }

    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn get(&self, index: usize) -> Option<&T> {
        self.items[..self.len].get(index)
    }

    pub(crate) fn as_slice(&self) -> &[T] {
        &self.items[..self.len]
    }

    pub(crate) fn as_mut_slice(&mut self) -> &mut [T] {
        &mut self.items[..self.len]
    }

    pub(crate) fn push(&mut self, item: T) {
        self.reserve(1);
        self.items[self.len] = item;
        self.len += 1;
    }

    pub(crate) fn truncate(&mut self, len: usize) {
        self.len = self.len.min(len);
    }

    /// Makes room for so many more.
    pub(crate) fn reserve(&mut self, more: usize) {
        if self.items.len() - self.len < more {
            self.grow(more);
        }
    }

    #[cold]
    fn grow(&mut self, more: usize) {
        let capacity = (self.len + more).max(2 * self.items.len());
        let items = self.scope.alloc_slice_fill(capacity, self.blank);
        items[..self.len].copy_from_slice(&self.items[..self.len]);
        self.items = items;
    }

    /// All of it, and how much is filled: to be given back by [`set_len`](Self::set_len).
    pub(crate) fn whole(&mut self) -> &mut [T] {
        self.items
    }

    pub(crate) fn set_len(&mut self, len: usize) {
        debug_assert!(len <= self.items.len());
        self.len = len.min(self.items.len());
    }

    pub(crate) fn into_slice(self) -> &'s mut [T] {
        &mut self.items[..self.len]
    }
}
