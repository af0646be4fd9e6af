//! How an arena learns its size: the numbers, and the rule.

/// Bytes of a page, to which chunk sizes are rounded.
pub const PAGE_BYTES: usize = 4096;

/// What a chunk's own bookkeeping takes out of its pages. A chunk of `k` pages offers `k * 4096 - 64` bytes.
pub(crate) const CHUNK_OVERHEAD_BYTES: usize = 64;

/// How an arena learns its size.
///
/// With `used` the bytes that a scope used and `held` the bytes that the arena holds, at each reset:
///
/// 1. **Grow.** A scope that needed more than one chunk makes the arena replace them by one of
///    `used * 9/8`, rounded up to a page. The next scope of that size takes nothing from the heap.
/// 2. **Give back.** When each of the last [`quiet_resets`](Self::quiet_resets) (15) scopes used less than half of
///    `held`, the arena replaces its chunk by one of 9/8 of the most that any of them used, rounded up to a page,
///    but not below [`first_chunk_bytes`](Self::first_chunk_bytes).
/// 3. Otherwise nothing is allocated or freed.
///
/// It follows that
/// * a constant load changes size at most once, after its first scope;
/// * 16 resets after a spike, `held <= max(2 * usual, first_chunk_bytes)`, up to a page, if those scopes used no more
///   than `usual`;
/// * whatever the load, `held <= max(2 * most of the last 15, 9/8 * most of the last 30, first_chunk_bytes)`, up to a
///   page;
/// * a load whose peaks recur within 15 scopes never shrinks, so it never has to grow again.
///
/// Within a scope that outgrows its chunk, chunks double as in any bump arena, so that a scope may hold up to three
/// times what it needs until it ends; the limit, if any, holds throughout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Bytes that the first chunk offers, and below which the arena never shrinks. Default: 96 KiB less the chunk's
    /// bookkeeping of 64 bytes. Zero: the first request decides.
    pub first_chunk_bytes: usize,
    /// Scopes in a row that must leave more than half of the memory unused before some of it is given back.
    /// Default: 15.
    pub quiet_resets: u32,
    /// Bytes that the arena may hold, or `None` for as many as the heap gives. Default: `None`.
    pub limit_bytes: Option<usize>,
}

impl Policy {
    /// 96 KiB at first, given back after 15 quiet scopes, no limit.
    pub const DEFAULT: Policy =
        Policy { first_chunk_bytes: 96 * 1024 - CHUNK_OVERHEAD_BYTES, quiet_resets: 15, limit_bytes: None };

    /// Bytes to ask a chunk for so that it offers at least `bytes` and fills whole pages; the limit is kept.
    ///
    /// None for zero bytes. Saturates: a need near `usize::MAX` gives a size that no allocator grants, and the request fails there.
    pub(crate) fn chunk_bytes(&self, bytes: usize) -> usize {
        if bytes == 0 {
            return 0;
        }
        let pages = bytes.saturating_add(CHUNK_OVERHEAD_BYTES).div_ceil(PAGE_BYTES);
        let rounded = pages.saturating_mul(PAGE_BYTES) - CHUNK_OVERHEAD_BYTES;
        match self.limit_bytes {
            Some(limit) if rounded > limit => {
                let pages = limit.saturating_add(CHUNK_OVERHEAD_BYTES) / PAGE_BYTES;
                (pages * PAGE_BYTES).saturating_sub(CHUNK_OVERHEAD_BYTES)
            }
            _ => rounded,
        }
    }

    /// The chunk for scopes that use up to `used_bytes`.
    pub(crate) fn target_bytes(&self, used_bytes: usize) -> usize {
        let with_headroom = used_bytes.saturating_add(used_bytes / 8);
        self.chunk_bytes(with_headroom.max(self.first_chunk_bytes))
    }
}

impl Default for Policy {
    fn default() -> Self {
        Policy::DEFAULT
    }
}

/// What an arena remembers of its recent scopes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Learner {
    /// A scope that used fewer bytes than this was quiet: half of what is held, or zero where nothing is to be given
    /// back.
    quiet_below_bytes: usize,
    /// Quiet scopes since the last one that was not.
    quiet: u32,
    /// The most that any of those used, if there were any.
    quiet_max_bytes: usize,
}

impl Learner {
    /// Starts afresh for an arena that holds one chunk of `held` bytes, or none.
    pub(crate) fn new(policy: &Policy, held: usize) -> Self {
        let quiet_below_bytes =
            if held > policy.chunk_bytes(policy.first_chunk_bytes) { held / 2 } else { 0 };
        Learner { quiet_below_bytes, quiet: 0, quiet_max_bytes: 0 }
    }

    /// Hears that a scope used `used` bytes of the one chunk held; returns the size of a better chunk, if any.
    #[inline(always)]
    pub(crate) fn observe(&mut self, policy: &Policy, used: usize) -> Option<usize> {
        if used >= self.quiet_below_bytes {
            self.quiet = 0;
            return None;
        }
        self.observe_quiet(policy, used)
    }

    fn observe_quiet(&mut self, policy: &Policy, used: usize) -> Option<usize> {
        self.quiet_max_bytes = if self.quiet == 0 { used } else { self.quiet_max_bytes.max(used) };
        self.quiet += 1;
        if self.quiet < policy.quiet_resets {
            return None;
        }
        self.quiet = 0;
        let target = policy.target_bytes(self.quiet_max_bytes);
        (target / 2 < self.quiet_below_bytes).then_some(target)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An arena reduced to its sizes.
    struct Model {
        policy: Policy,
        learner: Learner,
        held: usize,
        changes: u32,
    }

    impl Model {
        fn new() -> Self {
            let policy = Policy::DEFAULT;
            let held = policy.chunk_bytes(policy.first_chunk_bytes);
            Model { policy, learner: Learner::new(&policy, held), held, changes: 0 }
        }

        fn batch(&mut self, used: usize) {
            let better = if used > self.held {
                Some(self.policy.target_bytes(used))
            } else {
                self.learner.observe(&self.policy, used)
            };
            if let Some(bytes) = better {
                self.held = bytes;
                self.learner = Learner::new(&self.policy, bytes);
                self.changes += 1;
            }
        }

        fn run(&mut self, trace: impl IntoIterator<Item = usize>) {
            trace.into_iter().for_each(|used| self.batch(used));
        }
    }

    #[test]
    fn sizes_fill_whole_pages() {
        let policy = Policy::DEFAULT;
        assert_eq!(policy.chunk_bytes(0), 0);
        for bytes in [1, 4032, 4033, 65_536, 1_000_000] {
            let chunk = policy.chunk_bytes(bytes);
            assert!(chunk >= bytes);
            assert_eq!((chunk + 64) % 4096, 0, "{bytes}");
        }
        // Does not wrap; no heap grants this.
        assert!(policy.target_bytes(usize::MAX) > isize::MAX as usize);
    }

    #[test]
    fn sizes_keep_the_limit() {
        for limit in [0, 100, 4031, 4032, 10_000, 1 << 20] {
            let policy = Policy { limit_bytes: Some(limit), ..Policy::DEFAULT };
            for used in [0, 100, 5_000, 1 << 21] {
                assert!(policy.target_bytes(used) <= limit, "limit {limit}, used {used}");
            }
        }
    }

    #[test]
    fn a_constant_load_changes_size_once_at_most() {
        for used in [0, 1, 1_000, 98_240, 98_241, 351_000, 5_000_000] {
            let mut model = Model::new();
            model.run([used]);
            let after_first = model.changes;
            assert!(after_first <= 1);
            model.run(std::iter::repeat_n(used, 1_000));
            assert_eq!(model.changes, after_first, "used {used}");
            assert!(model.held >= used);
        }
    }

    #[test]
    fn a_spike_is_given_back_within_sixteen_resets() {
        for factor in [3, 10, 100] {
            let usual = 351_000;
            let mut model = Model::new();
            model.run([usual; 40]);
            model.batch(usual * factor);
            assert!(model.held >= usual * factor);
            let resets = (1..=100)
                .find(|_| {
                    model.batch(usual);
                    model.held <= 2 * usual
                })
                .unwrap();
            assert!(resets <= 16, "factor {factor}: {resets}");
            let changes = model.changes;
            model.run([usual; 100]);
            assert_eq!(model.changes, changes, "and then it rests");
        }
    }

    #[test]
    fn a_sawtooth_that_recurs_in_time_is_left_alone() {
        let mut model = Model::new();
        let tooth = || (1..=15).map(|step| step * 100_000);
        model.run(tooth());
        model.run(tooth());
        let changes = model.changes;
        for _ in 0..50 {
            model.run(tooth());
        }
        assert_eq!(model.changes, changes);
    }

    #[test]
    fn drift_costs_a_logarithmic_number_of_changes_and_memory_follows_it_down() {
        let mut model = Model::new();
        // From 100 kB to 10 MB, 1 % a batch.
        let up: Vec<usize> = (0..463).map(|i| (100_000.0 * 1.01_f64.powi(i)) as usize).collect();
        model.run(up.iter().copied());
        // Each growth buys 12.5 %, which is 11 batches of 1 %.
        assert!(model.changes <= 463 / 11 + 2, "{}", model.changes);
        let changes = model.changes;
        let mut recent = std::collections::VecDeque::from([10_000_000; 16]);
        for &used in up.iter().rev() {
            model.batch(used);
            recent.pop_front();
            recent.push_back(used);
            // The oldest of the last 16 is the largest, and all are close together.
            let need = recent[0];
            assert!(model.held <= (2 * need).max(96 * 1024) + 4096, "held {} need {need}", model.held);
        }
        // Each giving back at least halves or nearly so: the ratio 100 is log2(100) < 7 halvings, with headroom 9.
        assert!(model.changes - changes <= 9, "{}", model.changes - changes);
    }

    /// The stated bound on memory held, on a pseudo-random load.
    #[test]
    fn the_bound_holds_whatever_comes() {
        let mut seed = 42_u64;
        let mut random = || {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            seed
        };
        let mut model = Model::new();
        let mut recent = std::collections::VecDeque::new();
        for _ in 0..100_000 {
            let used = (random() % 100_000) as usize * if random() % 50 == 0 { 100 } else { 1 };
            model.batch(used);
            recent.push_front(used);
            recent.truncate(30);
            let most = |scopes| recent.iter().take(scopes).copied().max().unwrap();
            let bound = (2 * most(15)).max(most(30) * 9 / 8).max(96 * 1024) + 4096;
            assert!(model.held <= bound, "held {} bound {bound}", model.held);
        }
    }
}
