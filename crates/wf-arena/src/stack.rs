//! A stack of idle arenas.

use core::cell::Cell;

use crate::arena::Arena;

/// An arena with the link of the stack it lies on.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) arena: Arena,
    next: Option<Box<Node>>,
}

impl Node {
    pub(crate) fn new(arena: Arena) -> Box<Node> {
        Box::new(Node { arena, next: None })
    }
}

/// A stack of idle arenas. Taking and putting back allocate nothing.
#[derive(Default)]
pub(crate) struct Stack {
    top: Cell<Option<Box<Node>>>,
}

impl Stack {
    pub(crate) const fn new() -> Self {
        Stack { top: Cell::new(None) }
    }

    #[inline]
    pub(crate) fn take(&self) -> Option<Box<Node>> {
        let mut node = self.top.take()?;
        self.top.set(node.next.take());
        Some(node)
    }

    #[inline]
    pub(crate) fn put(&self, mut node: Box<Node>) {
        node.next = self.top.take();
        self.top.set(Some(node));
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        // One by one: a long list would recurse.
        while self.take().is_some() {}
    }
}
