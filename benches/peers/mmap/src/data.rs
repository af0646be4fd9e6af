//! The records: 16-byte keys and values of a chosen mean size, both computed from a number.

/// A set of records.
#[derive(Clone, Copy, Debug)]
pub struct Data {
    /// How many.
    pub count: u64,
    /// Mean bytes of a value; sizes are uniform from half of it to one and a half.
    pub mean_bytes: u64,
}

/// The finalizer of SplitMix64.
#[inline]
pub fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// The `n`-th key; numbers from `count` on are in no store.
#[inline]
pub fn key(n: u64) -> [u8; 16] {
    let low = mix(n.wrapping_add(0x9E37_79B9_7F4A_7C15));
    (u128::from(low) | u128::from(mix(low)) << 64).to_le_bytes()
}

impl Data {
    /// The `n`-th value: text-like, its first byte computed from `n`.
    pub fn value(&self, n: u64, into: &mut Vec<u8>) {
        into.clear();
        let half = self.mean_bytes / 2;
        let len = half + mix(n ^ 77) % (self.mean_bytes + 1);
        into.push(mix(n) as u8);
        let mut state = mix(n ^ 1234);
        while (into.len() as u64) < len {
            state = state.wrapping_mul(0x5851_F42D_4C95_7F2D).wrapping_add(1);
            let word = WORDS[(state >> 33) as usize % WORDS.len()];
            into.extend_from_slice(word.as_bytes());
            into.push((state >> 60) as u8 + b'0');
        }
        into.truncate(len.max(1) as usize);
    }
}

const WORDS: [&str; 16] = [
    "approve",
    "\"task\":",
    "\"gateway\":",
    "parallel",
    "invoice",
    "\"id\":\"",
    "\"flow\":",
    "{\"name\":",
    "review",
    "manager",
    "\",\"",
    "exclusive",
    "timer",
    "archive",
    "customer",
    "}],",
];
