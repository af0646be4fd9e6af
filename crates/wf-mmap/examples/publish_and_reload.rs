//! A store is published while readers run: each moves on to the new one by itself, and never sees half of it.
#![allow(clippy::print_stdout, reason = "an example prints what it did")]

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use wf_mmap::{Current, Error, Key, Options, Store, StoreBuilder};

const RECORDS: u64 = 1_000;

/// Writes one generation. The file gets its name when it is complete, so whoever opens it finds a whole one.
fn publish(path: &Path, generation: u64) -> Result<(), Error> {
    let mut builder = StoreBuilder::create(path, Options::default())?;
    for key in 0..RECORDS {
        builder.add(Key::U64(key), &(generation * RECORDS + key).to_le_bytes())?;
    }
    builder.finish().map(drop)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("prices.wfs");
    publish(&path, 0)?;
    let current = Current::new(Store::open_copy(&path)?);
    let stop = AtomicBool::new(false);
    let seen = thread::scope(|threads| -> Result<Vec<u64>, Error> {
        let readers: Vec<_> = (0..2)
            .map(|_| {
                let mut reader = current.reader();
                let stop = &stop;
                threads.spawn(move || -> Result<u64, Error> {
                    loop {
                        let last = stop.load(Ordering::Acquire);
                        // One look at the generation for a whole batch of look-ups.
                        let store = reader.get();
                        let mut generations = (0..RECORDS).map(|key| -> Result<u64, Error> {
                            let record = store.get(Key::U64(key))?.unwrap_or_default();
                            let value = u64::from_le_bytes(record.try_into().unwrap_or_default());
                            Ok((value - key) / RECORDS)
                        });
                        let first = generations.next().unwrap_or(Ok(0))?;
                        for other in generations {
                            assert_eq!(other?, first, "a batch sees one generation");
                        }
                        if last {
                            return Ok(first);
                        }
                    }
                })
            })
            .collect();
        for generation in 1..=5 {
            publish(&path, generation)?;
            current.replace(Store::open_copy(&path)?);
        }
        stop.store(true, Ordering::Release);
        readers
            .into_iter()
            .map(|reader| reader.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect()
    })?;
    println!("published 5 generations; the readers ended with {seen:?}");
    assert_eq!(seen, [5, 5]);
    Ok(())
}
