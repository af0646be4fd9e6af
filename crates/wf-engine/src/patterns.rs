//! The control-flow patterns by number and by name, and how often each was met.

use core::ops::Index;

use wf_aligned::Counters;
use wf_net::image::{TASK_CHILDREN, TASK_INSTANCES};
use wf_net::patterns::{PATTERNS, Pattern};
use wf_registry::{Frozen, Registry};

use crate::advance::bits;
use crate::programs::Row;
use crate::{Engine, Event, EventKind, Shard};

/// Number of patterns.
pub(crate) const COUNT: usize = PATTERNS.len();

/// The 43 control-flow patterns; the id of WCP-*n* is *n* - 1.
pub type PatternRegistry = Frozen<Pattern>;

/// All patterns, by their names in the revised view.
#[must_use]
pub fn pattern_registry() -> PatternRegistry {
    let mut registry = Registry::new();
    for pattern in PATTERNS {
        registry
            .register(pattern.name, pattern)
            .unwrap_or_else(|error| unreachable!("43 different names: {error}"));
    }
    registry.freeze()
}

/// How often each control-flow pattern was met: steps whose way leads through a node of it.
///
/// A step is a completion, a start or an interrupt; it counts once for a pattern, whether a synchronization on its way fires or
/// waits on. Where masks do not say the step (data chooses, messages are sent, outcomes are many), a way is all that it could have
/// taken. Withdrawals
/// count as what they are (WCP-19, 20, 26, 27).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PatternStats {
    counts: [u64; COUNT],
}

impl PatternStats {
    /// Patterns that were met, each with its count.
    pub fn met(&self) -> impl Iterator<Item = (&'static Pattern, u64)> + '_ {
        PATTERNS.iter().zip(self.counts).filter(|(_, count)| *count > 0)
    }
}

/// By the number of the pattern, from 1.
impl Index<u8> for PatternStats {
    type Output = u64;

    /// # Panics
    /// If there is no pattern of this number.
    fn index(&self, number: u8) -> &u64 {
        &self.counts[usize::from(number).wrapping_sub(1)]
    }
}

/// The patterns that events are by themselves, in this shard.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct EventCounts {
    cancelled_task: u64,
    cancelled_case: u64,
    cancelled_instances: u64,
    completed_instances: u64,
}

impl EventCounts {
    /// Counts an event that was applied to a task of a kind.
    pub(crate) fn note(&mut self, event: &Event, task_kind: Option<u8>) {
        let has_instances = matches!(task_kind, Some(TASK_INSTANCES | TASK_CHILDREN));
        match event.kind {
            EventKind::Cancel if event.task == crate::WHOLE_CASE => self.cancelled_case += 1,
            EventKind::Cancel if has_instances => self.cancelled_instances += 1,
            EventKind::Cancel => self.cancelled_task += 1,
            EventKind::CompleteInstances => self.completed_instances += 1,
            _ => {}
        }
    }
}

impl Shard {
    /// How often each pattern was met in this shard.
    ///
    /// Looks at the count of each op of the programs, so it is nothing to ask in every batch.
    #[must_use]
    pub fn pattern_stats(&self) -> PatternStats {
        let mut counts = [0; COUNT];
        // Of a program that was never used nothing was counted.
        for program in (0..self.programs.len()).filter_map(|id| self.programs.used(id)) {
            self.add_ops(&program.row, &program.patterns, &mut counts);
        }
        let EventCounts { cancelled_task, cancelled_case, cancelled_instances, completed_instances } =
            self.event_counts;
        for (number, count) in
            [(19, cancelled_task), (20, cancelled_case), (26, cancelled_instances), (27, completed_instances)]
        {
            counts[number - 1] += count;
        }
        PatternStats { counts }
    }

    fn add_ops(&self, row: &Row, sets: &[u64], counts: &mut [u64; COUNT]) {
        let cells = self.programs.cells();
        for cell in (0..row.routes()).flat_map(|route| cells.ops(row, route)) {
            let count = self.op_counts[cell];
            let set = sets.get(usize::from(cells.meta(row, cell).patterns)).filter(|_| count > 0);
            for pattern in set.into_iter().flat_map(|&set| bits(set)) {
                counts[pattern] += count;
            }
        }
    }

    /// Lets other threads see what this shard has met so far: [`Engine::pattern_stats`].
    pub fn publish_pattern_stats(&mut self) {
        let now = self.pattern_stats();
        for (pattern, (now, before)) in now.counts.iter().zip(self.published.counts).enumerate() {
            if *now > before {
                self.pattern_writer.add(pattern, now - before);
            }
        }
        self.published = now;
    }
}

impl PatternStats {
    pub(crate) const EMPTY: Self = Self { counts: [0; COUNT] };

    pub(crate) fn read(counters: &Counters<COUNT>) -> Self {
        Self { counts: counters.snapshot() }
    }
}

impl Engine {
    /// How often each pattern was met, as far as the shards have
    /// [published](Shard::publish_pattern_stats) it; takes no lock, and never stops them.
    #[must_use]
    pub fn pattern_stats(&self) -> PatternStats {
        PatternStats::read(&self.pattern_counters)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_found_by_number_and_by_name() {
        let patterns = pattern_registry();
        assert_eq!(patterns.len(), 43);
        assert_eq!(patterns.id("Milestone"), Some(17));
        assert_eq!(patterns.get(17).map(|pattern| pattern.number), Some(18));
    }
}
