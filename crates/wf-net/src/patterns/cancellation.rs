//! Ends of cases, and work that is taken away.

use super::branching::built;
use crate::{Net, NetBuilder};

/// A and B, each to an end of its own.
pub(super) fn implicit_termination() -> Vec<Net> {
    let mut net = NetBuilder::new("wcp-11");
    let (s, split, a, b) = (net.start("s"), net.parallel("split"), net.task("A"), net.task("B"));
    let (e1, e2) = (net.end("e1"), net.end("e2"));
    net.chain(&[s, split, a, e1]);
    net.chain(&[split, b, e2]);
    let mut stuck = NetBuilder::new("wcp-11 stuck");
    let net2 = &mut stuck;
    let (s, choice) = (net2.start("s"), net2.exclusive("choice"));
    let (a, b, join) = (net2.task("A"), net2.task("B"), net2.parallel("join"));
    let e = net2.end("e");
    net2.chain(&[s, choice, a, join, e]);
    net2.chain(&[choice, b, join]);
    vec![built(net), built(stuck)]
}

/// A and B, and an event that withdraws A.
pub(super) fn cancel_task() -> Vec<Net> {
    let mut net = NetBuilder::new("wcp-19");
    let (s, split, a, b) = (net.start("s"), net.parallel("split"), net.task("A"), net.task("B"));
    let e = net.end("e");
    net.chain(&[s, split, a, e]);
    net.chain(&[split, b, e]);
    net.interrupt("k", true, &[a]);
    vec![built(net)]
}

/// A, beside a case of another net with the task P.
pub(super) fn cancel_case() -> Vec<Net> {
    let mut net = NetBuilder::new("wcp-20");
    let (s, split, a) = (net.start("s"), net.parallel("split"), net.task("A"));
    let (b, e) = (net.call("B", "wcp-20 called"), net.end("e"));
    net.chain(&[s, split, a, e]);
    net.chain(&[split, b, e]);
    let mut called = NetBuilder::new("wcp-20 called");
    let (s, p, e) = (called.start("s"), called.task("P"), called.end("e"));
    called.chain(&[s, p, e]);
    vec![built(net), built(called)]
}

/// A before B, C before D, and E; an event withdraws B and C, which are not next to each other.
pub(super) fn cancel_region() -> Vec<Net> {
    let mut net = NetBuilder::new("wcp-25");
    let (s, split, end) = (net.start("s"), net.parallel("split"), net.end("end"));
    let (a, b, c, d, e) = (net.task("A"), net.task("B"), net.task("C"), net.task("D"), net.task("E"));
    net.chain(&[s, split, a, b, end]);
    net.chain(&[split, c, d, end]);
    net.chain(&[split, e, end]);
    net.interrupt("K", true, &[b, c]);
    vec![built(net)]
}

/// A and B; the end behind A is the end of the case.
pub(super) fn explicit_termination() -> Vec<Net> {
    let mut net = NetBuilder::new("wcp-43");
    let (s, split, a, b) = (net.start("s"), net.parallel("split"), net.task("A"), net.task("B"));
    let (all, e) = (net.terminate("all"), net.end("e"));
    net.chain(&[s, split, a, all]);
    net.chain(&[split, b, e]);
    vec![built(net)]
}
