//! Reads of wf-registry beside indexing a static array: dependent chains, so that each look-up waits for the last.

use std::hint::black_box;

use wf_gate::{Batch, Subject};
use wf_registry::{Frozen, Reader, Registry, Resource, Swap};

const READS: u32 = 1_024;

/// Each entry names the next one: a cycle through all sixteen.
static NEXT: [u32; 16] = [3, 8, 13, 2, 7, 12, 1, 6, 11, 0, 5, 10, 15, 4, 9, 14];

/// Where walks begin, and, since they go round a whole number of times, where they end: not 0, which a look-up that finds nothing gives.
const FIRST: u32 = 7;

/// A shorter cycle would be fewer keys than the rules say.
const _: () = {
    let (mut id, mut steps) = (NEXT[FIRST as usize], 1);
    while id != FIRST {
        id = NEXT[id as usize];
        steps += 1;
    }
    assert!(steps == NEXT.len() && (READS as usize).is_multiple_of(steps));
};

static TABLE: Resource<[u32; 16]> = Resource::new(|| NEXT);

/// A walk through the sixteen entries, its step inlined into the loop.
struct Walk<S, F> {
    state: S,
    walk: F,
}

impl<S, F: FnMut(&mut S) -> u32> Batch for Walk<S, F> {
    fn run(&mut self) -> u64 {
        u64::from((self.walk)(&mut self.state))
    }

    fn expected(&mut self) -> Option<u64> {
        Some(u64::from(FIRST))
    }
}

fn frozen() -> Frozen<u32> {
    let mut registry = Registry::new();
    for (index, next) in NEXT.into_iter().enumerate() {
        registry.register(&format!("entry {index}"), next).expect("sixteen different names");
    }
    registry.freeze()
}

/// The subjects of wf-registry.
#[must_use]
pub fn subjects() -> Vec<Subject> {
    let mut all = Vec::new();
    let mut push = |id, make| all.push(Subject { id, ops: READS, make });
    push("registry.static_array", || walk((), |(), id| black_box(&NEXT)[id as usize]));
    push("registry.get", || walk(frozen(), |table, id| black_box(&*table).get(id).copied().unwrap_or(0)));
    push("registry.resource_get", || walk((), |(), id| black_box(&TABLE).get()[id as usize]));
    push("registry.swap_get", || {
        let swap = Swap::new(NEXT);
        walk(swap.reader(), |reader: &mut Reader<[u32; 16]>, id| black_box(reader).get()[id as usize])
    });
    all
}

/// The step is a type of its own for each caller, so it is inlined into the loop.
fn walk<S: 'static>(state: S, next: impl Fn(&mut S, u32) -> u32 + 'static) -> Box<dyn Batch> {
    Box::new(Walk { state, walk: move |state: &mut S| (0..READS).fold(FIRST, |id, _| next(state, id)) })
}
