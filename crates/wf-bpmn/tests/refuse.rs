//! What is refused, with the words and the place.

use wf_bpmn::{ParseOptions, parse};

/// All problems of a document, one a line.
fn problems(xml: &str) -> String {
    match parse(xml.as_bytes(), &ParseOptions::default()) {
        Ok(_) => String::from("read"),
        Err(errors) => errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"),
    }
}

fn check(xml: &str, expected: &[&str]) {
    assert_eq!(problems(xml), expected.join("\n"), "{xml}");
}

/// The body stands from line 2 on, in a process with `s`, `a` and `z` in sequence.
fn check_process(body: &str, expected: &[&str]) {
    let xml = format!(
        "<definitions xmlns='http://www.omg.org/spec/BPMN/20100524/MODEL' xmlns:v='urn:vendor'><process id='P'>\n{body}\n\
         <startEvent id='s'/><task id='a'/><endEvent id='z'/><sequenceFlow id='sa' sourceRef='s' targetRef='a'/>\n\
         <sequenceFlow id='az' sourceRef='a' targetRef='z'/></process></definitions>"
    );
    check(&xml, expected);
}

#[test]
fn what_is_not_xml() {
    check("", &["1:1: the document is empty"]);
    check(" \r\n\t", &["1:1: the document is empty"]);
    check("\n PK\u{3}", &["2:4: the character U+0003 is not allowed in XML"]);
    check("\n {\"a\": 1}", &["2:2: not an XML document: it begins with `{`"]);
    check("<", &["1:2: the document ends inside a start tag, which begins at 1:1: it seems to be cut off"]);
    check(
        "<a>\n <b",
        &["2:4: the document ends inside a start tag, which begins at 2:2: it seems to be cut off"],
    );
    check(
        "<a x='1",
        &["1:8: the document ends inside a start tag, which begins at 1:1: it seems to be cut off"],
    );
    check(
        "<a>\n<!-- b",
        &["2:7: the document ends inside a comment, which begins at 2:1: it seems to be cut off"],
    );
    check(
        "<a><![CDATA[",
        &["1:13: the document ends inside a CDATA section, which begins at 1:4: it seems to be cut off"],
    );
    check(
        "<a>\n<b></b>",
        &["2:8: the document ends inside `<a>`, which begins at 1:1: it seems to be cut off"],
    );
    check(
        "<a>\n<b></a>",
        &["2:4: `</a>` does not close the innermost open element, `<b>`, which begins at 2:1"],
    );
    check("<a></a></b>", &["1:8: `</b>` closes an element that was never opened"]);
    check("<a/><b/>", &["1:5: not well-formed XML: a second root element, `<b>`"]);
    check("<a/>text", &["1:5: not well-formed XML: text outside the root element"]);
    check("<!-- only -->", &["1:14: the document is empty"]);
    check(
        "<a><?xml version='1.0'?></a>",
        &["1:4: not well-formed XML: an XML declaration that is not at the very beginning"],
    );
    check("<>", &["1:1: not well-formed XML: `` is no name of an element"]);
    check("<1a/>", &["1:1: not well-formed XML: `1a` is no name of an element"]);
    check("<a:b:c xmlns:a='u'/>", &["1:1: not well-formed XML: `a:b:c` is no name of an element"]);
    check("<a <b/>", &["1:1: not well-formed XML: an attribute without `=`"]);
    check("<a x=1/>", &["1:1: not well-formed XML: an attribute whose value has no quotes"]);
    check("<a x='1' x='2'/>", &["1:1: not well-formed XML: two attributes of the same name"]);
    check("<a x='<'/>", &["1:1: not well-formed XML: `<` in the value of attribute `x`"]);
    check("<a>1 & 2</a>", &["1:6: not well-formed XML: `&` that begins no reference; write `&amp;`"]);
    check("<a x='1 & 2'/>", &["1:1: not well-formed XML: `&` that begins no reference; write `&amp;`"]);
    check("<a>&#0;</a>", &["1:4: not well-formed XML: a reference to a character that XML does not allow"]);
    check(
        "<a x='&#xFFFF;'/>",
        &["1:1: not well-formed XML: a reference to a character that XML does not allow"],
    );
    check("<a>\n<b:c/></a>", &["2:1: the namespace prefix `b` is not declared (no `xmlns:b`)"]);
    check("<a>\n<c b:x=''/></a>", &["2:1: the namespace prefix `b` is not declared (no `xmlns:b`)"]);
}

#[test]
fn entities_are_neither_expanded_nor_fetched() {
    let refused = "a document type declaration is refused: BPMN needs none, and entities are neither expanded nor fetched";
    for xml in [
        "<!DOCTYPE a SYSTEM 'http://example.com/a.dtd'><a/>",
        "<!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]><a>&b;</a>",
        "<!DOCTYPE a [<!ENTITY b 'bb'><!ENTITY c '&b;&b;&b;&b;'>]><a>&c;</a>",
    ] {
        check(xml, &[&format!("1:1: {refused}")]);
    }
    let only = "only amp, lt, gt, quot, apos and character references are";
    check("<a>&nbsp;</a>", &[&format!("1:4: the entity `&nbsp;` is not known: {only}")]);
    check("<a x='&nbsp;'/>", &[&format!("1:1: the entity `&nbsp;` is not known: {only}")]);
}

#[test]
fn what_is_not_bpmn() {
    let model = "http://www.omg.org/spec/BPMN/20100524/MODEL";
    check(
        "<html/>",
        &[&format!("1:1: the root element is `html` of no namespace, not `definitions` of {model}")],
    );
    check(
        "<definitions/>",
        &[&format!("1:1: the root element is `definitions` of no namespace, not `definitions` of {model}")],
    );
    check(
        "<b:definitions xmlns:b='http://schema.omg.org/spec/BPMN/2.0'/>",
        &[&format!(
            "1:1: the root element is `b:definitions` of http://schema.omg.org/spec/BPMN/2.0, not `definitions` of {model}"
        )],
    );
    check(
        &format!("\n<process xmlns='{model}'/>"),
        &[&format!("2:1: the root element is `process` of {model}, not `definitions` of {model}")],
    );
    check(&format!("<definitions xmlns='{model}'/>"), &["1:1: the document has no process"]);
    check(
        &format!("<definitions xmlns='{model}'><process id='a'/></definitions>"),
        &["1:1: the only process has no flow nodes"],
    );
    check(
        &format!("<definitions xmlns='{model}'><process id='a'/><process id='b'/></definitions>"),
        &["1:1: none of the 2 processes has flow nodes"],
    );
}

#[test]
fn events_that_cannot_happen_where_they_stand() {
    check_process("", &["read"]);
    check_process(
        " <boundaryEvent id='b' name='Late' attachedToRef='a'/>",
        &[
            "2:2: boundaryEvent `b` \"Late\": not supported: a boundary event without a trigger: nothing could make it happen",
        ],
    );
    check_process(
        " <boundaryEvent id='b'><timerEventDefinition/></boundaryEvent>\n<boundaryEvent id='c' attachedToRef='z'><timerEventDefinition/></boundaryEvent>",
        &[
            "2:2: boundaryEvent `b`: has no attachedToRef",
            "3:1: boundaryEvent `c`: its attachedToRef `z` is the endEvent at 4:35, no activity beside it",
        ],
    );
    check_process(
        "<intermediateCatchEvent id='b'/><intermediateThrowEvent id='c'><errorEventDefinition/></intermediateThrowEvent>",
        &[
            "2:1: intermediateCatchEvent `b`: not supported: an intermediate catch event without a trigger: nothing could make it happen",
            "2:33: intermediateThrowEvent `c`: not supported: an intermediate event that throws what only an end event can",
        ],
    );
    check_process(
        "<intermediateThrowEvent id='c'><linkEventDefinition name='far'/></intermediateThrowEvent>",
        &[
            "2:1: intermediateThrowEvent `c`: not supported: a link event to which no catching link event of its name belongs",
        ],
    );
    check_process(
        "<endEvent id='b'><cancelEventDefinition/></endEvent>\n<endEvent id='c'><eventDefinitionRef>gone</eventDefinitionRef></endEvent>",
        &["3:1: endEvent `c`: not supported: an event definition that is not known"],
    );
    check_process(
        "<endEvent id='b'><cancelEventDefinition/></endEvent>",
        &["2:1: endEvent `b`: not supported: a cancel end event outside a transaction"],
    );
}

#[test]
fn activities_that_do_not_run() {
    check_process(
        "<subProcess id='b'><startEvent id='c'/><startEvent id='d'/></subProcess>",
        &["2:1: subProcess `b`: not supported: a sub-process with several start events"],
    );
    check_process(
        "<callActivity id='b'/>",
        &["2:1: callActivity `b`: not supported: a call that does not say which process it calls"],
    );
    check_process(
        "<task id='b'><multiInstanceLoopCharacteristics><loopCardinality>40000</loopCardinality></multiInstanceLoopCharacteristics></task>",
        &["2:1: task `b`: not supported: more than 32,767 instances"],
    );
    for (attribute, kind) in [
        ("startQuantity='256'", "task"),
        ("completionQuantity='many'", "userTask"),
        ("startQuantity='2'", "subProcess"),
    ] {
        let shown = attribute.replace('\'', "\"");
        let inside = if kind == "subProcess" { "<task id='c'/>" } else { "" };
        check_process(
            &format!("<{kind} id='b' {attribute}>{inside}</{kind}>"),
            &[&format!("2:1: {kind} `b`: not supported: {shown}")],
        );
    }
    check_process(
        "<complexGateway id='g'/><sequenceFlow sourceRef='a' targetRef='g'/><sequenceFlow sourceRef='a' targetRef='g'/>",
        &[
            "2:1: complexGateway `g`: not supported: a complex gateway with several incoming flows and no activationCondition, such as activationCount >= 2",
        ],
    );
    for condition in ["=activationCount &gt;= need", "${amount &gt; 3}", "activationCount &gt; 2"] {
        check_process(
            &format!(
                "<complexGateway id='g'><activationCondition>{condition}</activationCondition></complexGateway>\
                 <sequenceFlow sourceRef='a' targetRef='g'/><sequenceFlow sourceRef='a' targetRef='g'/>"
            ),
            &[
                "2:1: complexGateway `g`: not supported: a complex gateway whose activationCondition is no constant bound on \
               activationCount from one to all of its flows, such as activationCount >= 2: what data decides is said by \
               conditions on the flows of an inclusive gateway before it",
            ],
        );
    }
    check_process(
        "<subProcess id='b'><task id='c'/></subProcess><sequenceFlow id='f' sourceRef='a' targetRef='c'/>",
        &[
            "2:47: sequenceFlow `f`: a sequence flow cannot cross the boundary of a sub-process: it leads to task `c` at 2:20",
        ],
    );
}

#[test]
fn choices_where_nothing_chooses() {
    check_process(
        "<parallelGateway id='b'/><sequenceFlow id='f' sourceRef='a' targetRef='b'/>\n\
         <sequenceFlow id='g' name='yes' sourceRef='b' targetRef='z'><conditionExpression>x</conditionExpression></sequenceFlow>",
        &["3:1: sequenceFlow `g` \"yes\": not supported: a condition on a flow out of a parallelGateway; \
           out of an activity or another gateway it is"],
    );
    check_process(
        "<parallelGateway id='b' default='g'/><sequenceFlow id='f' sourceRef='a' targetRef='b'/>\n\
         <sequenceFlow id='g' sourceRef='b' targetRef='z'/><sequenceFlow id='h' sourceRef='b' targetRef='z'/>",
        &[
            "2:1: parallelGateway `b`: not supported: a default flow among several flows out of something that does not choose",
        ],
    );
}

#[test]
fn elements_that_are_not_known() {
    let twice = |inside: &str| format!("<task id='x'>{inside}</task>");
    check_process(
        &twice("<standardLoopCharacteristics/>\n<multiInstanceLoopCharacteristics/>"),
        &[
            "3:1: multiInstanceLoopCharacteristics: not supported: an element of this kind inside a flow node that has one already",
        ],
    );
    check_process(
        &twice(
            "<standardLoopCharacteristics><loopCondition>=a</loopCondition>\n<loopCondition>=b</loopCondition></standardLoopCharacteristics>",
        ),
        &[
            "3:1: loopCondition: not supported: an element of this kind inside a standardLoopCharacteristics that has one already",
        ],
    );
    check_process(
        "<exclusiveGateway id='x'/><sequenceFlow sourceRef='a' targetRef='x'/><sequenceFlow sourceRef='x' targetRef='z'>\n\
         <conditionExpression>=a</conditionExpression><conditionExpression id='c'>=b</conditionExpression></sequenceFlow>",
        &[
            "3:46: conditionExpression `c`: not supported: an element of this kind inside a sequence flow that has one already",
        ],
    );
    check_process(
        "<what id='b'/>",
        &["2:1: what `b`: not supported: an element of this kind inside a process"],
    );
    check_process(
        "<task id='b'><startEvent/></task>",
        &["2:14: startEvent: not supported: an element of this kind inside a flow node"],
    );
    check_process(
        "<v:timer id='b'><v:x/></v:timer>",
        &["2:1: v:timer `b`: not supported: an element of another vocabulary directly inside a process; \
           inside extensionElements it is ignored"],
    );
    check_process(
        "<sequenceFlow sourceRef='a' targetRef='z'><v:x/></sequenceFlow>",
        &["2:43: v:x: not supported: an element of another vocabulary directly inside a sequence flow; \
           inside extensionElements it is ignored"],
    );
    check(
        "<definitions xmlns='http://www.omg.org/spec/BPMN/20100524/MODEL'>\n<choreography id='c'/>\n<what/>\n\
         <collaboration><messageFlow id='m' name='Order' sourceRef='a' targetRef='b'/><what/></collaboration></definitions>",
        &[
            "2:1: choreography `c`: not supported: choreographies",
            "3:1: what: not supported: an element of this kind inside a definitions element",
            "4:78: what: not supported: an element of this kind inside a collaboration",
        ],
    );
}

#[test]
fn structure() {
    let process = |body: &str| {
        format!("<definitions xmlns='http://www.omg.org/spec/BPMN/20100524/MODEL'>\n{body}</definitions>")
    };
    check(
        &process(
            "<process id='P' name='Sell'><task id='a'/><sequenceFlow id='f' sourceRef='a' targetRef='a'/></process>",
        ),
        &["2:1: process `P` \"Sell\": has no start event, so no case could begin"],
    );
    check(
        &process("<process><startEvent id='s'/><task/><sequenceFlow sourceRef='s' targetRef='s'/></process>"),
        &[
            "2:1: process: has no id, so nothing can refer to it",
            "2:30: task: has no id, so nothing can refer to it",
            "2:37: sequenceFlow: leads into a start event, startEvent `s` at 2:10",
        ],
    );
    check_process(
        "<startEvent id='t'/>\n<sequenceFlow id='f' sourceRef='a' targetRef='t'/>\n<sequenceFlow id='g' sourceRef='z' targetRef='a'/>",
        &[
            "3:1: sequenceFlow `f`: leads into a start event, startEvent `t` at 2:1",
            "4:1: sequenceFlow `g`: leads out of an end event, endEvent `z` at 5:35",
        ],
    );
    check_process(
        "<sequenceFlow id='f' sourceRef='a'/>\n<sequenceFlow id='g' sourceRef='gone' targetRef='P'/>\n<sequenceFlow id='h' sourceRef='sa' targetRef='z'/>",
        &[
            "2:1: sequenceFlow `f`: has no targetRef",
            "3:1: sequenceFlow `g`: its sourceRef `gone` is no element of the document",
            "3:1: sequenceFlow `g`: its targetRef `P` is the process at 1:87, which is no flow node of this process",
            "4:1: sequenceFlow `h`: its sourceRef `sa` is the sequenceFlow at 5:53, which is no flow node of this process",
        ],
    );
    check(
        &process(
            "<process id='P'><startEvent id='s'/><task id='a'/><sequenceFlow id='f' sourceRef='s' targetRef='b'/></process>\n\
             <process id='Q'><startEvent id='t'/><task id='b' name='B'/><sequenceFlow id='g' sourceRef='t' targetRef='b'/></process>",
        ),
        &[
            "2:51: sequenceFlow `f`: a sequence flow cannot leave its process: its targetRef is task `b` \"B\" at 3:37, in another process",
        ],
    );
    check_process(
        "<task id='a'/>\n<subProcess id='b'><task id='z'/></subProcess>\n<laneSet id='lanes'><lane id='l'/><lane id='l'/></laneSet>",
        &[
            "5:21: task `a`: this id is used twice, first by the task at 2:1",
            "5:35: endEvent `z`: this id is used twice, first by the task at 3:20",
        ],
    );
    check_process(
        "<exclusiveGateway id='x' default='az'/><exclusiveGateway id='y' default='gone'/>\n<sequenceFlow sourceRef='a' targetRef='x'/>\
         <sequenceFlow sourceRef='x' targetRef='y'/><sequenceFlow sourceRef='y' targetRef='z'/>",
        &[
            "2:1: exclusiveGateway `x`: its default flow `az` is the sequenceFlow at 5:1, no flow out of it",
            "2:40: exclusiveGateway `y`: its default flow `gone` is no element of the document",
        ],
    );
    check_process(
        "<task id='lost' name='Lost'/>\n<exclusiveGateway id='x'/><sequenceFlow sourceRef='a' targetRef='x'/>",
        &[
            "2:1: task `lost` \"Lost\": no case ever gets here: no way leads to it from a start event",
            "3:1: exclusiveGateway `x`: no flow leads out of it, so a token would be lost here",
        ],
    );
    // What a sub-process leads to whose only end is an error.
    check_process(
        "<subProcess id='p'><endEvent id='bad'><errorEventDefinition/></endEvent></subProcess><sequenceFlow sourceRef='a' targetRef='p'/>\
         \n<endEvent id='never'/><sequenceFlow sourceRef='p' targetRef='never'/>\
         <boundaryEvent id='b' attachedToRef='p'><errorEventDefinition/></boundaryEvent><sequenceFlow sourceRef='b' targetRef='z'/>",
        &["3:1: endEvent `never`: no case ever gets here: no way leads to it from a start event"],
    );
}

#[test]
fn a_flow_to_a_refused_node_is_no_second_problem() {
    check_process(
        "<choreographyTask id='b'/><sequenceFlow sourceRef='a' targetRef='b'/><sequenceFlow sourceRef='b' targetRef='z'/>",
        &["2:1: choreographyTask `b`: not supported: choreographies"],
    );
}

#[test]
fn timers_that_begin_like_iso_8601_and_are_none() {
    for (time, column, reason) in [
        ("<timeDuration>PT5</timeDuration>", 68, "`PT5`: no ISO 8601 duration: "),
        ("<timeDuration>\n  P</timeDuration>", 3, "`P`: no ISO 8601 duration: "),
        ("<timeDuration>=\"P5X\"</timeDuration>", 68, "`=\"P5X\"`: no ISO 8601 duration: "),
        ("<timeDate>2030-13-01T00:00:00Z</timeDate>", 64, "`2030-13-01T00:00:00Z`: no ISO 8601 date: "),
        (
            "<timeCycle>R3/5 minutes</timeCycle>",
            65,
            "`R3/5 minutes`: what follows `R/` is no ISO 8601 duration",
        ),
    ] {
        let xml = format!(
            "<definitions xmlns='http://www.omg.org/spec/BPMN/20100524/MODEL'><process id='P'>\n\
             <intermediateCatchEvent id='c'><timerEventDefinition>{time}</timerEventDefinition></intermediateCatchEvent></process></definitions>"
        );
        let line = if time.contains('\n') { 3 } else { 2 };
        let expected = format!("{line}:{column}: intermediateCatchEvent `c`: its timer says {reason}");
        let found = problems(&xml);
        assert!(found.starts_with(&expected), "{found}\n{expected}");
    }
}

#[test]
fn a_loop_with_no_task_names_each_element_once() {
    let gateways = |count: usize| {
        let mut xml = String::from(
            "<definitions xmlns='http://www.omg.org/spec/BPMN/20100524/MODEL'><process id='P'><startEvent id='s'/>\
             <endEvent id='e'/><sequenceFlow id='f' sourceRef='s' targetRef='g0'/>\
             <sequenceFlow id='l' sourceRef='g0' targetRef='e'/>",
        );
        for at in 0..count {
            let next = (at + 1) % count;
            xml += &format!(
                "\n<exclusiveGateway id='g{at}'/><sequenceFlow id='f{at}' sourceRef='g{at}' targetRef='g{next}'/>"
            );
        }
        compiled(&(xml + "</process></definitions>"))
    };
    let why = "a loop with no task in it, so a token could go round for ever:";
    assert_eq!(
        gateways(1),
        format!("2:1: exclusiveGateway `g0`: 1 element forms {why} exclusiveGateway `g0` at 2:1")
    );
    let ten = gateways(10);
    assert!(ten.contains(&format!("10 elements form {why} exclusiveGateway `g0` at 2:1, ")), "{ten}");
    assert!(ten.ends_with("exclusiveGateway `g7` at 9:1 and 2 more"), "{ten}");
    // A sub-process is several nodes.
    let again = compiled(
        "<definitions xmlns='http://www.omg.org/spec/BPMN/20100524/MODEL'><process id='P'><startEvent id='s'/>\
         <subProcess id='a'><standardLoopCharacteristics><loopCondition>=x</loopCondition></standardLoopCharacteristics>\
         <startEvent id='b'/><endEvent id='c'/><sequenceFlow id='g' sourceRef='b' targetRef='c'/></subProcess>\
         <sequenceFlow id='f' sourceRef='s' targetRef='a'/></process></definitions>",
    );
    assert_eq!(again.matches("subProcess `a` at").count(), 1, "{again}");
}

/// The first problem of the first process, once it has been read.
fn compiled(xml: &str) -> String {
    let document = parse(xml.as_bytes(), &ParseOptions::default()).expect("it can be read");
    let process = &document.processes[0];
    let problems =
        wf_net::compile(&process.net, &wf_net::CompileOptions::default()).expect_err("it is refused");
    process.locate(&problems[0]).to_string()
}
