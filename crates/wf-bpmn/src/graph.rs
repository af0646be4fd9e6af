//! The flow nodes and sequence flows of one process, with those inside of its sub-processes.

mod cases;
mod circle;
mod connect;
mod decide;
mod turns;
mod unroll;
mod warn;

use std::collections::HashMap;

use wf_net::guard::Expr;

use crate::kind::{Kind, Trigger};
use crate::model::Model;
use crate::repeat::Repeat;
use crate::tree::Index;
use crate::vocabulary::{Parent, Role, is_flow_node};
use crate::{ModelFault, Unsupported};

/// Index of a flow node in its graph.
pub(crate) type NodeAt = usize;
/// Index of a sequence flow in its graph.
pub(crate) type FlowAt = usize;
/// Index of a scope in its graph; 0 is the process.
pub(crate) type ScopeAt = usize;

/// What a scope is: a process or the inside of something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ScopeKind {
    Process,
    Embedded,
    AdHoc {
        is_sequential: bool,
    },
    /// bpmn:subProcess with triggeredByEvent: no flow leads to it.
    Event,
    /// The instances of an activity, beside each other; of a number that is not constant, each may be left out.
    Instances {
        is_chosen: bool,
    },
}

/// A process, or the inside of a sub-process.
#[derive(Clone, Debug)]
pub(crate) struct Scope {
    pub(crate) kind: ScopeKind,
    /// The flow node whose inside it is.
    pub(crate) owner: Option<NodeAt>,
    /// The activity of which it is each instance, apart from all that is around.
    pub(crate) case_of: Option<NodeAt>,
    /// The scope around it.
    pub(crate) parent: Option<ScopeAt>,
    pub(crate) nodes: Vec<NodeAt>,
    /// Of instances beside each other, when those that are done are enough.
    pub(crate) enough: Option<Expr>,
}

/// A flow node.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) index: Index,
    /// Tells copies apart; empty for the first.
    pub(crate) copy: String,
    /// Whether the model has it: else it stands for a part of what the element is.
    pub(crate) is_drawn: bool,
    /// `None` for a kind that is refused.
    pub(crate) kind: Option<Kind>,
    pub(crate) scope: ScopeAt,
    pub(crate) triggers: Vec<Trigger>,
    pub(crate) repeat: Repeat,
    /// The scope inside.
    pub(crate) inside: Option<ScopeAt>,
    /// The condition under which an instance is performed, where the data of the case says how many there are.
    pub(crate) performed_if: Option<Expr>,
    /// Whether each of its instances is a case within the case, so that their number has no bound that matters.
    pub(crate) has_cases: bool,
    /// The activity that a boundary event watches.
    pub(crate) attached: Option<NodeAt>,
    /// Text of bpmn:complexGateway's activationCondition.
    pub(crate) activation: Option<Index>,
    pub(crate) incoming: Vec<FlowAt>,
    pub(crate) outgoing: Vec<FlowAt>,
}

impl Node {
    /// A flow node that the model draws; nothing of what stands in it or leads to it is read yet.
    pub(crate) fn new(index: Index, kind: Option<Kind>, scope: ScopeAt) -> Self {
        Self {
            index,
            copy: String::new(),
            is_drawn: true,
            kind,
            scope,
            triggers: Vec::new(),
            repeat: Repeat::Once,
            inside: None,
            performed_if: None,
            has_cases: false,
            attached: None,
            activation: None,
            incoming: Vec::new(),
            outgoing: Vec::new(),
        }
    }
}

/// A sequence flow.
#[derive(Clone, Debug)]
pub(crate) struct Flow {
    pub(crate) index: Index,
    pub(crate) condition: Option<String>,
    /// The element that holds the condition.
    pub(crate) expression: Option<Index>,
    /// The condition as the data of a case decides it, where that decides the whole choice.
    pub(crate) guard: Option<Expr>,
    /// `None` where the reference is at fault.
    pub(crate) from: Option<NodeAt>,
    pub(crate) to: Option<NodeAt>,
    pub(crate) is_default: bool,
}

/// The flow nodes and sequence flows of one process.
#[derive(Debug)]
pub(crate) struct Graph {
    pub(crate) process: Index,
    pub(crate) scopes: Vec<Scope>,
    pub(crate) nodes: Vec<Node>,
    pub(crate) flows: Vec<Flow>,
    node_of: HashMap<Index, NodeAt>,
}

impl Graph {
    /// Reads a process; what is wrong with it is noted in the model.
    pub(crate) fn read(model: &mut Model<'_, '_>, process: Index) -> Self {
        let scope = Scope {
            kind: ScopeKind::Process,
            owner: None,
            parent: None,
            nodes: Vec::new(),
            enough: None,
            case_of: None,
        };
        let mut graph = Self {
            process,
            scopes: vec![scope],
            nodes: Vec::new(),
            flows: Vec::new(),
            node_of: HashMap::new(),
        };
        graph.collect(model);
        graph
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.nodes.is_empty() && self.flows.is_empty()
    }

    /// Whether a scope is another one or lies in it.
    pub(crate) fn is_within(&self, scope: ScopeAt, outer: ScopeAt) -> bool {
        let mut at = Some(scope);
        while let Some(scope) = at {
            if scope == outer {
                return true;
            }
            at = self.scopes[scope].parent;
        }
        false
    }

    /// Reads what stands inside the process, in the order of the text, with a stack of the scopes that are open.
    fn collect(&mut self, model: &mut Model<'_, '_>) {
        let mut open = vec![(0, model.children(self.process, Parent::Process).into_iter())];
        while let Some((scope, children)) = open.last_mut() {
            let scope = *scope;
            let Some((index, role)) = children.next() else {
                open.pop();
                continue;
            };
            let owner = self.scopes[scope].owner;
            match role {
                Role::FlowNode(kind) => {
                    let node = self.add_node(model, scope, index, Some(kind));
                    if kind.has_inside() {
                        let inside = self.add_scope(model, node);
                        open.push((inside, model.children(index, Parent::SubProcess).into_iter()));
                    } else {
                        for (child, role) in model.children(index, Parent::FlowNode) {
                            self.read_trait(model, node, child, &role);
                        }
                    }
                }
                Role::Refused(_) if is_flow_node(model.tree.name(index)) => {
                    self.add_node(model, scope, index, None);
                }
                Role::SequenceFlow => self.add_flow(model, index),
                role => {
                    if let Some(owner) = owner {
                        self.read_trait(model, owner, index, &role);
                    }
                }
            }
        }
    }

    fn add_scope(&mut self, model: &Model<'_, '_>, node: NodeAt) -> ScopeAt {
        let index = self.nodes[node].index;
        let is_true = |name: &str| matches!(model.tree.value(index, name), Some("true" | "1"));
        let kind = match self.nodes[node].kind {
            Some(Kind::AdHoc) => {
                ScopeKind::AdHoc { is_sequential: model.tree.value(index, "ordering") == Some("Sequential") }
            }
            _ if is_true("triggeredByEvent") => ScopeKind::Event,
            _ => ScopeKind::Embedded,
        };
        let parent = Some(self.nodes[node].scope);
        self.scopes.push(Scope {
            kind,
            owner: Some(node),
            parent,
            nodes: Vec::new(),
            enough: None,
            case_of: None,
        });
        let inside = self.scopes.len() - 1;
        self.nodes[node].inside = Some(inside);
        inside
    }

    fn add_node(
        &mut self,
        model: &mut Model<'_, '_>,
        scope: ScopeAt,
        index: Index,
        kind: Option<Kind>,
    ) -> NodeAt {
        if kind.is_some() && model.tree.value(index, "id").is_none() {
            model.refuse(index, ModelFault::MissingId);
        }
        let at = self.nodes.len();
        self.node_of.insert(index, at);
        self.scopes[scope].nodes.push(at);
        self.nodes.push(Node::new(index, kind, scope));
        at
    }

    fn add_flow(&mut self, model: &mut Model<'_, '_>, index: Index) {
        let (mut condition, mut expression) = (None, None);
        for (child, role) in model.children(index, Parent::SequenceFlow) {
            if role == Role::Condition {
                let text = model.tree.text(child).trim().to_owned();
                expression = Some(child);
                if condition.replace(text).is_some() {
                    refuse_second(model, child, "sequence flow");
                }
            }
        }
        self.flows.push(Flow {
            index,
            condition,
            expression,
            guard: None,
            from: None,
            to: None,
            is_default: false,
        });
    }

    /// Reads a child that makes an event or an activity special.
    fn read_trait(&mut self, model: &mut Model<'_, '_>, node: NodeAt, child: Index, role: &Role) {
        let index = self.nodes[node].index;
        let kind = self.nodes[node].kind;
        match role {
            Role::EventDefinition => match Trigger::read(model, index, child) {
                Some(trigger) => self.nodes[node].triggers.push(trigger),
                None => model.refuse(index, Unsupported::Event("an event definition that is not known")),
            },
            Role::StandardLoop | Role::MultiInstance if kind.is_some_and(Kind::is_activity) => {
                let is_loop = *role == Role::StandardLoop;
                let read = if is_loop { Repeat::of_loop } else { Repeat::of_instances };
                if self.nodes[node].repeat != Repeat::Once {
                    refuse_second(model, child, "flow node");
                }
                for name in ["loopCondition", "loopCardinality", "completionCondition"] {
                    let mut same = model.tree.children(child).filter(|&inner| model.tree.name(inner) == name);
                    if let Some(second) = same.nth(1) {
                        refuse_second(model, second, model.tree.name(child));
                    }
                }
                self.nodes[node].repeat = read(model, child);
            }
            Role::Activation if kind == Some(Kind::Complex) => self.nodes[node].activation = Some(child),
            Role::StandardLoop | Role::MultiInstance | Role::Activation => {
                let inside = Unsupported::UnknownElement(Parent::FlowNode.word().to_owned());
                model.refuse(child, inside);
            }
            _ => {}
        }
    }
}

/// Notes that an element has two of what it can have one of.
fn refuse_second(model: &mut Model<'_, '_>, index: Index, parent: &str) {
    model.refuse(index, Unsupported::UnknownElement(format!("{parent} that has one already")));
}
