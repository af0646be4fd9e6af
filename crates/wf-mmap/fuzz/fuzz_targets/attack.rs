//! What the fuzzer does with its bytes; plain tests replay its corpus through the same function.

use wf_mmap::{Key, Store};

const HEADER_BYTES: usize = 4096;
const CRC_AT: usize = HEADER_BYTES - 4;

/// Opens arbitrary bytes as a store, twice: as they are, and with the checksums of header and index put right, so that
/// what lies behind them is reached. Everything that opens is asked for everything.
pub(crate) fn attack(data: &[u8]) {
    ask(data);
    let mut bytes = data.to_vec();
    if bytes.len() > HEADER_BYTES {
        put_checksums_right(&mut bytes);
        ask(&bytes);
    }
}

fn put_checksums_right(bytes: &mut [u8]) {
    let u64_at = |at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().expect("eight bytes"));
    let dictionary = u64_at(48).checked_next_multiple_of(64);
    let index_at = dictionary.and_then(|d| d.checked_add(u64_at(40))?.checked_add(HEADER_BYTES as u64));
    if let Some(index) = index_at.and_then(|at| bytes.get(usize::try_from(at).ok()?..)) {
        let crc = crc32c(index);
        bytes[112..116].copy_from_slice(&crc.to_le_bytes());
    }
    let crc = crc32c(&bytes[..CRC_AT]);
    bytes[CRC_AT..HEADER_BYTES].copy_from_slice(&crc.to_le_bytes());
}

/// The checksum of the format, bit by bit: an implementation of its own beside the crate's.
fn crc32c(bytes: &[u8]) -> u32 {
    let step = |crc: u32, byte: &u8| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ (0x82F6_3B78 & (crc & 1).wrapping_neg()))
    };
    !bytes.iter().fold(!0, step)
}

fn ask(bytes: &[u8]) {
    let Ok(store) = Store::from_bytes(bytes) else { return };
    // A store that verifies holds what it says; one that does not must still never panic.
    let whole = store.verify().is_ok() && !store.is_compressed();
    let mut seen = 0;
    for item in &store {
        match item {
            Ok((key, value)) => {
                seen += 1;
                let found = store.get(key);
                if whole {
                    assert_eq!(found.expect("a verified record").expect("a verified index"), value);
                }
                let _ = store.cell_range(key);
            }
            Err(_) => assert!(!whole),
        }
    }
    assert!(!whole || seen == store.len());
    for n in 0..32 {
        let _ = store.get(Key::U64(n));
        let _ = store.get(Key::Id([n as u8; 16]));
        let _ = store.get(Key::Str(if n % 2 == 0 { "" } else { "key number 7" }));
    }
    let keys: Vec<Key<'static>> = (0..40).map(Key::U64).collect();
    let _ = store.get_batch(&keys, &mut [None; 40]);
}
