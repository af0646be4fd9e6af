//! The outcomes of a step that a walk tries.

use crate::NodeId;
use crate::routing::{DigitKind, Route};

/// Outcomes of one completion that a walk is willing to try.
const OUTCOMES_MAX: usize = 4096;

/// Choices, as scripts see them, that lead to different markings of what matters; `None` if they are too many.
pub(super) fn choices(
    route: &Route,
    matters: impl Fn(NodeId) -> bool,
    counts_rounds: impl Fn(NodeId) -> bool,
) -> Option<Vec<u64>> {
    let mut choices = vec![0u64];
    let mut weight = 1u64;
    // Whether a task has had enough is asked before its script is played, which does not see that digit.
    for digit in route.digits.iter().filter(|digit| !digit.kind.is_enough()) {
        let digits: Vec<u64> = match digit.kind {
            // Whatever is chosen there, as long as something is.
            _ if !matters(digit.node) => vec![u64::from(digit.base > 1)],
            // One round or many.
            DigitKind::Guarded if counts_rounds(digit.node) => vec![1, 2],
            // One instance or many: the same token.
            DigitKind::Instances => vec![0, 1],
            DigitKind::GuardedInstances => vec![1, 2],
            // 0: each arrival of the step is told its own, which the walk tries.
            DigitKind::GuardedEnoughHere => vec![0],
            // Every branch that data can choose, the digits from 1 choose too; an empty mask is the default branch.
            DigitKind::Guarded if digit.base <= OUTCOMES_MAX as u64 => (1..digit.base).collect(),
            _ if digit.base > OUTCOMES_MAX as u64 => return None,
            _ => (0..digit.base).collect(),
        };
        if choices.len() * digits.len() > OUTCOMES_MAX {
            return None;
        }
        choices = choices.iter().flat_map(|c| digits.iter().map(move |d| c + d * weight)).collect();
        weight = weight.saturating_mul(digit.base);
    }
    Some(choices)
}
