//! What an arena holds and did.

/// What an arena holds and did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ArenaStats {
    /// Bytes handed out since the last reset, padding included.
    pub bytes_used: usize,
    /// Bytes held, used or not, without the chunks' own bookkeeping.
    pub bytes_held: usize,
    /// The most bytes that any scope used.
    pub high_water_bytes: usize,
    /// How often memory was taken back: once for every scope but the first, and for every reset.
    pub resets: u64,
    /// How often the policy changed the size: one free of everything held, one request.
    pub resizes: u64,
    /// How often the heap was asked for a chunk, those of [`resizes`](Self::resizes) included.
    pub chunk_requests: u64,
}
