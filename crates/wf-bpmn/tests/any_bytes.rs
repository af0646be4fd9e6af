//! No bytes make the reader panic: the fuzz corpus, and models of our own with random damage.

use std::path::{Path, PathBuf};

#[path = "../fuzz/property.rs"]
mod property;

const SEED: u64 = 0x5EED_0FB9;

fn files(folder: &str, extension: Option<&str>) -> Vec<(PathBuf, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let entries = std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.retain(|path| {
        path.is_file() && extension.is_none_or(|wanted| path.extension().is_some_and(|e| e == wanted))
    });
    paths.sort();
    paths.into_iter().map(|path| (path.clone(), std::fs::read(path).expect("a file"))).collect()
}

#[test]
fn the_fuzz_corpus() {
    let seeds = files("fuzz/corpus/parse", None);
    assert!(seeds.len() >= 20, "only {} seeds", seeds.len());
    for (_, bytes) in seeds {
        property::holds_for(&bytes);
    }
}

#[test]
fn damaged_models() {
    let rounds = if std::env::var("WF_TEST_SCALE").is_ok_and(|scale| scale == "full") { 20_000 } else { 200 };
    let models: Vec<_> = ["../../models", "../../models/bench", "../../models/elements"]
        .map(|folder| files(folder, Some("bpmn")))
        .concat();
    assert!(models.len() >= 35, "only {} models", models.len());
    let mut random = Random(SEED);
    for (path, bytes) in &models {
        for round in 0..rounds {
            let mut damaged = bytes.clone();
            for _ in 0..=random.below(3) {
                damage(&mut damaged, &mut random);
            }
            let outcome = std::panic::catch_unwind(|| property::holds_for(&damaged));
            if let Err(panic) = outcome {
                let kept = std::env::temp_dir().join("wf-bpmn-damaged.bpmn");
                std::fs::write(&kept, &damaged).expect("the temporary folder is writable");
                println!("seed {SEED:#x}, round {round} of {}: kept as {}", path.display(), kept.display());
                std::panic::resume_unwind(panic);
            }
        }
    }
}

/// Damage as editors, transfers and merges do it.
fn damage(bytes: &mut Vec<u8>, random: &mut Random) {
    const WORDS: [&str; 16] = [
        "<",
        ">",
        "/>",
        "\"",
        "&amp;",
        "&x;",
        "&#0;",
        "<!--",
        "<![CDATA[",
        "<!DOCTYPE a>",
        "bpmn:subProcess",
        "sourceRef=\"\"",
        "default",
        "\u{FEFF}",
        "xmlns:bpmn=\"\"",
        "]]>",
    ];
    if bytes.is_empty() {
        return;
    }
    let at = random.below(bytes.len());
    let end = at + random.below(40).min(bytes.len() - at);
    match random.below(6) {
        0 => bytes[at] = random.next() as u8,
        1 => bytes.truncate(at),
        2 => drop(bytes.drain(at..end)),
        3 => drop(bytes.splice(at..at, WORDS[random.below(WORDS.len())].bytes()).collect::<Vec<_>>()),
        // The same piece twice: duplicate ids, elements out of place.
        4 => {
            let end = at + random.below(2_000).min(bytes.len() - at);
            let piece = bytes[at..end].to_vec();
            drop(bytes.splice(at..at, piece).collect::<Vec<_>>());
        }
        // Two ids change places.
        _ => {
            let other = random.below(bytes.len());
            bytes.swap(at, other);
        }
    }
}

/// xorshift64*: the same damage on every machine.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 16
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }
}
