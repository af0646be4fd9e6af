//! Building: the sets of a million and of ten million records, into memory, without making up the records.

use std::path::PathBuf;

use wf_gate::{Batch, Subject};
use wf_mmap::{Align, Key, Options, Store, StoreBuilder};

use crate::data::{Data, SETS, key, mix};

/// Builds one set, again and again under one name of this process's own.
struct Build {
    path: PathBuf,
    data: Data,
    /// As long as the longest value: a record is the beginning of it.
    longest: Vec<u8>,
}

impl Build {
    fn new(data: Data) -> Self {
        // Syncing costs nothing there; elsewhere it would be a disk that is measured.
        let memory = PathBuf::from("/dev/shm");
        let folder = if memory.is_dir() { memory } else { std::env::temp_dir() };
        let path = folder.join(format!("wf-peers-build-{}-{}", data.name, std::process::id()));
        Self { path, data, longest: vec![b'v'; (data.mean_bytes * 3 / 2 + 1) as usize] }
    }
}

impl Batch for Build {
    fn run(&mut self) -> u64 {
        let options = Options::new().align(Align::Half);
        let mut builder = StoreBuilder::create(&self.path, options).expect("a folder to write to");
        for n in 0..self.data.count {
            let len = self.data.mean_bytes / 2 + mix(n ^ 77) % (self.data.mean_bytes + 1);
            builder.add(Key::Id(key(n)), &self.longest[..len as usize]).expect("room for a store");
        }
        builder.finish().expect("room for a store").records
    }

    fn expected(&mut self) -> Option<u64> {
        Some(Store::open_copy(&self.path).expect("the store that was just built").len() as u64)
    }
}

impl Drop for Build {
    fn drop(&mut self) {
        // It may never have been made.
        let _ = std::fs::remove_file(&self.path);
    }
}

/// The subjects.
pub fn subjects() -> Vec<Subject> {
    let of = |id, set: usize, make| Subject { id, ops: SETS[set].count as u32, make };
    vec![
        of("mmap.build_1m", 0, || Box::new(Build::new(SETS[0]))),
        of("mmap.build_10m", 2, || Box::new(Build::new(SETS[2]))),
    ]
}
