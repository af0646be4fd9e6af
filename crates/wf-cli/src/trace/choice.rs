//! The random choices of a play: the twin of those in `wf_engine::play`, which says where they come from.

use wf_net::{Decision, DecisionKind, Names};

/// One draw of the generator: uniform 64 bits from (seed, case, step).
pub(super) fn draw(seed: u64, number: u64, step: u32) -> u64 {
    const fn mix(mut z: u64) -> u64 {
        z = z.wrapping_add(0x9E37_79B9_7F4A_7C15);
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }
    mix(mix(mix(seed) ^ number) ^ step as u64)
}

/// Reduces 32 uniform bits to `0..n` without a division.
pub(super) const fn below(bits: u32, n: u64) -> u64 {
    (bits as u64 * n) >> 32
}

/// What the outcomes of a route say.
#[derive(Debug)]
pub(super) struct Decisions {
    outcomes: u64,
    decisions: Vec<Decision>,
}

impl Decisions {
    pub(super) fn new(names: &Names, route: usize) -> Self {
        let digits = &names.route_decisions[route];
        let decisions: Vec<Decision> =
            digits.iter().map(|&decision| names.decisions[decision].clone()).collect();
        Self { outcomes: decisions.iter().map(Decision::base).product(), decisions }
    }

    /// A legal choice, and whether it is more than an outcome's byte holds.
    pub(super) fn choose(&self, random: u64) -> (u64, bool) {
        let is_wide = self.outcomes > 256;
        if self.decisions.iter().all(|decision| decision.kind == DecisionKind::Branch) {
            let choice = match self.outcomes {
                0..=256 => below((random >> 32) as u32, self.outcomes),
                outcomes => draw(random, 0, 0) % outcomes,
            };
            return (choice, is_wide);
        }
        let (mut choice, mut weight) = (0, 1);
        for (index, decision) in self.decisions.iter().enumerate() {
            let bits = (draw(random, index as u64, 0) >> 32) as u32;
            // 0 is no legal mask, or leaves the decision to the data, of which there is none here.
            let first = u64::from(decision.kind == DecisionKind::Branches || decision.is_guarded());
            choice += (first + below(bits, decision.base() - first)) * weight;
            weight *= decision.base();
        }
        (choice, is_wide)
    }
}
