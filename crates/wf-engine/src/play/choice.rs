//! Which way the decisions of a step go: at random, by given chances, or by the data of the case.

use wf_net::{Decision, DecisionKind, Names};

use super::PlayError;
use crate::{CaseId, Engine, Event, ProgramId, Shard};

/// One draw of the generator: uniform 64 bits from (seed, case, step).
#[must_use]
pub fn draw(seed: u64, number: u64, step: u32) -> u64 {
    const fn mix(mut z: u64) -> u64 {
        z = z.wrapping_add(0x9E37_79B9_7F4A_7C15);
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }
    mix(mix(mix(seed) ^ number) ^ step as u64)
}

/// Reduces 32 uniform bits to `0..n` without a division.
#[must_use]
pub const fn below(bits: u32, n: u64) -> u64 {
    (bits as u64 * n) >> 32
}

/// An interrupt that is possible for a case, if there is one. Those that come about inside the case are drawn only if
/// `needed`, and then only if there is no other.
#[must_use]
pub fn interrupt(
    shard: &Shard,
    case: CaseId,
    from_inside: &[u16],
    needed: bool,
    random: u64,
) -> Option<Event> {
    let drawn = |with_inside: bool| {
        let may_be = |event: &Event| with_inside || !from_inside.contains(&event.task);
        let count = shard.interrupts(case).filter(may_be).count() as u64;
        shard.interrupts(case).filter(may_be).nth(below(random as u32, count) as usize)
    };
    drawn(false).or_else(|| drawn(true).filter(|_| needed))
}

/// How likely each branch of a decision is.
#[derive(Clone, Debug, PartialEq)]
pub struct Odds {
    /// The program that decides: the one that is played, or one that it calls.
    pub program: ProgramId,
    /// Index of the decision in [`Names::decisions`].
    pub decision: usize,
    /// For each branch: of an exclusive choice its weight beside the others, of an inclusive one its probability.
    pub chances: Vec<f64>,
}

impl Odds {
    /// # Errors
    /// There is no such decision, or its chances are no chances of its branches.
    pub(super) fn check(&self, engine: &Engine) -> Result<(), PlayError> {
        let names = engine.names(self.program).unwrap_or_default();
        let Some(decision) = names.decisions.get(self.decision) else {
            return Err(PlayError::Options("odds of a decision that the program does not have"));
        };
        let is_inclusive = is_inclusive(decision);
        let is_chance =
            |&chance: &f64| chance.is_finite() && chance >= 0.0 && (!is_inclusive || chance <= 1.0);
        let is_one = is_inclusive || self.chances.iter().sum::<f64>() > 0.0;
        if decision.branches.is_empty() || self.chances.len() != decision.branches.len() {
            return Err(PlayError::Options("odds are a chance for each branch"));
        }
        if !is_one || !self.chances.iter().all(is_chance) {
            return Err(PlayError::Options("a chance is at least 0, and of an exclusive choice one is more"));
        }
        Ok(())
    }
}

/// Whether several branches may be taken at once.
const fn is_inclusive(decision: &Decision) -> bool {
    matches!(decision.kind, DecisionKind::Branches | DecisionKind::GuardedBranches)
}

/// Up to so many ways, numbers are all equally likely; of more, only the first few are drawn.
const COUNTED_EVENLY_MAX: u64 = 66;
const FEW: u64 = 9;

/// How one digit of an outcome comes about.
#[derive(Debug)]
enum Way {
    /// All from the first to the last are equally likely.
    Even { first: u64, behind: u64 },
    /// The data of the case decides.
    Data,
    /// One branch: the sums of the weights up to each, of 2^32; what stands before the first branch's digit.
    One { sums: Vec<u64>, first: u64 },
    /// Each branch by itself, of 2^32; the mask if none is taken.
    Some { chances: Vec<u64>, otherwise: u64 },
}

/// One digit of an outcome.
#[derive(Debug)]
struct Digit {
    base: u64,
    way: Way,
}

impl Digit {
    fn new(decision: &Decision, odds: Option<&Odds>, by_data: bool) -> Self {
        // Masks of branches from 1: an empty one is legal only with a default branch, which 1 and more reach too.
        // Of a decision that is the data's, 0 leaves it to that.
        let first = u64::from(decision.kind == DecisionKind::Branches || decision.is_guarded());
        let way = match odds {
            Some(odds) if is_inclusive(decision) => Way::some(decision, &odds.chances),
            Some(odds) => Way::one(&odds.chances, first),
            None if by_data && decision.is_guarded() => Way::Data,
            // Thousands of instances, because nobody has said how many, are a play of nothing else.
            None if decision.branches.is_empty() && decision.base() > COUNTED_EVENLY_MAX => {
                Way::Even { first, behind: first + FEW }
            }
            None => Way::Even { first, behind: decision.base() },
        };
        Self { base: decision.base(), way }
    }

    fn choose(&self, random: u64, index: u64) -> u64 {
        let bits = |step| (draw(random, index, step) >> 32) as u32;
        match &self.way {
            Way::Data => 0,
            Way::Even { first, behind } => first + below(bits(0), behind - first),
            Way::One { sums, first } => {
                let bits = u64::from(bits(0));
                first + sums.iter().take_while(|&&sum| sum <= bits).count() as u64
            }
            Way::Some { chances, otherwise } => {
                let is_taken = |(branch, &chance): (usize, &u64)| {
                    u64::from(u64::from(bits(branch as u32)) < chance) << branch
                };
                match chances.iter().enumerate().map(is_taken).sum() {
                    0 => *otherwise,
                    mask => mask,
                }
            }
        }
    }
}

impl Way {
    fn one(weights: &[f64], first: u64) -> Self {
        let total: f64 = weights.iter().sum();
        let mut sum = 0.0;
        let mut sums: Vec<u64> = Vec::with_capacity(weights.len());
        for weight in weights {
            sum += weight;
            sums.push((sum / total * 4_294_967_296.0).round() as u64);
        }
        // However sums are rounded, the last branch that can be taken takes the rest.
        if let Some(last) = weights.iter().rposition(|&weight| weight > 0.0) {
            sums[last..].fill(1 << 32);
        }
        Self::One { sums, first }
    }

    fn some(decision: &Decision, chances: &[f64]) -> Self {
        let likeliest = chances.iter().enumerate().max_by(|one, two| one.1.total_cmp(two.1));
        let default = decision.branches.iter().position(|branch| branch.is_default);
        let otherwise = default.or(likeliest.map(|(branch, _)| branch)).unwrap_or(0);
        let chances = chances.iter().map(|chance| (chance * 4_294_967_296.0).round() as u64).collect();
        Self::Some { chances, otherwise: 1 << otherwise }
    }
}

/// The choices that a step of one route has: a task, start or interrupt.
#[derive(Debug)]
pub struct Choices {
    outcomes: u64,
    /// The decisions, where not every digit is legal or all are not equally likely.
    digits: Vec<Digit>,
}

impl Choices {
    /// What the outcomes of a route of this program say; with `by_data`, decisions that have conditions are left to the data of the case.
    ///
    /// # Panics
    /// If the program has no such route.
    #[must_use]
    pub fn new(program: ProgramId, names: &Names, route: usize, odds: &[Odds], by_data: bool) -> Self {
        let decisions = &names.route_decisions[route];
        let odds =
            |decision: usize| odds.iter().rfind(|odds| (odds.program, odds.decision) == (program, decision));
        let digit = |&at: &usize| Digit::new(&names.decisions[at], odds(at), by_data);
        let outcomes = decisions.iter().map(|&at| names.decisions[at].base()).product();
        let is_even = decisions
            .iter()
            .all(|&at| names.decisions[at].kind == DecisionKind::Branch && odds(at).is_none());
        Self { outcomes, digits: if is_even { Vec::new() } else { decisions.iter().map(digit).collect() } }
    }

    /// Whether a choice may be more than an event's outcome holds: then it stands in its side entry.
    #[must_use]
    pub const fn is_wide(&self) -> bool {
        self.outcomes > 256
    }

    /// A legal choice, from the upper half of a draw.
    #[must_use]
    pub fn choose(&self, random: u64) -> u64 {
        if self.digits.is_empty() {
            return match self.outcomes {
                0..=256 => below((random >> 32) as u32, self.outcomes),
                outcomes => draw(random, 0, 0) % outcomes,
            };
        }
        let (mut choice, mut weight) = (0, 1);
        for (index, digit) in self.digits.iter().enumerate() {
            choice += digit.choose(random, index as u64) * weight;
            weight *= digit.base;
        }
        choice
    }
}
