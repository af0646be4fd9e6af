//! The cold tail of an image: names and decisions, for people.
//!
//! Numbers take seven bits a byte, the lowest first; the highest bit says that more follow. A text is a number and, if that is
//! even, as many bytes as half of it; an odd one says which of the texts so far it is: ids are named again and again.

mod messages;
mod routes;

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use crate::image::TaskCell;
use crate::net::{Net, Timer};
use crate::patterns::PATTERNS;
use crate::routing::{Digit, DigitKind, Rest, Routing};
use crate::{NodeId, rules};

pub(crate) use messages::messages;

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

/// What an outcome says to a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DecisionKind {
    /// One branch: its index (WCP-4).
    Branch,
    /// A mask of branches (WCP-6); an empty one takes the default branch, if there is one.
    Branches,
    /// 0: the data of the case decides; else one branch: its index and one (WCP-4).
    Guarded,
    /// 0: the data of the case decides; else a mask of branches (WCP-6).
    GuardedBranches,
    /// How many threads or instances, up to this many (WCP-12, 14, 42).
    Count(u16),
    /// 0: the data of the case decides; else how many instances, up to this many, and one (WCP-14).
    GuardedCount(u16),
    /// Whether a multi-instance task has had enough: 0 or 1 (WCP-36).
    Enough,
    /// 0: the data of the case decides whether a multi-instance task has had enough; else 1: not yet, or 2: it has (WCP-36).
    GuardedEnough,
}

/// A node that is told by an outcome what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// The node.
    pub gateway: Label,
    /// What is decided.
    pub kind: DecisionKind,
    /// Its branches, where one or several are chosen.
    pub branches: Vec<Branch>,
}

impl Decision {
    /// Digits of this decision are below this.
    #[must_use]
    pub fn base(&self) -> u64 {
        match self.kind {
            DecisionKind::Branch => self.branches.len() as u64,
            DecisionKind::Guarded => self.branches.len() as u64 + 1,
            DecisionKind::Branches | DecisionKind::GuardedBranches => 1 << self.branches.len(),
            DecisionKind::Count(most) => u64::from(most) + 1,
            DecisionKind::GuardedCount(most) => u64::from(most) + 2,
            DecisionKind::Enough => 2,
            DecisionKind::GuardedEnough => 3,
        }
    }

    /// Whether a digit is a legal decision.
    #[must_use]
    pub fn allows(&self, digit: u64) -> bool {
        let needs_one = self.kind == DecisionKind::Branches && !self.branches.iter().any(|b| b.is_default);
        digit < self.base() && !(needs_one && digit == 0)
    }

    /// Whether the data of the case decides unless the outcome does.
    #[must_use]
    pub const fn is_guarded(&self) -> bool {
        matches!(
            self.kind,
            DecisionKind::Guarded
                | DecisionKind::GuardedBranches
                | DecisionKind::GuardedCount(_)
                | DecisionKind::GuardedEnough
        )
    }
}

/// A place that is not a task's: an input of a gateway that waits, or state of a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JoinInput {
    /// Id of the node that the flow comes from; of a state, what it says.
    pub from: String,
    /// Id of the node that waits, or whose state it is.
    pub gateway: String,
}

/// A trigger or interrupt that time brings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimerLabel {
    /// Number of the task, or of the interrupt behind tasks and starts.
    pub route: u16,
    /// When.
    pub timer: Timer,
    /// Whether the engine watches the clock: not for a task that may hold several tokens, nor where the case line has no
    /// room left.
    pub is_watched: bool,
}

/// A receiving task, start or interrupt, and the message that it is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Catch {
    /// Number of the task; of a start or an interrupt, its number behind those of the tasks, and of the starts.
    pub route: u16,
    /// Number of the message.
    pub message: u16,
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
    /// How many of them, the last ones, are those of instances that are cases: no other case starts there.
    pub bodies: usize,
    /// Interrupts, by number.
    pub interrupts: Vec<Label>,
    /// Synchronizing merges, by number.
    pub merges: Vec<Label>,
    /// Names of the nets that calls run, and instances that are cases, by [`TaskCell::call`](crate::image::TaskCell::call).
    pub calls: Vec<String>,
    /// Places behind the running bits.
    pub join_inputs: Vec<JoinInput>,
    /// All nodes that are told something by an outcome.
    pub decisions: Vec<Decision>,
    /// For each route (tasks, starts, interrupts), the decisions behind it as indices: the digits of its outcome, least
    /// significant first, each in the base of its number of branches.
    pub route_decisions: Vec<Vec<usize>>,
    /// Variables that conditions ask for, by number.
    pub variables: Vec<String>,
    /// Triggers and interrupts that time brings, by number.
    pub timers: Vec<TimerLabel>,
    /// Messages that are sent or waited for, by number; sorted.
    pub messages: Vec<String>,
    /// What waits for messages, by route.
    pub catches: Vec<Catch>,
    /// Sets of control-flow patterns, by [`OpMeta::patterns`](crate::image::OpMeta::patterns): bit *n* - 1 is WCP-*n*.
    pub patterns: Vec<u64>,
}

impl Names {
    pub(crate) fn new(net: &Net, routing: &Routing, cells: &[TaskCell]) -> Self {
        let label = |&node: &NodeId| Label {
            id: net.node(node).id().to_owned(),
            text: net.node(node).label().to_owned(),
        };
        let key = |digit: &Digit| (digit.node, digit.kind.is_enough());
        let mut digits: Vec<Digit> = routing.played().iter().flat_map(|route| route.digits.clone()).collect();
        digits.sort_by_key(key);
        digits.dedup_by_key(|digit| key(digit));
        let branch = |&flow: &crate::FlowId| {
            let flow = net.flow(flow);
            Branch {
                text: flow.label().to_owned(),
                condition: flow.condition().map(str::to_owned),
                is_default: flow.is_default(),
                to: net.node(flow.to()).id().to_owned(),
            }
        };
        let decision = |digit: &Digit| {
            let (kind, has_branches) = match digit.kind {
                DigitKind::Branch => (DecisionKind::Branch, true),
                DigitKind::Branches { .. } => (DecisionKind::Branches, true),
                DigitKind::Guarded => (DecisionKind::Guarded, true),
                DigitKind::GuardedBranches => (DecisionKind::GuardedBranches, true),
                DigitKind::Threads | DigitKind::Instances => {
                    (DecisionKind::Count((digit.base - 1) as u16), false)
                }
                DigitKind::GuardedInstances => (DecisionKind::GuardedCount((digit.base - 2) as u16), false),
                DigitKind::Enough => (DecisionKind::Enough, false),
                DigitKind::GuardedEnough | DigitKind::GuardedEnoughHere => {
                    (DecisionKind::GuardedEnough, false)
                }
            };
            let outgoing = if has_branches { net.node(digit.node).outgoing() } else { &[] };
            Decision { gateway: label(&digit.node), kind, branches: outgoing.iter().map(branch).collect() }
        };
        let rest = |rest: &Rest| match *rest {
            Rest::Input(flow) => JoinInput {
                from: net.node(net.flow(flow).from()).id().to_owned(),
                gateway: net.node(net.flow(flow).to()).id().to_owned(),
            },
            Rest::Own(node, state) => {
                JoinInput { from: state.name().to_owned(), gateway: net.node(node).id().to_owned() }
            }
        };
        let index = |digit: &Digit| {
            digits.binary_search_by_key(&key(digit), key).unwrap_or_else(|_| unreachable!("collected above"))
        };
        Self {
            net: net.name().to_owned(),
            tasks: routing.tasks.iter().map(label).collect(),
            starts: routing.starts.iter().map(label).collect(),
            bodies: routing.starts.iter().filter(|&&start| net.is_body(start)).count(),
            interrupts: routing.interrupts.iter().map(label).collect(),
            merges: routing.merges.iter().map(label).collect(),
            calls: routes::called(net, routing),
            join_inputs: routing.rests.iter().map(rest).collect(),
            decisions: digits.iter().map(decision).collect(),
            route_decisions: routing
                .played()
                .iter()
                .map(|route| route.digits.iter().map(index).collect())
                .collect(),
            variables: routing.guards.variables.clone(),
            timers: routes::timers(net, routing, cells),
            messages: net.message_names().into_iter().map(str::to_owned).collect(),
            catches: routes::catches(net, routing),
            patterns: Vec::new(),
        }
    }

    pub(crate) fn write(&self) -> Vec<u8> {
        let mut out = Writer::default();
        out.text(&self.net);
        out.list(&self.tasks, Writer::label);
        out.list(&self.starts, Writer::label);
        out.list(&self.interrupts, Writer::label);
        out.list(&self.merges, Writer::label);
        out.list(&self.calls, |out, name| out.text(name));
        out.list(&self.join_inputs, |out, input| {
            out.text(&input.from);
            out.text(&input.gateway);
        });
        out.list(&self.decisions, |out, decision| {
            out.label(&decision.gateway);
            out.number(match decision.kind {
                DecisionKind::Branch => 0,
                DecisionKind::Branches => 1,
                DecisionKind::Enough => 2,
                DecisionKind::Guarded => 3,
                DecisionKind::GuardedBranches => 4,
                DecisionKind::GuardedEnough => 5,
                DecisionKind::Count(most) => COUNT + u32::from(most),
                DecisionKind::GuardedCount(most) => GUARDED_COUNT + u32::from(most),
            });
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
        out.list(&self.variables, |out, name| out.text(name));
        out.list(&self.timers, |out, label| {
            let (kind, seconds) = match label.timer {
                Timer::After(seconds) => (0, seconds),
                Timer::At(second) => (1, second),
            };
            out.number(u32::from(label.route));
            out.number(kind | u32::from(label.is_watched) << 1);
            out.number(seconds);
        });
        out.list(&self.messages, |out, name| out.text(name));
        out.list(&self.catches, |out, catch| {
            out.number(u32::from(catch.route));
            out.number(u32::from(catch.message));
        });
        out.list(&self.patterns, |out, &set| {
            out.number(set as u32);
            out.number((set >> 32) as u32);
        });
        out.number(self.bodies as u32);
        out.bytes
    }

    /// Reads a tail; `None` if the bytes are not one.
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        let mut input = Reader::new(bytes);
        let names = Self {
            net: input.text()?,
            tasks: input.list(Reader::label)?,
            starts: input.list(Reader::label)?,
            interrupts: input.list(Reader::label)?,
            merges: input.list(Reader::label)?,
            calls: input.list(Reader::text)?,
            join_inputs: input.list(|r| Some(JoinInput { from: r.text()?, gateway: r.text()? }))?,
            decisions: input.list(|r| {
                Some(Decision {
                    gateway: r.label()?,
                    kind: match r.number()? {
                        0 => DecisionKind::Branch,
                        1 => DecisionKind::Branches,
                        2 => DecisionKind::Enough,
                        3 => DecisionKind::Guarded,
                        4 => DecisionKind::GuardedBranches,
                        5 => DecisionKind::GuardedEnough,
                        count @ COUNT..GUARDED_COUNT => {
                            DecisionKind::Count(u16::try_from(count.checked_sub(COUNT)?).ok()?)
                        }
                        count => DecisionKind::GuardedCount(u16::try_from(count - GUARDED_COUNT).ok()?),
                    },
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
            variables: input.list(Reader::text)?,
            timers: input.list(|r| {
                let (route, kind, seconds) = (u16::try_from(r.number()?).ok()?, r.number()?, r.number()?);
                let timer = if kind & 1 == 0 { Timer::After(seconds) } else { Timer::At(seconds) };
                (kind < 4).then_some(TimerLabel { route, timer, is_watched: kind & 2 != 0 })
            })?,
            messages: input.list(Reader::text)?,
            catches: input.list(Reader::catch)?,
            patterns: input.list(|r| Some(u64::from(r.number()?) | u64::from(r.number()?) << 32))?,
            bodies: input.number()? as usize,
        };
        let has_branches = |d: &Decision| match d.kind {
            DecisionKind::Branch
            | DecisionKind::Branches
            | DecisionKind::Guarded
            | DecisionKind::GuardedBranches => (1..=1 << 20).contains(&d.branches.len()),
            _ => d.branches.is_empty(),
        };
        let fits = |d: &Decision| {
            let is_mask = matches!(d.kind, DecisionKind::Branches | DecisionKind::GuardedBranches);
            has_branches(d) && (!is_mask || d.branches.len() <= rules::BRANCHES_MAX)
        };
        let in_range = |digit: &usize| names.decisions.get(*digit).is_some_and(fits);
        let is_named = |catch: &Catch| usize::from(catch.message) < names.messages.len();
        let is_sorted = names.messages.is_sorted_by(|one, two| one < two);
        (input.bytes.is_empty()
            && is_sorted
            && names.patterns.iter().all(|set| set >> PATTERNS.len() == 0)
            && names.catches.iter().all(is_named)
            && names.route_decisions.iter().flatten().all(in_range))
        .then_some(names)
    }
}

/// A count of up to `most` is written as this and `most`.
const COUNT: u32 = 6;

/// As [`COUNT`], where data may decide.
const GUARDED_COUNT: u32 = 1 << 17;

#[derive(Default)]
struct Writer<'t> {
    bytes: Vec<u8>,
    /// Texts written so far, by number.
    texts: BTreeMap<&'t str, u32>,
}

impl<'t> Writer<'t> {
    fn number(&mut self, number: u32) {
        let mut rest = number;
        while rest > 0x7F {
            self.bytes.push(rest as u8 | 0x80);
            rest >>= 7;
        }
        self.bytes.push(rest as u8);
    }

    fn text(&mut self, text: &'t str) {
        let next = self.texts.len() as u32;
        match self.texts.entry(text) {
            Entry::Occupied(known) => {
                let number = *known.get();
                self.number(number << 1 | 1);
            }
            Entry::Vacant(place) => {
                place.insert(next);
                self.number((text.len() as u32) << 1);
                self.bytes.extend_from_slice(text.as_bytes());
            }
        }
    }

    fn label(&mut self, label: &'t Label) {
        self.text(&label.id);
        self.text(&label.text);
    }

    fn list<T>(&mut self, items: &'t [T], mut each: impl FnMut(&mut Self, &'t T)) {
        self.number(items.len() as u32);
        items.iter().for_each(|item| each(self, item));
    }
}

struct Reader<'b> {
    bytes: &'b [u8],
    /// Texts read so far.
    texts: Vec<&'b [u8]>,
}

impl<'b> Reader<'b> {
    fn new(bytes: &'b [u8]) -> Self {
        Self { bytes, texts: Vec::new() }
    }

    fn number(&mut self) -> Option<u32> {
        let mut number = 0u64;
        for shift in (0..35).step_by(7) {
            let (&byte, rest) = self.bytes.split_first()?;
            self.bytes = rest;
            number |= u64::from(byte & 0x7F) << shift;
            if byte & 0x80 == 0 {
                return u32::try_from(number).ok();
            }
        }
        None
    }

    fn text(&mut self) -> Option<String> {
        core::str::from_utf8(self.text_bytes()?).ok().map(str::to_owned)
    }

    /// The bytes of a text.
    fn text_bytes(&mut self) -> Option<&'b [u8]> {
        let number = self.number()? as usize;
        if number & 1 == 1 {
            return self.texts.get(number >> 1).copied();
        }
        let (text, rest) = self.bytes.split_at_checked(number >> 1)?;
        self.bytes = rest;
        self.texts.push(text);
        Some(text)
    }

    fn label(&mut self) -> Option<Label> {
        Some(Label { id: self.text()?, text: self.text()? })
    }

    fn catch(&mut self) -> Option<Catch> {
        let mut short = || u16::try_from(self.number()?).ok();
        Some(Catch { route: short()?, message: short()? })
    }

    fn list<T>(&mut self, mut each: impl FnMut(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        let length = self.number()? as usize;
        // An item takes a byte at least, so a damaged length ends with the input.
        if length > self.bytes.len() {
            return None;
        }
        (0..length).map(|_| each(self)).collect()
    }
}
