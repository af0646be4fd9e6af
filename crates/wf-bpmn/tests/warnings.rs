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
    // Instances whose number is by data are cases, without bound, unless something that they do goes further than that.
    let by_data = |inside: &str, around: &str| {
        let xml = format!(
            "<subProcess id='m'><multiInstanceLoopCharacteristics><loopCardinality>${{n}}</loopCardinality></multiInstanceLoopCharacteristics>\
             {inside}<task id='a'/></subProcess>{around}"
        );
        let bounded = warnings(&xml, false).into_iter().filter(|said| said.starts_with("instances-bounded"));
        bounded.count()
    };
    let ends = "<task id='b'/><endEvent id='e'><errorEventDefinition/></endEvent><sequenceFlow id='f' sourceRef='b' targetRef='e'/>";
    let caught = "<boundaryEvent id='x' attachedToRef='m'><errorEventDefinition/></boundaryEvent>";
    let decides = "<exclusiveGateway id='g'/><task id='b'/><sequenceFlow id='f' sourceRef='g' targetRef='a'/>\
                   <sequenceFlow id='h' sourceRef='g' targetRef='b'/>";
    assert_eq!([by_data("", ""), by_data(ends, caught)], [0, 0]);
    assert_eq!([by_data(ends, ""), by_data(decides, "")], [1, 1]);
    let in_turn = |inside: &str| {
        let xml = format!(
            "<task id='a'><multiInstanceLoopCharacteristics isSequential='true'>{inside}</multiInstanceLoopCharacteristics></task>"
        );
        warnings(&xml, false)
    };
    assert_eq!(in_turn("<loopCardinality>24</loopCardinality>"), [""; 0]);
    // A task that may hold several tokens has no record of its instances.
    let twice = "<startEvent id='s'/><task id='a'><multiInstanceLoopCharacteristics isSequential='true'>\
                 <loopCardinality>3</loopCardinality></multiInstanceLoopCharacteristics></task>\
                 <sequenceFlow id='f' sourceRef='s' targetRef='a'/><sequenceFlow id='g' sourceRef='s' targetRef='a'/>";
    let codes: Vec<String> = warnings(twice, false)
        .iter()
        .map(|said| said.split(' ').next().unwrap_or_default().to_owned())
        .collect();
    assert_eq!(codes, ["not-joined", "rounds-outside"]);
    let said = "rounds-outside 2:1: warning: task `a`: whoever completes it says whether another follows: ";
    assert_eq!(in_turn(""), [format!("{said}one for each, which is not counted")]);
    // The case counts the rounds.
    assert_eq!(in_turn("<loopCardinality>25</loopCardinality>"), [""; 0]);
    assert_eq!(in_turn("<loopCardinality>2560</loopCardinality>"), [""; 0]);
    assert_eq!(in_turn("<loopDataInputRef>x</loopDataInputRef>"), [""; 0]);
    let most = |condition: &str| {
        let task = format!(
            "<task id='a'><standardLoopCharacteristics loopMaximum='3'>{condition}</standardLoopCharacteristics></task>"
        );
        warnings(&task, false)
    };
    assert_eq!(most(""), [format!("{said}at most 3 times, which is not counted")]);
    assert_eq!(most("<loopCondition>=x</loopCondition>"), [""; 0]);
    let xml = "<definitions xmlns='http://www.omg.org/spec/BPMN/20100524/MODEL'><process id='P' isExecutable='false'>\
               <task id='a'/></process><process id='Q'><task id='b'/></process></definitions>";
    let document = parse(xml.as_bytes(), &ParseOptions::default()).expect("it can be read");
    assert_eq!(document.processes[0].warnings[0].code(), "not-executable");
    assert_eq!(document.processes[1].warnings, []);
}

/// A receiving event, an event that interrupts task `a`, one that does not, and the start of an event sub-process.
fn timers(time: &str) -> String {
    let timer = format!("<timerEventDefinition>{time}</timerEventDefinition>");
    format!(
        "<startEvent id='s'/><intermediateCatchEvent id='c'>{timer}</intermediateCatchEvent><task id='a'/>\
         <boundaryEvent id='b' attachedToRef='a'>{timer}</boundaryEvent>\
         <boundaryEvent id='n' attachedToRef='a' cancelActivity='false'>{timer}</boundaryEvent>\
         <subProcess id='e' triggeredByEvent='true'><startEvent id='t'>{timer}</startEvent></subProcess>\
         <sequenceFlow id='sc' sourceRef='s' targetRef='c'/><sequenceFlow id='ca' sourceRef='c' targetRef='a'/>"
    )
}

/// The elements that are warned of, and why.
fn check_timers(time: &str, expected: &[(&str, &str)]) {
    let found = warnings(&timers(time), false);
    let words = |text: &String| {
        let (element, reason) = text.split_once(": whoever runs the case says when it happens: ")?;
        Some((element.rsplit('`').nth(1)?.to_owned(), reason.to_owned()))
    };
    let found: Vec<(String, String)> = found.iter().filter_map(words).collect();
    let expected: Vec<(String, String)> =
        expected.iter().map(|&(id, why)| (id.to_owned(), why.to_owned())).collect();
    assert_eq!(found, expected, "{time}");
}

#[test]
fn timers_that_the_clock_does_not_bring_about() {
    let no_begin = "no token stands still from the begin of what it watches";
    let again = "it happens again and again";
    let all = |why: &'static str| ["c", "b", "n", "t"].map(|id| (id, why));
    check_timers("<timeDuration>PT1H</timeDuration>", &[("t", no_begin)]);
    check_timers("<timeDuration> P2W </timeDuration>", &[("t", no_begin)]);
    check_timers("<timeDuration><![CDATA[${'PT1H'}]]></timeDuration>", &[("t", no_begin)]);
    check_timers("<timeDuration>=duration(\"PT1H\")</timeDuration>", &[("t", no_begin)]);
    check_timers("<timeDate>2030-01-01T00:00:00Z</timeDate>", &[]);
    check_timers("<timeDate>2030-01-01T00:00:00+01:00[Europe/Paris]</timeDate>", &[]);
    check_timers("<timeCycle>R1/PT1H</timeCycle>", &[("t", no_begin)]);
    check_timers("<timeCycle>R/PT1H</timeCycle>", &[("n", again), ("t", no_begin)]);
    check_timers("", &all("the model does not say it"));
    check_timers("<timeDuration/>", &all("the model does not say it"));
    check_timers("<timeDuration>P1M</timeDuration>", &all("years and months have no fixed length"));
    check_timers("<timeDuration>P1Y2DT1H</timeDuration>", &all("years and months have no fixed length"));
    check_timers("<timeDuration>=a-b</timeDuration>", &all("`=a-b` is an expression"));
    check_timers("<timeDuration>${delay}</timeDuration>", &all("`${delay}` is an expression"));
    check_timers("<timeDuration>PT${n}H</timeDuration>", &all("`PT${n}H` is an expression"));
    check_timers(
        "<timeDuration>=\"PT\" + \"1H\"</timeDuration>",
        &all("`=\"PT\" + \"1H\"` is an expression"),
    );
    check_timers("<timeDuration>500ms</timeDuration>", &all("`500ms` is not ISO 8601"));
    check_timers("<timeDuration>Pause</timeDuration>", &all("`Pause` is not ISO 8601"));
    check_timers("<timeDuration>-PT1H</timeDuration>", &all("it is no second of a clock from 1970 to 2106"));
    check_timers("<timeDuration>P9999W</timeDuration>", &all("it is no second of a clock from 1970 to 2106"));
    check_timers(
        "<timeDate>1969-12-31T23:59:59Z</timeDate>",
        &all("it is no second of a clock from 1970 to 2106"),
    );
    check_timers("<timeDate>2030-01-01T00:00:00</timeDate>", &all("its date has no offset from UTC"));
    check_timers("<timeDate>2030-01-01</timeDate>", &all("its date has no offset from UTC"));
    check_timers("<timeDate>tomorrow</timeDate>", &all("`tomorrow` is not ISO 8601"));
    check_timers("<timeCycle>0 0/5 * * * ?</timeCycle>", &all("`0 0/5 * * * ?` is not ISO 8601"));
    let bounded = "its cycle is not a number and a duration";
    check_timers("<timeCycle>R3/2030-01-01T00:00:00Z/PT1H</timeCycle>", &all(bounded));
    // Each trigger waits for itself.
    let several = "<intermediateCatchEvent id='c'><timerEventDefinition><timeDuration>PT1H</timeDuration></timerEventDefinition>\
                   <messageEventDefinition/></intermediateCatchEvent>";
    assert_eq!(warnings(several, false), [""; 0]);
}

#[test]
fn choices_that_bpmn_does_not_know() {
    let flows = |gateway: &str, targets: &str| {
        format!(
            "<startEvent id='s'/><{gateway} id='g'/>{targets}<sequenceFlow id='sg' sourceRef='s' targetRef='g'/>\
             <sequenceFlow id='ga' sourceRef='g' targetRef='a'/><sequenceFlow id='gb' sourceRef='g' targetRef='b'/>"
        )
    };
    assert_eq!(
        warnings(&flows("inclusiveGateway", "<task id='a'/><task id='b'/>"), false),
        [
            "no-condition 2:21: warning: inclusiveGateway `g`: whoever runs the case decides: no flow has a condition, \
          and BPMN takes all of them"
        ]
    );
    assert_eq!(
        warnings(&flows("eventBasedGateway", "<userTask id='a'/><receiveTask id='b'/>"), false),
        [
            "not-an-event 2:21: warning: eventBasedGateway `g`: userTask `a` at 2:48 is no event to wait for: whoever \
          begins it first withdraws what else waits here"
        ]
    );
}

#[test]
fn messages_that_are_waited_for_in_a_circle() {
    let circle = |between: &str| {
        format!(
            "<startEvent id='s'/><exclusiveGateway id='m'/><receiveTask id='a'/>{between}<exclusiveGateway id='x'/>\
             <sequenceFlow id='f1' sourceRef='s' targetRef='m'/><sequenceFlow id='f2' sourceRef='m' targetRef='a'/>\
             <sequenceFlow id='f3' sourceRef='a' targetRef='b'/><sequenceFlow id='f4' sourceRef='b' targetRef='x'/>\
             <sequenceFlow id='f5' sourceRef='x' targetRef='m'/><endEvent id='e'/>\
             <sequenceFlow id='f6' sourceRef='x' targetRef='e'/>"
        )
    };
    let lost = "a message that comes while it does not wait is lost: it waits in a circle with no task";
    assert_eq!(
        warnings(
            &circle("<intermediateCatchEvent id='b'><messageEventDefinition/></intermediateCatchEvent>"),
            false
        ),
        [
            format!("not-kept 2:47: warning: receiveTask `a`: {lost}"),
            format!("not-kept 2:68: warning: intermediateCatchEvent `b`: {lost}")
        ]
    );
    for kept in
        ["<task id='b'/>", "<intermediateCatchEvent id='b'><signalEventDefinition/></intermediateCatchEvent>"]
    {
        assert_eq!(warnings(&circle(kept), false), [""; 0], "{kept}");
    }
    let looped = "<receiveTask id='a'><standardLoopCharacteristics><loopCondition>=x</loopCondition>\
                  </standardLoopCharacteristics></receiveTask>";
    assert_eq!(warnings(looped, false), [format!("not-kept 2:1: warning: receiveTask `a`: {lost}")]);
}

#[test]
fn conditions_that_nobody_evaluates() {
    let happens = "whoever runs the case says when it happens: its condition is not evaluated";
    let event =
        "<conditionalEventDefinition><condition>${temp > 100}</condition></conditionalEventDefinition>";
    assert_eq!(
        warnings(
            &format!("<task id='a'/><boundaryEvent id='b' attachedToRef='a'>{event}</boundaryEvent>"),
            false
        ),
        [format!("conditional-outside 2:15: warning: boundaryEvent `b`: {happens}")]
    );
    assert_eq!(
        warnings(&format!("<intermediateCatchEvent id='c'>{event}</intermediateCatchEvent>"), false),
        [format!("conditional-outside 2:1: warning: intermediateCatchEvent `c`: {happens}")]
    );
    let ad_hoc = |inside: &str| {
        warnings(
            &format!("<adHocSubProcess id='h'><task id='a'/><task id='b'/>{inside}</adHocSubProcess>"),
            false,
        )
    };
    assert_eq!(
        ad_hoc("<completionCondition>${done}</completionCondition>"),
        [
            "ad-hoc-completion 2:1: warning: adHocSubProcess `h`: its completionCondition is not evaluated: it is done when \
          all that was chosen at its begin is done"
        ]
    );
    assert_eq!(ad_hoc(""), [""; 0]);
}

#[test]
fn compensation_that_somebody_decides() {
    let said = |kind: &str, id: &str| {
        format!(
            "compensation-outside 3:1: warning: {kind} `{id}`: whoever runs the case says which activities for \
             compensation are performed: what was done is not kept"
        )
    };
    let undone = "<task id='a'/><boundaryEvent id='b' attachedToRef='a'><compensateEventDefinition/></boundaryEvent>\
                  <task id='u' isForCompensation='true'/><association id='s' sourceRef='b' targetRef='u'/>";
    for kind in ["intermediateThrowEvent", "endEvent"] {
        let throw = format!(
            "\n<{kind} id='t'><compensateEventDefinition/></{kind}><sequenceFlow id='f' sourceRef='a' targetRef='t'/>"
        );
        assert_eq!(warnings(&format!("{undone}{throw}"), false), [said(kind, "t")]);
    }
    let cancelled = format!(
        "<transaction id='x'>{undone}\n<endEvent id='c'><cancelEventDefinition/></endEvent>\
         <sequenceFlow id='f' sourceRef='a' targetRef='c'/></transaction>\
         <boundaryEvent id='xc' attachedToRef='x'><cancelEventDefinition/></boundaryEvent>"
    );
    assert_eq!(warnings(&cancelled, false), [said("endEvent", "c")]);
    // Nothing is there to be undone.
    let nothing = "<task id='a'/><endEvent id='t'><compensateEventDefinition/></endEvent>\
                   <sequenceFlow id='f' sourceRef='a' targetRef='t'/>";
    assert_eq!(warnings(nothing, false), [""; 0]);
}

#[test]
fn escalations_do_not_leave_a_process() {
    let thrown = "<endEvent id='e'><escalationEventDefinition escalationRef='x'/></endEvent>";
    let unheard = "escalation-uncaught 2:1: warning: endEvent `e`: nothing in its process catches this escalation: nothing \
                   happens, around a call of the process neither";
    assert_eq!(warnings(thrown, false), [unheard]);
    let catcher = |id: &str, activity: &str, kind: &str| {
        format!(
            "<boundaryEvent id='{id}' attachedToRef='{activity}' cancelActivity='false'><{kind}EventDefinition/></boundaryEvent>"
        )
    };
    // Caught in its process.
    let inside = format!("<subProcess id='a'>{thrown}</subProcess>{}", catcher("b", "a", "escalation"));
    assert_eq!(warnings(&inside, false), [""; 0]);
    let said = |kind: &str, id: &str, column: usize, call: &str| {
        format!(
            "escalation-of-called 3:{column}: warning: {kind} `{id}`: an escalation of the process that callActivity {call} \
             calls does not come here: only errors leave a called process"
        )
    };
    let called = format!(
        "<subProcess id='a'><callActivity id='c' calledElement='Q'/></subProcess>\n{}<callActivity id='d' calledElement='Q'/>{}",
        catcher("b", "a", "escalation"),
        catcher("f", "d", "signal")
    );
    assert_eq!(warnings(&called, false), [said("boundaryEvent", "b", 1, "`c` at 2:20")]);
    // A task that several processes use throws nothing.
    let xml = format!(
        "<definitions xmlns='http://www.omg.org/spec/BPMN/20100524/MODEL'><globalTask id='G'/><process id='P'>\
         <callActivity id='d' calledElement='G'/>{}</process></definitions>",
        catcher("b", "d", "escalation")
    );
    let document = parse(xml.as_bytes(), &ParseOptions::default()).expect("it can be read");
    assert_eq!(document.processes[0].warnings, []);
    let beside = "<callActivity id='c' calledElement='Q'/>\n<subProcess id='h' triggeredByEvent='true'>\
                  <startEvent id='g'><escalationEventDefinition/></startEvent><callActivity id='d' calledElement='Q'/>\
                  <sequenceFlow id='gd' sourceRef='g' targetRef='d'/></subProcess>";
    assert_eq!(warnings(beside, false), [said("startEvent", "g", 44, "`c` at 2:1")]);
}
