//! Embedded read-only stores on the same records, paired in one process.
//!
//! `cargo run --release` builds what is missing, 6 GB beside the program or in `WF_PEERS_STORES`, and checks the rules in
//! `budgets.toml` beside this package's manifest. `--tier release` adds the set of ten million records, 8 GB more. Everything
//! is in the page cache when it is measured, and every store's records were looked up before.

mod batches;
mod builds;
mod compressed;
mod data;
mod loads;
mod lookups;
mod programs;
mod stores;

use data::SETS;
use stores::foreign::{Cdb, Fst, Odht, Rkyv};
use stores::loaded::HashMap;
use stores::ours::{Ours, TwoAccesses};
use stores::transactional::{Lmdb, Redb};
use stores::{Peer, provide};
use wf_gate::Subject;

#[global_allocator]
static HEAP: wf_gate::Counting<wf_gate::System> = wf_gate::Counting::new(wf_gate::System);

fn main() -> std::process::ExitCode {
    let mut all = of_set::<0>();
    all.extend(of_set::<1>());
    all.extend(of_set::<2>());
    all.extend(loads::subjects());
    all.extend(batches::subjects());
    all.extend(builds::subjects());
    all.extend(compressed::subjects());
    all.extend(programs::subjects());
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let measures = !arguments.iter().any(|argument| ["--help", "-h", "--list"].contains(&argument.as_str()));
    // A child process is told to by a word that is no option; its parent has built everything.
    let is_child = arguments.first().is_some_and(|first| first == wf_gate::CHILD_WORD);
    if measures && !is_child && names_ours(&arguments) {
        build(arguments.iter().any(|argument| argument == "release"));
        print_pages();
    }
    wf_gate::gate_main(&all, env!("CARGO_MANIFEST_DIR"))
}

/// Whether the rules that are asked for can be ours: without a name all are.
fn names_ours(arguments: &[String]) -> bool {
    let named: Vec<_> =
        arguments.windows(2).filter(|pair| pair[0] == "--rule").map(|pair| &pair[1]).collect();
    named.is_empty()
        || named.iter().any(|name| ["mmap", "engine", "*"].iter().any(|ours| name.starts_with(ours)))
}

/// Hits and misses of every store over one set.
fn of_set<const SET: usize>() -> Vec<Subject> {
    [
        of::<Ours, SET>(),
        of::<TwoAccesses, SET>(),
        of::<Odht, SET>(),
        of::<Rkyv, SET>(),
        of::<HashMap, SET>(),
        of::<Cdb, SET>(),
        of::<Fst, SET>(),
        of::<Lmdb, SET>(),
        of::<Redb, SET>(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn of<P: Peer, const SET: usize>() -> [Subject; 2] {
    let id = |what: &str| -> &'static str { format!("mmap.{what}_{}{}", SETS[SET].name, P::NAME).leak() };
    [
        Subject { id: id("hit"), ops: lookups::HITS, make: lookups::hits::<P, SET> },
        Subject { id: id("miss"), ops: lookups::MISSES, make: lookups::misses::<P, SET> },
    ]
}

/// Builds what is missing.
fn build(large: bool) {
    for data in &SETS[..2] {
        provide::<Ours>(*data);
        provide::<Odht>(*data);
        provide::<Rkyv>(*data);
        provide::<HashMap>(*data);
        provide::<Cdb>(*data);
        provide::<Fst>(*data);
        provide::<Lmdb>(*data);
        provide::<Redb>(*data);
    }
    if large {
        provide::<Ours>(SETS[2]);
        provide::<Odht>(SETS[2]);
        provide::<Rkyv>(SETS[2]);
        provide::<HashMap>(SETS[2]);
        provide::<Cdb>(SETS[2]);
    }
    provide::<Ours>(loads::SET);
    provide::<HashMap>(loads::SET);
    stores::loaded::provide(loads::SET);
    batches::provide();
    compressed::provide();
    programs::provide();
}

/// What the kernel maps ours with, on which every figure depends.
fn print_pages() {
    for data in SETS {
        let path = data.folder().join(Ours::PLACE);
        if !path.exists() {
            continue;
        }
        let store = stores::ours::advised(&path);
        store.verify().expect("a store that was built");
        match store.pages() {
            Ok(pages) => println!(
                "{}: {} records, {} MB, of which {} MB are mapped with 2 MiB pages",
                data.name,
                store.len(),
                pages.mapped_bytes >> 20,
                pages.huge_bytes >> 20
            ),
            Err(error) => println!("{}: {error}", data.name),
        }
    }
}
