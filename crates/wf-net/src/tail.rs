//! The cold tail of an image: names and decisions, for people.

use crate::NodeId;
use crate::net::Net;
use crate::routing::Routing;

/// A node's id and the name that a person reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// Id, unique in the net.
    pub id: String,
    /// Name; the id where the model gives none.
    pub text: String,
}

/// One branch of a decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Branch {
    /// Name of the flow; may be empty.
    pub text: String,
    /// Text of the condition, if the flow has one.
    pub condition: Option<String>,
    /// Whether the branch is taken when no condition holds.
    pub is_default: bool,
    /// Id of the node that the flow leads to.
    pub to: String,
}

/// A gateway whose branch is chosen by an outcome.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// The gateway.
    pub gateway: Label,
    /// Its branches; branch `b` is digit value `b`.
    pub branches: Vec<Branch>,
}

/// An input of a synchronizing gateway: a place between two nodes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JoinInput {
    /// Id of the node that the flow comes from.
    pub from: String,
    /// Id of the gateway that waits.
    pub gateway: String,
}

/// Everything of a program that has a name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names {
    /// Name of the net: its key in a store.
    pub net: String,
    /// Tasks, by task number.
    pub tasks: Vec<Label>,
    /// Start nodes, by start number.
    pub starts: Vec<Label>,
    /// Places behind the running bits.
    pub join_inputs: Vec<JoinInput>,
    /// All gateways that are decided by an outcome.
    pub decisions: Vec<Decision>,
    /// For each route (tasks, then starts), the decisions behind it as indices: the digits of its outcome, least
    /// significant first, each in the base of its number of branches.
    pub route_decisions: Vec<Vec<usize>>,
}

impl Names {
    pub(crate) fn new(net: &Net, routing: &Routing) -> Self {
        let label = |&node: &NodeId| Label {
            id: net.node(node).id().to_owned(),
            text: net.node(node).label().to_owned(),
        };
        let mut gateways: Vec<NodeId> =
            routing.routes.iter().flat_map(|route| route.digits.iter().map(|digit| digit.gateway)).collect();
        gateways.sort_unstable();
        gateways.dedup();
        let branch = |&flow: &crate::FlowId| {
            let flow = net.flow(flow);
            Branch {
                text: flow.label().to_owned(),
                condition: flow.condition().map(str::to_owned),
                is_default: flow.is_default(),
                to: net.node(flow.to()).id().to_owned(),
            }
        };
        Self {
            net: net.name().to_owned(),
            tasks: routing.tasks.iter().map(label).collect(),
            starts: routing.starts.iter().map(label).collect(),
            join_inputs: routing
                .join_inputs
                .iter()
                .map(|&flow| JoinInput {
                    from: net.node(net.flow(flow).from()).id().to_owned(),
                    gateway: net.node(net.flow(flow).to()).id().to_owned(),
                })
                .collect(),
            decisions: gateways
                .iter()
                .map(|gateway| Decision {
                    gateway: label(gateway),
                    branches: net.node(*gateway).outgoing().iter().map(branch).collect(),
                })
                .collect(),
            route_decisions: routing
                .routes
                .iter()
                .map(|route| {
                    let index = |gateway| {
                        gateways.binary_search(gateway).unwrap_or_else(|_| unreachable!("collected above"))
                    };
                    route.digits.iter().map(|digit| index(&digit.gateway)).collect()
                })
                .collect(),
        }
    }

    pub(crate) fn write(&self) -> Vec<u8> {
        let mut out = Writer(Vec::new());
        out.text(&self.net);
        out.list(&self.tasks, Writer::label);
        out.list(&self.starts, Writer::label);
        out.list(&self.join_inputs, |out, input| {
            out.text(&input.from);
            out.text(&input.gateway);
        });
        out.list(&self.decisions, |out, decision| {
            out.label(&decision.gateway);
            out.list(&decision.branches, |out, branch| {
                out.text(&branch.text);
                out.number(u32::from(branch.is_default) | u32::from(branch.condition.is_some()) << 1);
                out.text(branch.condition.as_deref().unwrap_or_default());
                out.text(&branch.to);
            });
        });
        out.list(&self.route_decisions, |out, digits| {
            out.list(digits, |out, &digit| out.number(digit as u32))
        });
        out.0
    }

    /// Reads a tail; `None` if the bytes are not one.
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        let mut input = Reader(bytes);
        let names = Self {
            net: input.text()?,
            tasks: input.list(Reader::label)?,
            starts: input.list(Reader::label)?,
            join_inputs: input.list(|r| Some(JoinInput { from: r.text()?, gateway: r.text()? }))?,
            decisions: input.list(|r| {
                Some(Decision {
                    gateway: r.label()?,
                    branches: r.list(|r| {
                        let text = r.text()?;
                        let flags = r.number()?;
                        let condition = r.text()?;
                        Some(Branch {
                            text,
                            condition: (flags & 2 != 0).then_some(condition),
                            is_default: flags & 1 != 0,
                            to: r.text()?,
                        })
                    })?,
                })
            })?,
            route_decisions: input.list(|r| r.list(|r| r.number().map(|digit| digit as usize)))?,
        };
        let in_range = |digit: &usize| names.decisions.get(*digit).is_some_and(|d| !d.branches.is_empty());
        (input.0.is_empty() && names.route_decisions.iter().flatten().all(in_range)).then_some(names)
    }
}

struct Writer(Vec<u8>);

impl Writer {
    fn number(&mut self, number: u32) {
        self.0.extend_from_slice(&number.to_le_bytes());
    }

    fn text(&mut self, text: &str) {
        self.number(text.len() as u32);
        self.0.extend_from_slice(text.as_bytes());
    }

    fn label(&mut self, label: &Label) {
        self.text(&label.id);
        self.text(&label.text);
    }

    fn list<T>(&mut self, items: &[T], mut each: impl FnMut(&mut Self, &T)) {
        self.number(items.len() as u32);
        items.iter().for_each(|item| each(self, item));
    }
}

struct Reader<'b>(&'b [u8]);

impl Reader<'_> {
    fn number(&mut self) -> Option<u32> {
        let (number, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(u32::from_le_bytes(*number))
    }

    fn text(&mut self) -> Option<String> {
        let length = self.number()? as usize;
        let (text, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        core::str::from_utf8(text).ok().map(str::to_owned)
    }

    fn label(&mut self) -> Option<Label> {
        Some(Label { id: self.text()?, text: self.text()? })
    }

    fn list<T>(&mut self, mut each: impl FnMut(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        let length = self.number()? as usize;
        // An item takes at least four bytes, so a damaged length cannot make this reserve more than the input.
        if length > self.0.len() / 4 {
            return None;
        }
        (0..length).map(|_| each(self)).collect()
    }
}
