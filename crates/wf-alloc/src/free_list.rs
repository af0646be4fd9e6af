//! A lock-free stack of the slots that no thread owns.

use crate::sync::{AtomicU32, AtomicU64, Ordering};

/// A stack of slot indices, linked through the slots themselves (Treiber's stack).
///
/// The head holds the index plus one (zero: empty) in its low half and, in its high half, a tag that changes with
/// every pop, so that a head which was popped and pushed back in between is not mistaken for an untouched one.
/// The tag would have to wrap around 2^32 times between one thread's load and its compare-exchange to matter.
///
/// Release on push and acquire on pop order everything the former owner did before everything the next one does.
#[derive(Debug)]
pub(crate) struct FreeList {
    head: AtomicU64,
}

const INDEX: u64 = 0xFFFF_FFFF;

impl FreeList {
    #[cfg(not(loom))]
    pub(crate) const fn new() -> Self {
        FreeList { head: AtomicU64::new(0) }
    }

    #[cfg(loom)]
    pub(crate) fn new() -> Self {
        FreeList { head: AtomicU64::new(0) }
    }

    /// Gives back `index`, whose link is `next`.
    pub(crate) fn push(&self, index: u32, next: &AtomicU32) {
        let mut head = self.head.load(Ordering::Relaxed);
        loop {
            // Truncation is meant: the low half is the index.
            next.store((head & INDEX) as u32, Ordering::Relaxed);
            let new = (head & !INDEX) | (u64::from(index) + 1);
            match self.head.compare_exchange_weak(head, new, Ordering::Release, Ordering::Relaxed) {
                Ok(_) => return,
                Err(seen) => head = seen,
            }
        }
    }

    /// Takes an index, if there is one; `next_of` finds the link of an index.
    pub(crate) fn pop<'s>(&self, next_of: impl Fn(u32) -> &'s AtomicU32) -> Option<u32> {
        let mut head = self.head.load(Ordering::Acquire);
        loop {
            let index = ((head & INDEX) as u32).checked_sub(1)?;
            let next = next_of(index).load(Ordering::Relaxed);
            let tag = (head >> 32).wrapping_add(1) << 32;
            let new = tag | u64::from(next);
            match self.head.compare_exchange_weak(head, new, Ordering::Acquire, Ordering::Acquire) {
                Ok(_) => return Some(index),
                Err(seen) => head = seen,
            }
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn last_in_first_out() {
        let links: Vec<AtomicU32> = (0..3).map(|_| AtomicU32::new(0)).collect();
        let list = FreeList::new();
        assert_eq!(list.pop(|i| &links[i as usize]), None);
        for index in 0..3 {
            list.push(index, &links[index as usize]);
        }
        let popped: Vec<_> = std::iter::from_fn(|| list.pop(|i| &links[i as usize])).collect();
        assert_eq!(popped, [2, 1, 0]);
    }

    #[test]
    fn no_index_is_owned_twice() {
        let links: Vec<AtomicU32> = (0..4).map(|_| AtomicU32::new(0)).collect();
        let owned: Vec<AtomicU32> = (0..4).map(|_| AtomicU32::new(0)).collect();
        let list = FreeList::new();
        for index in 0..4 {
            list.push(index, &links[index as usize]);
        }
        std::thread::scope(|threads| {
            for _ in 0..4 {
                threads.spawn(|| {
                    for _ in 0..10_000 {
                        if let Some(index) = list.pop(|i| &links[i as usize]) {
                            assert_eq!(owned[index as usize].fetch_add(1, Ordering::Relaxed), 0);
                            owned[index as usize].fetch_sub(1, Ordering::Relaxed);
                            list.push(index, &links[index as usize]);
                        }
                    }
                });
            }
        });
        let mut left: Vec<_> = std::iter::from_fn(|| list.pop(|i| &links[i as usize])).collect();
        left.sort_unstable();
        assert_eq!(left, [0, 1, 2, 3]);
    }
}

#[cfg(all(test, loom))]
mod model {
    use super::*;
    use crate::slot::add;
    use loom::sync::Arc;

    /// Three owners in turn or at once over two slots, and a reader: every increment is kept, no slot is shared,
    /// and the reader never sees more than was done.
    #[test]
    fn counters_survive_a_hand_over() {
        loom::model(|| {
            struct Shared {
                list: FreeList,
                links: [AtomicU32; 2],
                counters: [AtomicU64; 2],
            }
            let shared = Arc::new(Shared {
                list: FreeList::new(),
                links: [AtomicU32::new(0), AtomicU32::new(0)],
                counters: [AtomicU64::new(0), AtomicU64::new(0)],
            });
            for index in 0..2 {
                shared.list.push(index, &shared.links[index as usize]);
            }
            let work = |shared: &Shared| {
                if let Some(index) = shared.list.pop(|i| &shared.links[i as usize]) {
                    add(&shared.counters[index as usize], 1);
                    shared.list.push(index, &shared.links[index as usize]);
                    1
                } else {
                    0
                }
            };
            let threads: Vec<_> = (0..2)
                .map(|_| {
                    let shared = Arc::clone(&shared);
                    loom::thread::spawn(move || work(&shared))
                })
                .collect();
            let sum = |shared: &Shared| -> u64 {
                shared.counters.iter().map(|counter| counter.load(Ordering::Relaxed)).sum()
            };
            assert!(sum(&shared) <= 2);
            let done: u64 = threads.into_iter().map(|thread| thread.join().unwrap()).sum();
            assert_eq!(done, 2, "two slots serve two threads");
            assert_eq!(sum(&shared), done);
        });
    }
}
