//! Whether an engine can follow a script: every index in range, every list inside the codes.

use super::{
    BRANCHES, CHOICE, CHOSEN, COLLECT, COMPLETE, DECIDE, DECIDE_EACH, FAIL, GONE, INDEX, INSTANCES,
    INSTANCES_COUNTED, JOIN, MERGE, MULTIPLY, NONE, OFFER, PARTIAL, PARTIAL_BLOCK, PARTIAL_CANCEL,
    PARTIAL_ENOUGH, RECEIVE, SPLIT, TERMINATE, THROW, TO_PLACE, TO_SLOT,
};
use crate::image::{CHILDREN_MAX, SLOTS_MAX};
use crate::rules::BRANCHES_MAX;

/// What the codes of a script may name.
#[derive(Clone, Copy)]
pub(crate) struct Bounds<'p> {
    pub(crate) places: u16,
    pub(crate) tasks: u16,
    pub(crate) merges: u16,
    pub(crate) messages: u16,
    /// Whether a condition begins at this code.
    pub(crate) is_guard: &'p dyn Fn(u16) -> bool,
    /// Whether the task has instances.
    pub(crate) makes_instances: &'p dyn Fn(u16) -> bool,
}

/// Whether an engine can follow the script that begins here.
pub(crate) fn is_valid(codes: &[u16], bounds: Bounds<'_>) -> bool {
    let mut check = Check { codes, bounds, slots: 0 };
    check.script().is_some()
}

struct Check<'p> {
    codes: &'p [u16],
    bounds: Bounds<'p>,
    slots: u16,
}

/// `Some(())` where a condition holds, so that `?` ends the check.
fn ensure(holds: bool) -> Option<()> {
    holds.then_some(())
}

impl<'p> Check<'p> {
    fn next(&mut self) -> Option<u16> {
        let (&code, rest) = self.codes.split_first()?;
        self.codes = rest;
        Some(code)
    }

    fn list(&mut self) -> Option<&'p [u16]> {
        let length = usize::from(self.next()?);
        let (list, rest) = self.codes.split_at_checked(length)?;
        self.codes = rest;
        Some(list)
    }

    fn script(&mut self) -> Option<()> {
        self.slots = self.next()?;
        ensure(usize::from(self.slots) <= SLOTS_MAX)?;
        let steps = self.next()?;
        self.places()?;
        self.targets()?;
        (0..steps).try_for_each(|_| self.step())
    }

    fn place(&mut self) -> Option<()> {
        let place = self.next()?;
        ensure(place < self.bounds.places)
    }

    fn places(&mut self) -> Option<usize> {
        let list = self.list()?;
        list.iter().all(|&place| place < self.bounds.places).then_some(list.len())
    }

    fn slot(&mut self) -> Option<()> {
        let slot = self.next()?;
        ensure(slot < self.slots)
    }

    fn targets(&mut self) -> Option<usize> {
        let list = self.list()?;
        let is_valid = |&target: &u16| match (target & !INDEX, target & INDEX) {
            (TO_PLACE, place) => place < self.bounds.places,
            (TO_SLOT, slot) => slot < self.slots,
            (GONE, index) => index == 0,
            _ => false,
        };
        list.iter().all(is_valid).then_some(list.len())
    }

    fn quantity(&mut self, most: u16) -> Option<()> {
        let code = self.next()?;
        ensure((1..=most).contains(&(code & !CHOSEN)))
    }

    /// A number of tokens, from 1 to 255.
    fn number(&mut self) -> Option<()> {
        let number = self.next()?;
        ensure((1..=255).contains(&number))
    }

    fn step(&mut self) -> Option<()> {
        match self.next()? {
            CHOICE | SPLIT => {
                self.slot()?;
                let targets = self.targets()?;
                // A choice without branches has no digit.
                ensure(targets > 0)
            }
            JOIN => {
                self.places()?;
                ensure(self.targets()? > 0)
            }
            BRANCHES => {
                self.slot()?;
                let default = self.next()?;
                let targets = self.targets()?;
                ensure((1..=32).contains(&targets) && (default == NONE || usize::from(default) < targets))
            }
            step @ (DECIDE | DECIDE_EACH) => self.decide(step == DECIDE_EACH),
            MULTIPLY => {
                self.slot()?;
                self.quantity(u8::MAX.into())?;
                self.targets().map(drop)
            }
            COLLECT => {
                self.place()?;
                self.number()?;
                self.targets().map(drop)
            }
            PARTIAL => {
                self.slot()?;
                self.number()?;
                self.number()?;
                self.place()?;
                self.place()?;
                self.targets().map(drop)
            }
            PARTIAL_CANCEL => {
                self.slot()?;
                self.number()?;
                self.place()?;
                self.places()?;
                self.targets().map(drop)
            }
            PARTIAL_ENOUGH => {
                self.slot()?;
                self.number()?;
                self.place()?;
                let guard = self.next()?;
                ensure(guard == NONE || (self.bounds.is_guard)(guard))?;
                let (left_out, place) = (self.next()?, self.next()?);
                ensure(left_out == NONE || (left_out < self.slots && place != NONE))?;
                ensure(place == NONE || place < self.bounds.places)?;
                self.places()?;
                self.targets()?;
                self.targets().map(drop)
            }
            PARTIAL_BLOCK => {
                self.number()?;
                let (inputs, arrived, done) = (self.places()?, self.places()?, self.places()?);
                ensure(inputs > 0 && inputs == arrived && inputs == done)?;
                self.targets().map(drop)
            }
            MERGE => {
                let merge = self.next()?;
                ensure(merge < self.bounds.merges)?;
                self.places()?;
                self.targets().map(drop)
            }
            COMPLETE => {
                self.slot()?;
                self.place()?;
                let merge = self.next()?;
                ensure(merge < self.bounds.merges)?;
                self.targets().map(drop)
            }
            RECEIVE => {
                self.slot()?;
                self.place()?;
                self.place()?;
                self.targets().map(drop)
            }
            OFFER => self.offer(),
            INSTANCES => {
                self.slot()?;
                let task = self.next()?;
                ensure(task < self.bounds.tasks && (self.bounds.makes_instances)(task))?;
                self.quantity(CHILDREN_MAX)?;
                self.targets().map(drop)
            }
            INSTANCES_COUNTED => {
                self.slot()?;
                let task = self.next()?;
                ensure(task < self.bounds.tasks && (self.bounds.makes_instances)(task))?;
                let guard = self.next()?;
                ensure((self.bounds.is_guard)(guard))?;
                let most = self.next()?;
                ensure((1..=CHILDREN_MAX).contains(&most))?;
                self.targets().map(drop)
            }
            THROW => {
                self.slot()?;
                let message = self.next()?;
                ensure(message < self.bounds.messages)?;
                self.targets().map(drop)
            }
            TERMINATE => self.slot(),
            FAIL => {
                self.slot()?;
                let error = self.next()?;
                ensure(error < self.bounds.messages)
            }
            _ => None,
        }
    }

    fn decide(&mut self, is_mask: bool) -> Option<()> {
        self.slot()?;
        let default = self.next()?;
        let guards = self.list()?;
        let targets = self.targets()?;
        ensure(targets > 0 && (!is_mask || targets <= BRANCHES_MAX) && guards.len() == targets)?;
        ensure(default == NONE || usize::from(default) < targets)?;
        let is_valid = |&guard: &u16| guard == NONE || (self.bounds.is_guard)(guard);
        ensure(guards.iter().all(is_valid))
    }

    fn offer(&mut self) -> Option<()> {
        self.slot()?;
        let places = self.places()?;
        let (queues, slots) = (self.list()?, self.list()?);
        let both = queues.iter().zip(slots).all(|(&queue, &slot)| {
            (queue == NONE && slot == NONE) || (queue < self.bounds.places && slot < self.slots)
        });
        ensure(queues.len() == places && slots.len() == places && both)
    }
}
