//! The engine with guards and timers: a claim goes its way by its amount, and a slow approver is reminded.
#![allow(clippy::print_stdout, reason = "an example prints what it did")]

use wf_engine::{Arena, Engine, EngineError, Event, Key, Side, Start, Status, StoreBuilder, Value};
use wf_net::guard::{Comparison, Expr};
use wf_net::{CompileOptions, Net, NetBuilder, Problem, Retention, Timer, compile};

/// `check`, then by amount: `pay` at once, or `approve`, of which a reminder is sent after each day of waiting.
fn claim() -> Result<Net, Vec<Problem>> {
    let mut net = NetBuilder::new("claim");
    let (start, check, large) = (net.start("start"), net.task("check"), net.exclusive("large?"));
    let (again, wait) = (net.exclusive("again"), net.deferred("wait"));
    let (approve, remind) = (net.task("approve"), net.receive("remind", Retention::Transient));
    let (paid, pay, end) = (net.exclusive("paid"), net.task("pay"), net.end("end"));
    net.chain(&[start, check, large, again, wait, approve, paid, pay, end]);
    net.chain(&[wait, remind, again]);
    let small = net.flow(large, paid);
    net.guard(small, Expr::variable("amount").compare(Comparison::Less, Expr::integer(100)));
    // The flow to the approver is what remains.
    net.default_flow(wf_net::FlowId(2));
    net.timer(remind, Timer::After(24 * 3600));
    net.build()
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let told =
        |problems: Vec<Problem>| problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
    let net = claim().map_err(told)?;
    let image = compile(&net, &CompileOptions::default()).map_err(told)?;
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("claims.wfs");
    let mut store = StoreBuilder::create(&path, Default::default())?;
    store.add(Key::Str("claim"), image.as_bytes())?;
    store.finish()?;

    let engine = Engine::open(&path)?;
    let program = engine.program("claim").ok_or(EngineError::Empty)?;
    let names = engine.names(program).unwrap_or_default();
    let task = |event: &Event| names.tasks[usize::from(event.task)].id.as_str();
    let amount = engine.variable(program, "amount").unwrap_or_default();
    let mut shard = engine.shard(0, 100)?;
    let mut arena = Arena::new();

    shard.tick(0);
    let started = shard.start_batch(program, &[Start::default(); 3], &arena.scope());
    let [small, large, unknown] = [0, 1, 2].map(|index| started.enabled[index]);

    // Values travel beside the events: each event names its entry of the side table.
    let (forty, thousand) = ([(amount, Value::Integer(40))], [(amount, Value::Integer(1000))]);
    let sides = [Side::set(&forty), Side::set(&thousand)];
    let events = [small.with_side(0), large.with_side(1), unknown];
    let changes = shard.advance_with(&events, &sides, &arena.scope());
    let [paying, approving] = [changes.enabled[0], changes.enabled[1]];
    println!("40 goes to {}, 1000 to {}", task(&paying), task(&approving));
    assert_eq!((task(&paying), task(&approving)), ("pay", "approve"));
    // No value, no answer: an incident, nothing guessed; with a value it goes on.
    assert_eq!(changes.status, [Status::Done, Status::Done, Status::NoValue]);
    assert_eq!(shard.incidents().map(|incident| incident.case).collect::<Vec<_>>(), [unknown.case]);
    let changes = shard.advance_with(&[unknown.with_side(0)], &sides[..1], &arena.scope());
    assert_eq!((changes.status, task(&changes.enabled[0])), (&[Status::Done][..], "pay"));

    // A day goes by: the timer is an event like any other, and starts the next day's wait.
    assert_eq!(shard.next_deadline(), Some(24 * 3600));
    let fired: Vec<Event> = shard.tick(24 * 3600).collect();
    println!("after a day: {}", task(&fired[0]));
    assert_eq!(shard.advance(&fired, &arena.scope()).status, [Status::Done]);
    assert_eq!(shard.next_deadline(), Some(48 * 3600));

    // The approver is done: the reminder is withdrawn.
    let approved = shard.advance(&[approving], &arena.scope()).enabled[0];
    assert_eq!((task(&approved), shard.next_deadline()), ("pay", None));
    let ended = shard.advance(&[paying, approved], &arena.scope()).ended.len();
    println!("{ended} paid, {} live", shard.live());
    assert_eq!((ended, shard.live()), (2, 1));
    Ok(())
}
