//! What a builder may be told: alignment, seed, schema, metadata, progress.

use std::fmt;

use crate::header::METADATA_BYTES_MAX;

/// How a [`StoreBuilder`](crate::StoreBuilder) lays the file out. The default suits most stores.
#[derive(Default)]
pub struct Options {
    pub(crate) align: Align,
    pub(crate) seed: u64,
    pub(crate) schema: u32,
    pub(crate) schema_version: u32,
    pub(crate) metadata: Vec<u8>,
    #[cfg(feature = "zstd")]
    pub(crate) compression: Option<crate::compress::Compression>,
    pub(crate) progress: Option<Box<dyn FnMut(Progress) + Send>>,
}

/// On what boundary each record's payload begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Align {
    /// 64 bytes: records can be used as cells ([`Store::cells`](crate::Store::cells)).
    #[default]
    Cell,
    /// 32 bytes: smaller files where records are small; not usable as cells.
    Half,
}

/// How far a build is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// Records added.
    pub records: u64,
    /// Bytes written to the temporary file.
    pub written_bytes: u64,
}

impl Options {
    /// The most bytes of metadata.
    pub const METADATA_BYTES_MAX: usize = METADATA_BYTES_MAX;

    /// The defaults: cell alignment, seed 0, no metadata, no progress calls.
    pub fn new() -> Self {
        Self::default()
    }

    /// Chooses the alignment of records.
    #[must_use]
    pub fn align(mut self, align: Align) -> Self {
        self.align = align;
        self
    }

    /// Chooses the seed of the hash.
    ///
    /// The same records with the same seed give the same bytes. Where strangers choose the keys, take a random seed:
    /// they cannot then prepare keys that collide. With any seed the length of a look-up is bounded; a builder that
    /// meets longer runs tries other seeds by itself.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Notes what the payloads are: a number for the format and one for its version; the store does not read them.
    #[must_use]
    pub fn schema(mut self, id: u32, version: u32) -> Self {
        (self.schema, self.schema_version) = (id, version);
        self
    }

    /// Bytes of the caller's own to stand in the header, at most [`Options::METADATA_BYTES_MAX`].
    #[must_use]
    pub fn metadata(mut self, metadata: impl Into<Vec<u8>>) -> Self {
        self.metadata = metadata.into();
        self
    }

    /// Compresses records; [`Store::decoder`](crate::Store::decoder) reads them, [`Store::get`](crate::Store::get) does not.
    #[cfg(feature = "zstd")]
    #[must_use]
    pub fn compress(mut self, compression: crate::Compression) -> Self {
        self.compression = Some(compression);
        self
    }

    /// Calls `progress` after every chunk written (4 MiB) and at the end.
    #[must_use]
    pub fn progress(mut self, progress: impl FnMut(Progress) + Send + 'static) -> Self {
        self.progress = Some(Box::new(progress));
        self
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("align", &self.align)
            .field("seed", &self.seed)
            .field("schema", &(self.schema, self.schema_version))
            .field("metadata_bytes", &self.metadata.len())
            .field("progress", &self.progress.is_some())
            .finish()
    }
}

impl Align {
    pub(crate) fn shift(self) -> u32 {
        match self {
            Self::Cell => 6,
            Self::Half => 5,
        }
    }
}
