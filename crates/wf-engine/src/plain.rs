//! The plain path: a completion that is masks alone.
//!
//! A masked test, a masked update and one more of each for the synchronization behind the task, which an op
//! without one carries as masks that change nothing; so there is no branch on the kind of op.

use wf_net::image::{Op1, Op2};

use crate::line::{Line, Marking};

/// What a legal step has done to a marking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Moved {
    /// Bits set by the step that were clear once its tokens were taken, first word.
    pub(crate) fresh: u64,
    /// The marking afterwards.
    pub(crate) marking: Marking,
}

/// All ones for zero, else zero: by arithmetic, since a comparison would be compiled to a branch that depends on the
/// marking.
#[inline]
const fn all_ones_if_zero(word: u64) -> u64 {
    ((word | word.wrapping_neg()) >> 63).wrapping_sub(1)
}

/// Applies a one-word op; `None`, with nothing changed, if it is not legal.
#[inline]
pub(crate) fn apply1(line: &mut Line, op: &Op1) -> Option<Moved> {
    let before = line.word();
    let taken = before & !op.take;
    // The compiler proves that a place without a counter never gets a second token; an image that breaks this is refused
    // its step, so that no token is lost.
    if (op.need & !before) | (before & op.deny) | (taken & op.put) != 0 {
        return None;
    }
    let put = taken | op.put;
    let fires = all_ones_if_zero(op.join_need & !put);
    let after = (put & !(op.join_need & fires)) | (op.join_put & fires);
    line.set_marking([after, 0]);
    Some(Moved { fresh: after & !taken, marking: [after, 0] })
}

/// Applies a two-word op; `None`, with nothing changed, if it is not legal.
#[inline]
pub(crate) fn apply2(line: &mut Line, op: &Op2) -> Option<Moved> {
    let before = line.marking();
    let taken = [before[0] & !op.take[0], before[1] & !op.take[1]];
    let wrong = |word: usize| {
        (op.need[word] & !before[word]) | (before[word] & op.deny[word]) | (taken[word] & op.put[word])
    };
    if wrong(0) | wrong(1) != 0 {
        return None;
    }
    let put = [taken[0] | op.put[0], taken[1] | op.put[1]];
    let missing = (op.join_need[0] & !put[0]) | (op.join_need[1] & !put[1]);
    let fires = all_ones_if_zero(missing);
    let after: Marking = core::array::from_fn(|word| {
        (put[word] & !(op.join_need[word] & fires)) | (op.join_put[word] & fires)
    });
    line.set_marking(after);
    Some(Moved { fresh: after[0] & !taken[0], marking: after })
}

/// Puts the tokens of a one-word op whose own are taken already; `false`, with nothing changed, if one is there.
pub(crate) fn put1(line: &mut Line, op: &Op1) -> bool {
    let widen = |word| [word, 0];
    put(line, widen(op.put), widen(op.join_need), widen(op.join_put))
}

/// As [`put1`], for two words.
pub(crate) fn put2(line: &mut Line, op: &Op2) -> bool {
    put(line, op.put, op.join_need, op.join_put)
}

fn put(line: &mut Line, put: Marking, join_need: Marking, join_put: Marking) -> bool {
    let before = line.marking();
    if (0..before.len()).any(|word| before[word] & put[word] != 0) {
        return false;
    }
    let mut after: Marking = core::array::from_fn(|word| before[word] | put[word]);
    if join_need != [0; 2] && (0..after.len()).all(|word| join_need[word] & !after[word] == 0) {
        after = core::array::from_fn(|word| (after[word] & !join_need[word]) | join_put[word]);
    }
    line.set_marking(after);
    true
}
