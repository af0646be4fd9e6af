//! Models by others, where they are at hand, played to their ends with every decision drawn.
//!
//! The folder is that of `crates/wf-bpmn/tests/others`.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../../wf-bpmn/tests/others/mod.rs"]
mod others;
#[path = "../../wf-engine/tests/scenario/mod.rs"]
mod scenario;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use wf_bpmn::ParseOptions;
use wf_engine::play::{Incidents, PlayOptions, play};
use wf_net::{CompileOptions, Net, NetBuilder, Program, compile};

/// A process of one task.
fn one_task(name: &str) -> Net {
    let mut net = NetBuilder::new(name);
    let (start, task, end) = (net.start("start"), net.task("task"), net.end("end"));
    net.chain(&[start, task, end]);
    net.build().unwrap()
}

/// The nets of a file.
fn nets(path: &Path) -> Option<Vec<Net>> {
    let mut options = ParseOptions::default();
    options.external_decisions = true;
    let document = wf_bpmn::parse(&std::fs::read(path).unwrap(), &options).ok()?;
    let nets: Vec<Net> = document.processes.into_iter().map(|process| process.net).collect();
    for net in &nets {
        let image = compile(net, &CompileOptions::default()).ok()?;
        // What ARCHITECTURE rests on: all tokens and all running tasks are bits of one word.
        assert_eq!(
            Program::parse(image.as_bytes()).unwrap().words(),
            1,
            "{}: {}",
            path.display(),
            net.name()
        );
    }
    Some(nets)
}

#[test]
fn nearly_all_models_run_to_an_end() {
    let files = others::models("nearly_all_models_run_to_an_end");
    if files.is_empty() {
        return;
    }
    // What is called may stand in another file; what stands in none is one task here.
    let read: Vec<(&PathBuf, Option<Vec<Net>>)> = files.iter().map(|path| (path, nets(path))).collect();
    let known: BTreeMap<&str, &Net> =
        read.iter().flat_map(|(_, nets)| nets.iter().flatten()).map(|net| (net.name(), net)).collect();
    let options = PlayOptions { cases: 200, live: 200, steps_max: 5000, ..PlayOptions::default() };
    let (mut run, mut refused, mut never) = (0, 0, Vec::new());
    for (path, nets) in &read {
        let Some(nets) = nets else {
            refused += 1;
            continue;
        };
        let mut all = nets.clone();
        let mut names: BTreeSet<String> = all.iter().map(|net| net.name().to_owned()).collect();
        let mut next = 0;
        while let Some(net) = all.get(next) {
            let called: Vec<String> =
                net.node_ids().filter_map(|node| net.called(node)).map(str::to_owned).collect();
            for name in called.into_iter().filter(|name| names.insert(name.clone())) {
                all.push(known.get(name.as_str()).map_or_else(|| one_task(&name), |&net| net.clone()));
            }
            next += 1;
        }
        let engine = scenario::engine(&all, &CompileOptions::default());
        let mut ends = true;
        for net in nets {
            let program = engine.program(net.name()).unwrap();
            let total = play(&engine, program, &options, |_| ()).unwrap().total;
            assert_eq!(total.cases, 200, "{}", path.display());
            assert_eq!(total.incidents, Incidents::default(), "{}: decisions are drawn", path.display());
            if total.completed == 0 {
                ends = false;
                never.push(format!(
                    "{}: {}: {} deadlocked, {} given up",
                    path.display(),
                    net.name(),
                    total.deadlocked,
                    total.stopped
                ));
            }
        }
        run += usize::from(ends);
    }
    println!(
        "{} models: {run} run to an end, {refused} are refused; no case of these completes:",
        files.len()
    );
    never.iter().for_each(|line| println!("{line}"));
    assert!(run * 100 >= files.len() * 95, "{run} of {}", files.len());
}
