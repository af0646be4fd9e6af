//! Counters for code that has no place to keep a writer.

use core::fmt;
use core::marker::PhantomData;
use std::sync::LazyLock;
use std::thread::LocalKey;

use crate::{Counters, Writer};

/// A writer that adds through a shared reference, for a thread-local.
///
/// Neither `Send` nor `Sync`: it stays in the thread that made it, which is therefore the single writer.
///
/// ```compile_fail,E0277
/// fn is_sent<T: Send>() {}
/// is_sent::<wf_aligned::LocalWriter<1>>();
/// ```
pub struct LocalWriter<const N: usize> {
    writer: Writer<N>,
    not_send: PhantomData<*const ()>,
}

impl<const N: usize> LocalWriter<N> {
    /// Ties a writer to this thread.
    #[must_use]
    pub fn new(counters: &Counters<N>) -> Self {
        Self { writer: counters.writer(), not_send: PhantomData }
    }

    /// Adds to one counter, modulo 2^64.
    ///
    /// # Panics
    /// When `index` is not below `N`.
    #[inline]
    pub fn add(&self, index: usize, n: u64) {
        self.writer.add_unshared(index, n);
    }
}

impl<const N: usize> fmt::Debug for LocalWriter<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("LocalWriter").field(&self.writer).finish()
    }
}

/// Counters in a `static` that every thread adds to through a block of its own.
///
/// Made by [`thread_counters!`](crate::thread_counters). Costs a look at the thread-local's state more than
/// [`Writer::add`]; a thread with an owner for its writer uses that.
pub struct ThreadCounters<const N: usize> {
    counters: &'static LazyLock<Counters<N>>,
    local: &'static LocalKey<LocalWriter<N>>,
}

impl<const N: usize> ThreadCounters<N> {
    #[doc(hidden)]
    #[must_use]
    pub const fn new(
        counters: &'static LazyLock<Counters<N>>,
        local: &'static LocalKey<LocalWriter<N>>,
    ) -> Self {
        Self { counters, local }
    }

    /// Adds to one counter, modulo 2^64. A thread's first call registers the thread.
    ///
    /// While a thread tears down its thread-locals its writer may be gone already; the addition is then made through a writer of
    /// its own, so that nothing is lost.
    ///
    /// # Panics
    /// When `index` is not below `N`.
    #[inline]
    pub fn add(&self, index: usize, n: u64) {
        if self.local.try_with(|writer| writer.add(index, n)).is_err() {
            self.counters.writer().add(index, n);
        }
    }

    /// The sums over all threads, past and present; see [`Counters::snapshot`].
    #[must_use]
    pub fn snapshot(&self) -> [u64; N] {
        self.counters.snapshot()
    }

    /// The counters themselves, for writers with an owner.
    #[must_use]
    pub fn counters(&self) -> &'static Counters<N> {
        self.counters
    }
}

impl<const N: usize> fmt::Debug for ThreadCounters<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ThreadCounters").field(&**self.counters).finish()
    }
}

/// Declares a `static` of type [`ThreadCounters`].
///
/// # Example
/// ```
/// wf_aligned::thread_counters! {
///     /// Requests begun and ended.
///     pub static REQUESTS: 2;
/// }
///
/// std::thread::scope(|scope| {
///     for _ in 0..4 {
///         scope.spawn(|| REQUESTS.add(1, 10));
///     }
/// });
/// assert_eq!(REQUESTS.snapshot(), [0, 40]);
/// ```
#[macro_export]
macro_rules! thread_counters {
    ($($(#[$meta:meta])* $visibility:vis static $name:ident: $count:expr;)+) => {$(
        $(#[$meta])*
        $visibility static $name: $crate::ThreadCounters<{ $count }> = {
            static COUNTERS: $crate::__private::LazyLock<$crate::Counters<{ $count }>> =
                $crate::__private::LazyLock::new($crate::Counters::new);
            $crate::__private::thread_local! {
                static LOCAL: $crate::LocalWriter<{ $count }> = $crate::LocalWriter::new(&COUNTERS);
            }
            $crate::ThreadCounters::new(&COUNTERS, &LOCAL)
        };
    )+};
}
