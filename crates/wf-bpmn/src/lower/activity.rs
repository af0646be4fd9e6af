//! Tasks and calls, once, in loops and in instances.

use wf_net::{Instances, Needed, NodeId, NodeKind, Quantity, Retention};

use super::{Lowering, Part};
use crate::graph::{Graph, NodeAt};
use crate::kind::{Kind, TriggerKind};
use crate::process::is_expression;
use crate::repeat::{Condition, Number, Repeat};
use crate::tree::Index;
use crate::{Unsupported, WarningKind};

/// Most instances of one task.
const INSTANCES_MAX: u32 = 64;

/// Bytes of a case for counters, instances and calls.
const RECORD_BYTES: usize = 26;

/// Most instances of each task whose number is not constant, so that all of them fit in a case beside other bytes.
pub(super) fn instances_most(graph: &Graph, others: usize) -> u8 {
    // Arrivals at what waits for copies beside each other, and of these those that stand for none.
    let joins = graph.scopes.iter().filter(|scope| scope.enough.is_some()).count();
    let (mut used, mut open) = (others + 2 * joins, 0);
    for node in &graph.nodes {
        used += match (node.kind, &node.repeat) {
            (Some(Kind::Task), Repeat::Instances { number: Number::Constant(count), .. }) => {
                2 + 2 * (*count as usize).div_ceil(8)
            }
            (_, Repeat::Instances { .. }) if node.has_cases => {
                used += wf_net::image::CHILDREN_BYTES;
                0
            }
            (Some(Kind::Task), Repeat::Instances { .. }) => {
                open += 1;
                0
            }
            (_, Repeat::Turns { .. }) => 2,
            (Some(Kind::Call), _) => 4,
            (Some(Kind::Receive), _) => 1,
            (Some(Kind::Catch), _) => {
                usize::from(node.triggers.iter().any(|trigger| trigger.kind == TriggerKind::Message))
            }
            _ => 0,
        };
    }
    if open == 0 {
        return 0;
    }
    let each = RECORD_BYTES.saturating_sub(used) / open;
    let most = each.saturating_sub(2) / 2 * 8;
    most.clamp(8, INSTANCES_MAX as usize) as u8
}

impl Lowering<'_, '_, '_> {
    pub(super) fn lower_activity(&mut self, at: NodeAt) -> Option<Part> {
        let node = &self.graph.nodes[at];
        if node.has_cases {
            return self.lower_cases(at);
        }
        let kind = match (node.kind, &node.repeat) {
            (Some(Kind::Call), _) => return self.lower_call(at),
            (Some(Kind::Receive), _) => NodeKind::Receive(self.retention(at)),
            (_, Repeat::Instances { number, in_turn, completion, .. }) => match number.constant() {
                Some(count) if !(1..=INSTANCES_MAX).contains(&count) => {
                    self.refuse(at, Unsupported::Repetition("no instance of it at all"));
                    return None;
                }
                count => NodeKind::Instances(self.instances(count, in_turn.is_some(), completion.is_some())),
            },
            _ => NodeKind::Task,
        };
        let main = self.add(at, "", kind);
        if matches!(kind, NodeKind::Receive(_)) {
            self.wait(at, main);
        }
        if let Repeat::Instances { completion: Some(Condition { guard: Some(guard), .. }), .. } =
            &self.graph.nodes[at].repeat
        {
            self.draft.net.completion_guard(main, guard.clone());
        }
        if let (NodeKind::Instances(instances), Repeat::Instances { number, .. }) =
            (kind, &self.graph.nodes[at].repeat)
            && let Some(guard) = number.guard()
        {
            self.draft.net.quantity(main, guard.clone());
            if u32::from(instances.most) < INSTANCES_MAX && self.graph.nodes[at].copy.is_empty() {
                let instances_max = usize::from(instances.most);
                self.model.warn(self.graph.nodes[at].index, WarningKind::InstancesBounded { instances_max });
            }
        }
        self.around(at, main)
    }

    /// Whether messages are kept for what waits for them: WCP-23, 24.
    pub(super) fn retention(&self, at: NodeAt) -> Retention {
        if self.graph.waits_in_circle(at) { Retention::Transient } else { Retention::Persistent }
    }

    /// WCP-13, 14, 35.
    fn instances(&self, count: Option<u32>, is_sequential: bool, is_conditional: bool) -> Instances {
        let most = count.map_or(self.instances_most.into(), |count| count as u16);
        Instances {
            count: if count.is_some() { Quantity::Fixed(most) } else { Quantity::Chosen(most) },
            most,
            needed: if is_conditional { Needed::Condition } else { Needed::All },
            cancels_rest: is_conditional,
            is_dynamic: false,
            is_sequential,
        }
    }

    /// bpmn:callActivity: WCP-22.
    fn lower_call(&mut self, at: NodeAt) -> Option<Part> {
        let main = match self.called(at)? {
            Some(called) => {
                let node = &self.graph.nodes[at];
                let id = format!("{}{}", self.model.tree.element(node.index).id, node.copy);
                self.draft.call(self.model, node.index, &id, &called, node.scope)
            }
            // A global task is a task that several processes use.
            None => self.add(at, "", NodeKind::Task),
        };
        self.around(at, main)
    }

    /// The process that an activity calls; `None` of one that calls none. The outer `None`: it was refused.
    #[expect(clippy::option_option, reason = "calling nothing is not the same as being refused")]
    pub(super) fn called(&mut self, at: NodeAt) -> Option<Option<String>> {
        let index = self.graph.nodes[at].index;
        if self.graph.nodes[at].kind != Some(Kind::Call) {
            return Some(None);
        }
        let Some(called) = self.called_by(index) else {
            self.refuse(at, Unsupported::CallActivity("a call that does not say which process it calls"));
            return None;
        };
        let found = self.model.ids.find(&called);
        if found.is_some_and(|found| self.model.tree.name(found).starts_with("global")) {
            return Some(None);
        }
        let id = match found.and_then(|found| self.model.tree.value(found, "id")) {
            Some(id) => id.to_owned(),
            None if is_expression(&called) => called,
            None => called.rsplit(':').next().unwrap_or_default().to_owned(),
        };
        self.calls.push((id.clone(), index));
        Some(Some(id))
    }

    /// What a call names: in an attribute of BPMN itself, or in an extension as Camunda 8 has it.
    fn called_by(&self, call: Index) -> Option<String> {
        let tree = self.model.tree;
        let of_vendor = || {
            let extensions = tree.children(call).find(|&child| tree.name(child) == "extensionElements")?;
            let is_called = |&inner: &Index| tree.name(inner).rsplit(':').next() == Some("calledElement");
            tree.children(extensions).filter(is_called).find_map(|inner| tree.value(inner, "processId"))
        };
        tree.value(call, "calledElement").or_else(of_vendor).map(str::to_owned)
    }

    /// What stands around the node that holds an activity's tokens: quantities and a loop.
    pub(super) fn around(&mut self, at: NodeAt, main: NodeId) -> Option<Part> {
        let [first, last] = [self.quantity(at, "startQuantity")?, self.quantity(at, "completionQuantity")?];
        let ways_out = self.ways_out(at);
        let is_plain = last == 1 && self.graph.nodes[at].repeat == Repeat::Once;
        let (mut entry, mut exit) = (main, main);
        if let Some((first, last)) = self.send(at, "/sent") {
            self.link(at, exit, first);
            exit = last;
        }
        (entry, exit) = self.repeated(at, entry, exit);
        let is_watched = self.watchers.contains_key(&at);
        if is_watched {
            let inner = exit;
            (entry, exit) = self.arm(at, entry, exit);
            if exit != inner {
                let holds = vec![main];
                if first > 1 || last > 1 {
                    let why = "a quantity of an activity with a timer that runs beside it";
                    self.refuse(at, Unsupported::Repetition(why));
                    return None;
                }
                return Some(self.part(at, Some(entry), exit, holds));
            }
        }
        if first > 1 {
            // WCP-41.
            let merge = self.add(at, "/start", NodeKind::ThreadMerge(first));
            self.link(at, merge, entry);
            entry = merge;
        }
        if last > 1 {
            // WCP-42.
            let split = self.add(at, "/complete", NodeKind::ThreadSplit(Quantity::Fixed(last.into())));
            self.link(at, exit, split);
            exit = split;
        }
        let holds = vec![main];
        if is_plain || exit == main || matches!(last, 2..) {
            return Some(self.part(at, Some(entry), exit, holds));
        }
        let part = self.split(at, entry, exit, ways_out);
        Some(Part { holds, ..part })
    }

    fn quantity(&mut self, at: NodeAt, name: &str) -> Option<u8> {
        let Some(text) = self.model.tree.value(self.graph.nodes[at].index, name) else { return Some(1) };
        match text.parse() {
            Ok(0) | Err(_) => {
                let value = crate::xml::shorten(text);
                self.refuse(at, Unsupported::Attribute { name: name.to_owned(), value });
                None
            }
            Ok(quantity) => Some(quantity),
        }
    }

    /// What makes an activity one that is performed several times, around what lies between two nodes.
    pub(super) fn repeated(&mut self, at: NodeAt, entry: NodeId, exit: NodeId) -> (NodeId, NodeId) {
        match self.graph.nodes[at].repeat {
            Repeat::Loop { .. } => self.looped(at, entry, exit),
            Repeat::Turns { .. } => self.in_turns(at, entry, exit),
            _ => (entry, exit),
        }
    }

    /// WCP-21: a loop; the first branch of its choice goes round.
    fn looped(&mut self, at: NodeAt, entry: NodeId, exit: NodeId) -> (NodeId, NodeId) {
        let Repeat::Loop { is_tested_before, condition, how_often, .. } = &self.graph.nodes[at].repeat else {
            return (entry, exit);
        };
        let index = self.graph.nodes[at].index;
        let again = self.add(at, "/again", NodeKind::Exclusive);
        let next = self.add(at, "/next", NodeKind::Exclusive);
        self.link(at, exit, again);
        let round = self.draft.flow(self.model, index, again, entry);
        self.draft.net.flow_label(round, how_often);
        if let Some(condition) = condition {
            self.draft.net.condition(round, &condition.text);
            if let Some(guard) = &condition.guard {
                self.draft.net.guard(round, guard.clone());
            }
        }
        let on = self.draft.flow(self.model, index, again, next);
        self.draft.net.default_flow(on);
        (if *is_tested_before { again } else { entry }, next)
    }
}
