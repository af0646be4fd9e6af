//! One global value that initialises itself on first use.

use core::any::type_name;
use core::convert::Infallible;
use core::fmt;
use std::sync::OnceLock;

use crate::ResourceError;
use crate::initialisation::{Begin, begin};

/// A lazily initialised value, meant for a `static` of its own.
///
/// The type of the static is the key: no look-up by `TypeId`, no table to search. The initialiser runs exactly once however many
/// threads ask; the others wait for it. An initialiser that panics or fails leaves the resource uninitialised, and the
/// next caller runs it again. One that asks for itself, directly or through other resources or threads, gets an error (from
/// [`try_get`](Self::try_get)) or a panic (from [`get`](Self::get)) instead of a dead-lock.
///
/// # Teardown
/// A value in a `static` is never dropped: at process exit the operating system takes the memory back and no destructor
/// runs. A resource that must be flushed or closed is owned by `main` and passed by reference instead. A resource that is a local
/// or a field is dropped with its owner, in the usual order.
///
/// # Tests
/// Code that takes `&Resource<T>` can be given a fresh resource per test. A static that tests must replace can be
/// [`set`](Self::set) before its first use.
///
/// # Example
/// ```
/// use wf_registry::Resource;
///
/// static SQUARES: Resource<Vec<u64>> = Resource::new(|| (0..8).map(|n| n * n).collect());
/// assert_eq!(SQUARES.get()[3], 9);
/// ```
pub struct Resource<T, E = Infallible> {
    cell: OnceLock<T>,
    initialiser: Initialiser<T, E>,
}

enum Initialiser<T, E> {
    Plain(fn() -> T),
    Fallible(fn() -> Result<T, E>),
}

impl<T> Resource<T> {
    /// Names the initialiser; runs nothing.
    #[must_use]
    pub const fn new(initialiser: fn() -> T) -> Self {
        Self { cell: OnceLock::new(), initialiser: Initialiser::Plain(initialiser) }
    }

    /// The value, initialised if it is not yet.
    ///
    /// Once initialised: one acquire load and one predicted branch.
    ///
    /// # Panics
    /// When the initialiser panics, or asks for itself.
    #[inline]
    pub fn get(&self) -> &T {
        match self.cell.get() {
            Some(value) => value,
            None => self.initialise_or_panic(),
        }
    }

    #[cold]
    fn initialise_or_panic(&self) -> &T {
        match self.initialise() {
            Ok(value) => value,
            Err(error) => panic!("{error}"),
        }
    }
}

impl<T, E> Resource<T, E> {
    /// Names an initialiser that may fail; runs nothing.
    ///
    /// # Example
    /// ```
    /// use wf_registry::Resource;
    ///
    /// static LIMIT: Resource<u32, core::num::ParseIntError> = Resource::fallible(|| "512".parse());
    /// assert_eq!(LIMIT.try_get(), Ok(&512));
    /// ```
    #[must_use]
    pub const fn fallible(initialiser: fn() -> Result<T, E>) -> Self {
        Self { cell: OnceLock::new(), initialiser: Initialiser::Fallible(initialiser) }
    }

    /// The value, initialised if it is not yet.
    ///
    /// # Errors
    /// [`ResourceError::Failed`] with what the initialiser returned, [`ResourceError::Cycle`] when it waits for itself. The
    /// resource stays uninitialised, and the next call tries again.
    ///
    /// # Panics
    /// When the initialiser panics.
    #[inline]
    pub fn try_get(&self) -> Result<&T, ResourceError<E>> {
        match self.cell.get() {
            Some(value) => Ok(value),
            None => self.initialise(),
        }
    }

    /// The value if it is initialised; never runs the initialiser.
    #[inline]
    #[must_use]
    pub fn peek(&self) -> Option<&T> {
        self.cell.get()
    }

    /// Puts a value in place of what the initialiser would make.
    ///
    /// # Errors
    /// Hands the value back when the resource is already initialised.
    pub fn set(&self, value: T) -> Result<(), T> {
        self.cell.set(value)
    }

    /// Takes the value out; the next `get` initialises again.
    ///
    /// Needs the resource exclusively, so nobody can hold a reference into it: it cannot be called on a `static`.
    pub fn take(&mut self) -> Option<T> {
        self.cell.take()
    }

    #[cold]
    fn initialise(&self) -> Result<&T, ResourceError<E>> {
        let address = core::ptr::from_ref(self).addr();
        loop {
            match begin(address, || self.cell.get().is_some()) {
                Begin::Done => {}
                Begin::Cycle => return Err(ResourceError::Cycle { resource: type_name::<T>() }),
                Begin::Mine(_turn) => {
                    let value = match self.initialiser {
                        Initialiser::Plain(initialiser) => initialiser(),
                        Initialiser::Fallible(initialiser) => initialiser().map_err(ResourceError::Failed)?,
                    };
                    // A value that was `set` while the initialiser ran came first, and stays.
                    let _ = self.cell.set(value);
                }
            }
            if let Some(value) = self.cell.get() {
                return Ok(value);
            }
        }
    }
}

impl<T: fmt::Debug, E> fmt::Debug for Resource<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Resource").field(&self.cell.get()).finish()
    }
}
