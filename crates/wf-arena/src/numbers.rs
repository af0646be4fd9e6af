//! The numbers that threads are known by: given out, given back, given out again.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

#[cfg(loom)]
use loom::sync::{Mutex, MutexGuard};
use std::sync::PoisonError;
#[cfg(not(loom))]
use std::sync::{Mutex, MutexGuard};

/// Numbers from 0 on, each owned by one thread at a time.
///
/// What the former owner of a number did happens before the next one gets it: the lock sees to that.
pub(crate) struct Numbers(Mutex<Indices>);

/// Numbers given back, and the first one never given.
struct Indices {
    free: BinaryHeap<Reverse<u32>>,
    next: u32,
}

impl Indices {
    const fn new() -> Self {
        Indices { free: BinaryHeap::new(), next: 0 }
    }
}

impl Numbers {
    #[cfg(not(loom))]
    pub(crate) const fn new() -> Self {
        Numbers(Mutex::new(Indices::new()))
    }

    #[cfg(loom)]
    pub(crate) fn new() -> Self {
        Numbers(Mutex::new(Indices::new()))
    }

    /// The lowest number that nobody owns.
    pub(crate) fn take(&self) -> u32 {
        let mut indices = self.indices();
        if let Some(Reverse(index)) = indices.free.pop() {
            return index;
        }
        let index = indices.next;
        // A process has far fewer than 2^32 - 2 threads at once.
        indices.next += 1;
        index
    }

    /// Takes back a number whose owner uses it no more.
    pub(crate) fn give_back(&self, index: u32) {
        self.indices().free.push(Reverse(index));
    }

    fn indices(&self) -> MutexGuard<'_, Indices> {
        // Nothing that can panic half way is done under the lock: an allocation failure aborts.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn the_lowest_free_number_goes_first() {
        let numbers = Numbers::new();
        assert_eq!([numbers.take(), numbers.take(), numbers.take()], [0, 1, 2]);
        numbers.give_back(2);
        numbers.give_back(0);
        assert_eq!([numbers.take(), numbers.take(), numbers.take()], [0, 2, 3]);
    }
}

/// `RUSTFLAGS="--cfg loom" cargo test --release --lib -p wf-arena`, in a target folder of its own.
#[cfg(all(test, loom))]
mod model {
    use super::*;
    use loom::cell::UnsafeCell;
    use loom::sync::Arc;

    /// What a pool does with a number: its owner uses a place without any lock. Nobody else may be there, and what it left is
    /// seen by the next owner.
    #[test]
    fn a_number_has_one_owner_who_sees_what_the_last_one_did() {
        loom::model(|| {
            struct Shared {
                numbers: Numbers,
                places: [UnsafeCell<u32>; 3],
            }
            let shared = Arc::new(Shared {
                numbers: Numbers::new(),
                places: std::array::from_fn(|_| UnsafeCell::new(0)),
            });
            let live = |shared: &Shared| {
                let index = shared.numbers.take();
                for _ in 0..2 {
                    // Loom panics if another thread is in this place, or was without a happens-before.
                    shared.places[index as usize].with_mut(|place| {
                        // SAFETY: loom has just checked that the access is exclusive.
                        unsafe { *place += 1 }
                    });
                }
                shared.numbers.give_back(index);
            };
            let threads: Vec<_> = (0..2)
                .map(|_| {
                    let shared = Arc::clone(&shared);
                    loom::thread::spawn(move || live(&shared))
                })
                .collect();
            live(&shared);
            threads.into_iter().for_each(|thread| thread.join().unwrap());
            let sum: u32 = shared
                .places
                .iter()
                .map(|place| {
                    // SAFETY: all threads were joined, which loom checks as well.
                    place.with(|place| unsafe { *place })
                })
                .sum();
            assert_eq!(sum, 6);
        });
    }
}
