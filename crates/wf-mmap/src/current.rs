//! The newest generation of something, for readers that must not wait: one check per batch.
//!
//! A reader keeps the generation it has until it asks again, so a batch never mixes two. The old generation goes when
//! its last reader has moved on.

use crate::sync::{Arc, AtomicU64, Mutex, MutexGuard, Ordering, PoisonError};

/// What stands now, and a way to replace it; cheap to clone.
///
/// ```
/// # use wf_mmap::{Current, Key, Options, Store, StoreBuilder};
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("s.wfs");
/// # let build = |value: &[u8]| -> Result<(), wf_mmap::Error> {
/// #     let mut builder = StoreBuilder::create(&path, Options::default())?;
/// #     builder.add(Key::U64(1), value)?;
/// #     builder.finish().map(drop)
/// # };
/// build(b"old")?;
/// let current = Current::new(Store::open_copy(&path)?);
/// let mut reader = current.reader(); // one per thread
/// assert_eq!(reader.get().get(Key::U64(1))?, Some(&b"old"[..]));
/// build(b"new")?;
/// current.replace(Store::open_copy(&path)?);
/// assert_eq!(reader.get().get(Key::U64(1))?, Some(&b"new"[..]));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Current<T> {
    shared: Arc<Shared<T>>,
}

#[derive(Debug)]
struct Shared<T> {
    /// Counts replacements; changed only while `value` is locked, after `value`.
    generation: AtomicU64,
    value: Mutex<Arc<T>>,
}

/// One thread's view of a [`Current`].
#[derive(Debug)]
pub struct Reader<T> {
    shared: Arc<Shared<T>>,
    generation: u64,
    value: Arc<T>,
}

impl<T> Current<T> {
    /// The first generation.
    pub fn new(value: T) -> Self {
        Self {
            shared: Arc::new(Shared { generation: AtomicU64::new(0), value: Mutex::new(Arc::new(value)) }),
        }
    }

    /// Puts a new generation in place and returns the old one, which readers may still hold.
    pub fn replace(&self, value: T) -> Arc<T> {
        let mut place = lock(&self.shared.value);
        let old = std::mem::replace(&mut *place, Arc::new(value));
        self.shared.generation.fetch_add(1, Ordering::Release);
        old
    }

    /// A view for one thread.
    pub fn reader(&self) -> Reader<T> {
        let (generation, value) = self.shared.both();
        Reader { shared: Arc::clone(&self.shared), generation, value }
    }
}

impl<T> Clone for Current<T> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared) }
    }
}

impl<T> Reader<T> {
    /// The newest generation: one load where nothing was replaced, a short lock where something was.
    ///
    /// Call it once per batch; what it returns stays the same however often the value is replaced meanwhile.
    #[inline]
    pub fn get(&mut self) -> &Arc<T> {
        if self.shared.generation.load(Ordering::Acquire) != self.generation {
            self.refresh();
        }
        &self.value
    }

    #[cold]
    fn refresh(&mut self) {
        // The old value, if this was its last reader, is dropped here, outside the lock.
        (self.generation, self.value) = self.shared.both();
    }
}

impl<T> Shared<T> {
    /// A value and its own generation: under the lock the two belong together.
    fn both(&self) -> (u64, Arc<T>) {
        let value = lock(&self.value);
        (self.generation.load(Ordering::Relaxed), Arc::clone(&value))
    }
}

/// A thread that died while it held the lock left the value whole: it is replaced in one assignment.
fn lock<T>(mutex: &Mutex<Arc<T>>) -> MutexGuard<'_, Arc<T>> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn a_reader_keeps_its_generation_until_it_asks() {
        let current = Current::new(1);
        let mut reader = current.reader();
        let held = Arc::clone(reader.get());
        assert_eq!(*current.replace(2), 1);
        assert_eq!(*held, 1);
        assert_eq!(**reader.get(), 2);
        assert_eq!(Arc::strong_count(&held), 1);
    }
}
