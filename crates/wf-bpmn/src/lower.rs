//! From the flow nodes of a process to the nodes of a net.
//!
//! Each flow node becomes a *part*: a node where its incoming flows end, one where its outgoing flows begin, and what
//! lies between. Sub-processes are not kept apart: their parts stand in the same net, between a node that feeds their
//! starts and one that waits for their ends.

mod activity;
mod cases;
mod compensation;
mod draft;
mod event;
mod gateway;
mod message;
mod recur;
mod region;
mod scope;
mod several;
mod thrown;
mod time;
mod turns;

use std::collections::{BTreeMap, BTreeSet};

use wf_net::image::{CHILDREN_BYTES, COUNTERS_MAX};
use wf_net::{NodeId, NodeKind, ProblemKind, Synchronizing};

use crate::graph::{FlowAt, Graph, NodeAt, ScopeAt, ScopeKind};
use crate::kind::{Kind, TriggerKind};
use crate::lanes::lanes;
use crate::model::Model;
use crate::tree::Index;
use crate::{ModelFault, Process, Unsupported, Warning, WarningKind};
use draft::Draft;
use region::Region;
use thrown::Thrown;

/// What a process turned out to be.
#[derive(Debug)]
pub(crate) enum Sort {
    Runs(Box<Process>),
    /// Without flow nodes.
    BlackBox,
    /// The model has noted why.
    Refused,
}

/// What a flow node has become.
#[derive(Clone, Debug, Default)]
struct Part {
    /// Where incoming flows end.
    entry: Option<NodeId>,
    /// Where outgoing flows begin.
    exit: Option<NodeId>,
    /// Where outgoing flows begin that have a condition, or stand beside a default flow.
    choice: Option<NodeId>,
    /// Nodes that hold the tokens of an activity.
    holds: Vec<NodeId>,
    /// What an event-based gateway before it offers, where that is more than its entry.
    offers: Vec<NodeId>,
}

/// Where tokens go that reach an end of a scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sink {
    /// They are gone: the ends of a process.
    Gone,
    /// To what waits for all ends of a sub-process.
    Done(NodeId),
}

/// A process on its way to a net.
struct Lowering<'l, 't, 'x> {
    model: &'l mut Model<'t, 'x>,
    graph: &'l Graph,
    thrown: Thrown,
    draft: Draft,
    parts: Vec<Part>,
    sinks: Vec<Option<Sink>>,
    /// What is inside of activities for compensation that stand in the net now.
    apart: Vec<NodeAt>,
    /// Tasks whose instances are cases, each with the start node of these, or the scope in which that stands.
    bodies: Vec<(NodeId, cases::Body)>,
    /// Where a terminate end event leads, in each scope that has no other ends.
    outs: Vec<Option<NodeId>>,
    /// Where the tokens of each scope begin.
    feeds: Vec<Option<NodeId>>,
    /// What counts the instances one after another of each activity.
    turns: Vec<Option<NodeId>>,
    /// Whether each activity for compensation stands in the net already.
    undoes: Vec<bool>,
    /// Nodes from which something is thrown, and what catches it.
    throws: Vec<(NodeAt, NodeId, NodeAt)>,
    /// The receiving node of each boundary event that can happen once while its activity is performed.
    armed: Vec<Option<NodeId>>,
    /// The boundary events of each activity.
    watchers: BTreeMap<NodeAt, Vec<NodeAt>>,
    /// Events that may happen any number of times while something else goes on.
    recurs: Vec<(NodeAt, NodeId)>,
    again: &'l Again,
    /// Interrupts that catch errors which something inside throws.
    from_inside: Vec<NodeId>,
    /// Where what is caught comes from, for each catching event.
    caught: Vec<Option<NodeId>>,
    regions: Vec<(NodeId, Region)>,
    /// Sections that exclude each other, by the scope of a bpmn:adHocSubProcess.
    exclusive: Vec<ScopeAt>,
    /// The process that each call runs, and the element that calls it.
    calls: Vec<(String, Index)>,
    /// Most instances of a multi-instance task whose number is not constant.
    instances_most: u8,
}

/// Most activities whose instances are cases: for more of them a case has no room.
const CASES_MAX: usize = COUNTERS_MAX / CHILDREN_BYTES;

/// Reads a process; what is wrong with it is noted in the model.
pub(crate) fn lower(model: &mut Model<'_, '_>, process: Index) -> Sort {
    let mut cases_max = CASES_MAX;
    loop {
        let sort = lower_with(model, process, cases_max);
        let Sort::Runs(read) = &sort else { return sort };
        let net = &read.net;
        let has_cases = net.node_ids().any(|id| {
            let runs = net.body(id).is_some() || net.called(id).is_some();
            runs && matches!(net.node(id).kind(), NodeKind::Instances(_))
        });
        if !has_cases || cases_max == 0 || has_room(&read.net) {
            return sort;
        }
        cases_max -= 1;
    }
}

/// Whether a case has room for all that is kept of it.
fn has_room(net: &wf_net::Net) -> bool {
    let is_about_room = |problem: &wf_net::Problem| {
        matches!(problem.kind, ProblemKind::TooManyRecords { .. } | ProblemKind::NotSafe)
    };
    let compiled = wf_net::compile(net, &wf_net::CompileOptions::default());
    compiled.err().is_none_or(|problems| !problems.iter().any(is_about_room))
}

/// Reads a process in which instances of so many activities, at most, are cases.
fn lower_with(model: &mut Model<'_, '_>, process: Index, cases_max: usize) -> Sort {
    let problems_before = model.problem_count();
    model.warnings.clear();
    let mut graph = Graph::read(model, process);
    if graph.is_empty() && model.problem_count() == problems_before {
        return Sort::BlackBox;
    }
    if model.tree.value(process, "id").is_none() {
        model.refuse(process, ModelFault::MissingId);
    }
    graph.connect(model);
    graph.decide(model);
    graph.warn(model);
    graph.unroll(model, cases_max);
    if model.is_ambiguous || model.problem_count() > problems_before {
        return Sort::Refused;
    }
    let warned = model.warnings.len();
    let mut again = Again { limited: recur::timed_starts(model, &graph), bytes: 0 };
    loop {
        match attempt(model, &graph, &again, problems_before) {
            Ok(sort) => return sort,
            Err(more) => again = more,
        }
        model.warnings.truncate(warned);
    }
}

/// What a net has to keep to, as an attempt without has shown.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Again {
    /// Events that have to wait until they may happen again: see [`recur`].
    limited: BTreeSet<NodeAt>,
    /// Bytes of a case that instances are to leave to what may hold several tokens.
    bytes: usize,
}

/// Makes a net of a graph, or finds what it has to keep to before it can become one.
fn attempt(
    model: &mut Model<'_, '_>,
    graph: &Graph,
    again: &Again,
    problems_before: usize,
) -> Result<Sort, Again> {
    let thrown = Thrown::new(model, graph);
    let draft = Draft::new(model, graph.process);
    let (nodes, scopes) = (graph.nodes.len(), graph.scopes.len());
    let instances_most = activity::instances_most(graph, again.bytes);
    let mut watchers: BTreeMap<NodeAt, Vec<NodeAt>> = BTreeMap::new();
    for (at, node) in graph.nodes.iter().enumerate() {
        if let Some(activity) = node.attached {
            watchers.entry(activity).or_default().push(at);
        }
    }
    let lowering = Lowering {
        model,
        graph,
        thrown,
        draft,
        parts: vec![Part::default(); nodes],
        sinks: vec![None; scopes],
        bodies: Vec::new(),
        outs: vec![None; scopes],
        feeds: vec![None; scopes],
        turns: vec![None; nodes],
        undoes: vec![false; nodes],
        apart: Vec::new(),
        throws: Vec::new(),
        armed: vec![None; nodes],
        watchers,
        recurs: Vec::new(),
        again,
        from_inside: Vec::new(),
        caught: vec![None; nodes],
        regions: Vec::new(),
        exclusive: Vec::new(),
        calls: Vec::new(),
        instances_most,
    };
    lowering.run(problems_before)
}

impl Lowering<'_, '_, '_> {
    fn run(mut self, problems_before: usize) -> Result<Sort, Again> {
        self.sinks[0] = Some(self.sink_of_process());
        self.begin_process();
        let mut next: Vec<NodeAt> = self.graph.scopes[0].nodes.iter().rev().copied().collect();
        // In the order of the text: a sub-process, then what is inside, then what follows.
        while let Some(at) = next.pop() {
            self.lower_node(at);
            next.append(&mut self.apart);
            let is_apart = self.graph.is_compensation(self.model, at) || self.undoes_scope(at);
            if let Some(inside) = self.graph.nodes[at].inside.filter(|_| !is_apart) {
                next.extend(self.graph.scopes[inside].nodes.iter().rev());
            }
        }
        self.join_links();
        self.join_flows();
        self.join_roots();
        self.join_armed();
        self.join_ends();
        self.join_caught();
        self.join_bodies();
        self.draft.add_later(self.model);
        self.add_regions();
        if self.model.problem_count() > problems_before {
            return Ok(Sort::Refused);
        }
        let calls =
            self.calls.iter().map(|(id, index)| (id.clone(), self.model.tree.element(*index))).collect();
        for &at in &self.thrown.uncaught {
            self.model.warn(self.graph.nodes[at].index, WarningKind::ErrorUncaught);
        }
        for at in core::mem::take(&mut self.thrown.unheard) {
            self.warn_limited(at, WarningKind::EscalationUncaught);
        }
        for (at, call) in core::mem::take(&mut self.thrown.around_calls) {
            let call = Box::new(self.model.tree.element(self.graph.nodes[call].index));
            self.model.warn(self.graph.nodes[at].index, WarningKind::EscalationOfCalled { call });
        }
        let recurs = core::mem::take(&mut self.recurs);
        let Some((net, places)) = self.draft.build(self.model) else { return Ok(Sort::Refused) };
        if let Some(again) = recur::again(&net, &recurs, self.again) {
            return Err(again);
        }
        let (id, name) = (places.process.id.clone(), places.process.name.clone());
        let mut warnings = core::mem::take(&mut self.model.warnings);
        warnings.sort_by_key(Warning::position);
        let lanes = lanes(self.model.tree, self.graph);
        let from_inside = core::mem::take(&mut self.from_inside);
        Ok(Sort::Runs(Box::new(Process { id, name, net, calls, warnings, lanes, places, from_inside })))
    }

    fn lower_node(&mut self, at: NodeAt) {
        let graph = self.graph;
        if graph.is_compensation(self.model, at) {
            self.lower_handler(at);
            return;
        }
        let Some(kind) = graph.nodes[at].kind else { return };
        let part = match kind {
            Kind::Start => self.lower_start(at),
            Kind::End => self.lower_end(at),
            Kind::Throw => self.lower_throw(at),
            Kind::Catch => self.lower_catch(at),
            Kind::Boundary => self.lower_boundary(at),
            Kind::Task | Kind::Receive | Kind::Call => self.lower_activity(at),
            Kind::SubProcess | Kind::AdHoc => self.lower_sub_process(at),
            _ => self.lower_gateway(at, kind),
        };
        if let Some(part) = part {
            self.parts[at] = part;
        }
    }

    fn refuse(&mut self, at: NodeAt, what: Unsupported) {
        self.model.refuse(self.graph.nodes[at].index, what);
    }

    fn add(&mut self, at: NodeAt, suffix: &str, kind: NodeKind) -> NodeId {
        self.draft.node(self.model, self.graph, at, suffix, kind)
    }

    /// A flow that the model does not draw.
    fn link(&mut self, at: NodeAt, from: NodeId, to: NodeId) {
        let index = self.graph.nodes[at].index;
        self.draft.flow(self.model, index, from, to);
    }

    /// Whether a flow waits for a decision about it where it begins.
    fn is_chosen(&self, flow: FlowAt) -> bool {
        let flow = &self.graph.flows[flow];
        flow.condition.is_some() || flow.is_default
    }

    /// How many ways lead on from a flow node that is no gateway: its choice counts as one.
    fn ways_out(&self, at: NodeAt) -> usize {
        let outgoing = &self.graph.nodes[at].outgoing;
        let chosen = outgoing.iter().filter(|&&flow| self.is_chosen(flow)).count();
        match chosen {
            0 => outgoing.len(),
            _ if self.has_default(at) => 1,
            chosen => outgoing.len() - chosen + 1,
        }
    }

    fn has_default(&self, at: NodeAt) -> bool {
        self.graph.nodes[at].outgoing.iter().any(|&flow| self.graph.flows[flow].is_default)
    }

    /// Nodes that tokens pass without resting: each that comes in goes out on every way.
    fn pass(&mut self, at: NodeAt, suffix: &str, ways_in: usize, ways_out: usize) -> (NodeId, NodeId) {
        if ways_out <= 1 {
            let node = self.add(at, suffix, NodeKind::Exclusive);
            (node, node)
        } else if ways_in <= 1 {
            let node = self.add(at, suffix, NodeKind::Parallel);
            (node, node)
        } else {
            let merge = self.add(at, suffix, NodeKind::Exclusive);
            let split = self.add(at, &format!("{suffix}/split"), NodeKind::Parallel);
            self.link(at, merge, split);
            (merge, split)
        }
    }

    /// A part that ends with this node, with the choice among its flows if there is one.
    fn part(&mut self, at: NodeAt, entry: Option<NodeId>, exit: NodeId, holds: Vec<NodeId>) -> Part {
        let outgoing = &self.graph.nodes[at].outgoing;
        let chosen = outgoing.iter().filter(|&&flow| self.is_chosen(flow)).count();
        if chosen == 0 {
            return Part { entry, exit: Some(exit), holds, ..Part::default() };
        }
        let others = outgoing.len() - chosen;
        let choice = self.add(at, "/choice", NodeKind::Inclusive(Synchronizing::General));
        self.link(at, exit, choice);
        if others > 0 && !self.has_default(at) {
            // The flows without a condition are taken anyway: of the others none may be.
            let none = self.add(at, "/none", NodeKind::End);
            self.draft.later_default(self.graph.nodes[at].index, choice, none);
        }
        Part { entry, exit: Some(exit), choice: Some(choice), holds, ..Part::default() }
    }

    /// The flows of the model, in the order of its text.
    fn join_flows(&mut self) {
        for at in 0..self.graph.flows.len() {
            let flow = &self.graph.flows[at];
            let (Some(from), Some(to)) = (flow.from, flow.to) else { continue };
            let (source, target) = (&self.parts[from], &self.parts[to]);
            let is_choice = source.choice.is_some() && (self.is_chosen(at) || self.has_default(from));
            let begin = if is_choice { source.choice } else { source.exit };
            // One of them may be performed only to undo another: no flow leads there.
            let (Some(begin), Some(end)) = (begin, target.entry) else { continue };
            let others: Vec<NodeId> = target.offers.iter().skip(1).copied().collect();
            let id = self.draft.flow(self.model, flow.index, begin, end);
            let name = self.model.tree.element(flow.index).name;
            self.draft.net.flow_label(id, &name);
            for offer in others {
                self.draft.flow(self.model, flow.index, begin, offer);
            }
            if flow.is_default {
                // BPMN 2.0.2, table 10.3: an expression on the default flow shall be ignored.
                self.draft.net.default_flow(id);
            } else if let Some(text) = flow.condition.as_deref().filter(|text| !text.is_empty()) {
                self.draft.net.condition(id, text);
            }
            if let Some(guard) = &flow.guard {
                self.draft.net.guard(id, guard.clone());
            }
        }
    }

    /// Flow nodes without an outgoing flow are ends, too.
    fn join_ends(&mut self) {
        for at in 0..self.graph.nodes.len() {
            let node = &self.graph.nodes[at];
            let Some(exit) = self.parts[at].exit.filter(|_| node.outgoing.is_empty()) else { continue };
            if node.kind.is_none_or(Kind::is_gateway) {
                continue;
            }
            match self.sinks[node.scope] {
                Some(Sink::Done(done)) => self.draft.later(node.index, exit, done),
                _ if self.rests_at(at, exit) => {}
                _ => {
                    let end = self.add(at, "/end", NodeKind::End);
                    self.draft.later(node.index, exit, end);
                }
            }
        }
    }

    /// Whether the last node of a part is where a work item rests: the tokens of those may vanish behind them.
    fn rests_at(&self, at: NodeAt, exit: NodeId) -> bool {
        self.parts[at].holds.contains(&exit) && self.draft.net.kind(exit).is_task()
    }

    /// Whether more than one token may move inside a scope at a time.
    fn splits(&self, scope: ScopeAt) -> bool {
        let here = &self.graph.scopes[scope];
        match here.kind {
            ScopeKind::AdHoc { .. } | ScopeKind::Instances { .. } => return true,
            _ => {}
        }
        here.nodes.iter().any(|&at| self.makes_more(at)) || self.roots(scope).len() > 1
    }

    /// Whether a flow node may hand on more tokens than it has got.
    fn makes_more(&self, at: NodeAt) -> bool {
        let node = &self.graph.nodes[at];
        let value = |name: &str| self.model.tree.value(node.index, name);
        let goes_on = || matches!(value("cancelActivity"), Some("false" | "0"));
        match node.kind {
            None | Some(Kind::Exclusive | Kind::EventBased) => false,
            Some(Kind::Boundary) => goes_on() || node.outgoing.len() > 1,
            Some(Kind::SubProcess) if self.is_event_scope(node.inside) => node.inside.is_some_and(|inside| {
                let starts = self.graph.scopes[inside].nodes.iter();
                let mut starts = starts.filter(|&&at| self.graph.nodes[at].kind == Some(Kind::Start));
                starts.any(|&at| !self.interrupts(at)) || self.splits(inside)
            }),
            Some(Kind::Throw) => node.outgoing.len() > 1 || self.starts_beside(at),
            Some(Kind::End) => self.starts_beside(at),
            Some(_) => {
                node.outgoing.len() > 1 || value("completionQuantity").is_some_and(|quantity| quantity != "1")
            }
        }
    }

    /// Whether tokens of a scope can reach an end that is no end of everything in it.
    fn has_end(&self, scope: ScopeAt) -> bool {
        self.graph.scopes[scope].nodes.iter().any(|&at| {
            let node = &self.graph.nodes[at];
            match node.kind {
                Some(Kind::End) => {
                    let goes_on =
                        self.thrown.catcher_of.get(&at).is_none_or(|&catcher| !self.interrupts(catcher));
                    let ends_all = [TriggerKind::Terminate, TriggerKind::Cancel];
                    let is_error = self.has(at, TriggerKind::Error);
                    goes_on && !is_error && !ends_all.into_iter().any(|kind| self.has(at, kind))
                }
                Some(Kind::Throw) if self.has(at, TriggerKind::Link) => false,
                _ if self.is_event_scope(node.inside) => node.inside.is_some_and(|inside| {
                    let is_terminate = |&at: &NodeAt| self.has(at, TriggerKind::Terminate);
                    self.has_end(inside) || self.graph.scopes[inside].nodes.iter().any(is_terminate)
                }),
                Some(kind) => {
                    node.outgoing.is_empty()
                        && !kind.is_gateway()
                        && !self.graph.is_compensation(self.model, at)
                }
                None => false,
            }
        })
    }

    /// Whether what is thrown starts an event sub-process beside it; a boundary event starts something outside.
    fn starts_beside(&self, at: NodeAt) -> bool {
        let catcher = self.thrown.catcher_of.get(&at);
        catcher.is_some_and(|&c| self.graph.nodes[c].attached.is_none() && !self.interrupts(c))
    }

    fn is_event_scope(&self, scope: Option<ScopeAt>) -> bool {
        scope.is_some_and(|scope| self.graph.scopes[scope].kind == ScopeKind::Event)
    }
}
