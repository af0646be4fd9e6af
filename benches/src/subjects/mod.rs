//! Every subject of the workspace: one file per crate, one line here.

use wf_gate::Subject;

pub mod aligned;
pub mod alloc;
pub mod arena;
pub mod bpmn;
pub mod engine;
pub mod gate;
pub mod mmap;
pub mod net;
pub mod registry;
pub mod simd;

/// All subjects, in a fixed order.
///
/// A crate's file is `pub fn subjects() -> Vec<Subject>`; ids begin with the crate's name without `wf-`.
#[must_use]
pub fn all() -> Vec<Subject> {
    let mut all = Vec::new();
    all.extend(gate::subjects());
    all.extend(alloc::subjects());
    all.extend(arena::subjects());
    all.extend(mmap::subjects());
    all.extend(bpmn::subjects());
    all.extend(engine::subjects());
    all.extend(net::subjects());
    all.extend(simd::subjects());
    all.extend(registry::subjects());
    all.extend(aligned::subjects());
    all
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    #[test]
    fn names_are_unique_and_begin_with_a_crate() {
        let mut seen = BTreeSet::new();
        for subject in super::all() {
            assert!(seen.insert(subject.id), "{} is there twice", subject.id);
            let (owner, _) = subject.id.split_once('.').expect("crate.name");
            let manifest = format!("{}/../crates/wf-{owner}/Cargo.toml", env!("CARGO_MANIFEST_DIR"));
            assert!(std::path::Path::new(&manifest).exists(), "{}: there is no crate wf-{owner}", subject.id);
            assert!(subject.ops > 0, "{} does nothing", subject.id);
        }
    }

    #[test]
    fn every_subject_gives_the_right_answer_twice() {
        for subject in super::all() {
            let mut batch = (subject.make)();
            for turn in 0..2 {
                // Criterion prepares and runs many times before anybody asks for the answer.
                batch.prepare();
                batch.run();
                batch.prepare();
                let answer = batch.run();
                if let Some(expected) = batch.expected() {
                    assert_eq!(answer, expected, "{}, run {turn}", subject.id);
                }
            }
        }
    }
}
