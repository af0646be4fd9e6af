//! Bump memory for batches, which learns how much a batch needs.

use crate::policy::{Learner, Policy};
use crate::scope::{Base, Scope};
use crate::stats::ArenaStats;

/// Bump memory for batches, which learns how much a batch needs.
///
/// [`scope`](Arena::scope) takes back everything that the last batch allocated, in O(1), and hands out a [`Scope`] for
/// the next one. The borrow checker sees to it that nothing of the last batch is still in use. After the first
/// batches of a load nothing is asked of the heap; [`Policy`] says when memory grows and when it is given back.
///
/// ```
/// use wf_arena::Arena;
///
/// let mut arena = Arena::new();
/// for batch in 0..3_u64 {
///     let scope = arena.scope();
///     let mut squares = scope.vec::<u64>(4);
///     (0..4).for_each(|i| squares.push((batch + i) * (batch + i)));
///     let squares: &mut [u64] = squares.into_slice();
///     assert_eq!(squares[1], (batch + 1) * (batch + 1));
/// }
/// assert_eq!(arena.stats().chunk_requests, 1);
/// ```
///
/// Values of one batch cannot outlive it:
/// ```compile_fail,E0499
/// let mut arena = wf_arena::Arena::new();
/// let first = arena.scope().alloc(1);
/// let second = arena.scope().alloc(2);
/// *first += *second;
/// ```
#[derive(Debug)]
pub struct Arena {
    base: Base,
    policy: Policy,
    learner: Learner,
    /// Bytes that the base held right after it was last replaced: one chunk, or none (zero).
    chunk_bytes: usize,
    resets: u64,
    resizes: u64,
    /// Chunks asked of the heap, without those that the base of now asked for after its first.
    chunk_requests: u64,
    /// The most that any finished scope used.
    high_water_bytes: usize,
}

impl Arena {
    /// Makes an arena with [`Policy::DEFAULT`]; takes no memory before the first scope.
    pub fn new() -> Self {
        Arena::with_policy(Policy::DEFAULT)
    }

    /// Makes an arena whose first chunk offers `bytes`, and which never shrinks below it.
    ///
    /// Zero leaves the size of the first chunk to the first request. The memory is taken by the first scope.
    pub fn with_capacity(bytes: usize) -> Self {
        Arena::with_policy(Policy { first_chunk_bytes: bytes, ..Policy::DEFAULT })
    }

    /// Makes an arena that follows `policy`; takes no memory before the first scope.
    pub fn with_policy(policy: Policy) -> Self {
        let base = Base::with_min_align();
        base.set_allocation_limit(policy.limit_bytes);
        Arena {
            base,
            policy,
            learner: Learner::new(&policy, 0),
            chunk_bytes: 0,
            resets: 0,
            resizes: 0,
            chunk_requests: 0,
            high_water_bytes: 0,
        }
    }

    /// Takes back what the last scope left, and begins the next.
    ///
    /// Costs O(1), and asks the heap for nothing unless the policy changes the size.
    #[inline]
    pub fn scope(&mut self) -> Scope<'_> {
        self.take_back();
        Scope::new(&self.base)
    }

    /// Takes back what the last scope left, without beginning another.
    ///
    /// Nothing is freed; it only says, earlier than the next scope would, that this memory is idle. Dropping the
    /// arena frees it.
    pub fn reset(&mut self) {
        if self.base.allocated_bytes() != 0 {
            self.take_back();
        }
    }

    #[inline(always)]
    fn take_back(&mut self) {
        let held = self.base.allocated_bytes();
        if held != self.chunk_bytes || held == 0 {
            return self.settle();
        }
        let used = held - self.base.chunk_capacity();
        if used > self.high_water_bytes {
            self.high_water_bytes = used;
        }
        self.resets += 1;
        match self.learner.observe(&self.policy, used) {
            None => self.base.reset(),
            Some(bytes) => self.resize(bytes),
        }
    }

    /// Gives an arena that has no chunk its first, and one that outgrew its chunk a single larger one.
    #[cold]
    #[inline(never)]
    fn settle(&mut self) {
        if self.base.allocated_bytes() == 0 {
            self.replace(self.policy.chunk_bytes(self.policy.first_chunk_bytes));
            return;
        }
        let used = self.used_bytes();
        self.high_water_bytes = self.high_water_bytes.max(used);
        self.chunk_requests += self.extra_chunks();
        self.resets += 1;
        self.resize(self.policy.target_bytes(used));
    }

    #[cold]
    #[inline(never)]
    fn resize(&mut self, bytes: usize) {
        self.resizes += 1;
        self.replace(bytes);
    }

    /// Frees all chunks, then asks for one of `bytes`. Should the heap refuse, or the limit leave no room for a whole
    /// page, the arena is left without a chunk, and requests are answered one by one.
    fn replace(&mut self, bytes: usize) {
        // Freed first, so that old and new are not held at once.
        self.base = Base::with_min_align();
        if bytes != 0
            && let Ok(base) = Base::try_with_min_align_and_capacity(bytes)
        {
            self.chunk_requests += 1;
            if self.policy.limit_bytes.is_none_or(|limit| base.allocated_bytes() <= limit) {
                self.base = base;
            }
        }
        self.base.set_allocation_limit(self.policy.limit_bytes);
        self.chunk_bytes = self.base.allocated_bytes();
        self.learner = Learner::new(&self.policy, self.chunk_bytes);
    }

    /// The policy this arena follows.
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// Returns what the arena holds and did. Counts what the last scope left as used.
    pub fn stats(&self) -> ArenaStats {
        let used = self.used_bytes();
        ArenaStats {
            bytes_used: used,
            bytes_held: self.base.allocated_bytes(),
            high_water_bytes: self.high_water_bytes.max(used),
            resets: self.resets,
            resizes: self.resizes,
            chunk_requests: self.chunk_requests + self.extra_chunks(),
        }
    }

    /// Bytes that are handed out, padding included.
    fn used_bytes(&self) -> usize {
        // SAFETY: the iterator must not be used while anything is allocated: nothing is, as a scope would have to be
        // used for that, and this one-threaded function does not. Only the lengths are looked at.
        unsafe { self.base.iter_allocated_chunks_raw() }.map(|(_, bytes)| bytes).sum()
    }

    /// Chunks beyond the one that the base was made with.
    fn extra_chunks(&self) -> u64 {
        // SAFETY: as in `used_bytes`, and nothing but the number of chunks is looked at.
        let chunks = unsafe { self.base.iter_allocated_chunks_raw() }.count() as u64;
        chunks - u64::from(self.chunk_bytes != 0)
    }
}

impl Default for Arena {
    fn default() -> Self {
        Arena::new()
    }
}
