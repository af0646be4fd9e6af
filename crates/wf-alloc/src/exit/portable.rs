//! A thread-local value whose destructor runs at the thread's end, for systems without POSIX keys.
//!
//! The standard library may allocate when it registers the destructor. That call comes back here in the stage
//! `Attaching` and is counted without a slot.

use core::cell::Cell;

struct Announcement(Cell<Option<u32>>);

thread_local! {
    static ANNOUNCEMENT: Announcement = const { Announcement(Cell::new(None)) };
}

impl Drop for Announcement {
    fn drop(&mut self) {
        if let Some(index) = self.0.take() {
            crate::thread::ended(index);
        }
    }
}

/// Has [`thread::ended`](crate::thread::ended) called with `index` when the calling thread ends. False: cannot be had.
pub(crate) fn announce(index: u32) -> bool {
    ANNOUNCEMENT.try_with(|announcement| announcement.0.set(Some(index))).is_ok()
}

#[cfg(test)]
mod tests {
    use crate::process::ROSTER;

    #[test]
    fn a_slot_comes_back_when_its_thread_ends() {
        // Many more threads than the roster could grow by if none came back: it stays small.
        for _ in 0..100 {
            std::thread::spawn(|| {
                let (index, _) = ROSTER.acquire().unwrap();
                assert!(super::announce(index));
            })
            .join()
            .unwrap();
        }
        assert!(ROSTER.len() < 64, "{} slots", ROSTER.len());
    }
}
