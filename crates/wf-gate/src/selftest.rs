//! The gate tried on itself: six kinds of identical work that must pass, and a list of injected regressions that must
//! each be failed by their rule.
//!
//! Every program with subjects carries these too, so that the trial runs in the very process that is trusted with the
//! promises, on the very machine.

use std::hint::black_box;

use crate::random::Random;
use crate::subject::{Batch, Subject};

/// Identical code under two names, six kinds of it: every rule must pass.
pub const EQUAL: &str = include_str!("selftest/equal.toml");

/// Rules whose id ends in `_mutant` must fail; all others must pass.
pub const MUTANTS: &str = include_str!("selftest/mutants.toml");

/// Five percent beyond the tolerance, decided by ten processes at most: every rule must fail.
pub const POWER: &str = include_str!("selftest/power.toml");

/// Operations in a run of the timed kinds.
const OPS: u32 = 1_024;

/// The subjects of both files.
#[must_use]
pub fn subjects() -> Vec<Subject> {
    vec![
        Subject { id: "gate.self_chain", ops: OPS, make: || Work::new(Kind::Chain, 1.0) },
        Subject { id: "gate.self_chain_twin", ops: OPS, make: || Work::new(Kind::Chain, 1.0) },
        Subject { id: "gate.self_chain_slow", ops: OPS, make: || Work::new(Kind::Chain, INJECTED) },
        Subject { id: "gate.self_chain_half", ops: OPS, make: || Work::new(Kind::Chain, 0.5) },
        Subject { id: "gate.self_heap", ops: OPS, make: || Work::new(Kind::Heap, 1.0) },
        Subject { id: "gate.self_heap_twin", ops: OPS, make: || Work::new(Kind::Heap, 1.0) },
        Subject { id: "gate.self_heap_slow", ops: OPS, make: || Work::new(Kind::Heap, INJECTED) },
        Subject { id: "gate.self_walk", ops: OPS, make: || Work::new(Kind::Walk, 1.0) },
        Subject { id: "gate.self_walk_twin", ops: OPS, make: || Work::new(Kind::Walk, 1.0) },
        Subject { id: "gate.self_walk_slow", ops: OPS, make: || Work::new(Kind::Walk, INJECTED) },
        Subject { id: "gate.self_scan", ops: OPS, make: || Work::new(Kind::Scan, 1.0) },
        Subject { id: "gate.self_scan_twin", ops: OPS, make: || Work::new(Kind::Scan, 1.0) },
        Subject { id: "gate.self_scan_slow", ops: OPS, make: || Work::new(Kind::Scan, INJECTED) },
        Subject { id: "gate.self_branch", ops: OPS, make: || Work::new(Kind::Branch, 1.0) },
        Subject { id: "gate.self_branch_twin", ops: OPS, make: || Work::new(Kind::Branch, 1.0) },
        Subject { id: "gate.self_branch_slow", ops: OPS, make: || Work::new(Kind::Branch, INJECTED) },
        Subject { id: "gate.self_search", ops: OPS, make: || Work::new(Kind::Search, 1.0) },
        Subject { id: "gate.self_search_twin", ops: OPS, make: || Work::new(Kind::Search, 1.0) },
        Subject { id: "gate.self_search_slow", ops: OPS, make: || Work::new(Kind::Search, INJECTED) },
        Subject { id: "gate.self_still", ops: OPS, make: || Box::new(Heap::Still) },
        Subject { id: "gate.self_box", ops: OPS, make: || Box::new(Heap::Boxed) },
        Subject { id: "gate.self_zeroed", ops: OPS, make: || Box::new(Heap::Zeroed) },
        Subject { id: "gate.self_grown", ops: OPS, make: || Box::new(Heap::Grown(Vec::with_capacity(4))) },
        Subject { id: "gate.self_wide", ops: OPS, make: || Box::new(Heap::Wide) },
        Subject { id: "gate.self_rare", ops: 1 << 20, make: || Box::new(Heap::Boxed) },
        Subject { id: "gate.self_faulting", ops: 1, make: || Box::new(Heap::Faulting) },
        Subject { id: "gate.self_asking", ops: OPS, make: || Box::new(Heap::Asking) },
    ]
}

/// Ten percent more work, and the same number of operations.
const INJECTED: f64 = 1.10;

/// Kinds of work that machines disturb in different ways.
#[derive(Debug, Clone, Copy)]
enum Kind {
    /// Dependent arithmetic: the core alone.
    Chain,
    /// Small allocations freed in another order.
    Heap,
    /// A pointer chase beyond the first cache.
    Walk,
    /// A sum over memory.
    Scan,
    /// Branches that no predictor knows.
    Branch,
    /// Binary searches.
    Search,
}

/// Words that the walk, the scan and the search use: half a mebibyte of `u32`.
const WORDS: usize = 1 << 17;

/// Steps of one kind over prepared memory.
#[derive(Debug)]
struct Work {
    kind: Kind,
    steps: usize,
    words: Vec<u32>,
    expected: Option<u64>,
}

impl Work {
    #[allow(clippy::new_ret_no_self, reason = "a subject's constructor gives a boxed batch")]
    fn new(kind: Kind, factor: f64) -> Box<dyn Batch> {
        let steps = (f64::from(OPS) * factor) as usize;
        let mut random = Random::new(0x5e1f);
        let words = match kind {
            Kind::Walk => cycle(&mut random),
            Kind::Scan | Kind::Branch => (0..WORDS).map(|_| random.next_u64() as u32).collect(),
            Kind::Search => (0..WORDS as u32).map(|i| 3 * i).collect(),
            Kind::Chain | Kind::Heap => Vec::new(),
        };
        let mut work = Self { kind, steps, words, expected: None };
        // The first run is the reference of all later ones: they start from the same state.
        work.expected = Some(work.run());
        Box::new(work)
    }
}

/// One cycle through all words (Sattolo), so that no walk ends early.
fn cycle(random: &mut Random) -> Vec<u32> {
    let mut next: Vec<u32> = (0..WORDS as u32).collect();
    for last in (1..WORDS).rev() {
        next.swap(last, random.below(last as u64) as usize);
    }
    next
}

impl Batch for Work {
    fn run(&mut self) -> u64 {
        let steps = black_box(self.steps);
        match self.kind {
            Kind::Chain => chain(steps),
            Kind::Heap => heap(steps),
            Kind::Walk => walk(&self.words, steps),
            Kind::Scan => scan(&self.words, steps),
            Kind::Branch => branch(&self.words, steps),
            Kind::Search => search(&self.words, steps),
        }
    }

    fn expected(&mut self) -> Option<u64> {
        self.expected
    }
}

#[inline(never)]
fn chain(steps: usize) -> u64 {
    let mut x = 1_u64;
    for _ in 0..steps {
        x = (x ^ (x >> 29)).wrapping_mul(6_364_136_223_846_793_005);
    }
    x
}

#[inline(never)]
fn heap(steps: usize) -> u64 {
    const HELD: usize = 16;
    let mut held: [Option<Box<[u8]>>; HELD] = [const { None }; HELD];
    let mut sum = 0;
    for step in 0..steps {
        let block = vec![step as u8; 16 + (step % 7) * 24].into_boxed_slice();
        sum += black_box(&block).len() as u64;
        held[(step * 5) % HELD] = Some(block);
    }
    sum
}

#[inline(never)]
fn walk(next: &[u32], steps: usize) -> u64 {
    let mut at = 0;
    for _ in 0..steps {
        at = next[at as usize];
    }
    u64::from(at)
}

#[inline(never)]
fn scan(words: &[u32], steps: usize) -> u64 {
    // Sixteen words a step.
    words.iter().cycle().take(16 * steps).map(|&w| u64::from(w)).fold(0, u64::wrapping_add)
}

#[inline(never)]
fn branch(words: &[u32], steps: usize) -> u64 {
    let mut sum = 0_u64;
    for &word in &words[..4 * steps] {
        if black_box(word) & 1 == 0 {
            sum = black_box(sum.wrapping_add(u64::from(word)));
        } else {
            sum = black_box(sum.wrapping_mul(3));
        }
    }
    sum
}

#[inline(never)]
fn search(sorted: &[u32], steps: usize) -> u64 {
    let mut found = 0;
    let mut wanted = 1_u32;
    for _ in 0..steps {
        wanted = wanted.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let key = wanted % (3 * WORDS as u32);
        found += match sorted.binary_search(&key) {
            Ok(at) | Err(at) => at as u64,
        };
    }
    found
}

/// Every way to ask the heap or the kernel for memory once.
#[derive(Debug)]
enum Heap {
    /// Not at all.
    Still,
    /// `alloc`.
    Boxed,
    /// `alloc_zeroed`.
    Zeroed,
    /// `realloc`.
    Grown(Vec<u64>),
    /// One allocation as before, of four times the bytes.
    Wide,
    /// A page that was never touched.
    Faulting,
    /// One question to the kernel, without memory.
    Asking,
}

impl Batch for Heap {
    fn prepare(&mut self) {
        if let Self::Grown(held) = self {
            *held = Vec::with_capacity(4);
            held.extend([1; 4]);
        }
    }

    fn run(&mut self) -> u64 {
        match self {
            Self::Still => 0,
            Self::Boxed => *black_box(Box::new([1_u64; 4])).last().unwrap_or(&0),
            Self::Zeroed => black_box(vec![0_u64; 4]).len() as u64 / 4,
            Self::Grown(held) => {
                held.push(1);
                black_box(&*held)[0]
            }
            Self::Wide => *black_box(Box::new([1_u64; 16])).last().unwrap_or(&0),
            Self::Faulting => {
                // Too large for the allocator to have kept: fresh pages from the kernel.
                let pages = black_box(vec![0_u8; 64 << 20]);
                let mut touched = 0;
                for page in pages.chunks(4_096) {
                    touched += u64::from(black_box(page)[0]) + 1;
                }
                touched / (16 << 10)
            }
            Self::Asking => u64::from(black_box(std::fs::metadata("/")).is_ok()),
        }
    }

    fn expected(&mut self) -> Option<u64> {
        Some(u64::from(!matches!(self, Self::Still)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::budgets::Budgets;

    #[test]
    fn both_files_hold_together_and_name_subjects_that_exist() {
        let names: Vec<String> =
            subjects().into_iter().chain(crate::control::subjects()).map(|s| s.id.to_owned()).collect();
        for (name, text) in [("equal.toml", EQUAL), ("mutants.toml", MUTANTS), ("power.toml", POWER)] {
            let budgets = Budgets::parse(name, text).unwrap_or_else(|errors| panic!("{}", errors[0]));
            budgets.check_subjects(&names).unwrap_or_else(|errors| panic!("{}", errors[0]));
        }
        let mutants = Budgets::parse("mutants.toml", MUTANTS).expect("checked above");
        let injected = mutants.rules.iter().filter(|rule| rule.id.ends_with("_mutant")).count();
        assert!(injected >= 12, "{injected} injected regressions");
    }

    #[test]
    fn every_subject_answers_right_again_and_again() {
        for subject in subjects() {
            let mut batch = (subject.make)();
            for turn in 0..3 {
                batch.prepare();
                assert_eq!(Some(batch.run()), batch.expected(), "{}, run {turn}", subject.id);
            }
        }
    }

    #[test]
    fn the_walk_visits_every_word_once() {
        let next = cycle(&mut Random::new(1));
        let mut seen = vec![false; WORDS];
        let mut at = 0;
        for _ in 0..WORDS {
            assert!(!std::mem::replace(&mut seen[at], true), "word {at} twice");
            at = next[at] as usize;
        }
        assert_eq!(at, 0);
    }
}
