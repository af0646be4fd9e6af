//! Messages and signals: what flow nodes send and wait for, by names that both sides know.

use std::collections::HashMap;

use wf_net::ANY_ERROR;

use crate::ids::Ids;
use crate::tree::{Index, Tree, Vocabulary};

/// What stands before the name of a signal, so that no message is taken for it.
const SIGNAL: &str = "signal:";

/// What stands before the name of a message that begins as the name of something else does.
const MESSAGE: &str = "message:";

/// The message flows of a document, by what they join.
#[derive(Debug, Default)]
pub(crate) struct Messages {
    sent: HashMap<Index, Vec<String>>,
    awaited: HashMap<Index, String>,
}

impl Messages {
    /// A message flow is called as the message at its target, else as that at its source, its own message, itself.
    pub(crate) fn read(tree: &Tree<'_>, ids: &Ids<'_>) -> Self {
        let mut messages = Self::default();
        for flow in tree.all().filter(|&index| bpmn(tree, index) == "messageFlow") {
            let end = |name: &str| tree.value(flow, name).and_then(|id| ids.find(id));
            let (source, target) = (end("sourceRef"), end("targetRef"));
            // A signal goes to everybody, and by no flow.
            let message = |name: &String| !name.starts_with(SIGNAL);
            let of = |end: Option<Index>| end.and_then(|end| named(tree, ids, end).into_iter().find(message));
            let own = || tree.value(flow, "messageRef").map(|id| worded("", name_of(tree, ids, id)));
            let itself = || tree.value(flow, "name").or_else(|| tree.value(flow, "id"));
            let itself = || itself().map(|name| worded("", name));
            // What comes by another flow to the same place is the same to whoever waits there.
            let known = || target.and_then(|target| messages.awaited.get(&target).cloned());
            let name = of(target).or_else(known).or_else(|| of(source)).or_else(own).or_else(itself);
            let Some(name) = name else { continue };
            if let Some(source) = source {
                let sent = messages.sent.entry(source).or_default();
                if !sent.contains(&name) {
                    sent.push(name.clone());
                }
            }
            if let Some(target) = target {
                messages.awaited.entry(target).or_insert(name);
            }
        }
        messages
    }

    /// What a throwing event or an activity sends each time that it is done. An activity without a message flow and without a
    /// message sends nothing: how its work is done is not the model's business.
    pub(crate) fn sent(&self, tree: &Tree<'_>, ids: &Ids<'_>, index: Index) -> Vec<String> {
        let own = named(tree, ids, index);
        if let Some(sent) = self.sent.get(&index) {
            let signals = own.into_iter().filter(|name| name.starts_with(SIGNAL));
            return sent.iter().cloned().chain(signals).collect();
        }
        let prefix = definitions(tree, ids, index).find_map(|definition| prefix_of(tree, definition));
        match prefix {
            Some(prefix) if own.is_empty() => itself(tree, prefix, index).into_iter().collect(),
            _ => own,
        }
    }

    /// What a catching event or a receive task waits for: of several, the first.
    pub(crate) fn awaited(&self, tree: &Tree<'_>, ids: &Ids<'_>, index: Index) -> Option<String> {
        let own = named(tree, ids, index).into_iter().next();
        let waits = || {
            let receives = (bpmn(tree, index) == "receiveTask").then_some("");
            let prefix = definitions(tree, ids, index).find_map(|definition| prefix_of(tree, definition));
            itself(tree, prefix.or(receives)?, index)
        };
        own.or_else(|| self.awaited.get(&index).cloned()).or_else(waits)
    }

    /// What one of several event definitions of a catching event waits for, by its number.
    pub(crate) fn awaited_by_definition(
        &self,
        tree: &Tree<'_>,
        ids: &Ids<'_>,
        index: Index,
        number: usize,
    ) -> Option<String> {
        let definition = definitions(tree, ids, index).nth(number)?;
        let by_flow =
            || self.awaited.get(&index).filter(|_| prefix_of(tree, definition) == Some("")).cloned();
        name_in(tree, ids, definition).or_else(by_flow)
    }
}

/// The event definitions of a flow node, in their order, those that it refers to included.
fn definitions<'t>(tree: &'t Tree<'_>, ids: &'t Ids<'_>, index: Index) -> impl Iterator<Item = Index> + 't {
    tree.children(index).filter_map(|child| match bpmn(tree, child) {
        "eventDefinitionRef" => ids.find(tree.text(child).trim()),
        name => name.ends_with("EventDefinition").then_some(child),
    })
}

/// What stands before the name of what an event definition is about; `None` if that is no message or signal.
fn prefix_of(tree: &Tree<'_>, definition: Index) -> Option<&'static str> {
    match bpmn(tree, definition) {
        "messageEventDefinition" => Some(""),
        "signalEventDefinition" => Some(SIGNAL),
        _ => None,
    }
}

/// The name of the message or signal that an event definition refers to.
fn name_in(tree: &Tree<'_>, ids: &Ids<'_>, definition: Index) -> Option<String> {
    let prefix = prefix_of(tree, definition)?;
    let reference = if prefix == SIGNAL { "signalRef" } else { "messageRef" };
    tree.value(definition, reference).map(|id| worded(prefix, name_of(tree, ids, id)))
}

/// The name of a bpmn:message or bpmn:signal by its id; the id where it has none or is not there.
fn name_of<'n>(tree: &'n Tree<'_>, ids: &Ids<'_>, id: &'n str) -> &'n str {
    ids.find(id).and_then(|found| tree.value(found, "name")).unwrap_or(id)
}

/// The name by which a message or signal is known.
fn worded(prefix: &str, name: &str) -> String {
    let is_taken =
        prefix.is_empty() && [SIGNAL, MESSAGE, ANY_ERROR].iter().any(|&taken| name.starts_with(taken));
    format!("{}{name}", if is_taken { MESSAGE } else { prefix })
}

/// Messages and signals that a flow node itself names.
fn named(tree: &Tree<'_>, ids: &Ids<'_>, index: Index) -> Vec<String> {
    let is_task = matches!(bpmn(tree, index), "sendTask" | "receiveTask");
    let of_task =
        tree.value(index, "messageRef").filter(|_| is_task).map(|id| worded("", name_of(tree, ids, id)));
    let of_events = definitions(tree, ids, index).filter_map(|definition| name_in(tree, ids, definition));
    of_task.into_iter().chain(of_events).collect()
}

/// A flow node's own name, for a message or signal that it does not name.
fn itself(tree: &Tree<'_>, prefix: &str, index: Index) -> Option<String> {
    let name = tree.value(index, "name").or_else(|| tree.value(index, "id"))?;
    Some(worded(prefix, name))
}

/// The name of an element of BPMN; of another vocabulary none.
fn bpmn<'x>(tree: &Tree<'x>, index: Index) -> &'x str {
    if tree.vocabulary(index) == Vocabulary::Bpmn { tree.name(index) } else { "" }
}
