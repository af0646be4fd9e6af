//! Messages and signals: what flow nodes send and wait for, by names that both sides know.

use std::collections::HashMap;

use crate::ids::Ids;
use crate::tree::{Index, Tree, Vocabulary};

/// What stands before the name of a signal, so that no message is taken for it.
const SIGNAL: &str = "signal:";

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
            let of = |end: Option<Index>| end.and_then(|end| named(tree, ids, end).into_iter().next());
            let own = || tree.value(flow, "messageRef").map(|id| name_of(tree, ids, id));
            let itself = || tree.value(flow, "name").or_else(|| tree.value(flow, "id")).map(str::to_owned);
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
            // A message flow says which message it is; a signal goes to everybody.
            let signals = own.into_iter().filter(|name| name.starts_with(SIGNAL));
            return sent.iter().cloned().chain(signals).collect();
        }
        if own.is_empty() && is_event(tree, index) { itself(tree, index).into_iter().collect() } else { own }
    }

    /// What a catching event or a receive task waits for.
    pub(crate) fn awaited(&self, tree: &Tree<'_>, ids: &Ids<'_>, index: Index) -> Option<String> {
        let own = named(tree, ids, index).into_iter().next();
        let waits = is_event(tree, index) || tree.name(index) == "receiveTask";
        own.or_else(|| self.awaited.get(&index).cloned())
            .or_else(|| if waits { itself(tree, index) } else { None })
    }
}

impl Messages {
    /// What one of several event definitions of a catching event waits for, by its number.
    pub(crate) fn awaited_by_definition(
        &self,
        tree: &Tree<'_>,
        ids: &Ids<'_>,
        index: Index,
        number: usize,
    ) -> Option<String> {
        let is_definition = |child: &Index| {
            bpmn(tree, *child).ends_with("EventDefinition") || bpmn(tree, *child) == "eventDefinitionRef"
        };
        let definition = tree.children(index).filter(is_definition).nth(number)?;
        let (reference, prefix) = match bpmn(tree, definition) {
            "messageEventDefinition" => ("messageRef", ""),
            "signalEventDefinition" => ("signalRef", SIGNAL),
            _ => return None,
        };
        let own = tree.value(definition, reference).map(|id| prefix.to_owned() + &name_of(tree, ids, id));
        let by_flow = || if prefix.is_empty() { self.awaited.get(&index).cloned() } else { None };
        own.or_else(by_flow)
    }
}

/// The name of a bpmn:message or bpmn:signal by its id; the id where it has none or is not there.
fn name_of(tree: &Tree<'_>, ids: &Ids<'_>, id: &str) -> String {
    let name = ids.find(id).and_then(|found| tree.value(found, "name"));
    name.unwrap_or(id).to_owned()
}

/// Messages and signals that a flow node itself names.
fn named(tree: &Tree<'_>, ids: &Ids<'_>, index: Index) -> Vec<String> {
    let of = |index: Index, reference: &str, prefix: &str| {
        tree.value(index, reference).map(|id| prefix.to_owned() + &name_of(tree, ids, id))
    };
    let of_definition = |child: Index| match bpmn(tree, child) {
        "messageEventDefinition" => of(child, "messageRef", ""),
        "signalEventDefinition" => of(child, "signalRef", SIGNAL),
        _ => None,
    };
    let is_task = matches!(tree.name(index), "sendTask" | "receiveTask");
    let own = if is_task { of(index, "messageRef", "") } else { None };
    own.into_iter().chain(tree.children(index).filter_map(of_definition)).collect()
}

/// Whether the flow node is about a message or signal, named or not.
fn is_event(tree: &Tree<'_>, index: Index) -> bool {
    tree.children(index)
        .any(|child| matches!(bpmn(tree, child), "messageEventDefinition" | "signalEventDefinition"))
}

/// A flow node's own name, for a message or signal that it does not name.
fn itself(tree: &Tree<'_>, index: Index) -> Option<String> {
    let is_signal = tree.children(index).any(|child| bpmn(tree, child) == "signalEventDefinition");
    let name = tree.value(index, "name").or_else(|| tree.value(index, "id"))?;
    Some(if is_signal { SIGNAL } else { "" }.to_owned() + name)
}

/// The name of an element of BPMN; of another vocabulary none.
fn bpmn<'x>(tree: &Tree<'x>, index: Index) -> &'x str {
    if tree.vocabulary(index) == Vocabulary::Bpmn { tree.name(index) } else { "" }
}
