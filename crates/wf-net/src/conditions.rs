//! When a task can begin, beyond having a token: milestones, critical sections, deferred choices.

use crate::NodeId;
use crate::net::{Net, NodeKind};
use crate::routing::{Routing, State};
use crate::rules::{Entry, entry};

/// Places that must hold a token, must hold none, and lose one when the task begins.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Condition {
    pub(crate) need: Vec<u16>,
    pub(crate) deny: Vec<u16>,
    pub(crate) rivals: Vec<u16>,
}

/// For each task its condition.
pub(crate) fn conditions(net: &Net, routing: &Routing) -> Vec<Condition> {
    let mut conditions = vec![Condition::default(); routing.tasks.len()];
    let number = |node: NodeId| routing.tasks.binary_search(&node).ok();
    for &(task, reached) in net.milestones() {
        let holder = match net.node(reached).kind() {
            // A token that is offered stands at every alternative.
            NodeKind::Deferred => net.flow(net.node(reached).outgoing()[0]).to(),
            _ => reached,
        };
        if let (Some(task), Some(holder)) = (number(task), number(holder)) {
            conditions[task].need.push(holder as u16);
            conditions[task].deny.push(routing.running_bit(holder) as u16);
        }
    }
    for deferred in net.nodes_of(NodeKind::Deferred) {
        let alternatives: Vec<usize> =
            net.node(deferred).outgoing().iter().filter_map(|&flow| number(net.flow(flow).to())).collect();
        for &task in &alternatives {
            let others = alternatives.iter().filter(|&&other| other != task);
            conditions[task].rivals.extend(others.map(|&other| other as u16));
        }
    }
    for group in net.critical_sections() {
        for (index, section) in group.iter().enumerate() {
            let others = group.iter().enumerate().filter(|&(other, _)| other != index);
            let held: Vec<u16> = others.flat_map(|(_, other)| inner(net, routing, other)).collect();
            for &node in section {
                if let Some(task) = number(node)
                    && entry(net, section, node) == Entry::Outside
                {
                    conditions[task].deny.extend(&held);
                }
            }
        }
    }
    for condition in &mut conditions {
        for places in [&mut condition.need, &mut condition.deny, &mut condition.rivals] {
            places.sort_unstable();
            places.dedup();
        }
    }
    conditions
}

/// Places that hold a token while a section is being executed: not those where it waits to be entered.
fn inner(net: &Net, routing: &Routing, section: &[NodeId]) -> Vec<u16> {
    let mut places = Vec::new();
    for &node in section {
        // Work items that wait to enter the section, and kept triggers, are not in it.
        let waits_outside = |place: u16| {
            usize::from(place) < routing.tasks.len() && entry(net, section, node) != Entry::Inside
        };
        let is_trigger = |place: u16| matches!(routing.state_of(place), Some(State::Triggers));
        let of_node = routing.places_of(net, node);
        places.extend(of_node.into_iter().filter(|&place| !waits_outside(place) && !is_trigger(place)));
    }
    places
}
