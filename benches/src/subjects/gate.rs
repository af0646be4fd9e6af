//! The gate measured with itself: what its clock and its calibration cost.

use std::hint::black_box;

use wf_gate::{Batch, Clock, Subject};

/// The subjects of wf-gate.
pub fn subjects() -> Vec<Subject> {
    vec![
        Subject { id: "gate.clock_bracket", ops: 256, make: || Box::new(Brackets::new()) },
        Subject { id: "gate.instant_bracket", ops: 256, make: || Box::new(Instants) },
        Subject { id: "gate.dependent_adds", ops: 4_096, make: || Box::new(Adds::new()) },
    ]
}

/// Empty brackets of the fenced clock.
struct Brackets(Clock);

impl Brackets {
    fn new() -> Self {
        Self(Clock::new())
    }
}

impl Batch for Brackets {
    fn run(&mut self) -> u64 {
        let mut rising = 0;
        for _ in 0..256 {
            let begun = self.0.now();
            rising += u64::from(self.0.now() >= begun);
        }
        rising
    }

    fn expected(&mut self) -> Option<u64> {
        Some(256)
    }
}

/// The same with the standard library's clock.
struct Instants;

impl Batch for Instants {
    fn run(&mut self) -> u64 {
        let mut rising = 0;
        for _ in 0..256 {
            let begun = std::time::Instant::now();
            rising += u64::from(std::time::Instant::now() >= begun);
        }
        rising
    }

    fn expected(&mut self) -> Option<u64> {
        Some(256)
    }
}

/// Additions that wait for each other, written in Rust: must come out at one cycle each, or a tick is no core cycle.
struct Adds {
    step: u64,
}

impl Adds {
    fn new() -> Self {
        Self { step: black_box(3) }
    }
}

impl Batch for Adds {
    fn run(&mut self) -> u64 {
        let step = black_box(self.step);
        let mut sum = 0_u64;
        for _ in 0..256 {
            // Sixteen steps a turn, each opaque, so that none is merged with the next.
            sum = sixteen(sum, step);
        }
        sum
    }

    fn expected(&mut self) -> Option<u64> {
        // sum -> (sum + step) ^ step sixteen times a turn, by the definition.
        let mut sum = 0_u64;
        for _ in 0..256 * 8 {
            sum = (sum + self.step) ^ self.step;
        }
        Some(sum)
    }
}

/// Addition and exclusive or in turn: two dependent one-cycle steps that do not simplify.
#[inline(always)]
fn sixteen(mut sum: u64, step: u64) -> u64 {
    for _ in 0..8 {
        sum = sum.wrapping_add(step) ^ step;
    }
    sum
}
