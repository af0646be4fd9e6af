//! A checked net: nodes joined by flows, each flow a place that holds tokens.

use crate::{FlowId, NodeId};

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
    /// A work item for each token that arrives; its completion puts a token on each outgoing flow (WCP-1, 2, 5, 8).
    Task,
    /// Passes each token on to exactly one outgoing flow, chosen by the completion that caused it (WCP-4, 5, 8, 10).
    Exclusive,
    /// Waits for a token on each incoming flow, takes one from each and puts one on each outgoing flow (WCP-2, 3, 33).
    Parallel,
}

impl NodeKind {
    /// Whether the node fires by itself, with no work item.
    #[must_use]
    pub const fn is_gateway(self) -> bool {
        matches!(self, Self::Exclusive | Self::Parallel)
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
    pub(crate) is_default: bool,
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

    /// The text of the condition under which an exclusive choice takes this flow.
    #[must_use]
    pub fn condition(&self) -> Option<&str> {
        self.condition.as_deref()
    }

    /// Whether an exclusive choice takes this flow when no condition holds.
    #[must_use]
    pub const fn is_default(&self) -> bool {
        self.is_default
    }
}

/// A net that [`NetBuilder::build`](crate::NetBuilder::build) has checked.
#[derive(Clone, Debug)]
pub struct Net {
    pub(crate) name: String,
    pub(crate) nodes: Vec<Node>,
    pub(crate) flows: Vec<Flow>,
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

    /// Ids of all nodes, in order.
    pub fn node_ids(&self) -> impl Iterator<Item = NodeId> + use<> {
        (0..self.nodes.len() as u32).map(NodeId)
    }

    /// Ids of the nodes of one kind, in order.
    pub fn nodes_of(&self, kind: NodeKind) -> impl Iterator<Item = NodeId> + '_ {
        self.node_ids().filter(move |&id| self.node(id).kind == kind)
    }
}
