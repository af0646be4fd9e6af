//! Where the cases of a play waited and which flows they took, by the elements of the model.

mod tokens;

use std::collections::BTreeMap;
use std::io;

use wf_bpmn::Process;
use wf_net::{FlowId, Names, NodeId, NodeKind, Subject};

use crate::drawing::grouped;
use crate::trace::{Record, Step};
use tokens::Tokens;

/// What is known of an element with work items, or of an event.
#[derive(Clone, Debug, Default)]
pub(crate) struct NodeHeat {
    /// Completions, or how often the event happened.
    pub(crate) count: u64,
    /// Steps of its case in which a work item was there and another one was done.
    waited: u64,
    /// The part of this waiting in that of the element where cases waited most.
    share: f64,
}

impl NodeHeat {
    /// The numbers as they stand in a shape.
    pub(crate) fn short(&self) -> String {
        format!("{} \u{b7} waits {:.1}", grouped(self.count), self.mean())
    }

    /// The numbers in words.
    pub(crate) fn words(&self) -> String {
        format!(
            "{} completions, each after {:.2} steps of its case that did something else",
            self.count,
            self.mean()
        )
    }

    fn mean(&self) -> f64 {
        self.waited as f64 / self.count.max(1) as f64
    }

    /// From white, where nobody waits, to red.
    pub(crate) fn color(&self) -> String {
        let warm = self.share.sqrt();
        let mix = |from: f64, to: f64| (from + (to - from) * warm).round() as u8;
        format!("#{:02x}{:02x}{:02x}", mix(255.0, 242.0), mix(255.0, 140.0), mix(255.0, 110.0))
    }
}

/// The counts of a play.
#[derive(Clone, Debug, Default)]
pub(crate) struct Heat {
    nodes: BTreeMap<String, NodeHeat>,
    /// Tokens that took a flow, and those that could have, where there is a choice.
    flows: BTreeMap<String, (u64, Option<u64>)>,
    flow_max: u64,
    facts: String,
}

impl Heat {
    pub(crate) fn of_node(&self, id: &str) -> Option<&NodeHeat> {
        self.nodes.get(id)
    }

    /// How often a flow was taken, in words; `None` where that is not known.
    pub(crate) fn of_flow(&self, id: &str) -> Option<String> {
        let &(count, of) = self.flows.get(id)?;
        Some(match of.filter(|&of| of > 0) {
            Some(of) => format!("{} ({:.0} %)", grouped(count), 100.0 * count as f64 / of as f64),
            None => grouped(count),
        })
    }

    /// How thick a flow is drawn.
    pub(crate) fn thickness(&self, id: &str) -> f64 {
        self.flows
            .get(id)
            .map_or(1.3, |&(count, _)| 1.0 + 5.0 * (count as f64 / self.flow_max.max(1) as f64).sqrt())
    }

    pub(crate) fn legend(&self) -> Vec<String> {
        vec![
            self.facts.clone(),
            "red: where work waits, in steps of its case that did something else; flows: how often they were taken, where that is known"
                .to_owned(),
        ]
    }
}

/// Counts what the cases of one process do.
pub(crate) struct Counter<'p> {
    process: &'p Process,
    names: Names,
    /// The node of each route.
    routes: Vec<NodeId>,
    program: wf_engine::ProgramId,
    counts: Vec<u64>,
    waited: Vec<u64>,
    tokens: Tokens<'p>,
}

impl<'p> Counter<'p> {
    pub(crate) fn new(process: &'p Process, program: wf_engine::ProgramId, names: Names) -> Self {
        let net = &process.net;
        let routes: Vec<NodeId> =
            net.tasks().chain(net.nodes_of(NodeKind::Start)).chain(net.interrupts()).collect();
        let counts = vec![0; routes.len()];
        Self { process, names, program, waited: counts.clone(), counts, routes, tokens: Tokens::new(net) }
    }

    /// The counts by elements of the model: copies and helpers of one are one.
    pub(crate) fn heat(&self, facts: String) -> Heat {
        let mut heat = Heat { facts, ..Heat::default() };
        let net = &self.process.net;
        for (route, &node) in self.routes.iter().enumerate() {
            let id = &self.process.element_of(Subject::Node(node)).id;
            let found = heat.nodes.entry(id.clone()).or_default();
            found.count += self.counts[route];
            found.waited += self.waited[route];
        }
        let most = heat.nodes.values().map(|node| node.waited).max().unwrap_or(0).max(1);
        heat.nodes.values_mut().for_each(|node| node.share = node.waited as f64 / most as f64);
        let mut unknown = Vec::new();
        for (at, flow) in net.flows().iter().enumerate() {
            let element = self.process.element_of(Subject::Flow(FlowId(at as u32)));
            if element.kind != "sequenceFlow" {
                continue;
            }
            let Some(count) = self.tokens.count(at) else {
                unknown.push(element.id.clone());
                continue;
            };
            let source = net.node(flow.from());
            let chooses = matches!(source.kind(), NodeKind::Exclusive | NodeKind::Inclusive(_));
            let of = (chooses && source.outgoing().len() > 1).then(|| self.tokens.passed(flow.from()));
            let found = heat.flows.entry(element.id.clone()).or_insert((0, of.map(|_| 0)));
            found.0 += count;
            found.1 = found.1.zip(of).map(|(sum, of)| sum + of);
        }
        heat.flows.retain(|id, _| !unknown.contains(id));
        heat.flow_max = heat.flows.values().map(|&(count, _)| count).max().unwrap_or(0);
        heat
    }
}

impl Record for Counter<'_> {
    fn step(&mut self, step: &Step<'_>) -> io::Result<()> {
        if step.program != self.program || step.case != step.root {
            return Ok(());
        }
        self.counts[step.route] += 1;
        let mut is_done = false;
        for item in step.waiting.iter().filter(|item| item.case == step.root) {
            // The work that is done in this step does not wait in it.
            let is_this = !is_done && usize::from(item.task) == step.route;
            is_done |= is_this;
            self.waited[usize::from(item.task)] += u64::from(!is_this);
        }
        self.tokens.step(&self.names, self.routes[step.route], step);
        Ok(())
    }

    fn case_over(&mut self) -> io::Result<()> {
        self.tokens.clear();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use wf_engine::play::PlayOptions;

    use std::path::{Path, PathBuf};

    use super::*;
    use crate::compile::write_store;
    use crate::{cli, model, trace};

    fn models() -> Vec<PathBuf> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models");
        let entries =
            ["", "elements", "bench"].map(|inner| std::fs::read_dir(folder.join(inner)).expect("a folder"));
        let files = entries.into_iter().flatten().map(|entry| entry.expect("an entry").path());
        files.filter(|path| path.extension().is_some_and(|extension| extension == "bpmn")).collect()
    }

    /// The flows that are counted, of all: and none of them wrongly.
    fn check(path: &Path) -> (usize, usize) {
        let reading = cli::Reading { external_decisions: false };
        let model = model::load(path, reading).expect("a model");
        let all: Vec<&model::Compiled> = model.compiled.iter().collect();
        let folder = tempfile::tempdir().expect("a folder");
        let store = folder.path().join("all.wfs");
        write_store(&store, &all).expect("a store");
        let engine = wf_engine::Engine::open(&store).expect("a store");
        let (mut known, mut flows) = (0, 0);
        for compiled in all {
            let (process, net) = (&compiled.process, &compiled.process.net);
            let program = engine.program(&process.id).expect("it is in the store");
            let mut counter = Counter::new(process, program, engine.names(program).expect("names"));
            let options = PlayOptions { cases: 300, seed: 5, steps_max: 1000, ..PlayOptions::default() };
            let report = trace::play(&engine, program, &options, &mut (), &mut counter).expect("a play");
            let tokens = &counter.tokens;
            let is_withdrawn = net.node_ids().any(|node| !net.region(node).is_empty());
            let sum =
                |flows: &[FlowId]| flows.iter().map(|flow| tokens.count(flow.index())).sum::<Option<u64>>();
            for (route, &id) in counter.routes.iter().enumerate() {
                let (node, place) = (net.node(id), format!("{} {}", path.display(), net.node(id).id()));
                let is_plain = matches!(node.kind(), NodeKind::Task | NodeKind::Receive(_));
                if let Some(sum) = sum(node.incoming()).filter(|_| is_plain) {
                    let count = counter.counts[route];
                    // What is withdrawn or left over has come and was not done.
                    let is_all = !is_withdrawn && report.completed == report.cases && !is_ended(net);
                    assert!(
                        if is_all { sum == count } else { sum >= count },
                        "{place}: {sum} in, {count} done"
                    );
                }
                for flow in node.outgoing().iter().filter(|_| is_plain) {
                    let count = tokens.count(flow.index());
                    assert!(count.is_none_or(|count| count == counter.counts[route]), "{place} out");
                }
            }
            for node in net.nodes().iter().filter(|node| node.kind() == NodeKind::Exclusive) {
                let (ins, outs) = (sum(node.incoming()), sum(node.outgoing()));
                assert!(
                    ins.zip(outs).is_none_or(|(ins, outs)| ins == outs),
                    "{}: {}",
                    path.display(),
                    node.id()
                );
            }
            flows += net.flows().len();
            known += (0..net.flows().len()).filter(|&flow| tokens.count(flow).is_some()).count();
        }
        (known, flows)
    }

    /// Whether an end takes all tokens away.
    fn is_ended(net: &wf_net::Net) -> bool {
        net.nodes().iter().any(|node| {
            matches!(node.kind(), NodeKind::Terminate | NodeKind::Partial { .. } | NodeKind::Deferred)
        })
    }

    #[test]
    fn what_flows_into_tasks_is_what_was_done() {
        if !Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models").is_dir() {
            println!("SKIPPED: what_flows_into_tasks_is_what_was_done: the repository's models are not here");
            return;
        }
        let (mut known, mut flows) = (0, 0);
        for path in models() {
            let (found, of) = check(&path);
            known += found;
            flows += of;
        }
        assert!(10 * known >= 7 * flows, "{known} of {flows} flows are counted");
    }

    #[test]
    fn colors_go_from_white_to_red() {
        for (share, color) in [(0.0, "#ffffff"), (0.25, "#f9c6b7"), (1.0, "#f28c6e")] {
            assert_eq!(NodeHeat { share, ..NodeHeat::default() }.color(), color);
        }
    }
}
