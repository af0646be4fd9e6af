//! Memory that arenas of others hold after a batch ten times as large as usual.

use std::hint::black_box;

use bump_scope::Bump;
use wf_gate::{Batch, Subject};

use crate::our_arena::{SPIKE_BATCHES, SPIKE_BLOCK_BYTES, after_a_spike};

struct Bumpalo;

impl Batch for Bumpalo {
    fn run(&mut self) -> u64 {
        let batch = |bump: &mut bumpalo::Bump<8>, bytes: usize| {
            bump.reset();
            for _ in 0..bytes / SPIKE_BLOCK_BYTES {
                black_box(bump.alloc([0_u8; SPIKE_BLOCK_BYTES]));
            }
        };
        after_a_spike(&mut bumpalo::Bump::with_min_align(), batch, |bump| bump.allocated_bytes())
    }
    fn expected(&mut self) -> Option<u64> {
        None
    }
}

struct BumpScope;

impl Batch for BumpScope {
    fn run(&mut self) -> u64 {
        let batch = |bump: &mut Bump, bytes: usize| {
            bump.reset();
            for _ in 0..bytes / SPIKE_BLOCK_BYTES {
                black_box(bump.alloc([0_u8; SPIKE_BLOCK_BYTES]));
            }
        };
        after_a_spike(&mut Bump::new(), batch, |bump| bump.stats().size())
    }
    fn expected(&mut self) -> Option<u64> {
        None
    }
}

/// Rivals.
pub fn subjects() -> Vec<Subject> {
    vec![
        Subject { id: "arena.spike_bumpalo", ops: SPIKE_BATCHES, make: || Box::new(Bumpalo) },
        Subject { id: "arena.spike_bump_scope", ops: SPIKE_BATCHES, make: || Box::new(BumpScope) },
    ]
}
