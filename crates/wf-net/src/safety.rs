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

use crate::net::{Net, NodeKind, Surplus};
use crate::routing::{Rest, Routing, State};
use crate::{FlowId, NodeId};

/// Demands followed in the search for one component before the place is left to the second proof.
const DEMANDS_MAX: usize = 20_000;

/// For each place (task's work item, then those behind the running bits), whether it may hold several tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Counted {
    pub(crate) tasks: Vec<bool>,
    pub(crate) rests: Vec<bool>,
}

impl Counted {
    /// Proves what it can: by components, then by what a walk has found, if there was one.
    pub(crate) fn new(net: &Net, routing: &Routing, walk: impl FnOnce() -> Option<Vec<u8>>) -> Self {
        let mut cover = Cover::new(net);
        for flow in (0..net.flows().len() as u32).map(FlowId) {
            if is_place(net, flow) && !cover.safe_flows[flow.index()] {
                cover.search(flow);
            }
        }
        let task_safe =
            |&task: &NodeId| net.node(task).incoming().first().is_none_or(|f| cover.safe_flows[f.index()]);
        let rest_safe = |rest: &Rest| match *rest {
            Rest::Input(flow) => cover.safe_flows[flow.index()],
            Rest::Own(node, state) => always_fits(net.node(node).kind(), state),
        };
        let mut counted = Self {
            tasks: routing.tasks.iter().map(|task| !task_safe(task)).collect(),
            rests: routing.rests.iter().map(|rest| !rest_safe(rest)).collect(),
        };
        let undecided = counted.tasks.iter().any(|&counted| counted)
            || counted
                .rests
                .iter()
                .zip(&routing.rests)
                .any(|(&counted, rest)| counted && matches!(rest, Rest::Input(_)));
        if undecided && let Some(most) = walk() {
            let first = 2 * routing.tasks.len();
            for (task, counted) in counted.tasks.iter_mut().enumerate() {
                *counted = most[task] > 1;
            }
            for (index, (counted, rest)) in counted.rests.iter_mut().zip(&routing.rests).enumerate() {
                if matches!(rest, Rest::Input(_)) {
                    *counted = most[first + index] > 1;
                }
            }
        }
        counted
    }
}

/// Whether a node's own state is a bit by its nature; the others count.
fn always_fits(kind: NodeKind, state: State) -> bool {
    match kind {
        NodeKind::Partial { needed, surplus: Surplus::Swallow | Surplus::Cancel } => {
            matches!(state, State::Arrived | State::LeftOut) && needed == 1
        }
        NodeKind::Partial { .. } | NodeKind::Instances(_) | NodeKind::Completion => true,
        _ => false,
    }
}

/// Whether all tokens that rest at a node rest on a flow into it, or none do.
fn holds_by_flow(kind: NodeKind) -> bool {
    match kind {
        NodeKind::Completion | NodeKind::ThreadMerge(_) => false,
        NodeKind::Partial { needed, surplus } => needed == 1 && surplus == Surplus::Cancel,
        NodeKind::Instances(instances) => !instances.drains(),
        _ => true,
    }
}

/// Whether tokens rest on this flow.
fn is_place(net: &Net, flow: FlowId) -> bool {
    let to = net.node(net.flow(flow).to());
    match to.kind() {
        NodeKind::Parallel | NodeKind::Inclusive(_) => to.incoming().len() > 1,
        NodeKind::Partial { surplus, .. } => surplus == Surplus::Block,
        kind => kind.is_task(),
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
    /// Joins that end a block of which the component holds nothing else.
    blocks: Vec<NodeId>,
    /// Whether blocks are looked for.
    has_blocks: bool,
    /// The split of the block that the component is looked for in.
    split: Option<NodeId>,
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
            blocks: Vec::new(),
            has_blocks: false,
            split: None,
        }
    }

    fn search(&mut self, flow: FlowId) {
        // What a block hands on is first asked of what is inside.
        if self.finds(vec![flow], false, true) || self.finds(vec![flow], true, true) {
            return;
        }
        // One token comes into a block before all is gone that the last one has become: as if the split were a start.
        let net = self.net;
        let is_end = |&node: &NodeId| {
            let kind = net.node(node).kind();
            kind == NodeKind::Completion || matches!(kind, NodeKind::Partial { surplus: Surplus::Cancel, .. })
        };
        let to = net.flow(flow).to();
        for join in net.node_ids().filter(is_end).filter(|&join| net.region(join).contains(&to)) {
            let Some(split) = self.begin_of(join) else { continue };
            if !self.finds(net.node(split).incoming().to_vec(), true, false) {
                continue;
            }
            self.split = Some(split);
            let found = self.finds(vec![flow], false, true) || self.finds(vec![flow], true, true);
            self.split = None;
            if found {
                return;
            }
        }
    }

    /// Whether there is a component with these flows; if so, and if it is to be kept, they are safe.
    fn finds(&mut self, flows: Vec<FlowId>, has_blocks: bool, is_kept: bool) -> bool {
        (self.demands, self.has_blocks) = (0, has_blocks);
        self.blocks.clear();
        let found = self.demand(flows) && self.blocks.iter().all(|&join| self.is_outside(join));
        for change in self.trail.iter().filter(|_| found && is_kept) {
            if let Change::Member(flow) = change {
                self.safe_flows[flow.index()] = true;
            }
        }
        self.go_back(0);
        found
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
            let to_kind = self.net.node(to).kind();
            if to_kind.is_task() || matches!(to_kind, NodeKind::Exclusive | NodeKind::Deferred) {
                self.close(to, &mut open);
            }
            let alone = self.leaving[from.index()] == 1;
            let fits = match self.net.node(from).kind() {
                NodeKind::Start => alone,
                _ if self.split == Some(from) => alone,
                // Each instance that is done lets one more begin, or the thread go on.
                NodeKind::Partial { .. } if self.net.again(from).is_some() => {
                    let inputs = self.net.node(from).incoming().iter().copied();
                    open.extend(inputs.filter(|&input| !self.net.flow(input).is_left_out()));
                    let again = self.net.again(from).is_some_and(|again| self.member[again.index()]);
                    self.leaving[from.index()] <= 1 + u32::from(again)
                }
                // The alternatives of a deferred choice are one token: it goes one way.
                NodeKind::Exclusive | NodeKind::Deferred | NodeKind::ThreadMerge(_) => {
                    self.close(from, &mut open);
                    true
                }
                NodeKind::Partial { surplus: Surplus::Cancel, .. } | NodeKind::Completion
                    if self.has_blocks =>
                {
                    self.block(from, &mut open) && alone
                }
                // However many inputs a merge takes a token from, it hands on one.
                NodeKind::Inclusive(_) | NodeKind::Completion => {
                    self.close(from, &mut open);
                    alone
                }
                // Each token that comes goes on, as one.
                NodeKind::Throw | NodeKind::Partial { needed: 1, surplus: Surplus::Cancel } => {
                    self.close(from, &mut open);
                    alone
                }
                // It happens while its region has a token, and takes all of them.
                NodeKind::Interrupt { interrupts: true } => {
                    let region = self.net.region(from);
                    // What counts instances one after another holds no token of its own.
                    let members = region.iter().filter(|&&node| self.net.again(node).is_none());
                    members.for_each(|&node| self.close(node, &mut open));
                    let holds = |&node: &NodeId| {
                        self.net.again(node).is_some() || holds_by_flow(self.net.node(node).kind())
                    };
                    alone && region.iter().all(holds)
                }
                // An instance that runs on is a token beside the one that has gone on.
                NodeKind::Instances(instances) if instances.drains() => false,
                kind if kind.is_task() => {
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
                _ => false,
            };
            if !fits || self.demands > DEMANDS_MAX {
                self.go_back(before);
                return false;
            }
        }
        true
    }

    /// Each time a cancelling join or the end of a sub-process fires, nothing is left of what one token has become behind the
    /// split that begins its block: demands what leads there.
    fn block(&mut self, join: NodeId, open: &mut Vec<FlowId>) -> bool {
        let Some(split) = self.begin_of(join) else { return false };
        self.blocks.push(join);
        self.close(split, open);
        true
    }

    /// The node through which alone tokens come to the region of a join.
    fn begin_of(&self, join: NodeId) -> Option<NodeId> {
        let region = self.net.region(join);
        let is_inside = |node: NodeId| node == join || region.contains(&node);
        let into = region.iter().chain([&join]).flat_map(|&node| self.net.node(node).incoming());
        let mut from = into.map(|&flow| self.net.flow(flow).from()).filter(|&from| !is_inside(from));
        let split = from.next()?;
        let node = self.net.node(split);
        // What the split hands on is all inside.
        let leads_in = node.outgoing().iter().all(|&flow| is_inside(self.net.flow(flow).to()));
        let is_split = match node.kind() {
            NodeKind::Parallel => node.incoming().len() == 1,
            kind => kind == NodeKind::Exclusive && node.outgoing().len() == 1,
        };
        (is_split && leads_in && from.all(|other| other == split)).then_some(split)
    }

    /// Whether no flow of the component lies in the block that a join ends.
    fn is_outside(&self, join: NodeId) -> bool {
        let block = self.net.region(join).iter().chain([&join]);
        let into =
            |&node: &NodeId| self.net.node(node).incoming().iter().any(|flow| self.member[flow.index()]);
        !block.into_iter().any(into)
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
