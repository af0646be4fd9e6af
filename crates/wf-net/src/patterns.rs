//! The 43 control-flow patterns: number, name, what state each needs, and a net that shows it.
//!
//! # Sources
//! N. Russell, A.H.M. ter Hofstede, W.M.P. van der Aalst, N. Mulyar: *Workflow Control-Flow Patterns: A Revised View*
//! (BPM-06-22, 2006).

mod branching;
mod cancellation;
mod instances;
mod joining;
mod state;

use crate::Net;

/// What a case must keep, beyond one bit for each token, for a pattern to run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StateClass {
    /// Nothing: masks say it all.
    Masks,
    /// Nothing, but a decision from the data of the case.
    Guard,
    /// Counts of tokens, or the branches that were chosen.
    Counters,
    /// Nothing, but the reachable markings are walked through at compile time.
    Reachability,
    /// A record of instances.
    Instances,
    /// A link to the case that called.
    CallStack,
}

impl StateClass {
    /// The class as a word.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Masks => "masks",
            Self::Guard => "guard",
            Self::Counters => "counters",
            Self::Reachability => "reachability",
            Self::Instances => "instances",
            Self::CallStack => "call stack",
        }
    }
}

/// A control-flow pattern.
#[derive(Clone, Copy, Debug)]
pub struct Pattern {
    /// Its number, from 1: WCP-*n*.
    pub number: u8,
    /// Its name in the revised view.
    pub name: &'static str,
    /// What a case must keep for it.
    pub state: StateClass,
    /// Name of the constructor.
    pub constructor: &'static str,
    /// Builds nets that show it; those behind the first are called by it, or show another form of it.
    pub nets: fn() -> Vec<Net>,
}

macro_rules! patterns {
    ($($number:literal $state:ident $module:ident :: $constructor:ident $name:literal)*) => {
        /// All patterns, in the order of their numbers.
        pub const PATTERNS: [Pattern; 43] = [$(Pattern {
            number: $number,
            name: $name,
            state: StateClass::$state,
            constructor: stringify!($constructor),
            nets: $module::$constructor,
        }),*];
    };
}

patterns! {
    1 Masks branching::sequence "Sequence"
    2 Masks branching::parallel_split "Parallel Split"
    3 Masks joining::synchronization "Synchronization"
    4 Guard branching::exclusive_choice "Exclusive Choice"
    5 Masks joining::simple_merge "Simple Merge"
    6 Guard branching::multi_choice "Multi-Choice"
    7 Counters joining::structured_synchronizing_merge "Structured Synchronizing Merge"
    8 Counters joining::multi_merge "Multi-Merge"
    9 Counters joining::structured_discriminator "Structured Discriminator"
    10 Masks branching::arbitrary_cycles "Arbitrary Cycles"
    11 Masks cancellation::implicit_termination "Implicit Termination"
    12 Instances instances::without_synchronization "Multiple Instances without Synchronization"
    13 Instances instances::design_time "Multiple Instances with a Priori Design-Time Knowledge"
    14 Instances instances::run_time "Multiple Instances with a Priori Run-Time Knowledge"
    15 Instances instances::without_prior_knowledge "Multiple Instances without a Priori Run-Time Knowledge"
    16 Masks state::deferred_choice "Deferred Choice"
    17 Masks state::interleaved_parallel_routing "Interleaved Parallel Routing"
    18 Masks state::milestone "Milestone"
    19 Masks cancellation::cancel_task "Cancel Task"
    20 Instances cancellation::cancel_case "Cancel Case"
    21 Guard branching::structured_loop "Structured Loop"
    22 CallStack branching::recursion "Recursion"
    23 Masks state::transient_trigger "Transient Trigger"
    24 Counters state::persistent_trigger "Persistent Trigger"
    25 Masks cancellation::cancel_region "Cancel Region"
    26 Instances instances::cancel_instances "Cancel Multiple Instance Activity"
    27 Instances instances::complete_instances "Complete Multiple Instance Activity"
    28 Counters joining::blocking_discriminator "Blocking Discriminator"
    29 Masks joining::cancelling_discriminator "Cancelling Discriminator"
    30 Counters joining::structured_partial_join "Structured Partial Join"
    31 Counters joining::blocking_partial_join "Blocking Partial Join"
    32 Counters joining::cancelling_partial_join "Cancelling Partial Join"
    33 Counters joining::generalized_and_join "Generalized AND-Join"
    34 Instances instances::static_partial_join "Static Partial Join for Multiple Instances"
    35 Instances instances::cancelling_partial_join "Cancelling Partial Join for Multiple Instances"
    36 Instances instances::dynamic_partial_join "Dynamic Partial Join for Multiple Instances"
    37 Counters joining::local_synchronizing_merge "Local Synchronizing Merge"
    38 Reachability joining::general_synchronizing_merge "General Synchronizing Merge"
    39 Masks state::critical_section "Critical Section"
    40 Masks state::interleaved_routing "Interleaved Routing"
    41 Counters joining::thread_merge "Thread Merge"
    42 Counters branching::thread_split "Thread Split"
    43 Masks cancellation::explicit_termination "Explicit Termination"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{CompileOptions, compile};

    #[test]
    fn every_pattern_stands_at_its_number_and_compiles() {
        for (index, pattern) in PATTERNS.iter().enumerate() {
            assert_eq!(usize::from(pattern.number), index + 1);
            for net in (pattern.nets)() {
                let compiled = compile(&net, &CompileOptions::default());
                assert!(compiled.is_ok(), "WCP-{}: {compiled:?}", pattern.number);
            }
        }
    }

    #[test]
    fn the_classes_are_as_many_as_the_study_counted() {
        let count = |class| PATTERNS.iter().filter(|pattern| pattern.state == class).count();
        let classes = [
            StateClass::Masks,
            StateClass::Guard,
            StateClass::Counters,
            StateClass::Reachability,
            StateClass::Instances,
            StateClass::CallStack,
        ];
        assert_eq!(classes.map(count), [16, 3, 12, 1, 10, 1]);
    }
}
