//! The checksum of everything in a store: CRC-32C, by the widest instructions that the processor has.
//!
//! A processor's own instruction for it takes eight bytes at a time and waits three cycles for each; carry-less
//! multiplication folds four times 64 bytes into as many, and leaves sixteen of them to that instruction.

#[cfg(target_arch = "x86_64")]
mod avx512;

/// The checksum of `bytes`.
#[inline]
pub(crate) fn crc32c(bytes: &[u8]) -> u32 {
    crc32c_append(0, bytes)
}

/// The checksum of what `crc` is that of, and `bytes` behind it.
#[inline]
pub(crate) fn crc32c_append(crc: u32, bytes: &[u8]) -> u32 {
    #[cfg(target_arch = "x86_64")]
    if bytes.len() >= avx512::BYTES_MIN && avx512::is_there() {
        return avx512::append(crc, bytes);
    }
    crc32c::crc32c_append(crc, bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_agree_at_every_length_and_place() {
        #[cfg(target_arch = "x86_64")]
        if !avx512::is_there() {
            println!("SKIPPED: both_ways_agree_at_every_length_and_place: no AVX-512 with VPCLMULQDQ");
        }
        let mut state = 3u64;
        let bytes: Vec<u8> = std::iter::repeat_with(|| {
            state = state.wrapping_mul(0x5851_F42D_4C95_7F2D).wrapping_add(1);
            (state >> 56) as u8
        })
        .take(2_200)
        .collect();
        for len in 0..2_100 {
            for start in [0, 1, 7, 63] {
                let part = &bytes[start..start + len];
                for crc in [0, 1, 0xDEAD_BEEF, u32::MAX] {
                    assert_eq!(
                        crc32c_append(crc, part),
                        crc32c::crc32c_append(crc, part),
                        "{len} from {start}"
                    );
                }
            }
        }
        for len in [1 << 16, (1 << 20) + 17] {
            let long: Vec<u8> = bytes.iter().copied().cycle().take(len).collect();
            assert_eq!(crc32c(&long), crc32c::crc32c(&long));
        }
    }

    #[test]
    fn it_is_the_published_one() {
        // The check value of CRC-32C, and one of RFC 3720, B.4.
        assert_eq!(crc32c(b"123456789"), 0xE306_9283);
        assert_eq!(crc32c(&[0; 32]), 0x8A91_36AA);
    }
}
