//! Which messages are waited for in a circle with nothing else in it.

use super::{Graph, NodeAt};
use crate::kind::{Kind, TriggerKind};
use crate::repeat::Repeat;

/// Most flows of a process that is searched for circles: far more than a case has room for.
const FLOWS_MAX: usize = 4096;

impl Graph {
    /// Whether a token that leaves a node which takes kept messages can come back to it without resting anywhere else. If
    /// messages were kept for it, a token could go round as long as there are some, within one step.
    pub(crate) fn waits_in_circle(&self, at: NodeAt) -> bool {
        if !self.keeps_messages(at) || self.flows.len() > FLOWS_MAX {
            return false;
        }
        if matches!(self.nodes[at].repeat, Repeat::Loop { .. } | Repeat::Turns { .. }) {
            return true;
        }
        let mut seen = vec![false; self.nodes.len()];
        let mut open = vec![at];
        while let Some(from) = open.pop() {
            for to in self.nodes[from].outgoing.iter().filter_map(|&flow| self.flows[flow].to) {
                if to == at {
                    return true;
                }
                if self.passes(to) && !core::mem::replace(&mut seen[to], true) {
                    open.push(to);
                }
            }
        }
        false
    }

    /// Whether messages are kept for a node until a token comes.
    fn keeps_messages(&self, at: NodeAt) -> bool {
        let node = &self.nodes[at];
        let is_message = node.triggers.iter().any(|trigger| trigger.kind == TriggerKind::Message);
        node.kind == Some(Kind::Receive) || (node.kind == Some(Kind::Catch) && is_message)
    }

    /// Whether a token may pass a node without anybody's doing.
    fn passes(&self, at: NodeAt) -> bool {
        let kind = self.nodes[at].kind;
        self.keeps_messages(at) || kind.is_some_and(Kind::is_gateway) || kind == Some(Kind::Throw)
    }
}
