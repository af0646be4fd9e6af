//! A store opened by copy, and records looked up at random: what a program table costs under each allocator.

use std::path::{Path, PathBuf};

use wf_gate::Random;
use wf_mmap::{Key, Store, StoreBuilder};

use super::{Load, Work, Workload};

/// Records in the store.
const RECORDS: u64 = 20_000;

/// Look-ups before the store is opened anew.
const LOOK_UPS_PER_OPENING: u64 = 50_000;

pub(super) fn workload() -> Workload {
    Workload { name: "store", operation: "look-up", operations: 400_000, threads_min: 1, prepare }
}

/// Writing the file, which waits for the disk, is not the job.
fn prepare(load: &Load) -> Work {
    let load = *load;
    let path = write(load.seed);
    Box::new(move || {
        let answer = load.in_threads(|thread| look_up(&path, &load, thread));
        std::fs::remove_file(&path).expect("it is ours");
        answer
    })
}

fn write(seed: u64) -> PathBuf {
    use std::sync::atomic::{AtomicU64, Ordering};
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let path = std::env::temp_dir().join(format!("wf-workload-{}-{number}.wfs", std::process::id()));
    let mut store =
        StoreBuilder::create(&path, Default::default()).expect("the temporary folder is writable");
    let mut random = Random::new(seed);
    for key in 0..RECORDS {
        let record = vec![random.next_u64() as u8; 32 + random.below(200) as usize];
        store.add(Key::U64(key), &record).expect("a fresh key");
    }
    store.finish().expect("the temporary folder is writable");
    path
}

fn look_up(path: &Path, load: &Load, thread: u64) -> u64 {
    let mut random = Random::new(load.seed ^ (thread << 32));
    let mut answer = 0_u64;
    let mut left = load.operations;
    while left > 0 {
        let store = Store::open_copy(path).expect("the store was just written");
        let now = left.min(LOOK_UPS_PER_OPENING);
        for _ in 0..now {
            let key = Key::U64(random.below(RECORDS));
            let record = store.get(key).expect("an undamaged store").expect("every key is there");
            answer = answer.wrapping_mul(31).wrapping_add(u64::from(record[0]) + record.len() as u64);
        }
        left -= now;
    }
    answer
}
