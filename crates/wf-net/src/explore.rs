//! Walks through the markings of a net, with the interpreter that the engine uses, up to stated limits.
//!
//! A step of the walk is what a step of the engine is: a task is completed (begun or not), an interrupt happens. A
//! running bit is walked through only where something depends on it.
//!
//! # Sources
//! When a synchronizing merge must wait: Wynn, Verbeek, van der Aalst, ter Hofstede, Edmond: *Business Process
//! Verification - Finally a Reality!* (2009), and *Achieving a General, Formal and Decidable Approach to the OR-join in
//! Workflow using Reset nets* (2005): it waits while an input without a token can still get one, where the other
//! merges count as merges that never wait.

mod choices;
mod counted;
mod slice;

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};

use choices::choices;
use counted::Counted;
use slice::places_of;
pub(crate) use slice::{chains, influencing};

use crate::NodeId;
use crate::conditions::Condition;
use crate::image::CubeCell;
use crate::net::{Net, NodeKind};
use crate::routing::{Rest, Routing, is_inclusive_merge};
use crate::script::{self, Played};

/// Markings visited before a walk about a merge gives up.
pub(crate) const MARKINGS_MAX: usize = 5_000;

/// Markings visited before a walk about the tokens of all places gives up: it has to visit the product of all parts
/// of a net, so what it has not decided soon it does not decide.
const ALL_MARKINGS_MAX: usize = 2_500;

/// Steps played before a walk about a merge gives up.
const STEPS_MAX: usize = 1_000_000;

/// Steps played before a walk about the tokens of all places gives up.
const ALL_STEPS_MAX: usize = 20_000;

/// Arrivals at joins that data completes in one step, before a walk gives up.
const ASKED_MAX: u32 = 8;

/// A marking: tokens by place.
pub(crate) type Marking = Vec<u8>;

/// A marking that a step leads to, and the choice of the step.
pub(crate) type Next = (Marking, u64);

/// What a walk has found.
#[derive(Clone, Debug, Default)]
pub(crate) struct Explored {
    /// The most tokens that each place holds in any reachable marking, or on the way to it.
    pub(crate) most: Vec<u8>,
    /// Each marking in which the merge that the walk is about had a token and was asked, and whether it had to wait.
    pub(crate) asked: BTreeMap<Marking, bool>,
    /// Reachable markings.
    pub(crate) markings: usize,
}

/// A net in the form that walks need.
///
/// A walk about one merge leaves out what cannot influence it: places from which no path leads to it. So it visits
/// the markings of a part of the net, and not their product with those of the rest.
pub(crate) struct Explorer<'n> {
    routing: &'n Routing,
    conditions: &'n [Condition],
    /// The merge that the walk is about.
    merge: Option<u16>,
    /// Whether a place matters.
    matters: Vec<bool>,
    /// For each place the one that stands for it: the last of a chain of tasks, of which each leads to the next and to
    /// nothing else. Where a token is in such a chain makes no difference to what can become of it.
    stands_for: Vec<u16>,
    /// Regions of completions, by merge.
    waits_for: Vec<Option<Vec<u16>>>,
    /// Tasks whose running bit something depends on.
    begins: Vec<usize>,
    /// Place of each task that says that instances run on.
    draining: Vec<Option<u16>>,
    /// Inputs of each merge.
    inputs: Vec<Vec<u16>>,
    /// Regions of the interrupts.
    regions: Vec<Vec<u16>>,
    /// Choices to try for each route.
    choices: Vec<Vec<u64>>,
    /// Whether rounds of instances one after another are counted.
    counts_rounds: bool,
    /// What was decided about (merge, marking).
    decided: HashMap<(u16, Marking), bool>,
    steps_left: usize,
}

/// Whether the branches of a choice differ in how many instances one after another there are, but for the first: none.
fn says_rounds(net: &Net, choice: NodeId) -> bool {
    let next = |node: NodeId| net.node(node).outgoing().iter().map(|&flow| net.flow(flow));
    let leaves_out =
        |node: NodeId| next(node).any(|flow| flow.is_left_out() && net.again(flow.to()).is_some());
    let branches = net.node(choice).outgoing().len();
    let counted = next(choice).filter(|branch| next(branch.to()).any(|flow| leaves_out(flow.to())));
    branches > 2 && counted.count() + 2 == branches
}

/// The walk passed a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct GaveUp;

impl<'n> Explorer<'n> {
    /// `None` if a completion has too many outcomes to try.
    pub(crate) fn new(
        net: &'n Net,
        routing: &'n Routing,
        conditions: &'n [Condition],
        merge: Option<usize>,
        by_chains: bool,
    ) -> Option<Self> {
        let members = match merge {
            Some(merge) => influencing(net, routing.merges[merge]),
            None => vec![true; net.nodes().len()],
        };
        let matters = places_of(net, routing, &members);
        let number = |node| routing.tasks.binary_search(&node).ok();
        let mut begins: Vec<usize> = Vec::new();
        if !routing.merges.is_empty() {
            begins.extend(net.milestones().iter().filter_map(|&(_, reached)| number(reached)));
            begins
                .extend(net.critical_sections().iter().flatten().flatten().filter_map(|&node| number(node)));
            // A task that has begun needs its condition no more.
            begins.extend((0..conditions.len()).filter(|&task| conditions[task] != Condition::default()));
            begins.retain(|&task| net.node(routing.tasks[task]).kind() == NodeKind::Task);
            begins.sort_unstable();
            begins.dedup();
        }
        let draining = |&task: &crate::NodeId| match net.node(task).kind() {
            NodeKind::Instances(instances) if instances.drains() => Some(routing.places.own(task)[0]),
            _ => None,
        };
        let first = 2 * routing.tasks.len() as u16;
        let inputs_of = |merge: &crate::NodeId| {
            let is_input = |rest: &Rest| matches!(*rest, Rest::Input(f) if net.flow(f).to() == *merge);
            (first..).zip(&routing.rests).filter(|(_, rest)| is_input(rest)).map(|(place, _)| place).collect()
        };
        let region = |&interrupt: &crate::NodeId| routing.region(net, interrupt);
        let waits_for = |&merge: &crate::NodeId| {
            (net.node(merge).kind() == NodeKind::Completion).then(|| routing.region(net, merge))
        };
        // What a merge has to wait for may depend on whether this is the last one.
        let counts_rounds = net.node_ids().any(|node| is_inclusive_merge(net, node));
        let choices: Option<Vec<Vec<u64>>> = {
            let matters = |node: NodeId| members[node.index()];
            routing
                .routes
                .iter()
                .map(|route| choices(route, matters, |node| !counts_rounds && says_rounds(net, node)))
                .collect()
        };
        Some(Self {
            routing,
            conditions,
            merge: merge.map(|merge| merge as u16),
            matters,
            stands_for: match merge {
                Some(_) if by_chains => chains(net, routing),
                _ => (0..routing.place_count() as u16).collect(),
            },
            waits_for: routing.merges.iter().map(waits_for).collect(),
            begins,
            draining: routing.tasks.iter().map(draining).collect(),
            inputs: routing.merges.iter().map(inputs_of).collect(),
            regions: routing.interrupts.iter().map(region).collect(),
            choices: choices?,
            counts_rounds,
            decided: HashMap::new(),
            steps_left: if merge.is_some() { STEPS_MAX } else { ALL_STEPS_MAX },
        })
    }

    /// Visits every reachable marking.
    pub(crate) fn walk(&mut self) -> Result<Explored, GaveUp> {
        let places = self.routing.place_count();
        let mut found = Explored { most: vec![0; places], ..Explored::default() };
        let mut seen: HashSet<Marking> = HashSet::new();
        let mut open: VecDeque<Marking> = VecDeque::new();
        let empty = vec![0; places];
        let mut next = Vec::new();
        for start in 0..self.routing.starts.len() {
            self.play_all(self.routing.tasks.len() + start, &empty, &mut Merges::Ask(&mut found), &mut next)?;
        }
        loop {
            for (marking, _) in next.drain(..) {
                if !seen.contains(&marking) {
                    if seen.len() == if self.merge.is_some() { MARKINGS_MAX } else { ALL_MARKINGS_MAX } {
                        return Err(GaveUp);
                    }
                    seen.insert(marking.clone());
                    open.push_back(marking);
                }
            }
            let Some(marking) = open.pop_front() else { break };
            self.successors(&marking, &mut Merges::Ask(&mut found), &mut next)?;
        }
        found.markings = seen.len();
        Ok(found)
    }

    /// All markings that one step leads to.
    fn successors(
        &mut self,
        marking: &[u8],
        merges: &mut Merges<'_>,
        next: &mut Vec<Next>,
    ) -> Result<(), GaveUp> {
        (0..self.routing.tasks.len()).try_for_each(|task| self.complete(task, marking, merges, next))?;
        (0..self.regions.len()).try_for_each(|interrupt| self.interrupt(interrupt, marking, merges, next))
    }

    /// All markings that the completion of a task leads to, and its beginning where something depends on that.
    pub(crate) fn complete(
        &mut self,
        task: usize,
        marking: &[u8],
        merges: &mut Merges<'_>,
        next: &mut Vec<Next>,
    ) -> Result<(), GaveUp> {
        let running = marking[self.routing.running_bit(task)] > 0;
        if marking[task] == 0 || !self.matters[task] || !(running || self.can_begin(marking, task)) {
            return Ok(());
        }
        let mut taken = marking.to_vec();
        if !running {
            self.take_rivals(&mut taken, task);
        }
        if self.begins.contains(&task) && !running {
            let mut begun = taken.clone();
            begun[self.routing.running_bit(task)] = 1;
            next.push((begun, 0));
        }
        taken[task] -= 1;
        taken[self.routing.running_bit(task)] = 0;
        match self.draining[task].map(usize::from) {
            Some(draining) if marking[draining] > 0 => {
                // The last of the other instances is done.
                taken[draining] = 0;
                next.push((taken, 0));
            }
            Some(draining) => {
                self.play_all(task, &taken, merges, next)?;
                taken[task] += 1;
                taken[draining] = 1;
                self.play_all(task, &taken, merges, next)?;
            }
            None => self.play_all(task, &taken, merges, next)?,
        }
        Ok(())
    }

    /// All markings that an interrupt leads to.
    pub(crate) fn interrupt(
        &mut self,
        interrupt: usize,
        marking: &[u8],
        merges: &mut Merges<'_>,
        next: &mut Vec<Next>,
    ) -> Result<(), GaveUp> {
        // One whose region does not matter influences nothing that does.
        let is_marked = |&place: &u16| marking[usize::from(place)] > 0 && self.matters[usize::from(place)];
        if !self.regions[interrupt].iter().any(is_marked) {
            return Ok(());
        }
        let route = self.routing.tasks.len() + self.routing.starts.len() + interrupt;
        self.play_all(route, marking, merges, next)
    }

    /// Leaves out what does not matter, and moves tokens to the ends of chains.
    fn simplify(&self, marking: &mut [u8]) {
        for place in 0..marking.len() {
            let end = usize::from(self.stands_for[place]);
            let tokens = core::mem::take(&mut marking[place]);
            if self.matters[place] {
                marking[end] = marking[end].saturating_add(tokens);
            }
        }
    }

    /// Lets the walk play so many steps.
    pub(crate) const fn steps_max(&mut self, steps: usize) {
        self.steps_left = steps;
    }

    fn can_begin(&self, marking: &[u8], task: usize) -> bool {
        let condition = &self.conditions[task];
        condition.need.iter().all(|&place| marking[usize::from(place)] > 0)
            && condition.deny.iter().all(|&place| marking[usize::from(place)] == 0)
    }

    fn take_rivals(&self, marking: &mut [u8], task: usize) {
        for &rival in &self.conditions[task].rivals {
            marking[usize::from(rival)] = marking[usize::from(rival)].saturating_sub(1);
        }
    }

    /// Plays a route with every choice.
    pub(crate) fn play_all(
        &mut self,
        route: usize,
        marking: &[u8],
        merges: &mut Merges<'_>,
        next: &mut Vec<Next>,
    ) -> Result<(), GaveUp> {
        let routing = self.routing;
        for index in 0..self.choices[route].len() {
            let choice = self.choices[route][index];
            self.steps_left =
                self.steps_left.checked_sub(1 + routing.routes[route].steps.len()).ok_or(GaveUp)?;
            // What several arrivals of one step are told may differ: by the data alone.
            let (mut answers, mut asked_most) = (0u32, 0u32);
            loop {
                if let Merges::Only { has_fired, .. } = merges {
                    *has_fired = false;
                }
                let marking = marking.to_vec();
                let mut tokens =
                    Counted { explorer: self, marking, merges, gave_up: false, answers, asked: 0 };
                let played = script::play(&mut tokens, &routing.routes[route].codes, choice);
                asked_most = asked_most.max(tokens.asked);
                if tokens.gave_up || asked_most > ASKED_MAX {
                    return Err(GaveUp);
                }
                let mut after = tokens.marking;
                self.simplify(&mut after);
                match played {
                    Ok(Played::On) => next.push((after, choice)),
                    Ok(Played::Terminated | Played::Failed(_)) => next.push((vec![0; after.len()], choice)),
                    // Choices of nothing where something must be chosen are no steps.
                    Err(script::Fault::Choice | script::Fault::NoBranch | script::Fault::Guard(_)) => {}
                    Err(script::Fault::Full) => return Err(GaveUp),
                }
                answers += 1;
                if answers >> asked_most != 0 {
                    break;
                }
            }
        }
        Ok(())
    }

    /// Whether a merge must wait: an input that has no token can get one without the merge firing.
    fn must_wait(&mut self, merge: u16, marking: &[u8]) -> Result<bool, GaveUp> {
        let missing: Vec<usize> = self.inputs[usize::from(merge)]
            .iter()
            .map(|&place| usize::from(place))
            .filter(|&place| marking[place] == 0)
            .collect();
        if missing.is_empty() {
            return Ok(false);
        }
        if let Some(&known) = self.decided.get(&(merge, marking.to_vec())) {
            return Ok(known);
        }
        let mut seen: HashSet<Marking> = HashSet::from([marking.to_vec()]);
        let mut open = vec![marking.to_vec()];
        let mut next = Vec::new();
        let mut waits = false;
        // A sub-process may be at its end in this very step.
        self.play_all(self.routing.settle_route(), marking, &mut Merges::Hold, &mut next)?;
        loop {
            for (marking, _) in next.drain(..) {
                waits |= missing.iter().any(|&place| marking[place] > 0);
                if seen.len() > MARKINGS_MAX {
                    return Err(GaveUp);
                }
                if seen.insert(marking.clone()) {
                    open.push(marking);
                }
            }
            if waits {
                break;
            }
            let Some(marking) = open.pop() else { break };
            self.successors(&marking, &mut Merges::Hold, &mut next)?;
            for other in (0..self.inputs.len() as u16).filter(|&other| other != merge) {
                self.fire_alone(other, &marking, &mut next)?;
            }
        }
        if !waits {
            // None of these can reach a missing input either; all miss the same ones, or fewer would be missing.
            let same = |other: &Marking| missing.iter().all(|&place| other[place] == 0);
            self.decided.extend(seen.into_iter().filter(same).map(|other| ((merge, other), false)));
        }
        self.decided.insert((merge, marking.to_vec()), waits);
        Ok(waits)
    }

    /// Lets a merge fire that has a token, whatever else it could wait for.
    fn fire_alone(&mut self, merge: u16, marking: &[u8], next: &mut Vec<Next>) -> Result<(), GaveUp> {
        let is_marked = self.inputs[usize::from(merge)].iter().any(|&place| marking[usize::from(place)] > 0);
        if !is_marked || self.waits_for[usize::from(merge)].is_some() {
            return Ok(());
        }
        let route = self.routing.settle_route();
        self.play_all(route, marking, &mut Merges::Only { merge, has_fired: false }, next)
    }
}

/// What merges do when they are asked.
pub(crate) enum Merges<'f> {
    /// What their masks say.
    Cubes(&'f [CubeCell]),
    /// What they do in the engine; noted.
    Ask(&'f mut Explored),
    /// They wait.
    Hold,
    /// This one fires, once with each choice.
    Only { merge: u16, has_fired: bool },
}
