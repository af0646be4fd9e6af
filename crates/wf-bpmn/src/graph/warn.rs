//! Warnings of what is drawn: scripts, choices between activities, and tokens that meet without a join.

use super::{Graph, NodeAt};
use crate::WarningKind;
use crate::kind::{Kind, TriggerKind};
use crate::model::Model;
use crate::tree::Index;

/// Most flows of a process that is searched for tokens that meet: far more than a case has room for.
const FLOWS_MAX: usize = 4096;

impl Graph {
    /// Notes what runs and may surprise, as far as the drawing shows it.
    pub(crate) fn warn(&self, model: &mut Model<'_, '_>) {
        if matches!(model.tree.value(self.process, "isExecutable"), Some("false" | "0")) {
            model.warn(self.process, WarningKind::NotExecutable);
        }
        for at in 0..self.nodes.len() {
            let node = &self.nodes[at];
            if node.kind.is_some() && model.tree.name(node.index) == "scriptTask" {
                model.warn(node.index, WarningKind::Script);
            }
            if node.triggers.iter().any(|trigger| trigger.kind == TriggerKind::Conditional) {
                model.warn(node.index, WarningKind::ConditionalOutside);
            }
            let is_condition = |child: Index| model.tree.name(child) == "completionCondition";
            if node.kind == Some(Kind::AdHoc) && model.tree.children(node.index).any(is_condition) {
                model.warn(node.index, WarningKind::AdHocCompletion);
            }
            if self.waits_in_circle(at) {
                model.warn(node.index, WarningKind::NotKept);
            }
            if node.kind == Some(Kind::EventBased) {
                self.warn_of_activities(model, at);
            }
            if self.flows.len() <= FLOWS_MAX && self.is_split(at) {
                self.warn_of_meeting(model, at);
            }
        }
    }

    /// Activities between which an event-based gateway chooses (BPMN 2.0.2, 10.6.6: events and receive tasks alone).
    fn warn_of_activities(&self, model: &mut Model<'_, '_>, gateway: NodeAt) {
        for at in self.nodes[gateway].outgoing.iter().filter_map(|&flow| self.flows[flow].to) {
            let node = &self.nodes[at];
            if node.kind.is_some_and(Kind::is_activity) && node.kind != Some(Kind::Receive) {
                let activity = Box::new(model.tree.element(node.index));
                model.warn(self.nodes[gateway].index, WarningKind::NotAnEvent { activity });
            }
        }
    }

    /// Whether several tokens leave the node at once.
    fn is_split(&self, at: NodeAt) -> bool {
        let node = &self.nodes[at];
        let is_sure = |&&flow: &&usize| self.flows[flow].condition.is_none() && !self.flows[flow].is_default;
        match node.kind {
            Some(Kind::Parallel | Kind::Inclusive) => node.outgoing.len() > 1,
            None | Some(Kind::Exclusive | Kind::EventBased | Kind::Complex) => false,
            Some(_) => node.outgoing.iter().filter(is_sure).count() > 1,
        }
    }

    /// Whether tokens wait for each other here.
    fn is_join(&self, at: NodeAt) -> bool {
        matches!(self.nodes[at].kind, Some(Kind::Parallel | Kind::Inclusive | Kind::Complex))
            && self.nodes[at].incoming.len() > 1
    }

    /// Finds where tokens of a split meet that nothing has joined before.
    fn warn_of_meeting(&self, model: &mut Model<'_, '_>, split: NodeAt) {
        // Which of the branches, of the first 64, lead to each node.
        let mut branches = vec![0u64; self.nodes.len()];
        for (number, &flow) in self.nodes[split].outgoing.iter().take(64).enumerate() {
            let mut open: Vec<NodeAt> = self.flows[flow].to.into_iter().collect();
            while let Some(at) = open.pop() {
                if branches[at] >> number & 1 == 1 || at == split || self.is_join(at) {
                    continue;
                }
                branches[at] |= 1 << number;
                open.extend(self.nodes[at].outgoing.iter().filter_map(|&flow| self.flows[flow].to));
            }
        }
        for (at, node) in self.nodes.iter().enumerate() {
            let mine = branches[at];
            let goes_on =
                matches!(node.kind, Some(Kind::Exclusive)) || node.kind.is_some_and(Kind::is_activity);
            if mine.count_ones() < 2 || !goes_on {
                continue;
            }
            let mut before = node.incoming.iter().filter_map(|&flow| self.flows[flow].from);
            if before.all(|before| branches[before] != mine) {
                let split = Box::new(model.tree.element(self.nodes[split].index));
                model.warn(node.index, WarningKind::NotJoined { split });
            }
        }
    }
}
