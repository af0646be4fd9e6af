//! Events with several triggers, of which any is enough: each waits for its own message and for its own time.

use wf_net::{ANY_ERROR, NodeId, NodeKind, Retention};

use super::{Lowering, Part};
use crate::graph::NodeAt;
use crate::kind::{Kind, Trigger, TriggerKind};

impl Lowering<'_, '_, '_> {
    /// Whether the triggers of an event have to be told apart: they have names, or the clock brings one of them.
    pub(super) fn tells_apart(&self, at: NodeAt) -> bool {
        let node = &self.graph.nodes[at];
        let is_named = |number| self.model.awaited_by_definition(node.index, number).is_some();
        let is_timed = |trigger: &Trigger| trigger.when.is_some();
        node.triggers.len() > 1
            && (node.triggers.iter().any(is_timed) || (0..node.triggers.len()).any(is_named))
    }

    /// A catching event that any of its triggers completes: a deferred choice between them (WCP-16).
    pub(super) fn lower_any(&mut self, at: NodeAt, retention: impl Fn(TriggerKind) -> Retention) -> Part {
        let node = &self.graph.nodes[at];
        let comes_from =
            |&flow: &usize| self.graph.flows[flow].from.and_then(|from| self.graph.nodes[from].kind);
        // Behind an event-based gateway they stand among the others that it offers.
        let is_offered = node.incoming.iter().any(|flow| comes_from(flow) == Some(Kind::EventBased));
        let choice = (!is_offered).then(|| self.add(at, "", NodeKind::Deferred));
        let merge = self.add(at, "/any", NodeKind::Exclusive);
        let mut receives = Vec::new();
        for (number, trigger) in self.graph.nodes[at].triggers.iter().enumerate() {
            let kind = NodeKind::Receive(retention(trigger.kind));
            let receive = self.one_of_several(at, number, trigger, kind);
            if let Some(choice) = choice {
                self.link(at, choice, receive);
            }
            self.link(at, receive, merge);
            receives.push(receive);
        }
        let exit = self.split_behind(at, merge);
        let part = self.part(at, choice.or(receives.first().copied()), exit, receives.clone());
        Part { offers: if is_offered { receives } else { Vec::new() }, ..part }
    }

    /// The interrupts that a boundary event or the start of an event sub-process is.
    pub(super) fn watches(&mut self, at: NodeAt) -> Vec<NodeId> {
        let kind = NodeKind::Interrupt { interrupts: self.interrupts(at) };
        let triggers = &self.graph.nodes[at].triggers;
        let events = if self.tells_apart(at) {
            let of_outside = triggers.iter().enumerate();
            of_outside.map(|(number, trigger)| self.one_of_several(at, number, trigger, kind)).collect()
        } else {
            let interrupt = self.add(at, "", kind);
            self.time(at, interrupt, triggers);
            self.wait(at, interrupt);
            vec![interrupt]
        };
        for &event in &events {
            let region = self.watched(at);
            self.regions.push((event, region));
            let calls =
                || self.graph.nodes.iter().any(|node| node.kind == Some(Kind::Call) || node.has_cases);
            if self.has(at, TriggerKind::Error) && triggers.len() == 1 && calls() {
                self.name_error(at, event);
            }
            if !self.interrupts(at) {
                self.recurs.push((at, event));
            }
        }
        events
    }

    /// Names the error that an end throws or an interrupt catches, for what is called and for who calls.
    pub(super) fn name_error(&mut self, at: NodeAt, node: NodeId) {
        let mut triggers = self.graph.nodes[at].triggers.iter();
        let code = triggers.find(|trigger| trigger.kind == TriggerKind::Error).and_then(|t| t.about.clone());
        self.draft.net.message(node, &format!("{ANY_ERROR}{}", code.unwrap_or_default()));
    }

    fn one_of_several(&mut self, at: NodeAt, number: usize, trigger: &Trigger, kind: NodeKind) -> NodeId {
        let node = self.add(at, &format!("/{}", number + 1), kind);
        self.time(at, node, core::slice::from_ref(trigger));
        if let Some(name) = self.model.awaited_by_definition(self.graph.nodes[at].index, number) {
            self.draft.net.message(node, &name);
        }
        node
    }

    fn split_behind(&mut self, at: NodeAt, merge: NodeId) -> NodeId {
        if self.ways_out(at) < 2 {
            return merge;
        }
        let split = self.add(at, "/split", NodeKind::Parallel);
        self.link(at, merge, split);
        split
    }
}
