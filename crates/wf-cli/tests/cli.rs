//! The program as a user meets it: commands, exit codes, and what is left behind.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

const MODEL: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL">
  <process id="review" name="Review">
    <startEvent id="s"/>
    <task id="write" name="Write"/>
    <task id="read" name="Read"/>
    <exclusiveGateway id="good" default="done"/>
    <endEvent id="e"/>
    <sequenceFlow id="f1" sourceRef="s" targetRef="write"/>
    <sequenceFlow id="f2" sourceRef="write" targetRef="read"/>
    <sequenceFlow id="f3" sourceRef="read" targetRef="good"/>
    <sequenceFlow id="again" sourceRef="good" targetRef="write">
      <conditionExpression>mark &lt; 5</conditionExpression>
    </sequenceFlow>
    <sequenceFlow id="done" sourceRef="good" targetRef="e"/>
  </process>
</definitions>
"#;

struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, content).unwrap();
        path
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn left(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.folder.path()).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

fn wf(arguments: &[&dyn AsRef<std::ffi::OsStr>]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_wf")).args(arguments.iter().map(|a| a.as_ref())).output().unwrap()
}

/// Runs and expects an exit code, and each text somewhere in the output.
fn check(arguments: &[&dyn AsRef<std::ffi::OsStr>], code: i32, texts: &[&str]) -> String {
    let output = wf(arguments);
    let said =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{said}");
    for text in texts {
        assert!(said.contains(text), "{text:?} is not in: {said}");
    }
    assert!(!said.contains("panicked"), "{said}");
    said
}

fn json(arguments: &[&dyn AsRef<std::ffi::OsStr>]) -> serde_json::Value {
    let output = wf(arguments);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("one JSON document and nothing else")
}

fn models() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models")
}

#[test]
fn every_model_of_ours_runs_to_its_end_and_allocates_nothing() {
    let found =
        std::fs::read_dir(models()).unwrap().chain(std::fs::read_dir(models().join("bench")).unwrap());
    let mut count = 0;
    for path in
        found.map(|entry| entry.unwrap().path()).filter(|path| path.extension().is_some_and(|e| e == "bpmn"))
    {
        let text = std::fs::read_to_string(&path).unwrap();
        let processes: Vec<&str> =
            text.split("process id=\"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
        assert!(!processes.is_empty(), "{}", path.display());
        for process in processes {
            let summary = json(&[&"run", &path, &"--process", &process, &"--cases", &"5000", &"--json"]);
            assert_eq!(summary["completed"], 5000, "{} {process}", path.display());
            assert_eq!(summary["heap_allocations_steady"], 0, "{} {process}", path.display());
            assert_eq!(summary["arena_resizes"], 0);
            let tasks = summary["tasks"].as_object().unwrap();
            assert!(
                tasks.values().all(|n| n.as_u64().unwrap() > 0),
                "{}: every task is reached",
                path.display()
            );
            let sum: u64 = tasks.values().map(|n| n.as_u64().unwrap()).sum();
            assert_eq!(summary["completions"], sum);
            count += 1;
        }
    }
    assert!(count >= 15, "{count} processes");
}

#[test]
fn a_condition_beyond_what_is_evaluated_is_refused_or_left_to_somebody() {
    let place = Place::new();
    let text = MODEL.replace("mark &lt; 5", "${review.isGood()}");
    let (model, store) = (place.file("m.bpmn", text), place.path("m.wfs"));
    let place_of = "m.bpmn:13:30: sequenceFlow `again`: ";
    let reason = "its condition cannot be evaluated: `review.isGood(...)` is a method call";
    let texts = [place_of, reason, "hint: --external-decisions leaves this decision"];
    check(&[&"check", &model], 1, &texts);
    check(&[&"run", &model, &"--cases", &"10"], 1, &texts);
    check(&[&"compile", &model, &"-o", &store], 1, &texts);
    assert!(!store.exists());
    check(&[&"check", &model, &"--external-decisions"], 0, &["1 model compiles"]);
    check(&[&"compile", &model, &"-o", &store, &"--external-decisions"], 0, &["1 workflow"]);
    let summary = json(&[&"run", &model, &"--cases", &"10", &"--json", &"--external-decisions"]);
    assert_eq!(summary["completed"], 10);
}

#[test]
fn a_summary_has_the_promised_facts() {
    let place = Place::new();
    let model = place.file("m.bpmn", MODEL);
    let summary =
        json(&[&"run", &model, &"--cases", &"1_000", &"--threads", &"2", &"--seed", &"9", &"--json"]);
    for key in [
        "cases",
        "completions",
        "seconds",
        "completions_per_second",
        "ticks_per_completion",
        "ticks_include",
        "heap_allocations_steady",
        "arena_resizes",
        "bytes_per_case",
        "peak_rss_bytes",
        "allocator",
        "isa",
        "threads",
        "seed",
        "tasks",
    ] {
        assert!(!summary[key].is_null() || key == "ticks_per_completion", "{key} in {summary:#}");
    }
    assert_eq!(
        (&summary["cases"], &summary["threads"], &summary["seed"]),
        (&1000.into(), &2.into(), &9.into())
    );
    assert_eq!(summary["conditions_decided_at_random"], 1);
    let text = check(
        &[&"run", &model, &"--cases", &"1000", &"--seed", &"9"],
        0,
        &["Review", "1 conditions decided at random"],
    );
    assert!(text.contains(&summary["completions"].to_string()), "people and programs read the same: {text}");
    assert_eq!(place.left(), ["m.bpmn"]);
}

#[test]
fn cases_talk_until_nobody_has_anything_to_say() {
    let model = models().join("elements/message-flow.bpmn");
    let talk = |seed: &str| {
        json(&[
            &"run",
            &model,
            &"--process",
            &"customer",
            &"--talk",
            &"--cases",
            &"200",
            &"--seed",
            &seed,
            &"--json",
        ])
    };
    let (report, again) = (talk("1"), talk("1"));
    assert_eq!(report, again, "the same seed");
    let count = |value: &serde_json::Value| value.as_u64().unwrap();
    assert_eq!((count(&report["cases"]), count(&report["partners"])), (200, 200));
    // Who is told that all is sold out waits for goods that never come: the model says so.
    let sent = &report["sent"];
    assert_eq!(count(&sent["order"]), 200);
    assert_eq!(count(&sent["goods"]) + count(&sent["signal:sold out"]), 200);
    assert_eq!(report["waiting"], sent["signal:sold out"]);
    assert_eq!(count(&report["completed"]) + count(&report["waiting"]), 400);
    assert_ne!(talk("2")["seconds"], report["seconds"]);
    check(
        &[&"run", &model, &"--process", &"customer", &"--talk", &"--cases", &"3"],
        0,
        &["3, and 3 that messages began", "seconds of their clock", "order"],
    );
}

#[test]
fn signals_begin_cases_in_talks() {
    let place = Place::new();
    let signal = "<signalEventDefinition signalRef='S'/>";
    let process = |id: &str, start: &str, end: &str| {
        format!(
            "<process id='{id}'><startEvent id='{id}s'>{start}</startEvent><task id='{id}t'/><endEvent id='{id}e'>{end}</endEvent>\
             <sequenceFlow id='{id}1' sourceRef='{id}s' targetRef='{id}t'/>\
             <sequenceFlow id='{id}2' sourceRef='{id}t' targetRef='{id}e'/></process>"
        )
    };
    let talk = |processes: &[String]| {
        let model = format!(
            "<definitions xmlns='http://www.omg.org/spec/BPMN/20100524/MODEL'><signal id='S' name='go'/>{}</definitions>",
            processes.concat()
        );
        let model = place.file("m.bpmn", model);
        json(&[&"run", &model, &"--process", &"P", &"--talk", &"--cases", &"3", &"--steps", &"20", &"--json"])
    };
    let thrower = process("P", "", signal);
    let report = talk(&[thrower.clone(), process("Q", signal, ""), process("R", signal, "")]);
    let said = ["partners", "completed", "delivered", "lost"].map(|name| report[name].as_u64().unwrap());
    assert_eq!(said, [6, 9, 6, 0], "{report}");
    // Each begins the next, until there were steps enough.
    let chain = talk(&[thrower, process("Q", signal, signal)]);
    assert!(chain["partners"].as_u64().unwrap() > 3, "{chain}");
}

#[test]
fn a_case_that_begins_the_next_one_at_once_does_not_nest() {
    let place = Place::new();
    let message = "<messageEventDefinition messageRef='M'/>";
    let model = format!(
        "<definitions xmlns='http://www.omg.org/spec/BPMN/20100524/MODEL'><message id='M' name='next'/>\
         <process id='P'><startEvent id='Ps'/><task id='t'/><endEvent id='Pe'>{message}</endEvent>\
         <sequenceFlow id='1' sourceRef='Ps' targetRef='t'/><sequenceFlow id='2' sourceRef='t' targetRef='Pe'/></process>\
         <process id='Q'><startEvent id='Qs'>{message}</startEvent><endEvent id='Qe'>{message}</endEvent>\
         <sequenceFlow id='3' sourceRef='Qs' targetRef='Qe'/></process></definitions>"
    );
    let model = place.file("m.bpmn", model);
    let steps = "100000";
    let report = json(&[
        &"run",
        &model,
        &"--process",
        &"P",
        &"--talk",
        &"--cases",
        &"1",
        &"--steps",
        &steps,
        &"--json",
    ]);
    let said = ["partners", "completed", "delivered", "lost"].map(|name| report[name].as_u64().unwrap());
    assert_eq!(
        said,
        [100_000, 100_001, 100_000, 1],
        "one after the other, until there were enough: {report}"
    );
}

#[test]
fn a_process_calls_and_messages_those_of_other_files() {
    let place = Place::new();
    let file = |name: &str, inside: &str| {
        let head =
            "<definitions xmlns='http://www.omg.org/spec/BPMN/20100524/MODEL'><message id='M' name='done'/>";
        place.file(name, format!("{head}{inside}</definitions>"))
    };
    let caller = file(
        "caller.bpmn",
        "<process id='P'><startEvent id='s'/><callActivity id='c' calledElement='Q'/><endEvent id='e'><messageEventDefinition \
         messageRef='M'/></endEvent><sequenceFlow id='1' sourceRef='s' targetRef='c'/><sequenceFlow id='2' sourceRef='c' \
         targetRef='e'/></process>",
    );
    let process = |id: &str, start: &str| {
        format!(
            "<process id='{id}'><startEvent id='{id}s'>{start}</startEvent><task id='{id}t'/><endEvent id='{id}e'/><sequenceFlow \
             id='{id}1' sourceRef='{id}s' targetRef='{id}t'/><sequenceFlow id='{id}2' sourceRef='{id}t' targetRef='{id}e'/></process>"
        )
    };
    let called = file("called.bpmn", &process("Q", ""));
    let told = file("told.bpmn", &process("R", "<messageEventDefinition messageRef='M'/>"));
    let report = json(&[&"run", &caller, &"--with", &called, &"--cases", &"20", &"--json"]);
    assert_eq!((&report["completed"], &report["deadlocked"]), (&20.into(), &0.into()), "{report}");
    let talk = json(&[
        &"run", &caller, &"--with", &called, &"--with", &told, &"--talk", &"--cases", &"20", &"--json",
    ]);
    let said = ["partners", "completed", "lost", "waiting"].map(|name| talk[name].as_u64().unwrap());
    assert_eq!(said, [20, 40, 0, 0], "{talk}");
    check(&[&"run", &caller, &"--cases", &"3"], 1, &["caller.bpmn", "`Q`, which is not there"]);
    check(&[&"run", &caller, &"--with", &called, &"--with", &called], 2, &["called.bpmn", "is in"]);
}

#[test]
fn one_case_may_say_more_at_once_than_there_are_slots_for() {
    const MESSAGES: usize = 12;
    let place = Place::new();
    let message = |number: usize| format!("<messageEventDefinition messageRef='M{number}'/>");
    let flow = |id: &str, number: usize, from: &str, to: &str| {
        format!("<sequenceFlow id='{id}{number}' sourceRef='{from}' targetRef='{to}'/>")
    };
    let (mut names, mut throws, mut catches) = (String::new(), String::new(), String::new());
    for number in 0..MESSAGES {
        let (before, last) = (number.wrapping_sub(1), number + 1 == MESSAGES);
        names += &format!("<message id='M{number}' name='m{number}'/>");
        throws +=
            &format!("<intermediateThrowEvent id='t{number}'>{}</intermediateThrowEvent>", message(number));
        throws += &flow(
            "pf",
            number,
            &if number == 0 { "Ps".to_owned() } else { format!("t{before}") },
            &format!("t{number}"),
        );
        let kind = if number == 0 { "startEvent" } else { "intermediateCatchEvent" };
        catches += &format!("<{kind} id='c{number}'>{}</{kind}>", message(number));
        if number > 0 {
            catches += &flow("qf", number, &format!("c{before}"), &format!("c{number}"));
        }
        if last {
            throws += &flow("pe", 0, &format!("t{number}"), "Pe");
            catches += &flow("qe", 0, &format!("c{number}"), "Qe");
        }
    }
    let model = format!(
        "<definitions xmlns='http://www.omg.org/spec/BPMN/20100524/MODEL'>{names}\
         <process id='P'><startEvent id='Ps'/>{throws}<endEvent id='Pe'/></process>\
         <process id='Q'>{catches}<endEvent id='Qe'/></process></definitions>"
    );
    let model = place.file("m.bpmn", model);
    let report = json(&[&"run", &model, &"--process", &"P", &"--talk", &"--cases", &"1", &"--json"]);
    let said = ["completed", "delivered", "lost", "waiting"].map(|name| report[name].as_u64().unwrap());
    assert_eq!(said, [2, MESSAGES as u64, 0, 0], "{report}");
}

#[test]
fn the_same_seed_gives_the_same_counts() {
    let model = models().join("order-fulfilment.bpmn");
    let tasks = |extra: &[&dyn AsRef<std::ffi::OsStr>]| {
        let mut arguments: Vec<&dyn AsRef<std::ffi::OsStr>> =
            vec![&"run", &model, &"--cases", &"3000", &"--json"];
        arguments.extend(extra);
        json(&arguments)["tasks"].clone()
    };
    let expected = tasks(&[&"--threads", &"1"]);
    for extra in [["--threads", "2"], ["--batch", "7"], ["--live", "100"], ["--threads", "5"]] {
        assert_eq!(tasks(&[&extra[0], &extra[1]]), expected, "{extra:?}");
    }
    assert_ne!(tasks(&[&"--seed", &"2"]), expected);
}

#[test]
fn compile_and_inspect_show_the_same_program() {
    let place = Place::new();
    let store = place.path("all.wfs");
    check(&[&"compile", &models(), &"-o", &store], 0, &["all.wfs: 62 workflows"]);
    let list = check(&[&"inspect", &store], 0, &["62 workflows", "Process_seq10"]);
    assert_eq!(list.lines().count(), 65);
    check(
        &[&"inspect", &store, &"--workflow", &"Process_xorloop"],
        0,
        &["complete L", "decides", "need 0 take 0,3 put 2", "places (6 bits, 0 counters)"],
    );
    check(&[&"inspect", &store, &"--workflow", &"nope"], 2, &["no workflow \"nope\"", "seq10"]);
    assert_eq!(place.left(), ["all.wfs"]);
}

#[test]
fn refused_models_leave_no_store() {
    let place = Place::new();
    let good = place.file("good.bpmn", MODEL);
    let bad = place.file("bad.bpmn", MODEL.replace("task id=\"read\"", "callActivity id=\"read\""));
    let store = place.path("x.wfs");
    let reason = "bad.bpmn:6:5: callActivity `read` \"Read\": not supported";
    check(&[&"compile", &good, &bad, &"-o", &store], 1, &[reason, "was not written"]);
    let twin = place.file("twin.bpmn", MODEL);
    check(&[&"compile", &good, &twin, &"-o", &store], 1, &["process \"review\" is in", "good.bpmn already"]);
    check(&[&"run", &bad], 1, &[reason]);
    check(&[&"check", &good, &bad], 1, &[reason, "review: 2 tasks", "1 model compiles, 1 refused"]);
    assert_eq!(place.left(), ["bad.bpmn", "good.bpmn", "twin.bpmn"]);
}

#[test]
fn bad_models_are_refused_with_their_place_and_reason() {
    let place = Place::new();
    let refuse = |name: &str, content: Vec<u8>, texts: &[&str]| {
        let path = place.file(name, content);
        check(&[&"check", &path], 1, texts);
        check(&[&"run", &path, &"--cases", &"10"], 1, texts);
    };
    refuse("empty.bpmn", Vec::new(), &["empty.bpmn:1:1: "]);
    refuse("text.bpmn", b"hello".to_vec(), &["text.bpmn:1:1: not an XML document"]);
    refuse("cut.bpmn", MODEL.as_bytes()[..600].to_vec(), &["cut.bpmn:"]);
    let latin = MODEL.replace("UTF-8", "klingon-7");
    refuse("encoding.bpmn", latin.into_bytes(), &["encoding.bpmn:1:", "klingon-7"]);
    refuse("bytes.bpmn", [MODEL.as_bytes(), b"\xFF\xFE"].concat(), &["bytes.bpmn:"]);
    let bomb = MODEL.replacen('\n', "\n<!DOCTYPE x [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;\">]>\n", 1);
    refuse("bomb.bpmn", bomb.into_bytes(), &["bomb.bpmn:2:1: "]);
    let wide = MODEL.replace("name=\"Read\"", &format!("name=\"{}\"", "x".repeat(10 << 20)));
    refuse("wide.bpmn", wide.into_bytes(), &["wide.bpmn:6:"]);
    let twice = MODEL.replace("id=\"read\"", "id=\"write\"");
    refuse("twice.bpmn", twice.into_bytes(), &["twice.bpmn:6:5: ", "write"]);
    let dangling = MODEL.replace("targetRef=\"good\"", "targetRef=\"gone\"");
    refuse("dangling.bpmn", dangling.into_bytes(), &["dangling.bpmn:", "gone"]);
    let round = "<task id=\"s\"/><sequenceFlow id=\"f9\" sourceRef=\"s\" targetRef=\"s\"/>";
    let endless = MODEL.replace("<startEvent id=\"s\"/>", round);
    refuse("start.bpmn", endless.into_bytes(), &["start.bpmn:3:3: ", "no start event"]);
    let deep =
        format!("{}{}", &MODEL[..MODEL.find("<process").unwrap()], "<extensionElements>".repeat(1_000_000));
    refuse("deep.bpmn", deep.into_bytes(), &["deep.bpmn:"]);
    let idle =
        MODEL.replace("sourceRef=\"good\" targetRef=\"write\"", "sourceRef=\"good\" targetRef=\"good\"");
    refuse("idle.bpmn", idle.into_bytes(), &["idle.bpmn:7:5: exclusiveGateway `good`", "loop with no task"]);
}

#[test]
fn wrong_arguments_are_usage_errors() {
    let place = Place::new();
    let model = place.file("m.bpmn", MODEL);
    check(&[&"run", &model, &"--cases", &"0"], 2, &["--cases", "at least 1"]);
    check(&[&"run", &model, &"--cases", &"1000000000000"], 2, &["TiB", "--live N"]);
    check(&[&"run", &model, &"--threads", &"0"], 2, &["--threads"]);
    check(&[&"run", &model, &"--threads", &"1000000"], 2, &["--threads"]);
    check(&[&"run", &model, &"--process", &"other"], 2, &["no process \"other\"", "review"]);
    check(&[&"run", &models().join("equipment-loan.bpmn")], 2, &["several processes", "--process"]);
    check(&[&"run"], 2, &["Usage"]);
    check(&[&"frobnicate"], 2, &["frobnicate"]);
    check(&[&"help", &"run"], 0, &["--cases", "seeded random order", "[default: all]"]);
    check(&[&"--help"], 0, &["Exit codes", "inspect"]);
}

#[test]
fn inputs_and_outputs_that_fail_are_named() {
    let place = Place::new();
    let model = place.file("m.bpmn", MODEL);
    for command in ["run", "check"] {
        check(&[&command, &place.path("none.bpmn")], 3, &["none.bpmn", "cannot read"]);
    }
    check(&[&"inspect", &place.path("none.wfs")], 3, &["none.wfs"]);
    check(&[&"inspect", &model], 3, &["m.bpmn", "not"]);
    check(&[&"compile", &model, &"-o", &place.path("no/such/folder/x.wfs")], 3, &["x.wfs"]);
    check(&[&"run", &model, &"--store", &"/proc/none/x.wfs"], 3, &["/proc/none"]);
    check(&[&"run", &place.folder.path()], 3, &["folder"]);
    // A store of another version: the version follows the eight bytes of the magic.
    let store = place.path("x.wfs");
    check(&[&"compile", &model, &"-o", &store], 0, &["1 workflow"]);
    let mut bytes = std::fs::read(&store).unwrap();
    bytes[8] = bytes[8].wrapping_add(1);
    let other = place.file("other.wfs", &bytes);
    check(&[&"inspect", &other], 3, &["other.wfs", "version"]);
    let whole = std::fs::read(&store).unwrap();
    let cut = place.file("cut.wfs", &whole[..whole.len() - 100]);
    check(&[&"inspect", &cut], 3, &["cut.wfs"]);
}

/// Runs a line of shell with `$WF` and `$MODEL` set.
fn shell(line: &str, model: &Path) -> Output {
    let mut command = Command::new("sh");
    command.args(["-c", line]).env("WF", env!("CARGO_BIN_EXE_wf")).env("MODEL", model);
    command.output().unwrap()
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_leaves_nothing_half_written() {
    let place = Place::new();
    let model = place.file("m.bpmn", MODEL);
    let output = shell("exec $WF run $MODEL --cases 10 > /dev/full", &model);
    assert_eq!(output.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&output.stderr).contains("standard output"));
    // A limit of 512 bytes a file stands for the full disk.
    let line =
        format!("trap '' XFSZ; ulimit -f 1; exec $WF compile $MODEL -o {}", place.path("x.wfs").display());
    let output = shell(&line, &model);
    assert_eq!(output.status.code(), Some(3), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(String::from_utf8_lossy(&output.stderr).contains("x.wfs"));
    assert_eq!(place.left(), ["m.bpmn"]);
}

/// Ctrl-C between batches: what was done is said, and counted under `made`.
#[cfg(unix)]
fn ctrl_c_stops(model: &str, made: &str) {
    let place = Place::new();
    let model = place.file("m.bpmn", model);
    let store = place.path("x.wfs");
    let child = Command::new(env!("CARGO_BIN_EXE_wf"))
        .args(["run".as_ref(), model.as_os_str(), "--cases".as_ref(), "100000000000".as_ref()])
        .args(["--live".as_ref(), "1000".as_ref(), "--json".as_ref(), "--store".as_ref(), store.as_os_str()])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    // The handler is installed before the store is written.
    while !store.exists() {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    std::thread::sleep(std::time::Duration::from_millis(300));
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130));
    let summary: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(summary["interrupted"], true);
    assert!(summary[made].as_u64().unwrap() > 0);
    assert_eq!(place.left(), ["m.bpmn", "x.wfs"]);
}

#[test]
#[cfg(unix)]
fn ctrl_c_stops_a_run_that_works() {
    ctrl_c_stops(MODEL, "completions");
}

#[test]
#[cfg(unix)]
fn ctrl_c_stops_a_run_whose_cases_end_at_once() {
    let direct = MODEL.replace("sourceRef=\"s\" targetRef=\"write\"", "sourceRef=\"s\" targetRef=\"good\"");
    let direct =
        direct.replace("sourceRef=\"good\" targetRef=\"write\"", "sourceRef=\"good\" targetRef=\"e\"");
    let gone = ["<task id=\"write\" name=\"Write\"/>", "<task id=\"read\" name=\"Read\"/>"];
    let direct = gone.iter().fold(direct, |text, task| text.replace(task, ""));
    let lines = direct.lines().filter(|line| !line.contains("\"f2\"") && !line.contains("\"f3\""));
    ctrl_c_stops(&lines.collect::<Vec<_>>().join("\n"), "cases");
}

#[test]
fn a_store_is_never_written_over_something_else() {
    let place = Place::new();
    let model = place.file("m.bpmn", MODEL);
    let notes = place.file("notes.txt", "keep me");
    check(&[&"compile", &model, &"-o", &model], 3, &["m.bpmn: it is one of the models"]);
    check(&[&"run", &model, &"--store", &model], 3, &["m.bpmn: it is one of the models"]);
    for command in [&["compile", "-o"], &["run", "--store"]] {
        check(
            &[&command[0], &model, &command[1], &notes],
            3,
            &["notes.txt: a file that is no store stands there"],
        );
        check(&[&command[0], &model, &command[1], &"/dev/null"], 3, &["/dev/null: it is no regular file"]);
        check(&[&command[0], &model, &command[1], &place.folder.path()], 3, &["it is a folder"]);
    }
    assert_eq!(std::fs::read_to_string(&model).unwrap(), MODEL);
    assert_eq!(std::fs::read_to_string(&notes).unwrap(), "keep me");
    let store = place.path("x.wfs");
    check(&[&"compile", &model, &"-o", &store], 0, &["1 workflow"]);
    check(&[&"compile", &model, &"-o", &store], 0, &["1 workflow"]);
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(&store, place.path("link")).unwrap();
        check(&[&"compile", &model, &"-o", &place.path("link")], 0, &["1 workflow"]);
        assert!(std::fs::symlink_metadata(place.path("link")).unwrap().is_symlink(), "a link is followed");
    }
}

#[test]
fn names_cannot_break_the_summary() {
    let place = Place::new();
    let odd = MODEL.replace("name=\"Write\"", "name=\"A\"").replace("name=\"Read\"", "name=\"A\"");
    let odd = odd.replace("id=\"read\"", "id=\"A\"").replace("\"read\"", "\"A\"");
    let summary = json(&[&"run", &place.file("twice.bpmn", odd), &"--cases", &"100", &"--json"]);
    let counts: Vec<u64> =
        summary["tasks"].as_object().unwrap().values().map(|n| n.as_u64().unwrap()).collect();
    assert_eq!(counts.len(), 2);
    assert_eq!(summary["completions"], counts.iter().sum::<u64>());
    let long = MODEL.replace("name=\"Read\"", &format!("name=\"{}\"", "x".repeat(70_000)));
    let text = check(&[&"run", &place.file("long.bpmn", long), &"--cases", &"10"], 0, &["xxx...xxx"]);
    assert!(text.lines().all(|line| line.chars().count() < 120));
    let sly = MODEL.replace("name=\"Read\"", "name=\"a&#x9b;2Jb\u{202e}c\"");
    let text =
        check(&[&"run", &place.file("sly.bpmn", sly), &"--cases", &"10"], 0, &["\\u{9b}", "\\u{202e}"]);
    assert!(!text.contains(['\u{9b}', '\u{202e}']));
    let long = MODEL.replace("process id=\"review\"", &format!("process id=\"{}\"", "p".repeat(2000)));
    let path = place.file("key.bpmn", long);
    check(&[&"check", &path], 1, &["key.bpmn:3:3: ", "a name of 2000 bytes"]);
    check(&[&"run", &path], 1, &["key.bpmn:3:3: ", "a name of 2000 bytes"]);
}

#[test]
#[cfg(unix)]
fn closed_outputs_and_pipes_are_no_panics() {
    let place = Place::new();
    let model = place.file("m.bpmn", MODEL);
    let none = place.path("none.bpmn");
    for (line, code) in [("exec $WF check $MODEL 2>&-", 3), ("exec $WF frobnicate 2>&-", 2)] {
        assert_eq!(shell(line, &none).status.code(), Some(code), "{line}");
    }
    let output = shell("exec $WF run $MODEL --cases 10 >&-", &model);
    assert!(matches!(output.status.code(), Some(0 | 3)), "{:?}", output.status);
    let fifo = place.path("fifo");
    assert!(Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    check(&[&"check", &fifo], 3, &["fifo: it is no regular file"]);
}

#[test]
fn the_peak_of_live_cases_is_the_most_that_lived() {
    let place = Place::new();
    let model = place.file("m.bpmn", MODEL);
    for (cases, live, peak) in [("15", "10", 10), ("1001", "1000", 1000), ("5", "10", 5)] {
        let summary =
            json(&[&"run", &model, &"--cases", &cases, &"--live", &live, &"--threads", &"1", &"--json"]);
        assert_eq!(summary["live_cases_peak"], peak, "{cases} cases, {live} live");
    }
}

#[test]
fn every_model_of_others_compiles_or_is_refused_with_a_place() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus");
    if !corpus.is_dir() {
        _ = std::io::Write::write_fmt(
            &mut std::io::stderr(),
            format_args!(
                "SKIPPED: every_model_of_others_compiles_or_is_refused_with_a_place: there is no {}\n",
                corpus.display()
            ),
        );
        return;
    }
    let output = wf(&[&"check", &corpus]);
    assert!(matches!(output.status.code(), Some(0 | 1)), "{:?}", output.status);
    let text = String::from_utf8(output.stdout).unwrap();
    for line in text.lines().filter(|line| !line.contains(" bytes") && !line.contains("passed over")) {
        if line.contains("is not decided within") {
            continue;
        }
        let located = line.split(':').nth(1).is_some_and(|number| number.parse::<u32>().is_ok());
        assert!(located || line.ends_with("refused"), "{line}");
    }
    println!("{}", text.lines().last().unwrap());
}

/// The members of an object, in order.
fn members(value: &serde_json::Value) -> String {
    value.as_object().unwrap().keys().map(String::as_str).collect::<Vec<_>>().join(" ")
}

#[test]
fn check_as_json_has_the_members_that_its_help_lists() {
    let place = Place::new();
    let good = place.file("good.bpmn", MODEL.replace(" default=\"done\"", ""));
    let bad = place.file("bad.bpmn", MODEL.replace("mark &lt; 5", "=mark &lt; f(5)"));
    let output = wf(&[&"check", &good, &bad, &place.path("missing.bpmn"), &"--json"]);
    assert_eq!(output.status.code(), Some(3));
    let found: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(members(&found), "compiled format models refused unread");
    assert_eq!((&found["format"], &found["compiled"], &found["refused"]), (&1.into(), &1.into(), &1.into()));
    assert_eq!(members(&found["unread"][0]), "file message");
    let [good, bad] = [0, 1].map(|at| &found["models"][at]);
    let help = String::from_utf8(wf(&[&"help", &"check"]).stdout).unwrap();
    let listed = [&found, good, &good["processes"][0], &good["warnings"][0], &good["warnings"][0]["element"]];
    for member in listed.iter().flat_map(|value| value.as_object().unwrap().keys()) {
        assert!(help.contains(&format!("\"{member}\"")), "{member} is not in the help");
    }
    assert_eq!(members(good), "black_boxes file problems processes warnings");
    let process = &good["processes"][0];
    assert_eq!(
        members(process),
        "bytes calls counters decisions id interrupts merges name places roles starts states tasks words"
    );
    assert_eq!((&process["id"], &process["tasks"]), (&"review".into(), &2.into()));
    assert_eq!(
        process["decisions"]["by_data"].as_u64().unwrap() + process["decisions"]["outside"].as_u64().unwrap(),
        1
    );
    let warning = &good["warnings"][0];
    assert_eq!(members(warning), "code column element line message process");
    assert_eq!((&warning["code"], &warning["line"]), (&"condition-missing".into(), &7.into()));
    let problem = &bad["problems"][0];
    assert_eq!(members(problem), "code column element line message process");
    assert_eq!(
        (&problem["code"], &problem["line"], &problem["column"]),
        (&"condition.beyond".into(), &13.into(), &39.into())
    );
    assert_eq!(problem["element"], serde_json::json!({ "kind": "sequenceFlow", "id": "again", "name": "" }));
    assert_eq!(bad["processes"], serde_json::json!([]));
}

#[test]
fn compile_and_inspect_speak_json() {
    let place = Place::new();
    let (model, store) = (place.file("m.bpmn", MODEL), place.path("m.wfs"));
    let written = json(&[&"compile", &model, &"-o", &store, &"--json"]);
    assert_eq!(
        (&written["workflows"][0]["id"], &written["problems"]),
        (&"review".into(), &serde_json::json!([]))
    );
    assert_eq!(written["bytes"], std::fs::metadata(&store).unwrap().len());
    let listed = json(&[&"inspect", &store, &"--json"]);
    assert_eq!(listed["workflows"][0]["id"], "review");
    let shown = json(&[&"inspect", &store, &"-w", &"review", &"--json"]);
    assert_eq!(shown["routes"][1]["id"], "read");
    assert_eq!(shown["routes"][1]["decisions"][0]["branches"][0]["condition"], "mark < 5");
    let bad = place.file("bad.bpmn", MODEL.replace("targetRef=\"e\"", "targetRef=\"x\""));
    let output = wf(&[&"compile", &bad, &"-o", &store, &"--json"]);
    assert_eq!(output.status.code(), Some(1));
    let refused: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(refused["problems"][0]["code"], "model.dangling");
}

/// A log as CSV: rows of fields, read by the letter of RFC 4180.
fn csv(text: &str) -> Vec<Vec<String>> {
    let (mut rows, mut row, mut field, mut quoted) = (Vec::new(), Vec::new(), String::new(), false);
    let mut characters = text.chars().peekable();
    while let Some(c) = characters.next() {
        match c {
            '"' if quoted && characters.peek() == Some(&'"') => field.extend(characters.next()),
            '"' => quoted = !quoted,
            ',' if !quoted => row.push(core::mem::take(&mut field)),
            '\r' if !quoted => {}
            '\n' if !quoted => {
                row.push(core::mem::take(&mut field));
                rows.push(core::mem::take(&mut row));
            }
            c => field.push(c),
        }
    }
    assert!(row.is_empty() && field.is_empty() && !quoted, "the last row ends");
    rows
}

/// A log as XES, as rows like those of the CSV log; its elements must nest as the schema says.
fn xes(text: &str) -> Vec<Vec<String>> {
    let value = |tag: &str, name: &str| {
        let value = tag.split_once(&format!("{name}=\"")).unwrap().1.split('"').next().unwrap();
        value.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&")
    };
    let (mut rows, mut open, mut case, mut row) =
        (Vec::new(), Vec::<String>::new(), String::new(), Vec::new());
    for tag in text.split('<').skip(1).map(|tag| tag.split('>').next().unwrap()) {
        let name = tag.split([' ', '/']).find(|name| !name.is_empty()).unwrap();
        match (name, open.last().map(String::as_str)) {
            ("?xml", None) => {}
            _ if tag.starts_with('/') => {
                assert_eq!(open.pop().as_deref(), Some(name));
                if name == "event" {
                    rows.push(core::mem::take(&mut row));
                }
            }
            ("extension" | "classifier", Some("log")) => {}
            ("log", None) | ("trace" | "global", Some("log")) | ("event", Some("trace")) => {
                open.push(name.to_owned());
                row = if name == "event" { vec![case.clone()] } else { Vec::new() };
            }
            (_, Some("global")) => {}
            ("string", Some("trace")) => case = value(tag, "value"),
            ("string" | "date" | "int", Some("event")) => row.push(value(tag, "value")),
            other => panic!("{other:?}"),
        }
    }
    assert!(open.is_empty());
    rows
}

#[test]
fn logs_hold_every_completion_in_the_order_of_each_case() {
    let place = Place::new();
    for name in [
        "order-fulfilment",
        "travel-request",
        "insurance-claim",
        "elements/boundary-events",
        "elements/call-activity",
    ] {
        let model = models().join(format!("{name}.bpmn"));
        let arguments: [&dyn AsRef<std::ffi::OsStr>; 6] =
            [&"run", &model, &"--cases", &"300", &"--seed", &"7"];
        let plain = json(&[&arguments[..], &[&"--json"]].concat());
        let (csv_file, xes_file) = (place.path("log.csv"), place.path("log.xes"));
        for file in [&csv_file, &xes_file] {
            let logged = json(&[&arguments[..], &[&"--json", &"--log", file]].concat());
            // The log changes nothing about what is played.
            for key in
                ["cases", "completed", "completions", "deadlocked", "stopped", "tasks", "messages_sent"]
            {
                assert_eq!(logged[key], plain[key], "{name} {key}");
            }
        }
        let mut rows = csv(&std::fs::read_to_string(&csv_file).unwrap());
        let head = rows.remove(0);
        assert_eq!(
            head.join(" "),
            "case:concept:name concept:name lifecycle:transition time:timestamp step element org:role"
        );
        assert_eq!(xes(&std::fs::read_to_string(&xes_file).unwrap()), rows, "{name}");
        assert_eq!(rows.len() as u64, plain["completions"].as_u64().unwrap(), "{name}");
        assert!(rows.iter().all(|row| row.len() == 7 && row[2] == "complete"));
        if name == "order-fulfilment" {
            assert!(rows.iter().all(|row| row[1] != "Check order" || row[6] == "Sales"));
        }
        for pair in rows.windows(2) {
            let [before, after] =
                [0, 1].map(|at| (pair[at][0].parse::<u64>().unwrap(), pair[at][4].parse::<u64>().unwrap()));
            assert!(before < after, "{name}: {before:?} {after:?}");
            assert!(before.0 != after.0 || pair[0][3] < pair[1][3], "{name}: moments grow");
        }
        if let (false, Some(tasks)) = (name.starts_with("elements"), plain["tasks"].as_object()) {
            for (task, count) in tasks {
                let found = rows.iter().filter(|row| row[1] == *task).count();
                assert_eq!(count.as_u64(), Some(found as u64), "{name}: {task}");
            }
        }
    }
    assert_eq!(place.left(), ["log.csv", "log.xes"]);
}

#[test]
fn a_log_is_written_over_nothing_else() {
    let place = Place::new();
    let model =
        place.file("m.bpmn", MODEL.replace("name=\"Read\"", "name=\"Read, &lt;&quot;a&quot;&amp;b\""));
    let (other, log) = (place.file("other.csv", "a,b\n1,2\n"), place.path("log.csv"));
    let run = |file: &Path, code, text: &str| {
        check(&[&"run", &model, &"--cases", &"9", &"--log", &file], code, &[text])
    };
    run(&other, 3, "a file of another sort stands there");
    run(&place.path("log.txt"), 2, "ends in .csv or .xes");
    run(&place.path("none/log.csv"), 3, "log.csv");
    run(place.folder.path(), 2, "ends in .csv or .xes");
    run(&log, 0, "Review");
    let first = std::fs::read_to_string(&log).unwrap();
    assert!(csv(&first).iter().any(|row| row[1] == "Read, <\"a\"&b"));
    // One of its own sort is replaced.
    run(&log, 0, "Review");
    assert_eq!(std::fs::read_to_string(&log).unwrap(), first);
    let xes_file = place.path("log.xes");
    run(&xes_file, 0, "Review");
    assert_eq!(xes(&std::fs::read_to_string(&xes_file).unwrap()), csv(&first)[1..]);
    assert_eq!(place.left(), ["log.csv", "log.xes", "m.bpmn", "other.csv"]);
}

#[test]
fn a_model_is_drawn_with_what_a_play_of_it_came_to() {
    let place = Place::new();
    let model = models().join("incident-handling.bpmn");
    let svg = place.path("drawn.svg");
    check(&[&"inspect", &model, &"--svg", &svg], 0, &[]);
    let drawn = std::fs::read_to_string(&svg).unwrap();
    let text = std::fs::read_to_string(&model).unwrap();
    for name in text.split("<bpmn2:userTask id=\"").skip(1).map(|rest| rest.split('"').next().unwrap()) {
        assert!(drawn.contains(&format!("data-element=\"{name}\"")), "{name}");
    }
    // Nothing from outside, and nothing that runs.
    for word in ["http://", "https://", "<script", "href", "<image"] {
        assert_eq!(drawn.matches(word).count(), usize::from(word == "http://"), "{word}");
    }
    assert!(!drawn.contains(" %)"));
    check(&[&"inspect", &model, &"--svg", &svg, &"--cases", &"1000", &"--seed", &"4"], 0, &[]);
    let heated = std::fs::read_to_string(&svg).unwrap();
    for text in ["1,000 cases played at random (seed 4)", " waits ", " %)", "#f28c6e", "yes: 1,000 ("] {
        assert!(heated.contains(text), "{text}");
    }
    assert_eq!(place.left(), ["drawn.svg"]);
    let plain = place.file("plain.bpmn", MODEL);
    check(&[&"inspect", &plain, &"--svg", &svg], 1, &["plain.bpmn:2:1: ", "no diagram information"]);
    check(&[&"inspect", &model, &"--cases", &"5"], 2, &["--svg"]);
    check(&[&"inspect", &model, &"--svg", &plain], 3, &["a file of another sort stands there"]);
    assert_eq!(std::fs::read_to_string(&svg).unwrap(), heated);
}

#[test]
fn check_tells_the_way_to_a_state_from_which_no_case_can_end() {
    let place = Place::new();
    let stuck = MODEL
        .replace("exclusiveGateway id=\"good\"", "exclusiveGateway id=\"good\" name=\"Good?\"")
        .replace("<endEvent id=\"e\"/>", "<parallelGateway id=\"j\"/><endEvent id=\"e\"/><sequenceFlow id=\"je\" sourceRef=\"j\" targetRef=\"e\"/>")
        .replace("targetRef=\"write\">", "name=\"no\" targetRef=\"j\">")
        .replace("id=\"done\" sourceRef=\"good\" targetRef=\"e\"", "id=\"done\" sourceRef=\"good\" targetRef=\"j\"");
    let model = place.file("m.bpmn", stuck);
    let way = "`s` starts; `Write` is done; `Read` is done, `Good?` decides `no`";
    let said = check(
        &[&"check", &model],
        0,
        &["parallelGateway `j`: a case can get stuck", "warning", "1 model compiles"],
    );
    assert!(said.contains(way) || said.contains(&way.replace("`no`", "to `j`")), "{said}");
    let found = json(&[&"check", &model, &"--json"]);
    let codes: Vec<&str> = found["models"][0]["warnings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|w| w["code"].as_str().unwrap())
        .collect();
    assert!(codes.contains(&"soundness.stuck"), "{codes:?}");
    assert_eq!(found["models"][0]["processes"][0]["states"]["all"], true);
}

#[test]
fn every_case_of_our_models_can_end() {
    let found = json(&[&"check", &models(), &"--json"]);
    for model in found["models"].as_array().unwrap() {
        let is_element = model["file"].as_str().unwrap().contains("/elements/");
        for warning in model["warnings"].as_array().unwrap() {
            let code = warning["code"].as_str().unwrap();
            assert!(is_element || !code.starts_with("soundness."), "{} {warning}", model["file"]);
        }
        for process in model["processes"].as_array().unwrap() {
            // What ARCHITECTURE rests on: all tokens and all running tasks of a workflow as people draw it are bits of one word.
            assert!(is_element || process["words"] == 1, "{} {}", model["file"], process["id"]);
        }
    }
}
