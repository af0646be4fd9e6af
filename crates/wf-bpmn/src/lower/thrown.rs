//! Which boundary event or event sub-process catches what is thrown inside of it.

use std::collections::{BTreeMap, BTreeSet};

use crate::graph::{Graph, Node, NodeAt, ScopeAt, ScopeKind};
use crate::kind::{Kind, Trigger, TriggerKind};
use crate::model::Model;

/// What is caught inside the process, and by what.
#[derive(Debug, Default)]
pub(super) struct Thrown {
    /// The catching event of each throwing one.
    pub(super) catcher_of: BTreeMap<NodeAt, NodeAt>,
    /// All catching events of these.
    pub(super) catchers: BTreeSet<NodeAt>,
    /// Events around instances that catch the errors with which these end.
    pub(super) from_cases: BTreeSet<NodeAt>,
    /// Error events that nothing catches: they end the case.
    pub(super) uncaught: Vec<NodeAt>,
    /// Escalations that nothing catches: nothing happens.
    pub(super) unheard: Vec<NodeAt>,
    /// Events that would catch the escalations of a called process, and a call that they stand around.
    pub(super) around_calls: Vec<(NodeAt, NodeAt)>,
}

impl Thrown {
    pub(super) fn new(model: &Model<'_, '_>, graph: &Graph) -> Self {
        let mut thrown = Self::default();
        let watchers = Watchers::new(graph);
        for (at, node) in graph.nodes.iter().enumerate() {
            if !matches!(node.kind, Some(Kind::End | Kind::Throw)) {
                continue;
            }
            let is_thrown = |t: &&Trigger| {
                matches!(t.kind, TriggerKind::Error | TriggerKind::Escalation | TriggerKind::Cancel)
            };
            let Some(trigger) = node.triggers.iter().find(is_thrown) else { continue };
            let caught = if trigger.kind == TriggerKind::Cancel {
                watchers.cancel(model, graph, node.scope)
            } else {
                watchers.find(graph, node.scope, trigger)
            };
            match caught {
                Some(catcher) => {
                    thrown.catcher_of.insert(at, catcher);
                    thrown.catchers.insert(catcher);
                }
                None if trigger.kind == TriggerKind::Error => {
                    match watchers.around_case(graph, node.scope, trigger) {
                        Some(catcher) => _ = thrown.from_cases.insert(catcher),
                        None => thrown.uncaught.push(at),
                    }
                }
                None if trigger.kind == TriggerKind::Escalation => thrown.unheard.push(at),
                None => {}
            }
        }
        let mut seen = BTreeSet::new();
        let is_task = |node: &Node| {
            let called = model.tree.value(node.index, "calledElement").and_then(|id| model.ids.find(id));
            called.is_some_and(|called| model.tree.name(called).starts_with("global"))
        };
        for (call, node) in graph.nodes.iter().enumerate() {
            if node.kind != Some(Kind::Call) || is_task(node) {
                continue;
            }
            let catchers = watchers.of_escalations(graph, call);
            let fresh =
                catchers.into_iter().filter(|&catcher| seen.insert((graph.nodes[catcher].index, node.index)));
            thrown.around_calls.extend(fresh.map(|catcher| (catcher, call)));
        }
        thrown
    }
}

/// What could catch something: by the activity that is watched, or by the scope.
struct Watchers {
    of_activity: BTreeMap<NodeAt, Vec<NodeAt>>,
    of_scope: BTreeMap<ScopeAt, Vec<NodeAt>>,
}

impl Watchers {
    fn new(graph: &Graph) -> Self {
        let mut watchers = Self { of_activity: BTreeMap::new(), of_scope: BTreeMap::new() };
        for (at, node) in graph.nodes.iter().enumerate() {
            let scope = &graph.scopes[node.scope];
            match (node.kind, node.attached, scope.kind, scope.parent) {
                (Some(Kind::Boundary), Some(activity), ..) => {
                    watchers.of_activity.entry(activity).or_default().push(at);
                }
                (Some(Kind::Start), _, ScopeKind::Event, Some(around)) => {
                    watchers.of_scope.entry(around).or_default().push(at);
                }
                _ => {}
            }
        }
        watchers
    }

    /// The innermost event that catches it: an event sub-process beside the scope's own flow, else a boundary event.
    fn find(&self, graph: &Graph, from: ScopeAt, thrown: &Trigger) -> Option<NodeAt> {
        let mut scope = from;
        let mut in_handler = false;
        loop {
            let here = &graph.scopes[scope];
            if here.kind == ScopeKind::Event {
                // What a handler throws is not for the handlers beside it.
                in_handler = true;
            } else {
                if !core::mem::take(&mut in_handler)
                    && let Some(catcher) = best(graph, self.of_scope.get(&scope), thrown)
                {
                    return Some(catcher);
                }
                let activity = here.owner?;
                if let Some(catcher) = best(graph, self.of_activity.get(&activity), thrown) {
                    return Some(catcher);
                }
            }
            scope = here.parent?;
        }
    }

    /// What catches it at the boundary of the activity whose instance the scope is in: an error that goes further is of copies.
    fn around_case(&self, graph: &Graph, from: ScopeAt, thrown: &Trigger) -> Option<NodeAt> {
        let mut scope = from;
        while let Some(parent) = graph.scopes[scope].parent {
            scope = parent;
        }
        let activity = graph.scopes[scope].case_of?;
        best(graph, self.of_activity.get(&activity), thrown)
    }

    /// All events for escalations around an activity.
    fn of_escalations(&self, graph: &Graph, activity: NodeAt) -> Vec<NodeAt> {
        let is_for = |at: &NodeAt| {
            graph.nodes[*at].triggers.iter().any(|trigger| trigger.kind == TriggerKind::Escalation)
        };
        let mut found = Vec::new();
        let mut around = Some(activity);
        while let Some(inner) = around {
            let mut scope = graph.nodes[inner].scope;
            found.extend(self.of_activity.get(&inner).into_iter().flatten().copied().filter(is_for));
            if graph.scopes[scope].kind == ScopeKind::Event {
                // What a handler throws is not for the handlers beside it.
                scope = graph.scopes[scope].parent.unwrap_or_default();
            } else {
                found.extend(self.of_scope.get(&scope).into_iter().flatten().copied().filter(is_for));
            }
            around = graph.scopes[scope].owner;
        }
        found
    }

    /// The cancel event on the boundary of the innermost bpmn:transaction.
    fn cancel(&self, model: &Model<'_, '_>, graph: &Graph, from: ScopeAt) -> Option<NodeAt> {
        let transaction = transaction(model, graph, from)?;
        let is_cancel = |node: &Node| node.triggers.iter().any(|t| t.kind == TriggerKind::Cancel);
        self.of_activity.get(&transaction)?.iter().copied().find(|&at| is_cancel(&graph.nodes[at]))
    }
}

/// The innermost bpmn:transaction around a scope.
pub(super) fn transaction(model: &Model<'_, '_>, graph: &Graph, from: ScopeAt) -> Option<NodeAt> {
    let mut scope = Some(from);
    while let Some(here) = scope {
        let here = &graph.scopes[here];
        let owner = here.owner?;
        if model.tree.name(graph.nodes[owner].index) == "transaction" {
            return Some(owner);
        }
        scope = here.parent;
    }
    None
}

/// Of these events, the one that asks for what is thrown; else one that asks for anything of the kind.
fn best(graph: &Graph, events: Option<&Vec<NodeAt>>, thrown: &Trigger) -> Option<NodeAt> {
    let of_kind = |at: NodeAt| graph.nodes[at].triggers.iter().find(|trigger| trigger.kind == thrown.kind);
    let having =
        |fits: &dyn Fn(&Trigger) -> bool| events?.iter().copied().find(|&at| of_kind(at).is_some_and(fits));
    having(&|trigger| trigger.about.is_some() && trigger.about == thrown.about)
        .or_else(|| having(&|trigger| trigger.about.is_none()))
}
