//! By which names flow nodes send and wait.

use wf_bpmn::{ParseOptions, parse};
use wf_net::{Net, NodeKind};

/// The net of the first process, with these elements before the processes and inside of the first.
fn net(before: &str, inside: &str) -> Net {
    let xml = format!(
        r#"<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL">
        <message id="m1" name="one"/><message id="m2" name="two"/><signal id="s1" name="loud"/>{before}
        <process id="P"><startEvent id="S"/>{inside}</process>
        <process id="Q"><task id="X"/><task id="Y"/></process></definitions>"#
    );
    let document =
        parse(xml.as_bytes(), &ParseOptions::default()).unwrap_or_else(|errors| panic!("{errors:?}"));
    document.processes.into_iter().next().expect("the first process").net
}

/// Messages of the nodes that send, or that receive, in order.
fn messages(net: &Net, sends: bool) -> Vec<Option<&str>> {
    let is_one =
        |kind: NodeKind| if sends { kind == NodeKind::Throw } else { matches!(kind, NodeKind::Receive(_)) };
    net.node_ids().filter(|&node| is_one(net.node(node).kind())).map(|node| net.message(node)).collect()
}

const FLOWS: &str = r#"<sequenceFlow id="F1" sourceRef="S" targetRef="C"/>"#;

#[test]
fn each_of_several_definitions_waits_for_its_own() {
    let catch = |definitions: &str| {
        net(
            r#"<messageEventDefinition id="shared" messageRef="m2"/>"#,
            &format!(
                r#"<intermediateCatchEvent id="C" parallelMultiple="true">{definitions}</intermediateCatchEvent>{FLOWS}"#
            ),
        )
    };
    let timer = "<timerEventDefinition><timeDuration>PT1H</timeDuration></timerEventDefinition>";
    let (one, loud) =
        (r#"<messageEventDefinition messageRef="m1"/>"#, r#"<signalEventDefinition signalRef="s1"/>"#);
    assert_eq!(messages(&catch(&format!("{timer}{one}")), false), [None, Some("one")]);
    let shared = "<eventDefinitionRef>shared</eventDefinitionRef>";
    assert_eq!(
        messages(&catch(&format!("{loud}{shared}{one}")), false),
        [Some("signal:loud"), Some("two"), Some("one")]
    );
}

#[test]
fn two_flows_to_one_place_are_one_message() {
    let flows = |attribute: &str| {
        format!(
            r#"<collaboration id="K"><messageFlow id="f1" sourceRef="X" targetRef="C"/>
            <messageFlow id="f2" sourceRef="Y" targetRef="C" {attribute}/></collaboration>"#
        )
    };
    let receive = |attribute: &str, flow: &str| {
        net(&flows(flow), &format!(r#"<receiveTask id="C" {attribute}/>{FLOWS}"#))
    };
    assert_eq!(messages(&receive("", ""), false), [Some("f1")]);
    assert_eq!(messages(&receive("", r#"name="later""#), false), [Some("f1")]);
    assert_eq!(messages(&receive(r#"messageRef="m1""#, r#"messageRef="m2""#), false), [Some("one")]);
    // What sends it says the same.
    let xml = format!(
        r#"<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL">{}<process id="P"><startEvent id="S"/>
        <receiveTask id="C"/>{FLOWS}</process><process id="Q"><task id="Y"/></process></definitions>"#,
        flows("")
    );
    let document = parse(xml.as_bytes(), &ParseOptions::default()).expect("a model");
    assert_eq!(messages(&document.processes[1].net, true), [Some("f1")]);
}

#[test]
fn what_is_thrown_has_the_name_of_what_it_refers_to_else_its_own() {
    let thrown = |event: &str| net("", &format!("{event}{FLOWS}"));
    let end = |inside: &str| format!(r#"<endEvent id="C" name="Done">{inside}</endEvent>"#);
    for (event, expected) in [
        (end(r#"<messageEventDefinition messageRef="m1"/>"#), vec![Some("one")]),
        (end(r#"<messageEventDefinition messageRef="nowhere"/>"#), vec![Some("nowhere")]),
        (end("<messageEventDefinition/>"), vec![Some("Done")]),
        (end("<signalEventDefinition/>"), vec![Some("signal:Done")]),
        (end(""), vec![]),
        (r#"<sendTask id="C"/>"#.to_owned(), vec![]),
        (r#"<sendTask id="C" messageRef="m2"/>"#.to_owned(), vec![Some("two")]),
    ] {
        assert_eq!(messages(&thrown(&event), true), expected, "{event}");
    }
    // A flow names the message, and a signal beside it goes to everybody.
    let flow = r#"<collaboration id="K"><messageFlow id="f" sourceRef="C" targetRef="pool" messageRef="m2"/></collaboration>"#;
    let both = end(r#"<signalEventDefinition signalRef="s1"/><messageEventDefinition/>"#);
    assert_eq!(messages(&net(flow, &format!("{both}{FLOWS}")), true), [Some("two"), Some("signal:loud")]);
}

#[test]
fn a_message_is_not_taken_for_a_signal_or_an_error() {
    for (name, known) in [
        ("signal:loud", "message:signal:loud"),
        ("error:late", "message:error:late"),
        ("message:one", "message:message:one"),
        ("signals", "signals"),
    ] {
        let before = format!(r#"<message id="m3" name="{name}"/>"#);
        let inside = format!(r#"<receiveTask id="C" messageRef="m3"/>{FLOWS}"#);
        assert_eq!(messages(&net(&before, &inside), false), [Some(known)], "{name}");
    }
}
