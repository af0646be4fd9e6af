//! Dense ids of a net's nodes and flows.

/// Index of a node in its net, in the order in which the nodes were added.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(pub u32);

/// Index of a flow in its net, in the order in which the flows were added.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FlowId(pub u32);

impl NodeId {
    /// This id as an index into a slice of nodes.
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

impl FlowId {
    /// This id as an index into a slice of flows.
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}
