//! Counts that other threads may read while shards run.

use wf_aligned::Counters;

pub(crate) const STARTED: usize = 0;
pub(crate) const BEGUN: usize = 1;
pub(crate) const COMPLETIONS: usize = 2;
pub(crate) const ENDED: usize = 3;
pub(crate) const STATS: usize = 4;

/// What all shards of an engine have done so far; each shard adds once a batch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Cases started.
    pub started: u64,
    /// Tasks begun.
    pub begun: u64,
    /// Tasks completed.
    pub completions: u64,
    /// Cases ended, in whatever way.
    pub ended: u64,
}

impl Stats {
    pub(crate) fn read(counters: &Counters<STATS>) -> Self {
        let counts = counters.snapshot();
        Self {
            started: counts[STARTED],
            begun: counts[BEGUN],
            completions: counts[COMPLETIONS],
            ended: counts[ENDED],
        }
    }
}
