//! The order in which gateways fire, and the loops that leave them without one.

use std::collections::BTreeSet;

use super::{is_inclusive_merge, is_merge};
use crate::net::{Net, NodeKind};
use crate::problem::{Problem, ProblemKind, Subject};
use crate::{FlowId, NodeId};

/// Whether the node has a step in the routes that reach it.
fn has_step(kind: NodeKind) -> bool {
    kind.may_pass() || matches!(kind, NodeKind::Instances(_))
}

/// All nodes with a step, each after every one that can feed it; those that look at the whole case as late as
/// possible: ends of sub-processes, then merges.
pub(super) fn gateway_order(net: &Net) -> Result<Vec<NodeId>, Vec<Problem>> {
    let feeds = |node: NodeId| {
        let passes = net.node(node).kind().may_pass();
        let outgoing: &[FlowId] = if passes { net.node(node).outgoing() } else { &[] };
        outgoing.iter().map(|&f| net.flow(f).to()).filter(|&to| has_step(net.node(to).kind()))
    };
    let mut waiting: Vec<usize> = vec![0; net.nodes().len()];
    let gateways: Vec<NodeId> = net.node_ids().filter(|&node| has_step(net.node(node).kind())).collect();
    for &node in &gateways {
        feeds(node).for_each(|to| waiting[to.index()] += 1);
    }
    let key = |node: NodeId| (is_merge(net, node), is_inclusive_merge(net, node), node);
    let mut ready: BTreeSet<(bool, bool, NodeId)> =
        gateways.iter().copied().filter(|node| waiting[node.index()] == 0).map(key).collect();
    let mut order = Vec::with_capacity(gateways.len());
    while let Some((.., node)) = ready.pop_first() {
        order.push(node);
        for to in feeds(node) {
            waiting[to.index()] -= 1;
            if waiting[to.index()] == 0 {
                ready.insert(key(to));
            }
        }
    }
    if order.len() == gateways.len() { Ok(order) } else { Err(loops(net, &gateways, &order)) }
}

/// One problem for each group of gateways that can go round among themselves: Kosaraju's strong components.
fn loops(net: &Net, gateways: &[NodeId], ordered: &[NodeId]) -> Vec<Problem> {
    let mut left: BTreeSet<NodeId> = gateways.iter().copied().collect();
    ordered.iter().for_each(|node| {
        left.remove(node);
    });
    let ahead = |node: NodeId| {
        let passes = net.node(node).kind().may_pass();
        let outgoing: &[FlowId] = if passes { net.node(node).outgoing() } else { &[] };
        outgoing.iter().map(|&flow| net.flow(flow).to())
    };
    let behind = |node: NodeId| {
        let from = net.node(node).incoming().iter().map(|&flow| net.flow(flow).from());
        from.filter(|&from| net.node(from).kind().may_pass())
    };
    let mut finished = Vec::with_capacity(left.len());
    let mut unseen = left.clone();
    for &first in &left {
        // A node stands on the stack once for each way to it, and once more to be finished.
        let mut stack = vec![(first, false)];
        while let Some((node, is_done)) = stack.pop() {
            if is_done {
                finished.push(node);
            } else if unseen.remove(&node) {
                stack.push((node, true));
                stack.extend(ahead(node).filter(|next| unseen.contains(next)).map(|next| (next, false)));
            }
        }
    }
    let mut problems = Vec::new();
    for &last in finished.iter().rev() {
        if !left.remove(&last) {
            continue;
        }
        let (mut group, mut next) = (vec![last], 0);
        while next < group.len() {
            let node = group[next];
            group.extend(behind(node).filter(|other| left.remove(other)));
            next += 1;
        }
        group.sort_unstable();
        if group.len() > 1 || ahead(last).any(|next| next == last) {
            problems.push(Problem::new(Subject::Node(group[0]), ProblemKind::LoopWithoutTask(group)));
        }
    }
    problems.sort_by_key(|problem| problem.subject);
    problems
}
