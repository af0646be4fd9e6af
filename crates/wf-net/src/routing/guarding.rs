//! All that the data of a case decides in a net, compiled.

use std::collections::BTreeMap;

use crate::guard::{Code, Expr};
use crate::net::{Instances, Net, NodeKind, Quantity};
use crate::problem::{Problem, ProblemKind, Subject};
use crate::{FlowId, NodeId};

/// The conditions of a net, compiled, and where those of each flow and task begin.
#[derive(Debug, Default)]
pub(super) struct Guarding {
    pub(super) code: Code,
    pub(super) of_flow: BTreeMap<FlowId, u16>,
    pub(super) completions: BTreeMap<NodeId, u16>,
    pub(super) quantities: BTreeMap<NodeId, u16>,
}

/// Compiles the conditions of all that data decides.
pub(super) fn guards(net: &Net) -> (Guarding, Vec<Problem>) {
    let mut guarding = Guarding::default();
    let mut problems = Vec::new();
    for (index, flow) in net.flows().iter().enumerate() {
        let id = FlowId(index as u32);
        let Some(guard) = flow.guard() else {
            let mut siblings = net.node(flow.from()).outgoing().iter();
            if !flow.is_default() && siblings.any(|&other| net.flow(other).guard().is_some()) {
                problems.push(Problem::new(Subject::Flow(id), ProblemKind::ConditionMissing));
            }
            continue;
        };
        if guard.has_tally() {
            let text = "a number of instances stands in a completion condition only";
            problems.push(Problem::new(Subject::Flow(id), ProblemKind::Rule(text)));
            continue;
        }
        match guarding.code.add(guard) {
            // The default branch is what is left.
            Ok(_) if flow.is_default() => {}
            Ok(at) => drop(guarding.of_flow.insert(id, at)),
            Err(kind) => {
                problems.push(Problem::new(Subject::Flow(id), kind));
                return (guarding, problems);
            }
        }
    }
    for (&node, guard) in &net.completion_guards {
        match guarding.code.add(guard) {
            Ok(at) => drop(guarding.completions.insert(node, at)),
            Err(kind) => {
                problems.push(Problem::new(Subject::Node(node), kind));
                return (guarding, problems);
            }
        }
    }
    for (&node, number) in &net.quantities {
        let NodeKind::Instances(Instances { count: Quantity::Chosen(most), .. }) = net.node(node).kind()
        else {
            continue;
        };
        if number.has_tally() {
            let text = "a number of instances stands in a completion condition only";
            problems.push(Problem::new(Subject::Node(node), ProblemKind::Rule(text)));
            continue;
        }
        match guarding.code.add(&Expr::Count(Box::new(number.clone()), most)) {
            Ok(at) => drop(guarding.quantities.insert(node, at)),
            Err(kind) => {
                problems.push(Problem::new(Subject::Node(node), kind));
                return (guarding, problems);
            }
        }
    }
    (guarding, problems)
}
