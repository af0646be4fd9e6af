//! Messages and signals: nodes that send them, and what waits for them.

use wf_net::{NodeId, NodeKind};

use super::Lowering;
use crate::graph::NodeAt;

impl Lowering<'_, '_, '_> {
    /// Nodes that send what a flow node sends, one after another; `None` if that is nothing.
    pub(super) fn send(&mut self, at: NodeAt, suffix: &str) -> Option<(NodeId, NodeId)> {
        if !self.graph.nodes[at].is_drawn {
            return None;
        }
        let mut nodes: Option<(NodeId, NodeId)> = None;
        for (number, name) in self.model.sent_by(self.graph.nodes[at].index).iter().enumerate() {
            let suffix = if number == 0 { suffix.to_owned() } else { format!("{suffix}/{}", number + 1) };
            let node = self.add(at, &suffix, NodeKind::Throw);
            self.draft.net.message(node, name);
            if let Some((_, last)) = nodes {
                self.link(at, last, node);
            }
            nodes = Some((nodes.map_or(node, |(first, _)| first), node));
        }
        nodes
    }

    /// Names the message that a node waits for.
    pub(super) fn wait(&mut self, at: NodeAt, node: NodeId) {
        if let Some(name) = self.model.awaited_by(self.graph.nodes[at].index) {
            self.draft.net.message(node, &name);
        }
    }
}
