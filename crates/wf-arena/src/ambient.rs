//! An arena that every thread has without asking.

use crate::arena::Arena;
use crate::scope::Scope;
use crate::stack::{Node, Stack};
use crate::stats::ArenaStats;

thread_local! {
    static IDLE: Stack = const { Stack::new() };
}

/// The calling thread's own arena, reached from anywhere.
///
/// Prefer an [`Arena`] that is passed as a value where one can be: it says in its type who uses it. The ambient one is
/// for code whose signatures are fixed, such as callbacks.
///
/// The arena is taken out of its slot for the time of the call. So a call within a call gets a second arena (kept for
/// the next time), and after a panic the slot is whole. Nothing allocated can leave the closure:
///
/// ```
/// use wf_arena::ArenaAllocator;
///
/// let sum: u64 = ArenaAllocator::with(|scope| {
///     let numbers = scope.alloc_slice_copy(&[1_u64, 2, 3]);
///     ArenaAllocator::with(|inner| *inner.alloc(numbers.iter().sum::<u64>()))
/// });
/// assert_eq!(sum, 6);
/// ```
/// ```compile_fail
/// let escaped = wf_arena::ArenaAllocator::with(|scope| scope.alloc(1));
/// ```
///
/// Arenas are freed when their thread ends. A call from the destructor of a thread-local value gets one of its own.
#[derive(Clone, Copy, Debug)]
pub struct ArenaAllocator;

/// Puts the arena back, in a panic as well.
struct PutBack(Option<Box<Node>>);

impl Drop for PutBack {
    #[inline]
    fn drop(&mut self) {
        if let Some(node) = self.0.take() {
            // Where there is no slot any more the arena is freed with the closure.
            let _ = IDLE.try_with(|idle| idle.put(node));
        }
    }
}

impl ArenaAllocator {
    /// Runs `f` with a scope of the calling thread's arena.
    ///
    /// What `f` allocates is taken back by the next call.
    #[inline]
    pub fn with<R>(f: impl for<'s> FnOnce(Scope<'s>) -> R) -> R {
        let idle = IDLE.try_with(Stack::take).ok().flatten();
        let mut taken = PutBack(Some(idle.unwrap_or_else(new_node)));
        match &mut taken.0 {
            Some(node) => f(node.arena.scope()),
            None => unreachable!("it was put there just now"),
        }
    }

    /// Returns the statistics of the arena that the next call gets; zeros if there is none yet.
    pub fn stats() -> ArenaStats {
        let taken = PutBack(IDLE.try_with(Stack::take).ok().flatten());
        taken.0.as_ref().map(|node| node.arena.stats()).unwrap_or_default()
    }
}

#[cold]
#[inline(never)]
fn new_node() -> Box<Node> {
    Node::new(Arena::new())
}
