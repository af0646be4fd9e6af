//! Two processes in one store run through by their messages and by a clock that goes as fast as there is nothing to do.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../../wf-engine/tests/scenario/mod.rs"]
mod scenario;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use wf_engine::play::{below, draw};
use wf_engine::{
    Arena, CaseId, Correlation, Delivery, EndKind, Engine, Event, EventKind, Sent, Shard, Start, Status,
};

/// A buyer asks, reminds every two days, and gives up when the seller says no; a seller needs from one to five days.
const MODEL: &str = r#"<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL">
  <message id="m1" name="request"/><message id="m2" name="offer"/><message id="m3" name="refusal"/>
  <message id="m4" name="reminder"/>
  <collaboration id="c">
    <participant id="b" processRef="buyer"/><participant id="l" processRef="seller"/>
    <messageFlow id="f1" sourceRef="ask" targetRef="asked"/>
    <messageFlow id="f2" sourceRef="offered" targetRef="offer"/>
    <messageFlow id="f3" sourceRef="refused" targetRef="refusal"/>
    <messageFlow id="f4" sourceRef="remind" targetRef="reminded"/>
  </collaboration>
  <process id="buyer">
    <startEvent id="s"/>
    <sendTask id="ask" messageRef="m1"/>
    <eventBasedGateway id="wait"/>
    <intermediateCatchEvent id="offer"><messageEventDefinition messageRef="m2"/></intermediateCatchEvent>
    <intermediateCatchEvent id="refusal"><messageEventDefinition messageRef="m3"/></intermediateCatchEvent>
    <intermediateCatchEvent id="late"><timerEventDefinition><timeDuration>P2D</timeDuration></timerEventDefinition>
    </intermediateCatchEvent>
    <intermediateThrowEvent id="remind"><messageEventDefinition messageRef="m4"/></intermediateThrowEvent>
    <task id="buy"/>
    <endEvent id="bought"/><endEvent id="nothing"/>
    <sequenceFlow id="b1" sourceRef="s" targetRef="ask"/><sequenceFlow id="b2" sourceRef="ask" targetRef="wait"/>
    <sequenceFlow id="b3" sourceRef="wait" targetRef="offer"/><sequenceFlow id="b4" sourceRef="wait" targetRef="refusal"/>
    <sequenceFlow id="b5" sourceRef="wait" targetRef="late"/><sequenceFlow id="b6" sourceRef="late" targetRef="remind"/>
    <sequenceFlow id="b7" sourceRef="remind" targetRef="wait"/><sequenceFlow id="b8" sourceRef="offer" targetRef="buy"/>
    <sequenceFlow id="b9" sourceRef="buy" targetRef="bought"/><sequenceFlow id="b0" sourceRef="refusal" targetRef="nothing"/>
  </process>
  <process id="seller">
    <startEvent id="asked"><messageEventDefinition messageRef="m1"/></startEvent>
    <task id="think"/>
    <boundaryEvent id="reminded" attachedToRef="think" cancelActivity="false">
      <messageEventDefinition messageRef="m4"/></boundaryEvent>
    <task id="excuse"/>
    <exclusiveGateway id="good"/>
    <endEvent id="offered"><messageEventDefinition messageRef="m2"/></endEvent>
    <endEvent id="refused"><messageEventDefinition messageRef="m3"/></endEvent>
    <sequenceFlow id="l1" sourceRef="asked" targetRef="think"/><sequenceFlow id="l2" sourceRef="think" targetRef="good"/>
    <sequenceFlow id="l3" sourceRef="good" targetRef="offered"/><sequenceFlow id="l4" sourceRef="good" targetRef="refused"/>
    <sequenceFlow id="l5" sourceRef="reminded" targetRef="excuse"/>
  </process>
</definitions>"#;

const DAY: u32 = 24 * 3600;
const BUYERS: u32 = 50;

/// Two shards that talk to each other, and the clock of both.
struct World<'e> {
    engine: &'e Engine,
    shards: [Shard; 2],
    talks: Correlation<u32>,
    now: u32,
    /// Work that will be done at a second.
    work: BTreeMap<u32, Vec<Event>>,
    seed: u64,
    /// What has become of each case, and how often each message was sent.
    ends: BTreeMap<CaseId, EndKind>,
    sent: BTreeMap<String, u32>,
    lost: u32,
}

impl World<'_> {
    fn start(&mut self, at: usize, key: u32, program: wf_engine::ProgramId, start: Start) {
        let mut arena = Arena::new();
        let scope = arena.scope();
        let started = self.shards[at].start_batch(program, &[start], &scope);
        assert_eq!(started.refused, None);
        self.talks.insert(started.cases[0], key);
        let (enabled, sent) = (started.enabled.to_vec(), started.sent.to_vec());
        self.follow(enabled, sent);
    }

    /// Gives events to their shards, and all that follows from them to whoever it is for.
    fn advance(&mut self, first: Vec<Event>) {
        let mut events = VecDeque::from(first);
        while let Some(event) = events.pop_front() {
            let mut arena = Arena::new();
            let scope = arena.scope();
            let changes = self.shards[usize::from(event.case.shard())].advance(&[event], &scope);
            // A reminder may come in the second in which the work is done.
            let is_late = event.kind == EventKind::Trigger && event.case.shard() == 1;
            let may_fail = is_late && matches!(changes.status, [Status::Lost | Status::UnknownCase]);
            assert!(may_fail || changes.status == [Status::Done], "{event:?}: {:?}", changes.status);
            self.lost += u32::from(may_fail);
            let (enabled, sent) = (changes.enabled.to_vec(), changes.sent.to_vec());
            let ended: Vec<_> = changes.ended.iter().map(|ended| (ended.case, ended.kind)).collect();
            events.extend(self.follow(enabled, sent));
            for (case, kind) in ended {
                self.talks.remove(case);
                self.ends.insert(case, kind);
            }
        }
    }

    /// Plans the work that is to be done, and finds out who gets what was sent.
    fn follow(&mut self, enabled: Vec<Event>, sent: Vec<Sent>) -> Vec<Event> {
        for item in enabled.into_iter().filter(|item| item.kind == EventKind::Complete) {
            self.seed += 1;
            let random = draw(1, self.seed, 0);
            let days = 1 + below(random as u32, 5) as u32;
            let outcome = if item.case.shard() == 1 && item.task == 0 { (random >> 40) as u8 % 2 } else { 0 };
            self.work.entry(self.now + days * DAY).or_default().push(item.with_outcome(outcome));
        }
        let mut events = Vec::new();
        for sent in sent {
            let name = self.engine.message_name(sent.message).unwrap().to_owned();
            *self.sent.entry(name).or_default() += 1;
            let shards = &self.shards;
            let catch = |case: CaseId, message| shards[usize::from(case.shard())].catch(case, message);
            match self.talks.deliver_sent(&sent, catch) {
                Some(Delivery::Event(event)) => events.push(event),
                Some(Delivery::Start(program, start)) => {
                    let key = *self.talks.key(sent.root).unwrap();
                    self.start(1, key, program, start);
                }
                None => self.lost += 1,
            }
        }
        events
    }

    /// Goes to the next second at which anything happens; `false` if nothing does.
    fn go_on(&mut self) -> bool {
        let deadlines = self.shards.iter_mut().filter_map(Shard::next_deadline).min();
        let Some(next) = deadlines.into_iter().chain(self.work.keys().next().copied()).min() else {
            return false;
        };
        self.now = next;
        let mut events: Vec<Event> = self.shards.iter_mut().flat_map(|shard| shard.tick(next)).collect();
        events.extend(self.work.remove(&next).into_iter().flatten());
        self.advance(events);
        true
    }
}

#[test]
fn a_collaboration_runs_through_by_its_messages() {
    let document = wf_bpmn::parse(MODEL.as_bytes(), &Default::default()).unwrap();
    let nets: Vec<_> = document.processes.into_iter().map(|process| process.net).collect();
    let engine = scenario::engine(&nets, &Default::default());
    let mut world = World {
        engine: &engine,
        shards: [engine.shard(0, 100).unwrap(), engine.shard(1, 100).unwrap()],
        talks: Correlation::new(&engine),
        now: 0,
        work: BTreeMap::new(),
        seed: 0,
        ends: BTreeMap::new(),
        sent: BTreeMap::new(),
        lost: 0,
    };
    for key in 0..BUYERS {
        world.start(0, key, engine.program("buyer").unwrap(), Start::default());
    }
    let mut steps = 0;
    while world.go_on() {
        steps += 1;
        assert!(steps < 10_000, "it comes to an end");
    }
    assert_eq!(world.shards.each_ref().map(Shard::live), [0, 0], "nobody waits for ever");
    assert_eq!(world.ends.len(), 2 * BUYERS as usize, "each buyer and its seller");
    assert!(world.ends.values().all(|&end| end == EndKind::Completed));
    let shards: BTreeSet<u8> = world.ends.keys().map(|case| case.shard()).collect();
    assert_eq!(shards.len(), 2);
    let of = |name: &str| world.sent.get(name).copied().unwrap_or(0);
    assert_eq!((of("request"), of("offer") + of("refusal")), (BUYERS, BUYERS));
    assert!(of("offer") > 0 && of("refusal") > 0 && of("reminder") > 0, "{:?}", world.sent);
    // Only a reminder that comes in the second in which the seller is done finds nobody.
    assert!(world.lost <= of("reminder"), "{} lost", world.lost);
}
