//! What a walk about one merge may leave out or take together.

use crate::NodeId;
use crate::net::{Net, NodeKind};
use crate::routing::Routing;

/// For each place the end of the chain of tasks that it begins; itself where it begins none.
pub(crate) fn chains(net: &Net, routing: &Routing) -> Vec<u16> {
    let is_free = |node: NodeId| {
        net.node(node).kind() == NodeKind::Task
            && !net.regions.contains_key(&node)
            && !net.regions.values().flatten().any(|&member| member == node)
            && !net.milestones().iter().any(|&(task, reached)| task == node || reached == node)
            && !net.critical_sections().iter().flatten().flatten().any(|&member| member == node)
            && net
                .node(node)
                .incoming()
                .iter()
                .all(|&flow| net.node(net.flow(flow).from()).kind() != NodeKind::Deferred)
    };
    let next = |node: NodeId| match net.node(node).outgoing() {
        [flow] => Some(net.flow(*flow).to()).filter(|&to| is_free(node) && is_free(to)),
        _ => None,
    };
    let mut stands_for: Vec<u16> = (0..routing.place_count() as u16).collect();
    for (task, &node) in routing.tasks.iter().enumerate() {
        let (mut end, mut steps) = (node, 0);
        while let Some(next) = next(end)
            && steps < routing.tasks.len()
        {
            end = next;
            steps += 1;
        }
        // Tasks that go round among themselves have no end.
        if steps < routing.tasks.len() {
            stands_for[task] = routing.tasks.binary_search(&end).unwrap_or(task) as u16;
        }
    }
    stands_for
}

/// Which places are of some of the nodes.
pub(super) fn places_of(net: &Net, routing: &Routing, members: &[bool]) -> Vec<bool> {
    let mut matters = vec![false; routing.place_count()];
    for node in net.node_ids().filter(|node| members[node.index()]) {
        for place in routing.places_of(net, node) {
            matters[usize::from(place)] = true;
        }
    }
    matters
}

/// The nodes that can influence whether a merge must wait: all from which a path leads to it, and those that take tokens
/// from these, keep them from beginning, or race with them.
pub(crate) fn influencing(net: &Net, merge: NodeId) -> Vec<bool> {
    let mut members = vec![false; net.nodes().len()];
    let mut open = vec![merge];
    while let Some(node) = open.pop() {
        if core::mem::replace(&mut members[node.index()], true) {
            continue;
        }
        open.extend(net.node(node).incoming().iter().map(|&flow| net.flow(flow).from()));
        // What takes tokens from it.
        let takers = net
            .regions
            .iter()
            .filter(|(by, region)| region.contains(&node) && net.node(**by).kind() != NodeKind::Completion);
        open.extend(takers.map(|(&by, _)| by));
        match net.node(node).kind() {
            // It happens while its region has a token, and completes when that has none.
            NodeKind::Interrupt { .. } | NodeKind::Completion => open.extend(net.region(node)),
            NodeKind::Deferred => {
                open.extend(net.node(node).outgoing().iter().map(|&flow| net.flow(flow).to()));
            }
            _ => {}
        }
        open.extend(net.milestones().iter().filter(|(task, _)| *task == node).map(|&(_, reached)| reached));
        let groups = net.critical_sections().iter();
        let of_node = groups.filter(|group| group.iter().any(|section| section.contains(&node)));
        open.extend(of_node.flatten().flatten());
    }
    members
}
