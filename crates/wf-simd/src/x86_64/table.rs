//! Positions of the set bits of a byte, for compaction by shuffle.

/// Byte `k` of entry `b` is the position of the `k`-th set bit of `b`; the bytes after the last one are 0.
pub(crate) static SET_BITS: [u64; 256] = set_bits();

const fn set_bits() -> [u64; 256] {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let mut bit = 0;
        let mut slot = 0;
        while bit < 8 {
            if byte >> bit & 1 == 1 {
                table[byte] |= (bit as u64) << (slot * 8);
                slot += 1;
            }
            bit += 1;
        }
        byte += 1;
    }
    table
}

#[cfg(test)]
mod tests {
    use super::SET_BITS;

    #[test]
    fn entries_list_their_bits_in_order() {
        for (byte, entry) in (0_usize..).zip(&SET_BITS) {
            let positions: Vec<u8> = (0..8).filter(|bit| byte >> bit & 1 == 1).collect();
            assert_eq!(entry.to_le_bytes()[..positions.len()], positions);
            assert!(entry.to_le_bytes()[positions.len()..].iter().all(|unused| *unused == 0));
        }
    }
}
