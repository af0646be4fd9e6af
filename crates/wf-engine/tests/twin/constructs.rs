//! Random nets over every construct, and the events that try them.

use wf_net::guard::{Binary, Comparison, Expr, Literal, Tally};
use wf_net::{
    Instances, Needed, Net, NetBuilder, NodeId, NodeKind, Quantity, Retention, Surplus, Synchronizing,
};

use super::random::Random;

/// Builds blocks within blocks.
struct Blocks<'r> {
    net: NetBuilder,
    random: &'r mut Random,
    named: usize,
    /// Blocks that may still be made.
    left: usize,
    tasks: Vec<NodeId>,
    made: Vec<NodeId>,
    /// Decisions made so far: a search tries all their combinations.
    decisions: usize,
    merges: usize,
    /// Merges that a net may have.
    merges_max: usize,
    /// Numbers of the kinds of block that it is made of.
    kinds: &'static [usize],
}

/// All kinds of block but instances one after another: seeds keep their nets.
const ALL: &[usize] = &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16];

/// Those of tasks and gateways that masks can say, merges above all.
const MASKS: &[usize] = &[0, 1, 2, 3, 4, 4, 5, 5, 6, 6, 7, 13, 16];

/// Those of joins and merges: what data completes stands before what waits for all that can still come.
const JOINS: &[usize] = &[0, 1, 2, 3, 4, 5, 6, 8, 8, 8, 13, 15, 16, 17, 17];

/// A condition on the numbers of instances; now and then one that asks for a value which no case has.
fn completion(number: usize) -> Expr {
    let count = |tally| Box::new(Expr::Tally(tally));
    match number % 5 {
        0 => Expr::variable("missing")
            .or(Expr::Tally(Tally::Completed).compare(Comparison::Equal, Expr::integer(2))),
        1 => Expr::Tally(Tally::Active).compare(Comparison::Less, Expr::integer(1 + number as i64 % 2)),
        2 => Expr::Binary(Binary::Divide, count(Tally::Completed), count(Tally::All))
            .compare(Comparison::GreaterOrEqual, Expr::Literal(Literal::Decimal(0.6))),
        3 => Expr::Binary(Binary::Add, count(Tally::Completed), count(Tally::Terminated))
            .compare(Comparison::Equal, Expr::integer(1)),
        _ => Expr::integer(2).compare(Comparison::Greater, Expr::Tally(Tally::All)),
    }
}

/// How many instances there are, now and then no number that there can be.
fn quantity(number: usize) -> Expr {
    match number % 5 {
        0 => Expr::variable("missing"),
        1 => Expr::integer(number as i64 % 7 - 2),
        2 => Expr::Literal(Literal::Decimal(2.0)),
        3 => Expr::Literal(Literal::Decimal(1.5)),
        _ => Expr::Binary(Binary::Add, Box::new(Expr::integer(1)), Box::new(Expr::integer(0))),
    }
}

/// Where a block begins and ends.
type Block = (NodeId, NodeId);

impl Blocks<'_> {
    fn node(&mut self, kind: NodeKind) -> NodeId {
        self.named += 1;
        let id = self.net.node(&format!("n{}", self.named), kind);
        if kind.is_task() {
            self.tasks.push(id);
        }
        self.made.push(id);
        id
    }

    /// A node that passes tokens on; every other one sends a message. Draws no number: seeds keep their nets.
    fn pass(&mut self) -> NodeId {
        if self.made.len().is_multiple_of(2) {
            return self.node(NodeKind::Exclusive);
        }
        let node = self.node(NodeKind::Throw);
        self.net.message(node, ["one", "two", "three"][self.made.len() % 3]);
        node
    }

    fn task(&mut self) -> Block {
        let task = self.node(NodeKind::Task);
        (task, task)
    }

    /// Two or three blocks, side by side between two nodes.
    fn between(&mut self, open: NodeId, close: NodeId) -> Vec<NodeId> {
        let mut inside = Vec::new();
        for _ in 0..2 + usize::from(self.random.one_in(3)) {
            let before = self.tasks.len();
            let (first, last) = self.block();
            self.net.flow(open, first);
            self.net.flow(last, close);
            inside.extend(self.tasks[before..].iter().copied());
        }
        inside
    }

    fn chain(&mut self, nodes: &[NodeId]) {
        self.net.chain(nodes);
    }

    fn instances(&mut self) -> Instances {
        let most = 1 + self.random.below(3) as u16;
        let count = if self.decisions < 3 && self.random.one_in(3) {
            self.decisions += 1;
            Quantity::Chosen(most)
        } else {
            Quantity::Fixed(most)
        };
        let needed = match self.random.below(3) {
            0 => Needed::All,
            1 => Needed::AtLeast(1 + self.random.below(usize::from(most)) as u16),
            _ => Needed::Condition,
        };
        let (cancels_rest, is_dynamic) = (self.random.one_in(2), self.random.one_in(2));
        // Draws no number, as the condition does not: seeds keep their nets.
        let is_sequential = self.made.len().is_multiple_of(3);
        let most = most + u16::from(is_dynamic);
        Instances { count, most, needed, cancels_rest, is_dynamic, is_sequential }
    }

    fn block(&mut self) -> Block {
        if self.left == 0 {
            return self.task();
        }
        self.left -= 1;
        let kind = self.kinds[self.random.below(self.kinds.len())];
        let may_decide = self.decisions < 3;
        match kind {
            0 | 1 => {
                let (a, b) = (self.block(), self.block());
                self.chain(&[a.1, b.0]);
                (a.0, b.1)
            }
            2 => {
                let (open, close) = (self.node(NodeKind::Parallel), self.node(NodeKind::Parallel));
                self.between(open, close);
                (open, close)
            }
            3 if may_decide => {
                self.decisions += 1;
                let (open, close) = (self.node(NodeKind::Exclusive), self.pass());
                self.between(open, close);
                (open, close)
            }
            4 | 5 if may_decide && self.merges < self.merges_max => {
                self.decisions += 1;
                self.merges += 1;
                let rule = [Synchronizing::Structured, Synchronizing::General][self.random.below(2)];
                let open = self.node(NodeKind::Inclusive(Synchronizing::General));
                let close = self.node(NodeKind::Inclusive(rule));
                self.between(open, close);
                (open, close)
            }
            // A general merge of what runs in parallel, of which a branch may never come.
            6 if may_decide && self.merges < self.merges_max => {
                self.decisions += 1;
                self.merges += 1;
                let open = self.node(NodeKind::Parallel);
                let close = self.node(NodeKind::Inclusive(Synchronizing::General));
                let (a, b, out) = (self.block(), self.task(), self.node(NodeKind::Exclusive));
                let end = self.node(NodeKind::End);
                self.chain(&[open, a.0]);
                self.chain(&[a.1, close]);
                self.chain(&[open, b.0]);
                self.chain(&[b.1, out, close]);
                self.chain(&[out, end]);
                if self.random.one_in(2) {
                    // Round again before it decides.
                    let again = self.node(NodeKind::Exclusive);
                    self.chain(&[out, again, b.0]);
                }
                (open, close)
            }
            7 if may_decide => {
                self.decisions += 1;
                let (enter, leave) = (self.node(NodeKind::Exclusive), self.node(NodeKind::Exclusive));
                let (task, after) = (self.task(), self.task());
                self.chain(&[enter, task.0, leave, enter]);
                self.chain(&[leave, after.0]);
                (enter, after.1)
            }
            8 => {
                let surplus = [Surplus::Swallow, Surplus::Block, Surplus::Cancel][self.random.below(3)];
                let needed = 1 + self.random.below(2) as u8;
                let (open, close) =
                    (self.node(NodeKind::Parallel), self.node(NodeKind::Partial { needed, surplus }));
                let inside = self.between(open, close);
                if surplus == Surplus::Cancel {
                    self.net.cancels(close, &inside);
                    if self.made.len().is_multiple_of(2) {
                        self.net.completion_guard(close, completion(self.made.len() / 2));
                    }
                    if self.made.len() % 3 == 1 {
                        let way = self.net.flow(open, close);
                        self.net.left_out(way);
                    }
                }
                (open, close)
            }
            9 => {
                let (open, close) = (self.node(NodeKind::Deferred), self.pass());
                for _ in 0..2 {
                    let kind = [
                        NodeKind::Task,
                        NodeKind::Receive(Retention::Transient),
                        NodeKind::Receive(Retention::Persistent),
                    ][self.random.below(3)];
                    let alternative = self.node(kind);
                    self.chain(&[open, alternative, close]);
                }
                (open, close)
            }
            10 => {
                let count = 2 + self.random.below(2) as u8;
                let split = self.node(NodeKind::ThreadSplit(Quantity::Fixed(count.into())));
                let (task, merge) = (self.task(), self.node(NodeKind::ThreadMerge(2)));
                self.chain(&[split, task.0, merge]);
                (split, merge)
            }
            11 => {
                let retention = [Retention::Transient, Retention::Persistent][self.random.below(2)];
                let receive = self.node(NodeKind::Receive(retention));
                (receive, receive)
            }
            12 => {
                let mut instances = self.instances();
                // Draws no number, either.
                let by_data = self.made.len() % 8 < 3;
                if let (Quantity::Fixed(count), true) = (instances.count, by_data) {
                    instances.count = Quantity::Chosen(count);
                }
                let task = self.node(NodeKind::Instances(instances));
                if instances.needed == Needed::Condition && !self.made.len().is_multiple_of(4) {
                    self.net.completion_guard(task, completion(self.made.len()));
                }
                if by_data {
                    self.net.quantity(task, quantity(self.made.len()));
                }
                (task, task)
            }
            // Both tokens go on: what follows runs twice.
            13 => {
                let (open, close) = (self.node(NodeKind::Parallel), self.pass());
                self.between(open, close);
                (open, close)
            }
            14 if may_decide => {
                self.decisions += 1;
                let (choice, all) = (self.node(NodeKind::Exclusive), self.node(NodeKind::Terminate));
                let after = self.task();
                self.chain(&[choice, all]);
                self.chain(&[choice, after.0]);
                (choice, after.1)
            }
            // A sub-process whose branches each have their end.
            15 => {
                let open = self.node(NodeKind::Parallel);
                let mut ends = Vec::new();
                for _ in 0..2 {
                    let (first, last) = self.block();
                    self.net.flow(open, first);
                    ends.push(last);
                }
                // All that it has, joins and merges included, made since it began.
                let inside: Vec<NodeId> = self.made.iter().copied().filter(|&node| node > open).collect();
                let close = self.node(NodeKind::Completion);
                self.net.cancels(close, &inside);
                for last in ends {
                    self.net.flow(last, close);
                }
                (open, close)
            }
            // Instances one after another: some of so many are left out, and each that is done lets the next begin.
            17 => {
                let needed = 2 + self.random.below(3) as u8;
                let (open, enter) = (self.node(NodeKind::Parallel), self.node(NodeKind::Exclusive));
                let none = 1 + self.random.below(usize::from(needed) - 1) as u8;
                let none = self.node(NodeKind::ThreadSplit(Quantity::Fixed(none.into())));
                let inside = self.tasks.len();
                let (first, last) = self.block();
                let close = self.node(NodeKind::Partial { needed, surplus: Surplus::Cancel });
                let after = self.pass();
                let inside = self.tasks[inside..].to_vec();
                self.net.cancels(close, &inside);
                self.chain(&[open, enter, first]);
                self.chain(&[open, none]);
                let absent = self.net.flow(none, close);
                self.net.left_out(absent);
                self.net.flow(last, close);
                let again = self.net.flow(close, enter);
                self.net.again(again);
                self.net.flow(close, after);
                if !self.made.len().is_multiple_of(3) {
                    self.net.completion_guard(close, completion(self.made.len() / 2));
                }
                (open, after)
            }
            _ => self.task(),
        }
    }
}

/// Blocks between a start and an end, which is told.
fn blocks<'r>(
    random: &'r mut Random,
    left: usize,
    merges_max: usize,
    kinds: &'static [usize],
) -> (Blocks<'r>, NodeId) {
    let mut blocks = Blocks {
        net: NetBuilder::new("random"),
        random,
        named: 0,
        left,
        tasks: Vec::new(),
        made: Vec::new(),
        decisions: 0,
        merges: 0,
        merges_max,
        kinds,
    };
    let start = blocks.net.start("s");
    let (first, last) = blocks.block();
    let end = blocks.net.end("e");
    blocks.chain(&[start, first]);
    blocks.chain(&[last, end]);
    (blocks, end)
}

/// A net of tasks and gateways, of which masks can say most; some are refused, which is part of the test.
pub(crate) fn of_masks(random: &mut Random) -> Option<Net> {
    let left = 2 + random.below(7);
    let (Blocks { mut net, random, .. }, end) = blocks(random, left, 3, MASKS);
    if random.one_in(4) {
        // So many more tasks, behind a start of their own, that one word does not hold all places.
        let start = net.start("other");
        let mut chain: Vec<NodeId> = (0..30).map(|number| net.task(&format!("other{number}"))).collect();
        chain.insert(0, start);
        chain.push(end);
        net.chain(&chain);
    }
    net.build().ok()
}

/// A net of joins and merges; some are refused, which is part of the test.
pub(crate) fn of_joins(random: &mut Random) -> Option<Net> {
    let left = 3 + random.below(5);
    let (Blocks { net, .. }, _) = blocks(random, left, 2, JOINS);
    net.build().ok()
}

/// A net over every construct but calls; some are refused, which is part of the test.
pub(crate) fn net(random: &mut Random) -> Option<Net> {
    let left = 2 + random.below(5);
    let (Blocks { mut net, random, tasks, .. }, end) = blocks(random, left, 2, ALL);
    let any = |random: &mut Random| tasks[random.below(tasks.len())];
    if random.one_in(4) {
        let region: Vec<NodeId> = (0..1 + random.below(3)).map(|_| any(random)).collect();
        let interrupt = net.interrupt("k", random.one_in(2), &region);
        if random.one_in(2) {
            let handler = net.task("handler");
            net.chain(&[interrupt, handler, end]);
        }
    }
    if random.one_in(6) {
        let region = [any(random), any(random)];
        net.cancels(any(random), &region);
    }
    if random.one_in(5) {
        let (a, b) = (any(random), any(random));
        if a != b {
            net.exclude(&[&[a], &[b]]);
        }
    }
    if random.one_in(5) {
        let (a, b) = (any(random), any(random));
        if a != b {
            net.milestone(a, b);
        }
    }
    net.build().ok()
}
