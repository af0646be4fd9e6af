//! The kinds of flow nodes, and what triggers events.

use wf_net::Timer;

use crate::model::Model;
use crate::timer::{self, Untimed};
use crate::tree::Index;

/// What sort of thing a flow node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// bpmn:startEvent.
    Start,
    /// bpmn:endEvent.
    End,
    /// bpmn:intermediateThrowEvent.
    Throw,
    /// bpmn:intermediateCatchEvent.
    Catch,
    /// bpmn:boundaryEvent.
    Boundary,
    /// bpmn:task and its kinds but bpmn:receiveTask: somebody or something outside does the work and says when it is done.
    Task,
    /// bpmn:receiveTask.
    Receive,
    /// bpmn:callActivity.
    Call,
    /// bpmn:subProcess, bpmn:transaction.
    SubProcess,
    /// bpmn:adHocSubProcess.
    AdHoc,
    /// bpmn:exclusiveGateway.
    Exclusive,
    /// bpmn:parallelGateway.
    Parallel,
    /// bpmn:inclusiveGateway.
    Inclusive,
    /// bpmn:complexGateway.
    Complex,
    /// bpmn:eventBasedGateway.
    EventBased,
}

impl Kind {
    /// The kind of the flow nodes of this name.
    pub(crate) fn of(name: &str) -> Option<Self> {
        Some(match name {
            "startEvent" => Self::Start,
            "endEvent" => Self::End,
            "intermediateThrowEvent" => Self::Throw,
            "intermediateCatchEvent" => Self::Catch,
            "boundaryEvent" => Self::Boundary,
            "task" | "userTask" | "serviceTask" | "scriptTask" | "manualTask" | "businessRuleTask"
            | "sendTask" => Self::Task,
            "receiveTask" => Self::Receive,
            "callActivity" => Self::Call,
            "subProcess" | "transaction" => Self::SubProcess,
            "adHocSubProcess" => Self::AdHoc,
            "exclusiveGateway" => Self::Exclusive,
            "parallelGateway" => Self::Parallel,
            "inclusiveGateway" => Self::Inclusive,
            "complexGateway" => Self::Complex,
            "eventBasedGateway" => Self::EventBased,
            _ => return None,
        })
    }

    pub(crate) const fn is_activity(self) -> bool {
        matches!(self, Self::Task | Self::Receive | Self::Call | Self::SubProcess | Self::AdHoc)
    }

    /// Whether flow nodes stand inside it.
    pub(crate) const fn has_inside(self) -> bool {
        matches!(self, Self::SubProcess | Self::AdHoc)
    }

    pub(crate) const fn is_gateway(self) -> bool {
        matches!(self, Self::Exclusive | Self::Parallel | Self::Inclusive | Self::Complex | Self::EventBased)
    }

    /// Whether flows out of it can have conditions, of which several may hold at once.
    pub(crate) const fn may_have_conditions(self) -> bool {
        !matches!(self, Self::End | Self::Parallel | Self::EventBased)
    }
}

/// What makes an event happen, or what it makes happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TriggerKind {
    Message,
    /// A date or a duration.
    Timer,
    /// A timer that comes again and again.
    Cycle,
    Signal,
    Conditional,
    Error,
    Escalation,
    Link,
    Terminate,
    Cancel,
    Compensate,
}

impl TriggerKind {
    fn of(name: &str) -> Option<Self> {
        Some(match name {
            "messageEventDefinition" => Self::Message,
            "timerEventDefinition" => Self::Timer,
            "signalEventDefinition" => Self::Signal,
            "conditionalEventDefinition" => Self::Conditional,
            "errorEventDefinition" => Self::Error,
            "escalationEventDefinition" => Self::Escalation,
            "linkEventDefinition" => Self::Link,
            "terminateEventDefinition" => Self::Terminate,
            "cancelEventDefinition" => Self::Cancel,
            "compensateEventDefinition" => Self::Compensate,
            _ => return None,
        })
    }
}

/// One event definition of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Trigger {
    pub(crate) kind: TriggerKind,
    /// The code of an error or escalation, the name of a link, the activity to compensate.
    pub(crate) about: Option<String>,
    /// When a timer happens, of a cycle for the first time; or why the clock cannot say.
    pub(crate) when: Option<Result<Timer, Untimed>>,
}

impl Trigger {
    /// Ends all that stands beside it.
    pub(crate) const fn terminate() -> Self {
        Self { kind: TriggerKind::Terminate, about: None, when: None }
    }

    /// Reads an event definition of a flow node, or a reference to one of the document's; `None` if there is no such.
    pub(crate) fn read(model: &mut Model<'_, '_>, node: Index, definition: Index) -> Option<Self> {
        let tree = model.tree;
        let definition = match tree.name(definition) {
            "eventDefinitionRef" => model.ids.find(tree.text(definition).trim())?,
            _ => definition,
        };
        let mut kind = TriggerKind::of(tree.name(definition))?;
        // The code of what is referred to; the reference itself where that has none or is not there.
        let code = |reference: &str, code: &str| {
            let id = tree.value(definition, reference)?;
            let found = model.ids.find(id).and_then(|found| tree.value(found, code));
            Some(found.unwrap_or(id).to_owned())
        };
        let about = match kind {
            TriggerKind::Error => code("errorRef", "errorCode"),
            TriggerKind::Escalation => code("escalationRef", "escalationCode"),
            TriggerKind::Link => tree.value(definition, "name").map(str::to_owned),
            TriggerKind::Compensate => tree.value(definition, "activityRef").map(str::to_owned),
            _ => None,
        };
        let mut when = None;
        if kind == TriggerKind::Timer {
            let read = timer::read(model, node, definition);
            if read.is_cycle {
                kind = TriggerKind::Cycle;
            }
            when = Some(read.when);
        }
        Some(Self { kind, about, when })
    }
}
