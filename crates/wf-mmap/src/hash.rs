//! The keyed hash of format 1: two folded multiplications per key.
//!
//! A short keyed hash beats a perfect hash here: a perfect hash gains a little on hits and loses on misses, and
//! needs a second structure. The seed stands in the file, so that keys from strangers can be hashed with a seed
//! that strangers do not know.

/// The key schedule of one file.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hasher {
    start: u64,
    step: u64,
    last: u64,
}

impl Hasher {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            start: splitmix(seed, 1),
            step: splitmix(seed, 2),
            // Odd, so that the last multiplication loses nothing.
            last: splitmix(seed, 3) | 1,
        }
    }

    /// The hash of a key's bytes as they stand in the file.
    #[inline]
    pub(crate) fn hash(&self, key: &[u8]) -> u64 {
        let mut state = self.start ^ key.len() as u64;
        let (blocks, tail) = key.as_chunks::<16>();
        for block in blocks {
            state = self.absorb(state, block);
        }
        if !tail.is_empty() || blocks.is_empty() {
            let mut block = [0; 16];
            block[..tail.len()].copy_from_slice(tail);
            state = self.absorb(state, &block);
        }
        fold(state ^ self.step, self.last)
    }

    /// [`Hasher::hash`] of `bytes` bytes (1 to 16) that fill these two words, zeros behind them.
    #[inline]
    pub(crate) fn hash_words(&self, low: u64, high: u64, bytes: u64) -> u64 {
        fold(fold(low ^ self.start ^ bytes, high ^ self.step) ^ self.step, self.last)
    }

    #[inline]
    fn absorb(&self, state: u64, block: &[u8; 16]) -> u64 {
        let both = u128::from_le_bytes(*block);
        fold(both as u64 ^ state, (both >> 64) as u64 ^ self.step)
    }
}

/// The two halves of the 128-bit product, combined.
#[inline]
fn fold(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    product as u64 ^ (product >> 64) as u64
}

/// The `n`-th output of SplitMix64 from `seed`.
fn splitmix(seed: u64, n: u64) -> u64 {
    let mut z = seed.wrapping_add(n.wrapping_mul(0x9E37_79B9_7F4A_7C15));
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// The next seed to try when one led to overlong probes; depends on what was stored, so that it cannot be foreseen
/// by someone who knows only the first seed.
pub(crate) fn next_seed(seed: u64, content: u64) -> u64 {
    splitmix(seed ^ content, 4)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_of_format_1_never_changes() {
        // The same values stand in docs/STORE_FORMAT.md for writers of other readers.
        let hasher = Hasher::new(0);
        let known = [
            hasher.hash(&0u64.to_le_bytes()),
            hasher.hash(&[0; 16]),
            hasher.hash(b""),
            hasher.hash(b"a string of more than sixteen bytes"),
        ];
        let written =
            [0xDBF1_62B5_8F39_B350, 0x9EC7_F96D_711C_4458, 0x5BC1_BDAE_29E3_6648, 0x54E8_9EE7_BDF8_ADEA];
        assert_eq!(known, written);
    }

    #[test]
    fn words_hash_as_their_bytes() {
        let hasher = Hasher::new(5);
        for n in [0, 1, u64::MAX, 0x0123_4567_89ab_cdef] {
            assert_eq!(hasher.hash_words(n, 0, 8), hasher.hash(&n.to_le_bytes()));
            let id = u128::from(n) << 64 | u128::from(!n);
            assert_eq!(hasher.hash_words(!n, n, 16), hasher.hash(&id.to_le_bytes()));
        }
    }

    #[test]
    fn bits_are_spread_over_structured_keys() {
        // Sequential numbers, numbers with only high bits, and ids that differ in one byte: each of the top and the
        // bottom 8 bits must fill its 256 cells evenly (chi-squared with 255 degrees of freedom; mean 255, the
        // bound is 8 standard deviations up).
        let keys: [&dyn Fn(u64) -> [u8; 16]; 4] = [
            &|i| u128::from(i).to_le_bytes(),
            &|i| (u128::from(i) << 64).to_le_bytes(),
            &|i| (u128::from(i) << 100).to_le_bytes(),
            &|i| (u128::from(i) | u128::from(i) << 64).to_le_bytes(),
        ];
        let hasher = Hasher::new(1);
        for make in keys {
            for shift in [0, 8, 16, 56] {
                let mut cells = [0f64; 256];
                for i in 0..65_536 {
                    cells[(hasher.hash(&make(i)) >> shift) as usize & 255] += 1.0;
                }
                let chi: f64 = cells.iter().map(|n| (n - 256.0).powi(2) / 256.0).sum();
                assert!(chi < 255.0 + 8.0 * (2.0f64 * 255.0).sqrt(), "shift {shift}: {chi}");
            }
        }
    }
}
