//! Tasks with several instances.

use super::branching::built;
use crate::{Instances, Needed, Net, NetBuilder, NodeKind, Quantity};

const THREE: Instances = Instances {
    count: Quantity::Fixed(3),
    most: 3,
    needed: Needed::All,
    cancels_rest: false,
    is_dynamic: false,
    is_sequential: false,
};

/// B with instances, then C.
fn instances(name: &str, instances: Instances) -> Vec<Net> {
    let mut net = NetBuilder::new(name);
    let (s, b, c, e) = (net.start("s"), net.instances("B", instances), net.task("C"), net.end("e"));
    net.chain(&[s, b, c, e]);
    vec![built(net)]
}

/// A, then as many threads of B as it says, beside C, which waits for none of them.
pub(super) fn without_synchronization() -> Vec<Net> {
    let mut net = NetBuilder::new("wcp-12");
    let (s, a, split) = (net.start("s"), net.task("A"), net.parallel("split"));
    let threads = net.node("spawn", NodeKind::ThreadSplit(Quantity::Chosen(8)));
    let (b, c, e) = (net.task("B"), net.task("C"), net.end("e"));
    net.chain(&[s, a, split, threads, b, e]);
    net.chain(&[split, c, e]);
    vec![built(net)]
}

/// Three of B, then C.
pub(super) fn design_time() -> Vec<Net> {
    instances("wcp-13", THREE)
}

/// A, then as many of B as it says, then C.
pub(super) fn run_time() -> Vec<Net> {
    let mut net = NetBuilder::new("wcp-14");
    let chosen = Instances { count: Quantity::Chosen(8), most: 8, ..THREE };
    let (s, a, b) = (net.start("s"), net.task("A"), net.instances("B", chosen));
    let (c, e) = (net.task("C"), net.end("e"));
    net.chain(&[s, a, b, c, e]);
    vec![built(net)]
}

/// Two of B and those that are added, then C.
pub(super) fn without_prior_knowledge() -> Vec<Net> {
    instances("wcp-15", Instances { count: Quantity::Fixed(2), most: 8, is_dynamic: true, ..THREE })
}

/// Three of B, then C; to be cancelled.
pub(super) fn cancel_instances() -> Vec<Net> {
    instances("wcp-26", THREE)
}

/// Three of B, then C; to be completed before they are done.
pub(super) fn complete_instances() -> Vec<Net> {
    instances("wcp-27", THREE)
}

/// Three of B; C when two are done.
pub(super) fn static_partial_join() -> Vec<Net> {
    instances("wcp-34", Instances { needed: Needed::AtLeast(2), ..THREE })
}

/// Three of B; C when two are done, which withdraws the third.
pub(super) fn cancelling_partial_join() -> Vec<Net> {
    instances("wcp-35", Instances { needed: Needed::AtLeast(2), cancels_rest: true, ..THREE })
}

/// Two of B and those that are added; C when a completion says that they are enough.
pub(super) fn dynamic_partial_join() -> Vec<Net> {
    let enough = Instances {
        count: Quantity::Fixed(2),
        most: 8,
        needed: Needed::Condition,
        cancels_rest: false,
        is_dynamic: true,
        is_sequential: false,
    };
    instances("wcp-36", enough)
}
