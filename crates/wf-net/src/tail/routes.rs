//! What tasks run, what time brings, and what waits for messages, by route.

use super::{Catch, TimerLabel};
use crate::NodeId;
use crate::image::TaskCell;
use crate::net::Net;
use crate::routing::Routing;

/// Names of the nets that tasks run, in the order of the tasks.
pub(super) fn called(net: &Net, routing: &Routing) -> Vec<String> {
    let of_task = |&task: &NodeId| net.called(task).or_else(|| net.body(task).map(|_| net.name()));
    routing.tasks.iter().filter_map(of_task).map(str::to_owned).collect()
}

/// The timers of a net, and whether the engine has room to watch each.
pub(super) fn timers(net: &Net, routing: &Routing, cells: &[TaskCell]) -> Vec<TimerLabel> {
    let nodes = routing.tasks.iter().chain(&routing.interrupts).enumerate();
    let behind = |index: usize| if index < routing.tasks.len() { 0 } else { routing.starts.len() };
    let label = |(index, &node): (usize, &NodeId)| {
        let route = (index + behind(index)) as u16;
        Some(TimerLabel { route, timer: net.timer(node)?, is_watched: cells[index].flags != 0 })
    };
    nodes.filter_map(label).collect()
}

/// What a net does with messages from outside.
pub(super) fn catches(net: &Net, routing: &Routing) -> Vec<Catch> {
    let names = net.message_names();
    let nodes = routing.tasks.iter().chain(&routing.starts).chain(&routing.interrupts).zip(0u16..);
    let catch = |(&node, route): (&NodeId, u16)| {
        let message = names.binary_search(&net.message(node)?).ok()? as u16;
        Some(Catch { route, message })
    };
    nodes.filter_map(catch).collect()
}
