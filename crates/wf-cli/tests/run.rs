//! What decides a run: rows of values, and given chances.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::process::{Command, Output};

use serde_json::{Value, json};

/// `check`, then by the data to `big`, to `small`, or to neither; then `ship` and `bill`, one or both, as somebody else decides.
const MODEL: &str = r#"<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL">
  <process id="order">
    <startEvent id="s"/>
    <task id="check"/>
    <exclusiveGateway id="size"/>
    <task id="big"/>
    <task id="small"/>
    <inclusiveGateway id="which" default="none"/>
    <task id="ship"/>
    <task id="bill"/>
    <endEvent id="e"/>
    <sequenceFlow id="f1" sourceRef="s" targetRef="check"/>
    <sequenceFlow id="f2" sourceRef="check" targetRef="size"/>
    <sequenceFlow id="large" name="A large one" sourceRef="size" targetRef="big">
      <conditionExpression>= order.amount &gt; 1000 and count(items) &gt; 1</conditionExpression>
    </sequenceFlow>
    <sequenceFlow id="little" sourceRef="size" targetRef="small">
      <conditionExpression>= order.amount &lt; 1000 and kind = "new"</conditionExpression>
    </sequenceFlow>
    <sequenceFlow id="f5" sourceRef="big" targetRef="which"/>
    <sequenceFlow id="f6" sourceRef="small" targetRef="which"/>
    <sequenceFlow id="goods" sourceRef="which" targetRef="ship"/>
    <sequenceFlow id="money" sourceRef="which" targetRef="bill"/>
    <sequenceFlow id="none" sourceRef="which" targetRef="e"/>
  </process>
</definitions>
"#;

struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        let place = Self(tempfile::tempdir().unwrap());
        place.file("m.bpmn", MODEL);
        place
    }

    fn file(&self, name: &str, content: impl AsRef<[u8]>) {
        std::fs::write(self.0.path().join(name), content).unwrap();
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_wf"));
        command.current_dir(self.0.path()).args(["run", "m.bpmn"]).args(arguments).output().unwrap()
    }

    /// The JSON of a run, and what was said beside it.
    fn json(&self, arguments: &[&str]) -> (Value, String) {
        let output = self.run(&[arguments, &["--json"]].concat());
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(0), "{said}");
        (serde_json::from_slice(&output.stdout).unwrap(), said)
    }

    /// Runs and expects an exit code, and the whole of what is said.
    fn fails(&self, arguments: &[&str], code: i32, expected: &str) {
        let output = self.run(arguments);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), said.trim_end()), (Some(code), expected), "{arguments:?}");
    }
}

/// Rows that say, in this order: big, small, no way on, big, nothing to decide by, a wrong type.
const ARRAY: &str = r#"[
  {"order": {"amount": 1001, "id": 7}, "items": [1, [2, 3]], "kind": "old"},
  {"order.amount": 12.5, "items": [], "kind": "new"},
  {"order": {"amount": 12}, "items": null, "kind": "old", "note": {"by": [1]}},
  {"items": ["a", "b", "c"], "kind": null, "order": {"amount": 1e6}},
  {},
  {"order": {"amount": "many"}, "items": [1, 2], "kind": "new"}
]"#;

const CSV: &str = "kind, order.amount ,items,note\r\nold,1001,\"[1, [2, 3]]\",x\r\nnew,12.5,[],\"a \"\"b\"\",\nc\"\r\n\
                   old,12,,\r\n,1e6,\"[\"\"a\"\", \"\"b\"\", 3]\",\r\n,,null,\r\nnew,many,\"[1,2]\",\r\n";

fn check_rows(place: &Place, file: &str, ignored: &str) {
    let (report, said) = place.json(&["--vars", file, "--cases", "600", "--threads", "3"]);
    assert_eq!(said, format!("note: {file}: no condition of the model asks for {ignored}\n"));
    let tasks = &report["tasks"];
    assert_eq!(
        (&tasks["check"], &tasks["big"], &tasks["small"]),
        (&json!(300), &json!(200), &json!(100)),
        "{file}"
    );
    let incidents = json!({ "cases": 300, "no_value": 100, "no_answer": 100, "no_branch": 100 });
    // Its conditions are the data's, and the rows stand ready before the first case starts.
    let of_run = (&report["conditions_decided_at_random"], &report["heap_allocations_steady"]);
    assert_eq!(of_run, (&json!(0), &json!(0)), "{file}");
    assert_eq!((&report["incidents"], &report["rows"]), (&incidents, &json!(6)), "{file}");
    assert_eq!(
        (&report["completed"], &report["stopped"], &report["refused"]),
        (&json!(300), &json!(0), &json!(0))
    );
}

#[test]
fn rows_of_each_form_decide_the_same() {
    let place = Place::new();
    place.file("a.json", ARRAY);
    let rows: Vec<Value> = serde_json::from_str(ARRAY).unwrap();
    let lines: Vec<String> = rows.iter().map(ToString::to_string).collect();
    place.file("a.jsonl", lines.join("\n\n") + "\n");
    place.file("a.csv", CSV);
    place.file("bom.csv", format!("\u{FEFF}{CSV}"));
    for file in ["a.json", "a.jsonl"] {
        check_rows(&place, file, "note.by, order.id");
    }
    for file in ["a.csv", "bom.csv"] {
        check_rows(&place, file, "note");
    }
}

#[test]
fn a_run_with_rows_is_the_same_for_every_thread_batch_and_log() {
    let place = Place::new();
    place.file("a.json", ARRAY);
    let run = |more: &[&str]| {
        let arguments = [
            &["--vars", "a.json", "--cases", "500", "--seed", "9", "--outcome", "which=goods:0.25,money:0.5"],
            more,
        ];
        let (report, _) = place.json(&arguments.concat());
        ["cases", "completed", "incidents", "completions", "tasks"].map(|name| report[name].clone())
    };
    let expected = run(&["--threads", "1"]);
    assert_eq!(expected[0], 500);
    for more in [["--threads", "8"], ["--batch", "7"], ["--live", "11"], ["--log", "log.csv"]] {
        assert_eq!(run(&more), expected, "{more:?}");
    }
}

#[test]
fn incidents_and_what_no_row_has_are_told() {
    let place = Place::new();
    place.file("a.csv", "order.amount\n5\n");
    let output = place.run(&["--vars", "a.csv", "--cases", "10"]);
    let (out, said) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(out.contains("incidents                10 given up: 10 a variable has no value\n"), "{out}");
    assert!(said.contains("note: a.csv: conditions ask for items, kind, which no row has\n"), "{said}");
}

#[test]
fn a_bad_file_is_refused_where_it_is_bad() {
    let place = Place::new();
    for (name, content, expected) in [
        ("a.json", "[{\"kind\": 1},\n {\"kind\": tru}]", "a.json:2:14: expected ident"),
        (
            "a.json",
            "[{\"kind\": 1},\n 5]",
            "a.json:2:2: invalid type: integer `5`, expected an object with the variables of a case",
        ),
        ("a.json", "[]", "a.json:1:1: there is no row"),
        ("a.json", "[{\"kind\": 1, \"kind\": 2}]", "a.json:1:22: `kind` has two values in this row"),
        ("a.json", "{\"kind\": 1}\n\n{\"kind\" 1}", "a.json:3:9: expected `:`"),
        ("a.json", "[{}] x", "a.json:1:6: trailing characters"),
        ("a.csv", "", "a.csv:1:1: the file is empty"),
        ("a.csv", "kind\n", "a.csv:1:1: there is no row"),
        ("a.csv", "kind,items\nnew,2\nnew\n", "a.csv:3:1: 1 of the 2 cells that the first row names"),
        ("a.csv", "kind,items,kind\n", "a.csv:1:12: a second column `kind`"),
        ("a.csv", "kind\n\"new", "a.csv:2:1: this quotation mark is never closed"),
        (
            "a.csv",
            "kind\n\"new\" one",
            "a.csv:2:7: text behind a closing quotation mark; one inside a text is written twice",
        ),
        ("a.csv", "kind,order.amount\nx,1e999", "a.csv:2:3: a decimal beyond 64 bits"),
    ] {
        place.file(name, content);
        place.fails(&["--vars", name, "--cases", "3"], 3, &format!("error: {expected}"));
    }
    place.file("a.csv", b"kind\nn\xffw\n");
    place.fails(&["--vars", "a.csv"], 3, "error: a.csv:2:2: a byte that is not UTF-8");
    let output = place.run(&["--vars", "gone.csv"]);
    assert_eq!(output.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&output.stderr).contains("cannot read gone.csv"));
}

#[test]
fn chances_are_kept() {
    let place = Place::new();
    let tasks = |outcomes: &[&str]| {
        let given = outcomes.iter().flat_map(|outcome| ["--outcome", outcome]);
        let arguments: Vec<&str> = ["--cases", "10000", "--threads", "2"].into_iter().chain(given).collect();
        let (report, _) = place.json(&arguments);
        assert_eq!((&report["completed"], &report["refused"]), (&json!(10_000), &json!(0)));
        ["big", "small", "ship", "bill"].map(|task| report["tasks"][task].as_u64().unwrap())
    };
    // Five standard deviations of a binomial distribution of 10,000 are at most 250.
    let near = |count: u64, expected: u64| assert!(count.abs_diff(expected) < 250, "{count} of {expected}");
    for given in ["size=0.3", "size=large:0.3", "size=A large one:0.3,little:0.7", "size=small:0.7"] {
        let [big, small, ..] = tasks(&[given]);
        near(big, 3000);
        assert_eq!(big + small, 10_000, "{given}");
    }
    assert_eq!(tasks(&["size=0"])[..2], [0, 10_000]);
    assert_eq!(tasks(&["size=0", "size=1"])[..2], [10_000, 0], "the last one counts");
    let [.., ship, bill] = tasks(&["which=goods:0.25,money:0.5"]);
    near(ship, 2500);
    near(bill, 5000);
    assert_eq!(tasks(&["which=goods:1", "size=0.5"])[2..], [10_000, 0]);
    assert_eq!(tasks(&["which=none:0"])[2..], [0, 0], "the default flow is left");
}

#[test]
fn a_bad_chance_is_refused_with_what_there_is() {
    let place = Place::new();
    for (given, why) in [
        ("sise=0.3", "no `sise` decides between branches; these do: size, which"),
        ("size", "GATEWAY=P is needed, or GATEWAY=BRANCH:P,BRANCH:P"),
        ("size=1.5", "`1.5` is no probability from 0 to 1"),
        ("size=half", "`half` is no probability from 0 to 1"),
        ("size=large:0.3,huge:0.7", "`huge` is none of its branches: large, little"),
        ("size=large:0.3,big:0.7", "branch `big` is given twice"),
        ("size=large:0.3,little:0.3", "the probabilities add up to 0.6, not to 1"),
        ("size=large:0.9,little:0.3", "the probabilities add up to 1.2, not to 1"),
        ("which=0.5", "it has 3 branches, so each P needs its own: BRANCH:P"),
    ] {
        place.fails(&["--outcome", given, "--cases", "5"], 2, &format!("error: --outcome {given}: {why}"));
    }
}

#[test]
fn chances_of_a_process_that_is_called() {
    // Each id with the process's in front but those of the tasks that are counted.
    let process = |id: &str, before: &str| {
        let text = "<process id='P'><startEvent id='Ps'/>BEFORE<exclusiveGateway id='Pg'/><task id='Pyes'/><task id='Pno'/>\
             <exclusiveGateway id='Ph'/><task id='Pon'/><task id='Poff'/>\
             <sequenceFlow id='P0' sourceRef='Ps' targetRef='Pb'/><sequenceFlow id='P1' sourceRef='Pb' targetRef='Pg'/>\
             <sequenceFlow id='P2' sourceRef='Pg' targetRef='Pyes'/><sequenceFlow id='P3' sourceRef='Pg' targetRef='Pno'/>\
             <sequenceFlow id='P4' sourceRef='Pyes' targetRef='Ph'/><sequenceFlow id='P5' sourceRef='Pno' targetRef='Ph'/>\
             <sequenceFlow id='P6' sourceRef='Ph' targetRef='Pon'/><sequenceFlow id='P7' sourceRef='Ph' targetRef='Poff'/>\
             </process>";
        text.replace("'P", &format!("'{id}")).replace("BEFORE", before)
    };
    let place = Place::new();
    place.file(
        "m.bpmn",
        format!(
            "<definitions xmlns='http://www.omg.org/spec/BPMN/20100524/MODEL'>{}{}</definitions>",
            process("P", "<callActivity id='Pb' calledElement='Q'/>"),
            process("Q", "<task id='Qb'/>")
        ),
    );
    let log = |outcomes: &[&str]| {
        let given: Vec<&str> = outcomes.iter().flat_map(|outcome| ["--outcome", outcome]).collect();
        let fixed = ["--process", "P", "--cases", "40", "--log", "log.csv"];
        let output = place.run(&[&given[..], &fixed].concat());
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
        std::fs::read_to_string(place.0.path().join("log.csv")).unwrap()
    };
    let count =
        |log: &str, task: &str| log.lines().filter(|line| line.contains(&format!(",{task},"))).count();
    let said = log(&["Qg=1", "Pg=0", "Q:Qh=0", "P:Ph=0.5"]);
    let counts = ["Qyes", "Qno", "Qon", "Qoff", "Pyes", "Pno"].map(|task| count(&said, task));
    assert_eq!(counts, [40, 0, 0, 40, 0, 40], "{said}");
    assert!(count(&said, "Pon") > 5 && count(&said, "Poff") > 5, "{said}");
    place.fails(
        &["--process", "P", "--outcome", "Q:Pg=1"],
        2,
        "error: --outcome Q:Pg=1: no `Pg` decides between branches; these do: Qg, Qh",
    );
}

#[test]
fn a_number_of_instances_out_of_range_is_told_as_one() {
    let place = Place::new();
    place.file(
        "m.bpmn",
        "<definitions xmlns='http://www.omg.org/spec/BPMN/20100524/MODEL'><process id='P'><task id='a'/><task id='b'>\
         <multiInstanceLoopCharacteristics><loopCardinality>${nr}</loopCardinality></multiInstanceLoopCharacteristics></task>\
         <sequenceFlow id='f' sourceRef='a' targetRef='b'/></process></definitions>",
    );
    place.file("a.csv", "nr\n40000\n");
    let output = place.run(&["--vars", "a.csv", "--cases", "10"]);
    let out = String::from_utf8(output.stdout).unwrap();
    let told =
        "incidents                10 given up: 10 a value has the wrong type or a number is out of range\n";
    assert!(out.contains(told), "{out}{}", String::from_utf8_lossy(&output.stderr));
    // As many as there are.
    place.file("b.csv", "nr\n1000\n");
    let output = place.run(&["--vars", "b.csv", "--cases", "10", "--log", "log.csv"]);
    let out = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{out}{}", String::from_utf8_lossy(&output.stderr));
    let log = std::fs::read_to_string(place.0.path().join("log.csv")).unwrap();
    assert_eq!(log.lines().filter(|line| line.contains(",b,") || line.ends_with(",b")).count(), 10_000);
}

#[test]
fn a_case_of_many_instances_is_played_through() {
    let place = Place::new();
    // Each calls one that has the work item, so that a long list of instances has none.
    place.file(
        "m.bpmn",
        "<definitions xmlns='http://www.omg.org/spec/BPMN/20100524/MODEL'><process id='P'><callActivity id='c' calledElement='Q'>\
         <multiInstanceLoopCharacteristics><loopCardinality>30000</loopCardinality></multiInstanceLoopCharacteristics>\
         </callActivity></process><process id='Q'><callActivity id='d' calledElement='R'/></process>\
         <process id='R'><task id='t'/></process></definitions>",
    );
    let (report, _) = place.json(&["--process", "P", "--cases", "1"]);
    assert_eq!((&report["completed"], &report["stopped"]), (&json!(1), &json!(0)), "{report}");
    assert_eq!(report["completions"], json!(30_000), "{report}");
}

#[test]
fn errors_that_are_thrown_inside_come_from_there_alone() {
    let element = |name: &str| {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/elements").join(name);
        std::fs::read_to_string(path).unwrap()
    };
    let place = Place::new();
    let counts = |model: &str, arguments: &[&str], tasks: &[&str]| {
        place.file("m.bpmn", model);
        let (report, _) = place.json(&[arguments, &["--cases", "2000"]].concat());
        assert_eq!(report["completed"], json!(2000));
        tasks.iter().map(|&task| report["tasks"][task].as_u64().unwrap()).collect::<Vec<_>>()
    };
    let model = element("error-event.bpmn");
    // Work that fails in no way that is drawn fails in the way that it can.
    let nothing_throws = model.replace("<errorEventDefinition/></endEvent>", "</endEvent>");
    assert_ne!(counts(&nothing_throws, &[], &["X"]), [0]);
    for log in [&[][..], &["--log", "log.csv"]] {
        let given = |outcome| [&["--outcome", outcome], log].concat();
        assert_eq!(counts(&model, &given("g=g_failed:0,g_pe:1"), &["C", "X"]), [2000, 0]);
        assert_eq!(counts(&model, &given("g=g_failed:1,g_pe:0"), &["C", "X"]), [0, 2000]);
        // As much of what is called.
        let model = element("called-error.bpmn");
        let good =
            [&["--process", "called-error"], &given("which=which_good:1,which_bad:0,which_slow:0")[..]]
                .concat();
        assert_eq!(counts(&model, &good, &["B", "F", "L"]), [2000, 0, 0]);
        let slow =
            [&["--process", "called-error"], &given("which=which_good:0,which_bad:0,which_slow:1")[..]]
                .concat();
        assert_eq!(counts(&model, &slow, &["B", "F", "L"]), [0, 0, 2000]);
    }
}

#[test]
fn cases_that_end_behind_those_that_they_called_are_counted() {
    let place = Place::new();
    place.file(
        "m.bpmn",
        "<definitions xmlns='http://www.omg.org/spec/BPMN/20100524/MODEL'><process id='P'><startEvent id='s'/>\
         <subProcess id='S'><multiInstanceLoopCharacteristics><loopCardinality>${nr}</loopCardinality></multiInstanceLoopCharacteristics>\
         <startEvent id='b'/><endEvent id='e'/><sequenceFlow id='g' sourceRef='b' targetRef='e'/></subProcess>\
         <sequenceFlow id='f' sourceRef='s' targetRef='S'/></process></definitions>",
    );
    place.file("a.csv", "nr\n3\n");
    let output = place.run(&["--vars", "a.csv", "--cases", "10"]);
    let out = String::from_utf8(output.stdout).unwrap();
    assert!(out.contains("10, all ended: 10 completed"), "{out}{}", String::from_utf8_lossy(&output.stderr));
}
