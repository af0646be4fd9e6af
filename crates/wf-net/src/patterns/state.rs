//! Tasks that can begin only in a certain state of the case, or when something happens outside.

use super::branching::built;
use crate::{Net, NetBuilder, NodeId, Retention};

/// B or C, whichever begins first, then D.
pub(super) fn deferred_choice() -> Vec<Net> {
    let mut net = NetBuilder::new("wcp-16");
    let (s, choice) = (net.start("s"), net.deferred("choice"));
    let (b, c, merge) = (net.task("B"), net.task("C"), net.exclusive("merge"));
    let (d, e) = (net.task("D"), net.end("e"));
    net.chain(&[s, choice, b, merge, d, e]);
    net.chain(&[choice, c, merge]);
    vec![built(net)]
}

/// A start, a parallel split, these chains of tasks, a parallel join, and D.
fn chains(net: &mut NetBuilder, chains: &[&[NodeId]]) {
    let (s, split, join) = (net.start("s"), net.parallel("split"), net.parallel("join"));
    let (d, e) = (net.task("D"), net.end("e"));
    net.flow(s, split);
    for chain in chains {
        net.flow(split, chain[0]);
        net.chain(chain);
        net.flow(chain[chain.len() - 1], join);
    }
    net.chain(&[join, d, e]);
}

/// A before B, and C: never two of them at a time; then D.
pub(super) fn interleaved_parallel_routing() -> Vec<Net> {
    let mut net = NetBuilder::new("wcp-17");
    let (a, b, c) = (net.task("A"), net.task("B"), net.task("C"));
    chains(&mut net, &[&[a, b], &[c]]);
    net.exclude(&[&[a], &[b], &[c]]);
    vec![built(net)]
}

/// A, B and C in any order, never two at a time; then D.
pub(super) fn interleaved_routing() -> Vec<Net> {
    let mut net = NetBuilder::new("wcp-40");
    let (a, b, c) = (net.task("A"), net.task("B"), net.task("C"));
    chains(&mut net, &[&[a], &[b], &[c]]);
    net.exclude(&[&[a], &[b], &[c]]);
    vec![built(net)]
}

/// A before B, and C before D, of which one pair at a time; beside U, which nothing holds up.
pub(super) fn critical_section() -> Vec<Net> {
    let section = |name, with_other| {
        let mut net = NetBuilder::new(name);
        let (s, split, e) = (net.start("s"), net.parallel("split"), net.end("e"));
        let (a, b, c, d) = (net.task("A"), net.task("B"), net.task("C"), net.task("D"));
        net.chain(&[s, split, a, b, e]);
        net.chain(&[split, c, d, e]);
        if with_other {
            let other = net.task("U");
            net.chain(&[split, other, e]);
        }
        net.exclude(&[&[a, b], &[c, d]]);
        built(net)
    };
    vec![section("wcp-39", false), section("wcp-39 other", true)]
}

/// A before B; X while A is done and B is not.
pub(super) fn milestone() -> Vec<Net> {
    let mut net = NetBuilder::new("wcp-18");
    let (s, split, e) = (net.start("s"), net.parallel("split"), net.end("e"));
    let (a, b, x) = (net.task("A"), net.task("B"), net.task("X"));
    net.chain(&[s, split, a, b, e]);
    net.chain(&[split, x, e]);
    net.milestone(x, b);
    vec![built(net)]
}

/// A, then W when it is triggered, then B.
pub(super) fn transient_trigger() -> Vec<Net> {
    let mut net = NetBuilder::new("wcp-23");
    let (s, a) = (net.start("s"), net.task("A"));
    let (w, b, e) = (net.receive("W", Retention::Transient), net.task("B"), net.end("e"));
    net.chain(&[s, a, w, b, e]);
    vec![built(net)]
}

/// A, then W once it has been triggered, then B; and again.
pub(super) fn persistent_trigger() -> Vec<Net> {
    let mut net = NetBuilder::new("wcp-24");
    let (s, enter, a) = (net.start("s"), net.exclusive("enter"), net.task("A"));
    let (w, b) = (net.receive("W", Retention::Persistent), net.task("B"));
    let (again, e) = (net.exclusive("again"), net.end("e"));
    net.chain(&[s, enter, a, w, b, again, e]);
    net.flow(again, enter);
    vec![built(net)]
}
