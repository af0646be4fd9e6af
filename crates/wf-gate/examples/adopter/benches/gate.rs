//! The gate of this crate: `cargo bench --bench gate`.

use std::hint::black_box;
use std::process::ExitCode;

use wf_gate::{Batch, Subject};

#[global_allocator]
static HEAP: wf_gate::Counting<wf_gate::System> = wf_gate::Counting::new(wf_gate::System);

/// One way to count the words of a text.
struct Words {
    text: String,
    count: fn(&str) -> usize,
}

impl Words {
    fn new(count: fn(&str) -> usize) -> Box<dyn Batch> {
        Box::new(Self { text: "the quick brown fox jumps over the lazy dog ".repeat(114), count })
    }
}

impl Batch for Words {
    fn run(&mut self) -> u64 {
        (self.count)(black_box(&self.text)) as u64
    }

    fn expected(&mut self) -> Option<u64> {
        Some(9 * 114)
    }
}

fn main() -> ExitCode {
    let subjects = [
        Subject { id: "adopter.words", ops: 1_026, make: || Words::new(adopter::words) },
        Subject { id: "adopter.words_collected", ops: 1_026, make: || Words::new(adopter::words_collected) },
    ];
    wf_gate::gate_main(&subjects, env!("CARGO_MANIFEST_DIR"))
}
