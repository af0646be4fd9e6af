//! The records: 16-byte keys and values of a chosen mean size, both computed from a number.

use std::path::PathBuf;

/// Where the stores are kept between runs: `WF_PEERS_STORES`, or beside the program.
pub fn folder() -> PathBuf {
    std::env::var_os("WF_PEERS_STORES").map_or_else(
        || {
            let program = std::env::current_exe().expect("this program's own path");
            program.with_file_name("stores")
        },
        PathBuf::from,
    )
}

/// A set of records.
#[derive(Clone, Copy, Debug)]
pub struct Data {
    /// What it is called in the names of subjects and folders.
    pub name: &'static str,
    /// How many.
    pub count: u64,
    /// Mean bytes of a value; sizes are uniform from half of it to one and a half.
    pub mean_bytes: u64,
}

/// The three sets that the bars speak of, and a smaller one for what is loaded whole.
pub const SETS: [Data; 4] = [
    Data { name: "1m", count: 1_000_000, mean_bytes: 500 },
    Data { name: "10k", count: 10_000, mean_bytes: 7_000 },
    Data { name: "10m", count: 10_000_000, mean_bytes: 80 },
    Data { name: "200k", count: 200_000, mean_bytes: 500 },
];

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

/// The first byte of the `n`-th value.
#[inline]
pub fn first_byte(n: u64) -> u8 {
    mix(n) as u8
}

/// A number below `count` from the high bits.
#[inline]
pub fn pick(state: u64, count: u64) -> u64 {
    ((u128::from(state) * u128::from(count)) >> 64) as u64
}

impl Data {
    /// The folder of its files; see [`folder`].
    pub fn folder(&self) -> PathBuf {
        folder().join(self.name)
    }

    /// The `n`-th value: text-like, its first byte computed from `n`.
    pub fn value(&self, n: u64, into: &mut Vec<u8>) {
        into.clear();
        let half = self.mean_bytes / 2;
        let len = half + mix(n ^ 77) % (self.mean_bytes + 1);
        into.push(first_byte(n));
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
