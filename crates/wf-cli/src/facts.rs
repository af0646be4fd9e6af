//! What there is to say of a process that compiles, for people and as JSON.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde_json::{Value, json};
use wf_net::{FlowId, NodeKind, Program};

use crate::model::Compiled;
use crate::say;

/// What there is to say of a process that compiles.
pub(crate) struct Facts<'c> {
    compiled: &'c Compiled,
    program: Program<'c>,
    /// Id of each synchronizing merge, and how it finds out that it need not wait.
    merges: Vec<(String, String)>,
    /// Choices that the data of a case decides, and the others.
    decisions: (usize, usize),
}

impl<'c> Facts<'c> {
    pub(crate) fn of(compiled: &'c Compiled) -> Self {
        let program = Program::parse(compiled.image.as_bytes());
        let program = program.unwrap_or_else(|error| unreachable!("the compiler wrote a bad image: {error}"));
        let names =
            program.names().unwrap_or_else(|error| unreachable!("the compiler wrote bad names: {error}"));
        let merge =
            |(number, label): (usize, &wf_net::Label)| (label.id.clone(), say::merge_form(&program, number));
        let merges = names.merges.iter().enumerate().map(merge).collect();
        Self { compiled, program, merges, decisions: decisions(compiled) }
    }

    pub(crate) fn to_json(&self) -> Value {
        let (process, header) = (&self.compiled.process, self.program.header());
        let calls: BTreeSet<&str> = process.calls.iter().map(|(id, _)| id.as_str()).collect();
        let mut roles: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for task in process.net.tasks() {
            if let Some(role) = process.role_of(task) {
                roles.entry(role).or_default().push(process.net.node(task).id());
            }
        }
        let merges = self.merges.iter().map(|(id, form)| json!({ "id": id, "form": form }));
        json!({
            "id": process.id,
            "name": process.name,
            "tasks": header.tasks,
            "starts": header.starts,
            "interrupts": process.net.interrupts().count(),
            "places": header.places,
            "words": header.words,
            "counters": header.counters,
            "bytes": self.compiled.image.as_bytes().len(),
            "calls": calls,
            "roles": roles,
            "merges": merges.collect::<Vec<_>>(),
            "decisions": { "by_data": self.decisions.0, "outside": self.decisions.1 },
        })
    }
}

impl fmt::Display for Facts<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let header = self.program.header();
        write!(
            f,
            "{}: {} tasks, {} places in {} word{}, {} counters, {} bytes",
            self.compiled.process.id,
            header.tasks,
            header.places,
            header.words,
            if header.words == 1 { "" } else { "s" },
            header.counters,
            self.compiled.image.as_bytes().len(),
        )?;
        self.merges.iter().try_for_each(|(id, form)| write!(f, "; {id} merges by {form}"))
    }
}

/// Choices among several flows: those with conditions over data, and the others.
fn decisions(compiled: &Compiled) -> (usize, usize) {
    let net = &compiled.process.net;
    let is_choice = |node: &&wf_net::Node| {
        matches!(node.kind(), NodeKind::Exclusive | NodeKind::Inclusive(_)) && node.outgoing().len() > 1
    };
    let is_guarded =
        |node: &wf_net::Node| node.outgoing().iter().any(|&flow: &FlowId| net.flow(flow).guard().is_some());
    let choices: Vec<bool> = net.nodes().iter().filter(is_choice).map(is_guarded).collect();
    let by_data = choices.iter().filter(|&&is_guarded| is_guarded).count();
    (by_data, choices.len() - by_data)
}
