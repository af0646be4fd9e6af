//! Acquire an arena, one allocation, reset.

use std::hint::black_box;
use std::sync::Mutex;

use wf_arena::Arena;
use wf_gate::{Batch, Subject};

const OPS: u64 = 1024;

struct Each<F>(F);

impl<F: FnMut(u64) -> u64> Batch for Each<F> {
    #[inline(never)]
    fn run(&mut self) -> u64 {
        let mut sum = 0;
        for i in 0..OPS {
            sum += (self.0)(i);
        }
        sum
    }
    fn expected(&mut self) -> Option<u64> {
        Some((0..OPS).sum())
    }
}

fn each(act: impl FnMut(u64) -> u64 + 'static) -> Box<dyn Batch> {
    Box::new(Each(act))
}

/// The pools of others, and an arena that is not pooled.
pub fn subjects() -> Vec<Subject> {
    let ops = OPS as u32;
    vec![
        Subject {
            id: "arena.acquire_owned",
            ops,
            make: || {
                let mut arena = Arena::new();
                each(move |i| black_box(arena.scope().alloc([i; 4]))[0])
            },
        },
        Subject {
            id: "arena.acquire_herd",
            ops,
            make: || {
                let herd = Box::leak(Box::new(bumpalo_herd::Herd::new()));
                let herd = Mutex::new(herd);
                each(move |i| {
                    let value = {
                        let herd = herd.lock().unwrap();
                        black_box(herd.get().alloc([i; 4]))[0]
                    };
                    value
                })
            },
        },
        Subject {
            id: "arena.acquire_bump_scope",
            ops,
            make: || {
                let mut pool: bump_scope::BumpPool = bump_scope::BumpPool::new();
                each(move |i| {
                    let value = black_box(pool.get().alloc([i; 4]))[0];
                    pool.reset();
                    value
                })
            },
        },
        Subject {
            id: "arena.acquire_fresh",
            ops,
            make: || {
                each(|i| black_box(bumpalo::Bump::<8>::with_min_align_and_capacity(1 << 16).alloc([i; 4]))[0])
            },
        },
    ]
}
