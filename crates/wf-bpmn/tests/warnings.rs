//! What runs and may surprise is said, once, with its element.

use wf_bpmn::{ParseOptions, parse};

fn warnings(body: &str, external_decisions: bool) -> Vec<String> {
    let xml = format!(
        "<definitions xmlns='http://www.omg.org/spec/BPMN/20100524/MODEL'><process id='P'>\n{body}</process></definitions>"
    );
    let mut options = ParseOptions::default();
    options.external_decisions = external_decisions;
    let document =
        parse(xml.as_bytes(), &options).unwrap_or_else(|errors| panic!("{}", errors[0].in_file("test")));
    document.processes[0].warnings.iter().map(|warning| format!("{} {warning}", warning.code())).collect()
}

/// A choice between two tasks behind a start.
fn choice(attributes: &str, a: &str, b: &str) -> String {
    let condition = |text: &str| match text {
        "" => String::new(),
        text => format!("<conditionExpression>{text}</conditionExpression>"),
    };
    format!(
        "<startEvent id='s'/><exclusiveGateway id='x'{attributes}/><task id='a'/><task id='b'/>\
         <sequenceFlow id='sx' sourceRef='s' targetRef='x'/>\n\
         <sequenceFlow id='xa' sourceRef='x' targetRef='a'>{}</sequenceFlow>\n\
         <sequenceFlow id='xb' sourceRef='x' targetRef='b'>{}</sequenceFlow>",
        condition(a),
        condition(b)
    )
}

#[test]
fn choices_that_may_be_stuck_or_ask_somebody() {
    let check =
        |body: &str, external, expected: &[&str]| assert_eq!(warnings(body, external), expected, "{body}");
    check(&choice("", "", ""), false, &[]);
    check(&choice(" default='xb'", "=a", ""), false, &[]);
    check(
        &choice("", "=a", "=b"),
        false,
        &[
            "no-default 2:21: warning: exclusiveGateway `x`: no default flow: a case for which no condition holds is stuck",
        ],
    );
    check(
        &choice("", "=a", ""),
        false,
        &["condition-missing 2:21: warning: exclusiveGateway `x`: whoever runs the case decides: \
           sequenceFlow `xb` at 4:1 has neither a condition nor the default mark"],
    );
    check(
        &choice(" default='xb'", "=a", "=b"),
        false,
        &[
            "condition-on-default 4:1: warning: sequenceFlow `xb`: its condition counts for nothing: it is the default flow",
        ],
    );
    check(
        &choice(" default='xb'", "=f(a)", ""),
        true,
        &[
            "decided-outside 2:21: warning: exclusiveGateway `x`: whoever runs the case decides: the condition of \
           sequenceFlow `xa` at 3:1 cannot be evaluated: `f(...)` is a function that is not known",
        ],
    );
}

#[test]
fn tokens_that_meet_without_a_join() {
    let body = |merge: &str| {
        format!(
            "<startEvent id='s'/><parallelGateway id='f'/><task id='a'/><task id='b'/><{merge} id='m'/><task id='c'/>\
             <sequenceFlow id='1' sourceRef='s' targetRef='f'/><sequenceFlow id='2' sourceRef='f' targetRef='a'/>\
             <sequenceFlow id='3' sourceRef='f' targetRef='b'/><sequenceFlow id='4' sourceRef='a' targetRef='m'/>\
             <sequenceFlow id='5' sourceRef='b' targetRef='m'/><sequenceFlow id='6' sourceRef='m' targetRef='c'/>"
        )
    };
    let said = |kind: &str| {
        format!(
            "not-joined 2:74: warning: {kind} `m`: the tokens of parallelGateway `f` at 2:21 meet here and are not joined: \
             what follows happens once for each"
        )
    };
    for kind in ["exclusiveGateway", "task", "userTask"] {
        assert_eq!(warnings(&body(kind), false), [said(kind)]);
    }
    for kind in ["parallelGateway", "inclusiveGateway"] {
        assert_eq!(warnings(&body(kind), false), [""; 0]);
    }
}

#[test]
fn what_is_not_executed_caught_or_unbounded() {
    assert_eq!(
        warnings(
            "<startEvent id='s'/><scriptTask id='a'/><sequenceFlow id='f' sourceRef='s' targetRef='a'/>",
            false
        ),
        ["script 2:21: warning: scriptTask `a`: its script is not executed: somebody outside does the work"]
    );
    assert_eq!(
        warnings(
            "<task id='a'/><endEvent id='e'><errorEventDefinition/></endEvent>\
                  <sequenceFlow id='f' sourceRef='a' targetRef='e'/>",
            false
        ),
        ["error-uncaught 2:15: warning: endEvent `e`: nothing catches this error: it ends the case"]
    );
    assert_eq!(
        warnings(
            "<subProcess id='m'><multiInstanceLoopCharacteristics/><task id='a'/><task id='b'/>\
                  <sequenceFlow id='f' sourceRef='a' targetRef='b'/></subProcess>",
            false
        ),
        ["instances-bounded 2:1: warning: subProcess `m`: at most 8 instances: their number is not constant"]
    );
    let xml = "<definitions xmlns='http://www.omg.org/spec/BPMN/20100524/MODEL'><process id='P' isExecutable='false'>\
               <task id='a'/></process><process id='Q'><task id='b'/></process></definitions>";
    let document = parse(xml.as_bytes(), &ParseOptions::default()).expect("it can be read");
    assert_eq!(document.processes[0].warnings[0].code(), "not-executable");
    assert_eq!(document.processes[1].warnings, []);
}
