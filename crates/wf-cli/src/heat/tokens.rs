//! Which flows the tokens of a case take: a plain token game beside the engine, which keeps no such counts.
//!
//! The engine says what was done, with which decisions, and which work items came of it. Where that leaves open what
//! tokens did (behind calls and instances, and behind merges beside these), flows have no count rather than a wrong one.

use std::collections::HashMap;

use wf_engine::Event;
use wf_net::{ANY_ERROR, DecisionKind, FlowId, Names, Net, NodeId, NodeKind, Quantity};

use crate::trace::Step;

/// What a decision says in a step.
#[derive(Clone, Copy, Debug)]
enum Digit {
    Branch(usize),
    /// A mask; 0 takes the default branch.
    Branches(u64),
    Count(u64),
}

/// The state of a case as far as tokens wait at gateways, and the counts of all cases.
#[derive(Clone, Debug)]
struct State {
    /// Tokens at the inputs of what waits, by flow.
    waiting: Vec<u32>,
    /// Arrivals in the round of a partial join, by node.
    arrived: Vec<u32>,
    taken: Vec<u64>,
    passed: Vec<u64>,
    /// New work items of the step, by node.
    items: Vec<u32>,
}

/// Counts tokens on flows.
pub(super) struct Tokens<'n> {
    net: &'n Net,
    by_id: HashMap<&'n str, NodeId>,
    tasks: Vec<NodeId>,
    is_known: Vec<bool>,
    /// Nodes that fire when the engine finds that nothing else can come.
    merges: Vec<NodeId>,
    state: State,
}

impl<'n> Tokens<'n> {
    pub(super) fn new(net: &'n Net) -> Self {
        let waits = |id: &NodeId| {
            let node = net.node(*id);
            matches!(node.kind(), NodeKind::Completion)
                || (matches!(node.kind(), NodeKind::Inclusive(_)) && node.incoming().len() > 1)
        };
        let merges: Vec<NodeId> = net.node_ids().filter(waits).collect();
        let is_known = known(net, &merges);
        let state = State {
            waiting: vec![0; net.flows().len()],
            arrived: vec![0; net.nodes().len()],
            taken: vec![0; net.flows().len()],
            passed: vec![0; net.nodes().len()],
            items: vec![0; net.nodes().len()],
        };
        let by_id = net.node_ids().map(|id| (net.node(id).id(), id)).collect();
        Self { net, by_id, tasks: net.tasks().collect(), is_known, merges, state }
    }

    /// How many tokens took a flow, by its number; `None` where that is not known.
    pub(super) fn count(&self, flow: usize) -> Option<u64> {
        self.is_known[flow].then(|| self.state.taken[flow])
    }

    /// How many tokens a node passed on.
    pub(super) fn passed(&self, node: NodeId) -> u64 {
        self.state.passed[node.index()]
    }

    /// Forgets the tokens of a case that is over.
    pub(super) fn clear(&mut self) {
        self.state.waiting.fill(0);
        self.state.arrived.fill(0);
    }

    /// Moves the tokens of a step that began at a node.
    pub(super) fn step(&mut self, names: &Names, node: NodeId, step: &Step<'_>) {
        let digits = self.digits(names, step);
        self.state.items.fill(0);
        for &cleared in self.net.region(node) {
            self.state.arrived[cleared.index()] = 0;
            self.net.node(cleared).incoming().iter().for_each(|flow| self.state.waiting[flow.index()] = 0);
        }
        // Of the flows out of a deferred choice, the one is taken whose task was done.
        for &flow in self.net.node(node).incoming() {
            if self.net.node(self.net.flow(flow).from()).kind() == NodeKind::Deferred {
                self.state.taken[flow.index()] += 1;
            }
        }
        let mut is_over = self.state.leave(self.net, node, &digits);
        // What the engine has found to fire explains the other new work items, or that the case has ended.
        while !is_over {
            let is_explained = self.is_explained(step.enabled) && step.ended.is_none();
            let waiting: Vec<NodeId> = self.merges.iter().copied().filter(|&m| self.has_tokens(m)).collect();
            if is_explained || waiting.is_empty() {
                break;
            }
            let before = self.state.clone();
            let fits = waiting.iter().find(|&&merge| {
                self.state = before.clone();
                is_over = self.fire(merge, &digits);
                self.is_possible(step.enabled)
            });
            if fits.is_none() {
                self.state = before;
                break;
            }
        }
    }

    /// The decisions of a step, by the nodes that ask for them.
    fn digits(&self, names: &Names, step: &Step<'_>) -> HashMap<NodeId, Digit> {
        let mut left = step.choice;
        let mut digits = HashMap::new();
        for &decision in &names.route_decisions[step.route] {
            let decision = &names.decisions[decision];
            let digit = left % decision.base();
            left /= decision.base();
            let said = match decision.kind {
                DecisionKind::Branch => Digit::Branch(digit as usize),
                DecisionKind::Guarded => Digit::Branch((digit as usize).saturating_sub(1)),
                DecisionKind::Branches | DecisionKind::GuardedBranches => Digit::Branches(digit),
                DecisionKind::Count(_) => Digit::Count(digit),
                DecisionKind::GuardedCount(_) | DecisionKind::Enough | DecisionKind::GuardedEnough => {
                    continue;
                }
            };
            if let Some(&node) = self.by_id.get(decision.gateway.id.as_str()) {
                digits.insert(node, said);
            }
        }
        digits
    }

    fn has_tokens(&self, node: NodeId) -> bool {
        self.net.node(node).incoming().iter().any(|flow| self.state.waiting[flow.index()] > 0)
    }

    /// Lets a merge fire with all that has come.
    fn fire(&mut self, merge: NodeId, digits: &HashMap<NodeId, Digit>) -> bool {
        let node = self.net.node(merge);
        for flow in node.incoming() {
            let waiting = &mut self.state.waiting[flow.index()];
            *waiting = if node.kind() == NodeKind::Completion { 0 } else { waiting.saturating_sub(1) };
        }
        self.state.leave(self.net, merge, digits)
    }

    /// New work items of a task in the game, and in the engine.
    fn compare(&self, enabled: &[Event]) -> impl Iterator<Item = (u32, u32)> + '_ {
        let mut found = vec![0; self.tasks.len()];
        for event in enabled {
            if let Some(count) = found.get_mut(usize::from(event.task)) {
                *count += 1;
            }
        }
        self.tasks.iter().zip(found).map(|(task, found)| (self.state.items[task.index()], found))
    }

    fn is_explained(&self, enabled: &[Event]) -> bool {
        self.compare(enabled).all(|(game, engine)| game == engine)
    }

    fn is_possible(&self, enabled: &[Event]) -> bool {
        self.compare(enabled).all(|(game, engine)| game <= engine)
    }
}

/// The flows whose tokens can be counted: not those behind calls, instances and joins by data and errors of calls, nor those behind merges if there are such.
fn known(net: &Net, merges: &[NodeId]) -> Vec<bool> {
    let is_dark = |id: &NodeId| {
        let kind = net.node(*id).kind();
        let catches = |name: &str| {
            name.starts_with(ANY_ERROR)
                && net.node_ids().any(|id| net.called(id).is_some() || net.body(id).is_some())
        };
        matches!(kind, NodeKind::Call | NodeKind::Instances(_))
            || net.completion_guard(*id).is_some()
            || net.node(*id).outgoing().iter().any(|&flow| net.flow(flow).is_again())
            || net.message(*id).is_some_and(catches)
    };
    let mut is_known = vec![true; net.flows().len()];
    let mut open: Vec<NodeId> = net.node_ids().filter(is_dark).collect();
    if !open.is_empty() {
        open.extend(merges);
    }
    while let Some(node) = open.pop() {
        for &flow in net.node(node).outgoing() {
            let to = net.flow(flow).to();
            if core::mem::replace(&mut is_known[flow.index()], false) && net.node(to).kind().is_gateway() {
                open.push(to);
            }
        }
    }
    is_known
}

impl State {
    /// Puts tokens on the flows out of a node and moves them as far as they go; whether that ended the case.
    fn leave(&mut self, net: &Net, node: NodeId, digits: &HashMap<NodeId, Digit>) -> bool {
        let mut open: Vec<FlowId> = Vec::new();
        self.pass(net, node, digits, &mut open);
        while let Some(flow) = open.pop() {
            let to = net.flow(flow).to();
            let (target, at) = (net.node(to), to.index());
            match target.kind() {
                NodeKind::Terminate => {
                    self.taken[flow.index()] += 1;
                    self.waiting.fill(0);
                    return true;
                }
                NodeKind::Parallel if target.incoming().len() > 1 => {
                    self.waiting[flow.index()] += 1;
                    if target.incoming().iter().all(|input| self.waiting[input.index()] > 0) {
                        target.incoming().iter().for_each(|input| self.waiting[input.index()] -= 1);
                        self.pass(net, to, digits, &mut open);
                    }
                }
                NodeKind::Completion => self.waiting[flow.index()] += 1,
                NodeKind::Inclusive(_) if target.incoming().len() > 1 => self.waiting[flow.index()] += 1,
                NodeKind::Partial { needed, .. } => {
                    self.arrived[at] += 1;
                    if self.arrived[at] == u32::from(needed) {
                        self.pass(net, to, digits, &mut open);
                    }
                    if self.arrived[at] as usize >= target.incoming().len() {
                        self.arrived[at] = 0;
                    }
                }
                NodeKind::ThreadMerge(count) => {
                    self.arrived[at] += 1;
                    if self.arrived[at] >= u32::from(count) {
                        self.arrived[at] = 0;
                        self.pass(net, to, digits, &mut open);
                    }
                }
                NodeKind::Deferred => {
                    // What follows waits; the flow that is taken is counted when it is.
                    for &offered in target.outgoing() {
                        self.items[net.flow(offered).to().index()] += 1;
                    }
                }
                kind if kind.is_gateway() => self.pass(net, to, digits, &mut open),
                _ => self.items[at] += 1,
            }
            self.taken[flow.index()] += 1;
        }
        false
    }

    /// Chooses the flows that a node's tokens take.
    fn pass(&mut self, net: &Net, id: NodeId, digits: &HashMap<NodeId, Digit>, open: &mut Vec<FlowId>) {
        let node = net.node(id);
        let outgoing = node.outgoing();
        self.passed[id.index()] += 1;
        match (node.kind(), digits.get(&id)) {
            (NodeKind::Exclusive, Some(&Digit::Branch(branch))) => open.extend(outgoing.get(branch)),
            (NodeKind::Exclusive, _) => open.extend(outgoing.first()),
            (NodeKind::Inclusive(_), Some(&Digit::Branches(mask))) if outgoing.len() > 1 => {
                let is_chosen = |&(branch, flow): &(usize, &FlowId)| {
                    if mask == 0 { net.flow(*flow).is_default() } else { mask >> branch & 1 == 1 }
                };
                open.extend(outgoing.iter().enumerate().filter(is_chosen).map(|(_, flow)| *flow));
            }
            (NodeKind::ThreadSplit(quantity), digit) => {
                let count = match (quantity, digit) {
                    (Quantity::Fixed(count), _) => u64::from(count),
                    (_, Some(&Digit::Count(count))) => count,
                    _ => 0,
                };
                (0..count).for_each(|_| open.extend(outgoing));
            }
            _ => open.extend(outgoing),
        }
    }
}
