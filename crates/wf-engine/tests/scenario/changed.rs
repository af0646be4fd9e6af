//! Saved cases as bytes from outside.

use wf_engine::Saved;
use zerocopy::{FromBytes, IntoBytes};

/// Saved cases with one bit changed, for each of their bits.
pub(crate) fn with_each_bit_changed(saved: &[Saved]) -> impl Iterator<Item = Vec<Saved>> + '_ {
    (0..saved.len() * 512).map(|bit| {
        let mut bytes = saved.as_bytes().to_vec();
        bytes[bit / 8] ^= 1 << (bit % 8);
        bytes.chunks_exact(64).map(|chunk| Saved::read_from_bytes(chunk).unwrap()).collect()
    })
}
