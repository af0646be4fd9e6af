//! What each element of BPMN 2.0 is for, by where it stands.

use crate::Unsupported;
use crate::kind::Kind;
use crate::tree::{Index, Tree, Vocabulary};

/// Where an element stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Parent {
    Definitions,
    Collaboration,
    Process,
    FlowNode,
    /// A flow node with others inside.
    SubProcess,
    SequenceFlow,
}

/// What an element is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Process,
    Collaboration,
    FlowNode(Kind),
    SequenceFlow,
    Condition,
    /// What triggers an event, or what an event triggers.
    EventDefinition,
    /// That an activity is performed in a loop.
    StandardLoop,
    /// That an activity is performed in several instances.
    MultiInstance,
    /// When a complex gateway fires.
    Activation,
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
        Parent::Process => in_process(name),
        Parent::FlowNode => in_flow_node(name),
        Parent::SubProcess => in_process(name).or_else(|| in_flow_node(name)),
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
    Kind::of(name).is_some() || is_choreography(name)
}

impl Parent {
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Definitions => "definitions element",
            Self::Collaboration => "collaboration",
            Self::Process => "process",
            Self::FlowNode => "flow node",
            Self::SubProcess => "sub-process",
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
        // Messages are passed on by whoever runs the cases: a flow of them says to people where from and where to.
        "messageFlow"
        | "participant"
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

fn in_process(name: &str) -> Option<Role> {
    if let Some(kind) = Kind::of(name) {
        return Some(Role::FlowNode(kind));
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
        name if is_choreography(name) => Role::Refused(Unsupported::Choreography),
        _ => return None,
    })
}

fn is_choreography(name: &str) -> bool {
    matches!(name, "choreographyTask" | "subChoreography" | "callChoreography")
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
        | "script"
        // bpmn:adHocSubProcess: the start of it decides what is performed, which a warning says.
        | "completionCondition" => Role::Information,
        "multiInstanceLoopCharacteristics" => Role::MultiInstance,
        "standardLoopCharacteristics" => Role::StandardLoop,
        "activationCondition" => Role::Activation,
        name if is_event_definition(name) => Role::EventDefinition,
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
