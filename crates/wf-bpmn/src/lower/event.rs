//! Events: starts, ends, what is thrown and what is waited for.

use wf_net::{NodeId, NodeKind, Retention, Surplus};

use super::region::Region;
use super::thrown::transaction;
use super::{Lowering, Part, Sink};
use crate::graph::{NodeAt, ScopeKind};
use crate::kind::{Trigger, TriggerKind};
use crate::{Unsupported, WarningKind};

/// Fires at its first token, and takes all work of its region away.
pub(super) const CANCEL: NodeKind = NodeKind::Partial { needed: 1, surplus: Surplus::Cancel };

impl Lowering<'_, '_, '_> {
    pub(super) fn has(&self, at: NodeAt, kind: TriggerKind) -> bool {
        self.graph.nodes[at].triggers.iter().any(|trigger| trigger.kind == kind)
    }

    /// bpmn:startEvent. Several of a process are alternatives: a case begins at one of them (BPMN 2.0.2, 10.5.2).
    pub(super) fn lower_start(&mut self, at: NodeAt) -> Option<Part> {
        let node = &self.graph.nodes[at];
        let waits = |t: &Trigger| {
            matches!(
                t.kind,
                TriggerKind::Message
                    | TriggerKind::Timer
                    | TriggerKind::Cycle
                    | TriggerKind::Signal
                    | TriggerKind::Conditional
            )
        };
        match self.graph.scopes[node.scope].kind {
            ScopeKind::Process if node.triggers.iter().all(waits) => {
                let start = self.add(at, "", NodeKind::Start);
                self.wait(at, start);
                Some(self.part(at, None, start, Vec::new()))
            }
            ScopeKind::Process => {
                self.refuse(
                    at,
                    Unsupported::Event("a start event with this trigger, outside an event sub-process"),
                );
                None
            }
            ScopeKind::Event => self.lower_watch(at),
            _ if node.triggers.is_empty() => {
                let (entry, exit) = self.pass(at, "", 1, self.ways_out(at));
                Some(self.part(at, Some(entry), exit, Vec::new()))
            }
            _ => {
                let why = "a start event with a trigger inside a sub-process that a flow leads to";
                self.refuse(at, Unsupported::Event(why));
                None
            }
        }
    }

    /// bpmn:endEvent.
    pub(super) fn lower_end(&mut self, at: NodeAt) -> Option<Part> {
        let scope = self.graph.nodes[at].scope;
        if self.has(at, TriggerKind::Terminate) {
            // WCP-43: of the scope in which it stands.
            if self.graph.scopes[scope].kind == ScopeKind::Process {
                return Some(self.only_entry(at, NodeKind::Terminate));
            }
            let all = self.cancel(at, Region::Scope(scope));
            self.lead_out(at, all);
            return Some(Part { entry: Some(all), ..Part::default() });
        }
        if let Some(&catcher) = self.thrown.catcher_of.get(&at) {
            if self.interrupts(catcher) {
                return Some(self.throw_to(at, catcher));
            }
            let (entry, exit) = self.pass(at, "", 2, 2);
            self.throws.push((at, exit, catcher));
            self.lead_to_sink(at, exit);
            return Some(Part { entry: Some(entry), ..Part::default() });
        }
        if self.has(at, TriggerKind::Error) {
            let part = self.only_entry(at, NodeKind::Terminate);
            if let Some(end) = part.entry {
                self.name_error(at, end);
            }
            return Some(part);
        }
        if self.has(at, TriggerKind::Cancel) {
            return self.cancel_transaction(at);
        }
        if self.has(at, TriggerKind::Compensate) {
            let (entry, exit) = self.compensate(at)?;
            self.lead_to_sink(at, exit);
            return Some(Part { entry: Some(entry), ..Part::default() });
        }
        if let Some((entry, exit)) = self.send(at, "") {
            self.lead_to_sink(at, exit);
            return Some(Part { entry: Some(entry), ..Part::default() });
        }
        match self.sinks[scope] {
            Some(Sink::Done(done)) => Some(Part { entry: Some(done), ..Part::default() }),
            _ => Some(self.only_entry(at, NodeKind::End)),
        }
    }

    fn only_entry(&mut self, at: NodeAt, kind: NodeKind) -> Part {
        Part { entry: Some(self.add(at, "", kind)), ..Part::default() }
    }

    fn cancel(&mut self, at: NodeAt, region: Region) -> NodeId {
        let node = self.add(at, "", CANCEL);
        self.regions.push((node, region));
        node
    }

    /// A token goes from here to where those go that reach an end.
    fn lead_to_sink(&mut self, at: NodeAt, from: NodeId) {
        let index = self.graph.nodes[at].index;
        match self.sinks[self.graph.nodes[at].scope] {
            Some(Sink::Done(done)) => self.draft.later(index, from, done),
            _ => {
                let end = self.add(at, "/end", NodeKind::End);
                self.draft.later(index, from, end);
            }
        }
    }

    /// A token goes from here past what waits for the ends of the scope.
    fn lead_out(&mut self, at: NodeAt, from: NodeId) {
        match self.outs[self.graph.nodes[at].scope] {
            Some(out) => self.draft.later(self.graph.nodes[at].index, from, out),
            None => self.lead_to_sink(at, from),
        }
    }

    /// What is thrown here ends all that the catching event watches.
    fn throw_to(&mut self, at: NodeAt, catcher: NodeAt) -> Part {
        let region = self.watched(catcher);
        let all = self.cancel(at, region);
        let mut last = all;
        if self.has(at, TriggerKind::Cancel)
            && let Some((entry, exit)) = self.undo(at, "/undo", self.graph.nodes[at].scope)
        {
            self.link(at, all, entry);
            last = exit;
        }
        self.throws.push((at, last, catcher));
        Part { entry: Some(all), ..Part::default() }
    }

    /// bpmn:cancelEventDefinition that no boundary event catches.
    fn cancel_transaction(&mut self, at: NodeAt) -> Option<Part> {
        let around = transaction(self.model, self.graph, self.graph.nodes[at].scope);
        let Some(inside) = around.and_then(|around| self.graph.nodes[around].inside) else {
            self.refuse(at, Unsupported::Event("a cancel end event outside a transaction"));
            return None;
        };
        let all = self.cancel(at, Region::Scope(inside));
        let end = self.add(at, "/end", NodeKind::End);
        self.draft.later(self.graph.nodes[at].index, all, end);
        Some(Part { entry: Some(all), ..Part::default() })
    }

    /// bpmn:intermediateThrowEvent: tokens pass.
    pub(super) fn lower_throw(&mut self, at: NodeAt) -> Option<Part> {
        let ways_out = self.ways_out(at);
        if self.has(at, TriggerKind::Compensate) {
            let (entry, exit) = self.compensate(at)?;
            return Some(self.split(at, entry, exit, ways_out));
        }
        let cannot = [TriggerKind::Error, TriggerKind::Terminate, TriggerKind::Cancel];
        if cannot.into_iter().any(|kind| self.has(at, kind)) {
            self.refuse(
                at,
                Unsupported::Event("an intermediate event that throws what only an end event can"),
            );
            return None;
        }
        match self.thrown.catcher_of.get(&at).copied() {
            Some(catcher) if self.interrupts(catcher) => Some(self.throw_to(at, catcher)),
            Some(catcher) => {
                let (entry, exit) = self.pass(at, "", 2, ways_out + 1);
                self.throws.push((at, exit, catcher));
                Some(self.part(at, Some(entry), exit, Vec::new()))
            }
            None => {
                if let Some((entry, exit)) = self.send(at, "") {
                    return Some(self.part(at, Some(entry), exit, Vec::new()));
                }
                let ways_in = self.graph.nodes[at].incoming.len();
                let (entry, exit) = self.pass(at, "", ways_in, ways_out);
                Some(self.part(at, Some(entry), exit, Vec::new()))
            }
        }
    }

    /// A part that ends with a node which passes one token on, however many ways lead on.
    pub(super) fn split(&mut self, at: NodeAt, entry: NodeId, exit: NodeId, ways_out: usize) -> Part {
        let mut last = exit;
        if ways_out > 1 {
            last = self.add(at, "/split", NodeKind::Parallel);
            self.link(at, exit, last);
        }
        self.part(at, Some(entry), last, Vec::new())
    }

    /// bpmn:intermediateCatchEvent: messages are kept until they are waited for (WCP-24), other triggers are not (WCP-23).
    pub(super) fn lower_catch(&mut self, at: NodeAt) -> Option<Part> {
        let node = &self.graph.nodes[at];
        if self.has(at, TriggerKind::Link) {
            let (entry, exit) = self.pass(at, "", 2, self.ways_out(at));
            return Some(self.part(at, Some(entry), exit, Vec::new()));
        }
        let is_caught = |kind: TriggerKind| {
            matches!(
                kind,
                TriggerKind::Message
                    | TriggerKind::Timer
                    | TriggerKind::Cycle
                    | TriggerKind::Signal
                    | TriggerKind::Conditional
            )
        };
        if node.triggers.is_empty() || !node.triggers.iter().all(|trigger| is_caught(trigger.kind)) {
            let why = if node.triggers.is_empty() {
                "an intermediate catch event without a trigger: nothing could make it happen"
            } else {
                "an intermediate event that waits for what only a boundary event or an event sub-process can"
            };
            self.refuse(at, Unsupported::Event(why));
            return None;
        }
        let of_message = self.retention(at);
        let retention = |kind| if kind == TriggerKind::Message { of_message } else { Retention::Transient };
        let needs_all = matches!(self.model.tree.value(node.index, "parallelMultiple"), Some("true" | "1"));
        if needs_all && node.triggers.len() > 1 {
            let (entry, split) = self.pass(at, "", node.incoming.len(), node.triggers.len());
            let join = self.add(at, "/all", NodeKind::Parallel);
            let mut holds = vec![join];
            for (number, trigger) in self.graph.nodes[at].triggers.iter().enumerate() {
                let suffix = format!("/{}", number + 1);
                let receive = self.add(at, &suffix, NodeKind::Receive(retention(trigger.kind)));
                self.time(at, receive, core::slice::from_ref(trigger));
                if let Some(name) = self.model.awaited_by_definition(self.graph.nodes[at].index, number) {
                    self.draft.net.message(receive, &name);
                }
                self.link(at, split, receive);
                self.link(at, receive, join);
                holds.push(receive);
            }
            return Some(self.part(at, Some(entry), join, holds));
        }
        if self.tells_apart(at) {
            return Some(self.lower_any(at, retention));
        }
        let keeps = self.has(at, TriggerKind::Message);
        let kind = if keeps { TriggerKind::Message } else { TriggerKind::Signal };
        let receive = self.add(at, "", NodeKind::Receive(retention(kind)));
        self.time(at, receive, &self.graph.nodes[at].triggers);
        self.wait(at, receive);
        Some(self.part(at, Some(receive), receive, vec![receive]))
    }

    /// bpmn:boundaryEvent.
    pub(super) fn lower_boundary(&mut self, at: NodeAt) -> Option<Part> {
        let node = &self.graph.nodes[at];
        if node.triggers.is_empty() {
            let why = "a boundary event without a trigger: nothing could make it happen";
            self.refuse(at, Unsupported::Event(why));
            return None;
        }
        if self.has(at, TriggerKind::Terminate) || self.has(at, TriggerKind::Link) {
            self.refuse(at, Unsupported::Event("a boundary event with this trigger"));
            return None;
        }
        if self.is_once(at) {
            // The activity may stand behind it in the text.
            let receive = self.armed(at);
            if self.interrupts(at) {
                let activity = self.graph.nodes[at].attached?;
                let all = self.add(at, "/interrupt", CANCEL);
                self.regions.push((all, Region::Activity(activity)));
                self.link(at, receive, all);
                return Some(self.split(at, receive, all, self.ways_out(at)))
                    .map(|part| Part { entry: None, ..part });
            }
            if self.again.limited.contains(&at) {
                self.warn_limited(at, WarningKind::OnceEachTime);
            }
            return Some(self.armed_part(at, receive));
        }
        self.lower_watch(at)
    }

    /// Lets the events of an activity that can happen once wait while it is performed.
    pub(super) fn arm(&mut self, at: NodeAt, entry: NodeId, exit: NodeId) -> (NodeId, NodeId) {
        let events: Vec<NodeAt> = self.watchers.get(&at).cloned().unwrap_or_default();
        let events: Vec<NodeAt> = events.into_iter().filter(|&event| self.is_once(event)).collect();
        if events.is_empty() {
            return (entry, exit);
        }
        let (begin, split) = self.pass(at, "/begin", 2, events.len() + 1);
        self.link(at, split, entry);
        for event in events {
            let receive = self.armed(event);
            if let Some(inside) = self.graph.nodes[at].inside.filter(|_| !self.graph.nodes[at].has_cases) {
                self.draft.scope_of[receive.index()] = inside;
            }
            self.link(event, split, receive);
        }
        let over = self.add(at, "/over", CANCEL);
        self.regions.push((over, Region::Armed(at)));
        self.link(at, exit, over);
        (begin, over)
    }

    /// An event that watches an activity or the rest of its scope (WCP-19, 25).
    fn lower_watch(&mut self, at: NodeAt) -> Option<Part> {
        let node = &self.graph.nodes[at];
        if node.triggers.is_empty() {
            let why = "an event sub-process whose start event has no trigger: nothing could make it happen";
            self.refuse(at, Unsupported::Event(why));
            return None;
        }
        if matches!(self.model.tree.value(node.index, "parallelMultiple"), Some("true" | "1")) {
            let why = "an event that waits for all of several triggers, and interrupts or runs beside";
            self.refuse(at, Unsupported::Event(why));
            return None;
        }
        if self.again.limited.contains(&at) {
            return self.lower_armed_start(at);
        }
        let is_thrown_inside = self.thrown.catchers.contains(&at);
        // A task can fail in other ways than by an error end event; nothing else escalates or cancels than what is drawn.
        let comes_from_outside =
            !is_thrown_inside || self.has(at, TriggerKind::Error) || node.triggers.len() > 1;
        let ways_out = self.ways_out(at);
        let events = if comes_from_outside { self.watches(at) } else { Vec::new() };
        let is_from_case = self.thrown.from_cases.contains(&at);
        if (is_thrown_inside || is_from_case) && self.graph.nodes[at].triggers.len() == 1 {
            self.from_inside.extend(&events);
        }
        if let ([event], false) = (&events[..], is_thrown_inside) {
            return Some(self.part(at, None, *event, Vec::new()));
        }
        let suffix = if events.is_empty() { "" } else { "/caught" };
        let (caught, exit) = self.pass(at, suffix, 2, ways_out);
        events.into_iter().for_each(|event| self.link(at, event, caught));
        self.caught[at] = Some(caught).filter(|_| is_thrown_inside);
        Some(self.part(at, None, exit, Vec::new()))
    }

    /// What a boundary event or the start of an event sub-process watches.
    pub(super) fn watched(&self, at: NodeAt) -> Region {
        let node = &self.graph.nodes[at];
        if let Some(activity) = node.attached {
            return Region::Activity(activity);
        }
        let around = self.graph.scopes[node.scope].parent.unwrap_or_default();
        Region::Beside { scope: around, event: node.scope }
    }

    /// What was thrown inside goes to what catches it.
    pub(super) fn join_caught(&mut self) {
        for (at, from, catcher) in core::mem::take(&mut self.throws) {
            if let Some(caught) = self.caught[catcher] {
                self.draft.later(self.graph.nodes[at].index, from, caught);
            }
        }
    }

    /// bpmn:linkEventDefinition: a throwing event leads to the catching one of its name in the same scope.
    pub(super) fn join_links(&mut self) {
        let is_link = |trigger: &&Trigger| trigger.kind == TriggerKind::Link;
        let name = |at: NodeAt| self.graph.nodes[at].triggers.iter().find(is_link)?.about.clone();
        let mut targets = std::collections::HashMap::new();
        let mut sources = Vec::new();
        for (at, node) in self.graph.nodes.iter().enumerate() {
            match node.kind {
                Some(crate::kind::Kind::Catch) if self.has(at, TriggerKind::Link) => {
                    targets.entry((node.scope, name(at))).or_insert(at);
                }
                Some(crate::kind::Kind::Throw) if self.has(at, TriggerKind::Link) => {
                    sources.push((at, (node.scope, name(at))));
                }
                _ => {}
            }
        }
        for (source, key) in sources {
            let target = targets.get(&key).and_then(|&target| self.parts[target].entry);
            match (self.parts[source].exit.take(), target) {
                (Some(exit), Some(entry)) => self.draft.later(self.graph.nodes[source].index, exit, entry),
                (Some(_), None) => {
                    let why = "a link event to which no catching link event of its name belongs";
                    self.refuse(source, Unsupported::Event(why));
                }
                _ => {}
            }
        }
    }
}
