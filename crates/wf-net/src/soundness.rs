//! Whether every case of a net can end well: a walk through its markings, with the shortest way to each that cannot.
//!
//! The walk plays what the engine plays, scripts and masks of merges, breadth first: the first marking found to be wrong is
//! one that no shorter way leads to. What the data or the caller of a case decides, the walk decides both ways, so it
//! may find a way that the data never takes.
//!
//! # Sources
//! W. van der Aalst, *Verification of Workflow Nets* (1997): option to complete, proper completion, no dead tasks.
//! A marking that covers one before it on the same way: Karp, Miller, *Parallel Program Schemata* (1969).

use std::collections::{BTreeSet, HashMap};

use crate::NodeId;
use crate::conditions::{Condition, conditions};
use crate::explore::{Explorer, Marking, Merges};
use crate::image::CubeCell;
use crate::merges::merge_cubes;
use crate::net::{Net, NodeKind};
use crate::problem::Problem;
use crate::routing::{DigitKind, Routing, State as Resting};

/// How far to look.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct CheckOptions {
    /// States of a case visited before the question is left undecided. Default: 10,000.
    pub states_max: usize,
}

impl Default for CheckOptions {
    fn default() -> Self {
        Self { states_max: 10_000 }
    }
}

/// What is wrong with the cases of a net.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FindingKind {
    /// Tokens are left with which nothing can happen: at the nodes that wait for what can no longer come.
    Stuck(Vec<NodeId>),
    /// From here on the case goes round without a way to an end.
    NoEnd,
    /// The task can have several tokens at once: what leads to it was not synchronized.
    Several,
    /// Tokens at the node can become more and more.
    Unbounded,
    /// No case ever reaches the task.
    Dead,
}

/// One step of a way through a net.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Move {
    /// The start, task or interrupt.
    pub node: NodeId,
    /// What was decided behind it: the deciding node, and the branches that were taken, by their place among its outgoing
    /// flows.
    pub decided: Vec<(NodeId, Vec<usize>)>,
}

/// Something wrong, and the shortest way to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What it is about.
    pub node: NodeId,
    /// What is wrong.
    pub kind: FindingKind,
    /// The way, from the start; empty where none leads there.
    pub way: Vec<Move>,
}

/// What a check has found.
#[derive(Clone, Debug, Default)]
pub struct Checked {
    /// States visited.
    pub states: usize,
    /// Whether all were: if not, what was not found is not decided.
    pub is_whole: bool,
    /// What is wrong, at most one of each kind for each node.
    pub findings: Vec<Finding>,
}

/// Looks for ways on which a case cannot end well.
///
/// # Errors
/// The problems for which [`compile`](crate::compile()) refuses the net, as far as they keep it from being played.
pub fn check(net: &Net, options: &CheckOptions) -> Result<Checked, Vec<Problem>> {
    let routing = Routing::new(net)?;
    let conditions = conditions(net, &routing);
    let mut problems = Vec::new();
    let cubes = merge_cubes(net, &routing, &conditions, &mut problems);
    if !problems.is_empty() {
        return Err(problems);
    }
    let states_max = options.states_max;
    Ok(Walk::new(net, &routing, &conditions, &cubes)
        .map_or_else(Checked::default, |walk| walk.run(states_max)))
}

/// A visited state: where it was reached from, and by what.
#[derive(Clone, Debug)]
struct State {
    marking: Marking,
    from: Option<(usize, usize, u64)>,
    /// Whether a token stands for more than it did before on the way here, and its steps are not followed.
    is_cut: bool,
}

struct Walk<'n> {
    net: &'n Net,
    routing: &'n Routing,
    cubes: &'n [CubeCell],
    explorer: Explorer<'n>,
    states: Vec<State>,
    index: HashMap<Marking, usize>,
    /// For each state those that it leads to.
    next: Vec<Vec<usize>>,
    /// States in which the case has ended well.
    ends: Vec<usize>,
    findings: Vec<Finding>,
    reported: BTreeSet<(NodeId, u8)>,
    /// Whether no way was left that nothing is known of.
    is_whole: bool,
}

impl<'n> Walk<'n> {
    /// `None` if a completion has too many outcomes to try.
    fn new(
        net: &'n Net,
        routing: &'n Routing,
        conditions: &'n [Condition],
        cubes: &'n [CubeCell],
    ) -> Option<Self> {
        Some(Self {
            net,
            routing,
            cubes,
            explorer: Explorer::new(net, routing, conditions, None, false)?,
            states: Vec::new(),
            index: HashMap::new(),
            next: Vec::new(),
            ends: Vec::new(),
            findings: Vec::new(),
            reported: BTreeSet::new(),
            is_whole: true,
        })
    }

    fn run(mut self, states_max: usize) -> Checked {
        self.explorer.steps_max(states_max.saturating_mul(16));
        let is_whole = self.visit(states_max).is_some() && self.is_whole;
        if is_whole {
            self.find_endless();
            self.find_dead();
        }
        Checked { states: self.states.len(), is_whole, findings: self.findings }
    }

    /// Visits every state; `None` if there are more than the limit.
    fn visit(&mut self, states_max: usize) -> Option<()> {
        let empty = vec![0; self.routing.place_count()];
        for start in 0..self.routing.starts.len() {
            let route = self.routing.tasks.len() + start;
            let mut found = Vec::new();
            self.explorer.play_all(route, &empty, &mut Merges::Cubes(self.cubes), &mut found).ok()?;
            for (marking, choice) in found {
                self.reach(marking, None, route, choice, states_max)?;
            }
        }
        let mut at = 0;
        while at < self.states.len() {
            self.expand(at, states_max)?;
            at += 1;
        }
        Some(())
    }

    fn expand(&mut self, at: usize, states_max: usize) -> Option<()> {
        if self.states[at].is_cut {
            return Some(());
        }
        let (tasks, starts) = (self.routing.tasks.len(), self.routing.starts.len());
        let marking = self.states[at].marking.clone();
        let mut moves = 0;
        for index in 0..tasks + self.routing.interrupts.len() {
            let mut found = Vec::new();
            let mut merges = Merges::Cubes(self.cubes);
            let route = if index < tasks {
                self.explorer.complete(index, &marking, &mut merges, &mut found).ok()?;
                index
            } else {
                if self.repeats(index - tasks, &marking) {
                    continue;
                }
                self.explorer.interrupt(index - tasks, &marking, &mut merges, &mut found).ok()?;
                index + starts
            };
            moves += found.len();
            for (after, choice) in found {
                self.reach(after, Some(at), route, choice, states_max)?;
            }
        }
        if moves == 0 {
            self.finish(at, &marking);
        }
        Some(())
    }

    /// Whether an interrupt that leaves its region as it is has happened, and what it set off is still there: as often as
    /// it likes is no state of its own.
    fn repeats(&self, interrupt: usize, marking: &[u8]) -> bool {
        let node = self.routing.interrupts[interrupt];
        let ahead = |&flow: &crate::FlowId| self.net.flow(flow).to();
        self.net.node(node).kind() == NodeKind::Interrupt { interrupts: false }
            && self.net.node(node).outgoing().iter().map(ahead).any(|to| {
                self.routing.places_of(self.net, to).iter().any(|&place| marking[usize::from(place)] > 0)
            })
    }

    /// A marking in which nothing can happen.
    fn finish(&mut self, at: usize, marking: &[u8]) {
        let left = |place: &u16| marking[usize::from(*place)] > 0 && !self.routing.is_residue(*place);
        let nodes: BTreeSet<NodeId> = self
            .net
            .node_ids()
            .filter(|&node| self.routing.places_of(self.net, node).iter().any(left))
            .collect();
        match nodes.first() {
            None => self.ends.push(at),
            Some(&node) => self.report(node, FindingKind::Stuck(nodes.into_iter().collect()), Some(at)),
        }
    }

    /// Notes that a step leads from a state to a marking.
    fn reach(
        &mut self,
        marking: Marking,
        from: Option<usize>,
        route: usize,
        choice: u64,
        states_max: usize,
    ) -> Option<()> {
        if let Some(&known) = self.index.get(&marking) {
            from.into_iter().for_each(|from| self.next[from].push(known));
            return Some(());
        }
        if self.states.len() == states_max {
            return None;
        }
        let at = self.states.len();
        // The start has no state before it; its route and choice are kept all the same.
        let state = State { marking, from: Some((from.unwrap_or(usize::MAX), route, choice)), is_cut: false };
        self.index.insert(state.marking.clone(), at);
        self.states.push(state);
        self.next.push(Vec::new());
        from.into_iter().for_each(|from| self.next[from].push(at));
        if self.states[at].marking.iter().any(|&tokens| tokens > 1) {
            self.look_at_several(at);
        }
        Some(())
    }

    /// A marking with several tokens at one place: wanted, not synchronized, or the first of more and more.
    fn look_at_several(&mut self, at: usize) {
        let marking = self.states[at].marking.clone();
        let is_monotone = self.routing.merges.is_empty()
            && self.net.regions.is_empty()
            && self.net.milestones().is_empty()
            && self.net.critical_sections().is_empty();
        // Arrivals at a join that takes them all with it are never more than it needs.
        let counts = |place: usize| match self.routing.state_of(place as u16) {
            Some(Resting::LeftOut) => true,
            Some(Resting::Arrived) => self.node_of(place).is_some_and(|node| self.net.again(node).is_some()),
            _ => false,
        };
        let mut others = marking.clone();
        (0..others.len()).filter(|&place| counts(place)).for_each(|place| others[place] = 0);
        let is_several = others.iter().any(|&tokens| tokens > 1);
        let mut before = self.states[at].from.filter(|_| is_several);
        while let Some((from, ..)) = before.filter(|&(from, ..)| from != usize::MAX) {
            let earlier = &self.states[from].marking;
            let more = earlier.iter().zip(&marking).position(|(before, now)| now > before);
            if let Some(place) = more
                && earlier.iter().zip(&marking).all(|(before, now)| now >= before)
            {
                self.states[at].is_cut = true;
                // With what can take tokens away or keep them back, more need not become more again.
                match self.node_of(place).filter(|_| is_monotone) {
                    Some(node) => self.report(node, FindingKind::Unbounded, Some(at)),
                    None => self.is_whole = false,
                }
                return;
            }
            before = self.states[from].from;
        }
        let makes_threads =
            self.net.nodes().iter().any(|node| matches!(node.kind(), NodeKind::ThreadSplit(_)));
        for task in (0..self.routing.tasks.len()).filter(|&task| marking[task] > 1 && !makes_threads) {
            self.report(self.routing.tasks[task], FindingKind::Several, Some(at));
        }
    }

    fn node_of(&self, place: usize) -> Option<NodeId> {
        let holds = |&node: &NodeId| self.routing.places_of(self.net, node).contains(&(place as u16));
        self.net.node_ids().find(holds)
    }

    /// States from which no way leads to an end, nor to a state in which nothing can happen.
    fn find_endless(&mut self) {
        let mut before = vec![Vec::new(); self.states.len()];
        for (from, next) in self.next.iter().enumerate() {
            next.iter().for_each(|&to| before[to].push(from));
        }
        let mut stops = vec![false; self.states.len()];
        let is_last = |&state: &usize| self.next[state].is_empty();
        let mut open: Vec<usize> = self.ends.clone();
        open.extend((0..self.states.len()).filter(is_last));
        while let Some(state) = open.pop() {
            if !core::mem::replace(&mut stops[state], true) {
                open.extend(&before[state]);
            }
        }
        if let Some(at) = stops.iter().position(|stops| !stops)
            && let Some((_, route, _)) = self.states[at].from
        {
            let node = self.source(route);
            self.report(node, FindingKind::NoEnd, Some(at));
        }
    }

    fn find_dead(&mut self) {
        for task in 0..self.routing.tasks.len() {
            let is_cut = self.states.iter().any(|state| state.is_cut);
            // A token that passes a task without resting there is no visit.
            let may_pass = self.net.node(self.routing.tasks[task]).kind().may_pass();
            if !is_cut && !may_pass && self.states.iter().all(|state| state.marking[task] == 0) {
                self.report(self.routing.tasks[task], FindingKind::Dead, None);
            }
        }
    }

    fn report(&mut self, node: NodeId, kind: FindingKind, at: Option<usize>) {
        let number = match kind {
            FindingKind::Stuck(_) => 0,
            FindingKind::NoEnd => 1,
            FindingKind::Several => 2,
            FindingKind::Unbounded => 3,
            FindingKind::Dead => 4,
        };
        if self.reported.insert((node, number)) {
            let way = at.map_or(Vec::new(), |at| self.way(at));
            self.findings.push(Finding { node, kind, way });
        }
    }

    /// The start, task or interrupt of a route.
    fn source(&self, route: usize) -> NodeId {
        let routing = self.routing;
        *routing.tasks.iter().chain(&routing.starts).chain(&routing.interrupts).nth(route).unwrap_or_else(
            || {
                unreachable!("routes are of tasks, starts and interrupts");
            },
        )
    }

    fn way(&self, at: usize) -> Vec<Move> {
        let mut way = Vec::new();
        let mut before = self.states[at].from;
        while let Some((from, route, choice)) = before {
            way.push(self.step(route, choice));
            before = self.states.get(from).and_then(|state| state.from);
        }
        way.reverse();
        way
    }

    fn step(&self, route: usize, mut choice: u64) -> Move {
        let mut decided = Vec::new();
        let digits = self.routing.routes[route].digits.iter();
        for digit in digits.filter(|digit| !digit.kind.is_enough()) {
            let value = choice % digit.base;
            choice /= digit.base;
            let branches: Vec<usize> = match digit.kind {
                DigitKind::Branch => vec![value as usize],
                DigitKind::Guarded if value > 0 => vec![value as usize - 1],
                DigitKind::Branches { .. } | DigitKind::GuardedBranches => {
                    (0..64).filter(|branch| value >> branch & 1 == 1).collect()
                }
                _ => continue,
            };
            decided.push((digit.node, branches));
        }
        Move { node: self.source(route), decided }
    }
}
