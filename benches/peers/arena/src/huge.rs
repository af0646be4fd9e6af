//! Independent random access over 256 MiB of a region's objects, on huge pages and on pages of 4 KiB.

use std::hint::black_box;
use std::mem::MaybeUninit;

use wf_aligned::{AlignedBuf, Boundary};
use wf_arena::{Bump as _, Region};
use wf_gate::{Batch, Subject};

const OPS: u64 = 1024;
const BYTES: usize = 256 << 20;

/// Objects of a cache line each, side by side in a region.
struct Objects {
    lines: &'static [[u64; 8]],
    seed: u64,
    expected: u64,
}

impl Objects {
    fn new(boundary: Boundary) -> Self {
        let buffer = AlignedBuf::<MaybeUninit<u8>>::uninit(BYTES, boundary).expect("256 MiB");
        let buffer: &'static mut AlignedBuf<_> = Box::leak(Box::new(buffer));
        let region = Box::leak(Box::new(Region::new(buffer)));
        let lines = region.scope().alloc_slice_fill_with(BYTES / 64, |index| [index as u64; 8]);
        Objects { lines, seed: 42, expected: 0 }
    }
}

impl Batch for Objects {
    #[inline(never)]
    fn run(&mut self) -> u64 {
        let (mut sum, mut expected, mut seed) = (0_u64, 0_u64, self.seed);
        for _ in 0..OPS {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let index = ((u128::from(seed) * self.lines.len() as u128) >> 64) as usize;
            sum = sum.wrapping_add(self.lines[index][3]);
            expected = expected.wrapping_add(index as u64);
        }
        self.seed = seed;
        self.expected = expected;
        black_box(sum)
    }
    fn expected(&mut self) -> Option<u64> {
        Some(self.expected)
    }
}

/// Large regions.
pub fn subjects() -> Vec<Subject> {
    let ops = OPS as u32;
    vec![
        Subject { id: "arena.region_huge", ops, make: || Box::new(Objects::new(Boundary::Huge)) },
        Subject { id: "arena.region_small_pages", ops, make: || Box::new(Objects::new(Boundary::Page)) },
    ]
}
