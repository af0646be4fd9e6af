//! Scripts: what a step does when masks cannot say it, and the one interpreter of them.
//!
//! A script is a sequence of 16-bit codes: its slots, its number of steps, the list of places that the step empties
//! first, the list of targets that it puts a token on, then the steps. A list is its length and its entries. A target is
//! an index with one of the `TO_*` marks. Tokens pass gateways in *slots*; a step takes what is in its slot.
//!
//! The engine plays scripts on the line of a case, the compiler on plain counts of tokens while it walks through the
//! markings of a net: both through [`Tokens`], so that what is proved is what is done.

mod branches;
mod check;
mod partial;

pub(crate) use check::{Bounds, is_valid};

use crate::guard;
use crate::image::SLOTS_MAX;

/// All tokens of a slot take one branch: slot, targets. Two or more branches use up a digit of the choice.
pub(crate) const CHOICE: u16 = 1;
/// Each token of a slot becomes one on every target: slot, targets.
pub(crate) const SPLIT: u16 = 2;
/// Fires while every input has a token: inputs, targets.
pub(crate) const JOIN: u16 = 3;
/// Tokens of a slot go to the branches of a mask: slot, default target's index or [`NONE`], targets. The digit is the mask.
pub(crate) const BRANCHES: u16 = 4;
/// Each token of a slot becomes several: slot, quantity, targets.
pub(crate) const MULTIPLY: u16 = 5;
/// Several tokens of a place become one: place, number, targets.
pub(crate) const COLLECT: u16 = 6;
/// Partial join over counted arrivals: slot, needed, of all, place of the count, place of those swallowed, targets.
pub(crate) const PARTIAL: u16 = 7;
/// Partial join that empties places when it fires: slot, needed, place of the count, places, targets.
pub(crate) const PARTIAL_CANCEL: u16 = 8;
/// Partial join that holds second arrivals back: needed, inputs, places of arrivals, places of those done, targets.
pub(crate) const PARTIAL_BLOCK: u16 = 9;
/// Synchronizing merge: number of the merge, inputs, targets.
pub(crate) const MERGE: u16 = 10;
/// A task that may find its trigger already there: slot, place, place of the triggers, targets.
pub(crate) const RECEIVE: u16 = 11;
/// Tokens of a slot are offered to several tasks: slot, places, places of triggers or [`NONE`], slots or [`NONE`].
pub(crate) const OFFER: u16 = 12;
/// Creates the instances of a task: slot, task, quantity, targets that a token takes when there are none.
pub(crate) const INSTANCES: u16 = 13;
/// Ends the case with success: slot.
pub(crate) const TERMINATE: u16 = 14;
/// End of a sub-process: slot, place of what has arrived, number of the merge, targets.
pub(crate) const COMPLETE: u16 = 15;

/// As [`CHOICE`], decided by the data of the case unless the digit, less one, says the branch: slot, default branch or
/// [`NONE`], conditions or [`NONE`], targets.
pub(crate) const DECIDE: u16 = 16;
/// As [`BRANCHES`], decided by the data of the case where the mask is empty: as [`DECIDE`].
pub(crate) const DECIDE_EACH: u16 = 17;

/// Each token of a slot becomes one on every target, and sends a message: slot, number of the message, targets.
pub(crate) const THROW: u16 = 18;

/// As [`INSTANCES`], as many as the data of the case says where the digit is 0; else the digit is the number and one: slot,
/// task, guard, most, targets that a token takes when there are none.
pub(crate) const INSTANCES_COUNTED: u16 = 19;
/// As [`PARTIAL_CANCEL`], which also fires at an arrival that is enough: slot, needed, place of the count, guard or [`NONE`], slot
/// of arrivals that stand for no instance and place of their count or [`NONE`], places, targets of an arrival that is not enough,
/// targets. With a guard, the digit 0 leaves that to the data of the case, 1 is no and 2 is yes.
pub(crate) const PARTIAL_ENOUGH: u16 = 20;

/// Ends the case with an error, of which its caller hears: slot, number of the error among the messages.
pub(crate) const FAIL: u16 = 21;

/// Most different messages that a step sends: a net with a route of more is refused.
pub const SENT_MAX: usize = 16;

/// Mark of a target that is a place.
pub(crate) const TO_PLACE: u16 = 0;
/// Mark of a target that is a slot.
pub(crate) const TO_SLOT: u16 = 1 << 14;
/// A target that takes the token away.
pub(crate) const GONE: u16 = 2 << 14;
/// Bits of a target that hold the index.
pub(crate) const INDEX: u16 = (1 << 14) - 1;
/// No place, slot or default.
pub(crate) const NONE: u16 = u16::MAX;
/// Mark of a quantity that the choice decides: the rest is the most.
pub(crate) const CHOSEN: u16 = 1 << 15;

/// Where a script finds and leaves tokens.
pub trait Tokens {
    /// Tokens at a place.
    fn tokens(&self, place: u16) -> u8;
    /// Adds tokens; `false`, with nothing changed, if the place cannot hold them.
    fn add(&mut self, place: u16, count: u8) -> bool;
    /// Takes tokens that are known to be there.
    fn take(&mut self, place: u16, count: u8);
    /// Takes all tokens of a place, and what is kept beside them.
    fn clear(&mut self, place: u16);
    /// Whether a synchronizing merge need not wait: no further input can get a token from here, `is_full` says that all
    /// have one.
    fn is_settled(&mut self, merge: u16, is_full: bool) -> bool;
    /// Creates instances of a task, 1 or more; `false` if it has some already.
    fn create(&mut self, task: u16, count: u16) -> bool;
    /// Sends a message `count` times, 1 or more; `false` if that is more than a step can send. Whoever only walks through
    /// markings sends none.
    fn throw(&mut self, _message: u16, _count: u8) -> bool {
        true
    }
    /// Whether the data of the case fulfils a condition.
    ///
    /// # Errors
    /// Why there is no answer.
    fn holds(&mut self, guard: u16) -> Result<bool, guard::Fault>;
    /// As [`holds`](Self::holds), of a completion condition with these numbers of instances.
    ///
    /// # Errors
    /// Why there is no answer.
    fn is_enough(&mut self, guard: u16, tallies: [u16; 4]) -> Result<bool, guard::Fault>;
    /// Whether the rounds of instances one after another are counted: whoever only walks through markings need not, and is asked
    /// at each whether it is enough.
    fn counts_rounds(&self) -> bool {
        true
    }
    /// The number that the data of the case comes to.
    ///
    /// # Errors
    /// Why there is no answer.
    fn count(&mut self, guard: u16) -> Result<u16, guard::Fault>;
}

/// Why a script could not be played to its end. The tokens are half changed: play on a copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// A place would hold more tokens than it can.
    Full,
    /// The choice has digits left over, or chooses nothing where one branch must be chosen.
    Choice,
    /// A condition has no answer.
    Guard(guard::Fault),
    /// No condition holds, and there is no default.
    NoBranch,
}

/// How a script ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Played {
    /// Tokens rest where they are.
    On,
    /// A token reached an end that ends the whole case (WCP-43): every token is gone.
    Terminated,
    /// A token reached an end with an error that nothing here catches: every token is gone. The number of the error among the
    /// messages of the program.
    Failed(u16),
}

/// A cursor over the codes of one script. The image was checked when it was loaded: running off it is a bug.
#[derive(Clone, Copy)]
struct Codes<'p> {
    codes: &'p [u16],
}

impl<'p> Codes<'p> {
    fn next(&mut self) -> u16 {
        let (&code, rest) = self.codes.split_first().unwrap_or_else(|| unreachable!("checked when loaded"));
        self.codes = rest;
        code
    }

    fn list(&mut self) -> &'p [u16] {
        let length = usize::from(self.next());
        let (list, rest) = self.codes.split_at(length);
        self.codes = rest;
        list
    }
}

/// Tokens on their way through the gateways of one step.
struct Walk<'t, T> {
    tokens: &'t mut T,
    slots: [u8; SLOTS_MAX],
    choice: u64,
    terminated: bool,
    failed: Option<u16>,
    /// Tokens in slots.
    passing: u32,
    /// Whether the steps from the first merge on are to be played again.
    again: bool,
    /// Rounds that merges and partial joins may still go: an image that was not compiled here could go round for ever.
    rounds: u32,
}

/// Far more than the tokens of a case can set off.
const ROUNDS_MAX: u32 = 1 << 16;

/// Plays a script for a completion that has already taken its own token.
///
/// `choice` holds a digit for each decision on the way, least significant first.
///
/// # Errors
/// [`Fault`]: the tokens are then half changed.
pub fn play<T: Tokens>(tokens: &mut T, codes: &[u16], choice: u64) -> Result<Played, Fault> {
    let mut codes = Codes { codes };
    let mut walk = Walk {
        tokens,
        slots: [0; SLOTS_MAX],
        choice,
        terminated: false,
        failed: None,
        passing: 0,
        again: false,
        rounds: ROUNDS_MAX,
    };
    let (_slots, steps) = (codes.next(), codes.next());
    for &place in codes.list() {
        walk.tokens.clear(place);
    }
    walk.put_all(codes.list(), 1)?;
    // What moves may be what a merge has waited for: the steps from the first one on are played until nothing moves.
    let mut merges: Option<(Codes<'_>, u64, u16)> = None;
    let mut left = steps;
    while left > 0 {
        let here = (codes, walk.choice, left);
        let step = codes.next();
        if step == MERGE || step == COMPLETE {
            if merges.is_none() {
                merges = Some(here);
                walk.again = false;
            }
            if step == MERGE { walk.merge(&mut codes)? } else { walk.complete(&mut codes)? }
        } else {
            walk.step(step, &mut codes)?;
        }
        left -= 1;
        if left == 0
            && core::mem::take(&mut walk.again)
            && let Some(again) = merges
        {
            walk.round()?;
            (codes, walk.choice, left) = again;
        }
    }
    // Digits left over belong to no decision.
    match (walk.choice, walk.failed) {
        (0, Some(error)) => Ok(Played::Failed(error)),
        (0, None) if walk.terminated => Ok(Played::Terminated),
        (0, None) => Ok(Played::On),
        _ => Err(Fault::Choice),
    }
}

impl<T: Tokens> Walk<'_, T> {
    fn put(&mut self, target: u16, count: u8) -> Result<(), Fault> {
        self.again |= count > 0;
        let index = target & INDEX;
        let fits = match target & !INDEX {
            TO_PLACE => count == 0 || self.tokens.add(index, count),
            TO_SLOT => match self.slots[usize::from(index)].checked_add(count) {
                Some(sum) => {
                    self.slots[usize::from(index)] = sum;
                    self.passing += u32::from(count);
                    true
                }
                None => false,
            },
            _ => true,
        };
        if fits { Ok(()) } else { Err(Fault::Full) }
    }

    fn put_all(&mut self, targets: &[u16], count: u8) -> Result<(), Fault> {
        targets.iter().try_for_each(|&target| self.put(target, count))
    }

    fn round(&mut self) -> Result<(), Fault> {
        self.rounds = self.rounds.checked_sub(1).ok_or(Fault::Full)?;
        Ok(())
    }

    fn take_slot(&mut self, slot: u16) -> u8 {
        let count = core::mem::take(&mut self.slots[usize::from(slot)]);
        self.passing -= u32::from(count);
        count
    }

    /// Whether a merge may look around now: a token that is still passing gateways stands nowhere, and where something has moved
    /// since the first merge of the round it is for that one to look again first.
    fn may_look(&mut self) -> bool {
        let may = self.passing == 0 && !self.again;
        self.again |= !may;
        may
    }

    fn digit(&mut self, base: u64) -> u64 {
        let digit = self.choice % base;
        self.choice /= base;
        digit
    }

    /// A quantity, fixed or chosen.
    fn quantity(&mut self, code: u16) -> u16 {
        if code & CHOSEN == 0 { code } else { self.digit(u64::from(code & !CHOSEN) + 1) as u16 }
    }

    fn step(&mut self, step: u16, codes: &mut Codes<'_>) -> Result<(), Fault> {
        match step {
            CHOICE => {
                let count = self.take_slot(codes.next());
                let branches = codes.list();
                let branch = self.digit(branches.len() as u64) as usize;
                self.put(branches[branch], count)
            }
            SPLIT => {
                let count = self.take_slot(codes.next());
                self.put_all(codes.list(), count)
            }
            JOIN => {
                let inputs = codes.list();
                let targets = codes.list();
                let count = inputs.iter().map(|&place| self.tokens.tokens(place)).min().unwrap_or(0);
                if count > 0 {
                    inputs.iter().for_each(|&place| self.tokens.take(place, count));
                }
                self.put_all(targets, count)
            }
            BRANCHES => self.branches(codes),
            DECIDE => self.decide(codes),
            DECIDE_EACH => self.decide_each(codes),
            MULTIPLY => {
                let count = self.take_slot(codes.next());
                let code = codes.next();
                let each = self.quantity(code);
                let all = u8::try_from(u16::from(count).saturating_mul(each)).map_err(|_| Fault::Full)?;
                self.put_all(codes.list(), all)
            }
            COLLECT => {
                let (place, number) = (codes.next(), codes.next() as u8);
                let targets = codes.list();
                let groups = self.tokens.tokens(place) / number;
                if groups > 0 {
                    self.tokens.take(place, groups * number);
                }
                self.put_all(targets, groups)
            }
            PARTIAL => self.partial(codes),
            PARTIAL_CANCEL => self.partial_cancel(codes),
            PARTIAL_BLOCK => self.partial_block(codes),
            RECEIVE => self.receive(codes),
            OFFER => self.offer(codes),
            FAIL => {
                let (count, error) = (self.take_slot(codes.next()), codes.next());
                if count > 0 {
                    self.failed = self.failed.or(Some(error));
                }
                Ok(())
            }
            PARTIAL_ENOUGH => self.partial_enough(codes),
            INSTANCES => {
                let (count, task) = (self.take_slot(codes.next()), codes.next());
                let code = codes.next();
                let instances = self.quantity(code);
                self.instances(count, task, instances, codes.list())
            }
            INSTANCES_COUNTED => {
                let (count, task) = (self.take_slot(codes.next()), codes.next());
                let (guard, most) = (codes.next(), codes.next());
                let instances = match self.digit(u64::from(most) + 2) {
                    0 if count > 0 => self.tokens.count(guard).map_err(Fault::Guard)?,
                    digit => digit.saturating_sub(1) as u16,
                };
                self.instances(count, task, instances, codes.list())
            }
            THROW => {
                let count = self.take_slot(codes.next());
                let message = codes.next();
                if count > 0 && !self.tokens.throw(message, count) {
                    return Err(Fault::Full);
                }
                self.put_all(codes.list(), count)
            }
            _ => {
                self.terminated |= self.take_slot(codes.next()) > 0;
                Ok(())
            }
        }
    }

    /// WCP-7, 37, 38: fires when it has a token and no input without one can still get one.
    fn merge(&mut self, codes: &mut Codes<'_>) -> Result<(), Fault> {
        let merge = codes.next();
        let (inputs, targets) = (codes.list(), codes.list());
        let marked = inputs.iter().filter(|&&place| self.tokens.tokens(place) > 0).count();
        if marked == 0 || !self.may_look() || !self.tokens.is_settled(merge, marked == inputs.len()) {
            return Ok(());
        }
        self.again = true;
        for &place in inputs {
            if self.tokens.tokens(place) > 0 {
                self.tokens.take(place, 1);
            }
        }
        self.put_all(targets, 1)
    }

    /// Fires when a token has arrived and no place of the region holds one, once for all that have arrived.
    fn complete(&mut self, codes: &mut Codes<'_>) -> Result<(), Fault> {
        let count = self.take_slot(codes.next());
        let (place, merge) = (codes.next(), codes.next());
        let targets = codes.list();
        if count > 0 && self.tokens.tokens(place) == 0 && !self.tokens.add(place, 1) {
            return Err(Fault::Full);
        }
        if self.tokens.tokens(place) == 0 || !self.may_look() || !self.tokens.is_settled(merge, false) {
            return Ok(());
        }
        self.again = true;
        self.tokens.clear(place);
        self.put_all(targets, 1)
    }

    /// WCP-24: a retained trigger lets the token pass; else it rests.
    fn receive(&mut self, codes: &mut Codes<'_>) -> Result<(), Fault> {
        let count = self.take_slot(codes.next());
        let (place, queue) = (codes.next(), codes.next());
        let targets = codes.list();
        let passing = count.min(self.tokens.tokens(queue));
        if passing > 0 {
            self.tokens.take(queue, passing);
            self.put_all(targets, passing)?;
        }
        if count > passing && !self.tokens.add(place, count - passing) {
            return Err(Fault::Full);
        }
        Ok(())
    }

    /// WCP-16: all alternatives wait, unless the trigger of one is there already: then the first such one is taken.
    fn offer(&mut self, codes: &mut Codes<'_>) -> Result<(), Fault> {
        let count = self.take_slot(codes.next());
        let (places, queues, slots) = (codes.list(), codes.list(), codes.list());
        for _ in 0..count {
            let reserved = |slot: u16| if slot == NONE { 0 } else { self.slots[usize::from(slot)] };
            let there = queues
                .iter()
                .zip(slots)
                .find(|&(&queue, &slot)| queue != NONE && self.tokens.tokens(queue) > reserved(slot));
            if let Some((_, &slot)) = there {
                self.put(TO_SLOT | slot, 1)?;
            } else {
                for &place in places {
                    self.put(TO_PLACE | place, 1)?;
                }
            }
        }
        Ok(())
    }

    /// WCP-13, 14: as many instances as are fixed or chosen; none lets the token pass.
    fn instances(&mut self, count: u8, task: u16, instances: u16, targets: &[u16]) -> Result<(), Fault> {
        match (count, instances) {
            (0, _) => Ok(()),
            (_, 0) => self.put_all(targets, count),
            (1, _) if self.tokens.create(task, instances) => Ok(()),
            _ => Err(Fault::Full),
        }
    }
}
