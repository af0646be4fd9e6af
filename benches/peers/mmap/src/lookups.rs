//! Look-ups as subjects: hits each of which needs the value that the last one found, hits by themselves, misses.

use wf_gate::Batch;

use crate::data::{Data, first_byte, key, mix, pick};
use crate::stores::Peer;

/// Hits of a run.
pub const HITS: u32 = 20_000;
/// Misses of a run: they are short, and a filter or a table of tags should be where steady use keeps it.
pub const MISSES: u32 = 100_000;

/// The hits of one store over one set.
pub fn hits<P: Peer, const SET: usize>() -> Box<dyn Batch> {
    let data = crate::data::SETS[SET];
    Box::new(Dependent { get: warm::<P>(data), count: data.count, turn: 0, finds: P::FINDS })
}

/// The misses of one store over one set.
pub fn misses<P: Peer, const SET: usize>() -> Box<dyn Batch> {
    let data = crate::data::SETS[SET];
    Box::new(Misses { get: warm::<P>(data), count: data.count, turn: 0, keys: Vec::new() })
}

/// Opens a store and touches all of it: the page cache and the process's own page tables are warm.
fn warm<P: Peer>(data: Data) -> impl Fn(&[u8; 16]) -> Option<u8> + 'static {
    let get = P::open(data);
    let step = (data.count / 2_500_000).max(1);
    let found = (0..data.count).step_by(step as usize).filter(|n| get(&key(*n)).is_some()).count() as u64;
    assert!(!P::FINDS || found == data.count.div_ceil(step), "every key is there");
    get
}

/// Each key is computed from the value before it.
struct Dependent<G> {
    get: G,
    count: u64,
    turn: u64,
    finds: bool,
}

impl<G> Dependent<G> {
    #[inline(always)]
    fn chain(&self, get: impl Fn(u64) -> u8) -> u64 {
        let (mut state, mut sum) = (mix(self.turn), 0);
        for _ in 0..HITS {
            let byte = get(pick(state, self.count));
            sum += u64::from(byte);
            state = state.wrapping_mul(0x5851_F42D_4C95_7F2D).wrapping_add(u64::from(byte) | 1);
        }
        sum
    }
}

impl<G: Fn(&[u8; 16]) -> Option<u8>> Batch for Dependent<G> {
    fn prepare(&mut self) {
        self.turn += 1;
    }

    #[inline(never)]
    fn run(&mut self) -> u64 {
        self.chain(|n| (self.get)(&key(n)).unwrap_or(0))
    }

    fn expected(&mut self) -> Option<u64> {
        // Two plain accesses find bytes of no meaning.
        self.finds.then(|| self.chain(first_byte))
    }
}

/// Keys stand in memory before the clock starts, as a caller's do.
struct Misses<G> {
    get: G,
    count: u64,
    turn: u64,
    keys: Vec<[u8; 16]>,
}

impl<G: Fn(&[u8; 16]) -> Option<u8>> Batch for Misses<G> {
    fn prepare(&mut self) {
        self.turn += 1;
        let numbers = (0..u64::from(MISSES)).map(|i| pick(mix(self.turn << 32 | i), self.count));
        self.keys.clear();
        self.keys.extend(numbers.map(|n| key(self.count + n)));
    }

    #[inline(never)]
    fn run(&mut self) -> u64 {
        self.keys.iter().map(|key| u64::from((self.get)(key).is_some())).sum()
    }

    fn expected(&mut self) -> Option<u64> {
        Some(0)
    }
}
