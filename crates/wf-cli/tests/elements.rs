//! Each kind of BPMN element by a model of its own and a scenario: what is enabled after each step.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../../wf-engine/tests/scenario/mod.rs"]
mod scenario;

use std::path::Path;

use wf_engine::{Arena, Correlation, Delivery, Event, Start, Status};
use wf_net::Net;

/// The nets of a model in `models/elements`.
fn nets(name: &str) -> Vec<Net> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/elements");
    let bytes = std::fs::read(folder.join(format!("{name}.bpmn"))).unwrap();
    let document = wf_bpmn::parse(&bytes, &Default::default())
        .unwrap_or_else(|errors| panic!("{}", errors[0].in_file(name)));
    document.processes.into_iter().map(|process| process.net).collect()
}

/// What the elements of two processes send, by names that both know.
#[test]
fn partners_name_the_same_messages() {
    let nets = nets("message-flow");
    let engine = scenario::engine(&nets, &Default::default());
    let mut arena = Arena::new();
    let mut shard = engine.shard(0, 8).unwrap();
    let mut sent = |program: &str, tasks: &[(&str, u8)]| {
        let program = engine.program(program).unwrap();
        let names = engine.names(program).unwrap();
        let case = shard.start_batch(program, &[Start::default()], &arena.scope()).cases[0];
        let mut sent = Vec::new();
        for &(id, outcome) in tasks {
            let task = names.tasks.iter().position(|task| task.id == id).unwrap() as u16;
            let event = Event::complete(case, task).with_outcome(outcome);
            let changes = shard.advance(&[event], &arena.scope());
            assert_eq!(changes.status, [Status::Done], "{id}");
            sent.extend(
                changes.sent.iter().map(|sent| engine.message_name(sent.message).unwrap().to_owned()),
            );
        }
        sent
    };
    assert_eq!(sent("customer", &[("choose", 0)]), ["order"]);
    assert_eq!(sent("shop", &[("look", 0), ("ship", 0)]), ["goods", "f3"]);
    assert_eq!(sent("shop", &[("look", 1)]), ["signal:sold out"]);
    // The order lets a case of the shop begin; the goods and the signal are for the customer.
    let catches = |program: &str| {
        let names = engine.names(engine.program(program).unwrap()).unwrap();
        names.catches.iter().map(|c| names.messages[usize::from(c.message)].clone()).collect::<Vec<_>>()
    };
    assert_eq!(
        (catches("customer"), catches("shop")),
        (vec!["goods".into(), "signal:sold out".into()], vec!["order".into()])
    );
    let talks: Correlation<u8> = Correlation::new(&engine);
    let order = engine.message("order").unwrap();
    let shop = engine.program("shop").unwrap();
    assert_eq!(talks.deliver(order, &1, |_, _| None), Some(Delivery::Start(shop, Start::default())));
}

macro_rules! elements {
    ($($name:ident $file:literal $scenarios:expr)*) => {
        $(#[test]
        fn $name() {
            for text in $scenarios {
                scenario::play(&nets($file), text);
            }
        })*

        /// Every model of the folder has a scenario.
        #[test]
        fn every_model_has_its_scenario() {
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/elements");
            let mut found: Vec<String> = std::fs::read_dir(folder)
                .unwrap()
                .map(|entry| entry.unwrap().file_name().into_string().unwrap().replace(".bpmn", ""))
                .collect();
            found.sort();
            let mut played = vec![$($file.to_owned()),*];
            played.sort();
            assert_eq!(found, played);
        }
    };
}

elements! {
    inclusive_gateway "inclusive-gateway" [
        "start=3 {A,B}; A {B}; B {D}; D {} ok",
        "start=1 {A}; A {D}; D {} ok",
        "start=4 {C}; C {D}; D {} ok",
    ]
    conditional_flow "conditional-flow" ["start {A}; A=4 {B}; B {} ok", "start {A}; A=3 {B,C,D}; C {B,D}; B {D}; D {} ok"]
    event_based_gateway "event-based-gateway" ["start {M,W}; !M {B}; B {} ok", "start {M,W}; !W {C}; !M {C}; C {} ok"]
    terminate_event "terminate-event" ["start {A,B}; A {} ok", "start {A,B}; B {A}; A {} ok"]
    message_flow "message-flow" [
        "start {choose}; !goods {choose}; choose {unpack}; unpack {} ok",
        "start {choose}; choose {goods}; !none ?Lost; !goods {unpack}; !none {} ok",
    ]
    throw_events "throw-events" ["start {A}; A {} ok"]
    catch_events "catch-events" [
        "start {A}; !M {A}; !G ?Lost; A {G}; !G {R}; !R {} ok",
        "start {A}; A {M}; !M {G}; !R {G}; !G {} ok",
    ]
    multiple_events "multiple-events" [
        "start {M/1,M/2}; !M/2 {N/1,N/2,O}; !N/1 {A}; !B/2 {X}; X {} ok",
        "start {M/1,M/2}; !M/1 {N/1,N/2,O}; !N/2 {A}; !O ?Lost; A {} ok",
        "start {M/1,M/2}; !M/1 {N/1,N/2,O}; !O {Y}; !N/2 ?Lost; Y {} ok",
    ]
    link_events "link-events" ["start {A}; A {B}; B {} ok"]
    standard_loop "standard-loop" [
        "start {A}; A ?NoValue; A i:=1 {A}; A {A}; A i:=3 {B}; B=0 {B}; B=1 {C}; C ?NoValue; C more:=true {C}; C {C}; \
         C {D1,D2}; D2 {D1}; D1 {D1,D2}; D1 {D2}; D2 {} ok",
        "start {A}; A=1 {A}; A=3 i:=3 {C}; C more:=false {} ok",
        "start {A}; A=3 i:=3 {C}; C more:=true {C}; C more:=false {} ok",
        "start {A}; A=3 i:=3 more:=true {C}; C {C}; C {C}; C {D1,D2}; D2 more:=false {D1}; D1 {} ok",
        "start {A}; A=2 {B}",
    ]
    multi_instance "multi-instance" [
        "start {A.1,A.2}; A.2 {A.1}; A.1 items:=[3] {B,B,B}; B enough:=false {B,B}; B enough:=true {C.1}; \
         C.2 ?NotEnabled; C.1 {C.2}; C.2^ {}; C.2 {C.3}; C.3 {D.1,D.2,D.3,D.4}; D.4 {D.1,D.2,D.3}; D.2 {} ok",
        "start {A.1,A.2}; A.2 {A.1}; A.1 items:=[0] {C.1}; *C {D.1,D.2,D.3,D.4}; D.1=2 {} ok",
        "start {A.1,A.2}; A.2 {A.1}; A.1 ?NoValue; A.1 items:=[2] {B,B}; B {B/instances,B}; B/instances ?NoValue; B/instances=1 {B}; B {C.1}; C.1 {C.2}; C.2 {C.3}; \
         C.3 {D.1,D.2,D.3,D.4}; D.1=1 {D.2,D.3,D.4}; D.2=1 {D.3,D.4}; D.3 {D.4}; D.4 {} ok",
    ]
    instances_by_data "instances-by-data" [
        "start {A}; A ?NoValue; A copies:=-1 ?NoAnswer; A copies:=1.5 ?NoAnswer; A copies:=2 {B.1,B.2}; \
         B.1 copies:=9 {B.2}; B.2 ?NoValue; B.2 items:=[2] {C.1}; C.1 {C.2}; C.2 {D1,D1}; D1 {D1,D2}; D2 {D1}; \
         D1 {D2}; D2 {E1}; E1 items:=[5] {E2}; E2 {E1}; E1 {E2}; E2 {} ok",
        "start {A}; A copies:=0 items:=[0] {} ok",
        "start {A}; A items:=[9] copies:=1 {B.1}; B.1 {C.1}; *C items:=[12] {D1,D1,D1,D1,D1,D1,D1,D1,D1,D1,D1,D1}",
    ]
    instances_as_cases "instances-as-cases" [
        "start {A}; A outer:=2 inner:=2 bad:=false {T,T}; T {T,U}; U {T,U}; U {T}; T {U}; U {U}; U {B}; B {} ok",
        "start {A}; A outer:=12 inner:=1 bad:=false {T,T,T,T,T,T,T,T,T,T,T,T}; T {T,T,T,T,T,T,T,T,T,T,T,U}; T bad:=true {C}; C {} ok",
        "start {A}; A outer:=2 inner:=0 bad:=false {T,T}; T {T}; !stopped {D}; !stopped ?Lost; D {} ok",
        "start {A}; A outer:=0 inner:=1 bad:=false {B}; B {} ok",
    ]
    completion_conditions "completion-conditions" [
        "start {A}; A {P1#1,P1#2,P1#3}; P1#2 {P1#1,P1#3,P2#2}; P2#2 ?NoValue; P2#2 urgent:=false {P1#1,P1#3}; \
         P1#3 {P1#1,P2#3}; P2#3 {Q1#1}; Q1#1 {Q2#1}; Q2#1 {Q1#2}; Q1#2 {Q2#2}; Q2#2 ?NoValue; \
         Q2#2 enough:=true items:=[2] {R1,R1}; R1 {R1,R2}; R2 enough:=false {R1}; R1 {R2}; \
         R2 {X,X,X}; X {X,X}; X {} ok",
        "start {A}; A {P1#1,P1#2,P1#3}; P1#1 {P1#2,P1#3,P2#1}; P2#1 urgent:=true {Q1#1}; Q1#1 {Q2#1}; Q2#1 enough:=false {Q1#2}; \
         Q1#2 {Q2#2}; Q2#2 {Q1#3}; Q1#3 {Q2#3}; Q2#3 items:=[3] {R1,R1,R1}; R1 {R1,R1,R2}; \
         R2 enough:=true {X,X,X}",
    ]
    counted_instances "counted-instances" [
        "start {A}; A ?NoValue; A items:=[4] {Q1}; Q1 {Q2}; Q2 {Q1}; Q1 {Q2}; Q2 {Q1}; Q1 {Q2}; Q2 ?NoValue; \
         Q2 both:=true {D1,D2}; D1 {D2}; D2 both:=false {D1}; D1 {P1#1,P1#2,P1#3,P1#4}; P1#3 {P1#1,P1#2,P1#4,P2#3}; \
         P2#3 {P1#1,P1#2,P1#4}; P1#1 {P1#2,P1#4,P2#1}; P2#1 {X,X,X,X}; X {X,X,X}; X {} ok",
        "start {A}; A items:=[1] both:=false {Q1}; Q1 {Q2}; Q2 {D1}; D1 {D1}; D1 {P1#1}; P1#1 {P2#1}; P2#1 {X}; X {} ok",
        "start {A}; A items:=[3] both:=false {Q1}; Q1 {Q2}; Q2 {Q1}; !stop {B}; B {Q1}; Q1 {Q2}; Q2 {Q1}; Q1 {Q2}; Q2 {D1}; \
         !stop ?Lost; D1 {D1}; D1 {P1#1,P1#2,P1#3}",
        "start {A}; A items:=[9] ?NoAnswer; A items:=[0] both:=false {D1}; D1 {D1}; D1 {} ok",
    ]
    multi_instance_sub_process "multi-instance-sub-process" [
        "start {A#1,A#2}; A#1 {A#2,B#1}; B#1 {A#2}; A#2 {B#2}; B#2 {C}; C {} ok",
    ]
    quantities "quantities" ["start {A}; A {B,B}; B {B}; B {C}; C {} ok"]
    complex_gateway "complex-gateway" ["start {A,B,C}; A {B,C}; C {B,D}; B {D}; D {} ok"]
    sub_process "sub-process" ["start {A,B}; A {B}; B {C}; C {} ok", "start {A,B}; B {A}; A {C}; C {} ok"]
    terminate_in_sub_process "terminate-in-sub-process" ["start {A,B}; A {C}; C {} ok", "start {A,B}; B {A}; A {C}; C {} ok"]
    boundary_events "boundary-events" [
        "start {A,late}; A {B,late}; B {C}; !late ?Lost; !stop ?Lost; C {} ok",
        "start {A,late}; !late {A,Y}; !late ?Lost; !stop {X,Y}; X {Y}; Y {} ok",
        "start {A,late}; !ask {A,Z,late}; !ask {A,Z,Z,late}; !stop {X,Z,Z}",
    ]
    error_event "error-event" [
        "start {A}; A=0 {X}; X {} ok",
        "start {A}; A=1 {C}; C {} ok",
        "start {A}; !caught {X}; X {} ok",
    ]
    escalation_event "escalation-event" ["start {A}; A {B,X}; B {C,X}; X {C}; C {} ok"]
    event_sub_process "event-sub-process" [
        "start {A}; !hint {A,Y}; A {B,Y}; !halt {X}; !hint ?Lost; X {} ok",
        "start {A}; A {B}; B {} ok; !halt ?UnknownCase",
    ]
    thrown_to_event_sub_process "thrown-to-event-sub-process" [
        "start {A}; A {B,Y}; Y {B}; B=0 {X}; X {} ok",
        "start {A}; A {B,Y}; B=0 {X}; X {} ok",
        "start {A}; A {B,Y}; B=1 {Y}; Y {} ok",
        "start {A}; !caught {X}; X {} ok",
    ]
    repeated_events "repeated-events" [
        "start=3 {A,B,ask,day,hint}; B {A,ask,day,hint}; !ask {A,C,day,hint}; !ask ?Lost; A {C,day,hint}; C {D,day,hint}; \
         D {} ok",
        "start=1 {A,ask,day,hint}; !hint {A,X,Y.1,Y.2,ask,day}; !hint ?Lost; X {A,Y.1,Y.2,ask,day}; Y.1 {A,Y.2,ask,day}; \
         A {D,Y.2,day}; Y.2 {D,day,hint}; !hint {D,X,Y.1,Y.2,day}; D {X,Y.1,Y.2,day}; X {Y.1,Y.2,day}; Y.2 {Y.1,day}; Y.1 {} ok",
        "start=2 {B,day,hint}; !day {B,Z,hint}; !day ?Lost; Z {B,hint}; B {D,hint}; D {} ok",
    ]
    transaction "transaction" [
        "start {A}; A=0 {C}; C {} ok",
        "start {A}; A=1 {U}; U {X}; X {} ok",
    ]
    ad_hoc_sub_process "ad-hoc-sub-process" [
        "start=3 {A,B}; A^ {}; A {B}; B {C}; C {} ok",
        "start=0 {C}; C {} ok",
    ]
    timer_events "timer-events" [
        "start {night}; !night {A}; A {answer,week}; !week {B,D,soon,late}; !soon {B,D,Y,late}; B {C,D,Y,late}; C {D,Y,late}; \
         D {E,Y}; E {Y}; Y {} ok",
        "start {night}; !night {A}; !hour {answer,week}; !week {B,D,soon,late}; !late {Z}; Z {} ok",
        "start {night}; !night {A}; A {answer,week}; !answer {E}; !year {X}; X {} ok",
    ]
    exclusive_gateway "exclusive-gateway" [
        "start {A}; A ?NoValue; A amount:=11 {B}; B {F}; F {} ok",
        "start {A}; A amount:=6 {C}; C {F}; F {} ok",
        "start {A}; A amount:=5 {D}; D {F}; F {} ok",
    ]
    parallel_gateway "parallel-gateway" ["start {A,B}; B {A}; A {C,D}; C {D}; D {} ok"]
    implicit_flows "implicit-flows" ["start {A}; A {B,C}; B {C,D}; D {C}; C {D}; D {} ok"]
    task_kinds "task-kinds" [
        "start {A}; !D {A}; A {B}; B {C}; C {F}; F {G}; G {H}; H {} ok",
        "start {A}; A {B}; B {C}; C {D}; D ?KindRefused; !D {F}; F {G}; G {H}; H {} ok",
    ]
    recursive_call "recursive-call" [
        "start {A}; A depth:=1 {A}; A depth:=2 {B}; B {} ok",
        "start {A}; A depth:=2 {} ok",
    ]
    compensation "compensation" ["start {A}; A {B}; B=0 {U}; U {C}; C {} ok"]
    compensation_handlers "compensation-handlers" [
        "start {A}; A {C}; C {D}; D=0 {W1,W2}; W2 {W1}; W1=0 {V}; V=0 {X}; X {U}; U {E}; E {} ok",
        "start {A}; A {C}; C {D}; D=1 {V}; V=2 {E}; E {} ok",
    ]
    conditional_event "conditional-event" [
        "start {K}; !K {A}; !over {B}; B {} ok",
        "start {K}; !over ?Lost; !K {A}; A {} ok",
    ]
    called_error "called-error" [
        "start {A}; A {X,Y}; Y {X}; X {B}; B {} ok",
        "start {A}; A {X,Y}; X=1 {F}; F {} ok",
        "start {A}; A {X,Y}; Y {X}; X=2 {L}; L {} ok",
        "start {A}; A {X,Y}; !fraud {F}; F {} ok",
    ]
    call_activity "call-activity" ["start {A}; A {B}; B {} ok"]
}
