//! What happens between two work items: gateways folded into one list of steps per completion.
//!
//! Gateways fire by themselves, so a token that leaves a task runs on until it rests at a task, at an input of
//! a synchronizing gateway, or is gone. Since no loop consists of gateways alone, they have an order in which
//! each fires after all that can feed it; a route lists those behind one task (or start) in that order. Each place
//! has exactly one node that takes from it, so the order changes no result.

mod fold;
mod guarding;
mod order;

use std::collections::BTreeMap;

use crate::guard::Code;
use crate::image::{PLACES_MAX, STARTS_MAX, TASKS_MAX};
use crate::net::{Net, NodeKind, Retention, Surplus};
use crate::problem::{Problem, ProblemKind, Subject};
use crate::script;
use crate::{FlowId, NodeId};
use guarding::{Guarding, guards};

/// Most branches of a gateway: what the length of a list in a script can say.
const TARGETS_MAX: usize = script::INDEX as usize;

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

/// One gateway of a route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// All tokens of the slot take one branch; two or more branches use up a digit of the choice.
    Choice { slot: u16, branches: Vec<Target> },
    /// As `Choice`, by the data of the case where the digit is 0; else the digit is the branch and one.
    Decide { slot: u16, default: u16, guards: Vec<u16>, branches: Vec<Target> },
    /// Each token of the slot becomes one on every target.
    Split { slot: u16, targets: Vec<Target> },
    /// Fires as often as every input has a token.
    Join { inputs: Vec<u16>, targets: Vec<Target> },
    /// Tokens of the slot go to the branches of a mask, which is a digit; an empty one means the default branch, or, with
    /// conditions, that the data of the case decides.
    Branches { slot: u16, default: u16, guards: Option<Vec<u16>>, targets: Vec<Target> },
    /// Fires when it has a token and no input without one can still get one.
    Merge { merge: u16, inputs: Vec<u16>, targets: Vec<Target> },
    /// What only a script can say, in its codes.
    Code(Vec<u16>),
}

/// What a digit of a choice decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DigitKind {
    /// One branch.
    Branch,
    /// A mask of branches; an empty one is legal if there is a default branch.
    Branches { has_default: bool },
    /// One branch and one, or 0: the data of the case decides.
    Guarded,
    /// A mask of branches, or 0: the data of the case decides.
    GuardedBranches,
    /// A number of threads.
    Threads,
    /// A number of instances.
    Instances,
    /// A number of instances and one, or 0: the data of the case decides.
    GuardedInstances,
    /// 0: the data of the case decides whether the arrivals at a join are enough; else 1: not yet, 2: they are.
    GuardedEnoughHere,
    /// Whether a multi-instance task has had enough.
    Enough,
    /// 0: the data of the case decides whether a multi-instance task has had enough; else 1: not yet, 2: it has.
    GuardedEnough,
}

impl DigitKind {
    /// Whether 0 leaves it to the data of the case.
    pub(crate) const fn is_guarded(self) -> bool {
        matches!(
            self,
            Self::Guarded
                | Self::GuardedBranches
                | Self::GuardedInstances
                | Self::GuardedEnough
                | Self::GuardedEnoughHere
        )
    }

    /// Whether it is asked whenever an instance is complete, and not by a gateway behind the task.
    pub(crate) const fn is_enough(self) -> bool {
        matches!(self, Self::Enough | Self::GuardedEnough)
    }
}

/// A decision on a route: the digits of the choice, least significant first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Digit {
    pub(crate) node: NodeId,
    pub(crate) kind: DigitKind,
    /// Digits are below this.
    pub(crate) base: u64,
}

/// What the completion of one task, the start at one start node or one interrupt sets off.
#[derive(Clone, Debug)]
pub(crate) struct Route {
    /// Places that are emptied first.
    pub(crate) clear: Vec<u16>,
    pub(crate) put: Vec<Target>,
    pub(crate) steps: Vec<Step>,
    pub(crate) digits: Vec<Digit>,
    /// Product of all digits' bases: choices are `0..outcomes`.
    pub(crate) outcomes: u64,
    /// The whole route as a script.
    pub(crate) codes: Vec<u16>,
}

/// A place that is neither a work item nor a running bit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rest {
    /// An input of a gateway that waits.
    Input(FlowId),
    /// State of the node itself.
    Own(NodeId, State),
}

/// What tokens at a place of a node's own say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// So many have arrived that have not set anything off yet.
    Arrived,
    /// So many of those that have arrived stand for instances that there are not.
    LeftOut,
    /// So many came after the join had fired, or with the arrival that made it fire.
    Swallowed,
    /// This branch has had its turn in the round.
    Done,
    /// So many threads wait to become one.
    Collected,
    /// So many triggers are kept.
    Triggers,
    /// Instances run on after the thread has gone.
    Draining,
}

impl State {
    /// For people.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Arrived => "arrived",
            Self::LeftOut => "left out",
            Self::Swallowed => "swallowed",
            Self::Done => "done",
            Self::Collected => "collected",
            Self::Triggers => "triggers",
            Self::Draining => "draining",
        }
    }

    /// Whether tokens may be left here when a case has ended well.
    pub(crate) const fn is_residue(self) -> bool {
        matches!(self, Self::Swallowed | Self::Done | Self::Triggers)
    }
}

/// The places of a net and the routes between them.
#[derive(Clone, Debug)]
pub(crate) struct Routing {
    pub(crate) tasks: Vec<NodeId>,
    pub(crate) starts: Vec<NodeId>,
    pub(crate) interrupts: Vec<NodeId>,
    /// Places behind those of the tasks.
    pub(crate) rests: Vec<Rest>,
    /// Synchronizing merges.
    pub(crate) merges: Vec<NodeId>,
    pub(crate) places: Places,
    /// Tasks in order, then starts, then interrupts; with merges, one more that puts nothing and lets them fire: for the
    /// walks of the compiler.
    pub(crate) routes: Vec<Route>,
    /// The conditions of all flows and completions.
    pub(crate) guards: Code,
    /// Where the completion condition of each task begins.
    pub(crate) completions: BTreeMap<NodeId, u16>,
}

impl Routing {
    /// Folds the gateways of a net.
    pub(crate) fn new(net: &Net) -> Result<Self, Vec<Problem>> {
        let order = order::gateway_order(net)?;
        let tasks: Vec<NodeId> = net.tasks().collect();
        let mut starts: Vec<NodeId> = net.nodes_of(NodeKind::Start).collect();
        // Those of instances last, so that the first ones are where a case may start.
        starts.sort_by_key(|&start| net.is_body(start));
        let interrupts: Vec<NodeId> = net.interrupts().collect();
        let rests = rests(net);
        let problems = too_many(tasks.len(), starts.len() + interrupts.len(), 2 * tasks.len() + rests.len());
        if !problems.is_empty() {
            return Err(problems);
        }
        let places = Places::new(&tasks, &rests);
        let merges: Vec<NodeId> = net.node_ids().filter(|&node| is_merge(net, node)).collect();
        let (guards, mut problems) = guards(net);
        let mut routes = Vec::new();
        let settle = merges.first();
        for &source in tasks.iter().chain(&starts).chain(&interrupts).chain(settle) {
            match fold::route(net, &places, &merges, &guards, &order, source) {
                Ok(route) => routes.push(route),
                Err(problem) => problems.push(problem),
            }
        }
        if problems.is_empty() {
            let Guarding { code: guards, completions, .. } = guards;
            Ok(Self { tasks, starts, interrupts, rests, merges, places, routes, guards, completions })
        } else {
            Err(problems)
        }
    }

    /// Bit of the work item of a task.
    pub(crate) const fn enabled_bit(task: usize) -> usize {
        task
    }

    /// Bit that says that the task is running.
    pub(crate) const fn running_bit(&self, task: usize) -> usize {
        self.tasks.len() + task
    }

    /// The route that lets merges fire and does nothing else.
    pub(crate) const fn settle_route(&self) -> usize {
        self.tasks.len() + self.starts.len() + self.interrupts.len()
    }

    /// Routes that an engine plays: all but the one that only lets merges fire.
    pub(crate) fn played(&self) -> &[Route] {
        &self.routes[..self.settle_route()]
    }

    /// Bits of all places.
    pub(crate) const fn place_count(&self) -> usize {
        2 * self.tasks.len() + self.rests.len()
    }

    /// Places of the nodes of a region, but for what may be left when a case has ended well: that is no token.
    pub(crate) fn region(&self, net: &Net, node: NodeId) -> Vec<u16> {
        // What counts instances one after another counts them while one of them has a token.
        let members = net.region(node).iter().filter(|&&member| net.again(member).is_none());
        let places = members.flat_map(|&member| self.places_of(net, member));
        places.filter(|&place| !self.is_residue(place)).collect()
    }

    /// Whether tokens may be left here when a case has ended well.
    pub(crate) fn is_residue(&self, place: u16) -> bool {
        self.state_of(place).is_some_and(State::is_residue)
    }

    /// What tokens at a place say, if it is a node's own.
    pub(crate) fn state_of(&self, place: u16) -> Option<State> {
        let index = usize::from(place).checked_sub(2 * self.tasks.len())?;
        match self.rests.get(index)? {
            Rest::Own(_, state) => Some(*state),
            Rest::Input(_) => None,
        }
    }

    /// All places that hold tokens of a node.
    pub(crate) fn places_of(&self, net: &Net, node: NodeId) -> Vec<u16> {
        self.places.of(net, node)
    }
}

/// Whether what the node waits for can change with any step.
fn is_merge(net: &Net, node: NodeId) -> bool {
    net.node(node).kind() == NodeKind::Completion || is_inclusive_merge(net, node)
}

/// Whether the node merges the active ones of several branches.
pub(crate) fn is_inclusive_merge(net: &Net, node: NodeId) -> bool {
    matches!(net.node(node).kind(), NodeKind::Inclusive(_)) && net.node(node).incoming().len() > 1
}

/// Whether tokens wait on the flows into this node.
fn has_inputs(net: &Net, node: NodeId) -> bool {
    match net.node(node).kind() {
        NodeKind::Parallel => net.node(node).incoming().len() > 1,
        NodeKind::Partial { surplus, .. } => surplus == Surplus::Block,
        _ => is_inclusive_merge(net, node),
    }
}

fn rests(net: &Net) -> Vec<Rest> {
    let mut rests = Vec::new();
    for id in net.node_ids() {
        let node = net.node(id);
        if has_inputs(net, id) {
            rests.extend(node.incoming().iter().map(|&flow| Rest::Input(flow)));
        }
        let own: &[State] = match node.kind() {
            NodeKind::Partial { surplus: Surplus::Swallow, .. } => &[State::Arrived, State::Swallowed],
            NodeKind::Partial { surplus: Surplus::Cancel, .. } if net.leaves_out(id) => {
                &[State::Arrived, State::LeftOut]
            }
            NodeKind::Partial { surplus: Surplus::Cancel, .. } => &[State::Arrived],
            NodeKind::Completion => &[State::Arrived],
            NodeKind::ThreadMerge(_) => &[State::Collected],
            NodeKind::Receive(Retention::Persistent) => &[State::Triggers],
            NodeKind::Instances(instances) if instances.drains() => &[State::Draining],
            _ => &[],
        };
        rests.extend(own.iter().map(|&state| Rest::Own(id, state)));
        if let NodeKind::Partial { surplus: Surplus::Block, .. } = node.kind() {
            rests.extend(node.incoming().iter().map(|_| Rest::Own(id, State::Arrived)));
            rests.extend(node.incoming().iter().map(|_| Rest::Own(id, State::Done)));
        }
    }
    rests
}

/// The resting place of each node's or flow's tokens.
#[derive(Clone, Debug)]
pub(crate) struct Places {
    of_task: BTreeMap<NodeId, u16>,
    of_input: BTreeMap<FlowId, u16>,
    of_node: BTreeMap<NodeId, Vec<u16>>,
}

impl Places {
    fn new(tasks: &[NodeId], rests: &[Rest]) -> Self {
        let of_task = (0u16..).zip(tasks).map(|(place, &node)| (node, place)).collect();
        let mut places = Self { of_task, of_input: BTreeMap::new(), of_node: BTreeMap::new() };
        for (place, rest) in (2 * tasks.len() as u16..).zip(rests) {
            match *rest {
                Rest::Input(flow) => drop(places.of_input.insert(flow, place)),
                Rest::Own(node, _) => places.of_node.entry(node).or_default().push(place),
            }
        }
        places
    }

    /// All places that hold tokens of a node: its work item, its running bit, its inputs and its own state.
    pub(crate) fn of(&self, net: &Net, node: NodeId) -> Vec<u16> {
        let task = self.of_task.get(&node);
        let mut places: Vec<u16> =
            task.map_or(Vec::new(), |&task| vec![task, self.of_task.len() as u16 + task]);
        let incoming = net.node(node).incoming().iter();
        places.extend(incoming.filter_map(|flow| self.of_input.get(flow)));
        places.extend(self.own(node));
        places
    }

    /// Places of the node's own state, in the order of [`rests`].
    pub(crate) fn own(&self, node: NodeId) -> &[u16] {
        self.of_node.get(&node).map_or(&[], Vec::as_slice)
    }
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

fn list(code: &mut Vec<u16>, items: &[u16]) {
    code.push(items.len() as u16);
    code.extend(items);
}

fn encoded(targets: &[Target]) -> Vec<u16> {
    let code = |target: &Target| match *target {
        Target::Place(place) => script::TO_PLACE | place,
        Target::Slot(slot) => script::TO_SLOT | slot,
        Target::Gone => script::GONE,
    };
    targets.iter().map(code).collect()
}

impl Route {
    /// Slots that the steps which masks can say use.
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

    fn encode(&mut self, slots: usize) {
        let mut codes = vec![slots as u16, self.steps.len() as u16];
        list(&mut codes, &self.clear);
        list(&mut codes, &encoded(&self.put));
        for step in &self.steps {
            match step {
                Step::Choice { slot, .. } => codes.extend([script::CHOICE, *slot]),
                Step::Decide { slot, default, guards, .. } => {
                    codes.extend([script::DECIDE, *slot, *default]);
                    list(&mut codes, guards);
                }
                Step::Split { slot, .. } => codes.extend([script::SPLIT, *slot]),
                Step::Join { inputs, .. } => {
                    codes.push(script::JOIN);
                    list(&mut codes, inputs);
                }
                Step::Branches { slot, default, guards: None, .. } => {
                    codes.extend([script::BRANCHES, *slot, *default]);
                }
                Step::Branches { slot, default, guards: Some(guards), .. } => {
                    codes.extend([script::DECIDE_EACH, *slot, *default]);
                    list(&mut codes, guards);
                }
                Step::Merge { merge, inputs, .. } => {
                    codes.extend([script::MERGE, *merge]);
                    list(&mut codes, inputs);
                }
                Step::Code(code) => {
                    codes.extend(code);
                    continue;
                }
            }
            list(&mut codes, &encoded(step.targets()));
        }
        self.codes = codes;
    }
}

impl Step {
    pub(crate) fn targets(&self) -> &[Target] {
        match self {
            Self::Choice { branches: targets, .. }
            | Self::Decide { branches: targets, .. }
            | Self::Split { targets, .. }
            | Self::Branches { targets, .. }
            | Self::Merge { targets, .. }
            | Self::Join { targets, .. } => targets,
            Self::Code(_) => &[],
        }
    }

    /// Of a step that only codes can say and that asks for no digit: the slot without whose token it does nothing.
    pub(crate) fn asleep_without(&self) -> Option<u16> {
        use script::{
            COMPLETE, FAIL, INSTANCES, MULTIPLY, OFFER, PARTIAL, PARTIAL_CANCEL, RECEIVE, TERMINATE, THROW,
        };
        let Self::Code(code) = self else { return None };
        match code[..] {
            [COMPLETE | FAIL | OFFER | PARTIAL | PARTIAL_CANCEL | RECEIVE | TERMINATE | THROW, slot, ..] => {
                Some(slot)
            }
            [MULTIPLY, slot, count, ..] | [INSTANCES, slot, _, count, ..] if count & script::CHOSEN == 0 => {
                Some(slot)
            }
            _ => None,
        }
    }

    /// Number of the message that the step sends.
    fn thrown(&self) -> Option<u16> {
        match self {
            Self::Code(codes) if codes[0] == script::THROW => Some(codes[2]),
            _ => None,
        }
    }

    /// An upper bound on the longest list of the step.
    fn width(&self) -> usize {
        match self {
            Self::Code(code) => code.len(),
            other => other.targets().len(),
        }
    }
}
