//! Registry reads: arc-swap, phf, papaya and dashmap on sixteen keys, as dependent chains.

use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};

use arc_swap::ArcSwap;
use dashmap::DashMap;
use wf_gate::{Batch, Subject};
use wf_registry::{Frozen, Reader, Registry, Resource, Swap};

const READS: u32 = 1_024;

/// Each entry names the next one: a cycle through all sixteen.
const NEXT: [u32; 16] = [3, 8, 13, 2, 7, 12, 1, 6, 11, 0, 5, 10, 15, 4, 9, 14];

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

static PERFECT: phf::Map<u32, u32> = phf::phf_map! {
    0_u32 => 3_u32, 1_u32 => 8_u32, 2_u32 => 13_u32, 3_u32 => 2_u32, 4_u32 => 7_u32, 5_u32 => 12_u32,
    6_u32 => 1_u32, 7_u32 => 6_u32, 8_u32 => 11_u32, 9_u32 => 0_u32, 10_u32 => 5_u32, 11_u32 => 10_u32,
    12_u32 => 15_u32, 13_u32 => 4_u32, 14_u32 => 9_u32, 15_u32 => 14_u32,
};

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

fn walk<S: 'static>(state: S, next: impl Fn(&mut S, u32) -> u32 + 'static) -> Box<dyn Batch> {
    Box::new(Walk { state, walk: move |state: &mut S| (0..READS).fold(FIRST, |id, _| next(state, id)) })
}

fn frozen() -> Frozen<u32> {
    let mut registry = Registry::new();
    for (index, next) in NEXT.into_iter().enumerate() {
        registry.register(&format!("entry {index}"), next).expect("sixteen different names");
    }
    registry.freeze()
}

fn pairs() -> impl Iterator<Item = (u32, u32)> {
    (0..).zip(NEXT)
}

/// Reads with a peer.
pub fn subjects() -> Vec<Subject> {
    let mut all = Vec::new();
    let mut push = |id, make| all.push(Subject { id, ops: READS, make });
    push("registry.get", || walk(frozen(), |table, id| black_box(&*table).get(id).copied().unwrap_or(0)));
    push("registry.resource_get", || {
        static TABLE: Resource<[u32; 16]> = Resource::new(|| NEXT);
        walk((), |(), id| black_box(&TABLE).get()[id as usize])
    });
    push("registry.swap_get", || {
        walk(Swap::new(NEXT).reader(), |reader: &mut Reader<[u32; 16]>, id| {
            black_box(reader).get()[id as usize]
        })
    });
    push("registry.arc_swap_load", || {
        walk(ArcSwap::new(Arc::new(NEXT)), |shared, id| black_box(&*shared).load()[id as usize])
    });
    push("registry.phf", || walk((), |(), id| black_box(&PERFECT).get(&id).copied().unwrap_or(0)));
    push("registry.papaya", || {
        let map: papaya::HashMap<u32, u32> = pairs().collect();
        walk(map, |map, id| black_box(&*map).pin().get(&id).copied().unwrap_or(0))
    });
    push("registry.dashmap", || {
        let map: DashMap<u32, u32> = pairs().collect();
        walk(map, |map, id| black_box(&*map).get(&id).map_or(0, |entry| *entry))
    });
    push("registry.papaya_u64", || {
        let map: papaya::HashMap<u64, u32> = pairs().map(|(id, next)| (u64::from(id), next)).collect();
        walk(map, |map, id| black_box(&*map).pin().get(&u64::from(id)).copied().unwrap_or(0))
    });
    push("registry.dashmap_u64", || {
        let map: DashMap<u64, u32> = pairs().map(|(id, next)| (u64::from(id), next)).collect();
        walk(map, |map, id| black_box(&*map).get(&u64::from(id)).map_or(0, |entry| *entry))
    });
    // What a load of arc-swap cannot do without: its slot is taken and given back, an atomic exchange each.
    push("registry.two_exchanges", || {
        walk(AtomicU32::new(0), |slot, id| {
            black_box(&*slot).swap(1, SeqCst);
            _ = black_box(&*slot).compare_exchange(1, 0, SeqCst, SeqCst);
            black_box(&NEXT)[id as usize]
        })
    });
    all
}
