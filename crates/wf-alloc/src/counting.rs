//! An allocator that counts what passes through it.

use core::alloc::{GlobalAlloc, Layout};

use crate::request::{Method, Request};
use crate::thread;

/// Counts every call on its way to `A`, and changes nothing else.
///
/// All instances count into the same places: [`thread_counts`](crate::thread_counts),
/// [`process_counts`](crate::process_counts) and the open scopes of the calling thread. Install one, in a binary:
///
/// ```
/// #[global_allocator]
/// static HEAP: wf_alloc::Counting<wf_alloc::Allocator> = wf_alloc::Counting::new(wf_alloc::Allocator {});
///
/// let before = wf_alloc::thread_counts();
/// let boxed = Box::new([0_u8; 100]);
/// let after = wf_alloc::thread_counts();
/// drop(boxed);
/// assert_eq!((after - before).requests(), 1);
/// assert_eq!((after - before).live_bytes(), 100);
/// ```
///
/// Layouts are passed on as they come: what `A` does with one that breaks `GlobalAlloc`'s contract (an alignment that is no
/// power of two cannot be made without `unsafe`) is between the caller and `A`, and no counter depends on it.
///
/// A null from `A` is handed on as it is and counted as failed. The counting itself neither allocates through the
/// global allocator, nor locks, nor unwinds; it works before `main`, in thread-local destructors and after them.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counting<A> {
    inner: A,
}

impl<A> Counting<A> {
    /// Wraps `inner`.
    #[inline]
    pub const fn new(inner: A) -> Self {
        Counting { inner }
    }

    /// Returns the allocator that does the work.
    #[inline]
    pub const fn inner(&self) -> &A {
        &self.inner
    }
}

// SAFETY: every method hands its arguments to the same method of `A` and returns that method's result, so `A`'s
// promises are this allocator's. The counting touches only its own memory and does not unwind.
unsafe impl<A: GlobalAlloc> GlobalAlloc for Counting<A> {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise for `layout` (size not zero) is the one that `A` asks for.
        let block = unsafe { self.inner.alloc(layout) };
        let request = Request::new(Method::Alloc, layout);
        if block.is_null() {
            thread::failed(request.failed());
        } else {
            thread::allocated(request);
        }
        block
    }

    #[inline]
    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        thread::deallocated(Request::new(Method::Dealloc, layout));
        // SAFETY: the caller got `block` from this allocator, hence from `A`, with this layout.
        unsafe { self.inner.dealloc(block, layout) }
    }

    #[inline]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise for `layout` (size not zero) is the one that `A` asks for.
        let block = unsafe { self.inner.alloc_zeroed(layout) };
        let request = Request::new(Method::AllocZeroed, layout);
        if block.is_null() {
            thread::failed(request.failed());
        } else {
            thread::allocated(request);
        }
        block
    }

    #[inline]
    unsafe fn realloc(&self, block: *mut u8, layout: Layout, new_bytes: usize) -> *mut u8 {
        // SAFETY: the caller got `block` from this allocator, hence from `A`, with this layout, and promises for
        // `new_bytes` what `A` asks for.
        let moved = unsafe { self.inner.realloc(block, layout, new_bytes) };
        let request = Request::realloc(layout, new_bytes);
        if moved.is_null() {
            thread::failed(request.failed());
        } else {
            thread::reallocated(request);
        }
        moved
    }
}
