//! What a store holds whose records are no workflows, or are compressed: counts, sizes, what compression gains and costs.

use std::io::{self, Write};
use std::path::Path;

use serde_json::{Value, json};
use wf_engine::Store;
use wf_engine::store::Error;

/// Facts of a store of any records.
pub(super) struct Facts {
    store: Store,
    compression: Option<Compressed>,
}

/// What compression comes to.
struct Compressed {
    /// Bytes before compression, for each byte of stored payloads and dictionary.
    ratio: f64,
    /// Records decoded to learn the cost.
    decoded: usize,
    /// Time to verify and decode one of them, in microseconds on average.
    decode_us: f64,
}

/// The store at `path`, unless its records should be workflows: then what an engine says of it counts.
pub(super) fn read(path: &Path) -> Option<Result<Facts, Error>> {
    let store = Store::open_copy(path).ok()?;
    if !store.is_compressed() && store.schema().0 == crate::compile::SCHEMA {
        return None;
    }
    Some(compression(&store).map(|compression| Facts { store, compression }))
}

#[cfg(feature = "zstd")]
fn compression(store: &Store) -> Result<Option<Compressed>, Error> {
    /// Records that are decoded to learn what that costs.
    const DECODED_MAX: usize = 100_000;

    if !store.is_compressed() {
        return Ok(None);
    }
    let mut decoder = store.decoder(u32::MAX as usize)?;
    let begun = std::time::Instant::now();
    let mut decoded = 0;
    for item in decoder.iter().take(DECODED_MAX) {
        item?;
        decoded += 1;
    }
    let decode_us = begun.elapsed().as_secs_f64() * 1e6 / decoded.max(1) as f64;
    let stored_bytes = store.payload_bytes() + store.dictionary().len() as u64;
    let ratio = store.raw_bytes() as f64 / stored_bytes.max(1) as f64;
    Ok(Some(Compressed { ratio, decoded, decode_us }))
}

/// A build without the feature opens no compressed store; the error says so.
#[cfg(not(feature = "zstd"))]
#[allow(clippy::unnecessary_wraps, reason = "the same shape with and without the feature")]
fn compression(_: &Store) -> Result<Option<Compressed>, Error> {
    Ok(None)
}

impl Facts {
    pub(super) fn list(&self, out: &mut impl Write) -> io::Result<()> {
        let store = &self.store;
        writeln!(out, "{}", store.path().display())?;
        writeln!(out, "  {} records, no workflows, opened: {}", store.len(), store.how())?;
        if let Some(kind) = store.key_kind() {
            writeln!(out, "  keys: {kind}")?;
        }
        let (payload, align) = (store.payload_bytes(), store.align_bytes());
        writeln!(out, "  payloads: {payload} bytes, each on a boundary of {align} bytes")?;
        let Some(compressed) = &self.compression else { return Ok(()) };
        let Compressed { ratio, decoded, decode_us } = compressed;
        let (raw, dictionary) = (store.raw_bytes(), store.dictionary().len());
        writeln!(out, "  compressed: zstd, from {raw} bytes, with a dictionary of {dictionary} bytes")?;
        writeln!(out, "  ratio: {ratio:.2}, the dictionary counted")?;
        writeln!(out, "  cost: {decode_us:.2} us to verify and decode a record ({decoded} decoded)")
    }

    pub(super) fn document(&self) -> Value {
        let store = &self.store;
        let compression = self.compression.as_ref().map(|compressed| {
            json!({
                "raw_bytes": store.raw_bytes(),
                "dictionary_bytes": store.dictionary().len(),
                "ratio": compressed.ratio,
                "records_decoded": compressed.decoded,
                "decode_us": compressed.decode_us,
            })
        });
        json!({
            "format": 1,
            "store": store.path().display().to_string(),
            "opened": store.how().to_string(),
            "records": store.len(),
            "keys": store.key_kind().map(|kind| kind.to_string()),
            "payload_bytes": store.payload_bytes(),
            "align_bytes": store.align_bytes(),
            "compression": compression,
        })
    }
}
