//! Cases that a play gives up because a condition has no answer, by the reason.

use core::ops::AddAssign;

use crate::Status;

/// Cases given up because a condition had no answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Incidents {
    /// A variable had no value.
    pub no_value: u64,
    /// A value had the wrong type, or there was an overflow.
    pub no_answer: u64,
    /// No condition held, and there was no default branch.
    pub no_branch: u64,
}

impl Incidents {
    /// Counts a status if it is one of an incident; whether it is.
    pub const fn note(&mut self, status: Status) -> bool {
        match status {
            Status::NoValue => self.no_value += 1,
            Status::NoAnswer => self.no_answer += 1,
            Status::NoBranch => self.no_branch += 1,
            _ => return false,
        }
        true
    }

    /// How many there are.
    #[must_use]
    pub const fn total(&self) -> u64 {
        self.no_value + self.no_answer + self.no_branch
    }
}

impl AddAssign for Incidents {
    fn add_assign(&mut self, other: Self) {
        self.no_value += other.no_value;
        self.no_answer += other.no_answer;
        self.no_branch += other.no_branch;
    }
}
