//! A small number for each living thread.

use core::cell::Cell;

use crate::numbers::Numbers;

#[cfg(not(loom))]
static NUMBERS: Numbers = Numbers::new();

/// Loom's locks are not made at compile time; its models have numbers of their own.
#[cfg(loom)]
static NUMBERS: std::sync::LazyLock<Numbers> = std::sync::LazyLock::new(Numbers::new);

const UNKNOWN: u32 = u32::MAX;

/// What a thread is told whose number is gone: a number no table reaches.
pub(crate) const NONE: u32 = u32::MAX - 1;

thread_local! {
    /// Without a destructor, so that reading it is one load.
    static INDEX: Cell<u32> = const { Cell::new(UNKNOWN) };
    /// Gives the number back when the thread ends.
    static RETURN: Return = const { Return };
}

struct Return;

impl Drop for Return {
    fn drop(&mut self) {
        let index = INDEX.replace(NONE);
        NUMBERS.give_back(index);
    }
}

/// Returns the calling thread's number, or [`NONE`] while the thread is being torn down.
///
/// No two living threads have the same, and what the former owner of a number did happens before the next one gets it
/// ([`Numbers`]). The lowest free number is given first.
#[inline]
pub(crate) fn thread_index() -> u32 {
    let index = INDEX.get();
    if index == UNKNOWN { assign() } else { index }
}

#[cold]
#[inline(never)]
fn assign() -> u32 {
    // Registers the return. Fails when the thread is past it; then no number may be taken.
    let index = if RETURN.try_with(|_| ()).is_ok() { NUMBERS.take() } else { NONE };
    INDEX.set(index);
    index
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use std::collections::HashSet;
    use std::sync::Barrier;

    #[test]
    fn living_threads_have_different_numbers_and_dead_ones_give_theirs_back() {
        let mut highest = 0;
        for _ in 0..20 {
            let barrier = Barrier::new(8);
            let numbers: HashSet<u32> = std::thread::scope(|threads| {
                let threads: Vec<_> = (0..8)
                    .map(|_| {
                        threads.spawn(|| {
                            let index = thread_index();
                            assert_eq!(index, thread_index());
                            barrier.wait();
                            index
                        })
                    })
                    .collect();
                threads.into_iter().map(|thread| thread.join().unwrap()).collect()
            });
            assert_eq!(numbers.len(), 8);
            highest = highest.max(*numbers.iter().max().unwrap());
        }
        // 160 threads have lived; and 80 at once in another test.
        assert!(highest < 128, "{highest}");
    }
}
