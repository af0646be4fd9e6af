//! A server's heap: many blocks of mixed sizes, each turn one freed and another taken.
//!
//! # Sources
//! Larson and Krishnan, *Memory allocation for long-running server applications*, ISMM 1998.

use wf_gate::Random;

use super::{Load, Work, Workload};

/// Blocks held by each thread.
const SLOTS: usize = 4_096;

pub(super) fn workload() -> Workload {
    Workload {
        name: "larson",
        operation: "free and allocation",
        operations: 2_000_000,
        threads_min: 1,
        prepare,
    }
}

fn prepare(load: &Load) -> Work {
    let load = *load;
    Box::new(move || run(&load))
}

fn run(load: &Load) -> u64 {
    load.in_threads(|thread| {
        let mut random = Random::new(load.seed ^ (thread << 32));
        let mut slots: Vec<Vec<u8>> = (0..SLOTS).map(|_| block(&mut random)).collect();
        let mut answer = 0_u64;
        for _ in 0..load.operations {
            let slot = random.below(SLOTS as u64) as usize;
            let fresh = block(&mut random);
            answer =
                answer.wrapping_mul(31).wrapping_add(u64::from(slots[slot][0]) + slots[slot].len() as u64);
            slots[slot] = fresh;
        }
        answer
    })
}

/// Sixteen bytes to one kibibyte, small ones more often; first and last byte touched.
fn block(random: &mut Random) -> Vec<u8> {
    let bits = random.next_u64();
    let size = 16 << (bits % 7).min((bits >> 8) % 7);
    let mut block = Vec::with_capacity(size as usize);
    block.resize(size as usize, (bits >> 16) as u8);
    block
}
