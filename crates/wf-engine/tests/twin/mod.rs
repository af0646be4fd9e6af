//! The naive interpreter: plays a net with maps of tokens, one gateway at a time, and knows nothing of masks, programs or
//! lines. Slow and plain, so that a reader can check it against the patterns.
#![allow(dead_code, reason = "each test binary uses a part")]

use std::collections::BTreeMap;

use wf_engine::EndKind;
use wf_net::{FlowId, Net, NodeId, NodeKind};

/// Which branch each gateway takes in one step. A step is one instant: a gateway decides once in it.
pub(crate) type Choices = BTreeMap<String, usize>;

/// A case of the naive interpreter.
#[derive(Clone, Debug)]
pub(crate) struct Case<'n> {
    net: &'n Net,
    /// Tokens that rest or move on flows which do not lead to a task.
    flows: BTreeMap<FlowId, u32>,
    /// Tokens at tasks: work items, begun or not.
    waiting: BTreeMap<NodeId, u32>,
    /// Work items that somebody has begun.
    running: BTreeMap<NodeId, u32>,
    pub(crate) ended: Option<EndKind>,
}

impl<'n> Case<'n> {
    pub(crate) fn start(net: &'n Net, start: NodeId, choices: &Choices) -> Self {
        let mut case = Self {
            net,
            flows: BTreeMap::new(),
            waiting: BTreeMap::new(),
            running: BTreeMap::new(),
            ended: None,
        };
        case.leave(start, choices);
        case
    }

    /// Completes one work item of a task; `false` if it has none.
    pub(crate) fn complete(&mut self, task: NodeId, choices: &Choices) -> bool {
        if self.ended.is_some() || !take(&mut self.waiting, task) {
            return false;
        }
        // A work item that was begun is the one that is done.
        take(&mut self.running, task);
        self.leave(task, choices);
        true
    }

    /// Begins one work item of a task; `false` if none waits.
    pub(crate) fn begin(&mut self, task: NodeId) -> bool {
        let waits = self.ended.is_none() && count(&self.waiting, task) > count(&self.running, task);
        if waits {
            *self.running.entry(task).or_default() += 1;
        }
        waits
    }

    /// Gives the case up; the work items that are gone.
    pub(crate) fn cancel(&mut self) -> Option<Vec<NodeId>> {
        if self.ended.is_some() {
            return None;
        }
        self.ended = Some(EndKind::Cancelled);
        Some(repeat(&self.waiting, |node| count(&self.waiting, node)))
    }

    /// Work items that wait and are not begun, each as often as it can be begun.
    pub(crate) fn enabled(&self) -> Vec<NodeId> {
        if self.ended.is_some() {
            return Vec::new();
        }
        repeat(&self.waiting, |node| count(&self.waiting, node) - count(&self.running, node))
    }

    /// All work items, begun or not.
    pub(crate) fn items(&self) -> BTreeMap<NodeId, u32> {
        self.waiting.clone()
    }

    /// The most tokens in one place.
    pub(crate) fn most(&self) -> u32 {
        self.flows.values().chain(self.waiting.values()).copied().max().unwrap_or(0)
    }

    fn leave(&mut self, node: NodeId, choices: &Choices) {
        for &flow in self.net.node(node).outgoing() {
            *self.flows.entry(flow).or_default() += 1;
        }
        while self.fire_one(choices) {}
        let no_work = self.waiting.is_empty();
        if no_work && self.flows.is_empty() {
            self.ended = Some(EndKind::Completed);
        } else if no_work {
            self.ended = Some(EndKind::Deadlocked);
        }
    }

    /// Fires any one node that can fire by itself; `false` if none can.
    fn fire_one(&mut self, choices: &Choices) -> bool {
        let marked: Vec<FlowId> = self.flows.keys().copied().collect();
        for flow in marked {
            let id = self.net.flow(flow).to();
            let node = self.net.node(id);
            match node.kind() {
                NodeKind::Task => {
                    take(&mut self.flows, flow);
                    *self.waiting.entry(id).or_default() += 1;
                }
                NodeKind::End => {
                    take(&mut self.flows, flow);
                }
                NodeKind::Exclusive => {
                    take(&mut self.flows, flow);
                    let branch = if node.outgoing().len() == 1 { 0 } else { choices[node.id()] };
                    *self.flows.entry(node.outgoing()[branch]).or_default() += 1;
                }
                NodeKind::Parallel if node.incoming().iter().all(|input| self.flows.contains_key(input)) => {
                    for &input in node.incoming() {
                        take(&mut self.flows, input);
                    }
                    for &output in node.outgoing() {
                        *self.flows.entry(output).or_default() += 1;
                    }
                }
                NodeKind::Parallel | NodeKind::Start => continue,
                other => unreachable!("the generator makes no {other:?}"),
            }
            return true;
        }
        false
    }
}

fn count<K: Ord>(tokens: &BTreeMap<K, u32>, at: K) -> u32 {
    tokens.get(&at).copied().unwrap_or(0)
}

fn take<K: Ord + Copy>(tokens: &mut BTreeMap<K, u32>, at: K) -> bool {
    match tokens.get_mut(&at) {
        Some(1) => {
            tokens.remove(&at);
            true
        }
        Some(count) => {
            *count -= 1;
            true
        }
        None => false,
    }
}

fn repeat(tokens: &BTreeMap<NodeId, u32>, times: impl Fn(NodeId) -> u32) -> Vec<NodeId> {
    tokens.keys().flat_map(|&node| std::iter::repeat_n(node, times(node) as usize)).collect()
}
