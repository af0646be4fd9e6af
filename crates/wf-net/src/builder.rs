//! Builds a net node by node, then checks its structure.

use std::collections::{BTreeMap, HashMap};

use crate::guard::Expr;
use crate::image::NET_NAME_BYTES_MAX;
use crate::net::{Flow, Instances, Net, Node, NodeKind, Retention, Surplus, Synchronizing, Timer};
use crate::problem::{Problem, ProblemKind, Subject};
use crate::{FlowId, NodeId};

/// Collects nodes and flows; [`build`](Self::build) checks them.
///
/// # Examples
/// ```
/// use wf_net::NetBuilder;
///
/// let mut net = NetBuilder::new("review");
/// let (start, write, read, done) = (net.start("s"), net.task("write"), net.task("read"), net.end("e"));
/// let (merge, choice) = (net.exclusive("again"), net.exclusive("good?"));
/// net.flow(start, merge);
/// net.flow(merge, write);
/// net.flow(write, read);
/// net.flow(read, choice);
/// let back = net.flow(choice, merge);
/// let good = net.flow(choice, done);
/// net.condition(back, "mark < 5");
/// net.default_flow(good);
/// let net = net.build().expect("a sound net");
/// assert_eq!(net.nodes().len(), 6);
/// ```
#[derive(Clone, Debug)]
pub struct NetBuilder {
    net: Net,
}

impl NetBuilder {
    /// An empty net of this name.
    #[must_use]
    pub fn new(name: &str) -> Self {
        let net = Net {
            name: name.to_owned(),
            nodes: Vec::new(),
            flows: Vec::new(),
            regions: BTreeMap::new(),
            critical: Vec::new(),
            milestones: Vec::new(),
            calls: BTreeMap::new(),
            bodies: BTreeMap::new(),
            completion_guards: BTreeMap::new(),
            quantities: BTreeMap::new(),
            timers: BTreeMap::new(),
            messages: BTreeMap::new(),
        };
        Self { net }
    }

    /// Adds a node where cases start.
    pub fn start(&mut self, id: &str) -> NodeId {
        self.node(id, NodeKind::Start)
    }

    /// Adds a node where tokens end.
    pub fn end(&mut self, id: &str) -> NodeId {
        self.node(id, NodeKind::End)
    }

    /// Adds a task.
    pub fn task(&mut self, id: &str) -> NodeId {
        self.node(id, NodeKind::Task)
    }

    /// Adds an exclusive gateway: a merge, a choice, or both.
    pub fn exclusive(&mut self, id: &str) -> NodeId {
        self.node(id, NodeKind::Exclusive)
    }

    /// Adds a parallel gateway: a synchronization, a split, or both.
    pub fn parallel(&mut self, id: &str) -> NodeId {
        self.node(id, NodeKind::Parallel)
    }

    /// Adds an inclusive gateway that looks at the whole case before it merges.
    pub fn inclusive(&mut self, id: &str) -> NodeId {
        self.node(id, NodeKind::Inclusive(Synchronizing::General))
    }

    /// Adds a place that offers each token to all tasks behind it.
    pub fn deferred(&mut self, id: &str) -> NodeId {
        self.node(id, NodeKind::Deferred)
    }

    /// Adds a task that a trigger completes.
    pub fn receive(&mut self, id: &str, retention: Retention) -> NodeId {
        self.node(id, NodeKind::Receive(retention))
    }

    /// Adds a multi-instance task.
    pub fn instances(&mut self, id: &str, instances: Instances) -> NodeId {
        self.node(id, NodeKind::Instances(instances))
    }

    /// Adds a task that runs a case of the named net.
    pub fn call(&mut self, id: &str, net: &str) -> NodeId {
        let node = self.node(id, NodeKind::Call);
        self.net.calls.insert(node, net.to_owned());
        node
    }

    /// Makes each instance of a multi-instance task a case of its own within the case: it begins at this start node, is
    /// complete when it has ended well, and has the variables of the case. So there may be up to 32,767 of them, each of
    /// more than one task.
    ///
    /// What is reached from the start node is reached from no other one, ends apart. An error with which an instance ends is
    /// caught as that of a [call](Self::call).
    pub fn body(&mut self, task: NodeId, start: NodeId) {
        self.net.bodies.insert(task, start);
    }

    /// As [`body`](Self::body), but each instance is a case of the named net, as of a [call](Self::call), with variables of
    /// its own.
    pub fn body_net(&mut self, task: NodeId, net: &str) {
        self.net.calls.insert(task, net.to_owned());
    }

    /// Lets the data of the case decide, after each instance, whether the instances of a task are enough. Of those that it
    /// has, completed and not, the condition may ask the number ([`Expr::Tally`]). The task's rule is
    /// [`Needed::Condition`](crate::Needed::Condition).
    ///
    /// Of a partial join that takes away all work of its region, the condition is asked at each arrival but that which makes it
    /// enough anyway: its branches are the instances, the arrivals those that are completed.
    pub fn completion_guard(&mut self, node: NodeId, guard: Expr) {
        self.net.completion_guards.insert(node, guard);
    }

    /// Lets the data of the case say how many instances a task gets, when its token comes. A number below 0 or beyond the most
    /// that the task can have is no answer. The task's count is [`Quantity::Chosen`](crate::Quantity::Chosen).
    pub fn quantity(&mut self, node: NodeId, number: Expr) {
        self.net.quantities.insert(node, number);
    }

    /// Lets time bring the trigger of a receiving task, or an interrupt on a region.
    ///
    /// The time of an interrupt begins when its region gets its first token: in a region of several nodes also when the only
    /// token moves from one of them to another.
    pub fn timer(&mut self, node: NodeId, timer: Timer) {
        self.net.timers.insert(node, timer);
    }

    /// Adds a node that sends the named message for each token that passes.
    pub fn throw(&mut self, id: &str, message: &str) -> NodeId {
        let node = self.node(id, NodeKind::Throw);
        self.message(node, message);
        node
    }

    /// Names the message that a receiving task or an interrupt waits for, or that a case starts with.
    ///
    /// Of a terminating end it is the error that ends the case: its caller hears of it by the interrupt of that name, or of the
    /// name [`ANY_ERROR`](crate::ANY_ERROR), on the smallest region that has the call; without one the call is stuck.
    pub fn message(&mut self, node: NodeId, name: &str) {
        self.net.messages.insert(node, name.to_owned());
    }

    /// Adds a join that fires at the arrival that makes it enough.
    pub fn partial(&mut self, id: &str, needed: u8, surplus: Surplus) -> NodeId {
        self.node(id, NodeKind::Partial { needed, surplus })
    }

    /// Adds the end of a sub-process: it waits until these nodes hold no token.
    pub fn completion(&mut self, id: &str, region: &[NodeId]) -> NodeId {
        let node = self.node(id, NodeKind::Completion);
        self.net.regions.entry(node).or_default().extend(region);
        node
    }

    /// Adds an end that ends the whole case.
    pub fn terminate(&mut self, id: &str) -> NodeId {
        self.node(id, NodeKind::Terminate)
    }

    /// Adds an event from outside on a region.
    pub fn interrupt(&mut self, id: &str, interrupts: bool, region: &[NodeId]) -> NodeId {
        let node = self.node(id, NodeKind::Interrupt { interrupts });
        self.cancels(node, region);
        node
    }

    /// Lets a completed task, a cancelling partial join or an interrupt take away the tokens at these nodes: work
    /// items, begun or not, and what waits at the inputs of joins.
    pub fn cancels(&mut self, node: NodeId, region: &[NodeId]) {
        self.net.regions.entry(node).or_default().extend(region);
    }

    /// Makes sections exclude each other: while a token has entered one and not left it, no task at the entry of
    /// another can begin. A section of one task excludes while the task runs.
    pub fn exclude(&mut self, sections: &[&[NodeId]]) {
        self.net.critical.push(sections.iter().map(|section| section.to_vec()).collect());
    }

    /// Lets a task begin only while a token waits at `reached`: a task whose work item nobody has begun, or a
    /// deferred choice that nobody has made.
    pub fn milestone(&mut self, task: NodeId, reached: NodeId) {
        self.net.milestones.push((task, reached));
    }

    /// Adds a node of the given kind.
    pub fn node(&mut self, id: &str, kind: NodeKind) -> NodeId {
        let node = Node {
            id: id.to_owned(),
            label: String::new(),
            kind,
            incoming: Vec::new(),
            outgoing: Vec::new(),
        };
        self.net.nodes.push(node);
        NodeId(self.net.nodes.len() as u32 - 1)
    }

    /// What a node does.
    ///
    /// # Panics
    /// If the node is not of this builder.
    #[must_use]
    pub fn kind(&self, node: NodeId) -> NodeKind {
        self.net.nodes[node.index()].kind
    }

    /// Gives a node the name that a person reads.
    ///
    /// # Panics
    /// If the node is not of this builder.
    pub fn label(&mut self, node: NodeId, text: &str) {
        text.clone_into(&mut self.net.nodes[node.index()].label);
    }

    /// Adds a flow; the order of the flows out of a choice numbers its branches.
    ///
    /// # Panics
    /// If a node is not of this builder.
    pub fn flow(&mut self, from: NodeId, to: NodeId) -> FlowId {
        let id = FlowId(self.net.flows.len() as u32);
        self.net.nodes[from.index()].outgoing.push(id);
        self.net.nodes[to.index()].incoming.push(id);
        self.net.flows.push(Flow {
            from,
            to,
            label: String::new(),
            condition: None,
            guard: None,
            is_default: false,
            is_left_out: false,
            is_again: false,
        });
        id
    }

    /// Adds a flow from each of these nodes to the next.
    ///
    /// # Panics
    /// If a node is not of this builder.
    pub fn chain(&mut self, nodes: &[NodeId]) {
        for pair in nodes.windows(2) {
            self.flow(pair[0], pair[1]);
        }
    }

    /// Keeps the text of the condition under which a choice takes this flow.
    ///
    /// # Panics
    /// If the flow is not of this builder.
    pub fn condition(&mut self, flow: FlowId, text: &str) {
        self.net.flows[flow.index()].condition = Some(text.to_owned());
    }

    /// Lets the data of the case decide whether a choice takes this flow: an exclusive choice takes the first flow whose
    /// condition holds, an inclusive one all of them, and each its default flow if there is none. Every flow out of
    /// the choice but the default needs a guard.
    ///
    /// # Panics
    /// If the flow is not of this builder.
    pub fn guard(&mut self, flow: FlowId, guard: Expr) {
        self.net.flows[flow.index()].guard = Some(guard);
    }

    /// Marks the flow that a choice takes when no condition holds.
    ///
    /// # Panics
    /// If the flow is not of this builder.
    pub fn default_flow(&mut self, flow: FlowId) {
        self.net.flows[flow.index()].is_default = true;
    }

    /// Marks a flow into a cancelling join whose arrivals stand for instances that there are not: they count among those that
    /// the join needs, its condition is not asked at them, and [`Tally`](crate::guard::Tally) knows nothing of them.
    ///
    /// # Panics
    /// If the flow is not of this builder.
    pub fn left_out(&mut self, flow: FlowId) {
        self.net.flows[flow.index()].is_left_out = true;
    }

    /// Marks the flow that a cancelling join takes at each arrival that is not enough: instances one after another, of which
    /// the next begins there. An arrival that is enough takes the other flows, one that stands for no instance none: where there
    /// is none at all, the token does not come here.
    ///
    /// # Panics
    /// If the flow is not of this builder.
    pub fn again(&mut self, flow: FlowId) {
        self.net.flows[flow.index()].is_again = true;
    }

    /// Gives a flow the name that a person reads.
    ///
    /// # Panics
    /// If the flow is not of this builder.
    pub fn flow_label(&mut self, flow: FlowId, text: &str) {
        text.clone_into(&mut self.net.flows[flow.index()].label);
    }

    /// Checks the structure and hands out the net.
    ///
    /// # Errors
    /// Every problem that was found, in the order of the nodes and flows.
    pub fn build(self) -> Result<Net, Vec<Problem>> {
        let problems = check(&self.net);
        if problems.is_empty() { Ok(self.net) } else { Err(problems) }
    }
}

fn check(net: &Net) -> Vec<Problem> {
    let mut problems = Vec::new();
    if net.name.is_empty() || net.name.len() > NET_NAME_BYTES_MAX {
        let kind = ProblemKind::NetName { bytes: net.name.len(), bytes_max: NET_NAME_BYTES_MAX };
        problems.push(Problem::new(Subject::Net, kind));
    }
    if !net.nodes.iter().any(|node| node.kind == NodeKind::Start) {
        problems.push(Problem::new(Subject::Net, ProblemKind::NoStart));
    }
    let mut first_of: HashMap<&str, NodeId> = HashMap::new();
    let reached = reachable(net);
    for id in net.node_ids() {
        let node = net.node(id);
        let mut report = |kind| problems.push(Problem::new(Subject::Node(id), kind));
        if let Some(&first) = first_of.get(node.id.as_str()) {
            report(ProblemKind::DuplicateId(first));
        } else {
            first_of.insert(&node.id, id);
        }
        match node.kind {
            NodeKind::Start | NodeKind::Interrupt { .. } if !node.incoming.is_empty() => {
                report(ProblemKind::IntoStart);
            }
            NodeKind::End | NodeKind::Terminate if !node.outgoing.is_empty() => report(ProblemKind::OutOfEnd),
            _ => {}
        }
        let must_go_on = node.kind == NodeKind::Start || node.kind.is_gateway();
        if node.outgoing.is_empty() && must_go_on && node.kind != NodeKind::Terminate {
            report(ProblemKind::NoOutgoing);
        }
        if let Some(kind) = crate::rules::broken(net, id) {
            report(kind);
        }
        if !reached[id.index()] {
            report(ProblemKind::Unreachable);
        }
    }
    check_flows(net, &mut problems);
    problems.extend(crate::rules::relations(net));
    problems
}

fn check_flows(net: &Net, problems: &mut Vec<Problem>) {
    let mut default_of: HashMap<NodeId, FlowId> = HashMap::new();
    for (index, flow) in net.flows.iter().enumerate() {
        let id = FlowId(index as u32);
        let mut report = |kind| problems.push(Problem::new(Subject::Flow(id), kind));
        let decides = matches!(net.node(flow.from).kind, NodeKind::Exclusive | NodeKind::Inclusive(_));
        if (flow.condition.is_some() || flow.is_default) && !decides {
            report(ProblemKind::ConditionOutsideChoice);
        }
        let is_join =
            |node| matches!(net.node(node).kind, NodeKind::Partial { surplus: Surplus::Cancel, .. });
        let is_second = flow.is_again && net.again(flow.from) != Some(id);
        if (flow.is_left_out && !is_join(flow.to)) || (flow.is_again && !is_join(flow.from)) || is_second {
            report(ProblemKind::Rule("a cancelling join has flows of no instance, and one flow back"));
        }
        if flow.is_default {
            let first = *default_of.entry(flow.from).or_insert(id);
            if first != id {
                report(ProblemKind::TwoDefaults(first));
            }
        }
    }
}

/// For each node, whether a path of flows leads to it from a start node.
fn reachable(net: &Net) -> Vec<bool> {
    let mut reached = vec![false; net.nodes.len()];
    let mut open: Vec<NodeId> = net.nodes_of(NodeKind::Start).collect();
    // Without a start node everything would be reported: the missing start is the one fact that helps.
    if open.is_empty() {
        return vec![true; net.nodes.len()];
    }
    open.extend(net.interrupts());
    while let Some(node) = open.pop() {
        if !core::mem::replace(&mut reached[node.index()], true) {
            open.extend(net.node(node).outgoing.iter().map(|&flow| net.flow(flow).to));
        }
    }
    reached
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(build: impl FnOnce(&mut NetBuilder)) -> Vec<(Subject, ProblemKind)> {
        let mut net = NetBuilder::new("t");
        build(&mut net);
        net.build().err().unwrap_or_default().into_iter().map(|p| (p.subject, p.kind)).collect()
    }

    #[test]
    fn structure_is_checked_and_every_problem_reported() {
        assert_eq!(problems(|_| {}), [(Subject::Net, ProblemKind::NoStart)]);
        let found = problems(|net| {
            let start = net.start("a");
            let again = net.task("a");
            let gateway = net.exclusive("g");
            let lost = net.task("lost");
            let end = net.end("e");
            net.flow(start, again);
            let f1 = net.flow(again, gateway);
            net.condition(f1, "x");
            net.flow(end, start);
            net.flow(lost, end);
        });
        assert_eq!(
            found,
            [
                (Subject::Node(NodeId(0)), ProblemKind::IntoStart),
                (Subject::Node(NodeId(1)), ProblemKind::DuplicateId(NodeId(0))),
                (Subject::Node(NodeId(2)), ProblemKind::NoOutgoing),
                (Subject::Node(NodeId(3)), ProblemKind::Unreachable),
                (Subject::Node(NodeId(4)), ProblemKind::OutOfEnd),
                (Subject::Node(NodeId(4)), ProblemKind::Unreachable),
                (Subject::Flow(FlowId(1)), ProblemKind::ConditionOutsideChoice),
            ]
        );
    }

    #[test]
    fn a_choice_has_one_default() {
        let found = problems(|net| {
            let (start, gateway, end) = (net.start("s"), net.exclusive("g"), net.end("e"));
            net.flow(start, gateway);
            let (one, two) = (net.flow(gateway, end), net.flow(gateway, end));
            net.default_flow(one);
            net.default_flow(two);
        });
        assert_eq!(found, [(Subject::Flow(FlowId(2)), ProblemKind::TwoDefaults(FlowId(1)))]);
    }
}
