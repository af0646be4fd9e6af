//! What is read: the net, and where each part of it stands.

use wf_bpmn::{Document, ParseOptions, Position, parse};
use wf_net::{FlowId, NodeId, NodeKind, Subject};

const MODEL: &str = "http://www.omg.org/spec/BPMN/20100524/MODEL";

fn read(xml: &str) -> Document {
    parse(xml.as_bytes(), &ParseOptions::default()).unwrap_or_else(|errors| {
        panic!("refused: {}", errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
    })
}

/// A net in one line: nodes as `kind id "label"`, flows as `from>to[label|condition|default]`.
fn outline(document: &Document) -> String {
    let mut parts = Vec::new();
    for process in &document.processes {
        let net = &process.net;
        parts.push(format!("{}:", net.name()));
        for node in net.nodes() {
            let label =
                if node.label() == node.id() { String::new() } else { format!("\"{}\"", node.label()) };
            parts.push(format!("{:?} {}{label}", node.kind(), node.id()));
        }
        for flow in net.flows() {
            let default = if flow.is_default() { "default" } else { "" };
            let notes = [flow.label(), flow.condition().unwrap_or_default(), default];
            let notes = notes.into_iter().filter(|note| !note.is_empty()).collect::<Vec<_>>().join("|");
            parts.push(format!("{}>{}[{notes}]", net.node(flow.from()).id(), net.node(flow.to()).id()));
        }
    }
    parts.join(" ").replace("[]", "")
}

fn check(body: &str, expected: &str) {
    let document = read(&format!(
        r#"<definitions xmlns="{MODEL}" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:v="urn:vendor">{body}</definitions>"#
    ));
    assert_eq!(outline(&document), expected, "{body}");
}

#[test]
fn nodes_and_flows_become_the_net() {
    // bpmn:startEvent, bpmn:endEvent, all kinds of tasks; WCP-1.
    check(
        r#"<process id="P"><startEvent id="s"/><task id="a"/><userTask id="b"/><serviceTask id="c"/><scriptTask id="d"/>
        <manualTask id="e"/><businessRuleTask id="f"/><sendTask id="g"/><receiveTask id="h"/><endEvent id="z"/>
        <sequenceFlow sourceRef="s" targetRef="a"/><sequenceFlow sourceRef="a" targetRef="b"/>
        <sequenceFlow sourceRef="b" targetRef="c"/><sequenceFlow sourceRef="c" targetRef="d"/>
        <sequenceFlow sourceRef="d" targetRef="e"/><sequenceFlow sourceRef="e" targetRef="f"/>
        <sequenceFlow sourceRef="f" targetRef="g"/><sequenceFlow sourceRef="g" targetRef="h"/>
        <sequenceFlow sourceRef="h" targetRef="z"/></process>"#,
        "P: Start s Task a Task b Task c Task d Task e Task f Task g Receive(Persistent) h End z \
         s>a a>b b>c c>d d>e e>f f>g g>h h>z",
    );
    // bpmn:exclusiveGateway with conditions and a default (WCP-4, 5, 10), bpmn:parallelGateway (WCP-2, 3).
    check(
        r#"<process id="P"><startEvent id="s"/><exclusiveGateway id="m"/><parallelGateway id="f"/><task id="a"/><task id="b"/>
        <parallelGateway id="j"/><exclusiveGateway id="x" default="out"/><endEvent id="z"/>
        <sequenceFlow id="1" sourceRef="s" targetRef="m"/><sequenceFlow id="2" sourceRef="m" targetRef="f"/>
        <sequenceFlow id="3" sourceRef="f" targetRef="a"/><sequenceFlow id="4" sourceRef="f" targetRef="b"/>
        <sequenceFlow id="5" sourceRef="a" targetRef="j"/><sequenceFlow id="6" sourceRef="b" targetRef="j"/>
        <sequenceFlow id="7" sourceRef="j" targetRef="x"/>
        <sequenceFlow id="back" name="again" sourceRef="x" targetRef="m">
          <conditionExpression xsi:type="tFormalExpression"> =i &lt; 3 <!-- rounds --> and <![CDATA[n < m]]>
          </conditionExpression></sequenceFlow>
        <sequenceFlow id="out" sourceRef="x" targetRef="z"><conditionExpression>ignored on a default</conditionExpression></sequenceFlow>
        </process>"#,
        "P: Start s Exclusive m Parallel f Task a Task b Parallel j Exclusive x End z \
         s>m m>f f>a f>b a>j b>j j>x x>m[again|=i < 3  and n < m] x>z[default]",
    );
}

#[test]
fn information_is_read_past() {
    check(
        r#"<import importType="x" location="http://example.com/never-fetched.xsd" namespace="y"/>
        <itemDefinition id="i"/><message id="m"/><signal id="sig"/><error id="err"/><interface id="if"><operation id="op"/></interface>
        <dataStore id="ds"/><category id="cat"/><resource id="r"/><timerEventDefinition id="t"/><globalUserTask id="gut"/>
        <relationship type="x"><source>a</source><target>b</target></relationship>
        <collaboration id="C"><participant id="pool" processRef="P"/><textAnnotation id="note"><text>hi</text></textAnnotation></collaboration>
        <process id="P" isExecutable="false" v:version="3"><documentation>See <b xmlns="urn:html">this</b>.</documentation>
        <extensionElements><v:any><startEvent id="s"/><process/></v:any></extensionElements>
        <laneSet><lane id="l"><flowNodeRef>gone</flowNodeRef></lane></laneSet>
        <dataObject id="d"/><dataObjectReference id="dr" dataObjectRef="d"/><property id="p"/><ioSpecification/>
        <startEvent id="s"><outgoing>nonsense</outgoing></startEvent>
        <userTask id="a" startQuantity="1" completionQuantity=" 1 " isForCompensation="false"><incoming>v:f</incoming>
          <extensionElements><v:form/></extensionElements><ioSpecification><dataInput id="in"/></ioSpecification>
          <dataInputAssociation><sourceRef>d</sourceRef></dataInputAssociation><potentialOwner/><auditing/><monitoring/></userTask>
        <endEvent id="z"/><sequenceFlow id="f" sourceRef="s" targetRef="a"/><sequenceFlow id="g" sourceRef="a" targetRef="z"/>
        <textAnnotation id="ta"/><association id="as" sourceRef="ta" targetRef="a"/><group id="gr"/></process>
        <BPMNDiagram xmlns="http://www.omg.org/spec/BPMN/20100524/DI" id="s"><BPMNPlane/></BPMNDiagram><v:anything/>"#,
        "P: Start s Task a End z s>a a>z",
    );
}

#[test]
fn references_may_be_qualified_and_ids_padded() {
    check(
        r#"<process id=" P "><startEvent id=" s "/><task id="a"/><exclusiveGateway id="x" default="v:out"/><endEvent id="z"/>
        <sequenceFlow id="1" sourceRef=" v:s" targetRef="a"/><sequenceFlow id="2" sourceRef="a" targetRef="v:x"/>
        <sequenceFlow id="out" sourceRef="x" targetRef="z"/></process>"#,
        "P: Start s Task a Exclusive x End z s>a a>x x>z[default]",
    );
}

#[test]
fn tasks_may_merge_split_and_end_without_gateways() {
    check(
        r#"<process id="P"><startEvent id="s"/><task id="a" default="1"/><task id="b"/><task id="c"/>
        <sequenceFlow id="0" sourceRef="s" targetRef="a"/><sequenceFlow id="1" sourceRef="a" targetRef="b"/>
        <sequenceFlow id="2" sourceRef="b" targetRef="c"/><sequenceFlow id="3" sourceRef="b" targetRef="a"/></process>"#,
        "P: Start s Task a Task b Task c s>a a>b b>c b>a",
    );
}

#[test]
fn several_start_events_are_alternatives() {
    check(
        r#"<process id="P"><startEvent id="s"/><startEvent id="t"/><task id="a"/><task id="b"/>
        <sequenceFlow sourceRef="s" targetRef="a"/><sequenceFlow sourceRef="t" targetRef="b"/>
        <sequenceFlow sourceRef="a" targetRef="b"/></process>"#,
        "P: Start s Start t Task a Task b s>a t>b a>b",
    );
}

#[test]
fn names_are_kept_on_one_line() {
    check(
        r#"<process id="P" name="Order&#10; to cash"><startEvent id="s" name="Begin"/><task id="a" name="Büro&#xA;&amp; &quot;Lager&quot;"/>
        <sequenceFlow id="1" name=" go " sourceRef="s" targetRef="a"/></process>"#,
        r#"P: Start s"Begin" Task a"Büro & "Lager"" s>a[go]"#,
    );
}

#[test]
fn any_prefix_may_stand_for_the_namespace() {
    let body = |p: &str| {
        format!(
            r#"<{p}process id="P"><{p}startEvent id="s"/><{p}task id="a"/><{p}sequenceFlow sourceRef="s" targetRef="a"/></{p}process>"#
        )
    };
    for (declaration, p) in [
        (format!("xmlns=\"{MODEL}\""), ""),
        (format!("xmlns:bpmn='{MODEL}'"), "bpmn:"),
        (format!("xmlns:semantic='{MODEL}' xmlns='urn:other'"), "semantic:"),
        (format!("xmlns:größe='{MODEL}'"), "größe:"),
    ] {
        let xml = format!("<{p}definitions {declaration}>{}</{p}definitions>", body(p));
        assert_eq!(outline(&read(&xml)), "P: Start s Task a s>a", "{xml}");
    }
    // Another prefix for the same namespace further in.
    let xml = format!(
        r#"<a:definitions xmlns:a="{MODEL}"><b:process xmlns:b="{MODEL}" id="P"><b:startEvent id="s"/><a:task id="t"/>
        <sequenceFlow xmlns="{MODEL}" sourceRef="s" targetRef="t"/></b:process></a:definitions>"#
    );
    assert_eq!(outline(&read(&xml)), "P: Start s Task t s>t");
}

#[test]
fn several_processes_and_black_boxes() {
    let document = read(&format!(
        r#"<definitions xmlns="{MODEL}">
  <process id="P"><startEvent id="s"/><task id="a"/><sequenceFlow sourceRef="s" targetRef="a"/></process>
  <process id="Customer" name="The customer"><laneSet/></process>
  <process id="Q"><startEvent id="t"/><task id="b"/><sequenceFlow sourceRef="t" targetRef="b"/></process>
</definitions>"#
    ));
    assert_eq!(outline(&document), "P: Start s Task a s>a Q: Start t Task b t>b");
    let boxes: Vec<String> = document.black_boxes.iter().map(ToString::to_string).collect();
    assert_eq!(boxes, ["process `Customer` \"The customer\""]);
    assert_eq!(document.black_boxes[0].position, Position { line: 3, column: 3 });
}

#[test]
fn every_part_of_the_net_has_its_place() {
    let document = read(&format!(
        "<definitions xmlns=\"{MODEL}\">\n\t<process id=\"P\" name=\"Größe\">\n<startEvent id=\"s\"/>ü<userTask\r\n id=\"a\" name=\"A\"/>\r\n\
         \r\n  <sequenceFlow id=\"f\" sourceRef=\"s\" targetRef=\"a\"/></process></definitions>"
    ));
    let process = &document.processes[0];
    let place = |subject| {
        let element = process.element_of(subject);
        assert_eq!(element.position, process.position_of(subject));
        format!("{} {element}", element.position)
    };
    assert_eq!(place(Subject::Net), "2:2 process `P` \"Größe\"");
    assert_eq!(place(Subject::Node(NodeId(0))), "3:1 startEvent `s`");
    assert_eq!(place(Subject::Node(NodeId(1))), "3:22 userTask `a` \"A\"");
    assert_eq!(place(Subject::Flow(FlowId(0))), "6:3 sequenceFlow `f`");
    assert_eq!(process.net.node(NodeId(1)).kind(), NodeKind::Task);
}

#[test]
fn an_encoding_does_not_change_what_is_read() {
    let xml = format!(
        r#"<?xml version="1.0" encoding="ENCODING"?><definitions xmlns="{MODEL}"><process id="Größe" name="Prüfung">
        <startEvent id="s"/><task id="ä"/><sequenceFlow sourceRef="s" targetRef="ä"/></process></definitions>"#
    );
    let expected = "Größe: Start s Task ä s>ä";
    let utf_8 = xml.replace("ENCODING", "UTF-8");
    let latin_1 = xml.replace("ENCODING", "ISO-8859-1").chars().map(|c| c as u8).collect();
    let utf_16 = |order: fn(u16) -> [u8; 2]| {
        format!("\u{FEFF}{}", xml.replace("ENCODING", "UTF-16")).encode_utf16().flat_map(order).collect()
    };
    let documents: [Vec<u8>; 5] = [
        utf_8.clone().into_bytes(),
        format!("\u{FEFF}{utf_8}").into_bytes(),
        latin_1,
        utf_16(u16::to_le_bytes),
        utf_16(u16::to_be_bytes),
    ];
    for bytes in documents {
        let document = parse(&bytes, &ParseOptions::default()).expect("a model in a known encoding");
        assert_eq!(outline(&document), expected);
        assert_eq!(
            document.processes[0].position_of(Subject::Node(NodeId(0))),
            Position { line: 2, column: 9 }
        );
    }
}

#[test]
fn lanes_are_roles() {
    let document = read(&format!(
        r#"<b:definitions xmlns:b="{MODEL}"><b:process id="P"><b:laneSet>
        <b:lane name="Outer"><b:flowNodeRef>a</b:flowNodeRef><b:flowNodeRef> b </b:flowNodeRef><b:childLaneSet>
          <b:lane name="Inner"><b:flowNodeRef>b</b:flowNodeRef></b:lane></b:childLaneSet></b:lane>
        <b:lane name="Other"><b:flowNodeRef>m</b:flowNodeRef></b:lane><b:lane><b:flowNodeRef>d</b:flowNodeRef></b:lane></b:laneSet>
        <b:task id="a"/><b:task id="b"/><b:subProcess id="m"><b:task id="c"/></b:subProcess><b:task id="d"/><b:task id="e"/>
        </b:process></b:definitions>"#
    ));
    let process = &document.processes[0];
    let roles: Vec<_> =
        process.net.tasks().map(|task| (process.net.node(task).id(), process.role_of(task))).collect();
    let expected =
        [("a", Some("Outer")), ("b", Some("Inner")), ("c", Some("Other")), ("d", None), ("e", None)];
    assert_eq!(roles, expected);
}

#[test]
fn calls_name_a_process_or_an_expression() {
    let check = |call: &str, called: &str, expected: &str| {
        let document = read(&format!(
            r#"<definitions xmlns="{MODEL}" xmlns:zeebe="urn:zeebe"><process id="P">{call}</process></definitions>"#
        ));
        let process = &document.processes[0];
        let calls: Vec<&str> = process.calls.iter().map(|(id, _)| id.as_str()).collect();
        assert_eq!(calls, [called], "{call}");
        let errors = process.check_calls(|_| None);
        assert!(errors[0].to_string().ends_with(expected), "{}", errors[0]);
    };
    // Performed three times it is three calls, and one problem.
    let three = "<multiInstanceLoopCharacteristics><loopCardinality>3</loopCardinality></multiInstanceLoopCharacteristics>";
    let document = read(&format!(
        r#"<definitions xmlns="{MODEL}"><process id="P"><callActivity id="c" calledElement="Q">{three}</callActivity></process></definitions>"#
    ));
    let process = &document.processes[0];
    assert_eq!((process.calls.len(), process.check_calls(|_| None).len()), (3, 1));
    let of_camunda = |id: &str| {
        format!(
            "<callActivity id='c'><extensionElements><zeebe:ioMapping/><zeebe:calledElement processId='{id}'/>\
             </extensionElements></callActivity>"
        )
    };
    check("<callActivity id='c' calledElement='Q'/>", "Q", "it calls the process `Q`, which is not there");
    check(&of_camunda("Q"), "Q", "it calls the process `Q`, which is not there");
    let why = |text: &str| {
        format!("which process it calls is an expression, `{text}`: only a fixed id can be called")
    };
    for text in ["${which}", "order-#{kind}", "${kind:of(order)}"] {
        check(&format!("<callActivity id='c' calledElement='{text}'/>"), text, &why(text));
    }
    check(&of_camunda("=which"), "=which", &why("=which"));
}

#[test]
fn an_error_of_a_called_process_that_nothing_catches_is_named() {
    let errors = |second: &str| {
        let end =
            |id: &str| format!("<endEvent id='end{id}'><errorEventDefinition errorRef='{id}'/></endEvent>");
        let catch = |id: &str, call: &str, error: &str| {
            format!(
                "<boundaryEvent id='{id}' attachedToRef='{call}'><errorEventDefinition{error}/></boundaryEvent>"
            )
        };
        let document = read(&format!(
            r#"<definitions xmlns="{MODEL}"><error id="E1" errorCode="1"/><error id="E2" errorCode="2"/><process id="P">
            <callActivity id="a" calledElement="Q"/>{}
            <callActivity id="b" calledElement="Q"/>{}{second}</process>
            <process id="Q"><task id="t"/><exclusiveGateway id="x" default="f1"/>{}{}
            <sequenceFlow id="f" sourceRef="t" targetRef="x"/><sequenceFlow id="f1" sourceRef="x" targetRef="endE1"/>
            <sequenceFlow id="f2" sourceRef="x" targetRef="endE2"><conditionExpression>=y</conditionExpression></sequenceFlow>
            </process></definitions>"#,
            catch("any", "a", ""),
            catch("one", "b", " errorRef='E1'"),
            end("E1"),
            end("E2")
        ));
        let called = &document.processes[1];
        let errors = document.processes[0].check_calls(|id| (id == "Q").then_some(called));
        errors.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(
        errors(""),
        [
            "3:13: callActivity `b`: it calls the process `Q`, whose endEvent `endE2` at 4:151 nothing inside catches, \
          and no error event around the call does"
        ]
    );
    let caught =
        "<boundaryEvent id='two' attachedToRef='b'><errorEventDefinition errorRef='E2'/></boundaryEvent>";
    assert_eq!(errors(caught), [""; 0]);
}
