//! Appending where the room is known.

use core::ptr::NonNull;

use crate::bump::Bump;
use crate::scope::Scope;
use crate::vec::Vec;

/// Appends values to a [`Vec`] in room that it has already.
///
/// A place and a length in registers, for a loop that appends something at every turn and keeps it at some: the value is
/// written and then counted or not, so that there is no branch that a processor would have to guess. What was appended
/// is in the vector after [`finish`](Self::finish).
///
/// # Examples
/// ```
/// let mut arena = wf_arena::Arena::new();
/// let scope = arena.scope();
/// let mut even = scope.vec(10);
/// let mut filler = even.filler();
/// for number in 0..10 {
///     filler.push_if(number, number % 2 == 0);
/// }
/// filler.finish();
/// assert_eq!(*even, [0, 2, 4, 6, 8]);
/// ```
#[derive(Debug)]
#[must_use = "what was appended counts once the filler is finished"]
pub struct Filler<'v, 's, T: Copy, B: Bump<'s> = Scope<'s>> {
    /// Invariant: between the vector's first place and `end`, and all values before it are initialised.
    next: NonNull<T>,
    /// Invariant: the end of the vector's block, which is borrowed.
    end: NonNull<T>,
    vec: &'v mut Vec<'s, T, B>,
}

impl<'v, 's, T: Copy, B: Bump<'s>> Filler<'v, 's, T, B> {
    /// For a vector, with the place behind its last value and the end of its block.
    #[inline]
    pub(crate) const fn new(vec: &'v mut Vec<'s, T, B>, next: NonNull<T>, end: NonNull<T>) -> Self {
        const { assert!(size_of::<T>() > 0, "values of size zero have no places of their own") };
        Self { next, end, vec }
    }

    /// How many more values there is room for.
    #[inline]
    #[must_use]
    pub fn room(&self) -> usize {
        (self.end.addr().get() - self.next.addr().get()) / size_of::<T>()
    }

    /// Appends a value if `keeps`, in the same time either way.
    ///
    /// # Panics
    /// If there is no room for it, kept or not.
    #[inline(always)]
    #[track_caller]
    pub fn push_if(&mut self, value: T, keeps: bool) {
        assert!(self.next < self.end, "no room for another value");
        // SAFETY: before the end of the block there is a place, valid for writes by the invariants.
        unsafe { self.next.write(value) };
        // SAFETY: that place lies in the block, so the one behind it is at most the end.
        let behind = unsafe { self.next.add(1) };
        self.next = core::hint::select_unpredictable(keeps, behind, self.next);
    }

    /// Appends a value.
    ///
    /// # Panics
    /// If there is no room for it.
    #[inline(always)]
    #[track_caller]
    pub fn push(&mut self, value: T) {
        self.push_if(value, true);
    }

    /// Appends the first `keeps` of some values, at most all, in the same time however many those are.
    ///
    /// # Panics
    /// If there is no room for all of them, kept or not.
    #[inline(always)]
    #[track_caller]
    pub fn push_some<const N: usize>(&mut self, values: [T; N], keeps: usize) {
        assert!(self.room() >= N, "no room for so many values");
        // SAFETY: up to the end of the block there are so many places, valid for writes by the invariants; an array has the
        // alignment of its elements.
        unsafe { self.next.cast::<[T; N]>().write(values) };
        // SAFETY: at most as many places on as were just written, so still in the block or at its end.
        self.next = unsafe { self.next.add(keeps.min(N)) };
    }

    /// Hands what was appended to the vector.
    #[inline]
    pub fn finish(self) {
        let len = self.vec.capacity() - self.room();
        // SAFETY: the values before `next` are initialised, and as many as lie between the vector's first place and it.
        unsafe { self.vec.set_len(len) };
    }
}

#[cfg(test)]
mod tests {
    use crate::Arena;

    #[test]
    fn what_is_kept_is_appended_and_the_rest_is_overwritten() {
        let mut arena = Arena::new();
        let scope = arena.scope();
        let mut vec = scope.vec(0);
        vec.push(7u32);
        vec.reserve(5);
        let capacity = vec.capacity();
        let mut filler = vec.filler();
        assert_eq!(filler.room(), capacity - 1);
        for number in 0..20u32 {
            filler.push_if(number, number % 5 == 4);
            assert!(filler.room() >= 1 || number == 19);
        }
        filler.finish();
        assert_eq!(*vec, [7, 4, 9, 14, 19]);
        // A filler that is not finished appends nothing.
        vec.reserve(1);
        vec.filler().push(1);
        assert_eq!(vec.len(), 5);
        vec.push(2);
        assert_eq!(*vec, [7, 4, 9, 14, 19, 2]);
    }

    #[test]
    fn of_several_values_the_first_are_kept() {
        let mut arena = Arena::new();
        let scope = arena.scope();
        let mut vec = scope.vec(11);
        let mut filler = vec.filler();
        for keeps in 0..=5usize {
            let first = keeps as u64 * 10;
            // More than there are keeps all.
            filler.push_some([first, first + 1, first + 2, first + 3], keeps);
            if filler.room() < 4 {
                break;
            }
        }
        filler.finish();
        assert_eq!(*vec, [10, 20, 21, 30, 31, 32, 40, 41, 42, 43]);
    }

    #[test]
    #[should_panic(expected = "no room for so many values")]
    fn several_values_need_room_for_all() {
        let mut arena = Arena::new();
        let scope = arena.scope();
        let mut vec = scope.vec(0);
        vec.extend_from_slice(&[0u8; 8]);
        let spare = vec.capacity() - vec.len();
        vec.extend_from_slice(&alloc::vec![0; spare]);
        vec.filler().push_some([1, 2], 0);
    }

    #[test]
    #[should_panic(expected = "no room for another value")]
    fn a_full_vector_takes_no_more() {
        let mut arena = Arena::new();
        let scope = arena.scope();
        let mut vec = scope.vec(2);
        vec.extend_from_slice(&[1u64, 2]);
        let mut filler = vec.filler();
        while filler.room() > 0 {
            filler.push(3);
        }
        filler.push_if(3, false);
    }

    #[test]
    fn touching_the_room_changes_no_value() {
        let mut arena = Arena::new();
        let scope = arena.scope();
        for (len, capacity) in [(0, 0), (1, 1), (3, 10_000), (9_999, 10_000)] {
            let mut vec = scope.vec(capacity);
            vec.extend_from_slice(&alloc::vec![7u64; len]);
            vec.touch_room();
            assert!(vec.len() == len && vec.iter().all(|&value| value == 7), "{len} of {capacity}");
        }
        let mut units = scope.vec(5);
        units.push(());
        units.touch_room();
        assert_eq!(units.len(), 1);
    }

    #[test]
    fn an_empty_vector_has_no_room() {
        let mut arena = Arena::new();
        let scope = arena.scope();
        let mut vec = scope.vec::<u16>(0);
        let filler = vec.filler();
        assert_eq!(filler.room(), 0);
        filler.finish();
        assert!(vec.is_empty());
    }
}
