//! What each element of BPMN 2.0 is for, by where it stands.

use wf_net::NodeKind;

use crate::Unsupported;
use crate::tree::{Index, Tree, Vocabulary};

/// Where an element stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Parent {
    Definitions,
    Collaboration,
    Process,
    FlowNode,
    SequenceFlow,
}

/// What an element is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Process,
    Collaboration,
    FlowNode(NodeKind),
    SequenceFlow,
    Condition,
    /// Says something to people or tools and changes nothing about what runs.
    Information,
    Refused(Unsupported),
}

/// The role of an element inside a parent of the given sort.
pub(crate) fn role(tree: &Tree<'_>, parent: Parent, index: Index) -> Role {
    let name = tree.name(index);
    if tree.vocabulary(index) == Vocabulary::Foreign {
        return match parent {
            Parent::Definitions | Parent::Collaboration => Role::Information,
            inside => Role::Refused(Unsupported::ForeignElement(inside.word().to_owned())),
        };
    }
    if is_information(name) {
        return Role::Information;
    }
    let known = match parent {
        Parent::Definitions => in_definitions(name),
        Parent::Collaboration => in_collaboration(name),
        Parent::Process => in_process(tree, index, name),
        Parent::FlowNode => in_flow_node(name),
        Parent::SequenceFlow => (name == "conditionExpression").then_some(Role::Condition),
    };
    known.unwrap_or_else(|| Role::Refused(Unsupported::UnknownElement(parent.word().to_owned())))
}

/// Whether an element of this name is a process, a flow node or a sequence flow: what other elements refer to.
pub(crate) fn is_behaviour(name: &str) -> bool {
    name == "process" || name == "sequenceFlow" || is_flow_node(name)
}

/// Whether an element of this name is a flow node, of whatever kind.
pub(crate) fn is_flow_node(name: &str) -> bool {
    flow_node(name).is_some() || refused_flow_node(name, String::new).is_some()
}

impl Parent {
    const fn word(self) -> &'static str {
        match self {
            Self::Definitions => "definitions element",
            Self::Collaboration => "collaboration",
            Self::Process => "process",
            Self::FlowNode => "flow node",
            Self::SequenceFlow => "sequence flow",
        }
    }
}

/// Elements that are information wherever they may stand.
fn is_information(name: &str) -> bool {
    matches!(
        name,
        "documentation" | "extensionElements" | "auditing" | "monitoring" | "categoryValueRef"
        // Artifacts.
        | "textAnnotation" | "association" | "group"
        // Data, and who does the work.
        | "property" | "ioSpecification" | "ioBinding"
        | "resourceRole" | "performer" | "humanPerformer" | "potentialOwner"
    )
}

fn in_definitions(name: &str) -> Option<Role> {
    Some(match name {
        "process" => Role::Process,
        "collaboration" | "globalConversation" => Role::Collaboration,
        "choreography" | "globalChoreographyTask" => Role::Refused(Unsupported::Choreography),
        // Definitions say something only where something refers to them, and what could is refused there.
        "import"
        | "extension"
        | "relationship"
        | "itemDefinition"
        | "message"
        | "signal"
        | "error"
        | "escalation"
        | "interface"
        | "resource"
        | "dataStore"
        | "category"
        | "correlationProperty"
        | "endPoint"
        | "partnerEntity"
        | "partnerRole"
        | "globalTask"
        | "globalUserTask"
        | "globalManualTask"
        | "globalScriptTask"
        | "globalBusinessRuleTask" => Role::Information,
        name if is_event_definition(name) => Role::Information,
        _ => return None,
    })
}

fn in_collaboration(name: &str) -> Option<Role> {
    Some(match name {
        "messageFlow" => Role::Refused(Unsupported::MessageFlow),
        "participant"
        | "conversation"
        | "subConversation"
        | "callConversation"
        | "conversationLink"
        | "conversationAssociation"
        | "participantAssociation"
        | "messageFlowAssociation"
        | "correlationKey"
        | "choreographyRef" => Role::Information,
        _ => return None,
    })
}

fn in_process(tree: &Tree<'_>, index: Index, name: &str) -> Option<Role> {
    if let Some(kind) = flow_node(name) {
        return Some(Role::FlowNode(kind));
    }
    if let Some(what) = refused_flow_node(name, || event_definitions(tree, index)) {
        return Some(Role::Refused(what));
    }
    Some(match name {
        "sequenceFlow" => Role::SequenceFlow,
        "laneSet"
        | "dataObject"
        | "dataObjectReference"
        | "dataStoreReference"
        | "supportedInterfaceRef"
        | "supports"
        | "correlationSubscription" => Role::Information,
        _ => return None,
    })
}

/// The kinds of flow nodes that run: bpmn:startEvent (WCP-1), tasks (WCP-1, 5), bpmn:exclusiveGateway (WCP-4, 5, 8),
/// bpmn:parallelGateway (WCP-2, 3).
fn flow_node(name: &str) -> Option<NodeKind> {
    Some(match name {
        "startEvent" => NodeKind::Start,
        "endEvent" => NodeKind::End,
        "task" | "userTask" | "serviceTask" | "scriptTask" | "manualTask" | "businessRuleTask"
        | "sendTask" | "receiveTask" => NodeKind::Task,
        "exclusiveGateway" => NodeKind::Exclusive,
        "parallelGateway" => NodeKind::Parallel,
        _ => return None,
    })
}

/// The kinds of flow nodes that are refused.
fn refused_flow_node(name: &str, definitions: impl Fn() -> String) -> Option<Unsupported> {
    Some(match name {
        "boundaryEvent" => Unsupported::BoundaryEvent(definitions()),
        "intermediateCatchEvent" | "intermediateThrowEvent" | "implicitThrowEvent" | "event" => {
            Unsupported::IntermediateEvent(definitions())
        }
        "subProcess" | "adHocSubProcess" | "transaction" => Unsupported::SubProcess,
        "callActivity" => Unsupported::CallActivity,
        "inclusiveGateway" | "complexGateway" | "eventBasedGateway" => Unsupported::Gateway,
        "choreographyTask" | "subChoreography" | "callChoreography" => Unsupported::Choreography,
        _ => return None,
    })
}

fn in_flow_node(name: &str) -> Option<Role> {
    Some(match name {
        // `sourceRef` and `targetRef` of the flows rule: these lists are often absent or out of date.
        "incoming" | "outgoing" => Role::Information,
        "dataInputAssociation"
        | "dataOutputAssociation"
        | "dataInput"
        | "dataOutput"
        | "inputSet"
        | "outputSet"
        | "rendering"
        | "script" => Role::Information,
        "multiInstanceLoopCharacteristics" | "standardLoopCharacteristics" | "loopCharacteristics" => {
            Role::Refused(Unsupported::Loop(name.to_owned()))
        }
        name if is_event_definition(name) => Role::Refused(Unsupported::EventDefinition(name.to_owned())),
        _ => return None,
    })
}

fn is_event_definition(name: &str) -> bool {
    matches!(
        name,
        "eventDefinition"
            | "eventDefinitionRef"
            | "cancelEventDefinition"
            | "compensateEventDefinition"
            | "conditionalEventDefinition"
            | "errorEventDefinition"
            | "escalationEventDefinition"
            | "linkEventDefinition"
            | "messageEventDefinition"
            | "signalEventDefinition"
            | "terminateEventDefinition"
            | "timerEventDefinition"
    )
}

/// The kinds of the event definitions of an event, for a message.
fn event_definitions(tree: &Tree<'_>, event: Index) -> String {
    let names = tree.children(event).map(|child| tree.name(child)).filter(|name| is_event_definition(name));
    names.collect::<Vec<_>>().join(", ")
}
