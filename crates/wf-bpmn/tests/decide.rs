//! Which choices the data of a case decides, which are left to whoever runs it, and where a condition is refused.

use wf_bpmn::{ErrorKind, ParseOptions, parse};

/// A process of a start, one flow node `x` and some flows out of it to tasks of the flows' names.
fn model(x: &str, flows: &[(&str, &str)]) -> String {
    let mut body = String::new();
    for (name, inside) in flows {
        body += &format!(
            "<task id='{name}'/><sequenceFlow id='to_{name}' sourceRef='x' targetRef='{name}'>{inside}</sequenceFlow>\n"
        );
    }
    format!(
        "<definitions xmlns='http://www.omg.org/spec/BPMN/20100524/MODEL'><process id='P'><startEvent id='s'/>\n\
         {x}<sequenceFlow id='sx' sourceRef='s' targetRef='x'/>\n{body}</process></definitions>"
    )
}

fn condition(text: &str) -> String {
    format!("<conditionExpression>{text}</conditionExpression>")
}

fn options(external_decisions: bool) -> ParseOptions {
    let mut options = ParseOptions::default();
    options.external_decisions = external_decisions;
    options
}

/// The guards of a model, as `flow: guard`; a flow that the choice's caller decides, or nobody, has none.
fn guards(xml: &str, external_decisions: bool) -> String {
    let document = parse(xml.as_bytes(), &options(external_decisions))
        .unwrap_or_else(|errors| panic!("{}", errors[0].in_file("test")));
    let process = &document.processes[0];
    let mut guards = Vec::new();
    for (at, flow) in process.net.flows().iter().enumerate() {
        let id = &process.element_of(wf_net::Subject::Flow(wf_net::FlowId(at as u32))).id;
        guards.extend(flow.guard().map(|guard| format!("{id}: {guard}")));
    }
    guards.join(", ")
}

#[test]
fn a_choice_whose_conditions_are_all_read_is_decided_by_data() {
    let (a, b) = (condition("=amount &gt; 10"), condition("${kind == 'x'}"));
    let exclusive = "<exclusiveGateway id='x' default='to_c'/>";
    // bpmn:exclusiveGateway: all but the default; what stands on the default counts for nothing.
    let xml = model(exclusive, &[("a", &a), ("b", &b), ("c", &condition("= some x in y satisfies x"))]);
    for external in [false, true] {
        assert_eq!(guards(&xml, external), "to_a: (amount > 10), to_b: (kind = \"x\")");
    }
    // Without a condition on each flow but the default, whoever runs the case decides.
    let xml = model("<exclusiveGateway id='x'/>", &[("a", &a), ("b", ""), ("c", &b)]);
    assert_eq!(guards(&xml, false), "");
    // None at all: as ever.
    assert_eq!(guards(&model("<exclusiveGateway id='x'/>", &[("a", ""), ("b", "")]), false), "");
    assert_eq!(guards(&model("<exclusiveGateway id='x'/>", &[("a", &condition(" ")), ("b", "")]), false), "");
}

#[test]
fn of_several_that_may_be_taken_one_without_a_condition_is() {
    let a = condition("=a");
    // bpmn:inclusiveGateway.
    let xml = model("<inclusiveGateway id='x'/>", &[("a", &a), ("b", "")]);
    assert_eq!(guards(&xml, false), "to_a: a, to_b: true");
    let xml = model("<inclusiveGateway id='x' default='to_b'/>", &[("a", &a), ("b", ""), ("c", "")]);
    assert_eq!(guards(&xml, false), "to_a: a, to_c: true");
    assert_eq!(guards(&model("<inclusiveGateway id='x'/>", &[("a", ""), ("b", "")]), false), "");
    // Conditional flows out of a task: the others lead past the choice, unless that has a default.
    assert_eq!(guards(&model("<task id='x'/>", &[("a", &a), ("b", "")]), false), "to_a: a");
    let xml = model("<task id='x' default='to_b'/>", &[("a", &a), ("b", ""), ("c", "")]);
    assert_eq!(guards(&xml, false), "to_a: a, to_c: true");
    let xml = model("<task id='x'/>", &[("a", &a), ("b", &condition(""))]);
    assert_eq!(guards(&xml, false), "to_a: a, to_b: true");
}

#[test]
fn a_condition_beyond_what_is_evaluated_is_refused_where_it_stands() {
    let check = |inside: &str, expected: &str| {
        let flows = [("a", inside), ("b", &condition("=b"))];
        let xml = model("<exclusiveGateway id='x'/>", &flows);
        let errors = parse(xml.as_bytes(), &options(false)).expect_err("refused");
        assert_eq!(errors.len(), 1, "{errors:?}");
        assert_eq!(errors[0].to_string(), expected, "{inside}");
        assert!(matches!(errors[0].kind, ErrorKind::Condition(_)));
        let element = errors[0].element.as_ref().expect("the flow");
        assert_eq!((element.id.as_str(), element.position.line), ("to_a", 3));
        // The whole choice is left to whoever runs the case, also the flow that could be decided.
        assert_eq!(guards(&xml, true), "");
    };
    let prefix = "sequenceFlow `to_a`: its condition cannot be evaluated: ";
    let flow = "<task id='a'/><sequenceFlow id='to_a' sourceRef='x' targetRef='a'>".chars().count();
    let at = flow + "<conditionExpression>".chars().count();
    check(
        &condition("${a.check()}"),
        &format!("3:{}: {prefix}`a.check(...)` is a method call", at + "${".len() + 1),
    );
    // Behind a reference, a line end, a comment and a CDATA section, counted in characters.
    check(
        &condition("=é &gt; b[1]"),
        &format!("3:{}: {prefix}an item or a filter of a list", at + "=é &gt; b".chars().count() + 1),
    );
    check(
        &condition("\n=a\r\n  or b + 1"),
        &format!("5:6: {prefix}a truth value is needed, this is a number"),
    );
    check(
        &condition("=a <!-- b -->\n and <![CDATA[\n  c < 'd']]>"),
        &format!("5:7: {prefix}'\\'' begins nothing that a condition could have"),
    );
    check(
        &condition("=a <![CDATA[and #]]>"),
        &format!(
            "3:{}: {prefix}'#' begins nothing that a condition could have",
            at + "=a <![CDATA[and ".len() + 1
        ),
    );
    check(&condition("(a"), &format!("3:{}: {prefix}the text ends where `)` is needed", at + "(a".len() + 1));
    check(
        "<conditionExpression language='groovy'>a</conditionExpression>",
        &format!(
            "3:{}: {prefix}written in groovy: only FEEL and JUEL are evaluated",
            at + " language='groovy'".len() + 1
        ),
    );
}

#[test]
fn each_copy_of_an_activity_has_the_guards_and_a_fault_is_told_once() {
    let body = |text: &str| {
        format!(
            "<definitions xmlns='http://www.omg.org/spec/BPMN/20100524/MODEL'><process id='P'><subProcess id='m'>\
             <multiInstanceLoopCharacteristics><loopCardinality>2</loopCardinality></multiInstanceLoopCharacteristics>\
             <startEvent id='s'/><exclusiveGateway id='x' default='xb'/><task id='a'/><task id='b'/>\
             <sequenceFlow id='sx' sourceRef='s' targetRef='x'/><sequenceFlow id='xa' sourceRef='x' targetRef='a'>{}</sequenceFlow>\
             <sequenceFlow id='xb' sourceRef='x' targetRef='b'/></subProcess></process></definitions>",
            condition(text)
        )
    };
    assert_eq!(guards(&body("=a"), false), "xa: a, xa: a");
    assert_eq!(parse(body("=a(").as_bytes(), &options(false)).expect_err("refused").len(), 1);
}

#[test]
fn loops_and_completions_are_decided_by_data() {
    let with = |inside: &str| model(&format!("<task id='x'>{inside}</task>"), &[("a", "")]);
    let looped = |text: &str| {
        with(&format!(
            "<standardLoopCharacteristics>\n<loopCondition> {text} </loopCondition></standardLoopCharacteristics>"
        ))
    };
    let several = |text: &str| {
        with(&format!(
            "<multiInstanceLoopCharacteristics><loopCardinality>3</loopCardinality>\n\
             <completionCondition> {text} </completionCondition></multiInstanceLoopCharacteristics>"
        ))
    };
    // bpmn:standardLoopCharacteristics: the flow that goes round has the element of the activity.
    assert_eq!(guards(&looped("=i &lt; 3"), false), "x: (i < 3)");
    // bpmn:multiInstanceLoopCharacteristics, in the names of both dialects; elsewhere these names are the case's own.
    let completion = |text: &str, external| {
        let document = parse(several(text).as_bytes(), &options(external))
            .unwrap_or_else(|errors| panic!("{}", errors[0].in_file("test")));
        let net = &document.processes[0].net;
        let task = net.tasks().next().expect("the task");
        net.completion_guard(task).map(ToString::to_string)
    };
    let two = "((numberOfCompletedInstances >= 2) or ((numberOfActiveInstances / numberOfInstances) < 0.5))";
    let juel = "${nrOfCompletedInstances &gt;= 2 || nrOfActiveInstances / nrOfInstances &lt; 0.5}";
    assert_eq!(completion(juel, false).as_deref(), Some(two));
    let feel = "=numberOfCompletedInstances &gt;= 2 or numberOfActiveInstances / numberOfInstances &lt; 0.5";
    assert_eq!(completion(feel, false).as_deref(), Some(two));
    assert_eq!(
        completion("=numberOfTerminatedInstances &gt; n", false).as_deref(),
        Some("(numberOfTerminatedInstances > n)")
    );
    assert_eq!(guards(&looped("=numberOfInstances &lt; 3"), false), "x: (numberOfInstances < 3)");
    // What cannot be read is refused at its place, or left to whoever completes an instance.
    for (xml, element) in
        [(looped("${f.x(i)}"), "loopCondition"), (several("${f.x(i)}"), "completionCondition")]
    {
        let errors = parse(xml.as_bytes(), &options(false)).expect_err("a call");
        let column = element.len() + 6;
        assert_eq!(
            errors[0].in_file("m").to_string(),
            format!("m:3:{column}: task `x`: its condition cannot be evaluated: `f.x(...)` is a method call"),
            "{element}"
        );
        assert!(matches!(errors[0].kind, ErrorKind::Condition(_)));
        let document = parse(xml.as_bytes(), &options(true)).expect("it is left to somebody");
        let process = &document.processes[0];
        let task = process.net.tasks().next().expect("the task");
        assert_eq!(process.net.completion_guard(task), None);
        assert!(process.net.flows().iter().all(|flow| flow.guard().is_none()));
        let said: Vec<String> = process.warnings.iter().map(|warning| warning.code()).collect();
        assert_eq!(said, ["decided-outside"], "{element}");
    }
}

#[test]
fn a_number_of_instances_that_cannot_be_evaluated_is_refused_by_its_name() {
    let why = |instances: &str| {
        let xml = format!(
            "<definitions xmlns='http://www.omg.org/spec/BPMN/20100524/MODEL' xmlns:camunda='urn:c'><process id='P'>\n\
             <task id='x'>{instances}</task></process></definitions>"
        );
        let errors = parse(xml.as_bytes(), &options(false)).expect_err("a call");
        assert_eq!(errors[0].code(), "condition.beyond");
        errors[0].to_string()
    };
    let of_vendor = "<multiInstanceLoopCharacteristics camunda:collection='${users.list()}'/>";
    let said = "cannot be evaluated: `users.list(...)` is a method call";
    assert_eq!(why(of_vendor), format!("2:14: task `x`: its collection {said}"));
    let inside = |name: &str, content: &str| {
        why(&format!(
            "<multiInstanceLoopCharacteristics><{name}>{content}</multiInstanceLoopCharacteristics>"
        ))
    };
    assert_eq!(
        inside("loopCardinality", "${users.list()}</loopCardinality>"),
        format!("2:67: task `x`: its loopCardinality {said}")
    );
    let zeebe = "<camunda:loopCharacteristics inputCollection='${users.list()}'/></extensionElements>";
    assert_eq!(inside("extensionElements", zeebe), format!("2:14: task `x`: its inputCollection {said}"));
}
