//! The list of a program's global resources.

use core::error::Error;
use core::fmt;

use crate::Resource;

/// A resource as the [`GlobalResourceRegistry`] sees it: something to initialise, of any type.
pub trait Initialise: Sync {
    /// Initialises the resource unless it is.
    ///
    /// # Errors
    /// What [`Resource::try_get`] returns.
    fn initialise(&self) -> Result<(), Box<dyn Error + Send + Sync>>;

    /// Whether the resource has a value.
    fn is_initialised(&self) -> bool;
}

impl<T, E> Initialise for Resource<T, E>
where
    T: Send + Sync,
    E: Error + Send + Sync + 'static,
{
    fn initialise(&self) -> Result<(), Box<dyn Error + Send + Sync>> {
        match self.try_get() {
            Ok(_) => Ok(()),
            Err(error) => Err(Box::new(error)),
        }
    }

    fn is_initialised(&self) -> bool {
        self.peek().is_some()
    }
}

/// Every global resource of a program, by name, in the order in which they start.
///
/// The list is written out in the source; nothing registers itself. Reading a resource goes through its own `static` and
/// not through this list, which serves start-up (fail early, in a known order) and reports.
///
/// # Example
/// ```
/// use wf_registry::{GlobalResourceRegistry, Resource};
///
/// static TABLE: Resource<Vec<u8>> = Resource::new(|| vec![1, 2, 3]);
/// static LIMIT: Resource<u32, core::num::ParseIntError> = Resource::fallible(|| "512".parse());
/// static RESOURCES: GlobalResourceRegistry =
///     GlobalResourceRegistry::new(&[("table", &TABLE), ("limit", &LIMIT)]);
///
/// RESOURCES.initialise()?;
/// assert!(RESOURCES.iter().all(|(_, initialised)| initialised));
/// # Ok::<(), wf_registry::StartError>(())
/// ```
#[derive(Clone, Copy)]
pub struct GlobalResourceRegistry {
    resources: &'static [(&'static str, &'static dyn Initialise)],
}

impl GlobalResourceRegistry {
    /// Lists the resources.
    ///
    /// # Panics
    /// When a name occurs twice; for a `static` that is a compile error.
    #[must_use]
    pub const fn new(resources: &'static [(&'static str, &'static dyn Initialise)]) -> Self {
        let mut first = 0;
        while first < resources.len() {
            let mut second = first + 1;
            while second < resources.len() {
                assert!(
                    !same(resources[first].0.as_bytes(), resources[second].0.as_bytes()),
                    "two resources have one name"
                );
                second += 1;
            }
            first += 1;
        }
        Self { resources }
    }

    /// Initialises every resource in the order of the list, and stops at the first that fails.
    ///
    /// # Errors
    /// The name and error of that resource. Those before it stay initialised; a second call goes on from there.
    pub fn initialise(&self) -> Result<(), StartError> {
        for (name, resource) in self.resources {
            resource.initialise().map_err(|source| StartError { resource: name, source })?;
        }
        Ok(())
    }

    /// Every name, and whether the resource is initialised, in the order of the list.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, bool)> {
        self.resources.iter().map(|(name, resource)| (*name, resource.is_initialised()))
    }

    /// How many resources the list has.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.resources.len()
    }

    /// Whether the list is empty.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.resources.is_empty()
    }
}

impl fmt::Debug for GlobalResourceRegistry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

/// String equality that a `const fn` may use.
const fn same(a: &[u8], b: &[u8]) -> bool {
    if a.len() != b.len() {
        return false;
    }
    let mut index = 0;
    while index < a.len() {
        if a[index] != b[index] {
            return false;
        }
        index += 1;
    }
    true
}

/// Which resource of a [`GlobalResourceRegistry`] did not start, and why.
#[derive(Debug)]
pub struct StartError {
    /// The name of the resource in the list.
    pub resource: &'static str,
    /// What its initialiser said.
    pub source: Box<dyn Error + Send + Sync>,
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "resource `{}`: {}", self.resource, self.source)
    }
}

impl Error for StartError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.source)
    }
}
