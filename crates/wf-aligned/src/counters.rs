//! Counters that many threads add to, each in a block of its own.
//!
//! An atomic read-modify-write costs its lock prefix even when nobody else wants the line. A counter with a *single* writer
//! needs none: it loads, adds and stores, and a reader sees one value or the next. Ownership makes the writer single: a
//! [`Writer`] is `Send` but neither `Sync` nor `Clone`, and adding takes `&mut self`.
//!
//! Numbered invariants:
//! 1. A block is in use by at most one writer: it is either in the free list or owned by one `Writer`.
//! 2. A block is handed over only through the lock of the list, so its next writer sees all its last one stored.
//! 3. A block is never emptied and never removed: what exited threads counted stays in it, and its next writer adds to that.

use core::cell::Cell;
use core::fmt;
use core::marker::PhantomData;

use crate::sync::{Arc, AtomicU64, Mutex, MutexGuard, Ordering};

/// One thread's counters, on cache-line pairs of its own.
#[repr(align(128))]
struct Block<const N: usize> {
    values: [AtomicU64; N],
}

impl<const N: usize> Block<N> {
    fn new() -> Self {
        Self { values: core::array::from_fn(|_| AtomicU64::new(0)) }
    }
}

struct Blocks<const N: usize> {
    all: Vec<Arc<Block<N>>>,
    /// Blocks without a writer. Invariant: each is in `all` too.
    free: Vec<Arc<Block<N>>>,
}

/// `N` statistics that many threads write and anybody reads.
///
/// Cheap to clone: all clones are the same counters. Memory: 8 bytes x `N` rounded up to 128, for each writer that
/// lived at the same time.
///
/// # Example
/// ```
/// use wf_aligned::Counters;
///
/// let counters: Counters<2> = Counters::new();
/// let threads: Vec<_> = (0..4)
///     .map(|_| {
///         let mut writer = counters.writer();
///         std::thread::spawn(move || (0..1_000).for_each(|_| writer.add(0, 1)))
///     })
///     .collect();
/// for thread in threads {
///     thread.join().expect("the threads only count");
/// }
/// assert_eq!(counters.snapshot(), [4_000, 0]);
/// assert!(counters.blocks() <= 4);
/// ```
pub struct Counters<const N: usize> {
    shared: Arc<Mutex<Blocks<N>>>,
}

impl<const N: usize> Counters<N> {
    /// Makes counters that all read 0.
    #[must_use]
    pub fn new() -> Self {
        Self { shared: Arc::new(Mutex::new(Blocks { all: Vec::new(), free: Vec::new() })) }
    }

    /// A handle for one thread to add with.
    ///
    /// Takes a lock, and allocates a block unless one was given back: a thread makes its writer once.
    #[must_use]
    pub fn writer(&self) -> Writer<N> {
        let mut blocks = lock(&self.shared);
        let block = blocks.free.pop().unwrap_or_else(|| {
            let block = Arc::new(Block::new());
            blocks.all.push(Arc::clone(&block));
            // A writer that is dropped gives its block back without allocating.
            let missing = blocks.all.len() - blocks.free.len();
            blocks.free.reserve(missing);
            block
        });
        drop(blocks);
        Writer { block, shared: Arc::clone(&self.shared), not_sync: PhantomData }
    }

    /// The sums over all writers, past and present: array of shape `[N]`.
    ///
    /// Writers go on meanwhile. Each sum is at least what was there when the call began and at most what is there when it ends
    /// (counting modulo 2^64); two counters of one snapshot may stem from slightly different moments.
    #[must_use]
    pub fn snapshot(&self) -> [u64; N] {
        let mut sums = [0_u64; N];
        for block in &lock(&self.shared).all {
            for (sum, value) in sums.iter_mut().zip(&block.values) {
                *sum = sum.wrapping_add(value.load(Ordering::Relaxed));
            }
        }
        sums
    }

    /// How many blocks exist: the largest number of writers that lived at the same time.
    #[must_use]
    pub fn blocks(&self) -> usize {
        lock(&self.shared).all.len()
    }

    /// How much memory the blocks take, in bytes, without the allocator's own share.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.blocks() * size_of::<Block<N>>()
    }
}

/// The list is changed by single pushes and pops, so it is whole even where a holder panicked.
fn lock<const N: usize>(shared: &Mutex<Blocks<N>>) -> MutexGuard<'_, Blocks<N>> {
    shared.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

impl<const N: usize> Clone for Counters<N> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared) }
    }
}

impl<const N: usize> Default for Counters<N> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const N: usize> fmt::Debug for Counters<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Counters").field("blocks", &self.blocks()).field("sums", &self.snapshot()).finish()
    }
}

/// One thread's handle to add with.
///
/// `Send`, so a thread can be given its writer; not `Sync` and not `Clone`, so a block has one writer. Dropping it keeps what
/// was counted and frees the block for the next writer.
///
/// ```compile_fail,E0277
/// fn is_shared<T: Sync>() {}
/// is_shared::<wf_aligned::Writer<1>>();
/// ```
///
/// ```compile_fail,E0277
/// fn is_copied<T: Clone>() {}
/// is_copied::<wf_aligned::Writer<1>>();
/// ```
pub struct Writer<const N: usize> {
    block: Arc<Block<N>>,
    shared: Arc<Mutex<Blocks<N>>>,
    /// `Cell` is `Send` and not `Sync`.
    not_sync: PhantomData<Cell<()>>,
}

impl<const N: usize> Writer<N> {
    /// Adds to one counter, modulo 2^64.
    ///
    /// A plain memory increment: no lock prefix, no fence.
    ///
    /// # Panics
    /// When `index` is not below `N`.
    #[inline]
    pub fn add(&mut self, index: usize, n: u64) {
        self.add_unshared(index, n);
    }

    /// What this block holds: the own additions and those of the block's earlier writers.
    #[must_use]
    pub fn block_value(&self, index: usize) -> u64 {
        self.block.values[index].load(Ordering::Relaxed)
    }

    /// Adds through a shared reference, for [`LocalWriter`](crate::LocalWriter): still one thread, since `Self` is not `Sync`.
    #[inline]
    pub(crate) fn add_unshared(&self, index: usize, n: u64) {
        let value = &self.block.values[index];
        // Relaxed is enough: this thread is the only writer (invariant 1), and a reader wants a number, not an order.
        value.store(value.load(Ordering::Relaxed).wrapping_add(n), Ordering::Relaxed);
    }
}

impl<const N: usize> Drop for Writer<N> {
    fn drop(&mut self) {
        let block = Arc::clone(&self.block);
        lock(&self.shared).free.push(block);
    }
}

impl<const N: usize> fmt::Debug for Writer<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let values: Vec<u64> = (0..N).map(|index| self.block_value(index)).collect();
        f.debug_struct("Writer").field("block", &values).finish()
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    const _: () = assert!(size_of::<Block<1>>() == 128);
    const _: () = assert!(size_of::<Block<16>>() == 128);
    const _: () = assert!(size_of::<Block<43>>() == 384);

    fn is_send<T: Send>() {}

    #[test]
    fn writers_move_between_threads_and_counters_are_shared() {
        is_send::<Writer<3>>();
        fn is_shared<T: Send + Sync + Clone>() {}
        is_shared::<Counters<3>>();
    }

    #[test]
    fn blocks_begin_on_a_line_pair() {
        let counters: Counters<43> = Counters::new();
        let writers: Vec<_> = (0..8).map(|_| counters.writer()).collect();
        for writer in &writers {
            assert_eq!(core::ptr::from_ref(&*writer.block).addr() % 128, 0);
        }
        assert_eq!(counters.bytes(), 8 * 384);
    }

    #[test]
    fn a_dropped_writer_leaves_its_values_and_its_block() {
        let counters: Counters<2> = Counters::new();
        for round in 1..=100 {
            let mut writer = counters.writer();
            writer.add(0, 1);
            writer.add(1, round);
            drop(writer);
            assert_eq!(counters.snapshot(), [round, round * (round + 1) / 2]);
        }
        assert_eq!(counters.blocks(), 1);
    }

    #[test]
    fn as_many_blocks_as_writers_at_once() {
        let counters: Counters<1> = Counters::new();
        let mut three: Vec<_> = (0..3).map(|_| counters.writer()).collect();
        three.iter_mut().for_each(|writer| writer.add(0, 1));
        drop(three);
        let _four: Vec<_> = (0..4).map(|_| counters.writer()).collect();
        assert_eq!((counters.blocks(), counters.snapshot()), (4, [3]));
    }

    #[test]
    fn counting_wraps() {
        let counters: Counters<1> = Counters::new();
        let mut writer = counters.writer();
        writer.add(0, u64::MAX);
        writer.add(0, 3);
        assert_eq!((writer.block_value(0), counters.snapshot()), (2, [2]));
    }

    #[test]
    fn counters_outlive_their_handles() {
        let mut writer = Counters::<1>::new().writer();
        writer.add(0, 1);
        assert_eq!(format!("{writer:?}"), "Writer { block: [1] }");
    }

    #[test]
    #[should_panic(expected = "index out of bounds")]
    fn an_index_past_the_end_panics() {
        Counters::<2>::new().writer().add(2, 1);
    }
}
