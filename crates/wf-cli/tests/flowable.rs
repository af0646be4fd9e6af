//! The gateway tests of another engine: the work items after each step are those that BPMN 2.0.2 asks for.
//!
//! The expectations follow sections 10.3 (activities), 10.5 (events), 10.6 (gateways) and 13 (execution semantics) of the
//! standard, not what that engine does where it differs. Vendor attributes (`async`, `skipExpression`, `terminateAll`)
//! count for nothing. Conditions that call methods are decided by outcomes.
//!
//! The folder is that of `crates/wf-bpmn/tests/others`.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../../wf-bpmn/tests/others/mod.rs"]
mod others;
#[path = "../../wf-engine/tests/scenario/mod.rs"]
mod scenario;

use std::collections::BTreeSet;
use std::path::Path;

use wf_bpmn::ParseOptions;
use wf_net::{CompileOptions, Net, NetBuilder, compile};

/// What is known of a file.
enum Known {
    /// Scenarios; what it calls: a file, or a process that is not there.
    Plays(&'static [&'static str], &'static [&'static str]),
    /// Why it is refused, in words of the message.
    Refused(&'static str),
}

use Known::{Plays, Refused};

const ENDING: &str = ".bpmn20.xml";

/// The nets of a file, or why it is refused.
fn nets(folder: &Path, name: &str) -> Result<Vec<Net>, String> {
    let mut options = ParseOptions::default();
    options.external_decisions = true;
    let bytes = std::fs::read(folder.join(format!("{name}{ENDING}"))).unwrap();
    let document = wf_bpmn::parse(&bytes, &options).map_err(|errors| errors[0].in_file(name).to_string())?;
    for process in &document.processes {
        if let Err(problems) = compile(&process.net, &CompileOptions::default()) {
            return Err(process.locate(&problems[0]).in_file(name).to_string());
        }
    }
    Ok(document.processes.into_iter().map(|process| process.net).collect())
}

/// A process of one task.
fn one_task(name: &str) -> Net {
    let mut net = NetBuilder::new(name);
    let (start, task, end) = (net.start("start"), net.task(&format!("{name}/task")), net.end("end"));
    net.chain(&[start, task, end]);
    net.build().unwrap()
}

#[test]
fn gateways_enable_what_the_standard_says() {
    let Some(corpus) = others::folder("gateways_enable_what_the_standard_says") else { return };
    let folder = corpus.join("flowable-sample");
    let entries = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name());
    let found: BTreeSet<String> = entries
        .filter_map(|name| name.into_string().unwrap().strip_suffix(ENDING).map(str::to_owned))
        .filter(|name| name.to_ascii_lowercase().contains("gateway"))
        .collect();
    let named: BTreeSet<String> = FILES.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(named.len(), FILES.len(), "a file is named once");
    assert_eq!(found, named, "every file about gateways is named");
    let (mut played, mut scenarios, mut differ) = (0, 0, Vec::new());
    for (name, known) in FILES {
        let read = nets(&folder, name);
        match (known, read) {
            (Plays(texts, called), Ok(mut all)) => {
                for called in *called {
                    let is_there = folder.join(format!("{called}{ENDING}")).is_file();
                    all.extend(if is_there {
                        nets(&folder, called).unwrap()
                    } else {
                        vec![one_task(called)]
                    });
                }
                played += 1;
                for text in *texts {
                    scenarios += 1;
                    if let Err(panic) = std::panic::catch_unwind(|| scenario::play(&all, text)) {
                        let said = panic.downcast_ref::<String>().cloned();
                        let said = said.or_else(|| panic.downcast_ref::<&str>().map(|&text| text.to_owned()));
                        differ.push(format!("{name}: {}", said.unwrap_or_default()));
                    }
                }
            }
            (Refused(why), Err(reason)) if reason.contains(why) => println!("no scenario: {reason}"),
            (Refused(why), Err(reason)) => differ.push(format!("{reason}, and not because of {why:?}")),
            (Plays(..), Err(reason)) => differ.push(reason),
            (Refused(why), Ok(_)) => differ.push(format!("{name}: compiled, although {why:?}")),
        }
    }
    println!("{} files about gateways: {played} have a scenario ({scenarios} in all)", FILES.len());
    assert!(differ.is_empty(), "{} differ:\n{}", differ.len(), differ.join("\n"));
}

/// Every file whose name has "gateway" in it.
const FILES: &[(&str, Known)] = &[
    (
        "EventBasedGatewayTest.testAsyncEventBasedGateway",
        Plays(
            &[
                "start {signalEvent,timerEvent}; !signalEvent {task2}; !timerEvent ?Lost; task2 {} ok",
                "start {signalEvent,timerEvent}; !timerEvent {task1}; task1 {} ok",
            ],
            &[],
        ),
    ),
    (
        "EventBasedGatewayTest.testCatchAlertAndTimer",
        Plays(
            &[
                "start {signalEvent,timerEvent}; !signalEvent {task2}; task2 {} ok",
                "start {signalEvent,timerEvent}; !timerEvent {task1}; !signalEvent ?Lost; task1 {} ok",
            ],
            &[],
        ),
    ),
    (
        "EventBasedGatewayTest.testCatchSignalAndMessageAndTimer",
        Plays(
            &[
                "start {messageEvent,signalEvent,timerEvent}; !messageEvent {task3}; task3 {} ok",
                "start {messageEvent,signalEvent,timerEvent}; !signalEvent {task2}; !timerEvent ?Lost; task2 {} ok",
                "start {messageEvent,signalEvent,timerEvent}; !timerEvent {task1}; task1 {} ok",
            ],
            &[],
        ),
    ),
    // 10.6.6: only catch events and receive tasks stand behind an event-based gateway; read with a warning, as an offer.
    (
        "EventBasedGatewayTest.testConnectedToActivity",
        Plays(&["start {serviceTask}; serviceTask {} ok"], &[]),
    ),
    // 10.6.6: what stands there has no other incoming flow.
    ("EventBasedGatewayTest.testEventInvalidSequenceFlow", Refused("that nothing else leads to")),
    ("EventBasedGatewayTest.throwAlertSignal", Plays(&["start {} ok"], &[])),
    ("ExclusiveGatewayTest.testAsyncExclusiveGateway", Plays(BY_INPUT, &[])),
    (
        "ExclusiveGatewayTest.testDecideBasedOnBeanMethod",
        Plays(
            &[
                "start order.basic:=true order.standard:=true order.gold:=false {basicService}; basicService {} ok",
                "start order.basic:=false order.standard:=true order.gold:=true {standardService}",
                "start order.basic:=false order.standard:=false order.gold:=true {goldMemberService}",
                "start order.basic:=false order.standard:=false order.gold:=false ?NoBranch",
            ],
            &[],
        ),
    ),
    (
        "ExclusiveGatewayTest.testDecideBasedOnBeanProperty",
        Plays(
            &[
                "start order.price:=100 {basicService}; basicService {} ok",
                "start order.price:=249.5 {standardService}; standardService {} ok",
                "start order.price:=250 {goldMemberService}; goldMemberService {} ok",
            ],
            &[],
        ),
    ),
    (
        "ExclusiveGatewayTest.testDecideBasedOnListOrArrayOfBeans",
        Plays(
            &[
                "start=0 {basicService}; basicService {} ok",
                "start=1 {standardService}; standardService {} ok",
                "start=2 {goldMemberService}; goldMemberService {} ok",
            ],
            &[],
        ),
    ),
    ("ExclusiveGatewayTest.testDefaultSequenceFlow", Plays(BY_INPUT, &[])),
    ("ExclusiveGatewayTest.testDivergingExclusiveGateway", Plays(ONE_OF_THREE, &[])),
    (
        "ExclusiveGatewayTest.testExclusiveDirectlyToEnd",
        Plays(&["start input:=1 {} ok", "start input:=2 {} ok", "start input:=3 ?NoBranch"], &[]),
    ),
    (
        "ExclusiveGatewayTest.testInvalidMethodExpression",
        Plays(&["start=0 {basicService}; basicService {} ok", "start=1 {standardService}"], &[]),
    ),
    (
        "ExclusiveGatewayTest.testMergingExclusiveGateway",
        // 10.6.2: each token that arrives goes on by itself.
        Plays(
            &["start {theTask,theTask,theTask}; theTask {theTask,theTask}; theTask {theTask}; theTask {} ok"],
            &[],
        ),
    ),
    (
        "ExclusiveGatewayTest.testMultipleValidConditions",
        Plays(
            &[
                "start input:=1 {theTask1}; theTask1 {} ok",
                "start input:=5 {theTask2}; theTask2 {} ok",
                "start input:=0 ?NoBranch",
            ],
            &[],
        ),
    ),
    (
        "ExclusiveGatewayTest.testNoIdOnSequenceFlow",
        // The flow without a condition and without the mark of a default leaves the choice to the caller.
        Plays(&["start=0 {theTask1}; theTask1 {} ok", "start=1 {theTask2}; theTask2 {} ok"], &[]),
    ),
    ("ExclusiveGatewayTest.testNoSequenceFlowSelected", Plays(ONE_OF_THREE, &[])),
    ("ExclusiveGatewayTest.testSkipExpression", Plays(ONE_OF_THREE, &[])),
    (
        "ExclusiveGatewayTest.testWhitespaceInExpression",
        Plays(
            &[
                "start input:=1 {theTask1}; theTask1 {} ok",
                "start input:=2 {theTask2}; theTask2 {} ok",
                "start input:=3 ?NoBranch",
            ],
            &[],
        ),
    ),
    (
        "Flowable6Test.testConditionsWithoutExclusiveGateway",
        Plays(
            &[
                "start {theTask}; theTask input:=5 {A,B,C}; B {A,C}; A {C}; C {} ok",
                "start {theTask}; theTask input:=50 {B,C}; B {C}; C {} ok",
                "start {theTask}; theTask input:=500 {C}; C {} ok",
            ],
            &[],
        ),
    ),
    (
        "Flowable6Test.testSimpleNestedParallelGateway",
        Plays(
            &[
                "start {taskA,taskB1,taskB2,taskC}; taskB1 {taskA,taskB2,taskC}; taskB2 {taskA,taskC}; taskC {taskA}; \
                 taskA {} ok",
                "start {taskA,taskB1,taskB2,taskC}; taskA {taskB1,taskB2,taskC}; taskC {taskB1,taskB2}; \
                 taskB2 {taskB1}; taskB1 {} ok",
            ],
            &[],
        ),
    ),
    (
        "Flowable6Test.testSimpleParallelGateway",
        Plays(
            &[
                "start {taskA,taskB}; taskA {taskB}; taskB {} ok",
                "start {taskA,taskB}; taskB {taskA}; taskA {} ok",
            ],
            &[],
        ),
    ),
    (
        "HistoricActivityInstanceTest.testEventBasedGateway",
        Plays(
            &[
                "start {signalEvent,timerEvent}; !signalEvent {} ok",
                "start {signalEvent,timerEvent}; !timerEvent {} ok",
            ],
            &[],
        ),
    ),
    (
        "InclusiveGatewayTest.defaultFlowTest",
        Plays(&["start=2 {usertask2}; usertask2 {} ok", "start=1 {usertask1}; usertask1 {} ok"], &[]),
    ),
    (
        "InclusiveGatewayTest.inCalledActivityNestedInMultiInstanceParallelSubProcess",
        Plays(
            &[
                "start {taskInclusive1,taskInclusive1,taskInclusive1,taskInclusive2,taskInclusive2,taskInclusive2,\
               taskInclusive3,taskInclusive3,taskInclusive3}; \
               taskInclusive1 {taskInclusive1,taskInclusive1,taskInclusive2,taskInclusive2,taskInclusive2,\
               taskInclusive3,taskInclusive3,taskInclusive3}; \
               taskInclusive1 {taskInclusive1,taskInclusive2,taskInclusive2,taskInclusive2,taskInclusive3,\
               taskInclusive3,taskInclusive3}; \
               taskInclusive1 {taskInclusive2,taskInclusive2,taskInclusive2,taskInclusive3,taskInclusive3,taskInclusive3}; \
               taskInclusive3 {taskInclusive2,taskInclusive2,taskInclusive2,taskInclusive3,taskInclusive3}; \
               taskInclusive3 {taskInclusive2,taskInclusive2,taskInclusive2,taskInclusive3}; \
               taskInclusive3 {taskInclusive2,taskInclusive2,taskInclusive2}; \
               taskInclusive2 {taskInclusive2,taskInclusive2}; taskInclusive2 {taskInclusive2}; \
               taskInclusive2 {lastTask}; lastTask {} ok",
            ],
            &["InclusiveGatewayTest.simpleParallelFlow"],
        ),
    ),
    (
        "InclusiveGatewayTest.inSubProcessNestedInMultiInstanceParallelSubProcess",
        Plays(INCLUSIVE_INSTANCES, &[]),
    ),
    ("InclusiveGatewayTest.insideMultiInstanceParallelSubProcess", Plays(INCLUSIVE_INSTANCES, &[])),
    (
        "InclusiveGatewayTest.insideMultiInstanceSequentialSubProcess",
        // Three times, which whoever completes the last task of an instance knows.
        Plays(
            &[
                "start {taskInclusive1,taskInclusive2,taskInclusive3}; taskInclusive2 {taskInclusive1,taskInclusive3}; \
               taskInclusive1 {taskInclusive3}; taskInclusive3 {postForkTask}; \
               postForkTask=0 {taskInclusive1,taskInclusive2,taskInclusive3}; \
               taskInclusive1 {taskInclusive2,taskInclusive3}; taskInclusive3 {taskInclusive2}; \
               taskInclusive2 {postForkTask}; postForkTask=0 {taskInclusive1,taskInclusive2,taskInclusive3}; \
               taskInclusive3 {taskInclusive1,taskInclusive2}; taskInclusive2 {taskInclusive1}; \
               taskInclusive1 {postForkTask}; postForkTask=1 {lastTask}; lastTask {} ok",
            ],
            &[],
        ),
    ),
    (
        "InclusiveGatewayTest.simpleParallelFlow",
        Plays(
            &[
                "start {taskInclusive1,taskInclusive2,taskInclusive3}; taskInclusive3 {taskInclusive1,taskInclusive2}; \
               taskInclusive1 {taskInclusive2}; taskInclusive2 {} ok",
            ],
            &[],
        ),
    ),
    // Of a gateway without any condition the caller says which flows are taken; all of them are the standard's.
    (
        "InclusiveGatewayTest.testAsyncBehavior",
        Plays(&["start=3 {task1,task2}; task1 {task2}; task2 {} ok"], &[]),
    ),
    (
        "InclusiveGatewayTest.testAsyncTasks",
        Plays(
            &["start=3 {theTask1,theTask2}; theTask2 {theTask1}; theTask1 {countingServiceTask}; \
               countingServiceTask {theUserTask}; theUserTask {} ok"],
            &[],
        ),
    ),
    (
        "InclusiveGatewayTest.testDecideBasedOnBeanMethod",
        Plays(
            &[
                "start order.basic:=true order.standard:=true order.gold:=false {basicService,standardService}; \
                 basicService {standardService}; standardService {} ok",
                "start order.basic:=false order.standard:=false order.gold:=true {goldMemberService}",
                "start order.basic:=false order.standard:=false order.gold:=false ?NoBranch",
            ],
            &[],
        ),
    ),
    (
        "InclusiveGatewayTest.testDecideBasedOnBeanProperty",
        Plays(
            &[
                "start order.price:=80 {basicService,goldMemberService,standardService}",
                "start order.price:=125 {goldMemberService,standardService}; standardService {goldMemberService}; \
                 goldMemberService {} ok",
                "start order.price:=200.5 ?NoBranch",
            ],
            &[],
        ),
    ),
    (
        "InclusiveGatewayTest.testDecideBasedOnListOrArrayOfBeans",
        Plays(
            &[
                "start=6 {goldMemberService,standardService}; goldMemberService {standardService}; standardService {} ok",
            ],
            &[],
        ),
    ),
    (
        "InclusiveGatewayTest.testDefaultSequenceFlow",
        Plays(
            &[
                "start input:=1 {theTask1,theTask3}; theTask1 {theTask3}; theTask3 {} ok",
                "start input:=3 {theTask3}; theTask3 {} ok",
                "start input:=5 {theTask2}; theTask2 {} ok",
            ],
            &[],
        ),
    ),
    ("InclusiveGatewayTest.testDirectSequenceFlow", Plays(STRAIGHT_TO_THE_JOIN, &[])),
    (
        "InclusiveGatewayTest.testDivergingInclusiveGateway",
        Plays(
            &[
                "start input:=1 {theTask1,theTask2,theTask3}; theTask2 {theTask1,theTask3}; theTask1 {theTask3}; \
                 theTask3 {} ok",
                "start input:=2 {theTask2,theTask3}; theTask3 {theTask2}; theTask2 {} ok",
                "start input:=3 {theTask3}; theTask3 {} ok",
                "start input:=4 ?NoBranch",
            ],
            &[],
        ),
    ),
    // 10.5.6: an event sub-process that does not interrupt may happen again; while it goes on it does not here, with a warning.
    ("InclusiveGatewayTest.testInclusiveGatewayInEventSubProcess", Plays(EVENT_SUB_PROCESS, &[])),
    (
        "InclusiveGatewayTest.testInvalidMethodExpression",
        Plays(
            &["start=3 {basicService,standardService}", "start=2 {standardService}; standardService {} ok"],
            &[],
        ),
    ),
    (
        "InclusiveGatewayTest.testJoinAfterCall",
        Plays(
            &[
                "start=7 {taskA,taskB,taskC}; taskC {taskA,taskB}; taskA {taskB}; taskB {taskD}; taskD {} ok",
                "start=7 {taskA,taskB,taskC}; taskA {taskB,taskC}; taskB {taskC}; taskC {taskD}; taskD {} ok",
            ],
            &["InclusiveGatewayTest.testJoinAfterCallSubProcess"],
        ),
    ),
    ("InclusiveGatewayTest.testJoinAfterCallSubProcess", Plays(&["start {taskC}; taskC {} ok"], &[])),
    // Each round of its loop leaves a token at the merge, as many as one likes.
    ("InclusiveGatewayTest.testJoinAfterParallelGateway", Refused("not decided within 5000 states")),
    (
        "InclusiveGatewayTest.testJoinAfterSubprocesses",
        Plays(
            &[
                "start a:=1 b:=1 {usertask1,usertask2}; usertask1 {usertask2}; usertask2 {usertask3}; usertask3 {} ok",
                "start a:=1 b:=2 {usertask1}; usertask1 {usertask3}; usertask3 {} ok",
                "start a:=2 b:=1 {usertask2}; usertask2 {usertask3}; usertask3 {} ok",
                "start a:=2 b:=2 ?NoBranch",
            ],
            &[],
        ),
    ),
    (
        "InclusiveGatewayTest.testLoop",
        Plays(
            &[
                "start {A,B,C}; B {A,C}; A counter:=1 {A,C}; A counter:=5 {A,C}; C {A}; A counter:=6 {} ok",
                "start {A,B,C}; A counter:=6 {B,C}; C {B}; B {} ok",
                "start {A,B,C}; A counter:=6 {B,C}; B {C}; C {} ok",
            ],
            &[],
        ),
    ),
    ("InclusiveGatewayTest.testMergeWithEndedExecution", Plays(ENDED_BRANCH, &[])),
    ("InclusiveGatewayTest.testMergeWithEndedExecutionNestedCommand", Plays(ENDED_BRANCH, &[])),
    (
        "InclusiveGatewayTest.testMergingInclusiveGateway",
        // 10.5.2 forbids conditions on what leaves a start event: with all of them true nothing depends on it.
        Plays(&["start input:=1 {theTask}; theTask {} ok"], &[]),
    ),
    (
        "InclusiveGatewayTest.testMultipleProcessInstancesMergedBug",
        Plays(
            &[
                "start=0 {sid-675A7FD3-F6D5-4FC3-8FA7-EAA2712F18FA,sid-DF651424-F044-4BDF-84FC-40065B516CF7}; \
                 sid-675A7FD3-F6D5-4FC3-8FA7-EAA2712F18FA {sid-DF651424-F044-4BDF-84FC-40065B516CF7}; \
                 sid-DF651424-F044-4BDF-84FC-40065B516CF7 {sid-0648D499-F42E-4370-9B44-CFDA311CC037}; \
                 sid-0648D499-F42E-4370-9B44-CFDA311CC037 {} ok",
                "start=1 {sid-675A7FD3-F6D5-4FC3-8FA7-EAA2712F18FA,sid-2BB9CF04-D89F-4C35-94A2-EA07BCCA78CA}; \
                 sid-2BB9CF04-D89F-4C35-94A2-EA07BCCA78CA {sid-675A7FD3-F6D5-4FC3-8FA7-EAA2712F18FA}; \
                 sid-675A7FD3-F6D5-4FC3-8FA7-EAA2712F18FA {sid-0648D499-F42E-4370-9B44-CFDA311CC037}; \
                 sid-0648D499-F42E-4370-9B44-CFDA311CC037 {} ok",
            ],
            &[],
        ),
    ),
    (
        "InclusiveGatewayTest.testNoIdOnSequenceFlow",
        // A flow without a condition is taken.
        Plays(
            &[
                "start input:=1 {theTask1,theTask2}; theTask1 {theTask2}; theTask2 {} ok",
                "start input:=2 {theTask2}; theTask2 {} ok",
            ],
            &[],
        ),
    ),
    (
        "InclusiveGatewayTest.testNoSequenceFlowSelected",
        Plays(
            &[
                "start input:=1 {theTask1,theTask2,theTask3}",
                "start input:=3 {theTask2,theTask3}; theTask2 {theTask3}; theTask3 {} ok",
                "start input:=4 ?NoBranch",
            ],
            &[],
        ),
    ),
    (
        "InclusiveGatewayTest.testParentActivationOnNonJoiningEnd",
        Plays(
            &["start {first_check,first_check_2}; first_check {first_check_2,second_check}; \
                 first_check_2 {second_check,second_check_2}; second_check {second_check_2}; second_check_2 {} ok"],
            &[],
        ),
    ),
    (
        "InclusiveGatewayTest.testPartialMergingInclusiveGateway",
        Plays(&["start input:=1 {partialTask}; partialTask {theTask}; theTask {} ok"], &[]),
    ),
    (
        "InclusiveGatewayTest.testProcessInstanceStartedThroughRuntimeService",
        Plays(&["start {theTask}; theTask {} ok"], &[]),
    ),
    (
        "InclusiveGatewayTest.testProcessInstanceStartedThroughRuntimeService2",
        Plays(
            &[
                "start=3 {task1,task2}; task1 {task2}; task2 decision:=goUp {} ok",
                "start=3 {task1,task2}; task1 {task2}; task2 decision:=goDown {} ok",
                "start=3 {task1,task2}; task2 decision:=goDown {task1}; task1 {} ok",
            ],
            &[],
        ),
    ),
    ("InclusiveGatewayTest.testSkipExpression", Plays(STRAIGHT_TO_THE_JOIN, &[])),
    ("InclusiveGatewayTest.testSkipExpressionWithDefinitionInfo", Plays(STRAIGHT_TO_THE_JOIN, &[])),
    (
        "InclusiveGatewayTest.testWhitespaceInExpression",
        Plays(
            &[
                "start input:=1 {theTask1}; theTask1 {} ok",
                "start input:=2 {theTask2}",
                "start input:=3 ?NoBranch",
            ],
            &[],
        ),
    ),
    (
        "InclusiveGatewayTest.testWithFutureDelegates",
        Plays(
            &["start {serviceTask1_1,serviceTask2_1}; serviceTask1_1 {serviceTask1_2,serviceTask2_1}; \
               serviceTask2_1 {serviceTask1_2}; serviceTask1_2 {} ok"],
            &[],
        ),
    ),
    // The merge waits while the event may still happen; once each time, with a warning.
    (
        "InclusiveGatewayTest.testWithSignalBoundaryEvent",
        Plays(
            &[
                "start {boundarymessage1,usertask1}; usertask1 {usertask2}; usertask2 {} ok",
                "start {boundarymessage1,usertask1}; !boundarymessage1 {usertask1}; usertask1 {usertask2}; usertask2 {} ok",
            ],
            &[],
        ),
    ),
    (
        "ParallelGatewayTest.testAsyncBehavior",
        Plays(&["start {task1,task2}; task2 {task1}; task1 {} ok"], &[]),
    ),
    ("ParallelGatewayTest.testForkFollowedByOnlyEndEvents", Plays(&["start {} ok"], &[])),
    (
        "ParallelGatewayTest.testHistoricActivityInstanceEndTimes",
        Plays(
            &["start {a1,b1,c1,d1}; a1 {a2,b1,c1,d1}; b1 {a2,b2a,b2b,c1,d1}; c1 {a2,b2a,b2b,c2,d1}; \
               d1 {a2,b2a,b2b,c2}; a2 {a3,b2a,b2b,c2}; b2b {a3,b2a,c2}; c2 {a3,b2a}; b2a {a3}; a3 {a4}; \
               a4 {lastActivity}; lastActivity {} ok"],
            &[],
        ),
    ),
    (
        "ParallelGatewayTest.testHistoryTables",
        Plays(
            &["start {servicetask1}; servicetask1 {servicetask2,servicetask3,servicetask4}; \
               servicetask3 {servicetask2,servicetask4}; servicetask2 {servicetask4}; servicetask4 {servicetask5}; \
               servicetask5 {usertask2}; usertask2 {} ok"],
            &[],
        ),
    ),
    (
        "ParallelGatewayTest.testNestedForkJoin",
        Plays(
            &[
                "start {Task_0}; Task_0 {Task_A,Task_B}; Task_A {Task_B}; Task_B {Task_B1,Task_B2}; Task_B1 {Task_B2}; \
                 Task_B2 {Task_C}; Task_C {} ok",
                "start {Task_0}; Task_0 {Task_A,Task_B}; Task_B {Task_A,Task_B1,Task_B2}; Task_B2 {Task_A,Task_B1}; \
                 Task_B1 {Task_A}; Task_A {Task_C}; Task_C {} ok",
            ],
            &[],
        ),
    ),
    ("ParallelGatewayTest.testNestedForksFollowedByEndEvents", Plays(&["start {} ok"], &[])),
    (
        "ParallelGatewayTest.testNonTerminatingEndEventShouldNotRemoveSubscriptions",
        // Tasks 1, 2 and 3; the event sub-process can start as long as something of the process lives.
        Plays(
            &["start {sid-AEC348F2-DC13-4EF0-AD2F-0D2A4263986C}; \
               sid-AEC348F2-DC13-4EF0-AD2F-0D2A4263986C \
               {sid-23B4AE4A-0FA7-4352-920F-E0ADFAF5CD45,sid-83B9B6F6-ADA5-416B-805D-70BA473A09CD}; \
               sid-83B9B6F6-ADA5-416B-805D-70BA473A09CD {sid-23B4AE4A-0FA7-4352-920F-E0ADFAF5CD45}; \
               !sid-3424CB22-151B-45F6-980D-74544EEFAEF7 \
               {sid-23B4AE4A-0FA7-4352-920F-E0ADFAF5CD45,sid-18E43470-81FF-4DA8-9F0C-348B02A0CA3C}; \
               sid-23B4AE4A-0FA7-4352-920F-E0ADFAF5CD45 {sid-18E43470-81FF-4DA8-9F0C-348B02A0CA3C}; \
               sid-18E43470-81FF-4DA8-9F0C-348B02A0CA3C {} ok"],
            &[],
        ),
    ),
    (
        "ParallelGatewayTest.testRecyclingExecutionWithCallActivity",
        Plays(
            &[
                "start {sid-1F49ED80-AAF9-404B-81D7-C861BD4B720F,sid-AC64BD66-A295-4B1D-93F7-AB8F0AE05966}; \
                 sid-AC64BD66-A295-4B1D-93F7-AB8F0AE05966 {sid-1F49ED80-AAF9-404B-81D7-C861BD4B720F}; \
                 sid-1F49ED80-AAF9-404B-81D7-C861BD4B720F {} ok",
                "start {sid-1F49ED80-AAF9-404B-81D7-C861BD4B720F,sid-AC64BD66-A295-4B1D-93F7-AB8F0AE05966}; \
                 sid-1F49ED80-AAF9-404B-81D7-C861BD4B720F {sid-AC64BD66-A295-4B1D-93F7-AB8F0AE05966}; \
                 sid-AC64BD66-A295-4B1D-93F7-AB8F0AE05966 {} ok",
            ],
            &[],
        ),
    ),
    ("ParallelGatewayTest.testSplitMergeNoWaitstates", Plays(&["start {} ok"], &[])),
    (
        "ParallelGatewayTest.testUnstructuredConcurrencyTwoForks",
        Plays(
            &[
                "start {task1,task2,task3,task4}; task3 {task1,task2,task4}; task1 {task2,task4}; task4 {task2}; task2 {} ok",
            ],
            &[],
        ),
    ),
    (
        "ParallelGatewayTest.testUnstructuredConcurrencyTwoJoins",
        Plays(
            &[
                "start {task1,task2,task3}; task3 {task1,task2}; task1 {task2}; task2 {task4,task5,task6}; \
                 task5 {task4,task6}; task4 {task6}; task6 {} ok",
                "start {task1,task2,task3}; task2 {task1,task3}; task1 {task3,task4,task5,task6}; task4 {task3,task5,task6}; \
                 task5 {task3,task6}; task6 {task3}; task3 {} ok",
            ],
            &[],
        ),
    ),
    ("ProcessInstanceEventsTest.parallelGatewayNoEndProcess", Plays(&["start {} ok"], &[])),
    ("ProcessInstanceEventsTest.parallelGatewayTwoEndsProcess", Plays(&["start {} ok"], &[])),
    (
        "RuntimeActivityInstanceTest.testEventBasedGateway",
        Plays(
            &[
                "start {signalEvent,timerEvent}; !signalEvent {waitTask}; !waitTask {} ok",
                "start {signalEvent,timerEvent}; !timerEvent {waitTask}; !waitTask {} ok",
            ],
            &[],
        ),
    ),
    (
        "SignalEventTest.testSingleSignalCatchAfterEventGateway",
        Plays(
            &["start {sid-62A13288-6A3F-471F-9A3B-2235D7B5F74F}; \
               !sid-62A13288-6A3F-471F-9A3B-2235D7B5F74F {sid-DDC67A65-5F3C-475B-8AD0-DC04D0ECEE3D}; \
               sid-DDC67A65-5F3C-475B-8AD0-DC04D0ECEE3D {} ok"],
            &[],
        ),
    ),
    (
        "TerminateEndEventTest.testTerminateInExclusiveGatewayWithMultiInstanceSubProcessTerminateAll",
        // 13.5.6: a terminate end event in a sub-process ends that instance of it; of the process, all.
        Plays(
            &[
                "start {preTerminateEnd,task#1,task#2,task#3,task#4,task#5}; \
                 task#2 {preTerminateEnd,task#1,task#3,task#4,task#5}; preTerminateEnd input:=2 {} ok",
                "start {preTerminateEnd,task#1,task#2,task#3,task#4,task#5}; preTerminateEnd input:=1 {} ok",
            ],
            &[],
        ),
    ),
    (
        "TransientVariablesTest.testLoopingExclusiveGateway",
        Plays(
            &["start {task1}; task1 status:=500 {task2}; task2 {task1}; task1 status:=200 {task3}; \
               task3 status2:=500 {task2}; task2 {task1}; task1 {task3}; task3 status2:=200 {} ok"],
            &[],
        ),
    ),
    (
        "TransientVariablesTest.testUseTransientVariableInExclusiveGateway",
        Plays(
            &[
                "start {serviceTask01}; serviceTask01 status:=200 {responseOk}; responseOk {} ok",
                "start {serviceTask01}; serviceTask01 status:=404 {responseNotOk}; responseNotOk {} ok",
            ],
            &[],
        ),
    ),
    (
        "UserTaskTest.testCompleteAfterParallelGateway",
        Plays(
            &["start {SimpleUser,UserwithListener}; SimpleUser {UserwithListener}; UserwithListener {} ok"],
            &[],
        ),
    ),
    (
        "exclusive-gateway-with-default-sequence",
        Plays(
            &[
                "start input:=1 {theTask1}; theTask1 {} ok",
                "start input:=3 {defaultFlowTask}; defaultFlowTask {} ok",
                "start input:=2 {theTask2}; theTask2 {} ok",
            ],
            &[],
        ),
    ),
    (
        "exclusive-gateway-with-default-sequence-inside-embedded-subprocess",
        Plays(
            &[
                "start {beforeSubProcessTask}; beforeSubProcessTask input:=1 {theTask1}; theTask1 {afterSubProcessTask}; \
                 afterSubProcessTask {} ok",
                "start {beforeSubProcessTask}; beforeSubProcessTask input:=7 {defaultFlowTask}; \
                 defaultFlowTask {afterSubProcessTask}; afterSubProcessTask {} ok",
                "start {beforeSubProcessTask}; beforeSubProcessTask input:=2 {theTask2}; theTask2 {afterSubProcessTask}; \
                 afterSubProcessTask {} ok",
            ],
            &[],
        ),
    ),
    ("inclusive-gateway-fork-and-join", Plays(LESS_OR_MORE, &[])),
    ("inclusive-gateway-fork-and-join-with-default", Plays(LESS_OR_EQUAL, &[])),
    ("inclusive-gateway-fork-and-join-with-default-nested-in-embedded-subprocess", Plays(LESS_OR_EQUAL, &[])),
    ("inclusive-gateway-fork-multiple-outgoing-sequences", Plays(LESS_AND_MORE, &[])),
    (
        "inclusive-gateway-fork-multiple-outgoing-sequences-nested-in-embedded-subprocess",
        Plays(LESS_AND_MORE, &[]),
    ),
    (
        "inclusiveGatewayForkJoin",
        Plays(
            &[
                "start {taskBefore}; taskBefore {task1,task2}; task1 {task2}; task2 {taskAfter}; taskAfter {} ok",
            ],
            &[],
        ),
    ),
    ("inclusiveGatewayNestedInsideMultiInstanceSubProcess", Plays(INCLUSIVE_INSTANCES, &[])),
    ("parallel-gateway-nested-in-embedded-subprocess", Plays(FOUR_TASKS, &[])),
    (
        "parallel-gateway-three-splits",
        Plays(
            &[
                "start {taskBefore}; taskBefore {task1,task2,task3}; task2 {task1,task3}; task3 {task1}; task1 {taskAfter}; \
               taskAfter {} ok",
            ],
            &[],
        ),
    ),
    ("parallel-gateway-two-splits-four-tasks", Plays(FOUR_TASKS, &[])),
    (
        "parallel-gateway-two-splits-with-call-activities",
        // The two processes that it calls are not in the folder: each is one task here.
        Plays(
            &[
                "start {taskBefore}; taskBefore {MP/task,oneTaskProcess/task}; MP/task {oneTaskProcess/task}; \
               oneTaskProcess/task {taskAfter}; taskAfter {} ok",
            ],
            &["MP", "oneTaskProcess"],
        ),
    ),
    (
        "parallel-gateway-two-tasks",
        Plays(
            &["start {firstTask}; firstTask {parallelTask1,parallelTask2}; parallelTask1 {parallelTask2}; \
               parallelTask2 {taskAfter}; taskAfter {} ok"],
            &[],
        ),
    ),
    (
        "parallel-gateway-two-tasks-and-before",
        Plays(
            &["start {firstTask}; firstTask {beforeTask}; beforeTask {parallelTask1,parallelTask2}; \
               parallelTask2 {parallelTask1}; parallelTask1 {taskAfter}; taskAfter {} ok"],
            &[],
        ),
    ),
    (
        "parallel-gateway-with-activity-and-mi-subprocess",
        Plays(
            &[
                "start {taskBeforeFork}; taskBeforeFork nrOfLoops:=2 {miSubProcessTask1,miSubProcessTask1,parallelTask}; \
               miSubProcessTask1 {miSubProcessTask1,miSubProcessTask2,parallelTask}; \
               miSubProcessTask2 {miSubProcessTask1,parallelTask}; parallelTask {miSubProcessTask1}; \
               miSubProcessTask1 {miSubProcessTask2}; miSubProcessTask2 {taskAfterFork}; taskAfterFork {} ok",
            ],
            &[],
        ),
    ),
    (
        "parallel-gateway-with-subprocess-and-mi-subprocess",
        Plays(
            &[
                "start {taskBeforeFork}; taskBeforeFork nrOfLoops:=2 {miSubProcessTask1,miSubProcessTask1,subProcessTask1}; \
               subProcessTask1 {miSubProcessTask1,miSubProcessTask1,subProcessTask2}; \
               miSubProcessTask1 {miSubProcessTask1,miSubProcessTask2,subProcessTask2}; \
               subProcessTask2 {miSubProcessTask1,miSubProcessTask2}; miSubProcessTask2 {miSubProcessTask1}; \
               miSubProcessTask1 {miSubProcessTask2}; miSubProcessTask2 {taskAfterFork}; taskAfterFork {} ok",
            ],
            &[],
        ),
    ),
    (
        "parallelGatewayInsideMultiInstanceSubProcess",
        Plays(
            &["start {preForkTask#1,preForkTask#2,preForkTask#3}; \
               preForkTask#2 {forkTask1#2,forkTask2#2,preForkTask#1,preForkTask#3}; \
               forkTask1#2 {forkTask2#2,preForkTask#1,preForkTask#3}; \
               preForkTask#1 {forkTask1#1,forkTask2#1,forkTask2#2,preForkTask#3}; \
               forkTask2#2 {forkTask1#1,forkTask2#1,postForkTask#2,preForkTask#3}; \
               postForkTask#2 {forkTask1#1,forkTask2#1,preForkTask#3}; forkTask2#1 {forkTask1#1,preForkTask#3}; \
               forkTask1#1 {postForkTask#1,preForkTask#3}; postForkTask#1 {preForkTask#3}; \
               preForkTask#3 {forkTask1#3,forkTask2#3}; forkTask1#3 {forkTask2#3}; forkTask2#3 {postForkTask#3}; \
               postForkTask#3 {lastTask}; lastTask {} ok"],
            &[],
        ),
    ),
];

const EVENT_SUB_PROCESS: &[&str] = &[
    "start test:=true test2:=true {sid-902CFFB5-41A3-42C0-8FDB-01989321FC28,sid-1C121AA8-87A7-4C31-ACD8-C06E3E9C2EAD}; !sid-1C121AA8-87A7-4C31-ACD8-C06E3E9C2EAD {sid-902CFFB5-41A3-42C0-8FDB-01989321FC28,sid-731EFDCD-442B-4150-B180-5428D7302FC3,sid-E8BE4027-1EAE-4ABF-8A66-F007B72AB3DB}; \
     sid-731EFDCD-442B-4150-B180-5428D7302FC3 {sid-902CFFB5-41A3-42C0-8FDB-01989321FC28,sid-E8BE4027-1EAE-4ABF-8A66-F007B72AB3DB}; sid-E8BE4027-1EAE-4ABF-8A66-F007B72AB3DB {sid-902CFFB5-41A3-42C0-8FDB-01989321FC28,sid-1C121AA8-87A7-4C31-ACD8-C06E3E9C2EAD}; !sid-1C121AA8-87A7-4C31-ACD8-C06E3E9C2EAD {sid-902CFFB5-41A3-42C0-8FDB-01989321FC28,sid-731EFDCD-442B-4150-B180-5428D7302FC3,sid-E8BE4027-1EAE-4ABF-8A66-F007B72AB3DB}; \
     sid-902CFFB5-41A3-42C0-8FDB-01989321FC28 {sid-731EFDCD-442B-4150-B180-5428D7302FC3,sid-E8BE4027-1EAE-4ABF-8A66-F007B72AB3DB}; sid-E8BE4027-1EAE-4ABF-8A66-F007B72AB3DB {sid-731EFDCD-442B-4150-B180-5428D7302FC3}; sid-731EFDCD-442B-4150-B180-5428D7302FC3 {} ok",
    "start test:=false test2:=true {sid-902CFFB5-41A3-42C0-8FDB-01989321FC28,sid-1C121AA8-87A7-4C31-ACD8-C06E3E9C2EAD}; !sid-1C121AA8-87A7-4C31-ACD8-C06E3E9C2EAD {sid-902CFFB5-41A3-42C0-8FDB-01989321FC28,sid-731EFDCD-442B-4150-B180-5428D7302FC3}; \
     sid-731EFDCD-442B-4150-B180-5428D7302FC3 {sid-902CFFB5-41A3-42C0-8FDB-01989321FC28,sid-1C121AA8-87A7-4C31-ACD8-C06E3E9C2EAD}; sid-902CFFB5-41A3-42C0-8FDB-01989321FC28 {} ok",
];

const BY_INPUT: &[&str] = &[
    "start input:=1 {theTask1}; theTask1 {} ok",
    "start input:=2 {theTask2}; theTask2 {} ok",
    "start input:=3 {theTask3}; theTask3 {} ok",
];

const ONE_OF_THREE: &[&str] = &[
    "start input:=1 {theTask1}; theTask1 {} ok",
    "start input:=2 {theTask2}; theTask2 {} ok",
    "start input:=3 {theTask3}; theTask3 {} ok",
    "start input:=4 ?NoBranch",
];

const STRAIGHT_TO_THE_JOIN: &[&str] = &[
    "start input:=0 {} ok",
    "start input:=1 {theTask1}; theTask1 {} ok",
    "start input:=3 {theTask2,theTask3}; theTask2 {theTask3}; theTask3 {} ok",
];

/// The join has one token, and the other branch has ended elsewhere.
const ENDED_BRANCH: &[&str] = &[
    "start=3 {formTask1,formTask2}; formTask1 {formTask2}; formTask2 decision:=goUp {} ok",
    "start=3 {formTask1,formTask2}; formTask1 {formTask2}; formTask2 decision:=goDown {} ok",
    "start=3 {formTask1,formTask2}; formTask2 decision:=goUp {formTask1}; formTask1 {} ok",
    "start=3 {formTask1,formTask2}; formTask2 decision:=goDown {formTask1}; formTask1 {} ok",
];

const LESS_OR_MORE: &[&str] = &[
    "start {taskBefore}; taskBefore myConditionVar:=9 {taskLess}; taskLess {taskAfter}; taskAfter {} ok",
    "start {taskBefore}; taskBefore myConditionVar:=11 {taskMore}; taskMore {taskAfter}; taskAfter {} ok",
    "start {taskBefore}; taskBefore myConditionVar:=10 ?NoBranch",
];

const LESS_AND_MORE: &[&str] = &[
    "start {taskBefore}; taskBefore myConditionVar:=10 {taskLess,taskMore}; taskLess {taskMore}; taskMore {taskAfter}; \
     taskAfter {} ok",
    "start {taskBefore}; taskBefore myConditionVar:=11 {taskMore}; taskMore {taskAfter}; taskAfter {} ok",
];

const LESS_OR_EQUAL: &[&str] = &[
    "start {taskBefore}; taskBefore myConditionVar:=9 {taskLess}; taskLess {taskAfter}; taskAfter {} ok",
    "start {taskBefore}; taskBefore myConditionVar:=11 {taskMore}; taskMore {taskAfter}; taskAfter {} ok",
    "start {taskBefore}; taskBefore myConditionVar:=10 {taskEquals}; taskEquals {taskAfter}; taskAfter {} ok",
];

const FOUR_TASKS: &[&str] = &[
    "start {taskBefore}; taskBefore {evenFlowTask2,oddFlowTask1}; oddFlowTask1 {evenFlowTask2,oddFlowTask3}; \
     oddFlowTask3 {evenFlowTask2}; evenFlowTask2 {evenFlowTask4}; evenFlowTask4 {taskAfter}; taskAfter {} ok",
];

/// Each of three instances has a join of its own.
const INCLUSIVE_INSTANCES: &[&str] = &[
    "start {taskInclusive1#1,taskInclusive1#2,taskInclusive1#3,taskInclusive2#1,taskInclusive2#2,taskInclusive2#3,\
     taskInclusive3#1,taskInclusive3#2,taskInclusive3#3}; \
     taskInclusive1#1 {taskInclusive1#2,taskInclusive1#3,taskInclusive2#1,taskInclusive2#2,taskInclusive2#3,\
     taskInclusive3#1,taskInclusive3#2,taskInclusive3#3}; \
     taskInclusive3#1 {taskInclusive1#2,taskInclusive1#3,taskInclusive2#1,taskInclusive2#2,taskInclusive2#3,\
     taskInclusive3#2,taskInclusive3#3}; \
     taskInclusive2#2 {taskInclusive1#2,taskInclusive1#3,taskInclusive2#1,taskInclusive2#3,taskInclusive3#2,\
     taskInclusive3#3}; \
     taskInclusive2#1 {postForkTask#1,taskInclusive1#2,taskInclusive1#3,taskInclusive2#3,taskInclusive3#2,\
     taskInclusive3#3}; \
     taskInclusive1#3 {postForkTask#1,taskInclusive1#2,taskInclusive2#3,taskInclusive3#2,taskInclusive3#3}; \
     postForkTask#1 {taskInclusive1#2,taskInclusive2#3,taskInclusive3#2,taskInclusive3#3}; \
     taskInclusive1#2 {taskInclusive2#3,taskInclusive3#2,taskInclusive3#3}; \
     taskInclusive3#2 {postForkTask#2,taskInclusive2#3,taskInclusive3#3}; \
     taskInclusive2#3 {postForkTask#2,taskInclusive3#3}; postForkTask#2 {taskInclusive3#3}; \
     taskInclusive3#3 {postForkTask#3}; postForkTask#3 {lastTask}; lastTask {} ok",
];
