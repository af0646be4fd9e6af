//! A document while it is being understood: its elements, its ids, and the problems found so far.

use crate::error::Errors;
use crate::ids::Ids;
use crate::message::Messages;
use crate::tree::{Index, Tree};
use crate::vocabulary::{Parent, Role, role};
use crate::{Element, Error, ErrorKind, ModelFault, ParseOptions, Warning, WarningKind};

/// A document while it is being understood.
#[derive(Debug)]
pub(crate) struct Model<'t, 'x> {
    pub(crate) tree: &'t Tree<'x>,
    pub(crate) ids: Ids<'t>,
    messages: Messages,
    errors: Errors,
    /// What runs and may surprise, of the process that is being read.
    pub(crate) warnings: Vec<Warning>,
    pub(crate) options: &'t ParseOptions,
    /// Whether an id of something that runs is used twice: what refers to it may mean either.
    pub(crate) is_ambiguous: bool,
}

impl<'t, 'x> Model<'t, 'x> {
    pub(crate) fn new(tree: &'t Tree<'x>, options: &'t ParseOptions) -> Self {
        let errors = Errors::new(options.errors_max);
        let ids = Ids::of(tree);
        let messages = Messages::read(tree, &ids);
        let mut model =
            Self { tree, ids, messages, errors, warnings: Vec::new(), options, is_ambiguous: false };
        model.is_ambiguous = !model.ids.duplicates.is_empty();
        for (second, first) in core::mem::take(&mut model.ids.duplicates) {
            model.refuse(second, ModelFault::DuplicateId { first: Box::new(tree.element(first)) });
        }
        model
    }

    /// Notes a problem of an element.
    pub(crate) fn refuse(&mut self, index: Index, kind: impl Into<ErrorKind>) {
        self.errors.push(Error::of(self.tree.element(index), kind));
    }

    /// Notes what runs and may surprise.
    pub(crate) fn warn(&mut self, index: Index, kind: WarningKind) {
        self.warnings.push(Warning { element: self.tree.element(index), kind });
    }

    /// Notes a problem that is located already.
    pub(crate) fn report(&mut self, error: Error) {
        self.errors.push(error);
    }

    /// The children of an element that mean something, with their roles; those that are refused are noted.
    ///
    /// Returned rather than iterated, so that a caller can note problems meanwhile.
    pub(crate) fn children(&mut self, index: Index, parent: Parent) -> Vec<(Index, Role)> {
        let mut children = Vec::new();
        for child in self.tree.children(index) {
            match role(self.tree, parent, child) {
                Role::Information => {}
                Role::Refused(what) => {
                    self.refuse(child, what.clone());
                    children.push((child, Role::Refused(what)));
                }
                role => children.push((child, role)),
            }
        }
        children
    }

    /// The element that a reference means, if there is one.
    pub(crate) fn find(&self, reference: &str) -> Option<Box<Element>> {
        self.ids.find(reference).map(|index| Box::new(self.tree.element(index)))
    }

    /// Names of the messages that a flow node sends.
    pub(crate) fn sent_by(&self, index: Index) -> Vec<String> {
        self.messages.sent(self.tree, &self.ids, index)
    }

    /// Name of the message that a flow node waits for.
    pub(crate) fn awaited_by(&self, index: Index) -> Option<String> {
        self.messages.awaited(self.tree, &self.ids, index)
    }

    /// Name of the message that one of several event definitions of a flow node waits for.
    pub(crate) fn awaited_by_definition(&self, index: Index, number: usize) -> Option<String> {
        self.messages.awaited_by_definition(self.tree, &self.ids, index, number)
    }

    /// How many problems were found.
    pub(crate) const fn problem_count(&self) -> usize {
        self.errors.count()
    }

    /// All problems in the order of the text, if there are any.
    pub(crate) fn finish(self) -> Result<(), Vec<Error>> {
        let errors = self.errors.into_sorted();
        if errors.is_empty() { Ok(()) } else { Err(errors) }
    }
}
