//! Which control-flow patterns the nodes and flows of a net are, for statistics.

use std::collections::{BTreeMap, BTreeSet};

use crate::NodeId;
use crate::net::{Instances, Needed, Net, NodeKind, Quantity, Retention, Surplus, Synchronizing};
use crate::routing::{DigitKind, Rest, Route, Routing};
use crate::safety::Counted;

/// A set of patterns: bit `n - 1` is WCP-*n*.
pub(crate) type PatternSet = u64;

/// The set of one pattern.
const fn wcp(number: u8) -> PatternSet {
    1 << (number - 1)
}

/// Patterns by node and by flow.
pub(crate) struct Classes<'n> {
    net: &'n Net,
    /// Of a step that passes the node, or that it is.
    of_node: Vec<PatternSet>,
    /// Of a step that takes the flow: what the flow comes to.
    of_flow: Vec<PatternSet>,
}

impl<'n> Classes<'n> {
    pub(crate) fn new(net: &'n Net, routing: &Routing, counted: &Counted) -> Self {
        let classifier = Classifier { net, routing, counted, loops: loops(net) };
        let of_node = net.node_ids().map(|node| classifier.node(node)).collect();
        let of_flow = net.flows().iter().map(|flow| classifier.arrival(flow.to())).collect();
        Self { net, of_node, of_flow }
    }

    /// The patterns that the way of a route leads through: of one outcome, or of any where data or a script may choose.
    pub(crate) fn on_the_way(&self, source: NodeId, route: &Route, outcome: Option<u64>) -> PatternSet {
        let mut digits = BTreeMap::new();
        let mut choice = outcome;
        for digit in &route.digits {
            if let Some(choice) = &mut choice {
                digits.insert(digit.node, (digit.kind, *choice % digit.base));
                *choice /= digit.base;
            }
        }
        let (mut set, mut open, mut seen) = (0, vec![source], BTreeSet::new());
        while let Some(node) = open.pop() {
            if !seen.insert(node) {
                continue;
            }
            set |= self.of_node[node.index()];
            let outgoing = self.net.node(node).outgoing().iter().enumerate();
            for (_, &flow) in outgoing.filter(|&(branch, _)| takes(digits.get(&node), branch)) {
                set |= self.of_flow[flow.index()];
                let to = self.net.flow(flow).to();
                if self.net.node(to).kind().may_pass() {
                    open.push(to);
                }
            }
        }
        set
    }
}

/// Whether a decision may take a branch.
fn takes(decided: Option<&(DigitKind, u64)>, branch: usize) -> bool {
    let bit = |mask: u64| mask == 0 || mask.checked_shr(branch as u32).is_some_and(|rest| rest & 1 == 1);
    match decided {
        Some(&(DigitKind::Branch, digit)) => digit == branch as u64,
        Some(&(DigitKind::Guarded, digit)) => digit == 0 || digit == branch as u64 + 1,
        Some(&(DigitKind::Branches { .. } | DigitKind::GuardedBranches, mask)) => bit(mask),
        _ => true,
    }
}

struct Classifier<'n> {
    net: &'n Net,
    routing: &'n Routing,
    counted: &'n Counted,
    loops: Vec<PatternSet>,
}

impl Classifier<'_> {
    fn node(&self, id: NodeId) -> PatternSet {
        let node = self.net.node(id);
        let (several_in, several_out) = (node.incoming().len() > 1, node.outgoing().len() > 1);
        let when = |holds: bool, set: PatternSet| if holds { set } else { 0 };
        let chooses =
            matches!(node.kind(), NodeKind::Exclusive | NodeKind::Inclusive(_) | NodeKind::Deferred);
        let splits = when(several_out && !chooses, wcp(2));
        let kind = match node.kind() {
            NodeKind::Task => when(!several_out, wcp(1)) | self.relations(id),
            NodeKind::Receive(Retention::Transient) => wcp(23),
            NodeKind::Receive(Retention::Persistent) => wcp(24),
            NodeKind::Instances(instances) => several(instances),
            NodeKind::Call => when(self.net.called(id) == Some(self.net.name()), wcp(22)),
            NodeKind::Interrupt { .. } => when(self.net.region(id).len() == 1, wcp(19)) | wcp(25),
            NodeKind::Exclusive => {
                when(several_out, wcp(4)) | when(several_in, self.merge(id)) | self.loops[id.index()]
            }
            NodeKind::Parallel => when(several_in, if self.is_counted_join(id) { wcp(33) } else { wcp(3) }),
            NodeKind::Inclusive(rule) => {
                let merge = match rule {
                    Synchronizing::Structured => wcp(7),
                    Synchronizing::Local => wcp(37),
                    Synchronizing::General => wcp(38),
                };
                when(several_out, wcp(6)) | when(several_in, merge)
            }
            NodeKind::Deferred => wcp(16),
            NodeKind::Partial { needed, surplus } => match (needed, surplus) {
                (1, Surplus::Swallow) => wcp(9),
                (1, Surplus::Block) => wcp(28),
                (1, Surplus::Cancel) => wcp(29),
                (_, Surplus::Swallow) => wcp(30),
                (_, Surplus::Block) => wcp(31),
                (_, Surplus::Cancel) => wcp(32),
            },
            NodeKind::ThreadSplit(Quantity::Fixed(_)) => wcp(42),
            NodeKind::ThreadSplit(Quantity::Chosen(_)) => wcp(12) | wcp(42),
            NodeKind::ThreadMerge(_) => wcp(41),
            NodeKind::Terminate => wcp(43),
            NodeKind::End => wcp(11),
            NodeKind::Start | NodeKind::Completion | NodeKind::Throw => 0,
        };
        let cancels = when(node.kind().is_task() && !self.net.region(id).is_empty(), wcp(25));
        kind | splits | cancels
    }

    /// What a token that comes to a node is part of, before the node does anything itself.
    fn arrival(&self, id: NodeId) -> PatternSet {
        let node = self.net.node(id);
        match node.kind() {
            NodeKind::End => wcp(11),
            kind if kind.is_task() && node.incoming().len() > 1 => self.merge(id),
            _ => 0,
        }
    }

    /// Sections that exclude each other, and milestones.
    fn relations(&self, id: NodeId) -> PatternSet {
        let mut set = 0;
        for group in self.net.critical_sections().iter().filter(|group| group.concat().contains(&id)) {
            let is_each_a_task = group.iter().all(|section| section.len() == 1);
            set |= match is_each_a_task {
                true if group.iter().any(|section| self.leads_to_another(section[0], group)) => wcp(17),
                true => wcp(40),
                false => wcp(39),
            };
        }
        let waits = self.net.milestones().iter().any(|&(task, _)| task == id);
        if waits { set | wcp(18) } else { set }
    }

    fn leads_to_another(&self, task: NodeId, group: &[Vec<NodeId>]) -> bool {
        let ahead = self.net.ahead(task);
        group.iter().flatten().any(|other| *other != task && ahead.contains(other))
    }

    /// A merge without synchronization: of tokens that may be there at once (WCP-8), or never are (WCP-5).
    fn merge(&self, id: NodeId) -> PatternSet {
        let (mut open, mut seen) = (vec![id], BTreeSet::new());
        while let Some(node) = open.pop() {
            if let Ok(task) = self.routing.tasks.binary_search(&node) {
                if self.counted.tasks[task] {
                    return wcp(8);
                }
            } else if seen.insert(node) {
                let flows = self.net.node(node).outgoing().iter();
                open.extend(flows.map(|&flow| self.net.flow(flow).to()));
            }
        }
        wcp(5)
    }

    fn is_counted_join(&self, id: NodeId) -> bool {
        let is_input = |rest: &Rest| matches!(*rest, Rest::Input(flow) if self.net.flow(flow).to() == id);
        self.routing.rests.iter().zip(&self.counted.rests).any(|(rest, &counted)| counted && is_input(rest))
    }
}

/// The patterns of a multi-instance task.
fn several(instances: Instances) -> PatternSet {
    let Instances { count, needed, cancels_rest, is_dynamic, .. } = instances;
    match (needed, count) {
        (Needed::All, _) if is_dynamic => wcp(15),
        (Needed::All, Quantity::Fixed(_)) => wcp(13),
        (Needed::All, Quantity::Chosen(_)) => wcp(14),
        (Needed::AtLeast(_), _) if cancels_rest => wcp(35),
        (Needed::AtLeast(_), _) => wcp(34),
        (Needed::Condition, _) => wcp(36),
    }
}

/// For each node that is part of a cycle whether that is entered at one node (WCP-21) or at several (WCP-10); 0 for others.
fn loops(net: &Net) -> Vec<PatternSet> {
    let ahead: Vec<BTreeSet<NodeId>> = net.node_ids().map(|node| net.ahead(node)).collect();
    let together =
        |one: NodeId, two: NodeId| ahead[one.index()].contains(&two) && ahead[two.index()].contains(&one);
    let class = |id: NodeId| {
        if !ahead[id.index()].contains(&id) {
            return 0;
        }
        let is_entered = |&member: &NodeId| {
            let from = net.node(member).incoming().iter().map(|&flow| net.flow(flow).from());
            together(id, member) && from.into_iter().any(|from| !together(id, from))
        };
        if net.node_ids().filter(is_entered).count() > 1 { wcp(10) } else { wcp(21) }
    };
    net.node_ids().map(class).collect()
}
