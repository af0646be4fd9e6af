//! Embedded read-only stores on the same records, in one process, interleaved.
//!
//! `cargo run --release -- FOLDER COUNT MEAN_BYTES [NAME ...]` builds what is missing in FOLDER, then times rounds: in
//! each round every store does the same look-ups, in an order that alternates, and each store's time is divided by
//! ours of the same round. Printed is the median of these ratios.

mod data;
mod stores;

use std::path::PathBuf;

use data::Data;
use stores::{Pass, Peer};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, count, mean_bytes, wanted @ ..] = &arguments[..] else {
        eprintln!("usage: wf-peers-mmap FOLDER COUNT MEAN_BYTES [NAME ...]");
        std::process::exit(2);
    };
    let folder = PathBuf::from(folder);
    std::fs::create_dir_all(&folder).unwrap();
    let data = Data { count: count.parse().unwrap(), mean_bytes: mean_bytes.parse().unwrap() };
    let wants = |name: &str| wanted.is_empty() || wanted.iter().any(|w| w == name);

    let paths = [folder.join("wf32"), folder.join("wf64")];
    for (path, align) in paths.iter().zip([wf_mmap::Align::Half, wf_mmap::Align::Cell]) {
        if let Some(time) = stores::build_wf(path, data, align) {
            let rate = data.count as f64 / time.as_secs_f64();
            println!("built {}: {rate:.0} records/s (generation, sync included)", path.display());
        }
    }
    let mut peers = vec![stores::wf("wf, 32-byte units", &paths[0], data)];
    type Open<'o> = (&'static str, Box<dyn Fn() -> Peer + 'o>);
    let others: [Open<'_>; 9] = [
        ("wf64", Box::new(|| stores::wf("wf, cells", &paths[1], data))),
        ("chase", Box::new(|| stores::chase(&paths[0], data))),
        ("odht", Box::new(|| stores::odht(&folder, data))),
        ("rkyv", Box::new(|| stores::rkyv(&folder, data))),
        ("cdb", Box::new(|| stores::cdb(&folder, data))),
        ("fst", Box::new(|| stores::fst(&folder, data))),
        ("heed", Box::new(|| stores::heed(&folder, data))),
        ("redb", Box::new(|| stores::redb(&folder, data))),
        ("bincode", Box::new(|| stores::map_from_bincode(&folder, data))),
    ];
    peers.extend(others.iter().filter(|(name, _)| wants(name)).map(|(_, open)| open()));

    table(&peers);
    if wants("batch") {
        batch(&paths, data);
    }
    if wants("parse") {
        for (name, time) in stores::parse_times(&folder, data) {
            println!("{name}: read and parsed in {time:?}, {:.0} x our open", ratio(time, peers[0].open));
        }
    }
    page_sizes();
}

fn ratio(a: std::time::Duration, b: std::time::Duration) -> f64 {
    a.as_secs_f64() / b.as_secs_f64()
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn table(peers: &[Peer]) {
    const ROUNDS: u64 = 9;
    let ops = 200_000;
    let mut times = vec![[(); 3].map(|()| Vec::new()); peers.len()];
    for round in 0..ROUNDS + 1 {
        let seed = data::mix(round + 1);
        let passes =
            [Pass::Dependent { seed, ops }, Pass::Independent { seed, ops }, Pass::Miss { seed, ops }];
        for (column, pass) in passes.into_iter().enumerate() {
            let mut order: Vec<usize> = (0..peers.len()).collect();
            if round % 2 == 1 {
                order.reverse();
            }
            let mut answer = None;
            for at in order {
                let (time, sum) = (peers[at].pass)(pass);
                if peers[at].name != "two accesses" {
                    assert_eq!(*answer.get_or_insert(sum), sum, "{} answers otherwise", peers[at].name);
                }
                // The first round touches every page for the first time.
                if round > 0 {
                    times[at][column].push(time.as_nanos() as f64 / ops as f64);
                }
            }
        }
    }
    println!(
        "| store | file MB | open ms | dependent hit ns | ours / theirs | hit ns | ours / theirs | miss ns | ours / theirs |"
    );
    println!("|---|---|---|---|---|---|---|---|---|");
    for (peer, columns) in peers.iter().zip(&times) {
        let open = peer.open.as_secs_f64() * 1e3;
        print!("| {} | {:.1} | {open:.3} |", peer.name, peer.file_bytes as f64 / 1e6);
        for (column, values) in columns.iter().enumerate() {
            let ratios = times[0][column].iter().zip(values).map(|(ours, theirs)| ours / theirs).collect();
            print!(" {:.0} | {:.2} |", median(values.clone()), median(ratios));
        }
        println!();
    }
}

/// Ours in batches of 32 against ours one at a time.
fn batch(paths: &[PathBuf], data: Data) {
    for path in paths {
        // SAFETY: the file stands in this program's own folder and was written before.
        let store = unsafe { wf_mmap::Store::open_mapped(path) }.unwrap();
        store.verify().unwrap();
        let mut ratios = Vec::new();
        let (mut single_ns, mut batch_ns) = (Vec::new(), Vec::new());
        for round in 0..10 {
            let keys: Vec<_> = (0..200_000u64)
                .map(|i| wf_mmap::Key::Id(data::key(stores::pick(data::mix(round << 32 | i), data.count))))
                .collect();
            let single = || {
                let begun = std::time::Instant::now();
                let sum: u64 = keys.iter().map(|key| u64::from(store.get(*key).unwrap().unwrap()[0])).sum();
                (begun.elapsed(), sum)
            };
            let batch = || {
                let begun = std::time::Instant::now();
                let (mut sum, mut found) = (0, [None; 32]);
                for keys in keys.chunks_exact(32) {
                    store.get_batch(keys, &mut found).unwrap();
                    sum += found.iter().map(|found| u64::from(found.unwrap()[0])).sum::<u64>();
                }
                (begun.elapsed(), sum)
            };
            let ((a, first), (b, second)) = if round % 2 == 0 {
                (single(), batch())
            } else {
                let b = batch();
                (single(), b)
            };
            assert_eq!(first, second);
            if round > 0 {
                ratios.push(ratio(b, a));
                single_ns.push(a.as_nanos() as f64 / 2e5);
                batch_ns.push(b.as_nanos() as f64 / 2e5);
            }
        }
        println!(
            "batch of 32 against one at a time, {}: {:.0} / {:.0} ns = {:.2}",
            path.display(),
            median(batch_ns),
            median(single_ns),
            median(ratios)
        );
    }
}

/// What the kernel mapped with 2 MiB pages.
fn page_sizes() {
    let text = std::fs::read_to_string("/proc/self/smaps").unwrap_or_default();
    let mut name = "";
    for line in text.lines() {
        if line.contains('/') && line.contains('-') {
            name = line.rsplit(' ').next().unwrap_or("");
        }
        if let Some(kb) = line.strip_prefix("FilePmdMapped:") {
            if name.contains("wf") && !name.contains("wf-peers") {
                println!("{name}: {} in 2 MiB pages", kb.trim());
            }
        }
    }
}
