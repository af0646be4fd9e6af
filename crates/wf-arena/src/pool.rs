//! Arenas for any number of threads, each thread finding its own again.

use core::fmt;
use core::mem::ManuallyDrop;
use core::ops::{Deref, DerefMut};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use crate::arena::Arena;
use crate::policy::Policy;
use crate::stack::{Node, Stack};
use crate::thread_index::{NONE, thread_index};

const FIRST: u32 = 32;
const BLOCKS: usize = 20;

/// Arenas for any number of threads, each thread finding its own again.
///
/// [`acquire`](ArenaPool::acquire) lends an arena and takes it back when the lease is dropped. A thread gets back the
/// arena it used last, warm and of the right size, without a lock or an atomic read-modify-write. While one lease is
/// held another acquires a second arena: this is how a scope is nested. Share the pool as `&ArenaPool` or in an `Arc`;
/// it works the same from plain threads and from a work-stealing pool.
///
/// ```
/// use wf_arena::ArenaPool;
///
/// let pool = ArenaPool::new();
/// std::thread::scope(|threads| {
///     for worker in 0..4_u32 {
///         let pool = &pool;
///         threads.spawn(move || {
///             for batch in 0..10 {
///                 let mut arena = pool.acquire();
///                 let scope = arena.scope();
///                 assert_eq!(*scope.alloc(worker * batch), worker * batch);
///             }
///         });
///     }
/// });
/// ```
///
/// Arenas of a thread that has ended go to the next thread that takes over its number. A lease may be sent to another
/// thread and dropped there; its arena stays with that thread.
pub struct ArenaPool {
    policy: Policy,
    /// The stacks of the threads with the lowest numbers: most programs have no others.
    first: [Place; FIRST as usize],
    /// Block `k` holds the stacks of the next `FIRST << k` threads.
    blocks: [OnceLock<Box<[Place]>>; BLOCKS],
    /// For threads without a number of their own: those being torn down.
    shared: Mutex<Stack>,
}

/// The idle arenas of one thread, on cache lines of its own.
#[repr(align(128))]
struct Place(Stack);

// SAFETY: a place is only used by the thread whose number is its index (`ArenaPool::place`), and by whoever has the
// pool exclusively. No two living threads share a number, and what the last owner did happens before the next one gets
// the number (`thread_index`). The stack and the arenas in it may be sent: they own their memory.
unsafe impl Sync for Place {}

impl ArenaPool {
    /// Makes a pool of arenas with [`Policy::DEFAULT`].
    pub const fn new() -> Self {
        ArenaPool::with_policy(Policy::DEFAULT)
    }

    /// Makes a pool of arenas that follow `policy`.
    pub const fn with_policy(policy: Policy) -> Self {
        ArenaPool {
            policy,
            first: [const { Place(Stack::new()) }; FIRST as usize],
            blocks: [const { OnceLock::new() }; BLOCKS],
            shared: Mutex::new(Stack::new()),
        }
    }

    /// Lends an arena to the calling thread.
    #[inline]
    pub fn acquire(&self) -> Lease<'_> {
        let node = self.place(thread_index()).and_then(|place| place.0.take());
        let node = node.unwrap_or_else(|| self.more());
        Lease { node: ManuallyDrop::new(node), pool: self }
    }

    /// Runs `f` with a scope of an arena of the calling thread.
    #[inline]
    pub fn with<R>(&self, f: impl for<'s> FnOnce(crate::Scope<'s>) -> R) -> R {
        f(self.acquire().scope())
    }

    /// The place of the calling thread, whose number is `index`, if it has been set up.
    #[inline]
    fn place(&self, index: u32) -> Option<&Place> {
        match self.first.get(index as usize) {
            Some(place) => Some(place),
            None => self.further_place(index),
        }
    }

    #[inline(never)]
    fn further_place(&self, index: u32) -> Option<&Place> {
        let (block, offset) = locate(index)?;
        self.blocks[block].get()?.get(offset)
    }

    #[cold]
    #[inline(never)]
    fn more(&self) -> Box<Node> {
        let idle = if thread_index() == NONE { self.shared().take() } else { None };
        idle.unwrap_or_else(|| Node::new(Arena::with_policy(self.policy)))
    }

    /// Puts an arena back for a thread that has no place yet, or never will.
    #[cold]
    #[inline(never)]
    fn put_first(&self, node: Box<Node>) {
        let Some((block, offset)) = locate(thread_index()) else { return self.shared().put(node) };
        let places = self.blocks[block]
            .get_or_init(|| (0..(FIRST as usize) << block).map(|_| Place(Stack::new())).collect());
        places[offset].0.put(node);
    }

    fn shared(&self) -> MutexGuard<'_, Stack> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Frees all idle arenas. Those on lease come back as they are.
    pub fn trim(&mut self) {
        self.first = [const { Place(Stack::new()) }; FIRST as usize];
        self.blocks = [const { OnceLock::new() }; BLOCKS];
        *self.shared() = Stack::new();
    }

    /// Returns the number of idle arenas and the bytes that they hold.
    pub fn idle(&mut self) -> PoolStats {
        let mut stats = PoolStats::default();
        let mut count = |stack: &mut Stack| {
            let counted = Stack::new();
            while let Some(node) = stack.take() {
                stats.arenas += 1;
                stats.bytes_held += node.arena.stats().bytes_held;
                counted.put(node);
            }
            while let Some(node) = counted.take() {
                stack.put(node);
            }
        };
        self.first.iter_mut().for_each(|place| count(&mut place.0));
        for places in self.blocks.iter_mut().filter_map(OnceLock::get_mut) {
            places.iter_mut().for_each(|place| count(&mut place.0));
        }
        count(self.shared.get_mut().unwrap_or_else(PoisonError::into_inner));
        stats
    }
}

/// Block and offset of a place beyond the first ones: blocks hold 32, 64, 128 and so on.
fn locate(index: u32) -> Option<(usize, usize)> {
    let block = (index / FIRST).checked_ilog2()?;
    let offset = index - (FIRST << block);
    ((block as usize) < BLOCKS).then_some((block as usize, offset as usize))
}

impl Default for ArenaPool {
    fn default() -> Self {
        ArenaPool::new()
    }
}

impl fmt::Debug for ArenaPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ArenaPool").field("policy", &self.policy).finish_non_exhaustive()
    }
}

/// What a pool keeps for later.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct PoolStats {
    /// Idle arenas.
    pub arenas: usize,
    /// Bytes that they hold.
    pub bytes_held: usize,
}

/// An arena on loan from an [`ArenaPool`]. Goes back when dropped, in a panic as well.
#[derive(Debug)]
pub struct Lease<'p> {
    /// Invariant: not taken out before the lease is dropped.
    node: ManuallyDrop<Box<Node>>,
    pool: &'p ArenaPool,
}

impl Deref for Lease<'_> {
    type Target = Arena;

    #[inline]
    fn deref(&self) -> &Arena {
        &self.node.arena
    }
}

impl DerefMut for Lease<'_> {
    #[inline]
    fn deref_mut(&mut self) -> &mut Arena {
        &mut self.node.arena
    }
}

impl Drop for Lease<'_> {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: the lease is being dropped, so that its node is not used after this.
        let node = unsafe { ManuallyDrop::take(&mut self.node) };
        match self.pool.place(thread_index()) {
            Some(place) => place.0.put(node),
            None => self.pool.put_first(node),
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn places_follow_one_another_without_gaps() {
        for index in 0..FIRST {
            assert_eq!(locate(index), None);
        }
        let mut expected = (0, 0);
        for index in FIRST..10_000 {
            assert_eq!(locate(index), Some(expected), "index {index}");
            expected.1 += 1;
            if expected.1 == (FIRST as usize) << expected.0 {
                expected = (expected.0 + 1, 0);
            }
        }
        assert_eq!(locate(NONE), None);
        assert_eq!(locate(u32::MAX), None);
    }

    #[test]
    fn more_threads_at_once_than_the_first_places() {
        let mut pool = ArenaPool::new();
        let barrier = std::sync::Barrier::new(80);
        std::thread::scope(|threads| {
            for _ in 0..80 {
                threads.spawn(|| {
                    barrier.wait();
                    for value in 0..5 {
                        assert_eq!(*pool.acquire().scope().alloc(value), value);
                    }
                    barrier.wait();
                });
            }
        });
        assert_eq!(pool.idle().arenas, 80);
    }
}
