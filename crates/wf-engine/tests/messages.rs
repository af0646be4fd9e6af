//! Messages: what cases send, and who gets it.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod scenario;

use wf_engine::{Arena, CaseId, Correlation, Delivery, Engine, Event, ProgramId, Sent, Shard, Start, Status};
use wf_net::{CompileOptions, Net, NetBuilder, NodeKind, Quantity, Retention, Synchronizing};

fn engine(nets: &[Net]) -> Engine {
    scenario::engine(nets, &CompileOptions::default())
}

/// `A`, then "paid?" is sent and "paid" waited for, then `B`.
fn order() -> Net {
    let mut net = NetBuilder::new("order");
    let (s, a, ask) = (net.start("s"), net.task("A"), net.throw("ask", "paid?"));
    let (wait, b, end) = (net.receive("wait", Retention::Persistent), net.task("B"), net.end("e"));
    net.message(wait, "paid");
    net.chain(&[s, a, ask, wait, b, end]);
    net.build().unwrap()
}

/// Begins with "paid?"; `C`, then "paid" is sent.
fn billing() -> Net {
    let mut net = NetBuilder::new("billing");
    let (other, s, c) = (net.start("by hand"), net.start("asked"), net.task("C"));
    let (say, end) = (net.throw("say", "paid"), net.end("e"));
    net.message(s, "paid?");
    net.chain(&[other, c, say, end]);
    net.flow(s, c);
    net.build().unwrap()
}

fn start(shard: &mut Shard, engine: &Engine, program: &str) -> CaseId {
    let program = engine.program(program).unwrap();
    shard.start_batch(program, &[Start::default()], &Arena::new().scope()).cases[0]
}

fn names(engine: &Engine, sent: &[Sent]) -> Vec<String> {
    sent.iter().map(|sent| engine.message_name(sent.message).unwrap().to_owned()).collect()
}

#[test]
fn partners_in_two_shards_talk_by_their_key() {
    let engine = engine(&[order(), billing()]);
    let mut shards = [engine.shard(0, 8).unwrap(), engine.shard(1, 8).unwrap()];
    let mut talks: Correlation<&str> = Correlation::new(&engine);
    let mut arena = Arena::new();
    let first = start(&mut shards[0], &engine, "order");
    let second = start(&mut shards[0], &engine, "order");
    talks.insert(first, "first");
    talks.insert(second, "second");
    // The second one asks: a case of the partner begins, in another shard, under the same key.
    let changes = shards[0].advance(&[Event::complete(second, 0)], &arena.scope());
    assert_eq!(names(&engine, changes.sent), ["paid?"]);
    assert_eq!((changes.sent[0].case, changes.sent[0].root), (second, second));
    let sent = changes.sent[0];
    let catch =
        |shards: &[Shard; 2], case: CaseId, message| shards[usize::from(case.shard())].catch(case, message);
    let delivery = talks.deliver_sent(&sent, |case, message| catch(&shards, case, message));
    let Some(Delivery::Start(program, begin)) = delivery else { panic!("{delivery:?}") };
    assert_eq!((Some(program), begin.node), (engine.program("billing"), 1));
    let partner = shards[1].start_batch(program, &[begin], &arena.scope()).cases[0];
    talks.insert(partner, "second");
    assert_eq!(talks.cases(&"second").collect::<Vec<_>>(), [second, partner]);
    // Its answer reaches the order that asked, and no other.
    let changes = shards[1].advance(&[Event::complete(partner, 0)], &arena.scope());
    assert_eq!((names(&engine, changes.sent), changes.ended[0].case), (vec!["paid".to_owned()], partner));
    let sent = changes.sent[0];
    let delivery = talks.deliver_sent(&sent, |case, message| catch(&shards, case, message));
    assert_eq!(delivery, Some(Delivery::Event(Event::trigger(second, 1))));
    talks.remove(partner);
    let Some(Delivery::Event(event)) = delivery else { unreachable!() };
    let changes = shards[0].advance(&[event], &arena.scope());
    assert_eq!((changes.status, changes.enabled), (&[Status::Done][..], &[Event::complete(second, 2)][..]));
    assert_eq!(talks.len(), 2);
    // What nobody takes, and what has no key, is the caller's to keep or to lose.
    let paid = engine.message("paid").unwrap();
    assert_eq!(talks.deliver(paid, &"third", |case, message| catch(&shards, case, message)), None);
    talks.remove(second);
    talks.remove(second);
    assert_eq!(talks.deliver_sent(&Sent { case: second, root: second, message: paid }, |_, _| None), None);
    talks.remove(first);
    assert!(talks.is_empty() && talks.key(first).is_none() && talks.cases(&"first").next().is_none());
}

#[test]
fn a_message_is_taken_where_it_is_waited_for_else_kept() {
    let engine = engine(&[order(), billing()]);
    let mut shard = engine.shard(0, 4).unwrap();
    let (paid, asked) = (engine.message("paid").unwrap(), engine.message("paid?").unwrap());
    let case = start(&mut shard, &engine, "order");
    // Not waited for yet: the task keeps it.
    let kept = shard.catch(case, paid).unwrap();
    assert_eq!((kept, shard.catch(case, asked)), (Event::trigger(case, 1), None));
    let mut arena = Arena::new();
    assert_eq!(shard.advance(&[kept], &arena.scope()).status, [Status::Done]);
    let changes = shard.advance(&[Event::complete(case, 0)], &arena.scope());
    assert_eq!((changes.sent.len(), changes.enabled), (1, &[Event::complete(case, 2)][..]));
    assert_eq!(shard.advance(&[Event::complete(case, 2)], &arena.scope()).ended.len(), 1);
    assert_eq!(shard.catch(case, paid), None, "it has ended");
    assert_eq!((engine.message("unheard of"), engine.message_name(paid)), (None, Some("paid")));
}

/// Of one message: a task that waits comes before an interrupt, and that before a task that only keeps it.
#[test]
fn who_waits_comes_first() {
    let mut net = NetBuilder::new("several");
    let (s, split, a) = (net.start("s"), net.parallel("split"), net.task("A"));
    let later = net.receive("later", Retention::Persistent);
    let now = net.receive("now", Retention::Transient);
    let (ends, interrupt) = (net.end("e"), net.interrupt("i", true, &[a]));
    net.chain(&[s, split, a, later, ends]);
    net.chain(&[split, now, ends]);
    net.flow(interrupt, ends);
    for node in [later, now, interrupt] {
        net.message(node, "m");
    }
    let engine = engine(&[net.build().unwrap()]);
    let mut shard = engine.shard(0, 1).unwrap();
    let case = start(&mut shard, &engine, "several");
    let message = engine.message("m").unwrap();
    let mut arena = Arena::new();
    let names = engine.names(ProgramId(0)).unwrap();
    let task = |id: &str| names.tasks.iter().position(|task| task.id == id).unwrap() as u16;
    let interrupt = (names.tasks.len() + names.starts.len()) as u16;
    for expected in [task("now"), interrupt] {
        let event = shard.catch(case, message).unwrap();
        assert_eq!(event, Event::trigger(case, expected));
        assert_eq!(shard.advance(&[event], &arena.scope()).status, [Status::Done]);
    }
    assert_eq!(shard.catch(case, message), None, "the interrupt has ended the case");
}

/// As many messages as tokens pass, at the start, behind merges and at the end; none from a step that is refused.
#[test]
fn each_token_sends_once() {
    let mut net = NetBuilder::new("loud");
    let hello = net.throw("hello", "hello");
    let (s, twice) = (net.start("s"), net.node("twice", NodeKind::ThreadSplit(Quantity::Fixed(2))));
    let (a, go, end) = (net.task("A"), net.throw("go", "go"), net.end("e"));
    let (split, merge) =
        (net.inclusive("split"), net.node("merge", NodeKind::Inclusive(Synchronizing::Structured)));
    let (b, c, bye) = (net.task("B"), net.task("C"), net.throw("bye", "bye"));
    net.chain(&[s, hello, split, b, merge, bye, twice, go, a, end]);
    net.chain(&[split, c, merge]);
    let engine = engine(&[net.build().unwrap()]);
    let mut shard = engine.shard(0, 1).unwrap();
    let mut arena = Arena::new();
    let both = Start { outcome: 3, ..Start::default() };
    let started = shard.start_batch(ProgramId(0), &[both], &arena.scope());
    let (case, sent) = (started.cases[0], names(&engine, started.sent));
    assert_eq!(sent, ["hello"]);
    let names_of = engine.names(ProgramId(0)).unwrap();
    let task = |id: &str| names_of.tasks.iter().position(|task| task.id == id).unwrap() as u16;
    let mut step = |event: Event| {
        let changes = shard.advance(&[event], &arena.scope());
        (changes.status[0], names(&engine, changes.sent))
    };
    assert_eq!(step(Event::complete(case, task("B"))), (Status::Done, vec![]));
    assert_eq!(step(Event::complete(case, task("B"))), (Status::NotEnabled, vec![]));
    assert_eq!(step(Event::complete(case, task("C")).with_outcome(9)), (Status::BadOutcome, vec![]));
    let sent = step(Event::complete(case, task("C"))).1;
    assert_eq!(sent, ["bye", "go", "go"]);
    // The same in a batch, and refused as a whole: the shard has one slot only.
    assert_eq!(step(Event::cancel(case)), (Status::Done, vec![]));
}

/// What a called case sends is known by the case that called it; what it waits for is found through that case.
#[test]
fn calls_speak_for_their_root() {
    let mut outer = NetBuilder::new("outer");
    let (s, call, end) = (outer.start("s"), outer.call("call", "middle"), outer.end("e"));
    outer.chain(&[s, call, end]);
    let mut middle = NetBuilder::new("middle");
    let (s, call, end) = (middle.start("s"), middle.call("call", "order"), middle.end("e"));
    middle.chain(&[s, call, end]);
    let engine = engine(&[outer.build().unwrap(), middle.build().unwrap(), order()]);
    let mut shard = engine.shard(3, 4).unwrap();
    let mut arena = Arena::new();
    let program = engine.program("outer").unwrap();
    let started = shard.start_batch(program, &[Start::default()], &arena.scope());
    let (root, inner) = (started.cases[0], started.enabled[0]);
    assert_ne!(root, inner.case);
    let changes = shard.advance(&[inner], &arena.scope());
    let sent = changes.sent[0];
    assert_eq!((sent.case, sent.root), (inner.case, root));
    let mut talks: Correlation<u32> = Correlation::new(&engine);
    talks.insert(root, 7);
    assert_eq!(talks.deliver_sent(&sent, |case, message| shard.catch(case, message)), None, "nobody answers");
    let paid = engine.message("paid").unwrap();
    let delivery = talks.deliver(paid, &7, |case, message| shard.catch(case, message));
    assert_eq!(delivery, Some(Delivery::Event(Event::trigger(inner.case, 1))));
}

/// A call that finds no room refuses the step, and with it what the step would have sent.
#[test]
fn a_refused_step_sends_nothing() {
    let mut net = NetBuilder::new("outer");
    let (s, a, say) = (net.start("s"), net.task("A"), net.throw("say", "said"));
    let (call, end) = (net.call("call", "order"), net.end("e"));
    net.chain(&[s, a, say, call, end]);
    let engine = engine(&[net.build().unwrap(), order()]);
    let mut shard = engine.shard(0, 1).unwrap();
    let case = start(&mut shard, &engine, "outer");
    let mut arena = Arena::new();
    let changes = shard.advance(&[Event::complete(case, 0)], &arena.scope());
    assert_eq!((changes.status, changes.sent), (&[Status::NoRoom][..], &[][..]));
    let mut roomy = engine.shard(1, 2).unwrap();
    let case = start(&mut roomy, &engine, "outer");
    let changes = roomy.advance(&[Event::complete(case, 0)], &arena.scope());
    assert_eq!(names(&engine, changes.sent), ["said"]);
}
