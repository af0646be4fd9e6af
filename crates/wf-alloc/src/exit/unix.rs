//! A POSIX thread-specific key: its destructor runs at the thread's end, after Rust's thread-local destructors
//! where the C library has `__cxa_thread_atexit_impl`. Setting it calls nothing of Rust's.

use core::ffi::c_void;
use core::ptr;
use std::sync::atomic::{AtomicU64, Ordering};

/// The key plus one; zero: none yet.
static KEY: AtomicU64 = AtomicU64::new(0);

/// Has [`thread::ended`](crate::thread::ended) called with `index` when the calling thread ends. False: cannot be had.
///
/// The main thread's end is the process's: nothing is called then, and nothing needs to be.
pub(crate) fn announce(index: u32) -> bool {
    let Some(key) = key() else { return false };
    // Never null, as a null value would not be announced.
    let value = ptr::without_provenance::<c_void>(index as usize + 1);
    // SAFETY: `key` was created and is never deleted; the value is not dereferenced by anyone.
    unsafe { libc::pthread_setspecific(key, value) == 0 }
}

fn key() -> Option<libc::pthread_key_t> {
    let known = KEY.load(Ordering::Acquire);
    if known != 0 {
        return libc::pthread_key_t::try_from(known - 1).ok();
    }
    let mut key = 0;
    // SAFETY: `key` is valid for a write, and `at_end` has the signature of a destructor and does not unwind.
    if unsafe { libc::pthread_key_create(&raw mut key, Some(at_end)) } != 0 {
        return None;
    }
    match KEY.compare_exchange(0, u64::from(key) + 1, Ordering::AcqRel, Ordering::Acquire) {
        Ok(_) => Some(key),
        Err(first) => {
            // SAFETY: this thread created `key` and, having lost the race, never used it.
            unsafe { libc::pthread_key_delete(key) };
            libc::pthread_key_t::try_from(first - 1).ok()
        }
    }
}

unsafe extern "C" fn at_end(value: *mut c_void) {
    // The value is the index plus one, which fitted an u32 when it was set.
    crate::thread::ended((value.addr() - 1) as u32);
}

#[cfg(test)]
mod tests {
    use core::alloc::{GlobalAlloc, Layout};
    use std::alloc::System;

    use crate::counting::Counting;
    use crate::process::{ROSTER, process_counts};

    /// Threads that end leave nothing behind but their counts: there are as many slots as threads at once, not as threads ever.
    #[test]
    fn a_slot_comes_back_when_its_thread_ends() {
        static HEAP: Counting<System> = Counting::new(System);
        const LAYOUT: Layout = Layout::new::<u64>();
        let before = process_counts().allocs;
        for _ in 0..500 {
            std::thread::spawn(|| {
                // SAFETY: the layout has a size.
                let block = unsafe { HEAP.alloc(LAYOUT) };
                // SAFETY: the block came from this heap with this layout.
                unsafe { HEAP.dealloc(block, LAYOUT) };
            })
            .join()
            .unwrap();
        }
        assert!(process_counts().allocs - before >= 500);
        assert!(ROSTER.len() < 64, "{} slots", ROSTER.len());
    }
}
