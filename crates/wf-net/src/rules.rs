//! What each kind of node and each relation between nodes asks of a net.

use std::collections::BTreeSet;

use crate::image::{CHILDREN_MAX, INSTANCES_MAX};
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
        NodeKind::ThreadSplit(Quantity::Fixed(count) | Quantity::Chosen(count)) => {
            rule((1..=255).contains(&count), "a thread split makes from 1 to 255 threads")
        }
        NodeKind::ThreadMerge(0) => rule(false, "a thread merge takes at least one thread"),
        NodeKind::Instances(instances) if net.has_children(id) => body_fits(net, id, instances),
        NodeKind::Instances(instances) => rule(
            instances_fit(instances, INSTANCES_MAX),
            "a multi-instance task has from 1 to 64 instances, or more with a body, and needs no more than it can have",
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

/// What is wrong with a task whose instances are cases of their own.
fn body_fits(net: &Net, task: NodeId, instances: Instances) -> Option<ProblemKind> {
    let broken = |text| Some(ProblemKind::Rule(text));
    if !instances_fit(instances, CHILDREN_MAX) {
        return broken(
            "a task with a body has from 1 to 32,767 instances, and needs no more than it can have",
        );
    }
    if instances.needed == Needed::Condition && net.completion_guard(task).is_none() {
        return broken("where instances are cases of their own, data decides whether they are enough");
    }
    match (net.body(task), net.called(task)) {
        (Some(_), Some(_)) => broken("instances begin at a start node or are cases of a net, not both"),
        (Some(start), None) if net.node(start).kind != NodeKind::Start => {
            broken("instances begin at a start node")
        }
        (Some(start), None) if net.bodies.values().filter(|&&other| other == start).count() > 1 => {
            broken("a start node is of the instances of one task")
        }
        _ => None,
    }
}

fn instances_fit(instances: Instances, instances_max: u16) -> bool {
    let Instances { count, most, needed, .. } = instances;
    let count = match count {
        Quantity::Fixed(count) | Quantity::Chosen(count) => count,
    };
    let needed_fits = !matches!(needed, Needed::AtLeast(needed) if needed == 0 || needed > most);
    (1..=instances_max).contains(&most) && (1..=most).contains(&count) && needed_fits
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
    for &task in net.bodies.keys() {
        if !matches!(net.node(task).kind, NodeKind::Instances(_)) {
            report(task, "a body is of a multi-instance task");
        }
    }
    for &task in net.calls.keys() {
        if !matches!(net.node(task).kind, NodeKind::Instances(_) | NodeKind::Call) {
            report(task, "a net is run by a call, or by the instances of a task");
        }
    }
    bodies_apart(net, &mut report);
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

/// Tokens of a body and those around it lie in different cases: nothing may ask for both.
fn bodies_apart(net: &Net, report: &mut impl FnMut(NodeId, &'static str)) {
    if net.bodies.is_empty() {
        return;
    }
    // From which bodies each node is reached, and whether from elsewhere.
    let bodies: BTreeSet<NodeId> = net.bodies.values().copied().collect();
    let mut reached: Vec<BTreeSet<Option<NodeId>>> = vec![BTreeSet::new(); net.nodes.len()];
    let mut open: Vec<(NodeId, Option<NodeId>)> =
        net.nodes_of(NodeKind::Start).map(|start| (start, bodies.get(&start).copied())).collect();
    while let Some((node, from)) = open.pop() {
        if reached[node.index()].insert(from) {
            open.extend(net.node(node).outgoing.iter().map(|&flow| (net.flow(flow).to(), from)));
            let starts = net.interrupts().filter(|&interrupt| net.region(interrupt).contains(&node));
            open.extend(starts.map(|interrupt| (interrupt, from)));
        }
    }
    for node in net.node_ids() {
        let is_end = matches!(net.node(node).kind, NodeKind::End | NodeKind::Terminate);
        if !is_end && reached[node.index()].len() > 1 {
            report(node, "what is reached from the start node of instances is reached from no other one");
        }
    }
    let is_together =
        |nodes: &[NodeId]| nodes.windows(2).all(|pair| reached[pair[0].index()] == reached[pair[1].index()]);
    for (&node, region) in &net.regions {
        if !region.iter().all(|&member| is_together(&[node, member])) {
            report(node, "a region lies within the instances of one task, or outside of all");
        }
    }
    for &(task, milestone) in &net.milestones {
        if !is_together(&[task, milestone]) {
            report(task, "a milestone lies within the instances of one task, or outside of all");
        }
    }
    for group in &net.critical {
        let members: Vec<NodeId> = group.iter().flatten().copied().collect();
        if !is_together(&members) {
            report(members[0], "critical sections lie within the instances of one task, or outside of all");
        }
    }
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
