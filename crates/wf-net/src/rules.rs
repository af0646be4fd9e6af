//! What each kind of node and each relation between nodes asks of a net.

use std::collections::BTreeSet;

use crate::image::INSTANCES_MAX;
use crate::net::{Instances, Needed, Net, NodeKind, Quantity, Retention, Surplus, Synchronizing};
use crate::problem::{Problem, ProblemKind, Subject};
use crate::{FlowId, NodeId};

/// Most branches of an inclusive split: its digit is a mask of them.
pub(crate) const BRANCHES_MAX: usize = 32;

/// Most messages of a net: their numbers are 16 bits wide.
const MESSAGES_MAX: usize = u16::MAX as usize;

/// What is wrong with a node by itself.
pub(crate) fn broken(net: &Net, id: NodeId) -> Option<ProblemKind> {
    let node = net.node(id);
    let rule = |holds: bool, text| (!holds).then_some(ProblemKind::Rule(text));
    match node.kind {
        NodeKind::Deferred => rule(
            node.outgoing.iter().all(|&flow| is_alternative(net, flow)),
            "a deferred choice offers its tokens to tasks and triggers that nothing else leads to",
        ),
        // The same flow brings several, then.
        NodeKind::Partial { needed: 1.., .. } if net.again(id).is_some() => {
            rule(node.outgoing.len() > 1, "a join with a flow back has one that goes on")
        }
        NodeKind::Partial { needed, .. } => rule(
            (1..=255).contains(&node.incoming.len())
                && (1..=node.incoming.len()).contains(&usize::from(needed)),
            "a partial join needs from one of its incoming flows to all of them, at most 255",
        ),
        NodeKind::ThreadSplit(Quantity::Fixed(0) | Quantity::Chosen(0)) => {
            rule(false, "a thread split makes at least one thread")
        }
        NodeKind::ThreadMerge(0) => rule(false, "a thread merge takes at least one thread"),
        NodeKind::Instances(instances) => rule(
            instances_fit(instances),
            "a multi-instance task has from 1 to 64 instances, and needs no more than it can have",
        ),
        NodeKind::Throw => rule(net.message(id).is_some(), "a node that sends names its message"),
        NodeKind::Call => rule(net.called(id).is_some(), "a call names the net that it runs"),
        NodeKind::Interrupt { .. } => {
            rule(!net.region(id).is_empty(), "an interrupt has a region of at least one node")
        }
        NodeKind::Completion if net.region(id).contains(&id) => {
            rule(false, "a completion cannot wait for itself")
        }
        // The end of the last of them moves no thread, and so would not be noticed.
        NodeKind::Completion => rule(
            !net.region(id).iter().any(|&node| runs_on(net, node)),
            "a completion cannot wait for instances that run on after their thread has gone on",
        ),
        NodeKind::Inclusive(_) if node.outgoing.len() > BRANCHES_MAX => {
            rule(false, "an inclusive split has at most 32 branches")
        }
        NodeKind::Inclusive(Synchronizing::Local) => rule(
            node.incoming.len() < 2 || !net.ahead(id).contains(&id),
            "a local synchronizing merge cannot stand in a loop: use a general one",
        ),
        _ => None,
    }
}

fn is_alternative(net: &Net, flow: FlowId) -> bool {
    let to = net.node(net.flow(flow).to());
    matches!(to.kind, NodeKind::Task | NodeKind::Receive(_)) && to.incoming.len() == 1
}

fn runs_on(net: &Net, node: NodeId) -> bool {
    matches!(net.node(node).kind, NodeKind::Instances(instances) if instances.drains())
}

fn instances_fit(instances: Instances) -> bool {
    let Instances { count, most, needed, .. } = instances;
    let count = match count {
        Quantity::Fixed(count) | Quantity::Chosen(count) => count,
    };
    let needed_fits = !matches!(needed, Needed::AtLeast(needed) if needed == 0 || needed > most);
    (1..=INSTANCES_MAX).contains(&most) && (1..=most).contains(&count) && needed_fits
}

/// What is wrong with regions, sections and milestones.
pub(crate) fn relations(net: &Net) -> Vec<Problem> {
    let mut problems = Vec::new();
    if net.message_names().len() > MESSAGES_MAX {
        problems.push(Problem::new(Subject::Net, ProblemKind::Rule("a net names at most 65,535 messages")));
    }
    let mut report = |node: NodeId, text| {
        problems.push(Problem::new(Subject::Node(node), ProblemKind::Rule(text)));
    };
    for &node in net.regions.keys() {
        let kind = net.node(node).kind;
        let is_join = matches!(kind, NodeKind::Partial { surplus: Surplus::Cancel, .. });
        let has_region = matches!(kind, NodeKind::Interrupt { .. } | NodeKind::Completion);
        if !(kind.is_task() || is_join || has_region) {
            report(node, "only a task, a cancelling partial join or an interrupt takes tokens away");
        }
    }
    for &node in net.completion_guards.keys() {
        let has_condition = match net.node(node).kind {
            NodeKind::Instances(instances) => instances.needed == Needed::Condition,
            NodeKind::Partial { surplus, .. } => surplus == Surplus::Cancel,
            _ => false,
        };
        if !has_condition {
            report(
                node,
                "a completion condition is of a task with instances that it completes, or of a join that cancels",
            );
        }
    }
    for &node in net.quantities.keys() {
        let is_chosen =
            matches!(net.node(node).kind, NodeKind::Instances(Instances { count: Quantity::Chosen(_), .. }));
        if !is_chosen {
            report(node, "a number of instances by data is of a task with a chosen number");
        }
    }
    for &node in net.timers.keys() {
        let kind = net.node(node).kind;
        if !matches!(kind, NodeKind::Receive(Retention::Transient) | NodeKind::Interrupt { .. }) {
            report(node, "time brings transient triggers and interrupts");
        }
    }
    for &node in net.messages.keys() {
        let kind = net.node(node).kind;
        let has_message = matches!(
            kind,
            NodeKind::Throw
                | NodeKind::Receive(_)
                | NodeKind::Interrupt { .. }
                | NodeKind::Start
                | NodeKind::Terminate
        );
        if !has_message {
            report(
                node,
                "messages are sent by throwing nodes, and for receiving tasks, interrupts and starts; an end names its error",
            );
        }
    }
    for &(task, reached) in &net.milestones {
        let holds = net.node(reached).kind;
        let can_hold = matches!(holds, NodeKind::Task | NodeKind::Receive(_) | NodeKind::Deferred);
        if net.node(task).kind != NodeKind::Task || !can_hold {
            report(task, "a milestone is a task, a trigger or a deferred choice, and a task waits for it");
        }
    }
    for section in net.critical.iter().flatten() {
        for &node in section {
            match entry(net, section, node) {
                Entry::Both => {
                    report(node, "a task of a critical section is entered from within and from outside")
                }
                // Only of a plain task the marking says whether it has begun.
                Entry::Outside if net.node(node).kind.is_task() && net.node(node).kind != NodeKind::Task => {
                    report(node, "a critical section is entered at a plain task");
                }
                _ => {}
            }
        }
    }
    problems
}

/// Where the tokens of a section's task come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Entry {
    Outside,
    Inside,
    Both,
}

/// Where tokens come from that reach this node of a section.
pub(crate) fn entry(net: &Net, section: &[NodeId], node: NodeId) -> Entry {
    let (mut inside, mut outside) = (false, false);
    let mut seen = BTreeSet::new();
    let mut open: Vec<FlowId> = net.node(node).incoming.clone();
    while let Some(flow) = open.pop() {
        let from = net.flow(flow).from();
        if net.node(from).kind.is_gateway() && !section.contains(&from) {
            if seen.insert(from) {
                open.extend(&net.node(from).incoming);
            }
        } else if section.contains(&from) {
            inside = true;
        } else {
            outside = true;
        }
    }
    match (inside, outside) {
        (true, false) => Entry::Inside,
        (true, true) => Entry::Both,
        _ => Entry::Outside,
    }
}
