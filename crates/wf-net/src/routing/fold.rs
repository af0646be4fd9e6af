//! Folds the gateways behind one node into a route.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Digit, DigitKind, Guarding, Places, Route, Step, TARGETS_MAX, Target, encoded, has_inputs, list,
};
use crate::image::SLOTS_MAX;
use crate::net::{Instances, Needed, Net, NodeKind, Quantity, Retention, Surplus};
use crate::problem::{Problem, ProblemKind, Subject};
use crate::script;
use crate::{FlowId, NodeId};

/// Folds the gateways behind one node.
struct Folder<'n> {
    net: &'n Net,
    places: &'n Places,
    merges: &'n [NodeId],
    /// Slot of each node that tokens pass on this route, and of a join that of arrivals which stand for no instance.
    slots: BTreeMap<(NodeId, bool), u16>,
    /// Gateways with inputs that this route may set off.
    joins: BTreeSet<NodeId>,
    digits: Vec<Digit>,
    guards: &'n Guarding,
}

impl Folder<'_> {
    fn targets(&mut self, node: NodeId) -> Vec<Target> {
        let net = self.net;
        let outgoing = net.node(node).outgoing().iter().copied();
        outgoing.filter(|&flow| !net.flow(flow).is_again()).map(|flow| self.target(flow)).collect()
    }

    fn target(&mut self, flow: FlowId) -> Target {
        let to = self.net.flow(flow).to();
        match self.net.node(to).kind() {
            NodeKind::Task | NodeKind::Call | NodeKind::Receive(Retention::Transient) => {
                Target::Place(self.places.of_task[&to])
            }
            NodeKind::End | NodeKind::Start | NodeKind::Interrupt { .. } => Target::Gone,
            NodeKind::ThreadMerge(_) => {
                self.joins.insert(to);
                Target::Place(self.places.own(to)[0])
            }
            _ if has_inputs(self.net, to) => {
                self.joins.insert(to);
                Target::Place(self.places.of_input[&flow])
            }
            _ if self.net.flow(flow).is_left_out() => Target::Slot(self.slot_of(to, true)),
            _ => Target::Slot(self.slot(to)),
        }
    }

    fn slot(&mut self, node: NodeId) -> u16 {
        self.slot_of(node, false)
    }

    fn slot_of(&mut self, node: NodeId, is_left_out: bool) -> u16 {
        // At most one more than `SLOTS_MAX` and the branches of one gateway: the route ends there.
        let fresh = u16::try_from(self.slots.len()).unwrap_or(u16::MAX);
        *self.slots.entry((node, is_left_out)).or_insert(fresh)
    }

    fn inputs(&self, node: NodeId) -> Vec<u16> {
        self.net.node(node).incoming().iter().map(|flow| self.places.of_input[flow]).collect()
    }

    fn digit(&mut self, node: NodeId, kind: DigitKind, base: u64) {
        self.digits.push(Digit { node, kind, base });
    }

    fn quantity(&mut self, node: NodeId, quantity: Quantity, kind: DigitKind) -> u16 {
        match quantity {
            Quantity::Fixed(count) => count,
            Quantity::Chosen(most) => {
                self.digit(node, kind, u64::from(most) + 1);
                script::CHOSEN | most
            }
        }
    }

    /// The steps of a node, if this route may set it off.
    fn steps(&mut self, node: NodeId, steps: &mut Vec<Step>) {
        let kind = self.net.node(node).kind();
        if kind == NodeKind::Completion {
            let slot = self.slot(node);
            let merge = self.merge_number(node);
            let code = vec![script::COMPLETE, slot, self.places.own(node)[0], merge];
            let step = self.coded(code, node);
            steps.push(step);
            return;
        }
        if self.joins.contains(&node) {
            steps.push(self.join(node, kind));
        }
        let left_out = self.slots.get(&(node, true)).copied();
        if left_out.is_some() {
            self.slot(node);
        }
        let Some(&slot) = self.slots.get(&(node, false)) else { return };
        let own = self.places.own(node);
        let step = match kind {
            NodeKind::Exclusive if self.is_guarded(node) => {
                let branches = self.targets(node);
                self.digit(node, DigitKind::Guarded, branches.len() as u64 + 1);
                let (default, guards) = self.conditions(node);
                Step::Decide { slot, default, guards, branches }
            }
            NodeKind::Exclusive => {
                let branches = self.targets(node);
                if branches.len() > 1 {
                    self.digit(node, DigitKind::Branch, branches.len() as u64);
                }
                Step::Choice { slot, branches }
            }
            NodeKind::Inclusive(_) if self.net.node(node).outgoing().len() > 1 => self.branches(node, slot),
            NodeKind::Partial { needed, .. }
                if self.guards.completions.contains_key(&node)
                    || self.net.leaves_out(node)
                    || self.net.again(node).is_some() =>
            {
                let guard = self.guards.completions.get(&node).copied();
                if guard.is_some() {
                    self.digit(node, DigitKind::GuardedEnoughHere, 3);
                }
                let guard = guard.unwrap_or(script::NONE);
                let of_left_out = own.get(1).copied().unwrap_or(script::NONE);
                let left_out = left_out.unwrap_or(script::NONE);
                let mut code = vec![script::PARTIAL_ENOUGH, slot, u16::from(needed), own[0], guard];
                code.extend([left_out, of_left_out]);
                list(&mut code, &self.region(node));
                let again: Vec<Target> =
                    self.net.again(node).map(|flow| self.target(flow)).into_iter().collect();
                list(&mut code, &encoded(&again));
                self.coded(code, node)
            }
            NodeKind::Partial { needed, surplus } => {
                let arrivals = self.net.node(node).incoming().len() as u16;
                let mut code = match surplus {
                    Surplus::Cancel => vec![script::PARTIAL_CANCEL, slot, u16::from(needed), own[0]],
                    _ => vec![script::PARTIAL, slot, u16::from(needed), arrivals, own[0], own[1]],
                };
                if surplus == Surplus::Cancel {
                    list(&mut code, &self.region(node));
                }
                self.coded(code, node)
            }
            NodeKind::Throw => self.coded(vec![script::THROW, slot, self.message(node)], node),
            NodeKind::Terminate if self.net.message(node).is_some() => {
                Step::Code(vec![script::FAIL, slot, self.message(node)])
            }
            NodeKind::ThreadSplit(quantity) => {
                let quantity = self.quantity(node, quantity, DigitKind::Threads);
                self.coded(vec![script::MULTIPLY, slot, quantity], node)
            }
            NodeKind::Receive(_) => {
                self.coded(vec![script::RECEIVE, slot, self.places.of_task[&node], own[0]], node)
            }
            NodeKind::Instances(Instances { count: Quantity::Chosen(most), .. })
                if self.guards.quantities.contains_key(&node) =>
            {
                let guard = self.guards.quantities[&node];
                self.digit(node, DigitKind::GuardedInstances, u64::from(most) + 2);
                let task = self.places.of_task[&node];
                self.coded(vec![script::INSTANCES_COUNTED, slot, task, guard, most], node)
            }
            NodeKind::Instances(instances) => {
                let quantity = self.quantity(node, instances.count, DigitKind::Instances);
                let code = vec![script::INSTANCES, slot, self.places.of_task[&node], quantity];
                if matches!(instances.count, Quantity::Chosen(_)) {
                    self.coded(code, node)
                } else {
                    Step::Code([code, vec![0]].concat())
                }
            }
            NodeKind::Deferred => self.offer(node, slot),
            NodeKind::Terminate => Step::Code(vec![script::TERMINATE, slot]),
            _ => Step::Split { slot, targets: self.targets(node) },
        };
        steps.push(step);
    }

    /// A code with the node's targets behind it.
    fn coded(&mut self, mut code: Vec<u16>, node: NodeId) -> Step {
        list(&mut code, &encoded(&self.targets(node)));
        Step::Code(code)
    }

    fn branches(&mut self, node: NodeId, slot: u16) -> Step {
        let (default, guards) = self.conditions(node);
        let base = 1 << guards.len();
        if self.is_guarded(node) {
            self.digit(node, DigitKind::GuardedBranches, base);
            return Step::Branches { slot, default, guards: Some(guards), targets: self.targets(node) };
        }
        self.digit(node, DigitKind::Branches { has_default: default != script::NONE }, base);
        Step::Branches { slot, default, guards: None, targets: self.targets(node) }
    }

    /// Whether the data of the case decides at a split.
    fn is_guarded(&self, node: NodeId) -> bool {
        self.net.node(node).outgoing().iter().any(|flow| self.guards.of_flow.contains_key(flow))
    }

    /// The default branch of a split, and the conditions of all its branches.
    fn conditions(&self, node: NodeId) -> (u16, Vec<u16>) {
        let net = self.net;
        let outgoing = net.node(node).outgoing();
        let default = outgoing.iter().position(|&flow| net.flow(flow).is_default());
        let guards =
            outgoing.iter().map(|flow| self.guards.of_flow.get(flow).copied().unwrap_or(script::NONE));
        (default.map_or(script::NONE, |branch| branch as u16), guards.collect())
    }

    fn offer(&mut self, node: NodeId, slot: u16) -> Step {
        let net = self.net;
        let alternatives: Vec<NodeId> =
            net.node(node).outgoing().iter().map(|&flow| net.flow(flow).to()).collect();
        let (mut queues, mut slots) = (Vec::new(), Vec::new());
        for &task in &alternatives {
            if let Some(&queue) = self.places.own(task).first() {
                queues.push(queue);
                slots.push(self.slot(task));
            } else {
                queues.push(script::NONE);
                slots.push(script::NONE);
            }
        }
        let mut code = vec![script::OFFER, slot];
        list(&mut code, &alternatives.iter().map(|task| self.places.of_task[task]).collect::<Vec<_>>());
        list(&mut code, &queues);
        list(&mut code, &slots);
        Step::Code(code)
    }

    fn join(&mut self, node: NodeId, kind: NodeKind) -> Step {
        let inputs = if has_inputs(self.net, node) { self.inputs(node) } else { Vec::new() };
        match kind {
            NodeKind::ThreadMerge(number) => {
                let code = vec![script::COLLECT, self.places.own(node)[0], u16::from(number)];
                self.coded(code, node)
            }
            NodeKind::Partial { needed, .. } => {
                let mut code = vec![script::PARTIAL_BLOCK, u16::from(needed)];
                let own = self.places.own(node);
                list(&mut code, &inputs);
                list(&mut code, &own[..inputs.len()]);
                list(&mut code, &own[inputs.len()..]);
                self.coded(code, node)
            }
            NodeKind::Inclusive(_) => {
                let merge = self.merge_number(node);
                let targets = if self.net.node(node).outgoing().len() > 1 {
                    vec![Target::Slot(self.slot(node))]
                } else {
                    self.targets(node)
                };
                Step::Merge { merge, inputs, targets }
            }
            _ => Step::Join { inputs, targets: self.targets(node) },
        }
    }

    /// Number of the message that a node names.
    fn message(&self, node: NodeId) -> u16 {
        let name = self.net.message(node).unwrap_or_default();
        self.net.message_names().binary_search(&name).unwrap_or_default() as u16
    }

    fn merge_number(&self, node: NodeId) -> u16 {
        self.merges.binary_search(&node).unwrap_or_else(|_| unreachable!("a merge")) as u16
    }

    fn region(&self, node: NodeId) -> Vec<u16> {
        let members = self.net.region(node).iter();
        let mut places: Vec<u16> = members.flat_map(|&member| self.places.of(self.net, member)).collect();
        places.sort_unstable();
        places.dedup();
        places
    }
}

pub(super) fn route(
    net: &Net,
    places: &Places,
    merges: &[NodeId],
    guards: &Guarding,
    order: &[NodeId],
    source: NodeId,
) -> Result<Route, Problem> {
    let problem = |kind| Problem::new(Subject::Node(source), kind);
    // A step anywhere may be what a merge has waited for.
    let joins = merges.iter().copied().collect();
    let mut folder =
        Folder { net, places, merges, slots: BTreeMap::new(), joins, digits: Vec::new(), guards };
    if let NodeKind::Instances(Instances { needed: Needed::Condition, .. }) = net.node(source).kind() {
        if net.completion_guard(source).is_some() {
            folder.digit(source, DigitKind::GuardedEnough, 3);
        } else {
            folder.digit(source, DigitKind::Enough, 2);
        }
    }
    let kind = net.node(source).kind();
    let clears = kind.is_task() || kind == NodeKind::Interrupt { interrupts: true };
    let clear = if clears { folder.region(source) } else { Vec::new() };
    let is_source = !net.node(source).kind().is_gateway();
    let put = if is_source { folder.targets(source) } else { Vec::new() };
    let mut steps = Vec::new();
    for &gateway in order {
        let before = steps.len();
        folder.steps(gateway, &mut steps);
        // More gateways than a script has slots for: refused before the routes take memory in proportion.
        let widest = steps[before..].iter().map(Step::width).max().unwrap_or(0);
        if folder.slots.len() > SLOTS_MAX || widest > TARGETS_MAX {
            return Err(problem(ProblemKind::RoutingTooLong));
        }
    }
    let thrown: BTreeSet<u16> = steps.iter().filter_map(Step::thrown).collect();
    if thrown.len() > script::SENT_MAX {
        return Err(problem(ProblemKind::Rule("a step sends at most 16 different messages")));
    }
    let product = folder.digits.iter().try_fold(1u64, |product, digit| {
        product.checked_mul(digit.base).filter(|&product| product < 1 << 63)
    });
    let outcomes = product.ok_or_else(|| problem(ProblemKind::TooManyDecisions))?;
    let mut route = Route { clear, put, steps, digits: folder.digits, outcomes, codes: Vec::new() };
    if route.slot_count() > SLOTS_MAX || route.put.len().max(route.steps.len()) > TARGETS_MAX {
        return Err(problem(ProblemKind::RoutingTooLong));
    }
    route.encode(folder.slots.len());
    Ok(route)
}
