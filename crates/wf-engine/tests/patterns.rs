//! The 43 control-flow patterns, each by its scenario, and each pair that is easily confused by what tells them apart.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod scenario;

use scenario::play;
use wf_net::Net;
use wf_net::patterns::PATTERNS;

fn nets(number: usize) -> Vec<Net> {
    (PATTERNS[number - 1].nets)()
}

/// Plays scenarios on a pattern's nets.
fn pattern(number: usize, scenarios: &[&str]) {
    for text in scenarios {
        play(&nets(number), text);
    }
}

/// Plays a scenario on the second net of a pattern.
fn second(number: usize, text: &str) {
    play(&nets(number)[1..], text);
}

macro_rules! patterns {
    ($($name:ident $number:literal $scenarios:expr)*) => {
        $(#[test]
        fn $name() {
            let met: u64 = $scenarios.iter().map(|text| play(&nets($number), text)[$number]).sum();
            assert!(met > 0, "WCP-{} was played and not counted", $number);
        })*
    };
}

patterns! {
    wcp_01_sequence 1 ["start {A}; B ?NotEnabled; A {B}; B {} ok; B ?UnknownCase"]
    wcp_02_parallel_split 2 ["start {A}; A {B,C}; C {B}; B {} ok", "start {A}; A {B,C}; B {C}; C {} ok"]
    wcp_03_synchronization 3 ["start {B,C}; B {C}; B ?NotEnabled; C {D}; D {} ok"]
    wcp_04_exclusive_choice 4 [
        "start {A}; A=0 {B}; C ?NotEnabled; B {} ok",
        "start {A}; A=1 {C}; B ?NotEnabled; C {} ok",
        "start {A}; A=2 ?BadOutcome {A}",
    ]
    wcp_05_simple_merge 5 ["start=0 {B}; B {D}; D {} ok", "start=1 {C}; C {D}; D {} ok"]
    wcp_06_multi_choice 6 [
        "start {A}; A=5 {B,D}; B {D}; D {} ok",
        "start {A}; A=7 {B,C,D}; D {B,C}; B {C}; C {} ok",
        "start {A}; A=0 {D}; D {} ok",
        "start {A}; A=8 ?BadOutcome {A}",
    ]
    wcp_07_structured_synchronizing_merge 7 [
        "start {A}; A=3 {B,C}; B {C}; C {E}; E {} ok",
        "start {A}; A=1 {B}; B {E}; E {} ok",
        "start {A}; A=7 {B,C,D}; D {B,C}; B {C}; E ?NotEnabled; C {E}; E {} ok",
        "start {A}; A=0 ?BadOutcome {A}",
    ]
    wcp_08_multi_merge 8 ["start {B,C}; B {C,D}; C {D,D}; D {D}; D {} ok", "start {B,C}; B {C,D}; D {C}; C {D}; D {} ok"]
    wcp_09_structured_discriminator 9 [
        "start {A,B,C}; B {A,C,D}; A {C,D}; D {C}; C {} ok",
        "start {A,B,C}; B {A,C,D}; A {C,D}; C {D}; D {} ok",
    ]
    wcp_10_arbitrary_cycles 10 [
        "start {S}; S=1 {B}; B {C}; C=0 {A}; A {B}; B {C}; C=2 {} ok",
        "start {S}; S=0 {A}; A {B}; B {C}; C=1 {B}; B {C}; C=2 {} ok",
    ]
    wcp_11_implicit_termination 11 ["start {A,B}; A {B}; B {} ok", "start {A,B}; B {A}; A {} ok"]
    wcp_12_instances_without_synchronization 12 [
        "start {A}; A=3 {B,B,B,C}; C {B,B,B}; B {B,B}; B {B}; B {} ok",
        "start {A}; A=0 {C}; C {} ok",
    ]
    wcp_13_instances_known_at_design_time 13 [
        "start {B.1,B.2,B.3}; B.2 {B.1,B.3}; B.2 ?NotEnabled; B.1 {B.3}; B.3 {C}; C {} ok",
        "start {B.1,B.2,B.3}; B.2^ {B.1,B.3}; B.2^ ?NotEnabled; B.2 {B.1,B.3}; B.1 {B.3}; B.3 {C}; +B ?KindRefused",
    ]
    wcp_14_instances_known_at_run_time 14 [
        "start {A}; A=2 {B.1,B.2}; B.1 {B.2}; B.2 {C}; C {} ok",
        "start {A}; A=0 {C}; C {} ok",
        "start {A}; A=9 ?BadOutcome {A}",
    ]
    wcp_15_instances_without_prior_knowledge 15 [
        "start {B.1,B.2}; B.1 {B.2}; +B {B.2,B.3}; B.2 {B.3}; B.3 {C}; +B ?NotEnabled; C {} ok",
        "start {B.1,B.2}; +B {B.1,B.2,B.3}; +B {B.1,B.2,B.3,B.4}; +B {B.1,B.2,B.3,B.4,B.5}; \
         +B {B.1,B.2,B.3,B.4,B.5,B.6}; +B {B.1,B.2,B.3,B.4,B.5,B.6,B.7}; \
         +B {B.1,B.2,B.3,B.4,B.5,B.6,B.7,B.8}; +B ?CounterFull",
    ]
    wcp_16_deferred_choice 16 [
        "start {B,C}; B^ {}; C^ ?NotEnabled; C ?NotEnabled; B {D}; D {} ok",
        "start {B,C}; C {D}; B ?NotEnabled; D {} ok",
    ]
    wcp_17_interleaved_parallel_routing 17 [
        "start {A,C}; B ?NotEnabled; A^ {}; C ?NotEnabled; A {B,C}; C^ {}; C {B}; B {D}; D {} ok",
        "start {A,C}; C {A}; A {B}; B {D}; D {} ok",
    ]
    wcp_18_milestone 18 [
        "start {A}; X ?NotEnabled; A {B,X}; X {B}; B {} ok",
        "start {A}; A {B,X}; B {} deadlocked; X ?UnknownCase",
        "start {A}; A {B,X}; B^ {}; X ?NotEnabled; B {} deadlocked",
        "start {A}; A {B,X}; X^ {B}; B {}; X {} ok",
    ]
    wcp_19_cancel_task 19 [
        "start {A,B}; !k {B}; A ?NotEnabled; B {} ok",
        "start {A,B}; A^ {B}; !k {B}; A ?NotEnabled; !k ?Lost; B {} ok",
        "start {A,B}; -A {B}; A ?NotEnabled; -A ?NotEnabled; B {} ok",
    ]
    wcp_20_cancel_case 20 ["start {A,P}; - {} cancelled; A ?UnknownCase; P ?UnknownCase", "start {A,P}; P {A}; A {} ok"]
    wcp_21_structured_loop 21 ["start=0 {A}; A=0 {A}; A=1 {B}; B {} ok", "start=1 {B}; A ?NotEnabled; B {} ok"]
    wcp_22_recursion 22 [
        "start {A}; A=0 {A}; A=0 {A}; A=1 {B}; B {B}; B {B}; B {} ok",
        "start {A}; A=1 {B}; B {} ok",
        "start {A}; A=0 {A}; A=0 {A}; - {} cancelled",
    ]
    wcp_23_transient_trigger 23 ["start {A}; !W ?Lost; A {W}; W ?KindRefused; !W {B}; B {} ok"]
    wcp_24_persistent_trigger 24 [
        "start {A}; !W {A}; A {B}; B=0 {} ok",
        "start {A}; A {W}; !W {B}; B=0 {} ok",
        "start {A}; !W {A}; !W {A}; A {B}; B=1 {A}; A {B}; B=1 {A}; A {W}; !W {B}; B=0 {} ok",
        "start {A}; !W {A}; !W {A}; A {B}; B=0 {} ok",
    ]
    wcp_25_cancel_region 25 [
        "start {A,C,E}; A {B,C,E}; !K {E}; B ?NotEnabled; C ?NotEnabled; E {} ok",
        "start {A,C,E}; !K {A,E}; A {B,E}; !K {E}; !K ?Lost",
    ]
    wcp_26_cancel_instances 26 ["start {B.1,B.2,B.3}; B.1 {B.2,B.3}; -B {} ok; C ?UnknownCase"]
    wcp_27_complete_instances 27 ["start {B.1,B.2,B.3}; B.1 {B.2,B.3}; *B {C}; B.2 ?NotEnabled; *B ?NotEnabled; C {} ok"]
    wcp_28_blocking_discriminator 28 ["start {A,A,B}; A {A,B,D}; A {B,D}; B {D,D}; D {D}; D {} ok"]
    wcp_29_cancelling_discriminator 29 [
        "start {A,B}; A {D}; B ?NotEnabled; D {} ok",
        "start {A,B}; B {A,C}; C {D}; A ?NotEnabled; D {} ok",
        "start {A,B}; B {A,C}; A {D}; C ?NotEnabled; D {} ok",
    ]
    wcp_30_structured_partial_join 30 ["start {A,B,C}; A {B,C}; C {B,D}; D {B}; B {} ok"]
    wcp_31_blocking_partial_join 31 ["start {A,A,B,C}; A {A,B,C}; A {B,C}; B {C,D}; C {D}; D {} deadlocked"]
    wcp_32_cancelling_partial_join 32 ["start {A,B,C}; A {B,C}; C {D}; B ?NotEnabled; D {} ok"]
    wcp_33_generalized_and_join 33 ["start {A,A,B,B}; A {A,B,B}; A {B,B}; B {B,D}; B {D,D}; D {D}; D {} ok"]
    wcp_34_static_partial_join_of_instances 34 [
        "start {B.1,B.2,B.3}; B.1 {B.2,B.3}; B.3 {B.2,C}; C {B.2}; B.2 {} ok",
        "start {B.1,B.2,B.3}; B.1 {B.2,B.3}; B.3 {B.2,C}; B.2 {C}; C {} ok",
    ]
    wcp_35_cancelling_partial_join_of_instances 35 [
        "start {B.1,B.2,B.3}; B.1 {B.2,B.3}; B.3 {C}; B.2 ?NotEnabled; C {} ok",
    ]
    wcp_36_dynamic_partial_join_of_instances 36 [
        "start {B.1,B.2}; B.1 {B.2}; +B {B.2,B.3}; B.2=1 {B.3,C}; +B ?NotEnabled; B.3 {C}; C {} ok",
        "start {B.1,B.2}; B.1 {B.2}; B.2 {C}; C {} ok",
    ]
    wcp_37_local_synchronizing_merge 37 [
        "start {A}; A=3 {B,C}; B {C}; C=1 {E,J}; J {E}; E {} ok",
        "start {A}; A=3 {B,C}; B {C}; C=0 {J}; J {} ok",
        "start {A}; A=1 {B}; B {J}; J {} ok",
        "start {A}; A=2 {C}; C=1 {E}; E {} ok",
    ]
    wcp_38_general_synchronizing_merge 38 [
        "start {B,R}; B {R}; R=1 {R}; R=0 {C}; C {J}; J {} ok",
        "start {B,R}; B {R}; R=1 {R}; R=2 {J}; J {} ok",
        "start {B,R}; R=0 {B,C}; C {B}; B {J}; J {} ok",
        "start {B,R}; R=2 {B}; B {J}; J {} ok",
    ]
    wcp_39_critical_section 39 [
        "start {A,C}; A {B}; C ?NotEnabled; B {C}; C {D}; D {} ok",
        "start {A,C}; C^ {}; A ?NotEnabled; C {D}; D^ {}; A ?NotEnabled; D {A}; A {B}; B {} ok",
    ]
    wcp_40_interleaved_routing 40 ["start {A,B,C}; B^ {}; A ?NotEnabled; B {A,C}; A {C}; C {D}; D {} ok"]
    wcp_41_thread_merge 41 ["start {A}; A {B,B,B}; B {B,B}; B {B}; B {C}; C {} ok"]
    wcp_42_thread_split 42 ["start {A}; A {B,B,B}; B {B,B,C}; B {B,C,C}; C {B,C}; B {C,C}; C {C}; C {} ok"]
    wcp_43_explicit_termination 43 ["start {A,B}; A {} ok; B ?UnknownCase", "start {A,B}; B {A}; A {} ok"]
}

/// Every pattern has a test of its number: what `cargo xtask patterns` relies on.
#[test]
fn every_pattern_has_its_scenario() {
    let source = include_str!("patterns.rs");
    for pattern in &PATTERNS {
        let named = format!("    wcp_{:02}_", pattern.number);
        assert!(source.lines().any(|line| line.starts_with(&named)), "WCP-{}", pattern.number);
    }
}

#[test]
fn pair_03_33_a_second_token_on_one_branch_is_kept_for_the_next_firing() {
    // In the context of 3 a second completion is refused; 33 keeps it and fires twice.
    pattern(3, &["start {B,C}; B {C}; B ?NotEnabled; C {D}; C ?NotEnabled; D {} ok"]);
    pattern(33, &["start {A,A,B,B}; A {A,B,B}; A {B,B}; B {B,D}; B {D,D}; D {D}; D {} ok"]);
}

#[test]
fn pair_05_08_after_a_parallel_split_a_merge_runs_the_next_task_twice() {
    pattern(5, &["start=0 {B}; B {D}; D {} ok"]);
    pattern(8, &["start {B,C}; B {C,D}; C {D,D}; D {D}; D {} ok"]);
}

#[test]
fn pair_07_37_38_what_a_merge_looks_at() {
    // 7 in its block, a second pass with another subset.
    second(7, "start {A}; A=3 {B,C}; C {B}; B {E}; E=1 {A}; A=4 {D}; D {E}; E=0 {} ok");
    // 38 still waits after a loop that may yet feed it; 37 in such a place is refused by the builder.
    pattern(38, &["start {B,R}; B {R}; R=1 {R}; R=2 {J}; J {} ok"]);
    use wf_net::{NetBuilder, NodeKind, Synchronizing};
    let mut net = NetBuilder::new("a local merge in a loop");
    let (s, split) = (net.start("s"), net.inclusive("split"));
    let merge = net.node("merge", NodeKind::Inclusive(Synchronizing::Local));
    let (enter, a, b, leave, e) =
        (net.exclusive("enter"), net.task("A"), net.task("B"), net.exclusive("leave"), net.end("e"));
    net.chain(&[s, enter, split, a, merge, leave, e]);
    net.chain(&[split, b, merge]);
    net.flow(leave, enter);
    let problems = net.build().unwrap_err();
    assert!(problems[0].to_string().contains("cannot stand in a loop"), "{problems:?}");
}

#[test]
fn pair_09_28_29_what_becomes_of_the_other_branches() {
    // 9: they run on and are swallowed; a loop comes back only when all have arrived.
    second(9, "start {A,B}; A {B,D}; D=1 {A,B,B}; B {A,B}; B {A,D}; A {D}; D=0 {} ok");
    // 28: a second arrival waits for the next round, which it then opens.
    pattern(28, &["start {A,A,B}; A {A,B,D}; A {B,D}; D {B}; B {D}; D {} ok"]);
    // 29: they are gone at once.
    pattern(29, &["start {A,B}; B {A,C}; A {D}; C ?NotEnabled; D {} ok"]);
}

#[test]
fn pair_30_31_32_the_same_with_a_number() {
    pattern(30, &["start {A,B,C}; A {B,C}; B {C,D}; C {D}; D {} ok"]);
    // The same branch twice is not two.
    pattern(31, &["start {A,A,B,C}; A {A,B,C}; A {B,C}; C {B,D}; D {B}; B {} deadlocked"]);
    pattern(32, &["start {A,B,C}; A {B,C}; B {D}; C ?NotEnabled; D {} ok"]);
}

#[test]
fn pair_34_35_36_what_becomes_of_the_other_instances() {
    pattern(34, &["start {B.1,B.2,B.3}; B.1 {B.2,B.3}; B.2 {B.3,C}; B.3 {C}; C {} ok"]);
    pattern(35, &["start {B.1,B.2,B.3}; B.1 {B.2,B.3}; B.2 {C}; B.3 ?NotEnabled"]);
    pattern(36, &["start {B.1,B.2}; B.1=1 {B.2,C}; +B ?NotEnabled; B.2 {C}; C {} ok"]);
}

#[test]
fn pair_26_27_withdrawn_with_the_thread_or_without() {
    pattern(26, &["start {B.1,B.2,B.3}; -B {} ok"]);
    pattern(27, &["start {B.1,B.2,B.3}; *B {C}; C {} ok"]);
}

#[test]
fn pair_17_39_40_order_sections_and_unrelated_work() {
    pattern(17, &["start {A,C}; B ?NotEnabled; A {B,C}; B {C}; C {D}; D {} ok"]);
    pattern(40, &["start {A,B,C}; B {A,C}; C {A}; A {D}; D {} ok"]);
    second(39, "start {A,C,U}; A {B,U}; C ?NotEnabled; U^ {B}; U {B}; B {C}; C {D}; D {} ok");
}

#[test]
fn pair_11_43_20_how_a_case_ends() {
    pattern(11, &["start {A,B}; A {B}; B {} ok"]);
    second(11, "start=0 {A}; A {} deadlocked");
    pattern(43, &["start {A,B}; A {} ok"]);
    pattern(20, &["start {A,P}; - {} cancelled"]);
}

#[test]
fn pair_23_24_a_trigger_that_nothing_waits_for() {
    pattern(23, &["start {A}; !W ?Lost {A}; A {W}"]);
    pattern(24, &["start {A}; !W {A}; A {B}"]);
}

#[test]
fn pair_13_14_15_when_the_number_is_known() {
    pattern(13, &["start {B.1,B.2,B.3}; +B ?KindRefused"]);
    pattern(14, &["start {A}; A=3 {B.1,B.2,B.3}; +B ?KindRefused"]);
    pattern(15, &["start {B.1,B.2}; +B {B.1,B.2,B.3}"]);
}

#[test]
fn pair_16_04_who_chooses() {
    pattern(16, &["start {B,C}; B {D}"]);
    pattern(4, &["start {A}; A=0 {B}; C ?NotEnabled"]);
}

#[test]
fn pair_18_24_a_milestone_passes_and_a_trigger_does_not() {
    pattern(18, &["start {A}; A {B,X}; B {} deadlocked"]);
    pattern(24, &["start {A}; !W {A}; A {B}; B=1 {A}; A {W}"]);
}

#[test]
fn a_repeat_loop_runs_at_least_once() {
    second(21, "start {A}; A=0 {A}; A=1 {B}; B {} ok");
}

#[test]
fn a_thread_too_many_waits_for_the_next_group() {
    second(41, "start {A}; A {B,B,B,B}; B {B,B,B}; B {B,B}; B {B,C}; B {C}; C {} deadlocked");
}
