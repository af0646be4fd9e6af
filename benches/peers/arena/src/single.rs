//! Blocks of one size, one after another, the first word written: what an allocation costs without its value. The arena is
//! reset untimed.

use std::hint::black_box;
use std::mem::MaybeUninit;

use bump_scope::Bump;
use bump_scope::alloc::Global;
use bump_scope::settings::{BumpAllocatorSettings, BumpSettings};
use wf_arena::{Arena, Bump as _, Region};
use wf_gate::{Batch, Subject};

const OPS: usize = 1024;

/// What allocates `N` words and writes the first.
trait Takes {
    fn reset(&mut self);
    fn batch<const N: usize>(&mut self) -> u64;
}

struct Single<A, const N: usize>(A);

impl<A: Takes, const N: usize> Batch for Single<A, N> {
    fn prepare(&mut self) {
        self.0.reset();
    }
    #[inline(never)]
    fn run(&mut self) -> u64 {
        self.0.batch::<N>()
    }
    fn expected(&mut self) -> Option<u64> {
        Some((OPS * (OPS - 1) / 2) as u64)
    }
}

fn layout<const N: usize>() -> std::alloc::Layout {
    std::alloc::Layout::new::<[u64; N]>()
}

macro_rules! fill {
    ($n:ident, $take:expr) => {{
        let mut sum = 0;
        for i in 0..OPS as u64 {
            let place: std::ptr::NonNull<u64> = $take.cast();
            // SAFETY: the block has at least one word.
            unsafe { place.write(i) };
            // The pointer escapes, as it would into a data structure.
            black_box(place);
            sum += i;
        }
        sum
    }};
}

struct Ours(Arena);
impl Takes for Ours {
    fn reset(&mut self) {
        self.0.reset();
    }
    #[inline(always)]
    fn batch<const N: usize>(&mut self) -> u64 {
        // The arena is hidden from the compiler, as the others are; the scope is a local value, as in a program. Hidden
        // itself, it would lie in memory and be read again for every block.
        let scope = black_box(&mut self.0).scope();
        fill!(N, scope.try_alloc_layout(layout::<N>()).unwrap())
    }
}

struct OurRegion(Region<'static>);
impl Takes for OurRegion {
    fn reset(&mut self) {
        self.0.reset();
    }
    #[inline(always)]
    fn batch<const N: usize>(&mut self) -> u64 {
        let scope = self.0.scope();
        let scope = black_box(&scope);
        fill!(N, scope.try_alloc_layout(layout::<N>()).unwrap())
    }
}

struct Bumpalo8(bumpalo::Bump<8>);
impl Takes for Bumpalo8 {
    fn reset(&mut self) {
        self.0.reset();
    }
    #[inline(always)]
    fn batch<const N: usize>(&mut self) -> u64 {
        let bump = black_box(&self.0);
        fill!(N, bump.try_alloc_layout(layout::<N>()).unwrap())
    }
}

type UpAlign8 = <BumpSettings as BumpAllocatorSettings>::WithMinimumAlignment<8>;
struct BumpScope(Bump<Global, UpAlign8>);
impl Takes for BumpScope {
    fn reset(&mut self) {
        self.0.reset();
    }
    #[inline(always)]
    fn batch<const N: usize>(&mut self) -> u64 {
        let bump = black_box(&self.0);
        fill!(N, bump.alloc_uninit::<[u64; N]>().into_raw())
    }
}

fn leaked(bytes: usize) -> &'static mut [MaybeUninit<u8>] {
    Box::leak(vec![MaybeUninit::uninit(); bytes].into_boxed_slice())
}

fn of<A: Takes + 'static, const N: usize>(a: A) -> Box<dyn Batch> {
    Box::new(Single::<A, N>(a))
}

macro_rules! sizes {
    ($list:ident, $name:literal, $make:expr) => {
        $list.push(Subject {
            id: concat!("arena.block_16", $name),
            ops: OPS as u32,
            make: || of::<_, 2>($make),
        });
        $list.push(Subject {
            id: concat!("arena.block_32", $name),
            ops: OPS as u32,
            make: || of::<_, 4>($make),
        });
        $list.push(Subject {
            id: concat!("arena.block_64", $name),
            ops: OPS as u32,
            make: || of::<_, 8>($make),
        });
    };
}

/// Single allocations.
pub fn subjects() -> Vec<Subject> {
    let mut list = Vec::new();
    sizes!(list, "", Ours(Arena::with_capacity(1 << 17)));
    sizes!(list, "_region", OurRegion(Region::new(leaked(1 << 17))));
    sizes!(list, "_bumpalo", Bumpalo8(bumpalo::Bump::with_min_align_and_capacity(1 << 17)));
    sizes!(list, "_bump_scope", BumpScope(Bump::with_size(1 << 17)));
    list
}
