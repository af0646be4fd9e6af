//! Joins: of all branches, of the active ones, of enough of them, of threads.

use super::branching::built;
use crate::{Net, NetBuilder, NodeId, NodeKind, Quantity, Surplus, Synchronizing};

/// A start, a parallel split, and these tasks behind it.
fn in_parallel<const N: usize>(net: &mut NetBuilder, tasks: [&str; N]) -> [NodeId; N] {
    let (s, split) = (net.start("s"), net.parallel("split"));
    net.flow(s, split);
    tasks.map(|id| {
        let task = net.task(id);
        net.flow(split, task);
        task
    })
}

/// Leads all of these into a join, and on to D.
fn joined(net: &mut NetBuilder, tasks: &[NodeId], join: NodeId) {
    for &task in tasks {
        net.flow(task, join);
    }
    let (d, e) = (net.task("D"), net.end("e"));
    net.chain(&[join, d, e]);
}

/// B and C, then D when both are done.
pub(super) fn synchronization() -> Vec<Net> {
    let mut net = NetBuilder::new("wcp-03");
    let tasks = in_parallel(&mut net, ["B", "C"]);
    let join = net.parallel("join");
    joined(&mut net, &tasks, join);
    vec![built(net)]
}

/// B or C, then D.
pub(super) fn simple_merge() -> Vec<Net> {
    let mut net = NetBuilder::new("wcp-05");
    let (s, choice, merge) = (net.start("s"), net.exclusive("choice"), net.exclusive("merge"));
    let tasks = [net.task("B"), net.task("C")];
    net.flow(s, choice);
    for task in tasks {
        net.flow(choice, task);
    }
    joined(&mut net, &tasks, merge);
    vec![built(net)]
}

/// A, then any of B, C and D, then E when those are done; and the same in a loop.
pub(super) fn structured_synchronizing_merge() -> Vec<Net> {
    let block = |name, repeats| {
        let mut net = NetBuilder::new(name);
        let (s, enter, a) = (net.start("s"), net.exclusive("enter"), net.task("A"));
        let split = net.inclusive("split");
        let merge = net.node("merge", NodeKind::Inclusive(Synchronizing::Structured));
        let (last, leave, e) = (net.task("E"), net.exclusive("leave"), net.end("e"));
        net.chain(&[s, enter, a, split]);
        for id in ["B", "C", "D"] {
            let task = net.task(id);
            net.chain(&[split, task, merge]);
        }
        net.chain(&[merge, last, leave, e]);
        if repeats {
            net.flow(leave, enter);
        }
        built(net)
    };
    vec![block("wcp-07", false), block("wcp-07 loop", true)]
}

/// B and C, then D once for each.
pub(super) fn multi_merge() -> Vec<Net> {
    let mut net = NetBuilder::new("wcp-08");
    let tasks = in_parallel(&mut net, ["B", "C"]);
    let merge = net.exclusive("merge");
    joined(&mut net, &tasks, merge);
    vec![built(net)]
}

fn partial(name: &str, needed: u8) -> NetBuilder {
    let mut net = NetBuilder::new(name);
    let tasks = in_parallel(&mut net, ["A", "B", "C"]);
    let join = net.partial("join", needed, Surplus::Swallow);
    joined(&mut net, &tasks, join);
    net
}

/// A, B and C; D at the first that is done. And the same in a loop.
pub(super) fn structured_discriminator() -> Vec<Net> {
    let mut net = NetBuilder::new("wcp-09 loop");
    let (s, enter, split) = (net.start("s"), net.exclusive("enter"), net.parallel("split"));
    let join = net.partial("join", 1, Surplus::Swallow);
    let (d, e) = (net.task("D"), net.end("e"));
    let leave = net.exclusive("leave");
    net.chain(&[s, enter, split]);
    for id in ["A", "B"] {
        let task = net.task(id);
        net.chain(&[split, task, join]);
    }
    net.chain(&[join, d, leave, e]);
    net.flow(leave, enter);
    vec![built(partial("wcp-09", 1)), built(net)]
}

/// A, B and C; D when two are done.
pub(super) fn structured_partial_join() -> Vec<Net> {
    vec![built(partial("wcp-30", 2))]
}

/// Threads of A, two of them, and one of each other task.
fn blocking(name: &str, others: &[&str], needed: u8) -> Net {
    let mut net = NetBuilder::new(name);
    let (s, split) = (net.start("s"), net.parallel("split"));
    let twice = net.node("twice", NodeKind::ThreadSplit(Quantity::Fixed(2)));
    let a = net.task("A");
    net.chain(&[s, split, twice, a]);
    let mut tasks = vec![a];
    for id in others {
        let task = net.task(id);
        net.flow(split, task);
        tasks.push(task);
    }
    let join = net.partial("join", needed, Surplus::Block);
    joined(&mut net, &tasks, join);
    built(net)
}

/// A twice and B; D at the first of a round, a round being one of each.
pub(super) fn blocking_discriminator() -> Vec<Net> {
    vec![blocking("wcp-28", &["B"], 1)]
}

/// A twice, B and C; D when two different ones of a round are done.
pub(super) fn blocking_partial_join() -> Vec<Net> {
    vec![blocking("wcp-31", &["B", "C"], 2)]
}

/// A, and B before C; D at the first branch that is done, which withdraws the other.
pub(super) fn cancelling_discriminator() -> Vec<Net> {
    let mut net = NetBuilder::new("wcp-29");
    let [a, b] = in_parallel(&mut net, ["A", "B"]);
    let c = net.task("C");
    net.flow(b, c);
    let join = net.partial("join", 1, Surplus::Cancel);
    net.cancels(join, &[a, b, c]);
    joined(&mut net, &[a, c], join);
    vec![built(net)]
}

/// A, B and C; D when two are done, which withdraws the third.
pub(super) fn cancelling_partial_join() -> Vec<Net> {
    let mut net = NetBuilder::new("wcp-32");
    let tasks = in_parallel(&mut net, ["A", "B", "C"]);
    let join = net.partial("join", 2, Surplus::Cancel);
    net.cancels(join, &tasks);
    joined(&mut net, &tasks, join);
    vec![built(net)]
}

/// Two threads of A and two of B; D for each pair.
pub(super) fn generalized_and_join() -> Vec<Net> {
    let mut net = NetBuilder::new("wcp-33");
    let (s, split, join) = (net.start("s"), net.parallel("split"), net.parallel("join"));
    net.flow(s, split);
    let tasks = ["A", "B"].map(|id| {
        let threads = net.node(&format!("two of {id}"), NodeKind::ThreadSplit(Quantity::Fixed(2)));
        let task = net.task(id);
        net.chain(&[split, threads, task]);
        task
    });
    joined(&mut net, &tasks, join);
    vec![built(net)]
}

/// A, then any of B and C, of which C may leave the block; J when no more can come.
pub(super) fn local_synchronizing_merge() -> Vec<Net> {
    let mut net = NetBuilder::new("wcp-37");
    let (s, a, split) = (net.start("s"), net.task("A"), net.inclusive("split"));
    let (b, c, choice) = (net.task("B"), net.task("C"), net.exclusive("choice"));
    let merge = net.node("merge", NodeKind::Inclusive(Synchronizing::Local));
    let (j, out, e) = (net.task("J"), net.task("E"), net.end("e"));
    net.chain(&[s, a, split, b, merge, j, e]);
    net.chain(&[split, c, choice, merge]);
    net.chain(&[choice, out, e]);
    vec![built(net)]
}

/// B beside R, which repeats until it goes to C or stops; J when no more can come.
pub(super) fn general_synchronizing_merge() -> Vec<Net> {
    let mut net = NetBuilder::new("wcp-38");
    let (s, split, b) = (net.start("s"), net.parallel("split"), net.task("B"));
    let (again, r, choice) = (net.exclusive("again"), net.task("R"), net.exclusive("choice"));
    let (c, merge) = (net.task("C"), net.inclusive("merge"));
    let (j, e) = (net.task("J"), net.end("e"));
    net.chain(&[s, split, b, merge, j, e]);
    net.chain(&[split, again, r, choice, c, merge]);
    net.flow(choice, again);
    net.flow(choice, e);
    vec![built(net)]
}

/// A, then three threads of B, then C once for all.
pub(super) fn thread_merge() -> Vec<Net> {
    let threads = |name, count| {
        let mut net = NetBuilder::new(name);
        let split = NodeKind::ThreadSplit(Quantity::Fixed(count));
        let (s, a, split) = (net.start("s"), net.task("A"), net.node("split", split));
        let (b, merge) = (net.task("B"), net.node("merge", NodeKind::ThreadMerge(3)));
        let (c, e) = (net.task("C"), net.end("e"));
        net.chain(&[s, a, split, b, merge, c, e]);
        built(net)
    };
    vec![threads("wcp-41", 3), threads("wcp-41 more", 4)]
}
