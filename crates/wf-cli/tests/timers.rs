//! Timer events of BPMN on the engine's clock.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use wf_engine::{Arena, CaseId, Engine, Event, Key, ProgramId, Shard, Start, Status, Store, StoreBuilder};

const HOUR: u32 = 3600;

struct Played {
    shard: Shard,
    case: CaseId,
    /// Ids of tasks and, behind tasks and starts, of interrupts.
    ids: Vec<String>,
}

impl Played {
    fn new(xml: &[u8], now: u32) -> Self {
        let document = wf_bpmn::parse(xml, &Default::default()).unwrap();
        let net = &document.processes[0].net;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store");
        let mut store = StoreBuilder::create(&path, Default::default()).unwrap();
        store
            .add(Key::Str(net.name()), wf_net::compile(net, &Default::default()).unwrap().as_bytes())
            .unwrap();
        store.finish().unwrap();
        let engine = Engine::with_store(Store::open_copy(&path).unwrap()).unwrap();
        let names = engine.names(ProgramId(0)).unwrap();
        let ids = names.tasks.iter().chain(&names.starts).chain(&names.interrupts);
        let ids = ids.map(|label| label.id.clone()).collect();
        let mut shard = engine.shard(0, 4).unwrap();
        assert_eq!(shard.tick(now).count(), 0);
        let case = shard.start_batch(ProgramId(0), &[Start::default()], &Arena::new().scope()).cases[0];
        Self { shard, case, ids }
    }

    fn apply(&mut self, event: Event) {
        assert_eq!(self.shard.advance(&[event], &Arena::new().scope()).status[0], Status::Done);
    }

    fn complete(&mut self, id: &str) {
        let task = self.ids.iter().position(|known| known == id).unwrap();
        self.apply(Event::complete(self.case, task as u16));
    }

    /// Lets the clock go to the next timer and applies what it brings; the second, what happened, what waits then.
    fn next(&mut self) -> String {
        let Some(second) = self.shard.next_deadline() else { return "never".to_owned() };
        let fired: Vec<Event> = self.shard.tick(second).collect();
        let ids: Vec<&str> = fired.iter().map(|event| self.ids[usize::from(event.task)].as_str()).collect();
        let ids = ids.join(",");
        fired.iter().for_each(|&event| self.apply(event));
        format!("{second} {ids} {{{}}}", self.waiting())
    }

    fn waiting(&self) -> String {
        let items = self.shard.enabled(self.case).into_iter().flatten();
        let mut ids: Vec<&str> = items.map(|item| self.ids[usize::from(item.task)].as_str()).collect();
        ids.sort_unstable();
        ids.join(",")
    }
}

fn model(name: &str, now: u32) -> Played {
    let path = format!("{}/../../models/elements/{name}.bpmn", env!("CARGO_MANIFEST_DIR"));
    Played::new(&std::fs::read(path).unwrap(), now)
}

/// A process of `s`, this activity `a` and task `z`, and a boundary event `b` that leads to task `late`.
fn watched(activity: &str, event: &str, now: u32) -> Played {
    let xml = format!(
        "<definitions xmlns='http://www.omg.org/spec/BPMN/20100524/MODEL'><process id='P'><startEvent id='s'/>{activity}\
         <task id='z'/><task id='late'/>{event}<sequenceFlow id='sa' sourceRef='s' targetRef='a'/>\
         <sequenceFlow id='az' sourceRef='a' targetRef='z'/><sequenceFlow id='bl' sourceRef='b' targetRef='late'/></process></definitions>"
    );
    Played::new(xml.as_bytes(), now)
}

fn boundary(attributes: &str, time: &str) -> String {
    format!(
        "<boundaryEvent id='b' attachedToRef='a' {attributes}><timerEventDefinition>{time}</timerEventDefinition></boundaryEvent>"
    )
}

#[test]
fn each_place_of_a_timer_has_its_time() {
    let mut played = model("timer-events", 1000);
    assert_eq!(played.next(), format!("{} night {{A}}", 1000 + 8 * HOUR));
    // The first time of the cycle.
    assert_eq!(played.next(), format!("{} hour {{answer,week}}", 1000 + 9 * HOUR));
    let week = 1000 + 9 * HOUR + 7 * 24 * HOUR;
    assert_eq!(played.next(), format!("{week} week {{B,D,late,soon}}"));
    // Tokens that move inside start no time anew.
    assert_eq!(played.shard.tick(week + 20 * HOUR).count(), 0);
    played.complete("B");
    played.complete("D");
    assert_eq!(played.next(), format!("{} soon {{C,Y,late}}", week + 24 * HOUR));
    assert_eq!(played.next(), format!("{} late {{Y,Z}}", week + 36 * HOUR));
    // A date is the second of Unix time, and takes all of the scope away.
    assert_eq!(played.next(), format!("{} year {{X}}", 365 * 24 * HOUR));
    assert_eq!(played.next(), "never");
}

#[test]
fn a_timer_is_gone_with_what_it_watches() {
    let mut played = model("timer-events", 0);
    played.next();
    played.complete("A");
    played.next();
    for id in ["B", "C", "D"] {
        played.complete(id);
    }
    assert_eq!(played.waiting(), "E");
    assert_eq!(played.next(), format!("{} year {{X}}", 365 * 24 * HOUR));
}

#[test]
fn an_interrupting_timer_counts_from_the_begin_of_its_activity() {
    let day = "<timeDuration>P1D</timeDuration>";
    let sub = "<subProcess id='a'><task id='one'/><task id='two'/><sequenceFlow id='f' sourceRef='one' targetRef='two'/></subProcess>";
    let looped = "<task id='a'><standardLoopCharacteristics/></task>";
    let instances = "<task id='a'><multiInstanceLoopCharacteristics><loopCardinality>3</loopCardinality></multiInstanceLoopCharacteristics></task>";
    for (activity, first) in [("<task id='a'/>", ""), (sub, "one"), (looped, "a"), (instances, "a")] {
        let mut played = watched(activity, &boundary("", day), 100);
        played.shard.tick(100 + HOUR);
        if !first.is_empty() {
            // One of several instances, or one round of the loop.
            played.complete(first);
        }
        let next = played.next();
        assert_eq!(next, format!("{} b {{late}}", 100 + 24 * HOUR), "{activity}");
        assert_eq!(played.next(), "never");
    }
}

#[test]
fn a_time_that_is_up_at_once_and_a_part_of_a_second() {
    for (time, second) in
        [("PT0S", 7), ("PT0.5S", 8), ("PT59.999S", 67), ("P1W1DT1M", 7 + 8 * 24 * HOUR + 60)]
    {
        let event = boundary("", &format!("<timeDuration>{time}</timeDuration>"));
        assert_eq!(watched("<task id='a'/>", &event, 7).next(), format!("{second} b {{late}}"), "{time}");
    }
}

#[test]
fn inspect_shows_timers_and_whether_the_engine_watches_them() {
    let folder = tempfile::tempdir().unwrap();
    let (model, store) = (folder.path().join("m.bpmn"), folder.path().join("m.wfs"));
    // Of a task in a loop of parallel branches several tokens may wait: the engine keeps no time of each.
    let timer = |id: &str, time: &str| {
        format!(
            "<intermediateCatchEvent id='{id}'><timerEventDefinition>{time}</timerEventDefinition></intermediateCatchEvent>"
        )
    };
    let xml = format!(
        "<definitions xmlns='http://www.omg.org/spec/BPMN/20100524/MODEL'><process id='P'><startEvent id='s'/>{}{}{}\
         <sequenceFlow id='sa' sourceRef='s' targetRef='a'/><sequenceFlow id='ab' sourceRef='a' targetRef='b'/>\
         <sequenceFlow id='bc' sourceRef='b' targetRef='c'/><sequenceFlow id='bc2' sourceRef='b' targetRef='c'/></process></definitions>",
        timer("a", "<timeDuration>P1DT2H3M4S</timeDuration>"),
        timer("b", "<timeDate>2000-01-01T00:00:00Z</timeDate>"),
        timer("c", "<timeDuration>PT1M</timeDuration>"),
    );
    std::fs::write(&model, xml).unwrap();
    let wf = |arguments: &[&str]| {
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_wf"))
            .args(arguments)
            .current_dir(folder.path())
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    wf(&["compile", "m.bpmn", "-o", "m.wfs"]);
    assert!(store.exists());
    let shown = wf(&["inspect", "m.wfs", "-w", "P"]);
    let timers = "timers:\n  a: after 1 d 2 h 3 min 4 s; the engine watches it\n  \
                  b: at second 946684800 of Unix time; the engine watches it\n  \
                  c: after 1 min; left to whoever runs the cases\n";
    assert!(shown.contains(timers), "{shown}");
    let json: serde_json::Value =
        serde_json::from_str(&wf(&["inspect", "m.wfs", "-w", "P", "--json"])).unwrap();
    let timer = |id: &str, after: Option<u32>, at: Option<u32>, is_watched: bool| serde_json::json!({ "id": id, "after_seconds": after, "at_unix_second": at, "is_watched": is_watched });
    assert_eq!(
        json["timers"],
        serde_json::json!([
            timer("a", Some(93784), None, true),
            timer("b", None, Some(946_684_800), true),
            timer("c", Some(60), None, false),
        ])
    );
}

#[test]
fn somebody_who_begins_the_work_starts_no_time_anew() {
    let mut played = watched("<task id='a'/>", &boundary("", "<timeDuration>P1D</timeDuration>"), 100);
    played.shard.tick(100 + HOUR);
    let task = played.ids.iter().position(|known| known == "a").unwrap();
    played.apply(Event::begin(played.case, task as u16));
    assert_eq!(played.next(), format!("{} b {{late}}", 100 + 24 * HOUR));
}
