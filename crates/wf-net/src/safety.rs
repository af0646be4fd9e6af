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
        let mut cover = Cover { net, safe_flows: vec![false; net.flows().len()], demands: 0 };
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
    demands: usize,
}

impl Cover<'_> {
    fn search(&mut self, flow: FlowId) {
        self.demands = 0;
        let mut component = vec![false; self.net.flows().len()];
        if self.demand(vec![flow], &mut component) {
            for (safe, member) in self.safe_flows.iter_mut().zip(&component) {
                *safe |= member;
            }
        }
    }

    /// Grows the component by the flows that must belong to it; `false` leaves it as it was.
    ///
    /// Invariant of a component: for each node, firing it never adds to the number of tokens on member flows.
    fn demand(&mut self, mut open: Vec<FlowId>, component: &mut Vec<bool>) -> bool {
        let before = component.clone();
        while let Some(flow) = open.pop() {
            if core::mem::replace(&mut component[flow.index()], true) {
                continue;
            }
            self.demands += 1;
            let net = self.net;
            let (from, to) = (net.node(net.flow(flow).from()), net.node(net.flow(flow).to()));
            // Tokens of all flows into a task or a choice are the same to it: they share one place.
            if matches!(to.kind(), NodeKind::Task | NodeKind::Exclusive) {
                open.extend(to.incoming().iter().copied());
            }
            let alone = from.outgoing().iter().filter(|f| component[f.index()]).count() == 1;
            let fits = match from.kind() {
                NodeKind::Start => alone,
                NodeKind::Exclusive => {
                    open.extend(from.incoming().iter().copied());
                    true
                }
                NodeKind::Task => {
                    open.extend(from.incoming().iter().copied());
                    alone
                }
                NodeKind::Parallel if alone => {
                    if !from.incoming().iter().any(|f| component[f.index()]) {
                        if let [only] = from.incoming() {
                            open.push(*only);
                        } else {
                            return self.branch(from.incoming(), &open, component, &before);
                        }
                    }
                    true
                }
                NodeKind::Parallel | NodeKind::End => false,
            };
            if !fits || self.demands > DEMANDS_MAX {
                *component = before;
                return false;
            }
        }
        true
    }

    /// A synchronization hands on the token of one of its inputs: tries each.
    fn branch(
        &mut self,
        inputs: &[FlowId],
        open: &[FlowId],
        component: &mut Vec<bool>,
        before: &[bool],
    ) -> bool {
        for &input in inputs {
            let mut next = open.to_vec();
            next.push(input);
            if self.demands <= DEMANDS_MAX && self.demand(next, component) {
                return true;
            }
        }
        component.copy_from_slice(before);
        false
    }
}

/// The most tokens that each place holds in any reachable marking, or on the way to it; `None` if not decided.
fn most_tokens(routing: &Routing) -> Option<Vec<u8>> {
    let places = routing.place_count();
    if routing.routes.iter().any(|route| route.outcomes > OUTCOMES_MAX) {
        return None;
    }
    let mut most = vec![0u8; places];
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
