//! Random access to a region's objects, on huge pages and on pages of 4 KiB. A process that was not given the pages it is
//! about ends with the kernel's figures: it has nothing to say.

use std::hint::black_box;
use std::mem::MaybeUninit;

use wf_aligned::{AlignedBuf, Boundary};
use wf_arena::{Bump as _, Region};
use wf_gate::{Batch, Subject};

const OPS: u64 = 1024;
const BYTES: usize = 256 << 20;

/// As much as has page tables (4 MiB, eight bytes a page of 4 KiB) that no second-level cache holds.
const MANY_BYTES: usize = 2 << 30;

type Line = [u64; 8];

/// Objects of a cache line each, side by side in a region of `bytes`.
fn lines(boundary: Boundary, bytes: usize) -> &'static mut [Line] {
    let mut buffer = AlignedBuf::<MaybeUninit<u8>>::uninit(bytes, boundary).expect("the memory");
    #[cfg(target_os = "linux")]
    if boundary == Boundary::Page {
        // Where the system gives huge pages unasked.
        // SAFETY: the buffer is a mapping of its own on whole pages; the advice changes no content.
        let advised = unsafe { libc::madvise(buffer.as_mut_ptr().cast(), bytes, libc::MADV_NOHUGEPAGE) };
        assert_eq!(advised, 0, "the kernel refuses pages of 4 KiB: {}", std::io::Error::last_os_error());
    }
    buffer.iter_mut().step_by(4096).for_each(|byte| _ = byte.write(0));
    let given = buffer.report().given.expect("what the kernel gave");
    let huge = if boundary == Boundary::Huge { bytes } else { 0 };
    assert_eq!((given.bytes_resident, given.bytes_huge), (bytes, huge), "bytes given, on huge pages");
    let buffer: &'static mut AlignedBuf<_> = Box::leak(Box::new(buffer));
    let region = Box::leak(Box::new(Region::new(buffer)));
    region.scope().alloc_slice_fill_with(bytes / size_of::<Line>(), |index| [index as u64; 8])
}

/// Independent reads.
struct Objects {
    lines: &'static [Line],
    seed: u64,
    expected: u64,
}

impl Objects {
    fn new(boundary: Boundary, bytes: usize) -> Self {
        Objects { lines: lines(boundary, bytes), seed: 42, expected: 0 }
    }
}

impl Batch for Objects {
    #[inline(never)]
    fn run(&mut self) -> u64 {
        let (mut sum, mut expected, mut seed) = (0_u64, 0_u64, self.seed);
        for _ in 0..OPS {
            seed = next(seed);
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

/// Knuth's linear congruential generator (The Art of Computer Programming, volume 2, 3.3.4, line 26).
fn next(seed: u64) -> u64 {
    seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1)
}

/// Lines of [`Chain`]: less than a second-level cache of 1 MiB, in pages of 4 KiB more than a translation buffer's 3,072.
const CHAIN_LINES: usize = 8192;

const PAGE_LINES: usize = 4096 / size_of::<Line>();

/// Dependent reads along a cycle of lines on huge pages: all side by side, or one in each 4 KiB. Both are as many cache lines
/// and, where a huge page takes one entry of the translation buffer, no more entries than that has.
struct Chain {
    lines: &'static [Line],
    at: usize,
}

impl Chain {
    fn new(lines_a_place: usize) -> Self {
        let lines = lines(Boundary::Huge, BYTES);
        let mut seed = 42;
        let mut below = |n: usize| {
            seed = next(seed);
            ((u128::from(seed) * n as u128) >> 64) as usize
        };
        // Any line of each place: always the same one would be few sets of a cache.
        let mut cycle: Vec<usize> =
            (0..CHAIN_LINES).map(|place| place * lines_a_place + below(lines_a_place)).collect();
        for last in (1..CHAIN_LINES).rev() {
            cycle.swap(last, below(last + 1));
        }
        for (place, line) in cycle.iter().enumerate() {
            lines[*line][0] = cycle[(place + 1) % CHAIN_LINES] as u64;
        }
        Chain { lines, at: cycle[0] }
    }
}

impl Batch for Chain {
    #[inline(never)]
    fn run(&mut self) -> u64 {
        for _ in 0..CHAIN_LINES {
            self.at = self.lines[self.at][0] as usize;
        }
        self.at as u64
    }
    fn expected(&mut self) -> Option<u64> {
        // Once round.
        Some(self.at as u64)
    }
}

/// Large regions.
pub fn subjects() -> Vec<Subject> {
    let ops = OPS as u32;
    let chain = CHAIN_LINES as u32;
    vec![
        Subject { id: "arena.region_huge", ops, make: || Box::new(Objects::new(Boundary::Huge, BYTES)) },
        Subject {
            id: "arena.region_small_pages",
            ops,
            make: || Box::new(Objects::new(Boundary::Page, BYTES)),
        },
        Subject {
            id: "arena.region_huge_2g",
            ops,
            make: || Box::new(Objects::new(Boundary::Huge, MANY_BYTES)),
        },
        Subject {
            id: "arena.region_small_pages_2g",
            ops,
            make: || Box::new(Objects::new(Boundary::Page, MANY_BYTES)),
        },
        Subject { id: "arena.chain_dense", ops: chain, make: || Box::new(Chain::new(1)) },
        Subject { id: "arena.chain_spread", ops: chain, make: || Box::new(Chain::new(PAGE_LINES)) },
    ]
}
