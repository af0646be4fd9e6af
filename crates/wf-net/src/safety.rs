//! Which places can hold several tokens: those need a counter, the others are a bit.
//!
//! Two proofs, the cheap one first. A *component* is a set of places through which one token of the start runs:
//! no firing adds to the number of tokens in it, so each of its places is 1-safe; every place of a sound
//! free-choice net lies in one. What no component covers is decided by walking through all markings up to a
//! limit. What neither proves gets a counter.
//!
//! # Sources
//! S-components and their cover of well-formed free-choice nets: M. Hack, *Analysis of Production Schemata by Petri
//! Nets* (MIT, 1972); Desel and Esparza, *Free Choice Petri Nets* (1995), chapter 5.

use std::collections::HashSet;

use crate::net::{Net, NodeKind};
use crate::routing::{Route, Routing};
use crate::{FlowId, NodeId};

/// Demands followed in the search for one component before the place is left to the second proof.
const DEMANDS_MAX: usize = 20_000;

/// Markings visited before the second proof gives up.
const MARKINGS_MAX: usize = 20_000;

/// Steps of routes that the second proof plays before it gives up.
const STEPS_MAX: usize = 4_000_000;

/// Outcomes of one completion that the second proof is willing to try.
const OUTCOMES_MAX: u64 = 256;

/// For each place (task's work item, then join input; running bits excluded), whether it may hold several tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Counted {
    pub(crate) tasks: Vec<bool>,
    pub(crate) join_inputs: Vec<bool>,
}

impl Counted {
    pub(crate) fn new(net: &Net, routing: &Routing) -> Self {
        let mut cover = Cover::new(net);
        for flow in (0..net.flows().len() as u32).map(FlowId) {
            if is_place(net, flow) && !cover.safe_flows[flow.index()] {
                cover.search(flow);
            }
        }
        let task_safe =
            |&task: &NodeId| net.node(task).incoming().first().is_none_or(|f| cover.safe_flows[f.index()]);
        let mut counted = Self {
            tasks: routing.tasks.iter().map(|task| !task_safe(task)).collect(),
            join_inputs: routing.join_inputs.iter().map(|flow| !cover.safe_flows[flow.index()]).collect(),
        };
        if counted.any()
            && let Some(most) = most_tokens(routing)
        {
            let inputs = 2 * routing.tasks.len();
            for (task, counted) in counted.tasks.iter_mut().enumerate() {
                *counted = most[task] > 1;
            }
            for (input, counted) in counted.join_inputs.iter_mut().enumerate() {
                *counted = most[inputs + input] > 1;
            }
        }
        counted
    }

    pub(crate) fn any(&self) -> bool {
        self.tasks.iter().chain(&self.join_inputs).any(|&counted| counted)
    }
}

/// Whether tokens rest on this flow.
fn is_place(net: &Net, flow: FlowId) -> bool {
    let to = net.node(net.flow(flow).to());
    match to.kind() {
        NodeKind::Task => true,
        NodeKind::Parallel => to.incoming().len() > 1,
        _ => false,
    }
}

/// Searches components, one for each flow that none of the earlier ones holds.
struct Cover<'n> {
    net: &'n Net,
    safe_flows: Vec<bool>,
    /// The component that grows: its flows, and how many of them leave and enter each node.
    member: Vec<bool>,
    leaving: Vec<u32>,
    entering: Vec<u32>,
    /// Nodes all of whose incoming flows were demanded.
    closed: Vec<bool>,
    /// What the search has changed, in order, so that it can go back.
    trail: Vec<Change>,
    demands: usize,
}

#[derive(Clone, Copy, Debug)]
enum Change {
    Member(FlowId),
    Closed(NodeId),
}

impl<'n> Cover<'n> {
    fn new(net: &'n Net) -> Self {
        let (nodes, flows) = (net.nodes().len(), net.flows().len());
        Self {
            net,
            safe_flows: vec![false; flows],
            member: vec![false; flows],
            leaving: vec![0; nodes],
            entering: vec![0; nodes],
            closed: vec![false; nodes],
            trail: Vec::new(),
            demands: 0,
        }
    }

    fn search(&mut self, flow: FlowId) {
        self.demands = 0;
        if self.demand(vec![flow]) {
            for change in &self.trail {
                if let Change::Member(flow) = change {
                    self.safe_flows[flow.index()] = true;
                }
            }
        }
        self.go_back(0);
    }

    /// Grows the component by the flows that must belong to it; `false` leaves it as it was.
    ///
    /// Invariant of a component: for each node, firing it never adds to the number of tokens on member flows.
    fn demand(&mut self, mut open: Vec<FlowId>) -> bool {
        let before = self.trail.len();
        while let Some(flow) = open.pop() {
            if self.member[flow.index()] {
                continue;
            }
            self.join(flow);
            let (from, to) = (self.net.flow(flow).from(), self.net.flow(flow).to());
            // Tokens of all flows into a task or a choice are the same to it: they share one place.
            if matches!(self.net.node(to).kind(), NodeKind::Task | NodeKind::Exclusive) {
                self.close(to, &mut open);
            }
            let alone = self.leaving[from.index()] == 1;
            let fits = match self.net.node(from).kind() {
                NodeKind::Start => alone,
                NodeKind::Exclusive => {
                    self.close(from, &mut open);
                    true
                }
                NodeKind::Task => {
                    self.close(from, &mut open);
                    alone
                }
                NodeKind::Parallel if alone && self.entering[from.index()] == 0 => {
                    match self.net.node(from).incoming() {
                        [only] => {
                            open.push(*only);
                            true
                        }
                        inputs => {
                            if self.branch(inputs, &open) {
                                return true;
                            }
                            false
                        }
                    }
                }
                NodeKind::Parallel => alone,
                NodeKind::End => false,
            };
            if !fits || self.demands > DEMANDS_MAX {
                self.go_back(before);
                return false;
            }
        }
        true
    }

    /// A synchronization hands on the token of one of its inputs: tries each.
    fn branch(&mut self, inputs: &[FlowId], open: &[FlowId]) -> bool {
        inputs.iter().any(|&input| {
            let next: Vec<FlowId> = open.iter().copied().chain([input]).collect();
            self.demands <= DEMANDS_MAX && self.demand(next)
        })
    }

    fn join(&mut self, flow: FlowId) {
        self.demands += 1;
        self.member[flow.index()] = true;
        self.leaving[self.net.flow(flow).from().index()] += 1;
        self.entering[self.net.flow(flow).to().index()] += 1;
        self.trail.push(Change::Member(flow));
    }

    /// Demands all flows into a node, once.
    fn close(&mut self, node: NodeId, open: &mut Vec<FlowId>) {
        if !core::mem::replace(&mut self.closed[node.index()], true) {
            self.trail.push(Change::Closed(node));
            open.extend(self.net.node(node).incoming());
        }
    }

    fn go_back(&mut self, to: usize) {
        for change in self.trail.drain(to..) {
            match change {
                Change::Closed(node) => self.closed[node.index()] = false,
                Change::Member(flow) => {
                    self.member[flow.index()] = false;
                    self.leaving[self.net.flow(flow).from().index()] -= 1;
                    self.entering[self.net.flow(flow).to().index()] -= 1;
                }
            }
        }
    }
}

/// The most tokens that each place holds in any reachable marking, or on the way to it; `None` if not decided.
fn most_tokens(routing: &Routing) -> Option<Vec<u8>> {
    let places = routing.place_count();
    if routing.routes.iter().any(|route| route.outcomes > OUTCOMES_MAX) {
        return None;
    }
    let mut most = vec![0u8; places];
    let mut steps_left = STEPS_MAX;
    let mut seen: HashSet<Vec<u8>> = HashSet::new();
    let mut open: Vec<Vec<u8>> = Vec::new();
    let (of_tasks, of_starts) = routing.routes.split_at(routing.tasks.len());
    for route in of_starts {
        for choice in 0..route.outcomes {
            open.push(played(route, choice, &vec![0; places], &mut most)?);
        }
    }
    while let Some(marking) = open.pop() {
        for (task, route) in of_tasks.iter().enumerate().filter(|(task, _)| marking[*task] > 0) {
            let mut taken = marking.clone();
            taken[task] -= 1;
            for choice in 0..route.outcomes {
                steps_left = steps_left.checked_sub(1 + route.steps.len())?;
                let next = played(route, choice, &taken, &mut most)?;
                if !seen.contains(&next) {
                    if seen.len() == MARKINGS_MAX {
                        return None;
                    }
                    seen.insert(next.clone());
                    open.push(next);
                }
            }
        }
    }
    Some(most)
}

fn played(route: &Route, choice: u64, marking: &[u8], most: &mut [u8]) -> Option<Vec<u8>> {
    let mut tokens = marking.to_vec();
    route.play(choice, &mut tokens, most).then_some(tokens)
}
