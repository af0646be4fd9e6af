//! Sequences, splits, choices and loops.

use crate::{Net, NetBuilder, Quantity};

pub(super) fn built(net: NetBuilder) -> Net {
    net.build().unwrap_or_else(|problems| unreachable!("a pattern's net is sound: {problems:?}"))
}

/// A, then B.
pub(super) fn sequence() -> Vec<Net> {
    let mut net = NetBuilder::new("wcp-01");
    let (s, a, b, e) = (net.start("s"), net.task("A"), net.task("B"), net.end("e"));
    net.chain(&[s, a, b, e]);
    vec![built(net)]
}

/// A, then B and C.
pub(super) fn parallel_split() -> Vec<Net> {
    let mut net = NetBuilder::new("wcp-02");
    let (s, a, split) = (net.start("s"), net.task("A"), net.parallel("split"));
    let (b, c, e) = (net.task("B"), net.task("C"), net.end("e"));
    net.chain(&[s, a, split, b, e]);
    net.chain(&[split, c, e]);
    vec![built(net)]
}

/// A, then B or C.
pub(super) fn exclusive_choice() -> Vec<Net> {
    let mut net = NetBuilder::new("wcp-04");
    let (s, a, choice) = (net.start("s"), net.task("A"), net.exclusive("choice"));
    let (b, c, e) = (net.task("B"), net.task("C"), net.end("e"));
    net.chain(&[s, a, choice, b, e]);
    net.chain(&[choice, c, e]);
    vec![built(net)]
}

/// A, then any of B, C and D; D if none was chosen.
pub(super) fn multi_choice() -> Vec<Net> {
    let mut net = NetBuilder::new("wcp-06");
    let (s, a, choice) = (net.start("s"), net.task("A"), net.inclusive("choice"));
    let (b, c, d, e) = (net.task("B"), net.task("C"), net.task("D"), net.end("e"));
    net.chain(&[s, a, choice]);
    net.flow(choice, b);
    net.flow(choice, c);
    let default = net.flow(choice, d);
    net.default_flow(default);
    for task in [b, c, d] {
        net.flow(task, e);
    }
    vec![built(net)]
}

/// A loop of A, B and C that is entered at A or at B, and left behind C.
pub(super) fn arbitrary_cycles() -> Vec<Net> {
    let mut net = NetBuilder::new("wcp-10");
    let (s, first, enter) = (net.start("s"), net.task("S"), net.exclusive("enter"));
    let (a, b, c) = (net.task("A"), net.task("B"), net.task("C"));
    let (again, e) = (net.exclusive("again"), net.end("e"));
    net.chain(&[s, first, enter, a, b, c, again, a]);
    net.flow(enter, b);
    net.flow(again, b);
    net.flow(again, e);
    vec![built(net)]
}

/// While a condition holds A, then B; and A until a condition holds, then B.
pub(super) fn structured_loop() -> Vec<Net> {
    let mut test_first = NetBuilder::new("wcp-21");
    let net = &mut test_first;
    let (s, enter, test) = (net.start("s"), net.exclusive("enter"), net.exclusive("test"));
    let (a, b, e) = (net.task("A"), net.task("B"), net.end("e"));
    net.chain(&[s, enter, test, a, enter]);
    net.chain(&[test, b, e]);
    let mut test_last = NetBuilder::new("wcp-21 repeat");
    let net = &mut test_last;
    let (s, enter, a, test) = (net.start("s"), net.exclusive("enter"), net.task("A"), net.exclusive("test"));
    let (b, e) = (net.task("B"), net.end("e"));
    net.chain(&[s, enter, a, test, enter]);
    net.chain(&[test, b, e]);
    vec![built(test_first), built(test_last)]
}

/// A, then the same net again or not, then B.
pub(super) fn recursion() -> Vec<Net> {
    let mut net = NetBuilder::new("wcp-22");
    let (s, a, deeper) = (net.start("s"), net.task("A"), net.exclusive("deeper"));
    let (call, merge, b, e) = (net.call("P", "wcp-22"), net.exclusive("merge"), net.task("B"), net.end("e"));
    net.chain(&[s, a, deeper, call, merge, b, e]);
    net.flow(deeper, merge);
    vec![built(net)]
}

/// A, then three threads of B, each with its C.
pub(super) fn thread_split() -> Vec<Net> {
    let mut net = NetBuilder::new("wcp-42");
    let split = crate::NodeKind::ThreadSplit(Quantity::Fixed(3));
    let (s, a, split) = (net.start("s"), net.task("A"), net.node("split", split));
    let (b, c, e) = (net.task("B"), net.task("C"), net.end("e"));
    net.chain(&[s, a, split, b, c, e]);
    vec![built(net)]
}
