//! Random nets, and the generator behind them.

use wf_net::{Net, NetBuilder, NodeId, NodeKind};

/// A small generator with a seed that a failing test prints.
#[derive(Clone, Debug)]
pub(crate) struct Random(pub u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// Uniform in `0..n`.
    pub(crate) fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }

    pub(crate) fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }
}

/// A net of random shape; most shapes are refused by `build` or `compile`, which is part of the test.
pub(crate) fn net(random: &mut Random) -> Option<Net> {
    let mut net = NetBuilder::new("random");
    let tasks = if random.one_in(8) { 20 + random.below(30) } else { 1 + random.below(8) };
    let gateways = random.below(2 + tasks);
    let mut nodes: Vec<(NodeId, NodeKind)> = Vec::new();
    for index in 0..1 + usize::from(random.one_in(4)) {
        nodes.push((net.start(&format!("s{index}")), NodeKind::Start));
    }
    for index in 0..tasks {
        nodes.push((net.task(&format!("t{index}")), NodeKind::Task));
    }
    for index in 0..gateways {
        let kind = if random.one_in(2) { NodeKind::Exclusive } else { NodeKind::Parallel };
        nodes.push((net.node(&format!("g{index}"), kind), kind));
    }
    nodes.push((net.end("e"), NodeKind::End));
    let sinks: Vec<NodeId> =
        nodes.iter().filter(|(_, kind)| *kind != NodeKind::Start).map(|(id, _)| *id).collect();
    // A backbone that reaches every node, then flows at random: back, forth, double.
    for (index, &(node, kind)) in nodes.iter().enumerate() {
        if kind != NodeKind::Start {
            let earlier: Vec<NodeId> = nodes[..index].iter().map(|(id, _)| *id).collect();
            net.flow(earlier[random.below(earlier.len())], node);
        }
    }
    for &(node, kind) in &nodes {
        let wanted = match kind {
            NodeKind::End => 0,
            NodeKind::Start => random.below(2),
            NodeKind::Task => random.below(3),
            _ => 1 + random.below(3),
        };
        for _ in 0..wanted {
            let to = sinks[random.below(sinks.len())];
            // Mostly forward: random back flows through gateways make loops without tasks.
            let to = if to > node || random.one_in(3) { to } else { sinks[sinks.len() - 1] };
            net.flow(node, to);
        }
    }
    net.build().ok()
}

/// A net of nested blocks: sequences, choices, parallel sections and loops, as analysts draw them; some blocks close a
/// parallel section with a merge that does not wait (WCP-8), so that tokens pile up.
pub(crate) fn blocks(random: &mut Random) -> Option<Net> {
    let mut net = NetBuilder::new("blocks");
    let start = net.start("s");
    let mut builder =
        Blocks { net, random: random.clone(), tasks: 0, tasks_max: 1 + random.below(40), gateways: 0 };
    random.next();
    let mut last = builder.block(start, 3);
    while builder.tasks < builder.tasks_max {
        last = builder.block(last, 3);
    }
    let end = builder.net.end("e");
    builder.net.flow(last, end);
    builder.net.build().ok()
}

struct Blocks {
    net: NetBuilder,
    random: Random,
    tasks: usize,
    tasks_max: usize,
    gateways: usize,
}

impl Blocks {
    fn task(&mut self, from: NodeId) -> NodeId {
        let task = self.net.task(&format!("t{}", self.tasks));
        self.tasks += 1;
        self.net.flow(from, task);
        task
    }

    fn gateway(&mut self, kind: NodeKind) -> NodeId {
        self.gateways += 1;
        self.net.node(&format!("g{}", self.gateways), kind)
    }

    /// Adds a block behind `from`; the node where it ends.
    fn block(&mut self, from: NodeId, depth: usize) -> NodeId {
        if depth == 0 || self.tasks >= self.tasks_max {
            return self.task(from);
        }
        match self.random.below(6) {
            0 | 1 => {
                let middle = self.block(from, depth - 1);
                self.block(middle, depth - 1)
            }
            2 => self.split(from, depth, NodeKind::Exclusive, NodeKind::Exclusive),
            3 if self.random.one_in(5) => self.split(from, depth, NodeKind::Parallel, NodeKind::Exclusive),
            3 | 4 => self.split(from, depth, NodeKind::Parallel, NodeKind::Parallel),
            _ => {
                let (merge, choice) = (self.gateway(NodeKind::Exclusive), self.gateway(NodeKind::Exclusive));
                self.net.flow(from, merge);
                let body = self.block(merge, depth - 1);
                self.net.flow(body, choice);
                self.net.flow(choice, merge);
                choice
            }
        }
    }

    fn split(&mut self, from: NodeId, depth: usize, open: NodeKind, close: NodeKind) -> NodeId {
        let (split, join) = (self.gateway(open), self.gateway(close));
        self.net.flow(from, split);
        for _ in 0..2 + self.random.below(3) {
            let branch = self.block(split, depth - 1);
            self.net.flow(branch, join);
        }
        join
    }
}
