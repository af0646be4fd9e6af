//! A checked net: nodes joined by flows, each flow a place that holds tokens.

use std::collections::{BTreeMap, BTreeSet};

use crate::guard::Expr;
use crate::{FlowId, NodeId};

/// What the names of errors begin with, and the name of an interrupt that catches any of them.
pub const ANY_ERROR: &str = "error:";

/// How many tokens or instances there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Quantity {
    /// Always this many, at least 1.
    Fixed(u16),
    /// The completion before decides: from 0 to this many.
    Chosen(u16),
}

/// What becomes of a trigger that nothing waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Retention {
    /// It is lost (WCP-23).
    Transient,
    /// The case keeps it until the task takes it (WCP-24).
    Persistent,
}

/// What a merge that synchronizes only the active branches may rely on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Synchronizing {
    /// It closes a block that one inclusive split opened (WCP-7).
    Structured,
    /// It stands in no loop (WCP-37).
    Local,
    /// Nothing: it looks at the whole case (WCP-38).
    General,
}

/// What a partial join does with the branches that it did not need.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Surplus {
    /// Swallows their tokens, and begins anew when all have arrived (WCP-9, 30).
    Swallow,
    /// As `Swallow`, but a branch that arrives twice in a round waits for the next one (WCP-28, 31).
    Block,
    /// Takes away all work of its region, and begins anew at once (WCP-29, 32).
    Cancel,
}

/// When the thread goes on that a multi-instance task holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Needed {
    /// When all instances are complete (WCP-13, 14, 15).
    All,
    /// When this many are (WCP-34, 35).
    AtLeast(u16),
    /// When a completion says so (WCP-36): its lowest digit is 1.
    Condition,
}

/// When something happens by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Timer {
    /// This many seconds after a token has arrived.
    After(u32),
    /// At this second of the engine's clock.
    At(u32),
}

/// A multi-instance task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Instances {
    /// Instances created when a token arrives; none lets it pass.
    pub count: Quantity,
    /// Most instances at once, those added later included: 1 to 64, or to 32,767 of a task with a
    /// [body](crate::NetBuilder::body).
    pub most: u16,
    /// When the thread goes on.
    pub needed: Needed,
    /// Whether the other instances are withdrawn then; else they run on, and the task is free again when all are done.
    pub cancels_rest: bool,
    /// Whether further instances may be added while it holds the thread (WCP-15, 36).
    pub is_dynamic: bool,
    /// Whether there is a work item of one at a time: of the first that is not complete.
    pub is_sequential: bool,
}

impl Instances {
    /// Whether instances may run on after the thread has gone on.
    pub(crate) const fn drains(self) -> bool {
        !matches!(self.needed, Needed::All) && !self.cancels_rest
    }
}

/// What a node does with the tokens that reach it.
///
/// # Sources
/// Control-flow patterns of Russell et al., *A Revised View* (BPM-06-22, 2006), numbered WCP-*n*.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NodeKind {
    /// Puts one token on each outgoing flow when a case starts here.
    Start,
    /// Takes the token away; a case without tokens has ended (WCP-11).
    End,
    /// Ends the case with success, whatever else is left of it (WCP-43).
    Terminate,
    /// A work item for each token that arrives; its completion puts a token on each outgoing flow (WCP-1, 2, 5, 8).
    Task,
    /// As a task, but a trigger from outside completes it (WCP-23, 24).
    Receive(Retention),
    /// A task with several instances (WCP-12 to 15, 26, 27, 34 to 36).
    Instances(Instances),
    /// A task that is done when a case of another net, or of this one, has ended (WCP-22).
    Call,
    /// An event from outside that takes the tokens of its region away, if it has any, and puts one on each outgoing
    /// flow (WCP-19, 25); one that does not interrupt leaves the region as it is.
    Interrupt {
        /// Whether the region's tokens are taken away.
        interrupts: bool,
    },
    /// Passes each token on, and sends its message once for each: what the caller gets as `sent`.
    Throw,
    /// Passes each token on to exactly one outgoing flow, chosen by the completion that caused it (WCP-4, 5, 8, 10).
    Exclusive,
    /// Waits for a token on each incoming flow, takes one from each and puts one on each outgoing flow (WCP-2, 3, 33).
    Parallel,
    /// Passes each token on to the branches that the completion chose, at least one (WCP-6); with several incoming
    /// flows it waits for all of those that can still get a token (WCP-7, 37, 38).
    Inclusive(Synchronizing),
    /// Waits until its region holds no token, then passes one token on for all that have arrived: the end of a
    /// sub-process.
    Completion,
    /// Offers each token to all tasks behind it: the first that begins takes it from the others (WCP-16).
    Deferred,
    /// Fires at the arrival that makes it enough (WCP-9, 28 to 32).
    Partial {
        /// Arrivals that are needed.
        needed: u8,
        /// What becomes of the others.
        surplus: Surplus,
    },
    /// Makes several tokens of each (WCP-42).
    ThreadSplit(Quantity),
    /// Makes one token of several (WCP-41).
    ThreadMerge(u8),
}

impl NodeKind {
    /// Whether tokens rest here until something outside happens: it has a work item and a task number.
    #[must_use]
    pub const fn is_task(self) -> bool {
        matches!(self, Self::Task | Self::Receive(_) | Self::Instances(_) | Self::Call)
    }

    /// Whether the node fires by itself, with no work item.
    #[must_use]
    pub const fn is_gateway(self) -> bool {
        !self.is_task() && !matches!(self, Self::Start | Self::End | Self::Interrupt { .. })
    }

    /// Whether a token may pass here without resting: gateways, and tasks that may have nothing to wait for.
    #[must_use]
    pub(crate) const fn may_pass(self) -> bool {
        self.is_gateway()
            || matches!(
                self,
                Self::Receive(Retention::Persistent)
                    | Self::Instances(Instances { count: Quantity::Chosen(_), .. })
            )
    }
}

/// A node with its name and its flows.
#[derive(Clone, Debug)]
pub struct Node {
    pub(crate) id: String,
    pub(crate) label: String,
    pub(crate) kind: NodeKind,
    pub(crate) incoming: Vec<FlowId>,
    pub(crate) outgoing: Vec<FlowId>,
}

impl Node {
    /// The id that is unique in the net.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The name that a person reads; the id where none was given.
    #[must_use]
    pub fn label(&self) -> &str {
        if self.label.is_empty() { &self.id } else { &self.label }
    }

    /// What the node does.
    #[must_use]
    pub const fn kind(&self) -> NodeKind {
        self.kind
    }

    /// Flows that end here, in the order in which they were added.
    #[must_use]
    pub fn incoming(&self) -> &[FlowId] {
        &self.incoming
    }

    /// Flows that begin here, in the order in which they were added: branch 0, 1, 2 of a choice.
    #[must_use]
    pub fn outgoing(&self) -> &[FlowId] {
        &self.outgoing
    }
}

/// A flow from one node to another.
#[derive(Clone, Debug)]
pub struct Flow {
    pub(crate) from: NodeId,
    pub(crate) to: NodeId,
    pub(crate) label: String,
    pub(crate) condition: Option<String>,
    pub(crate) guard: Option<Expr>,
    pub(crate) is_default: bool,
    pub(crate) is_left_out: bool,
    pub(crate) is_again: bool,
}

impl Flow {
    /// The node where the flow begins.
    #[must_use]
    pub const fn from(&self) -> NodeId {
        self.from
    }

    /// The node where the flow ends.
    #[must_use]
    pub const fn to(&self) -> NodeId {
        self.to
    }

    /// The name that a person reads; empty where none was given.
    #[must_use]
    pub fn label(&self) -> &str {
        &self.label
    }

    /// The text of the condition under which an exclusive or inclusive choice takes this flow.
    #[must_use]
    pub fn condition(&self) -> Option<&str> {
        self.condition.as_deref()
    }

    /// The condition that the case's data decides, if the flow has one.
    #[must_use]
    pub const fn guard(&self) -> Option<&Expr> {
        self.guard.as_ref()
    }

    /// Whether an exclusive or inclusive choice takes this flow when no condition holds.
    #[must_use]
    pub const fn is_default(&self) -> bool {
        self.is_default
    }

    /// Whether what arrives at a cancelling join here stands for an instance that there is not.
    #[must_use]
    pub const fn is_left_out(&self) -> bool {
        self.is_left_out
    }

    /// Whether a cancelling join takes this flow at each arrival that is not enough.
    #[must_use]
    pub const fn is_again(&self) -> bool {
        self.is_again
    }
}

/// A net that [`NetBuilder::build`](crate::NetBuilder::build) has checked.
#[derive(Clone, Debug)]
pub struct Net {
    pub(crate) name: String,
    pub(crate) nodes: Vec<Node>,
    pub(crate) flows: Vec<Flow>,
    /// Nodes whose tokens another node takes away: of cancelling tasks and joins, and of interrupts; of a completion,
    /// those that it waits for.
    pub(crate) regions: BTreeMap<NodeId, Vec<NodeId>>,
    /// Groups of sections; of each group, one section at most is being executed.
    pub(crate) critical: Vec<Vec<Vec<NodeId>>>,
    /// Tasks that can begin only while another node holds a token that is not begun.
    pub(crate) milestones: Vec<(NodeId, NodeId)>,
    /// Names of the nets that calls run, and that instances which are cases of their own do.
    pub(crate) calls: BTreeMap<NodeId, String>,
    /// Where the instances of a task begin that are cases of their own.
    pub(crate) bodies: BTreeMap<NodeId, NodeId>,
    /// What decides whether the instances of a task are enough.
    pub(crate) completion_guards: BTreeMap<NodeId, Expr>,
    /// What decides how many instances a task gets.
    pub(crate) quantities: BTreeMap<NodeId, Expr>,
    /// Triggers and interrupts that time brings.
    pub(crate) timers: BTreeMap<NodeId, Timer>,
    /// Names of the messages that nodes send or wait for.
    pub(crate) messages: BTreeMap<NodeId, String>,
}

impl Net {
    /// The name of the net: the key of its program in a store.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// All nodes; the position in the slice is the [`NodeId`].
    #[must_use]
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// All flows; the position in the slice is the [`FlowId`].
    #[must_use]
    pub fn flows(&self) -> &[Flow] {
        &self.flows
    }

    /// The node with this id.
    ///
    /// # Panics
    /// If the id belongs to another net and is out of range here.
    #[must_use]
    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.index()]
    }

    /// The flow with this id.
    ///
    /// # Panics
    /// If the id belongs to another net and is out of range here.
    #[must_use]
    pub fn flow(&self, id: FlowId) -> &Flow {
        &self.flows[id.index()]
    }

    /// Nodes whose tokens this node takes away, or of a completion waits for; empty if there are none.
    #[must_use]
    pub fn region(&self, node: NodeId) -> &[NodeId] {
        self.regions.get(&node).map_or(&[], Vec::as_slice)
    }

    /// Groups of critical sections: of each group, one section at most is being executed (WCP-17, 39, 40).
    #[must_use]
    pub fn critical_sections(&self) -> &[Vec<Vec<NodeId>>] {
        &self.critical
    }

    /// Pairs of a task and the node that must hold a waiting token for it to begin (WCP-18).
    #[must_use]
    pub fn milestones(&self) -> &[(NodeId, NodeId)] {
        &self.milestones
    }

    /// Name of the net that a call runs, or each instance of a task.
    #[must_use]
    pub fn called(&self, node: NodeId) -> Option<&str> {
        self.calls.get(&node).map(String::as_str)
    }

    /// The start node of each instance of a task whose instances are cases within the case.
    #[must_use]
    pub fn body(&self, task: NodeId) -> Option<NodeId> {
        self.bodies.get(&task).copied()
    }

    /// Whether a start node is that of instances.
    #[must_use]
    pub fn is_body(&self, start: NodeId) -> bool {
        self.bodies.values().any(|&body| body == start)
    }

    /// Nodes that are reached from the start nodes of instances.
    pub(crate) fn in_bodies(&self) -> BTreeSet<NodeId> {
        let mut reached = BTreeSet::new();
        let mut open: Vec<NodeId> = self.bodies.values().copied().collect();
        while let Some(node) = open.pop() {
            if reached.insert(node) {
                open.extend(self.node(node).outgoing.iter().map(|&flow| self.flow(flow).to()));
                open.extend(self.interrupts().filter(|&interrupt| self.region(interrupt).contains(&node)));
            }
        }
        reached
    }

    /// Whether each instance of a task is a case of its own.
    pub(crate) fn has_children(&self, task: NodeId) -> bool {
        let has_instances = matches!(self.node(task).kind, NodeKind::Instances(_));
        has_instances && (self.bodies.contains_key(&task) || self.calls.contains_key(&task))
    }

    /// What says by the data of the case how many instances a task gets.
    #[must_use]
    pub fn quantity(&self, node: NodeId) -> Option<&Expr> {
        self.quantities.get(&node)
    }

    /// What decides by the data of the case whether the instances of a task, or the arrivals at a join, are enough.
    #[must_use]
    pub fn completion_guard(&self, node: NodeId) -> Option<&Expr> {
        self.completion_guards.get(&node)
    }

    /// When time brings the trigger of a node, or the interrupt that it is.
    #[must_use]
    pub fn timer(&self, node: NodeId) -> Option<Timer> {
        self.timers.get(&node).copied()
    }

    /// Name of the message that a node sends, waits for, or lets a case start with.
    #[must_use]
    pub fn message(&self, node: NodeId) -> Option<&str> {
        self.messages.get(&node).map(String::as_str)
    }

    /// Names of all messages, each once, sorted: their numbers in the program.
    pub(crate) fn message_names(&self) -> Vec<&str> {
        let names: BTreeSet<&str> = self.messages.values().map(String::as_str).collect();
        names.into_iter().collect()
    }

    /// Whether what happens at a node can influence whether a synchronizing merge must wait: a path leads from there to the
    /// merge, or to what takes tokens from such a path.
    ///
    /// # Panics
    /// If a node belongs to another net and is out of range here.
    #[must_use]
    pub fn influences(&self, node: NodeId, merge: NodeId) -> bool {
        crate::explore::influencing(self, merge)[node.index()]
    }

    /// All nodes that a path of at least one flow leads to.
    ///
    /// # Panics
    /// If the node belongs to another net and is out of range here.
    #[must_use]
    pub fn ahead(&self, from: NodeId) -> BTreeSet<NodeId> {
        let mut reached = BTreeSet::new();
        let mut open = vec![from];
        while let Some(node) = open.pop() {
            for &flow in &self.node(node).outgoing {
                let to = self.flow(flow).to();
                if reached.insert(to) {
                    open.push(to);
                }
            }
        }
        reached
    }

    /// Whether some of the arrivals at a join stand for instances that there are not.
    pub(crate) fn leaves_out(&self, join: NodeId) -> bool {
        self.node(join).incoming.iter().any(|&flow| self.flow(flow).is_left_out)
    }

    /// The flow that a join takes at each arrival that is not enough.
    pub(crate) fn again(&self, join: NodeId) -> Option<FlowId> {
        self.node(join).outgoing.iter().copied().find(|&flow| self.flow(flow).is_again)
    }

    /// Ids of all nodes that have a work item, in order: the tasks' numbers.
    pub fn tasks(&self) -> impl Iterator<Item = NodeId> + '_ {
        self.node_ids().filter(|&id| self.node(id).kind.is_task())
    }

    /// Ids of all interrupts, in order.
    pub fn interrupts(&self) -> impl Iterator<Item = NodeId> + '_ {
        self.node_ids().filter(|&id| matches!(self.node(id).kind, NodeKind::Interrupt { .. }))
    }

    /// Ids of all nodes, in order.
    pub fn node_ids(&self) -> impl Iterator<Item = NodeId> + use<> {
        (0..self.nodes.len() as u32).map(NodeId)
    }

    /// Ids of the nodes of one kind, in order.
    pub fn nodes_of(&self, kind: NodeKind) -> impl Iterator<Item = NodeId> + '_ {
        self.node_ids().filter(move |&id| self.node(id).kind == kind)
    }
}
