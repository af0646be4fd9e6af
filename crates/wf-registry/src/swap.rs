//! A value that is replaced while readers run.

use core::fmt;
use core::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};

use crate::sync::{AtomicU64, Mutex, MutexGuard};

/// A shared value with hot reload, such as the table of workflow versions.
///
/// A publisher replaces the whole value; each [`Reader`] notices at its next [`get`](Reader::get). An old value lives
/// until the last reader that saw it has moved on, so a reader may keep working on what it got.
///
/// # Example
/// ```
/// use wf_registry::Swap;
///
/// let versions = Swap::new(vec!["v1"]);
/// let mut reader = versions.reader();
/// assert_eq!(reader.get().len(), 1);
/// versions.publish(vec!["v1", "v2"]);
/// assert_eq!(reader.get().len(), 2);
/// ```
pub struct Swap<T> {
    shared: Arc<Shared<T>>,
}

struct Shared<T> {
    /// Counts publications. Invariant: only changed under the lock of `current`, and after `current` was changed.
    generation: AtomicU64,
    current: Mutex<Arc<T>>,
}

impl<T> Shared<T> {
    /// Only whole assignments happen under the lock, so the value is whole even where a holder panicked.
    fn current(&self) -> MutexGuard<'_, Arc<T>> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The generation is read under the lock, so that it belongs to the value.
    fn load(&self) -> (u64, Arc<T>) {
        let current = self.current();
        (self.generation.load(Ordering::Relaxed), Arc::clone(&current))
    }
}

impl<T> Swap<T> {
    /// Shares a first value, as generation 0.
    #[must_use]
    pub fn new(value: T) -> Self {
        Self {
            shared: Arc::new(Shared { generation: AtomicU64::new(0), current: Mutex::new(Arc::new(value)) }),
        }
    }

    /// Replaces the value and returns the new generation.
    ///
    /// The old value is dropped by whoever lets go of it last: here, if no reader holds it.
    pub fn publish(&self, value: T) -> u64 {
        let value = Arc::new(value);
        let (old, generation) = {
            let mut current = self.shared.current();
            let old = core::mem::replace(&mut *current, value);
            let generation = self.shared.generation.load(Ordering::Relaxed) + 1;
            self.shared.generation.store(generation, Ordering::Release);
            (old, generation)
        };
        // The destructor is the user's code: it runs outside the lock.
        drop(old);
        generation
    }

    /// The current value. Takes a lock: readers on a main path use a [`Reader`].
    #[must_use]
    pub fn load(&self) -> Arc<T> {
        self.shared.load().1
    }

    /// The number of publications so far.
    #[must_use]
    pub fn generation(&self) -> u64 {
        self.shared.generation.load(Ordering::Acquire)
    }

    /// A handle for one reading thread.
    #[must_use]
    pub fn reader(&self) -> Reader<T> {
        let (generation, value) = self.shared.load();
        Reader { shared: Arc::clone(&self.shared), generation, value }
    }
}

impl<T> Clone for Swap<T> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared) }
    }
}

impl<T: fmt::Debug> fmt::Debug for Swap<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (generation, value) = self.shared.load();
        f.debug_struct("Swap").field("generation", &generation).field("value", &value).finish()
    }
}

/// One thread's view of a [`Swap`].
///
/// Holds the value it last saw, so that reading costs one generation check and no shared write.
pub struct Reader<T> {
    shared: Arc<Shared<T>>,
    generation: u64,
    value: Arc<T>,
}

impl<T> Reader<T> {
    /// The current value: one acquire load and one compare while nothing was published.
    #[inline]
    pub fn get(&mut self) -> &T {
        // Acquire: whoever sees generation n also sees what its publisher wrote before.
        if self.shared.generation.load(Ordering::Acquire) != self.generation {
            self.refresh();
        }
        &self.value
    }

    /// Whether nothing was published since this reader last looked: one acquire load.
    #[inline]
    #[must_use]
    pub fn is_current(&self) -> bool {
        self.shared.generation.load(Ordering::Acquire) == self.generation
    }

    /// The value this reader saw last, without looking for a newer one.
    #[inline]
    #[must_use]
    pub fn cached(&self) -> &T {
        &self.value
    }

    /// The generation of the value this reader saw last.
    #[inline]
    #[must_use]
    pub fn generation(&self) -> u64 {
        self.generation
    }

    #[cold]
    fn refresh(&mut self) {
        let (generation, value) = self.shared.load();
        self.generation = generation;
        self.value = value;
    }
}

impl<T> Clone for Reader<T> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared), generation: self.generation, value: Arc::clone(&self.value) }
    }
}

impl<T: fmt::Debug> fmt::Debug for Reader<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reader").field("generation", &self.generation).field("value", &self.value).finish()
    }
}
