//! What happens between two work items: gateways folded into one list of steps per completion.
//!
//! Gateways fire by themselves, so a token that leaves a task runs on until it rests at a task, at an input of
//! a synchronizing gateway, or is gone. Since no loop consists of gateways alone, they have an order in which
//! each fires after all that can feed it; a route lists those behind one task (or start) in that order. Each place
//! has exactly one node that takes from it, so the order changes no result.

use std::collections::{BTreeMap, BTreeSet};

use crate::image::{PLACES_MAX, SLOTS_MAX, STARTS_MAX, TASKS_MAX};
use crate::net::{Net, NodeKind};
use crate::problem::{Problem, ProblemKind, Subject};
use crate::{FlowId, NodeId};

/// Most branches of a gateway: what the length of a list in a script can say.
const TARGETS_MAX: usize = crate::image::script::INDEX as usize;

/// Where a token on a flow goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// Rests at a place: index of its bit in the marking.
    Place(u16),
    /// Passes through a gateway of this route.
    Slot(u16),
    /// Is taken away by an end node.
    Gone,
}

impl Target {
    /// Adds tokens; `false` if the count would pass `u8::MAX`.
    fn add(self, count: u8, tokens: &mut [u8], slots: &mut [u8]) -> bool {
        let cell = match self {
            Self::Place(place) => &mut tokens[usize::from(place)],
            Self::Slot(slot) => &mut slots[usize::from(slot)],
            Self::Gone => return true,
        };
        cell.checked_add(count).map(|sum| *cell = sum).is_some()
    }
}

/// One gateway of a route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// All tokens of the slot take one branch; two or more branches use up a digit of the choice.
    Choice { slot: u16, branches: Vec<Target> },
    /// Each token of the slot becomes one on every target.
    Split { slot: u16, targets: Vec<Target> },
    /// Fires as often as every input has a token.
    Join { inputs: Vec<u16>, targets: Vec<Target> },
}

/// A gateway of a route that has to be decided: the digits of the choice, least significant first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Digit {
    pub(crate) gateway: NodeId,
    pub(crate) branches: u32,
}

/// What the completion of one task, or the start at one start node, sets off.
#[derive(Clone, Debug)]
pub(crate) struct Route {
    pub(crate) source: NodeId,
    pub(crate) put: Vec<Target>,
    pub(crate) steps: Vec<Step>,
    pub(crate) digits: Vec<Digit>,
    /// Product of all digits' branches: choices are `0..outcomes`.
    pub(crate) outcomes: u64,
}

/// The places of a net and the routes between them.
#[derive(Clone, Debug)]
pub(crate) struct Routing {
    pub(crate) tasks: Vec<NodeId>,
    pub(crate) starts: Vec<NodeId>,
    /// Inputs of synchronizing gateways; their bits follow those of the tasks.
    pub(crate) join_inputs: Vec<FlowId>,
    /// Tasks in order, then starts in order.
    pub(crate) routes: Vec<Route>,
}

impl Routing {
    /// Folds the gateways of a net.
    pub(crate) fn new(net: &Net) -> Result<Self, Vec<Problem>> {
        let order = gateway_order(net)?;
        let tasks: Vec<NodeId> = net.nodes_of(NodeKind::Task).collect();
        let starts: Vec<NodeId> = net.nodes_of(NodeKind::Start).collect();
        let join_inputs: Vec<FlowId> = net
            .nodes_of(NodeKind::Parallel)
            .filter(|&node| net.node(node).incoming().len() > 1)
            .flat_map(|node| net.node(node).incoming().iter().copied())
            .collect();
        let problems = too_many(tasks.len(), starts.len(), 2 * tasks.len() + join_inputs.len());
        if !problems.is_empty() {
            return Err(problems);
        }
        let places = Places::new(net, &tasks, &join_inputs);
        let mut problems = Vec::new();
        let mut routes = Vec::new();
        for &source in tasks.iter().chain(&starts) {
            match route(net, &places, &order, source) {
                Ok(route) => routes.push(route),
                Err(problem) => problems.push(problem),
            }
        }
        if problems.is_empty() { Ok(Self { tasks, starts, join_inputs, routes }) } else { Err(problems) }
    }

    /// Bit of the work item of a task.
    pub(crate) const fn enabled_bit(task: usize) -> usize {
        task
    }

    /// Bit that says that the task is running.
    pub(crate) const fn running_bit(&self, task: usize) -> usize {
        self.tasks.len() + task
    }

    /// Bits of all places.
    pub(crate) const fn place_count(&self) -> usize {
        2 * self.tasks.len() + self.join_inputs.len()
    }
}

/// The resting place of each node's or flow's tokens.
struct Places {
    of_task: BTreeMap<NodeId, u16>,
    of_input: BTreeMap<FlowId, u16>,
}

impl Places {
    fn new(net: &Net, tasks: &[NodeId], join_inputs: &[FlowId]) -> Self {
        debug_assert!(net.nodes().len() >= tasks.len());
        let of_task = (0u16..).zip(tasks).map(|(place, &node)| (node, place)).collect();
        let first = 2 * tasks.len() as u16;
        let of_input = (first..).zip(join_inputs).map(|(place, &flow)| (flow, place)).collect();
        Self { of_task, of_input }
    }
}

/// All gateways, each after every gateway that can feed it.
fn gateway_order(net: &Net) -> Result<Vec<NodeId>, Vec<Problem>> {
    let feeds = |node: NodeId| {
        net.node(node)
            .outgoing()
            .iter()
            .map(|&f| net.flow(f).to())
            .filter(|&to| net.node(to).kind().is_gateway())
    };
    let mut waiting: Vec<usize> = vec![0; net.nodes().len()];
    let gateways: Vec<NodeId> = net.node_ids().filter(|&node| net.node(node).kind().is_gateway()).collect();
    for &node in &gateways {
        feeds(node).for_each(|to| waiting[to.index()] += 1);
    }
    let mut ready: BTreeSet<NodeId> =
        gateways.iter().copied().filter(|node| waiting[node.index()] == 0).collect();
    let mut order = Vec::with_capacity(gateways.len());
    while let Some(node) = ready.pop_first() {
        order.push(node);
        for to in feeds(node) {
            waiting[to.index()] -= 1;
            if waiting[to.index()] == 0 {
                ready.insert(to);
            }
        }
    }
    if order.len() == gateways.len() { Ok(order) } else { Err(loops(net, &gateways, &order)) }
}

/// What a case line has no room for. Known before any work that grows with it.
fn too_many(tasks: usize, starts: usize, places: usize) -> Vec<Problem> {
    let mut kinds = Vec::new();
    if tasks > TASKS_MAX {
        kinds.push(ProblemKind::TooManyTasks { tasks, tasks_max: TASKS_MAX });
    }
    if starts > STARTS_MAX {
        kinds.push(ProblemKind::TooManyStarts { starts, starts_max: STARTS_MAX });
    }
    if places > PLACES_MAX {
        kinds.push(ProblemKind::TooManyPlaces { places, places_max: PLACES_MAX });
    }
    kinds.into_iter().map(|kind| Problem::new(Subject::Net, kind)).collect()
}

/// One problem for each group of gateways that can go round among themselves: Kosaraju's strong components.
fn loops(net: &Net, gateways: &[NodeId], ordered: &[NodeId]) -> Vec<Problem> {
    let mut left: BTreeSet<NodeId> = gateways.iter().copied().collect();
    ordered.iter().for_each(|node| {
        left.remove(node);
    });
    let ahead = |node: NodeId| net.node(node).outgoing().iter().map(|&flow| net.flow(flow).to());
    let behind = |node: NodeId| net.node(node).incoming().iter().map(|&flow| net.flow(flow).from());
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

/// Folds the gateways behind one node.
struct Folder<'n> {
    net: &'n Net,
    places: &'n Places,
    /// Slot of each gateway that tokens pass on this route.
    slots: BTreeMap<NodeId, u16>,
    /// Synchronizations that this route may set off.
    joins: BTreeSet<NodeId>,
}

impl Folder<'_> {
    fn targets(&mut self, node: NodeId) -> Vec<Target> {
        let net = self.net;
        net.node(node).outgoing().iter().map(|&flow| self.target(flow)).collect()
    }

    fn target(&mut self, flow: FlowId) -> Target {
        let to = self.net.flow(flow).to();
        match self.net.node(to).kind() {
            NodeKind::Task => Target::Place(self.places.of_task[&to]),
            NodeKind::End | NodeKind::Start => Target::Gone,
            NodeKind::Parallel if self.net.node(to).incoming().len() > 1 => {
                self.joins.insert(to);
                Target::Place(self.places.of_input[&flow])
            }
            NodeKind::Parallel | NodeKind::Exclusive => {
                // At most one more than `SLOTS_MAX` and the branches of one gateway: the route ends there.
                let fresh = u16::try_from(self.slots.len()).unwrap_or(u16::MAX);
                Target::Slot(*self.slots.entry(to).or_insert(fresh))
            }
        }
    }

    fn step(&mut self, gateway: NodeId) -> Option<Step> {
        let node = self.net.node(gateway);
        if let Some(&slot) = self.slots.get(&gateway) {
            let targets = self.targets(gateway);
            return Some(match node.kind() {
                NodeKind::Exclusive => Step::Choice { slot, branches: targets },
                _ => Step::Split { slot, targets },
            });
        }
        self.joins.contains(&gateway).then(|| Step::Join {
            inputs: node.incoming().iter().map(|flow| self.places.of_input[flow]).collect(),
            targets: self.targets(gateway),
        })
    }
}

fn route(net: &Net, places: &Places, order: &[NodeId], source: NodeId) -> Result<Route, Problem> {
    let mut folder = Folder { net, places, slots: BTreeMap::new(), joins: BTreeSet::new() };
    let put = folder.targets(source);
    let mut route = Route { source, put, steps: Vec::new(), digits: Vec::new(), outcomes: 1 };
    for &gateway in order {
        let Some(step) = folder.step(gateway) else { continue };
        if let Step::Choice { branches, .. } = &step
            && branches.len() > 1
        {
            let branches = branches.len() as u32;
            route.digits.push(Digit { gateway, branches });
            let outcomes =
                route.outcomes.checked_mul(u64::from(branches)).filter(|&outcomes| outcomes < 1 << 63);
            route.outcomes =
                outcomes.ok_or_else(|| Problem::new(Subject::Node(source), ProblemKind::TooManyDecisions))?;
        }
        // More gateways than a script has slots for: refused before the routes take memory in proportion.
        if folder.slots.len() > SLOTS_MAX || step.targets().len() > TARGETS_MAX {
            return Err(Problem::new(Subject::Node(source), ProblemKind::RoutingTooLong));
        }
        route.steps.push(step);
    }
    Ok(route)
}

impl Route {
    /// Slots that the route uses.
    pub(crate) fn slot_count(&self) -> usize {
        let of_targets = |targets: &[Target]| {
            targets
                .iter()
                .map(|t| if let Target::Slot(s) = t { usize::from(*s) + 1 } else { 0 })
                .max()
                .unwrap_or(0)
        };
        let in_steps = self.steps.iter().map(|step| of_targets(step.targets())).max().unwrap_or(0);
        of_targets(&self.put).max(in_steps)
    }

    /// Plays the route on `tokens` (one count per place) and leaves the tokens where they come to rest.
    ///
    /// `most` is raised to the most tokens that each place holds on the way: a synchronization may take some of them
    /// in the same step. Returns `false`, with `tokens` half changed, if a count would pass `u8::MAX`.
    pub(crate) fn play(&self, mut choice: u64, tokens: &mut [u8], most: &mut [u8]) -> bool {
        let mut slots = vec![0u8; self.slot_count()];
        let mut fits = self.put.iter().all(|&target| target.add(1, tokens, &mut slots));
        for step in &self.steps {
            raise(most, tokens);
            let (count, targets) = match step {
                Step::Choice { slot, branches } => {
                    let digit = (choice % branches.len() as u64) as usize;
                    choice /= branches.len() as u64;
                    (slots[usize::from(*slot)], &branches[digit..=digit])
                }
                Step::Split { slot, targets } => (slots[usize::from(*slot)], targets.as_slice()),
                Step::Join { inputs, targets } => {
                    let count = inputs.iter().map(|&p| tokens[usize::from(p)]).min().unwrap_or(0);
                    inputs.iter().for_each(|&p| tokens[usize::from(p)] -= count);
                    (count, targets.as_slice())
                }
            };
            fits = fits && targets.iter().all(|&target| target.add(count, tokens, &mut slots));
        }
        raise(most, tokens);
        fits
    }
}

fn raise(most: &mut [u8], tokens: &[u8]) {
    most.iter_mut().zip(tokens).for_each(|(most, &now)| *most = (*most).max(now));
}

impl Step {
    pub(crate) fn targets(&self) -> &[Target] {
        match self {
            Self::Choice { branches: targets, .. }
            | Self::Split { targets, .. }
            | Self::Join { targets, .. } => targets,
        }
    }
}
