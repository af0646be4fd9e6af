//! What a check finds, and the ways that it shows.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use wf_net::patterns::PATTERNS;
use wf_net::{CheckOptions, Checked, FindingKind, Net, NetBuilder, Quantity, check};

fn checked(net: &Net) -> Checked {
    check(net, &CheckOptions::default()).unwrap()
}

/// Each finding as text: kind, node and way.
fn findings(net: &Net) -> Vec<String> {
    let checked = checked(net);
    assert!(checked.is_whole);
    let id = |node| net.node(node).id();
    let texts = checked.findings.iter().map(|finding| {
        let kind = match &finding.kind {
            FindingKind::Stuck(nodes) => {
                format!("stuck at {}", nodes.iter().map(|&node| id(node)).collect::<Vec<_>>().join("+"))
            }
            FindingKind::NoEnd => "no end".to_owned(),
            FindingKind::Several => "several".to_owned(),
            FindingKind::Unbounded => "unbounded".to_owned(),
            FindingKind::Dead => "dead".to_owned(),
            _ => unreachable!("no other kind"),
        };
        let way = finding.way.iter().map(|step| {
            let decided = step.decided.iter().map(|(node, branches)| format!(" {}={branches:?}", id(*node)));
            format!("{}{}", id(step.node), decided.collect::<String>())
        });
        format!("{kind}, {}: {}", id(finding.node), way.collect::<Vec<_>>().join(", "))
    });
    texts.collect()
}

#[test]
fn a_join_behind_a_choice_waits_for_ever() {
    let mut net = NetBuilder::new("t");
    let (s, a, choice, b, c) =
        (net.start("s"), net.task("A"), net.exclusive("x"), net.task("B"), net.task("C"));
    let (join, d, end) = (net.parallel("j"), net.task("D"), net.end("e"));
    net.chain(&[s, a, choice, b, join, d, end]);
    net.chain(&[choice, c, join]);
    let net = net.build().unwrap();
    // One way is shown for one place of waiting, the shortest.
    assert_eq!(findings(&net), ["stuck at j, j: s, A x=[0], B", "dead, D: "]);
}

#[test]
fn a_merge_behind_a_split_lets_a_task_happen_twice() {
    let mut net = NetBuilder::new("t");
    let (s, split, a, b, merge) =
        (net.start("s"), net.parallel("p"), net.task("A"), net.task("B"), net.exclusive("m"));
    let (c, end) = (net.task("C"), net.end("e"));
    net.chain(&[s, split, a, merge, c, end]);
    net.chain(&[split, b, merge]);
    assert_eq!(findings(&net.build().unwrap()), ["several, C: s, A, B"]);
    // Several threads that are wanted are no finding.
    let mut net = NetBuilder::new("t");
    let (s, split, a, end) = (
        net.start("s"),
        net.node("n", wf_net::NodeKind::ThreadSplit(Quantity::Fixed(3))),
        net.task("A"),
        net.end("e"),
    );
    net.chain(&[s, split, a, end]);
    assert_eq!(findings(&net.build().unwrap()), [""; 0]);
}

#[test]
fn a_loop_that_makes_tokens_is_unbounded_and_one_without_a_way_out_has_no_end() {
    let mut net = NetBuilder::new("t");
    let (s, merge, a, split, b, end) =
        (net.start("s"), net.exclusive("m"), net.task("A"), net.parallel("p"), net.task("B"), net.end("e"));
    net.chain(&[s, merge, a, split, b, end]);
    net.flow(split, merge);
    assert_eq!(findings(&net.build().unwrap()), ["unbounded, B: s, A, A"]);
    let mut net = NetBuilder::new("t");
    let (s, merge, a, b, end) =
        (net.start("s"), net.exclusive("m"), net.task("A"), net.task("B"), net.end("e"));
    let choice = net.exclusive("x");
    net.chain(&[s, choice, merge, a, b, merge]);
    net.flow(choice, end);
    assert_eq!(findings(&net.build().unwrap()), ["no end, s: s x=[0]"]);
}

#[test]
fn what_was_not_looked_at_is_not_decided() {
    let mut net = NetBuilder::new("wide");
    let (s, split, join, end) = (net.start("s"), net.parallel("p"), net.parallel("j"), net.end("e"));
    net.flow(s, split);
    for branch in 0..12 {
        let task = net.task(&format!("t{branch}"));
        net.chain(&[split, task, join]);
    }
    net.flow(join, end);
    let net = net.build().unwrap();
    let mut options = CheckOptions::default();
    options.states_max = 4095;
    let cut = check(&net, &options).unwrap();
    assert_eq!((cut.states, cut.is_whole, cut.findings), (4095, false, vec![]));
    options.states_max = 4096;
    let whole = check(&net, &options).unwrap();
    assert_eq!((whole.states, whole.is_whole, whole.findings), (4096, true, vec![]));
}

/// The patterns' own nets are sound but for those whose point is that they are not.
#[test]
fn the_patterns_have_the_findings_that_belong_to_them() {
    let mut found = Vec::new();
    for pattern in &PATTERNS {
        for net in (pattern.nets)() {
            found.extend(findings(&net).iter().map(|finding| {
                let what = finding.split(": ").next().unwrap_or_default();
                format!("{}: {what}", net.name())
            }));
        }
    }
    let expected = [
        // Multi-merge: what is behind it happens once for each token.
        "wcp-08: several, D",
        // A discriminator in a loop that puts more in than it takes out.
        "wcp-09 loop: unbounded, B",
        "wcp-09 loop: unbounded, A",
        // Implicit termination, where it does not come.
        "wcp-11 stuck: stuck at join, join",
        // A milestone that has passed.
        "wcp-18: stuck at X, X",
        // A round of a blocking partial join that is never completed.
        "wcp-31: stuck at join, join",
        // A number of threads that is no multiple of what the merge takes.
        "wcp-41 more: stuck at merge, merge",
    ];
    assert_eq!(found, expected);
}
