//! The naive interpreter of every construct: sets and maps, one token at a time, and a search where a merge looks at the
//! whole case. It knows nothing of masks, places or programs.
#![allow(dead_code, reason = "each test binary uses a part")]

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};

use wf_engine::{EndKind, Value};
use wf_net::guard::Tally;
use wf_net::{FlowId, Instances, Needed, Net, NodeId, NodeKind, Quantity, Retention, Surplus};

use super::guard::{self, Truth};

/// States of a case that a search visits before it gives up: the compiler leaves out what cannot matter, this does not.
const SEARCHED_MAX: usize = 3_000;

thread_local! {
    /// Whether a search was too large, so that nothing is known any more.
    static GAVE_UP: Cell<bool> = const { Cell::new(false) };
}

/// Whether a search was too large since the last time this was asked.
pub(crate) fn gave_up() -> bool {
    GAVE_UP.take()
}

/// What each node is told in one step: a branch, a mask of branches, a number.
pub(crate) type Choices = BTreeMap<NodeId, u64>;

/// Why a step is not legal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    NotEnabled,
    Lost,
    BadOutcome,
    Full,
    Kind,
    NoValue,
    NoAnswer,
}

/// The instances of a task that holds a thread, or whose thread has gone on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Default)]
struct Running {
    open: BTreeSet<u8>,
    begun: BTreeSet<u8>,
    created: u8,
    done: u8,
    gone_on: bool,
}

impl Running {
    /// Those whose turn it is.
    fn in_turn(&self, rules: wf_net::Instances) -> BTreeSet<u8> {
        let most = if rules.is_sequential { 1 } else { usize::MAX };
        self.open.iter().copied().take(most).collect()
    }
}

impl From<Truth> for Refused {
    fn from(truth: Truth) -> Self {
        if truth == Truth::NoValue { Self::NoValue } else { Self::NoAnswer }
    }
}

/// Everything that a case is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Default)]
struct State {
    /// Tokens on flows: on their way, or waiting at a join.
    flows: BTreeMap<FlowId, u32>,
    /// Work items, begun or not.
    items: BTreeMap<NodeId, u32>,
    begun: BTreeMap<NodeId, u32>,
    triggers: BTreeMap<NodeId, u32>,
    /// Arrivals at a partial join that has not fired.
    arrived: BTreeMap<NodeId, u32>,
    /// Of these, those that stand for no instance.
    left_out: BTreeMap<NodeId, u32>,
    /// Arrivals at a partial join that has fired, those it needed included.
    swallowed: BTreeMap<NodeId, u32>,
    /// Branches that have arrived at a blocking join in this round, and whether it has fired.
    rounds: BTreeMap<NodeId, (BTreeSet<FlowId>, bool)>,
    instances: BTreeMap<NodeId, Running>,
}

/// A case of the naive interpreter.
#[derive(Clone, Debug)]
pub(crate) struct Case<'n> {
    net: &'n Net,
    state: State,
    pub(crate) ended: Option<EndKind>,
    terminated: bool,
    /// Merges that do not fire, in a search; the others may fire at any time then.
    searching: bool,
    /// Messages that the last step has sent, by name.
    pub(crate) sent: BTreeMap<String, u32>,
}

fn count<K: Ord>(tokens: &BTreeMap<K, u32>, at: K) -> u32 {
    tokens.get(&at).copied().unwrap_or(0)
}

fn add<K: Ord>(tokens: &mut BTreeMap<K, u32>, at: K, number: u32) {
    if number > 0 {
        *tokens.entry(at).or_default() += number;
    }
}

fn take<K: Ord>(tokens: &mut BTreeMap<K, u32>, at: K, number: u32) {
    if let Some(count) = tokens.get_mut(&at) {
        *count -= number.min(*count);
        if *count == 0 {
            tokens.remove(&at);
        }
    }
}

/// Whether tokens wait on the flows into this node.
fn waits(net: &Net, id: NodeId) -> bool {
    let node = net.node(id);
    match node.kind() {
        NodeKind::Parallel | NodeKind::Inclusive(_) => node.incoming().len() > 1,
        NodeKind::Partial { surplus, .. } => surplus == Surplus::Block,
        NodeKind::ThreadMerge(_) => true,
        _ => false,
    }
}

/// Whether what the node waits for can change with any step.
pub(crate) fn is_merge(net: &Net, id: NodeId) -> bool {
    net.node(id).kind() == NodeKind::Completion || is_inclusive_merge(net, id)
}

pub(crate) fn is_inclusive_merge(net: &Net, id: NodeId) -> bool {
    matches!(net.node(id).kind(), NodeKind::Inclusive(_)) && net.node(id).incoming().len() > 1
}

/// Whether a token may pass the node in the step in which it arrives.
fn passes(kind: NodeKind) -> bool {
    kind.is_gateway()
        || matches!(
            kind,
            NodeKind::Receive(Retention::Persistent)
                | NodeKind::Instances(Instances { count: Quantity::Chosen(_), .. })
        )
}

/// The order of firing: each node after all that can feed it; of several the lowest first, ends of sub-processes and then
/// merges last.
fn order(net: &Net) -> Vec<NodeId> {
    let fires = |id: &NodeId| !matches!(net.node(*id).kind(), NodeKind::Start | NodeKind::Interrupt { .. });
    let mut left: Vec<NodeId> = net.node_ids().filter(fires).collect();
    let mut order = Vec::new();
    while !left.is_empty() {
        let is_fed = |id: NodeId| {
            net.node(id).incoming().iter().any(|&flow| {
                let from = net.flow(flow).from();
                left.contains(&from) && passes(net.node(from).kind())
            })
        };
        let free: Vec<NodeId> = left.iter().copied().filter(|&id| !is_fed(id)).collect();
        let before = |rank: fn(&Net, NodeId) -> bool| free.iter().copied().find(|&id| !rank(net, id));
        let next = before(is_merge).or_else(|| before(is_inclusive_merge)).unwrap_or(free[0]);
        left.retain(|&id| id != next);
        order.push(next);
    }
    order
}

impl<'n> Case<'n> {
    pub(crate) fn start(net: &'n Net, start: NodeId, choices: &Choices) -> Result<Self, Refused> {
        let mut case = Self {
            net,
            state: State::default(),
            ended: None,
            terminated: false,
            searching: false,
            sent: BTreeMap::new(),
        };
        case.leave(start, choices)?;
        Ok(case)
    }

    fn kind(&self, node: NodeId) -> NodeKind {
        self.net.node(node).kind()
    }

    /// Work items that somebody could begin, complete or trigger: task and instance.
    pub(crate) fn enabled(&self) -> Vec<(NodeId, u8)> {
        let mut enabled = Vec::new();
        if self.ended.is_some() {
            return enabled;
        }
        for task in self.net.tasks() {
            if let Some(running) = self.state.instances.get(&task) {
                let NodeKind::Instances(rules) = self.kind(task) else { unreachable!("it has instances") };
                let in_turn = running.in_turn(rules);
                enabled.extend(in_turn.difference(&running.begun).map(|&instance| (task, instance)));
            } else if self.can_begin(task) {
                let waiting = count(&self.state.items, task) - count(&self.state.begun, task);
                enabled.extend((0..waiting).map(|_| (task, 0)));
            }
        }
        enabled
    }

    /// The most tokens in one place.
    pub(crate) fn most(&self) -> u32 {
        let state = &self.state;
        let maps = state.items.values().chain(state.triggers.values()).chain(state.flows.values());
        maps.copied().max().unwrap_or(0)
    }

    pub(crate) fn begun(&self, task: NodeId) -> u32 {
        count(&self.state.begun, task)
    }

    /// Whether nothing but its own token is needed, or what else is needed is there.
    fn can_begin(&self, task: NodeId) -> bool {
        let milestones = self.net.milestones().iter().filter(|(who, _)| *who == task);
        for &(_, reached) in milestones {
            let holder = match self.kind(reached) {
                NodeKind::Deferred => self.net.flow(self.net.node(reached).outgoing()[0]).to(),
                _ => reached,
            };
            if count(&self.state.items, holder) == 0 || count(&self.state.begun, holder) > 0 {
                return false;
            }
        }
        for group in self.net.critical_sections() {
            for own in group.iter().filter(|section| section.contains(&task)) {
                let others = group.iter().filter(|section| *section != own);
                let occupied = others.flatten().any(|&node| count(&self.state.begun, node) > 0);
                if occupied {
                    return false;
                }
            }
        }
        true
    }

    /// Tasks that lose a token when this one begins.
    fn rivals(&self, task: NodeId) -> Vec<NodeId> {
        let mut rivals = Vec::new();
        for deferred in self.net.nodes_of(NodeKind::Deferred) {
            let out = self.net.node(deferred).outgoing().iter().map(|&flow| self.net.flow(flow).to());
            let all: Vec<NodeId> = out.collect();
            if all.contains(&task) {
                rivals.extend(all.into_iter().filter(|&other| other != task));
            }
        }
        rivals
    }

    fn take_rivals(&mut self, task: NodeId) {
        for rival in self.rivals(task) {
            take(&mut self.state.items, rival, 1);
        }
    }

    /// Begins a work item.
    pub(crate) fn begin(&mut self, task: NodeId, instance: u8) -> Result<(), Refused> {
        match self.kind(task) {
            NodeKind::Task => {}
            NodeKind::Instances(rules) => {
                let running = self.state.instances.get_mut(&task).ok_or(Refused::NotEnabled)?;
                let waits = running.in_turn(rules).contains(&instance) && running.begun.insert(instance);
                return if waits { Ok(()) } else { Err(Refused::NotEnabled) };
            }
            _ => return Err(Refused::Kind),
        }
        if count(&self.state.items, task) <= count(&self.state.begun, task) || !self.can_begin(task) {
            return Err(Refused::NotEnabled);
        }
        self.take_rivals(task);
        add(&mut self.state.begun, task, 1);
        Ok(())
    }

    /// Completes a work item, or triggers a receiving task.
    pub(crate) fn complete(&mut self, task: NodeId, choices: &Choices) -> Result<(), Refused> {
        let begun = count(&self.state.begun, task) > 0;
        let waiting = count(&self.state.items, task) > 0 && self.can_begin(task);
        if !begun && !waiting {
            return match self.kind(task) {
                NodeKind::Receive(Retention::Transient) => Err(Refused::Lost),
                NodeKind::Receive(Retention::Persistent) => {
                    add(&mut self.state.triggers, task, 1);
                    Ok(())
                }
                _ => Err(Refused::NotEnabled),
            };
        }
        if begun {
            take(&mut self.state.begun, task, 1);
        } else {
            self.take_rivals(task);
        }
        take(&mut self.state.items, task, 1);
        self.leave(task, choices)
    }

    /// Completes an instance; `enough` is what the completion says of the condition, if it does.
    pub(crate) fn complete_instance(
        &mut self,
        task: NodeId,
        instance: u8,
        enough: Option<bool>,
        choices: &Choices,
    ) -> Result<(), Refused> {
        let NodeKind::Instances(rules) = self.kind(task) else { return Err(Refused::Kind) };
        let running = self.state.instances.get_mut(&task).ok_or(Refused::NotEnabled)?;
        if !running.in_turn(rules).contains(&instance) {
            return Err(Refused::NotEnabled);
        }
        running.open.remove(&instance);
        running.begun.remove(&instance);
        running.done += 1;
        let all = running.open.is_empty();
        let active = if rules.is_sequential { 0 } else { running.open.len() };
        let tallies = [usize::from(running.created), usize::from(running.done), active, 0];
        let by_data = || {
            let numbers = Tally::EACH.iter().zip(tallies);
            let values =
                numbers.map(|(tally, count)| (tally.name().to_owned(), Value::Integer(count as i64)));
            guard::truth(self.net.completion_guard(task).unwrap(), &values.collect())
        };
        let asks = !running.gone_on && !all && rules.needed == Needed::Condition;
        let enough = match enough {
            Some(enough) => enough,
            None if !asks => false,
            None => match by_data() {
                Truth::Yes => true,
                Truth::No => false,
                Truth::NoValue => return Err(Refused::NoValue),
                Truth::NoAnswer => unreachable!("numbers alone"),
            },
        };
        let goes_on = !running.gone_on
            && (all
                || match rules.needed {
                    Needed::All => false,
                    Needed::AtLeast(needed) => u16::from(running.done) >= needed,
                    Needed::Condition => enough,
                });
        running.gone_on |= goes_on;
        if all || (goes_on && rules.cancels_rest) {
            self.state.instances.remove(&task);
        }
        if goes_on {
            return self.leave(task, choices);
        }
        self.end_if_stuck();
        Ok(())
    }

    pub(crate) fn add_instance(&mut self, task: NodeId) -> Result<(), Refused> {
        let NodeKind::Instances(rules) = self.kind(task) else { return Err(Refused::Kind) };
        if !rules.is_dynamic {
            return Err(Refused::Kind);
        }
        let running = self.state.instances.get_mut(&task).filter(|running| !running.gone_on);
        let running = running.ok_or(Refused::NotEnabled)?;
        if u16::from(running.created) == rules.most {
            return Err(Refused::Full);
        }
        running.open.insert(running.created);
        running.created += 1;
        Ok(())
    }

    pub(crate) fn complete_instances(&mut self, task: NodeId, choices: &Choices) -> Result<(), Refused> {
        if !matches!(self.kind(task), NodeKind::Instances(_)) {
            return Err(Refused::Kind);
        }
        if self.state.instances.get(&task).is_none_or(|running| running.gone_on) {
            return Err(Refused::NotEnabled);
        }
        self.state.instances.remove(&task);
        self.leave(task, choices)
    }

    /// Withdraws all work items of a task.
    pub(crate) fn cancel_task(&mut self, task: NodeId) -> Result<(), Refused> {
        if self.net.node_ids().any(|node| is_merge(self.net, node)) {
            return Err(Refused::Kind);
        }
        let had = self.state.items.remove(&task).is_some() | self.state.instances.remove(&task).is_some();
        self.state.begun.remove(&task);
        if !had {
            return Err(Refused::NotEnabled);
        }
        self.end_if_stuck();
        Ok(())
    }

    pub(crate) fn interrupt(&mut self, interrupt: NodeId, choices: &Choices) -> Result<(), Refused> {
        if !self.is_marked(interrupt) {
            return Err(Refused::Lost);
        }
        self.leave(interrupt, choices)
    }

    /// Whether the region of an interrupt holds a token.
    pub(crate) fn is_marked(&self, interrupt: NodeId) -> bool {
        self.net.region(interrupt).iter().any(|&node| {
            let inputs = self.net.node(node).incoming().iter();
            count(&self.state.items, node) > 0
                || self.state.instances.contains_key(&node)
                || (count(&self.state.arrived, node) > 0 && !self.is_in_turn(node))
                || self.state.rounds.get(&node).is_some_and(|(came, fired)| !came.is_empty() && !fired)
                || (waits(self.net, node)
                    && inputs.into_iter().any(|&flow| count(&self.state.flows, flow) > 0))
        })
    }

    fn clear(&mut self, node: NodeId) {
        let state = &mut self.state;
        for map in [
            &mut state.items,
            &mut state.begun,
            &mut state.triggers,
            &mut state.arrived,
            &mut state.left_out,
            &mut state.swallowed,
        ] {
            map.remove(&node);
        }
        state.rounds.remove(&node);
        state.instances.remove(&node);
        if waits(self.net, node) {
            for flow in self.net.node(node).incoming() {
                state.flows.remove(flow);
            }
        }
    }

    fn clear_region(&mut self, node: NodeId) {
        for &member in self.net.region(node) {
            self.clear(member);
        }
    }

    fn put_out(&mut self, node: NodeId, number: u32) {
        for &flow in self.net.node(node).outgoing().iter().filter(|&&flow| !self.net.flow(flow).is_again()) {
            self.put(flow, number);
        }
    }

    /// Whether a join counts instances one after another: it holds no token while none of them does.
    fn is_in_turn(&self, node: NodeId) -> bool {
        self.net.node(node).outgoing().iter().any(|&flow| self.net.flow(flow).is_again())
    }

    fn put_again(&mut self, node: NodeId) {
        for &flow in self.net.node(node).outgoing().iter().filter(|&&flow| self.net.flow(flow).is_again()) {
            self.put(flow, 1);
        }
    }

    /// Puts tokens on a flow; at a task that only waits they are work items at once.
    fn put(&mut self, flow: FlowId, number: u32) {
        let to = self.net.flow(flow).to();
        match self.kind(to) {
            NodeKind::Task | NodeKind::Call | NodeKind::Receive(Retention::Transient) => {
                add(&mut self.state.items, to, number);
            }
            _ => add(&mut self.state.flows, flow, number),
        }
    }

    /// What a node does once it is done: its region goes, its tokens come, and everything that fires by itself fires.
    fn leave(&mut self, node: NodeId, choices: &Choices) -> Result<(), Refused> {
        if !matches!(self.kind(node), NodeKind::Interrupt { interrupts: false } | NodeKind::Completion) {
            self.clear_region(node);
        }
        self.put_out(node, 1);
        self.settle(choices)
    }

    fn settle(&mut self, choices: &Choices) -> Result<(), Refused> {
        let order = order(self.net);
        loop {
            let before = self.state.clone();
            for &node in order.iter().filter(|&&node| !is_merge(self.net, node)) {
                self.fire(node, choices)?;
            }
            if self.state != before {
                continue;
            }
            // Nothing is on its way any more: one merge or end of a sub-process, then all again.
            for &node in order.iter().filter(|&&node| is_merge(self.net, node)) {
                if self.kind(node) == NodeKind::Completion {
                    self.finish_part(node);
                } else if !self.searching && self.is_ready(node) {
                    self.merge(node, choices)?;
                }
                if self.state != before {
                    break;
                }
            }
            if self.state == before {
                break;
            }
        }
        if self.terminated {
            self.state = State::default();
            self.ended = Some(EndKind::Completed);
        } else {
            self.end_if_stuck();
        }
        Ok(())
    }

    fn end_if_stuck(&mut self) {
        if self.ended.is_some() || self.is_alive() {
            return;
        }
        let state = &self.state;
        let rounds_open = state.rounds.values().any(|(came, fired)| !came.is_empty() && !fired);
        let clean = state.flows.is_empty()
            && state.items.is_empty()
            && state.arrived.is_empty()
            && state.instances.is_empty()
            && !rounds_open;
        self.ended = Some(if clean { EndKind::Completed } else { EndKind::Deadlocked });
    }

    fn is_alive(&self) -> bool {
        let of_task = |task: NodeId| {
            self.state.instances.contains_key(&task)
                || count(&self.state.begun, task) > 0
                || (count(&self.state.items, task) > 0 && self.can_begin(task))
        };
        self.net.tasks().any(of_task) || self.net.interrupts().any(|interrupt| self.is_marked(interrupt))
    }

    /// Lets the end of a sub-process pass one token on once nothing is left inside.
    fn finish_part(&mut self, node: NodeId) {
        if self.take_inputs(node) > 0 {
            self.state.arrived.insert(node, 1);
        }
        let is_done = self.state.arrived.contains_key(&node) && !self.is_marked(node);
        if is_done {
            self.state.arrived.remove(&node);
            self.put_out(node, 1);
        }
    }

    /// Takes all tokens on the flows into a node.
    fn take_inputs(&mut self, node: NodeId) -> u32 {
        let incoming = self.net.node(node).incoming();
        incoming.iter().map(|flow| self.state.flows.remove(flow).unwrap_or(0)).sum()
    }

    /// Lets a node do all that it can.
    fn fire(&mut self, node: NodeId, choices: &Choices) -> Result<(), Refused> {
        let net = self.net;
        let outgoing = net.node(node).outgoing();
        match self.kind(node) {
            NodeKind::Start | NodeKind::Interrupt { .. } | NodeKind::Completion => {}
            NodeKind::End => drop(self.take_inputs(node)),
            NodeKind::Terminate => self.terminated |= self.take_inputs(node) > 0,
            NodeKind::Task | NodeKind::Call | NodeKind::Receive(Retention::Transient) => {}
            NodeKind::Receive(Retention::Persistent) => {
                for _ in 0..self.take_inputs(node) {
                    if count(&self.state.triggers, node) > 0 {
                        take(&mut self.state.triggers, node, 1);
                        self.put_out(node, 1);
                    } else {
                        add(&mut self.state.items, node, 1);
                    }
                }
            }
            NodeKind::Instances(rules) => {
                let number = self.take_inputs(node);
                let several = match rules.count {
                    Quantity::Fixed(several) => several,
                    Quantity::Chosen(most) => {
                        match (net.quantity(node), choices.get(&node).copied().unwrap_or(0)) {
                            (None, several) => several as u16,
                            (Some(_), several @ 1..) => several as u16 - 1,
                            (Some(_), 0) if number == 0 => 0,
                            (Some(by_data), 0) => guard::count(by_data, most)?,
                        }
                    }
                };
                if several == 0 {
                    self.put_out(node, number);
                } else if number > 0 {
                    if number > 1 || self.state.instances.contains_key(&node) {
                        return Err(Refused::Full);
                    }
                    let several = u8::try_from(several).expect("instances that are bits");
                    let open = (0..several).collect();
                    let running = Running { open, created: several, ..Running::default() };
                    self.state.instances.insert(node, running);
                }
            }
            NodeKind::Exclusive => {
                let number = self.take_inputs(node);
                let branch = if outgoing.len() == 1 || number == 0 { 0 } else { choices[&node] as usize };
                self.put(outgoing[branch], number);
            }
            NodeKind::Throw => {
                let number = self.take_inputs(node);
                if number > 0 {
                    *self.sent.entry(net.message(node).unwrap().to_owned()).or_default() += number;
                }
                self.put_out(node, number);
            }
            NodeKind::Parallel => {
                while net.node(node).incoming().iter().all(|&flow| count(&self.state.flows, flow) > 0) {
                    for &flow in net.node(node).incoming() {
                        take(&mut self.state.flows, flow, 1);
                    }
                    self.put_out(node, 1);
                }
            }
            NodeKind::Inclusive(_) => {
                let number = self.take_inputs(node);
                self.branch(node, number, choices)?;
            }
            NodeKind::Deferred => self.offer(node),
            NodeKind::ThreadSplit(quantity) => {
                let number = self.take_inputs(node);
                let each = match quantity {
                    Quantity::Fixed(each) => u32::from(each),
                    Quantity::Chosen(_) if number == 0 => 0,
                    Quantity::Chosen(_) => choices[&node] as u32,
                };
                self.put_out(node, number * each);
            }
            NodeKind::ThreadMerge(needed) => {
                let flow = net.node(node).incoming();
                let all: u32 = flow.iter().map(|&flow| count(&self.state.flows, flow)).sum();
                let groups = all / u32::from(needed);
                let mut gone = groups * u32::from(needed);
                for &flow in flow {
                    let some = gone.min(count(&self.state.flows, flow));
                    take(&mut self.state.flows, flow, some);
                    gone -= some;
                }
                self.put_out(node, groups);
            }
            NodeKind::Partial { needed, surplus } => {
                let digit = choices.get(&node).copied().unwrap_or(0);
                self.partial(node, u32::from(needed), surplus, digit)?;
            }
        }
        Ok(())
    }

    /// Tokens go to the chosen branches of an inclusive split.
    fn branch(&mut self, node: NodeId, number: u32, choices: &Choices) -> Result<(), Refused> {
        let outgoing = self.net.node(node).outgoing();
        if number == 0 || outgoing.len() == 1 {
            self.put_out(node, number);
            return Ok(());
        }
        let mask = choices[&node];
        let default = outgoing.iter().find(|&&flow| self.net.flow(flow).is_default());
        if mask == 0 {
            let &default = default.ok_or(Refused::BadOutcome)?;
            self.put(default, number);
        }
        for (branch, &flow) in outgoing.iter().enumerate() {
            if mask >> branch & 1 == 1 {
                self.put(flow, number);
            }
        }
        Ok(())
    }

    fn offer(&mut self, node: NodeId) {
        let net = self.net;
        for _ in 0..self.take_inputs(node) {
            let flows = net.node(node).outgoing();
            let ready = flows.iter().find(|&&flow| {
                let to = net.flow(flow).to();
                count(&self.state.triggers, to) > count(&self.state.flows, flow)
            });
            match ready {
                // The task behind finds its trigger.
                Some(&flow) => add(&mut self.state.flows, flow, 1),
                None => {
                    for &flow in flows {
                        add(&mut self.state.items, net.flow(flow).to(), 1);
                    }
                }
            }
        }
    }

    /// Whether the arrivals at a join are enough by its condition: by the data, unless the digit says it.
    fn is_enough(&self, node: NodeId, needed: u32, digit: u64) -> Result<bool, Refused> {
        let arrived = count(&self.state.arrived, node);
        let Some(condition) = self.net.completion_guard(node).filter(|_| arrived < needed) else {
            return Ok(arrived >= needed);
        };
        if digit > 0 {
            return Ok(digit == 2);
        }
        let none = count(&self.state.left_out, node);
        let active = if self.is_in_turn(node) { 0 } else { needed - arrived };
        let numbers = Tally::EACH.iter().zip([needed - none, arrived - none, active, 0]);
        let values =
            numbers.map(|(tally, count)| (tally.name().to_owned(), Value::Integer(i64::from(count))));
        match guard::truth(condition, &values.collect()) {
            Truth::Yes => Ok(true),
            Truth::No => Ok(false),
            refused => Err(refused.into()),
        }
    }

    fn partial(&mut self, node: NodeId, needed: u32, surplus: Surplus, digit: u64) -> Result<(), Refused> {
        let net = self.net;
        let incoming = net.node(node).incoming();
        let all = incoming.len() as u32;
        match surplus {
            Surplus::Swallow => {
                for _ in 0..self.take_inputs(node) {
                    if count(&self.state.swallowed, node) > 0 {
                        add(&mut self.state.swallowed, node, 1);
                    } else {
                        add(&mut self.state.arrived, node, 1);
                        if count(&self.state.arrived, node) == needed {
                            self.state.arrived.remove(&node);
                            add(&mut self.state.swallowed, node, needed);
                            self.put_out(node, 1);
                        }
                    }
                    if count(&self.state.swallowed, node) == all {
                        self.state.swallowed.remove(&node);
                    }
                }
            }
            Surplus::Cancel => {
                let absent: Vec<FlowId> =
                    incoming.iter().copied().filter(|&flow| net.flow(flow).is_left_out()).collect();
                let absent: u32 = absent.iter().map(|flow| self.state.flows.remove(flow).unwrap_or(0)).sum();
                for arrival in 0..absent + self.take_inputs(node) {
                    let is_absent = arrival < absent;
                    add(&mut self.state.arrived, node, 1);
                    add(&mut self.state.left_out, node, u32::from(is_absent));
                    let is_enough = if is_absent {
                        count(&self.state.arrived, node) == needed && !self.is_in_turn(node)
                    } else {
                        self.is_enough(node, needed, digit)?
                    };
                    if is_enough {
                        self.state.arrived.remove(&node);
                        self.state.left_out.remove(&node);
                        self.clear_region(node);
                        self.put_out(node, 1);
                    } else if !is_absent {
                        self.put_again(node);
                    }
                }
            }
            Surplus::Block => loop {
                let (mut came, mut fired) = self.state.rounds.remove(&node).unwrap_or_default();
                let next =
                    incoming.iter().find(|flow| count(&self.state.flows, **flow) > 0 && !came.contains(flow));
                let Some(&next) = next else {
                    if !came.is_empty() {
                        self.state.rounds.insert(node, (came, fired));
                    }
                    break;
                };
                take(&mut self.state.flows, next, 1);
                came.insert(next);
                if !fired && came.len() as u32 == needed {
                    fired = true;
                    self.put_out(node, 1);
                }
                if (came.len() as u32) < all {
                    self.state.rounds.insert(node, (came, fired));
                }
            },
        }
        Ok(())
    }

    /// Takes one token from each marked input of a merge and passes one on.
    fn merge(&mut self, node: NodeId, choices: &Choices) -> Result<(), Refused> {
        for &flow in self.net.node(node).incoming() {
            take(&mut self.state.flows, flow, 1);
        }
        self.branch(node, 1, choices)
    }

    /// Whether a merge has a token, and no input without one can still get one.
    fn is_ready(&self, merge: NodeId) -> bool {
        let incoming = self.net.node(merge).incoming();
        let (marked, missing): (Vec<FlowId>, Vec<FlowId>) =
            incoming.iter().partition(|&&flow| count(&self.state.flows, flow) > 0);
        !marked.is_empty() && (missing.is_empty() || !self.can_reach(merge, &missing))
    }

    /// Searches all that can follow without the merge firing; other merges may fire whenever they have a token.
    fn can_reach(&self, merge: NodeId, missing: &[FlowId]) -> bool {
        let mut root = Self { searching: true, ..self.clone() };
        // A sub-process may be at its end in this very step.
        for choices in all_choices(self.net) {
            if root.settle(&choices).is_ok() {
                break;
            }
        }
        root.ended = None;
        if missing.iter().any(|&flow| count(&root.state.flows, flow) > 0) {
            return true;
        }
        let mut seen = BTreeSet::from([root.state.clone()]);
        let mut open = vec![root];
        while let Some(case) = open.pop() {
            for next in case.successors(merge) {
                if missing.iter().any(|&flow| count(&next.state.flows, flow) > 0) {
                    return true;
                }
                if next.ended.is_none() && seen.insert(next.state.clone()) {
                    if seen.len() > SEARCHED_MAX {
                        GAVE_UP.set(true);
                        return true;
                    }
                    open.push(next);
                }
            }
        }
        false
    }

    fn successors(&self, blocked: NodeId) -> Vec<Self> {
        let mut next = Vec::new();
        let mut play = |step: &dyn Fn(&mut Self, &Choices) -> Result<(), Refused>| {
            for choices in all_choices(self.net) {
                let mut case = self.clone();
                if step(&mut case, &choices).is_ok() {
                    // What a search calls stuck may be waiting for a merge.
                    if !case.terminated {
                        case.ended = None;
                    }
                    next.push(case);
                }
            }
        };
        for task in self.net.tasks() {
            match self.state.instances.get(&task) {
                Some(running) => {
                    for &instance in &running.open {
                        play(&|case, choices| case.complete_instance(task, instance, Some(true), choices));
                        play(&|case, choices| case.complete_instance(task, instance, Some(false), choices));
                    }
                }
                None if count(&self.state.items, task) > 0 => {
                    play(&|case, choices| case.complete(task, choices));
                    play(&|case, _| case.begin(task, 0));
                }
                None => {}
            }
        }
        for interrupt in self.net.interrupts() {
            play(&|case, choices| case.interrupt(interrupt, choices));
        }
        let others =
            self.net.node_ids().filter(|&node| is_inclusive_merge(self.net, node) && node != blocked);
        for other in others {
            if self.net.node(other).incoming().iter().any(|&flow| count(&self.state.flows, flow) > 0) {
                play(&|case, choices| {
                    case.merge(other, choices)?;
                    case.settle(choices)
                });
            }
        }
        next
    }
}

/// Every way in which the nodes of a net can be told what to do.
pub(crate) fn all_choices(net: &Net) -> Vec<Choices> {
    let mut all = vec![Choices::new()];
    for node in net.node_ids() {
        // Where data may decide, the digits from 1 say all that it can.
        let is_join = matches!(net.node(node).kind(), NodeKind::Partial { .. });
        let by_data = net.quantity(node).is_some() || (is_join && net.completion_guard(node).is_some());
        let several = match net.node(node).kind() {
            NodeKind::Partial { .. } if by_data => 2,
            NodeKind::Exclusive if net.node(node).outgoing().len() > 1 => {
                net.node(node).outgoing().len() as u64
            }
            NodeKind::Inclusive(_) if net.node(node).outgoing().len() > 1 => {
                1 << net.node(node).outgoing().len()
            }
            NodeKind::ThreadSplit(Quantity::Chosen(most)) => u64::from(most) + 1,
            NodeKind::Instances(Instances { count: Quantity::Chosen(most), .. }) => u64::from(most) + 1,
            _ => continue,
        };
        all = all
            .into_iter()
            .flat_map(|choices| {
                (0..several).map(move |digit| {
                    let mut choices = choices.clone();
                    choices.insert(node, digit + u64::from(by_data));
                    choices
                })
            })
            .collect();
    }
    all
}
